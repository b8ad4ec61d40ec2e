/**
 * @file stage.h  A private Redis and its site.yaml, services in processes of their own, and a tool
 * in this one that plays a scene with them.
 *
 * A test program on this stage calls stage_main(): started with `--as NAME` it is that service,
 * otherwise it runs its tests.
 */
#ifndef TD_TESTS_UNIT_SERVICE_STAGE_H
#define TD_TESTS_UNIT_SERVICE_STAGE_H

#include "../io/private_redis.h"

#include "base/str.h"
#include "io/timer.h"
#include "service/tool.h"

#define SCENE_MAX_MS 20000
#define EXIT_TOO_LATE 3

struct stage {
    struct private_redis redis;
    char site_file[PATH_MAX + 32];
};

static struct stage stage;

/* --- the site ----------------------------------------------------------------------------------
 */

/** Writes site.yaml: the section `site` and what else is given. */
static inline void stage_write_site(const char *path, const char *postgres, const char *rest)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    (void)fprintf(file, "site:\n  name: test\n  redis: \"%s\"\n  var: \"%s\"\n",
                  stage.redis.address, stage.redis.server.folder);
    if (postgres != NULL)
        (void)fprintf(file, "  postgres: \"%s\"\n", postgres);
    (void)fputs(rest, file);
    assert_int_equal(fclose(file), 0);
}

static inline int stage_open(void **state)
{
    (void)state;
    private_redis_prepare(&stage.redis);
    private_redis_start(&stage.redis);
    (void)snprintf(stage.site_file, sizeof(stage.site_file), "%s/site.yaml",
                   stage.redis.server.folder);
    stage_write_site(stage.site_file, NULL, "");
    return 0;
}

static inline int stage_close(void **state)
{
    (void)state;
    private_redis_remove(&stage.redis);
    return 0;
}

/* --- services ----------------------------------------------------------------------------------
 */

/** Starts this program again as the service `name`. */
static inline pid_t stage_start(const char *name, const char *instance)
{
    const char *const args[] = {"/proc/self/exe", "--as",       name,     "--site",
                                stage.site_file,  "--instance", instance, NULL};

    return private_spawn(stage.redis.server.folder, NULL, args);
}

