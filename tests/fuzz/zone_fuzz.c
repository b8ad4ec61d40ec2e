/*
 * Any bytes are a zone or an error. A zone has an offset within its bounds at any moment, and its
 * next change is later than the moment asked about; a timetable in it answers, and what it says
 * opens next is open.
 */
#include <stdlib.h>
#include <string.h>

#include "core/calendar/opening.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_moment(const struct td_opening *opening, int64_t unix_s)
{
    int64_t later;
    int32_t offset = td_zone_offset(opening->zone, unix_s);

    require(offset >= -TD_ZONE_OFFSET_MAX_S && offset <= TD_ZONE_OFFSET_MAX_S);
    require(!td_zone_next_change(opening->zone, unix_s, &later) || later > unix_s);
    if (td_opening_next(opening, unix_s, &later)) {
        require(later >= unix_s);
        require(td_opening_is_open(opening, later));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct td_zone zone;
    struct td_opening opening = {.zone = &zone};

    if (td_zone_parse(td_bytes(data, size), &zone) != TD_OK) {
        memset(&zone, 0, sizeof(zone));
        zone.has_rule = true;
        if (td_zone_rule_parse((const char *)data, size, &zone.rule) != TD_OK)
            return 0;
    }
    opening.week[2].count = 1;
    opening.week[2].spans[0] = (struct td_day_span){120, 150};
    for (int64_t unix_s = -2000000000; unix_s < 6000000000; unix_s += 777777777)
        check_moment(&opening, unix_s);
    return 0;
}
