#include "io/registry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/registry_list.h"
#include "io/timer.h"

#define RENEW_MS 200
#define LEASE_MS 700
#define GRACE_MS 900
#define NS_PER_MS UINT64_C(1000000)

#define NAME_SIZE (2 * TD_REGISTRY_NAME_SIZE)
#define KEY_SIZE 160
#define NUMBER_SIZE 24

/*
 * KEYS  value: hash of name to value; alive: sorted set of names by when they end [unix ms]
 * ARGV  own name ("": only watch), own value, lease [ms], "" or "leave"
 *
 * Answers name, value, name, value ... of all that are alive. A value is written only when it
 * differs: the renewal itself is a small write.
 */
static const char script[] =
    "local time = redis.call('TIME')\n"
    "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
    "if ARGV[4] == 'leave' then\n"
    "  redis.call('HDEL', KEYS[1], ARGV[1])\n"
    "  redis.call('ZREM', KEYS[2], ARGV[1])\n"
    "elseif ARGV[1] ~= '' then\n"
    "  if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then\n"
    "    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])\n"
    "  end\n"
    "  redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[3]), ARGV[1])\n"
    "end\n"
    "for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', "
    "now))) "
    "do\n"
    "  redis.call('HDEL', KEYS[1], name)\n"
    "  redis.call('ZREM', KEYS[2], name)\n"
    "end\n"
    "local answer = {}\n"
    "for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do\n"
    "  answer[#answer + 1] = name\n"
    "  answer[#answer + 1] = redis.call('HGET', KEYS[1], name) or ''\n"
    "end\n"
    "return answer\n";

struct td_registry {
    struct td_loop *loop;
    struct td_live *live;
    struct td_registry_config config; /* numbers and callbacks; its strings are not kept */
    char own_name[NAME_SIZE];         /* "" while only watching */
    uint8_t own_value[TD_REGISTRY_VALUE_MAX];
    uint32_t own_value_size;
    bool is_registered;
    bool is_changed; /* the own value, since the question under way was sent */
    char value_key[KEY_SIZE];
    char alive_key[KEY_SIZE];
    struct td_timer tick;
    struct question *question;
    uint64_t connects;    /* of the connection when it answered last */
    uint64_t answered_ns; /* 0: never */
    uint64_t grace_until_ns;
    struct td_registry_list list;
    bool is_telling; /* callbacks run: they may destroy it, its memory stays until the end */
    bool is_destroyed;
};

/* Lives until its answer, even if the registry is gone by then. */
struct question {
    struct td_registry *registry; /* NULL: gone */
};

/* --- answers --- */

static void tell(struct td_registry *registry, enum td_registry_change change,
                 const struct td_registry_entry *entry)
{
    struct td_registration registration = td_registry_registration(entry);

    if (registry->config.changed != NULL)
        registry->config.changed(registry->config.ctx, change, &registration);
}

static void drop_unlisted(struct td_registry *registry)
{
    struct td_registry_entry *entry = NULL;

    while (!registry->is_destroyed &&
           (entry = td_registry_list_remove_unlisted(&registry->list)) != NULL) {
        tell(registry, TD_REGISTRY_GONE, entry);
        td_registry_entry_free(entry);
    }
}

static void take_list(struct td_registry *registry, const struct td_live_reply *reply,
                      bool in_grace)
{
    td_registry_list_begin(&registry->list);
    for (uint32_t i = 0; i + 1 < td_live_reply_count(reply) && !registry->is_destroyed; i += 2) {
        enum td_registry_change change = TD_REGISTRY_APPEARED;
        const struct td_registry_entry *entry =
            td_registry_list_take(&registry->list, td_live_reply_bytes(td_live_reply_at(reply, i)),
                                  td_live_reply_bytes(td_live_reply_at(reply, i + 1)), &change);

        if (entry != NULL)
            tell(registry, change, entry);
    }
    if (!in_grace)
        drop_unlisted(registry);
}

/* --- asking --- */

static void on_answer(void *ctx, enum td_err err, const struct td_live_reply *reply);

static enum td_err ask(struct td_registry *registry, const char *mode, td_live_reply_fn fn,
                       struct question *question)
{
    char lease_ms[NUMBER_SIZE];
    const struct td_bytes keys[] = {td_live_text(registry->value_key),
                                    td_live_text(registry->alive_key)};

    (void)snprintf(lease_ms, sizeof(lease_ms), "%u", registry->config.lease_ms);
    const struct td_bytes args[] = {td_live_text(registry->is_registered ? registry->own_name : ""),
                                    td_bytes(registry->own_value, registry->own_value_size),
                                    td_live_text(lease_ms), td_live_text(mode)};
    const struct td_live_eval eval = {.script = script,
                                      .keys = keys,
                                      .key_count = 2,
                                      .args = args,
                                      .arg_count = 4,
                                      .deadline_ms = registry->config.lease_ms};
    return td_live_eval(registry->live, &eval, fn, question);
}

