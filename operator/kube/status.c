/* SPDX-License-Identifier: Apache-2.0 */
/* From the API server's Status objects (KAPI-182, KAPI-183) to errors. */
#include "operator/kube/client_internal.h"

#define ANSWER_SHOWN_MAX 200 /* bytes of an answer that is no Status */

static enum error_kind kind_of(int code)
{
    switch (code) {
    case 401:
    case 403:
        return ERROR_DENIED;
    case 404:
        return ERROR_NOT_FOUND;
    case 409:
        return ERROR_CONFLICT;
    case 410:
    case 429:
        return ERROR_TRANSIENT;
    default:
        return code >= 500 ? ERROR_TRANSIENT : ERROR_INVALID;
    }
}

struct error *kube_status_object_error(const char *what, int status, const struct json *object)
{
    int code = json_int(object, "code", status);
    const char *reason = json_str_or(object, "reason", "");
    enum error_kind kind = kind_of(code);
    if (code == 409 && str_equal(reason, "AlreadyExists"))
        code = KUBE_ALREADY_EXISTS;
    return error_new_code(kind, code, "%s: %s", what, str_or(json_str(object, "message"), str_or(reason, "failed")));
}

struct error *kube_status_error(const char *what, int status, const char *body, size_t len)
{
    CLEANUP(json_free) struct json *object = NULL;
    CLEANUP(error_free) struct error *no_json = json_parse(body, len, &object);
    if (!no_json && str_equal(json_str(object, "kind"), "Status"))
        return kube_status_object_error(what, status, object);
    CLEANUP_FREE char *shown = mem_strndup(body, len < ANSWER_SHOWN_MAX ? len : ANSWER_SHOWN_MAX);
    CLEANUP_FREE char *text = str_trim(shown);
    return error_new_code(kind_of(status), status, "%s: HTTP status %d %s: %s", what, status, http_status_text(status),
                          text);
}
