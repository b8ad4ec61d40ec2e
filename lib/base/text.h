/**
 * @file text.h  Builds a bounded string piece by piece: printf for those who must not use stdio.
 * Pure.
 *
 * A piece that does not fit is left out as a whole and marks the text as cut; what came before
 * stays.
 */
#ifndef TD_BASE_TEXT_H
#define TD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct td_text {
    char *to;
    size_t size;
    size_t length; /**< Without the terminator, which is always there. */
    bool cut;      /**< Something did not fit. */
};

/** @param to  Kept; at least 1 byte. */
void td_text_init(struct td_text *text, char *to, size_t size);

void td_text_add(struct td_text *text, const char *piece);
void td_text_add_span(struct td_text *text, const char *piece, size_t length);
void td_text_add_u64(struct td_text *text, uint64_t number);
/** As a JSON string, quotes included (RFC 8259). @param piece  UTF-8. */
void td_text_add_json(struct td_text *text, const char *piece);

#endif
