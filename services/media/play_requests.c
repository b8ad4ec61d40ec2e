#include "media/media.h"

/* Whether this is the leg's last request once more: its answer was lost. */
static bool is_repeat(struct leg *leg, struct td_command_id id)
{
    bool repeat = td_id_equal(leg->last_request_id.id, id.id);

    leg->last_request_id = id;
    return repeat;
}

void media_play(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_play play;

    enum td_err err = td_play_decode(td_service_arena(media->service), payload, &play, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    struct leg *leg = request_leg(media, request, play.leg_id, "leg_id");
    if (leg == NULL)
        return;
    if (!is_repeat(leg, play.request_id))
        play_prompts(leg, &play);
    request_done(media, request);
}

void media_collect_request(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_collect collect;

    enum td_err err =
        td_collect_decode(td_service_arena(media->service), payload, &collect, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    if (collect.digits_max < 1 || collect.digits_max > MEDIA_DIGITS_MAX) {
        td_request_fail(request, TD_ERR_RANGE, "digits_max: expected 1 to %d", MEDIA_DIGITS_MAX);
        return;
    }
    struct leg *leg = request_leg(media, request, collect.leg_id, "leg_id");
    if (leg == NULL)
        return;
    if (!is_repeat(leg, collect.request_id))
        play_collect(leg, &collect);
    request_done(media, request);
}

void media_record_request(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_record record;

    enum td_err err =
        td_record_decode(td_service_arena(media->service), payload, &record, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    struct leg *leg = request_leg(media, request, record.leg_id, "leg_id");
    if (leg == NULL)
        return;
    if (leg->other != NULL) {
        td_request_fail(request, TD_ERR_INVALID, "leg_id: it talks with another leg");
        return;
    }
    if (!is_repeat(leg, record.request_id))
        play_record(leg, &record);
    request_done(media, request);
}

void media_stop_request(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_media_stop stop;

    enum td_err err =
        td_media_stop_decode(td_service_arena(media->service), payload, &stop, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    struct leg *leg = legs_find(media, stop.leg_id);
    bool any = td_id_is_nil(stop.request_id.id);
    // Whoever has begun something else on the leg meanwhile is not to be stopped.
    if (leg != NULL && (any || td_id_equal(stop.request_id.id, leg->last_request_id.id)))
        play_stop(leg);
    request_done(media, request); // A leg that is gone has stopped.
}
