#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "ivr/ivr.h"

#define TRIES_MAX 3
#define EXPRESSION_MAX 8191U

/* --- media ---------------------------------------------------------------------------------------
 */

/* A request to media on its way, kept so that it can be said again under the same id. */
struct asked {
    struct ivr *ivr;
    uint64_t token;
    struct td_command_id request_id;
    const char *type;
    uint32_t tries;
    size_t size;
    uint8_t payload[];
};

static void send_to_media(struct dialog *dialog, struct asked *asked);

static struct dialog *still_asked(const struct asked *asked)
{
    struct dialog *dialog = dialogs_of_token(asked->ivr, asked->token);

    if (dialog == NULL || !dialog->asked ||
        !td_id_equal(dialog->request_id.id, asked->request_id.id))
        return NULL;
    return dialog;
}

static void on_media_refused(struct dialog *dialog, enum td_err err, const char *message)
{
    struct ivr_input input = {.kind = IVR_INPUT_MEDIA, .heard = IVR_HEARD_NOTHING};

    td_log_warn(td_service_log(dialog->ivr->service), "media.refused",
                td_str("interaction", dialog->key), td_str("media", dialog->leg.instance),
                td_failure(err), td_str("why", message));
    ++*dialog->ivr->counters.media_failed;
    dialog->asked = false;
    if (err == TD_ERR_NOT_FOUND) // The leg is gone, and with it the customer.
        input = (struct ivr_input){.kind = IVR_INPUT_HANG_UP};
    dialog_step(dialog, &input);
}

static void on_media_reply(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct asked *asked = ctx;
    struct dialog *dialog = still_asked(asked);

    (void)payload;
    if (dialog != NULL && err == TD_ERR_TIMEOUT && ++asked->tries < TRIES_MAX) {
        send_to_media(dialog, asked);
        return;
    }
    free(asked);
    if (dialog != NULL && err != TD_OK)
        on_media_refused(dialog, err, message);
}

static void send_to_media(struct dialog *dialog, struct asked *asked)
{
    struct td_call call = {
        .to = "media",
        .instance = dialog->leg.instance,
        .type = asked->type,
        .payload = td_bytes(asked->payload, asked->size),
        .tenant = dialog->tenant,
        .key = dialog->key,
        .id = asked->request_id.id,
    };

    td_call(dialog->ivr->service, &call, on_media_reply, asked);
}

static void ask_media(struct dialog *dialog, const char *type, struct td_bytes payload)
{
    struct asked *asked = malloc(sizeof(*asked) + payload.size);

    if (asked == NULL)
        abort(); // A request that is never made is a customer who hears nothing for ever.
    *asked = (struct asked){
        .ivr = dialog->ivr,
        .token = dialogs_token(dialog),
        .request_id = dialog->request_id,
        .type = type,
        .size = payload.size,
    };
    memcpy(asked->payload, payload.data, payload.size);
    dialog->asked = true;
    send_to_media(dialog, asked);
}

static struct td_prompt *make_prompts(const struct dialog *dialog, uint32_t count)
{
    static const enum td_prompt_kind kinds[] = {
        [IVR_SEGMENT_TEXT] = TD_PROMPT_KIND_TEXT,
        [IVR_SEGMENT_SSML] = TD_PROMPT_KIND_SSML,
        [IVR_SEGMENT_FILE] = TD_PROMPT_KIND_FILE,
    };
    const struct ivr_queue *queue = ivr_session_queue(&dialog->session);
    struct td_prompt *prompts =
        td_arena_array(td_service_arena(dialog->ivr->service), count, sizeof(*prompts));

    if (prompts == NULL)
        abort(); // The arena is empty at the start of every callback, and far larger.
    for (uint32_t i = 0; i < count; i++) {
        const struct ivr_segment *segment = &queue->list[i];

        prompts[i].kind = kinds[segment->kind];
        td_str_clip(prompts[i].content, sizeof(prompts[i].content),
                    ivr_queue_content(queue, segment));
        td_str_clip(prompts[i].fallback, sizeof(prompts[i].fallback),
                    ivr_queue_fallback(queue, segment));
        td_str_clip(prompts[i].language, sizeof(prompts[i].language), segment->language);
    }
    return prompts;
}

