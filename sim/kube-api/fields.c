/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of fields as trees; children are sorted by their step. */
#include "sim/kube-api/fields.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/vec.h"

struct kapi_fields {
    char *step; /* NULL at the root */
    bool member;
    struct kapi_fields **items;
    size_t len, cap;
};

struct kapi_fields *kapi_fields_new(void)
{
    return mem_alloc(sizeof(struct kapi_fields));
}

void kapi_fields_free(struct kapi_fields *fields)
{
    if (!fields)
        return;
    for (size_t i = 0; i < fields->len; i++)
        kapi_fields_free(fields->items[i]);
    free(fields->items);
    free(fields->step);
    free(fields);
}

static size_t position(const struct kapi_fields *fields, const char *step, bool *ret_found)
{
    size_t low = 0, high = fields->len;

    *ret_found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(fields->items[middle]->step, step);
        if (!order) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct kapi_fields *find(const struct kapi_fields *fields, const char *step)
{
    bool found;
    size_t at = position(fields, step, &found);
    return found ? fields->items[at] : NULL;
}

static struct kapi_fields *child(struct kapi_fields *fields, const char *step)
{
    bool found;
    size_t at = position(fields, step, &found);

    if (found)
        return fields->items[at];
    struct kapi_fields *made = kapi_fields_new();
    made->step = mem_strdup(step);
    VEC_PUSH(fields, made);
    memmove(&fields->items[at + 1], &fields->items[at], (fields->len - 1 - at) * sizeof(*fields->items));
    fields->items[at] = made;
    return made;
}

bool kapi_fields_empty(const struct kapi_fields *fields)
{
    return !fields->member && !fields->len;
}

/* Removes children that say nothing. */
static void prune(struct kapi_fields *fields)
{
    size_t kept = 0;

    for (size_t i = 0; i < fields->len; i++) {
        if (kapi_fields_empty(fields->items[i]))
            kapi_fields_free(fields->items[i]);
        else
            fields->items[kept++] = fields->items[i];
    }
    fields->len = kept;
}

/* -- JSON -- */

static void read_json(const struct json *json, struct kapi_fields *ret)
{
    JSON_FOREACH (entry, json) {
        const char *step = json_key(entry);
        if (str_equal(step, ".")) {
            ret->member = true;
            continue;
        }
        if (!json_is(entry, JSON_OBJECT) || strlen(step) < 2 || step[1] != ':')
            continue;
        struct kapi_fields *below = child(ret, step);
        if (!json_len(entry))
            below->member = true;
        read_json(entry, below);
    }
}

struct kapi_fields *kapi_fields_from_json(const struct json *json)
{
    struct kapi_fields *fields = kapi_fields_new();
    read_json(json, fields);
    return fields;
}

struct json *kapi_fields_json(const struct kapi_fields *fields)
{
    struct json *json = json_new_object();

    if (fields->member && fields->len)
        json_put(json, ".", json_new_object());
    for (size_t i = 0; i < fields->len; i++)
        json_put(json, fields->items[i]->step, kapi_fields_json(fields->items[i]));
    return json;
}

/* -- sets -- */

bool kapi_fields_equal(const struct kapi_fields *a, const struct kapi_fields *b)
{
    if (a->member != b->member || a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++) {
        if (!str_equal(a->items[i]->step, b->items[i]->step) || !kapi_fields_equal(a->items[i], b->items[i]))
            return false;
    }
    return true;
}

void kapi_fields_add(struct kapi_fields *into, const struct kapi_fields *what)
{
    into->member = into->member || what->member;
    for (size_t i = 0; i < what->len; i++)
        kapi_fields_add(child(into, what->items[i]->step), what->items[i]);
}

void kapi_fields_subtract(struct kapi_fields *from, const struct kapi_fields *what)
{
    if (what->member)
        from->member = false;
    for (size_t i = 0; i < what->len; i++) {
        struct kapi_fields *below = find(from, what->items[i]->step);
        if (below)
            kapi_fields_subtract(below, what->items[i]);
    }
    prune(from);
}

struct kapi_fields *kapi_fields_intersect(const struct kapi_fields *a, const struct kapi_fields *b)
{
    struct kapi_fields *both = kapi_fields_new();

    both->step = mem_strdup(a->step);
    both->member = a->member && b->member;
    for (size_t i = 0; i < a->len; i++) {
        const struct kapi_fields *other = find(b, a->items[i]->step);
        if (other)
            VEC_PUSH(both, kapi_fields_intersect(a->items[i], other));
    }
    prune(both);
    return both;
}

/* `k:{"name":"x"}` to `[name="x"]`, `v:"a"` to `[="a"]`. */
static void add_step(struct strbuf *path, const char *step)
{
    CLEANUP(json_free) struct json *value = NULL;

    if (step[0] == 'f') {
        strbuf_addf(path, ".%s", step + 2);
        return;
    }
    struct error *err = json_parse(step + 2, strlen(step + 2), &value);
    error_free(err);
    strbuf_addc(path, '[');
    if (step[0] == 'v')
        strbuf_addf(path, "=%s", step + 2);
    else if (step[0] == 'i')
        strbuf_adds(path, step + 2);
    JSON_FOREACH (key, step[0] == 'k' ? value : NULL) {
        CLEANUP_FREE char *text = json_print(key);
        strbuf_addf(path, "%s%s=%s", path->data[path->len - 1] == '[' ? "" : ",", json_key(key), text);
    }
    strbuf_addc(path, ']');
}

static void each(const struct kapi_fields *fields, const char *prefix, void (*fn)(void *arg, const char *path),
                 void *arg)
{
    CLEANUP_STRBUF struct strbuf path = STRBUF_INIT;

    strbuf_adds(&path, prefix);
    if (fields->step)
        add_step(&path, fields->step);
    if (fields->member)
        fn(arg, strbuf_str(&path));
    for (size_t i = 0; i < fields->len; i++)
        each(fields->items[i], strbuf_str(&path), fn, arg);
}

void kapi_fields_each(const struct kapi_fields *fields, void (*fn)(void *arg, const char *path), void *arg)
{
    each(fields, "", fn, arg);
}

/* -- values -- */

bool kapi_is_granular(const struct kapi_schema *schema, const struct json *value)
{
    if (json_is(value, JSON_OBJECT))
        return !schema || !schema->map_atomic;
    return json_is(value, JSON_ARRAY) && schema && schema->list_type != LIST_ATOMIC;
}

char *kapi_fields_item(const struct kapi_schema *list, const struct json *item)
{
    if (list->list_type == LIST_SET) {
        CLEANUP_FREE char *text = json_print(item);
        return mem_printf("v:%s", text);
    }
    CLEANUP(json_free) struct json *key = json_new_object();
    for (char **name = list->list_keys; name && *name; name++) {
        const struct json *part = json_member(item, *name);
        const struct kapi_schema *schema = kapi_schema_member(list->items, *name);
        if (!part && schema)
            part = schema->default_value;
        if (part)
            json_put(key, *name, json_copy(part));
    }
    json_sort_members(key);
    CLEANUP_FREE char *text = json_print(key);
    return mem_printf("k:%s", text);
}

static void collect_into(const struct kapi_schema *schema, const struct json *value, bool containers,
                         struct kapi_fields *node)
{
    bool granular = kapi_is_granular(schema, value);

    if (!granular || !json_len(value) || containers)
        node->member = true;
    if (granular)
        kapi_fields_collect(schema, value, containers, node);
}

void kapi_fields_collect(const struct kapi_schema *schema, const struct json *value, bool containers,
                         struct kapi_fields *ret)
{
    if (!kapi_is_granular(schema, value))
        return;
    JSON_FOREACH (member, value) {
        if (json_is(value, JSON_OBJECT)) {
            CLEANUP_FREE char *step = mem_printf("f:%s", json_key(member));
            collect_into(kapi_schema_member(schema, json_key(member)), member, containers, child(ret, step));
            continue;
        }
        CLEANUP_FREE char *step = kapi_fields_item(schema, member);
        struct kapi_fields *node = child(ret, step);
        collect_into(schema->items, member, containers, node);
        node->member = true;
    }
}

static const struct json *find_item(const struct kapi_schema *list, const struct json *value, const char *step)
{
    JSON_FOREACH (item, value) {
        CLEANUP_FREE char *other = kapi_fields_item(list, item);
        if (str_equal(other, step))
            return item;
    }
    return NULL;
}

static void diff_member(const struct kapi_schema *schema, const char *step, const struct json *old,
                        const struct json *value, struct kapi_fields *changed, struct kapi_fields *removed)
{
    if (old && value && json_type(old) == json_type(value) && kapi_is_granular(schema, value)) {
        kapi_fields_diff(schema, old, value, child(changed, step), child(removed, step));
        return;
    }
    if (old && (!value || kapi_is_granular(schema, old)))
        collect_into(schema, old, true, child(removed, step));
    if (value && !(old && json_equal(old, value)))
        collect_into(schema, value, true, child(changed, step));
}

static void diff_objects(const struct kapi_schema *schema, const struct json *old, const struct json *value,
                         struct kapi_fields *changed, struct kapi_fields *removed)
{
    JSON_FOREACH (member, value) {
        const struct json *before = json_member(old, json_key(member));
        if (before && json_equal(before, member))
            continue; /* as most do */
        CLEANUP_FREE char *step = mem_printf("f:%s", json_key(member));
        diff_member(kapi_schema_member(schema, json_key(member)), step, before, member, changed, removed);
    }
    JSON_FOREACH (member, old) {
        if (json_member(value, json_key(member)))
            continue;
        CLEANUP_FREE char *step = mem_printf("f:%s", json_key(member));
        diff_member(kapi_schema_member(schema, json_key(member)), step, member, NULL, changed, removed);
    }
}

static void diff_lists(const struct kapi_schema *schema, const struct json *old, const struct json *value,
                       struct kapi_fields *changed, struct kapi_fields *removed)
{
    const struct json *guess = json_first(old); /* most items stay what and where they are */

    JSON_FOREACH (item, value) {
        bool same = guess && json_equal(guess, item);
        guess = guess ? json_next(guess) : NULL;
        if (same)
            continue;
        CLEANUP_FREE char *step = kapi_fields_item(schema, item);
        diff_member(schema->items, step, find_item(schema, old, step), item, changed, removed);
    }
    guess = json_first(value);
    JSON_FOREACH (item, old) {
        bool same = guess && json_equal(guess, item);
        guess = guess ? json_next(guess) : NULL;
        if (same)
            continue;
        CLEANUP_FREE char *step = kapi_fields_item(schema, item);
        if (!find_item(schema, value, step))
            diff_member(schema->items, step, item, NULL, changed, removed);
    }
}

void kapi_fields_diff(const struct kapi_schema *schema, const struct json *old, const struct json *value,
                      struct kapi_fields *changed, struct kapi_fields *removed)
{
    if (json_is(value, JSON_OBJECT))
        diff_objects(schema, old, value, changed, removed);
    else
        diff_lists(schema, old, value, changed, removed);
    prune(changed);
    prune(removed);
}

static void remove_members(const struct kapi_schema *schema, struct json *object, const struct kapi_fields *fields)
{
    for (size_t i = 0; i < fields->len; i++) {
        const struct kapi_fields *below = fields->items[i];
        struct json *member = below->step[0] == 'f' ? json_member(object, below->step + 2) : NULL;
        if (!member)
            continue;
        if (below->len && kapi_is_granular(kapi_schema_member(schema, below->step + 2), member))
            kapi_fields_remove(kapi_schema_member(schema, below->step + 2), member, below);
        else if (below->member)
            json_remove_member(object, below->step + 2);
        member = json_member(object, below->step + 2);
        if (member && below->len && (json_is(member, JSON_OBJECT) || json_is(member, JSON_ARRAY)) && !json_len(member))
            json_remove_member(object, below->step + 2);
    }
}

/* Items that are members of the set go, others may lose members of their own. */
static void remove_items(const struct kapi_schema *schema, struct json *array, const struct kapi_fields *fields)
{
    size_t index = 0;

    while (index < json_len(array)) {
        struct json *item = json_item(array, index);
        CLEANUP_FREE char *step = kapi_fields_item(schema, item);
        const struct kapi_fields *below = find(fields, step);
        if (below && below->member) {
            CLEANUP_FREE char *path = mem_printf("%zu", index);
            json_remove(array, path);
            continue;
        }
        if (below)
            kapi_fields_remove(schema->items, item, below);
        index++;
    }
}

void kapi_fields_remove(const struct kapi_schema *schema, struct json *value, const struct kapi_fields *fields)
{
    if (json_is(value, JSON_OBJECT))
        remove_members(schema, value, fields);
    else if (json_is(value, JSON_ARRAY) && schema)
        remove_items(schema, value, fields);
}
