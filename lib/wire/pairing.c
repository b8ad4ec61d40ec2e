#include "wire/pairing.h"

#include <math.h>
#include <string.h>

#define LEASE_DEFAULT_S UINT32_C(15)
#define AGEING_DEFAULT_PERCENT UINT32_C(100)
#define HANDLING_GUESS_MS UINT32_C(180000)

static uint32_t at_most(uint32_t value, uint32_t max)
{
    return value < max ? value : max;
}

uint32_t td_pairing_ms(uint32_t seconds)
{
    return at_most(seconds, TD_ROUTING_DURATION_MAX_MS / 1000) * 1000;
}

/* A number out of bounds, or none at all, takes the nearest. */
static int64_t thousandths_of(double number)
{
    double thousandths = number * (double)TD_EXPR_ONE;
    double max = (double)TD_EXPR_NUMBER_MAX;

    if (!(thousandths > -max))
        return -TD_EXPR_NUMBER_MAX;
    return !(thousandths < max) ? TD_EXPR_NUMBER_MAX : (int64_t)llround(thousandths);
}

struct td_expr_value td_pairing_value(const struct td_attribute *attribute)
{
    switch (attribute->type) {
    case TD_ATTRIBUTE_TYPE_TEXT:
        return (struct td_expr_value){.type = TD_EXPR_TEXT, .text = attribute->text};
    case TD_ATTRIBUTE_TYPE_NUMBER:
        return (struct td_expr_value){.type = TD_EXPR_NUMBER,
                                      .number = thousandths_of(attribute->number)};
    default:
        return (struct td_expr_value){.type = TD_EXPR_BOOLEAN, .boolean = true};
    }
}

void td_pairing_requirement(const struct td_queue *queue,
                            struct td_routing_requirement *requirement)
{
    requirement->step_count = at_most(queue->steps_count, TD_ROUTING_STEPS_MAX);
    requirement->fit = queue->fit;
    for (uint32_t i = 0; i < requirement->step_count; i++) {
        requirement->steps[i].expression = queue->steps[i].expression;
        requirement->steps[i].insist_ms = td_pairing_ms(queue->steps[i].insist_s);
    }
}

void td_pairing_queue(const struct td_queue *queue, struct td_routing_queue_config *config)
{
    uint32_t ageing = queue->ageing_percent > 0 ? queue->ageing_percent : AGEING_DEFAULT_PERCENT;
    uint32_t lease_s = queue->offer_lease_s > 0 ? queue->offer_lease_s : LEASE_DEFAULT_S;

    *config = (struct td_routing_queue_config){
        .name = queue->name,
        .threshold_ms = td_pairing_ms(queue->threshold_s),
        .percent = at_most(queue->target_percent, 100),
        .priority = (int32_t)at_most(queue->priority, TD_ROUTING_POINTS_MAX),
        .ageing = at_most(ageing, TD_ROUTING_AGEING_MAX / 10) * 10,
        .wrap_up_ms = td_pairing_ms(queue->wrap_up_s),
        .lease_ms = td_pairing_ms(lease_s),
        .max_waiting = queue->max_waiting,
        .max_wait_ms = td_pairing_ms(queue->max_wait_s),
        .handling_ms = HANDLING_GUESS_MS,
    };
    td_pairing_requirement(queue, &config->requirement);
}
