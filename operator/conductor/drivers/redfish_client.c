/* SPDX-License-Identifier: Apache-2.0 */
/* Redfish requests: sessions with a fall-back to basic authentication, repeats, ETags, tasks, and error texts (IRO-378 to IRO-397). */
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/redfish/names.h"
#include "operator/conductor/drivers/redfish.h"
#include "operator/conductor/internal.h"

#define RESPONSE_MAX (8 * 1024 * 1024)
#define TEXT_MAX 1000 /* of what a BMC says into an error */
#define TASK_WAIT (120 * RT_S)

/* -- errors -- */

/* The message of a Redfish error body: the first Critical entry, else the first Warning, else error.message (IRO-396). */
static char *error_text(const struct http_response *response)
{
    CLEANUP(json_free) struct json *body = NULL;
    CLEANUP(error_free) struct error *bad = json_parse(response->body, response->body_len, &body);
    if (bad || !json_get(body, "error"))
        return mem_strndup(response->body, strnlen(response->body, 200));
    static const char *const severities[] = {"Critical", "Warning"};
    const struct json *infos = json_member(json_get(body, "error"), REDFISH_EXTENDED_INFO);
    for (size_t i = 0; i < ARRAY_SIZE(severities); i++)
        JSON_FOREACH (info, infos)
            if (str_equal(json_str_or(info, "MessageSeverity", json_str(info, "Severity")), severities[i]) &&
                json_str(info, "Message"))
                return mem_printf("%.*s", TEXT_MAX, json_str(info, "Message"));
    return mem_printf("%.*s", TEXT_MAX, json_str_or(body, "error/message", "no message"));
}

static struct error *status_error(const struct redfish *redfish, const char *method, const char *path,
                                  const struct http_response *response)
{
    enum error_kind kind = ERROR_INVALID;
    int status = response->status;
    if (status == 401 || status == 403)
        kind = ERROR_DENIED;
    else if (status == 404 || status == 410)
        kind = ERROR_NOT_FOUND;
    else if (status == 409 || status == 412)
        kind = ERROR_CONFLICT;
    else if (status == 405 || status == 501)
        kind = ERROR_UNSUPPORTED;
    else if (status >= 500 || status == 429)
        kind = ERROR_TRANSIENT;
    CLEANUP_FREE char *text = error_text(response);
    const char *remedy = status == 401   ? " Check the BMC's user name and password."
                         : status == 403 ? " The BMC's user has not the privileges for it."
                                         : "";
    return error_new_code(kind, status, "HTTP %s %s%s returned code %d. %s%s", method, redfish->address, path, status,
                          text, remedy);
}

/* A BMC that asks for a moment (IRO-381, IRO-382). */
static bool is_busy_text(const struct http_response *response)
{
    return strstr(response->body, "SYS518") ||
           (strstr(response->body, "iLO") && strstr(response->body, "InvalidOperationForSystemState"));
}

static bool worth_repeating(const char *method, const struct http_response *response)
{
    if (response->status >= 500)
        return str_equal(method, "GET") || response->status == 503 || is_busy_text(response);
    return response->status == 400 && !str_equal(method, "GET") && is_busy_text(response);
}

/* -- one exchange -- */

struct call {
    const char *method, *path, *if_match;
    const char *body;
    bool anonymous;
};

static struct error *exchange(struct redfish *redfish, const struct call *call, struct http_response **ret)
{
    struct conductor *conductor = redfish->conductor;
    struct http_header headers[6];
    size_t count = 0;
    headers[count++] = (struct http_header){"OData-Version", "4.0"};
    headers[count++] = (struct http_header){"Accept", "application/json"};
    if (!redfish->no_encoding)
        headers[count++] = (struct http_header){"Accept-Encoding", "identity"};
    if (call->body)
        headers[count++] = (struct http_header){"Content-Type", "application/json"};
    if (call->if_match)
        headers[count++] = (struct http_header){"If-Match", call->if_match};
    if (*call->path != '/') /* it would become a part of the host's name */
        return error_new(ERROR_INVALID, "%s names the path \"%.200s\", which does not begin with /", redfish->address,
                         call->path);
    bool basic = redfish->auth == REDFISH_AUTH_BASIC || redfish->basic_now;
    if (!call->anonymous && !basic && redfish->token)
        headers[count++] = (struct http_header){REDFISH_HEADER_TOKEN, redfish->token};
    CLEANUP_FREE char *url = mem_printf("%s%s", redfish->address, call->path);
    struct http_request request = {
        .method = call->method,
        .url = url,
        .headers = headers,
        .header_count = count,
        .body = call->body,
        .body_len = call->body ? strlen(call->body) : 0,
        .response_max = RESPONSE_MAX,
        .deadline = rt_after(conductor->rt, conductor->options.bmc_timeout),
    };
    if (!call->anonymous && basic && redfish->user) {
        request.user = redfish->user;
        request.password = str_or(redfish->password, "");
    }
    TRY(rt_semaphore_acquire(conductor->rt, &conductor->bmc_slots, RT_FOREVER));
    struct error *err = http_call(redfish->client, &request, ret);
    rt_semaphore_release(conductor->rt, &conductor->bmc_slots);
    metric_add(conductor->bmc_calls, 1, (const char *const[]){call->method, err ? "error" : "ok"});
    return err;
}

