/* SPDX-License-Identifier: Apache-2.0 */
/* Text encodings of bytes: base64 (RFC 4648 section 4), hexadecimal, percent encoding (RFC 3986), UTF-8. */
#include "lib/data/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

char *str_base64_encode(const void *data, size_t len)
{
    const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = data;
    char *text = mem_alloc(len / 3 * 4 + 5);
    char *out = text;
    for (; len >= 3; len -= 3, in += 3) {
        unsigned bits = (unsigned)in[0] << 16 | (unsigned)in[1] << 8 | in[2];
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = alphabet[bits >> 6 & 63];
        *out++ = alphabet[bits & 63];
    }
    if (len > 0) {
        unsigned bits = (unsigned)in[0] << 16 | (len == 2 ? (unsigned)in[1] << 8 : 0);
        *out++ = alphabet[bits >> 18];
        *out++ = alphabet[bits >> 12 & 63];
        *out++ = len == 2 ? alphabet[bits >> 6 & 63] : '=';
        *out++ = '=';
    }
    return text;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

struct error *str_base64_decode(const char *text, void **ret_data, size_t *ret_len)
{
    CLEANUP_FREE unsigned char *data = mem_alloc(strlen(text) / 4 * 3 + 4);
    size_t len = 0, digits = 0, padding = 0;
    unsigned bits = 0;
    for (const char *c = text; *c; c++) {
        if (isspace((unsigned char)*c))
            continue;
        if (*c == '=') {
            padding++;
            continue;
        }
        int digit = base64_digit(*c);
        if (digit < 0 || padding)
            return error_new(ERROR_INVALID, "base64: unexpected character at offset %zu", (size_t)(c - text));
        bits = bits << 6 | (unsigned)digit;
        if (++digits % 4 == 0) {
            data[len++] = (unsigned char)(bits >> 16);
            data[len++] = (unsigned char)(bits >> 8);
            data[len++] = (unsigned char)bits;
        }
    }
    size_t rest = digits % 4;
    if (rest == 1 || padding != (rest ? 4 - rest : 0))
        return error_new(ERROR_INVALID, "base64: the text is cut short or wrongly padded");
    if (rest == 2) {
        data[len++] = (unsigned char)(bits >> 4);
    } else if (rest == 3) {
        data[len++] = (unsigned char)(bits >> 10);
        data[len++] = (unsigned char)(bits >> 2);
    }
    data[len] = '\0';
    *ret_data = TAKE_PTR(data);
    *ret_len = len;
    return NULL;
}

char *str_hex_encode(const void *data, size_t len)
{
    const unsigned char *in = data;
    char *text = mem_alloc(len * 2 + 1);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = "0123456789abcdef"[in[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[in[i] & 15];
    }
    return text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct error *str_hex_decode(const char *text, void **ret_data, size_t *ret_len)
{
    size_t digits = strlen(text);
    if (digits % 2)
        return error_new(ERROR_INVALID, "hexadecimal text has an odd number of digits");
    CLEANUP_FREE unsigned char *data = mem_alloc(digits / 2 + 1);
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return error_new(ERROR_INVALID, "hexadecimal text has a wrong character at offset %zu", i);
        data[i / 2] = (unsigned char)(data[i / 2] << 4 | digit);
    }
    *ret_data = TAKE_PTR(data);
    *ret_len = digits / 2;
    return NULL;
}

char *str_url_encode(const char *text)
{
    struct strbuf out = STRBUF_INIT;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x80 && (isalnum(c) || strchr("-._~", c)))
            strbuf_addc(&out, (char)c);
        else
            strbuf_addf(&out, "%%%02X", c);
    }
    return strbuf_take(&out);
}

struct error *str_url_decode(const char *text, char **ret)
{
    CLEANUP_FREE char *out = mem_alloc(strlen(text) + 1);
    size_t len = 0;
    for (const char *c = text; *c; c++) {
        if (*c != '%') {
            out[len++] = *c;
            continue;
        }
        int high = hex_digit(c[1]), low = high < 0 ? -1 : hex_digit(c[2]);
        if (low < 0)
            return error_new(ERROR_INVALID, "\"%s\": a percent sign without two hexadecimal digits", text);
        if (high == 0 && low == 0)
            return error_new(ERROR_INVALID, "\"%s\": an encoded NUL is not allowed", text);
        out[len++] = (char)(high << 4 | low);
        c += 2;
    }
    *ret = TAKE_PTR(out);
    return NULL;
}

size_t str_utf8_len(const char *text, size_t left)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned char c = left ? at[0] : 0xff;
    if (c < 0x80)
        return 1;
    if (c < 0xc2 || c > 0xf4)
        return 0;
    size_t len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    if (left < len)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    /* overlong forms, surrogates, and what is above U+10FFFF */
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) || (c == 0xf0 && at[1] < 0x90) ||
        (c == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

void strbuf_add_utf8(struct strbuf *out, uint32_t code)
{
    char bytes[4];
    if (code < 0x80) {
        strbuf_addc(out, (char)code);
    } else if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 63));
        strbuf_add(out, bytes, 2);
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 63));
        bytes[2] = (char)(0x80 | (code & 63));
        strbuf_add(out, bytes, 3);
    } else {
        bytes[0] = (char)(0xf0 | code >> 18);
        bytes[1] = (char)(0x80 | (code >> 12 & 63));
        bytes[2] = (char)(0x80 | (code >> 6 & 63));
        bytes[3] = (char)(0x80 | (code & 63));
        strbuf_add(out, bytes, 4);
    }
}
