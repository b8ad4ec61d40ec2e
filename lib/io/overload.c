#include "io/overload.h"

static bool is_standing(const struct td_overload *overload, uint64_t now_ns)
{
    return now_ns - overload->late_since_ns >= TD_OVERLOAD_INTERVAL_NS;
}

static bool has_refused_lately(const struct td_overload *overload, uint64_t now_ns)
{
    return overload->refused_at_ns != 0 &&
           now_ns - overload->refused_at_ns < 10 * TD_OVERLOAD_INTERVAL_NS;
}

bool td_overload_refuses(struct td_overload *overload, uint64_t waited_ns, uint64_t now_ns)
{
    if (waited_ns <= overload->wait_max_ns) {
        overload->late_since_ns = 0;
        return false;
    }
    if (overload->late_since_ns == 0)
        overload->late_since_ns = now_ns;
    if (!is_standing(overload, now_ns) && !has_refused_lately(overload, now_ns))
        return false;
    overload->refused_at_ns = now_ns;
    return true;
}
