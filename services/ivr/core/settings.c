#include "base/str.h"
#include "ivr/core/session_private.h"

uint32_t ivr_setting_ms(const struct ivr_document *document, uint32_t node, const char *name,
                        uint32_t fallback_ms)
{
    const char *value = ivr_node_property(document, node, name);
    uint32_t ms;

    if (value == NULL || ivr_time_parse(value, &ms) != TD_OK)
        return fallback_ms;
    return ms;
}

bool ivr_setting_flag(const struct ivr_document *document, uint32_t node, const char *name,
                      bool fallback)
{
    const char *value = ivr_node_property(document, node, name);

    if (value == NULL)
        return fallback;
    return td_str_equal(value, "true");
}
