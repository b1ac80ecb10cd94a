/* SPDX-License-Identifier: Apache-2.0 */
/* Writes OpenAPI v2 in the protobuf form of gnostic's OpenAPIv2.proto; the field numbers below are from there. */
#include "sim/kube-api/openapi_v2.h"

#include <stdint.h>
#include <string.h>

enum { DOCUMENT_SWAGGER = 1, DOCUMENT_INFO = 2, DOCUMENT_PATHS = 8, DOCUMENT_DEFINITIONS = 9 };
enum { INFO_TITLE = 1, INFO_VERSION = 2 };
enum {
    SCHEMA_REF = 1,
    SCHEMA_FORMAT = 2,
    SCHEMA_DESCRIPTION = 4,
    SCHEMA_REQUIRED = 19,
    SCHEMA_ADDITIONAL = 21,
    SCHEMA_TYPE = 22,
    SCHEMA_ITEMS = 23,
    SCHEMA_PROPERTIES = 25,
    SCHEMA_EXTENSION = 31,
};
enum {
    PATHS_PATH = 2,
    PATH_ITEM_PATCH = 8,
    OPERATION_PARAMETERS = 8,
    OPERATION_RESPONSES = 9,
    OPERATION_EXTENSION = 13
};
enum { QUERY_IN = 2, QUERY_NAME = 4, QUERY_TYPE = 6 };
enum { NAME = 1, VALUE = 2, ANY_YAML = 2, FIRST = 1, NON_BODY_PARAMETER = 2, QUERY_PARAMETER = 3 };

static void put_varint(struct strbuf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        strbuf_addc(out, (char)(value | 0x80));
    strbuf_addc(out, (char)value);
}

static void put_bytes(struct strbuf *out, int number, const void *data, size_t len)
{
    put_varint(out, (uint64_t)number << 3 | 2);
    put_varint(out, len);
    strbuf_add(out, data, len);
}

static void put_text(struct strbuf *out, int number, const char *text)
{
    if (text)
        put_bytes(out, number, text, strlen(text));
}

/* Closes a message that was collected in `body`. */
static void put_message(struct strbuf *out, int number, struct strbuf *body)
{
    put_bytes(out, number, strbuf_str(body), body->len);
    strbuf_release(body);
}

/* {name, value}. */
static void put_named(struct strbuf *out, int number, const char *name, struct strbuf *value)
{
    struct strbuf named = STRBUF_INIT;

    put_text(&named, NAME, name);
    put_message(&named, VALUE, value);
    put_message(out, number, &named);
}

/* A vendor extension: its value as YAML, which JSON is. */
static void put_extension(struct strbuf *out, int number, const struct json *value)
{
    struct strbuf any = STRBUF_INIT;
    CLEANUP_FREE char *text = json_print(value);

    put_text(&any, ANY_YAML, text);
    put_named(out, number, json_key(value), &any);
}

static void put_schema(struct strbuf *out, int number, const struct json *schema);

static void put_properties(struct strbuf *out, const struct json *properties)
{
    struct strbuf body = STRBUF_INIT;

    JSON_FOREACH (property, properties) {
        struct strbuf named = STRBUF_INIT;
        put_text(&named, NAME, json_key(property));
        put_schema(&named, VALUE, property);
        put_message(&body, FIRST, &named);
    }
    put_message(out, SCHEMA_PROPERTIES, &body);
}

static void put_reference(struct strbuf *out, const char *reference)
{
    const char *name = strrchr(reference, '/');
    CLEANUP_FREE char *text = mem_printf("#/definitions/%s", name ? name + 1 : reference);

    put_text(out, SCHEMA_REF, text);
}

