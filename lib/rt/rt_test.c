/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks, sleeps, groups and synchronisation, in both worlds where both must agree. */
#include "lib/data/str.h"
#include "lib/test.h"

#if defined(__SANITIZE_THREAD__)
#define MANY 200 /* TSan makes a fiber dear */
#else
#define MANY 10000
#endif

/* What the tasks of a test share. */
struct world_test {
    struct rt *rt;
    struct strbuf trace;
    struct rt_mutex mutex;
    struct rt_cond cond;
    struct rt_semaphore semaphore;
    struct rt_group *group;
    int count, running, most;
    bool flag;
};

static void run(struct rt *rt, void (*fn)(void *), void (*check)(struct world_test *))
{
    struct world_test test = {.rt = rt};
    assert_ok(rt_run(rt, fn, &test));
    if (check)
        check(&test);
    strbuf_release(&test.trace);
    rt_free(rt);
}

static void run_in_sim(void (*fn)(void *), void (*check)(struct world_test *))
{
    run(rt_new_sim(1, TEST_WALL), fn, check);
}

static void run_in_both(void (*fn)(void *), void (*check)(struct world_test *))
{
    run_in_sim(fn, check);
    struct rt *rt;
    assert_ok(rt_new_real(2, &rt));
    run(rt, fn, check);
}

/* -- sleeping -- */
struct sleeper {
    struct world_test *test;
    rt_time duration;
    char letter;
};

static void sleep_and_trace(void *arg)
{
    struct sleeper *sleeper = arg;
    assert_ok(rt_sleep(sleeper->test->rt, sleeper->duration));
    strbuf_addc(&sleeper->test->trace, sleeper->letter);
    free(sleeper);
}

static void spawn_sleeper(struct world_test *test, rt_time duration, char letter)
{
    struct sleeper *sleeper = malloc(sizeof(*sleeper));
    *sleeper = (struct sleeper){test, duration, letter};
    rt_spawn(test->rt, test->group, "sleeper", sleep_and_trace, sleeper);
}

static void sleeps_main(void *arg)
{
    struct world_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "sleepers");
    rt_time start = rt_now(test->rt);
    spawn_sleeper(test, 3 * RT_MS, 'c');
    spawn_sleeper(test, 1 * RT_MS, 'a');
    spawn_sleeper(test, 4 * RT_MS, 'd');
    spawn_sleeper(test, 2 * RT_MS, 'b');
    assert_error(rt_group_wait(test->group, rt_after(test->rt, RT_MS / 2)), ERROR_TIMEOUT);
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_true(rt_now(test->rt) - start >= 4 * RT_MS);
    rt_group_free(test->group);
}

static void sleeps_check(struct world_test *test)
{
    assert_string_equal(strbuf_str(&test->trace), "abcd");
}

static void test_sleeps_end_in_order_of_deadlines(void **state)
{
    run_in_both(sleeps_main, sleeps_check);
}

static void day_main(void *arg)
{
    struct world_test *test = arg;
    rt_time start = rt_now(test->rt);
    for (int minute = 0; minute < 24 * 60; minute++)
        assert_ok(rt_sleep(test->rt, 60 * RT_S));
    assert_int_equal(rt_now(test->rt) - start, 24 * 3600 * RT_S);
    assert_int_equal(rt_wall(test->rt), TEST_WALL + 24 * 3600 * RT_S);
}

static void test_virtual_time_jumps_over_a_day(void **state)
{
    run_in_sim(day_main, NULL);
}

static void many_main(void *arg)
{
    struct world_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "many");
    for (int i = 0; i < MANY; i++)
        spawn_sleeper(test, 1 + i % 1000, 'x');
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    rt_group_free(test->group);
}

static void many_check(struct world_test *test)
{
    assert_int_equal(test->trace.len, MANY);
}

static void test_ten_thousand_tasks(void **state)
{
    run_in_both(many_main, many_check);
}

