/**
 * @file world.h  Inside a simulation. For the files of this folder only.
 *
 *   world.c       the block, the engine, who works there
 *   arrivals.c    when customers call and shifts change
 *   account.c     what is counted
 *   simulation.c  the run
 *
 * Appointments are numbered: two for each contact (gives up; what rings is answered or talk ends),
 * then one for each demand (the next arrival), then one for each agent (the shift changes).
 */
#ifndef TD_CORE_SIMULATION_WORLD_H
#define TD_CORE_SIMULATION_WORLD_H

#include "base/arena.h"
#include "core/simulation/agenda.h"
#include "core/simulation/simulation.h"

#define NOBODY UINT32_MAX
#define SECOND_US UINT64_C(1000000)
/** Midnight of the first day; any will do. */
#define MIDNIGHT_US (UINT64_C(1767225600) * SECOND_US)

/* What is drawn, for td_sim_bits: a stream for each demand and purpose. */
enum purpose { ARRIVALS, HANDLING, PATIENCE, RINGING, PURPOSES };

struct contact {
    uint64_t serial; /* from 1; 0: the slot is free */
    uint64_t index;  /* in its demand */
    uint32_t demand;
    uint32_t next_free;
    uint32_t agent;  /* who was last offered it */
    bool is_counted; /* came after the warm-up */
    bool is_talking;
    uint32_t offer_version;
    uint64_t arrived_us;
};

struct worker {
    bool is_on_shift;
    enum td_routing_agent_state state;
    uint64_t since_us;
};

struct world {
    const struct td_sim_scenario *scenario;
    uint64_t seed;
    uint64_t now_us;
    uint64_t ends_us;
    uint64_t counts_from_us;
    struct td_agenda agenda;
    struct td_routing *routing;
    struct td_routing_effects *effects;
    uint32_t contacts_max;
    struct contact *contacts;
    uint32_t free_contact;
    uint64_t serials;
    uint64_t *arrivals; /* so far, of each demand */
    struct worker *workers;
    uint32_t *by_name;     /* agents, sorted */
    uint32_t *queue_index; /* of each demand */
    struct td_sim_result *result;
};

/* --- world.c --- */

size_t world_size(const struct td_sim_scenario *scenario);
/** Everything but the first appointments. */
enum td_err world_make(struct world *world, void *block, struct td_sim_problem *problem);
uint32_t world_find_agent(const struct world *world, const char *name);

/* --- arrivals.c --- */

/** When the demand's next customer calls after `now_us`; TD_AGENDA_NEVER: nobody ever does. */
uint64_t world_next_arrival(const struct world *world, uint32_t demand, uint64_t now_us);
bool world_is_on_shift(const struct td_sim_agent *agent, uint64_t now_us);
/** When that changes next; TD_AGENDA_NEVER: always there. */
uint64_t world_next_shift_change(const struct td_sim_agent *agent, uint64_t now_us);

/* --- account.c --- */

void account_arrived(struct world *world, const struct contact *contact);
void account_refused(struct world *world, const struct contact *contact);
void account_answered(struct world *world, const struct contact *contact, uint64_t wait_us);
void account_left(struct world *world, const struct contact *contact,
                  enum td_routing_departure departure, uint64_t wait_us);
/** Until now; then the agent is in `state`. */
void account_agent(struct world *world, uint32_t agent, enum td_routing_agent_state state);
/** Who still waits, and the agents until now. */
void account_end(struct world *world);

/* --- appointments --- */

static inline uint32_t gives_up(uint32_t contact)
{
    return 2 * contact;
}

static inline uint32_t goes_on(uint32_t contact)
{
    return 2 * contact + 1;
}

static inline uint32_t arrives(const struct world *world, uint32_t demand)
{
    return 2 * world->contacts_max + demand;
}

static inline uint32_t shift_changes(const struct world *world, uint32_t agent)
{
    return 2 * world->contacts_max + world->scenario->demand_count + agent;
}

static inline uint64_t stream_of(uint32_t demand, enum purpose purpose)
{
    return (uint64_t)demand * PURPOSES + (uint64_t)purpose;
}

#endif
