/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenAPI documents. kubectl needs of v3: one path per kind with the fieldValidation parameter, and schemas for explain. Of v2, by which older ones explain, it needs the same. A document's hash is taken from its text, so that it changes with the schemas.
 */
#include "sim/kube-api/openapi.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/data/digest.h"
#include "lib/data/vec.h"
#include "sim/kube-api/discovery.h"
#include "sim/kube-api/openapi_v2.h"

static const char v2_json[] = "{\"swagger\":\"2.0\",\"info\":{\"title\":\"sim\",\"version\":\"v1\"},\"paths\":{}}";

/* -- schemas -- */

static struct json *type_schema(enum kapi_type type)
{
    struct json *schema = json_new_object();

    switch (type) {
    case KAPI_BOOL:
        json_set_str(schema, "type", "boolean");
        break;
    case KAPI_INT32:
    case KAPI_INT64:
        json_set_str(schema, "type", "integer");
        json_set_str(schema, "format", type == KAPI_INT32 ? "int32" : "int64");
        break;
    case KAPI_FIELDS:
    case KAPI_ANY:
        json_set_str(schema, "type", "object");
        break;
    case KAPI_TIME:
    case KAPI_MICROTIME:
        json_set_str(schema, "type", "string");
        json_set_str(schema, "format", "date-time");
        break;
    case KAPI_BYTES:
        json_set_str(schema, "type", "string");
        json_set_str(schema, "format", "byte");
        break;
    case KAPI_INT_OR_STRING:
        json_set_str(schema, "type", "string");
        json_set_str(schema, "format", "int-or-string");
        break;
    case KAPI_STRING:
    case KAPI_QUANTITY:
    case KAPI_MESSAGE:
        json_set_str(schema, "type", "string");
        break;
    }
    return schema;
}

/* A reference to a component in the form that real documents have. */
static struct json *reference(const char *name)
{
    struct json *schema = json_new_object(), *target = json_new_object();

    json_set_printf(target, "$ref", "#/components/schemas/%s", name);
    json_set(schema, "allOf", json_new_array());
    json_append(json_member(schema, "allOf"), target);
    json_set(schema, "default", json_new_object());
    return schema;
}

static void add_message(struct json *components, const struct kapi_message *message);

static struct json *field_schema(struct json *components, const struct kapi_field *field)
{
    struct json *one;

    if (field->type == KAPI_MESSAGE) {
        add_message(components, field->message);
        one = reference(field->message->name);
    } else {
        one = type_schema(field->type);
    }
    if (field->shape == KAPI_ONE)
        return one;
    struct json *schema = json_new_object();
    json_set_str(schema, "type", field->shape == KAPI_LIST ? "array" : "object");
    json_set(schema, field->shape == KAPI_LIST ? "items" : "additionalProperties", one);
    if (field->shape == KAPI_LIST && field->list_keys)
        json_set_str(schema, "x-kubernetes-list-type", *field->list_keys ? "map" : "set");
    if (field->shape == KAPI_LIST && field->merge_key) {
        json_set_str(schema, "x-kubernetes-patch-strategy", "merge");
        json_set_str_opt(schema, "x-kubernetes-patch-merge-key", field->merge_key);
    }
    return schema;
}

static void add_message(struct json *components, const struct kapi_message *message)
{
    if (json_member(components, message->name))
        return;
    json_put(components, message->name, json_new_object());
    struct json *properties = json_new_object();
    for (const struct kapi_field *field = message->fields; field->name; field++)
        json_put(properties, field->name, field_schema(components, field));
    struct json *schema = json_member(components, message->name);
    json_set_str(schema, "type", "object");
    json_set(schema, "properties", properties);
}

/* "metal3.io" and "v1alpha1" to "io.metal3.v1alpha1". */
static char *reversed(const char *group, const char *version, const char *kind)
{
    CLEANUP(str_list_free) char **parts = str_split(group, '.');
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    size_t count = 0;

    while (parts[count])
        count++;
    while (count)
        strbuf_addf(&text, "%s.", parts[--count]);
    strbuf_addf(&text, "%s.%s", version, kind);
    return strbuf_take(&text);
}

static void set_kind(struct json *target, const char *member, const struct kapi_resource *resource,
                     const struct kapi_version *version, bool as_list)
{
    struct json *kind = json_new_object();

    json_set_str(kind, "group", version->group);
    json_set_str(kind, "version", version->name);
    json_set_str(kind, "kind", resource->kind);
    if (!as_list) {
        json_put(target, member, kind);
        return;
    }
    json_put(target, member, json_new_array());
    json_append(json_member(target, member), kind);
}

