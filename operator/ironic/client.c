/* SPDX-License-Identifier: Apache-2.0 */
/* Ironic REST client: readiness and versions, one call function, error bodies; then the calls on nodes. */
#include "operator/ironic/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log/log.h"
#include "lib/net/http_client.h"
#include "lib/rt/file.h"
#include "operator/ironic/provisioner.h"

#define SETTING_FILE_MAX (1024 * 1024)
#define ERROR_TEXT_MAX 4000 /* of what Ironic says into an error, and so into a host's status */
#define LIST_PAGES_MAX 1000

struct ironic {
    const struct env *env;
    const struct ironic_options *options;
    struct http_client *http;
    char *base; /* "http://host:6385/v1" */
    char *user, *password;
    int version;
    rt_time ready_until;
    struct rt_mutex ready_lock;
};

/* -- settings -- */

/* A small file's text; *ret stays NULL when it does not exist. */
static struct error *read_setting(struct ironic *ironic, const char *path, char **ret)
{
    if (str_is_empty(path))
        return NULL;
    struct error *err = rt_file_read(ironic->env->rt, path, SETTING_FILE_MAX, ret, NULL);
    if (!error_is(err, ERROR_NOT_FOUND))
        return err;
    error_free(err);
    return NULL;
}

static struct error *read_credential(struct ironic *ironic, const char *name, char **ret)
{
    CLEANUP_SECRET char *text = NULL;
    CLEANUP_FREE char *path = mem_printf("%s/ironic/%s", ironic->options->auth_dir, name);

    TRY(read_setting(ironic, path, &text));
    CLEANUP_SECRET char *trimmed = str_trim(text ? text : "");
    if (!trimmed[0])
        return error_new(ERROR_INVALID, "%s is missing or empty: basic authentication with Ironic needs it", path);
    *ret = TAKE_PTR(trimmed);
    return NULL;
}

/* IRO-003, IRO-004: the directory's existence decides. */
static struct error *read_credentials(struct ironic *ironic)
{
    const struct ironic_options *options = ironic->options;

    if (options->user) {
        ironic->user = mem_strdup(options->user);
        ironic->password = mem_strdup(str_or(options->password, ""));
        return NULL;
    }
    if (str_is_empty(options->auth_dir))
        return NULL;
    CLEANUP_FREE char *dir = mem_printf("%s/ironic", options->auth_dir);
    if (access(dir, F_OK) != 0)
        return NULL;
    TRY(read_credential(ironic, "username", &ironic->user));
    return read_credential(ironic, "password", &ironic->password);
}

static struct error *make_http_client(struct ironic *ironic)
{
    const struct ironic_options *options = ironic->options;
    CLEANUP_FREE char *cert = NULL;
    CLEANUP_SECRET char *key = NULL;

    TRY(read_setting(ironic, options->client_cert_file, &cert));
    TRY(read_setting(ironic, options->client_key_file, &key));
    struct http_client_options http = {
        .ca_file = !str_is_empty(options->ca_file) && access(options->ca_file, R_OK) == 0 ? options->ca_file : NULL,
        .client_cert_pem = cert && key ? cert : NULL,
        .client_key_pem = cert && key ? key : NULL,
        .insecure = options->insecure,
        .insecure_san = options->insecure_san,
        .user_agent = "metal3-operator/" METAL3_VERSION,
        .timeout = options->timeout,
        .connect_timeout = 30 * RT_S,
    };
    return http_client_new(ironic->env->net, &http, &ironic->http);
}

struct error *ironic_new(const struct env *env, const struct ironic_options *options, struct ironic **ret)
{
    if (str_is_empty(options->endpoint))
        return error_new(ERROR_INVALID, "no Ironic endpoint: set IRONIC_ENDPOINT, e.g. http://127.0.0.1:6385/v1/");
    struct ironic *ironic CLEANUP(ironic_free) = mem_alloc(sizeof(*ironic));
    ironic->env = env;
    ironic->options = options;
    CLEANUP_FREE char *endpoint = str_trim_end(options->endpoint, '/');
    ironic->base = mem_printf("%s%s", endpoint, str_has_suffix(endpoint, "/v1") ? "" : "/v1");
    TRY(read_credentials(ironic));
    TRY_WRAP(make_http_client(ironic), "Ironic client");
    *ret = TAKE_PTR(ironic);
    return NULL;
}

void ironic_free(struct ironic *ironic)
{
    if (!ironic)
        return;
    http_client_free(ironic->http);
    free(ironic->base);
    free(ironic->user);
    mem_free_secret(ironic->password);
    free(ironic);
}

/* -- one call -- */

static enum error_kind kind_of_status(int status)
{
    switch (status) {
    case 400:
        return ERROR_INVALID;
    case 401:
    case 403:
        return ERROR_DENIED;
    case 404:
        return ERROR_NOT_FOUND;
    case 406:
        return ERROR_UNSUPPORTED;
    case 409:
        return ERROR_CONFLICT;
    default:
        return ERROR_TRANSIENT;
    }
}

