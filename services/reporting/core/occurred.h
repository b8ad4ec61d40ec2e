/**
 * @file occurred.h  When an event happened, as the history keeps it. Pure.
 *
 * The time is part of its key, so it must be the same whenever the event is read again, and must
 * not take it into a month that has no partition yet. Ids of Tandem are UUIDv7: their time is it.
 * Those of others may be anything: what is no UUIDv7, or lies more than a day from when the event
 * was taken in, counts from then.
 */
#ifndef REPORTING_CORE_OCCURRED_H
#define REPORTING_CORE_OCCURRED_H

#include <stdint.h>

#include "base/id.h"

/** Last moment that is written down; the database takes no later ones. */
#define OCCURRED_MAX_UNIX_US UINT64_C(253402300799999999) /* the end of the year 9999 */

/** @param taken_unix_us  When the event was taken in, by its envelope. */
uint64_t occurred_unix_us(struct td_id id, uint64_t taken_unix_us);

/** When the thing that a UUIDv7 of Tandem names began. */
uint64_t occurred_begun_unix_us(struct td_id id);

#endif