/* A CRD's schema with what every object has (KAPI-033). */
static struct json *custom_schema(const struct kapi_version *version)
{
    struct json *schema = json_copy(version->openapi);

    if (!json_is(json_member(schema, "properties"), JSON_OBJECT))
        json_set(schema, "properties", json_new_object());
    json_set_str(schema, "properties/apiVersion/type", "string");
    json_set_str(schema, "properties/apiVersion/description",
                 "APIVersion defines the versioned schema of this representation of an object.");
    json_set_str(schema, "properties/kind/type", "string");
    json_set_str(schema, "properties/kind/description",
                 "Kind is a string value representing the REST resource this object represents.");
    json_set(schema, "properties/metadata", reference(kapi_object_meta.name));
    json_set_str(schema, "properties/metadata/description", "Standard object's metadata.");
    return schema;
}

static void add_kind(struct json *document, const struct kapi_resource *resource, const struct kapi_version *version)
{
    struct json *components = json_get(document, "components/schemas"), *schema;
    CLEANUP_FREE char *name =
        version->message ? mem_strdup(version->message->name) : reversed(version->group, version->name, resource->kind);
    CLEANUP_FREE char *prefix =
        *version->group ? mem_printf("/apis/%s", version->api_version) : mem_printf("/api/%s", version->api_version);
    CLEANUP_FREE char *path =
        mem_printf("%s%s/%s/{name}", prefix, resource->namespaced ? "/namespaces/{namespace}" : "", resource->plural);

    if (version->message)
        add_message(components, version->message);
    else
        json_put(components, name, custom_schema(version));
    schema = json_member(components, name);
    set_kind(schema, "x-kubernetes-group-version-kind", resource, version, true);

    struct json *item = json_new_object(), *parameter = json_new_object();
    json_set_str(parameter, "name", "fieldValidation");
    json_set_str(parameter, "in", "query");
    json_set_str(parameter, "schema/type", "string");
    json_set(item, "patch/parameters", json_new_array());
    json_append(json_get(item, "patch/parameters"), parameter);
    set_kind(json_member(item, "patch"), "x-kubernetes-group-version-kind", resource, version, false);
    json_put(json_member(document, "paths"), path, item);
}

static struct json *make_document(const struct kapi *api, const char *group_version)
{
    struct json *document = json_new_object();

    json_set_str(document, "openapi", "3.0.0");
    json_set_str(document, "info/title", "Kubernetes");
    json_set_str(document, "info/version", "v1");
    json_set(document, "paths", json_new_object());
    json_set(document, "components/schemas", json_new_object());
    add_message(json_get(document, "components/schemas"), &kapi_object_meta);
    add_message(json_get(document, "components/schemas"), &kapi_delete_options);
    for (size_t i = 0; i < kapi_registry_len(api->registry); i++) {
        const struct kapi_resource *resource = kapi_registry_at(api->registry, i);
        for (size_t v = 0; v < resource->version_count; v++) {
            if (resource->versions[v].served && str_equal(resource->versions[v].api_version, group_version))
                add_kind(document, resource, &resource->versions[v]);
        }
    }
    return document;
}

/* -- serving -- */

static char *path_of(const char *group_version)
{
    return strchr(group_version, '/') ? mem_printf("apis/%s", group_version) : mem_printf("api/%s", group_version);
}

/* A printed document; v2 is not text. */
struct document {
    char *text, *hash;
    size_t len;
};

static void document_free(void *value)
{
    struct document *document = value;

    free(document->text);
    free(document->hash);
    free(document);
}

static struct document *add_document(struct kapi *api, const char *name, char *text, size_t len)
{
    struct document *document = mem_alloc(sizeof(*document));

    document->text = text;
    document->len = len;
    document->hash = digest_hex("sha256", text, len);
    map_set(api->openapi, name, document);
    return document;
}

/* One that is known and still right; NULL: none. Documents are kept until a resource changes; valid until the next wait. */
static const struct document *known_document(struct kapi *api, const char *name)
{
    if (!api->openapi || api->openapi_epoch != kapi_registry_epoch(api->registry)) {
        map_free(api->openapi);
        api->openapi = map_new(document_free);
        api->openapi_epoch = kapi_registry_epoch(api->registry);
    }
    return map_get(api->openapi, name);
}

