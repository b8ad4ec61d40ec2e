/* Our dialog with an agent's phone: INVITE, CANCEL, ACK. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "edge/core/sip_text.h"
#include "edge/session.h"

#define ADDRESS_SIZE 512
/** A phone that answers neither CANCEL nor INVITE is given up (RFC 3261 section 9.1: 64 * T1). */
#define CANCEL_PATIENCE_MS 32000
/** So that the first CSeq is known before the INVITE, and can be cancelled by a later process. */
#define BEFORE_FIRST "1 INVITE"

static void on_guard(void *ctx)
{
    struct edge_dialog *dialog = ctx;

    (void)edge_session_step(dialog->session, &(struct edge_call_event){.type = EDGE_CALL_EXPIRED,
                                                                       .side = dialog->side});
}

/* What the phone shows; kept until its INVITE. */
static void show_caller(struct edge_dialog *dialog, const struct td_offer *offer,
                        const struct td_agent_config *agent, const char *domain,
                        char from[EDGE_CALLER_ID_SIZE])
{
    bool named = offer->queue_display_name[0] != '\0';
    const struct edge_caller_id id = {
        .queue = named ? offer->queue_display_name : offer->queue,
        .customer = offer->customer_name,
        .number = offer->caller,
        .language = agent->language,
        .domain = domain,
    };

    edge_caller_id_from(&id, from);
    dialog->asserted[0] = '\0';
    if (!edge_caller_id_is_withheld(&id))
        edge_caller_id_asserted(&id, dialog->asserted);
}

static bool open_dialog(struct edge_dialog *dialog, const char *from, const char *user,
                        const char *domain)
{
    char to[ADDRESS_SIZE];
    struct td_text writer;

    (void)td_id_format(dialog->leg_id.id, dialog->call_id);
    td_text_init(&writer, to, sizeof(to));
    edge_text_add_address(&writer, "", user, domain);
    dialog->leg = nta_leg_tcreate(dialog->edge->agent, edge_dialog_request, dialog,
                                  SIPTAG_CALL_ID_STR(dialog->call_id), SIPTAG_FROM_STR(from),
                                  SIPTAG_TO_STR(to), SIPTAG_CSEQ_STR(BEFORE_FIRST), TAG_END());
    if (dialog->leg == NULL || nta_leg_tag(dialog->leg, NULL) == NULL)
        return false;
    td_text_init(&writer, dialog->local, sizeof(dialog->local));
    td_text_add(&writer, from);
    td_text_add(&writer, ";tag=");
    td_text_add(&writer, nta_leg_get_tag(dialog->leg));
    td_str_clip(dialog->remote, sizeof(dialog->remote), to); // Without a tag, until it answers.
    return true;
}

static bool prepare_phone(struct edge_session *session, struct edge_dialog *dialog)
{
    const struct td_agent_config *agent = session->offered_to;
    const struct edge_tenant *tenant =
        edge_directory_find(&session->edge->directory, session->tenant);
    const struct edge_phone *phone =
        edge_registrar_find(session->edge, session->tenant, agent->phone_user);
    char from[EDGE_CALLER_ID_SIZE];

    td_str_clip(dialog->target, sizeof(dialog->target), phone->binding.contact);
    td_str_clip(dialog->next_hop, sizeof(dialog->next_hop), phone->route);
    bool tcp = strstr(phone->route, "transport=tcp") != NULL;
    (void)edge_listener_contact(session->edge, tcp, dialog->contact);
    show_caller(dialog, session->offering, agent, tenant->config->domain, from);
    return open_dialog(dialog, from, agent->phone_user, tenant->config->domain);
}

/* A number outside, through a trunk: shown is what the trunk allows, never an agent's own. */
static bool prepare_trunk(struct edge_session *session, struct edge_dialog *dialog)
{
    const struct td_trunk *trunk = session->offered_through;
    const struct edge_tenant *tenant =
        edge_directory_find(&session->edge->directory, session->tenant);
    const char *number = session->offering->number;
    char from[ADDRESS_SIZE];
    struct td_text writer;

    td_text_init(&writer, from, sizeof(from));
    edge_text_add_address(
        &writer, "", trunk->caller_number[0] != '\0' ? trunk->caller_number : "anonymous",
        trunk->caller_number[0] != '\0' ? tenant->config->domain : "anonymous.invalid");
    (void)snprintf(dialog->target, sizeof(dialog->target), "sip:%s@%s", number, trunk->target);
    (void)edge_listener_contact(session->edge, false, dialog->contact);
    return open_dialog(dialog, from, number, trunk->target);
}

