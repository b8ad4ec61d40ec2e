#include "tandem/core/columns.h"

#include <string.h>
#include <wchar.h>

#include "base/str.h"

/* One character as it is shown. */
struct glyph {
    const char *bytes;
    size_t size;
    uint32_t width;
};

static size_t length_of_lead(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead < 0xe0)
        return 2;
    if (lead >= 0xe0 && lead < 0xf0)
        return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

static wchar_t decode(const char *text, size_t size)
{
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = (unsigned char)text[0] & masks[size];

    for (size_t i = 1; i < size; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3fU);
    return (wchar_t)point;
}

/* @return The bytes of `text` it stands for. */
static size_t next_glyph(const char *text, struct glyph *glyph)
{
    size_t size = length_of_lead((unsigned char)text[0]);

    if (size > 0 && strnlen(text, size) == size && td_str_is_utf8(text, size)) {
        int width = wcwidth(decode(text, size));
        if (width >= 0) {
            *glyph = (struct glyph){text, size, (uint32_t)width};
            return size;
        }
    } else {
        size = 1;
    }
    *glyph = (struct glyph){"?", 1, 1};
    return size;
}

uint32_t columns_width(const char *text)
{
    struct glyph glyph;
    uint32_t width = 0;

    while (*text != '\0') {
        text += next_glyph(text, &glyph);
        width += glyph.width;
    }
    return width;
}

static void put_spaces(struct td_text *to, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        td_text_add(to, " ");
}

/* As many whole characters as fit. @return The columns they take. */
static uint32_t put_glyphs(struct td_text *to, const char *text, uint32_t width)
{
    struct glyph glyph;
    uint32_t used = 0;

    while (*text != '\0') {
        text += next_glyph(text, &glyph);
        if (used + glyph.width > width)
            break;
        td_text_add_span(to, glyph.bytes, glyph.size);
        used += glyph.width;
    }
    return used;
}

void columns_put(struct td_text *to, const char *text, uint32_t width, enum columns_side side)
{
    uint32_t needed = columns_width(text);

    if (needed > width && width > 0) {
        uint32_t used = put_glyphs(to, text, width - 1);
        put_spaces(to, width - 1 - used);
        td_text_add(to, "~");
        return;
    }
    if (needed > width)
        return;
    if (side == COLUMNS_RIGHT)
        put_spaces(to, width - needed);
    (void)put_glyphs(to, text, width);
    if (side == COLUMNS_LEFT)
        put_spaces(to, width - needed);
}
