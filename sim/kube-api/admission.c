/* SPDX-License-Identifier: Apache-2.0 */
/* Admission webhooks: who is asked, what is sent, and what becomes of the answer (KAPI-162…168). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/jsonpatch.h"
#include "sim/kube-api/kapi.h"
#include "sim/kube-api/selector.h"
#include "sim/kube-api/webhook.h"

static const char *const operation_names[] = {
    [OPERATION_CREATE] = "CREATE", [OPERATION_UPDATE] = "UPDATE", [OPERATION_DELETE] = "DELETE"};
static const char *const options_kinds[] = {
    [OPERATION_CREATE] = "CreateOptions", [OPERATION_UPDATE] = "UpdateOptions", [OPERATION_DELETE] = "DeleteOptions"};

struct admission {
    struct kapi_call *call;
    enum kapi_operation operation;
    const struct json *object, *old; /* either may be NULL */
};

/* -- matching -- */

static bool lists(const struct json *array, const char *text)
{
    JSON_FOREACH (item, array) {
        if (str_equal(json_str(item, ""), "*") || str_equal(json_str(item, ""), text))
            return true;
    }
    return false;
}

static bool lists_resource(const struct json *array, const char *plural, const char *subresource)
{
    CLEANUP_FREE char *full = subresource ? mem_printf("%s/%s", plural, subresource) : mem_strdup(plural);
    CLEANUP_FREE char *any_of_resource = mem_printf("%s/*", plural);
    CLEANUP_FREE char *any_resource = mem_printf("*/%s", subresource ? subresource : "");

    JSON_FOREACH (item, array) {
        const char *text = json_str_or(item, "", "");
        if (str_equal(text, "*/*") || str_equal(text, full) || str_equal(text, any_of_resource))
            return true;
        if (subresource ? str_equal(text, any_resource) : str_equal(text, "*"))
            return true;
    }
    return false;
}

static bool rule_matches(const struct json *rule, const struct admission *admission)
{
    const struct kapi_call *call = admission->call;
    const char *scope = json_str_or(rule, "scope", "*");

    return lists(json_member(rule, "operations"), operation_names[admission->operation]) &&
           lists(json_member(rule, "apiGroups"), call->version->group) &&
           lists(json_member(rule, "apiVersions"), call->version->name) &&
           lists_resource(json_member(rule, "resources"), call->resource->plural, call->subresource) &&
           (str_equal(scope, "*") || str_equal(scope, call->resource->namespaced ? "Namespaced" : "Cluster"));
}

static bool namespace_matches(const struct json *selector, const struct kapi_call *call)
{
    const struct kapi_resource *namespaces = kapi_registry_builtin(call->api->registry, "", "namespaces");
    bool is_namespace = call->resource == namespaces;
    const struct kapi_object *ns =
        kapi_collection_peek(namespaces->collection, NULL, str_or(is_namespace ? call->name : call->ns, ""));

    if (!json_len(selector) || (!call->resource->namespaced && !is_namespace))
        return true;
    return kapi_label_selector_matches(selector, ns ? json_get(ns->json, "metadata/labels") : NULL);
}

static bool webhook_matches(const struct json *webhook, const struct admission *admission)
{
    bool matched = false;

    JSON_FOREACH (rule, json_member(webhook, "rules"))
        matched = matched || rule_matches(rule, admission);
    if (!matched || !namespace_matches(json_member(webhook, "namespaceSelector"), admission->call))
        return false;
    const struct json *selector = json_member(webhook, "objectSelector");
    return !json_len(selector) ||
           kapi_label_selector_matches(selector, json_get(admission->object, "metadata/labels")) ||
           kapi_label_selector_matches(selector, json_get(admission->old, "metadata/labels"));
}

/* -- the review -- */

static void set_type(struct json *request, const char *path, const struct kapi_call *call, const char *member,
                     const char *value)
{
    struct json *type = json_new_object();

    json_set_str(type, "group", call->version->group);
    json_set_str(type, "version", call->version->name);
    json_set_str(type, member, value);
    json_set(request, path, type);
}