static void after_main(void *arg)
{
    struct world_test *test = arg;
    assert_true(rt_after(test->rt, RT_FOREVER) == RT_FOREVER);
    assert_true(rt_after(test->rt, RT_FOREVER - 1) == RT_FOREVER);
    assert_true(rt_after(test->rt, RT_S) >= rt_now(test->rt));
    assert_ok(rt_sleep(test->rt, -5)); /* the past is now */
}

static void test_deadlines_saturate(void **state)
{
    run_in_both(after_main, NULL);
}

/* -- order and determinism -- */
static void tracing_task(void *arg)
{
    struct sleeper *sleeper = arg;
    for (int i = 0; i < 5; i++) {
        strbuf_addc(&sleeper->test->trace, sleeper->letter);
        if (i % 2)
            assert_ok(rt_yield(sleeper->test->rt));
        else
            assert_ok(rt_sleep(sleeper->test->rt, (rt_time)rt_random_below(sleeper->test->rt, 3)));
    }
    free(sleeper);
}

static void tracing_main(void *arg)
{
    struct world_test *test = arg;
    for (char letter = 'a'; letter <= 'h'; letter++) {
        struct sleeper *sleeper = malloc(sizeof(*sleeper));
        *sleeper = (struct sleeper){test, 0, letter};
        rt_spawn(test->rt, NULL, "tracer", tracing_task, sleeper);
    }
    assert_ok(rt_sleep(test->rt, RT_S));
}

static char *trace_of_seed(uint64_t seed)
{
    struct world_test test = {.rt = rt_new_sim(seed, TEST_WALL)};
    assert_ok(rt_run(test.rt, tracing_main, &test));
    rt_free(test.rt);
    return strbuf_take(&test.trace);
}

static void test_a_seed_gives_one_run(void **state)
{
    CLEANUP_FREE char *first = trace_of_seed(7);
    CLEANUP_FREE char *again = trace_of_seed(7);
    CLEANUP_FREE char *other = trace_of_seed(8);
    assert_int_equal(strlen(first), 40);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
}

static void trace_letter(void *arg)
{
    struct sleeper *sleeper = arg;
    strbuf_addc(&sleeper->test->trace, sleeper->letter);
    free(sleeper);
}

static void fifo_main(void *arg)
{
    struct world_test *test = arg;
    for (char letter = 'a'; letter <= 'f'; letter++) {
        struct sleeper *sleeper = malloc(sizeof(*sleeper));
        *sleeper = (struct sleeper){test, 0, letter};
        rt_spawn(test->rt, NULL, "letter", trace_letter, sleeper);
    }
    assert_int_equal(test->trace.len, 0); /* they first run when we wait */
    assert_ok(rt_yield(test->rt));
    assert_string_equal(strbuf_str(&test->trace), "abcdef");
}

static void test_real_tasks_run_in_order_of_spawning(void **state)
{
    struct rt *rt;
    assert_ok(rt_new_real(0, &rt));
    run(rt, fifo_main, NULL);
}

/* -- randomness -- */
static void random_main(void *arg)
{
    struct world_test *test = arg;
    int counts[6] = {0};
    for (int i = 0; i < 6000; i++) {
        counts[rt_random_below(test->rt, 6)]++;
        double unit = rt_random_unit(test->rt);
        assert_true(unit >= 0 && unit < 1);
    }
    for (int i = 0; i < 6; i++)
        assert_in_range(counts[i], 800, 1200);
    char a[RT_UUID_SIZE], b[RT_UUID_SIZE];
    rt_uuid(test->rt, a);
    rt_uuid(test->rt, b);
    assert_string_not_equal(a, b);
    assert_int_equal(strlen(a), 36);
    assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-' && a[14] == '4');
    assert_non_null(strchr("89ab", a[19]));
}

static void test_random_numbers(void **state)
{
    run_in_both(random_main, NULL);
}

