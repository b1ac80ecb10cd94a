/* SPDX-License-Identifier: Apache-2.0 */
/* The growing buffer and the helpers on plain C strings. Encodings (base64, hex, percent) are in str_codec.c. */
#include "lib/data/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/data/vec.h"

void strbuf_release(struct strbuf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->len = buf->cap = 0;
    buf->overflow = false;
}

void strbuf_clear(struct strbuf *buf)
{
    buf->len = 0;
    buf->overflow = false;
    if (buf->data)
        buf->data[0] = '\0';
}

void strbuf_reserve(struct strbuf *buf, size_t extra)
{
    size_t need;
    if (__builtin_add_overflow(buf->len, extra, &need) || __builtin_add_overflow(need, 1, &need))
        abort();
    if (need <= buf->cap)
        return;
    size_t cap = buf->cap ? buf->cap : 64;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    buf->data = mem_resize(buf->data, cap, 1);
    if (buf->cap == 0)
        buf->data[0] = '\0';
    buf->cap = cap;
}

/* True when `len` more bytes may be added; there is room for them then. */
static bool strbuf_admit(struct strbuf *buf, size_t len)
{
    if (buf->overflow || (buf->max && len > buf->max - buf->len)) {
        buf->overflow = true;
        return false;
    }
    strbuf_reserve(buf, len);
    return true;
}

void strbuf_add(struct strbuf *buf, const void *data, size_t len)
{
    if (!strbuf_admit(buf, len))
        return;
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void strbuf_adds(struct strbuf *buf, const char *text)
{
    strbuf_add(buf, text, strlen(text));
}

void strbuf_addc(struct strbuf *buf, char c)
{
    if (!strbuf_admit(buf, 1))
        return;
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
}

void strbuf_addf(struct strbuf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    strbuf_addvf(buf, fmt, args);
    va_end(args);
}

void strbuf_addvf(struct strbuf *buf, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = buf->cap > buf->len ? buf->cap - buf->len : 0;
    int len = vsnprintf(room ? buf->data + buf->len : NULL, room, fmt, args);
    if (len < 0)
        abort(); /* a broken format string */
    if (!strbuf_admit(buf, (size_t)len)) {
        if (room)
            buf->data[buf->len] = '\0';
    } else {
        if ((size_t)len >= room)
            vsnprintf(buf->data + buf->len, (size_t)len + 1, fmt, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

const char *strbuf_str(const struct strbuf *buf)
{
    return buf->data ? buf->data : "";
}

char *strbuf_take(struct strbuf *buf)
{
    char *text = buf->data ? buf->data : mem_strdup("");
    buf->data = NULL;
    buf->len = buf->cap = 0;
    buf->overflow = false;
    return text;
}

struct error *strbuf_check(const struct strbuf *buf, const char *what)
{
    if (!buf->overflow)
        return NULL;
    return error_new(ERROR_INVALID, "%s is larger than %zu bytes", what, buf->max);
}

bool str_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_equal_nocase(const char *a, const char *b)
{
    return a == b || (a && b && strcasecmp(a, b) == 0);
}

bool str_is_empty(const char *text)
{
    return !text || !*text;
}

bool str_has_prefix(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *text, const char *suffix)
{
    if (!text)
        return false;
    size_t len = strlen(text), suffix_len = strlen(suffix);
    return len >= suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

const char *str_or(const char *text, const char *fallback)
{
    return str_is_empty(text) ? fallback : text;
}

char *str_trim(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1]))
        len--;
    return mem_strndup(text, len);
}

char *str_trim_end(const char *text, char c)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == c)
        len--;
    return mem_strndup(text, len);
}

char *str_lower(const char *text)
{
    char *lower = mem_strdup(text);
    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c += 'a' - 'A';
    return lower;
}

char *str_replace(const char *text, const char *from, const char *to)
{
    size_t from_len = strlen(from);
    struct strbuf out = STRBUF_INIT;
    const char *found;
    while (from_len > 0 && (found = strstr(text, from))) {
        strbuf_add(&out, text, (size_t)(found - text));
        strbuf_adds(&out, to);
        text = found + from_len;
    }
    strbuf_adds(&out, text);
    return strbuf_take(&out);
}

char **str_split(const char *text, char sep)
{
    VEC(char *) parts = {0};
    while (*text) {
        const char *end = strchrnul(text, sep);
        VEC_PUSH(&parts, mem_strndup(text, (size_t)(end - text)));
        if (*end == '\0')
            break;
        text = end + 1;
        if (*text == '\0')
            VEC_PUSH(&parts, mem_strdup("")); /* "a," is "a" and "" */
    }
    VEC_PUSH(&parts, NULL);
    return parts.items;
}

void str_list_free(char **list)
{
    if (!list)
        return;
    for (char **item = list; *item; item++)
        free(*item);
    free(list);
}

struct error *str_to_int64(const char *text, int64_t *ret)
{
    const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return error_new(ERROR_INVALID, "\"%s\" is not a whole number", text);
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return error_new(ERROR_INVALID, "\"%s\" does not fit in 64 bits", text);
    *ret = value;
    return NULL;
}

struct error *str_to_double(const char *text, double *ret)
{
    if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return error_new(ERROR_INVALID, "\"%s\" is not a number", text);
    char *end;
    double value = strtod(text, &end);
    if (*end != '\0')
        return error_new(ERROR_INVALID, "\"%s\" is not a number", text);
    if (!isfinite(value))
        return error_new(ERROR_INVALID, "\"%s\" is too large", text);
    *ret = value;
    return NULL;
}

bool str_equal_secret(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    volatile unsigned char difference = a_len != b_len;
    for (size_t i = 0; i < a_len; i++)
        difference |= (unsigned char)(a[i] ^ b[b_len ? i % b_len : 0]);
    return difference == 0;
}
