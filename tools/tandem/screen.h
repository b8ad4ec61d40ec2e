/**
 * @file screen.h  The terminal: raw keys in, whole screens out, and everything as it was at the
 * end.
 *
 * Uses the alternate screen, so that what was there before comes back. The terminal is put right
 * again by screen_close(), by exit(), and when SIGHUP, SIGQUIT or SIGTSTP comes; after SIGCONT it
 * is taken again. One in a process.
 */
#ifndef TANDEM_SCREEN_H
#define TANDEM_SCREEN_H

#include "io/loop.h"
#include "tandem/core/top.h"

struct screen_events {
    void (*key)(void *ctx, int key); /**< A byte, or one of enum top_key. */
    void (*resized)(void *ctx);      /**< Draw anew; also after it was taken again. */
    void (*hung_up)(void *ctx);      /**< The terminal is gone, or SIGQUIT: leave. */
    void *ctx;
};

struct screen;

/** Whether keys can be read and screens be shown: both ends are a terminal that moves its cursor.
 */
bool screen_is_there(void);

/** @param events  Copied. @return TD_OK, TD_ERR_UNAVAILABLE (no terminal), TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK screen_open(struct td_loop *loop, const struct screen_events *events,
                                      struct screen **screen);
struct top_size screen_size(const struct screen *screen);

/** Shows lines separated by '\n' from the upper left corner on. Waits while the terminal does. */
void screen_show(struct screen *screen, const char *lines);

/** Sets *screen to NULL; NULL is ignored. */
void screen_close(struct screen **screen);

#endif
