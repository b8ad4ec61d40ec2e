#include "edge/core/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

#define TEXT_SIZE 64
#define V4_OFFSET 12
#define V4_BITS 32
#define V6_BITS 128

static enum td_err strip_brackets(const char *text, char bare[TEXT_SIZE])
{
    size_t length = strlen(text);

    if (length >= 2 && text[0] == '[' && text[length - 1] == ']')
        return td_str_copy_span(bare, TEXT_SIZE, text + 1, length - 2);
    return td_str_copy(bare, TEXT_SIZE, text);
}

enum td_err edge_address_parse(const char *text, struct edge_address *address)
{
    static const uint8_t mapped[V4_OFFSET] = {[10] = 0xff, [11] = 0xff};
    struct edge_address a;
    char bare[TEXT_SIZE];

    if (strip_brackets(text, bare) != TD_OK)
        return TD_ERR_SYNTAX;
    memcpy(a.bytes, mapped, sizeof(mapped));
    if (inet_pton(AF_INET, bare, a.bytes + V4_OFFSET) != 1 &&
        inet_pton(AF_INET6, bare, a.bytes) != 1)
        return TD_ERR_SYNTAX;
    *address = a;
    return TD_OK;
}

static bool bit(const struct edge_address *address, unsigned index)
{
    return ((address->bytes[index / 8] >> (7 - index % 8)) & 1) != 0;
}

static bool has_host_bits(const struct edge_network *network)
{
    for (unsigned i = network->prefix; i < V6_BITS; i++) {
        if (bit(&network->address, i))
            return true;
    }
    return false;
}

enum td_err edge_network_parse(const char *text, struct edge_network *network)
{
    const char *slash = strchr(text, '/');
    char host[TEXT_SIZE];
    struct edge_network n = {.prefix = V6_BITS};
    uint64_t bits;

    if (slash == NULL) {
        enum td_err err = edge_address_parse(text, &n.address);
        if (err == TD_OK)
            *network = n;
        return err;
    }
    if (td_str_copy_span(host, sizeof(host), text, (size_t)(slash - text)) != TD_OK ||
        edge_address_parse(host, &n.address) != TD_OK)
        return TD_ERR_SYNTAX;

    unsigned width = strchr(host, ':') == NULL ? V4_BITS : V6_BITS;
    enum td_err err = td_str_to_u64(slash + 1, width, &bits);
    if (err != TD_OK)
        return err;
    n.prefix = (uint8_t)(V6_BITS - width + bits);
    if (has_host_bits(&n))
        return TD_ERR_RANGE;
    *network = n;
    return TD_OK;
}

bool edge_network_contains(const struct edge_network *network, const struct edge_address *address)
{
    unsigned whole = network->prefix / 8;
    unsigned rest = network->prefix % 8;

    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    unsigned difference = network->address.bytes[whole] ^ address->bytes[whole];
    return (difference >> (8 - rest)) == 0;
}
