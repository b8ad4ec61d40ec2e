/**
 * @file zoneinfo.h  The files of the system's time zone database (package tzdata), as bytes.
 *
 * Reads, and knows nothing of what is in them. Blocking: for the moment when a configuration is
 * taken, not for a call.
 */
#ifndef TD_IO_ZONEINFO_H
#define TD_IO_ZONEINFO_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/**
 * Reads the file of a zone.
 *
 * @param name    IANA name: "Asia/Shanghai".
 * @param buffer  Receives the bytes.
 * @return TD_OK; TD_ERR_SYNTAX: no such name can be; TD_ERR_NOT_FOUND; TD_ERR_LIMIT: larger than
 *         `size`; TD_ERR_INTERNAL.
 */
enum td_err TD_MUST_CHECK td_zoneinfo_read(const char *name, uint8_t *buffer, size_t size,
                                           struct td_bytes *bytes);

#endif
