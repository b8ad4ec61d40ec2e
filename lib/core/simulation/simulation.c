#include "core/simulation/simulation.h"

#include <string.h>

#include "core/simulation/world.h"

#define PROGRESS_STEPS 200

size_t td_sim_size(const struct td_sim_scenario *scenario)
{
    return world_size(scenario);
}

/* --- contacts: the id says which slot, so that an effect finds its contact at once --- */

static struct td_interaction_id id_of(const struct world *world, uint32_t slot)
{
    uint64_t serial = world->contacts[slot].serial;
    struct td_interaction_id id;

    for (int i = 0; i < 8; i++)
        id.id.bytes[i] = (uint8_t)(serial >> (56 - 8 * i));
    memcpy(&id.id.bytes[8], &slot, sizeof(slot));
    memset(&id.id.bytes[12], 0, 4);
    return id;
}

static uint32_t slot_of(struct td_interaction_id id)
{
    uint32_t slot;

    memcpy(&slot, &id.id.bytes[8], sizeof(slot));
    return slot;
}

static void forget(struct world *world, uint32_t slot)
{
    struct contact *contact = &world->contacts[slot];

    td_agenda_set(&world->agenda, gives_up(slot), TD_AGENDA_NEVER);
    td_agenda_set(&world->agenda, goes_on(slot), TD_AGENDA_NEVER);
    *contact = (struct contact){.next_free = world->free_contact};
    world->free_contact = slot;
}

static uint64_t later(const struct world *world, double seconds)
{
    return world->now_us + (uint64_t)(seconds * (double)SECOND_US);
}

/* --- what the engine says --- */

static void on_offer(struct world *world, const struct td_routing_effect *effect)
{
    uint32_t slot = slot_of(effect->interaction);
    struct contact *contact = &world->contacts[slot];
    double ring_s = td_sim_draw(&world->scenario->ring, world->seed,
                                stream_of(contact->demand, RINGING), contact->index);

    world->result->decisions++;
    contact->agent = world_find_agent(world, effect->agent);
    contact->offer_version = effect->offer_version;
    td_agenda_set(&world->agenda, goes_on(slot), later(world, ring_s));
}

static void on_answered(struct world *world, const struct td_routing_effect *effect)
{
    uint32_t slot = slot_of(effect->interaction);
    struct contact *contact = &world->contacts[slot];
    double handling_s =
        td_sim_draw(&world->scenario->demands[contact->demand].handling, world->seed,
                    stream_of(contact->demand, HANDLING), contact->index);

    contact->is_talking = true;
    td_agenda_set(&world->agenda, gives_up(slot), TD_AGENDA_NEVER);
    td_agenda_set(&world->agenda, goes_on(slot), later(world, handling_s));
    account_answered(world, contact, effect->wait_us);
}

static void on_left(struct world *world, const struct td_routing_effect *effect)
{
    uint32_t slot = slot_of(effect->interaction);

    account_left(world, &world->contacts[slot], effect->departure, effect->wait_us);
    forget(world, slot);
}

static void on_refused(struct world *world, const struct td_routing_effect *effect)
{
    uint32_t slot = slot_of(effect->interaction);

    account_refused(world, &world->contacts[slot]);
    forget(world, slot);
}

static void on_agent(struct world *world, const struct td_routing_effect *effect)
{
    uint32_t agent = world_find_agent(world, effect->agent);

    if (agent != NOBODY)
        account_agent(world, agent, effect->agent_state);
}

static void perform(struct world *world, const struct td_routing_effect *effect)
{
    switch (effect->type) {
    case TD_ROUTING_OFFER:
        on_offer(world, effect);
        return;
    case TD_ROUTING_ANSWERED:
        on_answered(world, effect);
        return;
    case TD_ROUTING_LEFT:
        on_left(world, effect);
        return;
    case TD_ROUTING_REFUSED:
        on_refused(world, effect);
        return;
    case TD_ROUTING_AGENT_CHANGED:
        on_agent(world, effect);
        return;
    default:
        return;
    }
}

static void step(struct world *world, const struct td_routing_event *event)
{
    td_routing_step(world->routing, event, world->now_us, world->effects);
    for (uint32_t i = 0; i < world->effects->count; i++)
        perform(world, &world->effects->items[i]);
}

/* --- what happens to it --- */

