#include <string.h>

#include "base/str.h"
#include "media/media.h"

/* --- answers -----------------------------------------------------------------------------------
 */

static bool parsed(struct td_request *request, const char *text, struct td_sdp *sdp)
{
    unsigned bad_line = 0;
    enum td_err err = td_sdp_parse(text, strlen(text), sdp, &bad_line);

    if (err != TD_OK)
        td_request_fail(request, err, "sdp: line %u: %s", bad_line, td_err_text(err));
    return err == TD_OK;
}

/* --- terms -------------------------------------------------------------------------------------
 */

static enum media_law law_of(enum td_sdp_codec codec)
{
    return codec == TD_SDP_PCMA ? MEDIA_ALAW : MEDIA_MULAW;
}

static enum td_sdp_codec codec_of(const struct leg *leg)
{
    return leg->core.terms.law == MEDIA_ALAW ? TD_SDP_PCMA : TD_SDP_PCMU;
}

static const char *codec_name(enum td_sdp_codec codec)
{
    return codec == TD_SDP_PCMA ? "PCMA" : "PCMU";
}

static struct media_peer peer_of(const struct td_sdp_address *address, uint16_t port)
{
    struct media_peer peer = {0};

    if (address->family == 0)
        return peer;
    peer.family = address->family;
    peer.port = port;
    memcpy(peer.address, address->bytes, sizeof(peer.address));
    return peer;
}

/* What this side says of itself in a description. */
static struct td_sdp_local local_of(const struct leg *leg)
{
    const struct media_config *config = &leg->media->config;
    const char *address = config->rtp_advertised_address[0] != '\0' ? config->rtp_advertised_address
                                                                    : config->rtp_address;
    struct media_peer peer = {0};
    struct td_sdp_local local = {.port = leg->port,
                                 .session_id = leg->created_at_unix_us,
                                 .session_version = leg->sdp_version,
                                 .direction = TD_SDP_SENDRECV};

    if (media_peer_parse(address, 0, &peer) == TD_OK) { // Checked at the start.
        local.address.family = peer.family;
        memcpy(local.address.bytes, peer.address, sizeof(peer.address));
    }
    return local;
}

static void negotiate(struct leg *leg, const struct td_sdp_agreement *agreement)
{
    const struct media_leg_terms terms = {
        .law = law_of(agreement->codec),
        .send_payload = agreement->send_payload,
        .receive_payload = agreement->receive_payload,
        .send_event_payload = agreement->send_event_payload,
        .receive_event_payload = agreement->receive_event_payload,
        .sends = (agreement->direction & TD_SDP_SENDONLY) != 0,
        .receives = (agreement->direction & TD_SDP_RECVONLY) != 0,
    };
    const struct media_peer signalled = peer_of(&agreement->address, agreement->port);

    media_leg_negotiate(&leg->core, &terms, &signalled);
    leg->rtcp_peer = peer_of(&agreement->rtcp_address, agreement->rtcp_port);
    leg->heard_at_ns = td_loop_now_ns(); // Its silence counts from here.
    leg->silence_told = false;
    hold_update(leg);
    state_put(leg);
}

static bool is_held(const struct leg *leg)
{
    return !leg->core.terms.sends;
}

/* The leg of that id, made if it is not there; NULL when the request has been answered. */
static struct leg *leg_for(struct media *media, struct td_request *request, struct td_leg_id id,
                           struct td_interaction_id interaction)
{
    struct leg *leg = legs_find(media, id);
    if (leg != NULL)
        return leg;

    enum td_err err = legs_open(media, id, &leg);
    if (err != TD_OK) {
        ++*media->counters.legs_refused;
        td_request_fail(request, err == TD_ERR_LIMIT ? TD_ERR_BUSY : err,
                        "no leg can be made now: %s",
                        err == TD_ERR_LIMIT ? "no free port or too many legs" : td_err_text(err));
        return NULL;
    }
    leg->interaction = interaction;
    leg->tenant = td_request_tenant(request);
    td_str_clip(leg->owner, sizeof(leg->owner), td_request_source(request));
    return leg;
}

