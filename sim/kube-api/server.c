/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP handler: health and discovery, then paths of resources (KAPI-018…022, 035, 051). */
#include "sim/kube-api/server.h"

#include <string.h>

#include "sim/kube-api/auth.h"
#include "sim/kube-api/body.h"
#include "sim/kube-api/discovery.h"
#include "sim/kube-api/openapi.h"
#include "sim/kube-api/read.h"
#include "sim/kube-api/reviews.h"
#include "sim/kube-api/scale.h"

#define FIELD_MANAGER_MAX 128

/* -- health -- */

static void serve_health(struct kapi *api, struct http_exchange *exchange)
{
    static const char *const checks[] = {"ping", "log", "etcd", "informer-sync"};
    const char *path = http_path(exchange);
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    if (!http_query(exchange, "verbose")) {
        http_reply_str(exchange, 200, "text/plain; charset=utf-8", "ok");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
        strbuf_addf(&text, "[+]%s ok\n", checks[i]);
    strbuf_addf(&text, "%s check passed\n", path + 1);
    http_reply_str(exchange, 200, "text/plain; charset=utf-8", strbuf_str(&text));
}

static bool is_open_path(const char *path)
{
    static const char *const open[] = {"/healthz", "/livez", "/readyz", "/version"};

    for (size_t i = 0; i < ARRAY_SIZE(open); i++) {
        if (str_equal(open[i], path))
            return true;
    }
    return false;
}

static void serve_not_found(struct http_exchange *exchange)
{
    http_reply_str(exchange, 404, "text/plain; charset=utf-8", "404 page not found\n");
}

/* -- paths of resources -- */

struct target {
    char **segments;
    size_t count;
    const char *group, *version, *ns, *plural, *name, *subresource; /* NULL: none; borrowed from segments */
    bool watch;
};

/* "/api/v1/…" or "/apis/group/version/…" with something behind; false for any other path. */
static bool parse_target(const char *path, struct target *ret)
{
    size_t at;

    ret->segments = str_split(path + 1, '/');
    while (ret->segments[ret->count])
        ret->count++;
    while (ret->count && !*ret->segments[ret->count - 1])
        ret->count--;
    if (ret->count > 2 && str_equal(ret->segments[0], "api")) {
        ret->group = "";
        ret->version = ret->segments[1];
        at = 2;
    } else if (ret->count > 3 && str_equal(ret->segments[0], "apis")) {
        ret->group = ret->segments[1];
        ret->version = ret->segments[2];
        at = 3;
    } else {
        return false;
    }
    if (str_equal(ret->segments[at], "watch") && ret->count > at + 1) {
        ret->watch = true;
        at++;
    }
    /* /namespaces/NAME[/status|/finalize] is the namespace itself, /namespaces/NS/RESOURCE is something in it. */
    bool inside =
        str_equal(ret->segments[at], "namespaces") && ret->count > at + 2 &&
        !(!*ret->group && (str_equal(ret->segments[at + 2], "status") || str_equal(ret->segments[at + 2], "finalize")));
    if (inside) {
        ret->ns = ret->segments[at + 1];
        at += 2;
    }
    ret->plural = ret->segments[at];
    ret->name = ret->count > at + 1 ? ret->segments[at + 1] : NULL;
    ret->subresource = ret->count > at + 2 ? ret->segments[at + 2] : NULL;
    return ret->count <= at + 3;
}

static bool has_subresource(const struct kapi_resource *resource, const struct kapi_version *version, const char *name)
{
    if (!name || (str_equal(name, "status") && version->has_status) || (str_equal(name, "scale") && version->scale))
        return true;
    return resource->builtin && str_equal(resource->builtin->subresources, name);
}

/* -- options in the query -- */

static void add_unsupported(struct kapi_causes *causes, const char *field, const char *value, const char *supported)
{
    kapi_causes_add(causes, KAPI_NOT_SUPPORTED, field, "Unsupported value: \"%s\": supported values: %s", value,
                    supported);
}

static struct kapi_status *read_options(struct kapi_call *call)
{
    CLEANUP_CAUSES struct kapi_causes causes = {0};
    const char *validation = http_query(call->exchange, "fieldValidation"),
               *dry_run = http_query(call->exchange, "dryRun");
    const char *manager = http_query(call->exchange, "fieldManager"), *force = http_query(call->exchange, "force");
    const char *type = str_or(http_header(call->exchange, "Content-Type"), "");
    bool patch = str_equal(call->method, "PATCH");

    if (!str_is_empty(dry_run) && !str_equal(dry_run, "All"))
        add_unsupported(&causes, "dryRun", dry_run, "\"All\"");
    call->dry_run = str_equal(dry_run, "All");
    if (str_equal(validation, "Strict"))
        call->field_validation = VALIDATION_STRICT;
    else if (str_equal(validation, "Ignore"))
        call->field_validation = VALIDATION_IGNORE;
    else if (!str_is_empty(validation) && !str_equal(validation, "Warn"))
        add_unsupported(&causes, "fieldValidation", validation, "\"\", \"Ignore\", \"Strict\", \"Warn\"");
    if (manager && strlen(manager) > FIELD_MANAGER_MAX)
        kapi_causes_add(&causes, KAPI_TOO_LONG, "fieldManager", "Too long: may not be more than %d bytes",
                        FIELD_MANAGER_MAX);
    call->field_manager = str_is_empty(manager) ? NULL : mem_strdup(manager);
    call->force_given = !str_is_empty(force);
    call->force = str_equal(force, "true") || str_equal(force, "1");
    bool apply = patch && str_has_prefix(type, "application/apply-patch");
    if (apply && !call->field_manager)
        kapi_causes_add(&causes, KAPI_REQUIRED, "fieldManager", "Required value: is required for apply patch");
    if (patch && !apply && call->force_given)
        kapi_causes_add(&causes, KAPI_FIELD_FORBIDDEN, "force", "Forbidden: may not be specified for non-apply patch");
    const char *kind = patch                             ? "PatchOptions"
                       : str_equal(call->method, "POST") ? "CreateOptions"
                       : str_equal(call->method, "PUT")  ? "UpdateOptions"
                                                         : "DeleteOptions";
    return kapi_causes_status(&causes, "meta.k8s.io", kind, "");
}

/* -- verbs -- */

static struct kapi_status *method_not_allowed(const struct kapi_call *call)
{
    struct kapi_status *status =
        kapi_status_new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
    return kapi_status_details(status, NULL, call->resource->group, call->resource->plural);
}

static struct kapi_status *read_body(struct kapi_call *call, struct json **ret)
{
    struct kapi_body body = {http_header(call->exchange, "Content-Type"), http_body(call->exchange),
                             http_body_len(call->exchange)};
    return kapi_body_decode(&body, call->version->message, &call->duplicates, ret);
}

/* GET and HEAD; a watch or a list replies itself. */
static struct kapi_status *serve_read(struct kapi_call *call, const struct kapi_accept *accept, bool watch,
                                      struct kapi_result *result)
{
    CLEANUP_LIST_OPTIONS struct kapi_list_options options = {.watch = watch};
    const char *wanted = http_query(call->exchange, "watch");

    if (call->name && !watch && !str_equal(wanted, "true") && !str_equal(wanted, "1"))
        return kapi_get(call, result);
    TRY_STATUS(kapi_list_options_read(call, &options));
    return options.watch ? kapi_watch(call, accept, &options) : kapi_list(call, accept, &options);
}

static struct kapi_status *serve_create(struct kapi_call *call, struct kapi_result *result)
{
    struct json *body = NULL;

    if (call->resource->builtin && call->name)
        return method_not_allowed(call);
    TRY_STATUS(read_body(call, &body));
    return kapi_create(call, body, result);
}

static struct kapi_status *serve_put(struct kapi_call *call, struct kapi_result *result)
{
    struct json *body = NULL;

    if (!call->name)
        return kapi_bad_request("name must be provided");
    TRY_STATUS(read_body(call, &body));
    return kapi_put(call, body, result);
}

static struct kapi_status *serve_patch(struct kapi_call *call, struct kapi_result *result)
{
    if (!call->name)
        return method_not_allowed(call);
    if (http_body_len(call->exchange) > KAPI_BODY_MAX)
        return kapi_status_new(413, "RequestEntityTooLarge", "Request entity too large: limit is %d", KAPI_BODY_MAX);
    return kapi_patch(call, http_header(call->exchange, "Content-Type"), http_body(call->exchange),
                      http_body_len(call->exchange), result);
}

static struct kapi_status *serve_verb(struct kapi_call *call, const struct kapi_accept *accept, bool watch,
                                      struct kapi_result *result)
{
    const char *method = call->method;

    if (str_equal(method, "GET") || str_equal(method, "HEAD"))
        return str_equal(call->subresource, "scale") ? kapi_scale(call, result)
                                                     : serve_read(call, accept, watch, result);
    TRY_STATUS(read_options(call));
    if (str_equal(call->subresource, "scale"))
        return str_equal(method, "PUT") || str_equal(method, "PATCH") ? kapi_scale(call, result)
                                                                      : method_not_allowed(call);
    if (str_equal(call->subresource, "token"))
        return str_equal(method, "POST") ? kapi_token_request(call, result) : method_not_allowed(call);
    if (str_equal(method, "POST") && !call->subresource)
        return serve_create(call, result);
    if (str_equal(method, "PUT"))
        return serve_put(call, result);
    if (str_equal(method, "PATCH"))
        return serve_patch(call, result);
    if (str_equal(method, "DELETE") && !call->subresource)
        return kapi_delete_verb(call, result);
    return method_not_allowed(call);
}

static const char *rbac_verb(const char *method, const struct target *target)
{
    if (str_equal(method, "GET") || str_equal(method, "HEAD"))
        return target->name ? "get" : target->watch ? "watch" : "list";
    return str_equal(method, "POST")     ? "create"
           : str_equal(method, "PUT")    ? "update"
           : str_equal(method, "PATCH")  ? "patch"
           : str_equal(method, "DELETE") ? (target->name ? "delete" : "deletecollection")
                                         : method;
}

/* KAPI-006. */
static struct kapi_status *forbidden(const struct kapi_user *user, const char *method, const struct target *target)
{
    CLEANUP_FREE char *scope =
        target->ns ? mem_printf("in the namespace \"%s\"", target->ns) : mem_strdup("at the cluster scope");
    CLEANUP_FREE char *why = mem_printf("User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s", user->name,
                                        rbac_verb(method, target), target->plural, target->group, scope);
    return kapi_forbidden(target->group, target->plural, target->name, why);
}

static void serve_resource(struct kapi *api, struct http_exchange *exchange, const struct target *target,
                           struct kapi_user *user)
{
    struct kapi_resource *resource = NULL;
    CLEANUP_CALL struct kapi_call call = {.api = api, .exchange = exchange, .storage = api->storage};
    CLEANUP_RESULT struct kapi_result result = {0};
    struct kapi_accept accept;

    if (!kapi_registry_find(api->registry, target->group, target->version, target->plural, &resource, &call.version) ||
        !has_subresource(resource, call.version, target->subresource) || (target->ns && !resource->namespaced) ||
        (resource->namespaced && target->name && !target->ns)) {
        serve_not_found(exchange);
        return;
    }
    call.method = http_method(exchange);
    call.resource = kapi_resource_ref(resource);
    call.user = *user;
    *user = (struct kapi_user){0};
    call.ns = mem_strdup(target->ns);
    call.name = mem_strdup(target->name);
    call.subresource = mem_strdup(target->subresource);
    if (call.version->deprecation_warning)
        kapi_texts_add(&call.warnings, "%s", call.version->deprecation_warning);
    struct kapi_status *status = kapi_negotiate(exchange, &accept);
    if (!status)
        status = serve_verb(&call, &accept, target->watch, &result);
    if (status)
        kapi_reply_status(api, exchange, status, &call.warnings);
    else if (!http_replied(exchange))
        kapi_reply_result(&call, &accept, &result);
}

/* Everything that is not a stored resource; false when the path is none of these. */
static bool serve_other(struct kapi *api, struct http_exchange *exchange, const struct target *target, bool is_resource,
                        struct kapi_user *user)
{
    const char *path = http_path(exchange);

    if (is_resource)
        return kapi_serve_review(api, exchange, target->group, target->version, target->plural, user);
    if (str_equal(path, "/healthz") || str_equal(path, "/livez") || str_equal(path, "/readyz")) {
        serve_health(api, exchange);
        return true;
    }
    return kapi_serve_discovery(api, exchange) || kapi_serve_openapi(api, exchange);
}

static void log_request(struct kapi *api, struct http_exchange *exchange, rt_time began)
{
    log_debug(api->log, "request", KV("method", http_method(exchange)), KV("path", http_path(exchange)),
              KV("query", http_query_string(exchange)), KV_INT("us", (rt_now(api->rt) - began) / RT_US));
}

static void target_release(struct target *target)
{
    str_list_free(target->segments);
}

static void user_release(struct kapi_user *user)
{
    kapi_user_release(user);
}

void kapi_handle(struct http_exchange *exchange, void *arg)
{
    struct kapi *api = arg;
    rt_time began = rt_now(api->rt);
    __attribute__((cleanup(target_release))) struct target target = {0};
    __attribute__((cleanup(user_release))) struct kapi_user user = {0};
    bool is_resource = parse_target(http_path(exchange), &target);

    struct kapi_status *status = kapi_authenticate(api, exchange, &user);
    if (!status && !is_open_path(http_path(exchange)) && !kapi_authorized(api, &user)) {
        if (is_resource) {
            status = forbidden(&user, http_method(exchange), &target);
        } else {
            status = kapi_status_new(403, "Forbidden", "forbidden: User \"%s\" cannot get path \"%s\"", user.name,
                                     http_path(exchange));
            status->details = json_new_object();
        }
    }
    if (status)
        kapi_reply_status(api, exchange, status, NULL);
    else if (serve_other(api, exchange, &target, is_resource, &user))
        ;
    else if (is_resource)
        serve_resource(api, exchange, &target, &user);
    else
        serve_not_found(exchange);
    log_request(api, exchange, began);
}
