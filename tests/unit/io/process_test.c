/*
 * The program is its own worker: with an argument it plays the child.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "await.h"

#include "io/process.h"
#include "io/worker.h"

#define FRAME_MAX 4096

/* --- the children --- */

static int be_echo(struct td_worker *worker)
{
    struct td_bytes frame;

    printf("noise on standard output must not get among the frames\n");
    (void)fflush(stdout);
    while (td_worker_receive(worker, &frame) == TD_OK) {
        if (frame.size == 4 && memcmp(frame.data, "exit", 4) == 0) {
            if (td_worker_send(worker, td_bytes("bye", 3)) != TD_OK)
                return 1;
            return 7;
        }
        if (td_worker_send(worker, frame) != TD_OK)
            return 1;
    }
    return 0;
}

static _Noreturn void be_spinning(void)
{
    for (volatile uint64_t i = 0;; i++)
        ;
}

/* Answers once and is then lost in a loop: it never sees its input close. */
static int be_stuck(struct td_worker *worker)
{
    struct td_bytes frame;

    if (td_worker_receive(worker, &frame) != TD_OK || td_worker_send(worker, frame) != TD_OK)
        return 1;
    be_spinning();
}

static int be_hungry(struct td_worker *worker)
{
    struct td_bytes frame;

    if (td_worker_receive(worker, &frame) != TD_OK)
        return 1;
    void *much = malloc((size_t)1 << 30);
    const char *answer = much != NULL ? "full" : "hungry";
    free(much);
    return td_worker_send(worker, td_bytes(answer, strlen(answer))) == TD_OK ? 0 : 1;
}

static int be_babbling(struct td_worker *worker)
{
    static const char too_much[FRAME_MAX + 1];

    if (td_worker_send(worker, td_bytes("ok", 2)) != TD_OK ||
        td_worker_send(worker, td_bytes(too_much, sizeof(too_much))) != TD_OK)
        return 1;
    be_spinning();
}

static _Noreturn void be_deaf(void)
{
    for (;;)
        (void)pause();
}

static int be_worker(const char *role)
{
    static uint8_t buf[FRAME_MAX + TD_FRAME_HEADER_SIZE];
    struct td_worker worker;

    if (td_worker_init(&worker, buf, sizeof(buf)) != TD_OK)
        return 99;
    if (strcmp(role, "echo") == 0)
        return be_echo(&worker);
    if (strcmp(role, "spin") == 0)
        be_spinning();
    if (strcmp(role, "stuck") == 0)
        return be_stuck(&worker);
    if (strcmp(role, "hungry") == 0)
        return be_hungry(&worker);
    if (strcmp(role, "babble") == 0)
        return be_babbling(&worker);
    be_deaf();
}

/* --- the tests --- */

struct seen {
    struct td_process *process;
    int frames;
    size_t size;
    char text[FRAME_MAX + 1];
    int exits;
    int frames_at_exit;
    struct td_process_end end;
};

static void on_frame(void *ctx, struct td_bytes frame)
{
    struct seen *seen = ctx;

    assert_true(frame.size <= FRAME_MAX);
    seen->frames++;
    seen->size = frame.size;
    memcpy(seen->text, frame.data, frame.size);
    seen->text[frame.size] = '\0';
}

static void on_exit_seen(void *ctx, struct td_process_end end)
{
    struct seen *seen = ctx;

    seen->exits++;
    seen->frames_at_exit = seen->frames;
    seen->end = end;
}

static struct td_process *start_with(struct td_loop *loop, const char *role, struct seen *seen,
                                     struct td_process_options options)
{
    const char *argv[] = {"/proc/self/exe", role, NULL};

    memset(seen, 0, sizeof(*seen));
    options.argv = argv;
    options.frame_max = FRAME_MAX;
    if (options.on_frame == NULL)
        options.on_frame = on_frame;
    if (options.on_exit == NULL)
        options.on_exit = on_exit_seen;
    options.ctx = seen;
    assert_int_equal(td_process_start(loop, &options, &seen->process), TD_OK);
    return seen->process;
}

