/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP client against HTTP server: one table of tests, run over sockets and over the simulated network. */
#include "lib/test.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "lib/net/pki.h"

enum kind { SIM, SOCKETS, SOCKETS_TLS };

struct chain {
    struct pki_pair ca, server, client, other;
};

struct world {
    bool sim, tls; /* tls: what is served and asked for in plain HTTP is TLS */
    struct chain chain;
    struct rt *rt;
    struct rt_group *group; /* of the servers */
    struct net_sim *network;
    struct net *near, *far; /* client's and server's place; the same over sockets */
    const char *host;       /* of the server, in URLs */
    struct http_server *server;
    struct http_client *client;
    struct rt_cond changed;
    int handled, ended, gone;
    bool hold, saw_gone;
    char seen[256];
    size_t bytes, most;
    void (*test)(struct world *w);
};

static const char *url(struct world *w, const char *scheme, const char *path)
{
    static char text[8][512];
    static int next;
    char *to = text[next++ % 8];

    snprintf(to, 512, "%s://%s:%d%s", w->tls ? "https" : scheme, w->host, http_server_port(w->server), path);
    return to;
}

static void note_gone(void *arg)
{
    struct world *w = arg;

    w->gone++;
    rt_cond_broadcast(w->rt, &w->changed);
}

/* -- what the server does: by path -- */
static void each_query(void *arg, const char *name, const char *value)
{
    strbuf_addf(arg, "[%s=%s]", name, value);
}

static void reply_echo(struct http_exchange *exchange)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    const char *user, *password;

    strbuf_addf(&out, "%s %s|%s|%s|", http_method(exchange), http_path(exchange), http_raw_path(exchange),
                http_query_string(exchange));
    http_each_query(exchange, each_query, &out);
    strbuf_addf(&out, "|x=%s|%s|%s", str_or(http_header(exchange, "X-TEST"), "-"),
                str_or(http_header(exchange, "content-type"), "-"), http_is_tls(exchange) ? "tls" : "plain");
    if (http_basic_auth(exchange, &user, &password))
        strbuf_addf(&out, "|%s/%s", user, password);
    if (http_client_common_name(exchange)) {
        strbuf_addf(&out, "|cn=%s", http_client_common_name(exchange));
        for (const char *const *o = http_client_organizations(exchange); *o; o++)
            strbuf_addf(&out, " o=%s", *o);
    }
    strbuf_addf(&out, "|%zu:%.20s", http_body_len(exchange), http_body(exchange));
    http_reply_header(exchange, "X-Answer", "first");
    http_reply_header(exchange, "X-Answer", "second");
    http_reply_str(exchange, 200, "text/plain", strbuf_str(&out));
}

/* Writes the 64 KB block `count` times. */
static void reply_blocks(struct world *w, struct http_exchange *exchange, int count, int64_t length)
{
    char *block = mem_alloc(65536);
    struct error *err = http_reply_begin(exchange, 200, "application/octet-stream", length);

    for (int i = 0; i < count && !err; i++) {
        memset(block, 'a' + i % 26, 65536);
        err = http_reply_write(exchange, block, 65536);
        w->bytes += err ? 0 : 65536;
    }
    if (err)
        snprintf(w->seen, sizeof(w->seen), "%s", error_message(err));
    error_free(err);
    free(block);
}

/* Events until the peer goes. */
static void reply_watch(struct world *w, struct http_exchange *exchange)
{
    struct error *err = http_reply_begin(exchange, 200, "application/json", -1);
    int sent = 0;

    http_on_peer_gone(exchange, note_gone, w);
    while (!err && !http_peer_gone(exchange)) {
        if (sent < w->handled) {
            err = http_reply_write(exchange, "event\n", 6);
            sent++;
            continue;
        }
        err = rt_cond_wait(w->rt, &w->changed, RT_FOREVER);
    }
    w->saw_gone = http_peer_gone(exchange);
    error_free(err);
}

static void reply_upload(struct world *w, struct http_exchange *exchange)
{
    char buf[10000];
    size_t n = 1, total = 0, wrong = 0;
    struct error *err = NULL;

    while (!err && n) {
        err = http_read_body(exchange, buf, sizeof(buf), RT_FOREVER, &n);
        for (size_t i = 0; !err && i < n; i++)
            wrong += buf[i] != (char)('a' + (total + i) / 65536 % 26);
        total += err ? 0 : n;
        w->bytes = total;
    }
    char *text = err ? mem_strdup(error_message(err)) : mem_printf("%zu bytes, %zu wrong", total, wrong);
    snprintf(w->seen, sizeof(w->seen), "%s", text);
    error_free(err);
    http_reply_str(exchange, 200, "text/plain", text);
    free(text);
}

