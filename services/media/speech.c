#include "media/speech.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/process.h"
#include "io/timer.h"
#include "media/speech/frame.h"

#define QUEUE_MAX 256
#define RESTART_MIN_MS 100
#define RESTART_MAX_MS 5000
#define WORKERS_MAX 16
#define MEMORY_MAX_BYTES (UINT64_C(512) << 20)
#define SWEEP_MS 250
#define NS_PER_MS UINT64_C(1000000)

struct job {
    struct job *next;
    struct speech_request request;
    speech_fn *done;
    void *ctx;
    uint64_t due_ns;
};

struct worker {
    struct speech *speech;
    struct td_process *process; /* NULL while it waits to be started again */
    struct td_timer timer;      /* of the deadline while busy, else of the restart */
    struct job *job;
    uint32_t pause_ms;
};

struct speech {
    struct td_service *service;
    struct speech_config config;
    char program[512];
    struct worker workers[WORKERS_MAX];
    struct td_timer kick;  /* hands waiting texts to workers in a turn of its own */
    struct td_timer sweep; /* fails those that no worker took in time */
    struct job *first;     /* waiting, in the order of their deadlines */
    struct job *last;
    uint32_t waiting;
    uint32_t next_id;
    uint64_t *spoken;
    uint64_t *failed;
    uint64_t *restarts;
};

static void finish(struct speech *speech, struct job *job, enum td_err err, const int16_t *samples,
                   size_t count)
{
    ++*(err == TD_OK ? speech->spoken : speech->failed);
    job->done(job->ctx, err, samples, count);
    free(job);
}

static uint64_t ms_until(uint64_t due_ns)
{
    uint64_t now_ns = td_loop_now_ns();

    return due_ns > now_ns ? (due_ns - now_ns) / NS_PER_MS + 1 : 0;
}

static struct job *take_job(struct speech *speech)
{
    struct job *job = speech->first;

    if (job != NULL) {
        speech->first = job->next;
        speech->waiting--;
    }
    return job;
}

static void on_sweep(void *ctx)
{
    struct speech *speech = ctx;

    while (speech->first != NULL && speech->first->due_ns <= td_loop_now_ns())
        finish(speech, take_job(speech), TD_ERR_TIMEOUT, NULL, 0);
}

static void feed(struct worker *worker)
{
    uint8_t frame[SPEECH_REQUEST_MAX];

    while (worker->process != NULL && worker->job == NULL) {
        struct job *job = take_job(worker->speech);
        if (job == NULL)
            return;
        size_t size = speech_request_encode(&job->request, frame);
        if (td_process_send(worker->process, td_bytes(frame, size)) != TD_OK) {
            finish(worker->speech, job, TD_ERR_UNAVAILABLE, NULL, 0);
            continue;
        }
        worker->job = job;
        td_timer_start(&worker->timer, ms_until(job->due_ns));
    }
}

static void on_frame(void *ctx, struct td_bytes frame)
{
    struct worker *worker = ctx;
    struct job *job = worker->job;

    if (job == NULL || frame.size < SPEECH_REPLY_HEADER ||
        memcmp(frame.data, &job->request.id, 4) != 0) {
        td_process_kill(worker->process); // It talks of something else: do not guess.
        return;
    }
    size_t count = (frame.size - SPEECH_REPLY_HEADER) / sizeof(int16_t);
    worker->job = NULL;
    worker->pause_ms = RESTART_MIN_MS;
    td_timer_stop(&worker->timer);
    int16_t *samples = malloc(count * sizeof(int16_t) + 1); // Aligned, as the frame is not.
    if (samples != NULL)
        memcpy(samples, frame.data + SPEECH_REPLY_HEADER, count * sizeof(int16_t));
    if (frame.data[4] == 0 || samples == NULL)
        finish(worker->speech, job, TD_ERR_INTERNAL, NULL, 0);
    else
        finish(worker->speech, job, TD_OK, samples, count);
    free(samples);
    feed(worker);
}

static void on_ended(void *ctx, struct td_process_end end)
{
    struct worker *worker = ctx;
    struct speech *speech = worker->speech;
    struct job *job = worker->job;

    td_log_warn(td_service_log(speech->service), "speech.died", td_i64("signal", end.signal),
                td_i64("status", end.status), td_str("busy", job != NULL ? "yes" : "no"));
    ++*speech->restarts;
    td_process_destroy(&worker->process);
    worker->job = NULL;
    td_timer_start(&worker->timer, worker->pause_ms);
    worker->pause_ms =
        worker->pause_ms * 2 > RESTART_MAX_MS ? RESTART_MAX_MS : worker->pause_ms * 2;
    if (job != NULL)
        finish(speech, job, TD_ERR_UNAVAILABLE, NULL, 0);
}

