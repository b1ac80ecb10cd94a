/* SPDX-License-Identifier: Apache-2.0 */
/* From the tables of kinds to CustomResourceDefinitions. */
#include "operator/api/kind.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "operator/api/kinds.h"
#include "operator/kube/object.h"

const struct api_kind *const api_kinds[] = {
    &api_bare_metal_host,          &api_hardware_data,
    &api_host_firmware_settings,   &api_firmware_schema,
    &api_host_firmware_components, &api_host_update_policy,
    &api_preprovisioning_image,    &api_data_image,
    &api_bmc_event_subscription,   &api_host_claim,
    &api_host_deploy_policy,       &api_bare_metal_switch,
    &api_host_network_attachment,  NULL,
};

const struct api_kind *api_kind_find(const char *group, const char *kind)
{
    for (size_t i = 0; api_kinds[i]; i++)
        if (str_equal(api_kinds[i]->resource->group, group) && str_equal(api_kinds[i]->resource->kind, kind))
            return api_kinds[i];
    return NULL;
}

/* -- schemas -- */

static const struct {
    const char *type, *format;
} type_names[] = {
    [API_OBJECT] = {"object", NULL},    [API_STRING] = {"string", NULL}, [API_BOOL] = {"boolean", NULL},
    [API_INT] = {"integer", NULL},      [API_NUMBER] = {"number", NULL}, [API_TIME] = {"string", "date-time"},
    [API_INT_OR_STRING] = {NULL, NULL}, [API_ANY] = {"object", NULL},
};

/* A constant of ours in JSON; broken ones are our own fault and end the program in the first test. */
static struct json *literal(const char *text)
{
    struct json *value = NULL;
    CLEANUP(error_free) struct error *err = json_parse(text, strlen(text), &value);
    if (err)
        abort();
    return value;
}

/* "a|b" as an array; of booleans for a boolean field. */
static struct json *split(const char *text, enum api_type type)
{
    CLEANUP(str_list_free) char **parts = str_split(text, '|');
    struct json *array = json_new_array();
    for (char **part = parts; *part; part++)
        json_append(array, type == API_BOOL ? json_new_bool(str_equal(*part, "true")) : json_new_string(*part));
    return array;
}

static struct json *object_schema(const struct api_field *fields);

static void set_limit(struct json *schema, const char *name, int limit)
{
    if (limit > 0)
        json_set_int(schema, name, limit);
}

/* The schema of one value: an item, when the field is a list or a map. */
static struct json *value_schema(const struct api_field *field)
{
    struct json *schema = field->type == API_OBJECT ? object_schema(field->fields) : json_new_object();
    json_set_str_opt(schema, "type", type_names[field->type].type);
    json_set_str_opt(schema, "format", field->format ? field->format : type_names[field->type].format);
    if (field->values)
        json_set(schema, "enum", split(field->values, field->type));
    json_set_str_opt(schema, "pattern", field->pattern);
    if (field->minimum)
        json_set(schema, "minimum", literal(field->minimum));
    if (field->maximum)
        json_set(schema, "maximum", literal(field->maximum));
    set_limit(schema, "minLength", field->min_length);
    set_limit(schema, "maxLength", field->max_length);
    set_limit(schema, "minProperties", field->min_members);
    if (field->type == API_INT_OR_STRING) {
        json_set(schema, "anyOf", literal("[{\"type\":\"integer\"},{\"type\":\"string\"}]"));
        json_set_bool(schema, "x-kubernetes-int-or-string", true);
    }
    if (field->type == API_ANY)
        json_set_bool(schema, "x-kubernetes-preserve-unknown-fields", true);
    return schema;
}

static struct json *list_schema(const struct api_field *field)
{
    struct json *schema = json_new_object();
    json_set_str(schema, "type", "array");
    json_set(schema, "items", value_schema(field));
    set_limit(schema, "minItems", field->min_items);
    set_limit(schema, "maxItems", field->max_items);
    if (field->keys) {
        json_set(schema, "x-kubernetes-list-map-keys", split(field->keys, API_STRING));
        json_set_str(schema, "x-kubernetes-list-type", "map");
    } else if (field->set) {
        json_set_str(schema, "x-kubernetes-list-type", "set");
    } else if (field->atomic) {
        json_set_str(schema, "x-kubernetes-list-type", "atomic");
    }
    return schema;
}

