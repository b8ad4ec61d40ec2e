/**
 * @file zone.h  A time zone as data: what clocks there show at any moment.
 *
 * Made from the bytes of a TZif file (RFC 8536) that somebody else has read: a table of the moments
 * at which the offset to UTC changes, and behind its end the rule of the file's footer (a POSIX TZ
 * text). The process's own time zone plays no part.
 *
 * Pure; no heap. Any bytes give a zone or an error. Complexity: O(log transitions).
 */
#ifndef TD_CORE_CALENDAR_ZONE_H
#define TD_CORE_CALENDAR_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/** Most changes in the table; the longest zone there is has about 240. */
#define TD_ZONE_CHANGES_MAX 1024
/** Largest file that is looked at. */
#define TD_ZONE_FILE_MAX 65536
/** Offsets are within a day and two hours of UTC (RFC 8536). */
#define TD_ZONE_OFFSET_MAX_S 93600

enum td_zone_day_kind {
    TD_ZONE_DAY_JULIAN,  /**< Jn: 1..365, the 29th of February is never counted. */
    TD_ZONE_DAY_OF_YEAR, /**< n: 0..365. */
    TD_ZONE_DAY_OF_MONTH /**< Mm.w.d: weekday d (0: Sunday) of week w (5: the last) of month m. */
};

/** A day of each year, and the time on it by the clock that is in force until then. */
struct td_zone_date {
    enum td_zone_day_kind kind;
    uint16_t day;
    uint8_t month;
    uint8_t week;
    uint8_t weekday;
    int32_t time_s; /**< May be before or after that day. */
};

/** What holds after the last change of the table. */
struct td_zone_rule {
    int32_t standard_s; /**< East of UTC. */
    bool has_summer;
    int32_t summer_s;
    struct td_zone_date begins; /**< Summer time. */
    struct td_zone_date ends;
};

struct td_zone {
    uint32_t count;
    int32_t first_offset_s; /**< Before the first change. */
    int64_t at_unix_s[TD_ZONE_CHANGES_MAX];
    int32_t offset_s[TD_ZONE_CHANGES_MAX]; /**< From then on. */
    bool has_rule;
    struct td_zone_rule rule;
};

/**
 * Reads a TZif file of version 2 or later, without leap seconds.
 *
 * @param bytes  Borrowed: the whole file.
 * @return TD_OK; TD_ERR_SYNTAX: not such a file; TD_ERR_LIMIT: larger than the bounds above.
 */
enum td_err TD_MUST_CHECK td_zone_parse(struct td_bytes bytes, struct td_zone *zone);

/** Reads a POSIX TZ text: "CET-1CEST,M3.5.0,M10.5.0/3". @return TD_OK or TD_ERR_SYNTAX. */
enum td_err TD_MUST_CHECK td_zone_rule_parse(const char *text, size_t length,
                                             struct td_zone_rule *rule);

/** Seconds east of UTC at this moment. */
int32_t td_zone_offset(const struct td_zone *zone, int64_t unix_s);

/** The first change of the offset after this moment. @return False: none for a year to come. */
bool td_zone_next_change(const struct td_zone *zone, int64_t unix_s, int64_t *at_unix_s);

#endif
