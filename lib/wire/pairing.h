/**
 * @file pairing.h  A company's configuration in terms of the pairing engine (core/routing).
 *
 * Whoever runs the engine reads the configuration alike: the router for live calls, the simulator
 * for those that might be. Pure; texts are borrowed from the message. What is out of the engine's
 * bounds takes the nearest value within.
 */
#ifndef TD_WIRE_PAIRING_H
#define TD_WIRE_PAIRING_H

#include "core/routing/config.h"
#include "wire/config_wire.h"

/** Milliseconds of a duration in seconds, at most TD_ROUTING_DURATION_MAX_MS. */
uint32_t td_pairing_ms(uint32_t seconds);

struct td_expr_value td_pairing_value(const struct td_attribute *attribute);

/** The queue's steps and fit. */
void td_pairing_requirement(const struct td_queue *queue,
                            struct td_routing_requirement *requirement);

/** All of a queue; what is not said has its default. */
void td_pairing_queue(const struct td_queue *queue, struct td_routing_queue_config *config);

#endif
