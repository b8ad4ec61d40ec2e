#include "media/core/latch.h"

#include <string.h>

/* One minute of packets of 20 ms: longer gaps get a new description. */
#define CONTINUES_MAX 3000

bool media_peer_equal(const struct media_peer *a, const struct media_peer *b)
{
    return a->port == b->port && a->family == b->family &&
           memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

void media_latch_init(struct media_latch *latch, const struct media_peer *signalled)
{
    *latch = (struct media_latch){.signalled = *signalled};
}

static void note(struct media_latch *latch, const struct media_rtp *rtp, uint64_t now_ns)
{
    if (rtp->ssrc != latch->ssrc || media_rtp_is_newer(rtp->sequence, latch->sequence))
        latch->sequence = rtp->sequence;
    latch->ssrc = rtp->ssrc;
    latch->heard_at_ns = now_ns;
}

static enum media_latch_verdict take(struct media_latch *latch, const struct media_peer *from,
                                     const struct media_rtp *rtp, uint64_t now_ns)
{
    latch->source = *from;
    latch->candidate.family = 0;
    latch->ssrc = rtp->ssrc;
    latch->sequence = rtp->sequence;
    latch->heard_at_ns = now_ns;
    return MEDIA_LATCH_TAKEN;
}

/* Whether a source that is not the leg's may become it. */
static bool may_apply(const struct media_latch *latch, const struct media_rtp *rtp, uint64_t now_ns)
{
    if (latch->source.family == 0)
        return true;
    if (now_ns - latch->heard_at_ns < MEDIA_LATCH_SILENCE_NS || rtp->ssrc != latch->ssrc)
        return false;
    return (uint16_t)(rtp->sequence - latch->sequence - 1) < CONTINUES_MAX;
}

static bool completes_row(struct media_latch *latch, const struct media_peer *from,
                          const struct media_rtp *rtp)
{
    bool follows = latch->candidate_row > 0 && rtp->ssrc == latch->candidate_ssrc &&
                   rtp->sequence == (uint16_t)(latch->candidate_sequence + 1) &&
                   media_peer_equal(from, &latch->candidate);

    latch->candidate = *from;
    latch->candidate_ssrc = rtp->ssrc;
    latch->candidate_sequence = rtp->sequence;
    latch->candidate_row = follows ? (uint8_t)(latch->candidate_row + 1) : 1;
    return latch->candidate_row == MEDIA_LATCH_ROW;
}

enum media_latch_verdict media_latch_judge(struct media_latch *latch, const struct media_peer *from,
                                           const struct media_rtp *rtp, uint64_t now_ns)
{
    if (media_peer_equal(from, &latch->source)) {
        note(latch, rtp, now_ns);
        return MEDIA_LATCH_HEARD;
    }
    if (media_peer_equal(from, &latch->signalled))
        return take(latch, from, rtp, now_ns);
    if (!may_apply(latch, rtp, now_ns)) {
        latch->candidate_row = 0;
        return MEDIA_LATCH_REFUSED;
    }
    if (!completes_row(latch, from, rtp))
        return MEDIA_LATCH_REFUSED;
    latch->candidate_row = 0;
    return take(latch, from, rtp, now_ns);
}

const struct media_peer *media_latch_target(const struct media_latch *latch)
{
    return latch->source.family != 0 ? &latch->source : &latch->signalled;
}
