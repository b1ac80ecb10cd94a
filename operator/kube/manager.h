/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controllers of one program share, and the order in which it comes up: client, informers, leadership, workers. A set of controllers
 * (operator/bmo, …) makes its controllers against a manager before manager_start(); they begin to work once this instance leads.
 */
#ifndef OPERATOR_KUBE_MANAGER_H
#define OPERATOR_KUBE_MANAGER_H

#include "operator/kube/controller.h"
#include "operator/kube/events.h"
#include "operator/kube/informer.h"
#include "operator/kube/lease.h"

struct manager;

struct manager_options {
    struct kube_client_options client;
    const char *const *namespaces; /* to watch; NULL-terminated; NULL or empty: all */
    bool leader_election;
    struct lease_options lease; /* without its client */
};
struct error *manager_new(const struct env *env, const struct manager_options *options, struct manager **ret)
    MUST_CHECK;
void manager_free(struct manager *manager); /* after its tasks ended */
DEFINE_CLEANUP(struct manager, manager_free);

const struct env *manager_env(const struct manager *manager); /* its group is the manager's own */
struct kube_client *manager_client(const struct manager *manager);
struct event_recorder *manager_events(const struct manager *manager);
/* The shared informer of a resource, as informers_get(). */
struct informer *manager_informer(struct manager *manager, const struct kube_resource *resource,
                                  const char *label_selector);

/* Adds a controller, which belongs to the manager from then on. */
struct controller *manager_add_controller(struct manager *manager, const struct controller_options *options);

/* Spawns everything and returns. */
void manager_start(struct manager *manager);
bool manager_is_leading(const struct manager *manager);
bool manager_is_synced(const struct manager *manager); /* caches filled: what /readyz says */
/*
 * Waits for the end: ERROR_CANCELLED when the group was cancelled, ERROR_CONFLICT when leadership was lost. In the latter case the workers were
 * cancelled and the program must end, as controller-runtime does: another instance leads.
 */
struct error *manager_wait(struct manager *manager) MUST_CHECK;
/* Orderly end: workers stop, the lease is released, the rest is cancelled. Called from outside the manager's group. */
void manager_stop(struct manager *manager);

#endif