/*
 * IRO-015: "error_message" is a string with JSON inside, or an object; or the body is no JSON at all. Free with free().
 */
static char *error_text(const struct http_response *response)
{
    struct json *body CLEANUP(json_free) = NULL;
    struct json *inner CLEANUP(json_free) = NULL;

    struct error *err = json_parse(response->body, response->body_len, &body);
    if (err) {
        error_free(err);
        return mem_strdup(http_status_text(response->status));
    }
    const struct json *message = json_get(body, "error_message");
    const char *text = json_str(message, "");
    if (text) {
        err = json_parse(text, strlen(text), &inner);
        if (err) {
            error_free(err);
            return mem_printf("%.*s", ERROR_TEXT_MAX, text);
        }
        message = inner;
    }
    const char *fault = json_str(message, "faultstring");
    return mem_printf("%.*s", ERROR_TEXT_MAX, str_or(fault, http_status_text(response->status)));
}

static struct error *exchange(struct ironic *ironic, const char *method, const char *url, const struct json *body,
                              bool plain, struct http_response **ret)
{
    char version[16], compute[32];
    CLEANUP_SECRET char *text = body ? json_print(body) : NULL;
    struct http_header headers[4] = {{"Accept", "application/json"}};
    size_t count = 1;

    if (!plain) {
        snprintf(version, sizeof(version), "1.%d", ironic->version);
        snprintf(compute, sizeof(compute), "baremetal 1.%d", ironic->version);
        headers[count++] = (struct http_header){"X-OpenStack-Ironic-API-Version", version};
        headers[count++] = (struct http_header){"OpenStack-API-Version", compute};
    }
    if (text)
        headers[count++] = (struct http_header){"Content-Type", "application/json"};
    struct http_request request = {
        .method = method,
        .url = url,
        .headers = headers,
        .header_count = count,
        .body = text,
        .body_len = text ? strlen(text) : 0,
        .user = plain ? NULL : ironic->user,
        .password = plain ? NULL : ironic->password,
    };
    struct http_response *response CLEANUP(http_response_free) = NULL;
    TRY_WRAP(http_call(ironic->http, &request, &response), "Ironic");
    if (response->status < 200 || response->status > 299) {
        CLEANUP_FREE char *why = error_text(response);
        return error_new_code(kind_of_status(response->status), response->status, "Ironic: %s %s: HTTP %d: %s", method,
                              url, response->status, why);
    }
    *ret = TAKE_PTR(response);
    return NULL;
}

static struct error *call_url(struct ironic *ironic, const char *method, const char *url, const struct json *body,
                              bool plain, struct json **ret)
{
    struct http_response *response CLEANUP(http_response_free) = NULL;

    TRY(exchange(ironic, method, url, body, plain, &response));
    if (!ret)
        return NULL;
    if (!response->body_len) {
        *ret = NULL;
        return NULL;
    }
    TRY_WRAP(json_parse(response->body, response->body_len, ret), "Ironic: %s %s: the answer is no JSON", method, url);
    return NULL;
}

struct error *ironic_call(struct ironic *ironic, const char *method, const char *path, const struct json *body,
                          struct json **ret)
{
    CLEANUP_FREE char *url = mem_printf("%s%s", ironic->base, path);
    return call_url(ironic, method, url, body, false, ret);
}

/*
 * The URL of the next page on the endpoint that we know: credentials go nowhere else. NULL: there is none. Free with
 * free().
 */
static char *next_page(const struct ironic *ironic, const char *next)
{
    const char *rest = next ? strstr(next, "/v1/") : NULL;
    return rest ? mem_printf("%s%s", ironic->base, rest + strlen("/v1")) : NULL;
}

struct error *ironic_list(struct ironic *ironic, const char *path, const char *member, struct json **ret)
{
    struct json *all CLEANUP(json_free) = NULL;
    CLEANUP_FREE char *url = mem_printf("%s%s", ironic->base, path);

    for (int page = 0; page < LIST_PAGES_MAX; page++) {
        struct json *answer CLEANUP(json_free) = NULL;
        struct json *items = NULL;
        TRY(call_url(ironic, "GET", url, NULL, false, &answer));
        TRY_WRAP(json_need(answer, member, JSON_ARRAY, &items), "Ironic: GET %s", url);
        char *next_url = next_page(ironic, json_str(answer, "next"));
        if (!all) {
            all = json_detach(answer, member);
        } else {
            JSON_FOREACH (item, items) {
                json_append(all, json_copy(item));
            }
        }
        free(url);
        url = next_url;
        if (!url)
            break;
    }
    *ret = TAKE_PTR(all);
    return NULL;
}

/* -- readiness -- */

/* "1.115" → 115; 0 for anything else. */
static int minor_version(const char *text)
{
    int64_t minor = 0;
    if (!text || !str_has_prefix(text, "1."))
        return 0;
    struct error *err = str_to_int64(text + 2, &minor);
    if (err) {
        error_free(err);
        return 0;
    }
    return minor > 0 && minor < 100000 ? (int)minor : 0;
}

