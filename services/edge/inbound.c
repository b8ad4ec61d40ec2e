/* A new INVITE: who calls, what was dialled, may he, can we. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "edge/identity.h"
#include "edge/inbound.h"
#include "edge/request.h"
#include "edge/session.h"

#define NS_PER_S UINT64_C(1000000000)

/** What is known about an INVITE before it is let in. */
struct invite {
    struct edge_request *request;
    const sip_t *sip;
    const struct edge_peer *peer;
    enum edge_caller caller;
    const struct edge_tenant *tenant;
    const struct td_agent_config *agent; /* whose phone calls */
    const struct td_trunk *trunk;        /* by which it comes */
    bool proven;
    bool stale;
    char called[EDGE_NUMBER_SIZE];
};

/* --- who --- */

/* A phone shows itself by credentials, by calling from where it is registered, or by a code that
   only phones dial. Whether there is such a phone must not matter, or a scanner would learn it. */
static bool is_phone(const struct edge *edge, const struct invite *invite, const char *user,
                     bool shown)
{
    const struct edge_phone *phone = edge_registrar_find(edge, invite->tenant->id, user);

    if (shown || invite->called[0] == '*')
        return true;
    return phone != NULL && strcmp(phone->route, invite->peer->route) == 0;
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
    if (invite->agent == NULL && edge_directory_by_address(&edge->directory, invite->peer->address))
        return false; // A carrier's callers are nobody's phones.

    struct edge_auth auth =
        edge_auth_check(edge, invite->tenant, invite->agent, invite->sip, invite->peer);
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

/* A carrier may say elsewhere than in the URI what was dialled: see identity.h. */
static void choose_dialled(struct invite *invite)
{
    char number[EDGE_NUMBER_SIZE];

    for (int place = EDGE_DIALLED_URI; place < EDGE_DIALLED_COUNT; place++) {
        edge_identity_dialled(invite->sip, (enum edge_dialled)place, number);
        if (edge_tenant_classify(invite->tenant, number) == EDGE_CALLED_ENTRY_POINT) {
            (void)td_str_copy(invite->called, sizeof(invite->called), number);
            return;
        }
    }
}

static void identify(struct edge *edge, struct invite *invite)
{
    invite->caller = EDGE_CALLER_PHONE;
    if (read_phone(edge, invite))
        return;
    invite->agent = NULL;
    invite->proven = false;
    invite->caller = EDGE_CALLER_TRUNK;
    invite->tenant = edge_directory_by_address(&edge->directory, invite->peer->address);
    if (invite->tenant != NULL) {
        invite->trunk = edge_tenant_trunk(invite->tenant, invite->peer->address);
        choose_dialled(invite);
        return;
    }
    invite->caller = EDGE_CALLER_STRANGER;
    invite->tenant = tenant_of_stranger(edge, invite);
}

/* --- can we --- */

/* Refused at once, while it costs little: a call taken in vain costs two. Strangers leave half of a
   wave's room to those we know. */
static uint32_t refuse_for_s(struct edge *edge, const struct invite *invite)
{
    const struct edge_config *config = edge->config;
    bool ready = td_live_is_up(td_service_live(edge->service)) &&
                 td_service_find_instance(edge->service, "router", NULL) != NULL &&
                 td_service_find_instance(edge->service, "media", NULL) != NULL;

    if (!ready || edge->stopping || edge->sessions.count >= config->calls_max ||
        td_loop_lag_ms(edge->loop) > config->lag_max_ms)
        return config->retry_after_s;

    struct td_admission_verdict verdict = td_admission_decide(
        &edge->admission, invite->request->known ? TD_ADMISSION_ROUTINE : TD_ADMISSION_BULK,
        td_loop_now_ns());
    if (verdict.admitted)
        return 0;
    uint64_t wait_s = (verdict.retry_after_ns + NS_PER_S - 1) / NS_PER_S;
    return wait_s > config->retry_after_s ? (uint32_t)wait_s : config->retry_after_s;
}

/* --- what follows --- */

static void take_call(struct edge *edge, const struct invite *invite,
                      const struct td_entry_point *entry_point)
{
    const struct edge_arrival arrival = {
        .tenant = invite->tenant,
        .entry_point = entry_point,
        .calling_agent = entry_point == NULL ? invite->agent : NULL,
        .peer = invite->peer,
        .trusted = invite->trunk != NULL && invite->trunk->trusted,
        .called = invite->called,
    };
    nta_incoming_t *kept = edge_request_keep(invite->request);

    if (kept != NULL)
        (void)edge_customer_take(edge, kept, invite->sip, &arrival);
}

static void take(struct edge *edge, const struct invite *invite)
{
    take_call(edge, invite, edge_tenant_entry_point(invite->tenant, invite->called));
}

static void call_out(struct edge *edge, const struct invite *invite)
{
    take_call(edge, invite, NULL);
}

/* Only from a phone that is registered, and of an agent who may; where to is the router's to say.
 */
static bool may_call_out(const struct edge *edge, const struct invite *invite)
{
    return invite->proven && invite->agent->may_call_out &&
           edge_registrar_find(edge, invite->tenant->id, invite->agent->phone_user) != NULL;
}

static void take_feature(struct edge *edge, const struct invite *invite)
{
    const struct edge_feature_request what = {
        .tenant = invite->tenant,
        .agent = invite->agent,
        .dialled = invite->called,
        .peer = invite->peer,
    };
    nta_incoming_t *kept = edge_request_keep(invite->request);

    if (kept != NULL)
        (void)edge_feature_take(edge, kept, invite->sip, &what);
}

static void admit(struct edge *edge, const struct invite *invite,
                  void (*let_in)(struct edge *, const struct invite *))
{
    uint32_t wait_s = refuse_for_s(edge, invite);

    if (wait_s > 0) {
        td_log_debug(edge->log, "call.overload", td_u64("retry_after_s", wait_s));
        edge_request_refuse_later(invite->request, wait_s);
    } else {
        let_in(edge, invite);
    }
}

static void decide(struct edge *edge, const struct invite *invite)
{
    enum edge_called called = edge_tenant_classify(invite->tenant, invite->called);

    switch (edge_policy_decide(invite->caller, invite->proven, called, invite->called)) {
    case EDGE_POLICY_TAKE:
        admit(edge, invite, take);
        break;
    case EDGE_POLICY_CALL_OUT:
        if (may_call_out(edge, invite)) {
            admit(edge, invite, call_out);
            break;
        }
        ++*edge->counters.calls_forbidden;
        edge_request_refuse(invite->request, 403);
        break;
    case EDGE_POLICY_FEATURE:
        admit(edge, invite, take_feature);
        break;
    case EDGE_POLICY_CHALLENGE:
        edge_auth_challenge(invite->request, invite->tenant, invite->stale);
        break;
    case EDGE_POLICY_FORBIDDEN:
        ++*edge->counters.calls_forbidden;
        edge_request_refuse(invite->request, 403);
        break;
    case EDGE_POLICY_NOT_FOUND:
        ++*edge->counters.calls_not_found;
        edge_request_refuse(invite->request, 404);
        break;
    }
}

void edge_inbound_take(struct edge_request *request)
{
    struct edge *edge = request->edge;
    struct invite invite = {.request = request, .sip = request->sip, .peer = &request->peer};

    edge_read_user(invite.sip->sip_request->rq_url, invite.called);
    identify(edge, &invite);
    if (invite.tenant == NULL) // No company is configured (yet).
        edge_request_refuse_later(request, edge->config->retry_after_s);
    else
        decide(edge, &invite);
}
