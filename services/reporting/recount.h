/**
 * @file recount.h  At the start: where the history ends, and the figures of today from it.
 *
 * Positions of the streams are read, then the events of each tenant, then the positions once more:
 * a transaction of a writer that died may still have been committed meanwhile, and its events would
 * be counted from the history and from the streams. Then it begins anew. While PostgreSQL is away
 * it tries again.
 */
#ifndef REPORTING_RECOUNT_H
#define REPORTING_RECOUNT_H

#include "reporting/reporting.h"

struct recount;

/** Fills `reporting->positions` and its figures, calls `done` once and is gone then.
    @param reporting  Kept. */
enum td_err recount_start(struct reporting *reporting, void (*done)(void *reporting),
                          struct recount **recount);

/** Ends it without `done`; NULL is ignored. */
void recount_destroy(struct recount **recount);

#endif
