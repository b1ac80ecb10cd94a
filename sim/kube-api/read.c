/* SPDX-License-Identifier: Apache-2.0 */
/* GET of objects and lists. */
#include "sim/kube-api/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FUTURE_WAIT (3 * RT_S)

struct kapi_status *kapi_wait_version(struct kapi *api, uint64_t version)
{
    struct error *err = kapi_store_wait(api->store, version, rt_after(api->rt, FUTURE_WAIT));

    if (!err)
        return NULL;
    bool late = error_is(err, ERROR_TIMEOUT);
    if (!late)
        return kapi_status_from_error(err);
    error_free(err);
    uint64_t current = kapi_store_rv(api->store);
    struct kapi_status *status = kapi_status_new(
        504, "Timeout", "Timeout: Too large resource version: %" PRIu64 ", current: %" PRIu64, version, current);
    struct json *cause = json_new_object();
    json_set_str(cause, "reason", "ResourceVersionTooLarge");
    json_set_str(cause, "message", "Too large resource version");
    status->details = json_new_object();
    json_set(status->details, "causes", json_new_array());
    json_append(json_get(status->details, "causes"), cause);
    json_set_int(status->details, "retryAfterSeconds", 1);
    return status;
}

/* -- options -- */

void kapi_list_options_release(struct kapi_list_options *options)
{
    kapi_selector_free(options->selector);
}

static struct kapi_status *read_number(struct kapi_call *call, const char *name, int64_t *ret)
{
    const char *text = http_query(call->exchange, name);

    if (str_is_empty(text))
        return NULL;
    struct error *err = str_to_int64(text, ret);
    if (!err)
        return NULL;
    error_free(err);
    return kapi_bad_request("invalid value \"%s\" of the query parameter %s: it must be a number", text, name);
}

static struct kapi_status *check_match(const struct kapi_list_options *options)
{
    CLEANUP_CAUSES struct kapi_causes causes = {0};
    const char *match = options->match;

