/* SPDX-License-Identifier: Apache-2.0 */
/* The table of served resources. */
#include "sim/kube-api/registry.h"

#include <ctype.h>
#include <string.h>

#include "lib/data/vec.h"

struct kapi_registry {
    struct kapi_store *store;
    struct {
        struct kapi_resource **items;
        size_t len, cap;
    } resources;
    uint64_t epoch;
};

struct kapi_resource *kapi_resource_ref(struct kapi_resource *resource)
{
    resource->refs++;
    return resource;
}

static void free_columns(struct kapi_column *columns)
{
    for (struct kapi_column *column = columns; column && column->name; column++) {
        free((char *)column->name);
        free((char *)column->type);
        free((char *)column->format);
        free((char *)column->description);
        free((char *)column->path);
    }
    free(columns);
}

static void version_release(struct kapi_version *version, bool custom)
{
    free(version->group);
    free(version->name);
    free(version->api_version);
    free(version->deprecation_warning);
    kapi_schema_free(version->schema);
    json_free(version->openapi);
    json_free(version->scale);
    if (custom)
        free_columns(version->columns);
    for (struct kapi_field_label *label = version->field_labels; label && label->label; label++) {
        free((char *)label->label);
        free((char *)label->path);
    }
    free(version->field_labels);
}

void kapi_resource_unref(struct kapi_resource *resource)
{
    if (!resource || --resource->refs)
        return;
    for (size_t i = 0; i < resource->version_count; i++)
        version_release(&resource->versions[i], !resource->builtin);
    free(resource->versions);
    free(resource->group);
    free(resource->plural);
    free(resource->singular);
    free(resource->kind);
    free(resource->list_kind);
    str_list_free(resource->short_names);
    str_list_free(resource->categories);
    json_free(resource->conversion);
    free(resource->crd_name);
    free(resource);
}

enum kapi_name_rule kapi_resource_name_rule(const struct kapi_resource *resource)
{
    return resource->builtin ? resource->builtin->name_rule : NAME_SUBDOMAIN;
}

static void init_builtin_version(struct kapi_version *version, const struct kapi_builtin *builtin, const char *group)
{
    version->group = mem_strdup(group);
    version->name = mem_strdup(builtin->version);
    version->api_version = *group ? mem_printf("%s/%s", group, builtin->version) : mem_strdup(builtin->version);
    version->served = true;
    version->message = kapi_message_find(group, builtin->version, builtin->kind);
    version->schema = kapi_schema_from_message(version->message);
    version->has_status = builtin->has_status;
    version->columns = (struct kapi_column *)builtin->columns;
}

static struct kapi_resource *builtin_resource(struct kapi_store *store, const struct kapi_builtin *builtin)
{
    struct kapi_resource *resource = mem_alloc(sizeof(*resource));
    /* Events are one store seen through two groups (KAPI-176). */
    bool two_groups = str_equal(builtin->kind, "Event");

    resource->refs = 1;
    resource->builtin = builtin;
    resource->group = mem_strdup(builtin->group);
    resource->plural = mem_strdup(builtin->plural);
    resource->singular = mem_strdup(builtin->singular);
    resource->kind = mem_strdup(builtin->kind);
    resource->list_kind = mem_printf("%sList", builtin->kind);
    resource->short_names = builtin->short_names ? str_split(builtin->short_names, ',') : NULL;
    resource->categories = builtin->categories ? str_split(builtin->categories, ',') : NULL;
    resource->namespaced = !builtin->cluster_scoped;
    resource->version_count = two_groups ? 2 : 1;
    resource->versions = mem_alloc_array(resource->version_count, sizeof(*resource->versions));
    init_builtin_version(&resource->versions[0], builtin, builtin->group);
    if (two_groups)
        init_builtin_version(&resource->versions[1], builtin, "events.k8s.io");
    resource->collection = kapi_store_collection(store, builtin->group, builtin->plural);
    return resource;
}

struct kapi_registry *kapi_registry_new(struct kapi_store *store)
{
    struct kapi_registry *registry = mem_alloc(sizeof(*registry));

    registry->store = store;
    registry->epoch = 1;
    for (const struct kapi_builtin *builtin = kapi_builtins; builtin->plural; builtin++)
        VEC_PUSH(&registry->resources, builtin_resource(store, builtin));
    return registry;
}

void kapi_registry_free(struct kapi_registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->resources.len; i++)
        kapi_resource_unref(registry->resources.items[i]);
    VEC_RELEASE(&registry->resources);
    free(registry);
}

