/**
 * @file live_resp.h  Commands in Redis's protocol (RESP), built piece by piece. Private to
 * lib/io/live*.
 */
#ifndef TD_IO_LIVE_RESP_H
#define TD_IO_LIVE_RESP_H

#include "io/buffer.h"

/** "*COUNT": an array of bulk strings follows. */
void td_live_resp_array(struct td_buffer *buffer, uint64_t count);

/** One bulk string. */
void td_live_resp_bulk(struct td_buffer *buffer, struct td_bytes bytes);
void td_live_resp_bulk_text(struct td_buffer *buffer, const char *text);
void td_live_resp_bulk_u64(struct td_buffer *buffer, uint64_t value);

#endif
