/**
 * @file values.h  What was counted, as the messages of metrics.* have it. Pure.
 */
#ifndef REPORTING_VALUES_H
#define REPORTING_VALUES_H

#include "reporting/tenant.h"
#include "wire/metrics_wire.h"

/** The figures of one queue. @param index  Of it in the tally. @param oldest  As tally_oldest gives
   it. */
struct td_queue_metrics values_of_queue(const struct tenant *tenant, uint32_t index,
                                        uint64_t oldest, uint64_t now_unix_us);
struct td_agent_metrics values_of_agents(const struct states *states, uint64_t now_unix_us);
struct td_call_metrics values_of_calls(const struct calls *calls, uint64_t now_unix_us);

#endif
