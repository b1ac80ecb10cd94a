/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus metrics: counters, gauges and histograms with labels, and their text exposition (version 0.0.4). */
#ifndef LIB_LOG_METRICS_H
#define LIB_LOG_METRICS_H

#include "lib/data/str.h"

struct metrics;
struct metric;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);
DEFINE_CLEANUP(struct metrics, metrics_free);

/*
 * Registers a metric, or finds it when the name exists. `labels` is a NULL-terminated list of label names (NULL: none); `buckets`
 * ascending upper bounds without +Inf. The metric lives as long as the registry.
 */
struct metric *metrics_counter(struct metrics *metrics, const char *name, const char *help, const char *const *labels);
struct metric *metrics_gauge(struct metrics *metrics, const char *name, const char *help, const char *const *labels);
struct metric *metrics_histogram(struct metrics *metrics, const char *name, const char *help, const char *const *labels,
                                 const double *buckets, size_t bucket_count);

/* `values` holds one string per label, in order (NULL for none). At most METRIC_SERIES_MAX series each; further ones are dropped. */
#define METRIC_SERIES_MAX 20000
void metric_add(struct metric *metric, double amount, const char *const *values);    /* counter, gauge */
void metric_set(struct metric *metric, double value, const char *const *values);     /* gauge */
void metric_observe(struct metric *metric, double value, const char *const *values); /* histogram */
void metric_remove(struct metric *metric, const char *const *values);                /* drops one series */
double metric_value(const struct metric *metric, const char *const *values); /* 0 when absent; a histogram's count */

void metrics_print(const struct metrics *metrics, struct strbuf *out);
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
