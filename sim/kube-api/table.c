/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for kubectl get. */
#include "sim/kube-api/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *kapi_age_text(int64_t age_ns, char buf[32])
{
    long long seconds = age_ns / TIME_S, minutes = seconds / 60, hours = minutes / 60, days = hours / 24,
              years = days / 365;

    if (age_ns < 0)
        snprintf(buf, 32, "%s", age_ns < -TIME_S ? "<invalid>" : "0s");
    else if (seconds < 120)
        snprintf(buf, 32, "%llds", seconds);
    else if (minutes < 10)
        snprintf(buf, 32, seconds % 60 ? "%lldm%llds" : "%lldm", minutes, seconds % 60);
    else if (hours < 3)
        snprintf(buf, 32, "%lldm", minutes);
    else if (hours < 8)
        snprintf(buf, 32, minutes % 60 ? "%lldh%lldm" : "%lldh", hours, minutes % 60);
    else if (hours < 48)
        snprintf(buf, 32, "%lldh", hours);
    else if (days < 8)
        snprintf(buf, 32, hours % 24 ? "%lldd%lldh" : "%lldd", days, hours % 24);
    else if (days < 2 * 365)
        snprintf(buf, 32, "%lldd", days);
    else if (years < 8)
        snprintf(buf, 32, days % 365 ? "%lldy%lldd" : "%lldy", years, days % 365);
    else
        snprintf(buf, 32, "%lldy", years);
    return buf;
}

struct json *kapi_age_cell(const char *timestamp, int64_t wall)
{
    int64_t then;
    char buf[32];

    if (!timestamp)
        return json_new_string("<unknown>");
    struct error *err = time_parse(timestamp, &then);
    if (err) {
        error_free(err);
        return json_new_string("<unknown>");
    }
    return json_new_string(kapi_age_text(wall - then, buf));
}

/* -- JSONPath -- */

/* `@.type=="Ready"`, in either quotes, over the items of an array. */
static const struct json *filter(const struct json *array, const char *text, size_t len)
{
    CLEANUP_FREE char *copy = mem_strndup(text, len);
    char *equals = strstr(copy, "==");

    if (!equals || !str_has_prefix(copy, "@."))
        return NULL;
    *equals = 0;
    CLEANUP_FREE char *name = str_trim(copy + 2), *wanted = str_trim(equals + 2);
    size_t wanted_len = strlen(wanted);
    if (wanted_len >= 2 && (wanted[0] == '"' || wanted[0] == '\'') && wanted[wanted_len - 1] == wanted[0]) {
        wanted[wanted_len - 1] = 0;
        memmove(wanted, wanted + 1, wanted_len - 1);
    }
    JSON_FOREACH (item, array) {
        if (str_equal(json_str(json_member(item, name), ""), wanted))
            return item;
    }
    return NULL;
}

/* `[0]`, `[*]`, `['name']`, `[?(…)]`; *text is behind the bracket afterwards. */
static const struct json *bracket(const struct json *value, const char **text)
{
    const char *start = *text + 1;

    if (str_has_prefix(start, "?(")) {
        const char *end = strstr(start, ")]");
        if (!end)
            return NULL;
        *text = end + 2;
        return filter(value, start + 2, (size_t)(end - start - 2));
    }
    const char *end = strchr(start, ']');
    if (!end)
        return NULL;
    *text = end + 1;
    if (*start == '\'' || *start == '"') {
        CLEANUP_FREE char *name = mem_strndup(start + 1, end - start >= 2 ? (size_t)(end - start - 2) : 0);
        return json_member(value, name);
    }
    return json_item(value, *start == '*' ? 0 : (size_t)strtoul(start, NULL, 10));
}

const struct json *kapi_json_path(const struct json *object, const char *path)
{
    const struct json *value = object;

    if (*path == '{')
        path++;
    while (value && *path && *path != '}') {
        if (*path == '[') {
            value = bracket(value, &path);
            continue;
        }
        if (*path == '.') {
            path++;
            continue;
        }
        CLEANUP_STRBUF struct strbuf name = STRBUF_INIT;
        for (; *path && !strchr(".[}", *path); path++) {
            if (*path == '\\' && path[1])
                path++;
            strbuf_addc(&name, *path);
        }
        value = json_member(value, strbuf_str(&name));
    }
    return value;
}

