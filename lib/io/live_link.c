#include "io/live_link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_watch.h"

#define PAUSE_MS_MIN 10
#define PAUSE_MS_MAX 200
#define CONNECT_MS_MAX 2000
#define LOADING_MS 50
#define SUSPECT_MS 10
#define NS_PER_MS UINT64_C(1000000)

static const struct td_log *log_of(const struct td_live_link *link)
{
    return td_loop_log(link->loop);
}

/* --- life --- */

static void pause_before_next(struct td_live_link *link)
{
    link->phase = TD_LIVE_LINK_PAUSED;
    td_timer_start(&link->timer, link->pause_ms);
    link->pause_ms = link->pause_ms * 2 < PAUSE_MS_MAX ? link->pause_ms * 2 : PAUSE_MS_MAX;
}

/* The connection is gone and every request was told. */
static void on_gone(void *data, const redisAsyncContext *redis)
{
    struct td_live_link *link = data;
    bool was_up = link->was_up;

    assert(link->redis == redis);
    if (was_up)
        td_log_warn(log_of(link), "live.lost", td_str("address", link->address.host),
                    td_str("reason", redis->err != 0 ? redis->errstr : "given up"));
    link->redis = NULL;
    link->is_suspect = false;
    link->was_up = false;
    link->unanswered = 0;
    td_timer_stop(&link->silence);
    pause_before_next(link);
    if (was_up && link->state != NULL)
        link->state(link->ctx, false); // Last: it may close the link.
}

static void give_up(struct td_live_link *link)
{
    link->phase = TD_LIVE_LINK_LOSING;
    redisAsyncFree(link->redis); // Tells every request, then on_gone.
}

static void greet(struct td_live_link *link);

static void on_up(struct td_live_link *link)
{
    link->phase = TD_LIVE_LINK_UP;
    link->pause_ms = PAUSE_MS_MIN;
    link->was_up = true;
    link->is_refused_logged = false;
    td_timer_stop(&link->timer);
    td_log_info(log_of(link), "live.connected", td_str("address", link->address.host));
    if (link->state != NULL)
        link->state(link->ctx, true);
}

static void on_greeted(struct td_live_request *request, const struct td_live_reply *reply)
{
    struct td_live_link *link =
        (struct td_live_link *)((char *)request - offsetof(struct td_live_link, greeting));

    if (reply == NULL)
        return; // on_gone follows.
    if (td_live_reply_kind(reply) != TD_LIVE_ERROR) {
        on_up(link);
        return;
    }

    const char *text = (const char *)td_live_reply_bytes(reply).data;
    if (td_str_starts_with(text, "LOADING")) {
        td_timer_start(&link->timer, LOADING_MS);
        return;
    }
    if (!link->is_refused_logged) // Once, not at each attempt.
        td_log_error(log_of(link), "live.refused", td_str("reason", text));
    link->is_refused_logged = true;
    link->pause_ms = PAUSE_MS_MAX;
    give_up(link);
}

static enum td_err send_any(struct td_live_link *link, const struct td_bytes *args,
                            uint32_t arg_count, struct td_live_request *request);

static void greet(struct td_live_link *link)
{
    const struct td_bytes ping = td_live_text("PING");

    td_timer_start(&link->timer, CONNECT_MS_MAX);
    link->greeting.fn = on_greeted;
    // Without memory for it the timer tries again.
    (void)send_any(link, &ping, 1, &link->greeting);
}

/* Its failure shows in the answer to PING. */
static void ignore_reply(redisAsyncContext *redis, void *reply, void *data)
{
    (void)redis;
    (void)reply;
    (void)data;
}

static void on_connected(const redisAsyncContext *redis, int status)
{
    struct td_live_link *link = redis->data;

    if (link == NULL || status != REDIS_OK)
        return; // Closed; or on_gone follows.
    if (link->password != NULL)
        (void)redisAsyncCommand(link->redis, ignore_reply, NULL, "AUTH %s", link->password);
    greet(link);
}

