/**
 * @file call_run.h  What call.c, call_customer.c and call_agent.c share: one step in progress.
 * Private to them.
 */
#ifndef EDGE_CORE_CALL_RUN_H
#define EDGE_CORE_CALL_RUN_H

#include "edge/core/call.h"

struct edge_call_run {
    struct edge_call *call;
    struct edge_call_effects *effects;
};

/** Appends an effect on a side. Valid until the next is appended. */
struct edge_call_effect *edge_call_emit(struct edge_call_run *run, enum edge_call_effect_type type,
                                        uint8_t side);

/** Gives a leg back to media. */
void edge_call_emit_release(struct edge_call_run *run, uint8_t side, struct td_leg_id leg);

/** Ends everything: the customer's leg, all agents' legs, and tells the router once. */
void edge_call_end(struct edge_call_run *run, uint16_t status, enum edge_ended_by by,
                   const char *reason);

/** Tells the router of the end, once, if it was ever told of the beginning. */
void edge_call_report_end(struct edge_call_run *run, enum edge_ended_by by, const char *reason);

/** Takes an event that concerns the customer's leg. */
void edge_call_step_customer(struct edge_call_run *run, const struct edge_call_event *event);

/** Answers the customer's INVITE. */
void edge_call_answer(struct edge_call_run *run);

/** Ends the customer's leg from our side; `status` if it is not answered yet. */
void edge_call_leave_customer(struct edge_call_run *run, uint16_t status);

/** Takes an event that concerns an agent's leg. */
void edge_call_step_agent(struct edge_call_run *run, const struct edge_call_event *event);

/** The router's Offer. */
void edge_call_offer(struct edge_call_run *run, const struct edge_call_event *event);

/** Takes one agent's leg down without a word to the router. */
void edge_call_drop_agent(struct edge_call_run *run, uint8_t side);

/** The media instance died: legs without a customer here fail. */
void edge_call_fail_agents(struct edge_call_run *run);

#endif
