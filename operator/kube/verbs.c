/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the API, and trying again where client-go does. */
#include <stdlib.h>
#include <string.h>

#include "operator/kube/client_internal.h"
#include "operator/kube/object.h"

#define RETRIES_MAX 10
#define PAGE_DEFAULT 500

static const char *const body_type = "application/json";

/* How long the server asks to wait before the same call; 0: it does not, and the answer stands. */
static rt_time retry_after(const struct http_response *response)
{
    const char *header = http_response_header(response, "retry-after");
    if (response->status != 429 && (response->status < 500 || !header))
        return 0;
    int64_t seconds = 1;
    error_free(header ? str_to_int64(header, &seconds) : NULL);
    return (seconds < 1 ? 1 : seconds) * RT_S;
}

/*
 * One call, again while the server asks for it and there is time: until then the answer is no error of ours. A 401 with a token from a file is tried once
 * more with the file's newest content.
 */
static struct error *exchange(struct kube_client *client, const char *method, const char *url, const char *content_type,
                              const char *body, struct http_response **ret)
{
    struct rt *rt = kube_client_rt(client);
    rt_time deadline = rt_after(rt, kube_client_timeout(client));
    bool token_renewed = false;
    for (int attempt = 0;; attempt++) {
        TRY(kube_client_throttle(client));
        CLEANUP_KUBE_HEADERS struct kube_headers headers = {0};
        TRY(kube_headers_fill(client, content_type, &headers));
        struct http_request request = {
            .method = method,
            .url = url,
            .headers = headers.items,
            .header_count = headers.count,
            .body = body,
            .body_len = body ? strlen(body) : 0,
            .deadline = deadline,
        };
        CLEANUP(http_response_free) struct http_response *response = NULL;
        TRY(http_call(kube_client_http(client), &request, &response));
        rt_time wait = retry_after(response);
        if (wait && attempt < RETRIES_MAX && rt_after(rt, wait) < deadline) {
            TRY(rt_sleep(rt, wait));
            continue;
        }
        if (response->status == 401 && !token_renewed) {
            token_renewed = true;
            kube_client_forget_token(client);
            continue;
        }
        *ret = TAKE_PTR(response);
        return NULL;
    }
}

static struct error *call(struct kube_client *client, const char *method, const char *url, const char *content_type,
                          const struct json *body, struct json **ret)
{
    CLEANUP_SECRET char *text = body ? json_print(body) : NULL;
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(exchange(client, method, url, content_type, text, &response));
    if (response->status >= 200 && response->status < 300) {
        if (ret)
            TRY_WRAP(json_parse(response->body, response->body_len, ret), "%s %s: answer", method, url);
        return NULL;
    }
    CLEANUP_FREE char *what = mem_printf("%s %s", method, url);
    return kube_status_error(what, response->status, response->body, response->body_len);
}

struct error *kube_get(struct kube_client *client, const struct kube_resource *resource, const char *namespace,
                       const char *name, struct json **ret)
{
    CLEANUP_FREE char *url = kube_url(client, resource, namespace, name, NULL);
    return call(client, "GET", url, NULL, NULL, ret);
}

/* -- lists -- */

static struct error *get_page(struct kube_client *client, const struct kube_resource *resource,
                              const struct kube_list_options *options, int limit, const char *token, struct json **ret)
{
    CLEANUP_FREE char *collection = kube_url(client, resource, options->namespace, NULL, NULL);
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    strbuf_adds(&url, collection);
    kube_url_query(&url, "labelSelector", options->label_selector);
    kube_url_query(&url, "fieldSelector", options->field_selector);
    if (limit > 0) {
        CLEANUP_FREE char *text = mem_printf("%d", limit);
        kube_url_query(&url, "limit", text);
    }
    kube_url_query(&url, "continue", token);
    return call(client, "GET", strbuf_str(&url), NULL, NULL, ret);
}

/* Moves the items of `page` to the end of those of `list`. */
static void append_items(struct json *list, struct json *page)
{
    struct json *items = json_get(list, "items");
    struct json *item;
    while ((item = json_detach(page, "items/0")))
        json_append(items, item);
}

static struct error *list_pages(struct kube_client *client, const struct kube_resource *resource,
                                const struct kube_list_options *options, int limit, struct json **ret)
{
    CLEANUP(json_free) struct json *list = NULL;
    TRY(get_page(client, resource, options, limit, NULL, &list));
    if (!json_is(json_get(list, "items"), JSON_ARRAY))
        json_set(list, "items", json_new_array()); /* Go prints an empty slice as null */
    CLEANUP_FREE char *token = mem_strdup(json_str(list, "metadata/continue"));
    while (!str_is_empty(token)) {
        CLEANUP(json_free) struct json *page = NULL;
        TRY(get_page(client, resource, options, limit, token, &page));
        append_items(list, page);
        free(token);
        token = mem_strdup(json_str(page, "metadata/continue"));
    }
    *ret = TAKE_PTR(list);
    return NULL;
}