static void play(struct dialog *dialog, const struct ivr_effect *effect)
{
    struct td_service *service = dialog->ivr->service;
    struct td_arena *arena = td_service_arena(service);
    size_t mark = arena->used;
    struct td_play play = {
        .leg_id = dialog->leg.leg_id,
        .request_id = {td_service_new_id(service)},
        .prompts = make_prompts(dialog, effect->segment_count),
        .prompts_count = effect->segment_count,
        .barge_in = effect->barge_in,
    };

    td_str_clip(play.notify, sizeof(play.notify), td_service_instance(service));
    dialog->request_id = play.request_id;
    ask_media(dialog, "Play", td_play_encode(arena, &play));
    td_arena_rewind(arena, mark);
}

static void collect(struct dialog *dialog, const struct ivr_effect *effect)
{
    struct td_service *service = dialog->ivr->service;
    struct td_arena *arena = td_service_arena(service);
    size_t mark = arena->used;
    struct td_collect collect = {
        .leg_id = dialog->leg.leg_id,
        .request_id = {td_service_new_id(service)},
        .prompts = make_prompts(dialog, effect->segment_count),
        .prompts_count = effect->segment_count,
        .barge_in = effect->barge_in,
        .digits_max = effect->collect.digits_max,
        .first_digit_ms = effect->collect.first_digit_ms,
        .inter_digit_ms = effect->collect.inter_digit_ms,
        .sensitive = effect->collect.sensitive,
    };

    td_str_clip(collect.terminators, sizeof(collect.terminators), effect->collect.terminators);
    td_str_clip(collect.notify, sizeof(collect.notify), td_service_instance(service));
    dialog->request_id = collect.request_id;
    ask_media(dialog, "Collect", td_collect_encode(arena, &collect));
    td_arena_rewind(arena, mark);
    checkpoint_save(dialog);
}

void dialog_silence(struct dialog *dialog)
{
    struct td_service *service = dialog->ivr->service;
    struct td_media_stop stop = {.leg_id = dialog->leg.leg_id, .request_id = dialog->request_id};

    if (!dialog->asked)
        return;
    dialog->asked = false;
    struct td_call call = {
        .to = "media",
        .instance = dialog->leg.instance,
        .type = "MediaStop",
        .payload = td_media_stop_encode(td_service_arena(service), &stop),
        .tenant = dialog->tenant,
        .key = dialog->key,
    };
    td_call(service, &call, NULL, NULL);
}

/* --- scripts -------------------------------------------------------------------------------------
 */

static uint32_t copy_variables(const struct dialog *dialog, struct td_script_variable *to)
{
    const struct ivr_variables *variables = ivr_session_variables(&dialog->session);
    enum ivr_scope scope;
    const char *name;
    const char *value;
    uint32_t count = 0;

    for (; ivr_variables_at(variables, count, &scope, &name, &value); count++) {
        to[count].scope = (enum td_script_scope)scope;
        td_str_clip(to[count].name, sizeof(to[count].name), name);
        to[count].value = td_bytes(value, strlen(value));
    }
    return count;
}

static enum td_err ask_script(struct dialog *dialog, const struct ivr_effect *effect)
{
    struct ivr *ivr = dialog->ivr;
    struct td_arena *arena = td_service_arena(ivr->service);
    size_t mark = arena->used;
    struct td_script_request request = {
        .number = ++ivr->script_number,
        .mode = (enum td_script_mode)effect->mode,
        .expression = td_bytes(effect->expression, strlen(effect->expression)),
        .variables = td_arena_array(arena, IVR_VARIABLES_MAX, sizeof(*request.variables)),
    };

