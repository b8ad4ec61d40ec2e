#include "media/recordings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <uv.h>

#include "base/str.h"
#include "io/timer.h"
#include "media/core/holds.h"
#include "media/recording_file.h"
#include "service/commit.h"
#include "wire/media_wire.h"

#define NS_PER_MS UINT64_C(1000000)
#define SWEEP_MS 100
#define CLOSE_MS 5000
#define FOLDER_SIZE 384
/* Largest payload of a packet, in samples. */
#define SAMPLES_MAX 1500

struct recording {
    struct recordings *recordings;
    struct recording *next;
    struct recording_subject subject;
    char name[96]; /* below the folder */
    uint64_t started_at_unix_us;
    struct media_tape tape;
    uint64_t started_ns;
    struct media_holds holds;
    uint64_t ended_ns; /* 0 while it runs */
    bool telling;
    bool alarmed; /* that it broke off */

    /* While `busy` the parts below belong to a thread. */
    bool busy;
    bool opened;
    bool last; /* this block is the last one */
    uv_work_t work;
    struct recording_file file;
    size_t block_count;
    struct media_tape_frame block[MEDIA_TAPE_BLOCK];
    struct media_tape_frame ring[MEDIA_TAPE_RING];
};

struct recordings {
    struct td_service *service;
    char folder[FOLDER_SIZE];
    uint32_t recordings_max;
    uint32_t count;
    struct recording *first;
    struct td_timer sweep;
    struct td_timer patience; /* while closing */
    void (*closed)(void *ctx);
    void *closed_ctx;
    bool abandoned; /* closed with threads still at work: nothing may be told any more */
    uint64_t *open_gauge;
    uint64_t *finished;
    uint64_t *failed;
    uint64_t *refused;
    uint64_t *packets_dropped;
};

/* --- the end -----------------------------------------------------------------------------------
 */

static void finish_closing(void *ctx)
{
    struct recordings *recordings = ctx;
    void (*closed)(void *) = recordings->closed;
    void *closed_ctx = recordings->closed_ctx;

    td_timer_stop(&recordings->sweep);
    td_timer_stop(&recordings->patience);
    recordings->abandoned = true;
    if (recordings->first == NULL)
        free(recordings); // Otherwise threads still use it: the process ends with it.
    closed(closed_ctx);
}

static void forget(struct recording *recording)
{
    struct recordings *recordings = recording->recordings;
    struct recording **link = &recordings->first;

    while (*link != recording)
        link = &(*link)->next;
    *link = recording->next;
    *recordings->open_gauge = --recordings->count;
    free(recording);
    if (recordings->count == 0 && recordings->closed != NULL)
        finish_closing(recordings);
}

static void on_told(void *ctx, enum td_err err)
{
    struct recording *recording = ctx;

    recording->telling = false;
    if (recording->recordings->abandoned)
        return;
    if (err == TD_OK || err == TD_ERR_INVALID)
        forget(recording);
    // Redis is away: the sweep tells it again.
}

static struct td_recording_finished summary(const struct recording *recording)
{
    const struct recordings *recordings = recording->recordings;
    struct td_recording_finished event = {
        .interaction_id = recording->subject.interaction,
        .started_at_unix_us = recording->started_at_unix_us,
        .kind = recording->subject.kind,
        .duration_ms = recording->file.frame_count * 1000 / MEDIA_RATE_HZ,
        .size_bytes =
            MEDIA_WAV_HEADER_SIZE + recording->file.frame_count * sizeof(struct media_tape_frame),
        .complete = recording->file.err == TD_OK && recording->tape.dropped == 0,
    };

    td_str_clip(event.file, sizeof(event.file), recording->name);
    td_str_clip(event.instance, sizeof(event.instance), td_service_instance(recordings->service));
    event.holds_count = recording->holds.count;
    for (uint32_t i = 0; i < recording->holds.count; i++)
        event.holds[i] = (struct td_recording_hold){
            .from_ms = recording->holds.items[i].from_ns / NS_PER_MS,
            .duration_ms = recording->holds.items[i].duration_ns / NS_PER_MS,
        };
    return event;
}

/* The event, and that the recording is no longer open, in one step. */
static void tell(struct recordings *recordings, uint32_t tenant,
                 const struct td_recording_finished *event, td_committed_fn *done, void *ctx)
{
    struct td_service *service = recordings->service;
    struct td_commit *commit = td_commit_begin(service, tenant);
    char key[TD_ID_TEXT_SIZE];
    char hash[TD_KEY_SIZE];

    td_commit_delete(commit, recordings_hash(service, hash), event->file);
    td_commit_event(commit, "recording.finished", td_id_format(event->interaction_id.id, key),
                    "RecordingFinished",
                    td_recording_finished_encode(td_service_arena(service), event));
    td_commit_run(commit, TD_COMMIT_KEPT_MS, done, ctx);
}

static void tell_finished(struct recording *recording)
{
    const struct td_recording_finished event = summary(recording);

    recording->telling = true;
    tell(recording->recordings, recording->subject.tenant, &event, on_told, recording);
}

