/**
 * @file flow_private.h  What the files of the flow share. Not for the shell.
 *
 *   flow.c       life, the step, the clock
 *   loading.c    from what was stored
 *   table.c      interactions by id, agents by name
 *   put.c        effects: records and events
 *   order.c      commands to channels, ivr and media
 *   configure.c  a tenant's configuration for the pairing engine
 *   arrive.c     arrived, dialog, into the queue
 *   ask.c        what an interaction asks of an agent
 *   offer.c      offers and their answers
 *   talk.c       connected, ended, abandoned, closed
 *   hold.c       held, resumed
 *   transfer.c   an agent gives a customer away
 *   dial.c       numbers outside, and dial_plan.c: which
 *   paired.c     the pairing engine's effects
 *   people.c     agents and their devices
 *   wait.c       what a customer hears who waits
 *   divert.c     closed, full, nobody there, waited too long: where it goes instead
 *   spoken.c     what is said then, and in which language
 *   hours.c      is it open
 *   notice.c     that calls are recorded
 *   tier.c       what a customer's tier is worth
 *   why.c        a decision, and why in one sentence
 *   instances.c  other services come and go
 *   takeover.c   what channels and ivr say to a new router
 *   watch.c      what is under way, for those who look on
 *   records.c    the pairing engine's records and ours
 */
#ifndef ROUTER_CORE_FLOW_PRIVATE_H
#define ROUTER_CORE_FLOW_PRIVATE_H

#include <string.h>

#include "base/str.h"
#include "router/core/flow.h"

#define NONE UINT32_MAX
#define US_PER_MS UINT64_C(1000)
#define US_PER_S UINT64_C(1000000)
/** Interactions closed a moment ago, so that a late arrival does not bring one back. */
#define CLOSED_MAX 1024
/** Interactions and agents looked at in one step of a sweep. */
#define SWEEP_CHUNK 32
/** How often an entry dialog is begun again because its ivr died. */
#define RESTARTS_MAX 2
#define REFERENCES_MAX 64
/** Queues and entry points in one configuration (config.proto). */
#define CONFIG_NAMES_MAX 1000
/** Commands that are not carried out in this time are given up. */
#define COMMAND_TTL_US (10 * US_PER_S)
#define RELEASE_TTL_US (30 * US_PER_S)

/** The pairing engine's queue of what no queue knows: calls that agents make or are asked for by
    name. No configured name begins with a blank. */
#define FLOW_DIRECT_QUEUE " direct"

#define REASON_SUSPENDED "channel_lost"
#define REASON_DEVICE_GONE "device_gone"
#define REASON_WITH_CUSTOMER "with_customer"

struct flow_interaction {
    struct td_interaction_state state; /* `pairing` is filled while it is being stored */
    uint64_t serial;                   /* rising: who was there first */
    uint32_t slot;
    uint32_t next;          /* in its bucket, or in the free list */
    uint32_t told_position; /* to its wait dialog */
    bool used;
    bool touched;
    bool held;          /* not to be offered before its channel's word */
    bool transfer_over; /* looked at when the engine's effects have been read */
    enum td_transfer_refusal transfer_why;
    bool wants_dialog; /* its entry dialog died, and an ivr may be back in a moment */
    /* Within one step. */
    bool diverting;         /* left its queue: goes elsewhere when the engine has said all */
    bool unstaffed;         /* is being taken out of its queue because nobody is logged in */
    uint32_t voice_mail_ms; /* that its dialog recorded */
    /* Loaded, and who carries it has not said a word yet. */
    bool channel_unsynced;
    bool offer_unsynced;
    bool dialog_unsynced;
};

struct flow_agent {
    struct td_agent_record record; /* as it was last told */
    struct td_id last_request;
    struct td_agent_command_reply last_reply;
    uint64_t config_hash;
    bool used;
    bool configured;
    bool touched;
};

enum job { JOB_GONE = 1, JOB_BACK = 2, JOB_SYNCED = 4, JOB_LOST = 8 };

struct flow_instance {
    char service[32];
    char name[64];
    bool alive;
    bool up_again;    /* came back while JOB_GONE runs */
    unsigned jobs;    /* to be done, bit by bit */
    uint64_t serial;  /* JOB_GONE concerns interactions before this one */
    uint64_t lost_at; /* the end of its grace; 0: none runs */
};

