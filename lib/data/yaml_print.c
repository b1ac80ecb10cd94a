/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values as YAML in block style, indented as kubectl does: items of a sequence stand below the name of the member, not
 * further in. Texts of several lines become literal blocks where that loses nothing.
 */
#include <string.h>

#include "lib/data/yaml.h"
#include "lib/data/yaml_scalar.h"

#define NAME_MAX_PLAIN 250 /* longer names need the form "? name"; a reader gives up on a plain one after 1024 bytes */

static void indent(struct strbuf *out, int level)
{
    for (int i = 0; i < level; i++)
        strbuf_add(out, "  ", 2);
}

/* The character at `at`, which is `len` bytes long. */
static uint32_t decode_utf8(const char *at, size_t len)
{
    static const unsigned char first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)at[0] & first_bits[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)at[i] & 0x3f);
    return code;
}

/* Characters that YAML lets stand as they are, line breaks apart. */
static bool is_printable(uint32_t code)
{
    return (code >= 0x20 && code < 0x7f) ||
           (code >= 0xa0 && code < 0xfffe && code != 0xfeff && code != 0x2028 && code != 0x2029) || code >= 0x10000;
}

static bool all_printable(const char *text, bool with_line_feed)
{
    size_t len;
    for (const char *at = text; *at; at += len) {
        len = str_utf8_len(at, strnlen(at, 4));
        if (len == 0 || (!is_printable(decode_utf8(at, len)) && !(with_line_feed && *at == '\n')))
            return false;
    }
    return true;
}

/* True when the text needs no quotes. */
static bool is_plain(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || yaml_scalar_is_ambiguous(text) || !all_printable(text, false))
        return false;
    if (strchr(" ,[]{}#&*!|>'\"%@`", text[0]) || text[len - 1] == ' ' || text[len - 1] == ':')
        return false;
    if (strchr("-?:", text[0]) && (text[1] == ' ' || text[1] == '\0'))
        return false;
    if (strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0)
        return false;
    return !strstr(text, ": ") && !strstr(text, " #");
}

static void print_quoted(struct strbuf *out, const char *text)
{
    static const char from[] = "\"\\\n\t\r", to[] = "\"\\ntr";
    size_t len;
    strbuf_addc(out, '"');
    for (const char *at = text; *at; at += len) {
        len = str_utf8_len(at, strnlen(at, 4));
        uint32_t code = len ? decode_utf8(at, len) : 0xfffd;
        const char *known = strchr(from, *at);
        if (known)
            strbuf_addf(out, "\\%c", to[known - from]);
        else if (len && is_printable(code))
            strbuf_add(out, at, len);
        else
            strbuf_addf(out, code < 0x100 ? "\\x%02X" : "\\u%04X", code);
        len = len ? len : 1;
    }
    strbuf_addc(out, '"');
}

/* True for several lines that a literal block keeps as they are. */
static bool fits_block(const char *text)
{
    return strchr(text, '\n') && text[0] != ' ' && text[0] != '\n' && !strstr(text, " \n") &&
           all_printable(text, true) && text[strlen(text) - 1] != ' ';
}

static void print_block(struct strbuf *out, const char *text, int level)
{
    strbuf_adds(out, str_has_suffix(text, "\n\n") ? "|+" : str_has_suffix(text, "\n") ? "|" : "|-");
    const char *line = text, *end;
    do {
        end = strchrnul(line, '\n');
        strbuf_addc(out, '\n');
        if (end > line)
            indent(out, level);
        strbuf_add(out, line, (size_t)(end - line));
        line = end + 1;
    } while (*end && *line);
}

/* A scalar or an empty container, and the end of its line. `level` is that of the lines of a block. */
static void print_scalar(struct strbuf *out, const struct json *value, int level)
{
    const char *text = json_str(value, "");
    if (!text)
        json_print_to(value, out);
    else if (is_plain(text))
        strbuf_adds(out, text);
    else if (fits_block(text))
        print_block(out, text, level);
    else
        print_quoted(out, text);
    strbuf_addc(out, '\n');
}

static void print_members(struct strbuf *out, const struct json *object, int level, bool on_line);

/* `on_line`: the first item goes on where the output stands. */
static void print_items(struct strbuf *out, const struct json *array, int level, bool on_line)
{
    JSON_FOREACH (item, array) {
        if (!on_line)
            indent(out, level);
        on_line = false;
        strbuf_adds(out, "- ");
        if (!json_first(item))
            print_scalar(out, item, level + 1);
        else if (json_is(item, JSON_OBJECT))
            print_members(out, item, level + 1, true);
        else
            print_items(out, item, level + 1, true);
    }
}

static void print_name(struct strbuf *out, const char *name, int level)
{
    bool is_long = strlen(name) > NAME_MAX_PLAIN;
    if (is_long)
        strbuf_adds(out, "? ");
    if (is_plain(name))
        strbuf_adds(out, name);
    else
        print_quoted(out, name);
    if (is_long) {
        strbuf_addc(out, '\n');
        indent(out, level);
    }
    strbuf_addc(out, ':');
}

static void print_members(struct strbuf *out, const struct json *object, int level, bool on_line)
{
    JSON_FOREACH (member, object) {
        if (!on_line)
            indent(out, level);
        on_line = false;
        print_name(out, json_key(member), level);
        strbuf_addc(out, json_first(member) ? '\n' : ' ');
        if (!json_first(member))
            print_scalar(out, member, level + 1);
        else if (json_is(member, JSON_OBJECT))
            print_members(out, member, level + 1, false);
        else
            print_items(out, member, level, false);
    }
}

char *yaml_print(const struct json *value)
{
    struct strbuf out = STRBUF_INIT;
    if (!json_first(value))
        print_scalar(&out, value, 1);
    else if (json_is(value, JSON_OBJECT))
        print_members(&out, value, 0, false);
    else
        print_items(&out, value, 0, false);
    return strbuf_take(&out);
}
