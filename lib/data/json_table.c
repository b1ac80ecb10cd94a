/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: a C struct from and to a JSON object, one row per member. */
#include <stdlib.h>
#include <string.h>

#include "lib/data/json_node.h"

/* Where in the document the table at hand stands, for messages: a list of paths, innermost first. */
struct place {
    const struct place *outer;
    const char *path;
};

static void place_add(const struct place *place, struct strbuf *out)
{
    if (place->outer)
        place_add(place->outer, out);
    if (out->len && *place->path)
        strbuf_addc(out, '.');
    json_path_describe(place->path, out);
}

static char *place_name(const struct place *place)
{
    struct strbuf out = STRBUF_INIT;
    place_add(place, &out);
    if (out.len == 0)
        strbuf_adds(&out, "the value");
    return strbuf_take(&out);
}

static struct error *wrong_type(const struct place *place, const struct json *found, const char *wanted)
{
    CLEANUP_FREE char *name = place_name(place);
    const char *type = json_type_name(json_type(found));
    if (json_is(found, JSON_NUMBER) || json_is(found, JSON_BOOL)) {
        CLEANUP_FREE char *text = json_print(found);
        return error_new(ERROR_INVALID, "%s: must be %s, not the %s %.40s", name, wanted, type, text);
    }
    return error_new(ERROR_INVALID, "%s: must be %s, not %s %s", name, wanted,
                     type[0] == 'a' || type[0] == 'o' ? "an" : "a", type);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance of two names, letter case not counted. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[65], a_len = strlen(a), b_len = strlen(b);
    if (a_len >= ARRAY_SIZE(row) || b_len >= ARRAY_SIZE(row))
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = diagonal + ((a[i - 1] | 0x20) != (b[j - 1] | 0x20));
            diagonal = row[j];
            row[j] = smaller(smaller(row[j - 1], row[j]) + 1, change);
        }
    }
    return row[b_len];
}

/* Keeps `candidate` when it is nearer to `name` than what was kept before, and near enough to be a slip of the hand. */
static void consider(const char *name, const char *candidate, size_t *best, const char **nearest)
{
    size_t distance = edit_distance(name, candidate);
    if (distance < *best && distance <= strlen(name) / 3 + 1) {
        *best = distance;
        *nearest = candidate;
    }
}

static struct error *wrong_word(const struct place *place, const char *text, const char *const *values)
{
    CLEANUP_FREE char *name = place_name(place);
    CLEANUP_STRBUF struct strbuf allowed = STRBUF_INIT;
    size_t best = SIZE_MAX;
    const char *nearest = NULL;
    for (const char *const *value = values; *value; value++) {
        strbuf_addf(&allowed, "%s\"%s\"", value == values ? "" : value[1] ? ", " : " or ", *value);
        consider(text, *value, &best, &nearest);
    }
    if (nearest)
        return error_new(ERROR_INVALID, "%s: \"%.80s\" is not allowed: use %s; did you mean \"%s\"?", name, text,
                         strbuf_str(&allowed), nearest);
    return error_new(ERROR_INVALID, "%s: \"%.80s\" is not allowed: use %s", name, text, strbuf_str(&allowed));
}

static struct error *decode_string(const struct json *found, const struct json_field *field, const struct place *place,
                                   char **slot)
{
    const char *text = json_str(found, "");
    if (!text)
        return wrong_type(place, found, "a string");
    for (const char *const *value = field->values; value; value++) {
        if (!*value)
            return wrong_word(place, text, field->values);
        if (strcmp(*value, text) == 0)
            break;
    }
    *slot = mem_strdup(text);
    return NULL;
}

static struct error *decode_fields(const struct json *object, const struct json_field *fields,
                                   const struct place *outer, void *out);

static struct error *decode_field(const struct json *found, const struct json_field *field, const struct place *place,
                                  void *slot)
{
    switch (field->type) {
    case JSON_FIELD_STRING:
        return decode_string(found, field, place, slot);
    case JSON_FIELD_INT:
        if (!json_is_integer(found))
            return wrong_type(place, found, "an integer");
        *(int64_t *)slot = json_int(found, "", 0);
        return NULL;
    case JSON_FIELD_BOOL:
        if (!json_is(found, JSON_BOOL))
            return wrong_type(place, found, "true or false");
        *(bool *)slot = json_bool(found, "", false);
        return NULL;
    case JSON_FIELD_NUMBER:
        if (!json_is(found, JSON_NUMBER))
            return wrong_type(place, found, "a number");
        *(double *)slot = json_number(found, "", 0);
        return NULL;
    case JSON_FIELD_JSON:
        *(struct json **)slot = json_copy(found);
        return NULL;
    case JSON_FIELD_OBJECT:
        if (!json_is(found, JSON_OBJECT))
            return wrong_type(place, found, "an object");
        return decode_fields(found, field->fields, place, slot);
    }
    return error_new(ERROR_INTERNAL, "%s: unknown type %d in a table", field->path, field->type);
}

static struct error *decode_fields(const struct json *object, const struct json_field *fields,
                                   const struct place *outer, void *out)
{
    for (const struct json_field *field = fields; field->path; field++) {
        struct place place = {.outer = outer, .path = field->path};
        const struct json *found = json_get(object, field->path);
        if (found && (!json_is(found, JSON_NULL) || field->type == JSON_FIELD_JSON)) {
            TRY(decode_field(found, field, &place, (char *)out + field->offset));
        } else if (field->required) {
            CLEANUP_FREE char *name = place_name(&place);
            return error_new(ERROR_INVALID, "%s: is required", name);
        }
    }
    return NULL;
}

