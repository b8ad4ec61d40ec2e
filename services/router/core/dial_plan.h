/**
 * @file dial_plan.h  Which numbers outside an agent may reach, and through which trunk. Pure.
 *
 * A number is digits, with or without a leading +. What is denied (emergency, premium) comes first,
 * then whether the agent may, then the first outbound trunk that carries the number. O(trunks *
 * prefixes + patterns).
 */
#ifndef ROUTER_CORE_DIAL_PLAN_H
#define ROUTER_CORE_DIAL_PLAN_H

#include <stdbool.h>

#include "wire/config_wire.h"

enum dial_verdict { DIAL_ALLOWED, DIAL_NO_NUMBER, DIAL_DENIED, DIAL_NOT_PERMITTED, DIAL_NO_TRUNK };

/** @param trunk  Receives the trunk when it is allowed; valid as long as `config`. */
enum dial_verdict dial_plan_decide(const struct td_company_config *config,
                                   const struct td_agent_config *agent, const char *number,
                                   const struct td_trunk **trunk);

#endif
