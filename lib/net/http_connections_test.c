/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP connections: many at once, kept ones, addresses and ports, clients that are not ours. */
#include "lib/net/http_test_world.h"

#include <fcntl.h>

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

#define EVERYWHERE(X) X(test_parallel)
#define PLAIN(X)                                                                                                       \
    X(test_port_in_use)                                                                                                \
    X(test_prefix)
#define JUST_SOCKETS(X)                                                                                                \
    X(test_outside_client)                                                                                             \
    X(test_raw_requests)                                                                                               \
    X(test_connections_are_kept)                                                                                       \
    X(test_many_connections)
EVERYWHERE(IN_SIM)
EVERYWHERE(IN_SOCKETS)
EVERYWHERE(IN_TLS)
PLAIN(IN_SIM)
PLAIN(IN_SOCKETS)
JUST_SOCKETS(IN_SOCKETS)

int main(void)
{
    const struct CMUnitTest tests[] = {EVERYWHERE(SIM_ROW) EVERYWHERE(SOCKETS_ROW) EVERYWHERE(TLS_ROW) PLAIN(SIM_ROW)
                                           PLAIN(SOCKETS_ROW) JUST_SOCKETS(SOCKETS_ROW)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
