/* SPDX-License-Identifier: Apache-2.0 */
/* CustomResourceDefinitions: their rules, their conditions, and the resources they bring (KAPI-132…139, 142…147). */
#include <stdlib.h>

#include "sim/kube-api/kapi.h"
#include "sim/kube-api/table.h"

#define CLEANUP_FINALIZER "customresourcecleanup.apiextensions.k8s.io"

void kapi_set_condition(struct json *conditions, int64_t wall, const char *type, const char *status, const char *reason,
                        const char *message)
{
    char now[TIME_TEXT_SIZE];
    struct json *condition = NULL;

    JSON_FOREACH (candidate, conditions) {
        if (str_equal(json_str(candidate, "type"), type))
            condition = candidate;
    }
    if (!condition) {
        condition = json_new_object();
        json_set_str(condition, "type", type);
        json_append(conditions, condition);
    }
    if (!str_equal(json_str(condition, "status"), status)) {
        json_set_str(condition, "status", status);
        json_set_str(condition, "lastTransitionTime", time_format(wall, 0, now));
    }
    json_set_str(condition, "reason", reason);
    json_set_str(condition, "message", message);
}

/* -- rules -- */

static void need(const struct json *object, const char *path, const char *field, struct kapi_causes *causes)
{
    if (str_is_empty(json_str(object, path)))
        kapi_causes_add(causes, KAPI_REQUIRED, field, "Required value");
}

static void check_versions(const struct json *object, struct kapi_causes *causes)
{
    size_t index = 0, storage = 0;

    JSON_FOREACH (version, json_get(object, "spec/versions")) {
        CLEANUP_FREE char *path = mem_printf("spec.versions[%zu].schema.openAPIV3Schema", index++);
        const struct json *schema = json_get(version, "schema/openAPIV3Schema");
        storage += json_bool(version, "storage", false);
        if (!json_is(schema, JSON_OBJECT)) {
            kapi_causes_add(causes, KAPI_REQUIRED, path, "Required value: schemas are required");
            continue;
        }
        kapi_schema_free(kapi_schema_compile(schema, path, true, causes));
    }
    if (!index)
        kapi_causes_add(causes, KAPI_REQUIRED, "spec.versions", "Required value: must have at least one version");
    if (storage != 1)
        kapi_causes_add(causes, KAPI_INVALID, "spec.versions",
                        "Invalid value: \"array\": must have exactly one version marked as storage version");
}

static void check_name(const struct json *object, struct kapi_causes *causes)
{
    const char *group = json_str_or(object, "spec/group", ""), *name = json_str_or(object, "metadata/name", "");
    CLEANUP_FREE char *wanted = mem_printf("%s.%s", json_str_or(object, "spec/names/plural", ""), group);

    if (!str_equal(name, wanted))
        kapi_causes_add(causes, KAPI_INVALID, "metadata.name",
                        "Invalid value: \"%s\": must be spec.names.plural+\".\"+spec.group", name);
    bool protected_group = (str_has_suffix(group, ".k8s.io") || str_has_suffix(group, ".kubernetes.io")) &&
                           !str_has_suffix(group, ".x-k8s.io");
    if (protected_group && str_is_empty(json_str(object, "metadata/annotations/api-approved.kubernetes.io")))
        kapi_causes_add(
            causes, KAPI_REQUIRED, "metadata.annotations[api-approved.kubernetes.io]",
            "Required value: protected groups must have approval annotation \"api-approved.kubernetes.io\", see "
            "https://github.com/kubernetes/enhancements/pull/1111");
}

static bool is_true(const struct json *object, const char *type)
{
    JSON_FOREACH (condition, json_get(object, "status/conditions")) {
        if (str_equal(json_str(condition, "type"), type))
            return str_equal(json_str(condition, "status"), "True");
    }
    return false;
}

