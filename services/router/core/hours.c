/* Opening hours: what the configuration's calendar says of this moment. */
#include "router/core/flow_private.h"

/* Told to who is turned away at most: in a day hours may have been changed. */
#define OPENS_MAX_S 86400

bool flow_is_open(const struct flow *flow, const char *timetable)
{
    const struct td_opening *opening =
        timetable[0] != '\0' ? td_calendar_find(flow->calendar, timetable) : NULL;

    // One that could not be made ready was logged then: better open than never.
    return opening == NULL || td_opening_is_open(opening, (int64_t)(flow->now / US_PER_S));
}

uint32_t flow_opens_in_s(const struct flow *flow, const char *timetable)
{
    const struct td_opening *opening =
        timetable[0] != '\0' ? td_calendar_find(flow->calendar, timetable) : NULL;
    int64_t now_s = (int64_t)(flow->now / US_PER_S);
    int64_t opens_s;

    if (opening == NULL || !td_opening_next(opening, now_s, &opens_s))
        return 0;
    return opens_s - now_s < OPENS_MAX_S ? (uint32_t)(opens_s - now_s) : OPENS_MAX_S;
}
