// SPDX-License-Identifier: Apache-2.0
// Faults of what a BMC does to its machine. Verbs are refused, or accepted and not carried out; then reads show what the client was made to believe.
#include <stdlib.h>

#include "bmc-emu/faults/layers.h"
#include "bmc-emu/faults/row.h"

/* What a client sees of a machine where that differs from the machine. */
struct belief {
    /* stale-power */
    bool power_known;
    enum machine_power power, old_power; /* as the last read found it; as it is shown until `stale_until` */
    rt_time stale_until;
    /* boot-override-ignored */
    bool boot;
    enum machine_boot_target target;
    enum machine_boot_enabled enabled;
    char *http_uri;
    int64_t boot_reset; /* the machine's last reset when the override was set */
    /* media-ignored */
    bool *hidden;               /* of each drive: shown as inserted, though it is not; NULL: none yet */
    struct machine_slot *slots; /* what reads show */
};

struct fault_driver {
    struct bmc_driver base;
    struct bmc_driver_ops ops; /* what the next one cannot do is missing */
    struct fault_plan *plan;
    struct bmc_driver *next;
    struct belief *beliefs;
    size_t count;
};

static struct fault_driver *from_base(const struct bmc_driver *base)
{
    return CONTAINER_OF(base, struct fault_driver, base);
}

/* NULL for a machine that has come later: what is shown of it is the truth. */
static struct belief *belief_of(const struct fault_driver *driver, size_t machine)
{
    return machine < driver->count ? &driver->beliefs[machine] : NULL;
}

static bool bites(const struct fault_driver *driver, enum fault_kind kind, size_t machine, const char *verb,
                  struct fault_hit *ret)
{
    return fault_plan_bites(driver->plan, kind, machine, verb, NULL, ret);
}

/* NULL unless a fault of that kind refuses the operation. */
static struct error *refuse(const struct fault_driver *driver, enum fault_kind kind, size_t machine, const char *verb)
{
    static const struct {
        enum error_kind kind;
        const char *text;
    } refusals[] = {
        [FAULT_REFUSAL_INTERNAL] = {ERROR_INTERNAL, "an internal error"},
        [FAULT_REFUSAL_BUSY] = {ERROR_TRANSIENT, "it is busy"},
        [FAULT_REFUSAL_CONFLICT] = {ERROR_CONFLICT, "it conflicts with the machine's state"},
        [FAULT_REFUSAL_INVALID] = {ERROR_INVALID, "it is not possible now"},
    };
    struct fault_hit hit;

    if (!bites(driver, kind, machine, verb, &hit))
        return NULL;
    return error_new(refusals[hit.mode].kind, "%s: the operation was refused: %s",
                     driver->next->ops->machine_name(driver->next, machine), refusals[hit.mode].text);
}

/* -- identity -- */

static unsigned capabilities(const struct bmc_driver *base)
{
    const struct bmc_driver *next = from_base(base)->next;

    return next->ops->capabilities(next);
}

static size_t count(const struct bmc_driver *base)
{
    const struct bmc_driver *next = from_base(base)->next;

    return next->ops->count(next);
}

static size_t find(struct bmc_driver *base, const char *id)
{
    struct bmc_driver *next = from_base(base)->next;

    return next->ops->find(next, id);
}

static const char *name_of(const struct bmc_driver *base, size_t machine)
{
    const struct bmc_driver *next = from_base(base)->next;

    return next->ops->machine_name(next, machine);
}

/* -- reads -- */

static void show_power(struct fault_driver *driver, struct belief *belief, size_t machine,
                       struct bmc_snapshot *snapshot)
{
    rt_time now = rt_now(fault_plan_rt(driver->plan));
    struct fault_hit hit;

    if (belief->power_known && belief->power != snapshot->power &&
        bites(driver, FAULT_STALE_POWER, machine, NULL, &hit)) {
        if (now >= belief->stale_until)
            belief->old_power = belief->power;
        belief->stale_until = rt_after(fault_plan_rt(driver->plan), hit.delay);
    }
    belief->power_known = true;
    belief->power = snapshot->power;
    if (now < belief->stale_until)
        snapshot->power = belief->old_power;
}

static void forget_boot(struct belief *belief)
{
    free(belief->http_uri);
    belief->http_uri = NULL;
    belief->boot = false;
}

static void show_boot(struct belief *belief, struct bmc_snapshot *snapshot)
{
    if (!belief->boot)
        return;
    /* The machine has started since, which uses up a one-time override. */
    if (belief->enabled == MACHINE_BOOT_ONCE && snapshot->last_reset != belief->boot_reset &&
        snapshot->progress >= MACHINE_PROGRESS_OS_BOOT_STARTED) {
        forget_boot(belief);
        return;
    }
    snapshot->boot.enabled = belief->enabled;
    snapshot->boot.target = belief->target;
    snapshot->boot.http_uri = belief->http_uri;
}