/* What v2 cannot say, the API server leaves out: values that may be null, of two types, or of unknown shape have no type. */
static void put_shape(struct strbuf *out, const struct json *schema)
{
    const struct json *properties = json_member(schema, "properties"), *items = json_member(schema, "items");
    const struct json *additional = json_member(schema, "additionalProperties");
    const char *type = json_str(schema, "type");
    bool vague = json_bool(schema, "nullable", false) || json_bool(schema, "x-kubernetes-int-or-string", false) ||
                 json_bool(schema, "x-kubernetes-preserve-unknown-fields", false) ||
                 (str_equal(type, "object") && !json_len(properties) && !additional);
    struct strbuf body = STRBUF_INIT;

    if (vague || !type)
        return;
    put_text(out, SCHEMA_FORMAT, json_str(schema, "format"));
    JSON_FOREACH (name, json_member(schema, "required"))
        put_text(out, SCHEMA_REQUIRED, json_str(name, ""));
    if (json_is(additional, JSON_OBJECT)) {
        put_schema(&body, FIRST, additional);
        put_message(out, SCHEMA_ADDITIONAL, &body);
    }
    put_text(&body, FIRST, type);
    put_message(out, SCHEMA_TYPE, &body);
    if (items) {
        put_schema(&body, FIRST, items);
        put_message(out, SCHEMA_ITEMS, &body);
    }
    if (json_len(properties))
        put_properties(out, properties);
}

static void put_schema(struct strbuf *out, int number, const struct json *schema)
{
    struct strbuf body = STRBUF_INIT;
    const char *reference = json_str(json_item(json_member(schema, "allOf"), 0), "$ref");

    put_text(&body, SCHEMA_DESCRIPTION, json_str(schema, "description"));
    if (reference)
        put_reference(&body, reference);
    else
        put_shape(&body, schema);
    JSON_FOREACH (member, schema) {
        if (str_has_prefix(json_key(member), "x-kubernetes-"))
            put_extension(&body, SCHEMA_EXTENSION, member);
    }
    put_message(out, number, &body);
}

static void put_parameter(struct strbuf *operation, const char *name)
{
    struct strbuf query = STRBUF_INIT, non_body = STRBUF_INIT, parameter = STRBUF_INIT, item = STRBUF_INIT;

    put_text(&query, QUERY_IN, "query");
    put_text(&query, QUERY_NAME, name);
    put_text(&query, QUERY_TYPE, "string");
    put_message(&non_body, QUERY_PARAMETER, &query);
    put_message(&parameter, NON_BODY_PARAMETER, &non_body);
    put_message(&item, FIRST, &parameter);
    put_message(operation, OPERATION_PARAMETERS, &item);
}

/* kubectl looks at the PATCH of a kind for what the server can do. */
static void put_path(struct strbuf *out, const struct json *path)
{
    struct strbuf operation = STRBUF_INIT, item = STRBUF_INIT, responses = STRBUF_INIT;
    const struct json *kind = json_member(json_member(path, "patch"), "x-kubernetes-group-version-kind");

    put_parameter(&operation, "dryRun");
    put_parameter(&operation, "fieldValidation");
    put_message(&operation, OPERATION_RESPONSES, &responses);
    if (kind)
        put_extension(&operation, OPERATION_EXTENSION, kind);
    put_message(&item, PATH_ITEM_PATCH, &operation);
    put_named(out, PATHS_PATH, json_key(path), &item);
}

void kapi_openapi_v2_add(struct kapi_openapi_v2 *document, const struct json *v3)
{
    if (!document->seen)
        document->seen = map_new(NULL);
    JSON_FOREACH (schema, json_get(v3, "components/schemas")) {
        if (map_get(document->seen, json_key(schema)))
            continue;
        struct strbuf named = STRBUF_INIT;
        map_set(document->seen, json_key(schema), document);
        put_text(&named, NAME, json_key(schema));
        put_schema(&named, VALUE, schema);
        put_message(&document->definitions, FIRST, &named);
    }
    JSON_FOREACH (path, json_member(v3, "paths"))
        put_path(&document->paths, path);
}

void kapi_openapi_v2_finish(struct kapi_openapi_v2 *document, struct strbuf *out)
{
    struct strbuf info = STRBUF_INIT;

    put_text(&info, INFO_TITLE, "Kubernetes");
    put_text(&info, INFO_VERSION, "v1");
    put_text(out, DOCUMENT_SWAGGER, "2.0");
    put_message(out, DOCUMENT_INFO, &info);
    put_message(out, DOCUMENT_PATHS, &document->paths);
    put_message(out, DOCUMENT_DEFINITIONS, &document->definitions);
    map_free(document->seen);
    document->seen = NULL;
}