static const struct place root = {.path = ""};

static struct error *decode(const struct json *object, const struct json_field *fields, void *out)
{
    if (!json_is(object, JSON_OBJECT))
        return wrong_type(&root, object, "an object");
    struct error *err = decode_fields(object, fields, NULL, out);
    if (err)
        json_decode_release(fields, out);
    return err;
}

struct error *json_decode(const struct json *object, const struct json_field *fields, void *out)
{
    return decode(object, fields, out);
}

/* The first name of a row's path that follows `prefix` (such as "spec/", or ""); NULL when the row is elsewhere. */
static char *name_below(const struct json_field *field, const char *prefix)
{
    if (!str_has_prefix(field->path, prefix))
        return NULL;
    const char *start = field->path + strlen(prefix);
    return mem_strndup(start, strcspn(start, "/"));
}

static struct error *unknown_member(const char *name, const struct json_field *fields, const char *prefix,
                                    const struct place *outer)
{
    CLEANUP_FREE char *inside = mem_strndup(prefix, *prefix ? strlen(prefix) - 1 : 0); /* without the last slash */
    CLEANUP_FREE char *place = place_name(&(struct place){.outer = outer, .path = inside});
    size_t best = SIZE_MAX;
    CLEANUP_FREE char *nearest = NULL;
    for (const struct json_field *field = fields; field->path; field++) {
        CLEANUP_FREE char *candidate = name_below(field, prefix);
        const char *found = NULL;
        if (candidate)
            consider(name, candidate, &best, &found);
        if (found) {
            free(nearest);
            nearest = TAKE_PTR(candidate);
        }
    }
    bool top = !outer && !*prefix;
    if (nearest)
        return error_new(ERROR_INVALID, "%s%s%.80s: unknown member; did you mean \"%s\"?", top ? "" : place,
                         top ? "" : ".", name, nearest);
    return error_new(ERROR_INVALID, "%s%s%.80s: unknown member", top ? "" : place, top ? "" : ".", name);
}

/* Fails on a member below `prefix` that no row names. */
static struct error *check_members(const struct json *object, const struct json_field *fields, const char *prefix,
                                   const struct place *outer)
{
    JSON_FOREACH (child, object) {
        CLEANUP_FREE char *tilde = str_replace(json_key(child), "~", "~0");
        CLEANUP_FREE char *escaped = str_replace(tilde, "/", "~1");
        CLEANUP_FREE char *path = mem_printf("%s%s", prefix, escaped);
        CLEANUP_FREE char *below = mem_printf("%s/", path);
        const struct json_field *row = NULL;
        bool on_the_way = false;
        for (const struct json_field *field = fields; field->path && !row; field++) {
            row = strcmp(field->path, path) == 0 ? field : NULL;
            on_the_way |= str_has_prefix(field->path, below);
        }
        struct place place = {.outer = outer, .path = path};
        if (row && row->type == JSON_FIELD_OBJECT)
            TRY(check_members(child, row->fields, "", &place));
        else if (!row && on_the_way && json_is(child, JSON_OBJECT))
            TRY(check_members(child, fields, below, outer));
        else if (!row && on_the_way && !json_is(child, JSON_NULL))
            return wrong_type(&place, child, "an object");
        else if (!row && !on_the_way)
            return unknown_member(json_key(child), fields, prefix, outer);
    }
    return NULL;
}

struct error *json_decode_strict(const struct json *object, const struct json_field *fields, void *out)
{
    if (json_is(object, JSON_OBJECT))
        TRY(check_members(object, fields, "", NULL));
    return decode(object, fields, out);
}

/* The JSON value of one member of a struct; NULL when it is empty and the row is optional. */
static struct json *encode_field(const struct json_field *field, const void *slot)
{
    bool needed = field->required;
    switch (field->type) {
    case JSON_FIELD_STRING: {
        const char *text = *(char *const *)slot;
        return needed || !str_is_empty(text) ? json_new_string(text ? text : "") : NULL;
    }
    case JSON_FIELD_INT:
        return needed || *(const int64_t *)slot ? json_new_int(*(const int64_t *)slot) : NULL;
    case JSON_FIELD_BOOL:
        return needed || *(const bool *)slot ? json_new_bool(*(const bool *)slot) : NULL;
    case JSON_FIELD_NUMBER:
        return needed || *(const double *)slot != 0 ? json_new_number(*(const double *)slot) : NULL;
    case JSON_FIELD_JSON: {
        const struct json *value = *(struct json *const *)slot;
        return value ? json_copy(value) : needed ? json_new_null() : NULL;
    }
    case JSON_FIELD_OBJECT: {
        struct json *object = json_encode(field->fields, slot);
        if (needed || json_first(object))
            return object;
        json_free(object);
        return NULL;
    }
    }
    return NULL;
}

struct json *json_encode(const struct json_field *fields, const void *in)
{
    struct json *object = json_new_object();
    for (const struct json_field *field = fields; field->path; field++) {
        struct json *value = encode_field(field, (const char *)in + field->offset);
        if (value)
            json_set(object, field->path, value);
    }
    return object;
}

void json_decode_release(const struct json_field *fields, void *out)
{
    for (const struct json_field *field = fields; field->path; field++) {
        void *slot = (char *)out + field->offset;
        if (field->type == JSON_FIELD_STRING) {
            free(*(char **)slot);
            *(char **)slot = NULL;
        } else if (field->type == JSON_FIELD_JSON) {
            json_free(*(struct json **)slot);
            *(struct json **)slot = NULL;
        } else if (field->type == JSON_FIELD_OBJECT) {
            json_decode_release(field->fields, slot);
        }
    }
}
