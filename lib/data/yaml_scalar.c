/* SPDX-License-Identifier: Apache-2.0 */
/* Resolution of YAML scalars: words from a table, then integers in the bases that Go's strconv knows, then floats. */
#include "lib/data/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAG_PREFIX "tag:yaml.org,2002:"

enum word_kind { WORD_FALSE, WORD_TRUE, WORD_NULL, WORD_UNBOUNDED };

static const struct word {
    const char *text;
    enum word_kind kind;
} words[] = {
    {"y", WORD_TRUE},          {"Y", WORD_TRUE},          {"yes", WORD_TRUE},        {"Yes", WORD_TRUE},
    {"YES", WORD_TRUE},        {"true", WORD_TRUE},       {"True", WORD_TRUE},       {"TRUE", WORD_TRUE},
    {"on", WORD_TRUE},         {"On", WORD_TRUE},         {"ON", WORD_TRUE},         {"n", WORD_FALSE},
    {"N", WORD_FALSE},         {"no", WORD_FALSE},        {"No", WORD_FALSE},        {"NO", WORD_FALSE},
    {"false", WORD_FALSE},     {"False", WORD_FALSE},     {"FALSE", WORD_FALSE},     {"off", WORD_FALSE},
    {"Off", WORD_FALSE},       {"OFF", WORD_FALSE},       {"", WORD_NULL},           {"~", WORD_NULL},
    {"null", WORD_NULL},       {"Null", WORD_NULL},       {"NULL", WORD_NULL},       {".nan", WORD_UNBOUNDED},
    {".NaN", WORD_UNBOUNDED},  {".NAN", WORD_UNBOUNDED},  {".inf", WORD_UNBOUNDED},  {".Inf", WORD_UNBOUNDED},
    {".INF", WORD_UNBOUNDED},  {"+.inf", WORD_UNBOUNDED}, {"+.Inf", WORD_UNBOUNDED}, {"+.INF", WORD_UNBOUNDED},
    {"-.inf", WORD_UNBOUNDED}, {"-.Inf", WORD_UNBOUNDED}, {"-.INF", WORD_UNBOUNDED},
};

static const struct word *word_find(const char *text)
{
    if (strlen(text) > 5)
        return NULL;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (strcmp(words[i].text, text) == 0)
            return &words[i];
    return NULL;
}

/* The digits of an integer without sign and underscores: base by prefix, a leading zero means octal. */
static bool read_magnitude(const char *digits, uint64_t *ret)
{
    int base = 10;
    if (digits[0] == '0' && digits[1] != '\0') {
        char letter = digits[1] | 0x20;
        base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
        digits += letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1;
    }
    static const char all[] = "0123456789abcdefABCDEF";
    static const char *const prefix_of_base[] = {[2] = "01", [8] = "01234567", [10] = "0123456789", [16] = all};
    if (*digits == '\0' || digits[strspn(digits, prefix_of_base[base])] != '\0')
        return false;
    errno = 0;
    *ret = strtoull(digits, NULL, base);
    return errno == 0;
}