/* --- an offer came in --------------------------------------------------------------------------
 */

/* A far end that speaks the other version of IP could never be reached. */
static bool is_reachable(const struct leg *leg, const struct td_sdp_address *address)
{
    return address->family == 0 || address->family == local_of(leg).address.family;
}

static void reply_answer(struct leg *leg, struct td_request *request, const struct td_sdp *answer)
{
    struct td_leg_answer_reply reply = {.held = is_held(leg)};
    char text[TD_SDP_WRITTEN_MAX + 1];

    (void)td_sdp_write(answer, text);
    td_str_clip(reply.sdp, sizeof(reply.sdp), text);
    td_str_clip(reply.codec, sizeof(reply.codec), codec_name(codec_of(leg)));
    td_request_reply(request,
                     td_leg_answer_reply_encode(td_service_arena(leg->media->service), &reply));
}

static void make_answer(struct leg *leg, struct td_request *request, const struct td_sdp *offer,
                        uint64_t offer_hash)
{
    struct td_sdp_agreement agreement;
    struct td_sdp answered;

    if (leg->sdp_hash != offer_hash)
        leg->sdp_version++;
    leg->sdp_hash = offer_hash;
    const struct td_sdp_local local = local_of(leg);
    enum td_err err = td_sdp_answer(offer, &local, &answered, &agreement);
    if (err != TD_OK || !is_reachable(leg, &agreement.address)) {
        td_request_fail(request, TD_ERR_NOT_FOUND, "sdp: its address is of the other IP version");
        if (!leg->core.negotiated)
            legs_close(leg);
        return;
    }
    leg->offered = TD_SDP_OTHER;
    negotiate(leg, &agreement);
    reply_answer(leg, request, &answered);
}

void media_leg_answer(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_leg_answer wanted;
    struct td_sdp offer;

    enum td_err err =
        td_leg_answer_decode(td_service_arena(media->service), payload, &wanted, &bad_field);
    if (!request_decoded(request, err, bad_field) || !parsed(request, wanted.sdp, &offer))
        return;
    if (td_sdp_find_audio(&offer) < 0) {
        td_request_fail(request, TD_ERR_NOT_FOUND, "sdp: offers neither PCMA nor PCMU");
        return;
    }
    struct leg *leg = leg_for(media, request, wanted.leg_id, wanted.interaction_id);
    if (leg != NULL)
        make_answer(leg, request, &offer, td_str_hash(wanted.sdp, strlen(wanted.sdp)));
}

/* --- an offer goes out -------------------------------------------------------------------------
 */

static void make_offer(const struct leg *leg, struct td_sdp *offer)
{
    const enum td_sdp_codec codecs[] = {leg->offered,
                                        leg->offered == TD_SDP_PCMA ? TD_SDP_PCMU : TD_SDP_PCMA};
    const struct td_sdp_local local = local_of(leg);

    td_sdp_offer(&local, codecs, 2, offer);
}

