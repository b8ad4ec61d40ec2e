/*
 * What a session asks of media, context and the router. A request carries ids; its reply finds the
 * session and the side again, or nobody.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "edge/session.h"
#include "wire/context_wire.h"
#include "wire/media_wire.h"

#define MEDIA_DEADLINE_MS 250
#define IDENTIFY_DEADLINE_MS 50
#define ARRIVE_DEADLINE_MIN_MS 50
#define TRANSFER_DEADLINE_MS 1500
#define NS_PER_MS UINT64_C(1000000)

/** A request under way. */
struct ask {
    struct edge *edge;
    struct td_interaction_id id;
    struct td_leg_id leg; /* nil: it concerns no leg */
    enum edge_call_event_type event;
};

static struct ask *begin(struct edge_session *session, struct td_leg_id leg,
                         enum edge_call_event_type event)
{
    struct ask *ask = malloc(sizeof(*ask));

    if (ask == NULL)
        abort(); // Its reply was promised to the machine.
    *ask = (struct ask){.edge = session->edge, .id = session->id, .leg = leg, .event = event};
    return ask;
}

/* Who asked, if still there; the question is over either way. */
static struct edge_session *finish(struct ask *ask, struct edge_call_event *event)
{
    struct edge *edge = ask->edge;
    struct edge_session *session = edge->stopping ? NULL : edge_session_find(edge, ask->id);
    int side = EDGE_CALL_CUSTOMER;

    *event = (struct edge_call_event){.type = ask->event, .leg = ask->leg};
    if (session != NULL && !td_id_is_nil(ask->leg.id))
        side = edge_call_side_of_leg(&session->call, ask->leg);
    free(ask);
    if (side < 0)
        return NULL;
    event->side = (uint8_t)side;
    return session;
}

static void send_to_media(struct edge_session *session, const char *type, struct td_bytes payload,
                          td_reply_fn *done, struct ask *ask)
{
    char key[TD_ID_TEXT_SIZE];
    const struct td_call call = {
        .to = "media",
        .instance = session->media,
        .type = type,
        .payload = payload,
        .tenant = session->tenant,
        .key = edge_session_key(session, key),
        .deadline_ms = MEDIA_DEADLINE_MS,
    };

    td_call(session->edge->service, &call, done, ask);
}

static struct td_arena *arena_of(const struct edge_session *session)
{
    return td_service_arena(session->edge->service);
}

/* What a caller is told when media does not take the offer: his fault, or ours for now. */
static uint16_t status_of(enum td_err err)
{
    switch (err) {
    case TD_ERR_INVALID:
    case TD_ERR_SYNTAX:
    case TD_ERR_RANGE:
    case TD_ERR_NOT_FOUND:
        return 488;
    default:
        return 503;
    }
}

static void set_local_sdp(struct edge_session *session, uint8_t side, const char *sdp)
{
    struct edge_dialog *dialog = session->sides[side];

    free(dialog->local_sdp);
    dialog->local_sdp = strdup(sdp);
}

/* --- media: offers and answers --- */

static void log_media(struct edge_session *session, enum td_err err, const char *message)
{
    char key[TD_ID_TEXT_SIZE];

    if (err != TD_OK)
        td_log_warn(session->edge->log, "media.refused",
                    td_str("interaction", edge_session_key(session, key)), td_failure(err),
                    td_str("message", message));
}

static void on_answer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct edge_call_event event;
    struct edge_session *session = finish(ctx, &event);
    struct td_leg_answer_reply reply;

    if (session == NULL)
        return;
    if (err == TD_OK)
        err = td_leg_answer_reply_decode(arena_of(session), payload, &reply, NULL);
    log_media(session, err, message);
    event.ok = err == TD_OK;
    event.status = status_of(err);
    if (event.ok) {
        set_local_sdp(session, event.side, reply.sdp);
        event.holds = reply.held;
    }
    (void)edge_session_step(session, &event);
}

static void on_offer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct edge_call_event event;
    struct edge_session *session = finish(ctx, &event);
    struct td_leg_offer_reply reply;

    if (session == NULL)
        return;
    if (err == TD_OK)
        err = td_leg_offer_reply_decode(arena_of(session), payload, &reply, NULL);
    log_media(session, err, message);
    event.ok = err == TD_OK;
    event.status = 503;
    event.offers = true;
    if (event.ok)
        set_local_sdp(session, event.side, reply.sdp);
    (void)edge_session_step(session, &event);
}

