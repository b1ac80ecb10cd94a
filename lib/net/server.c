/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server's half that both backends share: options, the exchange with its request and reply, the handler's task. */
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/net/backend.h"

#define BODY_MAX_DEFAULT (1024 * 1024)
#define CONNECTIONS_DEFAULT 4096
#define IDLE_DEFAULT (120 * RT_S)

/* -- the server -- */
static void server_unref(struct http_server *server)
{
    if (--server->refs)
        return;
    free((char *)server->options.address);
    free((char *)server->options.cert_pem);
    mem_free_secret((char *)server->options.key_pem);
    free((char *)server->options.client_ca_pem);
    free(server);
}

static void on_cancel(void *arg)
{
    struct http_server *server = arg;

    server->hook = NULL; /* it goes away with the group */
    http_server_stop(server);
}

struct error *http_server_start(struct net *net, struct rt_group *group, const struct http_server_options *options,
                                struct http_server **ret)
{
    struct http_server *server = mem_alloc(sizeof(*server));

    server->net = net;
    server->group = group;
    server->refs = 1;
    server->options = *options;
    server->options.address = mem_strdup(options->address ? options->address : "127.0.0.1");
    server->options.cert_pem = mem_strdup(options->cert_pem);
    server->options.key_pem = mem_strdup(options->key_pem);
    server->options.client_ca_pem = mem_strdup(options->client_ca_pem);
    if (!options->body_max)
        server->options.body_max = BODY_MAX_DEFAULT;
    if (!options->connections_max)
        server->options.connections_max = CONNECTIONS_DEFAULT;
    if (!options->idle_timeout)
        server->options.idle_timeout = IDLE_DEFAULT;
    if (!options->stack_size)
        server->options.stack_size = RT_STACK_DEFAULT;
    struct error *err = NULL;
    if (rt_group_cancelled(group))
        err = error_new(ERROR_CANCELLED, "the program is being stopped");
    else if (!options->cert_pem != !options->key_pem)
        err = error_new(ERROR_INVALID, "a TLS server needs both a certificate and its key");
    if (!err)
        err = net->ops->server_start(server);
    if (err) {
        err = error_wrap(err, "cannot serve HTTP on %s port %d", server->options.address, options->port);
        server->stopped = true;
        http_server_free(server);
        return err;
    }
    server->hook = rt_group_on_cancel(group, on_cancel, server);
    *ret = server;
    return NULL;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop(struct http_server *server)
{
    if (server->stopped)
        return;
    server->stopped = true;
    if (server->hook)
        rt_group_hook_remove(server->hook);
    server->hook = NULL;
    server->refs++; /* callbacks below may end exchanges */
    server->net->ops->server_stop(server);
    server_unref(server);
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    http_server_stop(server);
    if (server->backend)
        server->net->ops->server_free(server);
    server_unref(server);
}

/* -- the exchange's life -- */
struct http_exchange *exchange_new(struct http_server *server, const char *target)
{
    struct http_exchange *exchange = mem_alloc(sizeof(*exchange));
    size_t path_len = strcspn(target, "?#");
    const char *query = target[path_len] == '?' ? target + path_len + 1 : "";

    exchange->server = server;
    server->refs++;
    exchange->refs = 1;
    exchange->raw_path = mem_strndup(target, path_len);
    exchange->query_string = mem_strndup(query, strcspn(query, "#"));
    struct error *err = str_url_decode(exchange->raw_path, &exchange->path);
    if (err)
        exchange->path = mem_strdup(exchange->raw_path);
    error_free(err);
    exchange->link = &server->exchanges;
    exchange->next = server->exchanges;
    if (exchange->next)
        exchange->next->link = &exchange->next;
    server->exchanges = exchange;
    return exchange;
}

void exchange_unref(struct http_exchange *exchange)
{
    if (--exchange->refs)
        return;
    *exchange->link = exchange->next;
    if (exchange->next)
        exchange->next->link = exchange->link;
    free(exchange->method);
    free(exchange->raw_path);
    free(exchange->path);
    free(exchange->query_string);
    http_headers_release(&exchange->headers);
    http_headers_release(&exchange->query);
    http_headers_release(&exchange->reply_headers);
    free(exchange->body);
    free(exchange->user);
    mem_free_secret(exchange->password);
    free(exchange->reply_body);
    pipe_unref(exchange->up);
    pipe_unref(exchange->down);
    certificate_subject_release(&exchange->subject);
    server_unref(exchange->server);
    free(exchange);
}

void exchange_add_header(struct http_exchange *exchange, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);