/* One pass over agents, then interactions, a chunk in each step. */
struct flow_sweep {
    uint32_t instance; /* NONE: the end of the take-over */
    enum job job;
    uint32_t agent;
    uint32_t interaction;
    bool running;
};

struct flow_references {
    struct td_expr_attribute items[REFERENCES_MAX];
    char names[REFERENCES_MAX][TD_EXPR_WORD_MAX + 1];
    size_t count;
};

/* How the arrival under way is refused. */
struct flow_turned_away {
    enum td_turn_away how;
    uint32_t retry_after_s; /* 0: as ever */
    const char *reason;
};

struct flow {
    struct flow_settings settings;
    const struct td_company_config *config;
    const struct td_calendar *calendar;
    struct td_routing *routing;
    uint64_t now;
    uint64_t random;
    uint64_t loaded_at;
    struct flow_effects *effects;     /* of the step under way */
    struct td_routing_effects paired; /* of the engine's step under way */

    /* What the engine said of the event just given to it. */
    struct flow_interaction *arriving; /* not yet answered: its channel is told by the answer */
    struct flow_interaction *entering; /* the one that ARRIVED was for */
    struct flow_interaction *leaving;  /* the one whose customer is going */
    bool ignored;
    bool entered; /* was told that it is queued */
    struct flow_turned_away turned_away;
    bool door_closed; /* of the queue it was to enter */
    bool refused;
    enum td_routing_refusal refusal;

    struct flow_interaction *interactions;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t free_list;
    uint32_t used_slots; /* slots ever used: those behind them were never written */
    uint32_t interaction_count;
    uint64_t serial;

    struct flow_agent *agents;
    uint32_t *agent_order; /* sorted by name; the free slots stand behind them */
    uint32_t agent_count;
    uint32_t agent_slots;                   /* ever used */
    uint32_t queue_order[CONFIG_NAMES_MAX]; /* of the configuration, likewise */
    uint32_t entry_order[CONFIG_NAMES_MAX];

    uint32_t *touched; /* interactions to be stored when the step ends */
    uint32_t touched_count;
    uint32_t *touched_agents;
    uint32_t touched_agent_count;
    char touched_queues[TD_ROUTING_EFFECTS_MAX + 1][TD_ROUTING_NAME_SIZE];
    uint32_t touched_queue_count;

    struct td_interaction_id closed[CLOSED_MAX];
    uint32_t closed_next;

    struct flow_instance instances[FLOW_INSTANCES_MAX];
    uint32_t instance_count;
    uint32_t ivr_turn;
    struct flow_sweep sweep;
    bool sync_end_due;
    uint64_t loaded_serial; /* of the last interaction that was loaded */
    bool drop_due;          /* records of agents that are in no configuration */

    uint64_t update_at;
    uint32_t update_cursor;

    struct flow_references references;
    struct td_routing_interaction_record interaction_record;
};

/* --- table.c --- */

struct flow_interaction *flow_find(const struct flow *flow, struct td_interaction_id id);
/** NULL when full. */
struct flow_interaction *flow_add(struct flow *flow, struct td_interaction_id id);
void flow_remove(struct flow *flow, struct flow_interaction *interaction);
/** Was closed a moment ago, or was said to be over before it arrived. */
bool flow_was_closed(const struct flow *flow, struct td_interaction_id id);
void flow_remember_closed(struct flow *flow, struct td_interaction_id id);
struct flow_agent *flow_agent_find(const struct flow *flow, const char *name);
/** Index in agent_order of the first agent behind `name`. */
uint32_t flow_agent_after(const struct flow *flow, const char *name);
/** Finds or adds one, logged out; NULL when full. */
struct flow_agent *flow_agent_add(struct flow *flow, const char *name);
/** An agent who is in no configuration any more. */
void flow_agent_drop(struct flow *flow, struct flow_agent *agent);
/** After flow->config was set. */
void flow_sort_config(struct flow *flow);
/** Of the configuration; NULL when there is none. */
const struct td_queue *flow_queue(const struct flow *flow, const char *name);
const struct td_entry_point *flow_entry_point(const struct flow *flow, const char *name);
struct flow_instance *flow_instance_find(struct flow *flow, const char *service, const char *name);
bool flow_instance_is_alive(struct flow *flow, const char *service, const char *name);

