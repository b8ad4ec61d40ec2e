#include "context/context.h"

#include <stdio.h>

const struct td_config_key context_keys[] = {
    TD_CONFIG_STRING("country_code", struct context_config, country_code, .fallback = "86",
                     .min = 1, .help = "of numbers dialled without one"),
    TD_CONFIG_STRING("trunk_prefix", struct context_config, trunk_prefix, .fallback = "0",
                     .help = "dropped from national numbers; may be empty"),
    TD_CONFIG_STRING("international_prefix", struct context_config, international_prefix,
                     .fallback = "00", .min = 1, .help = "before a country code, besides +"),
    TD_CONFIG_DURATION_MS("cache", struct context_config, cache_ms, .fallback = "10min",
                          .min = 1000, .max = 86400000,
                          .help = "how long Redis answers for PostgreSQL who a number is"),
    TD_CONFIG_U32("memory_alarm_percent", struct context_config, memory_alarm_percent,
                  .fallback = "70", .unit = "%", .min = 1, .max = 100,
                  .help = "of Redis' memory: an alarm in the log"),
    TD_CONFIG_U32("memory_refuse_percent", struct context_config, memory_refuse_percent,
                  .fallback = "85", .unit = "%", .min = 1, .max = 100,
                  .help = "of Redis' memory: events from outside are refused"),
};
const size_t context_keys_count = sizeof(context_keys) / sizeof(context_keys[0]);

enum td_err context_start(struct td_service *service, void *ctx)
{
    struct context *context = ctx;

    context->service = service;
    context->dialling =
        (struct context_dialling){context->config.country_code, context->config.trunk_prefix,
                                  context->config.international_prefix};
    context->identified =
        td_service_counter(service, "identified", "Questions who a caller is that were answered.");
    context->identified_from_cache =
        td_service_counter(service, "identified_from_cache", "Of them, answered by Redis alone.");
    context->customers_created =
        td_service_counter(service, "customers_created", "Customers made for unknown callers.");
    context->identify_failed =
        td_service_counter(service, "identify_failed", "Questions who a caller is that failed.");
    context->events_stored =
        td_service_counter(service, "events_stored", "Events from outside that are on disk.");
    context->events_refused =
        td_service_counter(service, "events_refused", "Events from outside that were refused.");
    context->memory_percent =
        td_service_gauge(service, "redis_memory_percent", "Of the memory that Redis may use.");
    context_memory_watch(context);
    outbox_start(&context->outbox, service);
    return TD_OK;
}

void context_stop(void *ctx)
{
    struct context *context = ctx;

    td_timer_stop(&context->memory.timer);
    outbox_stop(&context->outbox);
    context->stopping = true;
    if (context->publishing == 0) // Who publishes is told whether it is on disk.
        td_service_stopped(context->service);
}

const char *context_cache_key(const struct context *context, uint32_t tenant, int kind,
                              const char *value, char key[TD_KEY_SIZE])
{
    char name[160];

    (void)snprintf(name, sizeof(name), "identity:%d:%s", kind, value);
    return td_service_key(context->service, tenant, name, key);
}
