/*
 * Commits to a Redis of its own with appendfsync always, as the services make them: a state of 300
 * bytes and an event of 300. A window of N means that N batches are under way at any time; the
 * peer to compare with is one MULTI at a time, sent by the same client. Figures of everysec beside.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/live_commit.h"

#define VALUE_SIZE 300
#define RUN_NS UINT64_C(2000000000)
#define SAMPLES_MAX 1000000
#define DEADLINE_MS 30000

static uint64_t no_clock(void)
{
    return 0;
}

static void to_stderr(const char *line, size_t size)
{
    (void)!write(STDERR_FILENO, line, size);
}

static const struct td_log bench_log = {"bench", TD_LOG_ERROR, no_clock, to_stderr};

static void must(enum td_err err, const char *what)
{
    if (err == TD_OK)
        return;
    (void)fprintf(stderr, "live_bench: %s: %s\n", what, td_err_text(err));
    exit(1);
}

static double cpu_us(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* --- Redis --- */

static pid_t start_redis(const char *folder, const char *fsync)
{
    char socket[128];
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)snprintf(socket, sizeof(socket), "%s/socket", folder);
    if (freopen("/dev/null", "w", stdout) == NULL)
        _exit(126);
    (void)execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", socket, "--dir",
                 folder, "--appendonly", "yes", "--appendfsync", fsync, "--save", "", (char *)NULL);
    _exit(127);
}

/* --- one run --- */

struct run {
    struct td_loop *loop;
    struct td_live *live;
    bool is_grouped; /* td_live_commit; otherwise a MULTI of its own for each */
    uint8_t value[VALUE_SIZE];
    uint64_t until_ns;
    uint32_t under_way;
    uint64_t done;
    uint32_t *latencies_us;
    uint32_t latency_count;
};

struct slot {
    struct run *run;
    uint64_t sent_ns;
    uint32_t number;
};

static void start_one(struct slot *slot);

static void finish_one(struct slot *slot, enum td_err err)
{
    struct run *run = slot->run;
    uint64_t now_ns = td_loop_now_ns();

    must(err, "commit");
    run->done++;
    if (run->latency_count < SAMPLES_MAX)
        run->latencies_us[run->latency_count++] = (uint32_t)((now_ns - slot->sent_ns) / 1000);
    if (now_ns < run->until_ns) {
        start_one(slot);
        return;
    }
    if (--run->under_way == 0)
        td_loop_stop(run->loop);
}

static void on_committed(void *ctx, enum td_err err)
{
    finish_one(ctx, err);
}

static void on_executed(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    (void)reply;
    finish_one(ctx, err);
}

static void ignore_reply(void *ctx, enum td_err err, const struct td_live_reply *reply)
{
    (void)ctx;
    (void)reply;
    must(err, "command");
}

static void send_multi(struct run *run, struct td_bytes field, struct slot *slot)
{
    const struct td_bytes value = td_bytes(run->value, VALUE_SIZE);
    const struct td_bytes multi[] = {td_live_text("MULTI")};
    const struct td_bytes hset[] = {td_live_text("HSET"), td_live_text("state"), field, value};
    const struct td_bytes xadd[] = {td_live_text("XADD"), td_live_text("events"), td_live_text("*"),
                                    td_live_text("e"), value};
    const struct td_bytes exec[] = {td_live_text("EXEC")};

    must(td_live_command(run->live, multi, 1, DEADLINE_MS, ignore_reply, NULL), "MULTI");
    must(td_live_command(run->live, hset, 4, DEADLINE_MS, ignore_reply, NULL), "HSET");
    must(td_live_command(run->live, xadd, 5, DEADLINE_MS, ignore_reply, NULL), "XADD");
    must(td_live_command(run->live, exec, 1, DEADLINE_MS, on_executed, slot), "EXEC");
}

