/* The bytes of a TZif file (RFC 8536). Nothing is believed before it was compared with what is
 * there. */
#include <string.h>

#include "core/calendar/zone.h"

#define HEADER_SIZE 44
#define TYPES_MAX 256
#define TYPE_SIZE 6

struct header {
    uint8_t version; /* '2' and on */
    uint32_t utc_count;
    uint32_t standard_count;
    uint32_t leap_count;
    uint32_t time_count;
    uint32_t type_count;
    uint32_t char_count;
};

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const uint8_t *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

static enum td_err read_header(struct td_bytes bytes, size_t at, struct header *header)
{
    const uint8_t *from = bytes.data + at;

    if (bytes.size - at < HEADER_SIZE || memcmp(from, "TZif", 4) != 0)
        return TD_ERR_SYNTAX;
    *header = (struct header){
        .version = from[4],
        .utc_count = read_u32(from + 20),
        .standard_count = read_u32(from + 24),
        .leap_count = read_u32(from + 28),
        .time_count = read_u32(from + 32),
        .type_count = read_u32(from + 36),
        .char_count = read_u32(from + 40),
    };
    if (header->version < '2' || header->leap_count != 0 || header->type_count == 0 ||
        header->type_count > TYPES_MAX || header->char_count > TD_ZONE_FILE_MAX ||
        header->utc_count > header->type_count || header->standard_count > header->type_count)
        return TD_ERR_SYNTAX;
    return header->time_count > TD_ZONE_CHANGES_MAX * 4 ? TD_ERR_LIMIT : TD_OK;
}

/* Size of the data behind a header whose moments have `time_size` bytes. */
static size_t data_size(const struct header *header, size_t time_size)
{
    return header->time_count * (time_size + 1) + header->type_count * (size_t)TYPE_SIZE +
           header->char_count + header->standard_count + header->utc_count;
}

static enum td_err read_offset(const uint8_t *type, int32_t *offset_s)
{
    *offset_s = (int32_t)read_u32(type);
    return *offset_s < -TD_ZONE_OFFSET_MAX_S || *offset_s > TD_ZONE_OFFSET_MAX_S ? TD_ERR_SYNTAX
                                                                                 : TD_OK;
}

static enum td_err read_changes(const uint8_t *data, const struct header *header,
                                struct td_zone *zone)
{
    const uint8_t *kinds = data + header->time_count * (size_t)8;
    const uint8_t *types = kinds + header->time_count;
    enum td_err err = read_offset(types, &zone->first_offset_s);

    for (uint32_t i = 0; i < header->time_count && err == TD_OK; i++) {
        zone->at_unix_s[i] = read_i64(data + i * (size_t)8);
        if (kinds[i] >= header->type_count ||
            (i > 0 && zone->at_unix_s[i] <= zone->at_unix_s[i - 1]))
            return TD_ERR_SYNTAX;
        err = read_offset(types + kinds[i] * (size_t)TYPE_SIZE, &zone->offset_s[i]);
    }
    zone->count = header->time_count;
    return err;
}

/* A line of its own: the rule, or nothing. */
static enum td_err read_footer(struct td_bytes bytes, size_t at, struct td_zone *zone)
{
    const char *text = (const char *)bytes.data + at;
    size_t size = bytes.size - at;

    if (size < 2 || text[0] != '\n' || text[size - 1] != '\n')
        return TD_ERR_SYNTAX;
    zone->has_rule = size > 2;
    return zone->has_rule ? td_zone_rule_parse(text + 1, size - 2, &zone->rule) : TD_OK;
}

enum td_err td_zone_parse(struct td_bytes bytes, struct td_zone *zone)
{
    struct header header;
    size_t at = 0;
    if (bytes.size > TD_ZONE_FILE_MAX)
        return TD_ERR_LIMIT;

    memset(zone, 0, sizeof(*zone));
    enum td_err err = read_header(bytes, 0, &header);
    if (err != TD_OK)
        return err;
    at = HEADER_SIZE + data_size(&header, 4); // The first block has moments of 32 bits.
    if (at > bytes.size)
        return TD_ERR_SYNTAX;
    err = read_header(bytes, at, &header);
    if (err != TD_OK)
        return err;
    at += HEADER_SIZE;
    if (header.time_count > TD_ZONE_CHANGES_MAX)
        return TD_ERR_LIMIT;
    if (data_size(&header, 8) > bytes.size - at)
        return TD_ERR_SYNTAX;
    err = read_changes(bytes.data + at, &header, zone);
    return err == TD_OK ? read_footer(bytes, at + data_size(&header, 8), zone) : err;
}