static struct json *field_schema(const struct api_field *field)
{
    struct json *schema;
    if (field->container == API_LIST) {
        schema = list_schema(field);
    } else if (field->container == API_MAP) {
        schema = json_new_object();
        json_set_str(schema, "type", "object");
        json_set(schema, "additionalProperties", value_schema(field));
    } else {
        schema = value_schema(field);
        if (field->atomic)
            json_set_str(schema, "x-kubernetes-map-type", "atomic");
    }
    if (field->nullable)
        json_set_bool(schema, "nullable", true);
    if (field->fallback)
        json_set(schema, "default", literal(field->fallback));
    json_set_str_opt(schema, "description", field->help);
    return schema;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the required fields, sorted. */
static struct json *required_names(const struct api_field *fields)
{
    VEC(const char *) names = {0};
    for (const struct api_field *field = fields; field->name; field++)
        if (field->required)
            VEC_PUSH(&names, field->name);
    struct json *array = names.len > 0 ? json_new_array() : NULL;
    if (names.len > 0)
        qsort(names.items, names.len, sizeof(names.items[0]), compare_names);
    VEC_FOREACH (name, &names)
        json_append_str(array, *name);
    VEC_RELEASE(&names);
    return array;
}

static struct json *object_schema(const struct api_field *fields)
{
    struct json *schema = json_new_object();
    json_set_str(schema, "type", "object");
    if (!fields || !fields->name)
        return schema;
    struct json *properties = json_new_object();
    for (const struct api_field *field = fields; field->name; field++)
        json_put(properties, field->name, field_schema(field));
    json_set(schema, "properties", properties);
    struct json *required = required_names(fields);
    if (required)
        json_set(schema, "required", required);
    return schema;
}

/* apiVersion, kind and metadata, which each object has, and the fields of the version. */
static struct json *version_schema(const struct api_kind *kind, const struct api_version *version)
{
    static const struct api_field common[] = {
        {"apiVersion", API_STRING, .help = "Version of this representation of the object"},
        {"kind", API_STRING, .help = "What the object is"},
        {"metadata", API_OBJECT},
        {0},
    };
    struct json *schema = object_schema(version->fields);
    struct json *properties = json_new_object();
    for (const struct api_field *field = common; field->name; field++)
        json_put(properties, field->name, field_schema(field));
    struct json *own;
    while ((own = json_first(json_get(schema, "properties")))) {
        CLEANUP_FREE char *name = mem_strdup(json_key(own));
        json_put(properties, name, json_detach(json_get(schema, "properties"), name));
    }
    json_set(schema, "properties", properties);
    json_set_str_opt(schema, "description", kind->help);
    return schema;
}

/* -- the definition -- */

static struct json *version_columns(const struct api_column *columns)
{
    struct json *array = json_new_array();
    for (const struct api_column *column = columns; column->name; column++) {
        struct json *item = json_new_object();
        json_set_str_opt(item, "format", column->format);
        json_set_str(item, "jsonPath", column->path);
        json_set_str(item, "name", column->name);
        if (column->priority)
            json_set_int(item, "priority", column->priority);
        json_set_str(item, "type", column->type ? column->type : "string");
        json_append(array, item);
    }
    return array;
}

static struct json *version_definition(const struct api_kind *kind, const struct api_version *version)
{
    struct json *item = json_new_object();
    if (version->columns)
        json_set(item, "additionalPrinterColumns", version_columns(version->columns));
    if (version->deprecated)
        json_set_bool(item, "deprecated", true);
    json_set_str(item, "name", version->name);
    json_set(item, "schema/openAPIV3Schema", version_schema(kind, version));
    json_set_bool(item, "served", true);
    json_set_bool(item, "storage", version->storage);
    if (version->status)
        json_set(item, "subresources/status", json_new_object());
    return item;
}

static struct json *names(const struct api_kind *kind)
{
    struct json *result = json_new_object();
    if (kind->categories)
        json_set(result, "categories", split(kind->categories, API_STRING));
    json_set_str(result, "kind", kind->resource->kind);
    json_set_printf(result, "listKind", "%sList", kind->resource->kind);
    json_set_str(result, "plural", kind->resource->plural);
    if (kind->short_names)
        json_set(result, "shortNames", split(kind->short_names, API_STRING));
    json_set_str(result, "singular", kind->singular);
    return result;
}

struct json *api_crd(const struct api_kind *kind)
{
    CLEANUP_FREE char *name = mem_printf("%s.%s", kind->resource->plural, kind->resource->group);
    struct json *crd = kube_object_make(&kube_crds, NULL, name);
    if (kind->labels) {
        CLEANUP(str_list_free) char **labels = str_split(kind->labels, '|');
        for (char **label = labels; *label; label++) {
            char *equals = strchr(*label, '=');
            *equals = '\0';
            kube_set_label(crd, *label, equals + 1);
        }
    }
    json_set_str(crd, "spec/group", kind->resource->group);
    json_set(crd, "spec/names", names(kind));
    json_set_str(crd, "spec/scope", kind->resource->namespaced ? "Namespaced" : "Cluster");
    struct json *versions = json_new_array();
    for (const struct api_version *version = kind->versions; version->name; version++)
        json_append(versions, version_definition(kind, version));
    json_set(crd, "spec/versions", versions);
    return crd;
}
