// SPDX-License-Identifier: Apache-2.0
// Replies: resources, collections, errors, with the headers that DSP0266 wants on each.
#include "bmc-emu/redfish/request.h"

#include <stdio.h>
#include <string.h>

#define CONTENT_TYPE "application/json; charset=utf-8"
#define RETRY_SECONDS "5"

static void common_headers(struct rf_request *request)
{
    http_reply_header(request->http, "OData-Version", "4.0");
    http_reply_header(request->http, "Cache-Control", "no-cache");
}

void rf_send_json(struct rf_request *request, int status)
{
    request->status = status;
    if (request->inner)
        return;
    if (request->query && status == 200)
        rf_query_apply(request);
    common_headers(request);
    http_reply(request->http, status, CONTENT_TYPE, strbuf_str(&request->out), request->out.len);
}

void rf_no_content(struct rf_request *request)
{
    common_headers(request);
    http_reply(request->http, 204, NULL, NULL, 0);
}

static void etag(const struct rf_request *request, uint64_t version, char *buf, size_t cap)
{
    snprintf(buf, cap, "%s\"%llx-%llx\"", rf_quirks(request)->weak_etags ? "W/" : "",
             (unsigned long long)request->context->epoch, (unsigned long long)version);
}

void rf_begin(struct rf_request *request, const char *type, const char *path, const char *id, const char *name,
              uint64_t version)
{
    char tag[48];

    etag(request, version, tag, sizeof(tag));
    if (!request->inner)
        http_reply_header(request->http, "ETag", tag);
    jsonw_object(&request->json, NULL);
    jsonw_printf(&request->json, "@odata.type", "#%s", type);
    jsonw_str(&request->json, "@odata.id", path);
    jsonw_str(&request->json, "@odata.etag", tag);
    jsonw_str(&request->json, "Id", id);
    jsonw_str(&request->json, "Name", name);
}

void rf_end(struct rf_request *request)
{
    jsonw_end(&request->json);
    rf_send_json(request, 200);
}

void rf_begin_collection(struct rf_request *request, const char *type, const char *path, const char *name)
{
    jsonw_object(&request->json, NULL);
    jsonw_printf(&request->json, "@odata.type", "#%s.%s", type, type);
    jsonw_str(&request->json, "@odata.id", path);
    jsonw_str(&request->json, "Name", name);
    jsonw_array(&request->json, "Members");
}

__attribute__((format(printf, 3, 0))) static void write_link(struct rf_request *request, const char *name,
                                                             const char *fmt, va_list args)
{
    char path[RF_PATH_MAX * 2];

    vsnprintf(path, sizeof(path), fmt, args);
    jsonw_object(&request->json, name);
    jsonw_str(&request->json, "@odata.id", path);
    jsonw_end(&request->json);
}

void rf_member(struct rf_request *request, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_link(request, NULL, fmt, args);
    va_end(args);
}

void rf_end_collection(struct rf_request *request, size_t count)
{
    jsonw_end(&request->json);
    jsonw_int(&request->json, "Members@odata.count", (int64_t)count);
    rf_end(request);
}

void rf_link(struct rf_request *request, const char *name, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    write_link(request, name, fmt, args);
    va_end(args);
}

void rf_link_list(struct rf_request *request, const char *name, const char *path)
{
    jsonw_array(&request->json, name);
    rf_member(request, "%s", path);
    jsonw_end(&request->json);
}

void rf_status(struct rf_request *request, bool enabled)
{
    jsonw_object(&request->json, "Status");
    jsonw_str(&request->json, "State", enabled ? "Enabled" : "Disabled");
    jsonw_str(&request->json, "Health", "OK");
    jsonw_end(&request->json);
}

/* An error reply; drops what a handler had begun to write. */
static void send_error(struct rf_request *request, int status, enum rf_message message,
                       const char *const args[RF_MESSAGE_ARGS_MAX], const char *text)
{
    strbuf_clear(&request->out);
    request->json = (struct jsonw)JSONW_INIT(&request->out);
    rf_message_write_error(&request->json, message, args, text);
    if (status == 503 && !request->inner)
        http_reply_header(request->http, "Retry-After", RETRY_SECONDS);
    if (status == 401 && !request->inner)
        http_reply_header(request->http, "WWW-Authenticate", "Basic realm=\"Redfish\"");
    rf_send_json(request, status);
}

void rf_fail(struct rf_request *request, enum rf_message message, const char *arg1, const char *arg2, const char *arg3)
{
    const char *const args[RF_MESSAGE_ARGS_MAX] = {arg1, arg2, arg3};

    send_error(request, rf_message(message)->status, message, args, NULL);
}

void rf_fail_error(struct rf_request *request, struct error *owned)
{
    static const struct {
        int status;
        enum rf_message message;
    } replies[ERROR_KIND_COUNT] = {
        [ERROR_TRANSIENT] = {503, RF_SERVICE_UNAVAILABLE}, [ERROR_TIMEOUT] = {503, RF_SERVICE_UNAVAILABLE},
        [ERROR_INVALID] = {400, RF_GENERAL_ERROR},         [ERROR_NOT_FOUND] = {404, RF_RESOURCE_MISSING},
        [ERROR_DENIED] = {403, RF_INSUFFICIENT_PRIVILEGE}, [ERROR_CONFLICT] = {409, RF_RESOURCE_IN_USE},
        [ERROR_UNSUPPORTED] = {501, RF_NOT_SUPPORTED},     [ERROR_INTERNAL] = {500, RF_INTERNAL_ERROR},
    };
    CLEANUP(error_free) struct error *err = owned;
    enum error_kind kind = error_kind(err);
    const char *const args[RF_MESSAGE_ARGS_MAX] = {kind == ERROR_NOT_FOUND ? http_raw_path(request->http)
                                                                           : RETRY_SECONDS};

    if (kind == ERROR_CANCELLED && !request->inner)
        http_abort(request->http);
    else
        send_error(request, replies[kind].status, replies[kind].message, args, error_message(err));
}

void rf_not_found(struct rf_request *request)
{
    rf_fail(request, RF_RESOURCE_MISSING, http_raw_path(request->http), NULL, NULL);
}

bool rf_if_match(struct rf_request *request, uint64_t version)
{
    const char *given = http_header(request->http, "If-Match");
    char tag[48];

    etag(request, version, tag, sizeof(tag));
    /* A list of tags is rare; any of them may match. A weak tag matches only where tags are weak, which RFC 9110 forbids and BMCs do. */
    if (!given || str_equal(given, "*"))
        return true;
    const char *at = strstr(given, tag);
    if (at && (at < given + 2 || at[-1] != '/'))
        return true;
    rf_fail(request, RF_PRECONDITION_FAILED, NULL, NULL, NULL);
    return false;
}

bool rf_find_slot(struct rf_request *request, size_t *ret)
{
    for (size_t i = 0; i < request->snapshot.profile->slots.len; i++) {
        if (str_equal(request->snapshot.profile->slots.items[i].id, request->params[0])) {
            *ret = i;
            return true;
        }
    }
    rf_not_found(request);
    return false;
}
