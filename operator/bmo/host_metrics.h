/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics of the BareMetalHost controller, by upstream's names (bmo.md 6.7). */
#ifndef OPERATOR_BMO_HOST_METRICS_H
#define OPERATOR_BMO_HOST_METRICS_H

#include "lib/log/metrics.h"

enum host_metric {
    HOST_METRIC_RECONCILE,              /* {namespace, host} */
    HOST_METRIC_RECONCILE_ERROR,        /* no labels, as all below without a note */
    HOST_METRIC_ERROR,                  /* {error_type} */
    HOST_METRIC_POWER_CHANGE,           /* {namespace, host, on_off} */
    HOST_METRIC_DELAYED_PROVISIONING,   /* {namespace, host} */
    HOST_METRIC_DELAYED_DEPROVISIONING, /* {namespace, host} */
    HOST_METRIC_CREDENTIALS_MISSING,
    HOST_METRIC_CREDENTIALS_INVALID,
    HOST_METRIC_CREDENTIALS_UNHANDLED,
    HOST_METRIC_CREDENTIALS_UPDATED,
    HOST_METRIC_CREDENTIALS_NO_ACCESS,
    HOST_METRIC_CONFIG_DATA_ERROR, /* {host_data_type} */
    HOST_METRIC_STATE_CHANGE,      /* {prev_state, new_state} */
    HOST_METRIC_REGISTRATION_REQUIRED,
    HOST_METRIC_UNMANAGED,
    HOST_METRIC_DELETE_WITHOUT_DEPROVISIONING,
    HOST_METRIC_PROVISIONER_NOT_READY,
    HOST_METRIC_DELETE_DELAYED,
    HOST_METRIC_REGISTER_SECONDS, /* histograms {namespace, host} */
    HOST_METRIC_INSPECT_SECONDS,
    HOST_METRIC_PROVISION_SECONDS,
    HOST_METRIC_DEPROVISION_SECONDS,
    HOST_METRIC_COUNT,
};

struct host_metrics {
    struct metric *metrics[HOST_METRIC_COUNT];
};

void host_metrics_register(struct host_metrics *host_metrics, struct metrics *registry);
/* Adds one to a counter, or observes `seconds` in a histogram; up to three label values, NULL after the last. */
void host_metrics_count(struct host_metrics *host_metrics, enum host_metric which, const char *a, const char *b,
                        const char *c);
void host_metrics_observe(struct host_metrics *host_metrics, enum host_metric which, double seconds, const char *ns,
                          const char *host);

#endif