static struct json *make_review(const struct admission *admission, const char *uid)
{
    const struct kapi_call *call = admission->call;
    struct json *review = json_new_object(), *request = json_new_object();
    const struct json *named = admission->object ? admission->object : admission->old;

    json_set_str(review, "kind", "AdmissionReview");
    json_set_str(review, "apiVersion", "admission.k8s.io/v1");
    json_set_str(request, "uid", uid);
    set_type(request, "kind", call, "kind", call->resource->kind);
    set_type(request, "resource", call, "resource", call->resource->plural);
    set_type(request, "requestKind", call, "kind", call->resource->kind);
    set_type(request, "requestResource", call, "resource", call->resource->plural);
    json_set_str_opt(request, "subResource", call->subresource);
    json_set_str_opt(request, "requestSubResource", call->subresource);
    json_set_str_opt(request, "name", json_str(named, "metadata/name"));
    json_set_str_opt(request, "namespace", call->ns);
    json_set_str(request, "operation", operation_names[admission->operation]);
    json_set_str(request, "userInfo/username", call->user.name);
    json_set(request, "userInfo/groups", json_new_array());
    for (char **group = call->user.groups; group && *group; group++)
        json_append_str(json_get(request, "userInfo/groups"), *group);
    json_set(request, "object", admission->object ? json_copy(admission->object) : json_new_null());
    json_set(request, "oldObject", admission->old ? json_copy(admission->old) : json_new_null());
    json_set_bool(request, "dryRun", call->dry_run);
    json_set_str(request, "options/kind",
                 str_equal(call->method, "PATCH") ? "PatchOptions" : options_kinds[admission->operation]);
    json_set_str(request, "options/apiVersion", "meta.k8s.io/v1");
    json_set_str_opt(request, "options/fieldManager", call->field_manager);
    json_set(review, "request", request);
    return review;
}

/* -- the answer -- */

/* KAPI-166. */
static struct kapi_status *denied(const char *name, const struct json *response)
{
    const struct json *status = json_member(response, "status");
    const char *message = json_str(status, "message"), *reason = json_str_or(status, "reason", "");
    static const char *const reasons[] = {"BadRequest", "Forbidden",       "Invalid",       "NotFound",
                                          "Conflict",   "AlreadyExists",   "InternalError", "Unauthorized",
                                          "Expired",    "MethodNotAllowed"};
    int64_t code = json_int(status, "code", 400);

    struct kapi_status *denial;
    if (!json_len(status))
        denial = kapi_status_new(400, NULL, "admission webhook \"%s\" denied the request without explanation", name);
    else if (str_is_empty(message))
        denial = kapi_status_new(400, NULL, "admission webhook \"%s\" denied the request: %s", name, reason);
    else
        denial = kapi_status_new(400, NULL, "admission webhook \"%s\" denied the request: %s", name, message);
    denial->code = code < 400 || code > 599 ? 400 : (int)code;
    for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
        if (str_equal(reasons[i], reason))
            denial->reason = reasons[i];
    }
    if (json_is(json_member(status, "details"), JSON_OBJECT))
        denial->details = json_copy(json_member(status, "details"));
    return denial;
}

static struct error *apply_patch(const struct json *response, struct json **object)
{
    const char *encoded = json_str(response, "patch");
    CLEANUP_FREE void *text = NULL;
    CLEANUP(json_free) struct json *patch = NULL;
    size_t len;

    if (str_is_empty(encoded))
        return NULL;
    if (!str_equal(json_str(response, "patchType"), "JSONPatch"))
        return error_new(ERROR_INVALID, "the patch is not of type JSONPatch");
    TRY(str_base64_decode(encoded, &text, &len));
    TRY(json_parse(text, len, &patch));
    return json_patch_apply(object, patch);
}

/* Asks one webhook. `object` is NULL for validating ones. */
static struct kapi_status *ask(const struct admission *admission, const struct json *webhook, struct json **object)
{
    struct kapi_call *call = admission->call;
    const char *name = json_str_or(webhook, "name", ""), *effects = json_str_or(webhook, "sideEffects", "None");
    char uid[RT_UUID_SIZE];
    CLEANUP(json_free) struct json *review = NULL, *answer = NULL;

