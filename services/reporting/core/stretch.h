/**
 * @file stretch.h  A stretch of time in pieces that a report of one day finds. Pure.
 *
 * Days begin at other moments in each zone, and a company may change its zone: so pieces are not
 * cut at midnight, but are never longer than a day of 24 hours. Whoever wants the time of a day
 * looks at what ended from its beginning until a day behind its end, and cuts at its midnights.
 */
#ifndef REPORTING_CORE_STRETCH_H
#define REPORTING_CORE_STRETCH_H

#include <stdbool.h>
#include <stdint.h>

#define STRETCH_PIECE_US UINT64_C(86400000000)
/** Longer ones are taken for a wrong clock, and only their end is kept. */
#define STRETCH_PIECES_MAX 400

/** From `began_unix_us` up to but not including `ended_unix_us`. */
struct stretch {
    uint64_t began_unix_us;
    uint64_t ended_unix_us;
};

/** Takes the first piece off the rest. @return False when nothing is left. */
bool stretch_take(struct stretch *rest, struct stretch *piece);

#endif
