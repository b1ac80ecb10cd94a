/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: a stream of events, one JSON object a line (KAPI-086…101, 108). */
#include <inttypes.h>
#include <string.h>

#include "sim/kube-api/read.h"

#define BOOKMARK_EVERY (60 * RT_S)
#define BATCH_BYTES (256 * 1024)

struct watch {
    struct kapi_call *call;
    const struct kapi_accept *accept;
    const struct kapi_list_options *options;
    uint64_t rv; /* everything up to here was sent, or is of no concern */
    rt_time end, next_bookmark;
    bool columns_sent; /* of a Table */
    bool bookmarked_end;
    struct strbuf out;
};

static struct error *flush(struct watch *watch)
{
    if (!watch->out.len)
        return NULL;
    struct error *err = http_reply_write(watch->call->exchange, watch->out.data, watch->out.len);
    strbuf_clear(&watch->out);
    return err;
}

/* The form that the client asked for, when it is not the plain object; NULL: plain. */
static struct json *special_form(struct watch *watch, const struct json *stored, const struct json *form)
{
    if (watch->accept->as == AS_PARTIAL)
        return kapi_partial(form);
    if (watch->accept->as != AS_TABLE)
        return NULL;
    struct json *table = kapi_table_new(watch->call->version, !watch->columns_sent);
    json_set_str(table, "metadata/resourceVersion", json_str_or(form, "metadata/resourceVersion", ""));
    json_append(json_member(table, "rows"), kapi_table_row(watch->call->version, stored, form, watch->accept->include,
                                                           rt_wall(watch->call->api->rt)));
    watch->columns_sent = true;
    return table;
}

static struct kapi_status *add_event(struct watch *watch, const char *type, struct kapi_object *object)
{
    struct kapi_call *call = watch->call;
    struct kapi_form form;

    TRY_STATUS(kapi_form(call->api, call->resource, call->version, object, &form));
    CLEANUP(json_free) struct json *special = special_form(watch, object->json, form.json);
    strbuf_addf(&watch->out, "{\"type\":\"%s\",\"object\":", type);
    if (special)
        json_print_to(special, &watch->out);
    else
        strbuf_add(&watch->out, form.text, form.len);
    strbuf_adds(&watch->out, "}\n");
    return NULL;
}

static void add_bookmark(struct watch *watch, bool initial_end)
{
    CLEANUP(json_free) struct json *event = json_new_object();
    struct json *object =
        watch->accept->as == AS_TABLE ? kapi_table_new(watch->call->version, false) : json_new_object();

    json_set_str(event, "type", "BOOKMARK");
    if (watch->accept->as == AS_OBJECT) {
        json_set_str(object, "kind", watch->call->resource->kind);
        json_set_str(object, "apiVersion", watch->call->version->api_version);
    } else if (watch->accept->as == AS_PARTIAL) {
        json_set_str(object, "kind", "PartialObjectMetadata");
        json_set_str(object, "apiVersion", "meta.k8s.io/v1");
    }
    json_set_printf(object, "metadata/resourceVersion", "%" PRIu64, watch->rv);
    if (initial_end && watch->accept->as == AS_TABLE) {
        /* A Table's metadata is a list's: the mark goes to a row's object. */
        struct json *row = json_new_object(), *partial = json_new_object();
        json_set(row, "cells", json_new_array());
        json_set_str(partial, "metadata/annotations/k8s.io~1initial-events-end", "true");
        json_set(row, "object", partial);
        json_append(json_member(object, "rows"), row);
    } else if (initial_end) {
        json_set_str(object, "metadata/annotations/k8s.io~1initial-events-end", "true");
    }
    json_set(event, "object", object);
    json_print_to(event, &watch->out);
    strbuf_addc(&watch->out, '\n');
    watch->next_bookmark = rt_after(watch->call->api->rt, BOOKMARK_EVERY);
}

static void add_error(struct watch *watch, struct kapi_status *status)
{
    CLEANUP(kapi_status_free) struct kapi_status *owned = status;
    CLEANUP(json_free) struct json *event = json_new_object();

    json_set_str(event, "type", "ERROR");
    json_set(event, "object", kapi_status_json(owned));
    json_print_to(event, &watch->out);
    strbuf_addc(&watch->out, '\n');
}

static bool concerns(const struct watch *watch, const struct kapi_object *object)
{
    return object && (!watch->call->ns || str_equal(object->ns, watch->call->ns)) &&
           kapi_selector_matches(watch->options->selector, object->json);
}

/* What a change means to a watcher with selectors (KAPI-091). */
static struct kapi_status *translate(struct watch *watch, const struct kapi_event *event)
{
    bool before = concerns(watch, event->previous);
    bool after = event->type != EVENT_DELETED && concerns(watch, event->object);

