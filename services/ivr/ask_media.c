#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ivr/ivr.h"

#define TRIES_MAX 3

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

void dialog_play(struct dialog *dialog, const struct ivr_effect *effect)
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

void dialog_collect(struct dialog *dialog, const struct ivr_effect *effect)
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

void dialog_record(struct dialog *dialog, const struct ivr_effect *effect)
{
    struct td_service *service = dialog->ivr->service;
    struct td_arena *arena = td_service_arena(service);
    size_t mark = arena->used;
    struct td_record record = {
        .leg_id = dialog->leg.leg_id,
        .request_id = {td_service_new_id(service)},
        .prompts = make_prompts(dialog, effect->segment_count),
        .prompts_count = effect->segment_count,
        .barge_in = effect->barge_in,
        .beep = effect->record.beep,
        .max_ms = effect->record.max_ms,
        .final_silence_ms = effect->record.final_silence_ms,
        .first_word_ms = effect->record.first_word_ms,
        .any_key = effect->record.any_key,
    };

    td_str_clip(record.notify, sizeof(record.notify), td_service_instance(service));
    dialog->request_id = record.request_id;
    ask_media(dialog, "Record", td_record_encode(arena, &record));
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
