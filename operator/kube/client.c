/* SPDX-License-Identifier: Apache-2.0 */
/* The client's life, its credentials, its own rate limit, and the URLs of resources. The verbs are in verbs.c, watches in watch.c. */
#include "operator/kube/client_internal.h"

#include <stdlib.h>
#include <string.h>

#include "lib/rt/file.h"
#include "operator/kube/kubeconfig.h"

#define TIMEOUT_DEFAULT (32 * RT_S)
#define TOKEN_FILE_AGE_MAX (60 * RT_S)
#define CONNECTIONS_MAX 16

struct kube_client {
    const struct env *env;
    struct http_client *http;
    struct kube_config config;
    rt_time timeout;
    rt_time token_read; /* when token_file was read last; 0: not yet */
    /* Token bucket: `tokens` may fall below zero, and then tells how long the last caller has to wait. */
    double qps, burst, tokens;
    rt_time tokens_at;
};

static struct error *load_config(const struct env *env, const struct kube_client_options *options,
                                 struct kube_config *ret)
{
    if (options->kubeconfig)
        return kube_config_parse(env->rt, options->kubeconfig, NULL, options->context, ret);
    if (options->kubeconfig_path)
        return kube_config_load(env->rt, options->kubeconfig_path, options->context, ret);
    return kube_config_in_cluster(env->rt, ret);
}

struct error *kube_client_new(const struct env *env, const struct kube_client_options *options,
                              struct kube_client **ret)
{
    CLEANUP(kube_client_free) struct kube_client *client = mem_alloc(sizeof(*client));
    client->env = env;
    TRY(load_config(env, options, &client->config));
    client->timeout = options->timeout ? options->timeout : TIMEOUT_DEFAULT;
    client->qps = options->qps;
    client->burst = options->burst > 0 ? options->burst : 2 * options->qps;
    if (client->burst < 1)
        client->burst = 1;
    client->tokens = client->burst;
    client->tokens_at = rt_now(env->rt);
    struct http_client_options http_options = {
        .ca_pem = client->config.ca_pem,
        .ca_file = client->config.ca_file,
        .client_cert_pem = client->config.cert_pem,
        .client_key_pem = client->config.key_pem,
        .insecure = client->config.insecure,
        .user_agent = options->user_agent ? options->user_agent : "metal3-operator/" METAL3_VERSION,
        .connections_max = CONNECTIONS_MAX,
        .timeout = client->timeout,
    };
    TRY_WRAP(http_client_new(env->net, &http_options, &client->http), "client of %s", client->config.server);
    *ret = TAKE_PTR(client);
    return NULL;
}

void kube_client_free(struct kube_client *client)
{
    if (!client)
        return;
    http_client_free(client->http);
    kube_config_release(&client->config);
    free(client);
}

const char *kube_client_server(const struct kube_client *client)
{
    return client->config.server;
}

const char *kube_client_namespace(const struct kube_client *client)
{
    return str_or(client->config.namespace, "default");
}

struct http_client *kube_client_http(const struct kube_client *client)
{
    return client->http;
}

struct rt *kube_client_rt(const struct kube_client *client)
{
    return client->env->rt;
}

rt_time kube_client_timeout(const struct kube_client *client)
{
    return client->timeout;
}

struct error *kube_client_throttle(struct kube_client *client)
{
    if (client->qps <= 0)
        return NULL;
    rt_time now = rt_now(client->env->rt);
    client->tokens += (double)(now - client->tokens_at) / RT_S * client->qps;
    if (client->tokens > client->burst)
        client->tokens = client->burst;
    client->tokens_at = now;
    client->tokens -= 1;
    if (client->tokens >= 0)
        return NULL;
    return rt_sleep(client->env->rt, (rt_time)(-client->tokens / client->qps * RT_S));
}

/* -- credentials -- */

void kube_client_forget_token(struct kube_client *client)
{
    client->token_read = 0;
}

/* Reads token_file when what we have is old. A file that cannot be read is an error only while there is no token at all. */
static struct error *refresh_token(struct kube_client *client)
{
    rt_time now = rt_now(client->env->rt);
    if (!client->config.token_file || (client->token_read && now - client->token_read < TOKEN_FILE_AGE_MAX))
        return NULL;
    client->token_read = now ? now : 1;
    CLEANUP_SECRET char *text = NULL;
    struct error *err = rt_file_read(client->env->rt, client->config.token_file, KUBE_FILE_MAX, &text, NULL);
    if (err && client->config.token) {
        error_free(err);
        return NULL;
    }
    TRY(err);
    mem_free_secret(client->config.token);
    client->config.token = str_trim(text);
    return NULL;
}

static void add_header(struct kube_headers *headers, const char *name, const char *value)
{
    headers->items[headers->count++] = (struct http_header){.name = name, .value = value};
}

struct error *kube_headers_fill(struct kube_client *client, const char *content_type, struct kube_headers *ret)
{
    TRY(refresh_token(client));
    add_header(ret, "Accept", "application/json");
    if (content_type)
        add_header(ret, "Content-Type", content_type);
    if (!str_is_empty(client->config.token)) {
        ret->authorization = mem_printf("Bearer %s", client->config.token);
    } else if (!str_is_empty(client->config.user)) {
        CLEANUP_SECRET char *pair = mem_printf("%s:%s", client->config.user, str_or(client->config.password, ""));
        CLEANUP_SECRET char *encoded = str_base64_encode(pair, strlen(pair));
        ret->authorization = mem_printf("Basic %s", encoded);
    }
    if (ret->authorization)
        add_header(ret, "Authorization", ret->authorization);
    return NULL;
}

void kube_headers_release(struct kube_headers *headers)
{
    mem_free_secret(headers->authorization);
    *headers = (struct kube_headers){0};
}

/* -- URLs -- */

static void add_segment(struct strbuf *url, const char *segment)
{
    CLEANUP_FREE char *encoded = str_url_encode(segment);
    strbuf_addf(url, "/%s", encoded);
}

char *kube_url(const struct kube_client *client, const struct kube_resource *resource, const char *namespace,
               const char *name, const char *subresource)
{
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    strbuf_adds(&url, client->config.server);
    if (*resource->group)
        strbuf_addf(&url, "/apis/%s/%s", resource->group, resource->version);
    else
        strbuf_addf(&url, "/api/%s", resource->version);
    if (resource->namespaced && !str_is_empty(namespace)) {
        strbuf_adds(&url, "/namespaces");
        add_segment(&url, namespace);
    }
    add_segment(&url, resource->plural);
    if (name)
        add_segment(&url, name);
    if (subresource)
        add_segment(&url, subresource);
    return strbuf_take(&url);
}

void kube_url_query(struct strbuf *url, const char *name, const char *value)
{
    if (str_is_empty(value))
        return;
    CLEANUP_FREE char *encoded = str_url_encode(value);
    strbuf_addf(url, "%c%s=%s", strchr(strbuf_str(url), '?') ? '&' : '?', name, encoded);
}