/* --- put.c --- */

void flow_touch(struct flow *flow, struct flow_interaction *interaction);
void flow_touch_agent(struct flow *flow, struct flow_agent *agent);
void flow_touch_queue(struct flow *flow, const char *name);
struct td_id flow_new_id(struct flow *flow);
/** The event, filled with what the interaction is; more may be added to it. */
struct td_interaction_event *flow_put_event(struct flow *flow, struct flow_interaction *interaction,
                                            const char *topic);
struct td_interaction_summary *flow_put_summary(struct flow *flow,
                                                struct flow_interaction *interaction);
void flow_put_agent_event(struct flow *flow, struct flow_agent *agent,
                          const struct td_agent_record *record);
/** A new effect. */
struct flow_effect *flow_put(struct flow *flow, enum flow_effect_type type);
/** Zeroed memory until the next step. */
void *flow_alloc(struct flow *flow, size_t size);
/** Ends the step: records of all that was touched. */
void flow_put_records(struct flow *flow);

/* --- order.c --- */

/** To the channel of the customer or of an offer. */
void flow_put_offer(struct flow *flow, struct flow_interaction *interaction);
void flow_put_cancel(struct flow *flow, struct flow_interaction *interaction,
                     enum td_cancel_reason reason);
void flow_put_connect(struct flow *flow, struct flow_interaction *interaction);
/** The whole interaction, at the customer's channel. */
void flow_put_release(struct flow *flow, struct flow_interaction *interaction,
                      enum td_release_reason reason);
/** Only what an instance has of this offer; the interaction need not be known. */
void flow_put_release_offer(struct flow *flow, struct td_interaction_id id, uint64_t version,
                            const char *instance, struct td_offer_id offer);
/** To an instance that has the agent who asked for it, or the customer. */
void flow_put_transfer_update(struct flow *flow, struct flow_interaction *interaction,
                              const struct td_transfer_in_progress *transfer, const char *instance,
                              enum td_transfer_state state, enum td_transfer_refusal why);
void flow_put_dialog_start(struct flow *flow, struct flow_interaction *interaction,
                           const char *document);
void flow_put_dialog_stop(struct flow *flow, struct td_interaction_id id, uint64_t version,
                          const char *instance, struct td_dialog_id dialog);
void flow_put_play(struct flow *flow, struct flow_interaction *interaction, const char *file);
/** Answers a customer who is not yet. */
void flow_answer(struct flow *flow, struct flow_interaction *interaction);
void flow_put_leg_release(struct flow *flow, struct flow_interaction *interaction,
                          const struct td_media_leg *leg);

/* --- the life of an interaction --- */

void flow_arrive(struct flow *flow, const struct td_interaction_arrived *arrived);
/** Fills what its channel says of it. @param entry  NULL: of no configuration. */
void flow_fill(struct flow *flow, struct flow_interaction *interaction,
               const struct td_interaction_arrived *arrived, const struct td_entry_point *entry);
/** Where an arrival goes: its dialog or its queue. */
void flow_begin(struct flow *flow, struct flow_interaction *interaction);
void flow_enter_queue(struct flow *flow, struct flow_interaction *interaction);
/** From another queue: the time at which it began to wait counts on. */
void flow_move_queue(struct flow *flow, struct flow_interaction *interaction);
void flow_dialog_ended(struct flow *flow, const struct td_dialog_ended *ended);
/** The entry dialog cannot be had (any more): goes on without. */
void flow_dialog_failed(struct flow *flow, struct flow_interaction *interaction);
/** The dialog it was in is gone: begins it again, here or elsewhere, or goes on without. */
void flow_restart_dialog(struct flow *flow, struct flow_interaction *interaction);
/** No ivr has come in time: goes on without. */
void flow_give_up_dialog(struct flow *flow, struct flow_interaction *interaction);
/** Begins the entry dialog that was waited for, if there is an ivr now. */
bool flow_resume_dialog(struct flow *flow, struct flow_interaction *interaction);
/** Starts a dialog on some ivr. @return False when there is none or no leg. */
bool flow_start_dialog(struct flow *flow, struct flow_interaction *interaction,
                       const char *document, enum td_dialog_purpose purpose);
