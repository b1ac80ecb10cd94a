/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: a growing buffer with a limit, and small helpers on plain C strings. */
#ifndef LIB_DATA_STR_H
#define LIB_DATA_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/data/mem.h"

/*
 * A byte buffer that grows. `data` is always NUL-terminated once anything was added (NULL before; use strbuf_str()).
 * `max` is the largest length; 0 means no limit. Past it, additions are dropped and `overflow` is set: check
 * strbuf_check() once at the end.
 */
struct strbuf {
    char *data;
    size_t len;
    size_t cap;
    size_t max;
    bool overflow;
};

#define STRBUF_INIT                                                                                                    \
    {                                                                                                                  \
        0                                                                                                              \
    }
#define STRBUF_INIT_MAX(limit)                                                                                         \
    {                                                                                                                  \
        .max = (limit)                                                                                                 \
    }
#define CLEANUP_STRBUF __attribute__((cleanup(strbuf_release)))

void strbuf_release(struct strbuf *buf);               /* frees the bytes; the buffer is empty and usable again */
void strbuf_clear(struct strbuf *buf);                 /* length 0, memory kept */
void strbuf_reserve(struct strbuf *buf, size_t extra); /* room for `extra` more bytes */
void strbuf_add(struct strbuf *buf, const void *data, size_t len);
void strbuf_adds(struct strbuf *buf, const char *text);
void strbuf_addc(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void strbuf_addvf(struct strbuf *buf, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void strbuf_add_int(struct strbuf *buf, int64_t value);
/* The shortest digits that read back as the same number, as Go and JavaScript write them; "NaN", "+Inf", "-Inf". */
void strbuf_add_double(struct strbuf *buf, double value);
void strbuf_add_utf8(struct strbuf *buf, uint32_t code); /* one character */
const char *strbuf_str(const struct strbuf *buf);        /* never NULL; borrowed */
char *strbuf_take(struct strbuf *buf); /* the string, owned by the caller; the buffer is empty after */
/* ERROR_INVALID "<what> is larger than <max> bytes" when something did not fit. */
struct error *strbuf_check(const struct strbuf *buf, const char *what) MUST_CHECK;

bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_equal_nocase(const char *a, const char *b);
bool str_is_empty(const char *text); /* NULL or "" */
bool str_has_prefix(const char *text, const char *prefix);
bool str_has_suffix(const char *text, const char *suffix);
const char *str_or(const char *text, const char *fallback); /* `fallback` when text is NULL or "" */
char *str_trim(const char *text);                           /* a copy without white space at both ends */
char *str_trim_end(const char *text, char c);               /* a copy without `c`, however often, at its end */
char *str_lower(const char *text);                          /* a copy in ASCII lower case */
char *str_replace(const char *text, const char *from, const char *to);

/* Splits at each `sep` into a NULL-terminated array of copies; free with str_list_free(). "" gives no item. */
char **str_split(const char *text, char sep);
void str_list_free(char **list);
DEFINE_CLEANUP(char *, str_list_free);

/* Whole-string number parsing, base 10; ERROR_INVALID names the text. */
struct error *str_to_int64(const char *text, int64_t *ret) MUST_CHECK;
struct error *str_to_double(const char *text, double *ret) MUST_CHECK;

/* Base64 of RFC 4648 section 4, with padding. Decoding accepts white space; result is NUL-terminated besides. */
char *str_base64_encode(const void *data, size_t len);
struct error *str_base64_decode(const char *text, void **ret_data, size_t *ret_len) MUST_CHECK;
char *str_hex_encode(const void *data, size_t len); /* lower case */
struct error *str_hex_decode(const char *text, void **ret_data, size_t *ret_len) MUST_CHECK;
/* Percent encoding of RFC 3986: all but unreserved characters. Decoding also rejects an encoded NUL. */
char *str_url_encode(const char *text);
struct error *str_url_decode(const char *text, char **ret) MUST_CHECK;

/* Length of the UTF-8 character at `text`, of which `left` bytes are there; 0 when it is none. */
size_t str_utf8_len(const char *text, size_t left);

/* Compares in a time that depends on the lengths alone: for passwords and tokens. */
bool str_equal_secret(const char *a, const char *b);

#endif
