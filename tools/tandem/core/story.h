/**
 * @file story.h  What became of one interaction: who was on it and for how long, gathered from its
 * events in order of time. Pure.
 *
 * Events may be missing (a history that began later, one that is not over): what is not known is 0.
 */
#ifndef TANDEM_CORE_STORY_H
#define TANDEM_CORE_STORY_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/interaction_wire.h"
#include "wire/media_wire.h"

#define STORY_LEGS_MAX 32
#define STORY_STEPS_MAX 32

enum story_leg_kind { STORY_CUSTOMER, STORY_AGENT, STORY_OUTSIDE };

/** One party: from when it was called (or called) until it was gone. */
struct story_leg {
    enum story_leg_kind kind;
    char name[64]; /**< Number, or agent. */
    uint64_t from_unix_us;
    uint64_t ringing_unix_us;
    uint64_t talking_unix_us;
    uint64_t until_unix_us;
    char end[128]; /**< Why it ended; "" while there or when nobody said. */
};

/** What was asked of an agent, from then on. */
struct story_step {
    uint64_t from_unix_us;
    char queue[64];
    uint32_t step; /**< From 1. */
    char expression[1001];
};

struct story {
    uint64_t began_unix_us;
    uint64_t last_unix_us; /**< Of the last event. */
    enum td_interaction_phase phase;
    char queue[64];
    char agent[64];
    struct story_leg legs[STORY_LEGS_MAX];
    uint32_t leg_count;
    struct story_step steps[STORY_STEPS_MAX];
    uint32_t step_count;
    uint32_t offers;
    bool is_closed;
    struct td_interaction_summary summary; /**< Where it is closed. */
    uint32_t recordings;
    uint64_t recorded_ms;
};

/** @param story  Zeroed. @param topic  "interaction.queued". */
void story_take(struct story *story, const char *topic, const struct td_interaction_event *event);
void story_close(struct story *story, const struct td_interaction_summary *summary);
void story_record(struct story *story, const struct td_recording_finished *recording);

/** How long from one moment to another; 0 when one is not known. */
uint64_t story_ms(uint64_t from_unix_us, uint64_t until_unix_us);

#endif
