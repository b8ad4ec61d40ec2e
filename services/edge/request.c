/* What is heard outside of transactions and dialogs: counted, checked, let in or not. */
#include "edge/request.h"

#include <stdio.h>
#include <string.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/su_tagarg.h>

#include "base/str.h"
#include "edge/inbound.h"
#include "edge/sip_read.h"
#include "edge/sip_strict.h"

#define ALLOWED "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, UPDATE, PRACK"
#define NS_PER_US 1000
/** Between two words about what was dropped. */
#define REPORT_EVERY_US UINT64_C(10000000)

static uint64_t now_us(void)
{
    return td_loop_now_ns() / NS_PER_US;
}

/* --- answers that keep nothing --- */

static msg_t *give(struct edge_request *request)
{
    msg_t *message = request->message;

    request->message = NULL;
    return message;
}

/* Of the transaction: the same for each copy of the request. */
static uint64_t transaction_key(const struct edge_request *request)
{
    const sip_t *sip = request->sip;
    const char *branch = sip->sip_via->v_branch;
    char text[512];

    // With an old branch the dialog's identifiers tell (RFC 3261 section 17.2.3).
    (void)snprintf(text, sizeof(text), "%.64s %u %.160s %.160s %.64s", request->peer.address,
                   sip->sip_cseq->cs_seq, sip->sip_call_id->i_id, branch != NULL ? branch : "",
                   sip->sip_from->a_tag != NULL ? sip->sip_from->a_tag : "");
    return edge_key(request->edge, text);
}

/* With our tag. */
static const sip_to_t *to_of(const struct edge_request *request)
{
    su_home_t *home = msg_home(request->message);
    sip_to_t *to = sip_to_dup(home, request->sip->sip_to);
    char tag[24];

    (void)snprintf(tag, sizeof(tag), "%016llx", (unsigned long long)transaction_key(request));
    if (to != NULL && to->a_tag == NULL)
        (void)sip_to_tag(home, to, tag);
    return to;
}

void edge_request_answer(struct edge_request *request, int status, const char *phrase,
                         tag_type_t tag, tag_value_t value, ...)
{
    const sip_to_t *to = to_of(request);
    ta_list tags;

    ta_start(tags, tag, value);
    (void)nta_msg_treply(request->edge->agent, give(request), status, phrase, SIPTAG_TO(to),
                         ta_tags(tags));
    ta_end(tags);
}

void edge_request_drop(struct edge_request *request)
{
    nta_msg_discard(request->edge->agent, give(request));
}

void edge_request_refuse(struct edge_request *request, int status)
{
    edge_request_answer(request, status, sip_status_phrase(status), TAG_END());
}

static void say_later(struct edge_request *request, uint32_t retry_after_s)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", retry_after_s);
    edge_request_answer(request, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER_STR(text),
                        TAG_END());
}

void edge_request_refuse_later(struct edge_request *request, uint32_t retry_after_s)
{
    (void)edge_buckets_take(&request->edge->refused, transaction_key(request), now_us());
    ++*request->edge->counters.calls_overload;
    say_later(request, retry_after_s);
}

nta_incoming_t *edge_request_keep(struct edge_request *request)
{
    return nta_incoming_create(request->edge->agent, NULL, give(request), NULL, TAG_END());
}

/* --- who is heard --- */

uint64_t edge_key(const struct edge *edge, const char *text)
{
    char mixed[EDGE_DIGEST_SECRET_SIZE + 512];
    size_t length = strnlen(text, sizeof(mixed) - EDGE_DIGEST_SECRET_SIZE);

    memcpy(mixed, edge->secret, EDGE_DIGEST_SECRET_SIZE);
    memcpy(mixed + EDGE_DIGEST_SECRET_SIZE, text, length);
    uint64_t key = td_str_hash(mixed, EDGE_DIGEST_SECRET_SIZE + length);
    key = (key ^ (key >> 32)) * UINT64_C(0xd6e8feb86659fd93); // Its low bits choose the place.
    return key ^ (key >> 32);
}

uint64_t edge_source_key(const struct edge *edge, const char *address)
{
    struct edge_address parsed;
    char text[32];

    if (strchr(address, ':') == NULL || edge_address_parse(address, &parsed) != TD_OK)
        return edge_key(edge, address);
    (void)snprintf(text, sizeof(text), "%02x%02x%02x%02x%02x%02x%02x%02x", parsed.bytes[0],
                   parsed.bytes[1], parsed.bytes[2], parsed.bytes[3], parsed.bytes[4],
                   parsed.bytes[5], parsed.bytes[6], parsed.bytes[7]);
    return edge_key(edge, text);
}

bool edge_source_is_known(const struct edge *edge, const char *address)
{
    return edge_directory_by_address(&edge->directory, address) != NULL ||
           edge_registrar_is_at(edge, address);
}

