/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON text as Go's encoding/json does without its HTML escapes: the shortest digits that read back as the same
 * number, integers never with an exponent below 10^21, U+2028 and U+2029 escaped, bad UTF-8 as \ufffd.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json_node.h"

static void print_int(struct strbuf *out, int64_t value)
{
    char digits[24];
    char *at = digits + sizeof(digits);
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0)
        *--at = '-';
    strbuf_add(out, at, (size_t)(digits + sizeof(digits) - at));
}

/* Lays out digits d.ddd × 10^exponent as ECMAScript and Go do. */
static void print_digits(struct strbuf *out, const char *digits, int count, int exponent)
{
    if (exponent < -6 || exponent >= 21) {
        strbuf_addc(out, digits[0]);
        if (count > 1) {
            strbuf_addc(out, '.');
            strbuf_add(out, digits + 1, (size_t)count - 1);
        }
        strbuf_addf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
        if (exponent < 0 && exponent > -10) { /* Go writes e-7, but e+21 */
            out->data[out->len - 2] = out->data[out->len - 1];
            out->data[--out->len] = '\0';
        }
        return;
    }
    if (exponent < 0) {
        strbuf_adds(out, "0.");
        for (int i = -1; i > exponent; i--)
            strbuf_addc(out, '0');
        strbuf_add(out, digits, (size_t)count);
        return;
    }
    for (int i = 0; i < count || i <= exponent; i++) {
        if (i == exponent + 1)
            strbuf_addc(out, '.');
        strbuf_addc(out, i < count ? digits[i] : '0');
    }
}

static void print_double(struct strbuf *out, double value)
{
    char text[40];
    if (!isfinite(value)) { /* JSON has no word for it */
        strbuf_adds(out, "null");
        return;
    }
    /* Up to 15 digits always survive; numbers below the normal range have fewer. */
    for (int precision = fabs(value) < 0x1p-1022 ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof(text), "%.*e", precision, fabs(value));
        if (strtod(text, NULL) == fabs(value))
            break;
    }
    char digits[20];
    int count = 0;
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.')
            digits[count++] = *at;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    if (value < 0)
        strbuf_addc(out, '-');
    print_digits(out, digits, count, (int)strtol(at + 1, NULL, 10));
}

static void print_number(struct strbuf *out, const cJSON *node)
{
    double value = node->valuedouble;
    if (node->valuestring)
        strbuf_adds(out, node->valuestring);
    else if (value >= -(double)JSON_EXACT_MAX && value <= (double)JSON_EXACT_MAX && floor(value) == value)
        print_int(out, (int64_t)value);
    else
        print_double(out, value);
}

/* Bytes of a string from `at` that need no escape. */
static size_t plain_len(const unsigned char *at)
{
    const unsigned char *start = at;
    while (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return (size_t)(at - start);
}

/* Length of the UTF-8 sequence at `at`, which ends with a NUL; 0 when there is none. */
static size_t utf8_len(const unsigned char *at)
{
    unsigned char c = at[0];
    size_t len = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < len; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) || (c == 0xf0 && at[1] < 0x90) ||
        (c == 0xf4 && at[1] > 0x8f))
        return 0;
    return len;
}

/* Writes the one character at `at`, which is no plain one, and returns its length. */
static size_t print_special(struct strbuf *out, const unsigned char *at)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *known = *at < 0x80 ? strchr(from, *at) : NULL;
    if (known) {
        char escape[2] = {'\\', to[known - from]};
        strbuf_add(out, escape, 2);
        return 1;
    }
    if (*at < 0x20) {
        strbuf_addf(out, "\\u%04x", *at);
        return 1;
    }
    size_t len = utf8_len(at);
    if (len == 0) {
        strbuf_adds(out, "\\ufffd");
        return 1;
    }
    if (len == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9))
        strbuf_adds(out, at[2] == 0xa8 ? "\\u2028" : "\\u2029");
    else
        strbuf_add(out, at, len);
    return len;
}

static void print_string(struct strbuf *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    strbuf_addc(out, '"');
    while (true) {
        size_t len = plain_len(at);
        if (len > 0)
            strbuf_add(out, at, len);
        at += len;
        if (*at == '\0')
            break;
        at += print_special(out, at);
    }
    strbuf_addc(out, '"');
}

static void print_line_break(struct strbuf *out, int indent)
{
    strbuf_addc(out, '\n');
    for (int i = 0; i < indent; i++)
        strbuf_add(out, "  ", 2);
}

/* `indent` is the level of the value, -1 for compact text. */
static void print_node(struct strbuf *out, const cJSON *node, int indent)
{
    switch (json_node_type(node)) {
    case cJSON_True:
        strbuf_add(out, "true", 4);
        return;
    case cJSON_False:
        strbuf_add(out, "false", 5);
        return;
    case cJSON_Number:
        print_number(out, node);
        return;
    case cJSON_String:
        print_string(out, node->valuestring);
        return;
    case cJSON_Array:
    case cJSON_Object:
        break;
    default:
        strbuf_add(out, "null", 4);
        return;
    }
    bool object = json_node_type(node) == cJSON_Object, pretty = indent >= 0;
    strbuf_addc(out, object ? '{' : '[');
    for (const cJSON *child = node->child; child; child = child->next) {
        if (child != node->child)
            strbuf_addc(out, ',');
        if (pretty)
            print_line_break(out, indent + 1);
        if (object) {
            print_string(out, child->string);
            strbuf_add(out, ": ", pretty ? 2 : 1);
        }
        print_node(out, child, pretty ? indent + 1 : -1);
    }
    if (pretty && node->child)
        print_line_break(out, indent);
    strbuf_addc(out, object ? '}' : ']');
}

void json_print_to(const struct json *value, struct strbuf *out)
{
    if (value)
        print_node(out, json_node(value), -1);
    else
        strbuf_adds(out, "null");
}

char *json_print(const struct json *value)
{
    struct strbuf out = STRBUF_INIT;
    json_print_to(value, &out);
    return strbuf_take(&out);
}

char *json_print_pretty(const struct json *value)
{
    struct strbuf out = STRBUF_INIT;
    if (value)
        print_node(&out, json_node(value), 0);
    else
        strbuf_adds(&out, "null");
    return strbuf_take(&out);
}
