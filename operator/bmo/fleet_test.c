/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host controller with the Ironic backend over a fleet, against a small Ironic on virtual time: how long it takes,
 * and what it costs.
 */
#include "operator/bmo/test_world.h"
#include "operator/ironic/fake_ironic.h"
#include "operator/ironic/ironic_provisioner.h"

#define FLEET 50

struct fleet {
    struct fake_ironic ironic;
    struct ironic_options options;
    struct ironic_backend *backend;
    struct net *net;
    int written, kill_at, api_fail_at, api_seen;
};

static void start_ironic(struct world *world)
{
    struct fleet *fleet = world->arg;
    fleet->net = net_sim_host(world->sim, "ironic", "10.0.0.3");
    fleet->ironic.inventory =
        "{\"inventory\":{\"hostname\":\"h\",\"cpu\":{\"architecture\":\"x86_64\"},\"interfaces\":[]}}";
    fake_ironic_start(&fleet->ironic, world->rt, fleet->net);
    fleet->options = (struct ironic_options){
        .endpoint = (char *)"http://ironic:6385/v1/",
        .deploy_kernel_url = (char *)"http://images/kernel",
        .deploy_ramdisk_url = (char *)"http://images/initrd",
        .cache_ttl = 5 * RT_S,
        .timeout = 30 * RT_S,
        .provisioning_limit = 20,
    };
}

static struct provisioner_factory *set_up(struct world *world)
{
    struct fleet *fleet = world->arg;
    if (!fleet->net)
        start_ironic(world);
    assert_ok(ironic_backend_new(&world->env, &fleet->options, &fleet->backend));
    return ironic_backend_factory(fleet->backend);
}

static void set_down(struct world *world)
{
    struct fleet *fleet = world->arg;
    ironic_backend_free(fleet->backend);
}

static void tear_down(struct world *world)
{
    struct fleet *fleet = world->arg;
    fake_ironic_stop(&fleet->ironic);
    net_free(fleet->net);
}

static void add_host_number(struct world *world, int i)
{
    CLEANUP_FREE char *secret = mem_printf(SECRETS "/node-%d-bmc", i);
    CLEANUP_FREE char *host = mem_printf(HOSTS "/node-%d", i);
    CLEANUP_FREE char *text = mem_printf(
        "{\"spec\":{\"online\":true,\"bmc\":{\"address\":\"redfish-virtualmedia+http://192.0.2.%d/redfish/v1/"
        "Systems/1\",\"credentialsName\":\"node-%d-bmc\"},\"image\":{\"url\":\"http://images/a.raw\","
        "\"checksum\":\"abc\"}}}",
        i, i);
    add_object(world, secret, CREDENTIALS);
    add_object(world, host, text);
}

static void add_fleet(struct world *world)
{
    for (int i = 0; i < FLEET; i++)
        add_host_number(world, i);
}

static int hosts_in(struct world *world, const char *state)
{
    int count = 0;
    for (int i = 0; i < FLEET; i++) {
        CLEANUP_FREE char *host = mem_printf(HOSTS "/node-%d", i);
        const struct json *object = map_get(world->api.objects, host);
        count += str_equal(json_str_or(object, "status/provisioning/state", ""), state) &&
                 (!str_equal(state, "provisioned") || json_bool(object, "status/poweredOn", false));
    }
    return count;
}

static size_t lines(const struct strbuf *text, const char *begin)
{
    size_t count = 0;
    for (const char *at = strbuf_str(text); (at = strstr(at, begin)); at++)
        count++;
    return count;
}

/*
 * The backend's own time is 8 s: verifying 1, inspecting 2, cleaning 2, deploying 3. What comes on top is ours, and so
 * are calls and writes.
 */
static void provisions_a_fleet(struct world *world)
{
    struct fleet *fleet = world->arg;
    rt_time began = rt_now(world->rt);
    add_fleet(world);
    while (hosts_in(world, "provisioned") < FLEET) {
        pass_time(world, 100 * RT_MS);
        assert_true(rt_now(world->rt) - began < 15 * RT_S);
    }
    size_t calls = lines(&fleet->ironic.calls, "\n");
    size_t passes = (size_t)lines(&fleet->ironic.calls, "GET /v1/nodes/");
    if (getenv("TEST_LOG"))
        fprintf(stderr, "%.1f s, per host: %.1f calls (%.1f reads), %.1f writes; %zu lists\n",
                (double)(rt_now(world->rt) - began) / RT_S, (double)calls / FLEET, (double)passes / FLEET,
                (double)world->api.writes / FLEET, lines(&fleet->ironic.calls, "GET /v1/nodes\n"));
    assert_true(calls < 60 * FLEET);
    assert_true(world->api.writes < 16 * FLEET);
    assert_int_equal(lines(&fleet->ironic.writes, "\"target\":\"active\""), FLEET);

    for (int i = 0; i < FLEET; i++) {
        CLEANUP_FREE char *host = mem_printf(HOSTS "/node-%d", i);
        api_delete(&world->api, host);
    }
    for (int i = 0; i < 600 && map_len(fleet->ironic.nodes); i++)
        pass_time(world, 100 * RT_MS);
    assert_int_equal(map_len(fleet->ironic.nodes), 0);
    assert_int_equal(lines(&fleet->ironic.writes, "\"target\":\"deleted\""), FLEET);
}

