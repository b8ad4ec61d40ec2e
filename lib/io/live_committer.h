/**
 * @file live_committer.h  The queue of live_commit.h and its one call in flight. Private.
 */
#ifndef TD_IO_LIVE_COMMITTER_H
#define TD_IO_LIVE_COMMITTER_H

#include "io/live_batch.h"
#include "io/live_private.h"

/** Most batches of one call. */
#define TD_LIVE_CALL_BATCHES_MAX 1024

#define TD_LIVE_SHA1_TEXT_SIZE 41

struct td_live_batch_list {
    struct td_live_batch *first;
    struct td_live_batch *last;
};

struct td_live_committer {
    struct td_live *live;
    char *key;
    uint32_t batches_max;
    uint32_t bytes_max;
    struct td_live_batch_list waiting;
    struct td_live_batch_list answered; /* result known, callback due */
    bool is_telling; /* callbacks run: they may destroy it, its memory stays until the end */
    bool is_destroyed;
    struct td_timer timer;  /* the end of this turn of the loop, or a retry */
    uint32_t hurried_count; /* waiting batches that may not linger */
    struct td_timer linger;
    uint64_t linger_until_ns;
    bool has_lingered; /* what waits goes now, hurried or not */

    char script_sha1[TD_LIVE_SHA1_TEXT_SIZE]; /* "": not loaded on this connection */
    bool is_loading;
    struct td_live_request load;

    /* The one call in flight. It keeps its number until it is answered, over reconnects. */
    uint64_t call_number;
    struct td_live_batch *call[TD_LIVE_CALL_BATCHES_MAX]; /* NULL: given up meanwhile */
    uint32_t call_count;
    bool is_sent;
    bool is_repeat;
    struct td_live_request answer;
    struct td_buffer buffer;
};

void td_live_batch_list_append(struct td_live_batch_list *list, struct td_live_batch *batch);
void td_live_batch_list_remove(struct td_live_batch_list *list, struct td_live_batch *batch);

/** Runs the callbacks of all answered batches. Frees the committer if one of them destroyed it. */
void td_live_committer_tell(struct td_live_committer *committer);

/** Sets the requests up. */
void td_live_call_init(struct td_live_committer *committer);

/** Does the next thing there is to do, if any; to be called whenever something has changed. */
void td_live_call_proceed(struct td_live_committer *committer);

#endif
