#include "io/bus_line.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Descriptors of everything else in the process lie below and between those of connections. */
#define OTHERS_MAX 1024
/* What comes without being a message: pings, sealed, one a second. */
#define PING_BYTES_PER_S 256

enum td_err td_bus_lines_init(struct td_bus_lines *lines, uint32_t max)
{
    *lines = (struct td_bus_lines){.max = max, .size = max + OTHERS_MAX};
    lines->table = calloc(lines->size, sizeof(*lines->table));
    return lines->table != NULL ? TD_OK : TD_ERR_NO_MEMORY;
}

void td_bus_lines_fini(struct td_bus_lines *lines)
{
    free(lines->table);
    lines->table = NULL;
}

struct td_bus_line *td_bus_lines_at(const struct td_bus_lines *lines, int descriptor)
{
    if (descriptor < 0 || (uint32_t)descriptor >= lines->size || !lines->table[descriptor].is_open)
        return NULL;
    return &lines->table[descriptor];
}

bool td_bus_lines_accept(struct td_bus_lines *lines, int descriptor, uint64_t now_ns)
{
    if (descriptor < 0 || (uint32_t)descriptor >= lines->size)
        return false;
    struct td_bus_line *line = &lines->table[descriptor];
    uint32_t generation = line->generation;

    lines->open += !line->is_open;
    *line = (struct td_bus_line){
        .is_open = true, .generation = generation, .since_ns = now_ns, .marked_ns = now_ns};
    return true;
}

int td_bus_lines_oldest_silent(const struct td_bus_lines *lines)
{
    int oldest = -1;

    for (uint32_t i = 0; i < lines->size; i++) {
        const struct td_bus_line *line = &lines->table[i];

        if (line->is_open && !line->is_guest && !line->is_cut &&
            (oldest < 0 || line->since_ns < lines->table[oldest].since_ns))
            oldest = (int)i;
    }
    return oldest;
}

void td_bus_lines_welcome(struct td_bus_lines *lines, struct td_bus_line *line, uint32_t routing_id)
{
    line->is_guest = true;
    line->is_gone = false;
    line->routing_id = routing_id;
    line->generation++;
    lines->guests++;
}

void td_bus_lines_dismiss(struct td_bus_lines *lines, struct td_bus_line *line, uint64_t now_ns)
{
    lines->guests -= line->is_guest;
    line->is_guest = false;
    line->is_gone = false;
    line->since_ns = now_ns;
    line->generation++;
}

void td_bus_lines_close(struct td_bus_lines *lines, struct td_bus_line *line)
{
    lines->guests -= line->is_guest;
    lines->open -= line->is_open;
    line->is_open = false;
    line->is_guest = false;
    line->generation++;
}

/* How much has come over a connection since it began; 0 when the system does not say. */
static uint64_t bytes_received(int descriptor)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received))
        return 0;
    return info.tcpi_bytes_received;
}

bool td_bus_line_floods(struct td_bus_line *line, int descriptor, uint64_t max_bytes,
                        uint64_t now_ns)
{
    uint64_t bytes = bytes_received(descriptor);

    if (line->spoke || bytes < line->bytes_marked) {
        line->spoke = false;
        line->bytes_marked = bytes;
        line->marked_ns = now_ns;
        return false;
    }
    uint64_t pings = (now_ns - line->marked_ns) / UINT64_C(1000000000) * PING_BYTES_PER_S;
    return bytes - line->bytes_marked > max_bytes + pings;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return 0;
}

void td_bus_lines_shut(const struct td_bus_lines *lines, int descriptor)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    // ZeroMQ may have closed it a moment ago, and the system given its number to somebody else.
    if (getsockname(descriptor, (struct sockaddr *)&address, &size) == 0 &&
        port_of(&address) == lines->port)
        (void)shutdown(descriptor, SHUT_RDWR);
}
