#include "edge/edge.h"

#include <string.h>
#include <strings.h>

#define KEY(kind, name, member, ...)                                                               \
    TD_CONFIG_##kind(#name, struct edge_config, member, __VA_ARGS__)

const struct td_config_key edge_config_keys[] = {
    KEY(STRING, sip_address, sip_address, .fallback = "127.0.0.1", .min = 1,
        .help = "address to listen on, UDP and TCP; IPv6 in brackets"),
    KEY(U32, sip_port, sip_port, .fallback = "5060", .min = 1, .max = 65535,
        .help = "port to listen on"),
    KEY(STRING, advertised_address, advertised_address, .fallback = "",
        .help = "address that peers are told, where a NAT is in front of us; empty: sip_address"),
    KEY(U32, calls_max, calls_max, .fallback = "1000", .min = 1, .max = 100000, .unit = "calls",
        .help = "calls at one time; more are answered 503"),
    KEY(U32, calls_per_s, calls_per_s, .fallback = "100", .min = 1, .max = 1000000,
        .unit = "calls/s", .help = "new calls sustained; more are answered 503"),
    KEY(U32, calls_burst, calls_burst, .fallback = "200", .min = 1, .max = 1000000, .unit = "calls",
        .help = "new calls of a wave taken at once"),
    KEY(U32, retry_after_s, retry_after_s, .fallback = "5", .min = 1, .max = 3600, .unit = "s",
        .help = "Retry-After of a 503"),
    KEY(DURATION_MS, lag_max, lag_max_ms, .fallback = "100ms", .min = 1, .max = 10000,
        .help = "new calls are refused while the loop lags more"),
    KEY(U32, source_messages_per_s, source_messages_per_s, .fallback = "50", .min = 1,
        .max = 1000000, .unit = "messages/s",
        .help = "heard outside of calls from an address with neither trunk nor registered phone"),
    KEY(U32, source_messages_burst, source_messages_burst, .fallback = "200", .min = 1,
        .max = 1000000, .unit = "messages", .help = "heard at once from such an address"),
    KEY(U32, strangers_messages_per_s, strangers_messages_per_s, .fallback = "1000", .min = 1,
        .max = 1000000, .unit = "messages/s", .help = "heard from all such addresses together"),
    KEY(U32, connections_max, connections_max, .fallback = "4096", .min = 1, .max = 1000000,
        .unit = "connections", .help = "TCP connections at one time; more are closed at once"),
    KEY(U32, source_connections_max, source_connections_max, .fallback = "32", .min = 1,
        .max = 1000000, .unit = "connections",
        .help = "of them, from an address with neither trunk nor registered phone"),
    KEY(DURATION_MS, message_timeout, message_timeout_ms, .fallback = "10s", .min = 100,
        .max = 600000, .help = "a message that takes longer to come over TCP ends its connection"),
    KEY(U32, message_max_bytes, message_max_bytes, .fallback = "65536", .min = 4096, .max = 1048576,
        .unit = "bytes", .help = "longest SIP message; longer ones are answered 413"),
    KEY(LIST, digest_algorithms, digest_algorithms, .fallback = "[SHA-256, MD5]", .min = 1,
        .max = 2, .help = "challenges offered to phones, best first"),
    KEY(LIST, md5_only_user_agents, md5_only_user_agents, .fallback = "[baresip v0, baresip v1]",
        .min = 0, .max = 16,
        .help = "phones by the start of their User-Agent that fail when they are offered more"),
    KEY(DURATION_MS, nonce_lifetime, nonce_lifetime_ms, .fallback = "60s", .min = 1000,
        .max = 3600000, .help = "how long one challenge may be answered"),
    KEY(DURATION_MS, registration_min, registration_min_ms, .fallback = "30s", .min = 1000,
        .max = 3600000, .help = "shorter registrations are answered 423"),
    KEY(DURATION_MS, registration_max, registration_max_ms, .fallback = "1h", .min = 1000,
        .max = 86400000, .help = "longer registrations are shortened"),
    KEY(U32, phones_max, phones_max, .fallback = "50000", .min = 1, .max = 1000000,
        .unit = "phones", .help = "registered phones; more are answered 503"),
    KEY(DURATION_MS, ring_grace, ring_grace_ms, .fallback = "2s", .min = 0, .max = 60000,
        .help = "a phone rings this much longer than its offer before edge stops it by itself"),
    KEY(BOOL, auto_answer, auto_answer, .fallback = "false",
        .help = "ask agents' phones to answer by themselves (Call-Info: answer-after=0)"),
};

const size_t edge_config_key_count = sizeof(edge_config_keys) / sizeof(edge_config_keys[0]);

static bool is_any_address(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "[::]") == 0;
}

const char *edge_config_fault(const struct edge_config *config)
{
    if (config->registration_min_ms > config->registration_max_ms)
        return "registration_min is above registration_max";
    if (is_any_address(config->sip_address) && config->advertised_address[0] == '\0')
        return "sip_address is any address: advertised_address must say what peers are told";
    for (uint32_t i = 0; i < config->digest_algorithms.count; i++) {
        const char *name = config->digest_algorithms.items[i];
        if (strcasecmp(name, "MD5") != 0 && strcasecmp(name, "SHA-256") != 0)
            return "digest_algorithms may hold MD5 and SHA-256 only";
    }
    return NULL;
}