    if (request.variables == NULL || request.expression.size > EXPRESSION_MAX)
        return TD_ERR_LIMIT;
    request.variables_count = copy_variables(dialog, request.variables);
    enum td_err err = script_pool_ask(ivr->scripts, dialogs_token(dialog),
                                      td_script_request_encode(arena, &request));
    td_arena_rewind(arena, mark);
    return err;
}

/* Texts of a reply are bytes; the core wants strings. */
static const char *copy_text(struct td_arena *arena, struct td_bytes bytes)
{
    char *text = td_arena_alloc(arena, bytes.size + 1);

    if (text == NULL)
        abort(); // See make_prompts().
    if (bytes.size > 0)
        memcpy(text, bytes.data, bytes.size);
    text[bytes.size] = '\0';
    return text;
}

static void take_answer(struct dialog *dialog, const struct td_script_reply *reply)
{
    struct td_arena *arena = td_service_arena(dialog->ivr->service);
    struct ivr_change *changes = td_arena_array(arena, reply->changed_count, sizeof(*changes));
    struct ivr_input input = {.kind = IVR_INPUT_SCRIPT, .changes = changes};

    if (changes == NULL)
        abort(); // See make_prompts().
    for (uint32_t i = 0; i < reply->changed_count; i++) {
        changes[i].scope = (enum ivr_scope)reply->changed[i].scope;
        changes[i].name = reply->changed[i].name;
        changes[i].value = copy_text(arena, reply->changed[i].value);
    }
    input.change_count = reply->changed_count;
    input.value = copy_text(arena, reply->value);
    if (reply->failed) {
        ++*dialog->ivr->counters.scripts_failed;
        input.failed = "error.semantic";
        input.message = reply->message;
    }
    dialog_step(dialog, &input);
}

void dialog_evaluated(void *ctx, uint64_t token, enum script_outcome outcome,
                      const struct td_script_reply *reply)
{
    static const struct {
        const char *event;
        const char *message;
    } failures[SCRIPT_OUTCOME_COUNT] = {
        [SCRIPT_OVERDUE] = {"error.semantic", "the expression took too long"},
        [SCRIPT_DIED] = {"error.semantic", "the expression ended its engine"},
        [SCRIPT_NO_WORKER] = {"error.noresource", "no script worker was free"},
    };
    struct ivr *ivr = ctx;
    struct dialog *dialog = dialogs_of_token(ivr, token);

    ++*ivr->counters.scripts_evaluated;
    *ivr->counters.scripts_killed += outcome == SCRIPT_OVERDUE;
    if (dialog == NULL)
        return; // Stopped meanwhile.
    if (outcome == SCRIPT_ANSWERED) {
        take_answer(dialog, reply);
        return;
    }
    td_log_warn(td_service_log(ivr->service), "script.given_up", td_str("interaction", dialog->key),
                td_str("document", dialog->current), td_str("why", failures[outcome].message));
    struct ivr_input input = {.kind = IVR_INPUT_SCRIPT,
                              .failed = failures[outcome].event,
                              .message = failures[outcome].message};
    dialog_step(dialog, &input);
}

/* --- documents -----------------------------------------------------------------------------------
 */

/* A document that was fetched, until the session has said whether it goes on in it. */
struct fetched {
    struct library_document *document;
    char name[IVR_URI_SIZE];
};

static struct ivr_input fetch(const struct dialog *dialog, const char *name,
                              struct fetched *fetched)
{
    struct ivr_input input = {.kind = IVR_INPUT_DOCUMENT};
    char fault[LIBRARY_FAULT_SIZE];

    td_str_clip(fetched->name, sizeof(fetched->name), name);
    enum td_err err =
        library_take(dialog->ivr->library, dialog->tenant, name, &fetched->document, fault);
    if (err != TD_OK) {
        td_log_warn(td_service_log(dialog->ivr->service), "document.missing",
                    td_str("interaction", dialog->key), td_str("document", dialog->current),
                    td_failure(err), td_str("why", fault));
        return input;
    }
    input.document = &fetched->document->document;
    return input;
}