/* An integer of 64 bits, signed or not, kept exact; NULL when the text is none. */
static struct json *read_integer(const char *text)
{
    bool negative = *text == '-';
    uint64_t magnitude;
    if (!read_magnitude(text + (*text == '-' || *text == '+'), &magnitude))
        return NULL;
    if (negative)
        return magnitude <= (uint64_t)INT64_MAX + 1 ? json_new_int((int64_t)(0 - magnitude)) : NULL;
    if (magnitude <= INT64_MAX)
        return json_new_int((int64_t)magnitude);
    if (*text == '+') /* Go reads an unsigned number without a sign only */
        return NULL;
    CLEANUP_FREE char *digits = mem_printf("%llu", (unsigned long long)magnitude);
    struct json *value = NULL;
    error_free(json_parse(digits, strlen(digits), &value));
    return value;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    size_t whole = strspn(at, "0123456789"), fraction = 0;
    at += whole;
    if (*at == '.') {
        fraction = strspn(at + 1, "0123456789");
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        size_t exponent = strspn(at, "0123456789");
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return *at == '\0';
}

/* NULL when the text is no number. */
static struct json *read_number(const char *text)
{
    if (*text != '\0' && strchr("+-0123456789", *text)) {
        CLEANUP_FREE char *plain = str_replace(text, "_", "");
        struct json *integer = *plain ? read_integer(plain) : NULL;
        if (integer)
            return integer;
        double value = is_float(plain) ? strtod(plain, NULL) : NAN;
        return isfinite(value) ? json_new_number(value) : NULL;
    }
    double value = *text == '.' && is_float(text) ? strtod(text, NULL) : NAN;
    return isfinite(value) ? json_new_number(value) : NULL;
}

/* Resolves as a plain text without a tag. */
static struct error *resolve_plain(const char *text, struct json **ret)
{
    const struct word *word = word_find(text);
    if (!word) {
        struct json *number = read_number(text);
        *ret = number ? number : json_new_string(text);
        return NULL;
    }
    if (word->kind == WORD_UNBOUNDED)
        return error_new(ERROR_INVALID, "JSON has no number for %s; quote it if it is a text", text);
    *ret = word->kind == WORD_NULL ? json_new_null() : json_new_bool(word->kind == WORD_TRUE);
    return NULL;
}

static struct error *resolve_binary(const char *text, struct json **ret)
{
    void *data = NULL;
    size_t len = 0;
    TRY(str_base64_decode(text, &data, &len));
    bool has_nul = memchr(data, '\0', len) != NULL;
    if (!has_nul)
        *ret = json_new_string(data);
    free(data);
    return has_nul ? error_new(ERROR_INVALID, "binary data with a NUL byte is not supported") : NULL;
}

static const struct tag {
    const char *name;
    enum json_type type;
} tags[] = {{"int", JSON_NUMBER}, {"float", JSON_NUMBER}, {"bool", JSON_BOOL}, {"null", JSON_NULL}};

struct error *yaml_scalar_resolve(const char *text, const char *tag, bool plain, struct json **ret)
{
    if (!tag && plain)
        return resolve_plain(text, ret);
    const char *name = str_has_prefix(tag, TAG_PREFIX) ? tag + strlen(TAG_PREFIX) : "";
    if (strcmp(name, "binary") == 0)
        return resolve_binary(text, ret);
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        if (strcmp(name, tags[i].name) != 0)
            continue;
        CLEANUP(json_free) struct json *value = NULL;
        TRY(resolve_plain(text, &value));
        if (!json_is(value, tags[i].type) ||
            (strcmp(name, "int") == 0 && json_number(value, "", 0) != floor(json_number(value, "", 0))))
            return error_new(ERROR_INVALID, "the value is no %s as its tag says", name); /* it may be a secret */
        *ret = TAKE_PTR(value);
        return NULL;
    }
    *ret = json_new_string(text); /* quoted, !!str, a timestamp, or a tag that nobody knows */
    return NULL;
}

/* Digits with ':' between, which YAML 1.1 takes for a number of base 60, or a date. */
static bool is_base60_or_date(const char *text)
{
    const char *at = text + (*text == '-' || *text == '+');
    size_t digits = strspn(at, "0123456789");
    if (digits == 4 && at[4] == '-' && at[5] >= '0' && at[5] <= '9')
        return true;
    return digits > 0 && at[digits] == ':' && at[strspn(at, "0123456789:._")] == '\0';
}

bool yaml_scalar_is_ambiguous(const char *text)
{
    if (word_find(text) || is_base60_or_date(text) || strcmp(text, "<<") == 0 || strcmp(text, "=") == 0)
        return true;
    struct json *number = read_number(text);
    json_free(number);
    return number != NULL;
}