static void check_immutable(const struct json *object, const struct json *old, struct kapi_causes *causes)
{
    static const struct {
        const char *path, *field;
    } frozen[] = {{"spec/scope", "spec.scope"},
                  {"spec/group", "spec.group"},
                  {"spec/names/plural", "spec.names.plural"},
                  {"spec/names/kind", "spec.names.kind"}};

    for (size_t i = 0; is_true(old, "Established") && i < ARRAY_SIZE(frozen); i++) {
        const char *before = json_str_or(old, frozen[i].path, ""), *after = json_str_or(object, frozen[i].path, "");
        if (!str_equal(before, after))
            kapi_causes_add(causes, KAPI_INVALID, frozen[i].field, "Invalid value: \"%s\": field is immutable", after);
    }
}

static bool lists(const struct json *array, const char *member, const char *text)
{
    JSON_FOREACH (item, array) {
        if (str_equal(json_str(item, member), text))
            return true;
    }
    return false;
}

static void check_stored_versions(const struct json *object, struct kapi_causes *causes)
{
    size_t index = 0;

    JSON_FOREACH (stored, json_get(object, "status/storedVersions")) {
        const char *name = json_str_or(stored, "", "");
        CLEANUP_FREE char *field = mem_printf("status.storedVersions[%zu]", index++);
        if (!lists(json_get(object, "spec/versions"), "name", name))
            kapi_causes_add(
                causes, KAPI_INVALID, field,
                "Invalid value: \"%s\": missing from spec.versions; %s was previously a storage version, and must "
                "remain in spec.versions until a storage migration ensures no data remains persisted in %s and "
                "removes %s from status.storedVersions",
                name, name, name, name);
    }
}

