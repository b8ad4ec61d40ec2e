#include "core/simulation/agenda.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define NOWHERE UINT32_MAX

enum td_err td_agenda_init(struct td_agenda *agenda, struct td_arena *arena, uint32_t numbers)
{
    *agenda = (struct td_agenda){
        .heap = td_arena_array(arena, numbers, sizeof(uint32_t)),
        .at = td_arena_array(arena, numbers, sizeof(uint32_t)),
        .due = td_arena_array(arena, numbers, sizeof(uint64_t)),
    };
    if (agenda->heap == NULL || agenda->at == NULL || agenda->due == NULL)
        return TD_ERR_LIMIT;
    memset(agenda->at, 0xff, numbers * sizeof(uint32_t));
    return TD_OK;
}

static bool before(const struct td_agenda *agenda, uint32_t a, uint32_t b)
{
    return agenda->due[a] != agenda->due[b] ? agenda->due[a] < agenda->due[b] : a < b;
}

static void put(struct td_agenda *agenda, uint32_t at, uint32_t number)
{
    agenda->heap[at] = number;
    agenda->at[number] = at;
}

static void rise(struct td_agenda *agenda, uint32_t at)
{
    uint32_t number = agenda->heap[at];

    for (; at > 0 && before(agenda, number, agenda->heap[(at - 1) / 2]); at = (at - 1) / 2)
        put(agenda, at, agenda->heap[(at - 1) / 2]);
    put(agenda, at, number);
}

static void sink(struct td_agenda *agenda, uint32_t at)
{
    uint32_t number = agenda->heap[at];

    for (uint32_t child = 2 * at + 1; child < agenda->count; child = 2 * at + 1) {
        if (child + 1 < agenda->count &&
            before(agenda, agenda->heap[child + 1], agenda->heap[child]))
            child++;
        if (!before(agenda, agenda->heap[child], number))
            break;
        put(agenda, at, agenda->heap[child]);
        at = child;
    }
    put(agenda, at, number);
}

static void drop(struct td_agenda *agenda, uint32_t number)
{
    uint32_t at = agenda->at[number];

    if (at == NOWHERE)
        return;
    agenda->at[number] = NOWHERE;
    agenda->count--;
    if (at == agenda->count)
        return;
    put(agenda, at, agenda->heap[agenda->count]);
    sink(agenda, at);
    rise(agenda, at);
}

void td_agenda_set(struct td_agenda *agenda, uint32_t number, uint64_t due)
{
    if (due == TD_AGENDA_NEVER) {
        drop(agenda, number);
        return;
    }
    agenda->due[number] = due;
    if (agenda->at[number] == NOWHERE)
        put(agenda, agenda->count++, number);
    sink(agenda, agenda->at[number]);
    rise(agenda, agenda->at[number]);
}

uint64_t td_agenda_due(const struct td_agenda *agenda)
{
    return agenda->count == 0 ? TD_AGENDA_NEVER : agenda->due[agenda->heap[0]];
}

uint32_t td_agenda_take(struct td_agenda *agenda)
{
    assert(agenda->count > 0);
    uint32_t number = agenda->heap[0];

    drop(agenda, number);
    return number;
}
