#include "io/pace.h"

#define NS_PER_S UINT64_C(1000000000)

static void judge_window(struct td_pace *pace, uint64_t now_ns)
{
    uint64_t elapsed_ns = now_ns - pace->window_started_ns;

    if (elapsed_ns < TD_PACE_WINDOW_NS)
        return;
    uint64_t turns_per_s = pace->turns * NS_PER_S / elapsed_ns;
    uint64_t limit = pace->resting ? TD_PACE_IDLE_PER_S : TD_PACE_BUSY_PER_S;

    pace->resting = turns_per_s > limit;
    pace->window_started_ns = now_ns;
    pace->turns = 0;
}

uint64_t td_pace_rest_ns(struct td_pace *pace, uint64_t now_ns)
{
    judge_window(pace, now_ns);
    pace->turns++;

    uint64_t since_ns = now_ns - pace->turned_ns;
    uint64_t rest_ns =
        pace->resting && since_ns < TD_PACE_PERIOD_NS ? TD_PACE_PERIOD_NS - since_ns : 0;
    pace->turned_ns = now_ns + rest_ns;
    return rest_ns;
}
