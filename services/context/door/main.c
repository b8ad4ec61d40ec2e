/* The door: see door.h. */
#include "context/door/door.h"

int main(int argc, char **argv)
{
    static struct door door;
    const struct td_service_definition definition = {
        .name = "door",
        .description = "lets clients from outside publish and subscribe what they were granted",
        .keys = door_keys,
        .key_count = door_keys_count,
        .config = &door.config,
        .start = door_start,
        .stop = door_stop,
        .unhealthy = door_unhealthy,
        .metrics = door_metrics,
        .ctx = &door,
        .uses_history = true,
    };

    return td_service_main(argc, argv, &definition);
}