static void connect_to(struct td_live_link *link, const char *host)
{
    redisAsyncContext *redis = link->address.port == 0
                                   ? redisAsyncConnectUnix(host)
                                   : redisAsyncConnect(host, link->address.port);

    link->phase = TD_LIVE_LINK_CONNECTING;
    if (redis == NULL || redis->err != 0 || td_live_watch(link->loop, redis, on_gone) != TD_OK) {
        if (redis != NULL)
            redisAsyncFree(redis);
        pause_before_next(link);
        return;
    }
    redis->data = link;
    link->redis = redis;
    td_timer_start(&link->timer, CONNECT_MS_MAX);
    (void)redisAsyncSetConnectCallback(redis, on_connected);
}

static void on_resolved(void *ctx, const char *address)
{
    struct td_live_link *link = ctx;

    link->question = NULL;
    if (address != NULL)
        connect_to(link, address);
    else
        pause_before_next(link);
}

static void attempt(struct td_live_link *link)
{
    const char *host = link->address.host;

    if (link->address.port == 0 || td_resolve_is_address(host)) {
        connect_to(link, host);
        return;
    }
    link->phase = TD_LIVE_LINK_RESOLVING;
    if (td_resolve_start(link->loop, host, link->attempt++, on_resolved, link, &link->question) !=
        TD_OK)
        pause_before_next(link);
}

static void on_timer(void *ctx)
{
    struct td_live_link *link = ctx;

    if (link->phase == TD_LIVE_LINK_PAUSED)
        attempt(link);
    else if (link->unanswered == 0 && (link->redis->c.flags & REDIS_CONNECTED) != 0)
        greet(link); // Redis was loading its file.
    else
        give_up(link); // Connecting takes too long.
}

static void on_silence(void *ctx)
{
    struct td_live_link *link = ctx;
    uint64_t silent_ms = (td_loop_now_ns() - link->heard_ns) / NS_PER_MS;

    if (link->unanswered == 0) {
        link->is_suspect = false;
        return;
    }
    if (silent_ms < link->silence_ms) {
        td_timer_start(&link->silence, link->silence_ms - silent_ms);
        link->is_suspect = false;
    } else if (!link->is_suspect) {
        // If it was this loop that stood still, the answer lies in the socket.
        td_timer_start(&link->silence, SUSPECT_MS);
        link->is_suspect = true;
    } else {
        give_up(link);
    }
}

/* --- commands --- */

static void on_reply(redisAsyncContext *redis, void *reply, void *data)
{
    struct td_live_link *link = redis->data;
    struct td_live_request *request = data;

    if (link == NULL)
        return; // Closed meanwhile; `request` is not ours any more.
    if (reply == NULL) {
        link->phase = TD_LIVE_LINK_LOSING; // Nothing more can be sent on this connection.
    } else {
        link->unanswered--;
        link->heard_ns = td_loop_now_ns();
    }
    request->fn(request, reply); // Last: it may close the link.
}

static void count_sent(struct td_live_link *link)
{
    if (link->unanswered++ == 0)
        link->heard_ns = td_loop_now_ns();
    // Never stopped by answers: it looks again when it fires, which costs less.
    if (!td_timer_is_running(&link->silence))
        td_timer_start(&link->silence, link->silence_ms);
}

static enum td_err send_any(struct td_live_link *link, const struct td_bytes *args,
                            uint32_t arg_count, struct td_live_request *request)
{
    const char *values[TD_LIVE_ARGS_MAX];
    size_t sizes[TD_LIVE_ARGS_MAX];

    assert(arg_count > 0 && arg_count <= TD_LIVE_ARGS_MAX);
    for (uint32_t i = 0; i < arg_count; i++) {
        values[i] = args[i].size > 0 ? (const char *)args[i].data : "";
        sizes[i] = args[i].size;
    }
    if (redisAsyncCommandArgv(link->redis, on_reply, request, (int)arg_count, values, sizes) !=
        REDIS_OK)
        return TD_ERR_NO_MEMORY;
    count_sent(link);
    return TD_OK;
}

