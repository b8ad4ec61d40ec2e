/**
 * @file rows_tables.h  How each table of the history is filled. Private to rows*.c.
 */
#ifndef REPORTING_ROWS_TABLES_H
#define REPORTING_ROWS_TABLES_H

#include "base/arena.h"
#include "io/history.h"
#include "reporting/reporting.h"
#include "wire/envelope_wire.h"

/** What a row is made of. */
struct rows_source {
    struct td_arena *arena; /**< Scratch. */
    const struct td_envelope *envelope;
};

struct rows_filler {
    const char *copy;                 /**< Into the staging table. */
    struct td_history_statement move; /**< From there into the table. */
    /** Adds the rows of one entry; none if its payload cannot be read. */
    void (*add)(struct td_history_unit *unit, const struct rows_source *source);
};

extern const struct rows_filler rows_events, rows_interactions, rows_recordings, rows_steps,
    rows_agent_times, rows_agent_states;

/** When the event happened, as the keys of its rows have it. */
struct td_param rows_occurred(const struct td_envelope *envelope);
/** Null for 0, and for a moment that the database cannot hold: it would stop everybody's history.
 */
struct td_param rows_time_or_null(uint64_t unix_us);
struct td_param rows_id_or_null(struct td_id id);

/** Whether `topic` is one of interaction.* that tandem.interaction_step counts. */
bool rows_is_step(const char *topic);

#endif
