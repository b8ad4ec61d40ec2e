/* Life of the service: start, each second, stop. */
#include "edge/edge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "edge/request.h"
#include "edge/service.h"
#include "edge/session.h"

#define SWEEP_MS 1000
/** As long as a client repeats an INVITE (RFC 3261 section 17.1.1.2: 64 * T1). */
#define REFUSED_US UINT64_C(32000000)
/** Redis and PostgreSQL have answered when we start; both reads take milliseconds. */
#define LOAD_PATIENCE_MS 3000

static size_t buckets_for(size_t count)
{
    size_t buckets = 64;

    while (buckets < count)
        buckets *= 2;
    return buckets;
}

static bool make_index(struct edge_index *index, struct edge_index_bucket **buckets, size_t count)
{
    size_t bucket_count = buckets_for(count);

    *buckets = calloc(bucket_count, sizeof(**buckets));
    if (*buckets == NULL)
        return false;
    edge_index_init(index, *buckets, bucket_count);
    return true;
}

static void make_counters(struct edge *edge)
{
    struct edge_counters *c = &edge->counters;
    struct td_service *service = edge->service;
    const struct {
        uint64_t **counter;
        const char *name;
        const char *help;
    } counters[] = {
        {&c->calls_taken, "calls_taken", "Calls admitted."},
        {&c->calls_forbidden, "calls_forbidden", "Calls refused: not allowed."},
        {&c->calls_not_found, "calls_not_found", "Calls refused: nobody has that number."},
        {&c->calls_overload, "calls_overload", "Calls refused: no capacity, router or media."},
        {&c->offers_rung, "offers_rung", "Offers that rang a phone."},
        {&c->commands_stale, "commands_stale", "Commands of a router that is not the active one."},
        {&c->commands_repeated, "commands_repeated", "Commands that came again."},
        {&c->registrations, "registrations", "Registrations taken."},
        {&c->registrations_refused, "registrations_refused", "Registrations refused."},
        {&c->digests_refused, "digests_refused", "Wrong or stale passwords."},
        {&c->features_dialled, "features_dialled", "Feature codes dialled by agents."},
        {&c->reports_dropped, "reports_dropped", "Reports to the router that were lost."},
        {&c->messages_received, "messages_received", "SIP messages received."},
        {&c->messages_malformed, "messages_malformed", "Of them, those that cannot be read."},
        {&c->requests_unsupported, "requests_unsupported", "Requests of a method not spoken."},
        {&c->requests_unsound, "requests_unsound", "Requests that break the syntax of SIP."},
        {&c->requests_scheme, "requests_scheme", "Requests for a URI that is not of SIP."},
        {&c->requests_hops, "requests_hops", "Requests with no hops left."},
        {&c->requests_extension, "requests_extension", "Requests that require an extension."},
        {&c->requests_body, "requests_body",
         "Calls with a body, or accepting one, that is not SDP."},
        {&c->requests_no_dialog, "requests_no_dialog", "Requests within a call that is not there."},
        {&c->responses_stray, "responses_stray", "Responses to nothing."},
        {&c->strangers_refused, "strangers_refused", "Messages of unknown addresses told to wait."},
        {&c->strangers_dropped, "strangers_dropped", "Messages of unknown addresses not answered."},
        {&c->connections_refused, "connections_refused", "TCP connections closed: too many."},
        {&c->guesses_unheard, "guesses_unheard", "Passwords not looked at, after many wrong ones."},
    };

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        *counters[i].counter = td_service_counter(service, counters[i].name, counters[i].help);
    c->connections_now = td_service_gauge(service, "connections", "TCP connections open.");
    c->calls_now = td_service_gauge(service, "calls", "Calls there are.");
    c->phones_registered = td_service_gauge(service, "phones", "Phones registered.");
    c->reports_waiting =
        td_service_gauge(service, "reports_waiting", "Reports not yet taken by the router.");
}

/* --- media --- */

struct lost {
    struct edge *edge;
    const char *instance;
};

static void end_one(void *ctx, struct edge_index_node *node)
{
    const struct lost *lost = ctx;
    struct edge_session *session = (struct edge_session *)node;

    if (!edge_call_is_over(&session->call) && td_str_equal(session->media, lost->instance))
        (void)edge_session_step(session, &(struct edge_call_event){.type = EDGE_CALL_MEDIA_LOST});
}

/* Without media nobody hears anything: the calls it had are ended with a reason. */
static void on_instance(void *ctx, enum td_instance_change change,
                        const struct td_instance *instance)
{
    struct lost lost = {.edge = ctx, .instance = instance->instance};

    if (change == TD_INSTANCE_GONE && td_str_equal(instance->service, "media") &&
        !lost.edge->stopping)
        edge_index_each(&lost.edge->sessions, end_one, &lost);
}

/* --- listening --- */

/*
 * A BYE that overtook the restored dialogs would be answered 481, and its call go on for ever: so
 * what was left behind is read first. Messages wait in the sockets meanwhile.
 */
static void listen_now(struct edge *edge)
{
    if (edge->listening || edge->stopping)
        return;
    edge->listening = true;
    td_timer_stop(&edge->patience);
    edge_sofia_run(edge->sofia);
    td_log_info(edge->log, "edge.listening", td_u64("calls", edge->sessions.count),
                td_u64("phones", edge->phones.count));
}

static void listen_when_loaded(struct edge *edge)
{
    if (edge->companies_known && edge->loads_pending == 0)
        listen_now(edge);
}

static void on_patience(void *ctx)
{
    listen_now(ctx);
}

static void on_companies_known(void *ctx)
{
    struct edge *edge = ctx;

    edge->companies_known = true;
    listen_when_loaded(edge);
}

