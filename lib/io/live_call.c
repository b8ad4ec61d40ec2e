#include <assert.h>

#include "base/str.h"
#include "io/live_commit_lua.h"
#include "io/live_committer.h"
#include "io/live_resp.h"

#define RETRY_MS 50
#define REMEMBERED_MS 3600000

/*
 * What one call takes at most, so that Redis is not held up for long (about 2 us an operation). One
 * larger batch goes alone.
 */
#define CALL_OPS_MAX 4096
#define CALL_BYTES_MAX ((size_t)1024 * 1024)
#define CALL_BUFFER_KEPT_MAX ((size_t)4 * 1024 * 1024)

static struct td_live_stats *stats_of(struct td_live_committer *committer)
{
    return &committer->live->stats;
}

static enum td_err result_of(char letter)
{
    switch (letter) {
    case 'O':
        return TD_OK;
    case 'S':
        return TD_ERR_STALE;
    case 'X':
        return TD_ERR_EXISTS;
    case 'T':
        return TD_ERR_INVALID;
    default:
        return TD_ERR_INTERNAL;
    }
}

static void gather(struct td_live_committer *committer)
{
    uint32_t ops = 0;
    size_t bytes = 0;

    for (struct td_live_batch *batch = committer->waiting.first;
         batch != NULL && committer->call_count < TD_LIVE_CALL_BATCHES_MAX;
         batch = committer->waiting.first) {
        ops += batch->op_count;
        bytes += td_live_batch_size(batch);
        if (committer->call_count > 0 && (ops > CALL_OPS_MAX || bytes > CALL_BYTES_MAX))
            break;
        td_live_batch_list_remove(&committer->waiting, batch);
        committer->hurried_count -= batch->linger_ms == 0;
        batch->slot = committer->call_count;
        committer->call[committer->call_count++] = batch;
    }
    // What did not fit has lingered as long as what went before it.
    committer->has_lingered = committer->waiting.first != NULL;
    if (!committer->has_lingered)
        td_timer_stop(&committer->linger);
    if (committer->call_count > 0)
        committer->call_number++;
}

static bool is_call_given_up(const struct td_live_committer *committer)
{
    for (uint32_t i = 0; i < committer->call_count; i++) {
        if (committer->call[i] != NULL)
            return false;
    }
    return true;
}

/* A batch given up keeps its place, empty, so that results of an earlier sending still match. */
static void put_batch(struct td_buffer *buffer, const struct td_live_batch *batch)
{
    if (batch == NULL) {
        td_live_resp_bulk_u64(buffer, 0);
        td_live_resp_bulk_u64(buffer, 0);
        return;
    }
    td_live_resp_bulk_u64(buffer, batch->check_args);
    td_live_resp_bulk_u64(buffer, batch->op_args);
    td_buffer_add(buffer, td_bytes(batch->checks.data, batch->checks.size));
    td_buffer_add(buffer, td_bytes(batch->ops.data, batch->ops.size));
}

static void build_call(struct td_live_committer *committer)
{
    struct td_buffer *buffer = &committer->buffer;
    uint64_t arg_count = 6;

    for (uint32_t i = 0; i < committer->call_count; i++) {
        const struct td_live_batch *batch = committer->call[i];

        arg_count += 2;
        if (batch != NULL)
            arg_count += batch->check_args + batch->op_args;
    }
    buffer->size = 0;
    td_live_resp_array(buffer, arg_count);
    td_live_resp_bulk_text(buffer, "EVALSHA");
    td_live_resp_bulk_text(buffer, committer->script_sha1);
    td_live_resp_bulk_u64(buffer, 1);
    td_live_resp_bulk_text(buffer, committer->key);
    td_live_resp_bulk_u64(buffer, committer->call_number);
    td_live_resp_bulk_u64(buffer, REMEMBERED_MS);
    for (uint32_t i = 0; i < committer->call_count; i++)
        put_batch(buffer, committer->call[i]);
}

static void send_call(struct td_live_committer *committer)
{
    struct td_buffer *buffer = &committer->buffer;

    build_call(committer);
    if (!buffer->failed &&
        td_live_link_send_raw(&committer->live->link, td_bytes(buffer->data, buffer->size),
                              &committer->answer) == TD_OK) {
        committer->is_sent = true;
        stats_of(committer)->commands++;
        stats_of(committer)->calls++;
        stats_of(committer)->repeats += committer->is_repeat;
        committer->is_repeat = true;
    } else {
        td_timer_start(&committer->timer, RETRY_MS);
    }
    if (buffer->failed || buffer->capacity > CALL_BUFFER_KEPT_MAX)
        td_buffer_clear(buffer);
}

