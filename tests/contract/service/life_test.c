/* Arguments, settings and a clean stop, whatever is under way. */
#include "stage.h"

#include "io/live_read.h"
#include "service/commit.h"
#include "service/outbox.h"

/* --- a service with everything under way when it stops -------------------------------------------
 */

#define COMMITS 3000 /* more than one step of Redis takes */

struct busy_config {
    uint32_t calls_max;
    uint32_t patience_ms;
};

struct busy {
    struct td_service *service;
    struct busy_config config;
    struct td_outbox *outbox;
};

static void on_never(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    (void)ctx;
    (void)err;
    (void)payload;
    (void)message;
    abort(); // It was closed before.
}

static void on_never_committed(void *ctx, enum td_err err)
{
    (void)ctx;
    (void)err;
    abort();
}

/* Commits that are under way when it stops: the last of them, too, must be on disk afterwards. */
static void commit_much(struct busy *busy)
{
    char field[16];

    for (int i = 0; i < COMMITS; i++) {
        struct td_commit *commit = td_commit_begin(busy->service, 1);

        (void)snprintf(field, sizeof(field), "%d", i);
        td_commit_put(commit, "left", field, bytes_of("x"));
        td_commit_run(commit, 5000, on_never_committed, busy);
    }
}

static void call_much(struct busy *busy)
{
    static const char *const places[] = {"nobody", "busy"};

    for (size_t i = 0; i < 2; i++) {
        const struct td_call call = {
            .to = places[i], .type = "Hold", .tenant = 1, .key = places[i], .deadline_ms = 60000};
        td_call(busy->service, &call, on_never, busy);
        assert_int_equal(td_outbox_send_with(busy->outbox, &call, on_never, busy), TD_OK);
    }
}

static void hold(void *ctx, struct td_request *request, struct td_bytes payload)
{
    (void)ctx;
    (void)request; // Never answered: whoever asked is told by the deadline.
    (void)payload;
}

static void go_on(void *ctx, struct td_request *request, struct td_bytes payload)
{
    (void)ctx;
    td_request_reply(request, payload);
}

static enum td_err busy_start(struct td_service *service, void *ctx)
{
    struct busy *busy = ctx;

    busy->service = service;
    return td_outbox_create(service, &busy->outbox);
}

static void busy_stop(void *ctx)
{
    struct busy *busy = ctx;

    commit_much(busy);
    call_much(busy);
    td_outbox_destroy(&busy->outbox);
    td_service_stopped(busy->service);
}

static int run_busy(int argc, char **argv)
{
    static struct busy busy;
    static const struct td_config_key keys[] = {
        TD_CONFIG_U32("calls_max", struct busy_config, calls_max, .fallback = "100",
                      .unit = "calls", .min = 1, .max = 1000, .help = "at one time"),
        TD_CONFIG_DURATION_MS("patience", struct busy_config, patience_ms, .fallback = "5s",
                              .min = 1, .max = 60000, .help = "with those who wait"),
    };
    static const struct td_handler handlers[] = {{"Hold", hold}, {"GoOn", go_on}};
    const struct td_service_definition definition = {
        .name = "busy",
        .description = "has much to do",
        .keys = keys,
        .key_count = 2,
        .config = &busy.config,
        .handlers = handlers,
        .handler_count = 2,
        .start = busy_start,
        .stop = busy_stop,
        .ctx = &busy,
    };

    return td_service_main(argc, argv, &definition);
}

/* --- stop --------------------------------------------------------------------------------------
 */

static pid_t busy_pid;

static void on_gone(void *ctx, enum td_instance_change change, const struct td_instance *instance)
{
    if (change == TD_INSTANCE_GONE && td_str_equal(instance->instance, "busy-1"))
        scene_count_down(ctx);
}

static void ask_and_stop(struct scene *scene)
{
    const struct td_call call = {.to = "busy", .type = "Hold", .tenant = 1, .deadline_ms = 60000};

    scene->due++;
    td_service_watch_instances(scene->service, on_gone, scene);
    td_call(scene->service, &call, NULL, NULL);
    assert_int_equal(kill(busy_pid, SIGTERM), 0);
}

