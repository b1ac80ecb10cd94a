/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated world: the clock stands still while tasks run and jumps to the next deadline when none can; the next
 * task is drawn from the seed. A world in which nothing can happen any more, or in which time does not go on, is
 * reported with the tasks that wait, and unwound.
 */
#include <stdlib.h>

#include "lib/data/mem.h"
#include "lib/data/str.h"
#include "lib/rt/internal.h"

#define START RT_S                 /* not 0, so that 0 can mean "never" */
#define STEPS_PER_INSTANT 20000000 /* task switches without the clock moving that are taken for an endless loop */
#define REPORT_TASKS 50

struct sim {
    rt_time now;
    int64_t wall_at_zero;
    VEC(struct rt_task *) ready;
    struct random scheduler;
    uint64_t steps; /* since the clock moved */
};

static rt_time sim_now(const struct rt *rt)
{
    return rt->sim->now;
}

static int64_t sim_wall(const struct rt *rt)
{
    return rt->sim->wall_at_zero + rt->sim->now;
}

static void sim_push(struct rt *rt, struct rt_task *task)
{
    VEC_PUSH(&rt->sim->ready, task);
}

static struct rt_task *sim_pop(struct rt *rt)
{
    struct sim *sim = rt->sim;
    if (sim->ready.len == 0 || sim->steps >= STEPS_PER_INSTANT)
        return NULL;
    size_t index = sim->ready.len > 1 ? (size_t)random_below(&sim->scheduler, sim->ready.len) : 0;
    struct rt_task *task = sim->ready.items[index];
    sim->ready.items[index] = sim->ready.items[--sim->ready.len];
    sim->steps++;
    return task;
}

struct report {
    struct strbuf text;
    size_t tasks;
};

static void report_task(struct rt_task *task, void *arg)
{
    struct report *report = arg;
    if (report->tasks++ >= REPORT_TASKS)
        return;
    struct strbuf *text = &report->text;
    strbuf_adds(text, report->tasks > 1 ? "; " : "");
    if (task->state != TASK_WAITING) {
        strbuf_addf(text, "\"%s\" of \"%s\" can run", task->name, task->group->name);
        return;
    }
    char since[TIME_TEXT_SIZE];
    strbuf_addf(text, "\"%s\" of \"%s\" waits for %s since %s", task->name, task->group->name, task->waits_for,
                time_format_duration(task->waits_since - START, since));
}

static void give_up_task(struct rt_task *task, void *arg)
{
    task_give_up(task, "does not unwind");
}

/* The world does not go on: unwinds it, or, when it already unwinds, gives up what is left. */
static void sim_stall(struct rt *rt, const char *what)
{
    struct report report = {0};
    group_each_task(rt->root, report_task, &report);
    if (report.tasks > REPORT_TASKS)
        strbuf_addf(&report.text, "; and %zu more", report.tasks - REPORT_TASKS);
    char after[TIME_TEXT_SIZE];
    rt_fail(rt, error_new(ERROR_INTERNAL, "%s after %s: %s", what, time_format_duration(rt->sim->now - START, after),
                          strbuf_str(&report.text)));
    strbuf_release(&report.text);
    rt->sim->steps = 0;
    if (!rt->root->cancelled) {
        rt_group_cancel(rt->root);
        return;
    }
    group_each_task(rt->root, give_up_task, NULL);
    rt->sim->ready.len = 0;
}

static void sim_turn(struct rt *rt)
{
    struct sim *sim = rt->sim;
    if (sim->steps >= STEPS_PER_INSTANT) {
        sim_stall(rt, "endless loop: time does not go on");
        return;
    }
    if (sim->ready.len > 0)
        return;
    rt_time next = timer_heap_next(&rt->timers);
    if (next == RT_FOREVER) {
        sim_stall(rt, "deadlock: no task can ever run again");
        return;
    }
    if (next > sim->now) {
        sim->now = next;
        sim->steps = 0;
    }
    sim->steps++; /* timers that re-arm themselves for now are an endless loop too */
    timer_heap_fire(&rt->timers, sim->now);
}

/* In place; others run before and after, as they may while a worker is busy. */
static void sim_offload(struct rt *rt, void (*fn)(void *arg), void *arg)
{
    task_yield(rt);
    fn(arg);
    task_yield(rt);
}

static struct error *sim_wait_signal(struct rt *rt, int *ret_signal)
{
    while (!task_cancelled(rt))
        (void)task_wait(rt, "a signal", RT_FOREVER, true);
    return task_cancelled_error(rt);
}

static void sim_release(struct rt *rt)
{
    VEC_RELEASE(&rt->sim->ready);
    free(rt->sim);
}

static const struct world sim_world = {
    .name = "simulated",
    .simulated = true,
    .now = sim_now,
    .wall = sim_wall,
    .push = sim_push,
    .pop = sim_pop,
    .turn = sim_turn,
    .offload = sim_offload,
    .wait_signal = sim_wait_signal,
    .release = sim_release,
};

struct rt *rt_new_sim(uint64_t seed, int64_t wall)
{
    struct rt *rt = rt_new_common(&sim_world, seed);
    rt->sim = mem_alloc(sizeof(*rt->sim));
    rt->sim->now = START;
    rt->sim->wall_at_zero = wall - START;
    random_seed(&rt->sim->scheduler, seed, STREAM_SCHEDULER);
    return rt;
}
