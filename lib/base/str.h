/**
 * @file str.h  Bounded strings: what the C library leaves out. Pure.
 */
#ifndef TD_BASE_STR_H
#define TD_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/**
 * Copies a whole string or nothing.
 *
 * @param size  Of `to`, terminator included; at least 1.
 * @return TD_OK, or TD_ERR_LIMIT when it does not fit (`to` is then empty).
 */
enum td_err td_str_copy(char *to, size_t size, const char *from);

/** Copies as much as fits, cut at a UTF-8 boundary, always terminated. For what people read. */
void td_str_clip(char *to, size_t size, const char *from);

/** Copies `length` bytes that need not be terminated; otherwise as td_str_copy. */
enum td_err td_str_copy_span(char *to, size_t size, const char *from, size_t length);

bool td_str_equal(const char *a, const char *b);
bool td_str_starts_with(const char *text, const char *prefix);

/** Strict UTF-8 (RFC 3629): no overlong forms, surrogates or values above U+10FFFF. */
bool td_str_is_utf8(const char *text, size_t length);

/** Replaces each byte that is not part of valid UTF-8 by '?', in place. */
void td_str_repair_utf8(char *text);

/** Parses all of `text` as a decimal number. @return TD_OK, TD_ERR_SYNTAX, TD_ERR_RANGE. */
enum td_err TD_MUST_CHECK td_str_to_u64(const char *text, uint64_t max, uint64_t *value);

/** FNV-1a, 64 bits: for tables and stream partitions (stable over releases). */
uint64_t td_str_hash(const void *data, size_t size);

#endif
