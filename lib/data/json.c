/* SPDX-License-Identifier: Apache-2.0 */
/* JSON nodes: their making, copying, comparing, and walking from one to the next. */
#include "lib/data/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json_node.h"
#include "lib/data/map.h"

#define SCAN_MAX 16 /* objects with more members than this are compared through a map */

cJSON *json_node_new(int type, const char *name, size_t name_len, const char *text, size_t text_len)
{
    size_t size = sizeof(cJSON) + (name ? name_len + 1 : 0) + (text ? text_len + 1 : 0);
    cJSON *node = mem_resize(NULL, size, 1);
    *node = (cJSON){.type = type};
    char *behind = (char *)(node + 1);
    if (name) {
        node->string = behind;
        node->type |= cJSON_StringIsConst;
        memcpy(behind, name, name_len);
        behind += name_len;
        *behind++ = '\0';
    }
    if (text) {
        node->valuestring = behind;
        node->type |= cJSON_IsReference;
        memcpy(behind, text, text_len);
        behind[text_len] = '\0';
    }
    return node;
}

void json_node_rename(cJSON *node, const char *name, size_t len)
{
    if (node->string && name && strncmp(node->string, name, len) == 0 && node->string[len] == '\0')
        return;
    char *copy = mem_strndup(name, len);
    if (!(node->type & cJSON_StringIsConst))
        free(node->string);
    node->string = copy;
    node->type &= ~cJSON_StringIsConst;
}

void json_node_link(cJSON *parent, cJSON *node, cJSON *before)
{
    cJSON *first = parent->child;
    if (!first) {
        parent->child = node;
        node->prev = node;
        node->next = NULL;
    } else if (!before) {
        node->prev = first->prev;
        node->next = NULL;
        first->prev->next = node;
        first->prev = node;
    } else {
        node->prev = before->prev;
        node->next = before;
        before->prev = node;
        if (before == first)
            parent->child = node;
        else
            node->prev->next = node;
    }
}

void json_node_unlink(cJSON *parent, cJSON *node)
{
    cJSON *first = parent->child;
    if (node == first)
        parent->child = node->next;
    else
        node->prev->next = node->next;
    if (node->next)
        node->next->prev = node->prev;
    else if (node != first)
        first->prev = node->prev;
    node->next = node->prev = NULL;
}

void json_node_replace(cJSON *parent, cJSON *old, cJSON *node)
{
    json_node_link(parent, node, old);
    json_node_unlink(parent, old);
    cJSON_Delete(old);
}

struct json *json_new_null(void)
{
    return json_value(json_node_new(cJSON_NULL, NULL, 0, NULL, 0));
}

struct json *json_new_bool(bool value)
{
    return json_value(json_node_new(value ? cJSON_True : cJSON_False, NULL, 0, NULL, 0));
}

struct json *json_new_int(int64_t value)
{
    cJSON *node;
    if (value >= -JSON_EXACT_MAX && value <= JSON_EXACT_MAX) {
        node = json_node_new(cJSON_Number, NULL, 0, NULL, 0);
    } else {
        CLEANUP_FREE char *text = mem_printf("%lld", (long long)value);
        node = json_node_new(cJSON_Number, NULL, 0, text, strlen(text));
    }
    node->valuedouble = (double)value;
    return json_value(node);
}

struct json *json_new_number(double value)
{
    cJSON *node = json_node_new(cJSON_Number, NULL, 0, NULL, 0);
    node->valuedouble = value;
    return json_value(node);
}

struct json *json_new_string(const char *value)
{
    if (!value)
        return json_new_null();
    return json_value(json_node_new(cJSON_String, NULL, 0, value, strlen(value)));
}

struct json *json_new_array(void)
{
    return json_value(json_node_new(cJSON_Array, NULL, 0, NULL, 0));
}

struct json *json_new_object(void)
{
    return json_value(json_node_new(cJSON_Object, NULL, 0, NULL, 0));
}

static cJSON *node_copy(const cJSON *node, bool with_name)
{
    const char *name = with_name ? node->string : NULL, *text = node->valuestring;
    cJSON *copy = json_node_new(json_node_type(node), name, name ? strlen(name) : 0, text, text ? strlen(text) : 0);
    copy->valuedouble = node->valuedouble;
    for (const cJSON *child = node->child; child; child = child->next)
        json_node_link(copy, node_copy(child, true), NULL);
    return copy;
}

struct json *json_copy(const struct json *value)
{
    return value ? json_value(node_copy(json_node(value), false)) : NULL;
}

void json_free(struct json *value)
{
    cJSON_Delete(json_node(value));
}

enum json_type json_type(const struct json *value)
{
    if (!value)
        return JSON_NULL;
    switch (json_node_type(json_node(value))) {
    case cJSON_False:
    case cJSON_True:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return (unsigned)type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

bool json_is(const struct json *value, enum json_type type)
{
    return value && json_type(value) == type;
}

bool json_is_integer(const struct json *value)
{
    if (!json_is(value, JSON_NUMBER))
        return false;
    const cJSON *node = json_node(value);
    /* A number with a text is whole, but it may need more than 64 bits. */
    if (node->valuestring) {
        int64_t number;
        struct error *err = str_to_int64(node->valuestring, &number);
        error_free(err);
        return !err;
    }
    return node->valuedouble >= -0x1p63 && node->valuedouble < 0x1p63 && floor(node->valuedouble) == node->valuedouble;
}

static bool members_equal(const cJSON *a, const cJSON *b)
{
    size_t len = json_len((const struct json *)a);
    if (len != json_len((const struct json *)b))
        return false;
    CLEANUP(map_free) struct map *index = NULL;
    if (len > SCAN_MAX) {
        index = map_new(NULL);
        for (cJSON *child = b->child; child; child = child->next)
            map_set(index, child->string, child);
    }
    const cJSON *guess = b->child; /* most often both have the same order */
    for (const cJSON *child = a->child; child; child = child->next) {
        const cJSON *other = guess;
        if (!other || strcmp(other->string, child->string) != 0)
            other = index ? map_get(index, child->string) : json_node_member(b, child->string, strlen(child->string));
        if (!other || !json_equal((const struct json *)child, (const struct json *)other))
            return false;
        guess = other->next;
    }
    return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
    if (a == b)
        return true;
    if (!a || !b || json_type(a) != json_type(b))
        return false;
    const cJSON *x = json_node(a), *y = json_node(b);
    switch (json_type(a)) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return json_node_type(x) == json_node_type(y);
    case JSON_NUMBER:
        if (x->valuestring && y->valuestring)
            return strcmp(x->valuestring, y->valuestring) == 0;
        return x->valuedouble == y->valuedouble;
    case JSON_STRING:
        return strcmp(x->valuestring, y->valuestring) == 0;
    case JSON_OBJECT:
        return members_equal(x, y);
    case JSON_ARRAY:
        break;
    }
    for (x = x->child, y = y->child; x && y; x = x->next, y = y->next)
        if (!json_equal((const struct json *)x, (const struct json *)y))
            return false;
    return !x && !y;
}

size_t json_len(const struct json *value)
{
    size_t len = 0;
    for (const struct json *child = json_first(value); child; child = json_next(child))
        len++;
    return len;
}

struct json *json_first(const struct json *value)
{
    return value ? json_value(json_node(value)->child) : NULL;
}

struct json *json_next(const struct json *child)
{
    return json_value(json_node(child)->next);
}

const char *json_key(const struct json *child)
{
    return json_node(child)->string;
}
