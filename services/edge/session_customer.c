/* The caller's dialog: one INVITE transaction for the whole call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "edge/identity.h"
#include "edge/session.h"

/** A new INVITE is answered or refused within this. */
#define ANSWER_WITHIN_MS 550
#define NS_PER_MS UINT64_C(1000000)

/* Their answer comes with the ACK where their INVITE had no offer. @return False: it should have.
 */
static bool take_late_answer(struct edge_dialog *dialog, const sip_t *sip)
{
    if (!dialog->offer_is_ours)
        return true;
    dialog->offer_is_ours = false;
    dialog->remote_sdp = edge_read_sdp(sip);
    if (dialog->remote_sdp == NULL)
        return false;
    edge_ask_media_accept(dialog->session, EDGE_CALL_CUSTOMER);
    return true;
}

static void confirm(struct edge_dialog *dialog, nta_incoming_t *request, const sip_t *sip)
{
    struct edge *edge = dialog->edge;
    struct td_interaction_id id = dialog->session->id;
    bool answered = take_late_answer(dialog, sip);

    dialog->confirmed = true;
    dialog->invited = NULL;
    nta_incoming_destroy(request); // Nothing more comes of it.
    (void)edge_session_step(dialog->session,
                            &(struct edge_call_event){.type = EDGE_CALL_CONFIRMED});
    struct edge_session *session = edge_session_find(edge, id);
    if (!answered && session != NULL)
        (void)edge_session_step(session, &(struct edge_call_event){.type = EDGE_CALL_MEDIA_LOST});
}

static int on_ack_or_cancel(void *ctx, nta_incoming_t *request, const sip_t *sip)
{
    struct edge_dialog *dialog = ctx;

    if (sip == NULL || sip->sip_request == NULL) {
        dialog->confirmed = true; // There is nothing more to wait for.
        (void)edge_session_step(dialog->session,
                                &(struct edge_call_event){.type = EDGE_CALL_UNCONFIRMED});
    } else if (sip->sip_request->rq_method == sip_method_ack) {
        confirm(dialog, request, sip);
    } else if (sip->sip_request->rq_method == sip_method_cancel) {
        (void)edge_session_step(dialog->session,
                                &(struct edge_call_event){.type = EDGE_CALL_CANCELLED});
    }
    return 0;
}

static bool open_dialog(struct edge_dialog *dialog, nta_incoming_t *request, const sip_t *sip,
                        const struct edge_peer *peer)
{
    dialog->leg = nta_leg_tcreate(dialog->edge->agent, edge_dialog_request, dialog,
                                  SIPTAG_CALL_ID(sip->sip_call_id), SIPTAG_FROM(sip->sip_to),
                                  SIPTAG_TO(sip->sip_from),
                                  NTATAG_REMOTE_CSEQ(sip->sip_cseq->cs_seq), TAG_END());
    if (dialog->leg == NULL || nta_leg_tag(dialog->leg, NULL) == NULL)
        return false;
    (void)nta_leg_server_route(dialog->leg, sip->sip_record_route, sip->sip_contact);
    (void)nta_incoming_tag(request, nta_leg_get_tag(dialog->leg));
    nta_incoming_bind(request, on_ack_or_cancel, dialog);
    dialog->invited = request;
    td_str_clip(dialog->call_id, sizeof(dialog->call_id), sip->sip_call_id->i_id);
    edge_read_header(sip->sip_to, nta_leg_get_tag(dialog->leg), dialog->local,
                     sizeof(dialog->local));
    edge_read_header(sip->sip_from, NULL, dialog->remote, sizeof(dialog->remote));
    dialog->offer_is_ours = edge_read_body(sip) == EDGE_BODY_NONE;
    dialog->remote_sdp = edge_read_sdp(sip);
    edge_read_next_hop(sip, peer, dialog->next_hop);
    (void)edge_listener_contact(dialog->edge, peer->tcp, dialog->contact);
    return true;
}

static void note_arrival(struct edge_session *session, const sip_t *sip,
                         const struct edge_arrival *arrival)
{
    session->arrived_at_unix_us = td_loop_now_unix_us(session->edge->loop);
    session->deadline_ns = td_loop_now_ns() + ANSWER_WITHIN_MS * NS_PER_MS;
    td_str_clip(session->entry_point, sizeof(session->entry_point),
                arrival->entry_point != NULL ? arrival->entry_point->name : "outbound");
    td_str_clip(session->called, sizeof(session->called), arrival->called);
    edge_identity_caller(sip, arrival->trusted, session->caller);
    if (arrival->calling_agent != NULL)
        td_str_clip(session->calling_agent, sizeof(session->calling_agent),
                    arrival->calling_agent->name);
}

int edge_customer_take(struct edge *edge, nta_incoming_t *request, const sip_t *sip,
                       const struct edge_arrival *arrival)
{
    const struct td_instance *media = td_service_find_instance(edge->service, "media", NULL);
    struct td_interaction_id id = {td_service_new_id(edge->service)};
    struct td_leg_id leg = {td_service_new_id(edge->service)};
    struct edge_session *session = edge_session_create(edge, arrival->tenant->id, id);
    struct edge_dialog *dialog =
        session == NULL ? NULL : edge_session_add_dialog(session, EDGE_CALL_CUSTOMER, leg);
    char key[TD_ID_TEXT_SIZE];

    if (media == NULL || dialog == NULL || !open_dialog(dialog, request, sip, arrival->peer)) {
        if (session != NULL)
            edge_session_destroy(session);
        return edge_refuse_later(edge, request, edge->config->retry_after_s);
    }
    td_str_clip(session->media, sizeof(session->media), media->instance);
    note_arrival(session, sip, arrival);
    ++*edge->counters.calls_taken;
    td_log_info(edge->log, "call.arrived", td_str("interaction", edge_session_key(session, key)),
                td_u64("tenant", session->tenant), td_str("entry_point", session->entry_point));
    (void)edge_session_step(session,
                            &(struct edge_call_event){.type = EDGE_CALL_INVITED,
                                                      .leg = leg,
                                                      .outbound = arrival->entry_point == NULL});
    return 0;
}

static void respond_with_sdp(struct edge_dialog *dialog, uint16_t status)
{
    // An offer may not travel in a response that can be lost.
    bool with_sdp =
        dialog->local_sdp != NULL && status != 180 && !(status < 200 && dialog->offer_is_ours);

    (void)nta_incoming_treply(dialog->invited, status, sip_status_phrase(status),
                              SIPTAG_CONTACT_STR(dialog->contact),
                              SIPTAG_ALLOW_STR("INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK"),
                              TAG_IF(with_sdp, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                              TAG_IF(with_sdp, SIPTAG_PAYLOAD_STR(dialog->local_sdp)), TAG_END());
}

void edge_customer_respond(struct edge_session *session, uint16_t status)
{
    struct edge_dialog *dialog = session->sides[EDGE_CALL_CUSTOMER];
    char text[16];
    char key[TD_ID_TEXT_SIZE];

    if (status < 300) {
        respond_with_sdp(dialog, status);
        return;
    }
    if (status == 503)
        ++*session->edge->counters.calls_overload;
    td_log_info(session->edge->log, "call.refused",
                td_str("interaction", edge_session_key(session, key)), td_u64("status", status));
    (void)snprintf(text, sizeof(text), "%u", session->retry_after_s);
    (void)nta_incoming_treply(
        dialog->invited, status, sip_status_phrase(status),
        TAG_IF(status == 503 || status == 486 || status == 480, SIPTAG_RETRY_AFTER_STR(text)),
        TAG_END());
}