static void log_end(const struct recording *recording)
{
    const struct recordings *recordings = recording->recordings;
    const struct td_log *log = td_service_log(recordings->service);
    char interaction[TD_ID_TEXT_SIZE];

    (void)td_id_format(recording->subject.interaction.id, interaction);
    ++*recordings->finished;
    *recordings->packets_dropped += recording->tape.dropped;
    if (recording->file.err == TD_OK) {
        td_log_info(log, "recording.finished", td_str("interaction", interaction),
                    td_str("file", recording->name),
                    td_u64("duration_ms", recording->file.frame_count * 1000 / MEDIA_RATE_HZ),
                    td_u64("packets_dropped", recording->tape.dropped));
    }
}

/* At once, not when the talk is over: whoever frees the disk saves the talks that follow. */
static void alarm_once(struct recording *recording)
{
    struct recordings *recordings = recording->recordings;
    char interaction[TD_ID_TEXT_SIZE];

    if (recording->file.err == TD_OK || recording->alarmed)
        return;
    recording->alarmed = true;
    ++*recordings->failed;
    td_log_error(
        td_service_log(recordings->service), "recording.failed",
        td_str("interaction", td_id_format(recording->subject.interaction.id, interaction)),
        td_str("file", recording->name), td_failure(recording->file.err));
}

/* --- the disk ----------------------------------------------------------------------------------
 */

static void write_block(uv_work_t *work)
{
    struct recording *recording = work->data;

    if (!recording->opened) {
        char path[RECORDING_PATH_SIZE];

        (void)snprintf(path, sizeof(path), "%s/%s", recording->recordings->folder, recording->name);
        recording_file_open(&recording->file, path);
        recording->opened = true;
    }
    recording_file_append(&recording->file, recording->block, recording->block_count);
    if (recording->last)
        recording_file_close(&recording->file);
}

static void pump(struct recording *recording);

static void on_written(uv_work_t *work, int status)
{
    struct recording *recording = work->data;

    recording->busy = false;
    if (recording->recordings->abandoned)
        return;
    if (status != 0)
        recording->file.err = TD_ERR_INTERNAL; // The loop ends: the block was not written.
    alarm_once(recording);
    if (!recording->last) {
        pump(recording);
        return;
    }
    log_end(recording);
    tell_finished(recording);
}

/* Hands the next block to a thread when there is one, or the last when it has ended. */
static void pump(struct recording *recording)
{
    bool ended = recording->ended_ns != 0;
    uint64_t now_ns = ended ? recording->ended_ns : td_loop_now_ns();

    if (recording->busy || recording->last)
        return;
    if (!ended && recording->opened && !media_tape_has_block(&recording->tape, now_ns))
        return;
    recording->block_count = media_tape_take(&recording->tape, now_ns, ended, recording->block);
    recording->last = ended && recording->block_count < MEDIA_TAPE_BLOCK;
    recording->busy = true;
    recording->work.data = recording;
    if (uv_queue_work(td_loop_uv(td_service_loop(recording->recordings->service)), &recording->work,
                      write_block, on_written) != 0)
        abort(); // Fails only without a callback.
}

static void on_sweep(void *ctx)
{
    struct recordings *recordings = ctx;
    struct recording *next;

    for (struct recording *recording = recordings->first; recording != NULL; recording = next) {
        next = recording->next;
        if (!recording->last)
            pump(recording);
        else if (!recording->busy && !recording->telling &&
                 td_live_is_up(td_service_live(recordings->service)))
            tell_finished(recording);
    }
}

/* --- life --------------------------------------------------------------------------------------
 */

enum td_err recordings_create(struct td_service *service, const char *folder,
                              uint32_t recordings_max, struct recordings **recordings)
{
    if (mkdir(folder, 0750) != 0 && errno != EEXIST)
        return td_err_from_errno(errno);

    struct recordings *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;
    self->service = service;
    self->recordings_max = recordings_max;
    td_str_clip(self->folder, sizeof(self->folder), folder);
    self->open_gauge = td_service_gauge(service, "recordings_open", "Recordings under way.");
    self->finished = td_service_counter(service, "recordings_finished", "Recordings on disk.");
    self->failed = td_service_counter(service, "recordings_failed", "Recordings that broke off.");
    self->refused =
        td_service_counter(service, "recordings_refused", "Recordings that could not begin.");
    self->packets_dropped =
        td_service_counter(service, "recording_packets_dropped", "Packets that a recording lost.");
    td_timer_init(&self->sweep, td_service_loop(service), on_sweep, self);
    td_timer_init(&self->patience, td_service_loop(service), finish_closing, self);
    td_timer_start_repeating(&self->sweep, SWEEP_MS);
    *recordings = self;
    return TD_OK;
}

