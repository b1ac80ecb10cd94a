/* SPDX-License-Identifier: Apache-2.0 */
/* Routing, versions, authentication and error bodies. */
#include "operator/conductor/api/rest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "operator/conductor/api/auth.h"

#define PAGE_MAX 1000 /* IRO-200 */

static const struct rest_route *const tables[] = {rest_ramdisk_routes, rest_node_routes,  rest_state_routes,
                                                  rest_port_routes,    rest_media_routes, rest_root_routes};

/* -- errors -- */

static int status_of(const struct error *err)
{
    switch (error_kind(err)) {
    case ERROR_INVALID:
    case ERROR_UNSUPPORTED:
        return 400;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_DENIED:
        return 403;
    case ERROR_CONFLICT:
        return 409;
    case ERROR_TRANSIENT:
    case ERROR_TIMEOUT:
    case ERROR_CANCELLED:
        return 503;
    default:
        return 500;
    }
}

/* IRO-015: JSON in a string in JSON. */
static void reply_error(struct rest *rest, int status, const char *text)
{
    CLEANUP(json_free) struct json *fault = json_new_object(), *body = json_new_object();
    json_set_str(fault, "faultcode", status >= 500 ? "Server" : "Client");
    json_set_str(fault, "faultstring", text);
    json_set(fault, "debuginfo", json_new_null());
    CLEANUP_FREE char *inner = json_print(fault);
    json_set_str(body, "error_message", inner);
    rest_reply(rest, status, body);
}

/* -- versions -- */

/* "1.N" or "latest"; false when it is neither or out of our range. */
static bool parse_version(const char *text, int *ret)
{
    if (str_equal(text, "latest")) {
        *ret = API_VERSION_MAX;
        return true;
    }
    int64_t minor = 0;
    if (!str_has_prefix(text, "1."))
        return false;
    CLEANUP(error_free) struct error *bad = str_to_int64(text + 2, &minor);
    if (bad || minor < API_VERSION_MIN || minor > API_VERSION_MAX)
        return false;
    *ret = (int)minor;
    return true;
}

/* IRO-014: no header is 1.1. */
static bool negotiate(struct rest *rest)
{
    const char *text = http_header(rest->exchange, "X-OpenStack-Ironic-API-Version");
    const char *generic = http_header(rest->exchange, "OpenStack-API-Version");
    if (!text && generic && str_has_prefix(generic, "baremetal "))
        text = generic + strlen("baremetal ");
    rest->version = API_VERSION_MIN;
    return !text || parse_version(text, &rest->version);
}

static void version_headers(struct rest *rest)
{
    char text[24];
    snprintf(text, sizeof(text), "1.%d", API_VERSION_MIN);
    http_reply_header(rest->exchange, "X-OpenStack-Ironic-API-Minimum-Version", text);
    snprintf(text, sizeof(text), "1.%d", API_VERSION_MAX);
    http_reply_header(rest->exchange, "X-OpenStack-Ironic-API-Maximum-Version", text);
    snprintf(text, sizeof(text), "1.%d", rest->version);
    http_reply_header(rest->exchange, "X-OpenStack-Ironic-API-Version", text);
}

/* -- routes -- */

static void args_release(struct rest *rest)
{
    for (size_t i = 0; i < REST_ARGS_MAX; i++)
        free(TAKE_PTR(rest->args[i]));
}

/* Compares segment by segment; fills the arguments. */
static bool path_matches(struct rest *rest, const char *pattern, const char *path)
{
    size_t count = 0;
    for (;;) {
        while (*path == '/')
            path++;
        while (*pattern == '/')
            pattern++;
        if (!*pattern || !*path)
            return !*pattern && !*path;
        size_t pattern_len = strcspn(pattern, "/"), path_len = strcspn(path, "/");
        CLEANUP_FREE char *segment = mem_strndup(path, path_len);
        if (*pattern == '%') {
            CLEANUP(error_free) struct error *bad = NULL;
            if (count == REST_ARGS_MAX || (bad = str_url_decode(segment, &rest->args[count++])))
                return false;
        } else if (strlen(segment) != pattern_len || strncmp(pattern, segment, pattern_len) != 0) {
            return false;
        }
        pattern += pattern_len;
        path += path_len;
    }
}

/* *ret_known tells whether the path exists with another method. */
static const struct rest_route *find_route(struct rest *rest, bool *ret_known)
{
    *ret_known = false;
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        for (const struct rest_route *route = tables[i]; route->method; route++) {
            args_release(rest);
            if (!path_matches(rest, route->path, http_raw_path(rest->exchange)) ||
                (route->since && rest->version < route->since))
                continue;
            *ret_known = true;
            if (str_equal(route->method, http_method(rest->exchange)))
                return route;
        }
    }
    return NULL;
}

