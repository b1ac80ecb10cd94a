/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: cancellation, hooks, joins, and what happens to tasks that do not play along. */
#include "lib/data/str.h"
#include "lib/rt/loop.h"
#include "lib/test.h"

struct group_test {
    struct rt *rt;
    struct rt_group *group, *child;
    struct rt_cond cond;
    struct strbuf trace;
    struct rt_group_hook *hook, *other_hook;
    int cancelled, ended;
    bool stop;
};

static void run_expecting(struct rt *rt, void (*fn)(void *), const char *failure)
{
    struct group_test test = {.rt = rt};
    struct error *err = rt_run(rt, fn, &test);
    if (failure)
        assert_error_text(err, ERROR_INTERNAL, failure);
    else
        assert_ok(err);
    strbuf_release(&test.trace);
    rt_free(rt);
}

static struct rt *new_real(void)
{
    struct rt *rt = NULL;
    assert_ok(rt_new_real(2, &rt));
    return rt;
}

static void run_in_both(void (*fn)(void *))
{
    run_expecting(rt_new_sim(1, TEST_WALL), fn, NULL);
    run_expecting(new_real(), fn, NULL);
}

/* -- every wait ends -- */
static void count_cancelled(struct group_test *test, struct error *err)
{
    assert_error(err, ERROR_CANCELLED);
    test->cancelled++;
}

static void sleeps(void *arg)
{
    struct group_test *test = arg;
    count_cancelled(test, rt_sleep(test->rt, 3600 * RT_S));
    count_cancelled(test, rt_sleep(test->rt, 3600 * RT_S)); /* future waits too */
    count_cancelled(test, rt_yield(test->rt));
    struct rt_semaphore free_places = {.limit = 1};
    count_cancelled(test, rt_semaphore_acquire(test->rt, &free_places, RT_FOREVER));
    assert_int_equal(free_places.held, 0);
}

static void waits_for_condition(void *arg)
{
    struct group_test *test = arg;
    count_cancelled(test, rt_cond_wait(test->rt, &test->cond, RT_FOREVER));
}

static void waits_for_group(void *arg)
{
    struct group_test *test = arg;
    struct rt_group *other = rt_group_new(test->rt, NULL, "not cancelled");
    rt_spawn(test->rt, other, "other", waits_for_condition, test);
    count_cancelled(test, rt_group_wait(other, RT_FOREVER));
    rt_group_stop(other);
    rt_group_free(other);
}

static void waits_for_semaphore(void *arg)
{
    struct group_test *test = arg;
    struct rt_semaphore no_places = {0};
    count_cancelled(test, rt_semaphore_acquire(test->rt, &no_places, RT_FOREVER));
}

static void waits_for_signal(void *arg)
{
    struct group_test *test = arg;
    int number;
    count_cancelled(test, rt_wait_signal(test->rt, &number));
}

static void cancel_main(void *arg)
{
    struct group_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "parent");
    test->child = rt_group_new(test->rt, test->group, "child");
    rt_spawn(test->rt, test->child, "sleep", sleeps, test);                  /* 4 */
    rt_spawn(test->rt, test->group, "condition", waits_for_condition, test); /* 1 */
    rt_spawn(test->rt, test->group, "group", waits_for_group, test);         /* 2 */
    rt_spawn(test->rt, test->child, "semaphore", waits_for_semaphore, test); /* 1 */
    rt_spawn(test->rt, test->child, "signal", waits_for_signal, test);       /* 1 */
    assert_ok(rt_sleep(test->rt, RT_MS));
    assert_int_equal(test->cancelled, 0);
    rt_spawn(test->rt, test->child, "condition", waits_for_condition, test); /* 1: has not run yet */
    rt_group_cancel(test->group);
    assert_true(rt_group_cancelled(test->child));
    rt_spawn(test->rt, test->child, "condition", waits_for_condition, test); /* 1: born cancelled */
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_int_equal(test->cancelled, 11);
    assert_true(rt_now(test->rt) < rt_after(test->rt, 3600 * RT_S));
    rt_group_free(test->child);
    struct rt_group *late = rt_group_new(test->rt, test->group, "late");
    assert_true(rt_group_cancelled(late));
    rt_group_free(late);
    rt_group_free(test->group);
    assert_ok(rt_yield(test->rt)); /* we are not cancelled */
}

