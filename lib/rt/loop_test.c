/* SPDX-License-Identifier: Apache-2.0 */
/* The loop as network code sees it: descriptors, timers, prepare callbacks; signals and worker threads. */
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/rt/loop.h"
#include "lib/test.h"

struct loop_test {
    struct rt *rt;
    struct strbuf trace;
    struct rt_timer *timer, *other_timer;
    struct rt_watch *watch, *other_watch;
    struct rt_prepare *prepare, *other_prepare;
    struct rt_cond cond;
    int fds[2];
    int count, other_count, most;
    rt_time last;
};

static void run(struct rt *rt, void (*fn)(void *))
{
    struct loop_test test = {.rt = rt};
    assert_ok(rt_run(rt, fn, &test));
    strbuf_release(&test.trace);
    rt_free(rt);
}

static void run_in_real(void (*fn)(void *))
{
    struct rt *rt = NULL;
    assert_ok(rt_new_real(4, &rt));
    run(rt, fn);
}

static void run_in_both(void (*fn)(void *))
{
    run(rt_new_sim(5, TEST_WALL), fn);
    run_in_real(fn);
}

/* -- timers -- */
static void trace_b(void *arg)
{
    struct loop_test *test = arg;
    strbuf_addc(&test->trace, 'b');
    rt_timer_free(test->other_timer); /* itself */
}

static void tick(void *arg)
{
    struct loop_test *test = arg;
    strbuf_addc(&test->trace, 'a');
    if (++test->count < 3)
        rt_timer_set(test->timer, rt_after(test->rt, RT_MS));
    else
        rt_cond_signal(test->rt, &test->cond);
}

static void timers_main(void *arg)
{
    struct loop_test *test = arg;
    rt_time start = rt_now(test->rt);
    test->timer = rt_timer_new(test->rt, tick, test);
    test->other_timer = rt_timer_new(test->rt, trace_b, test);
    rt_timer_set(test->other_timer, start + RT_MS);
    rt_timer_set(test->timer, start + RT_MS);
    struct rt_timer *never = rt_timer_new(test->rt, trace_b, test);
    rt_timer_set(never, start + RT_MS);
    rt_timer_set(never, RT_FOREVER);
    assert_ok(rt_cond_wait(test->rt, &test->cond, start + 10 * RT_S));
    assert_string_equal(strbuf_str(&test->trace), "baaa"); /* equal deadlines: in the order of arming */
    assert_true(rt_now(test->rt) - start >= 3 * RT_MS);
    rt_timer_free(test->timer);
    rt_timer_free(never);
    rt_timer_free(NULL);
}

static void test_timers(void **state)
{
    run_in_both(timers_main);
}

/* Many timers against a sorted expectation: the heap. */
#define HEAP_TIMERS 500
struct heap_timer {
    struct loop_test *test;
    struct rt_timer *timer;
    rt_time when;
    bool fired;
};

static void heap_fire(void *arg)
{
    struct heap_timer *timer = arg;
    assert_int_equal(rt_now(timer->test->rt), timer->when);
    assert_true(timer->when >= timer->test->last);
    timer->test->last = timer->when;
    timer->fired = true;
}

static void heap_main(void *arg)
{
    struct loop_test *test = arg;
    static struct heap_timer timers[HEAP_TIMERS];
    for (int i = 0; i < HEAP_TIMERS; i++) {
        timers[i] = (struct heap_timer){.test = test};
        timers[i].timer = rt_timer_new(test->rt, heap_fire, &timers[i]);
    }
    for (int i = 0; i < 4 * HEAP_TIMERS; i++) {
        struct heap_timer *timer = &timers[rt_random_below(test->rt, HEAP_TIMERS)];
        bool disarm = rt_random_below(test->rt, 4) == 0;
        timer->when = disarm ? RT_FOREVER : rt_after(test->rt, (rt_time)rt_random_below(test->rt, 100000));
        rt_timer_set(timer->timer, timer->when);
    }
    assert_ok(rt_sleep(test->rt, RT_S));
    int fired = 0;
    for (int i = 0; i < HEAP_TIMERS; i++) {
        assert_int_equal(timers[i].fired, timers[i].when != RT_FOREVER && timers[i].when != 0);
        fired += timers[i].fired;
        rt_timer_free(timers[i].timer);
    }
    assert_in_range(fired, 200, 500);
}

static void test_timers_fire_on_time_and_in_order(void **state)
{
    run(rt_new_sim(9, TEST_WALL), heap_main);
}

/* -- descriptors -- */
static void on_readable(void *arg, uint32_t revents)
{
    struct loop_test *test = arg;
    assert_true(revents & EPOLLIN);
    char byte;
    assert_int_equal(read(test->fds[0], &byte, 1), 1); /* one at a time: level-triggered calls again */
    strbuf_addc(&test->trace, byte);
    if (byte == '.') {
        rt_watch_free(test->watch); /* itself */
        rt_cond_signal(test->rt, &test->cond);
    }
}

