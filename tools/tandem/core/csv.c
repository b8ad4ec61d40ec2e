#include "tandem/core/csv.h"

#include <string.h>

static bool is_formula(const char *value)
{
    return value[0] != '\0' && strchr("=+-@\t\r\n", value[0]) != NULL;
}

void csv_put(struct td_text *to, const char *value, bool is_number)
{
    const char *shield = !is_number && is_formula(value) ? "'" : "";

    if (strpbrk(value, ",\"\r\n") == NULL) {
        td_text_add(to, shield);
        td_text_add(to, value);
        return;
    }
    td_text_add(to, "\"");
    td_text_add(to, shield);
    for (; *value != '\0'; value++) {
        if (*value == '"')
            td_text_add(to, "\"");
        td_text_add_span(to, value, 1);
    }
    td_text_add(to, "\"");
}
