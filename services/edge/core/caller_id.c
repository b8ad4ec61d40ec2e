#include "edge/core/caller_id.h"

#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "edge/core/sip_text.h"

/** Of a whole name before it is clipped: two of the longest names we are told. */
#define WHOLE 320

static const char *withheld_word(const char *language)
{
    return td_str_starts_with(language, "zh") ? "\u53f7\u7801\u4fdd\u5bc6" : "Number withheld";
}

/* What is no UTF-8 would make the whole header unreadable to some phones. */
static void add_name(struct td_text *text, const char *name)
{
    if (name[0] == '\0' || !td_str_is_utf8(name, strlen(name)))
        return;
    if (text->length > 0)
        td_text_add(text, " - ");
    td_text_add(text, name);
}

bool edge_caller_id_is_withheld(const struct edge_caller_id *id)
{
    return id->number[0] == '\0';
}

static void write_address(const struct edge_caller_id *id, const char *name,
                          char text[EDGE_CALLER_ID_SIZE])
{
    bool withheld = edge_caller_id_is_withheld(id);
    char clipped[EDGE_CALLER_ID_NAME + 1];
    struct td_text writer;

    td_str_clip(clipped, sizeof(clipped), name);
    td_text_init(&writer, text, EDGE_CALLER_ID_SIZE);
    edge_text_add_address(&writer, clipped, withheld ? "anonymous" : id->number,
                          withheld ? "anonymous.invalid" : id->domain);
    assert(!writer.cut);
}

void edge_caller_id_from(const struct edge_caller_id *id, char text[EDGE_CALLER_ID_SIZE])
{
    char name[WHOLE];
    struct td_text writer;

    td_text_init(&writer, name, sizeof(name));
    add_name(&writer, id->queue);
    add_name(&writer, edge_caller_id_is_withheld(id) ? withheld_word(id->language) : id->customer);
    write_address(id, name, text);
}

void edge_caller_id_asserted(const struct edge_caller_id *id, char text[EDGE_CALLER_ID_SIZE])
{
    char name[WHOLE];
    struct td_text writer;

    assert(!edge_caller_id_is_withheld(id));
    td_text_init(&writer, name, sizeof(name));
    add_name(&writer, id->customer);
    write_address(id, name, text);
}
