/* The sockets, and answers to requests that have a transaction. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <sofia-sip/tport_tag.h>

#include "edge/request.h"
#include "edge/sofia_amend.h"

#define URL_SIZE 192
/** What else is open: sockets of the site, files. */
#define OTHER_DESCRIPTORS 512
/** A phone that registers as seldom as it may keeps its connection. */
#define IDLE_GRACE_MS 60000
/** What the kernel keeps while we are busy: about a second of messages at full load. */
#define RECEIVE_BUFFER_BYTES (1 << 20)

int edge_refuse(nta_incoming_t *request, int status)
{
    (void)nta_incoming_treply(request, status, sip_status_phrase(status), TAG_END());
    nta_incoming_destroy(request);
    return 0;
}

int edge_refuse_later(struct edge *edge, nta_incoming_t *request, uint32_t retry_after_s)
{
    char text[16];

    ++*edge->counters.calls_overload;
    (void)snprintf(text, sizeof(text), "%u", retry_after_s);
    (void)nta_incoming_treply(request, SIP_503_SERVICE_UNAVAILABLE, SIPTAG_RETRY_AFTER_STR(text),
                              TAG_END());
    nta_incoming_destroy(request);
    return 0;
}

static void listen_url(const struct edge_config *config, char url[URL_SIZE])
{
    if (config->advertised_address[0] == '\0')
        (void)snprintf(url, URL_SIZE, "sip:%s:%u", config->sip_address, config->sip_port);
    else // The name peers are told; bound to maddr.
        (void)snprintf(url, URL_SIZE, "sip:%s:%u;maddr=%s", config->advertised_address,
                       config->sip_port, config->sip_address);
}

const char *edge_listener_contact(const struct edge *edge, bool tcp,
                                  char text[EDGE_CONTACT_TEXT_SIZE])
{
    const struct edge_config *config = edge->config;
    const char *host =
        config->advertised_address[0] != '\0' ? config->advertised_address : config->sip_address;

    (void)snprintf(text, EDGE_CONTACT_TEXT_SIZE, "<sip:%s:%u%s>", host, config->sip_port,
                   tcp ? ";transport=tcp" : "");
    return text;
}

/* --- connections --- */

static bool on_opened(void *ctx, int descriptor, const struct sockaddr *from, socklen_t from_size)
{
    struct edge *edge = ctx;
    char address[64];

    bool allowed =
        getnameinfo(from, from_size, address, sizeof(address), NULL, 0, NI_NUMERICHOST) == 0 &&
        edge_connections_open(&edge->connections, descriptor, edge_source_key(edge, address),
                              !edge_source_is_known(edge, address));
    if (!allowed)
        ++*edge->counters.connections_refused;
    *edge->counters.connections_now = edge->connections.open;
    return allowed;
}

static void on_closed(void *ctx, int descriptor)
{
    struct edge *edge = ctx;

    edge_connections_close(&edge->connections, descriptor);
    *edge->counters.connections_now = edge->connections.open;
}

/* No more than there can be descriptors: out of them, the library would spin over a connection that
   it cannot take. */
static enum td_err open_door(struct edge *edge)
{
    static struct edge_sofia_door door = {.opened = on_opened, .closed = on_closed};
    const struct edge_config *config = edge->config;
    struct rlimit limit;
    uint32_t most = config->connections_max;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < most + OTHER_DESCRIPTORS)
            most = (uint32_t)(limit.rlim_cur - limit.rlim_cur / 4);
    }
    edge->connection_places =
        calloc((size_t)most + OTHER_DESCRIPTORS, sizeof(edge->connection_places[0]));
    if (edge->connection_places == NULL)
        return TD_ERR_NO_MEMORY;
    edge_connections_init(&edge->connections, edge->connection_places,
                          (size_t)most + OTHER_DESCRIPTORS, most, config->source_connections_max);
    door.ctx = edge;
    edge_sofia_amend_door(&door);
    return TD_OK;
}

/* --- life --- */

enum td_err edge_listener_start(struct edge *edge)
{
    char url[URL_SIZE];
    enum td_err err = open_door(edge);

    if (err != TD_OK)
        return err;

    listen_url(edge->config, url);
    edge->agent =
        nta_agent_create(edge_sofia_root(edge->sofia), URL_STRING_MAKE(url), edge_request_hear,
                         edge, NTATAG_UA(1), NTATAG_SIPFLAGS(MSG_DO_CANONIC | MSG_DO_EXTRACT_COPY),
                         NTATAG_MAXSIZE(edge->config->message_max_bytes), NTATAG_SERVER_RPORT(1),
                         NTATAG_MERGE_482(1), NTATAG_USE_NAPTR(0), NTATAG_USE_SRV(0),
                         NTATAG_MAX_PROCEEDING(2 * (usize_t)edge->config->calls_max),
                         TPTAG_UDP_RMEM(RECEIVE_BUFFER_BYTES), TPTAG_STUN_SERVER(0),
                         TPTAG_PONG2PING(1), TPTAG_TIMEOUT(edge->config->message_timeout_ms),
                         TPTAG_IDLE(edge->config->registration_max_ms + IDLE_GRACE_MS), TAG_END());
    if (edge->agent == NULL) {
        td_log_error(edge->log, "listener.failed", td_str("address", edge->config->sip_address),
                     td_u64("port", edge->config->sip_port));
        return TD_ERR_EXISTS;
    }
    td_log_info(edge->log, "listener.started", td_str("address", edge->config->sip_address),
                td_u64("port", edge->config->sip_port));
    return TD_OK;
}

void edge_listener_stop(struct edge *edge)
{
    if (edge->agent != NULL)
        nta_agent_destroy(edge->agent);
    edge->agent = NULL;
    edge_sofia_amend_door(NULL);
    free(edge->connection_places);
    edge->connection_places = NULL;
}

void edge_listener_count(struct edge *edge)
{
    usize_t received = 0;
    usize_t malformed = 0;

    (void)nta_agent_get_stats(edge->agent, NTATAG_S_RECV_MSG_REF(received),
                              NTATAG_S_BAD_MESSAGE_REF(malformed), TAG_END());
    *edge->counters.messages_received = received;
    *edge->counters.messages_malformed = malformed;
}
