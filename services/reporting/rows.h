/**
 * @file rows.h  Entries of the streams as rows of the history: the border to SQL.
 */
#ifndef REPORTING_ROWS_H
#define REPORTING_ROWS_H

#include "io/history.h"
#include "reporting/reporting.h"

/** One entry of a stream. `value` lies in memory of the batch. */
struct rows_entry {
    struct td_bytes value; /**< Packed Envelope. */
    uint32_t partition;
};

/**
 * Adds all steps of one batch to a unit: copies, inserts, positions.
 *
 * @param positions  After the batch; those with unix_ms 0 are left as they are.
 * @return How many entries could not be read (they are skipped).
 */
uint32_t rows_add(struct reporting *reporting, struct td_history_unit *unit,
                  const struct rows_entry *entries, uint32_t count,
                  const struct td_live_stream_id positions[TD_STREAMS]);

/** Reads the stored positions of this site. */
extern const struct td_history_statement rows_positions;

#endif
