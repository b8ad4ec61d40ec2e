#include "reporting/core/calls.h"

#include <stddef.h>

void calls_arrived(struct calls *calls, enum td_direction direction)
{
    if (direction == TD_DIRECTION_OUTBOUND)
        calls->dialled++;
    else
        calls->arrived++;
}

void calls_closed(struct calls *calls, const struct td_interaction_summary *summary)
{
    size_t outcome = (size_t)summary->outcome;

    calls->closed++;
    calls->by_outcome[outcome < TD_OUTCOME_COUNT ? outcome : 0]++;
    calls->short_abandoned += summary->short_abandoned;
    calls->transfers += summary->transfers;
    calls->holds += summary->holds;
    calls->hold_ms += summary->hold_ms;
}
