#include "media/core/rtp.h"

#include <string.h>

#include "media/core/bits.h"

/* A source may skip or repeat this much before it counts as another one (RFC 3550 A.1). */
#define DROPOUT_MAX 3000
#define MISORDER_MAX 100
#define LOST_MAX 0x7fffff

enum td_err media_rtp_parse(struct td_bytes packet, struct media_rtp *rtp, struct td_bytes *payload)
{
    const uint8_t *at = packet.data;
    size_t size = packet.size;

    if (size < MEDIA_RTP_HEADER_SIZE || at[0] >> 6 != 2)
        return TD_ERR_SYNTAX;

    size_t header = MEDIA_RTP_HEADER_SIZE + 4 * (size_t)(at[0] & 0x0f);
    if ((at[0] & 0x10) != 0) { // An extension follows the contributors.
        if (size < header + 4)
            return TD_ERR_SYNTAX;
        header += 4 + 4 * (size_t)media_read_u16(at + header + 2);
    }
    if (size < header)
        return TD_ERR_SYNTAX;

    size_t padding = 0;
    if ((at[0] & 0x20) != 0) {
        padding = at[size - 1];
        if (padding == 0 || padding > size - header)
            return TD_ERR_SYNTAX;
    }
    *rtp = (struct media_rtp){
        .marker = (at[1] & 0x80) != 0,
        .payload_type = at[1] & 0x7f,
        .sequence = media_read_u16(at + 2),
        .timestamp = media_read_u32(at + 4),
        .ssrc = media_read_u32(at + 8),
    };
    *payload = td_bytes(at + header, size - header - padding);
    return TD_OK;
}

void media_rtp_write(const struct media_rtp *rtp, uint8_t header[MEDIA_RTP_HEADER_SIZE])
{
    header[0] = 0x80;
    header[1] = (uint8_t)((rtp->marker ? 0x80U : 0U) | rtp->payload_type);
    media_write_u16(header + 2, rtp->sequence);
    media_write_u32(header + 4, rtp->timestamp);
    media_write_u32(header + 8, rtp->ssrc);
}

bool media_rtp_is_newer(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b) > 0;
}

static uint64_t expected(const struct media_rtp_reception *reception)
{
    return reception->started
               ? (uint64_t)reception->highest_sequence - reception->first_sequence + 1
               : 0;
}

static void start_source(struct media_rtp_reception *reception, const struct media_rtp *rtp)
{
    *reception = (struct media_rtp_reception){
        .started = true,
        .ssrc = rtp->ssrc,
        // One cycle up, so that a packet from before the first does not go below 0.
        .first_sequence = 0x10000U + rtp->sequence,
        .highest_sequence = 0x10000U + rtp->sequence,
        .lost_earlier = media_rtp_lost(reception),
    };
}

static void count_jitter(struct media_rtp_reception *reception, const struct media_rtp *rtp,
                         uint64_t now_ns)
{
    uint32_t transit = (uint32_t)(now_ns / 125000) - rtp->timestamp; // 8 kHz: 125 us
    int32_t change = (int32_t)(transit - reception->transit);
    uint32_t size = change < 0 ? 0U - (uint32_t)change : (uint32_t)change;

    reception->transit = transit;
    if (reception->received > 1)
        reception->jitter_times16 += size - ((reception->jitter_times16 + 8) >> 4);
}

void media_rtp_received(struct media_rtp_reception *reception, const struct media_rtp *rtp,
                        uint64_t now_ns)
{
    uint16_t ahead = (uint16_t)(rtp->sequence - (uint16_t)reception->highest_sequence);

    if (!reception->started || rtp->ssrc != reception->ssrc ||
        (ahead >= DROPOUT_MAX && ahead <= UINT16_MAX - MISORDER_MAX))
        start_source(reception, rtp);
    else if (ahead < DROPOUT_MAX)
        reception->highest_sequence += ahead;
    reception->received++;
    count_jitter(reception, rtp, now_ns);
}

/* In 1/256; all of them is the largest that fits. */
static uint8_t fraction(int64_t lost, int64_t due)
{
    if (due <= 0 || lost <= 0)
        return 0;
    if (lost >= due)
        return UINT8_MAX;
    return (uint8_t)(lost * 256 / due);
}

struct media_rtp_report media_rtp_take_report(struct media_rtp_reception *reception)
{
    uint64_t all = expected(reception);
    int64_t due = (int64_t)(all - reception->expected_before);
    int64_t lost = due - (int64_t)(reception->received - reception->received_before);
    int64_t lost_all = (int64_t)all - (int64_t)reception->received;

    if (lost_all > LOST_MAX)
        lost_all = LOST_MAX;
    else if (lost_all < -LOST_MAX - 1)
        lost_all = -LOST_MAX - 1;
    reception->expected_before = all;
    reception->received_before = reception->received;
    return (struct media_rtp_report){
        .ssrc = reception->ssrc,
        .fraction_lost = fraction(lost, due),
        .lost = (int32_t)lost_all,
        .highest_sequence = reception->highest_sequence - 0x10000U,
        .jitter = reception->jitter_times16 >> 4,
    };
}

uint64_t media_rtp_lost(const struct media_rtp_reception *reception)
{
    uint64_t all = expected(reception);

    return reception->lost_earlier + (all > reception->received ? all - reception->received : 0);
}
