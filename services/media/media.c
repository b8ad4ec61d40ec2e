#include "media/media.h"

#include <stdio.h>

#include "base/str.h"

#define FOLDER_SIZE 384

static void make_counters(struct media *media)
{
    struct td_service *service = media->service;

    media->counters = (struct media_counters){
        .legs = td_service_gauge(service, "legs", "Legs there are."),
        .legs_refused = td_service_counter(service, "legs_refused",
                                           "Legs refused: no port, no common codec, or full."),
        .packets_in = td_service_counter(service, "packets_in", "RTP packets received."),
        .packets_out = td_service_counter(service, "packets_out", "RTP packets sent."),
        .packets_unsent =
            td_service_counter(service, "packets_unsent", "RTP packets the host did not take."),
        .packets_lost = td_service_counter(service, "packets_lost",
                                           "RTP packets missing in what was received."),
        .packets_foreign = td_service_counter(service, "packets_foreign",
                                              "Packets from another address than the leg's."),
        .packets_malformed =
            td_service_counter(service, "packets_malformed", "Packets that are no RTP or RTCP."),
        .packets_unwanted = td_service_counter(service, "packets_unwanted",
                                               "Packets of a payload that was not agreed."),
        .sources_latched = td_service_counter(
            service, "sources_latched", "Times that a leg took the address its packets came from."),
        .digits = td_service_counter(service, "digits", "Digits pressed."),
        .prompts_failed =
            td_service_counter(service, "prompts_failed", "Prompts that could not be played."),
        .legs_silent =
            td_service_counter(service, "legs_silent", "Legs that sent nothing for long."),
        .legs_orphaned = td_service_counter(service, "legs_orphaned",
                                            "Legs released because nobody claimed them."),
        .notices_lost = td_service_counter(service, "notices_lost",
                                           "Notices to other services that were not taken."),
    };
}

/* A folder as configured, or `name` in the site's own. */
static const char *folder_of(const struct media *media, const char *configured, const char *name,
                             char folder[FOLDER_SIZE])
{
    if (configured[0] != '\0')
        td_str_clip(folder, FOLDER_SIZE, configured);
    else
        (void)snprintf(folder, FOLDER_SIZE, "%s/%s", td_service_var(media->service), name);
    return folder;
}

static enum td_err check_settings(const struct media *media)
{
    const struct td_log *log = td_service_log(media->service);
    const struct media_config *config = &media->config;
    struct media_peer peer;
    const char *fault = NULL;

    if (media_peer_parse(config->rtp_address, 0, &peer) != TD_OK)
        fault = "rtp_address: expected a numeric address";
    else if (config->rtp_advertised_address[0] != '\0' &&
             media_peer_parse(config->rtp_advertised_address, 0, &peer) != TD_OK)
        fault = "rtp_advertised_address: expected a numeric address";
    else if (config->rtp_block_size % 2 != 0)
        fault = "rtp_block_size: expected an even number";
    else if (config->rtp_port_first + config->rtp_block_size > config->rtp_port_last + 1)
        fault = "rtp_port_last: the range holds no whole block of rtp_block_size ports";
    if (fault != NULL)
        td_log_error(log, "config.refused", td_str("fault", fault));
    return fault == NULL ? TD_OK : TD_ERR_RANGE;
}

static enum td_err start_sounds(struct media *media)
{
    const struct media_config *config = &media->config;
    const struct speech_config speech = {config->speech_workers, config->speech_deadline_ms};
    char sounds_folder[FOLDER_SIZE];
    char cache_folder[FOLDER_SIZE];
    const struct sounds_config sounds = {
        .folder = folder_of(media, config->sounds_folder, "sounds", sounds_folder),
        .cache = folder_of(media, "", "speech", cache_folder),
        .memory_mb = config->sounds_memory_mb,
        .cache_mb = config->speech_cache_mb,
    };

    enum td_err err = speech_create(media->service, &speech, &media->speech);
    if (err == TD_OK)
        err = sounds_create(media->service, &sounds, media->speech, &media->sounds);
    if (err != TD_OK) {
        td_log_error(td_service_log(media->service), "folder.unusable", td_failure(err),
                     td_str("folder", cache_folder));
        speech_destroy(&media->speech);
    }
    return err;
}

static enum td_err start_recordings(struct media *media)
{
    const struct media_config *config = &media->config;
    char folder[FOLDER_SIZE];

    enum td_err err = recordings_create(
        media->service, folder_of(media, config->recordings_folder, "recordings", folder),
        config->recordings_max, &media->recordings);
    if (err != TD_OK)
        td_log_error(td_service_log(media->service), "folder.unusable", td_failure(err),
                     td_str("folder", folder));
    return err;
}

static enum td_err start_ports(struct media *media)
{
    const struct media_blocks_config blocks = {
        .address = media->config.rtp_address,
        .port_first = media->config.rtp_port_first,
        .port_last = media->config.rtp_port_last,
        .block_size = media->config.rtp_block_size,
        .rest_ms = media->config.rtp_port_rest_ms,
    };

    return media_blocks_create(media->service, &blocks, &media->blocks);
}

enum td_err media_start(struct td_service *service, void *ctx)
{
    struct media *media = ctx;

    media->service = service;
    make_counters(media);
    hear_init(media);
    media_tone_beep(media->beep);
    enum td_err err = check_settings(media);
    if (err == TD_OK)
        err = legs_create(media);
    if (err == TD_OK)
        err = start_recordings(media);
    if (err == TD_OK)
        err = start_sounds(media);
    if (err == TD_OK)
        err = start_ports(media);
    if (err != TD_OK)
        return err;
    watch_init(media);
    state_clean(media);
    return TD_OK;
}

const char *media_unhealthy(void *ctx)
{
    const struct media *media = ctx;

    if (!media_blocks_ready(media->blocks))
        return "no block of RTP ports is leased";
    return speech_is_ready(media->speech) ? NULL : "the speech worker does not run";
}

/* --- stop --------------------------------------------------------------------------------------
 */

static void close_leg(struct leg *leg, uint64_t now_ns)
{
    (void)now_ns;
    legs_close(leg);
}

void media_part_closed(void *ctx)
{
    struct media *media = ctx;

    if (--media->parts_open > 0)
        return;
    legs_free(media);
    td_service_stopped(media->service);
}

void media_stop(void *ctx)
{
    struct media *media = ctx;

    media->stopping = true;
    td_timer_stop(&media->watch_timer);
    legs_each(media, close_leg, 0);
    notify_drop_all(media);
    media_blocks_destroy(&media->blocks);
    speech_destroy(&media->speech);
    media->parts_open = 3;
    sounds_close(media->sounds, media_part_closed, media);
    recordings_close(media->recordings, media_part_closed, media);
    if (media->polls_open == 0)
        media_part_closed(media);
}
