/* State and events in one step: all or nothing, fenced, once. */
#include "stage.h"

#include "io/live_read.h"
#include "service/commit.h"

/* Keys of this site, as they stand in Redis. */
#define LEGS "tandem:test:1:legs"
#define EPOCH "tandem:test:router:epoch"

static void on_value(void *ctx, enum td_err err, struct td_bytes value)
{
    outcome_came(ctx, err, value.size > 0 ? (const char *)value.data : "", value.size);
}

static void read_field(struct scene *scene, uint32_t index, const char *key, const char *field)
{
    assert_int_equal(td_live_hget(td_service_live(scene->service), key, td_live_text(field), 5000,
                                  on_value, await_outcome(scene, index)),
                     TD_OK);
}

static void on_done(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    (void)reply;
    outcome_came(ctx, err, "", 0);
}

/* A command of four words at most, the last of which may be missing. */
static void command(struct scene *scene, uint32_t index, const char *a, const char *b,
                    const char *c)
{
    const struct td_bytes args[] = {td_live_text(a), td_live_text(b), td_live_text(c)};

    assert_int_equal(td_live_command(td_service_live(scene->service), args, 3, 5000, on_done,
                                     await_outcome(scene, index)),
                     TD_OK);
}

static void run(struct scene *scene, uint32_t index, struct td_commit *commit)
{
    td_commit_run(commit, 5000, on_committed, await_outcome(scene, index));
}

/* --- state and event -------------------------------------------------------------------------- */

static void on_page(void *ctx, enum td_err err, const struct td_live_entry *entries, uint32_t count)
{
    struct awaited *awaited = ctx;
    struct td_arena *arena = td_service_arena(awaited->scene->service);
    struct td_envelope envelope = {.topic = ""};
    char text[512];

    if (count == 1)
        err = td_envelope_decode(arena, entries[0].value, &envelope, NULL);
    (void)snprintf(text, sizeof(text), "%u %u %s %s %s %.*s", count, envelope.tenant,
                   envelope.topic, envelope.key, envelope.type, (int)envelope.payload.size,
                   (const char *)envelope.payload.data);
    outcome_came(ctx, err, text, strlen(text));
}

static void read_back(void *ctx, enum td_err err)
{
    struct awaited *awaited = ctx;
    struct scene *scene = awaited->scene;
    char stream[TD_KEY_SIZE];

    (void)td_stream_key("test", td_stream_of("leg-1"), stream);
    read_field(scene, 1, LEGS, "leg-1");
    assert_int_equal(td_live_page(td_service_live(scene->service), stream,
                                  (struct td_live_stream_id){0, 0}, 10, 5000, on_page,
                                  await_outcome(scene, 2)),
                     TD_OK);
    on_committed(ctx, err);
}

static void put_and_say(struct scene *scene)
{
    struct td_commit *commit = td_commit_begin(scene->service, 1);

    td_commit_put(commit, "legs", "leg-1", bytes_of("talking"));
    td_commit_event(commit, "leg.opened", "leg-1", "LegEvent", bytes_of("payload"));
    td_commit_run(commit, 5000, read_back, await_outcome(scene, 0));
}

static void state_and_event_are_there_together(void **state)
{
    (void)state;
    struct scene scene = {.begin = put_and_say};

    play(&scene);
    assert_int_equal(scene.outcomes[0].err, TD_OK);
    assert_string_equal(scene.outcomes[1].text, "talking");
    assert_string_equal(scene.outcomes[2].text, "1 1 leg.opened leg-1 LegEvent payload");
}

/* --- fence -------------------------------------------------------------------------------------
 */

static void put_fenced(struct scene *scene, uint32_t index, uint64_t epoch, const char *field)
{
    struct td_commit *commit = td_commit_begin(scene->service, 1);

    td_commit_put(commit, "fenced", field, bytes_of("x"));
    td_commit_fence(commit, epoch); // Wherever it stands in the commit.
    run(scene, index, commit);
}

static void read_fenced(void *ctx, enum td_err err)
{
    struct awaited *awaited = ctx;

    read_field(awaited->scene, 3, "tandem:test:1:fenced", "old");
    read_field(awaited->scene, 4, "tandem:test:1:fenced", "new");
    on_committed(ctx, err);
}

static void commit_under_two_epochs(struct scene *scene)
{
    struct td_commit *last = td_commit_begin(scene->service, 1);

    command(scene, 0, "SET", EPOCH, "7");
    put_fenced(scene, 1, 6, "old");
    put_fenced(scene, 2, 7, "new");
    td_commit_put(last, "fenced", "last", bytes_of("x"));
    td_commit_run(last, 5000, read_fenced, await_outcome(scene, 5));
}

