/**
 * @file rtp.h  RTP packets (RFC 3550 section 5) and what a receiver counts (appendix A). Pure.
 */
#ifndef MEDIA_CORE_RTP_H
#define MEDIA_CORE_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/** Header as this service writes it: no extension, no contributors. */
#define MEDIA_RTP_HEADER_SIZE 12
/** Largest datagram taken or sent; what an Ethernet frame holds. */
#define MEDIA_RTP_PACKET_MAX 1472

struct media_rtp {
    bool marker;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
};

/**
 * @param packet   Untrusted.
 * @param payload  Receives the part of `packet` without extension and padding; may be empty.
 * @return TD_OK, or TD_ERR_SYNTAX when this is no RTP packet of version 2.
 */
enum td_err TD_MUST_CHECK media_rtp_parse(struct td_bytes packet, struct media_rtp *rtp,
                                          struct td_bytes *payload);

void media_rtp_write(const struct media_rtp *rtp, uint8_t header[MEDIA_RTP_HEADER_SIZE]);

/** Whether sequence number `a` comes after `b`, around the wrap (RFC 1982). */
bool media_rtp_is_newer(uint16_t a, uint16_t b);

/** Reception of one source. Fields other than those named in media_rtp_loss are private. */
struct media_rtp_reception {
    bool started;
    uint32_t ssrc;
    uint32_t first_sequence;   /* extended */
    uint32_t highest_sequence; /* extended: cycles in the upper half */
    uint64_t received;
    uint64_t expected_before; /* at the last report */
    uint64_t received_before;
    uint64_t lost_earlier;   /* of sources that ended */
    uint32_t transit;        /* arrival minus timestamp of the last packet [1/8000 s] */
    uint32_t jitter_times16; /* appendix A.8 keeps four more bits */
};

/** Counts one packet; a new SSRC, or a sequence number out of any order, starts a new source. */
void media_rtp_received(struct media_rtp_reception *reception, const struct media_rtp *rtp,
                        uint64_t now_ns);

/** What a report says (RFC 3550 section 6.4.1). */
struct media_rtp_report {
    uint32_t ssrc;
    uint8_t fraction_lost; /**< Since the last report [1/256]. */
    int32_t lost;          /**< In total, 24 bits; negative when packets were doubled. */
    uint32_t highest_sequence;
    uint32_t jitter; /**< [1/8000 s] */
};

/** The report due now; the next one counts from here. */
struct media_rtp_report media_rtp_take_report(struct media_rtp_reception *reception);

/** Packets lost so far, over all sources; never below 0. */
uint64_t media_rtp_lost(const struct media_rtp_reception *reception);

#endif
