/* A new INVITE: who calls, what was dialled, may he, can we. */
#include <string.h>
#include <strings.h>

#include "edge/session.h"

#define NS_PER_S UINT64_C(1000000000)

/** What is known about an INVITE before it is let in. */
struct invite {
    nta_incoming_t *request;
    const sip_t *sip;
    struct edge_peer peer;
    enum edge_caller caller;
    const struct edge_tenant *tenant;
    const struct td_agent_config *agent; /* whose phone calls */
    bool proven;
    bool stale;
    char called[EDGE_NUMBER_SIZE];
};

/* --- who --- */

/* A phone shows itself by credentials, by calling from where it is registered, or by a code that
   only phones dial. */
static bool is_phone(const struct edge *edge, const struct invite *invite, const char *user,
                     bool shown)
{
    const struct edge_phone *phone = edge_registrar_find(edge, invite->tenant->id, user);

    if (shown || invite->called[0] == '*')
        return true;
    return phone != NULL && strcmp(phone->route, invite->peer.route) == 0;
}

static bool read_phone(struct edge *edge, struct invite *invite)
{
    const url_t *from = invite->sip->sip_from->a_url;
    char user[EDGE_NUMBER_SIZE];

    edge_read_user(from, user);
    invite->tenant = edge_auth_tenant(edge, invite->sip, from, user);
    if (invite->tenant == NULL)
        return false;
    invite->agent = edge_tenant_phone(invite->tenant, user);
    if (invite->agent == NULL)
        return false;

    struct edge_auth auth =
        edge_auth_check(edge, invite->tenant, invite->agent, invite->sip, &invite->peer);
    invite->proven = auth.verdict == EDGE_DIGEST_ACCEPTED;
    invite->stale = auth.verdict == EDGE_DIGEST_STALE;
    return is_phone(edge, invite, user, auth.shown);
}

/* A stranger is of the company whose domain he calls, or else whose number he dials. */
static const struct edge_tenant *tenant_of_stranger(const struct edge *edge,
                                                    const struct invite *invite)
{
    const char *host = invite->sip->sip_request->rq_url->url_host;
    const struct edge_tenant *tenant =
        host == NULL ? NULL : edge_directory_by_domain(&edge->directory, host);

    if (tenant == NULL)
        tenant = edge_directory_by_number(&edge->directory, invite->called);
    return tenant != NULL ? tenant : edge->directory.tenants;
}

static void identify(struct edge *edge, struct invite *invite)
{
    invite->caller = EDGE_CALLER_PHONE;
    if (read_phone(edge, invite))
        return;
    invite->agent = NULL;
    invite->proven = false;
    invite->caller = EDGE_CALLER_TRUNK;
    invite->tenant = edge_directory_by_address(&edge->directory, invite->peer.address);
    if (invite->tenant != NULL)
        return;
    invite->caller = EDGE_CALLER_STRANGER;
    invite->tenant = tenant_of_stranger(edge, invite);
}

/* --- can we --- */

/* Refused at once, while it costs little: a call taken in vain costs two. */
static uint32_t refuse_for_s(struct edge *edge)
{
    const struct edge_config *config = edge->config;
    bool ready = td_live_is_up(td_service_live(edge->service)) &&
                 td_service_find_instance(edge->service, "router", NULL) != NULL &&
                 td_service_find_instance(edge->service, "media", NULL) != NULL;

    if (!ready || edge->stopping || edge->sessions.count >= config->calls_max ||
        td_loop_lag_ms(edge->loop) > config->lag_max_ms)
        return config->retry_after_s;

    struct td_admission_verdict verdict =
        td_admission_decide(&edge->admission, TD_ADMISSION_ROUTINE, td_loop_now_ns());
    if (verdict.admitted)
        return 0;
    uint64_t wait_s = (verdict.retry_after_ns + NS_PER_S - 1) / NS_PER_S;
    return wait_s > config->retry_after_s ? (uint32_t)wait_s : config->retry_after_s;
}

/* --- what follows --- */

static int take(struct edge *edge, const struct invite *invite)
{
    const struct edge_arrival arrival = {
        .tenant = invite->tenant,
        .entry_point = edge_tenant_entry_point(invite->tenant, invite->called),
        .peer = &invite->peer,
        .trusted = invite->caller == EDGE_CALLER_TRUNK,
        .called = invite->called,
    };
    uint32_t wait_s = refuse_for_s(edge);

    if (wait_s > 0) {
        td_log_debug(edge->log, "call.overload", td_u64("retry_after_s", wait_s));
        return edge_refuse_later(edge, invite->request, wait_s);
    }
    return edge_customer_take(edge, invite->request, invite->sip, &arrival);
}

static int take_feature(struct edge *edge, const struct invite *invite)
{
    const struct edge_feature_request what = {
        .tenant = invite->tenant,
        .agent = invite->agent,
        .dialled = invite->called,
        .peer = &invite->peer,
    };
    uint32_t wait_s = refuse_for_s(edge);

    if (wait_s > 0)
        return edge_refuse_later(edge, invite->request, wait_s);
    return edge_feature_take(edge, invite->request, invite->sip, &what);
}

static int decide(struct edge *edge, const struct invite *invite)
{
    enum edge_called called = edge_tenant_classify(invite->tenant, invite->called);

    switch (edge_policy_decide(invite->caller, invite->proven, called, invite->called)) {
    case EDGE_POLICY_TAKE:
        return take(edge, invite);
    case EDGE_POLICY_FEATURE:
        return take_feature(edge, invite);
    case EDGE_POLICY_CHALLENGE:
        return edge_auth_challenge(edge, invite->tenant, invite->request, invite->sip,
                                   &invite->peer, invite->stale);
    case EDGE_POLICY_FORBIDDEN:
        ++*edge->counters.calls_forbidden;
        return edge_refuse(invite->request, 403);
    case EDGE_POLICY_NOT_FOUND:
        break;
    }
    ++*edge->counters.calls_not_found;
    return edge_refuse(invite->request, 404);
}

/* @return False: it was refused for what it is, whoever sent it. */
static bool is_understood(nta_incoming_t *request, const sip_t *sip)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};

    su_home_init(home);
    const sip_supported_t *supported = sip_supported_make(home, "100rel");
    bool required_known = nta_check_required(request, sip, supported, TAG_END()) == 0;
    su_home_deinit(home);
    if (!required_known) {
        nta_incoming_destroy(request); // 420 was said.
        return false;
    }
    if (edge_read_body(sip) != EDGE_BODY_OTHER)
        return true;
    (void)nta_incoming_treply(request, SIP_415_UNSUPPORTED_MEDIA,
                              SIPTAG_ACCEPT_STR("application/sdp"), TAG_END());
    nta_incoming_destroy(request);
    return false;
}

int edge_inbound_take(struct edge *edge, nta_incoming_t *request, const sip_t *sip)
{
    struct invite invite = {.request = request, .sip = sip};

    if (!is_understood(request, sip))
        return 0;
    if (!edge_read_peer(request, sip, &invite.peer))
        return edge_refuse(request, 400);
    edge_read_user(sip->sip_request->rq_url, invite.called);
    identify(edge, &invite);
    if (invite.tenant == NULL) // No company is configured (yet).
        return edge_refuse_later(edge, request, edge->config->retry_after_s);
    return decide(edge, &invite);
}
