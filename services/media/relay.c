/*
 * The path of packets. Per packet: a parse, some comparisons, a table look-up for each sample where
 * the laws differ, and its share of one system call in and one out. No allocation, no lock.
 */
#include <unistd.h>

#include "base/str.h"
#include "media/media.h"

/* Batches taken from one socket before the others have their turn. */
#define ROUNDS 4

/* --- packets -----------------------------------------------------------------------------------
 */

static void count_arrival(struct media *media, const struct media_arrival *arrival)
{
    switch (arrival->kind) {
    case MEDIA_ARRIVAL_MALFORMED:
        ++*media->counters.packets_malformed;
        break;
    case MEDIA_ARRIVAL_FOREIGN:
        ++*media->counters.packets_foreign;
        break;
    case MEDIA_ARRIVAL_UNWANTED:
        ++*media->counters.packets_unwanted;
        break;
    default:
        ++*media->counters.packets_in;
    }
    *media->counters.sources_latched += arrival->moved;
}

/* Flushes what was passed on to `to`. */
static void send_batch(struct leg *to)
{
    struct media *media = to->media;
    struct media_udp_batch *out = &media->out;
    unsigned sent = media_udp_send(to->rtp, out, media_latch_target(&to->core.latch));

    *media->counters.packets_out += sent;
    *media->counters.packets_unsent += out->count - sent;
    out->count = 0;
}

void relay_speak(struct leg *leg, const int16_t samples[MEDIA_FRAME_SAMPLES], uint64_t now_ns)
{
    struct media_udp_batch *out = &leg->media->out;

    out->sizes[0] = media_leg_speak(&leg->core, samples, now_ns, out->data[0]);
    if (out->sizes[0] == 0)
        return;
    out->count = 1;
    send_batch(leg);
}

static void pass_on(struct leg *to, const struct media_arrival *arrival, uint64_t now_ns)
{
    struct media_udp_batch *out = &to->media->out;

    if (to->playback.prompting)
        return; // It hears something else now.
    size_t size = media_leg_relay(&to->core, arrival, now_ns, out->data[out->count]);
    if (size == 0)
        return;
    to->relayed_at_ns = now_ns;
    out->sizes[out->count++] = size;
}

/* A key is passed on whole or not at all: one that was pressed before the switch belongs to what
   was heard then. */
static bool is_whole(struct leg *leg, const struct media_arrival *arrival)
{
    if (arrival->kind != MEDIA_ARRIVAL_EVENT)
        return true;
    if (arrival->key != '\0') {
        leg->passes_key = true;
        leg->key_timestamp = arrival->rtp.timestamp;
    }
    return leg->passes_key && arrival->rtp.timestamp == leg->key_timestamp;
}

static void take_packet(struct leg *leg, const struct media_peer *from, struct td_bytes packet,
                        uint64_t now_ns)
{
    struct media_arrival arrival = media_leg_receive(&leg->core, from, packet, now_ns);

    count_arrival(leg->media, &arrival);
    if (arrival.kind == MEDIA_ARRIVAL_MALFORMED || arrival.kind == MEDIA_ARRIVAL_FOREIGN)
        return;
    leg->heard_at_ns = now_ns;
    if (leg->hearing == 0)
        hear_begin(leg); // It is there: it shall hear that we are, too.
    if (arrival.kind == MEDIA_ARRIVAL_UNWANTED)
        return;
    bool is_private = leg->playback.sensitive || now_ns < leg->private_until_ns;
    if (arrival.key != '\0')
        play_key(leg, arrival.key, now_ns);
    if (is_private)
        return;
    record_hear(leg, &arrival, now_ns);
    if (leg->recording != NULL && arrival.kind == MEDIA_ARRIVAL_AUDIO &&
        !recording_is_held(leg->recording))
        recording_write(leg->recording, leg->channel, &arrival.rtp, arrival.law, arrival.payload,
                        now_ns);
    if (leg->other != NULL && is_whole(leg, &arrival))
        pass_on(leg->other, &arrival, now_ns);
}

/* libuv stops a poll that reports an error; a socket's passing trouble must not end the call. */
static bool restart(uv_poll_t *poll, uv_poll_cb on_readable)
{
    return uv_poll_start(poll, UV_READABLE, on_readable) == 0;
}

static void on_rtp(uv_poll_t *poll, int status, int events)
{
    struct leg *leg = poll->data;
    struct media_udp_batch *in = &leg->media->in;
    uint64_t now_ns = td_loop_now_ns();

    (void)events;
    if (status != 0 && !restart(poll, on_rtp))
        return;
    for (int round = 0; round < ROUNDS; round++) {
        unsigned count = media_udp_receive(leg->rtp, in);

        for (unsigned i = 0; i < count; i++)
            take_packet(leg, &in->peers[i], td_bytes(in->data[i], in->sizes[i]), now_ns);
        if (leg->media->out.count > 0)
            send_batch(leg->other);
        if (count < MEDIA_BATCH)
            return;
    }
}