static void handle(struct http_exchange *exchange, void *arg)
{
    struct world *w = arg;
    const char *path = http_path(exchange);

    w->handled++;
    if (str_equal(path, "/slow") || str_equal(path, "/hold")) {
        while (str_equal(path, "/slow") || w->hold) {
            struct error *err = rt_cond_wait(w->rt, &w->changed, RT_FOREVER);
            if (err) {
                w->ended++;
                error_free(err);
                return;
            }
        }
        http_reply_str(exchange, 200, NULL, "held");
    } else if (str_equal(path, "/big")) {
        reply_blocks(w, exchange, 1024, -1);
    } else if (str_equal(path, "/sized")) {
        reply_blocks(w, exchange, 16, 16 * 65536);
    } else if (str_equal(path, "/short")) {
        reply_blocks(w, exchange, 8, 16 * 65536);
    } else if (str_equal(path, "/watch")) {
        reply_watch(w, exchange);
    } else if (str_equal(path, "/upload")) {
        reply_upload(w, exchange);
    } else if (str_equal(path, "/abort")) {
        http_abort(exchange);
    } else if (str_equal(path, "/empty")) {
        http_reply(exchange, 204, NULL, NULL, 0);
    } else if (!str_equal(path, "/silent")) {
        reply_echo(exchange);
    }
    w->ended++;
}

static void serve(struct world *w, struct http_server_options options)
{
    options.handle = handle;
    options.arg = w;
    if (w->tls) {
        options.cert_pem = w->chain.server.cert_pem;
        options.key_pem = w->chain.server.key_pem;
    }
    options.address = options.address ? options.address : w->sim ? NULL : "127.0.0.1";
    assert_ok(http_server_start(w->far, w->group, &options, &w->server));
}

static void client(struct world *w, struct http_client_options options)
{
    http_client_free(w->client);
    w->client = NULL;
    if (w->tls)
        options.ca_pem = w->chain.ca.cert_pem;
    assert_ok(http_client_new(w->near, &options, &w->client));
}

static void plain(struct world *w)
{
    serve(w, (struct http_server_options){0});
    client(w, (struct http_client_options){0});
}

static struct error *get(struct world *w, const char *target, struct http_response **ret)
{
    return http_call(w->client, &(struct http_request){.url = target}, ret);
}

#define assert_answer(w, target, wanted_status, wanted_body)                                                           \
    do {                                                                                                               \
        CLEANUP(http_response_free) struct http_response *got = NULL;                                                  \
        assert_ok(get(w, target, &got));                                                                               \
        assert_int_equal(got->status, wanted_status);                                                                  \
        assert_string_equal(got->body, wanted_body);                                                                   \
    } while (0)

/* -- tests -- */
static void test_echo(struct world *w)
{
    CLEANUP(http_response_free) struct http_response *answer = NULL;
    const struct http_header headers[] = {{"X-Test", "value, with comma"}, {"Content-Type", "application/json"}};

    plain(w);
    assert_ok(http_call(w->client,
                        &(struct http_request){.method = "POST",
                                               .url = url(w, "http", "/a%2Fb/c%20d?q=1+2&r=%41&s&q=3#fragment"),
                                               .headers = headers,
                                               .header_count = 2,
                                               .body = "{\"k\":1}",
                                               .body_len = 7,
                                               .user = "admin",
                                               .password = "pass:word"},
                        &answer));
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->body,
                        "POST /a/b/c d|/a%2Fb/c%20d|q=1+2&r=%41&s&q=3|[q=1 2][r=A][s=][q=3]|x=value, with comma|"
                        "application/json|plain|admin/pass:word|7:{\"k\":1}");
    assert_string_equal(http_response_header(answer, "CONTENT-TYPE"), "text/plain");
    assert_string_equal(http_response_header(answer, "x-answer"), "first");
    assert_null(http_response_header(answer, "x-none"));
}

static void test_methods(struct world *w)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"};

    plain(w);
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        CLEANUP(http_response_free) struct http_response *answer = NULL;
        char wanted[100];
        assert_ok(
            http_call(w->client, &(struct http_request){.method = methods[i], .url = url(w, "http", "/m")}, &answer));
        snprintf(wanted, sizeof(wanted), "%s /m|/m|||x=-|-|plain|0:", methods[i]);
        assert_int_equal(answer->status, 200);
        assert_string_equal(answer->body, str_equal(methods[i], "HEAD") ? "" : wanted);
    }
    assert_answer(w, url(w, "http", "/empty"), 204, "");
    assert_answer(w, url(w, "http", "/silent"), 500, "The server has no answer to this request.\n");
}

static void test_bad_requests(struct world *w)
{
    struct http_response *answer = NULL;
    const struct http_header split = {"X-A", "b\r\nX-C: d"};

    plain(w);
    assert_error_text(get(w, "ftp://h/", &answer), ERROR_INVALID, "http or https, not ftp");
    assert_error_text(get(w, "nonsense", &answer), ERROR_INVALID, "https://");
    assert_error_text(
        http_call(w->client, &(struct http_request){.url = url(w, "http", "/"), .headers = &split, .header_count = 1},
                  &answer),
        ERROR_INVALID, "X-A");
    assert_int_equal(w->handled, 0);
}

