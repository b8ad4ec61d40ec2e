/**
 * @file bus_zap.h  Who may enter: the ZAP handler (ZeroMQ RFC 27) of a CURVE server, on the loop.
 * For io/bus_door.c only.
 *
 * ZeroMQ's own thread asks it by inproc once a key has been proved; the connection waits, nobody
 * else does. The answer names the owner by the public key ("User-Id" of each message).
 */
#ifndef TD_IO_BUS_ZAP_H
#define TD_IO_BUS_ZAP_H

#include <stdbool.h>
#include <stdint.h>

#include "io/bus_socket.h"

#define TD_BUS_ZAP_DOMAIN "tandem"

struct td_bus_zap {
    struct td_bus_socket socket; /* first: the socket is the handler */
    bool (*admits)(void *ctx, const char *public_key);
    void *ctx;
    uint64_t refused;
};

/** Before the server binds. Set `admits` and `ctx` first. @return TD_ERR_EXISTS: there is one in
    this context; else as td_bus_socket_open(). */
enum td_err TD_MUST_CHECK td_bus_zap_open(struct td_bus_zap *zap, struct td_bus *bus);

#endif
