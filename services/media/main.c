/* The media service: see media.h. */
#include "media/media.h"

int main(int argc, char **argv)
{
    static struct media media;
    const struct td_handler handlers[] = {
        {"LegAnswer", media_leg_answer},         {"LegOffer", media_leg_offer},
        {"LegAccept", media_leg_accept},         {"LegConnect", media_leg_connect},
        {"LegDisconnect", media_leg_disconnect}, {"LegRelease", media_leg_release},
        {"LegQuery", media_leg_query},           {"Play", media_play},
        {"Collect", media_collect_request},      {"Record", media_record_request},
        {"MediaStop", media_stop_request},
    };
    const struct td_service_definition definition = {
        .name = "media",
        .description = "relays voice, plays prompts, collects digits and records",
        .keys = media_config_keys,
        .key_count = media_config_key_count,
        .config = &media.config,
        .handlers = handlers,
        .handler_count = sizeof(handlers) / sizeof(handlers[0]),
        .start = media_start,
        .stop = media_stop,
        .unhealthy = media_unhealthy,
        .ctx = &media,
    };

    return td_service_main(argc, argv, &definition);
}
