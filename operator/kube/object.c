/* SPDX-License-Identifier: Apache-2.0 */
/* Accessors of what all Kubernetes objects have in common, and shared objects. */
#include "operator/kube/object.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/time.h"
#include "lib/data/vec.h"

struct kube_object {
    struct json *json;
    size_t refs;
};

struct kube_object *kube_object_new(struct json *json)
{
    struct kube_object *object = mem_alloc(sizeof(*object));
    object->json = json;
    object->refs = 1;
    return object;
}

struct kube_object *kube_object_ref(struct kube_object *object)
{
    if (object)
        object->refs++;
    return object;
}

void kube_object_unref(struct kube_object *object)
{
    if (!object || --object->refs > 0)
        return;
    json_free(object->json);
    free(object);
}

const struct json *kube_object_json(const struct kube_object *object)
{
    return object ? object->json : NULL;
}

struct json *kube_object_copy(const struct kube_object *object)
{
    return object ? json_copy(object->json) : NULL;
}

void kube_objects_add(struct kube_objects *objects, struct kube_object *object)
{
    VEC_PUSH(objects, kube_object_ref(object));
}

void kube_objects_release(struct kube_objects *objects)
{
    VEC_FOREACH (item, objects)
        kube_object_unref(*item);
    VEC_RELEASE(objects);
}

/* -- metadata -- */

const char *kube_name(const struct json *object)
{
    return json_str_or(object, "metadata/name", "");
}

const char *kube_namespace(const struct json *object)
{
    return json_str_or(object, "metadata/namespace", "");
}

const char *kube_uid(const struct json *object)
{
    return json_str_or(object, "metadata/uid", "");
}

const char *kube_resource_version(const struct json *object)
{
    return json_str_or(object, "metadata/resourceVersion", "");
}

int64_t kube_generation(const struct json *object)
{
    return json_int(object, "metadata/generation", 0);
}

bool kube_is_deleting(const struct json *object)
{
    return json_str(object, "metadata/deletionTimestamp") != NULL;
}

static const char *metadata_entry(const struct json *object, const char *map_path, const char *key)
{
    const struct json *entry = json_member(json_get(object, map_path), key);
    return json_str(entry, "");
}

const char *kube_label(const struct json *object, const char *key)
{
    return metadata_entry(object, "metadata/labels", key);
}

const char *kube_annotation(const struct json *object, const char *key)
{
    return metadata_entry(object, "metadata/annotations", key);
}

static void set_metadata_entry(struct json *object, const char *map_path, const char *key, const char *value)
{
    struct json *map = json_get(object, map_path);
    if (!value) {
        json_remove_member(map, key);
        return;
    }
    if (!json_is(map, JSON_OBJECT)) {
        json_set(object, map_path, json_new_object());
        map = json_get(object, map_path);
    }
    json_put_str(map, key, value);
}

void kube_set_label(struct json *object, const char *key, const char *value)
{
    set_metadata_entry(object, "metadata/labels", key, value);
}

void kube_set_annotation(struct json *object, const char *key, const char *value)
{
    set_metadata_entry(object, "metadata/annotations", key, value);
}

struct json *kube_object_make(const struct kube_resource *resource, const char *namespace, const char *name)
{
    CLEANUP_FREE char *api_version = kube_api_version(resource);
    struct json *object = json_new_object();
    json_set_str(object, "apiVersion", api_version);
    json_set_str(object, "kind", resource->kind);
    json_set(object, "metadata", json_new_object());
    json_set_str_opt(object, "metadata/name", name);
    json_set_str_opt(object, "metadata/namespace", namespace);
    return object;
}

/* -- finalizers -- */

static const char *const finalizers_path = "metadata/finalizers";

bool kube_has_finalizer(const struct json *object, const char *finalizer)
{
    JSON_FOREACH (item, json_get(object, finalizers_path))
        if (str_equal(json_str(item, ""), finalizer))
            return true;
    return false;
}

