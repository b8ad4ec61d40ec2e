/*
 * REFER of an agent's phone (RFC 3515): what it wants, and NOTIFYs of what becomes of it. Transfers
 * that replace another dialog (RFC 3891) are refused by name.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/sip_extra.h>

#include "base/str.h"
#include "edge/session.h"
#include "edge/sip_read.h"

/** A subscription outlives no attempt: ringing is bounded by leases. */
#define NOTIFY_EXPIRES "active;expires=180"
#define NOTIFY_OVER "terminated;reason=noresource"

static const char target_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+*#._-";

static bool wants_replacing(const url_t *url)
{
    return url->url_headers != NULL && strncasecmp(url->url_headers, "replaces=", 9) == 0;
}

static bool is_target(const url_t *url, char to[EDGE_NUMBER_SIZE])
{
    edge_read_user(url, to);
    return to[0] != '\0' && strspn(to, target_characters) == strlen(to);
}

/* @return 0, or the status to refuse it with. */
static int read_target(const sip_t *sip, char to[EDGE_NUMBER_SIZE])
{
    const sip_refer_to_t *refer_to = sip->sip_refer_to;

    if (refer_to == NULL || refer_to->r_url->url_type == url_invalid)
        return 400;
    const url_t *url = refer_to->r_url;
    if (url->url_type != url_sip && url->url_type != url_sips && url->url_type != url_tel)
        return 416;
    if (wants_replacing(url))
        return 501;
    if (url->url_headers != NULL ||
        (url_has_param(url, "method") && strcasestr(url->url_params, "method=invite") == NULL))
        return 400;
    return is_target(url, to) ? 0 : 404;
}

static bool wants_no_subscription(const sip_t *sip)
{
    const sip_refer_sub_t *sub = sip_refer_sub(sip);

    return sub != NULL && sub->rs_value != NULL && strcasecmp(sub->rs_value, "false") == 0;
}

int edge_dialog_refer(struct edge_dialog *dialog, nta_incoming_t *request, const sip_t *sip)
{
    char to[EDGE_NUMBER_SIZE];
    int status = read_target(sip, to);
    char key[TD_ID_TEXT_SIZE];

    if (dialog->referring != NULL)
        status = 491;
    if (status == 501) {
        (void)nta_incoming_treply(request, 501, "Attended Transfer Not Supported", TAG_END());
        nta_incoming_destroy(request);
        return 0;
    }
    if (status != 0)
        return edge_refuse(request, status);
    dialog->referring = request;
    td_str_clip(dialog->refer_to, sizeof(dialog->refer_to), to);
    dialog->refer_silent = wants_no_subscription(sip);
    dialog->refer_cseq = sip->sip_cseq->cs_seq;
    td_log_info(dialog->edge->log, "transfer.asked",
                td_str("interaction", edge_session_key(dialog->session, key)),
                td_str("agent", dialog->agent));
    (void)edge_session_step(dialog->session, &(struct edge_call_event){.type = EDGE_CALL_REFERRED,
                                                                       .side = dialog->side});
    return 0;
}

void edge_dialog_respond_refer(struct edge_dialog *dialog, uint16_t status)
{
    nta_incoming_t *request = dialog->referring;

    if (request == NULL)
        return;
    dialog->referring = NULL;
    dialog->refers += status < 300;
    (void)nta_incoming_treply(
        request, status, sip_status_phrase(status), SIPTAG_CONTACT_STR(dialog->contact),
        TAG_IF(dialog->refer_silent, SIPTAG_HEADER_STR("Refer-Sub: false")), TAG_END());
    nta_incoming_destroy(request);
}

void edge_dialog_notify(struct edge_dialog *dialog, uint16_t status)
{
    char event[32] = "refer";
    char body[96];

    if (dialog->refer_silent)
        return;
    if (dialog->refers > 1) // Which of several is told apart by its number (section 2.4.6).
        (void)snprintf(event, sizeof(event), "refer;id=%u", dialog->refer_cseq);
    (void)snprintf(body, sizeof(body), "SIP/2.0 %u %s\r\n", status, sip_status_phrase(status));
    nta_outgoing_t *notify = nta_outgoing_tcreate(
        dialog->leg, NULL, NULL, edge_dialog_hop(dialog), SIP_METHOD_NOTIFY, NULL,
        SIPTAG_CONTACT_STR(dialog->contact), SIPTAG_EVENT_STR(event),
        SIPTAG_SUBSCRIPTION_STATE_STR(status < 200 ? NOTIFY_EXPIRES : NOTIFY_OVER),
        SIPTAG_CONTENT_TYPE_STR("message/sipfrag;version=2.0"), SIPTAG_PAYLOAD_STR(body),
        TAG_END());
    nta_outgoing_destroy(notify); // It is repeated until answered all the same.
}

/* --- the router --- */

uint16_t edge_transfer_status(enum td_transfer_refusal refusal)
{
    switch (refusal) {
    case TD_TRANSFER_REFUSAL_NOT_FOUND:
        return 404;
    case TD_TRANSFER_REFUSAL_FORBIDDEN:
        return 403;
    case TD_TRANSFER_REFUSAL_BUSY:
        return 486;
    case TD_TRANSFER_REFUSAL_NOT_NOW:
        return 491;
    case TD_TRANSFER_REFUSAL_TOO_OFTEN:
        return 482;
    case TD_TRANSFER_REFUSAL_DECLINED:
        return 603;
    case TD_TRANSFER_REFUSAL_NO_ANSWER:
        return 480;
    default:
        return 503;
    }
}