    exchange->header_bytes += name_len + value_len;
    if (exchange->headers.len == HTTP_HEADERS_MAX || exchange->header_bytes > HTTP_HEADER_BYTES_MAX)
        exchange->headers_too_large = true;
    else
        http_headers_add(&exchange->headers, name, name_len, value, value_len);
}

void exchange_refuse(struct http_exchange *exchange)
{
    if (exchange->headers_too_large)
        http_reply_str(exchange, 431, "text/plain", "The request's headers are too large, or too many.\n");
    else
        http_reply_str(exchange, 413, "text/plain", "The request's body is too large.\n");
}

void exchange_add_body(struct http_exchange *exchange, const void *data, size_t len)
{
    if (exchange->too_large)
        return;
    if (!exchange->server->options.stream_bodies && len > exchange->server->options.body_max - exchange->body_len) {
        exchange->too_large = true;
        free(exchange->body);
        exchange->body = NULL;
        exchange->body_len = 0;
        return;
    }
    if (exchange->body_len + len + 1 > exchange->body_cap) {
        size_t doubled = exchange->body_cap * 2, needed = exchange->body_len + len + 1;
        exchange->body_cap = doubled > needed ? doubled : needed;
        exchange->body = mem_resize(exchange->body, exchange->body_cap, 1);
    }
    memcpy(exchange->body + exchange->body_len, data, len);
    exchange->body_len += len;
    exchange->body[exchange->body_len] = '\0';
}

void exchange_peer_gone(struct http_exchange *exchange)
{
    if (exchange->gone)
        return;
    exchange->gone = true;
    if (exchange->up)
        pipe_break(exchange->up, ERROR_TRANSIENT, "the peer closed the connection");
    if (exchange->down)
        pipe_leave(exchange->down);
    if (exchange->on_gone)
        exchange->on_gone(exchange->on_gone_arg);
}

/* A body that comes in pieces to a handler that wants it whole. */
static struct error *collect_body(struct http_exchange *exchange)
{
    char *buf = mem_resize(NULL, 65536, 1);
    struct error *err = NULL;
    size_t n = 1;

    while (!err && n) {
        err = pipe_read(exchange->up, buf, 65536, RT_FOREVER, &n);
        if (!err)
            exchange_add_body(exchange, buf, n);
    }
    free(buf);
    return err;
}

static void run(void *arg)
{
    struct http_exchange *exchange = arg;
    struct http_server *server = exchange->server;
    struct error *err = NULL;

    if (exchange->up && !server->options.stream_bodies)
        err = collect_body(exchange);
    if (!err && (exchange->too_large || exchange->headers_too_large))
        exchange_refuse(exchange);
    else if (!err && !exchange->gone)
        server->options.handle(exchange, server->options.arg);
    error_free(err); /* the peer is gone: there is no one to tell */
    if (!exchange->replied && !exchange->gone)
        http_reply_str(exchange, 500, "text/plain", "The server has no answer to this request.\n");
    bool bodiless = str_equal(exchange->method, "HEAD"); /* what was announced does not come */
    if (exchange->down && exchange->reply_written < exchange->reply_length && !bodiless)
        pipe_break(exchange->down, ERROR_TRANSIENT, "the connection was closed in the middle of the answer");
    else if (exchange->down)
        pipe_finish(exchange->down);
    exchange->on_gone = NULL;
    server->net->ops->exchange_end(exchange);
    exchange_unref(exchange);
}

void exchange_start(struct http_exchange *exchange)
{
    struct http_server *server = exchange->server;

    exchange->started = true;
    exchange->refs++;
    rt_spawn_stack(server->net->rt, server->group, "http", server->options.stack_size, run, exchange);
}

/* -- the request -- */
const char *http_method(const struct http_exchange *exchange)
{
    return exchange->method;
}

const char *http_path(const struct http_exchange *exchange)
{
    return exchange->path;
}

const char *http_raw_path(const struct http_exchange *exchange)
{
    return exchange->raw_path;
}

