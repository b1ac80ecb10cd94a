/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: a stream of JSON objects, one a line (KAPI-086 … KAPI-093). */
#include <stdlib.h>
#include <string.h>

#include "operator/kube/client_internal.h"

#define READ_SIZE 16384
#define ANSWER_MAX 65536 /* of an answer that is an error */

struct kube_watch {
    struct http_stream *stream;
    char *what;           /* method and URL, for errors */
    struct strbuf buffer; /* bytes that were received and not yet handed on */
    size_t searched;      /* no line ends before this offset */
};

static const struct {
    const char *name;
    enum kube_watch_event event;
} event_types[] = {
    {"ADDED", KUBE_ADDED},
    {"MODIFIED", KUBE_MODIFIED},
    {"DELETED", KUBE_DELETED},
    {"BOOKMARK", KUBE_BOOKMARK},
};

static char *watch_url(struct kube_client *client, const struct kube_resource *resource,
                       const struct kube_watch_options *options)
{
    CLEANUP_FREE char *collection = kube_url(client, resource, options->namespace, NULL, NULL);
    CLEANUP_STRBUF struct strbuf url = STRBUF_INIT;
    strbuf_adds(&url, collection);
    kube_url_query(&url, "allowWatchBookmarks", "true");
    kube_url_query(&url, "fieldSelector", options->field_selector);
    kube_url_query(&url, "labelSelector", options->label_selector);
    kube_url_query(&url, "resourceVersion", options->resource_version);
    if (options->timeout_seconds > 0) {
        CLEANUP_FREE char *seconds = mem_printf("%d", options->timeout_seconds);
        kube_url_query(&url, "timeoutSeconds", seconds);
    }
    kube_url_query(&url, "watch", "true");
    return strbuf_take(&url);
}

/* Reads more bytes; *ret_end when there are none. */
static struct error *receive(struct kube_watch *watch, size_t max, rt_time deadline, bool *ret_end)
{
    char bytes[READ_SIZE];
    size_t len;
    TRY(http_stream_read(watch->stream, bytes, sizeof(bytes), deadline, &len));
    if (watch->buffer.len + len > max)
        return error_new(ERROR_INVALID, "%s: one event is larger than %zu bytes", watch->what, max);
    strbuf_add(&watch->buffer, bytes, len);
    *ret_end = len == 0;
    return NULL;
}

/* The error that the answer to a refused watch holds. */
static struct error *read_refusal(struct kube_watch *watch, rt_time deadline)
{
    bool end = false;
    while (!end)
        TRY(receive(watch, ANSWER_MAX, deadline, &end));
    return kube_status_error(watch->what, http_stream_status(watch->stream), strbuf_str(&watch->buffer),
                             watch->buffer.len);
}

struct error *kube_watch_open(struct kube_client *client, const struct kube_resource *resource,
                              const struct kube_watch_options *options, struct kube_watch **ret)
{
    TRY(kube_client_throttle(client));
    CLEANUP(kube_watch_close) struct kube_watch *watch = mem_alloc(sizeof(*watch));
    CLEANUP_FREE char *url = watch_url(client, resource, options);
    watch->what = mem_printf("GET %s", url);
    CLEANUP_KUBE_HEADERS struct kube_headers headers = {0};
    TRY(kube_headers_fill(client, NULL, &headers));
    rt_time deadline = rt_after(kube_client_rt(client), kube_client_timeout(client));
    struct http_request request = {
        .url = url, .headers = headers.items, .header_count = headers.count, .deadline = deadline};
    TRY(http_stream_open(kube_client_http(client), &request, &watch->stream));
    int status = http_stream_status(watch->stream);
    if (status == 401)
        kube_client_forget_token(client);
    if (status != 200)
        return read_refusal(watch, deadline);
    *ret = TAKE_PTR(watch);
    return NULL;
}

/* Removes the first `len` bytes of the buffer. */
static void consume(struct kube_watch *watch, size_t len)
{
    struct strbuf *buffer = &watch->buffer;
    memmove(buffer->data, buffer->data + len, buffer->len - len + 1);
    buffer->len -= len;
    watch->searched = 0;
}

/* Takes a line out of the buffer; *ret_line stays NULL when there is none yet. */
static struct error *take_line(struct kube_watch *watch, bool end, struct json **ret_line)
{
    struct strbuf *buffer = &watch->buffer;
    while (buffer->len > 0) {
        char *newline = memchr(buffer->data + watch->searched, '\n', buffer->len - watch->searched);
        watch->searched = buffer->len;
        if (!newline && !end)
            return NULL;
        size_t len = newline ? (size_t)(newline - buffer->data) : buffer->len;
        bool blank = strspn(buffer->data, " \t\r\n") >= len;
        if (!blank)
            TRY_WRAP(json_parse(buffer->data, len, ret_line), "%s", watch->what);
        consume(watch, newline ? len + 1 : len);
        if (!blank)
            return NULL;
    }
    return NULL;
}

static struct error *decode(struct kube_watch *watch, struct json *line, enum kube_watch_event *ret_event,
                            struct json **ret_object)
{
    const char *type = json_str_or(line, "type", "");
    if (str_equal(type, "ERROR"))
        return kube_status_object_error(watch->what, 500, json_get(line, "object"));
    for (size_t i = 0; i < ARRAY_SIZE(event_types); i++) {
        if (str_equal(type, event_types[i].name) && json_is(json_get(line, "object"), JSON_OBJECT)) {
            *ret_event = event_types[i].event;
            *ret_object = json_detach(line, "object");
            return NULL;
        }
    }
    return error_new(ERROR_INVALID, "%s: \"%s\" is no event type that we know", watch->what, type);
}

struct error *kube_watch_next(struct kube_watch *watch, rt_time deadline, enum kube_watch_event *ret_event,
                              struct json **ret_object)
{
    for (bool end = false;;) {
        CLEANUP(json_free) struct json *line = NULL;
        TRY(take_line(watch, end, &line));
        if (line)
            return decode(watch, line, ret_event, ret_object);
        if (end) {
            *ret_object = NULL;
            return NULL;
        }
        TRY_WRAP(receive(watch, KUBE_WATCH_EVENT_MAX, deadline, &end), "%s", watch->what);
    }
}

void kube_watch_close(struct kube_watch *watch)
{
    if (!watch)
        return;
    http_stream_close(watch->stream);
    strbuf_release(&watch->buffer);
    free(watch->what);
    free(watch);
}
