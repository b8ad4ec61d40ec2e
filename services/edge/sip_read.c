#include "edge/sip_read.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg_addr.h>

#include "base/str.h"
#include "base/text.h"

/** Longest body that is passed on; LegAnswer takes no longer one. */
#define SDP_MAX 8192

/* --- where from --- */

static bool numeric(const su_sockaddr_t *from, char *host, size_t host_size, char *port,
                    size_t port_size)
{
    socklen_t size =
        from->su_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    return getnameinfo(&from->su_sa, size, host, (socklen_t)host_size, port, (socklen_t)port_size,
                       NI_NUMERICHOST | NI_NUMERICSERV) == 0;
}

bool edge_read_peer(msg_t *message, const sip_t *sip, struct edge_peer *peer)
{
    char port[8];

    if (!numeric(msg_addr(message), peer->address, sizeof(peer->address), port, sizeof(port)))
        return false;
    peer->tcp = sip->sip_via != NULL && sip->sip_via->v_protocol != NULL &&
                su_casematch(sip->sip_via->v_protocol, sip_transport_tcp);

    bool v6 = strchr(peer->address, ':') != NULL;
    int size =
        snprintf(peer->route, sizeof(peer->route), "sip:%s%s%s:%s;transport=%s", v6 ? "[" : "",
                 peer->address, v6 ? "]" : "", port, peer->tcp ? "tcp" : "udp");
    return size > 0 && (size_t)size < sizeof(peer->route);
}

/* --- who and what --- */

static const char *user_of(const url_t *url)
{
    if (url->url_type == url_tel)
        return url->url_user != NULL ? url->url_user : url->url_host;
    return url->url_user;
}

/* No control characters, and UTF-8: it is shown to people and kept. */
static bool is_readable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    }
    return td_str_is_utf8(text, strlen(text));
}

void edge_read_user(const url_t *url, char user[EDGE_NUMBER_SIZE])
{
    char raw[3 * EDGE_NUMBER_SIZE];
    const char *text = url == NULL ? NULL : user_of(url);

    user[0] = '\0';
    // "user;phone-context=..." names the same user.
    if (text == NULL || td_str_copy_span(raw, sizeof(raw), text, strcspn(text, ";")) != TD_OK)
        return;
    bool whole = strstr(raw, "%00") == NULL; // What follows would be cut off.
    url_unescape(raw, raw);
    if (whole && is_readable(raw))
        (void)td_str_copy(user, EDGE_NUMBER_SIZE, raw);
}

/* --- headers as a whole --- */

void edge_read_header(const void *header, const char *tag, char *to, size_t size)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    struct td_text writer;

    su_home_init(home);
    char *text = sip_header_as_string(home, header);
    td_text_init(&writer, to, size);
    if (text != NULL) {
        td_text_add(&writer, text);
        if (tag != NULL) {
            td_text_add(&writer, ";tag=");
            td_text_add(&writer, tag);
        }
    }
    if (writer.cut)
        to[0] = '\0';
    su_home_deinit(home);
}

/* --- credentials --- */

static const sip_authorization_t *first_credentials(const sip_t *sip)
{
    return sip->sip_authorization != NULL ? sip->sip_authorization : sip->sip_proxy_authorization;
}

static bool read_one(const sip_authorization_t *header, struct edge_digest_credentials *credentials)
{
    return header->au_scheme != NULL && strcasecmp(header->au_scheme, "Digest") == 0 &&
           header->au_params != NULL &&
           edge_digest_parse((const char *const *)header->au_params, credentials) == TD_OK;
}

bool edge_read_credentials(const sip_t *sip, const char *realm,
                           struct edge_digest_credentials *credentials)
{
    for (const sip_authorization_t *h = first_credentials(sip); h != NULL; h = h->au_next) {
        if (read_one(h, credentials) && (realm == NULL || strcmp(credentials->realm, realm) == 0))
            return true;
    }
    return false;
}

void edge_read_realm(const sip_t *sip, char realm[EDGE_DIGEST_REALM_SIZE])
{
    struct edge_digest_credentials credentials;

    realm[0] = '\0';
    if (edge_read_credentials(sip, NULL, &credentials))
        (void)td_str_copy(realm, EDGE_DIGEST_REALM_SIZE, credentials.realm);
}

/* --- REGISTER --- */

/* A number of seconds; what is not one counts as an hour (RFC 3261 section 10.3, step 6). */
static uint32_t read_seconds(const char *text)
{
    uint64_t seconds;

    if (td_str_to_u64(text, UINT32_MAX, &seconds) != TD_OK)
        return 3600;
    return (uint32_t)seconds;
}