static inline void stage_kill(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/** SIGTERM. @return Its exit status; -1 if a signal ended it. */
static inline int stage_stop(pid_t pid)
{
    int status = 0;

    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/** Runs this program as the service `name` to its end. @param output  What it printed. @return Its
   exit status. */
static inline int stage_run(const char *name, const char *arguments, char *output, size_t size)
{
    char command[2 * PATH_MAX];
    char self[PATH_MAX] = "";

    assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    (void)snprintf(command, sizeof(command), "%s --as %s %s 2>&1", self, name, arguments);
    FILE *pipe = popen(command, "r"); // NOLINT(cert-env33-c): our own program
    assert_non_null(pipe);
    output[fread(output, 1, size - 1, pipe)] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- scenes ------------------------------------------------------------------------------------
 */

/** What came of a call or commit. */
struct outcome {
    uint32_t count;
    enum td_err err;
    char text[1024]; /* the reply, or the sentence */
    uint64_t at_ns;
};

struct scene {
    void (*begin)(struct scene *scene); /* when the instance `needs` is there (NULL: at once) */
    void (*stop)(struct scene *scene);  /* closes what begin opened; may be NULL */
    const char *needs;
    bool uses_history;
    struct td_service *service;
    struct td_timer too_late;
    bool begun;
    uint32_t due; /* outcomes; the scene ends with the last one */
    uint64_t begun_ns;
    struct outcome outcomes[8];
    void *ctx; /* of the test */
};

static inline void scene_end(struct scene *scene)
{
    td_tool_exit(scene->service, 0);
}

static inline void scene_count_down(struct scene *scene)
{
    if (scene->due > 0 && --scene->due == 0)
        scene_end(scene);
}

static inline void scene_on_too_late(void *ctx)
{
    const struct scene *scene = ctx;

    td_tool_exit(scene->service, EXIT_TOO_LATE);
}

static inline void scene_on_instance(void *ctx, enum td_instance_change change,
                                     const struct td_instance *instance)
{
    struct scene *scene = ctx;

    if (scene->begun || change == TD_INSTANCE_GONE ||
        (scene->needs != NULL && !td_str_equal(scene->needs, instance->instance)))
        return;
    scene->begun = true;
    scene->begun_ns = td_loop_now_ns();
    scene->begin(scene);
}

static inline void scene_start(struct td_service *service, void *ctx)
{
    struct scene *scene = ctx;

    scene->service = service;
    td_timer_init(&scene->too_late, td_service_loop(service), scene_on_too_late, scene);
    td_timer_start(&scene->too_late, SCENE_MAX_MS);
    if (scene->needs == NULL)
        scene_on_instance(scene, TD_INSTANCE_APPEARED, NULL);
    else
        td_service_watch_instances(service, scene_on_instance, scene);
}

static inline void scene_stop(struct td_service *service, void *ctx)
{
    struct scene *scene = ctx;

    (void)service;
    td_timer_stop(&scene->too_late);
    if (scene->stop != NULL)
        scene->stop(scene);
}

/** Plays the scene to its end; fails the test when it takes too long. */
static inline void play(struct scene *scene)
{
    const struct td_tool tool = {.site_file = stage.site_file,
                                 .uses_history = scene->uses_history,
                                 .start = scene_start,
                                 .stop = scene_stop,
                                 .ctx = scene,
                                 .patience_ms = SCENE_MAX_MS};

    assert_int_equal(td_tool_run(&tool), 0);
}

/* Callbacks find their scene by the outcome that they fill. */
struct awaited {
    struct scene *scene;
    struct outcome *outcome;
    struct td_call call; /* what it points to must last */
};

static inline struct awaited *await_outcome(struct scene *scene, uint32_t index)
{
    struct awaited *awaited = malloc(sizeof(*awaited));

    assert_non_null(awaited);
    *awaited = (struct awaited){.scene = scene, .outcome = &scene->outcomes[index]};
    scene->due++;
    return awaited;
}

static inline void outcome_came(void *ctx, enum td_err err, const char *text, size_t size)
{
    struct awaited *awaited = ctx;
    struct outcome *outcome = awaited->outcome;

    outcome->count++;
    outcome->err = err;
    outcome->at_ns = td_loop_now_ns();
    (void)snprintf(outcome->text, sizeof(outcome->text), "%.*s", (int)size, text);
    scene_count_down(awaited->scene);
    free(awaited);
}

static inline void on_reply(void *ctx, enum td_err err, struct td_bytes payload,
                            const char *message)
{
    if (err == TD_OK)
        outcome_came(ctx, err, payload.size > 0 ? (const char *)payload.data : "", payload.size);
    else
        outcome_came(ctx, err, message, strlen(message));
}

static inline void on_committed(void *ctx, enum td_err err)
{
    outcome_came(ctx, err, "", 0);
}

/* A machine under load makes services busy, which is no answer to what is asked here. */
static inline void on_reply_unless_busy(void *ctx, enum td_err err, struct td_bytes payload,
                                        const char *message)
{
    struct awaited *awaited = ctx;

    if (err == TD_ERR_BUSY)
        td_call(awaited->scene->service, &awaited->call, on_reply_unless_busy, awaited);
    else
        on_reply(ctx, err, payload, message);
}

/** Calls; the answer becomes outcome `index`. @param call  What it points to must last. */
static inline void scene_call(struct scene *scene, uint32_t index, const struct td_call *call)
{
    struct awaited *awaited = await_outcome(scene, index);

    awaited->call = *call;
    td_call(scene->service, call, on_reply_unless_busy, awaited);
}

static inline struct td_bytes bytes_of(const char *text)
{
    return td_bytes(text, strlen(text));
}

static inline uint64_t elapsed_ms(const struct scene *scene, uint32_t index)
{
    return (scene->outcomes[index].at_ns - scene->begun_ns) / 1000000;
}

/* --- main --------------------------------------------------------------------------------------
 */

/** A service that this program can be: `--as NAME`. */
struct role {
    const char *name;
    int (*run)(int argc, char **argv);
};

/** @return -1: run the tests. */
static inline int stage_main(int argc, char **argv, const struct role *roles, size_t role_count)
{
    if (argc < 3 || !td_str_equal(argv[1], "--as"))
        return -1;
    for (size_t i = 0; i < role_count; i++) {
        if (td_str_equal(roles[i].name, argv[2]))
            return roles[i].run(argc - 2, argv + 2);
    }
    return 127;
}

#endif
