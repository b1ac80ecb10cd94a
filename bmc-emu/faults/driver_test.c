// SPDX-License-Identifier: Apache-2.0
// Faults of a driver, over a driver that notes what reaches it: what the client is told, and what the machine gets.
#include "lib/test.h"

#include "bmc-emu/faults/layers.h"

/* Two machines whose state the tests set by hand. */
struct fake {
    struct bmc_driver base;
    struct machine_profile *profile;
    enum machine_power power;
    enum machine_progress progress;
    int64_t last_reset;
    struct machine_boot_settings boot;
    struct machine_slot slots[8];
    int actions, boot_sets, inserts, ejects;
    struct machine_boot_change change; /* the last */
    bool fail;
};

struct world {
    struct rt *rt;
    struct fault_plan *plan;
    struct fake fake;
    struct bmc_driver *driver; /* with faults */
    void (*test)(struct world *w);
};

static struct fake *from_base(const struct bmc_driver *base)
{
    return CONTAINER_OF(base, struct fake, base);
}

static size_t fake_count(const struct bmc_driver *base)
{
    return 2;
}

static const char *fake_name(const struct bmc_driver *base, size_t machine)
{
    return machine ? "machine-2" : "machine-1";
}

static struct error *fake_snapshot(struct bmc_driver *base, size_t machine, struct bmc_snapshot *ret)
{
    struct fake *fake = from_base(base);

    *ret = (struct bmc_snapshot){
        .name = fake_name(base, machine),
        .profile = fake->profile,
        .power = fake->power,
        .progress = fake->progress,
        .last_reset = fake->last_reset,
        .boot = fake->boot,
        .slots = fake->slots,
    };
    return NULL;
}

static struct error *fake_power(struct bmc_driver *base, size_t machine, enum machine_action action)
{
    struct fake *fake = from_base(base);

    fake->actions++;
    fake->power = action == MACHINE_ACTION_ON ? MACHINE_ON : MACHINE_OFF;
    return NULL;
}

static struct error *fake_boot_set(struct bmc_driver *base, size_t machine, const struct machine_boot_change *change)
{
    struct fake *fake = from_base(base);

    fake->boot_sets++;
    fake->change = *change;
    if (change->set_target)
        fake->boot.target = change->target;
    if (change->set_enabled)
        fake->boot.enabled = change->enabled;
    if (change->set_mode)
        fake->boot.mode = change->mode;
    return NULL;
}

static struct error *fake_insert(struct bmc_driver *base, size_t machine, size_t slot,
                                 const struct machine_media_request *request)
{
    struct fake *fake = from_base(base);

    fake->inserts++;
    if (fake->fail)
        return error_new(ERROR_TRANSIENT, "no image");
    fake->slots[slot].inserted = request->inserted;
    return NULL;
}

static struct error *fake_eject(struct bmc_driver *base, size_t machine, size_t slot)
{
    struct fake *fake = from_base(base);

    fake->ejects++;
    fake->slots[slot].inserted = false;
    return NULL;
}

static void fake_free(struct bmc_driver *base)
{
}

static const struct bmc_driver_ops fake_ops = {
    .name = "fake",
    .count = fake_count,
    .machine_name = fake_name,
    .snapshot = fake_snapshot,
    .power = fake_power,
    .boot_set = fake_boot_set,
    .media_insert = fake_insert,
    .media_eject = fake_eject,
    .free = fake_free,
};

static void body(void *arg)
{
    struct world *w = arg;

    w->fake.base.ops = &fake_ops;
    w->fake.profile = machine_profile_new();
    w->plan = fault_plan_new(w->rt);
    w->driver = fault_driver_new(w->plan, &w->fake.base);
    w->test(w);
    bmc_driver_free(w->driver);
    fault_plan_free(w->plan);
    machine_profile_free(w->fake.profile);
}

static void run(void (*test)(struct world *w))
{
    struct world w = {.rt = rt_new_sim(7, TEST_WALL), .test = test};

    assert_ok(rt_run(w.rt, body, &w));
    rt_free(w.rt);
}

static uint64_t add(struct world *w, const char *text)
{
    CLEANUP(json_free) struct json *row = NULL;
    uint64_t id = 0;

    assert_ok(json_parse(text, strlen(text), &row));
    assert_ok(fault_plan_add(w->plan, row, &id));
    return id;
}

static struct bmc_snapshot look(struct world *w)
{
    struct bmc_snapshot snapshot;

    assert_ok(w->driver->ops->snapshot(w->driver, 0, &snapshot));
    return snapshot;
}

static struct error *act(struct world *w, enum machine_action action) MUST_CHECK;
static struct error *act(struct world *w, enum machine_action action)
{
    return w->driver->ops->power(w->driver, 0, action);
}

/* -- power -- */

