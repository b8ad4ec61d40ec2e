#include "io/bus_inbox.h"

#include <assert.h>
#include <stdlib.h>

#define NOWHERE UINT32_MAX

enum td_err td_bus_inbox_init(struct td_bus_inbox *inbox, uint32_t max, void *owner)
{
    *inbox = (struct td_bus_inbox){.max = max, .first = NOWHERE};
    inbox->slots = calloc(max, sizeof(*inbox->slots));
    if (inbox->slots == NULL)
        return TD_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < max; i++) {
        inbox->slots[i].owner = owner;
        inbox->slots[i].next = i + 1 < max ? i + 1 : NOWHERE;
    }
    return TD_OK;
}

void td_bus_inbox_fini(struct td_bus_inbox *inbox)
{
    free(inbox->slots);
    inbox->slots = NULL;
}

static void append(struct td_bus_inbox *inbox, uint32_t index)
{
    inbox->slots[index].next = NOWHERE;
    if (inbox->first == NOWHERE)
        inbox->first = index;
    else
        inbox->slots[inbox->last].next = index;
    inbox->last = index;
}

struct td_bus_slot *td_bus_inbox_add(struct td_bus_inbox *inbox, zmq_msg_t *peer, zmq_msg_t *body)
{
    uint32_t index = inbox->free;

    if (inbox->used == inbox->max)
        return NULL;
    struct td_bus_slot *slot = &inbox->slots[index];
    inbox->free = slot->next;
    inbox->used++;
    slot->state = TD_BUS_SLOT_WAITING;
    (void)zmq_msg_init(&slot->peer); // None of these three can fail.
    (void)zmq_msg_init(&slot->body);
    (void)zmq_msg_move(&slot->peer, peer);
    (void)zmq_msg_move(&slot->body, body);
    append(inbox, index);
    return slot;
}

struct td_bus_slot *td_bus_inbox_next(struct td_bus_inbox *inbox)
{
    if (inbox->first == NOWHERE)
        return NULL;

    struct td_bus_slot *slot = &inbox->slots[inbox->first];
    inbox->first = slot->next;
    slot->state = TD_BUS_SLOT_OPEN;
    return slot;
}

bool td_bus_inbox_has_next(const struct td_bus_inbox *inbox)
{
    return inbox->first != NOWHERE;
}

struct td_bus_slot *td_bus_inbox_find(const struct td_bus_inbox *inbox, uint32_t index,
                                      uint32_t generation)
{
    assert(index < inbox->max);
    struct td_bus_slot *slot = &inbox->slots[index];

    return slot->state == TD_BUS_SLOT_OPEN && slot->generation == generation ? slot : NULL;
}

uint32_t td_bus_inbox_index(const struct td_bus_inbox *inbox, const struct td_bus_slot *slot)
{
    return (uint32_t)(slot - inbox->slots);
}

void td_bus_inbox_release(struct td_bus_inbox *inbox, struct td_bus_slot *slot)
{
    assert(slot->state == TD_BUS_SLOT_OPEN);
    td_timer_stop(&slot->deadline);
    (void)zmq_msg_close(&slot->peer);
    (void)zmq_msg_close(&slot->body);
    slot->state = TD_BUS_SLOT_FREE;
    slot->generation++;
    slot->next = inbox->free;
    inbox->free = td_bus_inbox_index(inbox, slot);
    inbox->used--;
}

void td_bus_inbox_clear(struct td_bus_inbox *inbox)
{
    while (td_bus_inbox_has_next(inbox))
        (void)td_bus_inbox_next(inbox);
    for (uint32_t i = 0; i < inbox->max; i++) {
        if (inbox->slots[i].state == TD_BUS_SLOT_OPEN)
            td_bus_inbox_release(inbox, &inbox->slots[i]);
    }
}
