/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client's half that both backends share: options, the request's preparation, waits and their errors, the response. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/net/backend.h"

#define TIMEOUT_DEFAULT (60 * RT_S)
#define CONNECT_TIMEOUT_DEFAULT (10 * RT_S)
#define CONNECTIONS_DEFAULT 8
#define READ_STEP 65536

/* Calls under way to one host and port. */
struct client_slot {
    int busy, users;
    struct rt_cond free;
};

struct error *http_client_new(struct net *net, const struct http_client_options *options, struct http_client **ret)
{
    static const struct http_client_options none;
    struct http_client *client = mem_alloc(sizeof(*client));
    const struct http_client_options *from = options ? options : &none;

    client->net = net;
    client->slots = map_new(free);
    client->options = *from;
    client->options.ca_pem = mem_strdup(from->ca_pem);
    client->options.ca_file = mem_strdup(from->ca_file);
    client->options.client_cert_pem = mem_strdup(from->client_cert_pem);
    client->options.client_key_pem = mem_strdup(from->client_key_pem);
    client->options.user_agent = mem_strdup(from->user_agent ? from->user_agent : "metal3/" METAL3_VERSION);
    if (!client->options.connections_max)
        client->options.connections_max = CONNECTIONS_DEFAULT;
    if (!client->options.timeout)
        client->options.timeout = TIMEOUT_DEFAULT;
    if (!client->options.connect_timeout)
        client->options.connect_timeout = CONNECT_TIMEOUT_DEFAULT;
    struct error *err = net->ops->client_new(client);
    if (err) {
        http_client_free(client);
        return err;
    }
    *ret = client;
    return NULL;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    client->net->ops->client_free(client);
    map_free(client->slots);
    free((char *)client->options.ca_pem);
    free((char *)client->options.ca_file);
    free((char *)client->options.client_cert_pem);
    mem_free_secret((char *)client->options.client_key_pem);
    free((char *)client->options.user_agent);
    free(client);
}

/* -- preparing a request -- */
static bool is_token(const char *text)
{
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("!#$%&'*+-.^_`|~", *c))
            return false;
    return *text;
}

static struct error *add_headers(struct http_stream *stream, const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (!is_token(header->name) || strpbrk(header->value, "\r\n"))
            return error_new(ERROR_INVALID, "header \"%.100s\" has characters that are not allowed", header->name);
        http_headers_add(&stream->headers, header->name, strlen(header->name), header->value, strlen(header->value));
    }
    const char *user = request->user ? request->user : stream->url.user;
    const char *password = request->user ? request->password : stream->url.password;
    if (user && !http_headers_get(stream->headers.items, stream->headers.len, "authorization")) {
        CLEANUP_SECRET char *pair = mem_printf("%s:%s", user, password ? password : "");
        CLEANUP_SECRET char *encoded = str_base64_encode(pair, strlen(pair));
        CLEANUP_SECRET char *value = mem_printf("Basic %s", encoded);
        http_headers_add(&stream->headers, "Authorization", strlen("Authorization"), value, strlen(value));
    }
    const char *agent = stream->client->options.user_agent;
    if (!http_headers_get(stream->headers.items, stream->headers.len, "user-agent"))
        http_headers_add(&stream->headers, "User-Agent", strlen("User-Agent"), agent, strlen(agent));
    return NULL;
}

static struct error *parse_target(struct http_stream *stream, const char *text)
{
    TRY(url_parse(text, &stream->url));
    const struct url *url = &stream->url;
    bool https = str_equal(url->scheme, "https"), v6 = strchr(url->host, ':');
    if (!https && !str_equal(url->scheme, "http"))
        return error_new(ERROR_INVALID, "bad URL: the scheme must be http or https, not %s", url->scheme);
    if (!url->port)
        return error_new(ERROR_INVALID, "bad URL: port 0 cannot be connected to");
    stream->target = url->query ? mem_printf("%s?%s", url->path, url->query) : mem_strdup(url->path);
    struct strbuf out = STRBUF_INIT;
    strbuf_addf(&out, v6 ? "%s://[%s]" : "%s://%s", url->scheme, url->host);
    if (url->port != (https ? 443 : 80))
        strbuf_addf(&out, ":%d", url->port);
    strbuf_adds(&out, stream->target);
    stream->url_text = strbuf_take(&out);
    return NULL;
}

