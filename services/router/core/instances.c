#include "router/core/flow_private.h"

/* --- table --- */

static struct flow_instance *add_instance(struct flow *flow, const char *service, const char *name)
{
    struct flow_instance *instance = flow_instance_find(flow, service, name);

    for (uint32_t i = 0; instance == NULL && i < flow->instance_count; i++) {
        if (!flow->instances[i].alive && flow->instances[i].jobs == 0 &&
            flow->instances[i].lost_at == 0)
            instance = &flow->instances[i]; // Names of the dead are given up only for a new one.
    }
    if (instance == NULL && flow->instance_count < FLOW_INSTANCES_MAX)
        instance = &flow->instances[flow->instance_count++];
    if (instance == NULL || td_str_equal(instance->name, name))
        return instance;

    memset(instance, 0, sizeof(*instance));
    td_str_clip(instance->service, sizeof(instance->service), service);
    td_str_clip(instance->name, sizeof(instance->name), name);
    return instance;
}

/* Whoever carries interactions, legs or dialogs. */
static bool matters(const char *service)
{
    return td_str_equal(service, "edge") || td_str_equal(service, "media") ||
           td_str_equal(service, "ivr");
}

void flow_instance_up(struct flow *flow, const char *service, const char *name)
{
    if (!matters(service))
        return;
    struct flow_instance *instance = add_instance(flow, service, name);
    if (instance == NULL || instance->alive)
        return;

    // What its predecessor left is dealt with first, else it would be taken for this one's.
    if ((instance->jobs & JOB_GONE) != 0) {
        instance->up_again = true;
        return;
    }
    instance->alive = true;
    instance->jobs |= JOB_BACK;
}

void flow_instance_gone(struct flow *flow, const char *service, const char *name)
{
    struct flow_instance *instance = flow_instance_find(flow, service, name);
    if (instance == NULL)
        return;

    instance->alive = false;
    instance->up_again = false;
    instance->jobs = JOB_GONE;
    instance->serial = flow->serial;
    instance->lost_at = flow->now + FLOW_GRACE_MS * US_PER_MS;
    if (flow->sweep.running && flow->sweep.instance == (uint32_t)(instance - flow->instances))
        flow->sweep.running = false; // Begins anew, with this job.
}

#define LOST "the customer's channel service is gone"

/* --- what each job means for one agent or interaction --- */

static void sweep_agent(struct flow *flow, struct flow_agent *agent)
{
    const struct flow_sweep *sweep = &flow->sweep;
    if (sweep->instance == NONE)
        return;

    const struct flow_instance *instance = &flow->instances[sweep->instance];
    if (!td_str_equal(instance->service, "edge") || !agent->record.device_registered ||
        !td_str_equal(agent->record.device_instance, instance->name))
        return;
    if (sweep->job == JOB_GONE)
        flow_suspend(flow, agent, REASON_SUSPENDED);
    else if (sweep->job == JOB_BACK)
        flow_resume(flow, agent, REASON_SUSPENDED);
}

static bool offer_is_open(const struct td_interaction_state *state)
{
    return state->phase == TD_INTERACTION_PHASE_OFFERED ||
           state->phase == TD_INTERACTION_PHASE_ACCEPTED;
}

static void edge_gone(struct flow *flow, struct flow_interaction *interaction, const char *name)
{
    const struct td_interaction_state *state = &interaction->state;
    bool customers = td_str_equal(state->channel_instance, name);

    if (customers && !state->answered) {
        flow_lose(flow, interaction, LOST); // What was being set up died with it.
        return;
    }
    if (!customers)
        flow_former_gone(flow, interaction, name);
    if (customers && state->phase != TD_INTERACTION_PHASE_WRAP_UP) {
        interaction->channel_unsynced = true; // They go on hearing each other, or music.
        flow_hold(flow, interaction);
    }
    if (offer_is_open(state) && td_str_equal(state->offer.instance, name))
        flow_break_offer(flow, interaction);
}

/* It did not come back in time, or has not said that it still has this one. */
static void edge_lost(struct flow *flow, struct flow_interaction *interaction, const char *name)
{
    if (interaction->channel_unsynced && td_str_equal(interaction->state.channel_instance, name))
        flow_lose(flow, interaction, LOST);
}