static void show_slots(struct belief *belief, struct bmc_snapshot *snapshot)
{
    size_t len = snapshot->profile->slots.len;

    if (!belief->hidden)
        return;
    for (size_t i = 0; i < len; i++) {
        belief->slots[i] = snapshot->slots[i];
        belief->slots[i].inserted |= belief->hidden[i];
    }
    snapshot->slots = belief->slots;
}

static struct error *snapshot(struct bmc_driver *base, size_t machine, struct bmc_snapshot *ret)
{
    struct fault_driver *driver = from_base(base);
    struct belief *belief = belief_of(driver, machine);

    TRY(driver->next->ops->snapshot(driver->next, machine, ret));
    if (!belief)
        return NULL;
    show_power(driver, belief, machine, ret);
    show_boot(belief, ret);
    show_slots(belief, ret);
    return NULL;
}

/* -- verbs -- */

static struct error *power(struct bmc_driver *base, size_t machine, enum machine_action action)
{
    struct fault_driver *driver = from_base(base);
    const char *verb = machine_action_name(action);
    struct bmc_snapshot before;

    TRY(refuse(driver, FAULT_POWER_FAILS, machine, verb));
    if (bites(driver, FAULT_POWER_STUCK, machine, verb, NULL))
        return NULL;
    /* A read, so that the change shows as one even if nobody has read before. */
    TRY(snapshot(base, machine, &before));
    return driver->next->ops->power(driver->next, machine, action);
}

/* What is not in the change stays as it was shown. */
static void believe_boot(struct belief *belief, const struct bmc_snapshot *shown,
                         const struct machine_boot_change *change)
{
    char *http_uri = mem_strdup(change->set_http_uri ? change->http_uri : shown->boot.http_uri);

    belief->target = change->set_target ? change->target : shown->boot.target;
    belief->enabled = change->set_enabled ? change->enabled : shown->boot.enabled;
    if (belief->enabled == MACHINE_BOOT_DISABLED && change->set_enabled)
        belief->target = MACHINE_BOOT_NONE;
    free(belief->http_uri);
    belief->http_uri = http_uri;
    belief->boot_reset = shown->last_reset;
    belief->boot = true;
}

/* Makes what a client was made to believe part of a change that is carried out. */
static void fulfil_boot(struct belief *belief, struct machine_boot_change *change)
{
    if (!change->set_target) {
        change->set_target = true;
        change->target = belief->target;
    }
    if (!change->set_enabled) {
        change->set_enabled = true;
        change->enabled = belief->enabled;
    }
    if (!change->set_http_uri) {
        change->set_http_uri = true;
        change->http_uri = belief->http_uri;
    }
}

/* A change of the override, which may be ignored; the mode is not part of it. */
static struct error *set_override(struct fault_driver *driver, struct belief *belief, size_t machine,
                                  const struct machine_boot_change *change)
{
    const struct machine_boot_change mode_only = {.set_mode = change->set_mode, .mode = change->mode};
    struct machine_boot_change whole = *change;
    struct bmc_driver *next = driver->next;
    struct bmc_snapshot shown;

    TRY(snapshot(&driver->base, machine, &shown));
    if (bites(driver, FAULT_BOOT_OVERRIDE_IGNORED, machine, NULL, NULL)) {
        believe_boot(belief, &shown, change);
        return change->set_mode ? next->ops->boot_set(next, machine, &mode_only) : NULL;
    }
    if (belief->boot)
        fulfil_boot(belief, &whole);
    TRY(next->ops->boot_set(next, machine, &whole));
    forget_boot(belief);
    return NULL;
}

static struct error *boot_set(struct bmc_driver *base, size_t machine, const struct machine_boot_change *change)
{
    struct fault_driver *driver = from_base(base);
    struct belief *belief = belief_of(driver, machine);

    TRY(refuse(driver, FAULT_BOOT_FAILS, machine, NULL));
    if (belief && (change->set_target || change->set_enabled || change->set_http_uri))
        return set_override(driver, belief, machine, change);
    return driver->next->ops->boot_set(driver->next, machine, change);
}

/* Notes whether drive `slot` is shown as inserted though it is not. */
static void hide(struct fault_driver *driver, size_t machine, size_t slot, bool hidden)
{
    struct belief *belief = belief_of(driver, machine);
    struct bmc_snapshot now;

    if (!belief)
        return;
    if (!belief->hidden && hidden) {
        CLEANUP(error_free) struct error *err = driver->next->ops->snapshot(driver->next, machine, &now);
        if (err)
            return;
        belief->hidden = mem_alloc_array(now.profile->slots.len, sizeof(*belief->hidden));
        belief->slots = mem_alloc_array(now.profile->slots.len, sizeof(*belief->slots));
    }
    if (belief->hidden)
        belief->hidden[slot] = hidden;
}

