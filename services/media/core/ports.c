#include "media/core/ports.h"

#include <assert.h>

void media_ports_init(struct media_ports *ports, struct media_port *ring, uint32_t capacity)
{
    assert(capacity > 0);
    *ports = (struct media_ports){.ring = ring, .capacity = capacity};
}

static struct media_port *at(struct media_ports *ports, uint32_t position)
{
    return &ports->ring[(ports->head + position) % ports->capacity];
}

void media_ports_give(struct media_ports *ports, uint16_t number, uint64_t ready_at_ns)
{
    assert(ports->count < ports->capacity);
    *at(ports, ports->count) = (struct media_port){.number = number, .ready_at_ns = ready_at_ns};
    ports->count++;
}

enum td_err media_ports_add_block(struct media_ports *ports, uint16_t first, uint16_t size,
                                  uint64_t ready_at_ns)
{
    assert(first % 2 == 0 && size % 2 == 0);
    if (size / 2U > ports->capacity - ports->count)
        return TD_ERR_LIMIT;
    for (uint16_t i = 0; i < size; i = (uint16_t)(i + 2))
        media_ports_give(ports, (uint16_t)(first + i), ready_at_ns);
    return TD_OK;
}

void media_ports_drop_block(struct media_ports *ports, uint16_t first, uint16_t size)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < ports->count; i++) {
        struct media_port port = *at(ports, i);

        if (port.number < first || port.number - first >= size)
            *at(ports, kept++) = port;
    }
    ports->count = kept;
}

enum td_err media_ports_take(struct media_ports *ports, uint64_t now_ns, uint16_t *number)
{
    if (ports->count == 0 || at(ports, 0)->ready_at_ns > now_ns)
        return TD_ERR_LIMIT;
    *number = at(ports, 0)->number;
    ports->head = (ports->head + 1) % ports->capacity;
    ports->count--;
    return TD_OK;
}

uint32_t media_ports_free(const struct media_ports *ports)
{
    return ports->count;
}