static void a_stop_is_clean_and_seen_at_once(void **state)
{
    (void)state;
    int status = 0;
    struct scene scene = {.begin = ask_and_stop, .needs = "busy-1"};

    busy_pid = stage_start("busy", "busy-1");
    play(&scene);
    assert_true((td_loop_now_ns() - scene.begun_ns) / 1000000 < 2000);
    assert_int_equal(waitpid(busy_pid, &status, 0), busy_pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void on_count(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%lld",
                   err == TD_OK ? (long long)td_live_reply_integer(reply) : -1);
    outcome_came(ctx, err, text, strlen(text));
}

static void count_left(struct scene *scene)
{
    const struct td_bytes args[] = {td_live_text("HLEN"), td_live_text("tandem:test:1:left")};

    assert_int_equal(td_live_command(td_service_live(scene->service), args, 2, 5000, on_count,
                                     await_outcome(scene, 0)),
                     TD_OK);
}

static void what_was_committed_before_the_stop_is_on_disk(void **state)
{
    (void)state;
    struct scene scene = {.begin = count_left}; // Left by the test before.
    char expected[16];

    play(&scene);
    (void)snprintf(expected, sizeof(expected), "%d", COMMITS);
    assert_string_equal(scene.outcomes[0].text, expected);
}

static void it_stops_while_its_store_is_away(void **state)
{
    (void)state;
    struct scene scene = {.begin = scene_end, .needs = "busy-1"};

    busy_pid = stage_start("busy", "busy-1");
    play(&scene);
    private_redis_kill(&stage.redis);
    int status = stage_stop(busy_pid);
    private_redis_start(&stage.redis);
    assert_int_equal(status, 0);
}

static void it_stops_while_its_store_is_silent(void **state)
{
    (void)state;
    struct scene scene = {.begin = scene_end, .needs = "busy-1"};

    busy_pid = stage_start("busy", "busy-1");
    play(&scene);
    private_server_freeze(&stage.redis.server, true);
    int status = stage_stop(busy_pid);
    private_server_freeze(&stage.redis.server, false);
    assert_int_equal(status, 0);
}

static void it_stops_before_it_started(void **state)
{
    (void)state;
    char log[PATH_MAX + 8];
    char text[8192] = "";

    private_redis_kill(&stage.redis);
    (void)snprintf(log, sizeof(log), "%s/log", stage.redis.server.folder);
    assert_int_equal(unlink(log), 0);
    busy_pid = stage_start("busy", "busy-1");
    uint64_t give_up_ns = td_loop_now_ns() + PRIVATE_START_NS;
    while (strstr(text, "service.starting") == NULL) {
        FILE *file = fopen(log, "r");
        assert_true(td_loop_now_ns() < give_up_ns);
        if (file != NULL) {
            text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
            (void)fclose(file);
        }
        (void)usleep(2000);
    }
    assert_int_equal(stage_stop(busy_pid), 0);
    private_redis_start(&stage.redis);
}

/* --- usage -------------------------------------------------------------------------------------
 */

static void assert_says(const char *arguments, int status, const char *words)
{
    char output[8192];

    int got = stage_run("busy", arguments, output, sizeof(output));
    if (got != status || strstr(output, words) == NULL)
        fail_msg("%s: exit status %d; expected %d and \"%s\" in:\n%s", arguments, got, status,
                 words, output);
}

static void help_names_every_setting(void **state)
{
    (void)state;
    assert_says("--help", 0, "calls_max");
    assert_says("--help", 0, "redis_password");
    assert_says("--help", 0, "--check-config");
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    assert_says("", 2, "--site FILE is missing");
    assert_says("--site x extra", 2, "unexpected argument");
    assert_says("--site x --colour", 2, "unknown option");
    assert_says("--site x --http-port 70000", 2, "--http-port: expected");
    assert_says("--site x --instance a/b", 2, "--instance: expected");
}

static void assert_checked(const char *settings, int status, const char *words)
{
    char path[PATH_MAX + 32];
    char arguments[PATH_MAX + 64];

    (void)snprintf(path, sizeof(path), "%s/check.yaml", stage.redis.server.folder);
    stage_write_site(path, NULL, settings);
    (void)snprintf(arguments, sizeof(arguments), "--site %s --check-config", path);
    assert_says(arguments, status, words);
}

static void settings_are_checked_with_file_line_and_key(void **state)
{
    (void)state;
    assert_checked("busy:\n  calls_max: 7\n  patience: 3s\n", 0, "settings of busy are right");
    assert_checked("busy:\n  calls_max: 7\n  calls: 3\n", 2, "check.yaml:7");
    assert_checked("busy:\n  calls_max: 7\n  calls: 3\n", 2, "calls");
    assert_checked("busy:\n  calls_max: 0\n", 2, "check.yaml:6");
    assert_checked("busy:\n  calls_max: 0\n", 2, "calls_max");
    assert_checked("busy:\n  calls_max: many\n", 2, "calls_max");
    assert_checked("busy:\n  patience: 2min\n", 2, "patience");
    assert_checked("busy:\n  calls_max: 7\n  calls_max: 8\n", 2, "check.yaml:7");
    assert_checked("  colour: blue\n", 2, "colour");      // In the section of the site.
    assert_checked("edge:\n  anything: 7\n", 0, "right"); // Somebody else's.
    assert_checked("nonsense:\n  anything: 7\n", 2, "nonsense");
    assert_says("--site /nonexistent/site.yaml --check-config", 2, "/nonexistent/site.yaml");
}

int main(int argc, char **argv)
{
    static const struct role roles[] = {{"busy", run_busy}};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_is_clean_and_seen_at_once),
        cmocka_unit_test(what_was_committed_before_the_stop_is_on_disk),
        cmocka_unit_test(it_stops_while_its_store_is_away),
        cmocka_unit_test(it_stops_while_its_store_is_silent),
        cmocka_unit_test(it_stops_before_it_started),
        cmocka_unit_test(help_names_every_setting),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(settings_are_checked_with_file_line_and_key),
    };
    int status = stage_main(argc, argv, roles, 1);

    return status >= 0 ? status : cmocka_run_group_tests(tests, stage_open, stage_close);
}