static struct error *choose_version(const struct json *document, int *ret)
{
    static const int pinned[] = {IRONIC_VERSION_ABORT_DEPLOY, IRONIC_VERSION_HEALTH, IRONIC_VERSION_DISABLE_POWER_OFF,
                                 IRONIC_VERSION_VMEDIA_GET, IRONIC_VERSION_MIN};
    const char *text = json_str(document, "version/version");

    if (!text && json_len(json_get(document, "versions")) == 1)
        text = json_str(document, "versions/0/version");
    if (!text)
        return error_new(ERROR_TRANSIENT, "the version document names no version");
    int maximum = minor_version(text);
    for (size_t i = 0; i < ARRAY_SIZE(pinned); i++) {
        if (maximum < pinned[i])
            continue;
        *ret = pinned[i];
        return NULL;
    }
    return error_new(ERROR_UNSUPPORTED, "API version 1.%d or later is needed, but it offers %s", IRONIC_VERSION_MIN,
                     text);
}

static struct error *probe(struct ironic *ironic)
{
    struct json *document CLEANUP(json_free) = NULL;
    struct json *drivers CLEANUP(json_free) = NULL;

    TRY(call_url(ironic, "GET", ironic->base, NULL, true, &document));
    TRY_WRAP(choose_version(document, &ironic->version), "Ironic at %s", ironic->base);
    TRY(ironic_list(ironic, "/drivers", "drivers", &drivers));
    if (!json_len(drivers))
        return error_new(ERROR_TRANSIENT, "Ironic at %s has no driver: its conductor is not up", ironic->base);
    return NULL;
}

static struct error *probe_when_stale(struct ironic *ironic)
{
    if (rt_now(ironic->env->rt) < ironic->ready_until)
        return NULL;
    struct error *err = probe(ironic);
    if (!err)
        ironic->ready_until = rt_after(ironic->env->rt, ironic->options->cache_ttl);
    else if (!error_is(err, ERROR_CANCELLED)) {
        struct error *not_ready =
            error_new_code(error_kind(err), PROVISIONER_NOT_READY, "provisioner is not ready: %s", error_message(err));
        error_free(err);
        return not_ready;
    }
    return err;
}

struct error *ironic_ready(struct ironic *ironic)
{
    if (rt_now(ironic->env->rt) < ironic->ready_until)
        return NULL;
    TRY(rt_mutex_lock(ironic->env->rt, &ironic->ready_lock));
    struct error *err = probe_when_stale(ironic);
    rt_mutex_unlock(ironic->env->rt, &ironic->ready_lock);
    return err;
}

int ironic_version(const struct ironic *ironic)
{
    return ironic->version;
}

/* -- nodes -- */

static char *node_path(const char *node, const char *rest)
{
    CLEANUP_FREE char *encoded = str_url_encode(node);
    return mem_printf("/nodes/%s%s", encoded, rest);
}

struct error *ironic_node_get(struct ironic *ironic, const char *node, struct json **ret)
{
    CLEANUP_FREE char *path = node_path(node, "");
    return ironic_call(ironic, "GET", path, NULL, ret);
}

struct error *ironic_node_create(struct ironic *ironic, const struct json *body, struct json **ret)
{
    return ironic_call(ironic, "POST", "/nodes", body, ret);
}

struct error *ironic_node_patch(struct ironic *ironic, const char *node, const struct json *operations,
                                struct json **ret)
{
    CLEANUP_FREE char *path = node_path(node, "");
    return ironic_call(ironic, "PATCH", path, operations, ret);
}

struct error *ironic_node_delete(struct ironic *ironic, const char *node)
{
    CLEANUP_FREE char *path = node_path(node, "");
    return ironic_call(ironic, "DELETE", path, NULL, NULL);
}

struct error *ironic_node_provision(struct ironic *ironic, const char *node, const struct json *body)
{
    CLEANUP_FREE char *path = node_path(node, "/states/provision");
    return ironic_call(ironic, "PUT", path, body, NULL);
}

struct error *ironic_node_power(struct ironic *ironic, const char *node, const char *target, int timeout)
{
    CLEANUP_FREE char *path = node_path(node, "/states/power");
    struct json *body CLEANUP(json_free) = json_new_object();

    json_set_str(body, "target", target);
    if (timeout)
        json_set_int(body, "timeout", timeout);
    return ironic_call(ironic, "PUT", path, body, NULL);
}

struct error *ironic_node_maintenance(struct ironic *ironic, const char *node, const char *reason)
{
    CLEANUP_FREE char *path = node_path(node, "/maintenance");

    if (!reason)
        return ironic_call(ironic, "DELETE", path, NULL, NULL);
    struct json *body CLEANUP(json_free) = json_new_object();
    json_set_str(body, "reason", reason);
    return ironic_call(ironic, "PUT", path, body, NULL);
}
