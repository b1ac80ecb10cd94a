/* SPDX-License-Identifier: Apache-2.0 */
/* What only the simulated network can do: latency, partitions, refusals, loss, and the same run from the same seed. */
#include "lib/test.h"

#include "lib/data/str.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "lib/net/udp.h"

struct world {
    struct rt *rt;
    struct net_sim *network;
    struct net *near, *far;
    struct rt_group *group;
    struct http_server *server;
    struct http_client *client;
    int handled, left;
    struct strbuf trace;
    void (*test)(struct world *w);
};

static void handle(struct http_exchange *exchange, void *arg)
{
    struct world *w = arg;

    w->handled++;
    if (!str_equal(http_path(exchange), "/stream")) {
        http_reply_str(exchange, 200, NULL, http_peer_address(exchange));
        return;
    }
    struct error *err = http_reply_begin(exchange, 200, NULL, -1);
    for (int i = 0; i < 10 && !err; i++) {
        err = http_reply_write(exchange, "tick\n", 5);
        if (!err)
            err = rt_sleep(w->rt, RT_S);
    }
    error_free(err);
}

static struct error *get(struct world *w, const char *url, rt_time timeout)
{
    CLEANUP(http_response_free) struct http_response *answer = NULL;

    TRY(http_call(w->client, &(struct http_request){.url = url, .deadline = rt_after(w->rt, timeout)}, &answer));
    assert_int_equal(answer->status, 200);
    return NULL;
}

static void test_latency(struct world *w)
{
    rt_time start = rt_now(w->rt);

    assert_ok(get(w, "http://far:80/", RT_S));
    assert_in_range(rt_now(w->rt) - start, 2 * 50 * RT_US, 2 * 500 * RT_US);
    uint64_t slow =
        net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "near", .to = "10.0.0.2", .delay = RT_S});
    start = rt_now(w->rt);
    assert_ok(get(w, "http://far:80/", 10 * RT_S));
    assert_in_range(rt_now(w->rt) - start, 2 * RT_S, 2 * RT_S + RT_MS);
    net_sim_heal(w->network, slow);
    assert_ok(get(w, "http://far:80/", RT_MS));
}

static void test_partition(struct world *w)
{
    rt_time start = rt_now(w->rt);
    uint64_t id = net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "*", .to = "far", .partition = true});

    assert_error_text(get(w, "http://far:80/x", 60 * RT_S), ERROR_TIMEOUT, "GET http://far/x: no connection after 10s");
    assert_true(rt_now(w->rt) - start == 10 * RT_S);
    assert_error_text(get(w, "http://10.0.0.2:80/", 2 * RT_S), ERROR_TIMEOUT, "no connection after 2s");
    assert_int_equal(w->handled, 0);
    net_sim_heal(w->network, id);
    assert_ok(get(w, "http://far:80/", RT_S));
}

/* Bytes that are under way when the way breaks arrive when it is healed. */
static void test_partition_of_a_stream(struct world *w)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    char buf[100];
    size_t n;

    assert_ok(http_stream_open(w->client, &(struct http_request){.url = "http://far/stream"}, &stream));
    assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
    uint64_t id = net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "near", .to = "far", .partition = true});
    assert_error_text(http_stream_read(stream, buf, sizeof(buf), rt_after(w->rt, 5 * RT_S), &n), ERROR_TIMEOUT,
                      "no more data for 5s");
    net_sim_heal(w->network, id);
    size_t total = 5;
    do {
        assert_ok(http_stream_read(stream, buf, sizeof(buf), 0, &n));
        total += n;
    } while (n);
    assert_int_equal(total, 50);
}

static void test_refusal(struct world *w)
{
    uint64_t id = net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "near", .to = "far", .refuse = true});

    assert_error_text(get(w, "http://far/", RT_S), ERROR_TRANSIENT, "connection refused");
    net_sim_heal(w->network, id);
    assert_ok(get(w, "http://far/", RT_S));
    assert_error_text(get(w, "http://far:81/", RT_S), ERROR_TRANSIENT,
                      "connection refused: nothing listens on far port 81");
    /* localhost is the caller's own */
    assert_error_text(get(w, "http://localhost/", RT_S), ERROR_TRANSIENT, "connection refused");
}

static void test_loss(struct world *w)
{
    int failed = 0, answered;

    net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "near", .to = "*", .loss = 0.3});
    for (int i = 0; i < 1000; i++) {
        struct error *err = get(w, "http://far/", RT_S);
        if (!err)
            continue;
        assert_true(error_is(err, ERROR_TRANSIENT));
        assert_non_null(strstr(error_message(err), "GET http://far/: connection reset by peer"));
        error_free(err);
        failed++;
    }
    answered = 1000 - failed;
    assert_in_range(failed, 230, 370);
    /* Half of the broken exchanges broke after the server had done its work. */
    assert_in_range(w->handled - answered, failed / 2 - 50, failed / 2 + 50);
}

