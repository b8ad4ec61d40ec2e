/**
 * @file bus_list.h  What a bus offers its sockets. For io/bus.c and io/bus_socket.c only.
 */
#ifndef TD_IO_BUS_LIST_H
#define TD_IO_BUS_LIST_H

#include "io/bus_socket.h"

void *td_bus_context(const struct td_bus *bus);
uint32_t td_bus_queue_max(const struct td_bus *bus);

/** Counts the open sockets: ZeroMQ's context would wait for one that was forgotten. */
void td_bus_socket_joined(struct td_bus *bus);
void td_bus_socket_left(struct td_bus *bus);

/** Lists a socket for work; no effect when it is listed. */
void td_bus_list_add(struct td_bus_socket *socket);
/** No effect when it is not listed. */
void td_bus_list_remove(struct td_bus_socket *socket);

#endif