static void media_gone(struct flow *flow, struct flow_interaction *interaction, const char *name)
{
    const struct td_interaction_state *state = &interaction->state;

    if (state->has_leg && td_str_equal(state->leg.instance, name))
        flow_lose(flow, interaction, "the customer's media service is gone");
    else if (state->phase == TD_INTERACTION_PHASE_ACCEPTED &&
             td_str_equal(state->agent_leg.instance, name))
        flow_break_offer(flow, interaction);
}

/* An ivr has come: whoever waits for its dialog gets it. */
static void ivr_back(struct flow *flow, struct flow_interaction *interaction)
{
    if (interaction->wants_dialog && interaction->state.phase == TD_INTERACTION_PHASE_DIALOG)
        (void)flow_resume_dialog(flow, interaction);
}

/* None has come in time. */
static void ivr_lost(struct flow *flow, struct flow_interaction *interaction)
{
    if (interaction->wants_dialog && interaction->state.phase == TD_INTERACTION_PHASE_DIALOG &&
        !flow_resume_dialog(flow, interaction))
        flow_give_up_dialog(flow, interaction);
}

static void instance_gone(struct flow *flow, struct flow_interaction *interaction,
                          const struct flow_instance *instance)
{
    if (interaction->serial > instance->serial)
        return; // Came after it was back.
    if (td_str_equal(instance->service, "edge"))
        edge_gone(flow, interaction, instance->name);
    else if (td_str_equal(instance->service, "media"))
        media_gone(flow, interaction, instance->name);
    else if (td_str_equal(instance->service, "ivr") &&
             td_str_equal(interaction->state.dialog_instance, instance->name))
        flow_restart_dialog(flow, interaction);
}

/* The instance has said all: what it did not mention, it does not have. */
static void instance_synced(struct flow *flow, struct flow_interaction *interaction,
                            const struct flow_instance *instance)
{
    const struct td_interaction_state *state = &interaction->state;
    struct td_interaction_id id = state->interaction_id;

    if (td_str_equal(instance->service, "ivr")) {
        if (interaction->dialog_unsynced && td_str_equal(state->dialog_instance, instance->name))
            flow_settle_dialog(flow, interaction, true);
        return;
    }
    if (interaction->channel_unsynced && td_str_equal(state->channel_instance, instance->name))
        flow_settle_channel(flow, interaction);
    if (flow_find(flow, id) == interaction && interaction->offer_unsynced &&
        td_str_equal(state->offer.instance, instance->name))
        flow_settle_offer(flow, interaction, true);
}

/* Its service went a moment ago and may come back. */
static bool is_in_grace(struct flow *flow, const struct flow_interaction *interaction)
{
    const struct flow_instance *instance =
        flow_instance_find(flow, "edge", interaction->state.channel_instance);

    return instance != NULL && !instance->alive && instance->lost_at > flow->now;
}

/* Who has not spoken by now is dead. */
static void sync_over(struct flow *flow, struct flow_interaction *interaction)
{
    const struct td_interaction_state *state = &interaction->state;
    struct td_interaction_id id = state->interaction_id;

    if (interaction->channel_unsynced && !is_in_grace(flow, interaction))
        flow_settle_channel(flow, interaction);
    else if (interaction->serial <= flow->loaded_serial && state->has_leg &&
             !flow_instance_is_alive(flow, "media", state->leg.instance))
        flow_lose(flow, interaction, "the customer's media service is gone");
    if (flow_find(flow, id) == interaction && interaction->offer_unsynced)
        flow_settle_offer(flow, interaction, false);
    if (flow_find(flow, id) == interaction && interaction->dialog_unsynced)
        flow_settle_dialog(flow, interaction, false);
    if (flow_find(flow, id) == interaction)
        ivr_lost(flow, interaction);
    if (flow_find(flow, id) == interaction)
        flow_settle_wrap_up(flow, interaction);
}

