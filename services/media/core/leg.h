/**
 * @file leg.h  One media endpoint: what its packets mean, and what is sent to it.
 *
 * Ties together, for one negotiated far end, the latch (whose packets count), the reception
 * figures, the keypad and the outgoing stream. The shell owns sockets and moves bytes; every
 * decision about a packet is taken here, without allocation and in constant time.
 *
 * Pure; time is an argument.
 */
#ifndef MEDIA_CORE_LEG_H
#define MEDIA_CORE_LEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "media/core/g711.h"
#include "media/core/latch.h"
#include "media/core/rtp.h"
#include "media/core/stream.h"
#include "media/core/telephone_event.h"

/** "This payload type is not used." */
#define MEDIA_NO_PAYLOAD 255

/** What was negotiated. */
struct media_leg_terms {
    enum media_law law;
    uint8_t send_payload;
    uint8_t receive_payload;
    uint8_t send_event_payload; /**< Or MEDIA_NO_PAYLOAD. */
    uint8_t receive_event_payload;
    bool sends;    /**< The far end wants to hear us. */
    bool receives; /**< The far end talks to us. */
};

/** Fields may be read; they are changed by the functions below. */
struct media_leg {
    struct media_leg_terms terms;
    bool negotiated; /* until then nothing is taken and nothing sent */
    struct media_latch latch;
    struct media_rtp_reception reception;
    struct media_keypad keypad;
    struct media_stream stream;
};

enum media_arrival_kind {
    MEDIA_ARRIVAL_MALFORMED, /**< No RTP. */
    MEDIA_ARRIVAL_FOREIGN,  /**< From somebody else, or of a payload type that was not agreed on. */
    MEDIA_ARRIVAL_UNWANTED, /**< From the far end, but it is held or the packet is empty. */
    MEDIA_ARRIVAL_AUDIO,
    MEDIA_ARRIVAL_EVENT,
    MEDIA_ARRIVAL_KIND_COUNT
};

/** What a packet turned out to be. */
struct media_arrival {
    enum media_arrival_kind kind;
    bool moved; /**< The leg's source is a new one. */
    char key;   /**< EVENT: the key, if this packet is the first of its press; else '\0'. */
    enum media_law law;
    struct media_rtp rtp;
    struct td_bytes payload; /**< Part of the packet. */
};

/** @param random  See media_stream_init. */
void media_leg_init(struct media_leg *leg, const uint8_t random[10]);

/** Puts negotiated terms in force. The outgoing stream goes on; the source is to be found again if
    the far end's address is another one than before. */
void media_leg_negotiate(struct media_leg *leg, const struct media_leg_terms *terms,
                         const struct media_peer *signalled);

/** Takes a packet that came to the leg's port. */
struct media_arrival media_leg_receive(struct media_leg *leg, const struct media_peer *from,
                                       struct td_bytes packet, uint64_t now_ns);

/**
 * Makes the packet that passes an arrival on to this leg.
 *
 * @param packet  Receives at most MEDIA_RTP_PACKET_MAX bytes.
 * @return Its size; 0 when the leg gets nothing (held, no such payload type, a straggler).
 */
size_t media_leg_relay(struct media_leg *leg, const struct media_arrival *arrival, uint64_t now_ns,
                       uint8_t packet[MEDIA_RTP_PACKET_MAX]);

/** Makes the packet that says 20 ms of samples to this leg. @return As media_leg_relay. */
size_t media_leg_speak(struct media_leg *leg, const int16_t samples[MEDIA_FRAME_SAMPLES],
                       uint64_t now_ns, uint8_t packet[MEDIA_RTP_PACKET_MAX]);

/** Whether packets would leave: agreed on, wanted, and there is somewhere to send them. */
bool media_leg_can_send(const struct media_leg *leg);

#endif
