/* SPDX-License-Identifier: Apache-2.0 */
/* Leader election among two candidates on two hosts, against a small server that keeps one Lease as a real one does. */
#include "lib/data/time.h"
#include "operator/kube/lease.h"
#include "operator/kube/test_peer.h"

static void serve_lease(struct world *world, struct http_exchange *exchange)
{
    peer_serve_lease(world->arg, exchange);
}

/* A candidate with a host, a client and a group of its own. */
struct candidate {
    struct world *world;
    struct env env;
    struct net *net;
    struct kube_client *client;
    struct lease *lease;
    rt_time led_at, lost_at; /* 0: not yet */
    char *loss;
};

static void campaign(void *arg)
{
    struct candidate *candidate = arg;
    struct error *err = lease_acquire(candidate->lease);
    if (!err) {
        candidate->led_at = rt_now(candidate->env.rt);
        err = lease_hold(candidate->lease);
        candidate->lost_at = rt_now(candidate->env.rt);
    }
    candidate->loss = mem_strdup(error_message(err));
    error_free(err);
}

static void candidate_start(struct world *world, struct candidate *candidate, const char *name, const char *address)
{
    *candidate = (struct candidate){.world = world, .env = world->env};
    candidate->net = net_sim_host(world->sim, name, address);
    candidate->env.net = candidate->net;
    candidate->env.group = rt_group_new(world->rt, NULL, name);
    struct kube_client_options client_options = {.kubeconfig = PEER_KUBECONFIG, .timeout = 4 * RT_S};
    assert_null(kube_client_new(&candidate->env, &client_options, &candidate->client));
    struct lease_options options = {
        .client = candidate->client, .namespace = "metal3", .name = "lock", .identity = name};
    assert_null(lease_new(&candidate->env, &options, &candidate->lease));
    rt_spawn(world->rt, candidate->env.group, name, campaign, candidate);
}

static void candidate_end(struct candidate *candidate)
{
    rt_group_stop(candidate->env.group);
    lease_free(candidate->lease);
    kube_client_free(candidate->client);
    rt_group_free(candidate->env.group);
    net_free(candidate->net);
    free(candidate->loss);
}

static const char *server_holder(struct world *world)
{
    return json_str_or(((struct peer_lease *)world->arg)->lease, "spec/holderIdentity", "(none)");
}

static void first_comes_first(struct world *world)
{
    struct candidate a, b;
    candidate_start(world, &a, "a", "10.0.1.1");
    world_sleep(world, RT_S);
    candidate_start(world, &b, "b", "10.0.1.2");
    world_sleep(world, 300 * RT_S);
    assert_true(a.led_at > 0 && lease_is_held(a.lease) && !a.lost_at);
    assert_true(b.led_at == 0 && !lease_is_held(b.lease));
    assert_string_equal(server_holder(world), "a");
    const struct json *lease = ((struct peer_lease *)world->arg)->lease;
    assert_int_equal(json_int(lease, "spec/leaseDurationSeconds", 0), 15);
    assert_int_equal(json_int(lease, "spec/leaseTransitions", -1), 0);
    assert_int_equal(strlen(json_str(lease, "spec/renewTime")), strlen("2026-01-01T00:00:00.123456Z"));
    int64_t renewed;
    assert_null(time_parse(json_str(lease, "spec/renewTime"), &renewed));
    assert_true(rt_wall(world->rt) - renewed < 3 * RT_S);
    candidate_end(&a);
    candidate_end(&b);
}

static void killed_leader_is_replaced_after_the_lease(struct world *world)
{
    struct candidate a, b;
    candidate_start(world, &a, "a", "10.0.1.1");
    world_sleep(world, RT_S);
    candidate_start(world, &b, "b", "10.0.1.2");
    world_sleep(world, 60 * RT_S);
    rt_group_cancel(a.env.group);
    rt_time killed = rt_now(world->rt);
    world_sleep(world, 60 * RT_S);
    /* 15 s after the last renewal that b saw, and up to one retry more. */
    assert_in_range(b.led_at - killed, 12 * RT_S, 21 * RT_S);
    assert_string_equal(server_holder(world), "b");
    assert_int_equal(json_int(((struct peer_lease *)world->arg)->lease, "spec/leaseTransitions", 0), 1);
    candidate_end(&a);
    candidate_end(&b);
}

static void release_hands_over_at_once(struct world *world)
{
    struct candidate a, b;
    candidate_start(world, &a, "a", "10.0.1.1");
    world_sleep(world, RT_S);
    candidate_start(world, &b, "b", "10.0.1.2");
    world_sleep(world, 60 * RT_S);
    rt_group_cancel(a.env.group);
    world_sleep(world, 10 * RT_MS);
    assert_null(lease_release(a.lease));
    assert_false(lease_is_held(a.lease));
    assert_string_equal(server_holder(world), "");
    rt_time released = rt_now(world->rt);
    world_sleep(world, 10 * RT_S);
    assert_in_range(b.led_at - released, 1, 5 * RT_S);
    candidate_end(&a);
    candidate_end(&b);
}

