/* The history writer and the live figures: see reporting.h. */
#include "reporting/reporting.h"

int main(int argc, char **argv)
{
    static struct reporting reporting;
    const struct td_service_definition definition = {
        .name = "reporting",
        .description = "writes the history and says the figures of queues and agents each second",
        .keys = reporting_keys,
        .key_count = reporting_keys_count,
        .config = &reporting.config,
        .start = reporting_start,
        .stop = reporting_stop,
        .unhealthy = reporting_unhealthy,
        .metrics = reporting_metrics,
        .ctx = &reporting,
        .uses_history = true,
    };

    return td_service_main(argc, argv, &definition);
}
