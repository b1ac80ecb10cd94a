/* SPDX-License-Identifier: Apache-2.0 */
/* Strategic merge patch. */
#include "sim/kube-api/smp.h"

#include <stdlib.h>
#include <string.h>

#define ORDER "$setElementOrder/"
#define DELETE_FROM "$deleteFromPrimitiveList/"
#define RETAIN "$retainKeys"
#define PATCH "$patch"

static struct kapi_status *merge_object(const struct kapi_schema *schema, const struct json *patch,
                                        struct json *target);

static bool same_item(const char *key, const struct json *a, const struct json *b)
{
    return *key ? json_equal(json_member(a, key), json_member(b, key)) && json_member(a, key) : json_equal(a, b);
}

static bool list_has(const struct json *list, const char *key, const struct json *item)
{
    JSON_FOREACH (candidate, list) {
        if (same_item(key, candidate, item))
            return true;
    }
    return false;
}

/* Takes items out of an array when `drop` lists them. */
static void drop_items(struct json *array, const char *key, const struct json *drop)
{
    for (size_t i = 0; i < json_len(array);) {
        if (!list_has(drop, key, json_item(array, i))) {
            i++;
            continue;
        }
        CLEANUP_FREE char *path = mem_printf("%zu", i);
        json_remove(array, path);
    }
}

/* A patch without its directives, nested ones too, as it stands when there is nothing to merge with. */
static struct json *without_directives(const struct json *patch)
{
    if (json_is(patch, JSON_ARRAY)) {
        struct json *list = json_new_array();
        JSON_FOREACH (item, patch) {
            if (!json_str(item, PATCH))
                json_append(list, without_directives(item));
        }
        return list;
    }
    if (!json_is(patch, JSON_OBJECT))
        return json_copy(patch);
    struct json *object = json_new_object();
    JSON_FOREACH (member, patch) {
        if (json_key(member)[0] != '$' && !json_is(member, JSON_NULL))
            json_put(object, json_key(member), without_directives(member));
    }
    return object;
}

/* Items of the patch change their counterparts; new ones go before the old ones that no one named. */
static struct kapi_status *merge_list(const struct kapi_schema *schema, const struct json *patch, struct json *target)
{
    const char *key = schema->merge_key;
    struct json *added = json_new_array();
    struct kapi_status *status = NULL;

    JSON_FOREACH (item, patch) {
        const char *directive = json_str(item, PATCH);
        struct json *found = NULL;
        JSON_FOREACH (candidate, target) {
            if (same_item(key, candidate, item))
                found = candidate;
        }
        if (str_equal(directive, "delete")) {
            struct json *drop = json_new_array();
            json_append(drop, json_copy(item));
            drop_items(target, key, drop);
            json_free(drop);
        } else if (str_equal(directive, "replace") && json_len(item) == 1) {
            while (json_len(target))
                json_remove(target, "0");
        } else if (found && *key) {
            status = status ? status : merge_object(schema->items, item, found);
        } else if (!found) {
            json_append(added, without_directives(item));
        }
    }
    size_t index = 0;
    JSON_FOREACH (item, added)
        json_insert(target, index++, json_copy(item));
    json_free(added);
    return status;
}

/* Sorts a list as $setElementOrder says; items that it does not name keep their place behind what they followed. */
static void set_order(const struct kapi_schema *schema, const struct json *order, struct json *object, const char *name)
{
    const struct json *list = json_member(object, name);
    const char *key = schema && schema->merge_key ? schema->merge_key : NULL;

    if (!key || !json_is(list, JSON_ARRAY))
        return;
    struct json *sorted = json_new_array();
    JSON_FOREACH (wanted, order) {
        JSON_FOREACH (item, list) {
            if (same_item(key, item, wanted))
                json_append(sorted, json_copy(item));
        }
    }
    size_t index = 0;
    JSON_FOREACH (item, list) {
        if (!list_has(order, key, item))
            json_insert(sorted, index, json_copy(item));
        index++;
    }
    json_put(object, name, sorted);
}

static void retain_keys(const struct json *keys, struct json *target)
{
    for (struct json *member = json_first(target), *next; member; member = next) {
        bool kept = false;
        next = json_next(member);
        JSON_FOREACH (key, keys)
            kept = kept || str_equal(json_str(key, ""), json_key(member));
        if (!kept)
            json_remove_member(target, json_key(member));
    }
}

static struct kapi_status *merge_member(const struct kapi_schema *schema, const struct json *patch, struct json *target)
{
    const char *name = json_key(patch);
    const struct kapi_schema *member = kapi_schema_member(schema, name);
    struct json *current = json_member(target, name);

    if (json_is(patch, JSON_NULL)) {
        json_remove_member(target, name);
    } else if (json_is(patch, JSON_OBJECT) && str_equal(json_str(patch, PATCH), "replace")) {
        json_put(target, name, without_directives(patch));
    } else if (json_is(patch, JSON_OBJECT) && str_equal(json_str(patch, PATCH), "delete")) {
        json_remove_member(target, name);
    } else if (json_is(patch, JSON_OBJECT) && json_is(current, JSON_OBJECT)) {
        return merge_object(member, patch, current);
    } else if (json_is(patch, JSON_ARRAY) && json_is(current, JSON_ARRAY) && member && member->merge_key) {
        return merge_list(member, patch, current);
    } else {
        json_put(target, name, without_directives(patch));
    }
    return NULL;
}

static struct kapi_status *merge_object(const struct kapi_schema *schema, const struct json *patch, struct json *target)
{
    const char *directive = json_str(patch, PATCH);

    if (directive && !str_equal(directive, "merge") && !str_equal(directive, "replace") &&
        !str_equal(directive, "delete"))
        return kapi_bad_request("unknown patch type: %s", directive);
    if (json_is(json_member(patch, RETAIN), JSON_ARRAY))
        retain_keys(json_member(patch, RETAIN), target);
    JSON_FOREACH (member, patch) {
        const char *name = json_key(member);
        if (str_has_prefix(name, DELETE_FROM) && json_member(target, name + strlen(DELETE_FROM)))
            drop_items(json_member(target, name + strlen(DELETE_FROM)), "", member);
        if (name[0] != '$')
            TRY_STATUS(merge_member(schema, member, target));
    }
    JSON_FOREACH (member, patch) {
        const char *name = json_key(member);
        if (str_has_prefix(name, ORDER))
            set_order(kapi_schema_member(schema, name + strlen(ORDER)), member, target, name + strlen(ORDER));
    }
    return NULL;
}

struct kapi_status *kapi_strategic_merge(const struct kapi_schema *schema, const struct json *patch,
                                         struct json **document)
{
    if (str_equal(json_str(patch, PATCH), "replace")) {
        struct json *replaced = without_directives(patch);
        json_free(*document);
        *document = replaced;
        return NULL;
    }
    return merge_object(schema, patch, *document);
}
