#include "tandem/grant_list.h"

#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "core/grant/grant.h"

#define BETWEEN " ,"

static const char *why_not(const char *pattern, bool to_publish)
{
    if (!td_pattern_is_valid(pattern))
        return "expected topics such as crm.order_placed, or with a dot at the end all below, such "
               "as crm.";
    if (to_publish && td_pattern_is_reserved(pattern))
        return "Tandem says these itself; choose another first word, such as crm";
    return NULL;
}

const char *grant_list_add(char list[GRANT_LIST_SIZE], const char *text, bool to_publish)
{
    text += strspn(text, BETWEEN);
    while (*text != '\0') {
        char pattern[TD_PATTERN_SIZE];
        size_t length = strcspn(text, BETWEEN);
        size_t used = strlen(list);
        struct td_text more;

        if (td_str_copy_span(pattern, sizeof(pattern), text, length) != TD_OK)
            return "a topic has at most 127 bytes";
        const char *fault = why_not(pattern, to_publish);
        if (fault != NULL)
            return fault;
        td_text_init(&more, list + used, GRANT_LIST_SIZE - used);
        td_text_add(&more, used > 0 ? " " : "");
        td_text_add(&more, pattern);
        if (more.cut)
            return "too many: all together have at most 1,023 bytes";
        text += length;
        text += strspn(text, BETWEEN);
    }
    return NULL;
}