static void a_commit_of_another_epoch_is_stale(void **state)
{
    (void)state;
    struct scene scene = {.begin = commit_under_two_epochs};

    play(&scene);
    assert_int_equal(scene.outcomes[1].err, TD_ERR_STALE);
    assert_int_equal(scene.outcomes[2].err, TD_OK); // Its neighbour is not hurt.
    assert_int_equal(scene.outcomes[3].err, TD_ERR_NOT_FOUND);
    assert_int_equal(scene.outcomes[4].err, TD_OK);
}

/* --- conditions --------------------------------------------------------------------------------
 */

static void put_new(struct scene *scene, uint32_t index, uint32_t tenant, const char *value)
{
    struct td_commit *commit = td_commit_begin(scene->service, tenant);

    td_commit_put_new(commit, "agents", "ada", bytes_of(value));
    run(scene, index, commit);
}

static void read_agents(void *ctx, enum td_err err)
{
    struct awaited *awaited = ctx;

    read_field(awaited->scene, 4, "tandem:test:1:agents", "ada");
    read_field(awaited->scene, 5, "tandem:test:2:agents", "ada");
    on_committed(ctx, err);
}

static void put_new_twice(struct scene *scene)
{
    struct td_commit *last = td_commit_begin(scene->service, 1);

    put_new(scene, 0, 1, "first");
    put_new(scene, 1, 1, "second");
    put_new(scene, 2, 2, "of another company");
    td_commit_put(last, "agents", "ben", bytes_of("x"));
    td_commit_run(last, 5000, read_agents, await_outcome(scene, 3));
}

static void what_must_be_new_is_put_once_in_each_tenant(void **state)
{
    (void)state;
    struct scene scene = {.begin = put_new_twice};

    play(&scene);
    assert_int_equal(scene.outcomes[0].err, TD_OK);
    assert_int_equal(scene.outcomes[1].err, TD_ERR_EXISTS);
    assert_int_equal(scene.outcomes[2].err, TD_OK);
    assert_string_equal(scene.outcomes[4].text, "first");
    assert_string_equal(scene.outcomes[5].text, "of another company");
}

static void say_once(struct scene *scene, uint32_t index, uint32_t tenant, struct td_id id)
{
    struct td_commit *commit = td_commit_begin(scene->service, tenant);

    td_commit_once(commit, id, 60000);
    td_commit_event_with_id(commit, id, "crm.paid", "once", "application/json", bytes_of("{}"));
    run(scene, index, commit);
}

static void say_twice(struct scene *scene)
{
    struct td_id id = td_service_new_id(scene->service);

    say_once(scene, 0, 1, id);
    say_once(scene, 1, 1, id);
    say_once(scene, 2, 2, id); // Two companies may have chosen the same.
    say_once(scene, 3, 1, td_service_new_id(scene->service));
}

static void a_commit_with_a_known_id_is_refused(void **state)
{
    (void)state;
    struct scene scene = {.begin = say_twice};

    play(&scene);
    assert_int_equal(scene.outcomes[0].err, TD_OK);
    assert_int_equal(scene.outcomes[1].err, TD_ERR_EXISTS);
    assert_int_equal(scene.outcomes[2].err, TD_OK);
    assert_int_equal(scene.outcomes[3].err, TD_OK);
}

/* --- many --------------------------------------------------------------------------------------
 */

#define MANY 2000

struct many {
    struct scene *scene;
    uint32_t done;
};

static void on_one_of_many(void *ctx, enum td_err err)
{
    struct many *many = ctx;

    assert_int_equal(err, TD_OK);
    if (++many->done == MANY)
        scene_end(many->scene);
}

static void commit_many(struct scene *scene)
{
    struct many *many = scene->ctx;
    char field[16];

    many->scene = scene;
    for (uint32_t i = 0; i < MANY; i++) {
        struct td_commit *commit = td_commit_begin(scene->service, 1);

        (void)snprintf(field, sizeof(field), "%u", i);
        td_commit_put(commit, "many", field, bytes_of("x"));
        td_commit_run(commit, 10000, on_one_of_many, many);
    }
}

static void stop_many(struct scene *scene)
{
    struct td_live_stats stats = td_live_stats(td_service_live(scene->service));

    assert_int_equal(stats.batches, MANY);
    assert_true(stats.calls < MANY / 100); // One in flight, the next collects.
}

static void commits_are_grouped(void **state)
{
    (void)state;
    struct many many = {.done = 0};
    struct scene scene = {.begin = commit_many, .stop = stop_many, .ctx = &many};

    play(&scene);
    assert_int_equal(many.done, MANY);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_and_event_are_there_together),
        cmocka_unit_test(a_commit_of_another_epoch_is_stale),
        cmocka_unit_test(what_must_be_new_is_put_once_in_each_tenant),
        cmocka_unit_test(a_commit_with_a_known_id_is_refused),
        cmocka_unit_test(commits_are_grouped),
    };

    (void)argc;
    (void)argv;
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
