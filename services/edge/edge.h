/**
 * @file edge.h  The SIP edge: trunks, registrar of agents' phones, back-to-back calls.
 *
 * What the files of this service share. sofia-sip parses and keeps transactions; the machines in
 * core/ decide; the files here turn one into the other.
 *
 *   listener.c   sockets                                request.c    requests outside of dialogs
 *   inbound.c    a new INVITE: who, what, may it         registrar.c  REGISTER, bindings
 *   session*.c   one interaction at this edge            feature.c    codes dialled by agents
 *   command.c    requests of the router                  auth.c       digest
 *   directory.c  the companies' numbers
 */
#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/admission/admission.h"
#include "edge/core/connections.h"
#include "edge/core/digest.h"
#include "edge/core/gate.h"
#include "edge/core/guesses.h"
#include "edge/core/index.h"
#include "edge/core/registration.h"
#include "edge/directory.h"
#include "edge/sofia.h"
#include "io/timer.h"
#include "service/outbox.h"
#include "service/service.h"

/** The `edge` section of site.yaml; edge_config.c has defaults, bounds and meanings. */
struct edge_config {
    char sip_address[64];
    uint32_t sip_port;
    char advertised_address[64];
    uint32_t calls_max;
    uint32_t calls_per_s;
    uint32_t calls_burst;
    uint32_t retry_after_s;
    uint32_t lag_max_ms;
    uint32_t source_messages_per_s;
    uint32_t source_messages_burst;
    uint32_t strangers_messages_per_s;
    uint32_t connections_max;
    uint32_t source_connections_max;
    uint32_t message_timeout_ms;
    uint32_t message_max_bytes;
    struct td_config_list digest_algorithms;
    struct td_config_list md5_only_user_agents;
    uint32_t nonce_lifetime_ms;
    uint32_t registration_min_ms;
    uint32_t registration_max_ms;
    uint32_t phones_max;
    uint32_t ring_grace_ms;
    bool auto_answer;
};

extern const struct td_config_key edge_config_keys[];
extern const size_t edge_config_key_count;

/** @return NULL, or one sentence about what is wrong beyond the bounds of each key. */
const char *edge_config_fault(const struct edge_config *config);

/** Counters and gauges of /metrics. */
struct edge_counters {
    uint64_t *calls_taken, *calls_forbidden, *calls_not_found, *calls_overload;
    uint64_t *calls_now, *offers_rung, *commands_stale, *commands_repeated;
    uint64_t *registrations, *registrations_refused, *phones_registered, *digests_refused;
    uint64_t *features_dialled, *reports_dropped, *reports_waiting;
    uint64_t *messages_received, *messages_malformed, *requests_unsupported;
    uint64_t *requests_unsound, *requests_scheme, *requests_hops, *requests_extension;
    uint64_t *requests_body, *requests_no_dialog, *responses_stray;
    uint64_t *strangers_refused, *strangers_dropped, *guesses_unheard;
    uint64_t *connections_refused, *connections_now;
};

/** Refusals of the last half minute that are remembered. */
#define EDGE_REFUSED_PLACES 8192

struct edge {
    struct td_service *service;
    const struct td_log *log;
    const struct edge_config *config;
    struct td_loop *loop;
    struct edge_sofia *sofia;
    nta_agent_t *agent;
    struct td_outbox *outbox;
    struct edge_directory directory;
    struct td_admission admission;
    struct edge_index sessions;
    struct edge_index_bucket *session_buckets;
    struct edge_index phones;
    struct edge_index_bucket *phone_buckets;
    struct edge_index addresses; /* of phones */
    struct edge_index_bucket *address_buckets;
    struct edge_index features;
    struct edge_index_bucket *feature_buckets;
    struct edge_gate gate; /* strangers */
    struct edge_guesses guesses;
    struct edge_buckets refused; /* with 503, so that a repeated request is refused again */
    struct edge_bucket refused_places[EDGE_REFUSED_PLACES];
    uint64_t dropped_reported;
    uint64_t report_at_us;
    char dropped_from[64];
    struct edge_connections connections;
    struct edge_connection *connection_places;
    struct td_timer every_second;
    struct td_timer patience; /* with what a restarted edge reads before it listens */
    uint32_t loads_pending;
    bool companies_known; /* all there were at the start */
    bool listening;
    uint8_t secret[EDGE_DIGEST_SECRET_SIZE];
    uint64_t epoch; /* highest a router has shown */
    bool stopping;
    struct edge_counters counters;
};