bool kube_add_finalizer(struct json *object, const char *finalizer)
{
    if (kube_has_finalizer(object, finalizer))
        return false;
    if (!json_is(json_get(object, finalizers_path), JSON_ARRAY))
        json_set(object, finalizers_path, json_new_array());
    json_append_str(json_get(object, finalizers_path), finalizer);
    return true;
}

/* Removes item `index` of the array at `path`; an array that became empty goes away, as Go's omitempty has it. */
static void remove_item(struct json *object, const char *path, size_t index)
{
    CLEANUP_FREE char *item_path = mem_printf("%s/%zu", path, index);
    json_remove(object, item_path);
    if (json_len(json_get(object, path)) == 0)
        json_remove(object, path);
}

bool kube_remove_finalizer(struct json *object, const char *finalizer)
{
    size_t index = 0;
    JSON_FOREACH (item, json_get(object, finalizers_path)) {
        if (str_equal(json_str(item, ""), finalizer)) {
            remove_item(object, finalizers_path, index);
            return true;
        }
        index++;
    }
    return false;
}

/* -- owners -- */

static const char *const owners_path = "metadata/ownerReferences";

const struct json *kube_owner(const struct json *object, const char *uid)
{
    JSON_FOREACH (owner, json_get(object, owners_path))
        if (str_equal(json_str(owner, "uid"), uid))
            return owner;
    return NULL;
}

const struct json *kube_controller_owner(const struct json *object)
{
    JSON_FOREACH (owner, json_get(object, owners_path))
        if (json_bool(owner, "controller", false))
            return owner;
    return NULL;
}

bool kube_set_owner(struct json *object, const struct kube_resource *owner_resource, const struct json *owner,
                    enum kube_owner_kind kind)
{
    CLEANUP_FREE char *api_version = kube_api_version(owner_resource);
    CLEANUP(json_free) struct json *reference = json_new_object();
    json_set_str(reference, "apiVersion", api_version);
    json_set_str(reference, "kind", owner_resource->kind);
    json_set_str(reference, "name", kube_name(owner));
    json_set_str(reference, "uid", kube_uid(owner));
    if (kind == KUBE_OWNER_CONTROLLER) {
        json_set_bool(reference, "controller", true);
        json_set_bool(reference, "blockOwnerDeletion", true);
    }
    size_t index = 0;
    JSON_FOREACH (existing, json_get(object, owners_path)) {
        if (str_equal(json_str(existing, "uid"), kube_uid(owner))) {
            if (json_equal(existing, reference))
                return false;
            CLEANUP_FREE char *path = mem_printf("%s/%zu", owners_path, index);
            json_set(object, path, TAKE_PTR(reference));
            return true;
        }
        index++;
    }
    if (!json_is(json_get(object, owners_path), JSON_ARRAY))
        json_set(object, owners_path, json_new_array());
    json_append(json_get(object, owners_path), TAKE_PTR(reference));
    return true;
}

bool kube_remove_owner(struct json *object, const char *uid)
{
    size_t index = 0;
    JSON_FOREACH (owner, json_get(object, owners_path)) {
        if (str_equal(json_str(owner, "uid"), uid)) {
            remove_item(object, owners_path, index);
            return true;
        }
        index++;
    }
    return false;
}

/* -- secrets -- */

char *kube_secret_value(const struct json *secret, const char *key, size_t *ret_len)
{
    const char *text = json_str(json_member(json_get(secret, "data"), key), "");
    if (!text)
        return NULL;
    void *data = NULL;
    size_t len = 0;
    CLEANUP(error_free) struct error *err = str_base64_decode(text, &data, &len);
    if (err)
        return NULL;
    if (ret_len)
        *ret_len = len;
    return data;
}