static void start_one(struct slot *slot)
{
    struct run *run = slot->run;
    struct td_live_batch *batch = NULL;
    char field[32];

    (void)snprintf(field, sizeof(field), "interaction-%u", slot->number);
    slot->sent_ns = td_loop_now_ns();
    if (!run->is_grouped) {
        send_multi(run, td_live_text(field), slot);
        return;
    }
    must(td_live_batch_create(&batch), "batch");
    td_live_batch_hset(batch, "state", td_live_text(field), td_bytes(run->value, VALUE_SIZE));
    td_live_batch_xadd(batch, "events", td_bytes(run->value, VALUE_SIZE));
    must(td_live_commit(run->live, &batch, DEADLINE_MS, on_committed, slot), "commit");
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static void measure(struct run *run, const char *name, uint32_t window)
{
    struct slot *slots = calloc(window, sizeof(*slots));
    uint64_t started_ns = td_loop_now_ns();
    double cpu_before_us = cpu_us();
    uint64_t calls = td_live_stats(run->live).calls;

    if (slots == NULL)
        exit(1);
    run->until_ns = started_ns + RUN_NS;
    run->done = 0;
    run->latency_count = 0;
    run->under_way = window;
    for (uint32_t i = 0; i < window; i++) {
        slots[i] = (struct slot){.run = run, .number = i};
        start_one(&slots[i]);
    }
    td_loop_run(run->loop);

    double seconds = (double)(td_loop_now_ns() - started_ns) / 1e9;
    qsort(run->latencies_us, run->latency_count, sizeof(uint32_t), compare);
    (void)printf("%-32s %9.0f /s  p50 %7.2f ms  p99 %7.2f ms  %5.1f us CPU  %6.1f a call\n", name,
                 (double)run->done / seconds, run->latencies_us[run->latency_count / 2] / 1e3,
                 run->latencies_us[run->latency_count * 99 / 100] / 1e3,
                 (cpu_us() - cpu_before_us) / (double)run->done,
                 run->is_grouped
                     ? (double)run->done / (double)(td_live_stats(run->live).calls - calls)
                     : 1.0);
    free(slots);
}

static void on_state(void *ctx, bool up)
{
    if (up)
        td_loop_stop(ctx);
}

static void bench_with(const char *fsync, uint32_t *latencies_us)
{
    static const uint32_t windows[] = {1, 16, 128, 1024};
    char folder[] = "/tmp/tandem-bench-XXXXXX";
    char address[128];
    char name[64];
    char remove[128];
    struct run run = {.latencies_us = latencies_us};
    struct td_live_config config = {.address = address, .committer = "c", .state = on_state};

    if (mkdtemp(folder) == NULL)
        exit(1);
    (void)snprintf(address, sizeof(address), "unix:%s/socket", folder);
    pid_t redis = start_redis(folder, fsync);
    must(td_loop_create(&bench_log, &run.loop), "loop");
    config.ctx = run.loop;
    must(td_live_create(run.loop, &config, &run.live), "connection");
    td_loop_run(run.loop);

    (void)snprintf(name, sizeof(name), "live/%s/multi/window 1", fsync);
    measure(&run, name, 1);
    run.is_grouped = true;
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        (void)snprintf(name, sizeof(name), "live/%s/commit/window %u", fsync, windows[i]);
        measure(&run, name, windows[i]);
    }
    td_live_destroy(&run.live);
    td_loop_destroy(&run.loop);
    (void)kill(redis, SIGKILL);
    (void)waitpid(redis, NULL, 0);
    (void)snprintf(remove, sizeof(remove), "rm -rf '%s'", folder);
    (void)!system(remove);
}

int main(void)
{
    uint32_t *latencies_us = malloc(SAMPLES_MAX * sizeof(*latencies_us));

    if (latencies_us == NULL)
        return 1;
    (void)setvbuf(stdout, NULL, _IOLBF, 0); // A child must not inherit lines not yet written.
    bench_with("always", latencies_us);
    bench_with("everysec", latencies_us);
    free(latencies_us);
    return 0;
}
