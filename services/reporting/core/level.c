#include "reporting/core/level.h"

#define SHORT_ABANDON_DEFAULT_S 5

static uint32_t permille(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 1000 : (uint32_t)(part * 1000 / whole);
}

uint32_t level_permille(const struct level_counts *counts, enum td_service_level_formula formula)
{
    uint64_t left = counts->answered + counts->abandoned + counts->overflowed;

    switch (formula) {
    case TD_SERVICE_LEVEL_FORMULA_ANSWERED:
        return permille(counts->answered_within, counts->answered);
    case TD_SERVICE_LEVEL_FORMULA_OFFERED:
        return permille(counts->answered_within, left);
    case TD_SERVICE_LEVEL_FORMULA_NOT_SHORT:
        return permille(counts->answered_within, left - counts->short_abandoned);
    case TD_SERVICE_LEVEL_FORMULA_ABANDONED_WITHIN:
        return permille(counts->answered_within + counts->abandoned_within,
                        counts->answered + counts->abandoned);
    default:
        return permille(counts->answered_within,
                        counts->answered + counts->abandoned - counts->abandoned_within);
    }
}

enum td_service_level_formula level_formula(const struct td_queue *queue)
{
    bool is_known = queue->service_level > TD_SERVICE_LEVEL_FORMULA_UNSPECIFIED &&
                    queue->service_level < TD_SERVICE_LEVEL_FORMULA_COUNT;

    return is_known ? queue->service_level : TD_SERVICE_LEVEL_FORMULA_AFTER_THRESHOLD;
}

uint32_t level_short_abandon_ms(const struct td_queue *queue)
{
    uint32_t seconds =
        queue->short_abandon_s > 0 ? queue->short_abandon_s : SHORT_ABANDON_DEFAULT_S;

    return seconds < UINT32_MAX / 1000 ? seconds * 1000 : UINT32_MAX;
}