static bool is_let_in(struct edge_request *request)
{
    struct edge *edge = request->edge;
    const char *address = request->peer.address;

    request->known = edge_source_is_known(edge, address);
    if (request->known)
        return true;
    switch (edge_gate_decide(&edge->gate, edge_source_key(edge, address), now_us())) {
    case EDGE_GATE_PASS:
        return true;
    case EDGE_GATE_REFUSE:
        ++*edge->counters.strangers_refused;
        say_later(request, edge->config->retry_after_s);
        return false;
    case EDGE_GATE_DROP:
        break;
    }
    ++*edge->counters.strangers_dropped;
    td_str_clip(edge->dropped_from, sizeof(edge->dropped_from), address);
    edge_request_drop(request);
    return false;
}

void edge_request_report(struct edge *edge)
{
    uint64_t dropped = *edge->counters.strangers_dropped;

    if (dropped == edge->dropped_reported || now_us() < edge->report_at_us)
        return;
    td_log_warn(edge->log, "strangers.dropped",
                td_u64("messages", dropped - edge->dropped_reported),
                td_str("last_from", edge->dropped_from));
    edge->dropped_reported = dropped;
    edge->report_at_us = now_us() + REPORT_EVERY_US;
}

/* --- what is refused whoever sent it --- */

static uint64_t *counter_of(struct edge *edge, int status)
{
    switch (status) {
    case 415:
    case 406:
        return edge->counters.requests_body;
    case 416:
        return edge->counters.requests_scheme;
    case 420:
        return edge->counters.requests_extension;
    case 481:
        return edge->counters.requests_no_dialog;
    case 483:
        return edge->counters.requests_hops;
    default:
        return edge->counters.requests_unsound;
    }
}

static const sip_unsupported_t *unsupported_of(const struct edge_request *request)
{
    su_home_t *home = msg_home(request->message);
    bool invite = request->sip->sip_request->rq_method == sip_method_invite;

    return sip_has_unsupported(home, invite ? sip_supported_make(home, "100rel") : NULL,
                               request->sip->sip_require);
}

static int fault_of(const struct edge_request *request)
{
    const sip_t *sip = request->sip;
    int fault = edge_strict_fault(sip);

    if (fault != 0)
        return fault;
    if (sip->sip_require != NULL && unsupported_of(request) != NULL)
        return 420;
    if (sip->sip_to->a_tag != NULL && sip->sip_request->rq_method != sip_method_options)
        return 481;
    return sip->sip_request->rq_method == sip_method_invite ? edge_read_body_fault(sip) : 0;
}

static void refuse_fault(struct edge_request *request, int fault)
{
    ++*counter_of(request->edge, fault);
    if (fault == 420)
        edge_request_answer(request, SIP_420_BAD_EXTENSION,
                            SIPTAG_UNSUPPORTED(unsupported_of(request)), TAG_END());
    else if (fault == 415)
        edge_request_answer(request, SIP_415_UNSUPPORTED_MEDIA,
                            SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
    else
        edge_request_refuse(request, fault);
}

/* --- what is asked --- */

static void show_options(struct edge_request *request)
{
    edge_request_answer(request, SIP_200_OK, SIPTAG_ALLOW_STR(ALLOWED),
                        SIPTAG_ACCEPT_STR("application/sdp"), SIPTAG_SUPPORTED_STR("100rel"),
                        TAG_END());
}

static void refuse_method(struct edge_request *request)
{
    int status = request->sip->sip_request->rq_method != sip_method_unknown ? 405 : 501;

    ++*request->edge->counters.requests_unsupported;
    edge_request_answer(request, status, sip_status_phrase(status), SIPTAG_ALLOW_STR(ALLOWED),
                        TAG_END());
}

static void take(struct edge_request *request)
{
    switch (request->sip->sip_request->rq_method) {
    case sip_method_invite:
        edge_inbound_take(request);
        break;
    case sip_method_register:
        edge_registrar_take(request);
        break;
    case sip_method_options:
        show_options(request);
        break;
    case sip_method_cancel:
    case sip_method_bye:
    case sip_method_prack:
    case sip_method_update:
        refuse_fault(request, 481);
        break;
    default:
        refuse_method(request);
        break;
    }
}

static bool was_refused(const struct edge_request *request)
{
    return !edge_buckets_has(&request->edge->refused, transaction_key(request), now_us());
}

int edge_request_hear(void *ctx, nta_agent_t *agent, msg_t *message, sip_t *sip)
{
    struct edge *edge = ctx;
    struct edge_request request = {.edge = edge, .message = message, .sip = sip};

    (void)agent;
    if (sip->sip_request == NULL) { // To no request that this process remembers.
        ++*edge->counters.responses_stray;
        if (edge_read_peer(message, sip, &request.peer) &&
            edge_source_is_known(edge, request.peer.address) && edge_left_response(&request))
            return 0;
        edge_request_drop(&request);
        return 0;
    }
    // An ACK gets no answer, not even a wrong one.
    if (sip->sip_request->rq_method == sip_method_ack ||
        !edge_read_peer(message, sip, &request.peer)) {
        edge_request_drop(&request);
        return 0;
    }
    if (!is_let_in(&request))
        return 0;
    int fault = fault_of(&request);
    if (fault != 0)
        refuse_fault(&request, fault);
    else if (was_refused(&request))
        say_later(&request, edge->config->retry_after_s);
    else
        take(&request);
    return 0;
}