static void test_random_stream_of_the_program_is_its_own(void **state)
{
    /* What the scheduler draws must not shift what the program draws. */
    struct rt *quiet = rt_new_sim(3, TEST_WALL);
    struct world_test test = {.rt = rt_new_sim(3, TEST_WALL)};
    assert_ok(rt_run(test.rt, many_main, &test));
    assert_true(rt_random(quiet) == rt_random(test.rt));
    strbuf_release(&test.trace);
    rt_free(test.rt);
    rt_free(quiet);
}

/* -- locks -- */
static void locking_task(void *arg)
{
    struct sleeper *sleeper = arg;
    struct world_test *test = sleeper->test;
    assert_ok(rt_sleep(test->rt, sleeper->duration)); /* queue up in a known order */
    for (int i = 0; i < 2; i++) {
        assert_ok(rt_mutex_lock(test->rt, &test->mutex));
        assert_false(test->flag);
        test->flag = true;
        strbuf_addc(&test->trace, sleeper->letter);
        assert_ok(rt_sleep(test->rt, 10 * RT_MS));
        test->flag = false;
        rt_mutex_unlock(test->rt, &test->mutex);
    }
    free(sleeper);
}

static void mutex_main(void *arg)
{
    struct world_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "lockers");
    for (int i = 0; i < 3; i++) {
        struct sleeper *sleeper = malloc(sizeof(*sleeper));
        *sleeper = (struct sleeper){test, (1 + i) * RT_MS, (char)('a' + i)};
        rt_spawn(test->rt, test->group, "locker", locking_task, sleeper);
    }
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_false(test->mutex.locked);
    rt_group_free(test->group);
}

static void mutex_check(struct world_test *test)
{
    /* Fair: who unlocks and locks again goes to the end. */
    assert_string_equal(strbuf_str(&test->trace), "abcabc");
}

static void test_mutex_is_fair(void **state)
{
    run_in_both(mutex_main, mutex_check);
}

static void lock_until_cancelled(void *arg)
{
    struct world_test *test = arg;
    assert_error(rt_mutex_lock(test->rt, &test->mutex), ERROR_CANCELLED);
    test->count++;
}

