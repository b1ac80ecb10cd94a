// SPDX-License-Identifier: Apache-2.0
// Bodies of PATCH and actions: read by table, every wrong part answered with the message that names it.
#include "bmc-emu/redfish/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *rf_show(const struct json *value)
{
    return json_is(value, JSON_STRING) ? mem_strdup(json_str(value, "")) : json_print(value);
}

static bool type_error(struct rf_request *request, const char *name, const struct json *value)
{
    CLEANUP_FREE char *shown = rf_show(value);

    rf_fail(request, RF_PROPERTY_TYPE_ERROR, shown, name, NULL);
    return false;
}

bool rf_need_string(struct rf_request *request, const char *name, const struct json *value, const char **ret)
{
    if (!json_is(value, JSON_STRING))
        return type_error(request, name, value);
    *ret = json_str(value, "");
    return true;
}

bool rf_need_bool(struct rf_request *request, const char *name, const struct json *value, bool *ret)
{
    if (!json_is(value, JSON_BOOL))
        return type_error(request, name, value);
    *ret = json_bool(value, "", false);
    return true;
}

bool rf_need_int(struct rf_request *request, const char *name, const struct json *value, int64_t min, int64_t max,
                 int64_t *ret)
{
    if (!json_is_integer(value))
        return type_error(request, name, value);
    int64_t number = json_int(value, "", 0);
    if (number < min || number > max) {
        CLEANUP_FREE char *shown = rf_show(value);
        rf_fail(request, RF_PROPERTY_OUT_OF_RANGE, shown, name, NULL);
        return false;
    }
    *ret = number;
    return true;
}

static bool in_list(const char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (str_equal(*list, name))
            return true;
    return false;
}

struct taking {
    struct rf_request *request;
    const struct rf_property *table;
    const char *const *read_only;
    void *arg;
    size_t taken;
};

/* Takes the members of `object`, whose path within the body is `prefix` ("" or "Boot/"). */
static bool take_members(struct taking *taking, const struct json *object, const char *prefix)
{
    JSON_FOREACH (item, object) {
        char path[128];
        const char *name = json_key(item);
        const struct rf_property *row = taking->table;
        size_t len = (size_t)snprintf(path, sizeof(path), "%s%s", prefix, name);
        bool group = false;

        if (strchr(name, '@'))
            continue;
        for (; row->path && !str_equal(row->path, path); row++)
            group = group || (len < sizeof(path) && str_has_prefix(row->path, path) && row->path[len] == '/');
        if (row->path) {
            if (!row->take(taking->request, name, item, taking->arg))
                return false;
            taking->taken++;
        } else if (group && json_is(item, JSON_OBJECT) && len + 1 < sizeof(path)) {
            path[len] = '/';
            path[len + 1] = '\0';
            if (!take_members(taking, item, path))
                return false;
        } else if (group) {
            return type_error(taking->request, name, item);
        } else {
            bool known = !*prefix && in_list(taking->read_only, name);
            rf_fail(taking->request, known ? RF_PROPERTY_NOT_WRITABLE : RF_PROPERTY_UNKNOWN, name, NULL, NULL);
            return false;
        }
    }
    return true;
}

bool rf_take_properties(struct rf_request *request, const struct rf_property *table, const char *const *read_only,
                        void *arg)
{
    struct taking taking = {.request = request, .table = table, .read_only = read_only, .arg = arg};

    if (json_len(request->body) == 0) {
        rf_fail(request, RF_EMPTY_JSON, NULL, NULL, NULL);
        return false;
    }
    if (!take_members(&taking, request->body, ""))
        return false;
    if (taking.taken == 0)
        rf_fail(request, RF_NO_OPERATION, NULL, NULL, NULL);
    return taking.taken > 0;
}

static const struct rf_parameter *find_parameter(const struct rf_parameter *table, const char *name)
{
    while (table->name && !str_equal(table->name, name))
        table++;
    return table->name ? table : NULL;
}

bool rf_take_parameters(struct rf_request *request, const char *action, const struct rf_parameter *table, void *out)
{
    JSON_FOREACH (item, request->body) {
        const struct rf_parameter *row = find_parameter(table, json_key(item));
        if (strchr(json_key(item), '@'))
            continue;
        if (!row) {
            rf_fail(request, RF_ACTION_PARAMETER_UNKNOWN, action, json_key(item), NULL);
            return false;
        }
        static const enum json_type types[] = {
            [RF_PARAMETER_STRING] = JSON_STRING, [RF_PARAMETER_BOOL] = JSON_BOOL, [RF_PARAMETER_ARRAY] = JSON_ARRAY};
        bool fits = json_is(item, types[row->type]);
        /* null is how clients say "not given". */
        if (!fits && (!json_is(item, JSON_NULL) || row->required)) {
            CLEANUP_FREE char *shown = rf_show(item);
            rf_fail(request, RF_ACTION_PARAMETER_TYPE_ERROR, shown, row->name, action);
            return false;
        }
        if (fits && row->type == RF_PARAMETER_STRING)
            *(const char **)((char *)out + row->offset) = json_str(item, "");
        else if (fits && row->type == RF_PARAMETER_ARRAY)
            *(const struct json **)((char *)out + row->offset) = item;
        else if (fits)
            *(bool *)((char *)out + row->offset) = json_bool(item, "", false);
    }
    for (; table->name; table++) {
        if (table->required && !json_member(request->body, table->name)) {
            rf_fail(request, RF_ACTION_PARAMETER_MISSING, action, table->name, NULL);
            return false;
        }
    }
    return true;
}
