/*
 * What is looked at a few times a second: reports to and from the far ends (RTCP), far ends that
 * have gone silent, legs whose owner has died without ending them.
 */
#include <string.h>

#include "base/str.h"
#include "media/core/rtcp.h"
#include "media/media.h"

#define TIMER_MS 250
#define NS_PER_MS UINT64_C(1000000)
/* A leg that was silent for so long is nobody's, whoever may think to own it. */
#define FORGOTTEN_MS (UINT64_C(2) * 60 * 60 * 1000)
/* An owner that was restarted may have found its calls again, and one of them may be held: it gets
   so many times the patience. */
#define RESTARTED_TIMES UINT64_C(10)

/* --- reports -----------------------------------------------------------------------------------
 */

static void send_report(struct leg *leg, uint64_t now_ns, bool goodbye)
{
    struct td_loop *loop = td_service_loop(leg->media->service);
    const struct media_stream *stream = &leg->core.stream;
    struct media_udp_batch *out = &leg->media->out;
    struct media_rtcp_own own = {
        .ssrc = stream->ssrc,
        .packets_sent = stream->packets,
        .octets_sent = stream->octets,
        .rtp_timestamp = media_stream_timestamp(stream, now_ns),
        .now_unix_us = td_loop_now_unix_us(loop),
        .heard = leg->core.reception.started,
        .goodbye = goodbye,
    };

    if (own.heard)
        own.report = media_rtp_take_report(&leg->core.reception);
    if (leg->peer_report != 0) {
        own.last_sender_report = leg->peer_report;
        own.since_sender_report = (uint32_t)(((now_ns - leg->peer_report_ns) << 16) / 1000000000);
    }
    out->sizes[0] = media_rtcp_write(&own, out->data[0]);
    out->count = 1;
    (void)media_udp_send(leg->rtcp, out, &leg->rtcp_peer);
    out->count = 0;
}

/* The far end's own address, should its description have been wrong about it (NAT). */
static bool is_from_far_end(const struct leg *leg, const struct media_peer *from)
{
    const struct media_peer *target = media_latch_target(&leg->core.latch);

    return from->family == target->family &&
           memcmp(from->address, target->address, sizeof(from->address)) == 0;
}

void watch_report(struct leg *leg, const struct media_peer *from, struct td_bytes packet,
                  uint64_t now_ns)
{
    struct media_rtcp_peer said;

    if (!is_from_far_end(leg, from) ||
        media_rtcp_parse(packet, leg->core.stream.ssrc, &said) != TD_OK) {
        ++*leg->media->counters.packets_foreign;
        return;
    }
    leg->rtcp_peer = *from;
    if (said.sent) {
        leg->peer_report = said.ntp_middle;
        leg->peer_report_ns = now_ns;
    }
}

/* Whether there is anything to report, and somebody to report it to. */
static bool takes_part(const struct leg *leg)
{
    return leg->core.negotiated && leg->rtcp_peer.family != 0 &&
           (leg->core.stream.started || leg->core.reception.started);
}

void watch_goodbye(struct leg *leg)
{
    if (takes_part(leg))
        send_report(leg, td_loop_now_ns(), true);
}

static void report_if_due(struct leg *leg, uint64_t now_ns)
{
    if (!takes_part(leg) || now_ns < leg->rtcp_due_ns)
        return;
    leg->rtcp_due_ns = now_ns + MEDIA_RTCP_INTERVAL_MS * NS_PER_MS;
    send_report(leg, now_ns, false);
}

/* --- silence -----------------------------------------------------------------------------------
 */

static void tell_silence(struct leg *leg, uint64_t silent_ms)
{
    struct td_service *service = leg->media->service;
    const struct td_leg_silent silent = {
        .leg_id = leg->id, .interaction_id = leg->interaction, .silent_ms = (uint32_t)silent_ms};
    char key[TD_ID_TEXT_SIZE];

    leg->silence_told = true;
    ++*leg->media->counters.legs_silent;
    td_log_info(td_service_log(service), "leg.silent",
                td_str("interaction", td_id_format(leg->interaction.id, key)),
                td_u64("silent_ms", silent_ms));
    notify(leg, leg->owner, "LegSilent", td_leg_silent_encode(td_service_arena(service), &silent));
}

struct owner {
    const struct leg *leg;
    bool there;
    bool restarted; /* after it made the leg */
};

static void compare_owner(void *ctx, const struct td_instance *instance)
{
    struct owner *owner = ctx;

    if (!td_str_equal(instance->instance, owner->leg->owner))
        return;
    owner->there = true;
    owner->restarted = instance->started_at_unix_us > owner->leg->created_at_unix_us;
}

/* How long a leg may be silent before it counts as left behind. */
static uint64_t patience_ms(const struct leg *leg)
{
    struct owner owner = {.leg = leg};
    uint64_t least_ms = leg->media->config.orphan_after_ms;

    td_service_each_instance(leg->media->service, NULL, compare_owner, &owner);
    if (!owner.there)
        return least_ms;
    return owner.restarted ? RESTARTED_TIMES * least_ms : FORGOTTEN_MS;
}

static void close_orphan(struct leg *leg, uint64_t silent_ms)
{
    char key[TD_ID_TEXT_SIZE];

    if (silent_ms < patience_ms(leg))
        return;
    ++*leg->media->counters.legs_orphaned;
    td_log_warn(td_service_log(leg->media->service), "leg.orphaned",
                td_str("interaction", td_id_format(leg->interaction.id, key)),
                td_str("owner", leg->owner), td_u64("silent_ms", silent_ms));
    legs_close(leg);
}

static void watch_leg(struct leg *leg, uint64_t now_ns)
{
    const struct media_config *config = &leg->media->config;
    uint64_t silent_ms = (now_ns - leg->heard_at_ns) / NS_PER_MS;

    report_if_due(leg, now_ns);
    if (silent_ms < config->silent_after_ms)
        leg->silence_told = false;
    else if (!leg->silence_told && leg->core.negotiated && leg->core.terms.receives)
        tell_silence(leg, silent_ms);
    if (silent_ms >= config->orphan_after_ms)
        close_orphan(leg, silent_ms);
}

static void on_watch(void *ctx)
{
    struct media *media = ctx;

    legs_each(media, watch_leg, td_loop_now_ns());
    td_service_set_load(media->service, media->leg_count * 100 / media->config.legs_max);
}

void watch_init(struct media *media)
{
    td_timer_init(&media->watch_timer, td_service_loop(media->service), on_watch, media);
    td_timer_start_repeating(&media->watch_timer, TIMER_MS);
}
