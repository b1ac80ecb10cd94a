/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics registry. A series is found by its label set as it is printed, so that printing is plain copying. */
#include "lib/log/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/map.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct series {
    double value; /* a histogram's sum */
    uint64_t count;
    uint64_t below[]; /* a histogram's observations per bucket, not summed up */
};

struct metric {
    enum metric_type type;
    char *name, *help;
    char **labels; /* NULL-terminated; NULL: none */
    double *buckets;
    size_t bucket_count;
    struct map *series; /* printed label set -> struct series */
};

struct metrics {
    struct map *metrics; /* name -> struct metric */
};

static void metric_free(void *value)
{
    struct metric *metric = value;
    free(metric->name);
    free(metric->help);
    str_list_free(metric->labels);
    free(metric->buckets);
    map_free(metric->series);
    free(metric);
}

struct metrics *metrics_new(void)
{
    struct metrics *metrics = mem_alloc(sizeof(*metrics));
    metrics->metrics = map_new(metric_free);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    map_free(metrics->metrics);
    free(metrics);
}

static _Noreturn void misuse(const char *name, const char *what)
{
    fprintf(stderr, "metric %s: %s\n", name, what);
    abort();
}

static struct metric *metric_register(struct metrics *metrics, enum metric_type type, const char *name,
                                      const char *help, const char *const *labels)
{
    struct metric *metric = map_get(metrics->metrics, name);
    if (metric) {
        if (metric->type != type)
            misuse(name, "registered with two types");
        return metric;
    }
    metric = mem_alloc(sizeof(*metric));
    metric->type = type;
    metric->name = mem_strdup(name);
    metric->help = mem_strdup(help);
    metric->series = map_new(free);
    size_t count = 0;
    while (labels && labels[count])
        count++;
    metric->labels = mem_alloc_array(count + 1, sizeof(*metric->labels));
    for (size_t i = 0; i < count; i++)
        metric->labels[i] = mem_strdup(labels[i]);
    map_set(metrics->metrics, name, metric);
    return metric;
}

struct metric *metrics_counter(struct metrics *metrics, const char *name, const char *help, const char *const *labels)
{
    return metric_register(metrics, METRIC_COUNTER, name, help, labels);
}

struct metric *metrics_gauge(struct metrics *metrics, const char *name, const char *help, const char *const *labels)
{
    return metric_register(metrics, METRIC_GAUGE, name, help, labels);
}

struct metric *metrics_histogram(struct metrics *metrics, const char *name, const char *help, const char *const *labels,
                                 const double *buckets, size_t bucket_count)
{
    struct metric *metric = metric_register(metrics, METRIC_HISTOGRAM, name, help, labels);
    if (!metric->buckets) {
        metric->buckets = mem_dup(buckets, bucket_count * sizeof(*buckets));
        metric->bucket_count = bucket_count;
    }
    return metric;
}

/* Text of the exposition format, where backslash, newline and, in label values, the quote are escaped. */
static void add_escaped(struct strbuf *out, const char *text, bool quote)
{
    for (; *text; text++) {
        if (*text == '\n')
            strbuf_adds(out, "\\n");
        else if (*text == '\\' || (quote && *text == '"'))
            strbuf_addf(out, "\\%c", *text);
        else
            strbuf_addc(out, *text);
    }
}

/* The label set without its braces: `host="a",kind="b"`. */
static void add_labels(const struct metric *metric, const char *const *values, struct strbuf *out)
{
    for (size_t i = 0; metric->labels[i]; i++) {
        if (!values || !values[i])
            misuse(metric->name, "a label has no value");
        strbuf_addf(out, "%s%s=\"", i ? "," : "", metric->labels[i]);
        add_escaped(out, values[i], true);
        strbuf_addc(out, '"');
    }
}

static struct series *series_find(const struct metric *metric, const char *const *values)
{
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    add_labels(metric, values, &key);
    return map_get(metric->series, strbuf_str(&key));
}