void flow_stop_dialog(struct flow *flow, struct flow_interaction *interaction);

/** What it asks of an agent. */
void flow_refer(struct flow *flow, const struct flow_interaction *interaction);
void flow_require(struct flow *flow, const struct flow_interaction *interaction,
                  struct td_routing_requirement *requirement);
/** The interaction's attribute of that name; NULL when there is none. */
const struct td_attribute *flow_attribute(const struct flow_interaction *interaction,
                                          const char *name);
void flow_merge(struct td_interaction_state *state, const struct td_attribute *attributes,
                uint32_t count);

/** One event to the pairing engine, and what it says. */
void flow_pair(struct flow *flow, const struct td_routing_event *event);
void flow_pair_interaction(struct flow *flow, enum td_routing_event_type type,
                           const struct flow_interaction *interaction, const char *reason);

void flow_ringing(struct flow *flow, const struct td_offer_ringing *ringing);
void flow_accepted(struct flow *flow, const struct td_offer_accepted *accepted,
                   const char *instance);
void flow_declined(struct flow *flow, const struct td_offer_declined *declined);
void flow_failed(struct flow *flow, const struct td_offer_failed *failed);
/** The offer that is out comes to nothing, for this reason. */
void flow_fail_offer(struct flow *flow, struct flow_interaction *interaction,
                     enum td_offer_failure failure);
/** Likewise, by no fault of the agent or the device. */
void flow_break_offer(struct flow *flow, struct flow_interaction *interaction);
bool flow_has_offer(const struct flow_interaction *interaction, struct td_offer_id offer);
void flow_accept(struct flow *flow, struct flow_interaction *interaction,
                 const struct td_media_leg *leg);

void flow_connected(struct flow *flow, const struct td_interaction_connected *connected);
void flow_connect(struct flow *flow, struct flow_interaction *interaction, uint64_t at_unix_us);
void flow_ended(struct flow *flow, const struct td_interaction_ended *ended, const char *instance);
void flow_abandoned(struct flow *flow, const struct td_interaction_abandoned *abandoned);
/** What the customer hears on hold; empty: what media has built in. */
const char *flow_hold_music(const struct flow *flow, const struct flow_interaction *interaction);
void flow_held(struct flow *flow, const struct td_interaction_held *held);
void flow_resumed(struct flow *flow, const struct td_interaction_resumed *resumed);
/** They talk no more: a hold that runs is summed up. */
void flow_end_holds(struct flow *flow, struct flow_interaction *interaction, uint64_t at_unix_us);
/* --- transfer.c --- */

void flow_transfer_asked(struct flow *flow, const struct td_transfer_asked *asked);
void flow_agent_left(struct flow *flow, const struct td_agent_left *left);
bool flow_is_transferring(const struct td_interaction_state *state);
/** It goes to an agent by name, hence through no queue. */
bool flow_is_direct(const struct td_interaction_state *state);
/** The offer of the agent who asked for the transfer that is on its way. */
bool flow_is_former_offer(const struct td_interaction_state *state, struct td_offer_id offer);
/** Somebody has the customer: the agent who asked is let go. */
void flow_transfer_done(struct flow *flow, struct flow_interaction *interaction);
/** Nobody takes the customer: the agent who asked, if still there, has that one back. */
void flow_transfer_failed(struct flow *flow, struct flow_interaction *interaction,
                          enum td_transfer_refusal why);
/** The engine's word on the agent asked for; what follows waits for flow_transfers_due. */
void flow_transfer_offer_ended(struct flow_interaction *interaction,
                               enum td_routing_outcome outcome);
void flow_transfers_due(struct flow *flow);
/** The instance is gone: if the agent who asked was there, that one has left. */
void flow_former_gone(struct flow *flow, struct flow_interaction *interaction,
                      const char *instance);
/** The interaction ends, and its transfer with it. */
void flow_end_transfer(struct flow *flow, struct flow_interaction *interaction);

/* --- dial.c --- */

