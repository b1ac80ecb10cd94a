/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values: a chain of links, each with its own text; the joined text is made when somebody asks for it. */
#include "lib/data/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct error {
    enum error_kind kind;
    int code;
    char *text;
    struct error *cause;
    char *chain; /* what error_message() returned, kept until the error is freed */
};

static const char *const kind_names[ERROR_KIND_COUNT] = {
    [ERROR_TRANSIENT] = "transient", [ERROR_TIMEOUT] = "timeout",         [ERROR_INVALID] = "invalid",
    [ERROR_NOT_FOUND] = "not found", [ERROR_DENIED] = "denied",           [ERROR_CONFLICT] = "conflict",
    [ERROR_INTERNAL] = "internal",   [ERROR_UNSUPPORTED] = "unsupported", [ERROR_CANCELLED] = "cancelled",
};

static struct error *error_make(enum error_kind kind, int code, struct error *cause, char *text)
{
    struct error *err = mem_alloc(sizeof(*err));
    err->kind = kind;
    err->code = code;
    err->cause = cause;
    err->text = text;
    return err;
}

struct error *error_new(enum error_kind kind, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct error *err = error_make(kind, 0, NULL, mem_vprintf(fmt, args));
    va_end(args);
    return err;
}

struct error *error_new_code(enum error_kind kind, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct error *err = error_make(kind, code, NULL, mem_vprintf(fmt, args));
    va_end(args);
    return err;
}

static enum error_kind kind_of_errno(int err)
{
    switch (err) {
    case ENOENT:
    case ESRCH:
    case ENODEV:
    case ENXIO:
        return ERROR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERROR_DENIED;
    case EEXIST:
    case EBUSY:
    case EADDRINUSE:
    case ENOTEMPTY:
        return ERROR_CONFLICT;
    case EINVAL:
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case E2BIG:
    case EFBIG:
    case ERANGE:
        return ERROR_INVALID;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return ERROR_UNSUPPORTED;
    case EBADF:
    case EFAULT:
        return ERROR_INTERNAL;
    case ETIMEDOUT:
        return ERROR_TIMEOUT;
    case ECANCELED:
        return ERROR_CANCELLED;
    default: /* EAGAIN, EIO, ENOSPC, EMFILE, ECONN… pass with time or with an operator's help */
        return ERROR_TRANSIENT;
    }
}

struct error *error_from_errno(int err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    CLEANUP_FREE char *text = mem_vprintf(fmt, args);
    va_end(args);
    const char *reason = strerrordesc_np(err);
    char *whole = reason ? mem_printf("%s: %s", text, reason) : mem_printf("%s: error %d", text, err);
    return error_make(kind_of_errno(err), 0, NULL, whole);
}

struct error *error_wrap(struct error *cause, const char *fmt, ...)
{
    if (!cause)
        return NULL;
    va_list args;
    va_start(args, fmt);
    struct error *err = error_make(cause->kind, 0, cause, mem_vprintf(fmt, args));
    va_end(args);
    return err;
}

struct error *error_wrap_kind(struct error *cause, enum error_kind kind, const char *fmt, ...)
{
    if (!cause)
        return NULL;
    va_list args;
    va_start(args, fmt);
    struct error *err = error_make(kind, 0, cause, mem_vprintf(fmt, args));
    va_end(args);
    return err;
}

void error_free(struct error *err)
{
    while (err) {
        struct error *cause = err->cause;
        free(err->text);
        free(err->chain);
        free(err);
        err = cause;
    }
}

enum error_kind error_kind(const struct error *err)
{
    return err->kind;
}

const char *error_kind_name(enum error_kind kind)
{
    return (unsigned)kind < ERROR_KIND_COUNT ? kind_names[kind] : "unknown";
}

int error_code(const struct error *err)
{
    int code = 0;
    for (; err; err = err->cause)
        if (err->code)
            code = err->code;
    return code;
}

const char *error_message(const struct error *err)
{
    if (!err->cause)
        return err->text;
    if (err->chain)
        return err->chain;
    size_t size = 0;
    for (const struct error *link = err; link; link = link->cause)
        size += strlen(link->text) + 2;
    char *chain = mem_alloc(size + 1);
    char *end = chain;
    for (const struct error *link = err; link; link = link->cause) {
        end = stpcpy(end, link->text);
        if (link->cause)
            end = stpcpy(end, ": ");
    }
    ((struct error *)err)->chain = chain; /* a cache: the error is still the same for its users */
    return chain;
}

const char *error_root_message(const struct error *err)
{
    while (err->cause)
        err = err->cause;
    return err->text;
}

const struct error *error_cause(const struct error *err)
{
    return err->cause;
}

bool error_is_retryable(const struct error *err)
{
    return err && (err->kind == ERROR_TRANSIENT || err->kind == ERROR_TIMEOUT);
}

bool error_is(const struct error *err, enum error_kind kind)
{
    return err && err->kind == kind;
}
