/* The customer context: see context.h. */
#include "context/context.h"

int main(int argc, char **argv)
{
    static struct context context;
    const struct td_handler handlers[] = {
        {"Identify", context_identify},
        {"CustomersApply", context_customers_apply},
        {"EventPublish", context_event_publish},
    };
    const struct td_service_definition definition = {
        .name = "context",
        .description = "knows who the customers are, and stores events from outside",
        .keys = context_keys,
        .key_count = context_keys_count,
        .config = &context.config,
        .handlers = handlers,
        .handler_count = sizeof(handlers) / sizeof(handlers[0]),
        .start = context_start,
        .stop = context_stop,
        .ctx = &context,
        .uses_history = true,
    };

    return td_service_main(argc, argv, &definition);
}
