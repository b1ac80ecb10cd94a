/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Kubernetes client share. */
#ifndef OPERATOR_KUBE_CLIENT_INTERNAL_H
#define OPERATOR_KUBE_CLIENT_INTERNAL_H

#include "lib/net/http_client.h"
#include "operator/kube/client.h"

/* The headers of every call; the token is wiped with them. */
#define KUBE_HEADERS_MAX 4
struct kube_headers {
    struct http_header items[KUBE_HEADERS_MAX];
    size_t count;
    char *authorization;
};
/* `content_type` NULL: no body. Reads the token file again when it is due. */
struct error *kube_headers_fill(struct kube_client *client, const char *content_type, struct kube_headers *ret)
    MUST_CHECK;
void kube_headers_release(struct kube_headers *headers);
#define CLEANUP_KUBE_HEADERS __attribute__((cleanup(kube_headers_release)))

struct http_client *kube_client_http(const struct kube_client *client);
struct rt *kube_client_rt(const struct kube_client *client);
/* Waits for the client's own rate limit. */
struct error *kube_client_throttle(struct kube_client *client) MUST_CHECK;
rt_time kube_client_timeout(const struct kube_client *client);
/* Has the token file read again before the next call: after a 401. */
void kube_client_forget_token(struct kube_client *client);

/* The URL of a resource's collection, or of an object when `name` is given; `subresource` may be NULL. Free with free(). */
char *kube_url(const struct kube_client *client, const struct kube_resource *resource, const char *namespace,
               const char *name, const char *subresource);
/* Appends "?name=value" or "&name=value", encoded; nothing when `value` is NULL or "". */
void kube_url_query(struct strbuf *url, const char *name, const char *value);

/* The error that a failed answer tells; `what` is the method and URL. `status` is used when the body is no Status. */
struct error *kube_status_error(const char *what, int status, const char *body, size_t len);
struct error *kube_status_object_error(const char *what, int status, const struct json *object);

#endif
