/**
 * @file bits.h  Numbers in network order. Pure.
 */
#ifndef MEDIA_CORE_BITS_H
#define MEDIA_CORE_BITS_H

#include <stdint.h>

static inline uint16_t media_read_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t media_read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void media_write_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void media_write_u32(uint8_t *at, uint32_t value)
{
    media_write_u16(at, (uint16_t)(value >> 16));
    media_write_u16(at + 2, (uint16_t)value);
}

#endif
