/**
 * @file flow.h  The life of the interactions, queues and agents of one tenant, as the router owns
 * it.
 *
 * Messages of the channel contract, of dialogs, agents and the registry go in; out come the records
 * to store, the events that tell of it, the commands to channels, dialogs and media, and the
 * answer. Who is paired with whom is decided by core/routing, which the flow drives and translates:
 *
 *     arrived -> [dialog] -> queued -> offered -> accepted -> connected -> wrap-up -> closed
 *                               ^---------+----------'
 *
 * Everything that leaves can be derived from the records: the shell stores what a step put out in
 * one commit and lets it leave when that is done. A flow that is made anew from those records, told
 * what the channels say (FLOW_SYNC_*), goes on where the former one stood.
 *
 * Each input is allowed at any time: late, repeated, out of order. Each event and each command of
 * an interaction takes the next version of it.
 *
 * Pure: one block of the caller's; no clock, heap, I/O or log; randomness is seeded. Threads: one
 * flow belongs to one event loop. Complexity: that of the pairing engine, plus O(log agents).
 */
#ifndef ROUTER_CORE_FLOW_H
#define ROUTER_CORE_FLOW_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "core/calendar/opening.h"
#include "core/routing/routing.h"
#include "wire/agent_wire.h"
#include "wire/config_wire.h"
#include "wire/contract_wire.h"
#include "wire/dialog_wire.h"
#include "wire/interaction_wire.h"
#include "wire/media_wire.h"
#include "wire/metrics_wire.h"
#include "wire/pairing.h"
#include "wire/watch_wire.h"

/** Meaning of the records this release writes; it reads this one and the one before. */
#define FLOW_STATE_VERSION 1
/** Most instances of other services that are known at a time. */
#define FLOW_INSTANCES_MAX 256
/** Most effects of one step. */
#define FLOW_EFFECTS_MAX 2048
/** Bytes that flow_effects_init takes. */
#define FLOW_EFFECTS_SIZE (16U << 20)
/** How long an offer stands at the router beyond the lease that the channel was told: the channel's
    own word, which says why, comes first. */
#define FLOW_LEASE_GRACE_MS 1500
/** How long an answered call may go on without its channel service: one that comes back within it
    says what it still has, and the talk was not cut. */
#define FLOW_GRACE_MS 3000
/** How often the position and expected wait of a wait dialog are looked at. */
#define FLOW_UPDATE_MS 5000

struct flow;

struct flow_settings {
    struct td_routing_limits limits;
    uint64_t epoch;          /**< Of the lease under which everything is said. */
    uint64_t seed;           /**< Of the ids made here; another one in each run. */
    uint32_t retry_after_s;  /**< Told to whom is refused. */
    uint32_t again_after_ms; /**< Until an interaction is offered to the same agent again. */
    /** Whether such a command of the interaction is committed and not yet carried out; borrowed for
        the flow's life. Asked during take-over only. */
    bool (*is_pending)(const void *ctx, struct td_interaction_id id, const char *type);
    const void *ctx;
};

/* --- inputs --- */

enum flow_input_type {
    FLOW_TIME, /**< Nothing but time has passed. */
    /* Observations of channels; a NULL instance means "as the message says". */
    FLOW_ARRIVED,
    FLOW_ABANDONED,
    FLOW_RINGING,
    FLOW_ACCEPTED,
    FLOW_DECLINED,
    FLOW_FAILED,
    FLOW_CONNECTED,
    FLOW_ENDED,
    FLOW_HELD,
    FLOW_RESUMED,
    FLOW_TRANSFER_ASKED,
    FLOW_AGENT_LEFT,
    FLOW_DIALOG_ENDED,
    FLOW_AGENT_COMMAND,
    FLOW_DEVICE_CHANGED,
    FLOW_COMMAND_FAILED, /**< `command` will not be carried out: refused for good, or expired. */
    /* The registry; `service` and `instance` name one. */
    FLOW_INSTANCE_UP,
    FLOW_INSTANCE_GONE,
    /* After flow_load_end, and when an instance came back; `instance` says it. */
    FLOW_SYNC_ITEM,        /**< One interaction as its channel has it. */
    FLOW_DESCRIBED,        /**< `sync` and `arrived`: what Describe gave for an unknown one. */
    FLOW_DIALOG_SYNC_ITEM, /**< One dialog as ivr has it. */
    FLOW_SYNC_DONE,        /**< The instance has said all. */
    FLOW_SYNC_ENDED,       /**< Who has not said all by now is treated as dead. */
    FLOW_INPUT_TYPE_COUNT
};