void edge_load_begins(struct edge *edge)
{
    edge->loads_pending++;
}

void edge_load_ends(struct edge *edge)
{
    edge->loads_pending--;
    listen_when_loaded(edge);
}

/* --- companies --- */

static void on_company(void *ctx, const struct td_company *company)
{
    struct edge *edge = ctx;
    uint32_t tenant = company->config.tenant;
    bool known = edge_directory_find(&edge->directory, tenant) != NULL;
    enum td_err err = edge_directory_set(&edge->directory, tenant, &company->config, edge->log);

    if (err != TD_OK) {
        td_log_error(edge->log, "company.unusable", td_u64("tenant", tenant), td_failure(err));
        return;
    }
    td_log_info(edge->log, "company.loaded", td_u64("tenant", tenant),
                td_u64("version", company->version));
    if (known)
        return;
    edge_registrar_load(edge, tenant);
    edge_store_load(edge, tenant);
}

/* --- life --- */

static void each_second(void *ctx)
{
    struct edge *edge = ctx;

    edge_registrar_sweep(edge);
    edge_listener_count(edge);
    edge_request_report(edge);
    *edge->counters.reports_waiting = td_outbox_waiting(edge->outbox);
    td_service_set_load(edge->service,
                        (uint32_t)(100 * edge->sessions.count / edge->config->calls_max));
}

static void make_guards(struct edge *edge)
{
    const struct edge_gate_limits limits = {
        .source_per_s = edge->config->source_messages_per_s,
        .source_burst = edge->config->source_messages_burst,
        .all_per_s = edge->config->strangers_messages_per_s,
    };

    edge_gate_init(&edge->gate, &limits);
    edge_guesses_init(&edge->guesses);
    edge_buckets_init(&edge->refused, edge->refused_places, EDGE_REFUSED_PLACES, REFUSED_US, 1);
}

static enum td_err make_parts(struct edge *edge)
{
    const struct edge_config *config = edge->config;
    const struct td_admission_config admission = {
        .rate_per_s = config->calls_per_s,
        .burst = config->calls_burst,
        .reserve = {[TD_ADMISSION_BULK] = config->calls_burst / 2}};

    if (!make_index(&edge->sessions, &edge->session_buckets, config->calls_max) ||
        !make_index(&edge->phones, &edge->phone_buckets, config->phones_max) ||
        !make_index(&edge->addresses, &edge->address_buckets, config->phones_max) ||
        !make_index(&edge->features, &edge->feature_buckets, 64))
        return TD_ERR_NO_MEMORY;
    make_guards(edge);
    enum td_err err = td_admission_init(&edge->admission, &admission, td_loop_now_ns());
    if (err == TD_OK)
        err = td_outbox_create(edge->service, &edge->outbox);
    if (err == TD_OK)
        err = edge_sofia_create(edge->loop, &edge->sofia);
    if (err == TD_OK)
        err = edge_listener_start(edge);
    return err;
}

enum td_err edge_start(struct td_service *service, void *ctx)
{
    struct edge *edge = ctx;
    const char *fault = edge_config_fault(edge->config);

    edge->service = service;
    edge->log = td_service_log(service);
    edge->loop = td_service_loop(service);
    td_hash_random(edge->secret, sizeof(edge->secret));
    make_counters(edge);
    if (fault != NULL) {
        td_log_error(edge->log, "config.rejected", td_str("fault", fault));
        return TD_ERR_RANGE;
    }
    enum td_err err = make_parts(edge);
    if (err != TD_OK)
        return err;
    td_timer_init(&edge->every_second, edge->loop, each_second, edge);
    td_timer_start_repeating(&edge->every_second, SWEEP_MS);
    td_timer_init(&edge->patience, edge->loop, on_patience, edge);
    td_timer_start(&edge->patience, LOAD_PATIENCE_MS);
    td_service_watch_instances(service, on_instance, edge);
    err = td_company_watch(service, on_company, edge);
    if (err == TD_OK)
        td_company_on_loaded(service, on_companies_known, edge);
    return err;
}

static void free_session(void *ctx, struct edge_index_node *node)
{
    (void)ctx;
    edge_session_destroy((struct edge_session *)node);
}

/* Dialogs stay as they are in Redis: the next process of this name takes them up. */
void edge_stop(void *ctx)
{
    struct edge *edge = ctx;

    edge->stopping = true;
    td_timer_stop(&edge->every_second);
    td_timer_stop(&edge->patience);
    if (edge->sessions.buckets != NULL)
        edge_index_each(&edge->sessions, free_session, NULL);
    if (edge->features.buckets != NULL)
        edge_feature_fini(edge);
    if (edge->phones.buckets != NULL)
        edge_registrar_fini(edge);
    edge_listener_stop(edge);
    edge_sofia_destroy(&edge->sofia);
    td_outbox_destroy(&edge->outbox);
    edge_directory_fini(&edge->directory);
    free(edge->session_buckets);
    free(edge->phone_buckets);
    free(edge->address_buckets);
    free(edge->feature_buckets);
    edge->session_buckets = edge->phone_buckets = edge->feature_buckets = NULL;
    edge->address_buckets = NULL;
    if (edge->service != NULL)
        td_service_stopped(edge->service);
}

const char *edge_unhealthy(void *ctx)
{
    const struct edge *edge = ctx;

    if (!edge->listening)
        return "starting";
    if (td_service_find_instance(edge->service, "router", NULL) == NULL)
        return "no active router";
    if (td_service_find_instance(edge->service, "media", NULL) == NULL)
        return "no media";
    return NULL;
}