static void check_power(struct world *w)
{
    uint64_t id = add(w, "{\"fault\": \"power-fails\", \"operation\": \"On\", \"machines\": \"machine-1\"}");

    assert_error_text(act(w, MACHINE_ACTION_ON), ERROR_INTERNAL, "machine-1: the operation was refused");
    assert_ok(act(w, MACHINE_ACTION_FORCE_OFF));
    assert_ok(w->driver->ops->power(w->driver, 1, MACHINE_ACTION_ON));
    assert_int_equal(w->fake.actions, 2);
    assert_true(fault_plan_remove(w->plan, id));

    add(w, "{\"fault\": \"power-fails\", \"mode\": \"busy\", \"when\": {\"count\": 1}}");
    assert_error(act(w, MACHINE_ACTION_ON), ERROR_TRANSIENT);
    add(w, "{\"fault\": \"power-fails\", \"mode\": \"conflict\", \"when\": {\"count\": 1}}");
    assert_error(act(w, MACHINE_ACTION_ON), ERROR_CONFLICT);
    add(w, "{\"fault\": \"power-fails\", \"mode\": \"invalid\", \"when\": {\"count\": 1}}");
    assert_error(act(w, MACHINE_ACTION_ON), ERROR_INVALID);
    assert_int_equal(w->fake.actions, 2);

    add(w, "{\"fault\": \"power-stuck\", \"when\": {\"count\": 1}}");
    assert_ok(act(w, MACHINE_ACTION_ON));
    assert_int_equal(w->fake.actions, 2);
    assert_ok(act(w, MACHINE_ACTION_ON));
    assert_int_equal(w->fake.actions, 3);
}

static void test_power(void **unused)
{
    run(check_power);
}

/* Conditions look at the machine as it is. */
static void check_state(struct world *w)
{
    add(w, "{\"fault\": \"power-fails\", \"when\": {\"state\": \"On\"}}");
    assert_ok(act(w, MACHINE_ACTION_ON));
    assert_error(act(w, MACHINE_ACTION_FORCE_OFF), ERROR_INTERNAL);
    w->fake.power = MACHINE_OFF;
    assert_ok(act(w, MACHINE_ACTION_ON));
}

static void test_state(void **unused)
{
    run(check_state);
}

static void check_stale(struct world *w)
{
    add(w, "{\"fault\": \"stale-power\", \"delay\": \"20s\", \"when\": {\"count\": 1}}");
    assert_ok(act(w, MACHINE_ACTION_ON)); /* nobody has read before */
    assert_int_equal(look(w).power, MACHINE_OFF);
    assert_ok(rt_sleep(w->rt, 19 * RT_S));
    assert_int_equal(look(w).power, MACHINE_OFF);
    assert_ok(rt_sleep(w->rt, 1 * RT_S));
    assert_int_equal(look(w).power, MACHINE_ON);
    w->fake.power = MACHINE_OFF;
    assert_int_equal(look(w).power, MACHINE_OFF);
}

static void test_stale(void **unused)
{
    run(check_stale);
}

/* Two changes within the delay: what is shown stays what it was at first. */
static void check_stale_twice(struct world *w)
{
    add(w, "{\"fault\": \"stale-power\", \"delay\": \"20s\"}");
    assert_int_equal(look(w).power, MACHINE_OFF);
    w->fake.power = MACHINE_POWERING_ON;
    assert_int_equal(look(w).power, MACHINE_OFF);
    assert_ok(rt_sleep(w->rt, 5 * RT_S));
    w->fake.power = MACHINE_ON;
    assert_int_equal(look(w).power, MACHINE_OFF);
    assert_ok(rt_sleep(w->rt, 19 * RT_S));
    assert_int_equal(look(w).power, MACHINE_OFF);
    assert_ok(rt_sleep(w->rt, 1 * RT_S));
    assert_int_equal(look(w).power, MACHINE_ON);
}

static void test_stale_twice(void **unused)
{
    run(check_stale_twice);
}

/* -- boot -- */

static struct error *set_boot(struct world *w, enum machine_boot_target target, enum machine_boot_enabled enabled)
    MUST_CHECK;
static struct error *set_boot(struct world *w, enum machine_boot_target target, enum machine_boot_enabled enabled)
{
    const struct machine_boot_change change = {
        .set_target = true,
        .target = target,
        .set_enabled = true,
        .enabled = enabled,
        .set_mode = true,
        .mode = MACHINE_BOOT_UEFI,
    };

    return w->driver->ops->boot_set(w->driver, 0, &change);
}