    if (call->dry_run && !str_equal(effects, "None") && !str_equal(effects, "NoneOnDryRun"))
        return kapi_bad_request("admission webhook \"%s\" does not support dry run", name);
    rt_uuid(call->api->rt, uid);
    review = make_review(admission, uid);
    struct error *err = kapi_webhook_call(call->api->webhooks, json_member(webhook, "clientConfig"),
                                          json_int(webhook, "timeoutSeconds", 10), review, &answer);
    const struct json *response = json_member(answer, "response");
    if (!err && !str_equal(json_str(response, "uid"), uid))
        err =
            error_new(ERROR_INVALID, "expected response.uid=\"%s\", got \"%s\"", uid, json_str_or(response, "uid", ""));
    if (!err && object && json_bool(response, "allowed", false))
        err = apply_patch(response, object);
    if (err) {
        bool ignore = str_equal(json_str(webhook, "failurePolicy"), "Ignore");
        struct kapi_status *status =
            ignore ? NULL
                   : kapi_internal_error("failed calling webhook \"%s\": failed to call webhook: %s", name,
                                         error_message(err));
        error_free(err);
        return status;
    }
    JSON_FOREACH (warning, json_member(response, "warnings"))
        kapi_texts_add(&call->warnings, "%s", json_str_or(warning, "", ""));
    return json_bool(response, "allowed", false) ? NULL : denied(name, response);
}

/* Asks all webhooks of one kind, in the order of their configurations' names. */
static struct kapi_status *ask_all(struct admission *admission, const char *plural, struct json **object)
{
    struct kapi_call *call = admission->call;
    const struct kapi_resource *configurations =
        kapi_registry_builtin(call->api->registry, "admissionregistration.k8s.io", plural);

    if (!kapi_collection_len(configurations->collection) ||
        str_equal(call->resource->group, "admissionregistration.k8s.io"))
        return NULL;
    CLEANUP_OBJECTS struct kapi_objects list = {0};
    struct kapi_storage *storage = kapi_store_storage(call->api->store);
    struct error *err = storage->ops->list(storage, configurations->collection, NULL, &list);
    if (err)
        return kapi_status_from_error(err);
    for (size_t i = 0; i < list.len; i++) {
        JSON_FOREACH (webhook, json_member(list.items[i]->json, "webhooks")) {
            if (!webhook_matches(webhook, admission))
                continue;
            TRY_STATUS(ask(admission, webhook, object));
            if (object)
                admission->object = *object;
        }
    }
    return NULL;
}

struct kapi_status *kapi_admit_mutating(struct kapi_call *call, enum kapi_operation operation, struct json **object,
                                        const struct json *old)
{
    struct admission admission = {call, operation, *object, old};
    const struct kapi_resource *configurations =
        kapi_registry_builtin(call->api->registry, "admissionregistration.k8s.io", "mutatingwebhookconfigurations");

    if (!kapi_collection_len(configurations->collection))
        return NULL;
    CLEANUP(json_free) struct json *before = json_copy(*object);
    TRY_STATUS(ask_all(&admission, "mutatingwebhookconfigurations", object));
    if (json_equal(before, *object))
        return NULL;
    /* What a webhook added is pruned, defaulted and owned like what the client sent (KAPI-168). */
    kapi_schema_prune(call->version->schema, *object, NULL);
    TRY_STATUS(kapi_prepare(call, *object, old));
    kapi_managed_update(call, *object, old);
    return NULL;
}

struct kapi_status *kapi_admit_validating(struct kapi_call *call, enum kapi_operation operation,
                                          const struct json *object, const struct json *old)
{
    struct admission admission = {call, operation, object, old};

    if (operation == OPERATION_DELETE)
        TRY_STATUS(ask_all(&admission, "mutatingwebhookconfigurations", NULL));
    return ask_all(&admission, "validatingwebhookconfigurations", NULL);
}