static void test_header_limits(struct world *w)
{
    static const struct {
        size_t first, count;
        int status;
    } rows[] = {{0, 2, 204}, {0, 3, 431}, {3, 90, 204}, {3, HTTP_HEADERS_MAX, 431}};
    struct http_header headers[HTTP_HEADERS_MAX + 3];
    char *value = mem_alloc(9001);

    plain(w);
    memset(value, 'v', 9000);
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        headers[i] = (struct http_header){"X-Many", i < 3 ? value : "v"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(http_response_free) struct http_response *answer = NULL;
        assert_ok(http_call(w->client,
                            &(struct http_request){.url = url(w, "http", "/empty"),
                                                   .headers = headers + rows[i].first,
                                                   .header_count = rows[i].count},
                            &answer));
        assert_int_equal(answer->status, rows[i].status);
    }
    assert_int_equal(w->handled, 2);
    free(value);
}

static void test_refused(struct world *w)
{
    struct http_response *answer = NULL;
    char text[100];

    plain(w);
    char *target = mem_strdup(url(w, "http", "/secret"));
    snprintf(text, sizeof(text), "GET %s: connection refused", target);
    http_server_free(w->server);
    w->server = NULL;
    assert_error_text(get(w, target, &answer), ERROR_TRANSIENT, text);
    assert_error_text(get(w, "http://no-such-host.invalid/", &answer), ERROR_TRANSIENT,
                      "cannot resolve host name \"no-such-host.invalid\"");
    free(target);
}

static void test_no_credentials_in_errors(struct world *w)
{
    struct http_response *answer = NULL;

    client(w, (struct http_client_options){0});
    struct error *err = get(w, "http://user:hunter2@127.0.0.1:1/x", &answer);
    assert_error_text(error_wrap(err, "w"), ERROR_TRANSIENT, "GET http://127.0.0.1:1/x: connection refused");
    err = get(w, "http://user:hunter2@[::1/x", &answer);
    assert_non_null(err);
    assert_null(strstr(error_message(err), "hunter2"));
    error_free(err);
}

static void test_body_limit(struct world *w)
{
    CLEANUP(http_response_free) struct http_response *answer = NULL;
    char *big = mem_alloc(3 * 1024 * 1024);

    serve(w, (struct http_server_options){.body_max = 1000});
    client(w, (struct http_client_options){0});
    memset(big, 'x', 3 * 1024 * 1024);
    struct http_request request = {.method = "POST", .url = url(w, "http", "/"), .body = big, .body_len = 1000};
    assert_ok(http_call(w->client, &request, &answer));
    assert_int_equal(answer->status, 200);
    request.body_len = 1001;
    for (int i = 0; i < 2; i++, request.body_len = 3 * 1024 * 1024) {
        http_response_free(TAKE_PTR(answer));
        assert_ok(http_call(w->client, &request, &answer));
        assert_int_equal(answer->status, 413);
    }
    assert_int_equal(w->handled, 1);
    free(big);
}

static void test_response_limit(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    struct http_request request = {.url = url(w, "http", "/sized"), .response_max = 16 * 65536};
    assert_ok(http_call(w->client, &request, &answer));
    assert_int_equal(answer->body_len, 16 * 65536);
    http_response_free(answer);
    request.response_max--;
    assert_error_text(http_call(w->client, &request, &answer), ERROR_INVALID, "larger than 1048575 bytes");
}

static void test_deadline(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    rt_time start = rt_now(w->rt);
    struct http_request request = {.url = url(w, "http", "/slow"), .deadline = rt_after(w->rt, 100 * RT_MS)};
    assert_error_text(http_call(w->client, &request, &answer), ERROR_TIMEOUT, "no answer after 1");
    assert_true(rt_now(w->rt) - start >= 100 * RT_MS && rt_now(w->rt) - start < 5 * RT_S);
    assert_int_equal(w->handled, 1);
}

static void cancelled_call(void *arg)
{
    struct world *w = arg;
    struct http_response *answer = NULL;
    struct error *err = get(w, url(w, "http", "/slow"), &answer);

    snprintf(w->seen, sizeof(w->seen), "%s", err ? error_kind_name(error_kind(err)) : "none");
    error_free(err);
}

static void test_cancel(struct world *w)
{
    struct rt_group *group = rt_group_new(w->rt, NULL, "client");

    plain(w);
    rt_spawn(w->rt, group, "call", cancelled_call, w);
    while (!w->handled)
        assert_ok(rt_sleep(w->rt, RT_MS));
    rt_group_cancel(group);
    assert_ok(rt_group_wait(group, rt_after(w->rt, 5 * RT_S)));
    assert_string_equal(w->seen, "cancelled");
    rt_group_free(group);
    assert_int_equal(w->ended, 0); /* the handler is not told unless it asks */
}

static void kill_server(void *arg)
{
    struct world *w = arg;

    while (!w->handled)
        assert_ok(rt_sleep(w->rt, RT_MS));
    rt_group_cancel(w->group);
}

static void test_server_killed(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    char *target = mem_strdup(url(w, "http", "/slow"));
    rt_spawn(w->rt, NULL, "kill", kill_server, w);
    assert_error_text(get(w, target, &answer), ERROR_TRANSIENT, "connection");
    assert_error_text(get(w, target, &answer), ERROR_TRANSIENT, "connection refused");
    assert_ok(rt_group_wait(w->group, rt_after(w->rt, 5 * RT_S)));
    assert_int_equal(w->ended, 1);
    free(target);
}

