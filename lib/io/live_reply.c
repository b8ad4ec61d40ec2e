#include <assert.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "io/live.h"

/* A td_live_reply is hiredis's redisReply under a name of ours. */
static const redisReply *of(const struct td_live_reply *reply)
{
    return (const redisReply *)reply;
}

enum td_live_kind td_live_reply_kind(const struct td_live_reply *reply)
{
    switch (of(reply)->type) {
    case REDIS_REPLY_INTEGER:
        return TD_LIVE_INTEGER;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
        return TD_LIVE_BYTES;
    case REDIS_REPLY_ARRAY:
        return TD_LIVE_LIST;
    case REDIS_REPLY_ERROR:
        return TD_LIVE_ERROR;
    default:
        return TD_LIVE_NIL;
    }
}

int64_t td_live_reply_integer(const struct td_live_reply *reply)
{
    if (of(reply)->type == REDIS_REPLY_INTEGER)
        return of(reply)->integer;
    return td_live_reply_kind(reply) == TD_LIVE_BYTES ? strtoll(of(reply)->str, NULL, 10) : 0;
}

struct td_bytes td_live_reply_bytes(const struct td_live_reply *reply)
{
    enum td_live_kind kind = td_live_reply_kind(reply);

    if (kind != TD_LIVE_BYTES && kind != TD_LIVE_ERROR)
        return td_bytes("", 0);
    return td_bytes(of(reply)->str, of(reply)->len);
}

uint32_t td_live_reply_count(const struct td_live_reply *reply)
{
    return of(reply)->type == REDIS_REPLY_ARRAY ? (uint32_t)of(reply)->elements : 0;
}

const struct td_live_reply *td_live_reply_at(const struct td_live_reply *reply, uint32_t index)
{
    assert(index < td_live_reply_count(reply));
    return (const struct td_live_reply *)of(reply)->element[index];
}

struct td_bytes td_live_text(const char *text)
{
    return td_bytes(text, strlen(text));
}
