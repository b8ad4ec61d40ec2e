/*
 * Dialogs that a process of our name left before their INVITE was over. The transaction died with
 * it: they cannot be gone on with, but their phones must not ring or listen for ever.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "edge/request.h"
#include "edge/session.h"

const char *edge_agent_branch(struct td_leg_id leg, char branch[EDGE_BRANCH_SIZE])
{
    char id[TD_ID_TEXT_SIZE];

    (void)snprintf(branch, EDGE_BRANCH_SIZE, "branch=z9hG4bK-%s", td_id_format(leg.id, id));
    return branch;
}

static const url_string_t *hop_of(const struct td_sip_dialog *stored)
{
    return stored->next_hop[0] == '\0' ? NULL : URL_STRING_MAKE(stored->next_hop);
}

/* A phone that has answered already takes no notice: its 200 comes again, see edge_left_response.
 */
static void cancel(struct edge *edge, const struct td_sip_dialog *stored)
{
    char branch[EDGE_BRANCH_SIZE];
    char cseq[32];
    nta_leg_t *leg =
        nta_leg_tcreate(edge->agent, NULL, NULL, SIPTAG_CALL_ID_STR(stored->call_id),
                        SIPTAG_FROM_STR(stored->local), SIPTAG_TO_STR(stored->remote), TAG_END());

    if (leg == NULL)
        return;
    (void)snprintf(cseq, sizeof(cseq), "%u CANCEL", stored->local_cseq + 1);
    nta_outgoing_destroy(nta_outgoing_tcreate(
        leg, NULL, NULL, hop_of(stored), SIP_METHOD_CANCEL, URL_STRING_MAKE(stored->target),
        NTATAG_BRANCH_KEY(edge_agent_branch(stored->leg.leg_id, branch)), SIPTAG_CSEQ_STR(cseq),
        TAG_END())); // It is repeated until answered all the same.
    nta_leg_destroy(leg);
}

/* Whether our 200 had gone out is not known; who still waits for it answers 481. */
static void hang_up(struct edge *edge, const struct td_sip_dialog *stored)
{
    nta_leg_t *leg = edge_store_leg(edge, stored, NULL);

    if (leg == NULL)
        return;
    nta_outgoing_destroy(nta_outgoing_tcreate(leg, NULL, NULL,
                                              stored->route_set[0] == '\0' ? hop_of(stored) : NULL,
                                              SIP_METHOD_BYE, NULL, TAG_END()));
    nta_leg_destroy(leg);
}

void edge_store_let_go(struct edge *edge, const struct td_sip_dialog *stored)
{
    if (stored->target[0] == '\0' || stored->local[0] == '\0' || stored->remote[0] == '\0')
        return; // Of a release that did not store them, or too long to be.
    bool answered = strstr(stored->remote, ";tag=") != NULL;
    if (answered || td_id_is_nil(stored->offer_id.id))
        hang_up(edge, stored);
    else
        cancel(edge, stored);
}

/* The branch of our INVITEs to agents tells the Call-ID, which is the leg. */
static bool is_to_our_invite(const sip_t *sip)
{
    char branch[EDGE_BRANCH_SIZE];
    struct td_leg_id leg = {0};
    const sip_via_t *via = sip->sip_via;

    return sip->sip_cseq != NULL && sip->sip_cseq->cs_method == sip_method_invite && via != NULL &&
           via->v_next == NULL && via->v_branch != NULL && sip->sip_call_id != NULL &&
           td_id_parse(sip->sip_call_id->i_id, &leg.id) == TD_OK &&
           td_str_equal(via->v_branch, strchr(edge_agent_branch(leg, branch), '=') + 1);
}

/* A refusal is acknowledged within its transaction (RFC 3261 section 17.1.1.3). */
static void acknowledge(struct edge_request *request)
{
    const sip_t *sip = request->sip;
    char branch[EDGE_BRANCH_SIZE];
    char cseq[32];
    struct td_leg_id leg;
    nta_leg_t *dialog =
        nta_leg_tcreate(request->edge->agent, NULL, NULL, SIPTAG_CALL_ID(sip->sip_call_id),
                        SIPTAG_FROM(sip->sip_from), SIPTAG_TO(sip->sip_to), TAG_END());

    if (dialog == NULL || td_id_parse(sip->sip_call_id->i_id, &leg.id) != TD_OK)
        return;
    (void)snprintf(cseq, sizeof(cseq), "%u ACK", sip->sip_cseq->cs_seq);
    nta_outgoing_destroy(nta_outgoing_tcreate(
        dialog, NULL, NULL, URL_STRING_MAKE(request->peer.route), SIP_METHOD_ACK,
        URL_STRING_MAKE(request->peer.route), NTATAG_BRANCH_KEY(edge_agent_branch(leg, branch)),
        NTATAG_ACK_BRANCH(branch), SIPTAG_CSEQ_STR(cseq), TAG_END()));
    nta_leg_destroy(dialog);
}

bool edge_left_response(struct edge_request *request)
{
    int status = request->sip->sip_status->st_status;

    if (status < 200 || !is_to_our_invite(request->sip))
        return false;
    if (status >= 300) {
        acknowledge(request);
        return false;
    }
    if (nta_msg_ackbye(request->edge->agent, request->message) != 0)
        return false;
    request->message = NULL; // The library's now.
    return true;
}
