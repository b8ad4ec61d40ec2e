/**
 * @file sdp.h  Session descriptions (RFC 8866) and their offer and answer (RFC 3264) for telephony.
 *
 * What is negotiated is one audio stream over plain RTP: PCMU or PCMA at 8 kHz, one channel, with
 * telephone-event (RFC 4733) beside it where the peer has it. Every other media line is understood
 * far enough to be refused politely: it comes back in its place with port 0.
 *
 * A description is parsed into a struct of fixed size; lines that do not matter here (b=, i=, ICE
 * candidates ...) are checked for their form and left out. Parsing is strict about what the grammar
 * requires and lenient where RFC 8866 asks for it: a bare line feed ends a line, unknown attributes
 * are ignored, names of encodings are compared without case.
 *
 * Pure; no threads; linear in the size of the text.
 */
#ifndef TD_CORE_SDP_SDP_H
#define TD_CORE_SDP_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/** Longest text parsed. */
#define TD_SDP_TEXT_MAX 8192
/** Longest text written, without terminator: 8 lines of below 90 bytes, one of them with 3 formats.
 */
#define TD_SDP_WRITTEN_MAX 2048
/** Most media lines, and most formats in one of them. */
#define TD_SDP_MEDIA_MAX 8
#define TD_SDP_FORMATS_MAX 32
/** "No such payload type". */
#define TD_SDP_NO_PAYLOAD 255

enum td_sdp_codec {
    TD_SDP_OTHER, /**< Known to the peer only. */
    TD_SDP_PCMU,
    TD_SDP_PCMA,
    TD_SDP_TELEPHONE_EVENT,
    TD_SDP_CODEC_COUNT
};

/** From the view of whoever wrote the description. A set of two bits: sends, receives. */
enum td_sdp_direction {
    TD_SDP_INACTIVE = 0,
    TD_SDP_SENDONLY = 1,
    TD_SDP_RECVONLY = 2,
    TD_SDP_SENDRECV = 3,
};

/** Network order. Family 0: a host name was given, which nobody here resolves. */
struct td_sdp_address {
    uint8_t family; /**< 0, 4 or 6. */
    uint8_t bytes[16];
};

struct td_sdp_format {
    uint8_t payload_type; /**< 0..127 */
    enum td_sdp_codec codec;
};

struct td_sdp_media {
    char type[16];         /**< "audio", "video" ... */
    char protocol[32];     /**< "RTP/AVP" ... */
    char first_format[32]; /**< As written; what a refusal repeats. */
    uint16_t port;         /**< 0: refused or switched off. */
    bool usable;           /**< Audio over RTP/AVP with a port: `formats` and below are filled. */
    enum td_sdp_direction direction;
    struct td_sdp_address address; /**< Its own c=, or the session's. */
    struct td_sdp_address rtcp_address;
    uint16_t rtcp_port; /**< a=rtcp (RFC 3605), or the port above. */
    uint16_t ptime_ms;  /**< 0: not said. */
    uint8_t format_count;
    struct td_sdp_format formats[TD_SDP_FORMATS_MAX]; /**< In order of preference. */
};

struct td_sdp {
    uint64_t session_id;
    uint64_t session_version;
    struct td_sdp_address origin;
    uint8_t media_count;
    struct td_sdp_media media[TD_SDP_MEDIA_MAX];
};

/** What this side brings to a negotiation. */
struct td_sdp_local {
    struct td_sdp_address address; /**< Family 4 or 6. */
    uint16_t port;                 /**< Even; RTCP is expected on the next one. */
    uint64_t session_id;
    uint64_t session_version; /**< One more for every changed description of the session. */
    enum td_sdp_direction direction;
};

/** What was agreed on, in the terms of this side. */
struct td_sdp_agreement {
    enum td_sdp_codec codec;    /**< PCMU or PCMA. */
    uint8_t send_payload;       /**< What the peer wants to see in packets of audio ... */
    uint8_t receive_payload;    /**< ... and what it will put into its own. */
    uint8_t send_event_payload; /**< The same for telephone-event, or TD_SDP_NO_PAYLOAD. */
    uint8_t receive_event_payload;
    enum td_sdp_direction direction; /**< What this side does. */
    struct td_sdp_address address;   /**< Where packets go; family 0: nowhere (yet). */
    uint16_t port;
    struct td_sdp_address rtcp_address;
    uint16_t rtcp_port;
    uint16_t ptime_ms; /**< What the peer would like to get, 0 if it did not say. */
};

/**
 * Parses a description.
 *
 * @param text      Untrusted; borrowed; need not be terminated.
 * @param bad_line  Set on failure: number of the offending line, from 1; 0 if something required
 *                  is missing altogether.
 * @return TD_OK; TD_ERR_LIMIT if a bound above is exceeded; TD_ERR_RANGE for a number out of its
 *         range; TD_ERR_SYNTAX for everything else.
 */
enum td_err TD_MUST_CHECK td_sdp_parse(const char *text, size_t size, struct td_sdp *sdp,
                                       unsigned *bad_line);

/**
 * Writes a description made by td_sdp_offer or td_sdp_answer.
 *
 * @param written  Receives the text and a terminator.
 * @return Length without the terminator.
 */
size_t td_sdp_write(const struct td_sdp *sdp, char written[TD_SDP_WRITTEN_MAX + 1]);

/** Index of the media line that a negotiation would use, or -1. */
int td_sdp_find_audio(const struct td_sdp *sdp);

/**
 * Makes an offer.
 *
 * @param codecs  PCMU and PCMA, the preferred one first; 1 or 2 different ones.
 */
void td_sdp_offer(const struct td_sdp_local *local, const enum td_sdp_codec *codecs,
                  size_t codec_count, struct td_sdp *offer);

/**
 * Answers an offer: the first of the offerer's G.711 codecs, and telephone-event if offered.
 * Hold (RFC 3264 section 8.4, and the old 0.0.0.0) is mirrored in the direction.
 *
 * @return TD_OK, or TD_ERR_NOT_FOUND when no media line offers G.711 (SIP says 488 to that).
 */
enum td_err TD_MUST_CHECK td_sdp_answer(const struct td_sdp *offer,
                                        const struct td_sdp_local *local, struct td_sdp *answer,
                                        struct td_sdp_agreement *agreement);

/**
 * Reads the answer to an offer of td_sdp_offer.
 *
 * @return TD_OK; TD_ERR_INVALID when the answer does not fit the offer (number or kind of media
 *         lines, a codec that was not offered); TD_ERR_NOT_FOUND when it refuses the audio.
 */
enum td_err TD_MUST_CHECK td_sdp_accept(const struct td_sdp *offer, const struct td_sdp *answer,
                                        struct td_sdp_agreement *agreement);

#endif