static void test_abort(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    assert_error_text(get(w, url(w, "http", "/abort"), &answer), ERROR_TRANSIENT, "connection");
    assert_error_text(get(w, url(w, "http", "/short"), &answer), ERROR_TRANSIENT, "in the middle");
    assert_answer(w, url(w, "http", "/empty"), 204, "");
}

/* Reads all of it, checks the pattern of blocks. */
static size_t drain(struct world *w, struct http_stream *stream, rt_time pause)
{
    char buf[7777];
    size_t total = 0, n;

    for (;;) {
        assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
        if (!n)
            return total;
        for (size_t i = 0; i < n; i++)
            if (buf[i] != (char)('a' + (total + i) / 65536 % 26))
                fail_msg("wrong byte at %zu", total + i);
        total += n;
        if (w->bytes > total && w->bytes - total > w->most)
            w->most = w->bytes - total;
        if (pause)
            assert_ok(rt_sleep(w->rt, pause));
    }
}

static void test_stream_down(struct world *w)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;

    plain(w);
    assert_ok(http_stream_open(w->client, &(struct http_request){.url = url(w, "http", "/big")}, &stream));
    assert_int_equal(http_stream_status(stream), 200);
    assert_string_equal(http_stream_header(stream, "Content-Type"), "application/octet-stream");
    assert_int_equal(drain(w, stream, 0), 1024 * 65536);
    /* Two windows of 256 KB, and what the kernel's socket buffers hold. */
    assert_in_range(w->most, 1, (w->sim ? 1 : 16) * 1024 * 1024);
}

static void test_stream_abandoned(struct world *w)
{
    struct http_stream *stream = NULL;
    char buf[100];
    size_t n;

    plain(w);
    assert_ok(http_stream_open(w->client, &(struct http_request){.url = url(w, "http", "/big")}, &stream));
    assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
    http_stream_close(stream);
    while (!w->ended)
        assert_ok(rt_sleep(w->rt, RT_MS));
    assert_non_null(strstr(w->seen, "peer closed the connection"));
}

static void upload(struct world *w, int blocks, int64_t length, int status, const char *answer)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    char *block = mem_alloc(65536), buf[200];
    size_t n;

    assert_ok(http_stream_open_upload(
        w->client, &(struct http_request){.method = "PUT", .url = url(w, "http", "/upload")}, length, &stream));
    for (int i = 0; i < blocks; i++) {
        memset(block, 'a' + i % 26, 65536);
        assert_ok(http_stream_write(stream, block, 65536, 0));
        size_t ahead = (size_t)(i + 1) * 65536 - w->bytes;
        w->most = ahead > w->most ? ahead : w->most;
    }
    assert_ok(http_stream_finish(stream));
    assert_ok(http_stream_response(stream, 0));
    assert_int_equal(http_stream_status(stream), status);
    assert_ok(http_stream_read(stream, buf, sizeof(buf) - 1, 0, &n));
    buf[n] = '\0';
    assert_string_equal(buf, answer);
    free(block);
}

static void test_stream_up(struct world *w)
{
    serve(w, (struct http_server_options){.stream_bodies = true});
    client(w, (struct http_client_options){0});
    upload(w, 1024, -1, 200, "67108864 bytes, 0 wrong");
    assert_in_range(w->most, 1, (w->sim ? 1 : 16) * 1024 * 1024);
    upload(w, 4, 4 * 65536, 200, "262144 bytes, 0 wrong");
    upload(w, 0, 0, 200, "0 bytes, 0 wrong");
}

static void test_upload_to_buffering_server(struct world *w)
{
    serve(w, (struct http_server_options){.body_max = 65536 * 2});
    client(w, (struct http_client_options){0});
    upload(w, 2, -1, 200, "131072 bytes, 0 wrong");
    upload(w, 3, -1, 413, "The request's body is too large.\n");
    assert_int_equal(w->handled, 1);
}

static void test_upload_broken_off(struct world *w)
{
    struct http_stream *stream = NULL;

    serve(w, (struct http_server_options){.stream_bodies = true});
    client(w, (struct http_client_options){0});
    assert_ok(http_stream_open_upload(
        w->client, &(struct http_request){.method = "PUT", .url = url(w, "http", "/upload")}, 1000, &stream));
    assert_ok(http_stream_write(stream, "aaaa", 4, 0));
    while (!w->bytes)
        assert_ok(rt_sleep(w->rt, RT_MS));
    http_stream_close(stream);
    while (!w->ended)
        assert_ok(rt_sleep(w->rt, RT_MS));
    assert_non_null(strstr(w->seen, "peer closed the connection"));
}