const char *http_query_string(const struct http_exchange *exchange)
{
    return exchange->query_string;
}

/* Form decoding: a plus sign is a space. What cannot be decoded stays as it was sent. */
static char *decode_query(const char *text, size_t len)
{
    char *plain = mem_strndup(text, len), *decoded;

    for (char *c = plain; *c; c++)
        if (*c == '+')
            *c = ' ';
    struct error *err = str_url_decode(plain, &decoded);
    if (!err) {
        free(plain);
        return decoded;
    }
    error_free(err);
    return plain;
}

static const struct http_headers *parse_query(const struct http_exchange *exchange)
{
    struct http_exchange *mutable = (struct http_exchange *)exchange; /* a cache */

    if (exchange->query_parsed)
        return &exchange->query;
    mutable->query_parsed = true;
    for (const char *at = exchange->query_string; *at;) {
        size_t len = strcspn(at, "&"), name_len = strcspn(at, "=&");
        if (len) {
            const char *value = name_len < len ? at + name_len + 1 : at + len;
            struct http_header pair = {.name = decode_query(at, name_len),
                                       .value = decode_query(value, (size_t)(at + len - value))};
            VEC_PUSH(&mutable->query, pair);
        }
        at += len;
        at += *at == '&';
    }
    return &exchange->query;
}

const char *http_query(const struct http_exchange *exchange, const char *name)
{
    const struct http_headers *query = parse_query(exchange);

    VEC_FOREACH (pair, query)
        if (str_equal(pair->name, name))
            return pair->value;
    return NULL;
}

void http_each_query(const struct http_exchange *exchange, void (*fn)(void *arg, const char *name, const char *value),
                     void *arg)
{
    const struct http_headers *query = parse_query(exchange);

    VEC_FOREACH (pair, query)
        fn(arg, pair->name, pair->value);
}

const char *http_header(const struct http_exchange *exchange, const char *name)
{
    return http_headers_get(exchange->headers.items, exchange->headers.len, name);
}

const char *http_body(const struct http_exchange *exchange)
{
    return exchange->body ? exchange->body : "";
}

size_t http_body_len(const struct http_exchange *exchange)
{
    return exchange->body_len;
}

struct error *http_read_body(struct http_exchange *exchange, void *buf, size_t cap, rt_time deadline, size_t *ret_len)
{
    if (exchange->up && exchange->server->options.stream_bodies) {
        TRY_WRAP(pipe_read(exchange->up, buf, cap, deadline, ret_len), "body of %s %s from %s", exchange->method,
                 exchange->raw_path, exchange->peer_address);
        return NULL;
    }
    size_t left = exchange->body_len - exchange->body_read;
    size_t n = left < cap ? left : cap;
    if (n)
        memcpy(buf, exchange->body + exchange->body_read, n);
    exchange->body_read += n;
    *ret_len = n;
    return NULL;
}

const char *http_peer_address(const struct http_exchange *exchange)
{
    return exchange->peer_address;
}

const char *http_local_address(const struct http_exchange *exchange)
{
    return exchange->local_address;
}

int http_local_port(const struct http_exchange *exchange)
{
    return exchange->local_port;
}

bool http_is_tls(const struct http_exchange *exchange)
{
    return exchange->tls;
}

static void parse_basic_auth(struct http_exchange *exchange)
{
    const char *header = http_header(exchange, "authorization");
    char *pair = NULL;
    size_t len;

    if (!header || strncasecmp(header, "basic ", 6) != 0)
        return;
    struct error *err = str_base64_decode(header + 6, (void **)&pair, &len);
    if (err) {
        error_free(err);
        return;
    }
    char *colon = strlen(pair) == len ? strchr(pair, ':') : NULL;
    if (colon) {
        exchange->user = mem_strndup(pair, (size_t)(colon - pair));
        exchange->password = mem_strdup(colon + 1);
    }
    mem_wipe(pair, len);
    free(pair);
}

bool http_basic_auth(const struct http_exchange *exchange, const char **ret_user, const char **ret_password)
{
    if (!exchange->user)
        parse_basic_auth((struct http_exchange *)exchange); /* a cache */
    if (!exchange->user)
        return false;
    *ret_user = exchange->user;
    *ret_password = exchange->password;
    return true;
}