static void check_boot_ignored(struct world *w)
{
    w->fake.boot = (struct machine_boot_settings){.mode = MACHINE_BOOT_LEGACY};
    add(w, "{\"fault\": \"boot-override-ignored\", \"when\": {\"count\": 1}}");
    assert_ok(set_boot(w, MACHINE_BOOT_CD, MACHINE_BOOT_ONCE));
    /* The machine gets the mode, nothing else; the client sees what it has set. */
    assert_int_equal(w->fake.boot.target, MACHINE_BOOT_NONE);
    assert_int_equal(w->fake.boot.enabled, MACHINE_BOOT_DISABLED);
    assert_int_equal(w->fake.boot.mode, MACHINE_BOOT_UEFI);
    assert_int_equal(look(w).boot.target, MACHINE_BOOT_CD);
    assert_int_equal(look(w).boot.enabled, MACHINE_BOOT_ONCE);
    /* Until the machine has started, which would have used it up. */
    w->fake.last_reset = TEST_WALL;
    w->fake.progress = MACHINE_PROGRESS_POST;
    assert_int_equal(look(w).boot.target, MACHINE_BOOT_CD);
    w->fake.progress = MACHINE_PROGRESS_OS_BOOT_STARTED;
    assert_int_equal(look(w).boot.target, MACHINE_BOOT_NONE);
    assert_int_equal(look(w).boot.enabled, MACHINE_BOOT_DISABLED);
}

static void test_boot_ignored(void **unused)
{
    run(check_boot_ignored);
}

/* A later change that only names the target relies on what was shown. */
static void check_boot_fulfilled(struct world *w)
{
    const struct machine_boot_change target = {.set_target = true, .target = MACHINE_BOOT_HDD};

    add(w, "{\"fault\": \"boot-override-ignored\", \"when\": {\"count\": 1}}");
    assert_ok(set_boot(w, MACHINE_BOOT_CD, MACHINE_BOOT_CONTINUOUS));
    assert_ok(w->driver->ops->boot_set(w->driver, 0, &target));
    assert_int_equal(w->fake.boot.target, MACHINE_BOOT_HDD);
    assert_int_equal(w->fake.boot.enabled, MACHINE_BOOT_CONTINUOUS);
    assert_int_equal(look(w).boot.target, MACHINE_BOOT_HDD);
}

static void test_boot_fulfilled(void **unused)
{
    run(check_boot_fulfilled);
}

static void check_boot_fails(struct world *w)
{
    add(w, "{\"fault\": \"boot-fails\", \"mode\": \"invalid\", \"when\": {\"count\": 1}}");
    assert_error(set_boot(w, MACHINE_BOOT_CD, MACHINE_BOOT_ONCE), ERROR_INVALID);
    assert_int_equal(w->fake.boot_sets, 0);
    assert_ok(set_boot(w, MACHINE_BOOT_CD, MACHINE_BOOT_ONCE));
    assert_int_equal(w->fake.boot.target, MACHINE_BOOT_CD);
}

static void test_boot_fails(void **unused)
{
    run(check_boot_fails);
}

/* -- media -- */

static struct error *insert(struct world *w) MUST_CHECK;
static struct error *insert(struct world *w)
{
    const struct machine_media_request request = {.image = "http://images/boot.iso", .inserted = true};

    return w->driver->ops->media_insert(w->driver, 0, 0, &request);
}

static void check_media_fails(struct world *w)
{
    add(w, "{\"fault\": \"media-insert-fails\", \"mode\": \"conflict\", \"when\": {\"count\": 1}}");
    add(w, "{\"fault\": \"media-eject-fails\", \"when\": {\"count\": 1}}");
    assert_error(insert(w), ERROR_CONFLICT);
    assert_int_equal(w->fake.inserts, 0);
    assert_ok(insert(w));
    assert_true(w->fake.slots[0].inserted);
    assert_error(w->driver->ops->media_eject(w->driver, 0, 0), ERROR_INTERNAL);
    assert_int_equal(w->fake.ejects, 0);
    assert_ok(w->driver->ops->media_eject(w->driver, 0, 0));
    assert_int_equal(w->fake.ejects, 1);
}

static void test_media_fails(void **unused)
{
    run(check_media_fails);
}

static void check_media_ignored(struct world *w)
{
    add(w, "{\"fault\": \"media-ignored\", \"when\": {\"count\": 1}}");
    assert_ok(insert(w));
    assert_int_equal(w->fake.inserts, 1);
    assert_false(w->fake.slots[0].inserted); /* what the machine sees */
    assert_true(look(w).slots[0].inserted);  /* what the client sees */
    assert_false(look(w).slots[1].inserted);
    /* A failed insertion changes neither. */
    w->fake.fail = true;
    assert_error(insert(w), ERROR_TRANSIENT);
    assert_true(look(w).slots[0].inserted);
    assert_ok(w->driver->ops->media_eject(w->driver, 0, 0));
    assert_false(look(w).slots[0].inserted);
    w->fake.fail = false;
    assert_ok(insert(w));
    assert_true(w->fake.slots[0].inserted);
}

static void test_media_ignored(void **unused)
{
    run(check_media_ignored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power),       cmocka_unit_test(test_state),        cmocka_unit_test(test_stale),
        cmocka_unit_test(test_stale_twice), cmocka_unit_test(test_boot_ignored), cmocka_unit_test(test_boot_fulfilled),
        cmocka_unit_test(test_boot_fails),  cmocka_unit_test(test_media_fails),  cmocka_unit_test(test_media_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