/* -- columns -- */

static struct kapi_column make_column(const char *name, const char *type, const char *format, const char *description,
                                      int priority, const char *path)
{
    return (struct kapi_column){mem_strdup(name),
                                mem_strdup(type),
                                mem_strdup(format),
                                mem_strdup(description),
                                priority,
                                mem_strdup(path),
                                NULL};
}

struct kapi_column *kapi_columns_compile(const struct json *columns)
{
    struct kapi_column *list = mem_alloc_array(json_len(columns) + 3, sizeof(*list));
    size_t len = 0;

    list[len++] =
        make_column("Name", "string", "name",
                    "Name must be unique within a namespace. Is required when creating resources, although some "
                    "resources may allow a client to request the generation of an appropriate name automatically.",
                    0, ".metadata.name");
    JSON_FOREACH (column, columns)
        list[len++] = make_column(json_str_or(column, "name", ""), json_str_or(column, "type", "string"),
                                  json_str_or(column, "format", ""), json_str_or(column, "description", ""),
                                  (int)json_int(column, "priority", 0), json_str_or(column, "jsonPath", ""));
    if (len == 1)
        list[len++] = make_column("Age", "date", "",
                                  "CreationTimestamp is a timestamp representing the server time when this "
                                  "object was created.",
                                  0, ".metadata.creationTimestamp");
    return list;
}

static struct json *column_definition(const struct kapi_column *column)
{
    struct json *definition = json_new_object();

    json_set_str(definition, "name", column->name);
    /* A date's cell is text already. */
    json_set_str(definition, "type", str_equal(column->type, "date") ? "string" : column->type);
    json_set_str(definition, "format", column->format);
    json_set_str(definition, "description", column->description);
    json_set_int(definition, "priority", column->priority);
    return definition;
}

struct json *kapi_table_new(const struct kapi_version *version, bool with_columns)
{
    struct json *table = json_new_object();

    json_set_str(table, "kind", "Table");
    json_set_str(table, "apiVersion", "meta.k8s.io/v1");
    json_set(table, "metadata", json_new_object());
    json_set(table, "columnDefinitions", with_columns ? json_new_array() : json_new_null());
    json_set(table, "rows", json_new_array());
    for (const struct kapi_column *column = version->columns; with_columns && column && column->name; column++)
        json_append(json_member(table, "columnDefinitions"), column_definition(column));
    return table;
}

static struct json *cell(const struct kapi_column *column, const struct json *object, int64_t wall)
{
    if (column->cell)
        return column->cell(object, wall);
    const struct json *value = kapi_json_path(object, column->path);
    if (str_equal(column->type, "date"))
        return json_str(value, "") ? kapi_age_cell(json_str(value, ""), wall) : json_new_null();
    if (!value || json_is(value, JSON_NULL))
        return json_new_null();
    if (str_equal(column->type, "integer"))
        return json_is_integer(value) ? json_copy(value) : json_new_null();
    if (str_equal(column->type, "number"))
        return json_is(value, JSON_NUMBER) ? json_copy(value) : json_new_null();
    if (str_equal(column->type, "boolean"))
        return json_is(value, JSON_BOOL) ? json_copy(value) : json_new_null();
    if (json_is(value, JSON_STRING))
        return json_copy(value);
    CLEANUP_FREE char *text = json_print(value);
    return json_new_string(text);
}

struct json *kapi_partial(const struct json *object)
{
    struct json *partial = json_new_object();

    json_set_str(partial, "kind", "PartialObjectMetadata");
    json_set_str(partial, "apiVersion", "meta.k8s.io/v1");
    json_set(partial, "metadata", json_copy(json_member(object, "metadata")));
    return partial;
}

struct json *kapi_table_row(const struct kapi_version *version, const struct json *stored, const struct json *form,
                            enum kapi_include include, int64_t wall)
{
    struct json *row = json_new_object(), *cells = json_new_array();

    for (const struct kapi_column *column = version->columns; column && column->name; column++)
        json_append(cells, cell(column, version->message ? stored : form, wall));
    json_set(row, "cells", cells);
    if (include == INCLUDE_NONE)
        json_set(row, "object", json_new_null());
    else
        json_set(row, "object", include == INCLUDE_OBJECT ? json_copy(form) : kapi_partial(form));
    return row;
}