static void on_arrival(struct world *world, uint32_t number)
{
    const struct td_sim_demand *demand = &world->scenario->demands[number];
    const struct td_routing_arrival arrival = {
        .queue = demand->queue, .references = demand->references, .value = demand->value};
    struct contact contact = {
        .serial = ++world->serials,
        .index = world->arrivals[number]++,
        .demand = number,
        .agent = NOBODY,
        .is_counted = world->now_us >= world->counts_from_us,
        .arrived_us = world->now_us,
    };
    uint32_t slot = world->free_contact;

    td_agenda_set(&world->agenda, arrives(world, number),
                  world_next_arrival(world, number, world->now_us));
    if (slot == NOBODY) {
        account_refused(world, &contact);
        return;
    }
    world->free_contact = world->contacts[slot].next_free;
    world->contacts[slot] = contact;
    if (demand->patience.mean_s > 0) {
        double patience_s =
            td_sim_draw(&demand->patience, world->seed, stream_of(number, PATIENCE), contact.index);
        td_agenda_set(&world->agenda, gives_up(slot), later(world, patience_s));
    }
    account_arrived(world, &contact);
    step(world, &(struct td_routing_event){.type = TD_ROUTING_ARRIVED,
                                           .interaction = id_of(world, slot),
                                           .arrival = &arrival});
}

/* Gives up waiting; or what rings is answered; or the talk is over. */
static void on_contact(struct world *world, uint32_t slot, bool waits_on)
{
    struct contact *contact = &world->contacts[slot];
    struct td_routing_event event = {
        .type = TD_ROUTING_ABANDONED,
        .interaction = id_of(world, slot),
        .offer_version = contact->offer_version,
    };

    if (waits_on) {
        event.type = contact->is_talking ? TD_ROUTING_RELEASED : TD_ROUTING_CONNECTED;
        event.agent = world->scenario->agents[contact->agent].config.name;
    }
    step(world, &event);
}

static void on_shift_change(struct world *world, uint32_t agent)
{
    const struct td_sim_agent *config = &world->scenario->agents[agent];
    struct worker *worker = &world->workers[agent];
    bool on_shift = world_is_on_shift(config, world->now_us);

    td_agenda_set(&world->agenda, shift_changes(world, agent),
                  world_next_shift_change(config, world->now_us));
    if (on_shift == worker->is_on_shift)
        return;
    worker->is_on_shift = on_shift;
    step(world, &(struct td_routing_event){.type = on_shift ? TD_ROUTING_AGENT_READY
                                                            : TD_ROUTING_AGENT_LOGGED_OUT,
                                           .agent = config->config.name});
}

static void keep_appointment(struct world *world, uint32_t number)
{
    if (number < arrives(world, 0))
        on_contact(world, number / 2, number % 2 == 1);
    else if (number < shift_changes(world, 0))
        on_arrival(world, number - arrives(world, 0));
    else
        on_shift_change(world, number - shift_changes(world, 0));
}

/* --- the run --- */

static void make_appointments(struct world *world)
{
    for (uint32_t i = 0; i < world->scenario->agent_count; i++)
        on_shift_change(world, i);
    for (uint32_t i = 0; i < world->scenario->demand_count; i++)
        td_agenda_set(&world->agenda, arrives(world, i),
                      world_next_arrival(world, i, world->now_us));
}

/* @return False: it is over. */
static bool go_on(struct world *world)
{
    uint64_t wake_us = td_routing_wake_at_unix_us(world->routing);
    uint64_t due_us = td_agenda_due(&world->agenda);
    uint64_t next_us = wake_us < due_us ? wake_us : due_us;

    if (next_us > world->ends_us) // NEVER too
        return false;
    if (next_us > world->now_us)
        world->now_us = next_us;
    if (wake_us <= due_us)
        step(world, NULL);
    else
        keep_appointment(world, td_agenda_take(&world->agenda));
    return true;
}

enum td_err td_sim_run(const struct td_sim_scenario *scenario, uint64_t seed, void *block,
                       struct td_sim_result *result, td_sim_progress_fn *progress, void *ctx,
                       struct td_sim_problem *problem)
{
    struct world world = {
        .scenario = scenario,
        .seed = seed,
        .now_us = MIDNIGHT_US,
        .ends_us = MIDNIGHT_US + scenario->duration_s * SECOND_US,
        .counts_from_us = MIDNIGHT_US + scenario->warm_up_s * SECOND_US,
        .result = result,
    };
    uint64_t told_us = world.now_us;
    uint64_t stride_us = scenario->duration_s * SECOND_US / PROGRESS_STEPS + 1;

    *result = (struct td_sim_result){0};
    enum td_err err = world_make(&world, block, problem);
    if (err != TD_OK)
        return err;
    make_appointments(&world);
    while (go_on(&world)) {
        if (progress == NULL || world.now_us - told_us < stride_us)
            continue;
        told_us = world.now_us;
        progress(ctx, (double)(told_us - MIDNIGHT_US) / (double)(world.ends_us - MIDNIGHT_US));
    }
    world.now_us = world.ends_us;
    account_end(&world);
    return TD_OK;
}
