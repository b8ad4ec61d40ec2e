/**
 * @file states.h  How many agents are in each state, from their latest events.
 *
 * An open-addressing table that grows with the agents it is told of; O(1) expected.
 */
#ifndef REPORTING_STATES_H
#define REPORTING_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATES_KINDS 8
#define STATES_NAME_SIZE 64
#define STATES_AGENTS_MAX 65536

/** Zeroed is empty. */
struct states {
    uint32_t counts[STATES_KINDS]; /**< By enum td_agent_state; those never heard of are in none. */
    struct states_agent {
        char name[STATES_NAME_SIZE];
        char reason[STATES_NAME_SIZE]; /* of the state */
        unsigned state;
        bool holds;
    } * agents; /* `size` of them; free where the name is empty */
    size_t size;
    size_t used;
};

/** Makes room for an agent. */
void states_know(struct states *states, const char *agent);
/** The agent's state is now this one; numbers above STATES_KINDS - 1 count in none. Whose state
    changes has nobody on hold. */
void states_set(struct states *states, const char *agent, unsigned state, const char *reason);
/** The agent has put a customer on hold, or has taken them back. */
void states_hold(struct states *states, const char *agent, bool holds);

/** How many agents are in a state for one reason. */
struct states_reason {
    const char *reason; /**< Valid until the next change. */
    uint32_t count;
};
/** The reasons of those in this state, one each. The first is "", which also has those for whom
    there was no room. One pass over all agents. @param max  At least 1. @return How many. */
uint32_t states_reasons(const struct states *states, unsigned state, struct states_reason *reasons,
                        uint32_t max);
uint32_t states_holding(const struct states *states);
/** Nobody was heard of yet; the room stays. */
void states_clear(struct states *states);
void states_free(struct states *states);

#endif
