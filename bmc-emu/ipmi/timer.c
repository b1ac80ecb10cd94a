// SPDX-License-Identifier: Apache-2.0
// Timers of a BMC: a task sleeps while one is on, and ends when it is off.
#include "bmc-emu/ipmi/bmc.h"

static void timer_task(void *arg)
{
    struct ipmi_timer *timer = arg;
    struct rt *rt = timer->bmc->context->env->rt;

    while (timer->when && !rt_group_cancelled(timer->bmc->context->group)) {
        CLEANUP(error_free) struct error *err = rt_sleep_until(rt, timer->when);
        if (err)
            break;
        /* It may have been moved, or stopped, meanwhile. */
        if (timer->when && rt_now(rt) >= timer->when) {
            timer->when = 0;
            timer->expire(timer->bmc);
        }
    }
    timer->runs = false;
}

void ipmi_timer_start(struct ipmi_bmc *bmc, struct ipmi_timer *timer, rt_time delay,
                      void (*expire)(struct ipmi_bmc *bmc))
{
    struct ipmi_context *context = bmc->context;

    timer->bmc = bmc;
    timer->expire = expire;
    timer->when = rt_after(context->env->rt, delay);
    if (timer->runs)
        return;
    timer->runs = true;
    rt_spawn(context->env->rt, context->group, "ipmi timer", timer_task, timer);
}

void ipmi_timer_stop(struct ipmi_timer *timer)
{
    timer->when = 0;
}
