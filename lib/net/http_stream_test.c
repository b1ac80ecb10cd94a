/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP bodies that flow: downloads, uploads, watches, and how much waits in between. */
#include "lib/net/http_test_world.h"

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

#define EVERYWHERE(X)                                                                                                  \
    X(test_stream_down)                                                                                                \
    X(test_stream_abandoned)                                                                                           \
    X(test_stream_up)                                                                                                  \
    X(test_upload_to_buffering_server)                                                                                 \
    X(test_upload_broken_off)                                                                                          \
    X(test_watch)                                                                                                      \
    X(test_slow_reader)                                                                                                \
    X(test_upload_answered_early)                                                                                      \
    X(test_watch_ends_with_server)
EVERYWHERE(IN_SIM)
EVERYWHERE(IN_SOCKETS)
EVERYWHERE(IN_TLS)

int main(void)
{
    const struct CMUnitTest tests[] = {EVERYWHERE(SIM_ROW) EVERYWHERE(SOCKETS_ROW) EVERYWHERE(TLS_ROW)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
