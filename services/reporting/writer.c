#include "reporting/writer.h"

#include <stdlib.h>
#include <string.h>

#include "io/live_tail.h"
#include "io/timer.h"
#include "reporting/rows.h"

#define BATCH_BYTES_MAX (8U << 20)
#define UNIT_DEADLINE_MS 60000
#define RETRY_MS 500
#define TRIM_EVERY_MS 10000
#define PARTITIONS_EVERY_MS 3600000
#define SHORT_DEADLINE_MS 5000

/* Entries of a moment: `entries` point into `bytes`. */
struct batch {
    struct rows_entry *entries;
    uint32_t count;
    uint8_t *bytes;
    size_t used;
    struct td_live_stream_id positions[TD_STREAMS]; /* after it; 0: no entry of that stream */
};

struct writer {
    struct reporting *reporting;
    struct td_live_tail *tail;
    struct batch batches[2];
    struct batch *collecting;
    struct batch *writing; /* NULL: none */
    struct td_live_stream_id stored[TD_STREAMS];
    struct td_timer flush;
    struct td_timer retry;
    struct td_timer trim;
    struct td_timer partitions;
    bool tail_up;
    bool paused;
    bool closing;
    unsigned in_flight; /* callbacks still due; the last one frees a closing writer */
    uint64_t *events;
    uint64_t *unreadable;
    uint64_t *failures;
    uint64_t *gaps;
};

static void free_writer(struct writer *writer)
{
    for (size_t i = 0; i < 2; i++) {
        free(writer->batches[i].entries);
        free(writer->batches[i].bytes);
    }
    free(writer);
}

/* Begins a callback. @return false when the writer is closing: then it must not be touched. */
static bool come_back(struct writer *writer)
{
    writer->in_flight--;
    if (!writer->closing)
        return true;
    if (writer->in_flight == 0)
        free_writer(writer);
    return false;
}

/* --- writing -----------------------------------------------------------------------------------
 */

static void write_batch(struct writer *writer);

static void resume(struct writer *writer)
{
    if (!writer->paused)
        return;
    writer->paused = false;
    td_live_tail_resume(writer->tail);
}

static void batch_clear(struct batch *batch)
{
    batch->count = 0;
    batch->used = 0;
    memset(batch->positions, 0, sizeof(batch->positions));
}

/* The collecting one goes out as soon as the other is back. */
static void swap_and_write(struct writer *writer)
{
    struct batch *full = writer->collecting;

    if (writer->writing != NULL || full->count == 0)
        return;
    writer->collecting = full == &writer->batches[0] ? &writer->batches[1] : &writer->batches[0];
    writer->writing = full;
    td_timer_stop(&writer->flush);
    write_batch(writer);
    resume(writer);
}

static void on_written(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct writer *writer = ctx;
    struct batch *batch = writer->writing;

    if (!come_back(writer))
        return;
    if (err != TD_OK) {
        ++*writer->failures;
        td_log_warn(td_service_log(writer->reporting->service), "history.not_written",
                    td_failure(err), td_str("why", answer->message),
                    td_u64("events", batch->count));
        td_timer_start(&writer->retry, RETRY_MS);
        return;
    }
    *writer->events += batch->count;
    for (size_t i = 0; i < TD_STREAMS; i++) {
        if (batch->positions[i].unix_ms != 0)
            writer->stored[i] = batch->positions[i];
    }
    batch_clear(batch);
    writer->writing = NULL;
    swap_and_write(writer);
}

static void write_batch(struct writer *writer)
{
    struct reporting *reporting = writer->reporting;
    const struct batch *batch = writer->writing;
    struct td_history_unit *unit;

    enum td_err err = td_history_unit_create(&unit);
    if (err == TD_OK) {
        *writer->unreadable +=
            rows_add(reporting, unit, batch->entries, batch->count, batch->positions);
        td_history_unit_repeatable(unit);
        err = td_history_run(td_service_history(reporting->service), &unit, UNIT_DEADLINE_MS,
                             on_written, writer);
    }
    if (err == TD_OK) {
        writer->in_flight++;
    } else {
        ++*writer->failures;
        td_timer_start(&writer->retry, RETRY_MS);
    }
}

static void on_retry(void *ctx)
{
    write_batch(ctx);
}

static void on_flush(void *ctx)
{
    swap_and_write(ctx);
}

/* --- collecting --------------------------------------------------------------------------------
 */

static bool is_full(const struct writer *writer, const struct batch *batch)
{
    return batch->count == writer->reporting->config.batch_max || batch->used > BATCH_BYTES_MAX / 2;
}

