/**
 * @file upkeep.h  Streams stay short, and each month has its partitions before it begins.
 *
 * What the history holds is trimmed from the streams, but not before `stream_keep_ms`: subscribers
 * that saw a gap read it there.
 */
#ifndef REPORTING_UPKEEP_H
#define REPORTING_UPKEEP_H

#include "reporting/reporting.h"

struct upkeep;

/** @param reporting  Kept. @param stored  Of each stream the last entry that the history holds;
   kept, read until upkeep_destroy. */
enum td_err TD_MUST_CHECK upkeep_create(struct reporting *reporting,
                                        const struct td_live_stream_id *stored,
                                        struct upkeep **upkeep);
/** NULL is ignored. */
void upkeep_destroy(struct upkeep **upkeep);

#endif
