/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors as values. A fallible function returns `struct error *`; NULL is success, and the compiler warns when
 * a result is dropped. An error has a kind, which decides what happens next (retry, HTTP status, what the user
 * is told), a message, and the error that caused it. Whoever passes an error across a layer adds who and what.
 */
#ifndef LIB_DATA_ERROR_H
#define LIB_DATA_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "lib/data/mem.h"

enum error_kind {
    ERROR_TRANSIENT,   /* may succeed when tried again: network, busy peer, 5xx */
    ERROR_TIMEOUT,     /* a deadline passed; may succeed when tried again */
    ERROR_INVALID,     /* the input is wrong; trying again does not help */
    ERROR_NOT_FOUND,   /* what was asked for does not exist */
    ERROR_DENIED,      /* credentials or rights are missing */
    ERROR_CONFLICT,    /* somebody else changed or holds it */
    ERROR_UNSUPPORTED, /* the peer, or we, cannot do that */
    ERROR_INTERNAL,    /* a broken promise of our own */
    ERROR_CANCELLED,   /* the task's group was cancelled: unwind */
    ERROR_KIND_COUNT,
};

struct error;

#define MUST_CHECK __attribute__((warn_unused_result))

/* A new error. The caller owns it: return it, wrap it, or error_free() it. */
struct error *error_new(enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull)) MUST_CHECK;

/* A new error that carries `code` (an HTTP status, an IPMI completion code …) for error_code(). */
struct error *error_new_code(enum error_kind kind, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), returns_nonnull)) MUST_CHECK;

/* A new error from errno value `err`: the kind follows from it, the text ends in strerror's. */
struct error *error_from_errno(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3), returns_nonnull))
MUST_CHECK;

/* Puts context in front of `cause` and takes it over; kind and code stay. NULL stays NULL. */
struct error *error_wrap(struct error *cause, const char *fmt, ...) __attribute__((format(printf, 2, 3))) MUST_CHECK;

/* As error_wrap(), but the result has another kind. */
struct error *error_wrap_kind(struct error *cause, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))) MUST_CHECK;

/* Frees the error and its causes; NULL is fine. */
void error_free(struct error *err);
DEFINE_CLEANUP(struct error, error_free);

enum error_kind error_kind(const struct error *err);
/* The kind's name: "transient", "invalid" … */
const char *error_kind_name(enum error_kind kind);
/* The code that the innermost coded error carries; 0 without one. */
int error_code(const struct error *err);
/* The whole chain, outermost first, joined by ": ". Borrowed: lives as long as the error. */
const char *error_message(const struct error *err);
/* The message of the innermost cause alone. Borrowed. */
const char *error_root_message(const struct error *err);
/* The error below this one; NULL at the root. Borrowed. */
const struct error *error_cause(const struct error *err);
/* True when a retry may help: transient or timeout. NULL is false. */
bool error_is_retryable(const struct error *err);
/* True when `err` is not NULL and of this kind. */
bool error_is(const struct error *err, enum error_kind kind);

/* Passes an error on to the caller. */
#define TRY(expr)                                                                                                      \
    do {                                                                                                               \
        struct error *try_error = (expr);                                                                              \
        if (try_error)                                                                                                 \
            return try_error;                                                                                          \
    } while (0)

/* Passes an error on with context in front: who and what. */
#define TRY_WRAP(expr, ...)                                                                                            \
    do {                                                                                                               \
        struct error *try_error = (expr);                                                                              \
        if (try_error)                                                                                                 \
            return error_wrap(try_error, __VA_ARGS__);                                                                 \
    } while (0)

#endif
