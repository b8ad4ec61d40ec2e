/**
 * @file zone.h  Days of a time zone: a day is from midnight to midnight there, 23 to 25 hours.
 */
#ifndef REPORTING_ZONE_H
#define REPORTING_ZONE_H

#include <stdint.h>

struct zone_day {
    uint64_t begin_unix_us;
    uint64_t end_unix_us; /**< Of the first moment that is no longer in it. */
};

/** The day that `now_unix_us` lies in. @param name  IANA; unknown or empty: UTC. Single-threaded:
   the C library knows one zone at a time. */
struct zone_day zone_day_of(const char *name, uint64_t now_unix_us);

#endif
