/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the operator together: the manager, what it serves, and the controllers. */
#include "operator/operator.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/log/log.h"
#include "operator/bmo/bmo.h"
#include "operator/endpoints.h"
#include "operator/ironic/ironic_provisioner.h"
#include "operator/kube/manager.h"

#define LEASE_NAME "baremetal-operator" /* BMO-472 */

struct metal3_operator {
    struct env env; /* with a group of its own */
    struct manager *manager;
    struct endpoints *endpoints;
    struct ironic_backend *ironic;
    struct bmo *bmo;
};

static struct error *make_manager(struct metal3_operator *op, const struct operator_options *options)
{
    CLEANUP(str_list_free) char **namespaces = str_split(str_or(options->namespaces, ""), ',');
    struct manager_options manager_options = {
        .client = {.kubeconfig = options->kubeconfig_text,
                   .kubeconfig_path = options->kubeconfig,
                   .qps = options->kube_qps,
                   .burst = options->kube_burst},
        .namespaces = (const char *const *)namespaces,
        .leader_election = options->leader_election,
        .lease = {.namespace = str_is_empty(options->pod_namespace) ? NULL : options->pod_namespace,
                  .name = LEASE_NAME,
                  .lease_duration = options->lease_duration * RT_S,
                  .renew_deadline = options->renew_deadline * RT_S,
                  .retry_period = options->retry_period * RT_S},
    };
    return manager_new(&op->env, &manager_options, &op->manager);
}

/* The controllers of each API group. */
static struct error *add_controllers(struct metal3_operator *op, const struct operator_options *options)
{
    TRY(ironic_backend_new(&op->env, &options->ironic, &op->ironic));
    struct bmo_options bmo_options = {
        .factory = ironic_backend_factory(op->ironic),
        .workers = options->concurrency,
        .max_provisioning_retries = options->max_provisioning_retries,
    };
    return bmo_start(op->manager, &bmo_options, &op->bmo);
}

struct error *operator_start(const struct env *env, const struct operator_options *options,
                             struct metal3_operator **ret)
{
    CLEANUP(operator_free) struct metal3_operator *op = mem_alloc(sizeof(*op));
    op->env = *env;
    op->env.group = rt_group_new(env->rt, env->group, "operator");
    TRY(make_manager(op, options));
    TRY(add_controllers(op, options));
    TRY(endpoints_start(&op->env, options, op->manager, &op->endpoints));
    manager_start(op->manager);
    log_info(env->log, "operator started", KV("server", kube_client_server(manager_client(op->manager))),
             KV("ironic", options->ironic.endpoint));
    *ret = TAKE_PTR(op);
    return NULL;
}

struct error *operator_wait(struct metal3_operator *op)
{
    return manager_wait(op->manager);
}

void operator_stop(struct metal3_operator *op)
{
    endpoints_stop(op->endpoints);
    manager_stop(op->manager); /* last: it wakes operator_wait(), whose caller may free everything */
}

void operator_free(struct metal3_operator *op)
{
    if (!op)
        return;
    if (op->endpoints)
        endpoints_stop(op->endpoints);
    rt_group_stop(op->env.group);
    endpoints_free(op->endpoints);
    bmo_free(op->bmo);
    ironic_backend_free(op->ironic);
    manager_free(op->manager);
    rt_group_free(op->env.group);
    free(op);
}

bool operator_is_ready(const struct metal3_operator *op)
{
    return manager_is_synced(op->manager);
}

bool operator_is_leading(const struct metal3_operator *op)
{
    return manager_is_leading(op->manager);
}

int operator_metrics_port(const struct metal3_operator *op)
{
    return endpoints_metrics_port(op->endpoints);
}

int operator_health_port(const struct metal3_operator *op)
{
    return endpoints_health_port(op->endpoints);
}