static void dispatch(struct rest *rest)
{
    if (!negotiate(rest)) {
        CLEANUP_FREE char *text = mem_printf(
            "Version was requested but the version is not supported. The supported version range is: [1.%d, 1.%d].",
            API_VERSION_MIN, API_VERSION_MAX);
        version_headers(rest);
        reply_error(rest, 406, text);
        return;
    }
    version_headers(rest);
    bool known = false;
    const struct rest_route *route = find_route(rest, &known);
    if (!(route && (route->flags & REST_PUBLIC)) && !auth_check(rest->conductor, rest->exchange)) {
        http_reply_header(rest->exchange, "WWW-Authenticate", "Basic realm=\"Baremetal API\"");
        reply_error(rest, 401, "Incorrect username or password");
        return;
    }
    if (!route) {
        reply_error(rest, known ? 405 : 404, known ? "The method is not allowed for this resource." : "Not Found");
        return;
    }
    size_t limit = route->body_max ? route->body_max : REST_BODY_MAX;
    if (http_body_len(rest->exchange) > limit) {
        CLEANUP_FREE char *text = mem_printf("Request body is larger than %zu KiB.", limit / 1024);
        reply_error(rest, 413, text);
        return;
    }
    CLEANUP(error_free) struct error *err = route->handle(rest);
    if (err) {
        if (error_kind(err) == ERROR_INTERNAL)
            log_error(rest->conductor->log, "request failed", KV("path", http_path(rest->exchange)), KV_ERR(err));
        reply_error(rest, status_of(err), error_message(err));
    }
}

void rest_handle(struct http_exchange *exchange, void *arg)
{
    struct rest rest = {.conductor = arg, .exchange = exchange};
    log_debug(rest.conductor->log, "request", KV("method", http_method(exchange)), KV("path", http_path(exchange)),
              KV("peer", http_peer_address(exchange)));
    dispatch(&rest);
    args_release(&rest);
}

/* -- for handlers -- */

struct error *rest_body(const struct rest *rest, struct json **ret)
{
    if (!http_body_len(rest->exchange))
        return error_new(ERROR_INVALID, "The request needs a JSON body.");
    TRY_WRAP(json_parse(http_body(rest->exchange), http_body_len(rest->exchange), ret),
             "Invalid JSON in the request body");
    return NULL;
}

struct error *rest_node(const struct rest *rest, struct node **ret)
{
    struct node *node = node_find(rest->conductor, rest->args[0]);
    if (!node)
        return error_new(ERROR_NOT_FOUND, "Node %s could not be found.", rest->args[0]);
    *ret = node_ref(node);
    return NULL;
}

void rest_reply(struct rest *rest, int status, const struct json *body)
{
    if (body)
        http_reply_json(rest->exchange, status, body);
    else
        http_reply(rest->exchange, status, NULL, "", 0);
}

void rest_reply_text(struct rest *rest, int status, const struct strbuf *body)
{
    http_reply(rest->exchange, status, "application/json", strbuf_str(body), body->len);
}

const char *rest_query(const struct rest *rest, const char *name)
{
    return http_query(rest->exchange, name);
}

char *rest_base(const struct rest *rest)
{
    const char *host = http_header(rest->exchange, "Host");
    if (str_is_empty(host))
        return mem_printf("%s/v1", rest->conductor->text.api_url);
    return mem_printf("%s://%s/v1", http_is_tls(rest->exchange) ? "https" : "http", host);
}

struct json *rest_links(const struct rest *rest, const char *collection, const char *id)
{
    CLEANUP_FREE char *base = rest_base(rest);
    struct json *links = json_new_array();
    for (int bookmark = 0; bookmark < 2; bookmark++) {
        struct json *link = json_new_object();
        int root_len = (int)strlen(base) - (bookmark ? 3 : 0); /* without "/v1" */
        json_set_printf(link, "href", "%.*s/%s/%s", root_len, base, collection, id);
        json_set_str(link, "rel", bookmark ? "bookmark" : "self");
        json_append(links, link);
    }
    return links;
}

void rest_write_links(const struct rest *rest, struct jsonw *json, const char *collection, const char *id)
{
    CLEANUP_FREE char *base = rest_base(rest);
    jsonw_array(json, "links");
    for (int bookmark = 0; bookmark < 2; bookmark++) {
        jsonw_object(json, NULL);
        jsonw_printf(json, "href", "%.*s/%s/%s", (int)strlen(base) - (bookmark ? 3 : 0), base, collection, id);
        jsonw_str(json, "rel", bookmark ? "bookmark" : "self");
        jsonw_end(json);
    }
    jsonw_end(json);
}

struct error *rest_page(const struct rest *rest, size_t *ret_limit, const char **ret_marker)
{
    const char *text = rest_query(rest, "limit");
    int64_t limit = PAGE_MAX;
    if (text)
        TRY_WRAP(str_to_int64(text, &limit), "limit");
    if (limit < 0)
        return error_new(ERROR_INVALID, "Limit must be positive, not %s", text);
    *ret_limit = limit == 0 || limit > PAGE_MAX ? PAGE_MAX : (size_t)limit;
    *ret_marker = rest_query(rest, "marker");
    return NULL;
}
