/* What the handlers of all requests have in common. */
#include "media/media.h"

bool request_decoded(struct td_request *request, enum td_err err, const char *bad_field)
{
    if (err != TD_OK)
        td_request_fail(request, err, "%s: %s", bad_field, td_err_text(err));
    return err == TD_OK;
}

struct leg *request_leg(struct media *media, struct td_request *request, struct td_leg_id id,
                        const char *field)
{
    struct leg *leg = legs_find(media, id);

    if (leg == NULL)
        td_request_fail(request, TD_ERR_NOT_FOUND, "%s: no such leg here", field);
    return leg;
}

void request_done(struct media *media, struct td_request *request)
{
    const struct td_done done = {0};

    td_request_reply(request, td_done_encode(td_service_arena(media->service), &done));
}