static void start(struct worker *worker)
{
    struct speech *speech = worker->speech;
    const char *const argv[] = {speech->program, NULL};
    const struct td_process_options options = {.argv = argv,
                                               .frame_max = SPEECH_REPLY_MAX,
                                               .memory_max_bytes = MEMORY_MAX_BYTES,
                                               .on_frame = on_frame,
                                               .on_exit = on_ended,
                                               .ctx = worker};
    enum td_err err =
        td_process_start(td_service_loop(speech->service), &options, &worker->process);

    if (err == TD_OK) {
        feed(worker);
        return;
    }
    td_log_error(td_service_log(speech->service), "speech.not_started", td_failure(err),
                 td_str("program", speech->program));
    worker->process = NULL;
    td_timer_start(&worker->timer, RESTART_MAX_MS);
}

static void on_kick(void *ctx)
{
    struct speech *speech = ctx;

    for (size_t i = 0; i < WORKERS_MAX; i++)
        feed(&speech->workers[i]);
}

static void on_timer(void *ctx)
{
    struct worker *worker = ctx;

    if (worker->process == NULL)
        start(worker);
    else
        td_process_kill(worker->process); // Its text has taken too long; on_ended fails it.
}

/* The program lies beside this one. */
static void find_program(struct speech *speech)
{
    char own[400] = "";
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

    own[length > 0 ? length : 0] = '\0';
    (void)snprintf(speech->program, sizeof(speech->program), "%s/speech", dirname(own));
}

enum td_err speech_create(struct td_service *service, const struct speech_config *config,
                          struct speech **speech)
{
    struct speech *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->service = service;
    self->config = *config;
    self->spoken = td_service_counter(service, "texts_spoken", "Texts turned into speech.");
    self->failed = td_service_counter(service, "texts_failed", "Texts that could not be spoken.");
    self->restarts =
        td_service_counter(service, "speech_restarts", "Speech workers that were started again.");
    td_timer_init(&self->kick, td_service_loop(service), on_kick, self);
    td_timer_init(&self->sweep, td_service_loop(service), on_sweep, self);
    td_timer_start_repeating(&self->sweep, SWEEP_MS);
    find_program(self);
    for (uint32_t i = 0; i < config->workers && i < WORKERS_MAX; i++) {
        struct worker *worker = &self->workers[i];

        *worker = (struct worker){.speech = self, .pause_ms = RESTART_MIN_MS};
        td_timer_init(&worker->timer, td_service_loop(service), on_timer, worker);
        start(worker);
    }
    *speech = self;
    return TD_OK;
}

void speech_destroy(struct speech **speech)
{
    struct speech *self = *speech;
    if (self == NULL)
        return;

    *speech = NULL;
    td_timer_stop(&self->kick);
    td_timer_stop(&self->sweep);
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        td_timer_stop(&self->workers[i].timer);
        td_process_destroy(&self->workers[i].process);
        free(self->workers[i].job);
    }
    while (self->first != NULL) {
        struct job *job = self->first;
        self->first = job->next;
        free(job);
    }
    free(self);
}

enum td_err speech_order(struct speech *speech, const struct speech_order *order)
{
    struct job *job = speech->waiting < QUEUE_MAX ? calloc(1, sizeof(*job)) : NULL;
    if (job == NULL)
        return TD_ERR_LIMIT;

    job->request.id = speech->next_id++;
    job->request.ssml = order->ssml;
    job->done = order->done;
    job->ctx = order->ctx;
    job->due_ns = td_loop_now_ns() + speech->config.deadline_ms * NS_PER_MS;
    if (td_str_copy(job->request.text, sizeof(job->request.text), order->text) != TD_OK ||
        td_str_copy(job->request.language, sizeof(job->request.language), order->language) !=
            TD_OK) {
        free(job);
        return TD_ERR_LIMIT;
    }
    if (speech->first == NULL)
        speech->first = job;
    else
        speech->last->next = job;
    speech->last = job;
    speech->waiting++;
    td_timer_start(&speech->kick, 0); // `done` never runs from within this call.
    return TD_OK;
}

bool speech_is_ready(const struct speech *speech)
{
    for (size_t i = 0; i < WORKERS_MAX; i++) {
        if (speech->workers[i].process != NULL)
            return true;
    }
    return false;
}
