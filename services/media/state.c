/*
 * What Redis knows of legs: so that people and other services can see them, and so that a run of
 * this instance can tell what a dead one left. Nothing waits for these writes; calls go on without
 * Redis.
 *
 *   legs:INSTANCE        per tenant: leg id -> LegState
 *   recordings:INSTANCE  per tenant: file -> RecordingFinished, while it is open
 *   tenants:INSTANCE     of the site: tenants that have or had any of these
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "io/live_commit.h"
#include "io/live_read.h"
#include "media/media.h"
#include "service/commit.h"

#define STATE_VERSION 1
#define LOAD_MS 2000
/* A leg's record and its end are often written in one step: only those who look at legs notice. */
#define LINGER_MS 100
#define SITE 0 /* in the place of a tenant */

static const char *hash_of(const struct media *media, const char *what, char name[TD_KEY_SIZE])
{
    (void)snprintf(name, TD_KEY_SIZE, "%s:%s", what, td_service_instance(media->service));
    return name;
}

/* Notes once that the tenant has something to clean up. */
static void put_tenant(struct media *media, uint32_t tenant)
{
    char field[16];
    char hash[TD_KEY_SIZE];

    for (uint32_t i = 0; i < media->tenant_count; i++) {
        if (media->tenants[i] == tenant)
            return;
    }
    if (media->tenant_count < MEDIA_TENANTS_MAX)
        media->tenants[media->tenant_count++] = tenant;
    (void)snprintf(field, sizeof(field), "%u", tenant);
    struct td_commit *commit = td_commit_begin(media->service, SITE);
    td_commit_put(commit, hash_of(media, "tenants", hash), field, td_bytes("", 0));
    td_commit_run(commit, TD_COMMIT_KEPT_MS, NULL, NULL);
}

void state_describe(const struct leg *leg, struct td_leg_state *state)
{
    *state = (struct td_leg_state){.leg_id = leg->id,
                                   .interaction_id = leg->interaction,
                                   .port = leg->port,
                                   .created_at_unix_us = leg->created_at_unix_us,
                                   .state_version = STATE_VERSION};
    td_str_clip(state->instance, sizeof(state->instance), td_service_instance(leg->media->service));
    td_str_clip(state->codec, sizeof(state->codec),
                leg->core.terms.law == MEDIA_ALAW ? "PCMA" : "PCMU");
}

void state_put(struct leg *leg)
{
    struct media *media = leg->media;
    struct td_leg_state state;
    char field[TD_ID_TEXT_SIZE];
    char hash[TD_KEY_SIZE];

    put_tenant(media, leg->tenant);
    state_describe(leg, &state);
    struct td_commit *commit = td_commit_begin(media->service, leg->tenant);
    td_commit_put(commit, hash_of(media, "legs", hash), td_id_format(leg->id.id, field),
                  td_leg_state_encode(td_service_arena(media->service), &state));
    td_commit_linger(commit, LINGER_MS);
    td_commit_run(commit, TD_COMMIT_KEPT_MS, NULL, NULL);
    leg->stored = true;
}

void state_delete(const struct leg *leg)
{
    struct media *media = leg->media;
    char field[TD_ID_TEXT_SIZE];
    char hash[TD_KEY_SIZE];

    if (!leg->stored)
        return;
    struct td_commit *commit = td_commit_begin(media->service, leg->tenant);
    td_commit_delete(commit, hash_of(media, "legs", hash), td_id_format(leg->id.id, field));
    td_commit_linger(commit, LINGER_MS);
    td_commit_run(commit, TD_COMMIT_KEPT_MS, NULL, NULL);
}

/* --- what a dead run left ----------------------------------------------------------------------
 */

/* One hash being read: of the site, or of one tenant. */
struct cleaning {
    struct media *media;
    uint32_t tenant;
    uint64_t before_unix_us; /* what is younger is of this run */
    uint64_t legs;
};

static void forget_leg(const struct cleaning *cleaning, const char *field)
{
    struct td_commit *commit = td_commit_begin(cleaning->media->service, cleaning->tenant);
    char hash[TD_KEY_SIZE];

    td_commit_delete(commit, hash_of(cleaning->media, "legs", hash), field);
    td_commit_run(commit, TD_COMMIT_KEPT_MS, NULL, NULL);
}

static void on_leg_left(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct cleaning *cleaning = ctx;
    struct td_arena *arena = td_service_arena(cleaning->media->service);
    size_t mark = arena->used;
    const char *bad_field = NULL;
    struct td_leg_state state;
    char text[TD_ID_TEXT_SIZE];

    (void)field;
    enum td_err err = td_leg_state_decode(arena, value, &state, &bad_field);
    if (err == TD_OK && state.created_at_unix_us < cleaning->before_unix_us) {
        cleaning->legs++;
        forget_leg(cleaning, td_id_format(state.leg_id.id, text));
    }
    td_arena_rewind(arena, mark);
}

static void on_recording_left(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct cleaning *cleaning = ctx;
    struct media *media = cleaning->media;
    struct td_arena *arena = td_service_arena(media->service);
    size_t mark = arena->used;
    const char *bad_field = NULL;
    struct td_recording_finished left;

    (void)field;
    enum td_err err = td_recording_finished_decode(arena, value, &left, &bad_field);
    if (err == TD_OK && left.started_at_unix_us < cleaning->before_unix_us)
        recordings_tell_left(media->recordings, cleaning->tenant, &left);
    td_arena_rewind(arena, mark);
}

static void on_clean(void *ctx, enum td_err err)
{
    struct cleaning *cleaning = ctx;
    const struct td_log *log = td_service_log(cleaning->media->service);

    if (err != TD_OK)
        td_log_warn(log, "state.unread", td_u64("tenant", cleaning->tenant), td_failure(err));
    else if (cleaning->legs > 0)
        td_log_warn(log, "legs.dropped", td_u64("tenant", cleaning->tenant),
                    td_u64("count", cleaning->legs));
    free(cleaning);
}

static void read_hash(const struct cleaning *wanted, const char *what,
                      void (*entry)(void *ctx, struct td_bytes field, struct td_bytes value))
{
    struct td_service *service = wanted->media->service;
    struct cleaning *cleaning = malloc(sizeof(*cleaning));
    char hash[TD_KEY_SIZE];
    char key[TD_KEY_SIZE];

    if (cleaning == NULL)
        return;
    *cleaning = *wanted;
    const struct td_live_hash_reader reader = {entry, on_clean, cleaning};
    (void)td_service_key(service, wanted->tenant, hash_of(wanted->media, what, hash), key);
    enum td_err err = td_live_load_hash(td_service_live(service), key, LOAD_MS, &reader);
    if (err != TD_OK)
        on_clean(cleaning, err);
}

static void on_tenant(void *ctx, struct td_bytes field, struct td_bytes value)
{
    struct cleaning cleaning = *(const struct cleaning *)ctx;
    uint64_t tenant = 0;
    char text[16];

    (void)value;
    if (td_str_copy_span(text, sizeof(text), (const char *)field.data, field.size) != TD_OK ||
        td_str_to_u64(text, UINT32_MAX, &tenant) != TD_OK)
        return;
    cleaning.tenant = (uint32_t)tenant;
    read_hash(&cleaning, "legs", on_leg_left);
    read_hash(&cleaning, "recordings", on_recording_left);
}

void state_clean(struct media *media)
{
    const struct cleaning site = {.media = media,
                                  .tenant = SITE,
                                  .before_unix_us =
                                      td_loop_now_unix_us(td_service_loop(media->service))};

    read_hash(&site, "tenants", on_tenant);
}