static void settle_fetched(struct dialog *dialog, struct fetched *fetched)
{
    if (fetched->document == NULL)
        return;
    if (ivr_session_document(&dialog->session) == &fetched->document->document) {
        struct library_document *old = dialog->library_document;

        dialog->library_document = fetched->document;
        memcpy(dialog->current, fetched->name, sizeof(dialog->current));
        fetched->document = old;
    }
    library_release(&fetched->document);
}

static void put_object(struct dialog *dialog, const char *name, const struct ivr_facts *facts)
{
    char value[IVR_VALUE_SIZE];
    uint32_t left_out = ivr_facts_write(facts, value);

    if (left_out > 0 || ivr_session_set(&dialog->session, name, value) != TD_OK)
        td_log_warn(td_service_log(dialog->ivr->service), "facts.left_out",
                    td_str("interaction", dialog->key), td_u64("count", left_out));
}

/* A number as documents expect it in session.connection (VoiceXML 2.0, 5.1.4). */
static enum td_err set_uri(struct ivr_facts *connection, const char *name, const char *number)
{
    char uri[IVR_FACT_TEXT_SIZE];
    struct td_text text;

    td_text_init(&text, uri, sizeof(uri));
    td_text_add(&text, "tel:");
    td_text_add(&text, number);
    return number[0] == '\0' ? TD_OK : ivr_facts_set(connection, name, uri);
}

void dialog_put_facts(struct dialog *dialog)
{
    struct ivr_facts connection = {.count = 0};
    enum td_err err = ivr_facts_set(&connection, "protocol.name", "sip");

    if (err == TD_OK)
        err = set_uri(&connection, "remote.uri", ivr_facts_get(&dialog->facts, "caller"));
    if (err == TD_OK)
        err = set_uri(&connection, "local.uri", ivr_facts_get(&dialog->facts, "called"));
    if (err == TD_OK)
        put_object(dialog, "connection", &connection);
    put_object(dialog, "tandem", &dialog->facts);
}

/* --- the step ------------------------------------------------------------------------------------
 */

/* Carries out one effect. @return Whether *input is its answer already. */
static bool perform(struct dialog *dialog, const struct ivr_effect *effect, struct ivr_input *input,
                    struct fetched *fetched)
{
    switch (effect->kind) {
    case IVR_EFFECT_PLAY:
        play(dialog, effect);
        return false;
    case IVR_EFFECT_COLLECT:
        collect(dialog, effect);
        return false;
    case IVR_EFFECT_EVALUATE:
        if (ask_script(dialog, effect) == TD_OK)
            return false;
        *input = (struct ivr_input){.kind = IVR_INPUT_SCRIPT,
                                    .failed = "error.noresource",
                                    .message = "too many expressions wait"};
        return true;
    case IVR_EFFECT_FETCH:
        *input = fetch(dialog, effect->document, fetched);
        return true;
    case IVR_EFFECT_INPUT:
        report_input(dialog, effect->field, effect->digits);
        return false;
    case IVR_EFFECT_LOG:
        td_log_info(td_service_log(dialog->ivr->service), "dialog.logged",
                    td_str("interaction", dialog->key), td_str("document", dialog->current),
                    td_str("text", effect->log));
        return false;
    case IVR_EFFECT_END:
        report_ended(dialog);
        return false;
    }
    return false;
}

void dialog_step(struct dialog *dialog, const struct ivr_input *input)
{
    struct ivr *ivr = dialog->ivr;
    struct ivr_input next = *input;
    struct fetched fetched = {.document = NULL};
    struct ivr_effects effects;
    bool answered = true;

    effects.count = 0;
    while (answered) {
        ivr_session_step(&dialog->session, &next, &effects);
        settle_fetched(dialog, &fetched);
        answered = false;
        for (uint32_t i = 0; i < effects.count; i++)
            answered = perform(dialog, &effects.list[i], &next, &fetched);
    }
    if (ivr_session_is_ended(&dialog->session)) {
        dialog_silence(dialog); // Of one who hung up media may not know yet.
        dialogs_remove(dialog);
        ivr_tell_load(ivr);
    }
}