/* NULL when there are too many. */
static struct series *series_need(struct metric *metric, const char *const *values)
{
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    add_labels(metric, values, &key);
    struct series *series = map_get(metric->series, strbuf_str(&key));
    if (!series && map_len(metric->series) < METRIC_SERIES_MAX) {
        series = mem_alloc(sizeof(*series) + metric->bucket_count * sizeof(series->below[0]));
        map_set(metric->series, strbuf_str(&key), series);
    }
    return series;
}

void metric_add(struct metric *metric, double amount, const char *const *values)
{
    if (metric->type == METRIC_HISTOGRAM)
        misuse(metric->name, "a histogram observes, it does not add");
    struct series *series = series_need(metric, values);
    if (series)
        series->value += amount;
}

void metric_set(struct metric *metric, double value, const char *const *values)
{
    if (metric->type != METRIC_GAUGE)
        misuse(metric->name, "only a gauge can be set");
    struct series *series = series_need(metric, values);
    if (series)
        series->value = value;
}

void metric_observe(struct metric *metric, double value, const char *const *values)
{
    if (metric->type != METRIC_HISTOGRAM)
        misuse(metric->name, "only a histogram observes");
    struct series *series = series_need(metric, values);
    if (!series)
        return;
    series->value += value;
    series->count++;
    for (size_t i = 0; i < metric->bucket_count; i++) {
        if (value <= metric->buckets[i]) {
            series->below[i]++;
            break;
        }
    }
}

void metric_remove(struct metric *metric, const char *const *values)
{
    CLEANUP_STRBUF struct strbuf key = STRBUF_INIT;
    add_labels(metric, values, &key);
    map_remove(metric->series, strbuf_str(&key));
}

double metric_value(const struct metric *metric, const char *const *values)
{
    const struct series *series = series_find(metric, values);
    if (!series)
        return 0;
    return metric->type == METRIC_HISTOGRAM ? (double)series->count : series->value;
}

/* One line: name, label set with an optional further label `le`, value. */
static void print_sample(struct strbuf *out, const struct metric *metric, const char *suffix, const char *labels,
                         const char *le, double value)
{
    strbuf_adds(out, metric->name);
    strbuf_adds(out, suffix);
    if (*labels || le) {
        strbuf_addc(out, '{');
        strbuf_adds(out, labels);
        if (le)
            strbuf_addf(out, "%sle=\"%s\"", *labels ? "," : "", le);
        strbuf_addc(out, '}');
    }
    strbuf_addc(out, ' ');
    strbuf_add_double(out, value);
    strbuf_addc(out, '\n');
}

static void print_histogram(struct strbuf *out, const struct metric *metric, const char *labels,
                            const struct series *series)
{
    uint64_t below = 0;
    CLEANUP_STRBUF struct strbuf bound = STRBUF_INIT;
    for (size_t i = 0; i < metric->bucket_count; i++) {
        below += series->below[i];
        strbuf_clear(&bound);
        strbuf_add_double(&bound, metric->buckets[i]);
        print_sample(out, metric, "_bucket", labels, bound.data, (double)below);
    }
    print_sample(out, metric, "_bucket", labels, "+Inf", (double)series->count);
    print_sample(out, metric, "_sum", labels, NULL, series->value);
    print_sample(out, metric, "_count", labels, NULL, (double)series->count);
}

static void print_metric(struct strbuf *out, const struct metric *metric)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    strbuf_addf(out, "# HELP %s ", metric->name);
    add_escaped(out, metric->help, false);
    strbuf_addf(out, "\n# TYPE %s %s\n", metric->name, types[metric->type]);
    struct map_iter it = {0};
    while (map_next(metric->series, &it)) {
        if (metric->type == METRIC_HISTOGRAM)
            print_histogram(out, metric, it.key, it.value);
        else
            print_sample(out, metric, "", it.key, NULL, ((const struct series *)it.value)->value);
    }
}

void metrics_print(const struct metrics *metrics, struct strbuf *out)
{
    struct map_iter it = {0};
    while (map_next(metrics->metrics, &it))
        print_metric(out, it.value);
}