    if (options->watch && match && !options->initial_given)
        kapi_causes_add(&causes, KAPI_FIELD_FORBIDDEN, "resourceVersionMatch",
                        "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    if (options->initial_given && !options->watch)
        kapi_causes_add(&causes, KAPI_FIELD_FORBIDDEN, "sendInitialEvents",
                        "Forbidden: sendInitialEvents is forbidden for list");
    if (options->watch && options->initial_given && !str_equal(match, "NotOlderThan"))
        kapi_causes_add(&causes, KAPI_FIELD_FORBIDDEN, "resourceVersionMatch",
                        "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    if (!options->watch && match) {
        if (!options->has_version)
            kapi_causes_add(&causes, KAPI_FIELD_FORBIDDEN, "resourceVersionMatch",
                            "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
        else if (!str_equal(match, "Exact") && !str_equal(match, "NotOlderThan"))
            kapi_causes_add(&causes, KAPI_NOT_SUPPORTED, "resourceVersionMatch",
                            "Unsupported value: \"%s\": supported values: \"Exact\", \"NotOlderThan\"", match);
        else if (str_equal(match, "Exact") && !options->version)
            kapi_causes_add(&causes, KAPI_FIELD_FORBIDDEN, "resourceVersionMatch",
                            "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        if (options->token)
            kapi_causes_add(&causes, KAPI_FIELD_FORBIDDEN, "resourceVersionMatch",
                            "Forbidden: resourceVersionMatch is forbidden when continue is provided");
    }
    return kapi_causes_status(&causes, "meta.k8s.io", "ListOptions", "");
}

struct kapi_status *kapi_list_options_read(struct kapi_call *call, struct kapi_list_options *ret)
{
    const char *version = http_query(call->exchange, "resourceVersion"),
               *token = http_query(call->exchange, "continue");
    const char *match = http_query(call->exchange, "resourceVersionMatch");
    const char *initial = http_query(call->exchange, "sendInitialEvents");
    const char *labels = http_query(call->exchange, "labelSelector"),
               *fields = http_query(call->exchange, "fieldSelector");
    int64_t number = 0;

    ret->watch = ret->watch || kapi_is_true(http_query(call->exchange, "watch"));
    ret->bookmarks = kapi_is_true(http_query(call->exchange, "allowWatchBookmarks"));
    ret->initial_given = !str_is_empty(initial);
    ret->initial = kapi_is_true(initial);
    ret->match = str_is_empty(match) ? NULL : match;
    ret->token = str_is_empty(token) ? NULL : token;
    TRY_STATUS(read_number(call, "limit", &ret->limit));
    TRY_STATUS(read_number(call, "timeoutSeconds", &ret->timeout));
    if (!str_is_empty(version)) {
        struct error *err = str_to_int64(version, &number);
        if (err || number < 0) {
            error_free(err);
            return kapi_bad_request("Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax", version,
                                    version);
        }
        ret->has_version = true;
        ret->version = (uint64_t)number;
    }
    TRY_STATUS(check_match(ret));
    CLEANUP_FREE char *by_name = NULL;
    if (call->name) {
        /* A watch on a name's path is one with a field selector (KAPI-086). */
        by_name = mem_printf("metadata.name=%s", call->name);
        fields = by_name;
    }
    ret->selects = !str_is_empty(labels) || !str_is_empty(fields);
    return kapi_selector_parse(labels, fields, call->resource, call->version, &ret->selector);
}

/* -- one object -- */

struct kapi_status *kapi_get(struct kapi_call *call, struct kapi_result *ret)
{
    struct kapi_list_options options = {0};
    const char *version = call->exchange ? http_query(call->exchange, "resourceVersion") : NULL;

    if (!str_is_empty(version)) {
        int64_t number = 0;
        struct error *wrong = str_to_int64(version, &number);
        if (wrong || number < 0) {
            error_free(wrong);
            return kapi_bad_request("Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax", version,
                                    version);
        }
        options.version = (uint64_t)number;
    }
    TRY_STATUS(kapi_wait_version(call->api, options.version));
    struct error *err =
        call->storage->ops->get(call->storage, call->resource->collection, call->ns, call->name, &ret->object);
    ret->code = 200;
    if (!err)
        return NULL;
    if (!error_is(err, ERROR_NOT_FOUND) || error_code(err))
        return kapi_status_from_error(err);
    error_free(err);
    return kapi_not_found(call->resource->group, call->resource->plural, call->name);
}

/* -- lists -- */

/* {"v":"meta.k8s.io/v1","rv":N,"start":KEY}: continues after KEY as of version N; -1: as of now. */
static char *make_token(int64_t version, const char *key)
{
    CLEANUP(json_free) struct json *token = json_new_object();

    json_set_str(token, "v", "meta.k8s.io/v1");
    json_set_int(token, "rv", version);
    json_set_str(token, "start", key);
    CLEANUP_FREE char *text = json_print(token);
    char *encoded = str_base64_encode(text, strlen(text));
    encoded[strcspn(encoded, "=")] = 0;
    for (char *at = encoded; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    return encoded;
}

static struct kapi_status *read_token(const char *text, int64_t *ret_version, char **ret_key)
{
    CLEANUP_STRBUF struct strbuf padded = STRBUF_INIT;
    CLEANUP_FREE void *data = NULL;
    CLEANUP(json_free) struct json *token = NULL;
    size_t len;

    for (const char *at = text; *at; at++)
        strbuf_addc(&padded, *at == '-' ? '+' : *at == '_' ? '/' : *at);
    while (padded.len % 4)
        strbuf_addc(&padded, '=');
    struct error *err = str_base64_decode(strbuf_str(&padded), &data, &len);
    if (!err)
        err = json_parse(data, len, &token);
    bool good = !err && str_equal(json_str(token, "v"), "meta.k8s.io/v1") && json_str(token, "start");
    error_free(err);
    if (!good)
        return kapi_bad_request("continue key is not valid");
    *ret_version = json_int(token, "rv", -1);
    *ret_key = mem_strdup(json_str(token, "start"));
    return NULL;
}

/* The objects that a list is taken from; `*ret_after` is the key to continue after (NULL: from the start). */
static struct kapi_status *read_objects(struct kapi_call *call, const struct kapi_list_options *options,
                                        struct kapi_objects *objects, char **ret_after)
{
    const struct kapi_storage_ops *ops = call->storage->ops;
    int64_t version = -1;

    if (options->token) {
        if (options->has_version && options->version)
            return kapi_bad_request("specifying resource version is not allowed when using continue");
        TRY_STATUS(read_token(options->token, &version, ret_after));
    } else if (options->has_version) {
        TRY_STATUS(kapi_wait_version(call->api, options->version));
        if (str_equal(options->match, "Exact") || (!options->match && options->limit && options->version))
            version = (int64_t)options->version;
    }
    if (version < 0) {
        struct error *err = ops->list(call->storage, call->resource->collection, call->ns, objects);
        return err ? kapi_status_from_error(err) : NULL;
    }
    struct error *err = ops->list_at(call->storage, call->resource->collection, call->ns, (uint64_t)version, objects);
    if (!err)
        return NULL;
    bool expired = error_code(err) == 410;
    struct kapi_status *status = kapi_status_from_error(err);
    if (expired && options->token) {
        free(status->message);
        status->message =
            mem_strdup("The provided continue parameter is too old to display a consistent list result. You can "
                       "start a new list without the continue parameter, or use the continue token in this "
                       "response to retrieve the remainder of the results.");
        status->metadata_continue = make_token(-1, *ret_after);
    }
    return status;
}

struct page {
    size_t from, to; /* of the objects: the first, and behind the last that was looked at */
    size_t remaining;
    char *token; /* NULL: complete */
};

static void page_release(struct page *page)
{
    free(page->token);
}

/* Which objects the page holds; those that do not match are replaced by NULL. */
static void cut_page(const struct kapi_list_options *options, struct kapi_objects *objects, const char *after,
                     struct page *ret)
{
    size_t count = 0, last = 0;

    for (size_t i = 0; i < objects->len; i++) {
        struct kapi_object *object = objects->items[i];
        bool wanted =
            (!after || strcmp(object->key, after) > 0) && kapi_selector_matches(options->selector, object->json);
        bool full = options->limit > 0 && count >= (size_t)options->limit;
        if (wanted && full)
            ret->remaining++;
        if (wanted && !full) {
            count++;
            last = i;
            continue;
        }
        kapi_object_unref(object);
        objects->items[i] = NULL;
    }
    if (ret->remaining)
        ret->token = make_token((int64_t)objects->rv, objects->items[last]->key);
}

static void list_meta(const struct kapi_list_options *options, const struct kapi_objects *objects,
                      const struct page *page, struct json *metadata)
{
    json_set_printf(metadata, "resourceVersion", "%" PRIu64, objects->rv);
    if (page->token)
        json_set_str(metadata, "continue", page->token);
    if (page->remaining && !options->selects)
        json_set_int(metadata, "remainingItemCount", (int64_t)page->remaining);
}

/* Items of built-in lists do not repeat their type (KAPI-081): their text without its first two members. */
static size_t type_prefix(const struct kapi_call *call, const struct kapi_form *form)
{
    if (!call->resource->builtin)
        return 0;
    CLEANUP_FREE char *prefix =
        mem_printf("{\"apiVersion\":\"%s\",\"kind\":\"%s\",", call->version->api_version, call->resource->kind);
    size_t len = strlen(prefix);
    return form->len > len && !memcmp(form->text, prefix, len) ? len : 0;
}

/* The whole list as text, made of the objects' own texts. */
static struct kapi_status *print_list(struct kapi_call *call, const struct kapi_list_options *options,
                                      const struct kapi_objects *objects, const struct page *page, struct strbuf *out)
{
    CLEANUP(json_free) struct json *metadata = json_new_object();
    bool first = true;

    if (!call->resource->builtin)
        json_set_str(metadata, "continue", "");
    list_meta(options, objects, page, metadata);
    strbuf_addf(out, "{\"apiVersion\":\"%s\",\"kind\":\"%s\",\"metadata\":", call->version->api_version,
                call->resource->list_kind);
    json_print_to(metadata, out);
    strbuf_adds(out, ",\"items\":[");
    for (size_t i = 0; i < objects->len; i++) {
        if (!objects->items[i])
            continue;
        struct kapi_form form;
        TRY_STATUS(kapi_form(call->api, call->resource, call->version, objects->items[i], &form));
        size_t skip = type_prefix(call, &form);
        strbuf_adds(out, first ? "" : ",");
        if (skip)
            strbuf_addc(out, '{');
        strbuf_add(out, form.text + skip, form.len - skip);
        first = false;
    }
    strbuf_adds(out, "]}");
    return NULL;
}

/* A Table or a list of partial metadata. */
static struct kapi_status *special_list(struct kapi_call *call, const struct kapi_accept *accept,
                                        const struct kapi_list_options *options, const struct kapi_objects *objects,
                                        const struct page *page, struct json **ret)
{
    bool table = accept->as == AS_TABLE;
    CLEANUP(json_free) struct json *list = table ? kapi_table_new(call->version, true) : json_new_object();

    if (!table) {
        json_set_str(list, "kind", "PartialObjectMetadataList");
        json_set_str(list, "apiVersion", "meta.k8s.io/v1");
        json_set(list, "metadata", json_new_object());
        json_set(list, "items", json_new_array());
    }
    list_meta(options, objects, page, json_member(list, "metadata"));
    for (size_t i = 0; i < objects->len; i++) {
        if (!objects->items[i])
            continue;
        struct kapi_form form;
        TRY_STATUS(kapi_form(call->api, call->resource, call->version, objects->items[i], &form));
        if (table)
            json_append(json_member(list, "rows"), kapi_table_row(call->version, objects->items[i]->json, form.json,
                                                                  accept->include, rt_wall(call->api->rt)));
        else
            json_append(json_member(list, "items"), kapi_partial(form.json));
    }
    *ret = TAKE_PTR(list);
    return NULL;
}

struct kapi_status *kapi_list(struct kapi_call *call, const struct kapi_accept *accept,
                              const struct kapi_list_options *options)
{
    CLEANUP_OBJECTS struct kapi_objects objects = {0};
    CLEANUP_FREE char *after = NULL;
    __attribute__((cleanup(page_release))) struct page page = {0};

    TRY_STATUS(read_objects(call, options, &objects, &after));
    cut_page(options, &objects, after, &page);
    if (accept->as != AS_OBJECT) {
        CLEANUP(json_free) struct json *list = NULL;
        TRY_STATUS(special_list(call, accept, options, &objects, &page, &list));
        kapi_reply_json(call->api, call->exchange, accept, 200, list, &call->warnings);
        return NULL;
    }
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    TRY_STATUS(print_list(call, options, &objects, &page, &text));
    if (accept->yaml || accept->pretty) {
        CLEANUP(json_free) struct json *list = NULL;
        struct error *err = json_parse(text.data, text.len, &list);
        if (err)
            return kapi_status_from_error(err);
        kapi_reply_json(call->api, call->exchange, accept, 200, list, &call->warnings);
        return NULL;
    }
    kapi_reply_headers(call->api, call->exchange, &call->warnings);
    http_reply(call->exchange, 200, "application/json", text.data, text.len);
    return NULL;
}
