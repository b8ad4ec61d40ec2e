/**
 * @file rows.h  Entries of the streams as rows of the history: the border to SQL.
 */
#ifndef REPORTING_ROWS_H
#define REPORTING_ROWS_H

#include "io/history.h"
#include "reporting/reporting.h"

/** What an entry adds a row to; one entry may add to several. */
enum rows_table {
    ROWS_EVENT,
    ROWS_INTERACTION,
    ROWS_RECORDING,
    ROWS_STEP,
    ROWS_AGENT_TIME,
    ROWS_AGENT_STATE,
    ROWS_TABLE_COUNT
};

/** One entry of a stream. */
struct rows_entry {
    struct td_bytes value; /**< Packed Envelope. */
    uint32_t tables;       /**< Bits by enum rows_table; set by rows_add. 0: unreadable. */
};

/**
 * Adds all steps of one batch to a unit: copies, inserts, positions.
 *
 * @param positions  Behind it; those with unix_ms 0 are left as they are. NULL: none.
 * @return How many entries could not be read (they are skipped).
 */
uint32_t rows_add(struct reporting *reporting, struct td_history_unit *unit,
                  struct rows_entry *entries, uint32_t count,
                  const struct td_live_stream_id *positions);

#endif