static struct error *media_insert(struct bmc_driver *base, size_t machine, size_t slot,
                                  const struct machine_media_request *request)
{
    struct fault_driver *driver = from_base(base);
    struct bmc_driver *next = driver->next;
    struct machine_media_request passed = *request;

    TRY(refuse(driver, FAULT_MEDIA_INSERT_FAILS, machine, NULL));
    bool ignored = request->inserted && bites(driver, FAULT_MEDIA_IGNORED, machine, NULL, NULL);
    if (ignored)
        passed.inserted = false;
    TRY(next->ops->media_insert(next, machine, slot, &passed));
    hide(driver, machine, slot, ignored);
    return NULL;
}

static struct error *media_eject(struct bmc_driver *base, size_t machine, size_t slot)
{
    struct fault_driver *driver = from_base(base);

    TRY(refuse(driver, FAULT_MEDIA_EJECT_FAILS, machine, NULL));
    TRY(driver->next->ops->media_eject(driver->next, machine, slot));
    hide(driver, machine, slot, false);
    return NULL;
}

static struct error *media_verify(struct bmc_driver *base, size_t machine, size_t slot, bool verify)
{
    struct bmc_driver *next = from_base(base)->next;

    return next->ops->media_verify(next, machine, slot, verify);
}

static struct error *bios_set(struct bmc_driver *base, size_t machine, const struct json *attributes)
{
    struct bmc_driver *next = from_base(base)->next;

    return next->ops->bios_set(next, machine, attributes);
}

static struct error *bios_reset(struct bmc_driver *base, size_t machine)
{
    struct bmc_driver *next = from_base(base)->next;

    return next->ops->bios_reset(next, machine);
}

static struct error *secure_boot_set(struct bmc_driver *base, size_t machine, bool enable)
{
    struct bmc_driver *next = from_base(base)->next;

    return next->ops->secure_boot_set(next, machine, enable);
}

static struct error *led_set(struct bmc_driver *base, size_t machine, enum machine_led led)
{
    struct bmc_driver *next = from_base(base)->next;

    return next->ops->led_set(next, machine, led);
}

static bool journal(struct bmc_driver *base, size_t machine, uint64_t serial, struct machine_event *ret)
{
    struct bmc_driver *next = from_base(base)->next;

    return next->ops->journal && next->ops->journal(next, machine, serial, ret);
}

/* -- the plan's view of the machines: as they are -- */

static size_t machines_count(void *arg)
{
    const struct bmc_driver *next = arg;

    return next->ops->count(next);
}

static const char *machines_name(void *arg, size_t machine)
{
    const struct bmc_driver *next = arg;

    return next->ops->machine_name(next, machine);
}

static void machines_state(void *arg, size_t machine, enum machine_power *ret_power,
                           enum machine_progress *ret_progress)
{
    struct bmc_driver *next = arg;
    struct bmc_snapshot now;
    CLEANUP(error_free) struct error *err = next->ops->snapshot(next, machine, &now);

    if (err)
        return;
    *ret_power = now.power;
    *ret_progress = now.progress;
}

/* -- life -- */

static void driver_free(struct bmc_driver *base)
{
    struct fault_driver *driver = from_base(base);

    fault_plan_set_machines(driver->plan, NULL, NULL);
    for (size_t i = 0; i < driver->count; i++) {
        free(driver->beliefs[i].http_uri);
        free(driver->beliefs[i].hidden);
        free(driver->beliefs[i].slots);
    }
    free(driver->beliefs);
    bmc_driver_free(driver->next);
    free(driver);
}

static const struct bmc_driver_ops fault_driver_ops = {
    .name = "faults",
    .capabilities = capabilities,
    .count = count,
    .find = find,
    .machine_name = name_of,
    .snapshot = snapshot,
    .power = power,
    .boot_set = boot_set,
    .media_insert = media_insert,
    .media_eject = media_eject,
    .media_verify = media_verify,
    .bios_set = bios_set,
    .bios_reset = bios_reset,
    .secure_boot_set = secure_boot_set,
    .led_set = led_set,
    .journal = journal,
    .free = driver_free,
};

struct bmc_driver *fault_driver_new(struct fault_plan *plan, struct bmc_driver *next)
{
    static const struct fault_machines machines = {
        .count = machines_count,
        .name = machines_name,
        .state = machines_state,
    };
    struct fault_driver *driver = mem_alloc(sizeof(*driver));

    driver->ops = fault_driver_ops;
    if (!next->ops->find)
        driver->ops.find = NULL;
    driver->base.ops = &driver->ops;
    driver->plan = plan;
    driver->next = next;
    driver->count = next->ops->count(next);
    driver->beliefs = mem_alloc_array(driver->count + 1, sizeof(*driver->beliefs));
    fault_plan_set_machines(plan, &machines, next);
    return &driver->base;
}
