#include "io/timer.h"

#include <assert.h>
#include <stddef.h>

#include "io/timer_set.h"

#define NS_PER_MS UINT64_C(1000000)
/** 100 years: keeps sums within 64 bits whatever a caller asks for. */
#define DELAY_MAX_MS (UINT64_C(100) * 366 * 24 * 3600 * 1000)

static bool is_before(const struct td_timer *a, const struct td_timer *b)
{
    if (a->due_ns != b->due_ns)
        return a->due_ns < b->due_ns;
    return a->sequence < b->sequence;
}

/* Makes the later of two roots the first child of the earlier one. */
static struct td_timer *meld(struct td_timer *a, struct td_timer *b)
{
    if (a == NULL)
        return b;
    if (b == NULL)
        return a;
    if (is_before(b, a)) {
        struct td_timer *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (b->next != NULL)
        b->next->prev = b;
    a->child = b;
    a->next = NULL;
    a->prev = NULL;
    return a;
}

/* Two passes: meld neighbours left to right, then the results right to left. */
static struct td_timer *meld_siblings(struct td_timer *first)
{
    struct td_timer *pairs = NULL;

    while (first != NULL) {
        struct td_timer *a = first;
        struct td_timer *b = a->next;

        first = b != NULL ? b->next : NULL;
        a->next = NULL;
        a->prev = NULL;
        if (b != NULL) {
            b->next = NULL;
            b->prev = NULL;
        }
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }

    struct td_timer *root = NULL;
    while (pairs != NULL) {
        struct td_timer *rest = pairs->next;

        pairs->next = NULL;
        root = meld(root, pairs);
        pairs = rest;
    }
    return root;
}

void td_timer_heap_add(struct td_timer **root, struct td_timer *timer)
{
    timer->child = NULL;
    timer->next = NULL;
    timer->prev = NULL;
    *root = meld(*root, timer);
}

void td_timer_heap_remove(struct td_timer **root, struct td_timer *timer)
{
    struct td_timer *children = meld_siblings(timer->child);

    timer->child = NULL;
    if (timer == *root) {
        *root = children;
        return;
    }
    if (timer->prev->child == timer)
        timer->prev->child = timer->next;
    else
        timer->prev->next = timer->next;
    if (timer->next != NULL)
        timer->next->prev = timer->prev;
    *root = meld(*root, children);
}

static void on_timer(uv_timer_t *handle);
static void on_soon(uv_idle_t *handle);

/* Waits for the first timer. A due one waits for `soon`, since a libuv timer that is started with 0
   by a timer's callback runs again before any socket is served. */
static void arm(struct td_timer_set *set, uint64_t now_ns)
{
    if (set->root == NULL) {
        uv_timer_stop(&set->timer);
        uv_idle_stop(&set->soon);
        return;
    }
    if (set->root->due_ns <= now_ns) {
        uv_idle_start(&set->soon, on_soon);
        return;
    }

    // Absolute in libuv's milliseconds: its `now` may be old, and firing early would be wrong.
    uint64_t due_ms = (set->root->due_ns + NS_PER_MS - 1) / NS_PER_MS;
    uint64_t uv_now_ms = uv_now(set->timer.loop);

    uv_idle_stop(&set->soon);
    uv_timer_start(&set->timer, on_timer, due_ms > uv_now_ms ? due_ms - uv_now_ms : 0, 0);
}

static void add(struct td_timer_set *set, struct td_timer *timer, uint64_t due_ns)
{
    timer->due_ns = due_ns;
    timer->sequence = ++set->sequence;
    timer->running = true;
    td_timer_heap_add(&set->root, timer);
}

static void set_again(struct td_timer_set *set, struct td_timer *timer, uint64_t now_ns)
{
    uint64_t period_ns = timer->repeat_ms * NS_PER_MS;
    uint64_t missed = (now_ns - timer->due_ns) / period_ns;

    add(set, timer, timer->due_ns + (missed + 1) * period_ns);
}

static void fire(struct td_timer_set *set)
{
    uint64_t now_ns = td_loop_now_ns();
    uint64_t last = set->sequence; // What the callbacks start waits for the next turn.

    set->firing = true;
    while (set->root != NULL && set->root->due_ns <= now_ns && set->root->sequence <= last) {
        struct td_timer *timer = set->root;
        struct td_loop_span span = td_loop_begin("timer");

        td_timer_heap_remove(&set->root, timer);
        timer->running = false;
        if (timer->repeat_ms > 0)
            set_again(set, timer, now_ns);
        timer->fn(timer->ctx);
        td_loop_end(set->loop, span);
    }
    set->firing = false;
    arm(set, td_loop_now_ns());
}

static void on_timer(uv_timer_t *handle)
{
    fire(handle->data);
}

static void on_soon(uv_idle_t *handle)
{
    fire(handle->data);
}

void td_timer_set_init(struct td_timer_set *set, struct td_loop *loop)
{
    *set = (struct td_timer_set){.loop = loop};
    uv_timer_init(td_loop_uv(loop), &set->timer);
    uv_idle_init(td_loop_uv(loop), &set->soon);
    set->timer.data = set;
    set->soon.data = set;
}

void td_timer_set_close(struct td_timer_set *set)
{
    uv_close((uv_handle_t *)&set->timer, NULL);
    uv_close((uv_handle_t *)&set->soon, NULL);
}

void td_timer_init(struct td_timer *timer, struct td_loop *loop, td_timer_fn fn, void *ctx)
{
    *timer = (struct td_timer){.loop = loop, .fn = fn, .ctx = ctx};
}

static void start(struct td_timer *timer, uint64_t after_ms)
{
    struct td_timer_set *set = td_loop_timers(timer->loop);
    uint64_t now_ns = td_loop_now_ns();

    td_timer_stop(timer);
    add(set, timer, now_ns + after_ms * NS_PER_MS);
    if (set->root == timer && !set->firing)
        arm(set, now_ns);
}

void td_timer_start(struct td_timer *timer, uint64_t after_ms)
{
    timer->repeat_ms = 0;
    start(timer, after_ms < DELAY_MAX_MS ? after_ms : DELAY_MAX_MS);
}

void td_timer_start_repeating(struct td_timer *timer, uint64_t every_ms)
{
    assert(every_ms >= 1);
    timer->repeat_ms = every_ms < DELAY_MAX_MS ? every_ms : DELAY_MAX_MS;
    start(timer, timer->repeat_ms);
}

void td_timer_stop(struct td_timer *timer)
{
    if (!timer->running)
        return;

    struct td_timer_set *set = td_loop_timers(timer->loop);

    td_timer_heap_remove(&set->root, timer);
    timer->running = false;
    if (set->root == NULL && !set->firing)
        arm(set, 0); // Nothing keeps the loop alive any more.
}

bool td_timer_is_running(const struct td_timer *timer)
{
    return timer->running;
}
