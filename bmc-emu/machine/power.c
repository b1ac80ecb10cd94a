// SPDX-License-Identifier: Apache-2.0
// Power: what each action does in each state, as a table of steps, and the one task that takes them. Whoever commands only notes the action and wakes
// the task; so a newer action overtakes an older one at any wait. Everything that runs on a powered machine is in the group `cycle`.
#include "bmc-emu/machine/machine_internal.h"

#include <string.h>

enum step { STEP_END, STEP_ASK, STEP_DOWN, STEP_UP, STEP_RESTART };
#define STEPS_MAX 4

static const struct {
    const char *name;
    enum step when_off[STEPS_MAX], when_on[STEPS_MAX];
} actions[MACHINE_ACTION_ALL] = {
    [MACHINE_ACTION_ON] = {"On", .when_off = {STEP_UP}},
    [MACHINE_ACTION_FORCE_ON] = {"ForceOn", .when_off = {STEP_UP}},
    [MACHINE_ACTION_FORCE_OFF] = {"ForceOff", .when_on = {STEP_DOWN}},
    [MACHINE_ACTION_GRACEFUL_SHUTDOWN] = {"GracefulShutdown", .when_on = {STEP_ASK, STEP_DOWN}},
    [MACHINE_ACTION_GRACEFUL_RESTART] = {"GracefulRestart", .when_off = {STEP_UP}, .when_on = {STEP_ASK, STEP_RESTART}},
    [MACHINE_ACTION_FORCE_RESTART] = {"ForceRestart", .when_off = {STEP_UP}, .when_on = {STEP_RESTART}},
    [MACHINE_ACTION_POWER_CYCLE] = {"PowerCycle", .when_off = {STEP_UP}, .when_on = {STEP_DOWN, STEP_UP}},
    [MACHINE_ACTION_PUSH_POWER_BUTTON] = {"PushPowerButton", .when_off = {STEP_UP}, .when_on = {STEP_ASK, STEP_DOWN}},
    [MACHINE_ACTION_NMI] = {"Nmi"}, /* no transition: see machine_act() */
    [MACHINE_ACTION_GUEST_REBOOT] = {"reboot from inside", .when_on = {STEP_RESTART}},
    [MACHINE_ACTION_GUEST_OFF] = {"power off from inside", .when_on = {STEP_DOWN}},
};

enum machine_power machine_power(const struct machine *machine)
{
    return machine->power;
}

enum machine_progress machine_progress(const struct machine *machine)
{
    return machine->progress;
}

int64_t machine_last_reset(const struct machine *machine)
{
    return machine->last_reset;
}

/* The only writer of the power state. */
static void set_power(struct machine *machine, enum machine_power power)
{
    if (machine->power == power)
        return;
    machine->power = power;
    machine_changed(machine);
    machine_journal(machine, "power", "%s", machine_power_name(power));
}

void machine_set_progress(struct machine *machine, enum machine_progress progress)
{
    if (machine->progress == progress)
        return;
    machine->progress = progress;
    machine_changed(machine);
}

/* Waits until `when`, or until *flag is set (NULL: none); false when a newer action came or the program ends. */
static bool pause_until(struct machine *machine, rt_time when, const bool *flag)
{
    while (machine->pending < 0) {
        if (flag && *flag)
            return true;
        CLEANUP(error_free) struct error *err = rt_cond_wait(machine->env->rt, &machine->power_cond, when);
        if (error_is(err, ERROR_TIMEOUT))
            return true;
        if (err)
            return false;
    }
    return false;
}

static void begin_up(struct machine *machine)
{
    set_power(machine, MACHINE_POWERING_ON);
    machine->transition_end = rt_after(machine->env->rt, machine->profile->delays.power_on);
}

static void begin_down(struct machine *machine)
{
    set_power(machine, MACHINE_POWERING_OFF);
    machine->transition_end = rt_after(machine->env->rt, machine->profile->delays.power_off);
}

/* The first task of a power cycle: firmware's self test, then the boot loader. */
static void post_task(void *arg)
{
    struct machine *machine = arg;

    machine_firmware_apply(machine);
    machine_set_progress(machine, MACHINE_PROGRESS_POST);
    CLEANUP(error_free) struct error *err = rt_sleep(machine->env->rt, machine->profile->delays.post);
    if (!err)
        machine_boot_run(machine);
}

static void start_cycle(struct machine *machine)
{
    machine->last_reset = rt_wall(machine->env->rt);
    machine_changed(machine);
    machine->cycle = rt_group_new(machine->env->rt, machine->group, machine->name);
    rt_spawn(machine->env->rt, machine->cycle, "post", post_task, machine);
}

/* Ends everything that runs on the machine, as pulling the plug does. */
static void cut(struct machine *machine)
{
    struct rt_group *cycle = TAKE_PTR(machine->cycle);

    rt_group_stop(cycle);
    rt_group_free(cycle);
    machine->shutdown_runs = false;
    machine_set_progress(machine, MACHINE_PROGRESS_NONE);
    for (size_t i = 0; i < machine->profile->disks.len; i++)
        medium_flush(machine->disks[i].medium);
}

static bool step_up(struct machine *machine)
{
    if (machine->power == MACHINE_ON)
        return true;
    if (machine->power != MACHINE_POWERING_ON)
        begin_up(machine);
    if (!pause_until(machine, machine->transition_end, NULL))
        return false;
    set_power(machine, MACHINE_ON);
    start_cycle(machine);
    return true;
}

