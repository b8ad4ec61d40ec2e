/* The ivr service: see ivr.h. */
#include "ivr/ivr.h"

int main(int argc, char **argv)
{
    static struct ivr ivr;
    const struct td_handler handlers[] = {
        {"DialogStart", ivr_dialog_start}, {"DialogUpdate", ivr_dialog_update},
        {"DialogStop", ivr_dialog_stop},   {"DialogSync", ivr_dialog_sync},
        {"MediaDone", ivr_media_done},
    };
    const struct td_service_definition definition = {
        .name = "ivr",
        .description = "runs VoiceXML dialogs on the legs of interactions",
        .keys = ivr_config_keys,
        .key_count = ivr_config_key_count,
        .config = &ivr.config,
        .handlers = handlers,
        .handler_count = sizeof(handlers) / sizeof(handlers[0]),
        .start = ivr_start,
        .stop = ivr_stop,
        .unhealthy = ivr_unhealthy,
        .ctx = &ivr,
    };

    return td_service_main(argc, argv, &definition);
}