/* With repeats of what a BMC may get over. */
static struct error *exchange_patiently(struct redfish *redfish, const struct call *call, struct http_response **ret)
{
    struct conductor *conductor = redfish->conductor;
    for (int64_t attempt = 1;; attempt++) {
        CLEANUP(http_response_free) struct http_response *response = NULL;
        struct error *err = exchange(redfish, call, &response);
        bool last = attempt >= conductor->options.bmc_attempts;
        if (err && (last || !error_is_retryable(err)))
            return err;
        if (!err && response->status == 406 && str_equal(call->method, "GET") && !redfish->no_encoding) {
            redfish->no_encoding = true;
            continue;
        }
        if (!err && (last || !worth_repeating(call->method, response))) {
            *ret = TAKE_PTR(response);
            return NULL;
        }
        log_debug(conductor->log, "BMC call is repeated", KV("bmc", redfish->address), KV("path", call->path),
                  KV("err", err ? error_message(err) : http_status_text(response->status)));
        error_free(err);
        TRY(rt_sleep(conductor->rt, conductor->options.bmc_retry_interval));
    }
}

/* -- sessions -- */

void redfish_forget_session(struct redfish *redfish)
{
    mem_free_secret(TAKE_PTR(redfish->token));
    free(TAKE_PTR(redfish->session_uri));
}

static struct error *session_open(struct redfish *redfish)
{
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "UserName", redfish->user);
    json_set_str(body, "Password", str_or(redfish->password, ""));
    CLEANUP_SECRET char *text = json_print(body);
    struct call call = {
        .method = "POST", .path = str_or(redfish->sessions_path, REDFISH_SESSIONS), .body = text, .anonymous = true};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(exchange_patiently(redfish, &call, &response));
    if (response->status < 200 || response->status > 299)
        return status_error(redfish, "POST", call.path, response);
    const char *token = http_response_header(response, REDFISH_HEADER_TOKEN);
    if (!token)
        return error_new(ERROR_UNSUPPORTED, "%s gave no session token", redfish->address);
    redfish_forget_session(redfish);
    redfish->token = mem_strdup(token);
    redfish->session_uri = mem_strdup(http_response_header(response, "Location"));
    redfish->session_worked = true;
    return NULL;
}

/* A session when there is none; in mode auto an answer that refuses leads to basic authentication (IRO-388). */
static struct error *authenticate(struct redfish *redfish)
{
    if (!redfish->user || redfish->auth == REDFISH_AUTH_BASIC || redfish->basic_now || redfish->token)
        return NULL;
    struct rt *rt = redfish->conductor->rt;
    TRY(rt_mutex_lock(rt, &redfish->login_lock));
    struct error *err = redfish->token || redfish->basic_now ? NULL : session_open(redfish);
    if (err && redfish->auth == REDFISH_AUTH_AUTO && !redfish->session_worked && error_code(err)) {
        log_debug(redfish->conductor->log, "no Redfish session, using basic authentication",
                  KV("bmc", redfish->address), KV_ERR(err));
        error_free(TAKE_PTR(err));
        redfish->basic_now = true;
    }
    rt_mutex_unlock(rt, &redfish->login_lock);
    return err;
}

/* -- the interface -- */

struct error *redfish_call(struct redfish *redfish, const char *method, const char *path, const struct json *body,
                           const char *if_match, struct http_response **ret)
{
    CLEANUP_FREE char *text = body ? json_print(body) : NULL;
    struct call call = {.method = method, .path = path, .if_match = if_match, .body = text};
    for (int attempt = 0;; attempt++) {
        TRY(authenticate(redfish));
        CLEANUP(http_response_free) struct http_response *response = NULL;
        CLEANUP_SECRET char *token_used = mem_strdup(redfish->token);
        TRY(exchange_patiently(redfish, &call, &response));
        if (response->status >= 200 && response->status <= 299) {
            if (ret)
                *ret = TAKE_PTR(response);
            return NULL;
        }
        /* The session may have expired, or the BMC was restarted: one new session (IRO-385). */
        if ((response->status == 401 || response->status == 403) && attempt == 0 && token_used) {
            if (str_equal(redfish->token, token_used))
                redfish_forget_session(redfish);
            continue;
        }
        return status_error(redfish, method, path, response);
    }
}

struct error *redfish_get(struct redfish *redfish, const char *path, struct json **ret, char **ret_etag)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(redfish_call(redfish, "GET", path, NULL, NULL, &response));
    struct json *value = NULL;
    TRY_WRAP(json_parse(response->body, response->body_len, &value), "the answer of %s%s", redfish->address, path);
    if (ret_etag)
        *ret_etag = mem_strdup(http_response_header(response, "ETag"));
    *ret = value;
    return NULL;
}