/* Errors show the URL without its query, in which there may be a token or a signature. */
static int shown_len(const struct http_stream *stream)
{
    return (int)strcspn(stream->url_text, "?");
}

static struct error *stream_new(struct http_client *client, const struct http_request *request,
                                struct http_stream **ret)
{
    CLEANUP(http_stream_close) struct http_stream *stream = mem_alloc(sizeof(*stream));

    stream->client = client;
    stream->method = mem_strdup(request->method ? request->method : "GET");
    stream->down = pipe_new(client->net->rt, PIPE_WINDOW);
    if (!is_token(stream->method))
        return error_new(ERROR_INVALID, "bad HTTP method \"%.40s\"", stream->method);
    TRY_WRAP(parse_target(stream, request->url), "%s", stream->method);
    TRY_WRAP(add_headers(stream, request), "%s %.*s", stream->method, shown_len(stream), stream->url_text);
    stream->body = request->body;
    stream->body_len = request->body ? request->body_len : 0;
    *ret = TAKE_PTR(stream);
    return NULL;
}

/* -- what the backends report -- */
struct error *stream_answer_header(struct http_stream *stream, const char *name, size_t name_len, const char *value,
                                   size_t value_len)
{
    stream->answer_bytes += name_len + value_len;
    if (stream->answer.len == HTTP_HEADERS_MAX || stream->answer_bytes > HTTP_HEADER_BYTES_MAX)
        return error_new(ERROR_INVALID, "the answer has more than %d headers or %d bytes of them", HTTP_HEADERS_MAX,
                         HTTP_HEADER_BYTES_MAX);
    http_headers_add(&stream->answer, name, name_len, value, value_len);
    for (char *c = (char *)stream->answer.items[stream->answer.len - 1].name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return NULL;
}

void stream_answered(struct http_stream *stream, rt_time when)
{
    if (stream->answered)
        return;
    stream->answered = true;
    stream->answered_at = when;
    rt_cond_broadcast(stream->client->net->rt, &stream->changed);
}

void stream_ended(struct http_stream *stream, struct error *failure)
{
    if (failure && !stream->failure) {
        pipe_break(stream->down, error_kind(failure), error_message(failure));
        stream->failure = failure;
        if (!stream->answered)
            stream_answered(stream, 0);
    } else {
        error_free(failure);
        pipe_finish(stream->down);
    }
    if (stream->up)
        pipe_leave(stream->up);
}

/* -- waits -- */
static rt_time or_default(const struct http_client *client, rt_time deadline)
{
    return deadline ? deadline : rt_after(client->net->rt, client->options.timeout);
}

static struct error *with_context(const struct http_stream *stream, struct error *err)
{
    return error_wrap(err, "%s %.*s", stream->method, shown_len(stream), stream->url_text);
}

/* Our own deadline says how far the exchange had come. */
static struct error *explain(struct http_stream *stream, struct error *err, rt_time since)
{
    char text[TIME_TEXT_SIZE];

    if (!error_is(err, ERROR_TIMEOUT) || stream->failure)
        return with_context(stream, err);
    struct net *net = stream->client->net;
    time_format_duration((rt_now(net->rt) - since) / RT_MS * RT_MS, text);
    bool connected = !stream->backend || net->ops->stream_connected(stream);
    error_free(err);
    return with_context(stream, error_new(ERROR_TIMEOUT, "%s after %s",
                                          !connected          ? "no connection"
                                          : !stream->answered ? "no answer"
                                                              : "the answer did not end",
                                          text));
}

/* Until `*flag`'s change is told by `changed`: status and headers, arrived. */
static struct error *wait_answer(struct http_stream *stream, rt_time deadline)
{
    struct rt *rt = stream->client->net->rt;

    while (!stream->answered)
        TRY(rt_cond_wait(rt, &stream->changed, deadline));
    while (!stream->failure && stream->answered_at > rt_now(rt)) {
        rt_time until = stream->answered_at < deadline ? stream->answered_at : deadline;
        struct error *err = rt_cond_wait(rt, &stream->changed, until);
        if (err && (!error_is(err, ERROR_TIMEOUT) || until == deadline))
            return err;
        error_free(err);
    }
    if (!stream->failure)
        TRY(pipe_gate(stream->down, deadline));
    if (stream->failure)
        return error_new(error_kind(stream->failure), "%s", error_message(stream->failure));
    return NULL;
}

static struct error *start(struct http_stream *stream, rt_time deadline, bool wait)
{
    struct net *net = stream->client->net;
    rt_time since = rt_now(net->rt);
    struct error *err = net->ops->stream_start(stream, deadline);

    if (!err && wait)
        err = wait_answer(stream, deadline);
    return err ? explain(stream, err, since) : NULL;
}

/* -- whole calls -- */
static struct error *slot_acquire(struct http_stream *stream, rt_time deadline, struct client_slot **ret)
{
    struct http_client *client = stream->client;
    CLEANUP_FREE char *key = mem_printf("%s:%d", stream->url.host, stream->url.port);
    struct client_slot *slot = map_get(client->slots, key);

    if (!slot) {
        slot = mem_alloc(sizeof(*slot));
        map_set(client->slots, key, slot);
    }
    slot->users++;
    while (slot->busy >= client->options.connections_max) {
        struct error *err = rt_cond_wait(client->net->rt, &slot->free, deadline);
        if (!err)
            continue;
        slot->users--;
        rt_cond_signal(client->net->rt, &slot->free); /* the wake-up may have been for us */
        if (!error_is(err, ERROR_TIMEOUT))
            return err;
        error_free(err);
        return error_new(ERROR_TIMEOUT, "%d calls to this host were under way all the time",
                         client->options.connections_max);
    }
    slot->busy++;
    *ret = slot;
    return NULL;
}

static void slot_release(struct http_stream *stream, struct client_slot *slot)
{
    struct http_client *client = stream->client;

    slot->busy--;
    if (--slot->users) {
        rt_cond_signal(client->net->rt, &slot->free);
        return;
    }
    CLEANUP_FREE char *key = mem_printf("%s:%d", stream->url.host, stream->url.port);
    map_remove(client->slots, key);
}

static struct error *read_all(struct http_stream *stream, size_t max, rt_time deadline, struct http_response *response)
{
    CLEANUP_STRBUF struct strbuf body = STRBUF_INIT;

    TRY(pipe_wait(stream->down, deadline));
    if (pipe_take_whole(stream->down, &response->body, &response->body_len)) {
        if (response->body_len <= max)
            return NULL;
        return error_new(ERROR_INVALID, "the answer's body is larger than %zu bytes", max);
    }
    for (;;) {
        size_t n;
        if (body.len == max) { /* one byte more tells */
            char probe;
            TRY(pipe_read(stream->down, &probe, 1, deadline, &n));
            if (n)
                return error_new(ERROR_INVALID, "the answer's body is larger than %zu bytes", max);
            break;
        }
        size_t step = max - body.len < READ_STEP ? max - body.len : READ_STEP;
        strbuf_reserve(&body, step);
        TRY(pipe_read(stream->down, body.data + body.len, step, deadline, &n));
        if (!n)
            break;
        body.len += n;
        body.data[body.len] = '\0';
    }
    response->body_len = body.len;
    response->body = body.data ? strbuf_take(&body) : mem_strdup("");
    return NULL;
}

static struct error *call(struct http_stream *stream, const struct http_request *request, rt_time deadline,
                          struct http_response **ret)
{
    CLEANUP(http_response_free) struct http_response *response = mem_alloc(sizeof(*response));
    rt_time since = rt_now(stream->client->net->rt);

    TRY(start(stream, deadline, true));
    struct error *err =
        read_all(stream, request->response_max ? request->response_max : HTTP_BODY_MAX, deadline, response);
    if (err)
        return explain(stream, err, since);
    response->status = stream->status;
    response->headers = stream->answer.items;
    response->header_count = stream->answer.len;
    stream->answer = (struct http_headers){0};
    *ret = TAKE_PTR(response);
    return NULL;
}

struct error *http_call(struct http_client *client, const struct http_request *request, struct http_response **ret)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    struct client_slot *slot;
    rt_time deadline = or_default(client, request->deadline);

    TRY(stream_new(client, request, &stream));
    struct error *err = slot_acquire(stream, deadline, &slot);
    if (err)
        return with_context(stream, err);
    err = call(stream, request, deadline, ret);
    slot_release(stream, slot);
    return err;
}

