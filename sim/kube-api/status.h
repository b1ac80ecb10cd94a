/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status errors of the Kubernetes API: what a verb returns instead of an object (KAPI-182…185), and the list of field errors that
 * becomes a 422. NULL is success, as with struct error.
 */
#ifndef SIM_KUBE_API_STATUS_H
#define SIM_KUBE_API_STATUS_H

#include "lib/data/json.h"

struct kapi_status {
    int code;           /* HTTP status */
    const char *reason; /* one of the words of KAPI-183, static; NULL: none */
    char *message;
    struct json *details;    /* object; NULL: none */
    char *metadata_continue; /* token for a list that expired; NULL: none */
};

/* Passes a status on to the caller. */
#define TRY_STATUS(expr)                                                                                               \
    do {                                                                                                               \
        struct kapi_status *try_status = (expr);                                                                       \
        if (try_status)                                                                                                \
            return try_status;                                                                                         \
    } while (0)

struct kapi_status *kapi_status_new(int code, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull)) MUST_CHECK;
void kapi_status_free(struct kapi_status *status);
DEFINE_CLEANUP(struct kapi_status, kapi_status_free);
/* The Status object; the caller owns it. */
struct json *kapi_status_json(const struct kapi_status *status);
/* Adds name, group and kind (the plural, or the Kind for Invalid) to the details; returns `status`. Empty ones are left out. */
struct kapi_status *kapi_status_details(struct kapi_status *status, const char *name, const char *group,
                                        const char *kind);

struct kapi_status *kapi_bad_request(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull))
MUST_CHECK;
struct kapi_status *kapi_internal_error(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull))
MUST_CHECK;
/* `plural.group "name" not found` (KAPI-040). */
struct kapi_status *kapi_not_found(const char *group, const char *plural, const char *name) MUST_CHECK;
struct kapi_status *kapi_already_exists(const char *group, const char *plural, const char *name, bool terminating)
    MUST_CHECK;
/* 409 Conflict `Operation cannot be fulfilled on …: <why>` (KAPI-045). */
struct kapi_status *kapi_conflict(const char *group, const char *plural, const char *name, const char *why) MUST_CHECK;
/* The text of a lost race. */
extern const char KAPI_MODIFIED[];
/* 403 Forbidden `plural.group "name" is forbidden: <why>`. */
struct kapi_status *kapi_forbidden(const char *group, const char *plural, const char *name, const char *why) MUST_CHECK;
/* An error of a lower layer (storage, a fault decorator, network): its code or kind decides the HTTP status. Takes `err`. */
struct kapi_status *kapi_status_from_error(struct error *err) MUST_CHECK;

/* -- field errors -- */
#define KAPI_REQUIRED "FieldValueRequired"
#define KAPI_INVALID "FieldValueInvalid"
#define KAPI_TYPE_INVALID "FieldValueTypeInvalid"
#define KAPI_NOT_SUPPORTED "FieldValueNotSupported"
#define KAPI_TOO_LONG "FieldValueTooLong"
#define KAPI_TOO_MANY "FieldValueTooMany"
#define KAPI_DUPLICATE "FieldValueDuplicate"
#define KAPI_FIELD_FORBIDDEN "FieldValueForbidden"

/* Field errors of one object, in the order of discovery. At most KAPI_CAUSES_MAX are kept. Zero to start with. */
#define KAPI_CAUSES_MAX 200
struct kapi_causes {
    struct json *list; /* of {reason, message, field}; NULL when empty */
};
void kapi_causes_release(struct kapi_causes *causes);
#define CLEANUP_CAUSES __attribute__((cleanup(kapi_causes_release)))
void kapi_causes_add(struct kapi_causes *causes, const char *reason, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
size_t kapi_causes_len(const struct kapi_causes *causes);
/* 422 Invalid of KAPI-149 when there are any causes, else NULL. Takes the causes. */
struct kapi_status *kapi_causes_status(struct kapi_causes *causes, const char *group, const char *kind,
                                       const char *name) MUST_CHECK;

/* A growing list of strings: warnings, unknown fields. */
struct kapi_texts {
    char **items;
    size_t len, cap;
};
void kapi_texts_add(struct kapi_texts *texts, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void kapi_texts_release(struct kapi_texts *texts);
#define CLEANUP_TEXTS __attribute__((cleanup(kapi_texts_release)))

#endif
