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

/** An accepted offer has ended. */
void edge_call_note_gone(struct edge_call *call, struct td_offer_id offer);
bool edge_call_is_gone(const struct edge_call *call, struct td_offer_id offer);

/** Media is to switch the customer through to this leg. */
void edge_call_connect(struct edge_call_run *run, struct td_leg_id leg, bool record);

/** Takes an event of an offer within a dialog. */
void edge_call_step_reoffer(struct edge_call_run *run, const struct edge_call_event *event);
/** The side's leg goes: what waits for media is answered. */
void edge_call_drop_reoffer(struct edge_call_run *run, uint8_t side);
/** They talk: whoever holds already is told of. */
void edge_call_report_holds(struct edge_call_run *run);

/** An agent's REFER. */
void edge_call_refer(struct edge_call_run *run, uint8_t side);
/** What the router says of a transfer. */
void edge_call_step_transfer(struct edge_call_run *run, const struct edge_call_event *event);
/** An agent hung up. @return True: with a transfer under way, so that the customer stays. */
bool edge_call_leave_transfer(struct edge_call_run *run, uint8_t side);
/** The agent's leg goes before its transfer has ended. */
void edge_call_end_transfer(struct edge_call_run *run, uint8_t side);

/** The media instance died: legs without a customer here fail. */
void edge_call_fail_agents(struct edge_call_run *run);

#endif