static void ask_answer(struct edge_session *session, uint8_t side, enum edge_call_event_type event)
{
    struct edge_dialog *dialog = session->sides[side];
    struct td_leg_answer request = {.leg_id = edge_session_leg(session, side),
                                    .interaction_id = session->id};

    td_str_clip(request.sdp, sizeof(request.sdp), dialog->remote_sdp);
    free(dialog->remote_sdp);
    dialog->remote_sdp = NULL;
    send_to_media(session, "LegAnswer", td_leg_answer_encode(arena_of(session), &request),
                  on_answer, begin(session, request.leg_id, event));
}

static void ask_offer(struct edge_session *session, uint8_t side, struct td_leg_id like,
                      enum edge_call_event_type event)
{
    const struct td_leg_offer request = {.leg_id = edge_session_leg(session, side),
                                         .interaction_id = session->id,
                                         .like_leg_id = like};

    send_to_media(session, "LegOffer", td_leg_offer_encode(arena_of(session), &request), on_offer,
                  begin(session, request.leg_id, event));
}

void edge_ask_media_answer(struct edge_session *session)
{
    if (session->sides[EDGE_CALL_CUSTOMER]->offer_is_ours)
        ask_offer(session, EDGE_CALL_CUSTOMER, (struct td_leg_id){0}, EDGE_CALL_MEDIA_READY);
    else
        ask_answer(session, EDGE_CALL_CUSTOMER, EDGE_CALL_MEDIA_READY);
}

void edge_ask_media_reanswer(struct edge_session *session, uint8_t side)
{
    if (session->sides[side]->reoffer_is_ours)
        ask_offer(session, side, (struct td_leg_id){0}, EDGE_CALL_REOFFER_ANSWERED);
    else
        ask_answer(session, side, EDGE_CALL_REOFFER_ANSWERED);
}

void edge_ask_media_offer(struct edge_session *session, uint8_t side)
{
    ask_offer(session, side, session->offering->customer_leg.leg_id, EDGE_CALL_MEDIA_READY);
}

static void on_accept(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct edge_call_event event;
    struct edge_session *session = finish(ctx, &event);
    struct td_leg_accept_reply reply;

    if (session == NULL)
        return;
    log_media(session, err, message);
    event.ok = err == TD_OK;
    if (event.ok && td_leg_accept_reply_decode(arena_of(session), payload, &reply, NULL) == TD_OK)
        event.holds = reply.held;
    if (event.side == EDGE_CALL_CUSTOMER && event.type != EDGE_CALL_REOFFER_ACCEPTED) {
        if (event.ok)
            return; // A late answer that fits changes nothing.
        event.type = EDGE_CALL_MEDIA_LOST;
    }
    (void)edge_session_step(session, &event);
}

static void ask_accept(struct edge_session *session, uint8_t side, enum edge_call_event_type event)
{
    struct edge_dialog *dialog = session->sides[side];
    struct td_leg_accept request = {.leg_id = edge_session_leg(session, side)};

    // A 200 without SDP is no answer; media says so.
    td_str_clip(request.sdp, sizeof(request.sdp),
                dialog->remote_sdp != NULL ? dialog->remote_sdp : "");
    free(dialog->remote_sdp);
    dialog->remote_sdp = NULL;
    send_to_media(session, "LegAccept", td_leg_accept_encode(arena_of(session), &request),
                  on_accept, begin(session, request.leg_id, event));
}

void edge_ask_media_accept(struct edge_session *session, uint8_t side)
{
    ask_accept(session, side, EDGE_CALL_MEDIA_ACCEPTED);
}

void edge_ask_media_reaccept(struct edge_session *session, uint8_t side)
{
    ask_accept(session, side, EDGE_CALL_REOFFER_ACCEPTED);
}

/* --- media: switching --- */

static void on_connected(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct td_leg_id agent = ((struct ask *)ctx)->leg;
    struct edge_call_event event;

    (void)payload;
    ((struct ask *)ctx)->leg = (struct td_leg_id){0}; // The agent's leg may be at another edge.
    struct edge_session *session = finish(ctx, &event);
    if (session == NULL)
        return;
    log_media(session, err, message);
    event.leg = agent;
    event.ok = err == TD_OK;
    (void)edge_session_step(session, &event);
}