const char *http_client_common_name(const struct http_exchange *exchange)
{
    return exchange->subject.common_name;
}

const char *const *http_client_organizations(const struct http_exchange *exchange)
{
    return (const char *const *)exchange->subject.organizations;
}

/* -- the reply -- */
void http_reply_header(struct http_exchange *exchange, const char *name, const char *value)
{
    if (strpbrk(name, "\r\n") || strpbrk(value, "\r\n"))
        return; /* would be another header, of somebody else's making */
    http_headers_add(&exchange->reply_headers, name, strlen(name), value, strlen(value));
}

static void set_reply(struct http_exchange *exchange, int status, const char *content_type)
{
    exchange->replied = true;
    exchange->reply_status = status;
    if (content_type)
        http_reply_header(exchange, "Content-Type", content_type);
}

void http_reply(struct http_exchange *exchange, int status, const char *content_type, const void *body, size_t len)
{
    if (exchange->replied)
        return;
    set_reply(exchange, status, content_type);
    if (exchange->gone)
        return;
    exchange->reply_body = mem_resize(NULL, len + 1, 1);
    if (len)
        memcpy(exchange->reply_body, body, len);
    exchange->reply_body[len] = '\0';
    exchange->reply_len = len;
    exchange->server->net->ops->exchange_reply(exchange);
}

void http_reply_str(struct http_exchange *exchange, int status, const char *content_type, const char *body)
{
    http_reply(exchange, status, content_type, body, body ? strlen(body) : 0);
}

void http_reply_json(struct http_exchange *exchange, int status, const struct json *json)
{
    CLEANUP_SECRET char *text = json_print(json);

    http_reply_str(exchange, status, "application/json", text);
}

struct error *http_reply_begin(struct http_exchange *exchange, int status, const char *content_type, int64_t length)
{
    if (exchange->replied)
        return error_new(ERROR_INTERNAL, "%s %s was answered already", exchange->method, exchange->raw_path);
    set_reply(exchange, status, content_type);
    if (exchange->gone)
        return error_new(ERROR_TRANSIENT, "reply to %s %s: the peer closed the connection", exchange->method,
                         exchange->raw_path);
    exchange->down = pipe_new(exchange->server->net->rt, PIPE_WINDOW);
    exchange->reply_length = length;
    exchange->server->net->ops->exchange_reply(exchange);
    exchange->server->net->ops->exchange_watch(exchange);
    return NULL;
}

struct error *http_reply_write(struct http_exchange *exchange, const void *data, size_t len)
{
    if (!exchange->down)
        return error_new(ERROR_INTERNAL, "%s %s: no reply was begun", exchange->method, exchange->raw_path);
    if (exchange->reply_length >= 0 && (int64_t)len > exchange->reply_length - exchange->reply_written)
        return error_new(ERROR_INTERNAL, "%s %s: the reply is longer than announced", exchange->method,
                         exchange->raw_path);
    TRY_WRAP(pipe_write(exchange->down, data, len, RT_FOREVER), "reply to %s %s for %s", exchange->method,
             exchange->raw_path, exchange->peer_address);
    exchange->reply_written += (int64_t)len;
    return NULL;
}

bool http_peer_gone(const struct http_exchange *exchange)
{
    struct http_exchange *mutable = (struct http_exchange *)exchange;

    if (!exchange->gone && exchange->server->net->ops->exchange_gone(mutable))
        exchange_peer_gone(mutable);
    return exchange->gone;
}

void http_on_peer_gone(struct http_exchange *exchange, void (*fn)(void *arg), void *arg)
{
    exchange->on_gone = fn;
    exchange->on_gone_arg = arg;
    if (fn && !exchange->gone)
        exchange->server->net->ops->exchange_watch(exchange);
    else if (fn)
        fn(arg);
}

void http_abort(struct http_exchange *exchange)
{
    if (exchange->aborted || exchange->gone)
        return;
    exchange->aborted = exchange->replied = true;
    if (exchange->down)
        pipe_break(exchange->down, ERROR_TRANSIENT, "the connection was broken on purpose");
    exchange->server->net->ops->exchange_abort(exchange);
}

bool http_replied(const struct http_exchange *exchange)
{
    return exchange->replied;
}
