/**
 * @file bus_line.h  The connections of a door, by their descriptors: who gives way, who has been
 * silent for too long, who sends without end. For io/bus_door.c only.
 *
 * ZeroMQ tells of connections in two ways that do not wait for each other: its monitor says that a
 * descriptor was accepted or closed, and each message says from which one it came and under which
 * routing id (a number that grows with each connection). A descriptor is used again at once, so the
 * id decides: a greater one is the next connection there.
 */
#ifndef TD_IO_BUS_LINE_H
#define TD_IO_BUS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/** One connection; its index in the table is its descriptor. */
struct td_bus_line {
    bool is_open;
    bool is_guest; /* has said something: `routing_id` is known */
    bool is_cut;   /* is not heard any more */
    bool is_gone;  /* a send found nobody; its end is told in the next turn */
    bool spoke;    /* since it was last looked at */
    uint32_t routing_id;
    uint32_t generation;
    uint64_t since_ns;                /* accepted, or cut */
    uint64_t marked_ns, bytes_marked; /* when it last had said something, and what had come */
};

struct td_bus_lines {
    struct td_bus_line *table;
    uint32_t size;
    uint32_t max; /* open at a time */
    uint32_t open;
    uint32_t guests;
    uint16_t port; /* of the listener */
};

enum td_err TD_MUST_CHECK td_bus_lines_init(struct td_bus_lines *lines, uint32_t max);
void td_bus_lines_fini(struct td_bus_lines *lines);

/** The line of a descriptor, NULL when it is none of ours. */
struct td_bus_line *td_bus_lines_at(const struct td_bus_lines *lines, int descriptor);

/** Takes a new connection. @return false: there is no place for it at all. */
bool td_bus_lines_accept(struct td_bus_lines *lines, int descriptor, uint64_t now_ns);

/** The descriptor of the oldest line that has not said anything, -1 when all have. */
int td_bus_lines_oldest_silent(const struct td_bus_lines *lines);

/** Makes it a guest, a new one each time. */
void td_bus_lines_welcome(struct td_bus_lines *lines, struct td_bus_line *line,
                          uint32_t routing_id);
/** It is nobody's guest any more; the connection may be open still. */
void td_bus_lines_dismiss(struct td_bus_lines *lines, struct td_bus_line *line, uint64_t now_ns);
void td_bus_lines_close(struct td_bus_lines *lines, struct td_bus_line *line);

/** Whether it sent more than `max_bytes` without a message since it last said one. Asks the
    system. */
bool td_bus_line_floods(struct td_bus_line *line, int descriptor, uint64_t max_bytes,
                        uint64_t now_ns);

/** Ends the connection under ZeroMQ, which then finds it closed. Nothing happens unless the
    descriptor is a connection to this listener. */
void td_bus_lines_shut(const struct td_bus_lines *lines, int descriptor);

#endif
