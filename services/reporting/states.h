/**
 * @file states.h  How many agents are in each state, from their latest events.
 *
 * An open-addressing table that grows with the agents it is told of; O(1) expected.
 */
#ifndef REPORTING_STATES_H
#define REPORTING_STATES_H

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
        unsigned state;
    } * agents; /* `size` of them; free where the name is empty */
    size_t size;
    size_t used;
};

/** Makes room for an agent. */
void states_know(struct states *states, const char *agent);
/** The agent's state is now this one; numbers above STATES_KINDS - 1 count in none. */
void states_set(struct states *states, const char *agent, unsigned state);
/** Nobody was heard of yet; the room stays. */
void states_clear(struct states *states);
void states_free(struct states *states);

#endif
