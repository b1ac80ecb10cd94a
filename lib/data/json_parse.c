/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading JSON text (RFC 8259) in one pass into cJSON nodes. Behaves as Go's encoding/json where the RFC leaves a choice:
 * bytes that are not UTF-8 and lone surrogates become U+FFFD, of members with one name the last counts. An escaped NUL is
 * rejected, because our strings end at it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/data/json_node.h"
#include "lib/data/map.h"

#define SCAN_MAX 64 /* names of larger objects are looked up in a map */

struct parser {
    const char *text, *at, *end;
    int depth;
    bool strict;
    struct strbuf scratch;                  /* the string being read, when it has escapes */
    struct cJSON *path[JSON_DEPTH_MAX + 1]; /* open arrays and objects, for messages */
};

/* Members of the object being read: which names occurred. */
struct names {
    uint64_t seen; /* a bit per hash; no bit, no such name */
    size_t count;
    struct map *map; /* once there are many */
};

/* Text of the input, or of the scratch buffer. */
struct span {
    const char *data;
    size_t len;
};

static struct error *parse_value(struct parser *parser, const struct span *name, cJSON **ret);

static struct error *fail_at(const struct parser *parser, const char *place, const char *what)
{
    size_t line = 1, column = 1;
    for (const char *c = parser->text; c < place; c++) {
        column = *c == '\n' ? 1 : column + (((unsigned char)*c & 0xc0) != 0x80);
        line += *c == '\n';
    }
    return error_new(ERROR_INVALID, "json: line %zu column %zu: %s", line, column, what);
}

static struct error *fail(const struct parser *parser, const char *what)
{
    return fail_at(parser, parser->at, parser->at < parser->end ? what : "the text ends too early");
}

