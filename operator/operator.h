/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator as a library: what metal3-operator's main() starts, and what the simulator starts many of. Flags and environment carry the
 * upstream operator's names where it has them (BMO-437 … BMO-470).
 */
#ifndef OPERATOR_OPERATOR_H
#define OPERATOR_OPERATOR_H

#include "lib/env.h"
#include "lib/main.h"
#include "operator/ironic/options.h"

/* Filled by operator_options (flags and environment) or by the simulator. Strings are owned when they come from options_parse(). */
struct operator_options {
    char *kubeconfig;      /* --kubeconfig, a file; NULL: kubeconfig_text, else in-cluster */
    char *kubeconfig_text; /* for the simulator */
    char *namespaces;      /* --namespace, comma-separated; NULL or "": all */
    char *metrics_address; /* --metrics-addr; "0": off */
    bool metrics_secure;   /* --metrics-secure: TLS, and scrapers need a token that may get /metrics (BMO-478) */
    char *health_address;  /* --health-addr; "0": off */
    bool leader_election;  /* --enable-leader-election */
    char *pod_namespace;   /* POD_NAMESPACE: where the Lease lives */
    int64_t lease_duration, renew_deadline,
        retry_period;                 /* --lease-duration-seconds …, in seconds; 0: client-go's defaults */
    bool build_preprovisioning_image; /* --build-preprov-image */
    bool host_claims;                 /* --hostclaims */
    char *provisioner;                /* --provisioner: "ironic" */
    int64_t webhook_port; /* --webhook-port: 0, there is no webhook server; validation is done in the controllers */
    double kube_qps;      /* from --kube-api-qps; 0: no limit */
    char *kube_qps_text;  /* --kube-api-qps */
    int64_t kube_burst;   /* --kube-api-burst */
    int64_t concurrency;  /* --controller-concurrency; 0: BMO_CONCURRENCY, or 8 */
    int64_t max_provisioning_retries; /* --max-provisioning-retries; 0: unlimited */
    struct ironic_options ironic;
};

/* The table behind --help. Ends with {0}. */
extern const struct option_spec operator_options[];
/* What every option is when nobody says anything: strings are constants, not owned. For the simulator. */
void operator_options_default(struct operator_options *ret);
/* Checks what the table cannot: ranges and combinations. ERROR_INVALID names flag and remedy. */
struct error *operator_options_check(struct operator_options *options) MUST_CHECK;

struct metal3_operator;
/* Starts the tasks in env's group and returns. `options` must outlive the operator. */
struct error *operator_start(const struct env *env, const struct operator_options *options,
                             struct metal3_operator **ret) MUST_CHECK;
/* Waits until it ends: ERROR_CANCELLED, or why it cannot go on (leadership lost). */
struct error *operator_wait(struct metal3_operator *op) MUST_CHECK;
/* Orderly end, from outside of env's group: workers stop, the lease is given up. */
void operator_stop(struct metal3_operator *op);
/* After its tasks ended (operator_stop(), or env's group was cancelled and waited for). NULL is fine. */
void operator_free(struct metal3_operator *op);
DEFINE_CLEANUP(struct metal3_operator, operator_free);

bool operator_is_ready(const struct metal3_operator *op); /* what /readyz says */
bool operator_is_leading(const struct metal3_operator *op);
int operator_metrics_port(const struct metal3_operator *op); /* 0: off */
int operator_health_port(const struct metal3_operator *op);

#endif