static void test_wild_addresses(struct world *w)
{
    struct http_server *wide = NULL, *second = NULL;

    assert_ok(http_server_start(
        w->far, w->group,
        &(struct http_server_options){.address = "127.1.0.0/16", .port = 443, .handle = handle, .arg = w}, &wide));
    assert_ok(get(w, "http://127.1.44.5:443/", RT_S));
    assert_ok(get(w, "http://far:443/", RT_S));
    assert_error_text(get(w, "http://127.2.0.1:443/", RT_S), ERROR_TRANSIENT, "refused");
    assert_error(http_server_start(
                     w->near, w->group,
                     &(struct http_server_options){.address = "127.1.0.0/16", .port = 443, .handle = handle, .arg = w},
                     &second),
                 ERROR_CONFLICT);
    uint64_t id = net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "*", .to = "127.1.44.5", .refuse = true});
    assert_error_text(get(w, "http://127.1.44.5:443/", RT_S), ERROR_TRANSIENT, "refused");
    assert_ok(get(w, "http://127.1.44.6:443/", RT_S));
    net_sim_heal(w->network, id);
    http_server_free(wide);
    assert_error_text(get(w, "http://127.1.44.5:443/", RT_S), ERROR_TRANSIENT, "refused");
}

static void test_datagram_loss(struct world *w)
{
    CLEANUP(udp_close) struct udp *a = NULL;
    CLEANUP(udp_close) struct udp *b = NULL;
    struct udp_peer to = {.address = "far", .port = 623}, from;
    char buf[10];
    size_t len;
    int received = 0;

    assert_ok(udp_open(w->near, w->group, "0.0.0.0", 0, &a));
    assert_ok(udp_open(w->far, w->group, "0.0.0.0", 623, &b));
    uint64_t id = net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "near", .to = "far", .loss = 0.5});
    for (int i = 0; i < 200; i++) {
        assert_ok(udp_send(a, NULL, &to, "x", 1));
        struct error *err = udp_receive(b, buf, sizeof(buf), rt_after(w->rt, 10 * RT_MS), &len, &from, NULL);
        received += !err;
        error_free(err);
    }
    assert_in_range(received, 60, 140);
    net_sim_heal(w->network, id);
    /* A partition stops the answer, too. */
    assert_ok(udp_send(a, NULL, &to, "x", 1));
    assert_ok(udp_receive(b, buf, sizeof(buf), rt_after(w->rt, RT_S), &len, &from, NULL));
    net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "near", .to = "far", .partition = true});
    assert_ok(udp_send(b, NULL, &from, "y", 1));
    assert_error(udp_receive(a, buf, sizeof(buf), rt_after(w->rt, RT_S), &len, NULL, NULL), ERROR_TIMEOUT);
    for (int i = 0; i < 2000; i++) /* more than a queue holds: no error, no growth */
        assert_ok(udp_send(a, NULL, &to, "z", 1));
}

struct caller {
    struct world *w;
    int number;
};

static void call_some(void *arg)
{
    struct caller *caller = arg;
    struct world *w = caller->w;

    for (int i = 0; i < 20; i++) {
        struct error *err = get(w, "http://far/", RT_S);
        strbuf_addf(&w->trace, "%d %lld %s\n", caller->number, (long long)rt_now(w->rt), err ? "lost" : "ok");
        error_free(err);
    }
    w->left--;
    free(caller);
}

static void test_trace(struct world *w)
{
    net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "near", .to = "*", .loss = 0.1});
    w->left = 20;
    for (int i = 0; i < w->left; i++) {
        struct caller *caller = mem_alloc(sizeof(*caller));
        *caller = (struct caller){.w = w, .number = i};
        rt_spawn(w->rt, NULL, "caller", call_some, caller);
    }
    while (w->left)
        assert_ok(rt_sleep(w->rt, RT_MS));
}

static void body(void *arg)
{
    struct world *w = arg;

    w->group = rt_group_new(w->rt, NULL, "server");
    assert_ok(http_server_start(w->far, w->group, &(struct http_server_options){.port = 80, .handle = handle, .arg = w},
                                &w->server));
    assert_ok(http_client_new(w->near, NULL, &w->client));
    w->test(w);
    http_client_free(w->client);
    http_server_free(w->server);
    rt_group_stop(w->group);
    rt_group_free(w->group);
}

static char *run(void (*test)(struct world *w), uint64_t seed)
{
    struct world w = {.test = test};

    w.rt = rt_new_sim(seed, TEST_WALL);
    w.network = net_sim_new(w.rt, NULL);
    w.near = net_sim_host(w.network, "near", "10.0.0.1");
    w.far = net_sim_host(w.network, "far", "10.0.0.2");
    assert_ok(rt_run(w.rt, body, &w));
    net_free(w.near);
    net_free(w.far);
    net_sim_free(w.network);
    rt_free(w.rt);
    return strbuf_take(&w.trace);
}

static void test_same_seed_same_run(void **state)
{
    CLEANUP_FREE char *a = run(test_trace, 5), *b = run(test_trace, 5), *c = run(test_trace, 6);

    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_non_null(strstr(a, "lost"));
}

#define TEST(name)                                                                                                     \
    static void name##_sim(void **state)                                                                               \
    {                                                                                                                  \
        free(run(name, 11));                                                                                           \
    }
#define TESTS(X)                                                                                                       \
    X(test_latency)                                                                                                    \
    X(test_partition)                                                                                                  \
    X(test_partition_of_a_stream)                                                                                      \
    X(test_refusal)                                                                                                    \
    X(test_loss)                                                                                                       \
    X(test_wild_addresses)                                                                                             \
    X(test_datagram_loss)
TESTS(TEST)

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ROW(name) cmocka_unit_test(name##_sim),
        TESTS(ROW) cmocka_unit_test(test_same_seed_same_run)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
