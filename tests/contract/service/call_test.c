/* Requests between real processes: answered, refused, late, gone; and who is found. */
#include "stage.h"

/* --- the service that is asked ------------------------------------------------------------------
 */

#define HELD_MAX 64

struct echo {
    struct td_service *service;
    struct td_request *held[HELD_MAX];
    size_t held_count;
};

static void echo_back(void *ctx, struct td_request *request, struct td_bytes payload)
{
    (void)ctx;
    td_request_reply(request, payload);
}

static void refuse(void *ctx, struct td_request *request, struct td_bytes payload)
{
    (void)ctx;
    td_request_fail(request, TD_ERR_DENIED, "color: expected blue, found %.*s", (int)payload.size,
                    (const char *)payload.data);
}

static void hold(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct echo *echo = ctx;

    (void)payload;
    if (echo->held_count < HELD_MAX)
        echo->held[echo->held_count++] = request;
    else
        td_request_fail(request, TD_ERR_LIMIT, "too many are held");
}

static void count_held(void *ctx, struct td_request *request, struct td_bytes payload)
{
    const struct echo *echo = ctx;
    char text[16];

    (void)payload;
    (void)snprintf(text, sizeof(text), "%zu", echo->held_count);
    td_request_reply(request, bytes_of(text));
}

static void describe(void *ctx, struct td_request *request, struct td_bytes payload)
{
    const struct echo *echo = ctx;
    char text[256];

    (void)payload;
    (void)snprintf(text, sizeof(text), "%s tenant %u from %s", td_service_instance(echo->service),
                   td_request_tenant(request), td_request_source(request));
    td_request_reply(request, bytes_of(text));
}

/* Takes the lead with the epoch in the payload; 0 gives it back. */
static void lead(void *ctx, struct td_request *request, struct td_bytes payload)
{
    const struct echo *echo = ctx;
    char text[32];
    uint64_t epoch = 0;

    (void)snprintf(text, sizeof(text), "%.*s", (int)payload.size, (const char *)payload.data);
    if (td_str_to_u64(text, UINT64_MAX, &epoch) == TD_OK)
        td_service_set_active(echo->service, epoch > 0, epoch);
    td_request_reply(request, payload);
}

static void load(void *ctx, struct td_request *request, struct td_bytes payload)
{
    const struct echo *echo = ctx;

    td_service_set_load(echo->service, 90);
    td_request_reply(request, payload);
}

static enum td_err echo_start(struct td_service *service, void *ctx)
{
    struct echo *echo = ctx;

    echo->service = service;
    return TD_OK;
}

static void echo_stop(void *ctx)
{
    struct echo *echo = ctx;

    for (size_t i = 0; i < echo->held_count; i++)
        td_request_fail(echo->held[i], TD_ERR_UNAVAILABLE, "this instance stops");
    td_service_stopped(echo->service);
}

static int run_named(const char *name, int argc, char **argv)
{
    static struct echo echo;
    static const struct td_handler handlers[] = {
        {"Echo", echo_back},    {"Refuse", refuse}, {"Hold", hold}, {"Held", count_held},
        {"Describe", describe}, {"Lead", lead},     {"Load", load}};
    const struct td_service_definition definition = {
        .name = name,
        .description = "says what it is told",
        .handlers = handlers,
        .handler_count = sizeof(handlers) / sizeof(handlers[0]),
        .start = echo_start,
        .stop = echo_stop,
        .ctx = &echo,
    };

    return td_service_main(argc, argv, &definition);
}

static int run_echo(int argc, char **argv)
{
    return run_named("echo", argc, argv);
}