/*
 * Ironic goes away in the middle of everything, and loses its nodes: hosts come back by themselves, and keep what is on
 * their disks.
 */
static void survives_a_lost_database(struct world *world)
{
    struct fleet *fleet = world->arg;
    add_fleet(world);
    while (hosts_in(world, "provisioned") < FLEET)
        pass_time(world, RT_S);
    map_clear(fleet->ironic.nodes);
    strbuf_clear(&fleet->ironic.writes);
    pass_time(world, 120 * RT_S);
    assert_int_equal(map_len(fleet->ironic.nodes), FLEET);
    assert_int_equal(hosts_in(world, "provisioned"), FLEET);
    assert_int_equal(lines(&fleet->ironic.writes, "\"target\":\"adopt\""), FLEET);
    assert_int_equal(lines(&fleet->ironic.writes, "\"target\":\"active\""), 0);
}

/* -- the operator is killed after its Nth write to anybody, and started again on what was written -- */

static void count_write(void *arg)
{
    struct world *world = arg;
    struct fleet *fleet = world->arg;
    if (++fleet->written == fleet->kill_at)
        rt_group_cancel(world->env.group);
}

/* Lets time pass until `done`, starting the operator again when it was killed. */
static void live_until(struct world *world, bool (*done)(struct world *world))
{
    rt_time began = rt_now(world->rt);
    while (!done(world)) {
        pass_time(world, 100 * RT_MS);
        assert_true(rt_now(world->rt) - began < 600 * RT_S);
        if (rt_group_cancelled(world->env.group)) {
            world_stop_operator(world);
            world_start_operator(world);
        }
    }
}

static bool is_up(struct world *world)
{
    return hosts_in(world, "provisioned") == 1;
}

static bool is_gone(struct world *world)
{
    return !host_now(world);
}

static void lives_and_dies(struct world *world)
{
    struct fleet *fleet = world->arg;
    world->api.fail_at = fleet->api_fail_at;
    world->api.on_write = fleet->ironic.on_write = count_write;
    world->api.on_write_arg = fleet->ironic.on_write_arg = world;
    add_host_number(world, 0);
    live_until(world, is_up);
    api_delete(&world->api, HOST);
    live_until(world, is_gone);
    assert_int_equal(map_len(fleet->ironic.nodes), 0);
    assert_int_equal(lines(&fleet->ironic.writes, "\"target\":\"active\""), 1);
    assert_int_equal(lines(&fleet->ironic.writes, "\"target\":\"deleted\""), 1);
    assert_int_equal(lines(&fleet->ironic.writes, "\"target\":\"inspect\""), 1);
    assert_false(kube_has_finalizer(map_get(world->api.objects, SECRET), SECRET_FINALIZER));
    fleet->api_seen = world->api.seen;
}

static void run_life(struct fleet *fleet)
{
    world_run_with((struct world){
        .body = lives_and_dies, .set_up = set_up, .set_down = set_down, .tear_down = tear_down, .arg = fleet});
}

static void test_survives_a_kill_at_every_write(void **state)
{
    int written = 1;
    for (int kill_at = 1; kill_at <= written; kill_at++) {
        struct fleet fleet = {.kill_at = kill_at};
        run_life(&fleet);
        written = fleet.written;
    }
    assert_in_range(written, 20, 60);
}

static void test_survives_a_failure_of_every_call(void **state)
{
    int seen = 1;
    for (int fail_at = 1; fail_at <= seen; fail_at++) {
        struct fleet fleet = {.ironic.fail_at = fail_at};
        run_life(&fleet);
        seen = fleet.ironic.seen;
    }
    assert_in_range(seen, 30, 300);
    seen = 1;
    for (int fail_at = 1; fail_at <= seen; fail_at++) {
        struct fleet fleet = {.api_fail_at = fail_at};
        run_life(&fleet);
        seen = fleet.api_seen;
    }
    assert_in_range(seen, 20, 100);
}

static void run(void (*body)(struct world *world))
{
    struct fleet fleet = {0};
    world_run_with(
        (struct world){.body = body, .set_up = set_up, .set_down = set_down, .tear_down = tear_down, .arg = &fleet});
}

static void test_provisions_a_fleet(void **state)
{
    run(provisions_a_fleet);
}

static void test_survives_a_lost_database(void **state)
{
    run(survives_a_lost_database);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_provisions_a_fleet),
        cmocka_unit_test(test_survives_a_lost_database),
        cmocka_unit_test(test_survives_a_kill_at_every_write),
        cmocka_unit_test(test_survives_a_failure_of_every_call),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_release(&seen_moves);
    return failed;
}
