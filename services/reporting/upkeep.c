#include "reporting/upkeep.h"

#include <stdlib.h>

#include "io/live_read.h"
#include "io/timer.h"

#define TRIM_EVERY_MS 10000
#define AHEAD_EVERY_MS 3600000
#define DEADLINE_MS 5000

struct upkeep {
    struct reporting *reporting;
    const struct td_live_stream_id *stored;
    struct td_timer trim;
    struct td_timer ahead;
    bool closing;
    unsigned in_flight; /* callbacks still due; the last one frees a closing one */
};

/* Begins a callback. @return false when it is closing: then it must not be touched. */
static bool come_back(struct upkeep *upkeep)
{
    bool closing = upkeep->closing;

    if (--upkeep->in_flight == 0 && closing)
        free(upkeep);
    return !closing;
}

/* --- streams -----------------------------------------------------------------------------------
 */

static void on_trimmed(void *ctx, enum td_err err, uint64_t count)
{
    struct upkeep *upkeep = ctx;

    if (!come_back(upkeep))
        return;
    const struct td_log *log = td_service_log(upkeep->reporting->service);
    if (err != TD_OK)
        td_log_warn(log, "stream.not_trimmed", td_failure(err));
    else if (count > 0)
        td_log_debug(log, "stream.trimmed", td_u64("count", count));
}

/* The first entry to be kept: behind the stored ones, and no younger than was promised. */
static struct td_live_stream_id keep_from(struct td_live_stream_id stored, uint64_t kept_unix_ms)
{
    struct td_live_stream_id next = {stored.unix_ms, stored.sequence + 1};

    return next.unix_ms < kept_unix_ms ? next : (struct td_live_stream_id){kept_unix_ms, 0};
}

static void on_trim(void *ctx)
{
    struct upkeep *upkeep = ctx;
    struct td_service *service = upkeep->reporting->service;
    uint64_t now_ms = td_loop_now_unix_us(td_service_loop(service)) / 1000;
    char key[TD_KEY_SIZE];

    for (unsigned i = 0; i < TD_STREAMS; i++) {
        if (upkeep->stored[i].unix_ms == 0)
            continue;
        struct td_live_stream_id from =
            keep_from(upkeep->stored[i], now_ms - upkeep->reporting->config.stream_keep_ms);
        (void)td_stream_key(td_service_site(service), i, key);
        if (td_live_trim(td_service_live(service), key, from, DEADLINE_MS, on_trimmed, upkeep) !=
            TD_OK)
            return; // Redis is away; the next round does it.
        upkeep->in_flight++;
    }
}

/* --- months and days ----------------------------------------------------------------------------
 */

static void on_kept_ahead(void *ctx, enum td_err err, const struct td_history_answer *answer)
{
    struct upkeep *upkeep = ctx;

    if (!come_back(upkeep))
        return;
    if (err != TD_OK) // The default partitions take the rows meanwhile; days are there for weeks.
        td_log_warn(td_service_log(upkeep->reporting->service), "history.not_kept_ahead",
                    td_failure(err), td_str("why", answer->message));
}

static void ask(struct upkeep *upkeep, const struct td_history_query *query)
{
    struct td_service *service = upkeep->reporting->service;
    enum td_err err = td_history_query(td_service_history(service), query, on_kept_ahead, upkeep);

    if (err == TD_OK)
        upkeep->in_flight++;
    else
        td_log_warn(td_service_log(service), "history.not_kept_ahead", td_failure(err));
}

static void keep_ahead(void *ctx)
{
    static const struct td_history_statement partitions = {"reporting_partitions",
                                                           "SELECT tandem.make_partitions($1)"};
    static const struct td_history_statement days = {
        "reporting_days", "SELECT tandem.make_days(tenant) FROM tandem.company"};
    struct upkeep *upkeep = ctx;
    const struct td_param now =
        td_param_unix_us(td_loop_now_unix_us(td_service_loop(upkeep->reporting->service)));

    ask(upkeep, &(struct td_history_query){.statement = &partitions,
                                           .params = &now,
                                           .param_count = 1,
                                           .deadline_ms = DEADLINE_MS,
                                           .repeatable = true});
    ask(upkeep, &(struct td_history_query){
                    .statement = &days, .deadline_ms = DEADLINE_MS, .repeatable = true});
}

/* --- life --------------------------------------------------------------------------------------
 */

enum td_err upkeep_create(struct reporting *reporting, const struct td_live_stream_id *stored,
                          struct upkeep **upkeep)
{
    struct td_loop *loop = td_service_loop(reporting->service);
    struct upkeep *self = calloc(1, sizeof(*self));
    if (self == NULL)
        return TD_ERR_NO_MEMORY;

    self->reporting = reporting;
    self->stored = stored;
    td_timer_init(&self->trim, loop, on_trim, self);
    td_timer_init(&self->ahead, loop, keep_ahead, self);
    td_timer_start_repeating(&self->trim, TRIM_EVERY_MS);
    td_timer_start_repeating(&self->ahead, AHEAD_EVERY_MS);
    keep_ahead(self);
    *upkeep = self;
    return TD_OK;
}

void upkeep_destroy(struct upkeep **upkeep)
{
    struct upkeep *self = *upkeep;

    if (self == NULL)
        return;
    *upkeep = NULL;
    td_timer_stop(&self->trim);
    td_timer_stop(&self->ahead);
    self->closing = true;
    if (self->in_flight == 0)
        free(self);
}
