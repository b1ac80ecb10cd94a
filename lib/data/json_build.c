/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a JSON value by path, member or index. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json_node.h"

static void put_member(cJSON *object, const char *name, size_t len, cJSON *item)
{
    cJSON *old = json_node_member(object, name, len);
    json_node_rename(item, name, len);
    if (old)
        json_node_replace(object, old, item);
    else
        json_node_link(object, item, NULL);
}

static void put_item(cJSON *array, size_t index, cJSON *item)
{
    cJSON *old = json_node(json_item(json_value(array), index));
    json_node_rename(item, NULL, 0);
    if (old)
        json_node_replace(array, old, item);
    else
        json_node_link(array, item, NULL);
}

/* Makes an object of a node that stands where a path wants to go on. Its place and name stay. */
static void make_object(cJSON *node)
{
    cJSON_Delete(node->child);
    if (!(node->type & cJSON_IsReference))
        free(node->valuestring);
    node->child = NULL;
    node->valuestring = NULL;
    node->valuedouble = 0;
    node->type = cJSON_Object | (node->type & cJSON_StringIsConst);
}

/* Puts `item` one step below `parent`. */
static void put_step(cJSON *parent, const struct json_step *step, cJSON *item)
{
    size_t index;
    if (json_node_type(parent) == cJSON_Array && json_step_index(step, &index)) {
        put_item(parent, index, item);
        return;
    }
    if (json_node_type(parent) != cJSON_Object)
        make_object(parent);
    put_member(parent, step->name, step->len, item);
}

static cJSON *child_of_step(const cJSON *parent, const struct json_step *step)
{
    size_t index;
    if (json_node_type(parent) == cJSON_Object)
        return json_node_member(parent, step->name, step->len);
    return json_step_index(step, &index) ? json_node(json_item((const struct json *)parent, index)) : NULL;
}

static _Noreturn void misuse(const char *function)
{
    fprintf(stderr, "%s: misuse by the caller\n", function);
    abort();
}

void json_set(struct json *value, const char *path, struct json *item)
{
    if (!value || *path == '\0')
        misuse(__func__);
    cJSON *node = json_node(item ? item : json_new_null()), *parent = json_node(value);
    struct json_step step = {.rest = path};
    json_step_next(&step);
    while (step.rest) {
        cJSON *child = child_of_step(parent, &step);
        if (!child) {
            child = json_node(json_new_object());
            put_step(parent, &step, child);
        }
        parent = child;
        json_step_next(&step);
    }
    put_step(parent, &step, node);
    json_step_release(&step);
}

void json_set_str(struct json *value, const char *path, const char *text)
{
    json_set(value, path, json_new_string(text));
}

void json_set_int(struct json *value, const char *path, int64_t number)
{
    json_set(value, path, json_new_int(number));
}

void json_set_number(struct json *value, const char *path, double number)
{
    json_set(value, path, json_new_number(number));
}

void json_set_bool(struct json *value, const char *path, bool flag)
{
    json_set(value, path, json_new_bool(flag));
}

void json_set_printf(struct json *value, const char *path, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    CLEANUP_FREE char *text = mem_vprintf(fmt, args);
    va_end(args);
    json_set_str(value, path, text);
}

void json_set_str_opt(struct json *value, const char *path, const char *text)
{
    if (!str_is_empty(text))
        json_set_str(value, path, text);
}

void json_put(struct json *object, const char *name, struct json *item)
{
    if (!json_is(object, JSON_OBJECT))
        misuse(__func__);
    put_member(json_node(object), name, strlen(name), json_node(item ? item : json_new_null()));
}

void json_put_str(struct json *object, const char *name, const char *text)
{
    json_put(object, name, json_new_string(text));
}

void json_append(struct json *array, struct json *item)
{
    json_insert(array, SIZE_MAX, item);
}

void json_append_str(struct json *array, const char *text)
{
    json_append(array, json_new_string(text));
}

void json_insert(struct json *array, size_t index, struct json *item)
{
    if (!json_is(array, JSON_ARRAY))
        misuse(__func__);
    cJSON *node = json_node(item ? item : json_new_null());
    json_node_rename(node, NULL, 0);
    json_node_link(json_node(array), node, index == SIZE_MAX ? NULL : json_node(json_item(array, index)));
}

bool json_remove(struct json *value, const char *path)
{
    struct json *item = json_detach(value, path);
    json_free(item);
    return item != NULL;
}

bool json_remove_member(struct json *object, const char *name)
{
    cJSON *member = json_node(json_member(object, name));
    if (!member)
        return false;
    json_node_unlink(json_node(object), member);
    cJSON_Delete(member);
    return true;
}

struct json *json_detach(struct json *value, const char *path)
{
    struct json_step step = {.rest = path};
    cJSON *parent = NULL, *found = json_node(value);
    while (found && json_step_next(&step)) {
        parent = found;
        found = child_of_step(parent, &step);
    }
    json_step_release(&step);
    if (!found || !parent)
        return NULL;
    json_node_unlink(parent, found);
    json_node_rename(found, NULL, 0);
    return json_value(found);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

void json_sort_members(struct json *object)
{
    size_t len = json_len(object), at = 0;
    if (!json_is(object, JSON_OBJECT) || len < 2)
        return;
    CLEANUP_FREE cJSON **members = mem_alloc_array(len, sizeof(cJSON *));
    for (cJSON *child = json_node(object)->child; child; child = child->next)
        members[at++] = child;
    qsort(members, len, sizeof(*members), compare_names);
    json_node(object)->child = NULL;
    for (at = 0; at < len; at++)
        json_node_link(json_node(object), members[at], NULL);
}