/* One question at a time; while Redis is away the next tick tries again. */
static void ask_next(struct td_registry *registry)
{
    if (registry->question != NULL)
        return;
    struct question *question = malloc(sizeof(*question));
    if (question == NULL)
        return;
    question->registry = registry;
    registry->is_changed = false;
    if (ask(registry, "", on_answer, question) == TD_OK)
        registry->question = question;
    else
        free(question);
}

/*
 * Nobody could renew while Redis was away, or slow, or restarted: who is missing then is given time
 * to come back. A pause of this process looks the same and only makes it more patient.
 */
static bool is_in_grace(struct td_registry *registry)
{
    uint64_t now_ns = td_loop_now_ns();
    uint64_t connects = td_live_stats(registry->live).connects;

    if (connects != registry->connects || !td_registry_is_fresh(registry))
        registry->grace_until_ns = now_ns + registry->config.grace_ms * NS_PER_MS;
    registry->connects = connects;
    registry->answered_ns = now_ns;
    return now_ns < registry->grace_until_ns;
}

static void on_answer(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    struct question *question = ctx;
    struct td_registry *registry = question->registry;

    free(question);
    if (registry == NULL)
        return;
    registry->question = NULL;
    if (registry->is_changed)
        ask_next(registry);
    if (err != TD_OK)
        return;
    registry->is_telling = true;
    take_list(registry, reply, is_in_grace(registry));
    registry->is_telling = false;
    if (registry->is_destroyed)
        free(registry);
}

static void on_tick(void *ctx)
{
    ask_next(ctx);
}

/* --- life --- */

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

static enum td_err configure(struct td_registry *registry, const struct td_registry_config *config)
{
    registry->config = *config;
    registry->config.renew_ms = or_default(config->renew_ms, RENEW_MS);
    registry->config.lease_ms = or_default(config->lease_ms, LEASE_MS);
    registry->config.grace_ms = or_default(config->grace_ms, GRACE_MS);
    if (registry->config.renew_ms >= registry->config.lease_ms ||
        strlen(config->key) > KEY_SIZE - 16 ||
        (config->service == NULL) != (config->instance == NULL))
        return TD_ERR_INVALID;
    (void)snprintf(registry->value_key, sizeof(registry->value_key), "%s:value", config->key);
    (void)snprintf(registry->alive_key, sizeof(registry->alive_key), "%s:alive", config->key);
    if (config->service == NULL)
        return TD_OK;
    if (!td_registry_is_name(config->service) || !td_registry_is_name(config->instance))
        return TD_ERR_INVALID;
    (void)snprintf(registry->own_name, sizeof(registry->own_name), "%s/%s", config->service,
                   config->instance);
    return TD_OK;
}

enum td_err td_registry_create(struct td_loop *loop, struct td_live *live,
                               const struct td_registry_config *config,
                               struct td_registry **registry)
{
    struct td_registry *self = calloc(1, sizeof(*self));

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
    td_timer_start_repeating(&self->tick, self->config.renew_ms);
    ask_next(self);
    *registry = self;
    return TD_OK;
}

static void ignore_reply(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    (void)ctx;
    (void)err;
    (void)reply; // Taken back or not: it ends by itself soon.
}

void td_registry_destroy(struct td_registry **registry)
{
    struct td_registry *self = *registry;

    if (self == NULL)
        return;
    *registry = NULL;
    if (self->is_registered)
        (void)ask(self, "leave", ignore_reply, NULL);
    if (self->question != NULL)
        self->question->registry = NULL;
    td_timer_stop(&self->tick);
    td_registry_list_clear(&self->list);
    self->is_destroyed = true;
    if (!self->is_telling)
        free(self);
}

enum td_err td_registry_set(struct td_registry *registry, struct td_bytes value)
{
    assert(registry->own_name[0] != '\0');
    if (value.size > TD_REGISTRY_VALUE_MAX)
        return TD_ERR_LIMIT;
    if (value.size > 0)
        memcpy(registry->own_value, value.data, value.size);
    registry->own_value_size = (uint32_t)value.size;
    registry->is_registered = true;
    registry->is_changed = true;
    ask_next(registry);
    return TD_OK;
}

bool td_registry_is_fresh(const struct td_registry *registry)
{
    uint64_t age_max_ms = registry->config.lease_ms - registry->config.renew_ms;

    return registry->answered_ns != 0 &&
           td_loop_now_ns() - registry->answered_ns <= age_max_ms * NS_PER_MS;
}

uint32_t td_registry_count(const struct td_registry *registry)
{
    return registry->list.count;
}

struct td_registration td_registry_at(const struct td_registry *registry, uint32_t index)
{
    assert(index < registry->list.count);
    return td_registry_registration(registry->list.entries[index]);
}

bool td_registry_find(const struct td_registry *registry, const char *service, const char *instance,
                      struct td_registration *registration)
{
    const struct td_registry_entry *entry =
        td_registry_list_find(&registry->list, service, instance);

    if (entry != NULL)
        *registration = td_registry_registration(entry);
    return entry != NULL;
}
