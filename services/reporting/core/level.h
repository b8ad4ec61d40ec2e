/**
 * @file level.h  Service level in its variants. Pure.
 *
 * | formula | share |
 * | --- | --- |
 * | after_threshold | answered within / (answered + abandoned after) |
 * | answered | answered within / answered |
 * | offered | answered within / left |
 * | not_short | answered within / (left - short abandoned) |
 * | abandoned_within | (answered within + abandoned within) / (answered + abandoned) |
 *
 * within: wait <= threshold; left: answered + abandoned + overflowed, whoever does not wait any
 * more. While nothing counts the level is 1.
 */
#ifndef REPORTING_CORE_LEVEL_H
#define REPORTING_CORE_LEVEL_H

#include <stdint.h>

#include "wire/config_wire.h"

struct level_counts {
    uint64_t answered;
    uint64_t answered_within;
    uint64_t abandoned;
    uint64_t abandoned_within;
    uint64_t short_abandoned;
    uint64_t overflowed;
};

/** In thousandths, rounded down. Unknown formulas count as AFTER_THRESHOLD. */
uint32_t level_permille(const struct level_counts *counts, enum td_service_level_formula formula);

/** Of a queue as configured, with the defaults where it says nothing. */
enum td_service_level_formula level_formula(const struct td_queue *queue);
uint32_t level_short_abandon_ms(const struct td_queue *queue);

#endif
