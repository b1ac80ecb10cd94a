/* SPDX-License-Identifier: Apache-2.0 */
/* Status errors of the Kubernetes API, with the wording that clients know. */
#include "sim/kube-api/status.h"

#include "lib/data/vec.h"

const char KAPI_MODIFIED[] =
    "the object has been modified; please apply your changes to the latest version and try again";

static struct kapi_status *status_vnew(int code, const char *reason, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static struct kapi_status *status_vnew(int code, const char *reason, const char *fmt, va_list args)
{
    struct kapi_status *status = mem_alloc(sizeof(*status));

    status->code = code;
    status->reason = reason;
    status->message = mem_vprintf(fmt, args);
    return status;
}

struct kapi_status *kapi_status_new(int code, const char *reason, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct kapi_status *status = status_vnew(code, reason, fmt, args);
    va_end(args);
    return status;
}

void kapi_status_free(struct kapi_status *status)
{
    if (!status)
        return;
    free(status->message);
    free(status->metadata_continue);
    json_free(status->details);
    free(status);
}

struct json *kapi_status_json(const struct kapi_status *status)
{
    struct json *object = json_new_object();

    json_set_str(object, "kind", "Status");
    json_set_str(object, "apiVersion", "v1");
    json_set(object, "metadata", json_new_object());
    if (status->metadata_continue)
        json_set_str(object, "metadata/continue", status->metadata_continue);
    json_set_str(object, "status", "Failure");
    json_set_str(object, "message", status->message);
    if (status->reason)
        json_set_str(object, "reason", status->reason);
    if (status->details)
        json_set(object, "details", json_copy(status->details));
    json_set_int(object, "code", status->code);
    return object;
}

struct kapi_status *kapi_status_details(struct kapi_status *status, const char *name, const char *group,
                                        const char *kind)
{
    if (!status->details)
        status->details = json_new_object();
    json_set_str_opt(status->details, "name", name);
    json_set_str_opt(status->details, "group", group);
    json_set_str_opt(status->details, "kind", kind);
    return status;
}

struct kapi_status *kapi_bad_request(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct kapi_status *status = status_vnew(400, "BadRequest", fmt, args);
    va_end(args);
    return status;
}

struct kapi_status *kapi_internal_error(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    CLEANUP_FREE char *text = mem_vprintf(fmt, args);
    va_end(args);
    struct kapi_status *status = kapi_status_new(500, "InternalError", "Internal error occurred: %s", text);
    struct json *cause = json_new_object();
    json_set_str(cause, "message", text);
    status->details = json_new_object();
    json_set(status->details, "causes", json_new_array());
    json_append(json_get(status->details, "causes"), cause);
    return status;
}

/* "plural.group", or "plural" in the core group. */
static char *qualified(const char *group, const char *plural)
{
    return str_is_empty(group) ? mem_strdup(plural) : mem_printf("%s.%s", plural, group);
}

struct kapi_status *kapi_not_found(const char *group, const char *plural, const char *name)
{
    CLEANUP_FREE char *resource = qualified(group, plural);
    struct kapi_status *status = kapi_status_new(404, "NotFound", "%s \"%s\" not found", resource, name);
    return kapi_status_details(status, name, group, plural);
}

struct kapi_status *kapi_already_exists(const char *group, const char *plural, const char *name, bool terminating)
{
    CLEANUP_FREE char *resource = qualified(group, plural);
    struct kapi_status *status = kapi_status_new(409, "AlreadyExists", "%s%s \"%s\" already exists",
                                                 terminating ? "object is being deleted: " : "", resource, name);
    return kapi_status_details(status, name, group, plural);
}

struct kapi_status *kapi_conflict(const char *group, const char *plural, const char *name, const char *why)
{
    CLEANUP_FREE char *resource = qualified(group, plural);
    struct kapi_status *status =
        kapi_status_new(409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s", resource, name, why);
    return kapi_status_details(status, name, group, plural);
}

struct kapi_status *kapi_forbidden(const char *group, const char *plural, const char *name, const char *why)
{
    CLEANUP_FREE char *resource = qualified(group, plural);
    struct kapi_status *status =
        str_is_empty(name) ? kapi_status_new(403, "Forbidden", "%s is forbidden: %s", resource, why)
                           : kapi_status_new(403, "Forbidden", "%s \"%s\" is forbidden: %s", resource, name, why);
    return kapi_status_details(status, name, group, plural);
}

struct kapi_status *kapi_status_from_error(struct error *err)
{
    CLEANUP(error_free) struct error *owned = err;
    static const struct {
        int code;
        const char *reason;
    } codes[] = {{400, "BadRequest"}, {401, "Unauthorized"}, {403, "Forbidden"},         {404, "NotFound"},
                 {409, "Conflict"},   {410, "Expired"},      {429, "TooManyRequests"},   {500, "InternalError"},
                 {422, "Invalid"},    {504, "Timeout"},      {503, "ServiceUnavailable"}};
    static const int code_of_kind[ERROR_KIND_COUNT] = {
        [ERROR_TRANSIENT] = 500,   [ERROR_TIMEOUT] = 504,  [ERROR_INVALID] = 400,
        [ERROR_NOT_FOUND] = 404,   [ERROR_DENIED] = 403,   [ERROR_CONFLICT] = 409,
        [ERROR_UNSUPPORTED] = 500, [ERROR_INTERNAL] = 500, [ERROR_CANCELLED] = 503};
    int code = error_code(owned) ? error_code(owned) : code_of_kind[error_kind(owned)];

    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        if (codes[i].code != code)
            continue;
        struct kapi_status *status = kapi_status_new(code, codes[i].reason, "%s", error_message(owned));
        if (code == 429 || code == 503 || code == 504) {
            status->details = json_new_object();
            json_set_int(status->details, "retryAfterSeconds", 1);
        }
        return status;
    }
    return kapi_status_new(code, NULL, "%s", error_message(owned));
}

void kapi_causes_release(struct kapi_causes *causes)
{
    json_free(causes->list);
    causes->list = NULL;
}

void kapi_causes_add(struct kapi_causes *causes, const char *reason, const char *field, const char *fmt, ...)
{
    if (!causes->list)
        causes->list = json_new_array();
    if (json_len(causes->list) >= KAPI_CAUSES_MAX)
        return;
    va_list args;
    va_start(args, fmt);
    CLEANUP_FREE char *message = mem_vprintf(fmt, args);
    va_end(args);
    struct json *cause = json_new_object();
    json_set_str(cause, "reason", reason);
    json_set_str(cause, "message", message);
    json_set_str(cause, "field", field);
    json_append(causes->list, cause);
}

size_t kapi_causes_len(const struct kapi_causes *causes)
{
    return json_len(causes->list);
}

struct kapi_status *kapi_causes_status(struct kapi_causes *causes, const char *group, const char *kind,
                                       const char *name)
{
    if (!kapi_causes_len(causes))
        return NULL;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    bool many = kapi_causes_len(causes) > 1;

    if (many)
        strbuf_addc(&text, '[');
    JSON_FOREACH (cause, causes->list) {
        if (text.len > 1)
            strbuf_adds(&text, ", ");
        strbuf_addf(&text, "%s: %s", json_str_or(cause, "field", ""), json_str_or(cause, "message", ""));
    }
    if (many)
        strbuf_addc(&text, ']');
    CLEANUP_FREE char *resource = qualified(group, kind);
    struct kapi_status *status =
        kapi_status_new(422, "Invalid", "%s \"%s\" is invalid: %s", resource, str_or(name, ""), strbuf_str(&text));
    kapi_status_details(status, name, group, kind);
    json_set(status->details, "causes", TAKE_PTR(causes->list));
    return status;
}

void kapi_texts_add(struct kapi_texts *texts, const char *fmt, ...)
{
    if (texts->len >= KAPI_CAUSES_MAX)
        return;
    va_list args;
    va_start(args, fmt);
    char *text = mem_vprintf(fmt, args);
    va_end(args);
    for (size_t i = 0; i < texts->len; i++) {
        if (str_equal(texts->items[i], text)) {
            free(text);
            return;
        }
    }
    VEC_PUSH(texts, text);
}

void kapi_texts_release(struct kapi_texts *texts)
{
    for (size_t i = 0; i < texts->len; i++)
        free(texts->items[i]);
    VEC_RELEASE(texts);
}