static struct td_process *start(struct td_loop *loop, const char *role, struct seen *seen)
{
    return start_with(loop, role, seen, (struct td_process_options){0});
}

static void say(struct td_process *process, const char *text)
{
    assert_int_equal(td_process_send(process, td_bytes(text, strlen(text))), TD_OK);
}

static void frames_go_to_the_child_and_back(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    static uint8_t largest[FRAME_MAX + 1];
    struct td_process *process = start(loop, "echo", &seen);

    say(process, "hello");
    await(loop, seen.frames == 1);
    assert_string_equal(seen.text, "hello");
    assert_int_equal(td_process_queued_bytes(process), 0);
    say(process, "");
    await(loop, seen.frames == 2);
    assert_int_equal(seen.size, 0);
    memset(largest, 'x', sizeof(largest));
    assert_int_equal(td_process_send(process, td_bytes(largest, FRAME_MAX)), TD_OK);
    await(loop, seen.frames == 3);
    assert_int_equal(seen.size, FRAME_MAX);
    assert_int_equal(td_process_send(process, td_bytes(largest, FRAME_MAX + 1)), TD_ERR_RANGE);
    for (int i = 0; i < 100; i++)
        say(process, "many");
    await(loop, seen.frames == 103);
    td_process_destroy(&seen.process);
    assert_null(seen.process);
    td_loop_destroy(&loop);
    assert_int_equal(seen.exits, 0);
}

static void the_end_comes_after_the_last_frame(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    struct td_process *process = start(loop, "echo", &seen);

    say(process, "exit");
    await(loop, seen.exits == 1);
    assert_int_equal(seen.frames_at_exit, 1);
    assert_string_equal(seen.text, "bye");
    assert_int_equal(seen.end.status, 7);
    assert_int_equal(seen.end.signal, 0);
    assert_int_equal(td_process_send(process, td_bytes("x", 1)), TD_ERR_UNAVAILABLE);
    td_process_kill(process); // ignored
    td_process_destroy(&seen.process);
    td_loop_destroy(&loop);
}

static void a_killed_child_is_reported(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    struct td_process *process = start(loop, "spin", &seen);

    td_process_kill(process);
    await(loop, seen.exits == 1);
    assert_int_equal(seen.end.signal, SIGKILL);
    td_process_destroy(&seen.process);
    td_loop_destroy(&loop);
}

static void a_program_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct td_process *process = NULL;
    const char *argv[] = {"/nowhere/to/be/found", NULL};
    struct td_process_options options = {
        .argv = argv, .on_frame = on_frame, .on_exit = on_exit_seen};

    assert_int_equal(td_process_start(loop, &options, &process), TD_ERR_NOT_FOUND);
    assert_null(process);
    argv[0] = "/etc/passwd";
    assert_int_equal(td_process_start(loop, &options, &process), TD_ERR_DENIED);
    td_loop_destroy(&loop);
}

static void an_endless_loop_ends_with_its_cpu_time(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;

    start_with(loop, "spin", &seen, (struct td_process_options){.cpu_max_s = 1});
    await(loop, seen.exits == 1);
    assert_true(seen.end.signal == SIGXCPU || seen.end.signal == SIGKILL);
    td_process_destroy(&seen.process);
    td_loop_destroy(&loop);
}

static void memory_is_bounded(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); // Its shadow takes terabytes of address space, so the bound is off.
#endif
    struct td_loop *loop = make_loop();
    struct seen seen;
    struct td_process *process =
        start_with(loop, "hungry", &seen,
                   (struct td_process_options){.memory_max_bytes = UINT64_C(256) << 20});

    say(process, "eat");
    await(loop, seen.frames == 1);
    assert_string_equal(seen.text, "hungry");
    td_process_destroy(&seen.process);
    td_loop_destroy(&loop);
}

static void a_child_that_breaks_the_frames_is_killed(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;

    start(loop, "babble", &seen);
    await(loop, seen.exits == 1);
    assert_int_equal(seen.frames, 1);
    assert_int_equal(seen.end.signal, SIGKILL);
    td_process_destroy(&seen.process);
    td_loop_destroy(&loop);
}

