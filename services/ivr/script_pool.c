#include "ivr/script_pool.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/process.h"
#include "io/timer.h"

#define PROGRAM_SIZE 512
/* How much longer than one evaluation an expression waits for its turn. */
#define LINE_DEADLINES 5U
/* A worker that ends sooner than this was not working. */
#define RESTART_MIN_MS 100U
#define RESTART_MAX_MS 5000U
/* The address space of a worker: what its one expression may take, and itself. */
#define WORKER_BYTES (UINT64_C(128) << 20)

struct job {
    struct script_pool *pool;
    struct job *next; /* in line, or free */
    uint64_t token;
    uint8_t *frame;
    size_t size;
    struct td_timer timer; /* while it waits in line */
};

struct worker {
    struct script_pool *pool;
    struct td_process *process; /* NULL between two lives */
    bool busy;
    bool killed; /* its expression was overdue */
    uint64_t token;
    uint32_t restart_ms;
    uint64_t started_ns;
    struct td_timer timer; /* busy: its deadline; no process: its restart */
};

struct script_pool {
    struct td_loop *loop;
    struct script_pool_options options;
    char program[PROGRAM_SIZE];
    char memory[24];
    struct worker workers[SCRIPT_POOL_WORKERS_MAX];
    struct job jobs[SCRIPT_POOL_LINE_MAX];
    struct job *free_jobs;
    struct job *first;
    struct job *last;
    struct script_pool_stats stats;
};

/* --- the line --- */

static void free_job(struct job *job)
{
    td_timer_stop(&job->timer);
    free(job->frame);
    job->frame = NULL;
    job->next = job->pool->free_jobs;
    job->pool->free_jobs = job;
}

static void take_out(struct script_pool *pool, const struct job *job)
{
    struct job *before = NULL;

    for (struct job *at = pool->first; at != job; at = at->next)
        before = at;
    if (before == NULL)
        pool->first = job->next;
    else
        before->next = job->next;
    if (pool->last == job)
        pool->last = before;
    pool->stats.waiting--;
}

static void on_waited(void *ctx)
{
    struct job *job = ctx;
    struct script_pool *pool = job->pool;
    uint64_t token = job->token;

    take_out(pool, job);
    free_job(job);
    pool->options.answered(pool->options.ctx, token, SCRIPT_NO_WORKER, NULL);
}

/* --- workers --- */

static void serve_line(struct script_pool *pool);
static void start_worker(void *ctx);

static void finish(struct worker *worker, enum script_outcome outcome,
                   const struct td_script_reply *reply)
{
    struct script_pool *pool = worker->pool;

    worker->busy = false;
    td_timer_stop(&worker->timer);
    pool->options.answered(pool->options.ctx, worker->token, outcome, reply);
}

static void on_overdue(void *ctx)
{
    struct worker *worker = ctx;

    worker->killed = true;
    worker->pool->stats.killed++;
    td_process_kill(worker->process); // The answer is given when it is dead: it cannot be both.
}

static void on_frame(void *ctx, struct td_bytes frame)
{
    struct worker *worker = ctx;
    struct script_pool *pool = worker->pool;
    size_t mark = pool->options.arena->used;
    struct td_script_reply reply;

    if (worker->killed)
        return; // A moment too late.
    if (!worker->busy ||
        td_script_reply_decode(pool->options.arena, frame, &reply, NULL) != TD_OK) {
        td_process_kill(worker->process); // It says what nobody asked: it cannot be trusted.
        return;
    }
    pool->stats.evaluated++;
    finish(worker, SCRIPT_ANSWERED, &reply);
    td_arena_rewind(pool->options.arena, mark);
    serve_line(pool);
}

static uint32_t next_pause_ms(struct worker *worker)
{
    uint64_t lived_ms = (td_loop_now_ns() - worker->started_ns) / 1000000;

    if (worker->killed || lived_ms > RESTART_MAX_MS)
        worker->restart_ms = 0; // It worked; the script did not.
    else
        worker->restart_ms = worker->restart_ms == 0 ? RESTART_MIN_MS : worker->restart_ms * 2;
    if (worker->restart_ms > RESTART_MAX_MS)
        worker->restart_ms = RESTART_MAX_MS;
    return worker->restart_ms;
}

static void on_ended(void *ctx, struct td_process_end end)
{
    struct worker *worker = ctx;
    struct script_pool *pool = worker->pool;
    enum script_outcome outcome = worker->killed ? SCRIPT_OVERDUE : SCRIPT_DIED;
    bool was_busy = worker->busy;

    td_process_destroy(&worker->process);
    pool->stats.running--;
    pool->stats.died += !worker->killed;
    td_log_warn(td_loop_log(pool->loop), "script.ended", td_i64("status", end.status),
                td_i64("signal", end.signal), td_u64("overdue", worker->killed));
    td_timer_stop(&worker->timer);
    td_timer_init(&worker->timer, pool->loop, start_worker, worker);
    td_timer_start(&worker->timer, next_pause_ms(worker));
    worker->busy = false;
    worker->killed = false;
    if (was_busy)
        pool->options.answered(pool->options.ctx, worker->token, outcome, NULL);
}