bool flow_is_outbound(const struct td_interaction_state *state);
/** The offer is a number outside. */
bool flow_is_dialled(const struct td_interaction_state *state);
void flow_call_out(struct flow *flow, const struct td_interaction_arrived *arrived);
enum td_transfer_refusal flow_may_dial(const struct flow *flow, const char *agent,
                                       const char *number, const struct td_trunk **trunk);
const struct td_agent_config *flow_agent_config(const struct flow *flow, const char *name);
void flow_dial(struct flow *flow, struct flow_interaction *interaction, const char *agent,
               const char *number, const struct td_trunk *trunk);
void flow_dial_accepted(struct flow *flow, struct flow_interaction *interaction);
void flow_dial_connected(struct flow *flow, struct flow_interaction *interaction);
void flow_dial_failed(struct flow *flow, struct flow_interaction *interaction,
                      enum td_transfer_refusal why);

/** How an interaction ends that is not yet over for the customer. */
struct flow_end {
    enum td_outcome outcome; /* of one who has not talked to an agent, unless `forced` */
    bool forced;
    const char *by;
    const char *reason;
    uint64_t at_unix_us;
    bool left;    /* the pairing engine knows it no more */
    bool release; /* the customer's channel must be told */
    enum td_release_reason release_reason;
};
void flow_end(struct flow *flow, struct flow_interaction *interaction, const struct flow_end *end);
/** Its channel or media died. */
void flow_lose(struct flow *flow, struct flow_interaction *interaction, const char *reason);
/** Wrap-up is over. */
void flow_close(struct flow *flow, struct flow_interaction *interaction);

/** Fills the decision of an offer. */
void flow_decide(struct flow *flow, const struct flow_interaction *interaction,
                 const struct td_routing_effect *offer, struct td_decision *decision);

/** What it hears while it waits, if that is not yet so. */
void flow_treat(struct flow *flow, struct flow_interaction *interaction);
void flow_update_dialogs(struct flow *flow);
/** Position and expected wait, as a dialog reads them; at most 2. */
void flow_place_variables(struct flow *flow, struct flow_interaction *interaction,
                          struct td_variable *variables, uint32_t *count);

/* --- divert.c --- */

/** If its entry point is closed: sends it elsewhere. @return True: its way is decided. */
bool flow_entry_is_closed(struct flow *flow, struct flow_interaction *interaction);
/** The engine says that it left its queue for this; it is diverted before the step ends. */
void flow_overflowed(struct flow *flow, struct flow_interaction *interaction,
                     enum td_overflow_cause cause, struct td_interaction_event *event);
/** Diverts whom that concerns. Not while the engine's effects are being read. */
void flow_divert_due(struct flow *flow);
/** Out of its queue, if that has nobody and says what to do then. */
void flow_leave_if_unstaffed(struct flow *flow, struct flow_interaction *interaction);
/** From time to time, for each. @return Whether it took much. */
bool flow_look_after(struct flow *flow, struct flow_interaction *interaction);
/** Hears a message, or leaves one. */
bool flow_is_diverted(const struct td_interaction_state *state);
void flow_diverted_ended(struct flow *flow, struct flow_interaction *interaction,
                         const struct td_dialog_ended *ended);
/** Its dialog cannot be had (any more). */
void flow_diverted_failed(struct flow *flow, struct flow_interaction *interaction);
/** The customer went. @return True: its dialog will say what became of the message. */
bool flow_awaits_last_word(struct flow *flow, struct flow_interaction *interaction,
                           uint64_t at_unix_us, const char *reason);
/** Of the place that sent it away; NULL: there is none, or no such place any more. */
const struct td_diversion *flow_diversion(const struct flow *flow,
                                          const struct td_interaction_state *state);

/* --- spoken.c --- */

const char *flow_diversion_document(const struct flow *flow,
                                    const struct td_interaction_state *state);
/** What is said to a speaker of this language; NULL: nothing is configured. */
const struct td_spoken_text *flow_pick_text(const struct td_spoken_text *texts, uint32_t count,
                                            const char *language);
const struct td_spoken_text *flow_diversion_text(const struct flow *flow,
                                                 const struct td_interaction_state *state);
/** The document, or the one that says what is configured. */
const char *flow_spoken_by(const char *document);
/** "closed" */
const char *flow_cause_name(enum td_overflow_cause cause);

