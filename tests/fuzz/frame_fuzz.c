/*
 * The stream of frames that a worker program sends. The first byte seeds how the rest is cut into
 * reads; however it is cut, the same frames must come out, the same as a plain walk over the bytes
 * finds.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "io/frame.h"

#define FRAME_MAX 60

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The walk: where the next frame starts, or NULL when it is not whole or too large. */
static const uint8_t *next_frame(const uint8_t *at, const uint8_t *end, size_t *frame_size)
{
    if (end - at < TD_FRAME_HEADER_SIZE)
        return NULL;
    *frame_size = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | (size_t)at[3];
    at += TD_FRAME_HEADER_SIZE;
    return *frame_size <= FRAME_MAX && *frame_size <= (size_t)(end - at) ? at : NULL;
}

static void check(int condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *buf = malloc(FRAME_MAX + TD_FRAME_HEADER_SIZE); // On the heap, so that overruns show.
    struct td_frame_reader reader;
    unsigned cut = size > 0 ? data[0] : 0;
    size_t fed = size > 0 ? 1 : 0;
    const uint8_t *walk = data + fed;
    enum td_err err = TD_ERR_NOT_FOUND;

    if (buf == NULL)
        return 0;
    td_frame_reader_init(&reader, buf, FRAME_MAX + TD_FRAME_HEADER_SIZE);
    while (fed < size && err == TD_ERR_NOT_FOUND) {
        struct td_bytes frame;
        uint8_t *space;
        size_t room, frame_size;

        td_frame_reader_space(&reader, &space, &room);
        cut = cut * 31 + 7;
        size_t part = 1 + cut % 70;
        part = part < room ? part : room;
        part = part < size - fed ? part : size - fed;
        memcpy(space, data + fed, part);
        td_frame_reader_filled(&reader, part);
        fed += part;
        while ((err = td_frame_take(&reader, &frame)) == TD_OK) {
            const uint8_t *expected = next_frame(walk, data + size, &frame_size);

            check(expected != NULL && frame.size == frame_size);
            check(memcmp(frame.data, expected, frame_size) == 0);
            walk = expected + frame_size;
        }
    }
    size_t rest;
    check(next_frame(walk, data + size, &rest) == NULL);
    free(buf);
    return 0;
}
