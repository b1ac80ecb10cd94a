/* SPDX-License-Identifier: Apache-2.0 */
/* Prunes and defaults objects by their schema (KAPI-140, 141, 157). */
#include "sim/kube-api/schema.h"

char *kapi_path_text(const struct kapi_path *path)
{
    const struct kapi_path *steps[JSON_DEPTH_MAX + 8];
    size_t count = 0;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    for (; path && count < ARRAY_SIZE(steps); path = path->parent)
        steps[count++] = path;
    if (!count)
        return mem_strdup("<nil>");
    while (count) {
        const struct kapi_path *step = steps[--count];
        if (step->name)
            strbuf_addf(&text, "%s%s", text.len ? "." : "", step->name);
        else
            strbuf_addf(&text, "[%zu]", step->index);
    }
    return strbuf_take(&text);
}

static void prune(const struct kapi_schema *schema, struct json *value, const struct kapi_path *path,
                  struct kapi_texts *unknown);

/* The type and metadata of an object within an object. */
static bool embedded_member(const char *name)
{
    return str_equal(name, "apiVersion") || str_equal(name, "kind") || str_equal(name, "metadata");
}

static void prune_object(const struct kapi_schema *schema, struct json *value, const struct kapi_path *path,
                         struct kapi_texts *unknown)
{
    struct json *next = NULL;

    for (struct json *child = json_first(value); child; child = next) {
        next = json_next(child);
        struct kapi_path step = {path, json_key(child), 0};
        const struct kapi_schema *member = kapi_schema_member(schema, step.name);
        if (member) {
            if (schema->drop_nulls && json_is(child, JSON_NULL))
                json_remove_member(value, json_key(child));
            else
                prune(member, child, &step, unknown);
            continue;
        }
        if (schema->preserve_unknown || (schema->embedded_resource && embedded_member(step.name)))
            continue;
        if (unknown) {
            CLEANUP_FREE char *text = kapi_path_text(&step);
            kapi_texts_add(unknown, "unknown field \"%s\"", text);
        }
        json_remove_member(value, json_key(child));
    }
}

static void prune(const struct kapi_schema *schema, struct json *value, const struct kapi_path *path,
                  struct kapi_texts *unknown)
{
    if (json_is(value, JSON_OBJECT)) {
        prune_object(schema, value, path, unknown);
    } else if (json_is(value, JSON_ARRAY) && schema->items) {
        struct kapi_path step = {path, NULL, 0};
        JSON_FOREACH (item, value) {
            prune(schema->items, item, &step, unknown);
            step.index++;
        }
    }
}

void kapi_schema_prune(const struct kapi_schema *schema, struct json *value, struct kapi_texts *unknown)
{
    prune(schema, value, NULL, unknown);
}

static bool default_object(const struct kapi_schema *schema, struct json *value)
{
    bool changed = false;

    if (schema->properties) {
        struct map_iter it = {0};
        while (map_next(schema->properties, &it)) {
            const struct kapi_schema *member = it.value;
            struct json *child = json_member(value, it.key);
            bool drop = child && json_is(child, JSON_NULL) && !member->nullable;
            if (child && !drop)
                continue;
            if (member->default_value) {
                json_put(value, it.key, json_copy(member->default_value));
                changed = true;
            } else if (drop && member->type != SCHEMA_ANY) {
                json_remove_member(value, it.key);
                changed = true;
            }
        }
    }
    JSON_FOREACH (child, value) {
        const struct kapi_schema *member = kapi_schema_member(schema, json_key(child));
        if (member && kapi_schema_default(member, child))
            changed = true;
    }
    return changed;
}

bool kapi_schema_default(const struct kapi_schema *schema, struct json *value)
{
    bool changed = false;

    if (json_is(value, JSON_OBJECT))
        return default_object(schema, value);
    if (!json_is(value, JSON_ARRAY) || !schema->items)
        return false;
    JSON_FOREACH (item, value) {
        if (kapi_schema_default(schema->items, item))
            changed = true;
    }
    return changed;
}
