/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health and metrics over HTTP. Metrics are served as upstream does it (BMO-478): over TLS with a certificate of our own making, to callers whose
 * token the API server knows and lets get /metrics; with --metrics-secure=false in plain text to everyone.
 */
#include "operator/endpoints.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "lib/net/http_server.h"
#include "lib/net/pki.h"

#define CERTIFICATE_DAYS 365
#define TOKEN_REVIEWS "/apis/authentication.k8s.io/v1/tokenreviews"
#define ACCESS_REVIEWS "/apis/authorization.k8s.io/v1/subjectaccessreviews"

struct endpoints {
    const struct env *env;
    struct manager *manager;
    bool secure;
    struct http_server *health, *metrics;
};

static void reply_text(struct http_exchange *exchange, int status, const char *text)
{
    http_reply_str(exchange, status, "text/plain; charset=utf-8", text);
}

static void handle_health(struct http_exchange *exchange, void *arg)
{
    struct endpoints *endpoints = arg;
    const char *path = http_path(exchange);
    if (!str_equal(http_method(exchange), "GET"))
        reply_text(exchange, 405, "only GET is possible here\n");
    else if (str_equal(path, "/healthz"))
        reply_text(exchange, 200, "ok");
    else if (!str_equal(path, "/readyz"))
        reply_text(exchange, 404, "there is /healthz and /readyz\n");
    else if (manager_is_synced(endpoints->manager))
        reply_text(exchange, 200, "ok");
    else
        reply_text(exchange, 503, "the caches are not filled yet\n");
}

/* -- who may read metrics -- */

/* Asks the API server who the bearer of `token` is; *ret_user stays NULL when it does not know. */
static struct error *review_token(struct kube_client *client, const char *token, struct json **ret_user)
{
    CLEANUP(json_free) struct json *review = json_new_object();
    CLEANUP(json_free) struct json *answer = NULL;
    json_set_str(review, "apiVersion", "authentication.k8s.io/v1");
    json_set_str(review, "kind", "TokenReview");
    json_set_str(review, "spec/token", token);
    TRY(kube_raw(client, "POST", TOKEN_REVIEWS, review, &answer));
    if (json_bool(answer, "status/authenticated", false))
        *ret_user = json_detach(answer, "status/user");
    return NULL;
}

static struct error *review_access(struct kube_client *client, const struct json *user, const char *path, bool *ret)
{
    CLEANUP(json_free) struct json *review = json_new_object();
    CLEANUP(json_free) struct json *answer = NULL;
    json_set_str(review, "apiVersion", "authorization.k8s.io/v1");
    json_set_str(review, "kind", "SubjectAccessReview");
    json_set_str(review, "spec/user", json_str(user, "username"));
    json_set_str_opt(review, "spec/uid", json_str(user, "uid"));
    if (json_has(user, "groups"))
        json_set(review, "spec/groups", json_copy(json_get(user, "groups")));
    json_set_str(review, "spec/nonResourceAttributes/path", path);
    json_set_str(review, "spec/nonResourceAttributes/verb", "get");
    TRY(kube_raw(client, "POST", ACCESS_REVIEWS, review, &answer));
    *ret = json_bool(answer, "status/allowed", false);
    return NULL;
}

/* The HTTP status for this caller: 200 when it may read. */
static struct error *authorize(struct endpoints *endpoints, struct http_exchange *exchange, int *ret_status)
{
    struct kube_client *client = manager_client(endpoints->manager);
    const char *header = http_header(exchange, "authorization");
    CLEANUP(json_free) struct json *user = NULL;
    if (header && str_has_prefix(header, "Bearer "))
        TRY(review_token(client, header + strlen("Bearer "), &user));
    if (!user) {
        *ret_status = 401;
        return NULL;
    }
    bool allowed = false;
    TRY(review_access(client, user, http_path(exchange), &allowed));
    *ret_status = allowed ? 200 : 403;
    return NULL;
}

static void handle_metrics(struct http_exchange *exchange, void *arg)
{
    struct endpoints *endpoints = arg;
    if (!str_equal(http_path(exchange), "/metrics")) {
        reply_text(exchange, 404, "there is /metrics\n");
        return;
    }
    int status = 200;
    CLEANUP(error_free) struct error *err = endpoints->secure ? authorize(endpoints, exchange, &status) : NULL;
    if (err) {
        log_warn(endpoints->env->log, "reader of metrics not authorized", KV_ERR(err));
        status = 500;
    }
    if (status != 200) {
        reply_text(exchange, status, http_status_text(status));
        return;
    }
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    metrics_print(endpoints->env->metrics, &text);
    http_reply(exchange, 200, METRICS_CONTENT_TYPE, strbuf_str(&text), text.len);
}

/* -- life -- */

static struct error *make_certificate(const struct env *env, struct pki_pair *ret)
{
    static const char *const names[] = {"localhost", "127.0.0.1", NULL};

    return pki_self_signed(env->rt, "metal3-operator", names, CERTIFICATE_DAYS, ret);
}

static struct error *listen_on(struct endpoints *endpoints, const char *option, const char *address,
                               struct http_server_options *options, struct http_server **ret)
{
    if (str_is_empty(address) || str_equal(address, "0"))
        return NULL;
    CLEANUP_FREE char *host = NULL;
    TRY_WRAP(net_parse_address(address, &host, &options->port), "option --%s", option);
    options->address = host;
    options->arg = endpoints;
    TRY_WRAP(http_server_start(endpoints->env->net, endpoints->env->group, options, ret), "option --%s", option);
    return NULL;
}

struct error *endpoints_start(const struct env *env, const struct operator_options *options, struct manager *manager,
                              struct endpoints **ret)
{
    CLEANUP(endpoints_free) struct endpoints *endpoints = mem_alloc(sizeof(*endpoints));
    endpoints->env = env;
    endpoints->manager = manager;
    endpoints->secure = options->metrics_secure;
    CLEANUP_PKI_PAIR struct pki_pair certificate = {0};
    struct http_server_options health = {.handle = handle_health};
    struct http_server_options metrics = {.handle = handle_metrics};
    if (endpoints->secure) {
        TRY(make_certificate(env, &certificate));
        metrics.cert_pem = certificate.cert_pem;
        metrics.key_pem = certificate.key_pem;
    }
    TRY(listen_on(endpoints, "health-addr", options->health_address, &health, &endpoints->health));
    TRY(listen_on(endpoints, "metrics-addr", options->metrics_address, &metrics, &endpoints->metrics));
    *ret = TAKE_PTR(endpoints);
    return NULL;
}

void endpoints_stop(struct endpoints *endpoints)
{
    if (endpoints->health)
        http_server_stop(endpoints->health);
    if (endpoints->metrics)
        http_server_stop(endpoints->metrics);
}

void endpoints_free(struct endpoints *endpoints)
{
    if (!endpoints)
        return;
    http_server_free(endpoints->health);
    http_server_free(endpoints->metrics);
    free(endpoints);
}

int endpoints_metrics_port(const struct endpoints *endpoints)
{
    return endpoints->metrics ? http_server_port(endpoints->metrics) : 0;
}

int endpoints_health_port(const struct endpoints *endpoints)
{
    return endpoints->health ? http_server_port(endpoints->health) : 0;
}
