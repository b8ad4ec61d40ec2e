/**
 * @file rtcp.h  RTCP (RFC 3550 section 6): the reports this service sends and understands. Pure.
 */
#ifndef MEDIA_CORE_RTCP_H
#define MEDIA_CORE_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "media/core/rtp.h"

/** Enough for what media_rtcp_write makes. */
#define MEDIA_RTCP_PACKET_MAX 128
/** Between two reports of one leg. */
#define MEDIA_RTCP_INTERVAL_MS 5000

/** What goes into a compound packet. */
struct media_rtcp_own {
    uint32_t ssrc;
    uint32_t packets_sent; /**< 0: a receiver's report, without the sender's part. */
    uint32_t octets_sent;
    uint32_t rtp_timestamp; /**< That belongs to now_unix_us. */
    uint64_t now_unix_us;
    bool heard; /**< `report` is filled. */
    struct media_rtp_report report;
    uint32_t last_sender_report;  /**< Middle 32 bits of the peer's NTP time; 0: none. */
    uint32_t since_sender_report; /**< [1/65536 s] */
    bool goodbye;
};

/** What a compound packet said. */
struct media_rtcp_peer {
    bool sent;             /**< Held a sender's report: */
    uint32_t ssrc;         /**< of this source, */
    uint32_t ntp_middle;   /**< at this time. */
    bool reported;         /**< Held a report about `our_ssrc`: */
    uint8_t fraction_lost; /**< [1/256] */
    uint32_t jitter;       /**< [1/8000 s] */
    uint32_t last_sender_report;
    uint32_t since_sender_report;
    bool goodbye;
};

/** Writes SR or RR, SDES with a CNAME made of the SSRC (RFC 7022), BYE if asked.
    @return Bytes written. */
size_t media_rtcp_write(const struct media_rtcp_own *own, uint8_t packet[MEDIA_RTCP_PACKET_MAX]);

/**
 * Reads a compound packet.
 *
 * @param packet  Untrusted.
 * @return TD_OK, or TD_ERR_SYNTAX when it is none (RFC 3550 appendix A.2).
 */
enum td_err TD_MUST_CHECK media_rtcp_parse(struct td_bytes packet, uint32_t our_ssrc,
                                           struct media_rtcp_peer *peer);

/** Middle 32 bits of the NTP time stamp of a moment. */
uint32_t media_rtcp_ntp_middle(uint64_t unix_us);

/** Round-trip time from a report about us [us]; 0 if it names none (section 6.4.1, figure 2). */
uint64_t media_rtcp_round_trip_us(const struct media_rtcp_peer *peer, uint64_t now_unix_us);

#endif
