#include "reporting/writer.h"

#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "io/timer.h"
#include "reporting/batch.h"
#include "reporting/upkeep.h"

#define UNIT_DEADLINE_MS 60000
#define RETRY_MS 500
/* Readings of the streams: a few for each transaction. */
#define REST_MS 50

struct writer {
    struct reporting *reporting;
    struct td_live_tail *tail;
    struct batch batches[2];
    struct batch *collecting;
    struct batch *writing; /* NULL: none */
    uint32_t written;      /* of `writing`: committed, or left out */
    uint32_t slice;        /* of `writing`: being written, behind those */
    struct td_live_stream_id stored[TD_STREAMS];
    struct td_timer flush;
    struct td_timer retry;
    struct upkeep *upkeep;
    bool tail_up;
    bool failing;
    bool paused;
    bool closing;
    bool is_in_flight; /* an answer is due: it frees a closing writer */
    uint32_t slice_unreadable;
    uint64_t *events;
    uint64_t *unreadable;
    uint64_t *left_out;
    uint64_t *failures;
    uint64_t *gaps;
};

static void free_writer(struct writer *writer)
{
    for (size_t i = 0; i < 2; i++)
        batch_fini(&writer->batches[i]);
    free(writer);
}

/* --- writing -----------------------------------------------------------------------------------
 */

static void write_slice(struct writer *writer);

static void resume(struct writer *writer)
{
    if (!writer->paused)
        return;
    writer->paused = false;
    td_live_tail_resume(writer->tail);
}

/* The collecting one goes out as soon as the other is back. */
static void swap_and_write(struct writer *writer)
{
    struct batch *full = writer->collecting;

    if (writer->writing != NULL || full->count == 0)
        return;
    writer->collecting = full == &writer->batches[0] ? &writer->batches[1] : &writer->batches[0];
    writer->writing = full;
    writer->written = 0;
    writer->slice = full->count;
    td_timer_stop(&writer->flush);
    write_slice(writer);
    resume(writer);
}

static void finish_batch(struct writer *writer)
{
    struct batch *batch = writer->writing;

    for (size_t i = 0; i < TD_STREAMS; i++) {
        if (batch->positions[i].unix_ms != 0)
            writer->stored[i] = batch->positions[i];
    }
    batch_clear(batch);
    writer->writing = NULL;
    swap_and_write(writer);
}

static void on_slice_written(struct writer *writer)
{
    bool was_last = writer->written + writer->slice == writer->writing->count;

    writer->failing = false;
    *writer->events += writer->slice;
    *writer->unreadable += writer->slice_unreadable;
    writer->written += writer->slice;
    writer->slice = writer->writing->count - writer->written;
    if (was_last)
        finish_batch(writer);
    else
        write_slice(writer);
}

/* Says which one, so that somebody can look at it in its stream while it is there. */
static void log_left_out(const struct writer *writer, enum td_err err, const char *why)
{
    struct td_service *service = writer->reporting->service;
    struct td_arena *arena = td_service_arena(service);
    size_t mark = arena->used;
    struct td_envelope envelope = {.topic = ""};
    char id[TD_ID_TEXT_SIZE];

    (void)td_envelope_decode(arena, writer->writing->entries[writer->written].value, &envelope,
                             NULL);
    td_log_error(td_service_log(service), "history.left_out",
                 td_str("event_id", td_id_format(envelope.id.id, id)),
                 td_str("topic", envelope.topic), td_failure(err), td_str("why", why));
    td_arena_rewind(arena, mark);
}

/* The values of an entry do not fit: half as many, until it stands alone. */
static void on_slice_refused(struct writer *writer, enum td_err err, const char *why)
{
    if (writer->slice > 1) {
        writer->slice /= 2;
    } else {
        ++*writer->left_out;
        log_left_out(writer, err, why);
        writer->written++;
        writer->slice = writer->writing->count - writer->written;
    }
    write_slice(writer);
}

static void on_written(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct writer *writer = ctx;
    bool is_refusal = err == TD_ERR_RANGE || err == TD_ERR_LIMIT;

    writer->is_in_flight = false;
    if (writer->closing) {
        free_writer(writer);
        return;
    }
    if (err == TD_OK) {
        on_slice_written(writer);
    } else if (is_refusal && writer->slice > 0) {
        on_slice_refused(writer, err, answer->message);
    } else {
        ++*writer->failures;
        writer->failing = true;
        td_log_warn(td_service_log(writer->reporting->service), "history.not_written",
                    td_failure(err), td_str("why", answer->message),
                    td_u64("events", writer->writing->count));
        td_timer_start(&writer->retry, RETRY_MS);
    }
}

/* The positions go with the last slice, which may be empty when its only entry was left out. */
static void write_slice(struct writer *writer)
{
    struct reporting *reporting = writer->reporting;
    struct batch *batch = writer->writing;
    bool is_last = writer->written + writer->slice == batch->count;
    struct td_history_unit *unit;

    enum td_err err = td_history_unit_create(&unit);
    if (err == TD_OK) {
        writer->slice_unreadable = rows_add(reporting, unit, batch->entries + writer->written,
                                            writer->slice, is_last ? batch->positions : NULL);
        td_history_unit_repeatable(unit);
        err = td_history_run(td_service_history(reporting->service), &unit, UNIT_DEADLINE_MS,
                             on_written, writer);
    }
    writer->is_in_flight = err == TD_OK;
    if (err == TD_ERR_LIMIT && writer->slice > 1) { // More than one transaction takes.
        writer->slice /= 2;
        write_slice(writer);
    } else if (err != TD_OK) {
        ++*writer->failures;
        td_timer_start(&writer->retry, RETRY_MS);
    }
}

