#include "media/core/rtcp.h"

#include "media/core/bits.h"

#define TYPE_SENDER 200
#define TYPE_RECEIVER 201
#define TYPE_DESCRIPTION 202
#define TYPE_GOODBYE 203
#define ITEM_CNAME 1
#define CNAME_SIZE 15 /* "tandem-" and eight hexadecimal digits */
#define REPORT_SIZE 24
#define NTP_OF_1970 UINT64_C(2208988800)

struct writer {
    uint8_t *packet;
    size_t size;
};

static void put_u32(struct writer *writer, uint32_t value)
{
    media_write_u32(writer->packet + writer->size, value);
    writer->size += 4;
}

/* Writes the header of a part; its length is known when it ends. */
static size_t begin_part(struct writer *writer, unsigned count, uint8_t type)
{
    size_t start = writer->size;

    writer->packet[start] = (uint8_t)(0x80U | count);
    writer->packet[start + 1] = type;
    writer->size += 4;
    return start;
}

static void end_part(struct writer *writer, size_t start)
{
    media_write_u16(writer->packet + start + 2, (uint16_t)((writer->size - start) / 4 - 1));
}

static uint64_t ntp(uint64_t unix_us)
{
    uint64_t seconds = unix_us / 1000000 + NTP_OF_1970;
    uint64_t fraction = ((unix_us % 1000000) << 32) / 1000000;

    return seconds << 32 | fraction;
}

static void put_report(struct writer *writer, const struct media_rtcp_own *own)
{
    put_u32(writer, own->report.ssrc);
    put_u32(writer,
            (uint32_t)own->report.fraction_lost << 24 | ((uint32_t)own->report.lost & 0xffffffU));
    put_u32(writer, own->report.highest_sequence);
    put_u32(writer, own->report.jitter);
    put_u32(writer, own->last_sender_report);
    put_u32(writer, own->since_sender_report);
}

static void put_reports(struct writer *writer, const struct media_rtcp_own *own)
{
    bool sender = own->packets_sent > 0;
    size_t start = begin_part(writer, own->heard, sender ? TYPE_SENDER : TYPE_RECEIVER);

    put_u32(writer, own->ssrc);
    if (sender) {
        uint64_t now = ntp(own->now_unix_us);

        put_u32(writer, (uint32_t)(now >> 32));
        put_u32(writer, (uint32_t)now);
        put_u32(writer, own->rtp_timestamp);
        put_u32(writer, own->packets_sent);
        put_u32(writer, own->octets_sent);
    }
    if (own->heard)
        put_report(writer, own);
    end_part(writer, start);
}

static void put_description(struct writer *writer, uint32_t ssrc)
{
    static const char prefix[] = "tandem-";
    size_t start = begin_part(writer, 1, TYPE_DESCRIPTION);

    put_u32(writer, ssrc);
    writer->packet[writer->size++] = ITEM_CNAME;
    writer->packet[writer->size++] = CNAME_SIZE;
    for (size_t i = 0; i < sizeof(prefix) - 1; i++)
        writer->packet[writer->size++] = (uint8_t)prefix[i];
    for (int shift = 28; shift >= 0; shift -= 4)
        writer->packet[writer->size++] = (uint8_t) "0123456789abcdef"[ssrc >> shift & 15U];
    do { // At least one zero ends the items, then to the next word.
        writer->packet[writer->size++] = 0;
    } while (writer->size % 4 != 0);
    end_part(writer, start);
}

size_t media_rtcp_write(const struct media_rtcp_own *own, uint8_t packet[MEDIA_RTCP_PACKET_MAX])
{
    struct writer writer = {.packet = packet};

    put_reports(&writer, own);
    put_description(&writer, own->ssrc);
    if (own->goodbye) {
        size_t start = begin_part(&writer, 1, TYPE_GOODBYE);

        put_u32(&writer, own->ssrc);
        end_part(&writer, start);
    }
    return writer.size;
}

static void read_reports(const uint8_t *at, size_t size, unsigned count, uint32_t our_ssrc,
                         struct media_rtcp_peer *peer)
{
    for (; count > 0 && size >= REPORT_SIZE; count--, at += REPORT_SIZE, size -= REPORT_SIZE) {
        if (media_read_u32(at) != our_ssrc)
            continue;
        peer->reported = true;
        peer->fraction_lost = at[4];
        peer->jitter = media_read_u32(at + 12);
        peer->last_sender_report = media_read_u32(at + 16);
        peer->since_sender_report = media_read_u32(at + 20);
    }
}

static void read_part(const uint8_t *at, size_t size, uint32_t our_ssrc,
                      struct media_rtcp_peer *peer)
{
    unsigned count = at[0] & 0x1fU;

    if (at[1] == TYPE_SENDER && size >= 28) {
        peer->sent = true;
        peer->ssrc = media_read_u32(at + 4);
        peer->ntp_middle = media_read_u32(at + 8) << 16 | media_read_u32(at + 12) >> 16;
        read_reports(at + 28, size - 28, count, our_ssrc, peer);
    } else if (at[1] == TYPE_RECEIVER && size >= 8) {
        read_reports(at + 8, size - 8, count, our_ssrc, peer);
    } else if (at[1] == TYPE_GOODBYE) {
        peer->goodbye = true;
    }
}

enum td_err media_rtcp_parse(struct td_bytes packet, uint32_t our_ssrc,
                             struct media_rtcp_peer *peer)
{
    struct media_rtcp_peer said = {0};
    const uint8_t *at = packet.data;
    size_t left = packet.size;

    if (left < 8 || (at[1] != TYPE_SENDER && at[1] != TYPE_RECEIVER))
        return TD_ERR_SYNTAX; // A compound packet begins with a report.
    while (left > 0) {
        if (left < 4 || at[0] >> 6 != 2)
            return TD_ERR_SYNTAX;
        size_t size = 4 * ((size_t)media_read_u16(at + 2) + 1);
        if (size > left)
            return TD_ERR_SYNTAX;
        read_part(at, size, our_ssrc, &said);
        at += size;
        left -= size;
    }
    *peer = said;
    return TD_OK;
}

uint32_t media_rtcp_ntp_middle(uint64_t unix_us)
{
    return (uint32_t)(ntp(unix_us) >> 16);
}

uint64_t media_rtcp_round_trip_us(const struct media_rtcp_peer *peer, uint64_t now_unix_us)
{
    if (!peer->reported || peer->last_sender_report == 0)
        return 0;

    uint32_t passed = media_rtcp_ntp_middle(now_unix_us) - peer->last_sender_report;
    if (passed < peer->since_sender_report)
        return 0; // The two clocks disagree by more than the way takes.
    return (uint64_t)(passed - peer->since_sender_report) * 1000000 >> 16;
}