static const struct kapi_version *served_version(const struct kapi_resource *resource, const char *group,
                                                 const char *version)
{
    for (size_t i = 0; i < resource->version_count; i++) {
        const struct kapi_version *candidate = &resource->versions[i];
        if (candidate->served && str_equal(candidate->group, group) &&
            (!version || str_equal(candidate->name, version)))
            return candidate;
    }
    return NULL;
}

bool kapi_registry_find(const struct kapi_registry *registry, const char *group, const char *version,
                        const char *plural, struct kapi_resource **ret, const struct kapi_version **ret_version)
{
    for (size_t i = 0; i < registry->resources.len; i++) {
        struct kapi_resource *resource = registry->resources.items[i];
        const struct kapi_version *found =
            str_equal(resource->plural, plural) ? served_version(resource, group, version) : NULL;
        if (!found)
            continue;
        *ret = resource;
        *ret_version = found;
        return true;
    }
    return false;
}

bool kapi_registry_find_kind(const struct kapi_registry *registry, const char *group, const char *version,
                             const char *kind, struct kapi_resource **ret, const struct kapi_version **ret_version)
{
    for (size_t i = 0; i < registry->resources.len; i++) {
        struct kapi_resource *resource = registry->resources.items[i];
        const struct kapi_version *found =
            str_equal(resource->kind, kind) ? served_version(resource, group, version) : NULL;
        if (!found)
            continue;
        *ret = resource;
        *ret_version = found;
        return true;
    }
    return false;
}

struct kapi_resource *kapi_registry_of(const struct kapi_registry *registry, const struct kapi_collection *collection)
{
    for (size_t i = 0; i < registry->resources.len; i++) {
        if (registry->resources.items[i]->collection == collection)
            return registry->resources.items[i];
    }
    return NULL;
}

struct kapi_resource *kapi_registry_builtin(const struct kapi_registry *registry, const char *group, const char *plural)
{
    for (size_t i = 0; i < registry->resources.len; i++) {
        struct kapi_resource *resource = registry->resources.items[i];
        if (resource->builtin && str_equal(resource->group, group) && str_equal(resource->plural, plural))
            return resource;
    }
    return NULL;
}

size_t kapi_registry_len(const struct kapi_registry *registry)
{
    return registry->resources.len;
}

struct kapi_resource *kapi_registry_at(const struct kapi_registry *registry, size_t index)
{
    return registry->resources.items[index];
}

static void retire(struct kapi_registry *registry, struct kapi_resource *resource)
{
    resource->retired = true;
    kapi_collection_wake(registry->store, resource->collection);
    kapi_resource_unref(resource);
}

void kapi_registry_set(struct kapi_registry *registry, struct kapi_resource *resource)
{
    registry->epoch++;
    for (size_t i = 0; i < registry->resources.len; i++) {
        struct kapi_resource *old = registry->resources.items[i];
        if (!str_equal(old->crd_name, resource->crd_name))
            continue;
        registry->resources.items[i] = resource;
        retire(registry, old);
        return;
    }
    VEC_PUSH(&registry->resources, resource);
}

void kapi_registry_remove(struct kapi_registry *registry, const char *crd_name)
{
    for (size_t i = 0; i < registry->resources.len; i++) {
        struct kapi_resource *old = registry->resources.items[i];
        if (!str_equal(old->crd_name, crd_name))
            continue;
        registry->epoch++;
        VEC_REMOVE(&registry->resources, i);
        retire(registry, old);
        return;
    }
}

uint64_t kapi_registry_epoch(const struct kapi_registry *registry)
{
    return registry->epoch;
}

/* "v2beta1" to {stage 1 (alpha 0, beta 1, GA 2), major 2, minor 1}; false when it is no such name. */
static bool parse_version(const char *name, long parts[3])
{
    char *end;

    if (name[0] != 'v' || !isdigit((unsigned char)name[1]))
        return false;
    parts[1] = strtol(name + 1, &end, 10);
    parts[0] = 2;
    parts[2] = 0;
    if (!*end)
        return true;
    parts[0] = str_has_prefix(end, "alpha") ? 0 : str_has_prefix(end, "beta") ? 1 : -1;
    if (parts[0] < 0)
        return false;
    end += parts[0] ? 4 : 5;
    if (!isdigit((unsigned char)*end))
        return false;
    parts[2] = strtol(end, &end, 10);
    return !*end;
}

int kapi_version_compare(const char *a, const char *b)
{
    long of_a[3], of_b[3];
    bool known_a = parse_version(a, of_a), known_b = parse_version(b, of_b);

    if (!known_a || !known_b)
        return known_a ? -1 : known_b ? 1 : strcmp(a, b);
    for (int i = 0; i < 3; i++) {
        if (of_a[i] != of_b[i])
            return of_a[i] > of_b[i] ? -1 : 1;
    }
    return 0;
}
