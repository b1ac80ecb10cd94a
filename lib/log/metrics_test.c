/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics in the text exposition format 0.0.4, with its escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/log/metrics.h"

static void test_exposition(void **state)
{
    CLEANUP(metrics_free) struct metrics *metrics = metrics_new();
    struct metric *plain = metrics_counter(metrics, "reconcile_total", "Reconciles\nso \\far.", NULL);
    struct metric *gauge = metrics_gauge(metrics, "hosts", "Hosts.", (const char *const[]){"state", "ns", NULL});
    struct metric *seconds = metrics_histogram(metrics, "step_seconds", "Time.", (const char *const[]){"step", NULL},
                                               (const double[]){0.1, 1, 2.5}, 3);
    metric_add(plain, 1, NULL);
    metric_add(plain, 2, NULL);
    metric_set(gauge, 5, (const char *const[]){"ready", "a\"b\\c\nd"});
    metric_add(gauge, -1.5, (const char *const[]){"error", ""});
    metric_observe(seconds, 0.1, (const char *const[]){"erase"});
    metric_observe(seconds, 2, (const char *const[]){"erase"});
    metric_observe(seconds, 99, (const char *const[]){"erase"});
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    metrics_print(metrics, &out);
    assert_string_equal(out.data, "# HELP reconcile_total Reconciles\\nso \\\\far.\n"
                                  "# TYPE reconcile_total counter\n"
                                  "reconcile_total 3\n"
                                  "# HELP hosts Hosts.\n"
                                  "# TYPE hosts gauge\n"
                                  "hosts{state=\"ready\",ns=\"a\\\"b\\\\c\\nd\"} 5\n"
                                  "hosts{state=\"error\",ns=\"\"} -1.5\n"
                                  "# HELP step_seconds Time.\n"
                                  "# TYPE step_seconds histogram\n"
                                  "step_seconds_bucket{step=\"erase\",le=\"0.1\"} 1\n"
                                  "step_seconds_bucket{step=\"erase\",le=\"1\"} 1\n"
                                  "step_seconds_bucket{step=\"erase\",le=\"2.5\"} 2\n"
                                  "step_seconds_bucket{step=\"erase\",le=\"+Inf\"} 3\n"
                                  "step_seconds_sum{step=\"erase\"} 101.1\n"
                                  "step_seconds_count{step=\"erase\"} 3\n");
    assert_ptr_equal(metrics_counter(metrics, "reconcile_total", "again", NULL), plain);
}

static void test_values(void **state)
{
    CLEANUP(metrics_free) struct metrics *metrics = metrics_new();
    struct metric *gauge = metrics_gauge(metrics, "hosts", "Hosts.", (const char *const[]){"host", NULL});
    const char *const one[] = {"h1"}, *const two[] = {"h2"};
    metric_set(gauge, 1, one);
    assert_true(metric_value(gauge, one) == 1);
    assert_true(metric_value(gauge, two) == 0);
    metric_remove(gauge, one);
    assert_true(metric_value(gauge, one) == 0);
}

static void test_series_limit(void **state)
{
    CLEANUP(metrics_free) struct metrics *metrics = metrics_new();
    struct metric *counter = metrics_counter(metrics, "c", "C.", (const char *const[]){"host", NULL});
    for (int i = 0; i <= METRIC_SERIES_MAX; i++) {
        CLEANUP_FREE char *name = mem_printf("host-%d", i);
        metric_add(counter, 1, (const char *const[]){name});
    }
    CLEANUP_FREE char *last = mem_printf("host-%d", METRIC_SERIES_MAX);
    assert_true(metric_value(counter, (const char *const[]){"host-0"}) == 1);
    assert_true(metric_value(counter, (const char *const[]){last}) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exposition),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_series_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
