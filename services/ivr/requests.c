#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/live_read.h"
#include "ivr/ivr.h"
#include "wire/envelope_wire.h"

/* How long a dialog waits for word of an earlier run of it. */
#define CHECKPOINT_DEADLINE_MS 100

static void reply_done(struct ivr *ivr, struct td_request *request)
{
    td_request_reply(request, td_done_encode(td_service_arena(ivr->service), &(struct td_done){0}));
}

/* Fails the request when its payload could not be read. */
static bool is_decoded(struct td_request *request, enum td_err err, const char *bad_field)
{
    if (err != TD_OK)
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
    return err == TD_OK;
}

/* A router that was replaced may still talk; its successor's word holds. */
static bool is_current(struct ivr *ivr, struct td_request *request, uint64_t epoch)
{
    if (epoch < ivr->epoch) {
        td_request_fail(request, TD_ERR_STALE, "epoch: a newer router is in force");
        return false;
    }
    ivr->epoch = epoch;
    return true;
}

static void put_facts(struct dialog *dialog, const struct td_variable *variables, uint32_t count)
{
    static const char prefix[] = "tandem.";

    for (uint32_t i = 0; i < count; i++) {
        const char *name = variables[i].name;

        if (td_str_starts_with(name, prefix))
            name += sizeof(prefix) - 1;
        enum td_err err = ivr_facts_set(&dialog->facts, name, variables[i].value);
        if (err != TD_OK)
            td_log_warn(td_service_log(dialog->ivr->service), "fact.refused",
                        td_str("interaction", dialog->key), td_str("name", name), td_failure(err));
    }
    dialog_put_facts(dialog);
}

/* --- DialogStart --- */

/* A dialog that is being started, while its checkpoint is looked for. */
struct starting {
    struct ivr *ivr;
    uint64_t token;
    struct td_request *request;
};

static void begin(struct dialog *dialog, bool resumed)
{
    struct ivr_input start = {.kind = IVR_INPUT_START};

    dialog_put_facts(dialog);
    report_started(dialog, resumed);
    dialog_step(dialog, &start);
}

static void on_checkpoint(void *ctx, enum td_err err, struct td_bytes value)
{
    struct starting *starting = ctx;
    struct dialog *dialog = dialogs_of_token(starting->ivr, starting->token);

    if (dialog != NULL) // Else it was stopped meanwhile.
        begin(dialog, err == TD_OK && checkpoint_restore(dialog, value));
    reply_done(starting->ivr, starting->request);
    free(starting);
}

/* An ivr that died may have had this dialog before: it goes on there. */
static void look_for_checkpoint(struct dialog *dialog, struct td_request *request)
{
    struct td_service *service = dialog->ivr->service;
    struct starting *starting = malloc(sizeof(*starting));
    char key[TD_KEY_SIZE];

    if (starting != NULL) {
        *starting = (struct starting){dialog->ivr, dialogs_token(dialog), request};
        if (td_live_hget(td_service_live(service),
                         td_service_key(service, dialog->tenant, "dialogs", key),
                         td_live_text(dialog->key), CHECKPOINT_DEADLINE_MS, on_checkpoint,
                         starting) == TD_OK)
            return;
    }
    free(starting);
    begin(dialog, false); // Redis is away: whoever is here is served all the same.
    reply_done(dialog->ivr, request);
}

static void fill(struct dialog *dialog, const struct td_dialog_start *start, uint32_t tenant,
                 struct library_document *document)
{
    dialog->interaction = start->interaction_id;
    (void)td_id_format(start->interaction_id.id, dialog->key);
    dialog->tenant = tenant;
    dialog->purpose = start->purpose;
    td_str_clip(dialog->document, sizeof(dialog->document), start->document);
    td_str_clip(dialog->current, sizeof(dialog->current), start->document);
    td_str_clip(dialog->language, sizeof(dialog->language), start->language);
    dialog->library_document = document;
    ivr_session_init(&dialog->session, &document->document, dialog->language);
    put_facts(dialog, start->variables, start->variables_count);
}

static void start_dialog(struct ivr *ivr, struct td_request *request,
                         const struct td_dialog_start *start)
{
    struct library_document *document = NULL;
    uint32_t tenant = td_request_tenant(request);
    char fault[LIBRARY_FAULT_SIZE];

    enum td_err err = library_take(ivr->library, tenant, start->document, &document, fault);
    if (err != TD_OK) {
        ++*ivr->counters.refused;
        td_request_fail(request, err, "document: %s", fault);
        return;
    }
    struct dialog *dialog = dialogs_add(ivr, start->dialog_id, &start->leg);
    if (dialog == NULL) {
        ++*ivr->counters.refused;
        library_release(&document);
        td_request_fail(request, TD_ERR_BUSY, "dialogs_max dialogs are running");
        return;
    }
    fill(dialog, start, tenant, document);
    checkpoint_saw_tenant(ivr, tenant);
    ivr_tell_load(ivr);
    look_for_checkpoint(dialog, request);
}

