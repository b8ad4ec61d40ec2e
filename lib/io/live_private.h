/**
 * @file live_private.h  What the parts of a td_live share. Private to lib/io/live*.
 */
#ifndef TD_IO_LIVE_PRIVATE_H
#define TD_IO_LIVE_PRIVATE_H

#include "io/live.h"
#include "io/live_link.h"

struct td_live_committer;

struct td_live {
    struct td_loop *loop;
    struct td_live_link link;
    struct td_live_committer *committer; /* NULL: nothing is committed */
    struct td_live_command *commands;    /* under way, in no order */
    uint32_t command_count;
    uint32_t commands_max;
    bool is_closing;
    void (*state)(void *ctx, bool up);
    void *ctx;
    struct td_live_stats stats;
};

/** The error a reply stands for; TD_OK if none. */
enum td_err td_live_reply_err(const struct td_live_reply *reply);

/** Whether an error is one that passes by itself: loading, busy, read-only for now. */
bool td_live_reply_is_passing(const struct td_live_reply *reply);

/** Keeps `live`. @return NULL when out of memory. */
struct td_live_committer *td_live_committer_create(struct td_live *live,
                                                   const struct td_live_config *config);
/** Tells every batch that is still due. */
void td_live_committer_destroy(struct td_live_committer **committer);
void td_live_committer_on_up(struct td_live_committer *committer);

#endif
