/* SPDX-License-Identifier: Apache-2.0 */
/* The work queue's promises, on virtual time. */
#include "operator/kube/queue.h"
#include "operator/kube/test_peer.h"

static struct queue *make_queue(struct world *world)
{
    return queue_new(&world->env, &(struct queue_options){.name = "test"});
}

/* Takes the next key and checks its name. */
static void expect(struct queue *queue, const char *name, struct queue_key *ret)
{
    *ret = (struct queue_key){0};
    assert_null(queue_get(queue, ret));
    assert_string_equal(ret->name, name);
}

static void finish(struct queue *queue, struct queue_key *key)
{
    queue_done(queue, key);
    queue_key_release(key);
}

static void one_key_waits_once(struct world *world)
{
    CLEANUP(queue_free) struct queue *queue = make_queue(world);
    struct queue_key key;
    queue_add(queue, "ns", "a");
    queue_add(queue, "ns", "b");
    queue_add(queue, "ns", "a");
    queue_add(queue, "other", "a");
    assert_int_equal(queue_len(queue), 3);
    expect(queue, "a", &key);
    assert_string_equal(key.namespace, "ns");
    finish(queue, &key);
    expect(queue, "b", &key);
    finish(queue, &key);
    expect(queue, "a", &key);
    assert_string_equal(key.namespace, "other");
    finish(queue, &key);
    assert_int_equal(queue_len(queue), 0);
}

static void key_in_work_waits_for_its_worker(struct world *world)
{
    CLEANUP(queue_free) struct queue *queue = make_queue(world);
    struct queue_key a, again;
    queue_add(queue, "", "a");
    expect(queue, "a", &a);
    queue_add(queue, "", "a");
    queue_add(queue, "", "a");
    assert_int_equal(queue_len(queue), 0);
    finish(queue, &a);
    assert_int_equal(queue_len(queue), 1);
    expect(queue, "a", &again);
    finish(queue, &again);
    assert_int_equal(queue_len(queue), 0);
}

static void delayed_keys_come_in_time_and_order(struct world *world)
{
    CLEANUP(queue_free) struct queue *queue = make_queue(world);
    struct queue_key key;
    rt_time start = rt_now(world->rt);
    for (int i = 9; i >= 1; i--) {
        CLEANUP_FREE char *name = mem_printf("k%d", i);
        queue_add_after(queue, "", name, i * RT_S);
    }
    queue_add_after(queue, "", "k9", 500 * RT_MS); /* sooner wins */
    queue_add_after(queue, "", "k1", 60 * RT_S);   /* later does not */
    expect(queue, "k9", &key);
    assert_int_equal(rt_now(world->rt) - start, 500 * RT_MS);
    finish(queue, &key);
    for (int i = 1; i <= 8; i++) {
        CLEANUP_FREE char *name = mem_printf("k%d", i);
        expect(queue, name, &key);
        assert_int_equal(rt_now(world->rt) - start, i * RT_S);
        finish(queue, &key);
    }
}

static void dropped_delays_do_not_come(struct world *world)
{
    CLEANUP(queue_free) struct queue *queue = make_queue(world);
    struct queue_key key;
    for (int i = 1; i <= 9; i++) {
        CLEANUP_FREE char *name = mem_printf("k%d", i);
        queue_add_after(queue, "", name, i * RT_S);
    }
    for (int i = 2; i <= 8; i += 2) {
        CLEANUP_FREE char *name = mem_printf("k%d", i);
        queue_drop_delay(queue, "", name);
    }
    queue_drop_delay(queue, "", "k2"); /* again, and one that never was */
    queue_drop_delay(queue, "", "nobody");
    for (int i = 1; i <= 9; i += 2) {
        CLEANUP_FREE char *name = mem_printf("k%d", i);
        expect(queue, name, &key);
        finish(queue, &key);
    }
    assert_int_equal(queue_len(queue), 0);
}

