/* SPDX-License-Identifier: Apache-2.0 */
/* What all Kubernetes objects have in common: metadata, owners, finalizers, conditions; and shared, read-only objects of a cache. */
#ifndef OPERATOR_KUBE_OBJECT_H
#define OPERATOR_KUBE_OBJECT_H

#include "operator/kube/client.h"

/* -- a shared object: counted references, never changed. Copy its JSON to change it -- */
struct kube_object;
struct kube_object *kube_object_new(struct json *json); /* takes `json` over; one reference */
struct kube_object *kube_object_ref(struct kube_object *object);
void kube_object_unref(struct kube_object *object); /* NULL is fine */
DEFINE_CLEANUP(struct kube_object, kube_object_unref);
const struct json *kube_object_json(const struct kube_object *object); /* borrowed */
struct json *kube_object_copy(const struct kube_object *object);       /* the caller owns it and may change it */

/* Several of them, each with a reference. */
struct kube_objects {
    struct kube_object **items;
    size_t len, cap;
};
void kube_objects_add(struct kube_objects *objects, struct kube_object *object); /* takes a reference of its own */
void kube_objects_release(struct kube_objects *objects);
#define CLEANUP_KUBE_OBJECTS __attribute__((cleanup(kube_objects_release)))

/* -- metadata; "" when absent -- */
const char *kube_name(const struct json *object);
const char *kube_namespace(const struct json *object);
const char *kube_uid(const struct json *object);
const char *kube_resource_version(const struct json *object);
int64_t kube_generation(const struct json *object);
bool kube_is_deleting(const struct json *object);                                  /* it has a deletionTimestamp */
const char *kube_label(const struct json *object, const char *key);                /* NULL when absent */
const char *kube_annotation(const struct json *object, const char *key);           /* NULL when absent */
void kube_set_label(struct json *object, const char *key, const char *value);      /* NULL removes */
void kube_set_annotation(struct json *object, const char *key, const char *value); /* NULL removes */

/* A new object with apiVersion, kind and metadata. `namespace` may be NULL. */
struct json *kube_object_make(const struct kube_resource *resource, const char *namespace, const char *name);

/* -- finalizers; the setters tell whether they changed anything -- */
bool kube_has_finalizer(const struct json *object, const char *finalizer);
bool kube_add_finalizer(struct json *object, const char *finalizer);
bool kube_remove_finalizer(struct json *object, const char *finalizer);

/* -- owners -- */
enum kube_owner_kind {
    KUBE_OWNER_PLAIN, /* neither `controller` nor `blockOwnerDeletion`, as controllerutil.SetOwnerReference (BMO-422) */
    KUBE_OWNER_CONTROLLER, /* both true, as SetControllerReference */
};
/* Adds or rewrites the reference with the owner's uid; true when something changed. */
bool kube_set_owner(struct json *object, const struct kube_resource *owner_resource, const struct json *owner,
                    enum kube_owner_kind kind);
bool kube_remove_owner(struct json *object, const char *uid);
/* The reference by uid, or NULL. */
const struct json *kube_owner(const struct json *object, const char *uid);
/* The reference with controller: true, or NULL. */
const struct json *kube_controller_owner(const struct json *object);

/* -- secrets and config maps -- */
/* A Secret's entry, decoded; NULL when absent or not base64. NUL-terminated besides; free with mem_free_secret(). ret_len may be NULL. */
char *kube_secret_value(const struct json *secret, const char *key, size_t *ret_len);
/* Writes an entry, encoded. */
void kube_secret_set(struct json *secret, const char *key, const void *value, size_t len);

/* -- conditions (metav1.Condition) at status/conditions -- */
const struct json *kube_condition(const struct json *object, const char *type); /* NULL when absent */
bool kube_condition_is(const struct json *object, const char *type, const char *status);
/*
 * Sets type, status, reason, message and the object's generation as meta.SetStatusCondition does: lastTransitionTime (`wall`, whole
 * seconds) changes only when status does. True when something changed.
 */
bool kube_set_condition(struct json *object, const char *type, const char *status, const char *reason,
                        const char *message, int64_t wall);
bool kube_remove_condition(struct json *object, const char *type);

/* A label selector (metav1.LabelSelector: matchLabels, matchExpressions) against the labels of `object`. NULL or {} matches all. */
struct error *kube_selector_matches(const struct json *selector, const struct json *object, bool *ret) MUST_CHECK;

#endif
