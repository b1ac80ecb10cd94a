/* SPDX-License-Identifier: Apache-2.0 */
/* Server-side apply (KAPI-067…070, 074…078). */
#include <stdlib.h>
#include <string.h>

#include "lib/data/vec.h"
#include "sim/kube-api/managed.h"

/* -- merging -- */

static void merge_into(const struct kapi_schema *schema, struct json *live, const struct json *applied);

/* What merging `applied` into `live` gives; the caller owns it. */
static struct json *merged_value(const struct kapi_schema *schema, const struct json *live, const struct json *applied)
{
    if (!live || json_type(live) != json_type(applied) || !kapi_is_granular(schema, applied))
        return json_copy(applied);
    struct json *value = json_copy(live);
    merge_into(schema, value, applied);
    return value;
}

static void merge_list(const struct kapi_schema *schema, struct json *live, const struct json *applied)
{
    JSON_FOREACH (item, applied) {
        CLEANUP_FREE char *step = kapi_fields_item(schema, item);
        struct json *found = NULL;
        JSON_FOREACH (candidate, live) {
            CLEANUP_FREE char *other = kapi_fields_item(schema, candidate);
            if (str_equal(step, other))
                found = candidate;
        }
        if (!found)
            json_append(live, json_copy(item));
        else if (kapi_is_granular(schema->items, item))
            merge_into(schema->items, found, item);
    }
}

static void merge_into(const struct kapi_schema *schema, struct json *live, const struct json *applied)
{
    if (json_is(applied, JSON_ARRAY)) {
        merge_list(schema, live, applied);
        return;
    }
    JSON_FOREACH (member, applied) {
        const char *name = json_key(member);
        json_put(live, name, merged_value(kapi_schema_member(schema, name), json_member(live, name), member));
    }
}

/* -- conflicts -- */

struct conflicts {
    struct kapi_causes causes;
    struct kapi_texts paths; /* of the manager at hand */
    char *who;               /* `"m1"`, of updates `"m1" using v1` */
};

static void add_conflict(void *arg, const char *path)
{
    struct conflicts *conflicts = arg;

    kapi_causes_add(&conflicts->causes, "FieldManagerConflict", path, "conflict with %s", conflicts->who);
    kapi_texts_add(&conflicts->paths, "%s", path);
}

/* One manager's part of the message. */
static void print_conflicts(const struct conflicts *conflicts, struct strbuf *out)
{
    if (out->len)
        strbuf_addc(out, '\n');
    if (conflicts->paths.len == 1) {
        strbuf_addf(out, "conflict with %s: %s", conflicts->who, conflicts->paths.items[0]);
        return;
    }
    strbuf_addf(out, "conflicts with %s:", conflicts->who);
    for (size_t i = 0; i < conflicts->paths.len; i++)
        strbuf_addf(out, "\n- %s", conflicts->paths.items[i]);
}

/* KAPI-069. */
static struct kapi_status *conflict_status(struct kapi_managed *managed, const struct kapi_managed_entry *own,
                                           const struct kapi_fields *changed)
{
    struct conflicts conflicts = {0};
    CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
    struct kapi_status *status = NULL;

    VEC_FOREACH (entry, managed) {
        if (entry == own)
            continue;
        CLEANUP(kapi_fields_free) struct kapi_fields *both = kapi_fields_intersect(entry->fields, changed);
        conflicts.who = str_equal(entry->operation, "Update")
                            ? mem_printf("\"%s\" using %s", entry->manager, entry->api_version)
                            : mem_printf("\"%s\"", entry->manager);
        kapi_fields_each(both, add_conflict, &conflicts);
        if (conflicts.paths.len)
            print_conflicts(&conflicts, &list);
        kapi_texts_release(&conflicts.paths);
        free(conflicts.who);
    }
    size_t count = kapi_causes_len(&conflicts.causes);
    if (count) {
        status = kapi_status_new(409, "Conflict", "Apply failed with %zu conflict%s: %s", count, count > 1 ? "s" : "",
                                 strbuf_str(&list));
        status->details = json_new_object();
        json_set(status->details, "causes", TAKE_PTR(conflicts.causes.list));
    }
    kapi_causes_release(&conflicts.causes);
    return status;
}

/* -- checks -- */

static struct kapi_status *untyped(const struct kapi_call *call, const char *path, const char *problem)
{
    return kapi_status_new(500, NULL, "failed to create typed patch object (%s%s%s; %s, Kind=%s): %s: %s",
                           str_or(call->ns, ""), call->ns ? "/" : "", call->name, call->version->api_version,
                           call->resource->kind, path, problem);
}

static struct kapi_status *check_declared(struct kapi_call *call, const struct kapi_schema *schema,
                                          const struct json *value, const char *path)
{
    size_t index = 0;
    CLEANUP(map_free) struct map *seen = json_is(value, JSON_ARRAY) ? map_new(NULL) : NULL;

    JSON_FOREACH (member, value) {
        const struct kapi_schema *below =
            json_is(value, JSON_OBJECT) ? kapi_schema_member(schema, json_key(member)) : schema->items;
        CLEANUP_FREE char *step = json_is(value, JSON_OBJECT) ? mem_printf("%s.%s", path, json_key(member))
                                                              : mem_printf("%s[%zu]", path, index++);
        if (!below && json_is(value, JSON_OBJECT) && !schema->preserve_unknown && schema->type == SCHEMA_OBJECT)
            return untyped(call, step, "field not declared in schema");
        if (seen && schema->list_type != LIST_ATOMIC) {
            CLEANUP_FREE char *key = kapi_fields_item(schema, member);
            if (map_get(seen, key)) {
                CLEANUP_FREE char *problem = mem_printf("duplicate entries for key [%s]", key + 2);
                return untyped(call, path, problem);
            }
            map_set(seen, key, member);
        }
        if (below)
            TRY_STATUS(check_declared(call, below, member, step));
    }
    return NULL;
}