/* The path of a URL or path. */
static const char *path_of(const struct redfish *redfish, const char *location)
{
    if (str_has_prefix(location, redfish->address))
        return location + strlen(redfish->address);
    const char *scheme = strstr(location, "://");
    const char *slash = scheme ? strchr(scheme + 3, '/') : NULL;
    return slash ? slash : location;
}

/* Polls a task monitor until it is no longer 202 (IRO-394). */
static struct error *task_wait(struct redfish *redfish, const char *monitor)
{
    struct rt *rt = redfish->conductor->rt;
    rt_time deadline = rt_after(rt, TASK_WAIT);
    for (;;) {
        CLEANUP(http_response_free) struct http_response *response = NULL;
        TRY(redfish_call(redfish, "GET", monitor, NULL, NULL, &response));
        if (response->status != 202)
            return NULL;
        if (rt_now(rt) > deadline)
            return error_new(ERROR_TIMEOUT, "task %s%s did not end in time", redfish->address, monitor);
        int64_t seconds = 1;
        const char *retry_after = http_response_header(response, "Retry-After");
        if (retry_after)
            error_free(str_to_int64(retry_after, &seconds)); /* a date: the default */
        TRY(rt_sleep(rt, (seconds > 0 && seconds < 60 ? seconds : 1) * RT_S));
    }
}

struct error *redfish_post(struct redfish *redfish, const char *path, const struct json *body,
                           struct http_response **ret)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(redfish_call(redfish, "POST", path, body, NULL, &response));
    const char *monitor = http_response_header(response, "Location");
    if (response->status == 202 && monitor)
        TRY(task_wait(redfish, path_of(redfish, monitor)));
    if (ret)
        *ret = TAKE_PTR(response);
    return NULL;
}

struct error *redfish_patch(struct redfish *redfish, const char *path, const struct json *body, const char *etag)
{
    if (str_is_empty(etag))
        return redfish_call(redfish, "PATCH", path, body, NULL, NULL);
    struct error *err = redfish_call(redfish, "PATCH", path, body, etag, NULL);
    if (error_code(err) == 412 && str_has_prefix(etag, "W/")) {
        error_free(err);
        err = redfish_call(redfish, "PATCH", path, body, etag + 2, NULL);
    }
    if (error_code(err) != 412)
        return err;
    error_free(err);
    return redfish_call(redfish, "PATCH", path, body, NULL, NULL);
}

struct error *redfish_read_root(struct redfish *redfish)
{
    if (redfish->root_read)
        return NULL;
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct call call = {.method = "GET", .path = redfish->root, .anonymous = true};
    TRY(exchange_patiently(redfish, &call, &response));
    if (response->status < 200 || response->status > 299)
        return status_error(redfish, "GET", call.path, response);
    CLEANUP(json_free) struct json *root = NULL;
    TRY_WRAP(json_parse(response->body, response->body_len, &root), "the service root of %s", redfish->address);
    free(redfish->sessions_path);
    redfish->sessions_path = mem_strdup(json_str(root, "Links/Sessions/@odata.id"));
    if (json_str(root, "Vendor")) {
        free(redfish->vendor);
        redfish->vendor = mem_strdup(json_str(root, "Vendor"));
    }
    redfish->root_read = true;
    return NULL;
}

/* The only member of Systems, when driver_info names none (IRO-392). */
static struct error *find_system(struct redfish *redfish)
{
    CLEANUP(json_free) struct json *systems = NULL;
    TRY(redfish_get(redfish, REDFISH_SYSTEMS, &systems, NULL));
    const char *path = json_str(systems, "Members/0/@odata.id");
    if (!path || json_len(json_get(systems, "Members")) != 1)
        return error_new(ERROR_INVALID, "%s has %zu systems; say which one by redfish_system_id", redfish->address,
                         json_len(json_get(systems, "Members")));
    redfish->system = mem_strdup(path);
    return NULL;
}

struct error *redfish_read_system(struct redfish *redfish)
{
    TRY(redfish_read_root(redfish));
    if (!redfish->system)
        TRY(find_system(redfish));
    struct json *system = NULL;
    char *etag = NULL;
    TRY(redfish_get(redfish, redfish->system, &system, &etag));
    json_free(redfish->system_doc);
    free(redfish->system_etag);
    redfish->system_doc = system;
    redfish->system_etag = etag;
    redfish->system_read = rt_now(redfish->conductor->rt);
    if (!redfish->vendor)
        redfish->vendor = mem_strdup(json_str(system, "Manufacturer"));
    if (!redfish->model)
        redfish->model = mem_strdup(json_str(system, "Model"));
    return NULL;
}

struct error *redfish_know_system(struct redfish *redfish)
{
    if (redfish->system_read && rt_now(redfish->conductor->rt) - redfish->system_read < RT_S)
        return NULL;
    return redfish_read_system(redfish);
}

struct error *redfish_logout(struct bmc *bmc)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    if (!redfish->token || !redfish->session_uri)
        return NULL;
    CLEANUP_FREE char *path = mem_strdup(path_of(redfish, redfish->session_uri));
    struct error *err = redfish_call(redfish, "DELETE", path, NULL, NULL, NULL);
    redfish_forget_session(redfish);
    return err;
}
