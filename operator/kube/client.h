/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Kubernetes API client: what a kubeconfig says, the verbs, and watches. Objects are struct json, so fields that this program does not
 * know survive. Calls block the task; many tasks may share one client.
 *
 * Errors carry the server's words and, as error_code(), the HTTP status, or KUBE_ALREADY_EXISTS. Their kinds: NOT_FOUND (404), CONFLICT
 * (409), INVALID (400, 405, 413, 415, 422), DENIED (401, 403), TRANSIENT (429, 410, 5xx), and those of http_client.h. Answers 429 and 5xx with
 * Retry-After were tried again before, as client-go does (KAPI-184).
 */
#ifndef OPERATOR_KUBE_CLIENT_H
#define OPERATOR_KUBE_CLIENT_H

#include "lib/data/json.h"
#include "lib/env.h"
#include "lib/rt/rt.h"

/* A resource as the API names it; one constant per resource, compared by address or by content alike. */
struct kube_resource {
    const char *group; /* "" is the core group */
    const char *version, *plural, *kind;
    bool namespaced;
};

/* The resources of Kubernetes itself that we use; those of Metal3 are in operator/api. */
extern const struct kube_resource kube_secrets, kube_config_maps, kube_events, kube_namespaces, kube_nodes, kube_leases,
    kube_crds;

/* "metal3.io/v1alpha1", "v1" for the core group. Free with free(). */
char *kube_api_version(const struct kube_resource *resource);
bool kube_resource_equal(const struct kube_resource *a, const struct kube_resource *b);

/* -- what went wrong -- */
#define KUBE_ALREADY_EXISTS 1409 /* error_code() of a 409 whose reason is AlreadyExists */
bool kube_is_not_found(const struct error *err);
bool kube_is_conflict(const struct error *err);       /* 409, but not AlreadyExists */
bool kube_is_already_exists(const struct error *err); /* as above, the other one */
bool kube_is_invalid(const struct error *err);        /* 422: the object is refused as it is */
bool kube_is_gone(const struct error *err);           /* 410: list again */
/* NULL when `err` says that the object does not exist (and frees it); otherwise `err`. */
struct error *kube_ignore_not_found(struct error *err) MUST_CHECK;

/* -- life -- */
struct kube_client;

struct kube_client_options {
    const char *kubeconfig; /* its text (YAML or JSON); NULL: read kubeconfig_path */
    const char
        *kubeconfig_path;   /* NULL as well: in-cluster (service account files, KUBERNETES_SERVICE_HOST and _PORT) */
    const char *context;    /* NULL: current-context */
    const char *user_agent; /* NULL: "metal3-operator/VERSION" */
    double qps;             /* calls a second that the client allows itself; 0: no limit */
    int burst;              /* calls that may go at once before qps holds; 0: 2 × qps */
    rt_time timeout;        /* of one call; 0: 32 s */
};

/* Reads what the options name. ERROR_INVALID says which part of the kubeconfig is wrong. A token file is read again each minute. */
struct error *kube_client_new(const struct env *env, const struct kube_client_options *options,
                              struct kube_client **ret) MUST_CHECK;
void kube_client_free(struct kube_client *client); /* no call may be under way */
DEFINE_CLEANUP(struct kube_client, kube_client_free);
const char *kube_client_server(const struct kube_client *client);    /* its URL; borrowed */
const char *kube_client_namespace(const struct kube_client *client); /* of the context or service account; "default" */

/* -- verbs; `namespace` NULL for resources that have none; `ret` may be NULL when the answer is not wanted -- */
struct error *kube_get(struct kube_client *client, const struct kube_resource *resource, const char *namespace,
                       const char *name, struct json **ret) MUST_CHECK;

struct kube_list_options {
    const char *namespace; /* NULL: all */
    const char *label_selector, *field_selector;
    int limit; /* objects a page; 0: 500 */
};
/* The whole list, page after page: the first page's List object, with all items. A page that expired starts over once. */
struct error *kube_list(struct kube_client *client, const struct kube_resource *resource,
                        const struct kube_list_options *options, struct json **ret) MUST_CHECK;

/* apiVersion and kind are filled in when missing; namespace and name come from the object's metadata. */
struct error *kube_create(struct kube_client *client, const struct kube_resource *resource, const struct json *object,
                          struct json **ret) MUST_CHECK;
/* PUT; the object's resourceVersion makes it fail with a conflict when somebody else wrote meanwhile. */
struct error *kube_update(struct kube_client *client, const struct kube_resource *resource, const struct json *object,
                          struct json **ret) MUST_CHECK;
/* PUT to the status subresource: only status changes. */
struct error *kube_update_status(struct kube_client *client, const struct kube_resource *resource,
                                 const struct json *object, struct json **ret) MUST_CHECK;

enum kube_patch_type { KUBE_PATCH_MERGE, KUBE_PATCH_JSON, KUBE_PATCH_STRATEGIC, KUBE_PATCH_APPLY };
struct kube_patch_options {
    const char *subresource;   /* "status"; NULL: the object */
    const char *field_manager; /* KUBE_PATCH_APPLY needs one */
    bool force;                /* KUBE_PATCH_APPLY: take fields from other managers */
};
/* `options` may be NULL. A metadata/resourceVersion in the patch makes it conditional. See patch.h for making patches. */
struct error *kube_patch(struct kube_client *client, const struct kube_resource *resource, const char *namespace,
                         const char *name, enum kube_patch_type type, const struct json *patch,
                         const struct kube_patch_options *options, struct json **ret) MUST_CHECK;

struct kube_delete_options {
    const char *uid, *resource_version; /* preconditions; NULL: none */
    const char *propagation;            /* "Background", "Foreground", "Orphan"; NULL: the server's default */
};
/* `options` may be NULL. Returns when the server has accepted it: finalizers may keep the object for longer. */
struct error *kube_delete(struct kube_client *client, const struct kube_resource *resource, const char *namespace,
                          const char *name, const struct kube_delete_options *options) MUST_CHECK;

/* Any other call, e.g. "/version"; `body` and `ret` may be NULL. */
struct error *kube_raw(struct kube_client *client, const char *method, const char *path, const struct json *body,
                       struct json **ret) MUST_CHECK;

/* -- watches; most callers want informer.h -- */
struct kube_watch;
struct kube_watch_options {
    const char *namespace; /* NULL: all */
    const char *label_selector, *field_selector;
    const char *resource_version; /* events after this one */
    int timeout_seconds;          /* after which the server ends it; 0: the server decides */
};
enum kube_watch_event { KUBE_ADDED, KUBE_MODIFIED, KUBE_DELETED, KUBE_BOOKMARK };
#define KUBE_WATCH_EVENT_MAX (8 * 1024 * 1024) /* bytes of one event; more is an error */

/* A resourceVersion that is too old is an error with kube_is_gone(), here or from the first kube_watch_next(). */
struct error *kube_watch_open(struct kube_client *client, const struct kube_resource *resource,
                              const struct kube_watch_options *options, struct kube_watch **ret) MUST_CHECK;
/* Waits for an event. *ret_object is NULL when the server ended the watch; otherwise the caller owns it. */
struct error *kube_watch_next(struct kube_watch *watch, rt_time deadline, enum kube_watch_event *ret_event,
                              struct json **ret_object) MUST_CHECK;
void kube_watch_close(struct kube_watch *watch);
DEFINE_CLEANUP(struct kube_watch, kube_watch_close);

#endif
