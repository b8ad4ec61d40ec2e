/**
 * @file ports.h  Free RTP ports, in the order in which they may be used again.
 *
 * Ports come in blocks that this instance has leased. A port is even and stands for itself and the
 * next one (RTCP). What is given back rests before it is handed out again, so that packets still on
 * their way to the old leg do not reach the new one.
 *
 * Pure; constant time, except for dropping a block; memory belongs to the caller.
 */
#ifndef MEDIA_CORE_PORTS_H
#define MEDIA_CORE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct media_port {
    uint16_t number;
    uint64_t ready_at_ns;
};

/** A queue of free ports. Fields are private. */
struct media_ports {
    struct media_port *ring;
    uint32_t capacity;
    uint32_t head;
    uint32_t count;
};

/** @param ring  `capacity` elements; kept. */
void media_ports_init(struct media_ports *ports, struct media_port *ring, uint32_t capacity);

/** Adds the even ports of [first, first + size). @return TD_OK, or TD_ERR_LIMIT: none was added. */
enum td_err TD_MUST_CHECK media_ports_add_block(struct media_ports *ports, uint16_t first,
                                                uint16_t size, uint64_t ready_at_ns);

/** Takes out the free ports of a block that is no longer ours. */
void media_ports_drop_block(struct media_ports *ports, uint16_t first, uint16_t size);

/** @return TD_OK, or TD_ERR_LIMIT when no port is free and rested. */
enum td_err TD_MUST_CHECK media_ports_take(struct media_ports *ports, uint64_t now_ns,
                                           uint16_t *number);

/** Gives a port back that was taken. */
void media_ports_give(struct media_ports *ports, uint16_t number, uint64_t ready_at_ns);

/** Free ports, resting ones included. */
uint32_t media_ports_free(const struct media_ports *ports);

#endif
