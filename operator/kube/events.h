/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes Events about objects. A recorder sends them in a task of its own, in order; a failure is logged and forgotten, and a burst
 * beyond EVENTS_QUEUE_MAX is dropped: nothing waits for an event.
 */
#ifndef OPERATOR_KUBE_EVENTS_H
#define OPERATOR_KUBE_EVENTS_H

#include "operator/kube/client.h"

#define EVENTS_QUEUE_MAX 1000

struct event_recorder;
/* The recorder's task runs in env's group. */
struct event_recorder *event_recorder_new(const struct env *env, struct kube_client *client);
void event_recorder_free(struct event_recorder *recorder); /* after its task ended */
DEFINE_CLEANUP(struct event_recorder, event_recorder_free);
/* Waits until what was recorded so far was sent. */
struct error *event_recorder_flush(struct event_recorder *recorder, rt_time deadline) MUST_CHECK;

#define EVENT_NORMAL "Normal"
#define EVENT_WARNING "Warning"

struct event {
    const struct kube_resource *resource; /* what `object` is */
    const struct json *object;            /* whom it is about */
    const struct json *related;           /* an ObjectReference, e.g. spec.consumerRef; NULL: none */
    const char *type;                     /* NULL: EVENT_NORMAL */
    const char *reason, *message;
    const char *component; /* source.component, and reportingComponent unless that is given */
    const char *reporting_component;
    /*
     * How it becomes an Event object. False: as client-go's recorder, named "<object>.<hex>"; one that repeats within ten minutes
     * only raises `count` by a patch. True: each time a new object named by generateName "<reason>-" (BMO-256).
     */
    bool always_new;
};
/* Everything is copied. */
void event_record(struct event_recorder *recorder, const struct event *event);

#endif