static void test_watch(struct world *w)
{
    struct http_stream *stream = NULL;
    char buf[100];
    size_t n;

    plain(w);
    assert_ok(http_stream_open(w->client, &(struct http_request){.url = url(w, "http", "/watch")}, &stream));
    rt_time start = rt_now(w->rt);
    for (int i = 0; i < 5; i++) {
        assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
        assert_int_equal(n, 6);
        w->handled++;
        rt_cond_broadcast(w->rt, &w->changed);
    }
    assert_true(rt_now(w->rt) - start < RT_S); /* no delayed acknowledgements, no gathering of bytes */
    assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
    assert_error_text(http_stream_read(stream, buf, sizeof(buf), rt_after(w->rt, 50 * RT_MS), &n), ERROR_TIMEOUT,
                      "no more data");
    http_stream_close(stream);
    while (!w->ended)
        assert_ok(rt_sleep(w->rt, RT_MS));
    assert_true(w->saw_gone);
    assert_int_equal(w->gone, 1);
}

static void test_slow_reader(struct world *w)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    char buf[65536];
    size_t n, total = 0;

    plain(w);
    assert_ok(http_stream_open(w->client, &(struct http_request){.url = url(w, "http", "/big")}, &stream));
    for (int i = 0; i < 20; i++) {
        assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
        total += n;
        assert_ok(rt_sleep(w->rt, 5 * RT_MS));
    }
    /* The writer waits for the reader. */
    assert_in_range(w->bytes, total, total + (w->sim ? 1 : 16) * 1024 * 1024);
    assert_int_equal(w->ended, 0);
}

static void test_upload_answered_early(struct world *w)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    char *block = mem_alloc(65536);
    struct error *err = NULL;

    serve(w, (struct http_server_options){.stream_bodies = true});
    client(w, (struct http_client_options){0});
    assert_ok(http_stream_open_upload(
        w->client, &(struct http_request){.method = "PUT", .url = url(w, "http", "/empty")}, -1, &stream));
    for (int i = 0; i < 100 && !err; i++)
        err = http_stream_write(stream, block, 65536, 0);
    assert_true(!err || error_is(err, ERROR_TRANSIENT));
    if (!err)
        err = http_stream_finish(stream);
    error_free(err);
    assert_ok(http_stream_response(stream, 0));
    assert_int_equal(http_stream_status(stream), 204);
    free(block);
}

static void test_watch_ends_with_server(struct world *w)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    char buf[100];
    size_t n;

    plain(w);
    assert_ok(http_stream_open(w->client, &(struct http_request){.url = url(w, "http", "/watch")}, &stream));
    assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
    rt_group_cancel(w->group);
    assert_error_text(http_stream_read(stream, buf, sizeof(buf), 0, &n), ERROR_TRANSIENT, "GET ");
    assert_ok(rt_group_wait(w->group, rt_after(w->rt, 5 * RT_S)));
}

struct parallel {
    struct world *w;
    int left, failed;
};

static void parallel_call(void *arg)
{
    struct parallel *p = arg;
    struct http_response *answer = NULL;
    struct error *err = get(p->w, url(p->w, "http", "/hold"), &answer);

    p->failed += err || answer->status != 200;
    error_free(err);
    http_response_free(answer);
    p->left--;
    rt_cond_broadcast(p->w->rt, &p->w->changed);
}

static void test_parallel(struct world *w)
{
    struct parallel p = {.w = w, .left = 500};

    serve(w, (struct http_server_options){0});
    client(w, (struct http_client_options){.connections_max = 200});
    w->hold = true;
    for (int i = 0; i < 500; i++)
        rt_spawn(w->rt, NULL, "call", parallel_call, &p);
    while (w->handled < 200)
        assert_ok(rt_sleep(w->rt, RT_MS));
    assert_ok(rt_sleep(w->rt, 20 * RT_MS));
    assert_int_equal(w->handled, 200); /* the rest waits for its turn */
    w->hold = false;
    while (p.left) {
        rt_cond_broadcast(w->rt, &w->changed);
        assert_ok(rt_cond_wait(w->rt, &w->changed, rt_after(w->rt, 20 * RT_S)));
    }
    assert_int_equal(p.failed, 0);
    assert_int_equal(w->handled, 500);
}

/* -- TLS -- */
static void make_chain(struct world *w, struct chain *chain)
{
    int64_t start = rt_wall(w->rt) - 3600 * TIME_S;
    const char *names[] = {w->host, "127.0.0.1", NULL}, *elsewhere[] = {"elsewhere.example", NULL};
    const char *organizations[] = {"system:masters", "second, with comma", NULL};

    assert_ok(pki_issue(w->rt, &(struct pki_request){.common_name = "ca", .ca = true, .not_before = start, .days = 10},
                        NULL, &chain->ca));
    assert_ok(
        pki_issue(w->rt,
                  &(struct pki_request){
                      .common_name = "server", .alt_names = names, .server = true, .not_before = start, .days = 10},
                  &chain->ca, &chain->server));
    assert_ok(
        pki_issue(w->rt,
                  &(struct pki_request){
                      .common_name = "other", .alt_names = elsewhere, .server = true, .not_before = start, .days = 10},
                  &chain->ca, &chain->other));
    assert_ok(pki_issue(w->rt,
                        &(struct pki_request){.common_name = "kubernetes-admin",
                                              .organizations = organizations,
                                              .client = true,
                                              .not_before = start,
                                              .days = 10},
                        &chain->ca, &chain->client));
}

