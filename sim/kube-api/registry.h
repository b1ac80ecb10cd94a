/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resources that are served: the built-in table, and one entry per established CRD. An entry never changes: a changed CRD gives a new
 * entry, and the old one is retired, which ends its open watches (KAPI-139).
 */
#ifndef SIM_KUBE_API_REGISTRY_H
#define SIM_KUBE_API_REGISTRY_H

#include "lib/data/json.h"
#include "sim/kube-api/names.h"
#include "sim/kube-api/schema.h"
#include "sim/kube-api/store.h"

struct kapi;
struct kapi_resource;

/* A printer column (KAPI-102…106, 111). */
struct kapi_column {
    const char *name, *type, *format, *description;
    int priority;
    const char *path; /* JSONPath ".status.phase" */
    /* Built-ins with a cell that no path gives; `wall` is now. NULL: use `path`. The caller owns the result. */
    struct json *(*cell)(const struct json *object, int64_t wall);
};

/* A label that field selectors know besides metadata.name and metadata.namespace. */
struct kapi_field_label {
    const char *label, *path; /* path as in json_get() */
};

/* What is particular to a built-in kind. */
struct kapi_builtin {
    const char *group, *version, *plural, *singular, *kind;
    const char *short_names, *categories; /* joined by commas; NULL: none */
    bool cluster_scoped, has_status, has_generation;
    bool unconditional_update; /* PUT without resourceVersion overwrites (KAPI-044) */
    bool create_on_update;     /* PUT of a missing object creates it (KAPI-047) */
    enum kapi_name_rule name_rule;
    const char *subresources;                    /* further ones, joined by commas */
    const struct kapi_column *columns;           /* ends with {0} */
    const struct kapi_field_label *field_labels; /* ends with {0} */
    /* Fills in and checks an object before it is stored; `old` is NULL on create. May return a status of its own. */
    struct kapi_status *(*prepare)(struct kapi *api, struct json *object, const struct json *old,
                                   const char *subresource, struct kapi_causes *causes);
};
extern const struct kapi_builtin kapi_builtins[]; /* ends with {0} */

struct kapi_version {
    char *group, *name, *api_version;
    bool served, deprecated;
    char *deprecation_warning; /* text of the Warning; NULL: none */
    struct kapi_schema *schema;
    struct json *openapi;               /* a CRD's openAPIV3Schema; NULL for built-ins */
    const struct kapi_message *message; /* built-ins */
    bool has_status;
    struct json *scale;                    /* subresources.scale; NULL: none */
    struct kapi_column *columns;           /* ends with {0}; strings belong to it when the resource is a CRD's */
    struct kapi_field_label *field_labels; /* CRD's selectableFields; ends with {0}; NULL: none */
};

struct kapi_resource {
    unsigned refs;
    char *group, *plural, *singular, *kind, *list_kind;
    char **short_names, **categories; /* NULL: none */
    bool namespaced;
    struct kapi_version *versions;
    size_t version_count, storage_version;
    const struct kapi_builtin *builtin; /* NULL: custom */
    struct json *conversion;            /* a CRD's spec.conversion; NULL: none */
    char *crd_name;                     /* NULL: built-in */
    int64_t crd_generation;
    struct kapi_collection *collection;
    bool terminating; /* its CRD is being deleted: no creates */
    bool retired;     /* no longer served in this form */
};

struct kapi_resource *kapi_resource_ref(struct kapi_resource *resource);
void kapi_resource_unref(struct kapi_resource *resource);
DEFINE_CLEANUP(struct kapi_resource, kapi_resource_unref);
static inline const struct kapi_version *kapi_storage_version(const struct kapi_resource *resource)
{
    return &resource->versions[resource->storage_version];
}
enum kapi_name_rule kapi_resource_name_rule(const struct kapi_resource *resource);

struct kapi_registry;

struct kapi_registry *kapi_registry_new(struct kapi_store *store);
void kapi_registry_free(struct kapi_registry *registry);
DEFINE_CLEANUP(struct kapi_registry, kapi_registry_free);

/* Borrowed until the next wait, take a reference to keep it; false when nothing of that name is served. */
bool kapi_registry_find(const struct kapi_registry *registry, const char *group, const char *version,
                        const char *plural, struct kapi_resource **ret, const struct kapi_version **ret_version);
/* By kind; any served version when `version` is NULL. */
bool kapi_registry_find_kind(const struct kapi_registry *registry, const char *group, const char *version,
                             const char *kind, struct kapi_resource **ret, const struct kapi_version **ret_version);
/* The resource whose objects are in `collection`; NULL when none is served. */
struct kapi_resource *kapi_registry_of(const struct kapi_registry *registry, const struct kapi_collection *collection);
/* The built-in of that group and plural; NULL when there is none. */
struct kapi_resource *kapi_registry_builtin(const struct kapi_registry *registry, const char *group,
                                            const char *plural);
/* All of them in order of registration. */
size_t kapi_registry_len(const struct kapi_registry *registry);
struct kapi_resource *kapi_registry_at(const struct kapi_registry *registry, size_t index);
/* Puts a CRD's resource in, in place of the one of the same CRD. Takes the reference. */
void kapi_registry_set(struct kapi_registry *registry, struct kapi_resource *resource);
void kapi_registry_remove(struct kapi_registry *registry, const char *crd_name);
/* Grows with every change: for discovery's ETags. */
uint64_t kapi_registry_epoch(const struct kapi_registry *registry);

/* Order of versions in discovery (KAPI-028): negative when `a` comes first. */
int kapi_version_compare(const char *a, const char *b);

#endif