void edge_ask_media_connect(struct edge_session *session, struct td_leg_id agent, bool record)
{
    struct td_leg_connect request = {
        .leg_a = session->call.customer_leg, .leg_b = agent, .record = record};

    if (session->call.outbound) { // The customer is whom the agent has called.
        request.leg_a = agent;
        request.leg_b = session->call.customer_leg;
    }
    td_str_clip(request.music, sizeof(request.music), session->music);
    send_to_media(session, "LegConnect", td_leg_connect_encode(arena_of(session), &request),
                  on_connected, begin(session, agent, EDGE_CALL_MEDIA_CONNECTED));
}

void edge_tell_media_release(struct edge_session *session, struct td_leg_id leg)
{
    const struct td_leg_release request = {.leg_id = leg};

    send_to_media(session, "LegRelease", td_leg_release_encode(arena_of(session), &request), NULL,
                  NULL);
}

void edge_tell_media_park(struct edge_session *session, struct td_leg_id leg)
{
    struct td_leg_disconnect request = {.leg_id = leg};

    td_str_clip(request.music, sizeof(request.music),
                session->music[0] != '\0' ? session->music : "builtin/music");
    send_to_media(session, "LegDisconnect", td_leg_disconnect_encode(arena_of(session), &request),
                  NULL, NULL);
}

/* --- context --- */

static void take_identity(struct edge_session *session, const struct td_identify_reply *reply)
{
    session->identified = reply->outcome;
    session->has_customer = reply->has_customer;
    session->customer = reply->customer;
}

static void on_identified(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct edge_call_event event;
    struct edge_session *session = finish(ctx, &event);
    struct td_identify_reply reply;

    (void)message;
    if (session == NULL)
        return;
    if (err == TD_OK && td_identify_reply_decode(arena_of(session), payload, &reply, NULL) == TD_OK)
        take_identity(session, &reply);
    (void)edge_session_step(session, &event); // Known or not, the call goes on.
}

void edge_ask_identify(struct edge_session *session)
{
    struct td_identify request = {.interaction_id = session->id};
    char key[TD_ID_TEXT_SIZE];

    td_str_clip(request.number, sizeof(request.number),
                session->call.outbound ? session->called : session->caller);
    td_str_clip(request.called, sizeof(request.called), session->called);
    const struct td_call call = {
        .to = "context",
        .type = "Identify",
        .payload = td_identify_encode(arena_of(session), &request),
        .tenant = session->tenant,
        .key = edge_session_key(session, key),
        .deadline_ms = IDENTIFY_DEADLINE_MS,
    };
    td_call(session->edge->service, &call, on_identified,
            begin(session, (struct td_leg_id){0}, EDGE_CALL_IDENTIFIED));
}

/* --- router --- */

void edge_describe(const struct edge_session *session, struct td_interaction_arrived *arrived)
{
    *arrived = (struct td_interaction_arrived){
        .interaction_id = session->id,
        .channel = TD_CHANNEL_VOICE,
        .has_leg = true,
        .leg = {.leg_id = session->call.customer_leg},
        .identified = session->identified,
        .has_customer = session->has_customer,
        .customer = session->customer,
        .arrived_at_unix_us = session->arrived_at_unix_us,
    };
    td_str_clip(arrived->leg.instance, sizeof(arrived->leg.instance), session->media);
    td_str_clip(arrived->channel_instance, sizeof(arrived->channel_instance),
                td_service_instance(session->edge->service));
    td_str_clip(arrived->entry_point, sizeof(arrived->entry_point), session->entry_point);
    td_str_clip(arrived->caller, sizeof(arrived->caller), session->caller);
    td_str_clip(arrived->called, sizeof(arrived->called), session->called);
    arrived->direction = session->call.outbound ? TD_DIRECTION_OUTBOUND : TD_DIRECTION_INBOUND;
    td_str_clip(arrived->agent, sizeof(arrived->agent), session->calling_agent);
}

static uint16_t status_of_refusal(enum td_turn_away how)
{
    switch (how) {
    case TD_TURN_AWAY_BUSY:
        return 486;
    case TD_TURN_AWAY_UNAVAILABLE:
        return 480;
    default:
        return 503;
    }
}

static void read_verdict(struct edge_session *session, const struct td_interaction_arrived_reply *r,
                         struct edge_call_event *event)
{
    bool accepted = r->result == TD_ARRIVED_RESULT_ACCEPTED;

    event->type = accepted ? EDGE_CALL_TAKEN : EDGE_CALL_TURNED_AWAY;
    event->answer_now = r->answer_now;
    event->status = r->refusal != TD_TRANSFER_REFUSAL_UNSPECIFIED ? edge_transfer_status(r->refusal)
                                                                  : status_of_refusal(r->turn_away);
    if (r->retry_after_s != 0)
        session->retry_after_s = r->retry_after_s;
    if (r->epoch > session->edge->epoch)
        session->edge->epoch = r->epoch;
    if (r->version > session->fence.version)
        session->fence.version = r->version;
}

