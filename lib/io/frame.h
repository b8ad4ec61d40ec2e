/**
 * @file frame.h  Length-prefixed frames in a byte stream: [size, u32 big endian][size bytes].
 *
 * What a service and its worker program speak over pipes (io/process.h, io/worker.h). Pure: bytes
 * in, frames out, in the caller's buffer.
 */
#ifndef TD_IO_FRAME_H
#define TD_IO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define TD_FRAME_HEADER_SIZE 4

/** Collects bytes until a frame is whole. Fields are private. */
struct td_frame_reader {
    uint8_t *buf;
    size_t size;
    size_t start; /* of what has not been taken yet */
    size_t end;
};

/** @param buf  Kept. @param size  At least TD_FRAME_HEADER_SIZE; frames up to `size` minus it pass.
 */
void td_frame_reader_init(struct td_frame_reader *reader, void *buf, size_t size);

/** Where to read the next bytes to, never empty. Ends the validity of frames taken before. */
void td_frame_reader_space(struct td_frame_reader *reader, uint8_t **space, size_t *size);

/** Says how many bytes were read there. */
void td_frame_reader_filled(struct td_frame_reader *reader, size_t size);

/**
 * Takes the next whole frame. Call until TD_ERR_NOT_FOUND.
 *
 * @param frame  Valid until the next td_frame_reader_space().
 * @return TD_OK; TD_ERR_NOT_FOUND (more bytes are needed); TD_ERR_LIMIT (the frame is larger than
 *         the buffer allows: the stream is broken for good).
 */
enum td_err TD_MUST_CHECK td_frame_take(struct td_frame_reader *reader, struct td_bytes *frame);

/** Writes the header of a frame of `size` bytes. */
void td_frame_header(uint8_t header[TD_FRAME_HEADER_SIZE], uint32_t size);

#endif