static struct kapi_status *check_applied(struct kapi_call *call, const struct json *applied)
{
    if (!json_is(applied, JSON_OBJECT))
        return kapi_bad_request("the applied configuration must be an object");
    if (json_get(applied, "metadata/managedFields"))
        return kapi_bad_request("metadata.managedFields must be nil");
    const char *name = json_str_or(applied, "metadata/name", "");
    if (*name && !str_equal(name, call->name))
        return kapi_bad_request("the name of the object (%s) does not match the name on the URL (%s)", name,
                                call->name);
    if (!*name)
        return kapi_bad_request("name must be provided");
    if (!str_equal(json_str(applied, "apiVersion"), call->version->api_version))
        return kapi_bad_request("the API version in the data (%s) does not match the expected API version (%s)",
                                json_str_or(applied, "apiVersion", ""), call->version->api_version);
    return check_declared(call, call->version->schema, applied, "");
}

/* Through /status only the status counts, else everything but it (KAPI-078). */
static struct json *relevant(const struct kapi_call *call, const struct json *applied)
{
    struct json *view = kapi_managed_view(applied, NULL);

    if (str_equal(call->subresource, "status")) {
        struct json *status = json_new_object();
        if (json_member(view, "status"))
            json_put(status, "status", json_copy(json_member(view, "status")));
        json_free(view);
        return status;
    }
    if (call->version->has_status)
        json_remove_member(view, "status");
    if (!json_len(json_member(view, "metadata")))
        json_remove_member(view, "metadata");
    return view;
}

/* -- apply -- */

/* Fields that this manager applied before and leaves out now go, unless somebody else has them too. */
static void drop_left_out(struct kapi_call *call, struct kapi_managed *managed, const struct kapi_managed_entry *own,
                          const struct kapi_fields *now, struct json *object)
{
    CLEANUP(kapi_fields_free) struct kapi_fields *gone = kapi_fields_new();

    kapi_fields_add(gone, own->fields);
    kapi_fields_subtract(gone, now);
    VEC_FOREACH (entry, managed) {
        if (entry != own)
            kapi_fields_subtract(gone, entry->fields);
    }
    kapi_fields_remove(call->version->schema, object, gone);
}

struct kapi_status *kapi_apply(struct kapi_call *call, const struct json *applied, const struct json *old,
                               struct json **ret)
{
    CLEANUP_MANAGED struct kapi_managed managed = {0};
    CLEANUP_FREE char *manager = kapi_manager_name(call);
    char time_text[TIME_TEXT_SIZE];

    call->is_apply = true;
    TRY_STATUS(check_applied(call, applied));
    CLEANUP(json_free) struct json *view = relevant(call, applied);
    CLEANUP(kapi_fields_free) struct kapi_fields *now = kapi_fields_new();
    kapi_fields_collect(call->version->schema, view, false, now);
    kapi_managed_read(old, &managed);
    struct kapi_managed_entry *own =
        kapi_managed_entry(&managed, manager, "Apply", call->version->api_version, call->subresource);

    CLEANUP(json_free) struct json *object = old ? json_copy(old) : json_copy(applied);
    CLEANUP(kapi_fields_free) struct kapi_fields *changed = kapi_fields_new(), *removed = kapi_fields_new();
    if (old) {
        merge_into(call->version->schema, object, view);
        drop_left_out(call, &managed, own, now, object);
        CLEANUP(json_free)
        struct json *before = kapi_managed_view(old, object), *after = kapi_managed_view(object, old);
        kapi_fields_diff(call->version->schema, before, after, changed, removed);
        /* What everybody but us owned is a conflict; what goes away is ours alone. */
        struct kapi_status *status = call->force ? NULL : conflict_status(&managed, own, changed);
        if (status)
            return status;
        const char *version = json_str(applied, "metadata/resourceVersion");
        if (version)
            json_set_str(object, "metadata/resourceVersion", version);
        const char *uid = json_str(applied, "metadata/uid");
        if (uid)
            json_set_str(object, "metadata/uid", uid);
    }
    bool same = old && kapi_fields_empty(changed) && kapi_fields_empty(removed) && kapi_fields_equal(own->fields, now);
    if (!same) {
        VEC_FOREACH (entry, &managed) {
            kapi_fields_subtract(entry->fields, removed);
            if (entry != own)
                kapi_fields_subtract(entry->fields, changed);
        }
        kapi_fields_free(own->fields);
        own->fields = TAKE_PTR(now);
        free(own->time);
        own->time = mem_strdup(kapi_now_text(call->api, time_text));
        kapi_managed_write(&managed, object);
    }
    *ret = TAKE_PTR(object);
    return NULL;
}