/** A command that failed. */
struct flow_failure {
    struct td_interaction_id interaction_id;
    const char *type;     /**< "Offer" */
    struct td_id subject; /**< Offer or dialog. */
    enum td_err err;
    bool unknown; /**< The instance does not know the interaction. */
};

/** Everything is borrowed for the call. Only the member of the type counts. */
struct flow_input {
    enum flow_input_type type;
    const char *service;
    const char *instance;
    struct td_id request_id; /**< FLOW_AGENT_COMMAND: a repeat is answered as before. */
    const struct td_interaction_arrived *arrived;
    const struct td_interaction_abandoned *abandoned;
    const struct td_offer_ringing *ringing;
    const struct td_offer_accepted *accepted;
    const struct td_offer_declined *declined;
    const struct td_offer_failed *failed;
    const struct td_interaction_connected *connected;
    const struct td_interaction_ended *ended;
    const struct td_interaction_held *held;
    const struct td_interaction_resumed *resumed;
    const struct td_transfer_asked *transfer_asked;
    const struct td_agent_left *agent_left;
    const struct td_dialog_ended *dialog_ended;
    const struct td_agent_command *agent_command;
    const struct td_device_changed *device_changed;
    const struct flow_failure *command;
    const struct td_sync_item *sync;
    const struct td_dialog_sync_item *dialog_sync;
};

/* --- effects --- */

enum flow_effect_type {
    /* Records: to be stored under `key`, in the order of the effects. */
    FLOW_PUT_INTERACTION,
    FLOW_DELETE_INTERACTION,
    FLOW_PUT_AGENT,
    FLOW_DELETE_AGENT,
    FLOW_PUT_QUEUE,
    /* Events, in the same commit. */
    FLOW_EVENT,  /**< `event` to `topic` */
    FLOW_CLOSED, /**< `summary` to interaction.closed */
    FLOW_AGENT,  /**< `agent` to agent.state */
    /* Commands: pending in the same commit, sent after it. */
    FLOW_COMMAND,
    /* Sent after the commit, once; a later one makes good for its loss. */
    FLOW_UPDATE,   /**< `dialog_update` to `instance` of ivr */
    FLOW_DESCRIBE, /**< Ask `instance` about `interaction_id`; comes back as FLOW_DESCRIBED with
                        `sync`. */
    FLOW_EFFECT_TYPE_COUNT
};

enum flow_command_type {
    FLOW_OFFER,
    FLOW_CANCEL_OFFER,
    FLOW_CONNECT,
    FLOW_RELEASE,
    FLOW_TRANSFER_UPDATE,
    FLOW_DIALOG_START,
    FLOW_DIALOG_STOP,
    FLOW_PLAY,
    FLOW_LEG_RELEASE,
    FLOW_ANSWER,
    FLOW_COMMAND_TYPE_COUNT
};

struct flow_command {
    enum flow_command_type type;
    struct td_command_id id;
    struct td_interaction_id interaction_id;
    const char *service;
    char instance[64];
    uint64_t version;
    struct td_id subject; /**< Offer or dialog it is about; nil: the whole interaction. */
    uint64_t expires_at_unix_us;
    union {
        struct td_offer *offer;
        struct td_cancel_offer *cancel_offer;
        struct td_connect *connect;
        struct td_release *release;
        struct td_transfer_update *transfer_update;
        struct td_dialog_start *dialog_start;
        struct td_dialog_stop *dialog_stop;
        struct td_play *play;
        struct td_leg_release *leg_release;
        struct td_answer *answer;
    } as;
};

/** Pointers are valid until the next call for the same flow or effects. */
struct flow_effect {
    enum flow_effect_type type;
    struct td_interaction_id interaction_id; /**< Key of the events about it. */
    const char *name;                        /**< Agent or queue. */
    union {
        struct td_interaction_state *interaction;
        struct td_agent_record *agent;
        struct td_queue_record *queue;
        struct td_interaction_event *event;
        struct td_interaction_summary *summary;
        struct flow_command *command;
        struct td_dialog_update *dialog_update;
        struct td_sync_item *sync;
    } as;
    const char *topic;    /**< FLOW_EVENT: "interaction.queued". */
    const char *instance; /**< FLOW_UPDATE, FLOW_DESCRIBE. */
};

