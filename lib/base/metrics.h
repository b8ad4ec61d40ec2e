/**
 * @file metrics.h  Figures as Prometheus text (exposition format 0.0.4). Pure.
 *
 * Inside, names carry our units; outside, those of Prometheus, so that nobody has to remember which
 * figure is in what: `_ms` and `_us` become `_seconds`, `_percent` and `_permille` become `_ratio`,
 * and a counter gets `_total`. Values are whole numbers of the unit inside and are written exactly.
 *
 *     tandem_router_takeover_ms = 412   ->   tandem_router_takeover_seconds 0.412
 *
 * A family is one td_metrics_family() and then all of its samples.
 */
#ifndef TD_BASE_METRICS_H
#define TD_BASE_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum td_metric_kind { TD_METRIC_COUNTER, TD_METRIC_GAUGE };

/** One name with all its samples. */
struct td_metric {
    const char *prefix; /**< "tandem_edge_"; letters, digits and '_' as in the name. */
    const char *name;   /**< "loop_lag_ms" */
    enum td_metric_kind kind;
    const char *help; /**< One sentence. */
};

struct td_metric_label {
    const char *name;
    const char *value; /**< Any text. */
};

/** The HELP and TYPE lines. */
void td_metrics_family(struct td_text *text, const struct td_metric *metric);

/** One sample of the family begun last. */
void td_metrics_sample(struct td_text *text, const struct td_metric *metric,
                       const struct td_metric_label *labels, size_t label_count, uint64_t value);

#endif
