/**
 * @file listener.h  A listening TCP socket on the loop that hands over descriptors. For io/ only.
 */
#ifndef TD_IO_LISTENER_H
#define TD_IO_LISTENER_H

#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "io/loop.h"

/** Part of its owner; fields are private but for reading `port`. */
struct td_listener {
    uv_poll_t poll;
    int fd;
    uint16_t port;
    /** Takes the descriptor (non-blocking, not inherited by children). */
    void (*on_accept)(struct td_listener *listener, int fd);
    void (*on_closed)(struct td_listener *listener);
};

/**
 * @param address  IPv4 or IPv6, numeric.
 * @param port     0: any free one.
 * @return TD_OK, TD_ERR_EXISTS (in use), TD_ERR_INVALID (not an address, or not of this host),
 *         TD_ERR_DENIED, TD_ERR_LIMIT, TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_listener_open(struct td_listener *listener, struct td_loop *loop,
                                           const char *address, uint16_t port,
                                           void (*on_accept)(struct td_listener *listener, int fd));

/** The port is free when this returns. @param on_closed  From the loop: may free the listener. */
void td_listener_close(struct td_listener *listener,
                       void (*on_closed)(struct td_listener *listener));

#endif