static void on_retry(void *ctx)
{
    write_slice(ctx);
}

static void on_flush(void *ctx)
{
    swap_and_write(ctx);
}

/* --- collecting --------------------------------------------------------------------------------
 */

static void on_entry(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value)
{
    struct writer *writer = ctx;

    if (value.size > BATCH_ENTRY_MAX) {
        ++*writer->unreadable;
        return;
    }
    batch_add(writer->collecting, stream, id, value);
    if (!td_timer_is_running(&writer->flush))
        td_timer_start(&writer->flush, writer->reporting->config.flush_ms);
    if (!batch_is_full(writer->collecting))
        return;
    swap_and_write(writer);
    if (batch_is_full(writer->collecting)) {
        writer->paused = true;
        td_live_tail_pause(writer->tail);
    }
}

static void on_gap(void *ctx, uint32_t stream, struct td_live_stream_id after,
                   struct td_live_stream_id trimmed)
{
    struct writer *writer = ctx;

    ++*writer->gaps;
    td_log_error(td_service_log(writer->reporting->service), "history.gap",
                 td_u64("partition", stream), td_u64("after_unix_ms", after.unix_ms),
                 td_u64("trimmed_unix_ms", trimmed.unix_ms));
}

static void on_tail_state(void *ctx, bool up)
{
    struct writer *writer = ctx;

    writer->tail_up = up;
}

/* --- life --------------------------------------------------------------------------------------
 */

static enum td_err open_tail(struct writer *writer)
{
    const struct td_live_tail_config events = {.rest_ms = REST_MS,
                                               .entry = on_entry,
                                               .gap = on_gap,
                                               .state = on_tail_state,
                                               .ctx = writer};

    return reporting_tail(writer->reporting, &events, &writer->tail);
}

static enum td_err open_batches(struct writer *writer)
{
    enum td_err err = TD_OK;

    for (size_t i = 0; i < 2 && err == TD_OK; i++)
        err = batch_init(&writer->batches[i], writer->reporting->config.batch_max);
    writer->collecting = &writer->batches[0];
    return err;
}

enum td_err writer_create(struct reporting *reporting, struct writer **writer)
{
    struct writer *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->reporting = reporting;
    self->events =
        td_service_counter(reporting->service, "events_stored", "Events written to the history.");
    self->unreadable = td_service_counter(reporting->service, "events_unreadable",
                                          "Entries of the streams that are no events.");
    self->left_out = td_service_counter(reporting->service, "events_left_out",
                                        "Events that the database refused for their values.");
    self->failures = td_service_counter(reporting->service, "history_failures",
                                        "Transactions that failed and were tried again.");
    self->gaps = td_service_counter(reporting->service, "stream_gaps",
                                    "Times that a stream was trimmed before the history had it.");
    memcpy(self->stored, reporting->positions, sizeof(self->stored));
    td_timer_init(&self->flush, td_service_loop(reporting->service), on_flush, self);
    td_timer_init(&self->retry, td_service_loop(reporting->service), on_retry, self);
    enum td_err err = open_batches(self);
    if (err == TD_OK)
        err = open_tail(self);
    if (err == TD_OK)
        err = upkeep_create(reporting, self->stored, &self->upkeep);
    if (err != TD_OK) {
        writer_destroy(&self);
        return err;
    }
    *writer = self;
    return TD_OK;
}

const char *writer_unhealthy(const struct writer *writer)
{
    if (writer->failing)
        return "the history cannot be written; history.not_written in the log says why";
    return writer->tail_up ? NULL : "cannot read the event streams";
}

void writer_metrics(const struct writer *writer, struct td_text *text)
{
    struct td_service *service = writer->reporting->service;
    const struct td_metric metric = {"tandem_reporting_", "history_lag_ms", TD_METRIC_GAUGE,
                                     "Age of the oldest event read and not yet in the history."};
    const struct td_metric_label label = {"instance", td_service_instance(service)};
    const struct batch *oldest = writer->writing != NULL ? writer->writing : writer->collecting;
    uint64_t now_ms = td_loop_now_unix_us(td_service_loop(service)) / 1000;
    bool is_behind = oldest->count > 0 && now_ms > oldest->first_unix_ms;

    td_metrics_family(text, &metric);
    td_metrics_sample(text, &metric, &label, 1, is_behind ? now_ms - oldest->first_unix_ms : 0);
}

void writer_destroy(struct writer **writer)
{
    struct writer *self = *writer;

    if (self == NULL)
        return;
    *writer = NULL;
    td_timer_stop(&self->flush);
    td_timer_stop(&self->retry);
    upkeep_destroy(&self->upkeep);
    td_live_tail_destroy(&self->tail);
    self->closing = true;
    if (!self->is_in_flight)
        free_writer(self);
}
