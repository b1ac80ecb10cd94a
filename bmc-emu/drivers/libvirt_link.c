// SPDX-License-Identifier: Apache-2.0
// The connection to libvirt, its event loop, and calls on worker threads. Events are gathered while the loop turns on
// a worker and handed out by the task that turned it; so nothing here needs a lock but the opening of the connection.
#include "bmc-emu/drivers/libvirt_link.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"

#define TURN_MAX_MS 1000     /* how long a turn of libvirt's loop may take when nothing happens */
#define KEEPALIVE_INTERVAL 5 /* seconds */
#define KEEPALIVE_COUNT 3    /* unanswered ones, then the connection counts as broken */
#define RETRY (2 * RT_S)     /* between attempts to connect */
#define EVENTS_MAX 65536     /* of one turn; past it everything is looked at afresh */

struct libvirt_link {
    const struct env *env;
    struct rt_group *group;
    char *uri;
    void (*on_event)(void *arg, const struct libvirt_event *event);
    void *arg;
    struct rt_mutex opening;
    virConnectPtr conn; /* NULL: none yet, or it broke */
    int timer;          /* ends a turn of the loop; -1: none */
    uint64_t opened;    /* how often */
    int callbacks[2];   /* of `conn`; -1: none */
    bool complained;    /* about a connection that cannot be had */
    struct rt_group_hook *hook;
    VEC(struct libvirt_event) events;
};

/* -- errors -- */

static enum error_kind kind_of(int code)
{
    switch (code) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_STORAGE_POOL:
    case VIR_ERR_NO_STORAGE_VOL:
        return ERROR_NOT_FOUND;
    case VIR_ERR_OPERATION_INVALID:
        return ERROR_CONFLICT;
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_AGENT_UNRESPONSIVE:
        return ERROR_TIMEOUT;
    case VIR_ERR_OPERATION_DENIED:
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_ACCESS_DENIED:
        return ERROR_DENIED;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
        return ERROR_UNSUPPORTED;
    case VIR_ERR_XML_ERROR:
    case VIR_ERR_XML_DETAIL:
    case VIR_ERR_INVALID_ARG:
        return ERROR_INVALID;
    case VIR_ERR_RPC:
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_SYSTEM_ERROR:
    case VIR_ERR_INVALID_CONN:
        return ERROR_TRANSIENT;
    default:
        return ERROR_INTERNAL;
    }
}

struct error *libvirt_error(const char *what)
{
    const virError *last = virGetLastError();

    if (!last)
        return error_new(ERROR_INTERNAL, "%s failed, and libvirt does not say why", what);
    return error_new(kind_of(last->code), "%s: %s", what, str_or(last->message, "no text from libvirt"));
}

/* libvirt would print each error to stderr; ours go where errors go. */
static void keep_quiet(void *arg, virErrorPtr err)
{
}

/* -- events; these run inside a turn of the loop -- */

static void note(struct libvirt_link *link, enum libvirt_event_kind kind, virDomainPtr domain)
{
    struct libvirt_event event = {.kind = kind};

    if (link->events.len >= EVENTS_MAX) {
        link->events.len = 0;
        event.kind = LIBVIRT_OPENED;
    } else if (virDomainGetUUIDString(domain, event.uuid) < 0) {
        return;
    }
    VEC_PUSH(&link->events, event);
}

static void on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *arg)
{
    static const enum libvirt_event_kind kinds[] = {
        [VIR_DOMAIN_EVENT_DEFINED] = LIBVIRT_DEFINED, [VIR_DOMAIN_EVENT_UNDEFINED] = LIBVIRT_UNDEFINED,
        [VIR_DOMAIN_EVENT_STARTED] = LIBVIRT_STARTED, [VIR_DOMAIN_EVENT_SUSPENDED] = LIBVIRT_OTHER,
        [VIR_DOMAIN_EVENT_RESUMED] = LIBVIRT_OTHER,   [VIR_DOMAIN_EVENT_STOPPED] = LIBVIRT_STOPPED,
        [VIR_DOMAIN_EVENT_SHUTDOWN] = LIBVIRT_OTHER,  [VIR_DOMAIN_EVENT_PMSUSPENDED] = LIBVIRT_OTHER,
        [VIR_DOMAIN_EVENT_CRASHED] = LIBVIRT_STOPPED,
    };

    if (event >= 0 && (size_t)event < ARRAY_SIZE(kinds))
        note(arg, kinds[event], domain);
}

static void on_reboot(virConnectPtr conn, virDomainPtr domain, void *arg)
{
    note(arg, LIBVIRT_REBOOTED, domain);
}

static void on_timer(int timer, void *arg)
{
    virEventUpdateTimeout(timer, -1);
}

static void turn(void *arg)
{
    struct libvirt_link *link = arg;

    virEventUpdateTimeout(link->timer, TURN_MAX_MS);
    virEventRunDefaultImpl();
}

/* -- the connection -- */

static void subscribe(struct libvirt_link *link, virConnectPtr conn)
{
    /* A driver without events is fine: then changes show when somebody looks. */
    link->callbacks[0] = virConnectDomainEventRegisterAny(conn, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                                          VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), link, NULL);
    link->callbacks[1] = virConnectDomainEventRegisterAny(conn, NULL, VIR_DOMAIN_EVENT_ID_REBOOT,
                                                          VIR_DOMAIN_EVENT_CALLBACK(on_reboot), link, NULL);
    virConnectSetKeepAlive(conn, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
}