void http_response_free(struct http_response *response)
{
    if (!response)
        return;
    struct http_headers headers = {.items = response->headers, .len = response->header_count};
    http_headers_release(&headers);
    free(response->body);
    free(response);
}

const char *http_response_header(const struct http_response *response, const char *name)
{
    return http_headers_get(response->headers, response->header_count, name);
}

/* -- streams -- */
struct error *http_stream_open(struct http_client *client, const struct http_request *request, struct http_stream **ret)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;

    TRY(stream_new(client, request, &stream));
    /* The server may answer before it has read all of the body: it must outlive this call. */
    if (stream->body) {
        stream->owned_body = mem_alloc(stream->body_len + 1);
        memcpy(stream->owned_body, stream->body, stream->body_len);
        stream->body = stream->owned_body;
    }
    TRY(start(stream, or_default(client, request->deadline), true));
    *ret = TAKE_PTR(stream);
    return NULL;
}

struct error *http_stream_open_upload(struct http_client *client, const struct http_request *request, int64_t length,
                                      struct http_stream **ret)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;

    TRY(stream_new(client, request, &stream));
    stream->body = NULL;
    stream->body_len = 0;
    stream->upload_length = length;
    stream->up = pipe_new(client->net->rt, PIPE_WINDOW);
    TRY(start(stream, or_default(client, request->deadline), false));
    *ret = TAKE_PTR(stream);
    return NULL;
}

