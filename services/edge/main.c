/* The SIP edge: trunks, registrar of agents' phones, back-to-back calls. */
#include "edge/edge.h"
#include "edge/service.h"

int main(int argc, char **argv)
{
    static struct edge_config config;
    static struct edge edge = {.config = &config};
    const struct td_service_definition definition = {
        .name = "edge",
        .description = "SIP: trunks, registrar of agents' phones, back-to-back calls.",
        .keys = edge_config_keys,
        .key_count = edge_config_key_count,
        .config = &config,
        .handlers = edge_handlers,
        .handler_count = edge_handler_count,
        .start = edge_start,
        .stop = edge_stop,
        .unhealthy = edge_unhealthy,
        .ctx = &edge,
        .uses_history = true,
    };

    return td_service_main(argc, argv, &definition);
}