void ivr_dialog_start(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct ivr *ivr = ctx;
    const char *bad_field = NULL;
    struct td_dialog_start start;

    enum td_err err =
        td_dialog_start_decode(td_service_arena(ivr->service), payload, &start, &bad_field);
    if (!is_decoded(request, err, bad_field) || !is_current(ivr, request, start.epoch))
        return;
    if (dialogs_find(ivr, start.dialog_id) != NULL)
        reply_done(ivr, request); // Said again.
    else
        start_dialog(ivr, request, &start);
}

/* --- while it runs --- */

void ivr_dialog_update(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct ivr *ivr = ctx;
    const char *bad_field = NULL;
    struct td_dialog_update update;

    enum td_err err =
        td_dialog_update_decode(td_service_arena(ivr->service), payload, &update, &bad_field);
    if (!is_decoded(request, err, bad_field))
        return;
    struct dialog *dialog = dialogs_find(ivr, update.dialog_id);
    if (dialog == NULL) {
        td_request_fail(request, TD_ERR_NOT_FOUND, "dialog_id: no such dialog runs here");
        return;
    }
    put_facts(dialog, update.variables, update.variables_count);
    reply_done(ivr, request);
}

void ivr_dialog_stop(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct ivr *ivr = ctx;
    const char *bad_field = NULL;
    struct td_dialog_stop stop;

    enum td_err err =
        td_dialog_stop_decode(td_service_arena(ivr->service), payload, &stop, &bad_field);
    if (!is_decoded(request, err, bad_field) || !is_current(ivr, request, stop.epoch))
        return;
    struct dialog *dialog = dialogs_find(ivr, stop.dialog_id);
    if (dialog != NULL) {
        dialog_silence(dialog);
        report_stopped(dialog);
        dialogs_remove(dialog);
        ivr_tell_load(ivr);
    }
    reply_done(ivr, request);
}

/* --- DialogSync --- */

void ivr_dialog_sync(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct ivr *ivr = ctx;
    const char *bad_field = NULL;
    struct td_dialog_sync sync;
    struct td_dialog_sync_reply reply;

    enum td_err err =
        td_dialog_sync_decode(td_service_arena(ivr->service), payload, &sync, &bad_field);
    if (!is_decoded(request, err, bad_field) || !is_current(ivr, request, sync.epoch))
        return;
    dialogs_page(ivr, sync.after, &reply);
    td_request_reply(request, td_dialog_sync_reply_encode(td_service_arena(ivr->service), &reply));
}

/* --- MediaDone --- */

static struct ivr_input input_of(const struct td_media_done *done)
{
    struct ivr_input input = {
        .kind = IVR_INPUT_MEDIA,
        .digits = done->digits,
        .terminated = done->terminator[0] != '\0',
        .recorded_ms = done->recorded_ms,
        .file = done->file,
        .key = done->terminator[0],
        .at_max = done->at_max,
    };

    switch ((int)done->outcome) {
    case TD_MEDIA_OUTCOME_FINISHED:
        input.heard = IVR_HEARD_ALL;
        break;
    case TD_MEDIA_OUTCOME_DIGITS:
        input.heard = IVR_HEARD_DIGITS;
        break;
    case TD_MEDIA_OUTCOME_TIMEOUT:
        input.heard = IVR_HEARD_SOME;
        break;
    case TD_MEDIA_OUTCOME_BARGE_IN:
        input.heard = IVR_HEARD_BARGED;
        break;
    case TD_MEDIA_OUTCOME_RECORDED:
        input.heard = IVR_HEARD_RECORDED;
        break;
    case TD_MEDIA_OUTCOME_SILENCE:
        input.heard = IVR_HEARD_SILENCE;
        break;
    case TD_MEDIA_OUTCOME_RELEASED:
        input.kind = IVR_INPUT_HANG_UP;
        break;
    default:
        input.heard = IVR_HEARD_NOTHING;
    }
    return input;
}

void ivr_media_done(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct ivr *ivr = ctx;
    const char *bad_field = NULL;
    struct td_media_done done;

    enum td_err err =
        td_media_done_decode(td_service_arena(ivr->service), payload, &done, &bad_field);
    if (!is_decoded(request, err, bad_field))
        return;
    struct dialog *dialog = dialogs_find_asked(ivr, done.leg_id, done.request_id);
    if (dialog != NULL) { // Else it is about something that nobody waits for any more.
        struct ivr_input input = input_of(&done);

        dialog->asked = false;
        *ivr->counters.media_failed += done.outcome == TD_MEDIA_OUTCOME_FAILED;
        dialog_step(dialog, &input);
    }
    reply_done(ivr, request);
}
