/* SPDX-License-Identifier: Apache-2.0 */
/* An object in the versions that its resource is served in (KAPI-099, 142, 176). */
#include <string.h>

#include "sim/kube-api/convert.h"

/* core/v1 Event and events.k8s.io/v1 Event: the same object under other names. */
static const struct {
    const char *core, *events;
} event_fields[] = {
    {"involvedObject", "regarding"},
    {"message", "note"},
    {"source", "deprecatedSource"},
    {"firstTimestamp", "deprecatedFirstTimestamp"},
    {"count", "deprecatedCount"},
    {"lastTimestamp", "deprecatedLastTimestamp"},
    {"reportingComponent", "reportingController"},
};

static void convert_event(struct json *object, const struct kapi_version *to)
{
    bool to_core = !*to->group;

    for (size_t i = 0; i < ARRAY_SIZE(event_fields); i++) {
        const char *from_name = to_core ? event_fields[i].events : event_fields[i].core;
        const char *to_name = to_core ? event_fields[i].core : event_fields[i].events;
        struct json *value = json_detach(object, from_name);
        if (value)
            json_put(object, to_name, value);
    }
    json_set_str(object, "apiVersion", to->api_version);
}

/* Replaces *object by its form in `to`. */
static struct kapi_status *convert(struct kapi *api, const struct kapi_resource *resource,
                                   const struct kapi_version *to, struct json **object)
{
    if (str_equal(json_str(*object, "apiVersion"), to->api_version))
        return NULL;
    if (resource->builtin) {
        convert_event(*object, to);
        return NULL;
    }
    if (str_equal(json_str(resource->conversion, "strategy"), "Webhook"))
        return kapi_convert_by_webhook(api, resource, to, object);
    json_set_str(*object, "apiVersion", to->api_version);
    return NULL;
}

struct kapi_status *kapi_to_storage(struct kapi *api, const struct kapi_resource *resource,
                                    const struct kapi_version *version, struct json **object)
{
    const struct kapi_version *storage = kapi_storage_version(resource);

    if (version == storage)
        return NULL;
    TRY_STATUS(convert(api, resource, storage, object));
    if (!resource->builtin) {
        kapi_schema_prune(storage->schema, *object, NULL);
        kapi_schema_default(storage->schema, *object);
    }
    return NULL;
}

static const struct kapi_view *find_view(const struct kapi_object *object, const char *api_version)
{
    for (const struct kapi_view *view = object->views; view; view = view->next) {
        if (str_equal(view->api_version, api_version))
            return view;
    }
    return NULL;
}

struct kapi_status *kapi_form(struct kapi *api, const struct kapi_resource *resource,
                              const struct kapi_version *version, struct kapi_object *object, struct kapi_form *ret)
{
    if (str_equal(json_str(object->json, "apiVersion"), version->api_version)) {
        *ret = (struct kapi_form){object->json, object->text, object->len};
        return NULL;
    }
    const struct kapi_view *known = find_view(object, version->api_version);
    if (!known) {
        CLEANUP(json_free) struct json *json = json_copy(object->json);
        TRY_STATUS(convert(api, resource, version, &json));
        if (!resource->builtin)
            kapi_schema_default(version->schema, json);
        struct kapi_view *view = mem_alloc(sizeof(*view));
        view->api_version = mem_strdup(version->api_version);
        view->text = json_print(json);
        view->len = strlen(view->text);
        view->json = TAKE_PTR(json);
        view->next = object->views;
        object->views = view;
        known = view;
    }
    *ret = (struct kapi_form){known->json, known->text, known->len};
    return NULL;
}
