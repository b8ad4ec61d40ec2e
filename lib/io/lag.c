#include "io/lag.h"

static void keep_two_longest(struct td_lag_window *window, uint64_t busy_ns)
{
    if (busy_ns > window->longest_ns) {
        window->second_ns = window->longest_ns;
        window->longest_ns = busy_ns;
    } else if (busy_ns > window->second_ns) {
        window->second_ns = busy_ns;
    }
}

static void rotate(struct td_lag *lag, uint64_t now_ns)
{
    uint64_t age_ns = now_ns - lag->window_started_ns;

    if (age_ns < TD_LAG_WINDOW_NS)
        return;
    lag->before = age_ns < 2 * TD_LAG_WINDOW_NS ? lag->now : (struct td_lag_window){0};
    lag->now = (struct td_lag_window){0};
    lag->window_started_ns = now_ns;
}

void td_lag_add(struct td_lag *lag, uint64_t busy_ns, uint64_t now_ns)
{
    rotate(lag, now_ns);
    keep_two_longest(&lag->now, busy_ns);
}

uint64_t td_lag_ns(struct td_lag *lag, uint64_t now_ns)
{
    rotate(lag, now_ns);

    struct td_lag_window both = lag->now;
    keep_two_longest(&both, lag->before.longest_ns);
    keep_two_longest(&both, lag->before.second_ns);
    return both.second_ns;
}