/* Cut off from the server, the leader must step down before anyone else may lead. */
static void partitioned_leader_steps_down_first(struct world *world)
{
    struct candidate a, b;
    candidate_start(world, &a, "a", "10.0.1.1");
    world_sleep(world, RT_S);
    candidate_start(world, &b, "b", "10.0.1.2");
    world_sleep(world, 60 * RT_S);
    net_sim_add_rule(world->sim, &(struct net_sim_rule){.from = "a", .to = "*", .partition = true});
    rt_time cut = rt_now(world->rt);
    world_sleep(world, 60 * RT_S);
    assert_in_range(a.lost_at - cut, 8 * RT_S, 15 * RT_S);
    assert_true(b.led_at > a.lost_at);
    assert_non_null(strstr(a.loss, "leadership of metal3/lock is lost"));
    candidate_end(&a);
    candidate_end(&b);
}

static void short_outage_is_survived(struct world *world)
{
    struct candidate a;
    candidate_start(world, &a, "a", "10.0.1.1");
    world_sleep(world, 60 * RT_S);
    uint64_t rule = net_sim_add_rule(world->sim, &(struct net_sim_rule){.from = "a", .to = "*", .refuse = true});
    world_sleep(world, 7 * RT_S);
    net_sim_heal(world->sim, rule);
    world_sleep(world, 60 * RT_S);
    assert_true(lease_is_held(a.lease) && !a.lost_at);
    candidate_end(&a);
}

/* Somebody else wrote himself in: no fight. */
static void stolen_lease_is_lost_at_once(struct world *world)
{
    struct peer_lease *store = world->arg;
    struct candidate a;
    candidate_start(world, &a, "a", "10.0.1.1");
    world_sleep(world, 60 * RT_S);
    json_set_str(store->lease, "spec/holderIdentity", "thief");
    json_set_printf(store->lease, "metadata/resourceVersion", "%d", (int)++store->version);
    rt_time stolen = rt_now(world->rt);
    world_sleep(world, 10 * RT_S);
    assert_in_range(a.lost_at - stolen, 1, 3 * RT_S);
    assert_string_equal(server_holder(world), "thief");
    candidate_end(&a);
}

static void deleted_lease_is_made_again(struct world *world)
{
    struct peer_lease *store = world->arg;
    struct candidate a;
    candidate_start(world, &a, "a", "10.0.1.1");
    world_sleep(world, 60 * RT_S);
    json_free(TAKE_PTR(store->lease));
    world_sleep(world, 10 * RT_S);
    assert_string_equal(server_holder(world), "a");
    assert_false(a.lost_at);
    candidate_end(&a);
}

static void durations_must_fit(struct world *world)
{
    struct lease *lease = NULL;
    struct lease_options options = {
        .client = world->client, .namespace = "n", .name = "l", .lease_duration = 10 * RT_S};
    struct error *err = lease_new(&world->env, &options, &lease);
    assert_true(error_is(err, ERROR_INVALID));
    error_free(err);
    options.lease_duration = 0;
    options.retry_period = 9 * RT_S;
    err = lease_new(&world->env, &options, &lease);
    assert_true(error_is(err, ERROR_INVALID));
    error_free(err);
    assert_null(lease);
}

#define LEASE_TEST(name)                                                                                               \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        struct peer_lease store = {0};                                                                                 \
        struct world world = {.handle = serve_lease, .arg = &store};                                                   \
        world_run(&world, name);                                                                                       \
        json_free(store.lease);                                                                                        \
    }

LEASE_TEST(first_comes_first)
LEASE_TEST(killed_leader_is_replaced_after_the_lease)
LEASE_TEST(release_hands_over_at_once)
LEASE_TEST(partitioned_leader_steps_down_first)
LEASE_TEST(short_outage_is_survived)
LEASE_TEST(stolen_lease_is_lost_at_once)
LEASE_TEST(deleted_lease_is_made_again)
LEASE_TEST(durations_must_fit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_comes_first),
        cmocka_unit_test(test_killed_leader_is_replaced_after_the_lease),
        cmocka_unit_test(test_release_hands_over_at_once),
        cmocka_unit_test(test_partitioned_leader_steps_down_first),
        cmocka_unit_test(test_short_outage_is_survived),
        cmocka_unit_test(test_stolen_lease_is_lost_at_once),
        cmocka_unit_test(test_deleted_lease_is_made_again),
        cmocka_unit_test(test_durations_must_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