static void watch_main(void *arg)
{
    struct loop_test *test = arg;
    assert_int_equal(pipe(test->fds), 0);
    assert_ok(rt_watch_new(test->rt, test->fds[0], EPOLLIN, on_readable, test, &test->watch));
    assert_int_equal(write(test->fds[1], "xyz", 3), 3);
    assert_ok(rt_sleep(test->rt, 5 * RT_MS));
    assert_string_equal(strbuf_str(&test->trace), "xyz");
    rt_watch_modify(test->watch, 0);
    assert_int_equal(write(test->fds[1], ".!", 2), 2);
    assert_ok(rt_sleep(test->rt, 5 * RT_MS));
    assert_string_equal(strbuf_str(&test->trace), "xyz");
    rt_watch_modify(test->watch, EPOLLIN);
    assert_ok(rt_cond_wait(test->rt, &test->cond, rt_after(test->rt, 10 * RT_S)));
    assert_ok(rt_sleep(test->rt, 5 * RT_MS));
    assert_string_equal(strbuf_str(&test->trace), "xyz."); /* freed: "!" stays unread */
    close(test->fds[0]);
    close(test->fds[1]);
    rt_watch_free(NULL);
}

static void test_watches_are_level_triggered(void **state)
{
    run_in_real(watch_main);
}

static void free_both(void *arg, uint32_t revents)
{
    struct loop_test *test = arg;
    test->count++;
    rt_watch_free(test->watch);
    rt_watch_free(test->other_watch);
}

static void free_other_main(void *arg)
{
    struct loop_test *test = arg;
    assert_int_equal(pipe(test->fds), 0);
    /* The same descriptor twice, both ready in the same turn: the first callback frees the second watch. */
    assert_ok(rt_watch_new(test->rt, test->fds[0], EPOLLIN, free_both, test, &test->watch));
    assert_ok(rt_watch_new(test->rt, test->fds[0], EPOLLIN, free_both, test, &test->other_watch));
    assert_int_equal(write(test->fds[1], "x", 1), 1);
    assert_ok(rt_sleep(test->rt, 5 * RT_MS));
    assert_int_equal(test->count, 1);
    close(test->fds[0]);
    close(test->fds[1]);
}

static void test_a_callback_may_free_another_watch(void **state)
{
    run_in_real(free_other_main);
}

static void echo(void *arg)
{
    struct loop_test *test = arg;
    char byte;
    assert_ok(rt_wait_fd(test->rt, test->fds[1], EPOLLIN, RT_FOREVER));
    assert_int_equal(read(test->fds[1], &byte, 1), 1);
    assert_ok(rt_wait_fd(test->rt, test->fds[1], EPOLLOUT, RT_FOREVER));
    assert_int_equal(write(test->fds[1], &byte, 1), 1);
    assert_error(rt_wait_fd(test->rt, test->fds[1], EPOLLIN, RT_FOREVER), ERROR_CANCELLED);
}

static void wait_fd_main(void *arg)
{
    struct loop_test *test = arg;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, test->fds), 0);
    struct rt_group *group = rt_group_new(test->rt, NULL, "echo");
    rt_spawn(test->rt, group, "echo", echo, test);
    assert_error(rt_wait_fd(test->rt, test->fds[0], EPOLLIN, rt_after(test->rt, RT_MS)), ERROR_TIMEOUT);
    assert_int_equal(write(test->fds[0], "e", 1), 1);
    assert_ok(rt_wait_fd(test->rt, test->fds[0], EPOLLIN, rt_after(test->rt, 10 * RT_S)));
    /* What is there is found even when the deadline has passed. */
    assert_ok(rt_wait_fd(test->rt, test->fds[0], EPOLLIN, rt_now(test->rt) - 1));
    rt_group_stop(group);
    rt_group_free(group);
    close(test->fds[0]);
    close(test->fds[1]);
    assert_error_text(rt_wait_fd(test->rt, test->fds[0], EPOLLIN, RT_FOREVER), ERROR_INTERNAL, "descriptor");
}

static void test_wait_for_a_descriptor(void **state)
{
    run_in_real(wait_fd_main);
}

static void no_fd_main(void *arg)
{
    struct loop_test *test = arg;
    assert_error(rt_wait_fd(test->rt, 0, EPOLLIN, RT_FOREVER), ERROR_UNSUPPORTED);
}

static void test_the_simulated_world_has_no_descriptors(void **state)
{
    run(rt_new_sim(1, TEST_WALL), no_fd_main);
}

/* -- prepare -- */
static void prepare_once(void *arg)
{
    struct loop_test *test = arg;
    test->count++;
    rt_prepare_free(test->prepare); /* itself */
}

static void prepare_each(void *arg)
{
    struct loop_test *test = arg;
    test->other_count++;
}