enum td_err td_live_link_send(struct td_live_link *link, const struct td_bytes *args,
                              uint32_t arg_count, struct td_live_request *request)
{
    return td_live_link_is_up(link) ? send_any(link, args, arg_count, request) : TD_ERR_UNAVAILABLE;
}

enum td_err td_live_link_send_raw(struct td_live_link *link, struct td_bytes command,
                                  struct td_live_request *request)
{
    if (!td_live_link_is_up(link))
        return TD_ERR_UNAVAILABLE;
    if (redisAsyncFormattedCommand(link->redis, on_reply, request, (const char *)command.data,
                                   command.size) != REDIS_OK)
        return TD_ERR_NO_MEMORY;
    count_sent(link);
    return TD_OK;
}

bool td_live_link_is_up(const struct td_live_link *link)
{
    return link->phase == TD_LIVE_LINK_UP;
}

/* --- opening and closing --- */

static enum td_err parse_host_and_port(const char *text, struct td_live_address *address)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;

    if (colon == NULL || td_str_to_u64(colon + 1, UINT16_MAX, &port) != TD_OK || port == 0)
        return TD_ERR_INVALID;

    size_t length = (size_t)(colon - text);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') { // [::1]:6379
        text++;
        length -= 2;
    }
    address->port = (uint16_t)port;
    return length > 0 &&
                   td_str_copy_span(address->host, sizeof(address->host), text, length) == TD_OK
               ? TD_OK
               : TD_ERR_INVALID;
}

enum td_err td_live_address_parse(const char *text, struct td_live_address *address)
{
    struct td_live_address parsed = {.port = 0};
    enum td_err err = TD_OK;

    if (!td_str_starts_with(text, "unix:"))
        err = parse_host_and_port(text, &parsed);
    else if (text[5] == '\0' || td_str_copy(parsed.host, sizeof(parsed.host), text + 5) != TD_OK)
        err = TD_ERR_INVALID;
    if (err == TD_OK)
        *address = parsed;
    return err;
}

enum td_err td_live_link_open(struct td_live_link *link, struct td_loop *loop,
                              const struct td_live_link_options *options)
{
    *link = (struct td_live_link){.loop = loop,
                                  .silence_ms = options->silence_ms,
                                  .state = options->state,
                                  .ctx = options->ctx,
                                  .pause_ms = PAUSE_MS_MIN};
    enum td_err err = td_live_address_parse(options->address, &link->address);
    if (err != TD_OK)
        return err;
    if (options->password != NULL) {
        link->password = strdup(options->password);
        if (link->password == NULL)
            return TD_ERR_NO_MEMORY;
    }
    td_timer_init(&link->timer, loop, on_timer, link);
    td_timer_init(&link->silence, loop, on_silence, link);
    link->phase = TD_LIVE_LINK_PAUSED;
    td_timer_start(&link->timer, 0);
    return TD_OK;
}

/* Takes the connection away from the link: what hiredis still calls finds nobody. */
static redisAsyncContext *detach(struct td_live_link *link)
{
    redisAsyncContext *redis = link->redis;

    link->phase = TD_LIVE_LINK_CLOSED;
    link->redis = NULL;
    td_timer_stop(&link->timer);
    td_timer_stop(&link->silence);
    td_resolve_cancel(&link->question);
    free(link->password);
    link->password = NULL;
    if (redis != NULL)
        redis->data = NULL;
    return redis;
}

void td_live_link_close(struct td_live_link *link)
{
    redisAsyncContext *redis = detach(link);

    if (redis != NULL)
        redisAsyncFree(redis);
}

void td_live_link_leave(struct td_live_link *link)
{
    bool is_owed = link->phase == TD_LIVE_LINK_UP && link->unanswered > 0;
    redisAsyncContext *redis = detach(link);

    if (redis == NULL)
        return;
    if (!is_owed) {
        redisAsyncFree(redis);
        return;
    }
    td_live_watch_leave(redis);
}
