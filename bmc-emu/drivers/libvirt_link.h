/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to libvirt: one for all machines, opened when it is first needed and again after it broke. Calls
 * block, so each runs on a worker thread. libvirt's event loop turns on a worker too, which keepalive, events and
 * qemu:///embed need.
 */
#ifndef BMC_EMU_DRIVERS_LIBVIRT_LINK_H
#define BMC_EMU_DRIVERS_LIBVIRT_LINK_H

#include <libvirt/libvirt.h>

#include "lib/env.h"
#include "lib/rt/rt.h"

struct libvirt_link;

enum libvirt_event_kind {
    LIBVIRT_OPENED,    /* a connection, the first or a new one: whatever was known may be old; no UUID */
    LIBVIRT_DEFINED,   /* there is a new domain, or another definition */
    LIBVIRT_UNDEFINED, /* the definition is gone */
    LIBVIRT_STARTED,
    LIBVIRT_STOPPED,
    LIBVIRT_REBOOTED, /* the machine went through a reset without stopping */
    LIBVIRT_OTHER,    /* something about its state */
};

struct libvirt_event {
    enum libvirt_event_kind kind;
    char uuid[VIR_UUID_STRING_BUFLEN];
};

/*
 * `on_event` runs as part of a task in `group`, which may wait. `uri` is copied, the rest is borrowed. The tasks
 * start at once; a connection that cannot be had is logged and tried again.
 */
struct libvirt_link *libvirt_link_new(const struct env *env, struct rt_group *group, const char *uri,
                                      void (*on_event)(void *arg, const struct libvirt_event *event), void *arg);
void libvirt_link_free(struct libvirt_link *link); /* when the group has no task left */
DEFINE_CLEANUP(struct libvirt_link, libvirt_link_free);

/*
 * Runs `fn(conn, arg)` on a worker thread; it calls nothing of rt. When the connection turns out to be broken, it is
 * opened again and `fn` runs once more. The error is fn's, with the URI in front when there is no connection
 * (ERROR_TRANSIENT).
 */
struct error *libvirt_call(struct libvirt_link *link, struct error *(*fn)(virConnectPtr conn, void *arg), void *arg)
    MUST_CHECK;

/* libvirt's last error on this thread, as ours: "what: libvirt's text". */
struct error *libvirt_error(const char *what) MUST_CHECK;

#endif
