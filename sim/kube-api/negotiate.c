/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation and replies. */
#include "sim/kube-api/negotiate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/yaml.h"

/* One entry of an Accept header. */
struct choice {
    char *type;
    const char *as, *version, *group;
    double quality;
    char **parts; /* owns the above */
};

static void choice_release(struct choice *choice)
{
    free(choice->type);
    str_list_free(choice->parts);
}

static struct choice parse_choice(const char *text)
{
    struct choice choice = {.quality = 1, .parts = str_split(text, ';')};

    choice.type = str_trim(choice.parts[0] ? choice.parts[0] : "");
    for (char **part = choice.parts + (choice.parts[0] ? 1 : 0); *part; part++) {
        char *at = *part + strspn(*part, " ");
        if (str_has_prefix(at, "as="))
            choice.as = at + 3;
        else if (str_has_prefix(at, "v="))
            choice.version = at + 2;
        else if (str_has_prefix(at, "g="))
            choice.group = at + 2;
        else if (str_has_prefix(at, "q="))
            choice.quality = strtod(at + 2, NULL);
    }
    return choice;
}

static bool fits(const struct choice *choice, struct kapi_accept *ret)
{
    bool yaml = str_equal(choice->type, "application/yaml");
    bool json = str_equal(choice->type, "application/json") || str_equal(choice->type, "*/*") ||
                str_equal(choice->type, "application/*");

    if ((!json && !yaml) || choice->quality <= 0)
        return false;
    ret->yaml = yaml;
    ret->as = AS_OBJECT;
    if (!choice->as)
        return true;
    if (!str_equal(choice->group, "meta.k8s.io") || !str_equal(choice->version, "v1"))
        return false;
    if (str_equal(choice->as, "Table"))
        ret->as = AS_TABLE;
    else if (str_equal(choice->as, "PartialObjectMetadata") || str_equal(choice->as, "PartialObjectMetadataList"))
        ret->as = AS_PARTIAL;
    else
        return false;
    return true;
}

/* The first fitting entry of the highest quality. */
static bool choose(const char *header, struct kapi_accept *ret)
{
    CLEANUP(str_list_free) char **entries = str_split(header, ',');
    double best = 0;

    for (char **entry = entries; *entry; entry++) {
        struct choice choice = parse_choice(*entry);
        struct kapi_accept candidate = *ret;
        if (choice.quality > best && fits(&choice, &candidate)) {
            best = choice.quality;
            *ret = candidate;
        }
        choice_release(&choice);
    }
    return best > 0;
}

bool kapi_is_true(const char *text)
{
    return str_equal(text, "true") || str_equal(text, "1");
}

struct kapi_status *kapi_negotiate(struct http_exchange *exchange, struct kapi_accept *ret)
{
    const char *header = http_header(exchange, "Accept"), *include = http_query(exchange, "includeObject");
    struct kapi_accept accept = {.pretty = kapi_is_true(http_query(exchange, "pretty"))};

    if (!str_is_empty(header) && !choose(header, &accept))
        return kapi_status_new(406, "NotAcceptable",
                               "only the following media types are accepted: application/json, application/yaml, "
                               "application/json;as=Table;v=v1;g=meta.k8s.io, "
                               "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
    if (str_is_empty(include) || str_equal(include, "Metadata"))
        accept.include = INCLUDE_METADATA;
    else if (str_equal(include, "Object"))
        accept.include = INCLUDE_OBJECT;
    else if (str_equal(include, "None"))
        accept.include = INCLUDE_NONE;
    else if (accept.as == AS_TABLE)
        return kapi_bad_request("unrecognized includeObject value: %s", include);
    *ret = accept;
    return NULL;
}

void kapi_reply_headers(struct kapi *api, struct http_exchange *exchange, const struct kapi_texts *warnings)
{
    char uid[RT_UUID_SIZE];

    rt_uuid(api->rt, uid);
    http_reply_header(exchange, "Audit-Id", uid);
    http_reply_header(exchange, "Cache-Control", "no-cache, private");
    for (size_t i = 0; warnings && i < warnings->len; i++) {
        CLEANUP_FREE char *slashes = str_replace(warnings->items[i], "\\", "\\\\");
        CLEANUP_FREE char *quoted = str_replace(slashes, "\"", "\\\"");
        CLEANUP_FREE char *value = mem_printf("299 - \"%s\"", quoted);
        http_reply_header(exchange, "Warning", value);
    }
}

void kapi_reply_status(struct kapi *api, struct http_exchange *exchange, struct kapi_status *status,
                       const struct kapi_texts *warnings)
{
    CLEANUP(kapi_status_free) struct kapi_status *owned = status;
    CLEANUP(json_free) struct json *json = kapi_status_json(owned);
    struct kapi_accept accept = {0};
    int64_t retry = json_int(owned->details, "retryAfterSeconds", 0);

    if (retry > 0) {
        CLEANUP_FREE char *text = mem_printf("%" PRId64, retry);
        http_reply_header(exchange, "Retry-After", text);
    }
    kapi_reply_json(api, exchange, &accept, owned->code, json, warnings);
}

void kapi_reply_json(struct kapi *api, struct http_exchange *exchange, const struct kapi_accept *accept, int code,
                     const struct json *value, const struct kapi_texts *warnings)
{
    CLEANUP_FREE char *text = accept->yaml     ? yaml_print(value)
                              : accept->pretty ? json_print_pretty(value)
                                               : json_print(value);

    kapi_reply_headers(api, exchange, warnings);
    http_reply_str(exchange, code, accept->yaml ? "application/yaml" : "application/json", text);
}

static struct json *one_row_table(struct kapi_call *call, const struct kapi_accept *accept, const struct json *stored,
                                  const struct json *form)
{
    struct json *table = kapi_table_new(call->version, true);

    json_set_str(table, "metadata/resourceVersion", json_str_or(form, "metadata/resourceVersion", ""));
    json_append(json_member(table, "rows"),
                kapi_table_row(call->version, stored, form, accept->include, rt_wall(call->api->rt)));
    return table;
}

void kapi_reply_result(struct kapi_call *call, const struct kapi_accept *accept, struct kapi_result *result)
{
    struct kapi_form form = {.json = result->json};

    if (result->object) {
        struct kapi_status *status = kapi_form(call->api, call->resource, call->version, result->object, &form);
        if (status) {
            kapi_reply_status(call->api, call->exchange, status, &call->warnings);
            return;
        }
    }
    const char *kind = json_str_or(form.json, "kind", "");
    /* Status and lists of deletions stay what they are. */
    bool is_object = str_equal(kind, call->resource->kind);
    CLEANUP(json_free) struct json *other = NULL;
    if (is_object && accept->as == AS_TABLE)
        other = one_row_table(call, accept, result->object ? result->object->json : form.json, form.json);
    else if (is_object && accept->as == AS_PARTIAL)
        other = kapi_partial(form.json);
    if (other || !form.text || accept->yaml || accept->pretty) {
        kapi_reply_json(call->api, call->exchange, accept, result->code, other ? other : form.json, &call->warnings);
        return;
    }
    kapi_reply_headers(call->api, call->exchange, &call->warnings);
    http_reply(call->exchange, result->code, "application/json", form.text, form.len);
}
