/* Digest authentication of phones: headers here, the rules in core/digest. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "edge/request.h"
#include "edge/sip_read.h"

#define NS_PER_US 1000

static struct edge_digest_scope scope_of(struct edge *edge, const struct edge_tenant *tenant,
                                         const struct edge_peer *peer)
{
    return (struct edge_digest_scope){
        .secret = td_bytes(edge->secret, sizeof(edge->secret)),
        .realm = tenant->config->domain,
        .address = peer->address,
        .now_unix_s = td_loop_now_unix_us(edge->loop) / 1000000,
        .lifetime_s = edge->config->nonce_lifetime_ms / 1000,
    };
}

static const char *ha1_of(const struct td_agent_config *agent, enum td_hash_algorithm algorithm)
{
    if (agent == NULL)
        return "";
    return algorithm == TD_HASH_SHA256 ? agent->ha1_sha256 : agent->ha1_md5;
}

static bool offers(const struct edge_config *config, enum td_hash_algorithm algorithm)
{
    const char *name = algorithm == TD_HASH_SHA256 ? "SHA-256" : "MD5";

    for (uint32_t i = 0; i < config->digest_algorithms.count; i++) {
        if (strcasecmp(config->digest_algorithms.items[i], name) == 0)
            return true;
    }
    return false;
}

/* Whom somebody claims to be, and from where. */
static struct edge_guess guess_of(const struct edge *edge, const struct edge_tenant *tenant,
                                  const struct edge_digest_credentials *credentials,
                                  const struct edge_digest_scope *scope)
{
    const struct edge_phone *phone = edge_registrar_find(edge, tenant->id, credentials->username);
    char user[EDGE_DIGEST_USER_SIZE + 16];

    (void)snprintf(user, sizeof(user), "%u:%s", tenant->id, credentials->username);
    return (struct edge_guess){
        .source = edge_key(edge, scope->address),
        .user = edge_key(edge, user),
        .familiar = phone != NULL && td_str_equal(phone->address, scope->address),
        .fresh = edge_digest_is_fresh(scope, credentials),
    };
}

static const char *method_of(const sip_t *sip)
{
    return sip->sip_request->rq_method_name;
}

struct edge_auth edge_auth_check(struct edge *edge, const struct edge_tenant *tenant,
                                 const struct td_agent_config *agent, const sip_t *sip,
                                 const struct edge_peer *peer)
{
    struct edge_auth auth = {.verdict = EDGE_DIGEST_REFUSED};
    struct edge_digest_credentials credentials;

    if (!edge_read_credentials(sip, tenant->config->domain, &credentials))
        return auth;
    auth.shown = true;

    const char *ha1 = ha1_of(agent, credentials.algorithm);
    bool another = agent != NULL && strcmp(credentials.username, agent->phone_user) != 0;
    struct edge_digest_scope scope = scope_of(edge, tenant, peer);
    struct edge_guess guess = guess_of(edge, tenant, &credentials, &scope);
    if (!edge_guesses_allow(&edge->guesses, &guess, td_loop_now_ns() / NS_PER_US)) {
        ++*edge->counters.guesses_unheard;
        return auth;
    }
    auth.verdict = edge_digest_verify(&scope, &credentials, method_of(sip), ha1);
    if (another || !offers(edge->config, credentials.algorithm))
        auth.verdict = EDGE_DIGEST_REFUSED;
    if (auth.verdict == EDGE_DIGEST_REFUSED) {
        edge_guesses_note(&edge->guesses, &guess, td_loop_now_ns() / NS_PER_US);
        ++*edge->counters.digests_refused;
    }
    return auth;
}

/* Some phones give up at a challenge they do not know, where they should take the next
   (RFC 8760 section 2.4). */
static bool knows_md5_only(const struct edge_config *config, const sip_t *sip)
{
    if (sip->sip_user_agent == NULL || sip->sip_user_agent->g_string == NULL)
        return false;
    for (uint32_t i = 0; i < config->md5_only_user_agents.count; i++) {
        if (td_str_starts_with(sip->sip_user_agent->g_string,
                               config->md5_only_user_agents.items[i]))
            return true;
    }
    return false;
}

/* Challenges in the configured order, for what the site offers; the phone takes the first it knows.
 */
void edge_auth_challenge(struct edge_request *request, const struct edge_tenant *tenant, bool stale)
{
    struct edge *edge = request->edge;
    char texts[TD_HASH_ALGORITHM_COUNT][EDGE_DIGEST_CHALLENGE_SIZE];
    const char *headers[TD_HASH_ALGORITHM_COUNT] = {NULL, NULL};
    const struct td_config_list *names = &edge->config->digest_algorithms;
    struct edge_digest_scope scope = scope_of(edge, tenant, &request->peer);
    bool md5_only = knows_md5_only(edge->config, request->sip);
    size_t count = 0;

    for (uint32_t i = 0; i < names->count && count < TD_HASH_ALGORITHM_COUNT; i++) {
        enum td_hash_algorithm algorithm =
            strcasecmp(names->items[i], "MD5") == 0 ? TD_HASH_MD5 : TD_HASH_SHA256;
        if (md5_only && algorithm != TD_HASH_MD5)
            continue;
        if (edge_digest_challenge(&scope, algorithm, stale, texts[count]) == TD_OK) {
            headers[count] = texts[count];
            count++;
        }
    }
    if (count == 0)
        edge_request_refuse(request, 500);
    else if (request->sip->sip_request->rq_method == sip_method_register)
        edge_request_answer(request, SIP_401_UNAUTHORIZED, SIPTAG_WWW_AUTHENTICATE_STR(headers[0]),
                            SIPTAG_WWW_AUTHENTICATE_STR(headers[1]), TAG_END());
    else
        edge_request_answer(request, SIP_407_PROXY_AUTH_REQUIRED,
                            SIPTAG_PROXY_AUTHENTICATE_STR(headers[0]),
                            SIPTAG_PROXY_AUTHENTICATE_STR(headers[1]), TAG_END());
}

/* Who asks in vain for a user must not see by the realm that there is none. */
static const struct edge_tenant *tenant_of_nobody(const struct edge *edge, const char *user)
{
    const struct edge_tenant *tenant = edge->directory.tenants;
    uint64_t count = 0;

    for (const struct edge_tenant *t = tenant; t != NULL; t = t->next)
        count++;
    if (count < 2)
        return tenant;
    for (uint64_t skip = edge_key(edge, user) % count; skip > 0; skip--)
        tenant = tenant->next;
    return tenant;
}

const struct edge_tenant *edge_auth_tenant(const struct edge *edge, const sip_t *sip,
                                           const url_t *who, const char *user)
{
    const struct edge_tenant *tenant = NULL;
    char realm[EDGE_DIGEST_REALM_SIZE];

    edge_read_realm(sip, realm);
    if (realm[0] != '\0')
        tenant = edge_directory_by_domain(&edge->directory, realm);
    if (tenant == NULL && who->url_host != NULL)
        tenant = edge_directory_by_domain(&edge->directory, who->url_host);
    if (tenant == NULL)
        tenant = edge_directory_by_phone(&edge->directory, user);
    return tenant != NULL ? tenant : tenant_of_nobody(edge, user);
}
