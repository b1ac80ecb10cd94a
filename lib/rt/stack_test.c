/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks of tasks: what they cost, their reuse, their guard page. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/rt/process.h"
#include "lib/test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

struct stack_test {
    struct rt *rt;
    struct rt_group *group;
    size_t depth;
    uint64_t sum;
};

static void run(void (*fn)(void *))
{
    struct stack_test test = {.rt = rt_new_sim(1, TEST_WALL)};
    assert_ok(rt_run(test.rt, fn, &test));
    rt_free(test.rt);
}

static int64_t resident(void)
{
    struct process_usage usage = {0};
    assert_ok(process_usage(getpid(), &usage));
    return usage.rss;
}

static void sleep_until_cancelled(void *arg)
{
    struct stack_test *test = arg;
    assert_error(rt_sleep(test->rt, RT_FOREVER), ERROR_CANCELLED);
}

static void memory_main(void *arg)
{
    struct stack_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "sleepers");
    int64_t before = resident();
    for (int i = 0; i < 10000; i++)
        rt_spawn(test->rt, test->group, "sleeper", sleep_until_cancelled, test);
    assert_ok(rt_sleep(test->rt, RT_S));
    assert_in_range(resident() - before, 10000, 10000 * 8192);
    rt_group_stop(test->group);
    rt_group_free(test->group);
}

static void test_a_sleeping_task_costs_at_most_two_pages(void **state)
{
    if (SANITIZED)
        skip();
    run(memory_main);
}

/* Touches `depth` bytes of stack, a piece at a time, with waits in between. */
static uint64_t __attribute__((noinline)) dig(struct stack_test *test, size_t depth)
{
    volatile char piece[1024];
    for (size_t i = 0; i < sizeof(piece); i++)
        piece[i] = (char)(depth / sizeof(piece) + i);
    uint64_t below = 0;
    if (depth > sizeof(piece))
        below = dig(test, depth - sizeof(piece));
    else
        assert_ok(rt_yield(test->rt));
    return below + (unsigned char)piece[depth % sizeof(piece)];
}

static void dig_once(void *arg)
{
    struct stack_test *test = arg;
    test->sum += dig(test, test->depth);
}

static void reuse_main(void *arg)
{
    struct stack_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "diggers");
    uint64_t first = 0;
    for (int i = 0; i < 200; i++) {
        /* Deep and shallow tasks by turns on the same stacks: what a deep one left must not hurt the next. */
        test->depth = i % 2 ? 2048 : 64 * 1024;
        test->sum = 0;
        for (int j = 0; j < 5; j++)
            rt_spawn(test->rt, test->group, "digger", dig_once, test);
        assert_ok(rt_group_wait(test->group, RT_FOREVER));
        if (i == 0)
            first = test->sum;
        if (i % 2 == 0)
            assert_true(test->sum == first);
    }
    rt_group_free(test->group);
}

static void test_stacks_are_reused(void **state)
{
    run(reuse_main);
}

static void trim_main(void *arg)
{
    struct stack_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "diggers");
    test->depth = 100 * 1024;
    for (int i = 0; i < 200; i++)
        rt_spawn(test->rt, test->group, "digger", dig_once, test);
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    int64_t deep = resident();
    test->depth = 1024;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 200; i++)
            rt_spawn(test->rt, test->group, "digger", dig_once, test);
        assert_ok(rt_group_wait(test->group, RT_FOREVER));
    }
    assert_true(deep - resident() > 200 * 64 * 1024);
    rt_group_free(test->group);
}

static void test_depth_used_once_is_given_back(void **state)
{
    if (SANITIZED)
        skip();
    run(trim_main);
}

static void large_main(void *arg)
{
    struct stack_test *test = arg;
    test->group = rt_group_new(test->rt, NULL, "large");
    test->depth = 4 * 1024 * 1024;
    for (int i = 0; i < 3; i++)
        rt_spawn_stack(test->rt, test->group, "large", 8 * 1024 * 1024, dig_once, test);
    assert_ok(rt_group_wait(test->group, RT_FOREVER));
    assert_true(test->sum > 0);
    rt_group_free(test->group);
}

static void test_a_task_may_ask_for_a_larger_stack(void **state)
{
    run(large_main);
}

static void overflow_main(void *arg)
{
    struct stack_test *test = arg;
    test->depth = 4 * 1024 * 1024;
    rt_spawn(test->rt, NULL, "too deep", dig_once, test);
    error_free(rt_sleep(test->rt, RT_S));
}

static void test_overflow_hits_the_guard_page(void **state)
{
    int pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO); /* a sanitizer's report */
        struct stack_test test = {.rt = rt_new_sim(1, TEST_WALL)};
        error_free(rt_run(test.rt, overflow_main, &test));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (SANITIZED)
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    else
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sleeping_task_costs_at_most_two_pages),
        cmocka_unit_test(test_stacks_are_reused),
        cmocka_unit_test(test_depth_used_once_is_given_back),
        cmocka_unit_test(test_a_task_may_ask_for_a_larger_stack),
        cmocka_unit_test(test_overflow_hits_the_guard_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
