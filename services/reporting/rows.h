/**
 * @file rows.h  Entries of the streams as rows of the history: the border to SQL.
 */
#ifndef REPORTING_ROWS_H
#define REPORTING_ROWS_H

#include "io/history.h"
#include "reporting/reporting.h"

/** Which table an entry adds to, beside the events. */
enum rows_kind { ROWS_EVENT, ROWS_INTERACTION, ROWS_RECORDING, ROWS_UNREADABLE };

/** One entry of a stream. */
struct rows_entry {
    struct td_bytes value; /**< Packed Envelope. */
    enum rows_kind kind;   /**< Set by rows_add. */
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
