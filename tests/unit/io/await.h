/**
 * @file await.h  Runs a loop until a condition holds; a deadline turns a defect into a failure, not
 * a hang.
 */
#ifndef TD_TESTS_UNIT_IO_AWAIT_H
#define TD_TESTS_UNIT_IO_AWAIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/loop.h"

#define AWAIT_MAX_NS UINT64_C(20000000000)

static inline uint64_t await_unix_ms(void)
{
    return 0;
}

static inline void await_write(const char *line, size_t size)
{
    (void)line;
    (void)size;
}

/** A log that nobody reads. */
static const struct td_log quiet_log = {"test", TD_LOG_ERROR, await_unix_ms, await_write};

static inline struct td_loop *make_loop(void)
{
    struct td_loop *loop;

    assert_int_equal(td_loop_create(&quiet_log, &loop), TD_OK);
    return loop;
}

static inline void await_tick(uv_timer_t *timer)
{
    (void)timer; // Its only work is that the loop wakes up and looks at the condition again.
}

/* The condition is evaluated once per turn: it may have effects, such as trying to send. */
#define await(loop, condition)                                                                     \
    do {                                                                                           \
        uv_timer_t *tick = calloc(1, sizeof(*tick));                                               \
        uint64_t give_up_ns = td_loop_now_ns() + AWAIT_MAX_NS;                                     \
        bool came_true = false;                                                                    \
        assert_non_null(tick);                                                                     \
        uv_timer_init(td_loop_uv(loop), tick);                                                     \
        uv_timer_start(tick, await_tick, 5, 5);                                                    \
        while (!(came_true = (condition)) && td_loop_now_ns() < give_up_ns)                        \
            uv_run(td_loop_uv(loop), UV_RUN_ONCE);                                                 \
        uv_close((uv_handle_t *)tick, (uv_close_cb)free);                                          \
        if (!came_true)                                                                            \
            fail_msg("never came true: %s", #condition);                                           \
    } while (0)

#endif