static void close_connection(struct libvirt_link *link, virConnectPtr conn)
{
    for (size_t i = 0; i < ARRAY_SIZE(link->callbacks); i++)
        if (link->callbacks[i] >= 0)
            virConnectDomainEventDeregisterAny(conn, link->callbacks[i]);
    virConnectClose(conn);
}

struct opening {
    struct libvirt_link *link;
    virConnectPtr broken, conn;
    struct error *err;
};

static void open_connection(void *arg)
{
    struct opening *opening = arg;

    if (opening->broken)
        close_connection(opening->link, opening->broken);
    virSetErrorFunc(NULL, keep_quiet);
    opening->conn = virConnectOpen(opening->link->uri);
    if (!opening->conn)
        opening->err =
            error_wrap_kind(libvirt_error("no connection"), ERROR_TRANSIENT, "libvirt at %s", opening->link->uri);
    else
        subscribe(opening->link, opening->conn);
}

/* A reference to the connection; `broken` (NULL: none) is one that the caller found broken. */
static struct error *get_connection(struct libvirt_link *link, virConnectPtr broken, virConnectPtr *ret)
{
    TRY(rt_mutex_lock(link->env->rt, &link->opening));
    struct opening opening = {.link = link};
    if (link->conn && link->conn == broken)
        opening.broken = TAKE_PTR(link->conn);
    if (!link->conn) {
        rt_offload(link->env->rt, open_connection, &opening);
        link->conn = opening.conn;
        link->opened += link->conn != NULL;
    }
    if (link->conn) {
        virConnectRef(link->conn);
        *ret = link->conn;
    }
    rt_mutex_unlock(link->env->rt, &link->opening);
    return opening.err;
}

struct call {
    virConnectPtr conn;
    struct error *(*fn)(virConnectPtr conn, void *arg);
    void *arg;
    struct error *err;
    bool broken;
};

static void run_call(void *arg)
{
    struct call *call = arg;

    virResetLastError();
    call->err = call->fn(call->conn, call->arg);
    call->broken = call->err && virConnectIsAlive(call->conn) != 1;
    virConnectClose(call->conn); /* our reference */
}

struct error *libvirt_call(struct libvirt_link *link, struct error *(*fn)(virConnectPtr conn, void *arg), void *arg)
{
    struct call call = {.fn = fn, .arg = arg};
    virConnectPtr broken = NULL;

    for (int attempt = 0;; attempt++) {
        TRY(get_connection(link, broken, &call.conn));
        broken = call.conn;
        rt_offload(link->env->rt, run_call, &call);
        if (!call.broken || attempt > 0)
            return call.err;
        error_free(call.err);
    }
}

/* -- tasks -- */

static void hand_out(struct libvirt_link *link)
{
    /* Whoever gets an event may wait, but the loop turns only after that: nothing is added meanwhile. */
    for (size_t i = 0; i < link->events.len && !rt_group_cancelled(link->group); i++)
        link->on_event(link->arg, &link->events.items[i]);
    link->events.len = 0;
}

static void event_task(void *arg)
{
    struct libvirt_link *link = arg;

    while (!rt_group_cancelled(link->group)) {
        rt_offload(link->env->rt, turn, link);
        hand_out(link);
    }
}

static struct error *check_alive(virConnectPtr conn, void *arg)
{
    if (virConnectIsAlive(conn) != 1)
        return error_new(ERROR_TRANSIENT, "the connection is broken");
    return NULL;
}

/* Opens the connection, and again when it broke, so that events come in even when nobody asks. */
static void connect_task(void *arg)
{
    static const struct libvirt_event opened = {.kind = LIBVIRT_OPENED};
    struct libvirt_link *link = arg;
    uint64_t known = 0;

    while (!rt_group_cancelled(link->group)) {
        CLEANUP(error_free) struct error *err = libvirt_call(link, check_alive, NULL);
        if (err && !error_is(err, ERROR_CANCELLED) && !link->complained)
            log_warn(link->env->log, "libvirt connection lost", KV_ERR(err));
        link->complained = err != NULL;
        if (!err && known != link->opened) {
            known = link->opened;
            link->on_event(link->arg, &opened);
        }
        error_free(rt_sleep(link->env->rt, RETRY));
    }
}

/* A turn that waits ends at once. */
static void interrupt(void *arg)
{
    struct libvirt_link *link = arg;

    virEventUpdateTimeout(link->timer, 0);
}

struct libvirt_link *libvirt_link_new(const struct env *env, struct rt_group *group, const char *uri,
                                      void (*on_event)(void *arg, const struct libvirt_event *event), void *arg)
{
    struct libvirt_link *link = mem_alloc(sizeof(*link));

    link->env = env;
    link->group = group;
    link->uri = mem_strdup(uri);
    link->on_event = on_event;
    link->arg = arg;
    virInitialize();
    virEventRegisterDefaultImpl();
    link->timer = virEventAddTimeout(TURN_MAX_MS, on_timer, link, NULL);
    link->hook = rt_group_on_cancel(group, interrupt, link);
    rt_spawn(env->rt, group, "libvirt events", event_task, link);
    rt_spawn(env->rt, group, "libvirt connection", connect_task, link);
    return link;
}

void libvirt_link_free(struct libvirt_link *link)
{
    if (!link)
        return;
    rt_group_hook_remove(link->hook);
    virEventRemoveTimeout(link->timer);
    if (link->conn)
        close_connection(link, link->conn);
    VEC_RELEASE(&link->events);
    free(link->uri);
    free(link);
}
