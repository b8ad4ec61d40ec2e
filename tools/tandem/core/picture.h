/**
 * @file picture.h  What every owner of a site says it has, and where they contradict each other.
 *
 * A picture is a list of things, each said by somebody: an interaction by the router, a leg by
 * media's record in Redis and by the media process itself, and so on. picture_compare() finds what
 * belongs to nobody, what is missing on one side, what should have ended long ago, and what is
 * there twice. A picture is not taken in one instant: what is under way shows up as a contradiction
 * that the next picture no longer has, so the caller compares findings of several (their keys are
 * stable).
 *
 * Pure; n log n; no memory but the caller's.
 */
#ifndef TANDEM_CORE_PICTURE_H
#define TANDEM_CORE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"

enum picture_kind {
    PICTURE_INSTANCE,    /**< Registry: `name`, service in `detail`; `flag`: the active router. */
    PICTURE_LEASE,       /**< Of the router: `holder`. */
    PICTURE_INTERACTION, /**< Router: `holder` is the channel's instance, `name` its agent. */
    PICTURE_AGENT,       /**< Router: `name`; `holder` has the phone, if `flag`: registered. */
    PICTURE_COMMAND,     /**< Router: `holder` is to carry it out. */
    PICTURE_CALL,        /**< The edge process `holder`; `flag`: it has the customer. */
    PICTURE_SIP_DIALOG,  /**< Edge's record; id: the leg's; `flag`: an agent's. */
    PICTURE_BINDING,     /**< Edge's record: `name` is the agent's. */
    PICTURE_LEG_RECORD,  /**< Media's record. */
    PICTURE_LEG,         /**< The media process `holder`. */
    PICTURE_PORTS,       /**< Lease of the ports `number` to `number_last`. */
    PICTURE_RECORDING,   /**< Media's record of one that is open: `name` is the file. */
    PICTURE_CHECKPOINT,  /**< Ivr's record; id: the dialog's. */
    PICTURE_DIALOG,      /**< The ivr process `holder`. */
    PICTURE_STREAM,      /**< Of events: `name`; `flag`: the history has not all of it. */
    PICTURE_UNCLOSED,    /**< The history saw it arrive and did not see it close. */
    PICTURE_MISCOUNTED,  /**< Closed, but not in the history exactly once: `detail` says how. */
    PICTURE_KINDS
};

/** How far an interaction, or what an agent does, has come: what the rules tell apart. */
enum picture_stage {
    PICTURE_IDLE,     /**< Agent: with nobody. */
    PICTURE_WAITING,  /**< Interaction: before anybody accepted it. */
    PICTURE_OFFERED,  /**< An offer is out. */
    PICTURE_TALKING,  /**< Accepted or connected. */
    PICTURE_WRAPPING, /**< The customer is gone. */
    PICTURE_OVER      /**< Ended; only its report is due. */
};

struct picture_thing {
    enum picture_kind kind;
    enum picture_stage stage; /**< INTERACTION, AGENT, CALL. */
    uint32_t tenant;
    uint32_t number; /**< Port. */
    uint32_t number_last;
    bool flag;
    struct td_id id;
    struct td_id interaction; /**< It belongs to; nil: to none. */
    struct td_id leg;         /**< INTERACTION: the customer's, nil when it has none. */
    struct td_id dialog;      /**< INTERACTION: that runs on it. */
    char name[128];
    char holder[64];
    char detail[64];      /**< COMMAND: its type. INTERACTION: ivr that runs the dialog. */
    uint64_t due_unix_us; /**< When it is to be over by itself; 0: never. */
};

struct picture {
    struct picture_thing *things;
    size_t count;
    uint64_t now_unix_us;
};

struct picture_finding {
    char key[192];      /**< The same in each picture that shows it. */
    char sentence[384]; /**< For people; names the thing and what contradicts it. */
};

typedef void picture_found_fn(void *ctx, const struct picture_finding *finding);

/** Sorts the things, then tells every finding. */
void picture_compare(struct picture *picture, picture_found_fn *found, void *ctx);

/** "legs held by media"; for counting what was looked at. */
const char *picture_kind_name(enum picture_kind kind);

#endif
