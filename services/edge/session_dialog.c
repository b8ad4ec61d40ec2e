/* What the customer's and the agents' dialogs have in common: BYE, re-INVITE, UPDATE. */
#include <stdlib.h>

#include "edge/session.h"

const url_string_t *edge_dialog_hop(const struct edge_dialog *dialog)
{
    const sip_route_t *route = NULL;

    (void)nta_leg_get_route(dialog->leg, &route, NULL);
    if (route != NULL || dialog->next_hop[0] == '\0')
        return NULL;
    return URL_STRING_MAKE(dialog->next_hop);
}

void edge_dialog_bye(struct edge_dialog *dialog)
{
    nta_outgoing_t *bye = nta_outgoing_tcreate(dialog->leg, NULL, NULL, edge_dialog_hop(dialog),
                                               SIP_METHOD_BYE, NULL, TAG_END());

    nta_outgoing_destroy(bye); // It is repeated until answered all the same.
}

void edge_dialog_respond_reoffer(struct edge_dialog *dialog, uint16_t status)
{
    nta_incoming_t *request = dialog->reoffer;
    bool waits_for_ack = status == 200 && dialog->reoffer_is_ours;

    if (request == NULL)
        return;
    if (!waits_for_ack) {
        dialog->reoffer = NULL;
        dialog->reoffer_is_ours = false;
    }
    if (status == 200)
        (void)nta_incoming_treply(request, SIP_200_OK, SIPTAG_CONTACT_STR(dialog->contact),
                                  SIPTAG_CONTENT_TYPE_STR("application/sdp"),
                                  SIPTAG_PAYLOAD_STR(dialog->local_sdp), TAG_END());
    else
        (void)nta_incoming_treply(request, status, sip_status_phrase(status),
                                  TAG_IF(status == 500, SIPTAG_RETRY_AFTER_STR("1")), TAG_END());
    if (!waits_for_ack)
        nta_incoming_destroy(request);
}

/* The ACK of a re-INVITE without SDP, which answers our offer; or its end without one. */
static int on_reoffer_ack(void *ctx, nta_incoming_t *request, const sip_t *sip)
{
    struct edge_dialog *dialog = ctx;
    bool acknowledged =
        sip != NULL && sip->sip_request != NULL && sip->sip_request->rq_method == sip_method_ack;

    if (!acknowledged && sip != NULL)
        return 0; // A CANCEL comes too late for what media answers at once.
    dialog->reoffer = NULL;
    dialog->reoffer_is_ours = false;
    nta_incoming_destroy(request);
    free(dialog->remote_sdp);
    dialog->remote_sdp = acknowledged ? edge_read_sdp(sip) : NULL;
    if (dialog->remote_sdp != NULL)
        edge_ask_media_reaccept(dialog->session, dialog->side);
    else
        (void)edge_session_step(
            dialog->session,
            &(struct edge_call_event){.type = EDGE_CALL_REOFFER_ACCEPTED, .side = dialog->side});
    return 0;
}

/* Any answer but these shows life (RFC 3261 section 12.2.1.2). */
static int on_probed(void *ctx, nta_outgoing_t *request, const sip_t *sip)
{
    struct edge_dialog *dialog = ctx;
    int status = nta_outgoing_status(request);

    (void)sip;
    if (status < 200)
        return 0;
    dialog->probe = NULL;
    nta_outgoing_destroy(request);
    if (status == 408 || status == 481)
        (void)edge_session_step(
            dialog->session,
            &(struct edge_call_event){.type = EDGE_CALL_HUNG_UP, .side = dialog->side});
    return 0;
}

void edge_dialog_probe(struct edge_dialog *dialog)
{
    if (dialog->probe == NULL && dialog->confirmed)
        dialog->probe =
            nta_outgoing_tcreate(dialog->leg, on_probed, dialog, edge_dialog_hop(dialog),
                                 SIP_METHOD_OPTIONS, NULL, TAG_END());
}

static int on_bye(struct edge_dialog *dialog, nta_incoming_t *request)
{
    (void)nta_incoming_treply(request, SIP_200_OK, TAG_END());
    nta_incoming_destroy(request);
    (void)edge_session_step(dialog->session, &(struct edge_call_event){.type = EDGE_CALL_HUNG_UP,
                                                                       .side = dialog->side});
    return 0;
}

/* A session refresh without a body changes nothing. */
static int confirm_unchanged(struct edge_dialog *dialog, nta_incoming_t *request)
{
    (void)nta_incoming_treply(request, SIP_200_OK, SIPTAG_CONTACT_STR(dialog->contact), TAG_END());
    nta_incoming_destroy(request);
    return 0;
}

static int on_reoffer(struct edge_dialog *dialog, nta_incoming_t *request, const sip_t *sip)
{
    enum edge_body body = edge_read_body(sip);
    bool busy = dialog->reoffer != NULL;

    if (body == EDGE_BODY_NONE && sip->sip_request->rq_method == sip_method_update)
        return confirm_unchanged(dialog, request);
    if (body == EDGE_BODY_OTHER)
        return edge_refuse(request, 415);
    if (busy) { // With our offer open it is their turn to answer; else one of theirs is being
                // answered.
        int status = dialog->reoffer_is_ours ? 491 : 500;
        (void)nta_incoming_treply(request, status, sip_status_phrase(status),
                                  TAG_IF(status == 500, SIPTAG_RETRY_AFTER_STR("1")), TAG_END());
        nta_incoming_destroy(request);
        return 0;
    }
    (void)nta_leg_server_route(dialog->leg, NULL, sip->sip_contact); // The target may have moved.
    free(dialog->remote_sdp);
    dialog->remote_sdp = edge_read_sdp(sip);
    dialog->reoffer = request;
    dialog->reoffer_is_ours = body == EDGE_BODY_NONE;
    if (dialog->reoffer_is_ours)
        nta_incoming_bind(request, on_reoffer_ack, dialog);
    (void)edge_session_step(dialog->session, &(struct edge_call_event){.type = EDGE_CALL_REOFFERED,
                                                                       .side = dialog->side});
    return 0;
}

/* Requests within a dialog. */
int edge_dialog_request(void *ctx, nta_leg_t *leg, nta_incoming_t *request, const sip_t *sip)
{
    struct edge_dialog *dialog = ctx;

    (void)leg;
    if (sip == NULL || sip->sip_request->rq_method == sip_method_ack) {
        nta_incoming_destroy(request); // The ACK of a re-INVITE.
        return 0;
    }
    switch (sip->sip_request->rq_method) {
    case sip_method_bye:
        return on_bye(dialog, request);
    case sip_method_invite:
    case sip_method_update:
        return on_reoffer(dialog, request, sip);
    case sip_method_refer:
        return edge_dialog_refer(dialog, request, sip);
    case sip_method_options:
    case sip_method_info:
        return confirm_unchanged(dialog, request);
    default:
        return edge_refuse(request, 405);
    }
}