void kube_secret_set(struct json *secret, const char *key, const void *value, size_t len)
{
    if (!json_is(json_get(secret, "data"), JSON_OBJECT))
        json_set(secret, "data", json_new_object());
    CLEANUP_SECRET char *text = str_base64_encode(value, len);
    json_put_str(json_get(secret, "data"), key, text);
}

/* -- conditions -- */

static const char *const conditions_path = "status/conditions";

const struct json *kube_condition(const struct json *object, const char *type)
{
    JSON_FOREACH (condition, json_get(object, conditions_path))
        if (str_equal(json_str(condition, "type"), type))
            return condition;
    return NULL;
}

bool kube_condition_is(const struct json *object, const char *type, const char *status)
{
    return str_equal(json_str(kube_condition(object, type), "status"), status);
}

/* Sets a member and tells whether that changed anything. */
static bool set_text(struct json *object, const char *member, const char *text)
{
    if (str_equal(json_str(object, member), text))
        return false;
    json_set_str(object, member, text);
    return true;
}

bool kube_set_condition(struct json *object, const char *type, const char *status, const char *reason,
                        const char *message, int64_t wall)
{
    struct json *condition = (struct json *)kube_condition(object, type);
    bool changed = !condition;
    if (!condition) {
        if (!json_is(json_get(object, conditions_path), JSON_ARRAY))
            json_set(object, conditions_path, json_new_array());
        json_append(json_get(object, conditions_path), json_new_object());
        condition = json_item(json_get(object, conditions_path), json_len(json_get(object, conditions_path)) - 1);
        json_set_str(condition, "type", type);
    }
    if (set_text(condition, "status", status)) {
        char now[TIME_TEXT_SIZE];
        json_set_str(condition, "lastTransitionTime", time_format(wall, 0, now));
        changed = true;
    }
    changed |= set_text(condition, "reason", reason);
    changed |= set_text(condition, "message", message);
    int64_t generation = kube_generation(object);
    if (generation && json_int(condition, "observedGeneration", 0) != generation) {
        json_set_int(condition, "observedGeneration", generation);
        changed = true;
    }
    return changed;
}

bool kube_remove_condition(struct json *object, const char *type)
{
    size_t index = 0;
    JSON_FOREACH (condition, json_get(object, conditions_path)) {
        if (str_equal(json_str(condition, "type"), type)) {
            remove_item(object, conditions_path, index);
            return true;
        }
        index++;
    }
    return false;
}

/* -- selectors -- */

static bool holds(const struct json *values, const char *value)
{
    JSON_FOREACH (item, values)
        if (value && str_equal(json_str(item, ""), value))
            return true;
    return false;
}

static struct error *expression_matches(const struct json *expression, const struct json *object, bool *ret)
{
    const char *key, *operator;
    TRY(json_need_str(expression, "key", &key));
    TRY(json_need_str(expression, "operator", &operator));
    const char *value = kube_label(object, key);
    const struct json *values = json_get(expression, "values");
    if (str_equal(operator, "In"))
        *ret = holds(values, value);
    else if (str_equal(operator, "NotIn"))
        *ret = !holds(values, value);
    else if (str_equal(operator, "Exists"))
        *ret = value != NULL;
    else if (str_equal(operator, "DoesNotExist"))
        *ret = value == NULL;
    else
        return error_new(
            ERROR_INVALID,
            "label selector: operator \"%s\" of key \"%s\" is not one of In, NotIn, Exists, DoesNotExist", operator,
            key);
    return NULL;
}

struct error *kube_selector_matches(const struct json *selector, const struct json *object, bool *ret)
{
    bool matches = true;
    JSON_FOREACH (label, json_get(selector, "matchLabels"))
        matches &= str_equal(kube_label(object, json_key(label)), json_str(label, ""));
    JSON_FOREACH (expression, json_get(selector, "matchExpressions")) {
        bool this_one = false;
        TRY(expression_matches(expression, object, &this_one));
        matches &= this_one;
    }
    *ret = matches;
    return NULL;
}