static void test_cancel_ends_every_wait_below(void **state)
{
    run_in_both(cancel_main);
}

/* -- joins hold -- */
static void slow_to_unwind(void *arg)
{
    struct group_test *test = arg;
    assert_error(rt_sleep(test->rt, 3600 * RT_S), ERROR_CANCELLED);
    for (int i = 0; i < 100; i++)
        error_free(rt_yield(test->rt));
    test->ended++;
}

static void stops_its_part(void *arg)
{
    struct group_test *test = arg;
    struct rt_group *part = rt_group_new(test->rt, NULL, "part");
    rt_group_free(part);
    part = rt_group_new(test->rt, rt_current_group(test->rt), "part");
    rt_spawn(test->rt, part, "slow", slow_to_unwind, test);
    assert_error(rt_sleep(test->rt, 3600 * RT_S), ERROR_CANCELLED);
    rt_group_stop(part); /* though cancelled ourselves */
    assert_int_equal(test->ended, 1);
    assert_ok(rt_group_wait(part, RT_FOREVER));
    rt_group_free(part);
    rt_group_stop(NULL);
}

static void join_main(void *arg)
{
    struct group_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "program");
    rt_spawn(test->rt, test->group, "main", stops_its_part, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    rt_group_stop(test->group);
    assert_int_equal(test->ended, 1);
    rt_group_free(test->group);
}

static void test_stop_waits_though_the_caller_is_cancelled(void **state)
{
    run_in_both(join_main);
}

/* -- hooks -- */
static void hook_a(void *arg)
{
    struct group_test *test = arg;
    strbuf_addc(&test->trace, 'a');
    rt_group_hook_remove(test->hook); /* itself */
    test->hook = NULL;
    rt_group_hook_remove(test->other_hook); /* one to come */
}

static void hook_never(void *arg)
{
    struct group_test *test = arg;
    strbuf_addc(&test->trace, '!');
}

static void hook_c(void *arg)
{
    struct group_test *test = arg;
    strbuf_addc(&test->trace, 'c');
    assert_true(rt_group_cancelled(test->child));
}

static void traces_its_end(void *arg)
{
    struct group_test *test = arg;
    assert_error(rt_sleep(test->rt, RT_FOREVER), ERROR_CANCELLED);
    strbuf_addc(&test->trace, 't');
}

static void hooks_main(void *arg)
{
    struct group_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "parent");
    test->child = rt_group_new(test->rt, test->group, "child");
    rt_spawn(test->rt, test->group, "task", traces_its_end, test);
    rt_group_on_cancel(test->child, hook_c, test);
    test->hook = rt_group_on_cancel(test->group, hook_a, test);
    test->other_hook = rt_group_on_cancel(test->group, hook_never, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    rt_group_cancel(test->group);
    assert_string_equal(strbuf_str(&test->trace), "ac"); /* at once, before tasks */
    rt_group_cancel(test->group);                        /* only once */
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_string_equal(strbuf_str(&test->trace), "act");
    rt_group_free(test->child);
    rt_group_free(test->group);
}

static void test_hooks_run_inside_cancel(void **state)
{
    run_in_both(hooks_main);
}

/* -- the end of a run -- */
static void leftover_main(void *arg)
{
    struct group_test *test = arg;
    for (int i = 0; i < 3; i++)
        rt_spawn(test->rt, NULL, "leftover", slow_to_unwind, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
}

static void test_run_unwinds_what_is_left(void **state)
{
    struct group_test test = {.rt = rt_new_sim(1, TEST_WALL)};
    assert_ok(rt_run(test.rt, leftover_main, &test));
    assert_int_equal(test.ended, 3);
    assert_ok(rt_run(test.rt, leftover_main, &test)); /* a second run begins afresh */
    assert_int_equal(test.ended, 6);
    rt_free(test.rt);
}

/* -- tasks that do not play along -- */
static void ignores_cancellation(void *arg)
{
    struct group_test *test = arg;
    while (!test->stop)
        error_free(rt_cond_wait(test->rt, &test->cond, RT_FOREVER));
}

static void stubborn_main(void *arg)
{
    struct group_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "program");
    rt_spawn(test->rt, test->group, "stubborn", ignores_cancellation, test);
    rt_spawn(test->rt, test->group, "good", slow_to_unwind, test);
    assert_ok(rt_sleep(test->rt, RT_MS));
    rt_group_cancel(test->group);
    assert_error_text(rt_group_wait(test->group, RT_FOREVER), ERROR_INTERNAL,
                      "task \"stubborn\" of \"program\" does not unwind");
    assert_int_equal(test->ended, 1);
    rt_group_free(test->group);
}

