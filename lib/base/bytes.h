/**
 * @file bytes.h  A borrowed run of bytes. Pure.
 */
#ifndef TD_BASE_BYTES_H
#define TD_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/** Borrowed: whoever hands it out says until when it is valid. `data` may be NULL when size is 0.
 */
struct td_bytes {
    const uint8_t *data;
    size_t size;
};

static inline struct td_bytes td_bytes(const void *data, size_t size)
{
    return (struct td_bytes){.data = data, .size = size};
}

#endif
