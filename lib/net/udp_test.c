/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams over sockets and over the simulated network. */
#include "lib/test.h"

#include "lib/net/udp.h"

struct world {
    bool sim;
    struct rt *rt;
    struct rt_group *group;
    struct net_sim *network;
    struct net *near, *far;
    void (*test)(struct world *w);
};

static void receive(struct world *w, struct udp *udp, const char *wanted, struct udp_peer *from, struct udp_peer *local)
{
    char buf[100];
    size_t len;

    assert_ok(udp_receive(udp, buf, sizeof(buf), rt_after(w->rt, 5 * RT_S), &len, from, local));
    assert_int_equal(len, strlen(wanted));
    assert_memory_equal(buf, wanted, len);
}

static struct udp_peer at(const char *address, int port)
{
    struct udp_peer peer = {.port = port};

    snprintf(peer.address, sizeof(peer.address), "%s", address);
    return peer;
}

/* One socket is many BMCs: it learns which was asked, and answers as that one. */
static void test_prefix(struct world *w)
{
    CLEANUP(udp_close) struct udp *bmcs = NULL;
    CLEANUP(udp_close) struct udp *asker = NULL;
    struct udp_peer from, local;

    assert_ok(udp_open(w->far, w->group, "127.9.0.0/16", 0, &bmcs));
    assert_ok(udp_open(w->near, w->group, w->sim ? "0.0.0.0" : "127.0.0.1", 0, &asker));
    assert_true(udp_port(bmcs) > 0);
    for (int i = 1; i < 4; i++) {
        char address[UDP_ADDRESS_SIZE];
        snprintf(address, sizeof(address), "127.9.%d.5", i);
        struct udp_peer to = at(address, udp_port(bmcs));
        assert_ok(udp_send(asker, NULL, &to, address, strlen(address)));
        receive(w, bmcs, address, &from, &local);
        assert_string_equal(local.address, address);
        assert_int_equal(local.port, udp_port(bmcs));
        assert_int_equal(from.port, udp_port(asker));
        assert_string_equal(from.address, w->sim ? "10.0.0.1" : "127.0.0.1");
        assert_ok(udp_send(bmcs, &local, &from, "pong", 4));
        receive(w, asker, "pong", &from, &local);
        assert_string_equal(from.address, address);
    }
}

static void test_outside_the_prefix(struct world *w)
{
    CLEANUP(udp_close) struct udp *bmcs = NULL;
    CLEANUP(udp_close) struct udp *asker = NULL;
    char buf[10];
    size_t len;

    assert_ok(udp_open(w->far, w->group, "127.9.0.0/16", 0, &bmcs));
    assert_ok(udp_open(w->near, w->group, "127.0.0.1", 0, &asker));
    struct udp_peer to = at("127.10.0.5", udp_port(bmcs)), inside = at("127.9.255.254", udp_port(bmcs));
    assert_ok(udp_send(asker, NULL, &to, "no", 2));
    assert_error(udp_receive(bmcs, buf, sizeof(buf), rt_after(w->rt, 20 * RT_MS), &len, NULL, NULL), ERROR_TIMEOUT);
    assert_ok(udp_send(asker, NULL, &inside, "yes, but long", 13));
    assert_ok(udp_receive(bmcs, buf, 3, rt_after(w->rt, RT_S), &len, NULL, NULL));
    assert_int_equal(len, 3);
    assert_memory_equal(buf, "yes", 3);
}

static void test_errors(struct world *w)
{
    CLEANUP(udp_close) struct udp *first = NULL;
    struct udp *second = NULL;
    char text[60], *big = mem_alloc(70000);

    assert_ok(udp_open(w->far, w->group, NULL, 0, &first));
    snprintf(text, sizeof(text), "port %d is in use", udp_port(first));
    assert_error_text(udp_open(w->far, w->group, NULL, udp_port(first), &second), ERROR_CONFLICT, text);
    assert_error_text(udp_open(w->far, w->group, "10.0.0.0/40", 0, &second), ERROR_INVALID, "from 0 to 32");
    struct udp_peer to = at("127.0.0.1", 9);
    assert_error(udp_send(first, NULL, &to, big, 70000), ERROR_INVALID);
    assert_ok(udp_send(first, NULL, &to, "lost", 4)); /* nobody there: not an error */
    assert_ok(udp_send(first, NULL, &to, "lost", 4));
    free(big);
}

static void wait_for_ever(void *arg)
{
    struct world *w = arg;
    CLEANUP(udp_close) struct udp *udp = NULL;
    char buf[10];
    size_t len;

    assert_ok(udp_open(w->far, rt_current_group(w->rt), NULL, 0, &udp));
    assert_error(udp_receive(udp, buf, sizeof(buf), RT_FOREVER, &len, NULL, NULL), ERROR_CANCELLED);
    assert_error(udp_receive(udp, buf, sizeof(buf), RT_FOREVER, &len, NULL, NULL), ERROR_CANCELLED);
}

static void test_cancel(struct world *w)
{
    rt_spawn(w->rt, w->group, "receiver", wait_for_ever, w);
    assert_ok(rt_sleep(w->rt, 5 * RT_MS));
    rt_group_cancel(w->group);
    assert_ok(rt_group_wait(w->group, rt_after(w->rt, 5 * RT_S)));
}

static void body(void *arg)
{
    struct world *w = arg;

    w->group = rt_group_new(w->rt, NULL, "test");
    w->test(w);
    rt_group_stop(w->group);
    rt_group_free(w->group);
}

static void run(void (*test)(struct world *w), bool sim)
{
    struct world w = {.sim = sim, .test = test};

    if (sim) {
        w.rt = rt_new_sim(3, TEST_WALL);
        w.network = net_sim_new(w.rt, NULL);
        w.near = net_sim_host(w.network, "near", "10.0.0.1");
        w.far = net_sim_host(w.network, "far", "10.0.0.2");
    } else {
        assert_ok(rt_new_real(0, &w.rt));
        w.near = w.far = net_new(w.rt);
    }
    assert_ok(rt_run(w.rt, body, &w));
    net_free(w.near);
    if (sim)
        net_free(w.far);
    net_sim_free(w.network);
    rt_free(w.rt);
}

#define TEST(name)                                                                                                     \
    static void name##_sim(void **state)                                                                               \
    {                                                                                                                  \
        run(name, true);                                                                                               \
    }                                                                                                                  \
    static void name##_sockets(void **state)                                                                           \
    {                                                                                                                  \
        run(name, false);                                                                                              \
    }
#define TESTS(X) X(test_prefix) X(test_outside_the_prefix) X(test_errors) X(test_cancel)
TESTS(TEST)

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ROW(name) cmocka_unit_test(name##_sim), cmocka_unit_test(name##_sockets),
        TESTS(ROW)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