void recordings_close(struct recordings *recordings, void (*done)(void *ctx), void *ctx)
{
    recordings->closed = done;
    recordings->closed_ctx = ctx;
    if (recordings->first == NULL) {
        finish_closing(recordings);
        return;
    }
    td_timer_start(&recordings->patience, CLOSE_MS);
    for (struct recording *recording = recordings->first; recording != NULL;
         recording = recording->next)
        recording_finish(recording);
}

/* YYYY/MM/DD/INTERACTION.wav */
static void make_name(struct recording *recording)
{
    time_t seconds = (time_t)(recording->started_at_unix_us / 1000000);
    char interaction[TD_ID_TEXT_SIZE];
    char suffix[16] = "";
    struct tm day;

    (void)gmtime_r(&seconds, &day);
    (void)td_id_format(recording->subject.interaction.id, interaction);
    if (recording->subject.number > 1)
        (void)snprintf(suffix, sizeof(suffix), "-%u", recording->subject.number);
    (void)snprintf(recording->name, sizeof(recording->name), "%04d/%02d/%02d/%s%s.wav",
                   day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, interaction, suffix);
}

/* So that the next run knows of it, should this one die. */
static void note_open(const struct recording *recording)
{
    struct td_service *service = recording->recordings->service;
    struct td_recording_finished open = summary(recording);
    struct td_commit *commit = td_commit_begin(service, recording->subject.tenant);
    char hash[TD_KEY_SIZE];

    open.complete = false;
    td_commit_put(commit, recordings_hash(service, hash), open.file,
                  td_recording_finished_encode(td_service_arena(service), &open));
    td_commit_run(commit, TD_COMMIT_KEPT_MS, NULL, NULL);
}

struct recording *recordings_start(struct recordings *recordings,
                                   const struct recording_subject *subject, uint64_t now_ns)
{
    struct recording *recording =
        recordings->count < recordings->recordings_max ? calloc(1, sizeof(*recording)) : NULL;
    char interaction[TD_ID_TEXT_SIZE];

    if (recording == NULL) {
        ++*recordings->refused;
        td_log_error(td_service_log(recordings->service), "recording.refused",
                     td_str("interaction", td_id_format(subject->interaction.id, interaction)),
                     td_u64("open", recordings->count));
        return NULL;
    }
    recording->recordings = recordings;
    recording->subject = *subject;
    recording->started_at_unix_us = td_loop_now_unix_us(td_service_loop(recordings->service));
    make_name(recording);
    recording->started_ns = now_ns;
    media_tape_init(&recording->tape, recording->ring, now_ns);
    recording->next = recordings->first;
    recordings->first = recording;
    *recordings->open_gauge = ++recordings->count;
    note_open(recording);
    pump(recording); // Opens the file: a disk that refuses is known at once.
    return recording;
}

const char *recording_name(const struct recording *recording)
{
    return recording->name;
}

void recording_write(struct recording *recording, enum media_channel channel,
                     const struct media_rtp *rtp, enum media_law law, struct td_bytes codes,
                     uint64_t now_ns)
{
    int16_t samples[SAMPLES_MAX];
    size_t count = codes.size < SAMPLES_MAX ? codes.size : SAMPLES_MAX;

    media_g711_decode(law, codes.data, count, samples);
    media_tape_write(&recording->tape, channel, rtp->ssrc, rtp->timestamp, samples, count, now_ns);
}

void recording_hold(struct recording *recording, bool held, uint64_t now_ns)
{
    if (held == recording->holds.open)
        return;
    media_holds_set(&recording->holds, held, now_ns - recording->started_ns);
    for (enum media_channel channel = 0; channel < MEDIA_CHANNEL_COUNT; channel++)
        media_tape_switch(&recording->tape, channel);
}

bool recording_is_held(const struct recording *recording)
{
    return recording->holds.open;
}

void recording_finish(struct recording *recording)
{
    if (recording->ended_ns == 0) {
        recording->ended_ns = td_loop_now_ns();
        recording_hold(recording, false, recording->ended_ns);
    }
    pump(recording);
}

void recordings_tell_left(struct recordings *recordings, uint32_t tenant,
                          struct td_recording_finished *left)
{
    char path[RECORDING_PATH_SIZE + sizeof(left->file)];
    struct stat status;

    (void)snprintf(path, sizeof(path), "%s/%s", recordings->folder, left->file);
    if (stat(path, &status) == 0 && status.st_size > MEDIA_WAV_HEADER_SIZE) {
        left->size_bytes = (uint64_t)status.st_size;
        left->duration_ms = (left->size_bytes - MEDIA_WAV_HEADER_SIZE) /
                            sizeof(struct media_tape_frame) * 1000 / MEDIA_RATE_HZ;
    }
    left->complete = false;
    td_log_warn(td_service_log(recordings->service), "recording.left_open",
                td_str("file", left->file), td_u64("duration_ms", left->duration_ms));
    tell(recordings, tenant, left, NULL, NULL);
}

const char *recordings_hash(const struct td_service *service, char name[TD_KEY_SIZE])
{
    (void)snprintf(name, TD_KEY_SIZE, "recordings:%s", td_service_instance(service));
    return name;
}