static void on_rtcp(uv_poll_t *poll, int status, int events)
{
    struct leg *leg = poll->data;
    struct media_udp_batch *in = &leg->media->in;
    uint64_t now_ns = td_loop_now_ns();

    (void)events;
    if (status != 0 && !restart(poll, on_rtcp))
        return;
    unsigned count = media_udp_receive(leg->rtcp, in);
    for (unsigned i = 0; i < count; i++)
        watch_report(leg, &in->peers[i], td_bytes(in->data[i], in->sizes[i]), now_ns);
}

/* --- switching ---------------------------------------------------------------------------------
 */

static void end_recording(struct leg *leg)
{
    if (leg->recording == NULL)
        return;
    recording_finish(leg->recording);
    leg->recording = NULL;
    if (leg->other != NULL)
        leg->other->recording = NULL;
}

void relay_disconnect(struct leg *leg)
{
    struct leg *other = leg->other;

    if (other == NULL)
        return;
    end_recording(leg);
    hold_end(leg);
    hold_end(other);
    leg->other = NULL;
    other->other = NULL;
    media_stream_switch(&leg->core.stream);
    media_stream_switch(&other->core.stream);
}

static void start_recording(struct leg *customer, struct leg *agent)
{
    const struct recording_subject subject = {.tenant = customer->tenant,
                                              .interaction = customer->interaction,
                                              .number = ++customer->recordings};
    struct recording *recording =
        recordings_start(customer->media->recordings, &subject, td_loop_now_ns());

    customer->recording = recording;
    customer->channel = MEDIA_CUSTOMER;
    agent->recording = recording;
    agent->channel = MEDIA_AGENT;
}

static void begin_talk(struct leg *leg, struct leg *other)
{
    play_stop(leg);
    media_typeahead_clear(&leg->typeahead);
    leg->other = other;
    leg->passes_key = false;
    leg->relayed_at_ns = 0;
    if (leg->core.reception.started)
        hear_begin(leg);
}

void relay_connect(struct leg *customer, struct leg *agent, bool record, const char *music)
{
    customer->serves = false;
    agent->serves = true;
    td_str_clip(agent->music, sizeof(agent->music), music);
    if (customer->other != agent) {
        relay_disconnect(customer);
        relay_disconnect(agent);
        begin_talk(customer, agent);
        begin_talk(agent, customer);
    }
    if (record && customer->recording == NULL)
        start_recording(customer, agent);
    hold_update(agent); // A phone may hold all the time, while it was switched elsewhere.
}

/* --- life --------------------------------------------------------------------------------------
 */

/* The slot is free again. */
static void give_back(struct leg *leg)
{
    struct media *media = leg->media;

    leg->next = media->free_legs;
    media->free_legs = leg;
}

static void on_closed(uv_handle_t *handle)
{
    struct leg *leg = handle->data;
    struct media *media = leg->media;

    media->polls_open--;
    if (--leg->polls_open > 0)
        return;
    give_back(leg);
    if (media->stopping && media->polls_open == 0)
        media_part_closed(media);
}

static enum td_err open_poll(struct leg *leg, uv_poll_t *poll, int fd, uv_poll_cb on_readable)
{
    uv_loop_t *loop = td_loop_uv(td_service_loop(leg->media->service));
    int rc = uv_poll_init(loop, poll, fd);

    if (rc != 0)
        return td_err_from_errno(-rc);
    poll->data = leg;
    leg->polls_open++;
    leg->media->polls_open++;
    rc = uv_poll_start(poll, UV_READABLE, on_readable);
    return td_err_from_errno(-rc);
}

enum td_err relay_open(struct leg *leg)
{
    enum td_err err = open_poll(leg, &leg->rtp_poll, leg->rtp, on_rtp);

    if (err == TD_OK)
        err = open_poll(leg, &leg->rtcp_poll, leg->rtcp, on_rtcp);
    if (err != TD_OK)
        relay_close(leg);
    return err;
}

void relay_close(struct leg *leg)
{
    uint32_t open = leg->polls_open;

    if (open > 0)
        uv_close((uv_handle_t *)&leg->rtp_poll, on_closed);
    if (open > 1)
        uv_close((uv_handle_t *)&leg->rtcp_poll, on_closed);
    (void)close(leg->rtp);
    (void)close(leg->rtcp);
    media_blocks_give(leg->media->blocks, leg->port);
    if (open == 0)
        give_back(leg);
}
