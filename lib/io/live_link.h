/**
 * @file live_link.h  One connection to Redis that comes back by itself. Private to lib/io/live*.
 *
 * Resolves, connects, authenticates and waits until Redis answers PING; then it is up and takes
 * commands. It is given up when the peer closes it, or when commands are unanswered and nothing was
 * heard for `silence_ms`; then it is tried again after 10 ms, 20 ms ... 200 ms.
 */
#ifndef TD_IO_LIVE_LINK_H
#define TD_IO_LIVE_LINK_H

#include "io/live.h"
#include "io/resolve.h"
#include "io/timer.h"

struct redisAsyncContext;

/** A command under way: part of an object of the caller, who keeps it until `fn` has run or the
    link is closed. */
struct td_live_request {
    /** @param reply  NULL: the connection went away first. May close the link. */
    void (*fn)(struct td_live_request *request, const struct td_live_reply *reply);
};

#define TD_LIVE_HOST_SIZE 256

struct td_live_address {
    char host[TD_LIVE_HOST_SIZE]; /* or the path of a socket */
    uint16_t port;                /* 0: a socket */
};

/** @return TD_OK or TD_ERR_INVALID. */
enum td_err TD_MUST_CHECK td_live_address_parse(const char *text, struct td_live_address *address);

struct td_live_link_options {
    const char *address;
    const char *password; /* NULL for none */
    uint32_t silence_ms;
    /** Each change. The link may be closed from it. Down: every request was told before. */
    void (*state)(void *ctx, bool up);
    void *ctx;
};

enum td_live_link_phase {
    TD_LIVE_LINK_PAUSED, /* until the next attempt */
    TD_LIVE_LINK_RESOLVING,
    TD_LIVE_LINK_CONNECTING, /* until Redis has answered PING */
    TD_LIVE_LINK_UP,
    TD_LIVE_LINK_LOSING, /* requests are being told */
    TD_LIVE_LINK_CLOSED,
};

/** Fields are private. Must not move. */
struct td_live_link {
    struct td_loop *loop;
    struct td_live_address address;
    char *password;
    uint32_t silence_ms;
    void (*state)(void *ctx, bool up);
    void *ctx;
    enum td_live_link_phase phase;
    struct td_resolve *question;
    struct redisAsyncContext *redis;
    struct td_timer timer; /* pause; time-out of connecting */
    struct td_timer silence;
    struct td_live_request greeting;
    uint64_t heard_ns; /* last answer, or when the first unanswered command was sent */
    uint32_t unanswered;
    uint32_t pause_ms;
    unsigned attempt;
    bool was_up;     /* `state` was told so */
    bool is_suspect; /* silent, but it may have been this loop that stood still */
    bool is_refused_logged;
};

/** Starts connecting. @return TD_OK; TD_ERR_INVALID (address); TD_ERR_NO_MEMORY. */
enum td_err TD_MUST_CHECK td_live_link_open(struct td_live_link *link, struct td_loop *loop,
                                            const struct td_live_link_options *options);

/** At once. Requests under way and `state` are not told. The link's memory may go right after. */
void td_live_link_close(struct td_live_link *link);

/**
 * As td_live_link_close, but what was sent still goes out: the connection goes on by itself until
 * Redis has answered, for at most 200 ms. (Closing with an answer unread would make the kernel
 * throw away what Redis has not read yet.)
 */
void td_live_link_leave(struct td_live_link *link);

bool td_live_link_is_up(const struct td_live_link *link);

/**
 * Sends a command. @param request  Kept, with `fn` set.
 * @return TD_OK; TD_ERR_UNAVAILABLE (not up); TD_ERR_NO_MEMORY. `fn` does not run from within.
 */
enum td_err TD_MUST_CHECK td_live_link_send(struct td_live_link *link, const struct td_bytes *args,
                                            uint32_t arg_count, struct td_live_request *request);

/** The same for a command that is already in Redis's protocol (RESP). */
enum td_err TD_MUST_CHECK td_live_link_send_raw(struct td_live_link *link, struct td_bytes command,
                                                struct td_live_request *request);

#endif
