/* SPDX-License-Identifier: Apache-2.0 */
/* Who set which field: the bookkeeping of updates (KAPI-071…075). */
#include "sim/kube-api/managed.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/vec.h"

void kapi_managed_read(const struct json *object, struct kapi_managed *ret)
{
    JSON_FOREACH (entry, json_get(object, "metadata/managedFields")) {
        struct kapi_managed_entry item = {.manager = mem_strdup(json_str_or(entry, "manager", "")),
                                          .operation = mem_strdup(json_str_or(entry, "operation", "Update")),
                                          .api_version = mem_strdup(json_str_or(entry, "apiVersion", "")),
                                          .time = mem_strdup(json_str_or(entry, "time", "")),
                                          .subresource = mem_strdup(json_str_or(entry, "subresource", "")),
                                          .fields = kapi_fields_from_json(json_member(entry, "fieldsV1"))};
        VEC_PUSH(ret, item);
    }
}

void kapi_managed_release(struct kapi_managed *managed)
{
    VEC_FOREACH (entry, managed) {
        free(entry->manager);
        free(entry->operation);
        free(entry->api_version);
        free(entry->time);
        free(entry->subresource);
        kapi_fields_free(entry->fields);
    }
    VEC_RELEASE(managed);
}

struct kapi_managed_entry *kapi_managed_entry(struct kapi_managed *managed, const char *manager, const char *operation,
                                              const char *api_version, const char *subresource)
{
    VEC_FOREACH (entry, managed) {
        if (str_equal(entry->manager, manager) && str_equal(entry->operation, operation) &&
            str_equal(entry->api_version, api_version) && str_equal(entry->subresource, str_or(subresource, "")))
            return entry;
    }
    struct kapi_managed_entry made = {mem_strdup(manager),
                                      mem_strdup(operation),
                                      mem_strdup(api_version),
                                      mem_strdup(""),
                                      mem_strdup(str_or(subresource, "")),
                                      kapi_fields_new()};
    VEC_PUSH(managed, made);
    return &managed->items[managed->len - 1];
}

static int compare_entries(const void *left, const void *right)
{
    const struct kapi_managed_entry *a = left, *b = right;
    int order = strcmp(a->operation, b->operation); /* Apply before Update */

    order = order ? order : strcmp(a->time, b->time);
    order = order ? order : strcmp(a->manager, b->manager);
    order = order ? order : strcmp(a->api_version, b->api_version);
    return order ? order : strcmp(a->subresource, b->subresource);
}

void kapi_managed_write(struct kapi_managed *managed, struct json *object)
{
    struct json *list = json_new_array();

    if (managed->len)
        qsort(managed->items, managed->len, sizeof(*managed->items), compare_entries);
    VEC_FOREACH (entry, managed) {
        if (kapi_fields_empty(entry->fields))
            continue;
        struct json *item = json_new_object();
        json_set_str(item, "manager", entry->manager);
        json_set_str(item, "operation", entry->operation);
        json_set_str(item, "apiVersion", entry->api_version);
        json_set_str_opt(item, "time", entry->time);
        json_set_str(item, "fieldsType", "FieldsV1");
        json_set(item, "fieldsV1", kapi_fields_json(entry->fields));
        json_set_str_opt(item, "subresource", entry->subresource);
        json_append(list, item);
    }
    if (json_len(list)) {
        json_set(object, "metadata/managedFields", list);
    } else {
        json_free(list);
        json_remove(object, "metadata/managedFields");
    }
}

static bool is_unowned(const char *name)
{
    static const char *const unowned[] = {"name",
                                          "namespace",
                                          "uid",
                                          "creationTimestamp",
                                          "selfLink",
                                          "generation",
                                          "managedFields",
                                          "resourceVersion",
                                          "deletionTimestamp",
                                          "deletionGracePeriodSeconds"};

    for (size_t i = 0; i < ARRAY_SIZE(unowned); i++) {
        if (str_equal(name, unowned[i]))
            return true;
    }
    return false;
}

struct json *kapi_managed_view(const struct json *object, const struct json *like)
{
    struct json *view = json_new_object(), *metadata = json_new_object();

    JSON_FOREACH (member, object) {
        const char *name = json_key(member);
        if (!str_equal(name, "apiVersion") && !str_equal(name, "kind") && !str_equal(name, "metadata") &&
            !(like && json_equal(member, json_member(like, name))))
            json_put(view, name, json_copy(member));
    }
    JSON_FOREACH (member, json_member(object, "metadata")) {
        if (!is_unowned(json_key(member)))
            json_put(metadata, json_key(member), json_copy(member));
    }
    json_put(view, "metadata", metadata);
    return view;
}

char *kapi_manager_name(const struct kapi_call *call)
{
    const char *agent = call->exchange ? http_header(call->exchange, "User-Agent") : NULL;

    if (call->field_manager)
        return mem_strdup(call->field_manager);
    return str_is_empty(agent) ? mem_strdup("unknown") : mem_strndup(agent, strcspn(agent, "/"));
}

/* `[{}]` and `[]` switch the bookkeeping off for this object (KAPI-075). */
static bool is_reset(const struct json *list)
{
    return json_is(list, JSON_ARRAY) && (!json_len(list) || (json_len(list) == 1 && !json_len(json_item(list, 0))));
}

void kapi_managed_update(struct kapi_call *call, struct json *object, const struct json *old)
{
    CLEANUP_MANAGED struct kapi_managed managed = {0};
    const struct json *sent = json_get(object, "metadata/managedFields");
    CLEANUP(kapi_fields_free) struct kapi_fields *changed = kapi_fields_new(), *removed = kapi_fields_new();
    char now[TIME_TEXT_SIZE];

    if (call->is_apply)
        return;
    if (is_reset(sent)) {
        json_remove(object, "metadata/managedFields");
        return;
    }
    CLEANUP(json_free) struct json *before = old ? kapi_managed_view(old, object) : json_new_object();
    /* Nobody owns metadata as such. */
    if (!old)
        json_put(before, "metadata", json_new_object());
    CLEANUP(json_free) struct json *after = kapi_managed_view(object, old);
    kapi_fields_diff(call->version->schema, before, after, changed, removed);
    kapi_managed_read(json_len(sent) ? object : old, &managed);
    if (kapi_fields_empty(changed) && kapi_fields_empty(removed)) {
        kapi_managed_write(&managed, object);
        return;
    }
    CLEANUP_FREE char *manager = kapi_manager_name(call);
    struct kapi_managed_entry *own =
        kapi_managed_entry(&managed, manager, "Update", call->version->api_version, call->subresource);
    VEC_FOREACH (entry, &managed) {
        kapi_fields_subtract(entry->fields, removed);
        if (entry != own)
            kapi_fields_subtract(entry->fields, changed);
    }
    kapi_fields_add(own->fields, changed);
    free(own->time);
    own->time = mem_strdup(kapi_now_text(call->api, now));
    kapi_managed_write(&managed, object);
}
