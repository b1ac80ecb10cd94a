/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches Ironic nodes for hosts that wait. Ironic has no notifications over REST, so upstream asks for each node every
 * 3 or 10 seconds. Here one task serves all hosts that wait: it lists the few fields that tell progress (or, when few
 * hosts wait among many nodes, asks for those nodes alone) and wakes a host once its node has come to rest in a state
 * that the host has not seen. It asks often while things happen, less and less often while nothing does, and not at all
 * when nobody waits. Each host keeps a timer of its own besides, in case the watch fails.
 */
#ifndef OPERATOR_IRONIC_NODE_WATCH_H
#define OPERATOR_IRONIC_NODE_WATCH_H

#include "operator/ironic/client.h"

struct node_watch;

struct node_watch_options {
    rt_time interval_min;      /* while things happen; 0: 300 ms */
    rt_time interval_max;      /* when nothing happens; 0: 3 s */
    rt_time interval_per_node; /* added per node known, so that large fleets are not listed without end; 0: 1 ms */
};

/* Starts the task in env's group. `options` may be NULL. */
struct node_watch *node_watch_new(const struct env *env, struct ironic *ironic,
                                  const struct node_watch_options *options);
void node_watch_free(struct node_watch *watch); /* after its task ended */
DEFINE_CLEANUP(struct node_watch, node_watch_free);
void node_watch_on_wake(struct node_watch *watch, void (*wake)(void *arg, const char *ns, const char *name), void *arg);

/*
 * The host waits for its node to change from `node`, which it has read (or acted upon). Returns when the host should
 * look by itself: `delay` (plus up to a quarter) while the watch works, otherwise soon at first and later up to that.
 */
rt_time node_watch_wait(struct node_watch *watch, const char *ns, const char *name, const struct json *node,
                        rt_time delay);
/* The host no longer waits. */
void node_watch_forget(struct node_watch *watch, const char *ns, const char *name);

#endif
