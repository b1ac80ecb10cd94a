/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side of admission and conversion webhooks (KAPI-142, 163, 167). */
#include "sim/kube-api/webhook.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/map.h"
#include "sim/kube-api/convert.h"

#define ANSWER_MAX (8 * 1024 * 1024)
#define CONVERSION_SECONDS 30

struct kapi_webhooks {
    struct kapi *api;
    struct map *clients; /* by caBundle */
};

static void free_client(void *client)
{
    http_client_free(client);
}

struct kapi_webhooks *kapi_webhooks_new(struct kapi *api)
{
    struct kapi_webhooks *webhooks = mem_alloc(sizeof(*webhooks));

    webhooks->api = api;
    webhooks->clients = map_new(free_client);
    return webhooks;
}

void kapi_webhooks_free(struct kapi_webhooks *webhooks)
{
    if (!webhooks)
        return;
    map_free(webhooks->clients);
    free(webhooks);
}

/* Clients are kept, for their connections. A service's certificate names the service, not the address behind it: only the chain counts then. */
static struct error *find_client(struct kapi_webhooks *webhooks, const char *bundle, bool service,
                                 struct http_client **ret)
{
    CLEANUP_FREE char *key = mem_printf("%d %s", service, bundle);
    CLEANUP_FREE void *ca = NULL;
    size_t len;

    *ret = map_get(webhooks->clients, key);
    if (*ret)
        return NULL;
    if (*bundle)
        TRY_WRAP(str_base64_decode(bundle, &ca, &len), "caBundle");
    struct http_client_options options = {
        .ca_pem = ca, .insecure_san = service, .user_agent = "kube-apiserver-admission"};
    TRY(http_client_new(webhooks->api->env->net, &options, ret));
    map_set(webhooks->clients, key, *ret);
    return NULL;
}

/* The first address behind a service; free with free(). */
static char *service_address(struct kapi *api, const struct json *service)
{
    const char *ns = json_str_or(service, "namespace", ""), *name = json_str_or(service, "name", "");
    int64_t port = json_int(service, "port", 443);
    const struct kapi_resource *endpoints = kapi_registry_builtin(api->registry, "", "endpoints");
    const struct kapi_object *known = kapi_collection_peek(endpoints->collection, ns, name);
    const char *ip = known ? json_str(known->json, "subsets/0/addresses/0/ip") : NULL;

    if (!ip)
        return mem_printf("%s.%s.svc:%" PRId64, name, ns, port);
    return mem_printf("%s:%" PRId64, ip, json_int(known->json, "subsets/0/ports/0/port", port));
}

struct error *kapi_webhook_call(struct kapi_webhooks *webhooks, const struct json *client, int64_t seconds,
                                const struct json *review, struct json **ret)
{
    const struct json *service = json_member(client, "service");
    struct http_client *http = NULL;
    CLEANUP_FREE char *body = json_print(review), *base = NULL;
    struct rt *rt = webhooks->api->rt;

    if (service) {
        CLEANUP_FREE char *address = service_address(webhooks->api, service);
        const char *path = json_str_or(service, "path", "/");
        base = mem_printf("https://%s%s%s", address, *path == '/' ? "" : "/", path);
    } else {
        base = mem_strdup(json_str_or(client, "url", ""));
    }
    TRY(find_client(webhooks, json_str_or(client, "caBundle", ""), service, &http));
    CLEANUP_FREE char *url = mem_printf("%s%ctimeout=%" PRId64 "s", base, strchr(base, '?') ? '&' : '?', seconds);
    static const struct http_header headers[] = {{"Content-Type", "application/json"},
                                                 {"Accept", "application/json, */*"}};
    struct http_request request = {.method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .header_count = ARRAY_SIZE(headers),
                                   .body = body,
                                   .body_len = strlen(body),
                                   .deadline = rt_after(rt, seconds * RT_S),
                                   .response_max = ANSWER_MAX};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(http_call(http, &request, &response));
    if (response->status != 200)
        return error_new(ERROR_TRANSIENT, "the server answered with status %d", response->status);
    return json_parse(response->body, response->body_len, ret);
}

/* -- conversion -- */

static struct kapi_status *conversion_failed(const struct kapi_resource *resource, const struct kapi_version *to,
                                             const char *why)
{
    return kapi_status_new(500, NULL, "conversion webhook for %s, Kind=%s failed: %s", to->api_version, resource->kind,
                           why);
}

/* A webhook may change labels and annotations, nothing else of metadata. */
static void restore_metadata(struct json *converted, const struct json *original)
{
    struct json *metadata = json_copy(json_member(original, "metadata"));
    static const char *const free_members[] = {"labels", "annotations"};

    for (size_t i = 0; i < ARRAY_SIZE(free_members); i++) {
        const struct json *value = json_member(json_member(converted, "metadata"), free_members[i]);
        if (value)
            json_put(metadata, free_members[i], json_copy(value));
        else
            json_remove_member(metadata, free_members[i]);
    }
    json_put(converted, "metadata", metadata);
}

struct kapi_status *kapi_convert_by_webhook(struct kapi *api, const struct kapi_resource *resource,
                                            const struct kapi_version *to, struct json **object)
{
    CLEANUP(json_free) struct json *review = json_new_object(), *answer = NULL;
    char uid[RT_UUID_SIZE];

    rt_uuid(api->rt, uid);
    json_set_str(review, "kind", "ConversionReview");
    json_set_str(review, "apiVersion", "apiextensions.k8s.io/v1");
    json_set_str(review, "request/uid", uid);
    json_set_str(review, "request/desiredAPIVersion", to->api_version);
    json_set(review, "request/objects", json_new_array());
    json_append(json_get(review, "request/objects"), json_copy(*object));
    struct error *err = kapi_webhook_call(api->webhooks, json_get(resource->conversion, "webhook/clientConfig"),
                                          CONVERSION_SECONDS, review, &answer);
    if (err) {
        struct kapi_status *status = conversion_failed(resource, to, error_message(err));
        error_free(err);
        return status;
    }
    if (!str_equal(json_str(answer, "response/result/status"), "Success"))
        return conversion_failed(resource, to, json_str_or(answer, "response/result/message", "no message"));
    struct json *converted = json_get(answer, "response/convertedObjects/0");
    if (!str_equal(json_str(answer, "response/uid"), uid) ||
        !str_equal(json_str(converted, "apiVersion"), to->api_version) ||
        !str_equal(json_str(converted, "kind"), resource->kind) ||
        !str_equal(json_str(converted, "metadata/name"), json_str(*object, "metadata/name")))
        return conversion_failed(resource, to, "the answer does not fit the request");
    struct json *result = json_copy(converted);
    restore_metadata(result, *object);
    json_free(*object);
    *object = result;
    return NULL;
}