static void backoff_doubles_until_forgotten(struct world *world)
{
    CLEANUP(queue_free) struct queue *queue = make_queue(world);
    struct queue_key key;
    rt_time expected = 5 * RT_MS;
    for (int i = 0; i < 25; i++) {
        rt_time start = rt_now(world->rt);
        queue_add_backoff(queue, "", "a");
        assert_int_equal(queue_failures(queue, "", "a"), i + 1);
        expect(queue, "a", &key);
        rt_time took = rt_now(world->rt) - start;
        assert_in_range(took, expected, expected + expected / 10 + 1);
        finish(queue, &key);
        expected = expected * 2 > 1000 * RT_S ? 1000 * RT_S : expected * 2;
    }
    queue_forget(queue, "", "a");
    assert_int_equal(queue_failures(queue, "", "a"), 0);
    rt_time start = rt_now(world->rt);
    queue_add_backoff(queue, "", "a");
    expect(queue, "a", &key);
    assert_in_range(rt_now(world->rt) - start, 5 * RT_MS, 6 * RT_MS);
    finish(queue, &key);
}

/* -- several workers -- */

struct pool {
    struct world *world;
    struct queue *queue;
    int busy, busy_max, done;
    bool same_key_twice;
    struct map *in_work;
};

static void pool_worker(void *arg)
{
    struct pool *pool = arg;
    for (;;) {
        CLEANUP_QUEUE_KEY struct queue_key key = {0};
        CLEANUP(error_free) struct error *err = queue_get(pool->queue, &key);
        if (err)
            return;
        pool->same_key_twice |= map_get(pool->in_work, key.name) != NULL;
        map_set(pool->in_work, key.name, pool);
        pool->busy++;
        if (pool->busy > pool->busy_max)
            pool->busy_max = pool->busy;
        err = rt_sleep(pool->world->rt, (rt_time)rt_random_below(pool->world->rt, RT_S));
        pool->busy--;
        map_remove(pool->in_work, key.name);
        pool->done++;
        queue_done(pool->queue, &key);
    }
}

static void workers_share_without_sharing_a_key(struct world *world)
{
    struct pool pool = {.world = world, .queue = make_queue(world), .in_work = map_new(NULL)};
    for (int i = 0; i < 4; i++)
        rt_spawn(world->rt, world->env.group, "worker", pool_worker, &pool);
    for (int i = 0; i < 300; i++) {
        CLEANUP_FREE char *name = mem_printf("host-%d", (int)rt_random_below(world->rt, 10));
        if (rt_random_below(world->rt, 2))
            queue_add(pool.queue, "", name);
        else
            queue_add_after(pool.queue, "", name, (rt_time)rt_random_below(world->rt, 3 * RT_S));
        world_sleep(world, (rt_time)rt_random_below(world->rt, 200 * RT_MS));
    }
    world_sleep(world, 60 * RT_S);
    assert_false(pool.same_key_twice);
    assert_int_equal(pool.busy_max, 4);
    assert_int_equal(queue_len(pool.queue), 0);
    assert_true(pool.done > 50);
    rt_group_stop(world->env.group);
    map_free(pool.in_work);
    queue_free(pool.queue);
}

/* While one worker is busy for long, another must watch over the delayed keys. */
static void delayed_keys_come_while_a_worker_is_busy(struct world *world)
{
    struct pool pool = {.world = world, .queue = make_queue(world), .in_work = map_new(NULL)};
    struct queue_key key;
    queue_add(pool.queue, "", "slow");
    expect(pool.queue, "slow", &key);
    for (int i = 0; i < 2; i++)
        rt_spawn(world->rt, world->env.group, "worker", pool_worker, &pool);
    world_sleep(world, RT_S);
    for (int i = 0; i < 5; i++)
        queue_add_after(pool.queue, "", "quick", 10 * RT_S), world_sleep(world, 20 * RT_S);
    assert_int_equal(pool.done, 5);
    finish(pool.queue, &key);
    rt_group_stop(world->env.group);
    map_free(pool.in_work);
    queue_free(pool.queue);
}

WORLD_TEST(one_key_waits_once)
WORLD_TEST(key_in_work_waits_for_its_worker)
WORLD_TEST(delayed_keys_come_in_time_and_order)
WORLD_TEST(dropped_delays_do_not_come)
WORLD_TEST(backoff_doubles_until_forgotten)
WORLD_TEST(workers_share_without_sharing_a_key)
WORLD_TEST(delayed_keys_come_while_a_worker_is_busy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_key_waits_once),
        cmocka_unit_test(test_key_in_work_waits_for_its_worker),
        cmocka_unit_test(test_delayed_keys_come_in_time_and_order),
        cmocka_unit_test(test_dropped_delays_do_not_come),
        cmocka_unit_test(test_backoff_doubles_until_forgotten),
        cmocka_unit_test(test_workers_share_without_sharing_a_key),
        cmocka_unit_test(test_delayed_keys_come_while_a_worker_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