static void on_arrived(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct edge_call_event event;
    struct edge_session *session = finish(ctx, &event);
    struct td_interaction_arrived_reply reply;
    char key[TD_ID_TEXT_SIZE];

    if (session == NULL)
        return;
    if (err == TD_OK)
        err = td_interaction_arrived_reply_decode(arena_of(session), payload, &reply, NULL);
    if (err == TD_OK)
        read_verdict(session, &reply, &event);
    else
        td_log_error(session->edge->log, "router.unheard",
                     td_str("interaction", edge_session_key(session, key)), td_failure(err),
                     td_str("message", message));
    (void)edge_session_step(session, &event);
}

static uint32_t time_left_ms(const struct edge_session *session)
{
    uint64_t now_ns = td_loop_now_ns();
    uint64_t left_ms =
        session->deadline_ns > now_ns ? (session->deadline_ns - now_ns) / NS_PER_MS : 0;

    return left_ms > ARRIVE_DEADLINE_MIN_MS ? (uint32_t)left_ms : ARRIVE_DEADLINE_MIN_MS;
}

void edge_ask_arrive(struct edge_session *session)
{
    struct td_interaction_arrived arrived;
    char key[TD_ID_TEXT_SIZE];

    edge_describe(session, &arrived);
    const struct td_call call = {
        .to = "router",
        .type = "InteractionArrived",
        .payload = td_interaction_arrived_encode(arena_of(session), &arrived),
        .tenant = session->tenant,
        .key = edge_session_key(session, key),
        .deadline_ms = time_left_ms(session),
    };
    td_call(session->edge->service, &call, on_arrived,
            begin(session, (struct td_leg_id){0}, EDGE_CALL_UNHEARD));
}

/* --- a transfer --- */

/** A question about a transfer under way; the agent may have hung up when it is answered. */
struct transfer_ask {
    struct edge *edge;
    struct td_interaction_id id;
    struct td_offer_id offer;
};

static void on_transfer(void *ctx, enum td_err err, struct td_bytes payload, const char *message)
{
    struct transfer_ask *ask = ctx;
    struct edge *edge = ask->edge;
    struct edge_call_event event = {.type = EDGE_CALL_TRANSFER_ANSWERED, .offer = ask->offer};
    struct edge_session *session = edge->stopping ? NULL : edge_session_find(edge, ask->id);
    struct td_transfer_reply reply = {0};
    char key[TD_ID_TEXT_SIZE];

    free(ask);
    if (session == NULL)
        return;
    if (err == TD_OK)
        err = td_transfer_reply_decode(arena_of(session), payload, &reply, NULL);
    if (err != TD_OK)
        td_log_warn(edge->log, "transfer.unheard",
                    td_str("interaction", edge_session_key(session, key)), td_failure(err),
                    td_str("message", message));
    event.ok = err == TD_OK && reply.accepted;
    event.status = edge_transfer_status(reply.refusal);
    (void)edge_session_step(session, &event);
}

void edge_ask_transfer(struct edge_session *session, uint8_t side)
{
    const struct edge_dialog *dialog = session->sides[side];
    struct transfer_ask *ask = malloc(sizeof(*ask));
    struct td_transfer_asked asked = {
        .has_head = true,
        .head = {.interaction_id = session->id,
                 .at_unix_us = td_loop_now_unix_us(session->edge->loop)},
        .offer_id = dialog->offer,
    };
    char key[TD_ID_TEXT_SIZE];

    if (ask == NULL)
        abort(); // Its reply was promised to the machine.
    *ask = (struct transfer_ask){session->edge, session->id, dialog->offer};
    td_str_clip(asked.head.channel_instance, sizeof(asked.head.channel_instance),
                td_service_instance(session->edge->service));
    td_str_clip(asked.to, sizeof(asked.to), dialog->refer_to);
    const struct td_call call = {
        .to = "router",
        .type = "TransferAsked",
        .payload = td_transfer_asked_encode(arena_of(session), &asked),
        .tenant = session->tenant,
        .key = edge_session_key(session, key),
        .deadline_ms = TRANSFER_DEADLINE_MS,
    };
    td_call(session->edge->service, &call, on_transfer, ask);
}