static void release_chain(struct chain *chain)
{
    pki_pair_release(&chain->ca);
    pki_pair_release(&chain->server);
    pki_pair_release(&chain->client);
    pki_pair_release(&chain->other);
}

static void serve_tls(struct world *w, const struct pki_pair *pair, const char *client_ca)
{
    http_server_free(w->server);
    w->server = NULL;
    serve(w, (struct http_server_options){
                 .cert_pem = pair->cert_pem, .key_pem = pair->key_pem, .client_ca_pem = client_ca});
}

static void test_tls(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    struct http_response *answer = NULL;

    make_chain(w, &chain);
    serve_tls(w, &chain.server, NULL);
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem});
    for (int i = 0; i < 3; i++)
        assert_answer(w, url(w, "https", "/t"), 200, "GET /t|/t|||x=-|-|tls|0:");

    client(w, (struct http_client_options){.ca_pem = chain.client.cert_pem});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, "certificate is not trusted (");
    client(w, (struct http_client_options){0});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, "certificate is not trusted (");
    client(w, (struct http_client_options){.insecure = true});
    assert_answer(w, url(w, "https", "/t"), 200, "GET /t|/t|||x=-|-|tls|0:");

    serve_tls(w, &chain.other, NULL);
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, "certificate is not for");
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem, .insecure_san = true});
    assert_answer(w, url(w, "https", "/t"), 200, "GET /t|/t|||x=-|-|tls|0:");
}

static void test_tls_mismatch(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    struct http_response *answer = NULL;
    struct http_client *none = NULL;

    make_chain(w, &chain);
    plain(w);
    client(w, (struct http_client_options){.insecure = true});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_TRANSIENT, "TLS handshake failed");
    serve_tls(w, &chain.server, NULL);
    assert_error_text(get(w, url(w, "http", "/"), &answer), ERROR_TRANSIENT, "connection");
    assert_error_text(http_client_new(w->near, &(struct http_client_options){.ca_pem = "junk"}, &none), ERROR_INVALID,
                      "BEGIN CERTIFICATE");
    assert_error_text(http_client_new(w->near,
                                      &(struct http_client_options){.client_cert_pem = chain.client.cert_pem,
                                                                    .client_key_pem = chain.server.key_pem},
                                      &none),
                      ERROR_INVALID, "does not belong");
}

static void test_client_certificate(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    __attribute__((cleanup(release_chain))) struct chain foreign = {0};

    make_chain(w, &chain);
    make_chain(w, &foreign);
    serve_tls(w, &chain.server, chain.ca.cert_pem);
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem,
                                           .client_cert_pem = chain.client.cert_pem,
                                           .client_key_pem = chain.client.key_pem});
    for (int i = 0; i < 2; i++)
        assert_answer(w, url(w, "https", "/"), 200,
                      "GET /|/|||x=-|-|tls|cn=kubernetes-admin o=system:masters o=second, with comma|0:");
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem});
    assert_answer(w, url(w, "https", "/"), 200, "GET /|/|||x=-|-|tls|0:");
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem,
                                           .client_cert_pem = foreign.client.cert_pem,
                                           .client_key_pem = foreign.client.key_pem});
    assert_answer(w, url(w, "https", "/"), 200, "GET /|/|||x=-|-|tls|0:");
}

static void test_port_in_use(struct world *w)
{
    struct http_server *second = NULL;
    char text[100];

    plain(w);
    snprintf(text, sizeof(text), "port %d is in use", http_server_port(w->server));
    assert_error_text(http_server_start(w->far, w->group,
                                        &(struct http_server_options){.port = http_server_port(w->server)}, &second),
                      ERROR_CONFLICT, text);
    assert_error_text(
        http_server_start(w->far, w->group, &(struct http_server_options){.address = "10.0.0.999"}, &second),
        ERROR_INVALID, "not an IP address");
}

static void handle_address(struct http_exchange *exchange, void *arg)
{
    http_reply_str(exchange, 200, NULL, http_local_address(exchange));
}

static void test_prefix(struct world *w)
{
    struct http_response *answer = NULL;
    char target[100];

    assert_ok(http_server_start(w->far, w->group,
                                &(struct http_server_options){.address = "127.77.0.0/16", .handle = handle_address},
                                &w->server));
    client(w, (struct http_client_options){0});
    for (int i = 1; i < 4; i++) {
        char address[20];
        snprintf(address, sizeof(address), "127.77.%d.%d", i, i * 20);
        snprintf(target, sizeof(target), "http://%s:%d/", address, http_server_port(w->server));
        assert_answer(w, target, 200, address);
    }
    snprintf(target, sizeof(target), "http://127.78.0.1:%d/", http_server_port(w->server));
    assert_error_text(get(w, target, &answer), ERROR_TRANSIENT, "connection");
}

/* -- sockets alone -- */
/* What a shell command printed. */
struct shell {
    const char *command;
    char out[4096];
    int status;
};

static void run_shell(void *arg)
{
    struct shell *shell = arg;
    FILE *pipe = popen(shell->command, "r");
    size_t len = pipe ? fread(shell->out, 1, sizeof(shell->out) - 1, pipe) : 0;

    shell->out[len] = '\0';
    shell->status = pipe ? pclose(pipe) : -1;
}

