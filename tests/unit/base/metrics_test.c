/* Unit tests of figures as Prometheus text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/metrics.h"

static const char *sample_of(const char *name, enum td_metric_kind kind, uint64_t value,
                             char to[256])
{
    const struct td_metric metric = {"t_", name, kind, ""};
    struct td_text text;

    td_text_init(&text, to, 256);
    td_metrics_sample(&text, &metric, NULL, 0, value);
    return to;
}

static void a_family_is_help_type_and_samples(void **state)
{
    const struct td_metric metric = {"tandem_edge_", "calls_taken", TD_METRIC_COUNTER,
                                     "Calls \\ taken\nin."};
    const struct td_metric_label labels[] = {{"instance", "edge-1"}, {"queue", "a\"b\\c\nd"}};
    char to[512];
    struct td_text text;

    (void)state;
    td_text_init(&text, to, sizeof(to));
    td_metrics_family(&text, &metric);
    td_metrics_sample(&text, &metric, labels, 2, 7);
    assert_string_equal(
        to, "# HELP tandem_edge_calls_taken_total Calls \\\\ taken\\nin.\n"
            "# TYPE tandem_edge_calls_taken_total counter\n"
            "tandem_edge_calls_taken_total{instance=\"edge-1\",queue=\"a\\\"b\\\\c\\nd\"} 7\n");
}

static void units_inside_become_those_of_prometheus(void **state)
{
    char to[256];

    (void)state;
    assert_string_equal(sample_of("lag_ms", TD_METRIC_GAUGE, 412, to), "t_lag_seconds 0.412\n");
    assert_string_equal(sample_of("lag_ms", TD_METRIC_GAUGE, 5, to), "t_lag_seconds 0.005\n");
    assert_string_equal(sample_of("cpu_us", TD_METRIC_COUNTER, 1500000, to),
                        "t_cpu_seconds_total 1.5\n");
    assert_string_equal(sample_of("memory_percent", TD_METRIC_GAUGE, 70, to),
                        "t_memory_ratio 0.7\n");
    assert_string_equal(sample_of("level_permille", TD_METRIC_GAUGE, 1000, to),
                        "t_level_ratio 1\n");
    assert_string_equal(sample_of("level_permille", TD_METRIC_GAUGE, 0, to), "t_level_ratio 0\n");
}

static void a_name_that_only_ends_alike_keeps_its_name_and_value(void **state)
{
    char to[256];

    (void)state;
    assert_string_equal(sample_of("items", TD_METRIC_GAUGE, 1234, to), "t_items 1234\n");
    assert_string_equal(sample_of("_ms", TD_METRIC_GAUGE, 1234, to), "t__ms 1234\n");
    assert_string_equal(sample_of("bytes", TD_METRIC_COUNTER, UINT64_MAX, to),
                        "t_bytes_total 18446744073709551615\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_is_help_type_and_samples),
        cmocka_unit_test(units_inside_become_those_of_prometheus),
        cmocka_unit_test(a_name_that_only_ends_alike_keeps_its_name_and_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
