#include "service/commit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_commit.h"
#include "service/envelope.h"
#include "service/private.h"

struct td_commit {
    struct td_service *service;
    uint32_t tenant;
    struct td_live_batch *batch;
    td_committed_fn *done;
    void *ctx;
    enum td_err err; /* of a commit that was refused at once */
};

struct td_commit *td_commit_begin(struct td_service *service, uint32_t tenant)
{
    struct td_commit *commit = calloc(1, sizeof(*commit));

    if (commit == NULL || td_live_batch_create(&commit->batch) != TD_OK)
        abort(); // State that cannot be written down cannot be acted on.
    commit->service = service;
    commit->tenant = tenant;
    return commit;
}

void td_commit_fence(struct td_commit *commit, uint64_t epoch)
{
    char key[TD_KEY_SIZE + 8];
    char lease[TD_KEY_SIZE];

    (void)snprintf(key, sizeof(key), "%s:epoch", td_service_lease_key(commit->service, lease));
    td_live_batch_fence(commit->batch, key, epoch);
}

void td_commit_put(struct td_commit *commit, const char *hash, const char *field,
                   struct td_bytes value)
{
    char key[TD_KEY_SIZE];

    td_live_batch_hset(commit->batch, td_service_key(commit->service, commit->tenant, hash, key),
                       td_live_text(field), value);
}

void td_commit_put_new(struct td_commit *commit, const char *hash, const char *field,
                       struct td_bytes value)
{
    char key[TD_KEY_SIZE];

    td_live_batch_absent(commit->batch, td_service_key(commit->service, commit->tenant, hash, key),
                         td_live_text(field));
    td_commit_put(commit, hash, field, value);
}

void td_commit_delete(struct td_commit *commit, const char *hash, const char *field)
{
    char key[TD_KEY_SIZE];

    td_live_batch_hdel(commit->batch, td_service_key(commit->service, commit->tenant, hash, key),
                       td_live_text(field));
}

void td_commit_event_with_id(struct td_commit *commit, struct td_id id, const char *topic,
                             const char *key, const char *type, struct td_bytes payload)
{
    struct td_service *service = commit->service;
    struct td_envelope envelope = envelope_of(service, commit->tenant, key);
    size_t mark = service->arena.used;
    char stream[TD_KEY_SIZE];

    envelope.id.id = id;
    td_str_clip(envelope.topic, sizeof(envelope.topic), topic);
    td_str_clip(envelope.type, sizeof(envelope.type), type);
    envelope.payload = payload;
    td_live_batch_xadd(commit->batch, td_stream_key(service->site.name, td_stream_of(key), stream),
                       td_envelope_encode(&service->arena, &envelope));
    td_arena_rewind(&service->arena, mark);
}

void td_commit_event(struct td_commit *commit, const char *topic, const char *key, const char *type,
                     struct td_bytes payload)
{
    td_commit_event_with_id(commit, td_service_new_id(commit->service), topic, key, type, payload);
}

void td_commit_once(struct td_commit *commit, struct td_id id, uint64_t window_ms)
{
    char name[TD_ID_TEXT_SIZE + 8] = "once:";
    char key[TD_KEY_SIZE];

    (void)td_id_format(id, name + 5);
    (void)td_service_key(commit->service, commit->tenant, name, key);
    td_live_batch_key_absent(commit->batch, key);
    td_live_batch_set(commit->batch, key, td_live_text("1"), window_ms);
}

void td_commit_linger(struct td_commit *commit, uint32_t linger_ms)
{
    td_live_batch_linger(commit->batch, linger_ms);
}

static void finish(void *ctx, enum td_err err)
{
    struct td_commit *commit = ctx;
    struct td_service *service = commit->service;
    size_t mark = service->arena.used;
    td_committed_fn *done = commit->done;
    void *done_ctx = commit->ctx;

    td_live_batch_destroy(&commit->batch);
    free(commit);
    if (done != NULL && !service->stopped)
        done(done_ctx, err);
    td_arena_rewind(&service->arena, mark);
}

static void on_refused(void *ctx)
{
    struct td_commit *commit = ctx;

    finish(commit, commit->err);
}

void td_commit_run(struct td_commit *commit, uint32_t deadline_ms, td_committed_fn *done, void *ctx)
{
    commit->done = done;
    commit->ctx = ctx;
    commit->err =
        td_live_commit(commit->service->live, &commit->batch, deadline_ms, finish, commit);
    if (commit->err != TD_OK)
        service_defer(commit->service, on_refused, commit);
}

void td_commit_drop(struct td_commit *commit)
{
    td_live_batch_destroy(&commit->batch);
    free(commit);
}

const char *td_stream_key(const char *site, unsigned partition, char key[TD_KEY_SIZE])
{
    (void)snprintf(key, TD_KEY_SIZE, "tandem:%s:events:%u", site, partition);
    return key;
}

unsigned td_stream_of(const char *event_key)
{
    return (unsigned)(td_str_hash(event_key, strlen(event_key)) % TD_STREAMS);
}