static void on_entry(void *ctx, uint32_t stream, struct td_live_stream_id id, struct td_bytes value)
{
    struct writer *writer = ctx;
    struct batch *batch = writer->collecting;

    if (value.size > BATCH_BYTES_MAX / 2) {
        ++*writer->unreadable; // Larger than any envelope may be.
        return;
    }
    uint8_t *copy = batch->bytes + batch->used;
    if (value.size > 0)
        memcpy(copy, value.data, value.size);
    batch->used += value.size;
    batch->entries[batch->count++] = (struct rows_entry){td_bytes(copy, value.size), stream};
    batch->positions[stream] = id;
    if (!td_timer_is_running(&writer->flush))
        td_timer_start(&writer->flush, writer->reporting->config.flush_ms);
    if (!is_full(writer, batch))
        return;
    swap_and_write(writer);
    if (is_full(writer, writer->collecting)) {
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

/* --- housekeeping ------------------------------------------------------------------------------
 */

static void on_trimmed(void *ctx, enum td_err err, uint64_t count)
{
    struct writer *writer = ctx;

    if (!come_back(writer))
        return;
    if (err != TD_OK)
        td_log_warn(td_service_log(writer->reporting->service), "stream.not_trimmed",
                    td_failure(err));
    else if (count > 0)
        td_log_debug(td_service_log(writer->reporting->service), "stream.trimmed",
                     td_u64("count", count));
}

static void on_trim(void *ctx)
{
    struct writer *writer = ctx;
    struct td_service *service = writer->reporting->service;
    uint64_t now_ms = td_loop_now_unix_us(td_service_loop(service)) / 1000;
    uint64_t keep_ms = writer->reporting->config.stream_keep_ms;
    char key[TD_KEY_SIZE];

    for (unsigned i = 0; i < TD_STREAMS; i++) {
        struct td_live_stream_id stored = writer->stored[i];
        struct td_live_stream_id from = {stored.unix_ms, stored.sequence + 1};

        if (stored.unix_ms == 0 || now_ms < keep_ms)
            continue;
        if (from.unix_ms > now_ms - keep_ms)
            from = (struct td_live_stream_id){now_ms - keep_ms, 0};
        (void)td_stream_key(td_service_site(service), i, key);
        if (td_live_trim(td_service_live(service), key, from, SHORT_DEADLINE_MS, on_trimmed,
                         writer) != TD_OK)
            return; // Redis is away; the next round does it.
        writer->in_flight++;
    }
}

static void on_partitions_made(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct writer *writer = ctx;

    if (!come_back(writer))
        return;
    if (err != TD_OK) // The default partitions take the rows meanwhile.
        td_log_warn(td_service_log(writer->reporting->service), "history.no_partition",
                    td_failure(err), td_str("why", answer->message));
}

static void make_partitions(void *ctx)
{
    static const struct td_history_statement statement = {"reporting_partitions",
                                                          "SELECT tandem.make_partitions($1)"};
    struct writer *writer = ctx;
    struct td_service *service = writer->reporting->service;
    const struct td_param param = td_param_unix_us(td_loop_now_unix_us(td_service_loop(service)));
    const struct td_history_query query = {.statement = &statement,
                                           .params = &param,
                                           .param_count = 1,
                                           .deadline_ms = SHORT_DEADLINE_MS,
                                           .repeatable = true};

    if (td_history_query(td_service_history(service), &query, on_partitions_made, writer) == TD_OK)
        writer->in_flight++;
    else
        td_log_warn(td_service_log(service), "history.busy", td_str("task", "partitions"));
}

/* --- life --------------------------------------------------------------------------------------
 */

static enum td_err open_tail(struct writer *writer)
{
    struct td_service *service = writer->reporting->service;
    char keys[TD_STREAMS][TD_KEY_SIZE];
    struct td_live_tail_stream streams[TD_STREAMS];

    for (unsigned i = 0; i < TD_STREAMS; i++)
        streams[i] = (struct td_live_tail_stream){
            td_stream_key(td_service_site(service), i, keys[i]), writer->stored[i]};
    const struct td_live_tail_config config = {
        .address = td_service_redis(service),
        .password = td_service_redis_password(service),
        .streams = streams,
        .stream_count = TD_STREAMS,
        .entry = on_entry,
        .gap = on_gap,
        .state = on_tail_state,
        .ctx = writer,
    };
    return td_live_tail_create(td_service_loop(service), &config, &writer->tail);
}

static enum td_err open_batches(struct writer *writer)
{
    for (size_t i = 0; i < 2; i++) {
        struct batch *batch = &writer->batches[i];
        batch->entries = calloc(writer->reporting->config.batch_max, sizeof(*batch->entries));
        batch->bytes = malloc(BATCH_BYTES_MAX);
        if (batch->entries == NULL || batch->bytes == NULL)
            return TD_ERR_NO_MEMORY;
    }
    writer->collecting = &writer->batches[0];
    return TD_OK;
}

static void start_timers(struct writer *writer)
{
    struct td_loop *loop = td_service_loop(writer->reporting->service);

    td_timer_init(&writer->flush, loop, on_flush, writer);
    td_timer_init(&writer->retry, loop, on_retry, writer);
    td_timer_init(&writer->trim, loop, on_trim, writer);
    td_timer_init(&writer->partitions, loop, make_partitions, writer);
    td_timer_start_repeating(&writer->trim, TRIM_EVERY_MS);
    td_timer_start_repeating(&writer->partitions, PARTITIONS_EVERY_MS);
}

enum td_err writer_create(struct reporting *reporting, struct writer **writer)
{
    struct writer *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->reporting = reporting;
    self->events = td_service_counter(reporting->service, "events_stored");
    self->unreadable = td_service_counter(reporting->service, "events_unreadable");
    self->failures = td_service_counter(reporting->service, "history_failures");
    self->gaps = td_service_counter(reporting->service, "stream_gaps");
    memcpy(self->stored, reporting->positions, sizeof(self->stored));
    start_timers(self);
    enum td_err err = open_batches(self);
    if (err == TD_OK)
        err = open_tail(self);
    if (err != TD_OK) {
        writer_destroy(&self);
        return err;
    }
    make_partitions(self);
    *writer = self;
    return TD_OK;
}

const char *writer_unhealthy(const struct writer *writer)
{
    return writer->tail_up ? NULL : "cannot read the event streams";
}

void writer_destroy(struct writer **writer)
{
    struct writer *self = *writer;

    if (self == NULL)
        return;
    *writer = NULL;
    td_timer_stop(&self->flush);
    td_timer_stop(&self->retry);
    td_timer_stop(&self->trim);
    td_timer_stop(&self->partitions);
    td_live_tail_destroy(&self->tail);
    self->closing = true;
    if (self->in_flight == 0)
        free_writer(self);
}
