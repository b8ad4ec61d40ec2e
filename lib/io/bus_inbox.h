/**
 * @file bus_inbox.h  The unanswered requests of a server: a fixed number of slots. For
 * io/bus_server.c only.
 *
 * A slot is free, waiting (in order of arrival) or open (its handler has seen it). A handle names
 * slot and generation; the generation grows with each release, so that an old handle finds nothing.
 */
#ifndef TD_IO_BUS_INBOX_H
#define TD_IO_BUS_INBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include "base/err.h"
#include "base/id.h"
#include "io/timer.h"

struct td_bus_slot {
    enum { TD_BUS_SLOT_FREE, TD_BUS_SLOT_WAITING, TD_BUS_SLOT_OPEN } state;
    uint32_t generation;
    uint32_t next; /* in the free list or in the line */
    void *owner;   /* the server */
    struct td_id id;
    uint64_t arrived_ns;
    uint64_t expires_ns;
    zmq_msg_t peer; /* its routing id */
    zmq_msg_t body; /* empty once open */
    struct td_timer deadline;
};

struct td_bus_inbox {
    struct td_bus_slot *slots;
    uint32_t max;
    uint32_t used;
    uint32_t free;        /* first of the free list */
    uint32_t first, last; /* of the line of waiting slots */
};

/** @param owner  Kept in each slot. @return TD_OK, TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_bus_inbox_init(struct td_bus_inbox *inbox, uint32_t max, void *owner);
void td_bus_inbox_fini(struct td_bus_inbox *inbox);

/** Puts a request at the end of the line; both frames are moved out of `peer` and `body`.
    @return The slot, or NULL when all are in use: nothing was moved. */
struct td_bus_slot *td_bus_inbox_add(struct td_bus_inbox *inbox, zmq_msg_t *peer, zmq_msg_t *body);

/** Takes the first of the line, which is open from then on; NULL when nobody waits. */
struct td_bus_slot *td_bus_inbox_next(struct td_bus_inbox *inbox);

bool td_bus_inbox_has_next(const struct td_bus_inbox *inbox);

/** The open slot that was given out so; NULL when it has been released. */
struct td_bus_slot *td_bus_inbox_find(const struct td_bus_inbox *inbox, uint32_t index,
                                      uint32_t generation);

uint32_t td_bus_inbox_index(const struct td_bus_inbox *inbox, const struct td_bus_slot *slot);

/** Frees an open slot and what it holds, and stops its timer. */
void td_bus_inbox_release(struct td_bus_inbox *inbox, struct td_bus_slot *slot);

/** Frees all slots. */
void td_bus_inbox_clear(struct td_bus_inbox *inbox);

#endif
