/* The router: see router.h. */
#include "router/router.h"

int main(int argc, char **argv)
{
    static struct router router;
    const struct td_service_definition definition = {
        .name = "router",
        .description = "owns interactions, queues and agents, and finds who answers whom",
        .keys = router_keys,
        .key_count = router_keys_count,
        .config = &router.config,
        .handlers = router_handlers,
        .handler_count = router_handlers_count,
        .start = router_start,
        .stop = router_stop,
        .unhealthy = router_unhealthy,
        .ctx = &router,
        .uses_history = true,
    };

    return td_service_main(argc, argv, &definition);
}