static int run_router(int argc, char **argv)
{
    return run_named("router", argc, argv);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static void ask_everything(struct scene *scene)
{
    scene_call(
        scene, 0,
        &(struct td_call){.to = "echo", .type = "Echo", .tenant = 1, .payload = bytes_of("hello")});
    scene_call(
        scene, 1,
        &(struct td_call){.to = "echo", .type = "Refuse", .tenant = 1, .payload = bytes_of("red")});
    scene_call(scene, 2, &(struct td_call){.to = "echo", .type = "Nonsense", .tenant = 1});
    scene_call(scene, 3, &(struct td_call){.to = "nobody", .type = "Echo", .tenant = 1});
    scene_call(scene, 4,
               &(struct td_call){.to = "echo", .instance = "echo-7", .type = "Echo", .tenant = 1});
    scene_call(scene, 5, &(struct td_call){.to = "echo", .type = "Echo", .tenant = 0});
    scene_call(
        scene, 6,
        &(struct td_call){.to = "echo", .instance = "echo-1", .type = "Describe", .tenant = 42});
}

static void each_call_gets_its_answer(void **state)
{
    (void)state;
    pid_t echo = stage_start("echo", "echo-1");
    struct scene scene = {.begin = ask_everything, .needs = "echo-1"};

    play(&scene);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(scene.outcomes[i].count, 1);
    assert_int_equal(scene.outcomes[0].err, TD_OK);
    assert_string_equal(scene.outcomes[0].text, "hello");
    assert_int_equal(scene.outcomes[1].err, TD_ERR_DENIED);
    assert_string_equal(scene.outcomes[1].text, "color: expected blue, found red");
    assert_int_equal(scene.outcomes[2].err, TD_ERR_NOT_FOUND);
    assert_int_equal(scene.outcomes[3].err, TD_ERR_UNAVAILABLE);
    assert_true(elapsed_ms(&scene, 3) < 500);
    assert_int_equal(scene.outcomes[4].err, TD_ERR_UNAVAILABLE);
    assert_int_equal(scene.outcomes[5].err, TD_ERR_RANGE);
    assert_non_null(strstr(scene.outcomes[5].text, "tenant"));
    assert_string_equal(scene.outcomes[6].text, "echo-1 tenant 42 from tool");
    assert_int_equal(stage_stop(echo), 0);
}

static void ask_to_hold(struct scene *scene)
{
    scene_call(scene, 0,
               &(struct td_call){.to = "echo", .type = "Hold", .tenant = 1, .deadline_ms = 150});
}

static void what_is_not_answered_times_out(void **state)
{
    (void)state;
    pid_t echo = stage_start("echo", "echo-1");
    struct scene scene = {.begin = ask_to_hold, .needs = "echo-1"};

    play(&scene);
    assert_int_equal(scene.outcomes[0].err, TD_ERR_TIMEOUT);
    assert_true(elapsed_ms(&scene, 0) >= 150);
    assert_true(elapsed_ms(&scene, 0) < 1500);
    assert_int_equal(stage_stop(echo), 0); // It answers the held one too late, which harms nobody.
}

/* --- death -------------------------------------------------------------------------------------
 */

static pid_t to_be_killed;

static int signal_for_it;

static void hold_and_end(struct scene *scene);

/* It took the request before, since requests are taken in order: only then it is ended. */
static void end_it(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct scene *scene = ctx;

    (void)message;
    if (err == TD_OK && payload.size == 1 && payload.data[0] == '1')
        assert_int_equal(kill(to_be_killed, signal_for_it), 0);
    else
        hold_and_end(scene);
}

static void hold_and_end(struct scene *scene)
{
    static const struct td_call hold_it = {
        .to = "echo", .type = "Hold", .tenant = 1, .deadline_ms = 15000};
    const struct td_call then = {.to = "echo", .type = "Held", .tenant = 1};

    if (scene->due == 0)
        scene_call(scene, 0, &hold_it);
    td_call(scene->service, &then, end_it, scene);
}

static int play_the_end(struct scene *scene, int signum)
{
    int status = 0;

    signal_for_it = signum;
    to_be_killed = stage_start("echo", "echo-1");
    play(scene);
    assert_int_equal(waitpid(to_be_killed, &status, 0), to_be_killed);
    return status;
}

static void a_death_ends_calls_when_its_lease_ends(void **state)
{
    (void)state;
    struct scene scene = {.begin = hold_and_end, .needs = "echo-1"};

    assert_true(WIFSIGNALED(play_the_end(&scene, SIGKILL)));
    assert_int_equal(scene.outcomes[0].err, TD_ERR_UNAVAILABLE);
    assert_true(elapsed_ms(&scene, 0) < 3000); // Not its deadline.
}

static void a_stop_answers_what_is_held(void **state)
{
    (void)state;
    struct scene scene = {.begin = hold_and_end, .needs = "echo-1"};

    assert_int_equal(play_the_end(&scene, SIGTERM), 0);
    assert_int_equal(scene.outcomes[0].err, TD_ERR_UNAVAILABLE);
    assert_string_equal(scene.outcomes[0].text, "this instance stops");
}

/* --- who is there ------------------------------------------------------------------------------
 */

struct seen {
    char text[512];
    struct scene *scene;
};

static void note_change(void *ctx, enum td_instance_change change,
                        const struct td_instance *instance)
{
    static const char *const words[] = {"appeared", "changed", "gone"};
    struct seen *seen = ctx;
    size_t used = strlen(seen->text);

    if (!td_str_equal(instance->service, "echo") || change == TD_INSTANCE_CHANGED)
        return;
    (void)snprintf(seen->text + used, sizeof(seen->text) - used, "%s %s; ", instance->instance,
                   words[change]);
    if (strstr(seen->text, "gone; echo-1 appeared") != NULL)
        scene_end(seen->scene);
}

static void restart_it(struct scene *scene)
{
    td_service_watch_instances(scene->service, note_change, scene->ctx);
    stage_kill(to_be_killed);
    to_be_killed = stage_start("echo", "echo-1");
}

static void a_restart_within_the_lease_is_gone_then_appeared(void **state)
{
    (void)state;
    struct seen seen = {.text = ""};
    struct scene scene = {.begin = restart_it, .needs = "echo-1", .ctx = &seen};

    seen.scene = &scene;
    to_be_killed = stage_start("echo", "echo-1");
    play(&scene);
    assert_string_equal(seen.text, "echo-1 appeared; echo-1 gone; echo-1 appeared; ");
    assert_int_equal(stage_stop(to_be_killed), 0);
}

/* A scene that begins once both instances of a service are there. */
struct pair {
    struct scene *scene;
    const char *service;
    void (*go)(struct pair *pair);
    uint32_t there;
    uint32_t asked;
    uint32_t answered;
    uint32_t first; /* answers of instance -1 */
    struct td_timer again;
};

static void count_instance(void *ctx, const struct td_instance *instance)
{
    (void)instance;
    ((struct pair *)ctx)->there++;
}

static void on_pair_change(void *ctx, enum td_instance_change change,
                           const struct td_instance *instance)
{
    struct pair *pair = ctx;

    (void)instance;
    if (change != TD_INSTANCE_APPEARED || pair->there == 2)
        return;
    pair->there = 0;
    td_service_each_instance(pair->scene->service, pair->service, count_instance, pair);
    if (pair->there == 2)
        pair->go(pair);
}

static void begin_pair(struct scene *scene)
{
    struct pair *pair = scene->ctx;

    pair->scene = scene;
    td_service_watch_instances(scene->service, on_pair_change, pair);
}

#define CALLS_OF_A_PAIR 200

static const struct td_call describe_any = {.to = "echo", .type = "Describe", .tenant = 1};

static void on_described(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct pair *pair = ctx;

    (void)message;
    if (err == TD_ERR_BUSY) {
        td_call(pair->scene->service, &describe_any, on_described, pair);
        return;
    }
    pair->answered++;
    if (err == TD_OK && memcmp(payload.data, "echo-1", 6) == 0)
        pair->first++;
    if (pair->answered == CALLS_OF_A_PAIR)
        scene_end(pair->scene);
}

static void ask_any(struct pair *pair)
{
    for (; pair->asked < CALLS_OF_A_PAIR; pair->asked++)
        td_call(pair->scene->service, &describe_any, on_described, pair);
}

static void equally_loaded_instances_share_the_calls(void **state)
{
    (void)state;
    pid_t pids[] = {stage_start("echo", "echo-1"), stage_start("echo", "echo-2")};
    struct pair pair = {.service = "echo", .go = ask_any};
    struct scene scene = {.begin = begin_pair, .ctx = &pair};

    play(&scene);
    assert_in_range(pair.first, 50, 150); // Outside once in 10^12 runs.
    assert_int_equal(stage_stop(pids[0]), 0);
    assert_int_equal(stage_stop(pids[1]), 0);
}

static void on_loaded_change(void *ctx, enum td_instance_change change,
                             const struct td_instance *instance)
{
    struct pair *pair = ctx;

    if (change == TD_INSTANCE_CHANGED && instance->load_percent == 90)
        ask_any(pair);
}

static void load_first(struct pair *pair);

static void on_load_said(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    (void)payload;
    (void)message;
    if (err == TD_ERR_BUSY)
        load_first(ctx);
}

static void load_first(struct pair *pair)
{
    const struct td_call call = {.to = "echo", .instance = "echo-1", .type = "Load", .tenant = 1};

    td_call(pair->scene->service, &call, on_load_said, pair);
}

static void watch_and_load_first(struct pair *pair)
{
    td_service_watch_instances(pair->scene->service, on_loaded_change, pair);
    load_first(pair);
}

static void the_least_loaded_instance_is_asked(void **state)
{
    (void)state;
    pid_t pids[] = {stage_start("echo", "echo-1"), stage_start("echo", "echo-2")};
    struct pair pair = {.service = "echo", .go = watch_and_load_first};
    struct scene scene = {.begin = begin_pair, .ctx = &pair};

    play(&scene);
    assert_int_equal(pair.answered, CALLS_OF_A_PAIR);
    assert_int_equal(pair.first, 0);
    assert_int_equal(stage_stop(pids[0]), 0);
    assert_int_equal(stage_stop(pids[1]), 0);
}

static void on_lead_said(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct pair *pair = ctx;

    (void)payload;
    (void)message;
    if (err == TD_ERR_BUSY)
        pair->asked--; // Said again the next time it is looked for.
}

static void take_lead(struct pair *pair, const char *instance, const char *epoch)
{
    const struct td_call call = {.to = "router",
                                 .instance = instance,
                                 .type = "Lead",
                                 .tenant = 1,
                                 .payload = bytes_of(epoch)};

    td_call(pair->scene->service, &call, on_lead_said, pair);
}

/* While nobody leads there is no router; of two who both say so the newer epoch is right. */
static void look_for_leader(void *ctx)
{
    struct pair *pair = ctx;
    struct scene *scene = pair->scene;
    const struct td_instance *found = td_service_find_instance(scene->service, "router", NULL);
    const char *name = found != NULL ? found->instance : "";

    if (pair->asked == 0) {
        assert_null(found);
        take_lead(pair, "router-2", "5");
        pair->asked++;
    } else if (pair->asked == 1 && td_str_equal(name, "router-2")) {
        take_lead(pair, "router-1", "6");
        pair->asked++;
    } else if (pair->asked == 2 && td_str_equal(name, "router-1")) {
        take_lead(pair, "router-1", "0");
        pair->asked++;
    } else if (pair->asked == 3 && td_str_equal(name, "router-2")) {
        pair->answered++;
        scene_end(scene);
        return;
    }
    td_timer_start(&pair->again, 5);
}

static void begin_looking(struct pair *pair)
{
    td_timer_init(&pair->again, td_service_loop(pair->scene->service), look_for_leader, pair);
    td_timer_start(&pair->again, 0);
}

static void stop_looking(struct scene *scene)
{
    td_timer_stop(&((struct pair *)scene->ctx)->again);
}

static void the_router_is_the_one_that_leads(void **state)
{
    (void)state;
    pid_t pids[] = {stage_start("router", "router-1"), stage_start("router", "router-2")};
    struct pair pair = {.service = "router", .go = begin_looking};
    struct scene scene = {.begin = begin_pair, .stop = stop_looking, .ctx = &pair};

    play(&scene);
    assert_int_equal(pair.answered, 1);
    assert_int_equal(stage_stop(pids[0]), 0);
    assert_int_equal(stage_stop(pids[1]), 0);
}

int main(int argc, char **argv)
{
    static const struct role roles[] = {{"echo", run_echo}, {"router", run_router}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_gets_its_answer),
        cmocka_unit_test(what_is_not_answered_times_out),
        cmocka_unit_test(a_death_ends_calls_when_its_lease_ends),
        cmocka_unit_test(a_stop_answers_what_is_held),
        cmocka_unit_test(a_restart_within_the_lease_is_gone_then_appeared),
        cmocka_unit_test(equally_loaded_instances_share_the_calls),
        cmocka_unit_test(the_least_loaded_instance_is_asked),
        cmocka_unit_test(the_router_is_the_one_that_leads),
    };
    int status = stage_main(argc, argv, roles, 2);

    return status >= 0 ? status : cmocka_run_group_tests(tests, stage_open, stage_close);
}
