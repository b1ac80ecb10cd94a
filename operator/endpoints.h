/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator serves: /healthz and /readyz for the kubelet, /metrics for Prometheus. */
#ifndef OPERATOR_ENDPOINTS_H
#define OPERATOR_ENDPOINTS_H

#include "operator/kube/manager.h"
#include "operator/operator.h"

struct endpoints;
/* Listens when it returns. Handlers run in env's group. `manager` says whether we are ready, and who may read metrics. */
struct error *endpoints_start(const struct env *env, const struct operator_options *options, struct manager *manager,
                              struct endpoints **ret) MUST_CHECK;
void endpoints_stop(struct endpoints *endpoints);
void endpoints_free(struct endpoints *endpoints); /* after its handlers ended */
DEFINE_CLEANUP(struct endpoints, endpoints_free);
int endpoints_metrics_port(const struct endpoints *endpoints); /* 0: off */
int endpoints_health_port(const struct endpoints *endpoints);

#endif
