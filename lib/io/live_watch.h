/**
 * @file live_watch.h  The socket of a hiredis connection on a loop. Private to lib/io/live*.
 *
 * In the place of hiredis's own adapter for libuv, which ignores errors of the socket. The watch
 * belongs to the connection, not to whoever uses it: it ends when hiredis closes the socket.
 */
#ifndef TD_IO_LIVE_WATCH_H
#define TD_IO_LIVE_WATCH_H

#include <hiredis/async.h>

#include "io/loop.h"

/** The connection is about to be freed, whoever wanted it. @param data  Its `data`, not NULL. */
typedef void (*td_live_gone_fn)(void *data, const redisAsyncContext *redis);

/** @param gone  Not called while the connection's `data` is NULL.
    @return TD_OK; TD_ERR_NO_MEMORY; TD_ERR_INTERNAL. */
enum td_err TD_MUST_CHECK td_live_watch(struct td_loop *loop, redisAsyncContext *redis,
                                        td_live_gone_fn gone);

/** Ends the connection when everything sent has been answered, or after 200 ms. */
void td_live_watch_leave(redisAsyncContext *redis);

#endif