static void assert_shell(struct world *w, const char *command, const char *wanted)
{
    struct shell shell = {.command = command};

    rt_offload(w->rt, run_shell, &shell);
    if (shell.status || !strstr(shell.out, wanted))
        fail_msg("%s: status %d, output: %s", command, shell.status, shell.out);
}

/* curl, a client that is not ours (it is another process; the library is the same). */
static void test_outside_client(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    char command[1000];

    plain(w);
    snprintf(command, sizeof(command), "curl -sS -i --noproxy '*' -m 5 -u me:secret -H 'X-Test: 1' -d 'a=b' '%s' '%s'",
             url(w, "http", "/one?x=y"), url(w, "http", "/two"));
    assert_shell(w, command, "POST /one|/one|x=y|[x=y]|x=1|application/x-www-form-urlencoded|plain|me/secret|3:a=b");
    assert_shell(w, command, "POST /two");
    assert_shell(w, command, "HTTP/1.1 200 OK\r\n");
    snprintf(command, sizeof(command),
             "head -c 1000000 /dev/zero | curl -sS --noproxy '*' -m 5 -H 'Expect: 100-continue' -X PUT "
             "-H 'Transfer-Encoding: chunked' --data-binary @- '%s'",
             url(w, "http", "/chunked"));
    assert_shell(w, command, "|1000000:");
    make_chain(w, &chain);
    serve_tls(w, &chain.server, NULL);
    for (int v = 2; v <= 3; v++) {
        snprintf(command, sizeof(command), "curl -sSk --noproxy '*' -m 5 --tlsv1.%d --tls-max 1.%d '%s'", v, v,
                 url(w, "https", "/t"));
        assert_shell(w, command, "GET /t|/t|||x=-|-|tls|0:");
    }
}

/* Bytes by hand, through bash's own sockets. */
static void assert_raw(struct world *w, const char *request, const char *wanted)
{
    char command[2000];

    snprintf(command, sizeof(command),
             "timeout 5 bash -c \"exec 3<>/dev/tcp/127.0.0.1/%d; printf '%s' >&3; head -c 400 <&3\" || true",
             http_server_port(w->server), request);
    assert_shell(w, command, wanted);
}

static void test_raw_requests(struct world *w)
{
    plain(w);
    assert_raw(w, "GET /a HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n", "GET /a|");
    assert_raw(
        w, "GET /a HTTP/1.1\\r\\nHost: h\\r\\n\\r\\nGET /b HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n",
        "GET /b|");                            /* pipelined */
    assert_raw(w, "nonsense\\r\\n\\r\\n", ""); /* is hung up on */
    assert_int_equal(w->handled, 3);
    assert_raw(w, "POST /a HTTP/1.1\\r\\nHost: h\\r\\nExpect: 100-continue\\r\\nContent-Length: 9999999\\r\\n\\r\\n",
               "HTTP/1.1 413");
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 20000; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void test_connections_are_kept(struct world *w)
{
    int before = 0;

    plain(w);
    for (int i = 0; i < 50; i++) {
        assert_answer(w, url(w, "http", "/empty"), 204, "");
        if (i == 0)
            before = open_descriptors();
    }
    assert_int_equal(open_descriptors(), before);
}

static void many_call(void *arg)
{
    struct parallel *p = arg;
    struct http_client *own = NULL;
    struct http_stream *stream = NULL;
    struct error *err = http_client_new(p->w->near, NULL, &own);

    if (!err)
        err = http_stream_open(own, &(struct http_request){.url = url(p->w, "http", "/watch")}, &stream);
    p->w->bytes++;
    while (!err && p->w->hold)
        err = rt_cond_wait(p->w->rt, &p->w->changed, RT_FOREVER);
    p->failed += err != NULL;
    error_free(err);
    http_stream_close(stream);
    http_client_free(own);
    p->left--;
    rt_cond_broadcast(p->w->rt, &p->w->changed);
}

static void test_many_connections(struct world *w)
{
    struct parallel p = {.w = w, .left = 1000};

    plain(w);
    w->hold = true;
    for (int i = 0; i < p.left; i++)
        rt_spawn(w->rt, NULL, "call", many_call, &p);
    while (w->bytes < 1000)
        assert_ok(rt_sleep(w->rt, RT_MS));
    assert_ok(rt_sleep(w->rt, 50 * RT_MS));
    w->hold = false;
    rt_cond_broadcast(w->rt, &w->changed);
    while (p.left || w->ended < 1000)
        assert_ok(rt_cond_wait(w->rt, &w->changed, rt_after(w->rt, 20 * RT_S)));
    assert_int_equal(p.failed, 0);
    assert_int_equal(w->gone, 1000);
}

/* A peer that stops in the middle of a TLS handshake costs a descriptor, not the processor. */
static void test_silent_handshake(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    char command[500];
    struct timespec before, after;

    make_chain(w, &chain);
    serve_tls(w, &chain.server, NULL);
    snprintf(command, sizeof(command),
             "bash -c \"exec 3<>/dev/tcp/127.0.0.1/%d; printf '\\\\x16\\\\x03\\\\x01\\\\x02\\\\x34\\\\x01' >&3; sleep "
             "0.5; echo done\"",
             http_server_port(w->server));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_shell(w, command, "done");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t used = (after.tv_sec - before.tv_sec) * TIME_S + after.tv_nsec - before.tv_nsec;
    assert_in_range(used, 0, 150 * RT_MS);
}

static void test_ca_file(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    struct http_response *answer = NULL;
    char path[] = "/tmp/http_test.XXXXXX";
    int fd = mkstemp(path);

    make_chain(w, &chain);
    serve_tls(w, &chain.server, NULL);
    client(w, (struct http_client_options){.ca_file = path});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, path);
    assert_true(write(fd, chain.ca.cert_pem, strlen(chain.ca.cert_pem)) > 0);
    close(fd);
    assert_answer(w, url(w, "https", "/empty"), 204, "");
    unlink(path);
    assert_error_text(get(w, "https://127.0.0.1:1/", &answer), ERROR_TRANSIENT, "refused");
}

