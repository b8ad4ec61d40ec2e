#include "io/lease.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/timer.h"

#define LEASE_MS 600
#define RENEW_MS 150
#define LOST_AFTER_MS 400
#define POLL_MS 50
#define NS_PER_MS UINT64_C(1000000)

#define KEY_MAX 140
#define OWNER_SIZE 64
#define NUMBER_SIZE 24

/*
 * KEYS owner, epoch. The epoch is stored before the owner, so that an owner never stands beside an
 * older epoch. "Mine" is free too: the process was started anew, or lost it without noticing.
 */
static const char acquire_script[] =
    "local owner = redis.call('GET', KEYS[1])\n"
    "if owner and owner ~= ARGV[1] then return '0' end\n"
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
    "local epoch = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, now)\n"
    "epoch = string.format('%.0f', epoch)\n"
    "redis.call('SET', KEYS[2], epoch)\n"
    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
    "return epoch\n";

static const char renew_script[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                                   "if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end\n"
                                   "return redis.call('PEXPIRE', KEYS[1], ARGV[2])\n";

static const char release_script[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                                     "if redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end\n"
                                     "return redis.call('DEL', KEYS[1])\n";

struct td_lease {
    struct td_loop *loop;
    struct td_live *live;
    struct td_lease_config config; /* numbers and callbacks; its strings are not kept */
    char owner[OWNER_SIZE];
    char owner_key[TD_LEASE_KEY_SIZE];
    char epoch_key[TD_LEASE_KEY_SIZE];
    struct td_timer tick;      /* the next question: to renew, or to acquire */
    struct td_timer expiry;    /* of a held lease, by our own clock */
    struct question *question; /* under way, or NULL */
    uint64_t epoch;
    uint64_t held_until_ns; /* 0: not held */
};

/* Lives until its answer, even if the lease is gone by then. */
struct question {
    struct td_lease *lease; /* NULL: gone */
    uint64_t sent_ns;
};

/* --- questions --- */

static enum td_err ask(struct td_lease *lease, const char *script, td_live_reply_fn fn,
                       struct question *question)
{
    char lease_ms[NUMBER_SIZE];
    char epoch[NUMBER_SIZE];
    const struct td_bytes keys[] = {td_live_text(lease->owner_key), td_live_text(lease->epoch_key)};

    (void)snprintf(lease_ms, sizeof(lease_ms), "%u", lease->config.lease_ms);
    (void)snprintf(epoch, sizeof(epoch), "%llu", (unsigned long long)lease->epoch);
    const struct td_bytes args[] = {td_live_text(lease->owner), td_live_text(lease_ms),
                                    td_live_text(epoch)};
    const struct td_live_eval eval = {.script = script,
                                      .keys = keys,
                                      .key_count = 2,
                                      .args = args,
                                      .arg_count = 3,
                                      .deadline_ms = lease->config.lost_after_ms};
    return td_live_eval(lease->live, &eval, fn, question);
}

/* One question at a time; while Redis is away the next tick tries again. */
static void ask_next(struct td_lease *lease, const char *script, td_live_reply_fn fn)
{
    struct question *question = NULL;

    if (lease->question != NULL)
        return;
    question = malloc(sizeof(*question));
    if (question == NULL)
        return;
    *question = (struct question){.lease = lease, .sent_ns = td_loop_now_ns()};
    if (ask(lease, script, fn, question) == TD_OK)
        lease->question = question;
    else
        free(question);
}

/* @return The lease that asked, or NULL if it is gone. */
static struct td_lease *take_question(struct question *question, uint64_t *sent_ns)
{
    struct td_lease *lease = question->lease;

    *sent_ns = question->sent_ns;
    free(question);
    if (lease != NULL)
        lease->question = NULL;
    return lease;
}

/* --- holding --- */

static void hold_from(struct td_lease *lease, uint64_t sent_ns)
{
    uint64_t lasting_ns = lease->config.lost_after_ms * NS_PER_MS;
    uint64_t now_ns = td_loop_now_ns();

    lease->held_until_ns = sent_ns + lasting_ns;
    // The timer may fire late by a millisecond's rounding, never early; is_held is exact.
    td_timer_start(&lease->expiry,
                   now_ns < lease->held_until_ns ? (lease->held_until_ns - now_ns) / NS_PER_MS : 0);
}

static void lose(struct td_lease *lease, enum td_lease_loss loss)
{
    lease->held_until_ns = 0;
    td_timer_stop(&lease->expiry);
    td_timer_start_repeating(&lease->tick, lease->config.poll_ms);
    lease->config.lost(lease->config.ctx, loss); // Last: it may destroy the lease.
}

static void on_expiry(void *ctx)
{
    lose(ctx, TD_LEASE_EXPIRED);
}

static void on_renewed(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    uint64_t sent_ns = 0;
    struct td_lease *lease = take_question(ctx, &sent_ns);

    if (lease == NULL || lease->held_until_ns == 0 || err != TD_OK)
        return; // Not renewed; the expiry decides.
    if (td_live_reply_integer(reply) == 1)
        hold_from(lease, sent_ns);
    else
        lose(lease, TD_LEASE_TAKEN);
}

static void on_acquired(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    uint64_t sent_ns = 0;
    struct td_lease *lease = take_question(ctx, &sent_ns);
    uint64_t epoch = err == TD_OK ? (uint64_t)td_live_reply_integer(reply) : 0;

    if (lease == NULL || epoch == 0)
        return;
    // An answer this late is worth nothing. The next question gets it again, with a new epoch.
    if (td_loop_now_ns() >= sent_ns + lease->config.lost_after_ms * NS_PER_MS)
        return;
    lease->epoch = epoch;
    hold_from(lease, sent_ns);
    td_timer_start_repeating(&lease->tick, lease->config.renew_ms);
    lease->config.acquired(lease->config.ctx, epoch); // Last: it may destroy the lease.
}

static void on_tick(void *ctx)
{
    struct td_lease *lease = ctx;

    if (lease->held_until_ns != 0)
        ask_next(lease, renew_script, on_renewed);
    else
        ask_next(lease, acquire_script, on_acquired);
}

/* --- life --- */

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

static enum td_err configure(struct td_lease *lease, const struct td_lease_config *config)
{
    assert(config->acquired != NULL && config->lost != NULL);
    lease->config = *config;
    lease->config.lease_ms = or_default(config->lease_ms, LEASE_MS);
    lease->config.renew_ms = or_default(config->renew_ms, RENEW_MS);
    lease->config.lost_after_ms = or_default(config->lost_after_ms, LOST_AFTER_MS);
    lease->config.poll_ms = or_default(config->poll_ms, POLL_MS);
    if (lease->config.lost_after_ms >= lease->config.lease_ms ||
        lease->config.renew_ms >= lease->config.lost_after_ms || strlen(config->key) > KEY_MAX ||
        config->owner[0] == '\0' ||
        td_str_copy(lease->owner, sizeof(lease->owner), config->owner) != TD_OK)
        return TD_ERR_INVALID;
    (void)snprintf(lease->owner_key, sizeof(lease->owner_key), "%s:owner", config->key);
    (void)snprintf(lease->epoch_key, sizeof(lease->epoch_key), "%s:epoch", config->key);
    return TD_OK;
}

enum td_err td_lease_create(struct td_loop *loop, struct td_live *live,
                            const struct td_lease_config *config, struct td_lease **lease)
{
    struct td_lease *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->loop = loop;
    self->live = live;
    enum td_err err = configure(self, config);
    if (err != TD_OK) {
        free(self);
        return err;
    }
    td_timer_init(&self->tick, loop, on_tick, self);
    td_timer_init(&self->expiry, loop, on_expiry, self);
    td_timer_start_repeating(&self->tick, self->config.poll_ms);
    *lease = self;
    return TD_OK;
}

static void ignore_reply(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    (void)ctx;
    (void)err;
    (void)reply; // Released or not: it ends by itself soon.
}

void td_lease_destroy(struct td_lease **lease)
{
    struct td_lease *self = *lease;

    if (self == NULL)
        return;
    *lease = NULL;
    if (self->held_until_ns != 0)
        (void)ask(self, release_script, ignore_reply, NULL);
    if (self->question != NULL)
        self->question->lease = NULL;
    td_timer_stop(&self->tick);
    td_timer_stop(&self->expiry);
    free(self);
}

bool td_lease_is_held(const struct td_lease *lease)
{
    return lease->held_until_ns != 0 && td_loop_now_ns() < lease->held_until_ns;
}

uint64_t td_lease_epoch(const struct td_lease *lease)
{
    return lease->epoch;
}

const char *td_lease_fence_key(const struct td_lease *lease)
{
    return lease->epoch_key;
}