/* --- hours.c --- */

/** @param timetable  "": always open. */
bool flow_is_open(const struct flow *flow, const char *timetable);
/** 0: unknown. */
uint32_t flow_opens_in_s(const struct flow *flow, const char *timetable);

/* --- notice.c --- */

/** Whether a talk in its queue is recorded, as things stand. */
bool flow_is_recorded(const struct flow *flow, const struct flow_interaction *interaction);
/** Has to hear that it will be recorded before it is offered. */
bool flow_wants_notice(const struct flow *flow, const struct flow_interaction *interaction);
bool flow_is_noticing(const struct flow_interaction *interaction);
/** Begins it, for one that is held; without an ivr it goes on unrecorded. */
void flow_give_notice(struct flow *flow, struct flow_interaction *interaction);
void flow_end_notice(struct flow *flow, struct flow_interaction *interaction, bool given);
const struct td_spoken_text *flow_notice_text(const struct flow *flow,
                                              const struct td_interaction_state *state);

/* --- tier.c --- */

/** Seconds of waiting that the customer's tier is worth in its queue. */
uint32_t flow_tier_s(const struct flow *flow, const struct td_interaction_state *state);

void flow_agent_command(struct flow *flow, const struct td_agent_command *command,
                        struct td_id request);
void flow_device_changed(struct flow *flow, const struct td_device_changed *changed);
void flow_agent_changed(struct flow *flow, const struct td_routing_effect *effect);
/** Not ready because the device's instance is gone, and ready again when it is back. */
void flow_suspend(struct flow *flow, struct flow_agent *agent, const char *reason);
void flow_resume(struct flow *flow, struct flow_agent *agent, const char *reason);

void flow_instance_up(struct flow *flow, const char *service, const char *name);
void flow_instance_gone(struct flow *flow, const char *service, const char *name);
bool flow_sweep_is_due(const struct flow *flow);
/** An instance of the service is gone that may be back in a moment. */
bool flow_is_grace(const struct flow *flow, const char *service);
/** The end of the next grace; UINT64_MAX: none runs. */
uint64_t flow_grace_ends_at(const struct flow *flow);
/** Instances whose grace is over. */
void flow_end_graces(struct flow *flow);
/** A chunk of the sweep under way. */
void flow_sweep(struct flow *flow);
void flow_sync_item(struct flow *flow, const struct td_sync_item *item, const char *instance);
void flow_described(struct flow *flow, const struct td_sync_item *item,
                    const struct td_interaction_arrived *arrived);
void flow_dialog_sync_item(struct flow *flow, const struct td_dialog_sync_item *item,
                           const char *instance);
/** What the word of a channel (or its silence) means for an interaction that was loaded. */
void flow_settle_channel(struct flow *flow, struct flow_interaction *interaction);
void flow_settle_offer(struct flow *flow, struct flow_interaction *interaction, bool alive);
void flow_settle_dialog(struct flow *flow, struct flow_interaction *interaction, bool alive);
void flow_settle_wrap_up(struct flow *flow, struct flow_interaction *interaction);
void flow_hold(struct flow *flow, struct flow_interaction *interaction);
void flow_release_hold(struct flow *flow, struct flow_interaction *interaction);

/* --- records.c --- */

void flow_pairing_to_state(const struct td_routing_interaction_record *record,
                           struct td_pairing_step *steps, struct td_pairing_state *state);
enum td_err flow_pairing_from_state(const struct td_interaction_state *state,
                                    struct td_routing_interaction_record *record);
void flow_agent_to_state(const struct td_routing_agent_record *record,
                         struct td_agent_record *state);
enum td_err flow_agent_from_state(const struct td_agent_record *state,
                                  struct td_routing_agent_record *record);
enum td_agent_state flow_agent_state(enum td_routing_agent_state state);

uint32_t flow_short_abandon_ms(const struct td_queue *queue);

/** When it entered the queue it is or was in; records of the release before do not say it. */
static inline uint64_t flow_entered_at(const struct td_interaction_state *state)
{
    return state->entered_at_unix_us > 0 ? state->entered_at_unix_us : state->queued_at_unix_us;
}

static inline uint64_t flow_ms(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? (to_us - from_us) / US_PER_MS : 0;
}

#endif
