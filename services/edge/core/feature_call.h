/**
 * @file feature_call.h  An agent dials a feature code: do it, say so, hang up. Pure.
 *
 *   PREPARING --media and router answered--> ANSWERED --ACK--> SPEAKING --said--> OVER
 *
 * The command counts even when the phone gives up meanwhile: the code was dialled. Every order of
 * events ends with one final response, the media leg given back and BYE said by one side.
 */
#ifndef EDGE_CORE_FEATURE_CALL_H
#define EDGE_CORE_FEATURE_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/config_wire.h"

#define EDGE_FEATURE_EFFECTS 6

enum edge_feature_state {
    EDGE_FEATURE_PREPARING,
    EDGE_FEATURE_ANSWERED, /**< 200 sent. */
    EDGE_FEATURE_SPEAKING,
    EDGE_FEATURE_OVER
};

struct edge_feature_call {
    enum edge_feature_state state;
    bool media_ready;
    bool obeyed; /* the router answered */
};

enum edge_feature_event {
    EDGE_FEATURE_MEDIA_READY,
    EDGE_FEATURE_MEDIA_FAILED,
    EDGE_FEATURE_OBEYED,  /**< The router did it or said why not. */
    EDGE_FEATURE_UNHEARD, /**< No router answered. */
    EDGE_FEATURE_CANCELLED,
    EDGE_FEATURE_CONFIRMED,   /**< ACK. */
    EDGE_FEATURE_UNCONFIRMED, /**< No ACK in time. */
    EDGE_FEATURE_HUNG_UP,
    EDGE_FEATURE_SAID, /**< The prompt ended, or could not be played. */
    EDGE_FEATURE_EVENT_COUNT
};

enum edge_feature_effect {
    EDGE_FEATURE_ANSWER,    /**< 200 with SDP. */
    EDGE_FEATURE_REFUSE,    /**< 503. */
    EDGE_FEATURE_TERMINATE, /**< 487. */
    EDGE_FEATURE_SPEAK,
    EDGE_FEATURE_BYE,
    EDGE_FEATURE_RELEASE, /**< The media leg. */
    EDGE_FEATURE_CLOSE
};

struct edge_feature_effects {
    uint32_t count;
    enum edge_feature_effect items[EDGE_FEATURE_EFFECTS];
};

/** A zeroed call is a new one, with media and router asked. */
void edge_feature_step(struct edge_feature_call *call, enum edge_feature_event event,
                       struct edge_feature_effects *effects);

/**
 * What a dialled number asks for: a code as a whole, or a code that takes an argument and its rest
 * ("*14" and "*143": argument "3"); the longest code wins.
 *
 * @param argument  Receives the argument, at most 63 characters.
 * @return The code, or NULL.
 */
const struct td_feature_code *edge_feature_find(const struct td_feature_code *codes, size_t count,
                                                const char *dialled, char argument[64]);

/** What the phone hears, in the agent's language ("zh..." or English). */
const char *edge_feature_sentence(enum td_feature_action action, bool accepted,
                                  const char *language);

#endif