static void skip_space(struct parser *parser)
{
    const char *at = parser->at;
    while (at < parser->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    parser->at = at;
}

static bool read_hex4(const char *at, const char *end, uint32_t *ret)
{
    uint32_t code = 0;
    if (end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        if (c >= '0' && c <= '9')
            code = code << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            code = code << 4 | (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            code = code << 4 | (uint32_t)(c - 'A' + 10);
        else
            return false;
    }
    *ret = code;
    return true;
}

/* After "\u". */
static struct error *parse_unicode_escape(struct parser *parser)
{
    uint32_t code, low;
    if (!read_hex4(parser->at, parser->end, &code))
        return fail(parser, "four hexadecimal digits must follow \\u");
    if (code == 0)
        return fail(parser, "the character \\u0000 is not supported");
    parser->at += 4;
    if (code >= 0xd800 && code < 0xdc00 && parser->end - parser->at >= 6 && parser->at[0] == '\\' &&
        parser->at[1] == 'u' && read_hex4(parser->at + 2, parser->end, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
        parser->at += 6;
    }
    strbuf_add_utf8(&parser->scratch, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
    return NULL;
}

static struct error *parse_escape(struct parser *parser)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    parser->at++;
    if (parser->at == parser->end)
        return fail(parser, "");
    if (*parser->at == 'u') {
        parser->at++;
        return parse_unicode_escape(parser);
    }
    const char *known = *parser->at ? strchr(from, *parser->at) : NULL;
    if (!known)
        return fail(parser, "unknown escape in a string");
    strbuf_addc(&parser->scratch, to[known - from]);
    parser->at++;
    return NULL;
}

/* Skips what a string may hold as it is; stops at a quote, a backslash, a control character, bad UTF-8 or the end. */
static const char *skip_plain(const char *at, const char *end)
{
    while (at < end) {
        unsigned char c = (unsigned char)*at;
        if (c == '"' || c == '\\' || c < 0x20)
            break;
        size_t len = c < 0x80 ? 1 : str_utf8_len(at, (size_t)(end - at));
        if (len == 0)
            break;
        at += len;
    }
    return at;
}

/* At the opening quote. The span is good until the next string is read. */
static struct error *parse_string(struct parser *parser, struct span *ret)
{
    const char *start = ++parser->at;
    parser->at = skip_plain(start, parser->end);
    if (parser->at < parser->end && *parser->at == '"') {
        *ret = (struct span){start, (size_t)(parser->at++ - start)};
        return NULL;
    }
    strbuf_clear(&parser->scratch);
    while (true) {
        strbuf_add(&parser->scratch, start, (size_t)(parser->at - start));
        if (parser->at == parser->end)
            return fail(parser, "");
        if (*parser->at == '"')
            break;
        if (*parser->at == '\\') {
            TRY(parse_escape(parser));
        } else if ((unsigned char)*parser->at < 0x20) {
            return fail(parser, "a control character in a string must be escaped");
        } else {
            strbuf_add_utf8(&parser->scratch, 0xfffd);
            parser->at++;
        }
        start = parser->at;
        parser->at = skip_plain(start, parser->end);
    }
    parser->at++;
    *ret = (struct span){parser->scratch.data, parser->scratch.len};
    return NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

static double to_double(const char *text, size_t len)
{
    char local[64];
    if (len < sizeof(local)) {
        memcpy(local, text, len);
        local[len] = '\0';
        return strtod(local, NULL);
    }
    CLEANUP_FREE char *copy = mem_strndup(text, len);
    return strtod(copy, NULL);
}

static struct error *parse_number(struct parser *parser, const struct span *name, cJSON **ret)
{
    const char *start = parser->at, *end = parser->end;
    bool negative = *start == '-', whole = true;
    const char *digits = start + negative, *at = skip_digits(digits, end);
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        parser->at = digits;
        return fail(parser, at == digits ? "a value is expected here" : "a number must not begin with 0");
    }
    const char *whole_end = at;
    if (at < end && *at == '.') {
        whole = false;
        parser->at = at + 1;
        at = skip_digits(parser->at, end);
        if (at == parser->at)
            return fail(parser, "digits must follow the decimal point");
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        whole = false;
        parser->at = at + 1 + (at + 1 < end && (at[1] == '+' || at[1] == '-'));
        at = skip_digits(parser->at, end);
        if (at == parser->at)
            return fail(parser, "digits must follow the exponent sign");
    }
    size_t len = (size_t)(at - start);
    cJSON *node;
    if (whole && whole_end - digits <= 15) { /* always exact */
        int64_t value = 0;
        for (const char *c = digits; c < whole_end; c++)
            value = value * 10 + (*c - '0');
        node = json_node_new(cJSON_Number, name ? name->data : NULL, name ? name->len : 0, NULL, 0);
        node->valuedouble = (double)(negative ? -value : value);
    } else {
        double value = to_double(start, len);
        if (value - value != 0) {
            parser->at = start;
            return fail(parser, "the number is too large");
        }
        bool exact = !whole || (value >= -(double)(JSON_EXACT_MAX - 1) && value <= (double)(JSON_EXACT_MAX - 1));
        node = json_node_new(cJSON_Number, name ? name->data : NULL, name ? name->len : 0, exact ? NULL : start, len);
        node->valuedouble = value;
    }
    parser->at = at;
    *ret = node;
    return NULL;
}

static struct error *parse_word(struct parser *parser, const struct span *name, cJSON **ret)
{
    static const struct {
        const char *text;
        int type;
    } words[] = {{"true", cJSON_True}, {"false", cJSON_False}, {"null", cJSON_NULL}};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        size_t len = strlen(words[i].text);
        if ((size_t)(parser->end - parser->at) >= len && memcmp(parser->at, words[i].text, len) == 0) {
            parser->at += len;
            *ret = json_node_new(words[i].type, name ? name->data : NULL, name ? name->len : 0, NULL, 0);
            return NULL;
        }
    }
    return fail(parser, "a value is expected here");
}

/* "spec.hosts[3].name" for a member of the innermost open object. */
static struct error *duplicate_error(const struct parser *parser, const char *name)
{
    CLEANUP_STRBUF struct strbuf place = STRBUF_INIT;
    for (int i = 1; i < parser->depth; i++) {
        const cJSON *node = parser->path[i], *parent = parser->path[i - 1];
        if (json_node_type(parent) == cJSON_Array) /* it is not linked yet */
            strbuf_addf(&place, "[%zu]", json_len((const struct json *)parent));
        else
            strbuf_addf(&place, "%s%s", place.len ? "." : "", node->string);
    }
    return error_new(ERROR_INVALID, "json: duplicate member \"%s%s%s\"", strbuf_str(&place), place.len ? "." : "",
                     name);
}

/* The member of `object` that has this name already; remembers the name. */
static cJSON *names_find(struct names *names, cJSON *object, const struct span *name)
{
    unsigned hash = (unsigned)name->len * 7;
    if (name->len > 0)
        hash += (unsigned char)name->data[0] * 31u + (unsigned char)name->data[name->len - 1] * 5u +
                (unsigned char)name->data[name->len / 2];
    uint64_t bit = UINT64_C(1) << (hash % 64);
    bool maybe = names->seen & bit;
    names->seen |= bit;
    if (!maybe || names->count <= SCAN_MAX)
        return maybe ? json_node_member(object, name->data, name->len) : NULL;
    if (!names->map) {
        names->map = map_new(NULL);
        for (cJSON *child = object->child; child; child = child->next)
            map_set(names->map, child->string, child);
    }
    CLEANUP_FREE char *key = mem_strndup(name->data, name->len);
    return map_get(names->map, key);
}

/* At the name. Reads one member and links it to `object`. */
static struct error *parse_member(struct parser *parser, cJSON *object, struct names *names)
{
    struct span name;
    if (parser->at == parser->end || *parser->at != '"')
        return fail(parser, "a member name in quotes is expected here");
    TRY(parse_string(parser, &name));
    CLEANUP_FREE char *kept = NULL;
    if (name.data == parser->scratch.data) /* the value would overwrite it */
        name.data = kept = mem_strndup(name.data, name.len);
    cJSON *old = names_find(names, object, &name);
    if (old && parser->strict)
        return duplicate_error(parser, old->string);
    skip_space(parser);
    if (parser->at == parser->end || *parser->at != ':')
        return fail(parser, "a colon is expected after a member name");
    parser->at++;
    skip_space(parser);
    cJSON *value;
    TRY(parse_value(parser, &name, &value));
    if (old)
        json_node_replace(object, old, value);
    else
        json_node_link(object, value, NULL);
    names->count += !old;
    if (names->map)
        map_set(names->map, value->string, value);
    return NULL;
}

/* After the opening brace or bracket. Reads what is inside, up to and with the closing one. */
static struct error *parse_children(struct parser *parser, cJSON *node, struct names *names)
{
    bool object = json_node_type(node) == cJSON_Object;
    char close = object ? '}' : ']';
    skip_space(parser);
    if (parser->at < parser->end && *parser->at == close) {
        parser->at++;
        return NULL;
    }
    while (true) {
        if (object) {
            TRY(parse_member(parser, node, names));
        } else {
            cJSON *item;
            TRY(parse_value(parser, NULL, &item));
            json_node_link(node, item, NULL);
        }
        skip_space(parser);
        if (parser->at == parser->end || (*parser->at != ',' && *parser->at != close))
            return fail(parser, object ? "a comma or } is expected here" : "a comma or ] is expected here");
        if (*parser->at++ == close)
            return NULL;
        skip_space(parser);
    }
}

static struct error *parse_container(struct parser *parser, const struct span *name, cJSON **ret)
{
    if (parser->depth == JSON_DEPTH_MAX)
        return fail(parser, "nested too deeply");
    bool object = *parser->at++ == '{';
    cJSON *node =
        json_node_new(object ? cJSON_Object : cJSON_Array, name ? name->data : NULL, name ? name->len : 0, NULL, 0);
    struct names names = {0};
    parser->path[parser->depth++] = node;
    struct error *err = parse_children(parser, node, &names);
    parser->depth--;
    map_free(names.map);
    if (err)
        cJSON_Delete(node);
    else
        *ret = node;
    return err;
}

/* `name` becomes the node's name; NULL for none. */
static struct error *parse_value(struct parser *parser, const struct span *name, cJSON **ret)
{
    if (parser->at == parser->end)
        return fail(parser, "");
    switch (*parser->at) {
    case '{':
    case '[':
        return parse_container(parser, name, ret);
    case '"': {
        struct span text;
        TRY(parse_string(parser, &text));
        *ret = json_node_new(cJSON_String, name ? name->data : NULL, name ? name->len : 0, text.data, text.len);
        return NULL;
    }
    case '-':
    case '0' ... '9':
        return parse_number(parser, name, ret);
    default:
        return parse_word(parser, name, ret);
    }
}

static struct error *parse_document(struct parser *parser, struct json **ret)
{
    cJSON *node;
    skip_space(parser);
    TRY(parse_value(parser, NULL, &node));
    skip_space(parser);
    if (parser->at < parser->end) {
        cJSON_Delete(node);
        return fail(parser, "nothing may follow the value");
    }
    *ret = json_value(node);
    return NULL;
}

static struct error *parse_text(const char *text, size_t len, bool strict, struct json **ret)
{
    struct parser parser = {.text = text, .at = text, .end = text + len, .strict = strict};
    struct error *err = parse_document(&parser, ret);
    strbuf_release(&parser.scratch);
    return err;
}

struct error *json_parse(const char *text, size_t len, struct json **ret)
{
    return parse_text(text, len, false, ret);
}

struct error *json_parse_strict(const char *text, size_t len, struct json **ret)
{
    return parse_text(text, len, true, ret);
}
