/**
 * @file stream.h  What one leg hears, as one RTP stream, wherever it comes from.
 *
 * Prompt, music and the other party come from different clocks and sources; the far end sees one
 * SSRC whose sequence numbers follow each other and whose timestamp advances with real time, also
 * over gaps, with the marker bit at the start of each spurt. Within one relayed source losses and
 * order stay visible: numbers are shifted, not made new, so that the far end's jitter buffer sees
 * the truth.
 *
 * Pure; constant time; time is an argument.
 */
#ifndef MEDIA_CORE_STREAM_H
#define MEDIA_CORE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "media/core/rtp.h"

/** Fields but the counts are private. */
struct media_stream {
    uint32_t ssrc;
    uint16_t sequence;  /* of the newest packet */
    uint32_t timestamp; /* of the newest packet */
    uint32_t samples;   /* in the newest packet */
    uint64_t sent_at_ns;
    uint64_t first_sent_ns; /* when the timestamp was first_timestamp */
    uint32_t first_timestamp;
    bool started;
    bool spurt;  /* the next packet starts one */
    bool mapped; /* a source is being relayed: */
    uint32_t source_ssrc;
    uint16_t source_sequence; /* its newest */
    uint16_t first_sequence;  /* of ours that belongs to it */
    uint16_t sequence_shift;
    uint32_t timestamp_shift;
    uint32_t relayed; /* packets since it was mapped */
    uint32_t packets; /**< Sent in all, for reports. */
    uint32_t octets;
};

/** @param random  Start of SSRC, sequence and timestamp (RFC 3550 section 5.1). */
void media_stream_init(struct media_stream *stream, const uint8_t random[10]);

/** What comes next is from another source. */
void media_stream_switch(struct media_stream *stream);

/** Header of a packet made here, of `samples` samples. The payload type is left to the caller. */
struct media_rtp media_stream_local(struct media_stream *stream, uint32_t samples, uint64_t now_ns);

/**
 * Header of a packet that is passed on.
 *
 * @param rtp      As it came in.
 * @param samples  Of audio in it; 0 for telephone-events, whose timestamps stand still (RFC 4733).
 * @return false for a straggler from before the last switch: it is not sent.
 */
bool media_stream_relay(struct media_stream *stream, const struct media_rtp *rtp, uint32_t samples,
                        uint64_t now_ns, struct media_rtp *out);

/** The timestamp that belongs to `now_ns`, for a sender's report. */
uint32_t media_stream_timestamp(const struct media_stream *stream, uint64_t now_ns);

#endif