/** Where a request came from. */
struct edge_peer {
    char address[64]; /**< Without port. */
    char route[128];  /**< URI that leads back there, through a NAT too. */
    bool tcp;
};

/* listener.c */
enum td_err TD_MUST_CHECK edge_listener_start(struct edge *edge);
void edge_listener_stop(struct edge *edge);
/** Reads the library's counts into ours. */
void edge_listener_count(struct edge *edge);
/** "<sip:ADDRESS:PORT>" as peers are to reach us. @return `text`. */
#define EDGE_CONTACT_TEXT_SIZE 128
const char *edge_listener_contact(const struct edge *edge, bool tcp,
                                  char text[EDGE_CONTACT_TEXT_SIZE]);

/** Answers and lets go of a request. */
int edge_refuse(nta_incoming_t *request, int status);
/** As edge_refuse, with Retry-After. */
int edge_refuse_later(struct edge *edge, nta_incoming_t *request, uint32_t retry_after_s);

/* auth.c */
struct edge_auth {
    enum edge_digest_verdict verdict;
    bool shown; /**< There were credentials, right or wrong. */
};
struct edge_auth edge_auth_check(struct edge *edge, const struct edge_tenant *tenant,
                                 const struct td_agent_config *agent, const sip_t *sip,
                                 const struct edge_peer *peer);
struct edge_request;
/** Answers 401 (REGISTER) or 407 with a challenge for each algorithm. */
void edge_auth_challenge(struct edge_request *request, const struct edge_tenant *tenant,
                         bool stale);
/** The tenant that a request's credentials, sender or phone user point to; some tenant, always the
    same, for a user that is nobody's, so that nobody learns it; NULL when there is none. */
const struct edge_tenant *edge_auth_tenant(const struct edge *edge, const sip_t *sip,
                                           const url_t *who, const char *user);

/* registrar.c */
void edge_registrar_take(struct edge_request *request);
/** A phone and where it is. */
struct edge_phone {
    struct edge_index_node node;
    struct edge_index_node place; /* by address */
    char address[64];             /* of route */
    uint32_t tenant;
    char user[64];
    char agent[64];
    char route[128];
    struct edge_binding binding;
    bool registered;
};
/** The live binding of an agent's phone, or NULL. */
const struct edge_phone *edge_registrar_find(const struct edge *edge, uint32_t tenant,
                                             const char *user);
/** Whether some phone is registered from this address. */
bool edge_registrar_is_at(const struct edge *edge, const char *address);
/** Reads a tenant's bindings of this instance from Redis. */
void edge_registrar_load(struct edge *edge, uint32_t tenant);
/** Drops bindings that have expired. */
void edge_registrar_sweep(struct edge *edge);
void edge_registrar_fini(struct edge *edge);

/* feature.c */
struct edge_feature_request {
    const struct edge_tenant *tenant;
    const struct td_agent_config *agent;
    const char *dialled;
    const struct edge_peer *peer;
};
int edge_feature_take(struct edge *edge, nta_incoming_t *request, const sip_t *sip,
                      const struct edge_feature_request *what);
void edge_feature_done(void *ctx, struct td_request *request, struct td_bytes payload);
void edge_feature_fini(struct edge *edge);
/** Whether somebody who dialled a code hears this leg. */
bool edge_feature_has(const struct edge *edge, struct td_leg_id leg_id);

/* edge.c: what a process of this name left behind is read before anything new is heard */
void edge_load_begins(struct edge *edge);
void edge_load_ends(struct edge *edge);

/* command.c */
extern const struct td_handler edge_handlers[];
extern const size_t edge_handler_count;

#endif
