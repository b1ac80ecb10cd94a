/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share: the server instance, and one request under way. Nobody outside of the folder includes this. */
#ifndef SIM_KUBE_API_KAPI_H
#define SIM_KUBE_API_KAPI_H

#include "lib/env.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "sim/kube-api/registry.h"

struct kapi_controllers;
struct kapi_auth;
struct kapi_webhooks;

struct kapi {
    const struct env *env;
    struct rt *rt;
    struct log *log;
    struct rt_group *group; /* all tasks of the server */
    struct kapi_store *store;
    struct kapi_storage *storage; /* the store, or decorators around it */
    struct kapi_registry *registry;
    struct kapi_controllers *controllers;
    struct kapi_auth *auth;
    struct kapi_webhooks *webhooks;
    struct map *openapi; /* printed documents (openapi.c) */
    uint64_t openapi_epoch;
};

struct kapi_user {
    char *name, *uid; /* uid NULL: none */
    char **groups;
};
void kapi_user_release(struct kapi_user *user);

enum kapi_field_validation { VALIDATION_WARN, VALIDATION_STRICT, VALIDATION_IGNORE };

/* One request on a resource. */
struct kapi_call {
    struct kapi *api;
    struct http_exchange *exchange; /* NULL: the server's own doing */
    struct kapi_storage *storage;   /* where the call reads and writes: its own doings meet no injected faults */
    const char *method;
    struct kapi_user user;
    /* the target */
    struct kapi_resource *resource; /* a reference */
    const struct kapi_version *version;
    char *ns, *name, *subresource; /* NULL: none */
    /* options */
    char *field_manager;
    enum kapi_field_validation field_validation;
    bool dry_run;
    bool force, force_given;
    bool is_apply; /* server-side apply: the object carries its own managedFields */
    struct kapi_texts warnings;
    struct kapi_texts duplicates; /* members that occurred twice in the body */
    struct kapi_causes causes;    /* of kapi_prepare() */
};
void kapi_call_release(struct kapi_call *call);
#define CLEANUP_CALL __attribute__((cleanup(kapi_call_release)))
/* A call by the server itself on a resource, in its storage version; takes a reference. */
struct kapi_call kapi_call_internal(struct kapi *api, struct kapi_resource *resource, const char *ns, const char *name);

/* What a verb gives back. */
struct kapi_result {
    int code;                   /* 200, 201 */
    struct kapi_object *object; /* a stored version; NULL: see json */
    struct json *json;          /* in the version of the call: dry runs, deletions, reviews */
};
void kapi_result_release(struct kapi_result *result);
#define CLEANUP_RESULT __attribute__((cleanup(kapi_result_release)))

/* -- versions (convert.c) -- */
/* An object in some version; borrowed from the object. */
struct kapi_form {
    const struct json *json;
    const char *text;
    size_t len;
};
struct kapi_status *kapi_form(struct kapi *api, const struct kapi_resource *resource,
                              const struct kapi_version *version, struct kapi_object *object, struct kapi_form *ret)
    MUST_CHECK;
/* Replaces *object, which is in `version`, by its form in the storage version. */
struct kapi_status *kapi_to_storage(struct kapi *api, const struct kapi_resource *resource,
                                    const struct kapi_version *version, struct json **object) MUST_CHECK;

/* -- verbs -- */
/* create.c; takes `body`. `with_status` keeps the status of the body: server-side apply through /status never gets here. */
struct kapi_status *kapi_create(struct kapi_call *call, struct json *body, struct kapi_result *ret) MUST_CHECK;
/* 404 or 403 when the namespace is missing or terminating (KAPI-038). */
struct kapi_status *kapi_check_namespace(struct kapi_call *call) MUST_CHECK;
/* The object must not have anything that its schema does not know; prunes, and warns or fails as fieldValidation says (KAPI-157). */
struct kapi_status *kapi_check_fields(struct kapi_call *call, struct json *object) MUST_CHECK;
/* Defaults, and checks apiVersion, kind, name and namespace of a body against the path. */
struct kapi_status *kapi_check_identity(struct kapi_call *call, struct json *body) MUST_CHECK;
/* Fills in defaults by schema and by the kind's own rules, whose objections kapi_validate() reports; `old` NULL on create. */
struct kapi_status *kapi_prepare(struct kapi_call *call, struct json *object, const struct json *old) MUST_CHECK;
/* Sets a string that is absent or "" (builtin.c). */
void kapi_default(struct json *object, const char *path, const char *value);
/* Metadata, schema, and what kapi_prepare() found; `old` NULL on create. */
struct kapi_status *kapi_validate(struct kapi_call *call, struct json *object, const struct json *old) MUST_CHECK;
/* Runs after each write that changed something. */
void kapi_written(struct kapi *api, struct kapi_resource *resource, enum kapi_event_type type,
                  struct kapi_object *object);