void edge_agent_prepare(struct edge_session *session, uint8_t side)
{
    const struct td_offer *offer = session->offering;
    struct edge_dialog *dialog =
        edge_session_add_dialog(session, side, edge_session_leg(session, side));

    if (dialog == NULL)
        abort(); // As everywhere a few hundred bytes cannot be had.
    dialog->offer = offer->offer_id;
    dialog->lease_ms = offer->lease_ms;
    td_str_clip(dialog->agent, sizeof(dialog->agent), offer->agent);
    td_timer_init(&dialog->guard, session->edge->loop, on_guard, dialog);
    bool opened = session->offered_to != NULL ? prepare_phone(session, dialog)
                                              : prepare_trunk(session, dialog);
    if (!opened)
        td_log_error(session->edge->log, "dialog.failed", td_str("agent", dialog->agent));
}

static void on_final(struct edge_dialog *dialog, int status, const sip_t *sip)
{
    struct edge_call_event event = {.type = EDGE_CALL_REFUSED, .side = dialog->side};

    event.status = (uint16_t)status;
    td_timer_stop(&dialog->guard);
    if (status < 300) {
        event.type = EDGE_CALL_ANSWERED;
        (void)nta_leg_rtag(dialog->leg, sip->sip_to->a_tag);
        (void)nta_leg_client_reroute(dialog->leg, sip->sip_record_route, sip->sip_contact, 1);
        edge_read_header(sip->sip_to, NULL, dialog->remote, sizeof(dialog->remote));
        free(dialog->remote_sdp);
        dialog->remote_sdp = edge_read_sdp(sip);
    }
    (void)edge_session_step(dialog->session, &event);
}

static int on_response(void *ctx, nta_outgoing_t *request, const sip_t *sip)
{
    struct edge_dialog *dialog = ctx;
    int status = nta_outgoing_status(request);

    if (status >= 200)
        on_final(dialog, sip == NULL && status < 300 ? 408 : status, sip);
    else if (status > 100)
        (void)edge_session_step(
            dialog->session,
            &(struct edge_call_event){.type = EDGE_CALL_PROGRESSED, .side = dialog->side});
    return 0;
}

void edge_agent_invite(struct edge_session *session, uint8_t side)
{
    struct edge_dialog *dialog = session->sides[side];
    bool auto_answer = session->edge->config->auto_answer;
    bool outside = session->call.agents[side - 1].outside;
    bool asserted = dialog->asserted[0] != '\0';
    char identity[EDGE_CALLER_ID_SIZE + 32];
    char branch[EDGE_BRANCH_SIZE];
    char key[TD_ID_TEXT_SIZE];

    (void)snprintf(identity, sizeof(identity), "P-Asserted-Identity: %s", dialog->asserted);
    ++*session->edge->counters.offers_rung;
    dialog->inviting =
        nta_outgoing_tcreate(dialog->leg, on_response, dialog, edge_dialog_hop(dialog),
                             SIP_METHOD_INVITE, URL_STRING_MAKE(dialog->target),
                             NTATAG_BRANCH_KEY(edge_agent_branch(dialog->leg_id, branch)),
                             SIPTAG_CONTACT_STR(dialog->contact),
                             SIPTAG_ALLOW_STR("INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, REFER"),
                             TAG_IF(auto_answer && !outside,
                                    SIPTAG_HEADER_STR("Call-Info: <sip:localhost>;answer-after=0")),
                             TAG_IF(asserted, SIPTAG_HEADER_STR(identity)),
                             TAG_IF(!asserted && !outside, SIPTAG_HEADER_STR("Privacy: id")),
                             SIPTAG_CONTENT_TYPE_STR("application/sdp"),
                             SIPTAG_PAYLOAD_STR(dialog->local_sdp), TAG_END());
    if (dialog->inviting == NULL) {
        (void)edge_session_step(
            session,
            &(struct edge_call_event){.type = EDGE_CALL_REFUSED, .side = side, .status = 503});
        return;
    }
    td_timer_start(&dialog->guard, dialog->lease_ms + session->edge->config->ring_grace_ms);
    td_log_info(session->edge->log, "agent.invited",
                td_str("interaction", edge_session_key(session, key)),
                td_str("agent", dialog->agent));
}

void edge_agent_ack(struct edge_session *session, uint8_t side)
{
    struct edge_dialog *dialog = session->sides[side];
    nta_outgoing_t *ack = nta_outgoing_tcreate(dialog->leg, NULL, NULL, edge_dialog_hop(dialog),
                                               SIP_METHOD_ACK, NULL, TAG_END());

    nta_outgoing_destroy(ack); // It stays to answer repeated 200s.
    dialog->confirmed = true;
}

void edge_agent_cancel(struct edge_session *session, uint8_t side)
{
    struct edge_dialog *dialog = session->sides[side];

    // The library holds it back until the first response (RFC 3261 section 9.1).
    (void)nta_outgoing_cancel(dialog->inviting);
    td_timer_start(&dialog->guard, CANCEL_PATIENCE_MS);
}
