/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brings up what controllers share. Three groups of tasks: the caches and events, which live as long as the manager; leadership; and the workers, which
 * run while this instance leads and end before the lease is given up.
 */
#include "operator/kube/manager.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"

struct manager {
    struct env env;        /* with a group of its own */
    struct env lead_env;   /* leadership */
    struct env worker_env; /* workers */
    struct kube_client *client;
    struct kube_client *lease_client; /* with a timeout that leaves time to notice a lost lease */
    struct informers *informers;
    struct event_recorder *events;
    struct lease *lease; /* NULL: no leader election */
    VEC(struct controller *) controllers;
    bool synced, leading, ended;
    struct error *end; /* why it ended by itself */
    struct rt_cond changed;
};

static void group_under(struct env *env, const struct env *parent, const char *name)
{
    *env = *parent;
    env->group = rt_group_new(parent->rt, parent->group, name);
}

static struct error *make_lease(struct manager *manager, const struct manager_options *options)
{
    struct lease_options lease_options = options->lease;
    struct kube_client_options client_options = options->client;
    rt_time renew_deadline = lease_options.renew_deadline ? lease_options.renew_deadline : 10 * RT_S;
    client_options.timeout = renew_deadline * 2 / 5;
    client_options.qps = 0;
    TRY(kube_client_new(&manager->env, &client_options, &manager->lease_client));
    lease_options.client = manager->lease_client;
    if (!lease_options.namespace)
        lease_options.namespace = kube_client_namespace(manager->client);
    return lease_new(&manager->env, &lease_options, &manager->lease);
}

struct error *manager_new(const struct env *env, const struct manager_options *options, struct manager **ret)
{
    CLEANUP(manager_free) struct manager *manager = mem_alloc(sizeof(*manager));
    group_under(&manager->env, env, "manager");
    group_under(&manager->lead_env, &manager->env, "leadership");
    group_under(&manager->worker_env, &manager->env, "workers");
    TRY(kube_client_new(&manager->env, &options->client, &manager->client));
    if (options->leader_election)
        TRY(make_lease(manager, options));
    struct informers_options informers_options = {.client = manager->client, .namespaces = options->namespaces};
    manager->informers = informers_new(&manager->env, &informers_options);
    manager->events = event_recorder_new(&manager->env, manager->client);
    *ret = TAKE_PTR(manager);
    return NULL;
}

void manager_free(struct manager *manager)
{
    if (!manager)
        return;
    rt_group_stop(manager->env.group);
    VEC_FOREACH (controller, &manager->controllers)
        controller_free(*controller);
    VEC_RELEASE(&manager->controllers);
    event_recorder_free(manager->events);
    informers_free(manager->informers);
    lease_free(manager->lease);
    kube_client_free(manager->lease_client);
    kube_client_free(manager->client);
    rt_group_free(manager->worker_env.group);
    rt_group_free(manager->lead_env.group);
    rt_group_free(manager->env.group);
    error_free(manager->end);
    free(manager);
}

const struct env *manager_env(const struct manager *manager)
{
    return &manager->env;
}

struct kube_client *manager_client(const struct manager *manager)
{
    return manager->client;
}

struct event_recorder *manager_events(const struct manager *manager)
{
    return manager->events;
}

struct informer *manager_informer(struct manager *manager, const struct kube_resource *resource,
                                  const char *label_selector)
{
    return informers_get(manager->informers, resource, label_selector);
}

struct controller *manager_add_controller(struct manager *manager, const struct controller_options *options)
{
    struct controller *controller = controller_new(&manager->worker_env, options);
    VEC_PUSH(&manager->controllers, controller);
    return controller;
}

/* -- life -- */

static void start_workers(struct manager *manager)
{
    manager->leading = true;
    for (size_t i = 0; i < manager->controllers.len; i++)
        controller_start(manager->controllers.items[i]);
}

/* Waits for the caches and for leadership, lets the workers run, and keeps leadership. */
static struct error *lead(struct manager *manager)
{
    TRY(informers_wait_synced(manager->informers, RT_FOREVER));
    manager->synced = true;
    log_info(manager->env.log, "caches are filled", KV("server", kube_client_server(manager->client)));
    if (!manager->lease) {
        start_workers(manager);
        return NULL;
    }
    TRY(lease_acquire(manager->lease));
    start_workers(manager);
    return lease_hold(manager->lease);
}

static void run(void *arg)
{
    struct manager *manager = arg;
    struct error *err = lead(manager);
    if (!err)
        return;
    manager->leading = false;
    if (error_is(err, ERROR_CANCELLED)) {
        error_free(err);
        return;
    }
    /* Another instance may lead by now: nothing of ours may act any more. */
    log_error(manager->env.log, "stopping", KV_ERR(err));
    rt_group_cancel(manager->worker_env.group);
    manager->end = err;
    manager->ended = true;
    rt_cond_broadcast(manager->env.rt, &manager->changed);
}

void manager_start(struct manager *manager)
{
    informers_start(manager->informers);
    rt_spawn(manager->env.rt, manager->lead_env.group, "leadership", run, manager);
}

bool manager_is_leading(const struct manager *manager)
{
    return manager->leading;
}

bool manager_is_synced(const struct manager *manager)
{
    return manager->synced;
}

struct error *manager_wait(struct manager *manager)
{
    while (!manager->ended)
        TRY(rt_cond_wait(manager->env.rt, &manager->changed, RT_FOREVER));
    return manager->end ? TAKE_PTR(manager->end) : error_new(ERROR_CANCELLED, "the manager was stopped");
}

void manager_stop(struct manager *manager)
{
    rt_group_stop(manager->worker_env.group);
    rt_group_stop(manager->lead_env.group);
    manager->leading = false;
    if (manager->lease && lease_is_held(manager->lease)) {
        CLEANUP(error_free) struct error *err = lease_release(manager->lease);
        if (err)
            log_warn(manager->env.log, "lease not released: the next leader has to wait for it to run out",
                     KV_ERR(err));
    }
    rt_group_stop(manager->env.group);
    manager->ended = true;
    rt_cond_broadcast(manager->env.rt, &manager->changed);
}
