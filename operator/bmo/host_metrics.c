/* SPDX-License-Identifier: Apache-2.0 */
/* Names, labels and buckets of the controller's metrics. */
#include "operator/bmo/host_metrics.h"

static const char *const by_host[] = {"namespace", "host", NULL};
static const char *const by_power[] = {"namespace", "host", "on_off", NULL};
static const char *const by_error[] = {"error_type", NULL};
static const char *const by_data[] = {"host_data_type", NULL};
static const char *const by_states[] = {"prev_state", "new_state", NULL};

static const double slow_buckets[] = {30, 90, 180, 360, 720, 1440};
static const double default_buckets[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

static const struct {
    const char *name, *help;
    const char *const *labels;
    const double *buckets; /* of a histogram */
    size_t bucket_count;
} table[HOST_METRIC_COUNT] = {
    [HOST_METRIC_RECONCILE] = {"metal3_reconcile_total", "Times hosts have been reconciled", by_host},
    [HOST_METRIC_RECONCILE_ERROR] = {"metal3_reconcile_error_total", "Times a reconciliation failed", NULL},
    [HOST_METRIC_ERROR] = {"metal3_host_error_total", "Errors recorded on hosts", by_error},
    [HOST_METRIC_POWER_CHANGE] = {"metal3_operation_power_change_total", "Power changes asked for", by_power},
    [HOST_METRIC_DELAYED_PROVISIONING] = {"metal3_delayed__provisioning_total",
                                          "Times a host waited for capacity to be inspected or provisioned", by_host},
    [HOST_METRIC_DELAYED_DEPROVISIONING] = {"metal3_delayed__deprovisioning_total",
                                            "Times a host waited for capacity to be deprovisioned", by_host},
    [HOST_METRIC_CREDENTIALS_MISSING] = {"metal3_credentials_missing_total", "BMC secrets that do not exist", NULL},
    [HOST_METRIC_CREDENTIALS_INVALID] = {"metal3_credentials_invalid_total", "BMC credentials that are invalid", NULL},
    [HOST_METRIC_CREDENTIALS_UNHANDLED] = {"metal3_credentials_unhandled_error_total",
                                           "Other failures to read BMC credentials", NULL},
    [HOST_METRIC_CREDENTIALS_UPDATED] = {"metal3_credentials_updated_total", "Changes of BMC credentials", NULL},
    [HOST_METRIC_CREDENTIALS_NO_ACCESS] = {"metal3_credentials_no_management_access_total",
                                           "BMC credentials that could not be checked", NULL},
    [HOST_METRIC_CONFIG_DATA_ERROR] = {"metal3_host_config_data_error_total", "Data secrets without the expected key",
                                       by_data},
    [HOST_METRIC_STATE_CHANGE] = {"metal3_provisioning_state_change_total", "Changes of the provisioning state",
                                  by_states},
    [HOST_METRIC_REGISTRATION_REQUIRED] = {"metal3_host_registration_required_total",
                                           "Passes in which registration had something to do", NULL},
    [HOST_METRIC_UNMANAGED] = {"metal3_host_unmanaged_total", "Hosts found without BMC details", NULL},
    [HOST_METRIC_DELETE_WITHOUT_DEPROVISIONING] = {"metal3_delete_without_deprovisioning_total",
                                                   "Hosts deleted although deprovisioning failed", NULL},
    [HOST_METRIC_PROVISIONER_NOT_READY] = {"metal3_provisioner_not_ready_total",
                                           "Passes put off because the provisioner was not ready", NULL},
    [HOST_METRIC_DELETE_DELAYED] = {"metal3_delete_delayed_for_detached_total",
                                    "Passes in which a detached host's deletion was delayed", NULL},
    [HOST_METRIC_REGISTER_SECONDS] = {"metal3_operation_register_duration_seconds", "Length of registrations", by_host,
                                      default_buckets, ARRAY_SIZE(default_buckets)},
    [HOST_METRIC_INSPECT_SECONDS] = {"metal3_operation_inspect_duration_seconds", "Length of inspections", by_host,
                                     slow_buckets, ARRAY_SIZE(slow_buckets)},
    [HOST_METRIC_PROVISION_SECONDS] = {"metal3_operation_provision_duration_seconds", "Length of provisionings",
                                       by_host, slow_buckets, ARRAY_SIZE(slow_buckets)},
    [HOST_METRIC_DEPROVISION_SECONDS] = {"metal3_operation_deprovision_duration_seconds", "Length of deprovisionings",
                                         by_host, slow_buckets, ARRAY_SIZE(slow_buckets)},
};

void host_metrics_register(struct host_metrics *host_metrics, struct metrics *registry)
{
    for (size_t i = 0; i < HOST_METRIC_COUNT; i++)
        host_metrics->metrics[i] = table[i].buckets
                                       ? metrics_histogram(registry, table[i].name, table[i].help, table[i].labels,
                                                           table[i].buckets, table[i].bucket_count)
                                       : metrics_counter(registry, table[i].name, table[i].help, table[i].labels);
}

void host_metrics_count(struct host_metrics *host_metrics, enum host_metric which, const char *a, const char *b,
                        const char *c)
{
    const char *const values[] = {a, b, c, NULL};
    metric_add(host_metrics->metrics[which], 1, a ? values : NULL);
}

void host_metrics_observe(struct host_metrics *host_metrics, enum host_metric which, double seconds, const char *ns,
                          const char *host)
{
    metric_observe(host_metrics->metrics[which], seconds, (const char *const[]){ns, host, NULL});
}
