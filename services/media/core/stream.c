#include "media/core/stream.h"

#include "media/core/bits.h"

/* A source that leaps by more is a new one under the old name (RFC 3550 A.1). */
#define DROPOUT_MAX 3000
#define MISORDER_MAX 100
/* A timestamp this far from where real time says it should be is a leap, too [1/8000 s]. */
#define LEAP_MAX 8000
/* Two sources are never in step: a seam of up to two packets is no gap [1/8000 s]. */
#define SEAM_MAX 320
#define NS_PER_SAMPLE 125000

void media_stream_init(struct media_stream *stream, const uint8_t random[10])
{
    *stream = (struct media_stream){
        .ssrc = media_read_u32(random),
        .sequence = media_read_u16(random + 4),
        .timestamp = media_read_u32(random + 6),
        .spurt = true,
    };
}

void media_stream_switch(struct media_stream *stream)
{
    stream->spurt = true;
    stream->mapped = false;
}

uint32_t media_stream_timestamp(const struct media_stream *stream, uint64_t now_ns)
{
    return stream->first_timestamp + (uint32_t)((now_ns - stream->first_sent_ns) / NS_PER_SAMPLE);
}

/* Where a spurt starts: right behind what was sent before, or after a gap at its real time. */
static uint32_t spurt_timestamp(const struct media_stream *stream, uint64_t now_ns)
{
    uint32_t next = stream->timestamp + stream->samples;

    if (!stream->started)
        return stream->timestamp;
    uint32_t now = media_stream_timestamp(stream, now_ns);
    return (int32_t)(now - next) > SEAM_MAX ? now : next;
}

static void note_sent(struct media_stream *stream, const struct media_rtp *out, uint32_t samples,
                      uint64_t now_ns)
{
    stream->packets++;
    stream->octets += samples;
    if (stream->started && !media_rtp_is_newer(out->sequence, stream->sequence))
        return; // Out of order: what is newest stays so.
    if (!stream->started) {
        stream->first_timestamp = out->timestamp;
        stream->first_sent_ns = now_ns;
    }
    stream->sent_at_ns = now_ns;
    stream->sequence = out->sequence;
    stream->timestamp = out->timestamp;
    stream->samples = samples;
    stream->started = true;
    stream->spurt = false;
}

struct media_rtp media_stream_local(struct media_stream *stream, uint32_t samples, uint64_t now_ns)
{
    if (stream->mapped)
        media_stream_switch(stream);

    struct media_rtp out = {
        .marker = stream->spurt,
        .sequence = (uint16_t)(stream->sequence + 1),
        .timestamp =
            stream->spurt ? spurt_timestamp(stream, now_ns) : stream->timestamp + stream->samples,
        .ssrc = stream->ssrc,
    };
    note_sent(stream, &out, samples, now_ns);
    return out;
}

static void map(struct media_stream *stream, const struct media_rtp *rtp, uint64_t now_ns)
{
    stream->mapped = true;
    stream->spurt = true;
    stream->source_ssrc = rtp->ssrc;
    stream->source_sequence = rtp->sequence;
    stream->first_sequence = (uint16_t)(stream->sequence + 1);
    stream->sequence_shift = (uint16_t)(stream->first_sequence - rtp->sequence);
    stream->timestamp_shift = spurt_timestamp(stream, now_ns) - rtp->timestamp;
    stream->relayed = 0;
}

/* Whether a packet of the mapped source no longer fits what it sent before. */
static bool leaps(const struct media_stream *stream, const struct media_rtp *rtp, uint32_t samples,
                  uint64_t now_ns)
{
    uint16_t ahead = (uint16_t)(rtp->sequence - stream->source_sequence);

    if (rtp->ssrc != stream->source_ssrc)
        return true;
    if (ahead >= DROPOUT_MAX && ahead <= UINT16_MAX - MISORDER_MAX)
        return true;
    if (samples == 0 || ahead > DROPOUT_MAX)
        return false; // An event's timestamp is that of its start; a late packet's lies behind.

    int64_t passed = (int64_t)((now_ns - stream->sent_at_ns) / NS_PER_SAMPLE);
    int32_t advance = (int32_t)(rtp->timestamp + stream->timestamp_shift - stream->timestamp);
    return advance > passed + LEAP_MAX || advance < -LEAP_MAX;
}

bool media_stream_relay(struct media_stream *stream, const struct media_rtp *rtp, uint32_t samples,
                        uint64_t now_ns, struct media_rtp *out)
{
    if (!stream->mapped || leaps(stream, rtp, samples, now_ns))
        map(stream, rtp, now_ns);

    bool newest =
        stream->relayed == 0 || media_rtp_is_newer(rtp->sequence, stream->source_sequence);
    *out = (struct media_rtp){
        .marker = stream->spurt || rtp->marker,
        .sequence = (uint16_t)(rtp->sequence + stream->sequence_shift),
        .timestamp = rtp->timestamp + stream->timestamp_shift,
        .ssrc = stream->ssrc,
    };
    // Numbers from before the mapping belong to what was sent then.
    if (stream->relayed < DROPOUT_MAX &&
        (int16_t)(uint16_t)(out->sequence - stream->first_sequence) < 0)
        return false;

    stream->relayed++;
    if (newest)
        stream->source_sequence = rtp->sequence;
    note_sent(stream, out, samples, now_ns);
    return true;
}
