#include "core/simulation/world.h"

#define QUARTER_US (UINT64_C(900) * SECOND_US)
#define DAY_US ((uint64_t)TD_SIM_DAY_S * SECOND_US)

static double seconds(uint64_t us)
{
    return (double)us / (double)SECOND_US;
}

static struct td_sim_quarter *quarter_at(struct world *world, uint64_t at_us)
{
    return &world->result->quarters[(at_us - MIDNIGHT_US) % DAY_US / QUARTER_US];
}

/* Whatever a contact adds to is in three places: all, its queue, its demand. */
enum { PLACES = 3 };

static void places_of(struct world *world, const struct contact *contact,
                      struct td_sim_figures *places[PLACES])
{
    places[0] = &world->result->all;
    places[1] = &world->result->queues[world->queue_index[contact->demand]];
    places[2] = &world->result->demands[contact->demand];
}

static uint64_t threshold_us(const struct world *world, const struct contact *contact)
{
    uint32_t queue = world->queue_index[contact->demand];

    return world->scenario->queues[queue].threshold_ms * (SECOND_US / 1000);
}

void account_arrived(struct world *world, const struct contact *contact)
{
    struct td_sim_figures *places[PLACES];

    if (!contact->is_counted)
        return;
    places_of(world, contact, places);
    for (int i = 0; i < PLACES; i++)
        places[i]->offered++;
    quarter_at(world, contact->arrived_us)->offered++;
}

void account_refused(struct world *world, const struct contact *contact)
{
    struct td_sim_figures *places[PLACES];

    if (!contact->is_counted)
        return;
    places_of(world, contact, places);
    for (int i = 0; i < PLACES; i++)
        places[i]->refused++;
}

static void add_wait(struct td_sim_figures *figures, double wait_s)
{
    figures->wait_s += wait_s;
    if (wait_s > figures->longest_wait_s)
        figures->longest_wait_s = wait_s;
}

void account_answered(struct world *world, const struct contact *contact, uint64_t wait_us)
{
    struct td_sim_figures *places[PLACES];
    bool in_time = wait_us <= threshold_us(world, contact);
    struct td_sim_quarter *quarter = quarter_at(world, contact->arrived_us);

    if (!contact->is_counted)
        return;
    places_of(world, contact, places);
    for (int i = 0; i < PLACES; i++) {
        places[i]->answered++;
        places[i]->answered_in_time += in_time;
        places[i]->answered_wait_s += seconds(wait_us);
        places[i]->worth += world->scenario->demands[contact->demand].worth;
        add_wait(places[i], seconds(wait_us));
        td_sim_add_wait(places[i], seconds(wait_us));
    }
    quarter->answered++;
    quarter->answered_in_time += in_time;
    quarter->answered_wait_s += seconds(wait_us);
}

void account_left(struct world *world, const struct contact *contact,
                  enum td_routing_departure departure, uint64_t wait_us)
{
    struct td_sim_figures *places[PLACES];
    struct td_sim_quarter *quarter = quarter_at(world, contact->arrived_us);
    bool abandoned = departure == TD_ROUTING_LEFT_ABANDONED;
    bool in_time = abandoned && wait_us <= threshold_us(world, contact);

    if (!contact->is_counted || departure == TD_ROUTING_LEFT_RELEASED)
        return;
    places_of(world, contact, places);
    for (int i = 0; i < PLACES; i++) {
        places[i]->abandoned += abandoned;
        places[i]->abandoned_in_time += in_time;
        places[i]->overflowed += !abandoned;
        add_wait(places[i], seconds(wait_us));
    }
    quarter->abandoned += abandoned;
    quarter->abandoned_in_time += in_time;
}

/* --- agents --- */

static void add_stretch(struct world *world, uint64_t from_us, uint64_t to_us, bool busy)
{
    while (from_us < to_us) {
        uint64_t next_us = from_us - (from_us - MIDNIGHT_US) % QUARTER_US + QUARTER_US;
        double length = seconds((next_us < to_us ? next_us : to_us) - from_us);
        struct td_sim_quarter *quarter = quarter_at(world, from_us);

        quarter->staffed_s += length;
        quarter->busy_s += busy ? length : 0;
        world->result->staffed_s += length;
        world->result->busy_s += busy ? length : 0;
        from_us = next_us;
    }
}

void account_agent(struct world *world, uint32_t agent, enum td_routing_agent_state state)
{
    struct worker *worker = &world->workers[agent];
    uint64_t from_us =
        worker->since_us > world->counts_from_us ? worker->since_us : world->counts_from_us;
    bool staffed = worker->state != TD_ROUTING_LOGGED_OUT && worker->state != TD_ROUTING_NOT_READY;

    if (staffed && from_us < world->now_us) {
        add_stretch(world, from_us, world->now_us, worker->state != TD_ROUTING_READY);
        world->result->cost +=
            seconds(world->now_us - from_us) / 3600 * world->scenario->agents[agent].cost_per_hour;
    }
    worker->state = state;
    worker->since_us = world->now_us;
}

void account_end(struct world *world)
{
    struct td_sim_figures *places[PLACES];

    for (uint32_t i = 0; i < world->scenario->agent_count; i++)
        account_agent(world, i, world->workers[i].state);
    for (uint32_t i = 0; i < world->contacts_max; i++) {
        const struct contact *contact = &world->contacts[i];

        if (contact->serial == 0 || contact->is_talking || !contact->is_counted)
            continue;
        places_of(world, contact, places);
        for (int place = 0; place < PLACES; place++)
            places[place]->waiting++;
    }
}