static enum td_err read_contact(su_home_t *home, const sip_contact_t *contact,
                                struct edge_contact *to)
{
    char *uri = url_as_string(home, contact->m_url);

    if (uri == NULL)
        return TD_ERR_NO_MEMORY;
    *to = (struct edge_contact){.uri = uri, .has_expires = contact->m_expires != NULL};
    if (to->has_expires)
        to->expires_s = read_seconds(contact->m_expires);
    return TD_OK;
}

enum td_err edge_read_register(su_home_t *home, const sip_t *sip, struct edge_register *wanted)
{
    *wanted = (struct edge_register){
        .call_id = sip->sip_call_id->i_id,
        .cseq = sip->sip_cseq->cs_seq,
    };
    if (sip->sip_expires != NULL) {
        sip_time_t seconds = sip->sip_expires->ex_delta;
        wanted->has_expires = true;
        wanted->expires_s = seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
    }
    for (const sip_contact_t *c = sip->sip_contact; c != NULL; c = c->m_next) {
        if (c->m_url->url_type == url_any) {
            wanted->star = true;
            continue;
        }
        if (wanted->contact_count == EDGE_CONTACTS_MAX)
            return TD_ERR_LIMIT;
        enum td_err err = read_contact(home, c, &wanted->contacts[wanted->contact_count]);
        if (err != TD_OK)
            return err;
        wanted->contact_count++;
    }
    return TD_OK;
}

/* --- bodies --- */

enum edge_body edge_read_body(const sip_t *sip)
{
    const sip_content_type_t *type = sip->sip_content_type;

    if (sip->sip_payload == NULL || sip->sip_payload->pl_len == 0)
        return EDGE_BODY_NONE;
    if (type == NULL || type->c_type == NULL || strcasecmp(type->c_type, "application/sdp") != 0)
        return EDGE_BODY_OTHER;
    return sip->sip_payload->pl_len <= SDP_MAX ? EDGE_BODY_SDP : EDGE_BODY_OTHER;
}

static bool is_accepted(const sip_accept_t *accept)
{
    const char *type = accept->ac_type;

    return type == NULL || strcasecmp(type, "application/sdp") == 0 ||
           strcasecmp(type, "application/*") == 0 || strcmp(type, "*/*") == 0;
}

static bool is_encoded(const sip_t *sip)
{
    const sip_content_encoding_t *encoding = sip->sip_content_encoding;

    return encoding != NULL && encoding->k_items != NULL && encoding->k_items[0] != NULL &&
           strcasecmp(encoding->k_items[0], "identity") != 0;
}

int edge_read_body_fault(const sip_t *sip)
{
    enum edge_body body = edge_read_body(sip);

    if (body == EDGE_BODY_OTHER || (body == EDGE_BODY_SDP && is_encoded(sip)))
        return 415;
    for (const sip_accept_t *accept = sip->sip_accept; accept != NULL; accept = accept->ac_next) {
        if (is_accepted(accept))
            return 0;
    }
    return sip->sip_accept == NULL ? 0 : 406;
}

char *edge_read_sdp(const sip_t *sip)
{
    if (edge_read_body(sip) != EDGE_BODY_SDP)
        return NULL;
    return strndup(sip->sip_payload->pl_data, sip->sip_payload->pl_len);
}

/* --- NAT --- */

/* Addresses that mean nothing outside of the network they are in (RFC 1918, 6598, 4193, 3927). */
static bool is_private(const struct edge_address *address)
{
    static const char *const texts[] = {"10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
                                        "100.64.0.0/10", "127.0.0.0/8",   "169.254.0.0/16",
                                        "fc00::/7",      "fe80::/10"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct edge_network network;
        if (edge_network_parse(texts[i], &network) == TD_OK &&
            edge_network_contains(&network, address))
            return true;
    }
    return false;
}

void edge_read_next_hop(const sip_t *sip, const struct edge_peer *peer, char next_hop[128])
{
    struct edge_address contact;
    struct edge_address source;

    next_hop[0] = '\0';
    if (sip->sip_record_route != NULL || sip->sip_contact == NULL)
        return;
    const char *host = sip->sip_contact->m_url->url_host;
    if (host == NULL || edge_address_parse(host, &contact) != TD_OK ||
        edge_address_parse(peer->address, &source) != TD_OK)
        return;
    if (is_private(&contact) && memcmp(&contact, &source, sizeof(source)) != 0)
        (void)td_str_copy(next_hop, 128, peer->route);
}