struct kapi_status *kapi_crd_prepare(struct kapi *api, struct json *object, const struct json *old,
                                     const char *subresource, struct kapi_causes *causes)
{
    CLEANUP_FREE char *singular = str_lower(json_str_or(object, "spec/names/kind", ""));
    CLEANUP_FREE char *list_kind = mem_printf("%sList", json_str_or(object, "spec/names/kind", ""));

    if (!json_is(json_member(object, "spec"), JSON_OBJECT)) {
        kapi_causes_add(causes, KAPI_REQUIRED, "spec", "Required value");
        return NULL;
    }
    kapi_default(object, "spec/names/singular", singular);
    kapi_default(object, "spec/names/listKind", list_kind);
    kapi_default(object, "spec/conversion/strategy", "None");
    JSON_FOREACH (version, json_get(object, "spec/versions")) {
        if (json_bool(version, "storage", false) && !str_equal(subresource, "status") &&
            !lists(json_get(object, "status/storedVersions"), "", json_str_or(version, "name", ""))) {
            if (!json_get(object, "status/storedVersions"))
                json_set(object, "status/storedVersions", json_new_array());
            json_append_str(json_get(object, "status/storedVersions"), json_str_or(version, "name", ""));
        }
    }
    need(object, "spec/group", "spec.group", causes);
    need(object, "spec/scope", "spec.scope", causes);
    need(object, "spec/names/plural", "spec.names.plural", causes);
    need(object, "spec/names/kind", "spec.names.kind", causes);
    if (json_bool(object, "spec/preserveUnknownFields", false))
        kapi_causes_add(causes, KAPI_INVALID, "spec.preserveUnknownFields",
                        "Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                        "spec.versions[*].schema instead");
    check_name(object, causes);
    check_versions(object, causes);
    check_stored_versions(object, causes);
    if (old)
        check_immutable(object, old, causes);
    return NULL;
}

/* -- the resource -- */

/* KAPI-143: the text names the newest served version that is not deprecated. */
static char *deprecation_text(const struct json *crd, const struct json *version)
{
    const char *group = json_str_or(crd, "spec/group", ""), *kind = json_str_or(crd, "spec/names/kind", "");
    const char *name = json_str_or(version, "name", ""), *better = NULL;

    if (json_str(version, "deprecationWarning"))
        return mem_strdup(json_str(version, "deprecationWarning"));
    JSON_FOREACH (other, json_get(crd, "spec/versions")) {
        const char *candidate = json_str_or(other, "name", "");
        if (json_bool(other, "served", false) && !json_bool(other, "deprecated", false) &&
            kapi_version_compare(candidate, better ? better : name) < 0)
            better = candidate;
    }
    if (!better)
        return mem_printf("%s/%s %s is deprecated", group, name, kind);
    return mem_printf("%s/%s %s is deprecated; use %s/%s %s", group, name, kind, group, better, kind);
}

/* ".spec.x" of selectableFields to a label and a path. */
static struct kapi_field_label *selectable(const struct json *fields)
{
    if (!json_len(fields))
        return NULL;
    struct kapi_field_label *labels = mem_alloc_array(json_len(fields) + 1, sizeof(*labels));
    size_t len = 0;
    JSON_FOREACH (field, fields) {
        const char *path = json_str_or(field, "jsonPath", "");
        labels[len].label = mem_strdup(path + (*path == '.'));
        labels[len++].path = str_replace(path + (*path == '.'), ".", "/");
    }
    return labels;
}

static void init_version(struct kapi_version *version, const struct json *crd, const struct json *text)
{
    CLEANUP_CAUSES struct kapi_causes ignored = {0};
    const struct json *schema = json_get(text, "schema/openAPIV3Schema");

    version->group = mem_strdup(json_str_or(crd, "spec/group", ""));
    version->name = mem_strdup(json_str_or(text, "name", ""));
    version->api_version = mem_printf("%s/%s", version->group, version->name);
    version->served = json_bool(text, "served", false);
    version->deprecated = json_bool(text, "deprecated", false);
    if (version->deprecated)
        version->deprecation_warning = deprecation_text(crd, text);
    version->schema = kapi_schema_compile(schema, "schema", true, &ignored);
    version->openapi = json_copy(schema);
    version->has_status = json_get(text, "subresources/status");
    version->scale = json_copy(json_get(text, "subresources/scale"));
    version->columns = kapi_columns_compile(json_member(text, "additionalPrinterColumns"));
    version->field_labels = selectable(json_member(text, "selectableFields"));
}

struct kapi_resource *kapi_crd_resource(struct kapi *api, const struct json *crd)
{
    struct kapi_resource *resource = mem_alloc(sizeof(*resource));
    const struct json *names = json_get(crd, "spec/names"), *versions = json_get(crd, "spec/versions");
    size_t index = 0;

    resource->refs = 1;
    resource->group = mem_strdup(json_str_or(crd, "spec/group", ""));
    resource->plural = mem_strdup(json_str_or(names, "plural", ""));
    resource->singular = mem_strdup(json_str_or(names, "singular", ""));
    resource->kind = mem_strdup(json_str_or(names, "kind", ""));
    resource->list_kind = mem_strdup(json_str_or(names, "listKind", ""));
    resource->short_names = json_str_list(json_member(names, "shortNames"));
    resource->categories = json_str_list(json_member(names, "categories"));
    resource->namespaced = str_equal(json_str(crd, "spec/scope"), "Namespaced");
    resource->conversion = json_copy(json_get(crd, "spec/conversion"));
    resource->crd_name = mem_strdup(json_str_or(crd, "metadata/name", ""));
    resource->crd_generation = json_int(crd, "metadata/generation", 0);
    resource->terminating = json_str(crd, "metadata/deletionTimestamp");
    resource->collection = kapi_store_collection(api->store, resource->group, resource->plural);
    resource->version_count = json_len(versions);
    resource->versions = mem_alloc_array(resource->version_count, sizeof(*resource->versions));
    JSON_FOREACH (version, versions) {
        if (json_bool(version, "storage", false))
            resource->storage_version = index;
        init_version(&resource->versions[index++], crd, version);
    }
    return resource;
}

/* -- conditions -- */

static bool takes_name(const struct kapi_resource *resource, const char *name)
{
    for (char **known = resource->short_names; known && *known; known++) {
        if (str_equal(*known, name))
            return true;
    }
    return str_equal(resource->singular, name) || str_equal(resource->plural, name);
}

struct clash {
    const char *reason;
    char *message;
};

/* The first name of the CRD that another resource of its group has already (KAPI-135). */
static bool find_clash(const struct kapi *api, const struct json *crd, struct clash *ret)
{
    const struct json *names = json_get(crd, "spec/names");

    for (size_t i = 0; i < kapi_registry_len(api->registry); i++) {
        const struct kapi_resource *other = kapi_registry_at(api->registry, i);
        const char *taken = NULL;
        if (!str_equal(other->group, json_str(crd, "spec/group")) ||
            str_equal(other->crd_name, json_str(crd, "metadata/name")))
            continue;
        if (takes_name(other, taken = json_str_or(names, "singular", "")))
            ret->reason = "SingularConflict";
        else if (str_equal(other->kind, taken = json_str_or(names, "kind", "")))
            ret->reason = "KindConflict";
        else if (str_equal(other->list_kind, taken = json_str_or(names, "listKind", "")))
            ret->reason = "ListKindConflict";
        JSON_FOREACH (short_name, json_member(names, "shortNames")) {
            if (!ret->reason && takes_name(other, taken = json_str_or(short_name, "", "")))
                ret->reason = "ShortNamesConflict";
        }
        if (ret->reason) {
            ret->message = mem_printf("\"%s\" is already in use", taken);
            return true;
        }
    }
    return false;
}

struct accepting {
    struct kapi *api;
    const struct clash *clash;
};

/* Writes what the API server's own controllers write: accepted names, conditions, the finalizer. */
static bool accept_crd(void *arg, struct json *crd)
{
    const struct accepting *accepting = arg;
    int64_t wall = rt_wall(accepting->api->rt);
    CLEANUP(json_free) struct json *before = json_copy(crd);
    bool terminating = json_str(crd, "metadata/deletionTimestamp");

    if (!json_is(json_get(crd, "status/conditions"), JSON_ARRAY))
        json_set(crd, "status/conditions", json_new_array());
    struct json *conditions = json_get(crd, "status/conditions");
    if (accepting->clash->reason) {
        kapi_set_condition(conditions, wall, "NamesAccepted", "False", accepting->clash->reason,
                           accepting->clash->message);
        if (!is_true(crd, "Established"))
            kapi_set_condition(conditions, wall, "Established", "False", "NotAccepted", "not all names are accepted");
        if (!json_get(crd, "status/acceptedNames")) {
            json_set_str(crd, "status/acceptedNames/plural", "");
            json_set_str(crd, "status/acceptedNames/kind", "");
        }
    } else {
        kapi_set_condition(conditions, wall, "NamesAccepted", "True", "NoConflicts", "no conflicts found");
        kapi_set_condition(conditions, wall, "Established", "True", "InitialNamesAccepted",
                           "the initial names have been accepted");
        json_set(crd, "status/acceptedNames", json_copy(json_get(crd, "spec/names")));
    }
    if (terminating)
        kapi_set_condition(conditions, wall, "Terminating", "True", "InstanceDeletionPending",
                           "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon");
    else
        kapi_set_finalizer(crd, CLEANUP_FINALIZER, true);
    return !json_equal(before, crd);
}

static bool apply_defaults(void *arg, struct json *object)
{
    return kapi_schema_default(arg, object);
}

static struct kapi_resource *registered(const struct kapi *api, const char *crd_name)
{
    for (size_t i = 0; i < kapi_registry_len(api->registry); i++) {
        if (str_equal(kapi_registry_at(api->registry, i)->crd_name, crd_name))
            return kapi_registry_at(api->registry, i);
    }
    return NULL;
}

void kapi_crd_changed(struct kapi *api, struct kapi_object *crd)
{
    struct clash clash = {0};
    struct accepting accepting = {api, &clash};
    struct kapi_resource *crds =
        kapi_registry_builtin(api->registry, "apiextensions.k8s.io", "customresourcedefinitions");
    const struct kapi_resource *known = registered(api, crd->name);
    bool accepted = !find_clash(api, crd->json, &clash) || is_true(crd->json, "Established");

    if (accepted && (!known || known->crd_generation != json_int(crd->json, "metadata/generation", 0))) {
        struct kapi_resource *resource = kapi_crd_resource(api, crd->json);
        kapi_registry_set(api->registry, resource);
        kapi_collection_rewrite(resource->collection, apply_defaults, kapi_storage_version(resource)->schema);
    }
    /* This writes the CRD, and comes back here; by then there is nothing left to change. */
    kapi_edit(api, crds, NULL, crd->name, accept_crd, &accepting);
    free(clash.message);
}
