/* SPDX-License-Identifier: Apache-2.0 */
/* Shared, immutable versions of objects. */
#include "sim/kube-api/object.h"

#include <inttypes.h>
#include <stdlib.h>

char *kapi_object_key(const char *ns, const char *name)
{
    return str_is_empty(ns) ? mem_strdup(name) : mem_printf("%s/%s", ns, name);
}

/* Readers of lists skip the leading apiVersion and kind, so those come first. */
static struct json *in_order(struct json *json)
{
    static const char *const first[] = {"apiVersion", "kind", "metadata"};
    struct json *child = json_first(json);
    bool ordered = true;

    for (size_t i = 0; ordered && i < ARRAY_SIZE(first); i++) {
        ordered = child && str_equal(json_key(child), first[i]);
        child = child ? json_next(child) : NULL;
    }
    if (ordered)
        return json;
    struct json *sorted = json_new_object();
    for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
        struct json *member = json_detach(json, first[i]);
        if (member)
            json_put(sorted, first[i], member);
    }
    while ((child = json_first(json))) {
        CLEANUP_FREE char *name = mem_strdup(json_key(child));
        struct json *copy = json_copy(child);
        json_remove_member(json, name);
        json_put(sorted, name, copy);
    }
    json_free(json);
    return sorted;
}

struct kapi_object *kapi_object_new(struct json *json, uint64_t rv)
{
    struct kapi_object *object = mem_alloc(sizeof(*object));

    object->refs = 1;
    object->rv = rv;
    object->json = in_order(json);
    json_set_printf(object->json, "metadata/resourceVersion", "%" PRIu64, rv);
    object->ns = json_str_or(object->json, "metadata/namespace", "");
    object->name = json_str_or(object->json, "metadata/name", "");
    object->uid = json_str_or(object->json, "metadata/uid", "");
    object->key = kapi_object_key(object->ns, object->name);
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    json_print_to(object->json, &text);
    object->len = text.len;
    object->text = strbuf_take(&text);
    return object;
}

struct kapi_object *kapi_object_ref(struct kapi_object *object)
{
    if (object)
        object->refs++;
    return object;
}

void kapi_object_unref(struct kapi_object *object)
{
    if (!object || --object->refs)
        return;
    for (struct kapi_view *view = object->views; view;) {
        struct kapi_view *next = view->next;
        free(view->api_version);
        json_free(view->json);
        free(view->text);
        free(view);
        view = next;
    }
    json_free(object->json);
    free(object->text);
    free(object->key);
    free(object);
}
