#include "reporting/states.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static struct states_agent *find(const struct states *states, const char *agent)
{
    size_t mask = states->size - 1;
    size_t at = td_str_hash(agent, strlen(agent)) & mask;

    while (states->agents[at].name[0] != '\0' && !td_str_equal(states->agents[at].name, agent))
        at = (at + 1) & mask;
    return &states->agents[at];
}

/* Twice as large; stays as it is when there is no memory. */
static void grow(struct states *states)
{
    struct states larger = {.size = states->size == 0 ? 64 : states->size * 2};

    larger.agents = calloc(larger.size, sizeof(*larger.agents));
    if (larger.agents == NULL)
        return;
    for (size_t i = 0; i < states->size; i++) {
        if (states->agents[i].name[0] != '\0')
            *find(&larger, states->agents[i].name) = states->agents[i];
    }
    free(states->agents);
    states->agents = larger.agents;
    states->size = larger.size;
}

static struct states_agent *know(struct states *states, const char *agent)
{
    if (agent[0] == '\0' || strlen(agent) >= STATES_NAME_SIZE)
        return NULL;
    if (states->used * 2 >= states->size && states->size < (size_t)STATES_AGENTS_MAX * 2)
        grow(states);
    if (states->used * 2 >= states->size)
        return NULL;
    struct states_agent *found = find(states, agent);
    if (found->name[0] == '\0') {
        td_str_clip(found->name, sizeof(found->name), agent);
        states->used++;
    }
    return found;
}

void states_know(struct states *states, const char *agent)
{
    (void)know(states, agent);
}

void states_set(struct states *states, const char *agent, unsigned state, const char *reason)
{
    struct states_agent *found = know(states, agent);

    if (found == NULL)
        return;
    if (state >= STATES_KINDS)
        state = 0; // One that this release does not know counts in none.
    if (found->state != 0)
        states->counts[found->state]--;
    found->state = state;
    found->holds = false;
    td_str_clip(found->reason, sizeof(found->reason), reason);
    if (state != 0)
        states->counts[state]++;
}

void states_hold(struct states *states, const char *agent, bool holds)
{
    struct states_agent *found = know(states, agent);

    if (found != NULL)
        found->holds = holds;
}

static struct states_reason *find_reason(struct states_reason *reasons, uint32_t *count,
                                         uint32_t max, const char *reason)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (td_str_equal(reasons[i].reason, reason))
            return &reasons[i];
    }
    if (*count == max)
        return &reasons[0];
    reasons[*count] = (struct states_reason){.reason = reason};
    return &reasons[(*count)++];
}

uint32_t states_reasons(const struct states *states, unsigned state, struct states_reason *reasons,
                        uint32_t max)
{
    uint32_t count = 1;

    reasons[0] = (struct states_reason){.reason = ""};
    for (size_t i = 0; i < states->size; i++) {
        const struct states_agent *agent = &states->agents[i];

        if (agent->name[0] != '\0' && agent->state == state)
            find_reason(reasons, &count, max, agent->reason)->count++;
    }
    return count;
}

uint32_t states_holding(const struct states *states)
{
    uint32_t count = 0;

    for (size_t i = 0; i < states->size; i++)
        count += states->agents[i].holds;
    return count;
}

void states_clear(struct states *states)
{
    memset(states->counts, 0, sizeof(states->counts));
    for (size_t i = 0; i < states->size; i++) {
        states->agents[i].state = 0;
        states->agents[i].holds = false;
    }
}

void states_free(struct states *states)
{
    free(states->agents);
    *states = (struct states){0};
}
