/**
 * @file resolve.h  Host names to addresses without holding up the loop.
 *
 * The libraries that connect for us (hiredis, libpq) ask the resolver in the calling thread, which
 * can take seconds; they are given an address instead. A text that is an address already needs no
 * resolver. Threads: one loop; libuv's worker threads do the waiting.
 */
#ifndef TD_IO_RESOLVE_H
#define TD_IO_RESOLVE_H

#include <stdbool.h>

#include "io/loop.h"

struct td_resolve; /* a question under way */

/** Enough for an IPv6 address with a scope. */
#define TD_RESOLVE_ADDRESS_SIZE 64

/** @param address  NULL if there is none; valid until it returns. */
typedef void (*td_resolve_fn)(void *ctx, const char *address);

/** Whether `host` is an IPv4 or IPv6 address in text. */
bool td_resolve_is_address(const char *host);

/**
 * Asks for an address of a host. `fn` runs once, later, unless cancelled.
 *
 * @param attempt   Picks one of several: 0 the first, 1 the second ...; counts around.
 * @param question  For td_resolve_cancel; not valid any more when `fn` runs.
 * @return TD_OK, TD_ERR_NO_MEMORY, TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_resolve_start(struct td_loop *loop, const char *host, unsigned attempt,
                                           td_resolve_fn fn, void *ctx,
                                           struct td_resolve **question);

/** `fn` will not run. Sets *question to NULL; NULL is ignored. */
void td_resolve_cancel(struct td_resolve **question);

#endif