/** What one step put out. */
struct flow_effects {
    uint32_t count;
    struct flow_effect items[FLOW_EFFECTS_MAX];
    struct td_interaction_arrived_reply arrived; /**< Answer to FLOW_ARRIVED. */
    struct td_agent_command_reply agent;         /**< Answer to FLOW_AGENT_COMMAND. */
    struct td_transfer_reply transfer;           /**< Answer to FLOW_TRANSFER_ASKED. */
    bool stored;                                 /**< Something must be committed. */
    struct td_arena arena;
};

/** @param block  FLOW_EFFECTS_SIZE bytes, aligned for max_align_t; becomes the effects. */
struct flow_effects *flow_effects_init(void *block);

/* --- life --- */

/** Bytes of the block; 0 when a limit is out of bounds. */
size_t flow_size(const struct td_routing_limits *limits);

/**
 * Starts empty.
 *
 * @param block     Kept; aligned for max_align_t, need not be zeroed; most of it is touched only
 *                  when used.
 * @param settings  Borrowed, but for `ctx`.
 * @return TD_OK or TD_ERR_RANGE (a limit).
 */
enum td_err TD_MUST_CHECK flow_init(void *block, const struct flow_settings *settings,
                                    struct flow **flow);

/** What of a configuration could not be taken; the former one stays in force for it. */
struct flow_problem {
    const char *kind; /**< "agent", "queue" */
    const char *name;
    enum td_err err;
    struct td_routing_problem detail;
};
typedef void flow_problem_fn(void *ctx, const struct flow_problem *problem);

/**
 * Takes a configuration, at any time. What follows from it comes out of the next step, for which
 * flow_wake_at_unix_us asks at once.
 *
 * @param config    Kept until the next call.
 * @param calendar  Likewise: its timetables; NULL: everything is always open.
 */
void flow_configure(struct flow *flow, const struct td_company_config *config,
                    const struct td_calendar *calendar, flow_problem_fn *problem, void *ctx);

/* --- records: after flow_configure, before the first step --- */

/** TD_OK; TD_ERR_EXISTS; TD_ERR_LIMIT; TD_ERR_RANGE (a newer state_version, or no sense in it). */
enum td_err TD_MUST_CHECK flow_load_interaction(struct flow *flow,
                                                const struct td_interaction_state *state);
enum td_err TD_MUST_CHECK flow_load_agent(struct flow *flow, const struct td_agent_record *record);
enum td_err TD_MUST_CHECK flow_load_queue(struct flow *flow, const struct td_queue_record *record);

/**
 * Ends the loading. Interactions wait for the word of their channel (FLOW_SYNC_DONE or
 * FLOW_SYNC_ENDED) before they are offered; new ones do not.
 */
void flow_load_end(struct flow *flow, uint64_t now_unix_us);

/** Latest time in any record loaded; 0 without records. The clock must not be behind it. */
uint64_t flow_loaded_at_unix_us(const struct flow *flow);

/* --- running --- */

/** Takes one input and whatever is due. @param effects  Overwritten. */
void flow_step(struct flow *flow, const struct flow_input *input, uint64_t now_unix_us,
               struct flow_effects *effects);

/** When to step again without an input; 0: at once; UINT64_MAX: never. */
uint64_t flow_wake_at_unix_us(const struct flow *flow);

/* --- asking --- */

bool flow_knows(const struct flow *flow, struct td_interaction_id id);
uint32_t flow_interaction_count(const struct flow *flow);

/** Whether an interaction still waits for its channel's word. */
bool flow_is_syncing(const struct flow *flow);
/** Whether what an instance's coming or going means is still being worked through; its word must
    wait so long. */
bool flow_is_sweeping(const struct flow *flow);

/** Agents by name. @param after  "": from the first. @return How many were written. */
uint32_t flow_list_agents(const struct flow *flow, const char *after, struct td_agent_status *list,
                          uint32_t size);
/** @return False when there is no such agent. */
bool flow_find_agent(const struct flow *flow, const char *name, struct td_agent_status *status);

/** Interactions, in no order; one that comes or goes meanwhile may be missing or listed.
    @param cursor  0 at first. @return How many were written; less than `size`: that was all. */
uint32_t flow_list_interactions(const struct flow *flow, uint32_t *cursor,
                                struct td_interaction_status *list, uint32_t size);

/** Figures of one queue; start with *cursor = 0; false at the end. */
bool flow_next_queue(const struct flow *flow, uint32_t *cursor, uint64_t now_unix_us,
                     struct td_router_queue_gauge *gauge);
void flow_count_agents(const struct flow *flow, struct td_agent_metrics *metrics);

/** @return "Offer", the message's name. */
const char *flow_command_name(enum flow_command_type type);

#endif