static void mutex_cancel_main(void *arg)
{
    struct world_test *test = arg;
    assert_ok(rt_mutex_lock(test->rt, &test->mutex));
    test->group = rt_group_new(test->rt, NULL, "cancelled");
    rt_spawn(test->rt, test->group, "locker", lock_until_cancelled, test);
    rt_spawn(test->rt, test->group, "locker", lock_until_cancelled, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    /* Handed over and cancelled before the new holder ran: it must give the lock back. */
    rt_mutex_unlock(test->rt, &test->mutex);
    rt_group_stop(test->group);
    assert_int_equal(test->count, 2);
    assert_false(test->mutex.locked);
    assert_ok(rt_mutex_lock(test->rt, &test->mutex));
    rt_mutex_unlock(test->rt, &test->mutex);
    rt_group_free(test->group);
}

static void test_cancelled_task_does_not_keep_the_lock(void **state)
{
    run_in_both(mutex_cancel_main, NULL);
}

/* -- conditions -- */
static void wait_for_flag(void *arg)
{
    struct world_test *test = arg;
    while (!test->flag)
        assert_ok(rt_cond_wait(test->rt, &test->cond, RT_FOREVER));
    test->count++;
}

static void wait_once(void *arg)
{
    struct world_test *test = arg;
    assert_ok(rt_cond_wait(test->rt, &test->cond, RT_FOREVER));
    test->count++;
}

static void cond_main(void *arg)
{
    struct world_test *test = arg;
    rt_time start = rt_now(test->rt);
    assert_error(rt_cond_wait(test->rt, &test->cond, rt_after(test->rt, 2 * RT_MS)), ERROR_TIMEOUT);
    assert_true(rt_now(test->rt) - start >= 2 * RT_MS);
    assert_error(rt_cond_wait(test->rt, &test->cond, start), ERROR_TIMEOUT);

    test->group = rt_group_new(test->rt, NULL, "waiters");
    for (int i = 0; i < 3; i++)
        rt_spawn(test->rt, test->group, "once", wait_once, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    rt_cond_signal(test->rt, &test->cond);
    assert_ok(rt_sleep(test->rt, RT_MS));
    assert_int_equal(test->count, 1);
    rt_cond_broadcast(test->rt, &test->cond);
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_int_equal(test->count, 3);

    for (int i = 0; i < 3; i++)
        rt_spawn(test->rt, test->group, "flag", wait_for_flag, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    rt_cond_broadcast(test->rt, &test->cond); /* not yet: they wait again */
    assert_ok(rt_sleep(test->rt, RT_MS));
    assert_int_equal(test->count, 3);
    test->flag = true;
    rt_cond_broadcast(test->rt, &test->cond);
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_int_equal(test->count, 6);
    rt_group_free(test->group);
}

static void test_conditions(void **state)
{
    run_in_both(cond_main, NULL);
}

static void wait_until_cancelled(void *arg)
{
    struct world_test *test = arg;
    assert_error(rt_cond_wait(test->rt, &test->cond, RT_FOREVER), ERROR_CANCELLED);
}

static void lost_signal_main(void *arg)
{
    struct world_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "killed");
    rt_spawn(test->rt, test->group, "first", wait_until_cancelled, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    rt_spawn(test->rt, NULL, "second", wait_once, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    rt_cond_signal(test->rt, &test->cond); /* picks the first, which is killed before it runs */
    rt_group_stop(test->group);
    assert_ok(rt_sleep(test->rt, RT_MS));
    assert_int_equal(test->count, 1);
    rt_group_free(test->group);
}

static void test_signal_to_a_killed_task_goes_to_the_next(void **state)
{
    run_in_both(lost_signal_main, NULL);
}

/* -- semaphores -- */
static void semaphore_task(void *arg)
{
    struct world_test *test = arg;
    assert_ok(rt_semaphore_acquire(test->rt, &test->semaphore, RT_FOREVER));
    if (++test->running > test->most)
        test->most = test->running;
    assert_ok(rt_sleep(test->rt, RT_MS));
    test->running--;
    test->count++;
    rt_semaphore_release(test->rt, &test->semaphore);
}

static void semaphore_main(void *arg)
{
    struct world_test *test = arg;
    test->semaphore.limit = 3;
    test->group = rt_group_new(test->rt, NULL, "holders");
    for (int i = 0; i < 10; i++)
        rt_spawn(test->rt, test->group, "holder", semaphore_task, test);
    assert_ok(rt_yield(test->rt));
    assert_ok(rt_sleep(test->rt, RT_MS / 2));
    assert_error(rt_semaphore_acquire(test->rt, &test->semaphore, rt_now(test->rt)), ERROR_TIMEOUT);
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_int_equal(test->count, 10);
    assert_int_equal(test->most, 3);
    assert_int_equal(test->semaphore.held, 0);
    rt_group_free(test->group);
}

static void test_semaphore_limits_holders(void **state)
{
    run_in_both(semaphore_main, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sleeps_end_in_order_of_deadlines),
        cmocka_unit_test(test_virtual_time_jumps_over_a_day),
        cmocka_unit_test(test_ten_thousand_tasks),
        cmocka_unit_test(test_deadlines_saturate),
        cmocka_unit_test(test_a_seed_gives_one_run),
        cmocka_unit_test(test_real_tasks_run_in_order_of_spawning),
        cmocka_unit_test(test_random_numbers),
        cmocka_unit_test(test_random_stream_of_the_program_is_its_own),
        cmocka_unit_test(test_mutex_is_fair),
        cmocka_unit_test(test_cancelled_task_does_not_keep_the_lock),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_signal_to_a_killed_task_goes_to_the_next),
        cmocka_unit_test(test_semaphore_limits_holders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