/* -- the table -- */
static void body(void *arg)
{
    struct world *w = arg;

    w->group = rt_group_new(w->rt, NULL, "server");
    if (w->tls)
        make_chain(w, &w->chain);
    w->test(w);
    release_chain(&w->chain);
    http_client_free(w->client);
    http_server_free(w->server);
    rt_group_stop(w->group);
    rt_group_free(w->group);
}

static void run(void (*test)(struct world *w), enum kind kind)
{
    struct world w = {.sim = kind == SIM, .tls = kind == SOCKETS_TLS, .test = test};

    if (w.sim) {
        w.rt = rt_new_sim(7, TEST_WALL);
        w.network = net_sim_new(w.rt, NULL);
        w.near = net_sim_host(w.network, "near", "10.0.0.1");
        w.far = net_sim_host(w.network, "far.example", "10.0.0.2");
        w.host = "far.example";
    } else {
        assert_ok(rt_new_real(0, &w.rt));
        w.near = w.far = net_new(w.rt);
        w.host = "127.0.0.1";
    }
    assert_ok(rt_run(w.rt, body, &w));
    net_free(w.near);
    if (w.sim) {
        net_free(w.far);
        net_sim_free(w.network);
    }
    rt_free(w.rt);
}

#define IN_SIM(name)                                                                                                   \
    static void name##_sim(void **state)                                                                               \
    {                                                                                                                  \
        run(name, SIM);                                                                                                \
    }
#define IN_SOCKETS(name)                                                                                               \
    static void name##_sockets(void **state)                                                                           \
    {                                                                                                                  \
        run(name, SOCKETS);                                                                                            \
    }
#define IN_TLS(name)                                                                                                   \
    static void name##_tls(void **state)                                                                               \
    {                                                                                                                  \
        run(name, SOCKETS_TLS);                                                                                        \
    }
#define ALL(X) EVERYWHERE(X) PLAIN(X)
#define EVERYWHERE(X)                                                                                                  \
    X(test_header_limits)                                                                                              \
    X(test_body_limit)                                                                                                 \
    X(test_response_limit)                                                                                             \
    X(test_deadline)                                                                                                   \
    X(test_cancel)                                                                                                     \
    X(test_server_killed)                                                                                              \
    X(test_abort)                                                                                                      \
    X(test_stream_down)                                                                                                \
    X(test_stream_abandoned)                                                                                           \
    X(test_slow_reader)                                                                                                \
    X(test_stream_up)                                                                                                  \
    X(test_upload_to_buffering_server)                                                                                 \
    X(test_upload_broken_off)                                                                                          \
    X(test_upload_answered_early)                                                                                      \
    X(test_watch)                                                                                                      \
    X(test_watch_ends_with_server)                                                                                     \
    X(test_parallel)
#define PLAIN(X)                                                                                                       \
    X(test_echo)                                                                                                       \
    X(test_methods)                                                                                                    \
    X(test_bad_requests)                                                                                               \
    X(test_refused)                                                                                                    \
    X(test_no_credentials_in_errors)                                                                                   \
    X(test_tls)                                                                                                        \
    X(test_tls_mismatch)                                                                                               \
    X(test_client_certificate)                                                                                         \
    X(test_port_in_use)                                                                                                \
    X(test_prefix)
#define JUST_SOCKETS(X)                                                                                                \
    X(test_outside_client)                                                                                             \
    X(test_raw_requests)                                                                                               \
    X(test_connections_are_kept)                                                                                       \
    X(test_many_connections)                                                                                           \
    X(test_silent_handshake)                                                                                           \
    X(test_ca_file)
ALL(IN_SIM)
ALL(IN_SOCKETS)
JUST_SOCKETS(IN_SOCKETS)
EVERYWHERE(IN_TLS)

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SIM_ROW(name) cmocka_unit_test(name##_sim),
#define SOCKETS_ROW(name) cmocka_unit_test(name##_sockets),
#define TLS_ROW(name) cmocka_unit_test(name##_tls),
        ALL(SIM_ROW) ALL(SOCKETS_ROW) JUST_SOCKETS(SOCKETS_ROW) EVERYWHERE(TLS_ROW)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
