/**
 * @file batch.h  Entries of the streams, collected for one transaction. Copies what it is given.
 */
#ifndef REPORTING_BATCH_H
#define REPORTING_BATCH_H

#include "reporting/rows.h"

/** Longest entry: larger than any envelope may be. */
#define BATCH_ENTRY_MAX (4U << 20)

/** Entries of a moment: they point into `bytes`. */
struct batch {
    struct rows_entry *entries;
    uint32_t count;
    uint32_t capacity;
    uint8_t *bytes;
    size_t used;
    uint64_t first_unix_ms;                         /* when the first of them entered its stream */
    struct td_live_stream_id positions[TD_STREAMS]; /* behind it; 0: no entry of that stream */
};

/** @param batch  Zeroed. Needs batch_fini, also after TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK batch_init(struct batch *batch, uint32_t capacity);
void batch_fini(struct batch *batch);

/** Whether no entry, or not every entry, would find room. */
bool batch_is_full(const struct batch *batch);

/** @param batch  Not full. @param value  At most BATCH_ENTRY_MAX. */
void batch_add(struct batch *batch, uint32_t stream, struct td_live_stream_id id,
               struct td_bytes value);

void batch_clear(struct batch *batch);

#endif