static void load_script(struct td_live_committer *committer)
{
    const struct td_bytes args[] = {td_live_text("SCRIPT"), td_live_text("LOAD"),
                                    td_live_text(td_live_commit_lua)};

    committer->script_sha1[0] = '\0';
    committer->is_loading =
        td_live_link_send(&committer->live->link, args, 3, &committer->load) == TD_OK;
    if (!committer->is_loading)
        td_timer_start(&committer->timer, RETRY_MS);
}

void td_live_call_proceed(struct td_live_committer *committer)
{
    if (!td_live_link_is_up(&committer->live->link) || committer->is_loading || committer->is_sent)
        return;
    if (committer->script_sha1[0] == '\0') {
        load_script(committer);
        return;
    }
    if (committer->call_count > 0 && is_call_given_up(committer))
        committer->call_count = 0;
    if (committer->call_count == 0 && (committer->hurried_count > 0 || committer->has_lingered)) {
        committer->is_repeat = false;
        gather(committer);
    }
    if (committer->call_count > 0)
        send_call(committer);
}

static void on_loaded(struct td_live_request *request, const struct td_live_reply *reply)
{
    struct td_live_committer *committer =
        (struct td_live_committer *)((char *)request - offsetof(struct td_live_committer, load));

    committer->is_loading = false;
    if (reply == NULL)
        return; // td_live_committer_on_up comes when there is a connection again.
    if (td_live_reply_kind(reply) == TD_LIVE_BYTES &&
        td_str_copy(committer->script_sha1, sizeof(committer->script_sha1),
                    (const char *)td_live_reply_bytes(reply).data) == TD_OK)
        td_live_call_proceed(committer);
    else
        td_timer_start(&committer->timer, RETRY_MS);
}

/* Whether the same call has to be sent again: nothing of it was done. */
static bool must_repeat(struct td_live_committer *committer, const struct td_live_reply *reply)
{
    if (td_live_reply_kind(reply) != TD_LIVE_ERROR)
        return false;
    if (td_str_starts_with((const char *)td_live_reply_bytes(reply).data, "NOSCRIPT")) {
        committer->script_sha1[0] = '\0';
        return true;
    }
    return td_live_reply_is_passing(reply);
}

static void take_results(struct td_live_committer *committer, const struct td_live_reply *reply)
{
    struct td_bytes letters = td_live_reply_bytes(reply);
    enum td_err err = td_live_reply_err(reply);

    if (err == TD_OK && letters.size != committer->call_count)
        err = TD_ERR_INTERNAL;
    if (err != TD_OK)
        td_log_error(td_loop_log(committer->live->loop), "commit.failed", td_failure(err),
                     td_str("reason", (const char *)letters.data));
    for (uint32_t i = 0; i < committer->call_count; i++) {
        struct td_live_batch *batch = committer->call[i];

        if (batch == NULL)
            continue;
        batch->result = err != TD_OK ? err : result_of((char)letters.data[i]);
        td_timer_stop(&batch->deadline);
        td_live_batch_list_append(&committer->answered, batch);
    }
    committer->call_count = 0;
}

static void on_answer(struct td_live_request *request, const struct td_live_reply *reply)
{
    struct td_live_committer *committer =
        (struct td_live_committer *)((char *)request - offsetof(struct td_live_committer, answer));

    committer->is_sent = false;
    if (reply == NULL)
        return;
    if (must_repeat(committer, reply)) {
        td_timer_start(&committer->timer, committer->script_sha1[0] == '\0' ? 0 : RETRY_MS);
        return;
    }
    take_results(committer, reply);
    td_live_call_proceed(committer); // The next call is on its way while the callbacks run.
    td_live_committer_tell(committer);
}

void td_live_committer_on_up(struct td_live_committer *committer)
{
    committer->script_sha1[0] = '\0'; // Redis may be another run of it.
    td_live_call_proceed(committer);
}

void td_live_call_init(struct td_live_committer *committer)
{
    committer->load.fn = on_loaded;
    committer->answer.fn = on_answer;
}
