/* SPDX-License-Identifier: Apache-2.0 */
/* What tasks cost: switches, births, sleeps, memory. Run by ci/bench-rt; prints, judges nothing. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/rt/process.h"
#include "lib/rt/rt.h"

#define TASKS 5000
#define SLEEPERS 10000

static double clock_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

struct bench {
    struct rt *rt;
    struct rt_group *group;
    int rounds;
};

static void yields(void *arg)
{
    struct bench *bench = arg;
    for (int i = 0; i < bench->rounds; i++)
        error_free(rt_yield(bench->rt));
}

static void sleeps(void *arg)
{
    struct bench *bench = arg;
    for (int i = 0; i < bench->rounds; i++)
        error_free(rt_sleep(bench->rt, 1 + (rt_time)rt_random_below(bench->rt, 1000)));
}

static void ends(void *arg)
{
}

static void waits(void *arg)
{
    struct bench *bench = arg;
    error_free(rt_sleep(bench->rt, RT_FOREVER));
}

/* Runs `tasks` tasks of `rounds` rounds and returns the nanoseconds per round. */
static double measure(struct bench *bench, void (*fn)(void *), int tasks, int rounds)
{
    bench->rounds = rounds;
    double start = clock_ns();
    for (int i = 0; i < tasks; i++)
        rt_spawn(bench->rt, bench->group, "bench", fn, bench);
    error_free(rt_group_wait(bench->group, RT_FOREVER));
    return (clock_ns() - start) / ((double)tasks * rounds);
}

static int64_t resident(void)
{
    struct process_usage usage = {0};
    error_free(process_usage(getpid(), &usage));
    return usage.rss;
}

static void bench_main(void *arg)
{
    struct bench *bench = arg;
    bench->group = rt_group_new(bench->rt, NULL, "bench");
    printf("switch, 2 tasks       %7.1f ns\n", measure(bench, yields, 2, 1000000));
    printf("birth, new stacks     %7.1f ns\n", measure(bench, ends, TASKS, 1));
    printf("birth, pooled stacks  %7.1f ns\n", measure(bench, ends, 2000, 1));
    printf("switch, %d tasks    %7.1f ns\n", TASKS, measure(bench, yields, TASKS, 200));
    if (rt_is_sim(bench->rt))
        printf("sleep, %d tasks     %7.1f ns\n", TASKS, measure(bench, sleeps, TASKS, 100));
    int64_t before = resident();
    for (int i = 0; i < SLEEPERS; i++)
        rt_spawn(bench->rt, bench->group, "sleeper", waits, bench);
    error_free(rt_sleep(bench->rt, RT_MS));
    printf("%d sleeping tasks  %7.1f MB\n", SLEEPERS, (double)(resident() - before) / 1e6);
    rt_group_stop(bench->group);
    rt_group_free(bench->group);
}

static void run(const char *name, struct rt *rt)
{
    printf("-- %s\n", name);
    struct bench bench = {.rt = rt};
    error_free(rt_run(rt, bench_main, &bench));
    rt_free(rt);
}

int main(void)
{
    struct rt *rt;
    run("simulated", rt_new_sim(1, 0));
    struct error *err = rt_new_real(0, &rt);
    if (err) {
        fprintf(stderr, "%s\n", error_message(err));
        return 1;
    }
    run("real", rt);
    return 0;
}