    if (event->type == EVENT_DELETED)
        return before ? add_event(watch, "DELETED", event->object) : NULL;
    if (after)
        return add_event(watch, before ? "MODIFIED" : "ADDED", event->object);
    if (!before)
        return NULL;
    CLEANUP(kapi_object_unref) struct kapi_object *left = kapi_object_new(json_copy(event->previous->json), event->rv);
    return add_event(watch, "DELETED", left);
}

/* -- phases -- */

/* Synthetic ADDED events for what there is; sets where the live events go on. */
static struct kapi_status *send_initial(struct watch *watch)
{
    struct kapi_call *call = watch->call;
    CLEANUP_OBJECTS struct kapi_objects objects = {0};

    struct error *err = call->storage->ops->list(call->storage, call->resource->collection, call->ns, &objects);
    if (err)
        return kapi_status_from_error(err);
    watch->rv = objects.rv;
    for (size_t i = 0; i < objects.len; i++) {
        if (concerns(watch, objects.items[i]))
            TRY_STATUS(add_event(watch, "ADDED", objects.items[i]));
        if (watch->out.len < BATCH_BYTES)
            continue;
        err = flush(watch);
        if (err)
            return kapi_status_from_error(err);
    }
    if (watch->options->bookmarks)
        add_bookmark(watch, true);
    return NULL;
}

static void wake(void *arg)
{
    struct watch *watch = arg;
    kapi_collection_wake(watch->call->api->store, watch->call->resource->collection);
}

/* Sends what happened until the deadline; *ret_done ends the watch. */
static struct error *send_live(struct watch *watch, bool *ret_done)
{
    struct kapi_call *call = watch->call;
    struct rt *rt = call->api->rt;
    rt_time deadline = watch->end;

    if (watch->options->bookmarks && watch->next_bookmark < deadline)
        deadline = watch->next_bookmark;
    if (watch->options->bookmarks && !watch->bookmarked_end && watch->end - 2 * RT_S < deadline)
        deadline = watch->end - 2 * RT_S;
    CLEANUP_EVENTS struct kapi_events events = {0};
    TRY(call->storage->ops->watch(call->storage, call->resource->collection, watch->rv, deadline, &events));
    for (size_t i = 0; i < events.len; i++) {
        struct kapi_status *status = translate(watch, &events.items[i]);
        if (status) {
            add_error(watch, status);
            *ret_done = true;
            break;
        }
        if (watch->out.len >= BATCH_BYTES)
            TRY(flush(watch));
    }
    watch->rv = events.rv;
    if (watch->options->bookmarks && rt_now(rt) >= watch->next_bookmark)
        add_bookmark(watch, false);
    if (watch->options->bookmarks && !watch->bookmarked_end && rt_now(rt) >= watch->end - 2 * RT_S) {
        watch->bookmarked_end = true;
        add_bookmark(watch, false);
    }
    TRY(flush(watch));
    if (rt_now(rt) >= watch->end || call->resource->retired || http_peer_gone(call->exchange))
        *ret_done = true;
    return NULL;
}

/* Where the stream starts: at a version, or with everything there is. */
static struct kapi_status *start(struct watch *watch)
{
    const struct kapi_list_options *options = watch->options;

    if (options->initial_given ? options->initial : !options->has_version || !options->version)
        return send_initial(watch);
    watch->rv = options->version ? options->version : kapi_store_rv(watch->call->api->store);
    return NULL;
}

static struct error *run(struct watch *watch)
{
    struct kapi_status *status = start(watch);
    bool done = false;

    if (status) {
        add_error(watch, status);
        return flush(watch);
    }
    TRY(flush(watch));
    while (!done) {
        struct error *err = send_live(watch, &done);
        if (err && error_code(err) == 410) {
            add_error(watch, kapi_status_from_error(err));
            return flush(watch);
        }
        TRY(err);
    }
    return NULL;
}

struct kapi_status *kapi_watch(struct kapi_call *call, const struct kapi_accept *accept,
                               const struct kapi_list_options *options)
{
    struct rt *rt = call->api->rt;
    struct watch watch = {.call = call, .accept = accept, .options = options};
    int64_t seconds = options->timeout > 0 ? options->timeout : 1800 + (int64_t)rt_random_below(rt, 1800);

    if (accept->yaml)
        return kapi_status_new(406, "NotAcceptable",
                               "only the following media types are accepted: application/json, "
                               "application/json;as=Table;v=v1;g=meta.k8s.io");
    watch.end = rt_after(rt, seconds * RT_S);
    watch.next_bookmark = rt_after(rt, BOOKMARK_EVERY);
    kapi_reply_headers(call->api, call->exchange, &call->warnings);
    struct error *err = http_reply_begin(call->exchange, 200, "application/json", -1);
    http_on_peer_gone(call->exchange, wake, &watch);
    if (!err)
        err = run(&watch);
    http_on_peer_gone(call->exchange, NULL, NULL);
    /* The peer went, or the server stops: there is nobody to tell. */
    error_free(err);
    strbuf_release(&watch.out);
    return NULL;
}