static const struct document *find_document(struct kapi *api, const char *group_version)
{
    const struct document *document = known_document(api, group_version);

    if (document)
        return document;
    CLEANUP(json_free) struct json *json = make_document(api, group_version);
    char *text = json_print(json);
    return add_document(api, group_version, text, strlen(text));
}

/* All of it in one, in protobuf. */
static const struct document *find_v2(struct kapi *api)
{
    const struct document *document = known_document(api, "v2");

    if (document)
        return document;
    CLEANUP(str_list_free) char **versions = kapi_group_versions(api);
    struct kapi_openapi_v2 v2 = {0};
    struct strbuf out = STRBUF_INIT;
    for (char **version = versions; *version; version++) {
        CLEANUP(json_free) struct json *json = make_document(api, *version);
        kapi_openapi_v2_add(&v2, json);
    }
    kapi_openapi_v2_finish(&v2, &out);
    size_t len = out.len;
    return add_document(api, "v2", strbuf_take(&out), len);
}

static void reply_tagged(struct http_exchange *exchange, const char *content_type, const void *data, size_t len,
                         const char *hash)
{
    CLEANUP_FREE char *tag = mem_printf("\"%s\"", hash);

    http_reply_header(exchange, "ETag", tag);
    http_reply_header(exchange, "Vary", "Accept");
    if (str_equal(http_header(exchange, "If-None-Match"), tag))
        http_reply(exchange, 304, NULL, "", 0);
    else
        http_reply(exchange, 200, content_type, data, len);
}

static void serve_index(struct kapi *api, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *index = json_new_object();
    CLEANUP(str_list_free) char **versions = kapi_group_versions(api);

    json_set(index, "paths", json_new_object());
    for (char **version = versions; *version; version++) {
        CLEANUP_FREE char *path = path_of(*version);
        struct json *entry = json_new_object();
        json_set_printf(entry, "serverRelativeURL", "/openapi/v3/%s?hash=%s", path, find_document(api, *version)->hash);
        json_put(json_member(index, "paths"), path, entry);
    }
    CLEANUP_FREE char *text = json_print(index);
    CLEANUP_FREE char *digest = digest_hex("sha256", text, strlen(text));
    reply_tagged(exchange, "application/json", text, strlen(text), digest);
}

/* A document of a certain hash never changes: in a year. */
static void add_expires(struct kapi *api, struct http_exchange *exchange)
{
    time_t then = (time_t)(rt_wall(api->rt) / TIME_S) + 365 * 24 * 3600;
    struct tm parts;
    char text[64];

    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &parts));
    http_reply_header(exchange, "Expires", text);
}

static bool serve_document(struct kapi *api, struct http_exchange *exchange, const char *path)
{
    CLEANUP(str_list_free) char **versions = kapi_group_versions(api);
    const char *wanted = http_query(exchange, "hash");

    for (char **version = versions; *version; version++) {
        CLEANUP_FREE char *known = path_of(*version);
        if (!str_equal(known, path))
            continue;
        const struct document *document = find_document(api, *version);
        if (!str_is_empty(wanted) && !str_equal(wanted, document->hash)) {
            CLEANUP_FREE char *place = mem_printf("/openapi/v3/%s?hash=%s", path, document->hash);
            http_reply_header(exchange, "Location", place);
            http_reply(exchange, 301, NULL, "", 0);
            return true;
        }
        http_reply_header(exchange, "Cache-Control", wanted ? "public, immutable" : "no-cache, private");
        if (wanted)
            add_expires(api, exchange);
        reply_tagged(exchange, "application/json", document->text, document->len, document->hash);
        return true;
    }
    return false;
}

static void serve_v2(struct kapi *api, struct http_exchange *exchange)
{
    const char *accept = str_or(http_header(exchange, "Accept"), "");

    if (!strstr(accept, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")) {
        http_reply_str(exchange, 200, "application/json", v2_json);
        return;
    }
    const struct document *document = find_v2(api);
    reply_tagged(exchange, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", document->text, document->len,
                 document->hash);
}

bool kapi_serve_openapi(struct kapi *api, struct http_exchange *exchange)
{
    const char *path = http_path(exchange);

    if (str_equal(path, "/openapi/v2"))
        serve_v2(api, exchange);
    else if (str_equal(path, "/openapi/v3"))
        serve_index(api, exchange);
    else if (str_has_prefix(path, "/openapi/v3/"))
        return serve_document(api, exchange, path + strlen("/openapi/v3/"));
    else
        return false;
    return true;
}