static void prepare_main(void *arg)
{
    struct loop_test *test = arg;
    test->prepare = rt_prepare_new(test->rt, prepare_once, test);
    test->other_prepare = rt_prepare_new(test->rt, prepare_each, test);
    for (int i = 0; i < 3; i++)
        assert_ok(rt_sleep(test->rt, RT_MS));
    assert_int_equal(test->count, 1);
    assert_true(test->other_count >= 3);
    rt_prepare_free(test->other_prepare);
    int before = test->other_count;
    assert_ok(rt_sleep(test->rt, RT_MS));
    assert_int_equal(test->other_count, before);
    rt_prepare_free(NULL);
}

static void test_prepare_runs_before_each_sleep(void **state)
{
    run_in_real(prepare_main);
}

/* A task that never sleeps must not keep descriptors waiting. */
static void busy_main(void *arg)
{
    struct loop_test *test = arg;
    assert_int_equal(pipe(test->fds), 0);
    assert_ok(rt_watch_new(test->rt, test->fds[0], EPOLLIN, on_readable, test, &test->watch));
    assert_int_equal(write(test->fds[1], ".", 1), 1);
    for (int i = 0; i < 1000 && test->trace.len == 0; i++)
        assert_ok(rt_yield(test->rt));
    assert_string_equal(strbuf_str(&test->trace), ".");
    close(test->fds[0]);
    close(test->fds[1]);
}

static void test_busy_tasks_do_not_starve_descriptors(void **state)
{
    run_in_real(busy_main);
}

/* -- signals -- */
static void send_term(void *arg)
{
    raise(SIGTERM);
}

static void signal_main(void *arg)
{
    struct loop_test *test = arg;
    int number = 0;
    rt_spawn(test->rt, NULL, "sender", send_term, test); /* runs once we wait: a signal before would end the test */
    assert_ok(rt_wait_signal(test->rt, &number));
    assert_int_equal(number, SIGTERM);
    raise(SIGINT);
    assert_ok(rt_wait_signal(test->rt, &number));
    assert_int_equal(number, SIGINT);
}

static void test_signals(void **state)
{
    run_in_real(signal_main);
}

/* -- worker threads -- */
struct offload_call {
    struct loop_test *test;
    pthread_t loop_thread;
    pthread_barrier_t *barrier;
    int result;
};

static void meet_others(void *arg)
{
    struct offload_call *call = arg;
    assert_false(pthread_equal(pthread_self(), call->loop_thread));
    pthread_barrier_wait(call->barrier); /* passes only when all four run at the same time */
    call->result++;
}

static void offload_task(void *arg)
{
    struct offload_call *call = arg;
    rt_offload(call->test->rt, meet_others, call);
    assert_int_equal(call->result, 1);
    call->test->count++;
}

static void offload_main(void *arg)
{
    struct loop_test *test = arg;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 4);
    struct offload_call calls[4];
    struct rt_group *group = rt_group_new(test->rt, NULL, "callers");
    for (int i = 0; i < 4; i++) {
        calls[i] = (struct offload_call){test, pthread_self(), &barrier, 0};
        rt_spawn(test->rt, group, "caller", offload_task, &calls[i]);
    }
    assert_ok(rt_yield(test->rt)); /* we go on while they run */
    rt_group_cancel(group);        /* does not cut an offloaded call short */
    assert_ok(rt_group_wait(group, RT_FOREVER));
    assert_int_equal(test->count, 4);
    rt_group_free(group);
    pthread_barrier_destroy(&barrier);
}

static void test_offloaded_calls_run_side_by_side(void **state)
{
    run_in_real(offload_main);
}

static void add_one(void *arg)
{
    *(int *)arg += 1;
}

static void many_calls_task(void *arg)
{
    struct loop_test *test = arg;
    int mine = 0;
    for (int i = 0; i < 50; i++)
        rt_offload(test->rt, add_one, &mine);
    test->count += mine;
}

static void many_calls_main(void *arg)
{
    struct loop_test *test = arg;
    struct rt_group *group = rt_group_new(test->rt, NULL, "callers");
    for (int i = 0; i < 20; i++)
        rt_spawn(test->rt, group, "caller", many_calls_task, test);
    assert_ok(rt_group_wait(group, RT_FOREVER));
    assert_int_equal(test->count, 1000);
    rt_group_free(group);
}

static void test_many_offloaded_calls(void **state)
{
    run_in_both(many_calls_main);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers),
        cmocka_unit_test(test_timers_fire_on_time_and_in_order),
        cmocka_unit_test(test_watches_are_level_triggered),
        cmocka_unit_test(test_a_callback_may_free_another_watch),
        cmocka_unit_test(test_wait_for_a_descriptor),
        cmocka_unit_test(test_the_simulated_world_has_no_descriptors),
        cmocka_unit_test(test_prepare_runs_before_each_sleep),
        cmocka_unit_test(test_busy_tasks_do_not_starve_descriptors),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_offloaded_calls_run_side_by_side),
        cmocka_unit_test(test_many_offloaded_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
