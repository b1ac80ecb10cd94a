/* SPDX-License-Identifier: Apache-2.0 */
/* The node watch: who is woken when, what it costs, and how hosts go on without it. */
#include "operator/ironic/test_world.h"

/* Many hosts that wait cost a list now and then, and each is woken soon after its node came to rest. */
static void wakes_hosts_that_wait(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    world->ironic.step = 7 * RT_S;
    start(world);
    register_fully(world);
    set_state(world, "available");
    struct provision_data data = image_data(world, NULL);
    data.custom_deploy = "x";
    rt_time began = rt_now(world->rt);
    PASS(world, &result, provision(provisioner, &data, &result));
    assert_true(result.dirty);
    strbuf_clear(&world->woken);
    strbuf_clear(&world->ironic.calls);
    assert_ok(rt_sleep(world->rt, 60 * RT_S));
    assert_string_equal(strbuf_str(&world->woken), "metal3/node-0 ");
    rt_time late = world->woken_at - began - 3 * world->ironic.step;
    assert_true(late > 0 && late < 6 * RT_S);
    assert_in_range(count_calls(world, "GET /v1/nodes\n"), 3, 20);
    size_t calls = world->ironic.calls.len;
    assert_ok(rt_sleep(world->rt, 600 * RT_S));
    assert_int_equal(world->ironic.calls.len, calls); /* nobody waits, nobody asks */
}

static void looks_alone_when_the_watch_fails(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    world->ironic.step = 4 * RT_S;
    world->ironic.refuse_lists = 1000000;
    start(world);
    rt_time began = rt_now(world->rt);
    int passes = 0;
    while (result.dirty) {
        char *id = NULL;
        PASS(world, &result, register_host(provisioner, &plain_register, &result, &id));
        free(id);
        assert_ok(rt_sleep(world->rt, result.requeue_after));
        passes++;
    }
    assert_true(rt_now(world->rt) - began < 8 * RT_S);
    assert_in_range(passes, 3, 20);
}

WORLD_TEST(wakes_hosts_that_wait)
WORLD_TEST(looks_alone_when_the_watch_fails)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wakes_hosts_that_wait),
        cmocka_unit_test(test_looks_alone_when_the_watch_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