static void sweep_interaction(struct flow *flow, struct flow_interaction *interaction)
{
    const struct flow_sweep *sweep = &flow->sweep;
    if (sweep->instance == NONE) {
        sync_over(flow, interaction);
        return;
    }

    const struct flow_instance *instance = &flow->instances[sweep->instance];
    if (sweep->job == JOB_GONE)
        instance_gone(flow, interaction, instance);
    else if (sweep->job == JOB_SYNCED)
        instance_synced(flow, interaction, instance);
    else if (td_str_equal(instance->service, "ivr"))
        (sweep->job == JOB_LOST ? ivr_lost : ivr_back)(flow, interaction);
    else if (sweep->job == JOB_LOST)
        edge_lost(flow, interaction, instance->name);
}

/* --- the sweep --- */

static enum job first_job(unsigned jobs)
{
    static const enum job order[] = {JOB_GONE, JOB_SYNCED, JOB_LOST};

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        if ((jobs & (unsigned)order[i]) != 0)
            return order[i];
    }
    return JOB_BACK;
}

static bool begin(struct flow *flow)
{
    struct flow_sweep *sweep = &flow->sweep;

    if (sweep->running)
        return true;
    for (uint32_t i = 0; i < flow->instance_count; i++) {
        if (flow->instances[i].jobs != 0) {
            *sweep = (struct flow_sweep){
                .instance = i, .job = first_job(flow->instances[i].jobs), .running = true};
            return true;
        }
    }
    if (flow->sync_end_due)
        *sweep = (struct flow_sweep){.instance = NONE, .running = true};
    return sweep->running;
}

static void finish(struct flow *flow)
{
    struct flow_sweep *sweep = &flow->sweep;

    sweep->running = false;
    if (sweep->instance == NONE) {
        flow->sync_end_due = false;
        return;
    }
    struct flow_instance *instance = &flow->instances[sweep->instance];
    instance->jobs &= ~(unsigned)sweep->job;
    if (sweep->job == JOB_GONE && instance->up_again) {
        instance->up_again = false;
        instance->alive = true;
        instance->jobs |= JOB_BACK;
    }
}

bool flow_is_grace(const struct flow *flow, const char *service)
{
    for (uint32_t i = 0; i < flow->instance_count; i++) {
        const struct flow_instance *instance = &flow->instances[i];

        if (!instance->alive && instance->lost_at > flow->now &&
            td_str_equal(instance->service, service))
            return true;
    }
    return false;
}

uint64_t flow_grace_ends_at(const struct flow *flow)
{
    uint64_t ends = UINT64_MAX;

    for (uint32_t i = 0; i < flow->instance_count; i++) {
        uint64_t lost_at = flow->instances[i].lost_at;

        if (lost_at > 0 && lost_at < ends)
            ends = lost_at;
    }
    return ends;
}

void flow_end_graces(struct flow *flow)
{
    for (uint32_t i = 0; i < flow->instance_count; i++) {
        struct flow_instance *instance = &flow->instances[i];

        if (instance->lost_at == 0 || instance->lost_at > flow->now)
            continue;
        instance->lost_at = 0;
        if (!td_str_equal(instance->service, "media"))
            instance->jobs |= JOB_LOST;
    }
}

bool flow_sweep_is_due(const struct flow *flow)
{
    if (flow->sweep.running || flow->sync_end_due)
        return true;
    for (uint32_t i = 0; i < flow->instance_count; i++) {
        if (flow->instances[i].jobs != 0)
            return true;
    }
    return false;
}

bool flow_is_sweeping(const struct flow *flow)
{
    return flow_sweep_is_due(flow);
}

/* One engine step can put out a quarter of the effects; so much room is kept. */
static bool has_room(const struct flow *flow)
{
    return flow->effects->count < FLOW_EFFECTS_MAX / 4 &&
           flow->effects->arena.used < flow->effects->arena.size / 4;
}

void flow_sweep(struct flow *flow)
{
    struct flow_sweep *sweep = &flow->sweep;

    if (!begin(flow))
        return;
    for (uint32_t done = 0; done < SWEEP_CHUNK && has_room(flow);) {
        if (sweep->agent < flow->agent_slots) {
            struct flow_agent *agent = &flow->agents[sweep->agent++];

            done += agent->used;
            if (agent->used)
                sweep_agent(flow, agent);
        } else if (sweep->interaction < flow->used_slots) {
            struct flow_interaction *interaction = &flow->interactions[sweep->interaction++];

            done += interaction->used;
            if (interaction->used)
                sweep_interaction(flow, interaction);
        } else {
            finish(flow);
            return;
        }
    }
}