static bool step_down(struct machine *machine)
{
    if (machine->power != MACHINE_POWERING_OFF)
        begin_down(machine);
    cut(machine);
    if (!pause_until(machine, machine->transition_end, NULL))
        return false;
    set_power(machine, MACHINE_OFF);
    return true;
}

static bool step_restart(struct machine *machine)
{
    if (machine->power != MACHINE_ON)
        return step_up(machine);
    cut(machine);
    machine_journal(machine, "power", "reset");
    start_cycle(machine);
    return true;
}

static void shutdown_task(void *arg)
{
    struct machine *machine = arg;
    CLEANUP(error_free) struct error *err = machine->guest->shutdown(machine->guest->arg, machine);

    if (error_is(err, ERROR_CANCELLED))
        return;
    if (err)
        machine_journal(machine, "power", "graceful shutdown refused: %s", error_message(err));
    machine->shutdown_refused = err != NULL;
    machine->shutdown_ended = true;
    machine->shutdown_runs = false;
    rt_cond_broadcast(machine->env->rt, &machine->power_cond);
}

/* Presses the power button; true when the system went down. Firmware without a system obeys at once. */
static bool step_ask(struct machine *machine)
{
    const struct machine_delays *delays = &machine->profile->delays;
    struct rt *rt = machine->env->rt;

    if (machine->progress != MACHINE_PROGRESS_OS_RUNNING)
        return true;
    machine_journal(machine, "power", "power button pressed");
    if (!machine->guest || !machine->guest->shutdown)
        return pause_until(machine, rt_after(rt, delays->shutdown), NULL);
    if (!machine->shutdown_runs) {
        machine->shutdown_runs = true;
        machine->shutdown_ended = machine->shutdown_refused = false;
        rt_spawn(rt, machine->cycle, "shutdown", shutdown_task, machine);
    }
    if (!pause_until(machine, rt_after(rt, delays->shutdown_limit), &machine->shutdown_ended))
        return false;
    if (!machine->shutdown_ended)
        machine_journal(machine, "power", "graceful shutdown did not end in time");
    return machine->shutdown_ended && !machine->shutdown_refused;
}

static bool take_step(struct machine *machine, enum step step)
{
    switch (step) {
    case STEP_ASK:
        return step_ask(machine);
    case STEP_DOWN:
        return step_down(machine);
    case STEP_UP:
        return step_up(machine);
    case STEP_RESTART:
        return step_restart(machine);
    case STEP_END:
        break;
    }
    return true;
}

static void run_action(struct machine *machine, int action)
{
    /* A transition that was overtaken ends first, so that a disk never sees two power cycles at once. */
    if (machine->power == MACHINE_POWERING_OFF && !step_down(machine))
        return;
    const enum step *steps = actions[action].when_on;
    if (machine->power == MACHINE_OFF || (machine->power == MACHINE_POWERING_ON && steps[0] == STEP_END))
        steps = actions[action].when_off;
    for (size_t i = 0; i < STEPS_MAX && steps[i] != STEP_END; i++)
        if (!take_step(machine, steps[i]))
            return;
}

static void power_task(void *arg)
{
    struct machine *machine = arg;

    while (machine->pending >= 0 && !rt_group_cancelled(machine->group)) {
        int action = machine->pending;
        machine->pending = -1;
        run_action(machine, action);
    }
    machine->power_task = false;
}

static void request(struct machine *machine, int action)
{
    machine->pending = action;
    if (machine->power_task) {
        rt_cond_broadcast(machine->env->rt, &machine->power_cond);
        return;
    }
    machine->power_task = true;
    rt_spawn(machine->env->rt, machine->group, "power", power_task, machine);
}

struct error *machine_act(struct machine *machine, enum machine_action action)
{
    bool off = machine->power == MACHINE_OFF || machine->power == MACHINE_POWERING_OFF;
    enum step first = off ? actions[action].when_off[0] : actions[action].when_on[0];

    if (action == MACHINE_ACTION_NMI && machine->power == MACHINE_ON) {
        machine_journal(machine, "action", "Nmi");
        return NULL;
    }
    if (first == STEP_END) {
        if (machine->profile->quirks.refuse_repeat || action == MACHINE_ACTION_NMI)
            return error_new(ERROR_CONFLICT, "%s: %s does not fit the power state %s", machine->name,
                             actions[action].name, machine_power_name(machine->power));
        return NULL;
    }
    machine_journal(machine, "action", "%s", actions[action].name);
    /* The state shows at once what was accepted; the rest follows in the power task. */
    if (first == STEP_DOWN)
        begin_down(machine);
    else if (first == STEP_UP && machine->power == MACHINE_OFF)
        begin_up(machine);
    request(machine, (int)action);
    return NULL;
}

static void from_inside(struct machine *machine, int action)
{
    if (machine->power != MACHINE_ON)
        return;
    machine_journal(machine, "action", "%s", actions[action].name);
    request(machine, action);
}

void machine_guest_reboot(struct machine *machine)
{
    from_inside(machine, MACHINE_ACTION_GUEST_REBOOT);
}

void machine_guest_power_off(struct machine *machine)
{
    from_inside(machine, MACHINE_ACTION_GUEST_OFF);
}