struct error *http_stream_write(struct http_stream *stream, const void *data, size_t len, rt_time deadline)
{
    rt_time since = rt_now(stream->client->net->rt);

    if (!stream->up)
        return error_new(ERROR_INTERNAL, "%s %.*s: not opened for writing", stream->method, shown_len(stream),
                         stream->url_text);
    struct error *err = pipe_write(stream->up, data, len, or_default(stream->client, deadline));
    if (err && stream->failure && !error_is(err, ERROR_CANCELLED)) { /* the transfer knows better why */
        error_free(err);
        err = error_new(error_kind(stream->failure), "%s", error_message(stream->failure));
    } else if (error_is(err, ERROR_TIMEOUT)) {
        char text[TIME_TEXT_SIZE];
        time_format_duration((rt_now(stream->client->net->rt) - since) / RT_MS * RT_MS, text);
        error_free(err);
        err = error_new(ERROR_TIMEOUT, "the peer took no data for %s", text);
    }
    return err ? with_context(stream, err) : NULL;
}

struct error *http_stream_finish(struct http_stream *stream)
{
    if (!stream->up)
        return error_new(ERROR_INTERNAL, "%s %.*s: not opened for writing", stream->method, shown_len(stream),
                         stream->url_text);
    pipe_finish(stream->up);
    return NULL;
}

struct error *http_stream_response(struct http_stream *stream, rt_time deadline)
{
    rt_time since = rt_now(stream->client->net->rt);
    struct error *err = wait_answer(stream, or_default(stream->client, deadline));

    return err ? explain(stream, err, since) : NULL;
}

int http_stream_status(const struct http_stream *stream)
{
    return stream->status;
}

const char *http_stream_header(const struct http_stream *stream, const char *name)
{
    return http_headers_get(stream->answer.items, stream->answer.len, name);
}

struct error *http_stream_read(struct http_stream *stream, void *buf, size_t cap, rt_time deadline, size_t *ret_len)
{
    rt_time since = rt_now(stream->client->net->rt);
    struct error *err = pipe_read(stream->down, buf, cap, or_default(stream->client, deadline), ret_len);

    if (error_is(err, ERROR_TIMEOUT) && !stream->failure) {
        char text[TIME_TEXT_SIZE];
        time_format_duration((rt_now(stream->client->net->rt) - since) / RT_MS * RT_MS, text);
        error_free(err);
        err = error_new(ERROR_TIMEOUT, "no more data for %s", text);
    }
    return err ? with_context(stream, err) : NULL;
}

void http_stream_close(struct http_stream *stream)
{
    if (!stream)
        return;
    if (stream->backend)
        stream->client->net->ops->stream_stop(stream);
    pipe_unref(stream->up);
    pipe_unref(stream->down);
    http_headers_release(&stream->headers);
    http_headers_release(&stream->answer);
    error_free(stream->failure);
    free(stream->method);
    free(stream->url_text);
    free(stream->target);
    free(stream->owned_body);
    url_release(&stream->url);
    free(stream);
}