static void a_child_that_does_not_read_fills_a_bounded_queue(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    static const uint8_t block[FRAME_MAX];
    struct td_process *process = start_with(
        loop, "deaf", &seen, (struct td_process_options){.queue_max_bytes = 10 * FRAME_MAX});
    enum td_err err = TD_OK;

    // What the pipe itself takes is gone from the queue.
    for (int i = 0; i < 10000 && err == TD_OK; i++) {
        err = td_process_send(process, td_bytes(block, sizeof(block)));
        assert_true(td_process_queued_bytes(process) <= 10 * FRAME_MAX);
        uv_run(td_loop_uv(loop), UV_RUN_NOWAIT);
    }
    assert_int_equal(err, TD_ERR_LIMIT);
    td_process_kill(process);
    await(loop, seen.exits == 1);
    td_process_destroy(&seen.process);
    td_loop_destroy(&loop);
}

static void destroying_reaps_the_child(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    int pid = td_process_pid(start(loop, "spin", &seen));

    td_process_destroy(&seen.process);
    td_loop_destroy(&loop);
    assert_int_equal(seen.exits, 0);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void destroy_on_frame(void *ctx, struct td_bytes frame)
{
    struct seen *seen = ctx;

    (void)frame;
    seen->frames++;
    td_process_destroy(&seen->process);
}

static void destroy_on_exit(void *ctx, struct td_process_end end)
{
    struct seen *seen = ctx;

    (void)end;
    seen->exits++;
    td_process_destroy(&seen->process);
}

static void callbacks_may_destroy_the_process(void **state)
{
    (void)state;
    struct td_loop *loop = make_loop();
    struct seen seen;
    struct td_process *process =
        start_with(loop, "echo", &seen, (struct td_process_options){.on_frame = destroy_on_frame});

    for (int i = 0; i < 5; i++)
        say(process, "x");
    await(loop, seen.process == NULL);
    assert_int_equal(seen.frames, 1);

    process =
        start_with(loop, "echo", &seen, (struct td_process_options){.on_exit = destroy_on_exit});
    say(process, "exit");
    await(loop, seen.exits == 1);
    assert_null(seen.process);
    td_loop_destroy(&loop);
}

/* Between us and the worker stands a service that dies without a word. */
static void a_worker_dies_with_its_service(void **state)
{
    (void)state;
    int pids[2];
    int worker = 0;

    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1),
                     0); // So that the orphan is ours to wait for.
    assert_int_equal(pipe(pids), 0);
    pid_t service = fork();
    assert_true(service >= 0);
    if (service == 0) {
        struct td_loop *loop = make_loop();
        struct seen seen;

        // It has read a frame, hence set itself up, before we die.
        worker = td_process_pid(start(loop, "stuck", &seen));
        say(seen.process, "x");
        await(loop, seen.frames == 1);
        if (write(pids[1], &worker, sizeof(worker)) == (ssize_t)sizeof(worker))
            (void)raise(SIGKILL);
        _exit(1);
    }
    (void)close(pids[1]);
    assert_int_equal(read(pids[0], &worker, sizeof(worker)), sizeof(worker));
    assert_int_equal(waitpid(service, NULL, 0), service);
    int status = 0;
    (void)alarm(20);
    assert_int_equal(waitpid(worker, &status, 0), worker);
    (void)alarm(0);
    (void)close(pids[0]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_go_to_the_child_and_back),
        cmocka_unit_test(the_end_comes_after_the_last_frame),
        cmocka_unit_test(a_killed_child_is_reported),
        cmocka_unit_test(a_program_that_is_not_there_is_not_found),
        cmocka_unit_test(an_endless_loop_ends_with_its_cpu_time),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(a_child_that_breaks_the_frames_is_killed),
        cmocka_unit_test(a_child_that_does_not_read_fills_a_bounded_queue),
        cmocka_unit_test(destroying_reaps_the_child),
        cmocka_unit_test(callbacks_may_destroy_the_process),
        cmocka_unit_test(a_worker_dies_with_its_service),
    };

    if (argc > 1)
        return be_worker(argv[1]);
    return cmocka_run_group_tests_name("io/process", tests, NULL, NULL);
}
