/**
 * @file latch.h  Symmetric RTP: whose packets belong to a leg, and where its packets go.
 *
 * A far end behind a NAT sends from another address than its SDP says. The rule:
 *
 * - Packets from the signalled address belong to the leg, always, from the first one on.
 * - While nobody was heard, any other source takes the leg with three packets in a row: same
 * source, same SSRC, sequence numbers that follow each other (the payload types were checked
 * before).
 * - Later a new source takes over only if the old one has been silent for half a second and the new
 *   one continues it: same SSRC, a sequence number ahead by less than a minute's worth, again three
 *   in a row (a NAT that forgot, a phone that changed its network).
 * - A new description starts it all again.
 *
 * Everything else is refused, so that who only knows a port cannot listen in or talk.
 * Pure; constant time.
 */
#ifndef MEDIA_CORE_LATCH_H
#define MEDIA_CORE_LATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "media/core/rtp.h"

#define MEDIA_LATCH_ROW 3
#define MEDIA_LATCH_SILENCE_NS UINT64_C(500000000)

/** A transport address; all bits of unused address bytes are 0. */
struct media_peer {
    uint8_t address[16]; /**< Network order; the first 4 for family 4. */
    uint16_t port;
    uint8_t family; /**< 4, 6, or 0: none. */
};

bool media_peer_equal(const struct media_peer *a, const struct media_peer *b);

enum media_latch_verdict {
    MEDIA_LATCH_REFUSED,
    MEDIA_LATCH_HEARD, /**< From the leg's source. */
    MEDIA_LATCH_TAKEN, /**< The same, and the source is a new one: send there from now on. */
};

/** Fields but `source` are private. */
struct media_latch {
    struct media_peer signalled;
    struct media_peer source; /**< Who was heard; family 0 while nobody was. */
    struct media_peer candidate;
    uint32_t ssrc;
    uint32_t candidate_ssrc;
    uint16_t sequence;
    uint16_t candidate_sequence;
    uint8_t candidate_row;
    uint64_t heard_at_ns;
};

/** @param signalled  From the description; family 0 if it named no usable address. */
void media_latch_init(struct media_latch *latch, const struct media_peer *signalled);

/** Judges one packet that is otherwise plausible. */
enum media_latch_verdict media_latch_judge(struct media_latch *latch, const struct media_peer *from,
                                           const struct media_rtp *rtp, uint64_t now_ns);

/** Where packets to this leg go: who was heard, else where it was signalled; family 0: nowhere. */
const struct media_peer *media_latch_target(const struct media_latch *latch);

#endif
