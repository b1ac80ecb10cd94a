/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a JSON value by path. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json_node.h"

static void step_unescape(struct json_step *step)
{
    free(step->unescaped);
    step->unescaped = mem_strndup(step->name, step->len);
    char *out = step->unescaped;
    for (const char *in = step->unescaped; *in; in++) {
        if (in[0] == '~' && (in[1] == '0' || in[1] == '1'))
            *out++ = *++in == '0' ? '~' : '/';
        else
            *out++ = *in;
    }
    *out = '\0';
    step->name = step->unescaped;
    step->len = (size_t)(out - step->unescaped);
}

bool json_step_next(struct json_step *step)
{
    if (!step->rest)
        return false;
    const char *name = step->rest;
    if (!step->name && *name == '\0') /* "" has no step at all, while "a/" has an empty name at its end */
        return false;
    bool escaped = false;
    const char *end = name;
    for (; *end && *end != '/'; end++)
        escaped |= *end == '~';
    step->name = name;
    step->len = (size_t)(end - name);
    step->rest = *end ? end + 1 : NULL;
    if (escaped)
        step_unescape(step);
    return true;
}

void json_step_release(struct json_step *step)
{
    free(step->unescaped);
    step->unescaped = NULL;
}

bool json_step_index(const struct json_step *step, size_t *ret)
{
    size_t index = 0;
    if (step->len == 0 || (step->len > 1 && step->name[0] == '0'))
        return false;
    for (size_t i = 0; i < step->len; i++) {
        if (step->name[i] < '0' || step->name[i] > '9' || __builtin_mul_overflow(index, 10, &index) ||
            __builtin_add_overflow(index, (size_t)(step->name[i] - '0'), &index))
            return false;
    }
    *ret = index;
    return true;
}

void json_path_describe(const char *path, struct strbuf *out)
{
    struct json_step step = {.rest = path};
    bool first = true;
    size_t index;
    while (json_step_next(&step)) {
        if (json_step_index(&step, &index)) {
            strbuf_addf(out, "[%zu]", index);
        } else {
            if (!first)
                strbuf_addc(out, '.');
            strbuf_add(out, step.name, step.len);
        }
        first = false;
    }
    json_step_release(&step);
}

cJSON *json_node_member(const cJSON *object, const char *name, size_t len)
{
    for (cJSON *child = object->child; child; child = child->next)
        if ((len == 0 || *child->string == *name) && strncmp(child->string, name, len) == 0 &&
            child->string[len] == '\0')
            return child;
    return NULL;
}

struct json *json_member(const struct json *object, const char *name)
{
    return json_is(object, JSON_OBJECT) ? json_value(json_node_member(json_node(object), name, strlen(name))) : NULL;
}

struct json *json_item(const struct json *array, size_t index)
{
    if (!json_is(array, JSON_ARRAY))
        return NULL;
    cJSON *child = json_node(array)->child;
    for (; child && index > 0; index--)
        child = child->next;
    return json_value(child);
}

struct json *json_get(const struct json *value, const char *path)
{
    struct json_step step = {.rest = path};
    struct json *found = json_value(json_node(value));
    while (found && json_step_next(&step)) {
        size_t index;
        if (json_is(found, JSON_OBJECT))
            found = json_value(json_node_member(json_node(found), step.name, step.len));
        else
            found = json_step_index(&step, &index) ? json_item(found, index) : NULL;
    }
    json_step_release(&step);
    return found;
}

bool json_has(const struct json *value, const char *path)
{
    return json_get(value, path) != NULL;
}

const char *json_str(const struct json *value, const char *path)
{
    const struct json *found = json_get(value, path);
    return json_is(found, JSON_STRING) ? json_node(found)->valuestring : NULL;
}

const char *json_str_or(const struct json *value, const char *path, const char *fallback)
{
    const char *text = json_str(value, path);
    return text ? text : fallback;
}

/* The value of a number that json_is_integer(). */
static int64_t node_integer(const struct json *value)
{
    const cJSON *node = json_node(value);
    return node->valuestring ? strtoll(node->valuestring, NULL, 10) : (int64_t)node->valuedouble;
}

int64_t json_int(const struct json *value, const char *path, int64_t fallback)
{
    const struct json *found = json_get(value, path);
    return json_is_integer(found) ? node_integer(found) : fallback;
}

double json_number(const struct json *value, const char *path, double fallback)
{
    const struct json *found = json_get(value, path);
    return json_is(found, JSON_NUMBER) ? json_node(found)->valuedouble : fallback;
}

bool json_bool(const struct json *value, const char *path, bool fallback)
{
    const struct json *found = json_get(value, path);
    return json_is(found, JSON_BOOL) ? json_node_type(json_node(found)) == cJSON_True : fallback;
}

static struct error *need_error(const struct json *found, const char *path, const char *wanted)
{
    CLEANUP_STRBUF struct strbuf place = STRBUF_INIT;
    json_path_describe(path, &place);
    const char *name = place.len ? place.data : "the value";
    if (!found)
        return error_new(ERROR_INVALID, "%s is missing; %s is needed there", name, wanted);
    bool fraction = json_is(found, JSON_NUMBER);
    return error_new(ERROR_INVALID, "%s must be %s, not %s", name, wanted,
                     fraction ? "this number" : json_type_name(json_type(found)));
}

static const char *type_with_article(enum json_type type)
{
    static const char *const names[] = {"null", "a boolean", "a number", "a string", "an array", "an object"};
    return names[type];
}

struct error *json_need(const struct json *value, const char *path, enum json_type type, struct json **ret)
{
    struct json *found = json_get(value, path);
    if (!json_is(found, type))
        return need_error(found, path, type_with_article(type));
    *ret = found;
    return NULL;
}

struct error *json_need_str(const struct json *value, const char *path, const char **ret)
{
    struct json *found = NULL;
    TRY(json_need(value, path, JSON_STRING, &found));
    *ret = json_node(found)->valuestring;
    return NULL;
}

struct error *json_need_int(const struct json *value, const char *path, int64_t *ret)
{
    const struct json *found = json_get(value, path);
    if (!json_is_integer(found))
        return need_error(found, path, "an integer of at most 64 bits");
    *ret = node_integer(found);
    return NULL;
}

char **json_str_list(const struct json *array)
{
    if (!json_len(array))
        return NULL;
    char **list = mem_alloc_array(json_len(array) + 1, sizeof(*list));
    size_t len = 0;
    JSON_FOREACH (item, array)
        list[len++] = mem_strdup(json_str_or(item, "", ""));
    return list;
}
