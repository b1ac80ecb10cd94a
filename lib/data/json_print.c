/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON text as Go's encoding/json does without its HTML escapes: the shortest digits that read back as the same
 * number, integers never with an exponent below 10^21, U+2028 and U+2029 escaped, bad UTF-8 as \ufffd.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json_node.h"

static void print_number(struct strbuf *out, const cJSON *node)
{
    if (node->valuestring)
        strbuf_adds(out, node->valuestring);
    else if (isfinite(node->valuedouble))
        strbuf_add_double(out, node->valuedouble);
    else
        strbuf_adds(out, "null"); /* JSON has no word for it */
}

/* Bytes of a string from `at` that need no escape. */
static size_t plain_len(const unsigned char *at)
{
    const unsigned char *start = at;
    while (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
        at++;
    return (size_t)(at - start);
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
    size_t len = str_utf8_len((const char *)at, strnlen((const char *)at, 4));
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

void json_print_string(const char *text, struct strbuf *out)
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
        json_print_string(node->valuestring, out);
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
            json_print_string(child->string, out);
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
