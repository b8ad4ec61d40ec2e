#include "ivr/ivr.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define PROGRAM_SIZE 512
#define SWEEP_EVERY_MS 3600000U
#define KB 1024U

static void make_counters(struct ivr *ivr)
{
    static const char *const ended[TD_DIALOG_RESULT_COUNT] = {
        [TD_DIALOG_RESULT_UNSPECIFIED] = NULL,
        [TD_DIALOG_RESULT_TRANSFER] = "dialogs_ended_transfer",
        [TD_DIALOG_RESULT_DONE] = "dialogs_ended_done",
        [TD_DIALOG_RESULT_HANG_UP] = "dialogs_ended_hang_up",
        [TD_DIALOG_RESULT_ERROR] = "dialogs_ended_error",
    };
    struct td_service *service = ivr->service;
    struct ivr_counters *counters = &ivr->counters;

    for (size_t i = 0; i < TD_DIALOG_RESULT_COUNT; i++) {
        if (ended[i] != NULL)
            counters->ended[i] = td_service_counter(service, ended[i], "Dialogs that ended so.");
    }
    counters->running = td_service_gauge(service, "dialogs_running", "Dialogs under way.");
    counters->started = td_service_counter(service, "dialogs_started", "Dialogs begun.");
    counters->resumed =
        td_service_counter(service, "dialogs_resumed", "Dialogs taken up from a checkpoint.");
    counters->refused =
        td_service_counter(service, "dialogs_refused", "Dialogs that could not begin.");
    counters->stopped =
        td_service_counter(service, "dialogs_stopped", "Dialogs that the router stopped.");
    counters->inputs = td_service_counter(service, "inputs", "Answers taken from callers.");
    counters->media_failed =
        td_service_counter(service, "media_requests_failed", "Requests to media that failed.");
    counters->commits_failed =
        td_service_counter(service, "commits_failed", "Checkpoints that were not stored.");
    counters->scripts_evaluated =
        td_service_counter(service, "scripts_evaluated", "Expressions evaluated.");
    counters->scripts_killed =
        td_service_counter(service, "scripts_killed", "Scripts killed for taking too long.");
    counters->scripts_failed =
        td_service_counter(service, "scripts_failed", "Scripts that ended with an error.");
    counters->documents_refused =
        td_service_counter(service, "documents_refused", "Documents that are not valid.");
}

/* The worker program lies beside this one. */
static void find_program(char program[PROGRAM_SIZE])
{
    char own[PROGRAM_SIZE - 8] = "";
    ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);

    own[length > 0 ? length : 0] = '\0';
    (void)snprintf(program, PROGRAM_SIZE, "%s/script", dirname(own));
}

static enum td_err start_scripts(struct ivr *ivr)
{
    char program[PROGRAM_SIZE];
    struct script_pool_options options = {
        .program = program,
        .workers = ivr->config.script_workers,
        .deadline_ms = ivr->config.script_deadline_ms,
        .memory_max_bytes = ivr->config.script_memory_kb * KB,
        .answered = dialog_evaluated,
        .ctx = ivr,
        .arena = td_service_arena(ivr->service),
    };

    find_program(program);
    return script_pool_create(td_service_loop(ivr->service), &options, &ivr->scripts);
}

static enum td_err open_library(struct ivr *ivr)
{
    enum td_err err =
        library_create(ivr->config.documents, td_service_log(ivr->service), &ivr->library);

    if (err == TD_OK)
        *ivr->counters.documents_refused += library_load_all(ivr->library);
    return err;
}

/* A media instance that died took its legs with it, and nobody will say so. */
static void on_instance(void *ctx, enum td_instance_change change,
                        const struct td_instance *instance)
{
    if (change == TD_INSTANCE_GONE && td_str_equal(instance->service, "media"))
        dialogs_lost_media(ctx, instance->instance);
}

enum td_err ivr_start(struct td_service *service, void *ctx)
{
    struct ivr *ivr = ctx;

    ivr->service = service;
    make_counters(ivr);
    enum td_err err = dialogs_create(ivr);
    if (err == TD_OK)
        err = td_outbox_create(service, &ivr->outbox);
    if (err == TD_OK)
        err = open_library(ivr);
    if (err == TD_OK)
        err = start_scripts(ivr);
    if (err != TD_OK)
        return err;
    td_service_watch_instances(service, on_instance, ivr);
    td_timer_init(&ivr->sweep, td_service_loop(service), checkpoint_sweep, ivr);
    td_timer_start_repeating(&ivr->sweep, SWEEP_EVERY_MS);
    return TD_OK;
}

void ivr_stop(void *ctx)
{
    struct ivr *ivr = ctx;

    td_timer_stop(&ivr->sweep);
    script_pool_destroy(&ivr->scripts);
    td_outbox_destroy(&ivr->outbox);
    dialogs_destroy(ivr); // Their checkpoints stay: another instance may go on with them.
    library_destroy(&ivr->library);
    td_service_stopped(ivr->service);
}

void ivr_tell_load(struct ivr *ivr)
{
    td_service_set_load(ivr->service,
                        (uint32_t)(*ivr->counters.running * 100 / ivr->config.dialogs_max));
}

const char *ivr_unhealthy(void *ctx)
{
    const struct ivr *ivr = ctx;

    if (ivr->scripts != NULL && script_pool_stats(ivr->scripts).running == 0)
        return "no script worker runs";
    return NULL;
}
