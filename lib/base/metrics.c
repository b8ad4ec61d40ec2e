#include "base/metrics.h"

#include <string.h>

/* Our units and those of Prometheus. */
static const struct unit {
    const char *ours;
    const char *theirs;
    uint32_t decimals;
} units[] = {
    {"_us", "_seconds", 6},
    {"_ms", "_seconds", 3},
    {"_percent", "_ratio", 2},
    {"_permille", "_ratio", 3},
};

static const struct unit *unit_of(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t size = strlen(units[i].ours);
        if (length > size && memcmp(name + length - size, units[i].ours, size) == 0)
            return &units[i];
    }
    return NULL;
}

static void put_name(struct td_text *text, const struct td_metric *metric)
{
    size_t length = strlen(metric->name);
    const struct unit *unit = unit_of(metric->name, length);

    td_text_add(text, metric->prefix);
    td_text_add_span(text, metric->name, unit != NULL ? length - strlen(unit->ours) : length);
    if (unit != NULL)
        td_text_add(text, unit->theirs);
    if (metric->kind == TD_METRIC_COUNTER)
        td_text_add(text, "_total");
}

/* HELP escapes backslash and line feed; label values the quote as well. */
static void put_escaped(struct td_text *text, const char *value, bool quoted)
{
    for (size_t i = 0; value[i] != '\0'; i++) {
        if (value[i] == '\n')
            td_text_add(text, "\\n");
        else if (value[i] == '\\' || (quoted && value[i] == '"'))
            td_text_add_span(text, value[i] == '"' ? "\\\"" : "\\\\", 2);
        else
            td_text_add_span(text, &value[i], 1);
    }
}

static void put_value(struct td_text *text, uint64_t value, uint32_t decimals)
{
    char digits[8] = ""; // at most 6 decimals
    uint64_t whole = value;

    for (uint32_t i = decimals; i > 0; i--) {
        digits[i - 1] = (char)('0' + whole % 10);
        whole /= 10;
    }
    td_text_add_u64(text, whole);
    while (decimals > 0 && digits[decimals - 1] == '0')
        decimals--;
    if (decimals == 0)
        return;
    td_text_add(text, ".");
    td_text_add_span(text, digits, decimals);
}

void td_metrics_family(struct td_text *text, const struct td_metric *metric)
{
    td_text_add(text, "# HELP ");
    put_name(text, metric);
    td_text_add(text, " ");
    put_escaped(text, metric->help, false);
    td_text_add(text, "\n# TYPE ");
    put_name(text, metric);
    td_text_add(text, metric->kind == TD_METRIC_COUNTER ? " counter\n" : " gauge\n");
}

void td_metrics_sample(struct td_text *text, const struct td_metric *metric,
                       const struct td_metric_label *labels, size_t label_count, uint64_t value)
{
    const struct unit *unit = unit_of(metric->name, strlen(metric->name));

    put_name(text, metric);
    for (size_t i = 0; i < label_count; i++) {
        td_text_add(text, i == 0 ? "{" : ",");
        td_text_add(text, labels[i].name);
        td_text_add(text, "=\"");
        put_escaped(text, labels[i].value, true);
        td_text_add(text, "\"");
    }
    td_text_add(text, label_count > 0 ? "} " : " ");
    put_value(text, value, unit != NULL ? unit->decimals : 0);
    td_text_add(text, "\n");
}
