// SPDX-License-Identifier: Apache-2.0
// The JSON writer: a buffer, the nesting as bits, and the escapes of RFC 8259.
#include "lib/data/jsonw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void begin_value(struct jsonw *json, const char *name)
{
    bool in_array = json->depth == 0 || (json->arrays >> (json->depth - 1) & 1);

    if (in_array != (name == NULL))
        abort();
    if (json->comma)
        strbuf_addc(json->out, ',');
    json->comma = true;
    if (name) {
        strbuf_addc(json->out, '"');
        strbuf_adds(json->out, name);
        strbuf_add(json->out, "\":", 2);
    }
}

static void open_level(struct jsonw *json, const char *name, bool array)
{
    begin_value(json, name);
    if (json->depth == JSONW_DEPTH_MAX)
        abort();
    if (array)
        json->arrays |= UINT32_C(1) << json->depth;
    else
        json->arrays &= ~(UINT32_C(1) << json->depth);
    json->depth++;
    json->comma = false;
    strbuf_addc(json->out, array ? '[' : '{');
}

void jsonw_object(struct jsonw *json, const char *name)
{
    open_level(json, name, false);
}

void jsonw_array(struct jsonw *json, const char *name)
{
    open_level(json, name, true);
}

void jsonw_end(struct jsonw *json)
{
    if (json->depth == 0)
        abort();
    json->depth--;
    strbuf_addc(json->out, (json->arrays >> json->depth & 1) ? ']' : '}');
    json->comma = true;
}

static void add_escaped(struct strbuf *out, const char *text)
{
    const char *start = text;

    strbuf_addc(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        strbuf_add(out, start, (size_t)(text - start));
        start = text + 1;
        switch (c) {
        case '"':
            strbuf_adds(out, "\\\"");
            break;
        case '\\':
            strbuf_adds(out, "\\\\");
            break;
        case '\n':
            strbuf_adds(out, "\\n");
            break;
        case '\t':
            strbuf_adds(out, "\\t");
            break;
        case '\r':
            strbuf_adds(out, "\\r");
            break;
        default:
            strbuf_addf(out, "\\u%04x", c);
        }
    }
    strbuf_add(out, start, (size_t)(text - start));
    strbuf_addc(out, '"');
}

void jsonw_str(struct jsonw *json, const char *name, const char *text)
{
    begin_value(json, name);
    if (text)
        add_escaped(json->out, text);
    else
        strbuf_adds(json->out, "null");
}

void jsonw_printf(struct jsonw *json, const char *name, const char *fmt, ...)
{
    char small[256];
    va_list args;

    va_start(args, fmt);
    int len = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (len >= 0 && (size_t)len < sizeof(small)) {
        jsonw_str(json, name, small);
        return;
    }
    va_start(args, fmt);
    CLEANUP_FREE char *text = mem_vprintf(fmt, args);
    va_end(args);
    jsonw_str(json, name, text);
}

void jsonw_int(struct jsonw *json, const char *name, int64_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    begin_value(json, name);
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        digits[--at] = '-';
    strbuf_add(json->out, digits + at, sizeof(digits) - at);
}

void jsonw_number(struct jsonw *json, const char *name, double number)
{
    if (number == floor(number) && fabs(number) < 1e15) {
        jsonw_int(json, name, (int64_t)number);
        return;
    }
    begin_value(json, name);
    if (isfinite(number))
        strbuf_addf(json->out, "%.15g", number);
    else
        strbuf_adds(json->out, "null");
}

void jsonw_bool(struct jsonw *json, const char *name, bool flag)
{
    begin_value(json, name);
    strbuf_adds(json->out, flag ? "true" : "false");
}

void jsonw_null(struct jsonw *json, const char *name)
{
    begin_value(json, name);
    strbuf_adds(json->out, "null");
}

void jsonw_raw(struct jsonw *json, const char *name, const char *text)
{
    begin_value(json, name);
    strbuf_adds(json->out, text);
}