struct error *kube_list(struct kube_client *client, const struct kube_resource *resource,
                        const struct kube_list_options *options, struct json **ret)
{
    int limit = options->limit > 0 ? options->limit : PAGE_DEFAULT;
    struct error *err = list_pages(client, resource, options, limit, ret);
    if (!kube_is_gone(err))
        return err;
    /* The pages went out of date while we read: take all at once. */
    error_free(err);
    return list_pages(client, resource, options, 0, ret);
}

/* -- writes -- */

/* A copy of the object with apiVersion and kind filled in; NULL when it has both already. */
static struct json *complete(const struct kube_resource *resource, const struct json *object)
{
    if (json_str(object, "apiVersion") && json_str(object, "kind"))
        return NULL;
    struct json *copy = json_copy(object);
    CLEANUP_FREE char *api_version = kube_api_version(resource);
    json_set_str(copy, "apiVersion", api_version);
    json_set_str(copy, "kind", resource->kind);
    return copy;
}

struct error *kube_create(struct kube_client *client, const struct kube_resource *resource, const struct json *object,
                          struct json **ret)
{
    CLEANUP(json_free) struct json *completed = complete(resource, object);
    CLEANUP_FREE char *url = kube_url(client, resource, kube_namespace(object), NULL, NULL);
    return call(client, "POST", url, body_type, completed ? completed : object, ret);
}

static struct error *put(struct kube_client *client, const struct kube_resource *resource, const struct json *object,
                         const char *subresource, struct json **ret)
{
    CLEANUP(json_free) struct json *completed = complete(resource, object);
    CLEANUP_FREE char *url = kube_url(client, resource, kube_namespace(object), kube_name(object), subresource);
    return call(client, "PUT", url, body_type, completed ? completed : object, ret);
}

struct error *kube_update(struct kube_client *client, const struct kube_resource *resource, const struct json *object,
                          struct json **ret)
{
    return put(client, resource, object, NULL, ret);
}

struct error *kube_update_status(struct kube_client *client, const struct kube_resource *resource,
                                 const struct json *object, struct json **ret)
{
    return put(client, resource, object, "status", ret);
}

static const char *const patch_types[] = {
    [KUBE_PATCH_MERGE] = "application/merge-patch+json",
    [KUBE_PATCH_JSON] = "application/json-patch+json",
    [KUBE_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
    [KUBE_PATCH_APPLY] = "application/apply-patch+yaml",
};

struct error *kube_patch(struct kube_client *client, const struct kube_resource *resource, const char *namespace,
                         const char *name, enum kube_patch_type type, const struct json *patch,
                         const struct kube_patch_options *options, struct json **ret)
{
    static const struct kube_patch_options none = {0};
    if (!options)
        options = &none;
    CLEANUP_FREE char *object_url = kube_url(client, resource, namespace, name, options->subresource);
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    strbuf_adds(&url, object_url);
    kube_url_query(&url, "fieldManager", options->field_manager);
    kube_url_query(&url, "force", options->force ? "true" : NULL);
    return call(client, "PATCH", strbuf_str(&url), patch_types[type], patch, ret);
}

struct error *kube_delete(struct kube_client *client, const struct kube_resource *resource, const char *namespace,
                          const char *name, const struct kube_delete_options *options)
{
    CLEANUP(json_free) struct json *body = NULL;
    if (options) {
        body = json_new_object();
        json_set_str(body, "apiVersion", "v1");
        json_set_str(body, "kind", "DeleteOptions");
        json_set_str_opt(body, "preconditions/uid", options->uid);
        json_set_str_opt(body, "preconditions/resourceVersion", options->resource_version);
        json_set_str_opt(body, "propagationPolicy", options->propagation);
    }
    CLEANUP_FREE char *url = kube_url(client, resource, namespace, name, NULL);
    return call(client, "DELETE", url, body ? body_type : NULL, body, NULL);
}

struct error *kube_raw(struct kube_client *client, const char *method, const char *path, const struct json *body,
                       struct json **ret)
{
    CLEANUP_FREE char *url = mem_printf("%s%s", kube_client_server(client), path);
    return call(client, method, url, body ? body_type : NULL, body, ret);
}