/* update.c: PUT and all patches are one pipeline around a function that makes the new object from the old one. */
struct kapi_change {
    /* Makes the new object, in the version of the call; `old` is borrowed, NULL when the object does not exist. */
    struct kapi_status *(*produce)(const struct kapi_change *change, struct kapi_call *call, const struct json *old,
                                   struct json **ret);
    const struct json *body; /* the new object, or the patch */
    bool is_put;
    bool may_create; /* when it does not exist */
};
struct kapi_status *kapi_update(struct kapi_call *call, const struct kapi_change *change, struct kapi_result *ret)
    MUST_CHECK;
struct kapi_status *kapi_put(struct kapi_call *call, struct json *body, struct kapi_result *ret) MUST_CHECK;

/* patch.c */
struct kapi_status *kapi_patch(struct kapi_call *call, const char *content_type, const char *body, size_t len,
                               struct kapi_result *ret) MUST_CHECK;
/* The change that a patch makes; also used on the Scale view. Content types as in KAPI-059…061. */
struct kapi_status *kapi_patch_apply(const char *content_type, const struct kapi_schema *schema,
                                     const struct json *patch, struct json **document) MUST_CHECK;

/* delete.c */
struct kapi_delete_request {
    const char *policy; /* "Background", "Foreground", "Orphan"; NULL: default */
    const char *uid;    /* preconditions; NULL: none */
    const char *resource_version;
};
struct kapi_status *kapi_delete(struct kapi_call *call, const struct kapi_delete_request *request,
                                struct kapi_result *ret) MUST_CHECK;
/* Reads DeleteOptions from body and query, then deletes one object, or a collection when the call has no name. */
struct kapi_status *kapi_delete_verb(struct kapi_call *call, struct kapi_result *ret) MUST_CHECK;

/* -- admission (admission.c) -- */
enum kapi_operation { OPERATION_CREATE, OPERATION_UPDATE, OPERATION_DELETE };
/* Mutating webhooks may change *object; NULL for deletions. */
struct kapi_status *kapi_admit_mutating(struct kapi_call *call, enum kapi_operation operation, struct json **object,
                                        const struct json *old) MUST_CHECK;
struct kapi_status *kapi_admit_validating(struct kapi_call *call, enum kapi_operation operation,
                                          const struct json *object, const struct json *old) MUST_CHECK;

/* -- managed fields (managed.c) -- */
/* Records what a create or update by `call` changed; `old` NULL on create. `object` has the managedFields that the client sent, if any. */
void kapi_managed_update(struct kapi_call *call, struct json *object, const struct json *old);
/* Server-side apply (apply.c). */
struct kapi_status *kapi_apply(struct kapi_call *call, const struct json *applied, const struct json *old,
                               struct json **ret) MUST_CHECK;
/* Who writes, as managedFields calls it (KAPI-073); free with free(). */
char *kapi_manager_name(const struct kapi_call *call);

/* -- background work (controllers.c) -- */
void kapi_controllers_start(struct kapi *api);
void kapi_controllers_free(struct kapi_controllers *controllers);
/* Something was written that garbage collection, namespaces or CRDs may have to follow up. */
void kapi_controllers_notice(struct kapi *api, struct kapi_resource *resource, enum kapi_event_type type,
                             struct kapi_object *object);

/* Looks at every object as if it had just been written: after a restart. */
void kapi_resync(struct kapi *api);
/*
 * Changes a stored object without the rules for clients, again when the race was lost; `fn` edits a copy and tells whether to write it. An object
 * that is terminating and has no finalizers left is removed. Nothing happens when it does not exist.
 */
void kapi_edit(struct kapi *api, struct kapi_resource *resource, const char *ns, const char *name,
               bool (*fn)(void *arg, struct json *object), void *arg);
/* True for a terminating object that nothing holds any more (KAPI-117). */
bool kapi_is_finished(const struct kapi_resource *resource, const struct json *object);
/* In metadata.finalizers. */
bool kapi_has_finalizer(const struct json *object, const char *name);
void kapi_set_finalizer(struct json *object, const char *name, bool wanted);

/* -- CRDs (crd.c) -- */
/* Serves what the CRD says, and writes its conditions. Called after each write of a CRD and for each at start. */
void kapi_crd_changed(struct kapi *api, struct kapi_object *crd);
struct kapi_status *kapi_crd_prepare(struct kapi *api, struct json *object, const struct json *old,
                                     const char *subresource, struct kapi_causes *causes) MUST_CHECK;
/* The entry for a CRD object that is accepted; one reference. */
struct kapi_resource *kapi_crd_resource(struct kapi *api, const struct json *crd);
/* Replaces or adds the condition of that type in an array; keeps lastTransitionTime when the status is the same. */
void kapi_set_condition(struct json *conditions, int64_t wall, const char *type, const char *status, const char *reason,
                        const char *message);

/* RFC 3339 in seconds of the current time; `buf` is returned. */
const char *kapi_now_text(const struct kapi *api, char buf[TIME_TEXT_SIZE]);

#endif