static void start_worker(void *ctx)
{
    struct worker *worker = ctx;
    struct script_pool *pool = worker->pool;
    const char *argv[] = {pool->program, pool->memory, NULL};
    struct td_process_options options = {
        .argv = argv,
        .memory_max_bytes = WORKER_BYTES + pool->options.memory_max_bytes,
        .on_frame = on_frame,
        .on_exit = on_ended,
        .ctx = worker,
    };

    worker->started_ns = td_loop_now_ns();
    enum td_err err = td_process_start(pool->loop, &options, &worker->process);
    if (err != TD_OK) {
        td_log_error(td_loop_log(pool->loop), "script.failed", td_str("program", pool->program),
                     td_failure(err));
        td_timer_start(&worker->timer, next_pause_ms(worker));
        return;
    }
    pool->stats.running++;
    td_timer_init(&worker->timer, pool->loop, on_overdue, worker);
    serve_line(pool);
}

/* --- bringing both together --- */

static struct worker *idle_worker(struct script_pool *pool)
{
    for (uint32_t i = 0; i < pool->options.workers; i++) {
        struct worker *worker = &pool->workers[i];

        if (worker->process != NULL && !worker->busy)
            return worker;
    }
    return NULL;
}

static void serve_line(struct script_pool *pool)
{
    struct worker *worker;

    while (pool->first != NULL && (worker = idle_worker(pool)) != NULL) {
        struct job *job = pool->first;

        worker->busy = true;
        worker->token = job->token;
        td_timer_start(&worker->timer, pool->options.deadline_ms);
        // One that has just died takes nothing; its end is on the way and answers.
        enum td_err err = td_process_send(worker->process, td_bytes(job->frame, job->size));
        if (err != TD_OK)
            td_process_kill(worker->process);
        take_out(pool, job);
        free_job(job);
    }
}

enum td_err script_pool_ask(struct script_pool *pool, uint64_t token, struct td_bytes request)
{
    struct job *job = pool->free_jobs;

    if (job == NULL)
        return TD_ERR_LIMIT;
    job->frame = malloc(request.size);
    if (job->frame == NULL)
        return TD_ERR_NO_MEMORY;
    memcpy(job->frame, request.data, request.size);
    job->size = request.size;
    job->token = token;
    pool->free_jobs = job->next;
    job->next = NULL;
    if (pool->last == NULL)
        pool->first = job;
    else
        pool->last->next = job;
    pool->last = job;
    pool->stats.waiting++;
    td_timer_start(&job->timer, (uint64_t)pool->options.deadline_ms * LINE_DEADLINES);
    serve_line(pool);
    return TD_OK;
}

struct script_pool_stats script_pool_stats(const struct script_pool *pool)
{
    return pool->stats;
}

/* --- life --- */

static void prepare_jobs(struct script_pool *pool)
{
    for (size_t i = 0; i < SCRIPT_POOL_LINE_MAX; i++) {
        struct job *job = &pool->jobs[i];

        job->pool = pool;
        td_timer_init(&job->timer, pool->loop, on_waited, job);
        job->next = pool->free_jobs;
        pool->free_jobs = job;
    }
}

enum td_err script_pool_create(struct td_loop *loop, const struct script_pool_options *options,
                               struct script_pool **pool)
{
    assert(options->workers >= 1 && options->workers <= SCRIPT_POOL_WORKERS_MAX);
    struct script_pool *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return TD_ERR_NO_MEMORY;
    made->loop = loop;
    made->options = *options;
    enum td_err err = td_str_copy(made->program, sizeof(made->program), options->program);
    if (err != TD_OK) {
        free(made);
        return err;
    }
    (void)snprintf(made->memory, sizeof(made->memory), "%u", options->memory_max_bytes);
    prepare_jobs(made);
    for (uint32_t i = 0; i < options->workers; i++) {
        struct worker *worker = &made->workers[i];

        worker->pool = made;
        td_timer_init(&worker->timer, loop, start_worker, worker);
        start_worker(worker);
    }
    *pool = made;
    return TD_OK;
}

void script_pool_destroy(struct script_pool **pool)
{
    struct script_pool *old = *pool;

    if (old == NULL)
        return;
    *pool = NULL;
    while (old->first != NULL) {
        struct job *job = old->first;

        take_out(old, job);
        free_job(job);
    }
    for (uint32_t i = 0; i < old->options.workers; i++) {
        td_timer_stop(&old->workers[i].timer);
        td_process_destroy(&old->workers[i].process);
    }
    free(old);
}