static void test_task_that_ignores_cancellation_is_given_up(void **state)
{
    run_expecting(rt_new_sim(1, TEST_WALL), stubborn_main, "task \"stubborn\" of \"program\" does not unwind");
    run_expecting(new_real(), stubborn_main, "task \"stubborn\" of \"program\" does not unwind");
}

static void locker(void *arg)
{
    struct group_test *test = arg;
    struct rt_mutex never = {.locked = true};
    assert_error(rt_mutex_lock(test->rt, &never), ERROR_CANCELLED);
    test->ended++;
}

static void deadlock_main(void *arg)
{
    struct group_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "host-1");
    rt_spawn(test->rt, test->group, "locker", locker, test);
    assert_ok(rt_sleep(test->rt, 90 * RT_S));
    assert_error(rt_cond_wait(test->rt, &test->cond, RT_FOREVER), ERROR_CANCELLED);
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_int_equal(test->ended, 1);
    rt_group_free(test->group);
}

static void test_deadlock_lists_who_waits_for_what(void **state)
{
    run_expecting(rt_new_sim(1, TEST_WALL), deadlock_main,
                  "deadlock: no task can ever run again after 1m30s: \"main\" of \"root\" waits for a condition since "
                  "1m30s; \"locker\" of \"host-1\" waits for a lock since 0s");
}

static void waits_for_itself_main(void *arg)
{
    struct group_test *test = arg;
    assert_error_text(rt_group_wait(rt_current_group(test->rt), RT_FOREVER), ERROR_INTERNAL,
                      "task \"main\" waits for the end of \"root\", of which it is part");
}

static void test_task_cannot_wait_for_itself(void **state)
{
    run_in_both(waits_for_itself_main);
}

static void stops_group(void *arg)
{
    struct group_test *test = arg;
    rt_group_stop(test->group);
}

static void stops_child(void *arg)
{
    struct group_test *test = arg;
    rt_group_stop(test->child);
}

static void cross_join_main(void *arg)
{
    struct group_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "one");
    test->child = rt_group_new(test->rt, NULL, "two");
    rt_spawn(test->rt, test->group, "first", stops_child, test);
    rt_spawn(test->rt, test->child, "second", stops_group, test);
    error_free(rt_group_wait(test->group, RT_FOREVER));
}

static void test_tasks_that_join_each_other_end_the_run(void **state)
{
    run_expecting(rt_new_sim(1, TEST_WALL), cross_join_main, "\"first\" of \"one\" waits for the end of a group");
}

static void spinning_main(void *arg)
{
    struct group_test *test = arg;
    rt_time end = rt_after(test->rt, RT_S);
    while (rt_now(test->rt) < end) {
        struct error *err = rt_yield(test->rt);
        if (err) {
            error_free(err);
            return;
        }
    }
}

static void test_endless_loop_is_reported(void **state)
{
#if defined(__SANITIZE_THREAD__)
    skip(); /* twenty million switches */
#endif
    run_expecting(rt_new_sim(1, TEST_WALL), spinning_main, "endless loop: time does not go on after 0s: \"main\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cancel_ends_every_wait_below),
        cmocka_unit_test(test_stop_waits_though_the_caller_is_cancelled),
        cmocka_unit_test(test_hooks_run_inside_cancel),
        cmocka_unit_test(test_run_unwinds_what_is_left),
        cmocka_unit_test(test_task_that_ignores_cancellation_is_given_up),
        cmocka_unit_test(test_deadlock_lists_who_waits_for_what),
        cmocka_unit_test(test_task_cannot_wait_for_itself),
        cmocka_unit_test(test_tasks_that_join_each_other_end_the_run),
        cmocka_unit_test(test_endless_loop_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