void media_leg_offer(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_leg_offer wanted;
    struct td_leg_offer_reply reply = {0};
    struct td_sdp offer;
    char text[TD_SDP_WRITTEN_MAX + 1];

    enum td_err err =
        td_leg_offer_decode(td_service_arena(media->service), payload, &wanted, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    struct leg *leg = leg_for(media, request, wanted.leg_id, wanted.interaction_id);
    if (leg == NULL)
        return;
    if (leg->offered == TD_SDP_OTHER || leg->offer_answered) { // Else a repeat: the same again.
        const struct leg *like = legs_find(media, wanted.like_leg_id);
        bool known = leg->core.negotiated || (like != NULL && like->core.negotiated);

        leg->offered = known ? codec_of(leg->core.negotiated ? leg : like) : TD_SDP_PCMA;
        leg->offer_answered = false;
        leg->sdp_version++;
    }
    make_offer(leg, &offer);
    (void)td_sdp_write(&offer, text);
    td_str_clip(reply.sdp, sizeof(reply.sdp), text);
    td_request_reply(request, td_leg_offer_reply_encode(td_service_arena(media->service), &reply));
}

/* --- its answer came in ------------------------------------------------------------------------
 */

static void take_answer(struct leg *leg, struct td_request *request, const struct td_sdp *answered)
{
    struct td_leg_accept_reply reply = {0};
    struct td_sdp_agreement agreement;
    struct td_sdp offer;

    make_offer(leg, &offer);
    enum td_err err = td_sdp_accept(&offer, answered, &agreement);
    if (err == TD_OK && !is_reachable(leg, &agreement.address))
        err = TD_ERR_INVALID;
    if (err != TD_OK) {
        td_request_fail(request, err, "sdp: %s",
                        err == TD_ERR_NOT_FOUND ? "the far end refused the audio"
                                                : "does not fit the offer");
        return;
    }
    leg->offer_answered = true;
    negotiate(leg, &agreement);
    reply.held = is_held(leg);
    td_str_clip(reply.codec, sizeof(reply.codec), codec_name(agreement.codec));
    td_request_reply(request,
                     td_leg_accept_reply_encode(td_service_arena(leg->media->service), &reply));
}

void media_leg_accept(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_leg_accept wanted;
    struct td_sdp answered;

    enum td_err err =
        td_leg_accept_decode(td_service_arena(media->service), payload, &wanted, &bad_field);
    if (!request_decoded(request, err, bad_field) || !parsed(request, wanted.sdp, &answered))
        return;
    struct leg *leg = request_leg(media, request, wanted.leg_id, "leg_id");
    if (leg == NULL)
        return;
    if (leg->offered == TD_SDP_OTHER)
        td_request_fail(request, TD_ERR_INVALID, "leg_id: nothing was offered to this leg");
    else
        take_answer(leg, request, &answered);
}

/* --- switching and end -------------------------------------------------------------------------
 */

void media_leg_connect(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_leg_connect wanted;

    enum td_err err =
        td_leg_connect_decode(td_service_arena(media->service), payload, &wanted, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    struct leg *customer = request_leg(media, request, wanted.leg_a, "leg_a");
    struct leg *agent =
        customer == NULL ? NULL : request_leg(media, request, wanted.leg_b, "leg_b");
    if (agent == NULL)
        return;
    if (customer == agent) {
        td_request_fail(request, TD_ERR_INVALID, "leg_b: the same leg as leg_a");
        return;
    }
    relay_connect(customer, agent, wanted.record, wanted.music);
    request_done(media, request);
}

void media_leg_disconnect(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_leg_disconnect wanted;

    enum td_err err =
        td_leg_disconnect_decode(td_service_arena(media->service), payload, &wanted, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    struct leg *leg = request_leg(media, request, wanted.leg_id, "leg_id");
    if (leg == NULL)
        return;
    struct leg *other = leg->other;
    play_stop(leg);
    relay_disconnect(leg);
    if (other != NULL && wanted.music[0] != '\0' && other->playback.playing == PLAYING_NOTHING)
        hold_play(other, wanted.music);
    request_done(media, request);
}

void media_leg_release(void *ctx, struct td_request *request, struct td_bytes payload)
{
    struct media *media = ctx;
    const char *bad_field = NULL;
    struct td_leg_release wanted;

    enum td_err err =
        td_leg_release_decode(td_service_arena(media->service), payload, &wanted, &bad_field);
    if (!request_decoded(request, err, bad_field))
        return;
    struct leg *leg = legs_find(media, wanted.leg_id);
    if (leg != NULL)
        legs_close(leg);
    request_done(media, request);
}
