// SPDX-License-Identifier: Apache-2.0
// A machine as its owner sees it: power transitions in virtual time, what it boots and why, virtual media, and the guest's view.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bmc-emu/machine/machine.h"
#include "bmc-emu/machine/media.h"
#include "lib/data/iso9660.h"
#include "lib/log/log.h"

#define WALL (INT64_C(1763650000) * TIME_S)

/* A fetcher that serves one image, after a second. */
struct canned_fetcher {
    struct media_fetcher base;
    struct rt *rt;
    const void *data;
    size_t len;
};

static struct error *canned_fetch(struct media_fetcher *base, const struct machine *machine,
                                  const struct machine_media_request *request, uint64_t max, struct medium *into)
{
    struct canned_fetcher *fetcher = CONTAINER_OF(base, struct canned_fetcher, base);

    TRY(rt_sleep(fetcher->rt, RT_S));
    if (!fetcher->data)
        return error_new_code(ERROR_NOT_FOUND, 404, "image server answers 404 Not Found for %s", request->image);
    medium_resize(into, fetcher->len);
    return medium_write(into, 0, fetcher->data, fetcher->len);
}

static const struct media_fetcher_ops canned_ops = {.name = "canned", .fetch = canned_fetch};

/* The world of one test. */
struct world {
    struct rt *rt;
    struct env env;
    struct rt_group *group;
    struct machine_profile *profile;
    struct chunk_store *store;
    struct canned_fetcher fetcher;
    struct machine_guest guest;
    struct machine *machine;
    void (*body)(struct world *world);
    /* what the guest saw */
    int boots, cancelled;
    enum machine_boot_target source;
    char command_line[200], kernel[40];
    bool ignore_shutdown;
};

static void drop_line(void *arg, const char *line, size_t len)
{
}

static void guest_boot(void *arg, struct machine *machine, const struct machine_boot *what)
{
    struct world *world = arg;

    world->boots++;
    world->source = what->source;
    snprintf(world->command_line, sizeof(world->command_line), "%s", str_or(what->command_line, ""));
    snprintf(world->kernel, sizeof(world->kernel), "%s", str_or(what->kernel, ""));
    CLEANUP(error_free) struct error *err = rt_sleep(world->rt, RT_FOREVER);
    if (error_is(err, ERROR_CANCELLED))
        world->cancelled++;
}

static struct error *guest_shutdown(void *arg, struct machine *machine)
{
    struct world *world = arg;

    if (world->ignore_shutdown)
        return error_new(ERROR_UNSUPPORTED, "the system ignores the power button");
    return rt_sleep(world->rt, 2 * RT_S);
}

static void run_body(void *arg)
{
    struct world *world = arg;

    world->group = rt_group_new(world->rt, NULL, "fleet");
    world->env.group = world->group;
    struct machine_options options = {
        .env = &world->env,
        .group = world->group,
        .profile = world->profile,
        .store = world->store,
        .fetcher = &world->fetcher.base,
        .guest = &world->guest,
        .number = 41,
    };
    world->machine = machine_new(&options);
    world->body(world);
    rt_group_stop(world->group);
    machine_free(world->machine);
    rt_group_free(world->group);
}

static void in_world(void (*body)(struct world *world))
{
    struct world world = {.body = body};
    struct log_options log_options = {.level = LOG_ERROR, .sink = drop_line};

    world.rt = rt_new_sim(1, WALL);
    world.env.rt = world.rt;
    world.env.log = log_new(&log_options);
    world.profile = machine_profile_new();
    world.store = chunk_store_new();
    world.fetcher = (struct canned_fetcher){.base.ops = &canned_ops, .rt = world.rt};
    world.guest = (struct machine_guest){.name = "test", .arg = &world, .boot = guest_boot, .shutdown = guest_shutdown};
    struct error *err = rt_run(world.rt, run_body, &world);
    assert_null(err);
    assert_int_equal(chunk_store_bytes(world.store), 0);
    chunk_store_free(world.store);
    machine_profile_free(world.profile);
    log_free(world.env.log);
    rt_free(world.rt);
}

static void pass(struct world *world, rt_time duration)
{
    assert_null(rt_sleep(world->rt, duration));
}

static void act(struct world *world, enum machine_action action)
{
    assert_null(machine_act(world->machine, action));
}

/* An ISO whose boot loader starts /vmlinuz with these arguments. */
static void make_iso(const char *path, const char *config, void **ret_data, size_t *ret_len)
{
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("BOOT", NULL, WALL);

    assert_null(iso9660_add(iso, path, config, strlen(config)));
    assert_null(iso9660_add(iso, "vmlinuz", "kernel", 6));
    assert_null(iso9660_layout(iso));
    assert_null(iso9660_print(iso, ret_data, ret_len));
}

static void power_takes_time_body(struct world *world)
{
    struct machine *machine = world->machine;

    act(world, MACHINE_ACTION_ON);
    assert_int_equal(machine_power(machine), MACHINE_POWERING_ON);
    pass(world, 400 * RT_MS);
    assert_int_equal(machine_power(machine), MACHINE_POWERING_ON);
    pass(world, 200 * RT_MS);
    assert_int_equal(machine_power(machine), MACHINE_ON);
    assert_int_equal(machine_progress(machine), MACHINE_PROGRESS_POST);
    act(world, MACHINE_ACTION_FORCE_OFF);
    assert_int_equal(machine_power(machine), MACHINE_POWERING_OFF);
    pass(world, 400 * RT_MS);
    assert_int_equal(machine_power(machine), MACHINE_OFF);
    assert_int_equal(machine_progress(machine), MACHINE_PROGRESS_NONE);
}

static void newer_action_overtakes_body(struct world *world)
{
    act(world, MACHINE_ACTION_ON);
    act(world, MACHINE_ACTION_FORCE_OFF);
    act(world, MACHINE_ACTION_ON);
    assert_int_equal(machine_power(world->machine), MACHINE_POWERING_OFF);
    pass(world, 5 * RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_ON);
    act(world, MACHINE_ACTION_POWER_CYCLE);
    pass(world, 5 * RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_ON);
    act(world, MACHINE_ACTION_FORCE_OFF);
    pass(world, 5 * RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_OFF);
}

static void repeats_are_refused_when_the_profile_says_so_body(struct world *world)
{
    act(world, MACHINE_ACTION_FORCE_OFF);
    world->profile->quirks.refuse_repeat = true;
    CLEANUP(error_free) struct error *err = machine_act(world->machine, MACHINE_ACTION_FORCE_OFF);
    assert_true(error_is(err, ERROR_CONFLICT));
    assert_non_null(strstr(error_message(err), "machine-0042"));
    world->profile->quirks.refuse_repeat = false;
    CLEANUP(error_free) struct error *nmi = machine_act(world->machine, MACHINE_ACTION_NMI);
    assert_true(error_is(nmi, ERROR_CONFLICT));
}

static void write_disk(struct world *world)
{
    assert_null(medium_write(machine_disk(world->machine, 0)->medium, 510, "\x55\xaa", 2));
}

static void guest_lives_and_dies_with_the_power_body(struct world *world)
{
    write_disk(world);
    act(world, MACHINE_ACTION_ON);
    pass(world, 5 * RT_S);
    assert_int_equal(world->boots, 1);
    assert_int_equal(world->source, MACHINE_BOOT_HDD);
    assert_int_equal(machine_progress(world->machine), MACHINE_PROGRESS_OS_RUNNING);
    act(world, MACHINE_ACTION_FORCE_RESTART);
    pass(world, 5 * RT_S);
    assert_int_equal(world->cancelled, 1);
    assert_int_equal(world->boots, 2);
    assert_int_equal(machine_power(world->machine), MACHINE_ON);
    machine_guest_reboot(world->machine);
    pass(world, 5 * RT_S);
    assert_int_equal(world->boots, 3);
    machine_guest_power_off(world->machine);
    pass(world, 5 * RT_S);
    assert_int_equal(world->cancelled, 3);
    assert_int_equal(machine_power(world->machine), MACHINE_OFF);
}

static void graceful_shutdown_asks_the_guest_body(struct world *world)
{
    write_disk(world);
    act(world, MACHINE_ACTION_ON);
    pass(world, 5 * RT_S);
    act(world, MACHINE_ACTION_GRACEFUL_SHUTDOWN);
    pass(world, RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_ON);
    pass(world, 2 * RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_OFF);
    act(world, MACHINE_ACTION_ON);
    pass(world, 5 * RT_S);
    world->ignore_shutdown = true;
    act(world, MACHINE_ACTION_GRACEFUL_SHUTDOWN);
    pass(world, 120 * RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_ON);
    act(world, MACHINE_ACTION_FORCE_OFF);
    pass(world, RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_OFF);
}

static void empty_machine_boots_nothing_body(struct world *world)
{
    act(world, MACHINE_ACTION_ON);
    pass(world, 60 * RT_S);
    assert_int_equal(world->boots, 0);
    assert_int_equal(machine_power(world->machine), MACHINE_ON);
    /* Firmware without a system obeys the power button at once. */
    act(world, MACHINE_ACTION_GRACEFUL_SHUTDOWN);
    pass(world, RT_S);
    assert_int_equal(machine_power(world->machine), MACHINE_OFF);
}

static void one_time_boot_from_cd_body(struct world *world)
{
    void *data;
    size_t len;
    struct machine_boot_change cd_once = {
        .set_target = true, .set_enabled = true, .target = MACHINE_BOOT_CD, .enabled = MACHINE_BOOT_ONCE};
    struct machine_media_request request = {
        .image = "http://images/boot.iso?x=1", .inserted = true, .write_protected = true};

    make_iso("boot/grub/grub.cfg",
             "set default=0\nmenuentry \"x\" {\n  linuxefi /vmlinuz ipa-api-url=http://c:6385 nofb\n"
             "  initrdefi /initrd\n}\n",
             &data, &len);
    world->fetcher.data = data;
    world->fetcher.len = len;
    write_disk(world);
    assert_null(machine_media_insert(world->machine, 0, &request));
    assert_string_equal(machine_slot(world->machine, 0)->image_name, "boot.iso");
    assert_null(machine_boot_set(world->machine, &cd_once));
    act(world, MACHINE_ACTION_ON);
    pass(world, 5 * RT_S);
    assert_int_equal(world->source, MACHINE_BOOT_CD);
    assert_string_equal(world->kernel, "/vmlinuz");
    assert_string_equal(world->command_line, "ipa-api-url=http://c:6385 nofb");
    assert_int_equal(machine_boot_settings(world->machine)->enabled, MACHINE_BOOT_DISABLED);
    act(world, MACHINE_ACTION_FORCE_RESTART);
    pass(world, 5 * RT_S);
    assert_int_equal(world->source, MACHINE_BOOT_HDD);
    assert_null(machine_media_eject(world->machine, 0));
    assert_null(machine_slot(world->machine, 0)->image);
    free(data);
}

static void legacy_mode_reads_isolinux_body(struct world *world)
{
    void *data;
    size_t len;
    struct machine_boot_change change = {.set_target = true,
                                         .set_enabled = true,
                                         .set_mode = true,
                                         .target = MACHINE_BOOT_CD,
                                         .enabled = MACHINE_BOOT_CONTINUOUS,
                                         .mode = MACHINE_BOOT_LEGACY};
    struct machine_media_request request = {.image = "http://images/boot.iso", .inserted = true};

    make_iso("isolinux/isolinux.cfg", "default boot\nlabel boot\nkernel /vmlinuz\nappend initrd=/initrd text nofb --\n",
             &data, &len);
    world->fetcher.data = data;
    world->fetcher.len = len;
    assert_null(machine_media_insert(world->machine, 0, &request));
    assert_null(machine_boot_set(world->machine, &change));
    act(world, MACHINE_ACTION_ON);
    pass(world, 5 * RT_S);
    assert_string_equal(world->command_line, "text nofb --");
    assert_int_equal(machine_boot_settings(world->machine)->enabled, MACHINE_BOOT_CONTINUOUS);
    free(data);
}

static void failed_insertion_leaves_the_drive_body(struct world *world)
{
    struct machine_media_request request = {.image = "http://images/none.iso", .inserted = true};
    CLEANUP(error_free) struct error *err = machine_media_insert(world->machine, 0, &request);

    assert_int_equal(error_code(err), 404);
    assert_null(machine_slot(world->machine, 0)->image);
    assert_false(machine_slot(world->machine, 0)->busy);
}

static void settings_wait_for_the_next_start_body(struct world *world)
{
    CLEANUP(json_free) struct json *change = json_new_object();
    CLEANUP(json_free) struct json *wrong = json_new_object();

    json_put_str(change, "SriovGlobalEnable", "Enabled");
    json_put(wrong, "QuietBoot", json_new_int(3));
    assert_null(machine_bios_set(world->machine, change));
    CLEANUP(error_free) struct error *err = machine_bios_set(world->machine, wrong);
    assert_true(error_is(err, ERROR_INVALID));
    assert_string_equal(json_str(machine_bios(world->machine), "SriovGlobalEnable"), "Disabled");
    assert_null(machine_secure_boot_set(world->machine, true));
    assert_false(machine_secure_boot(world->machine));
    act(world, MACHINE_ACTION_ON);
    pass(world, 5 * RT_S);
    assert_string_equal(json_str(machine_bios(world->machine), "SriovGlobalEnable"), "Enabled");
    assert_true(machine_secure_boot(world->machine));
    assert_null(machine_bios_pending(world->machine));
}

static void journal_and_console_are_bounded_body(struct world *world)
{
    for (int i = 0; i < 200; i++)
        machine_journal(world->machine, "test", "%d", i);
    assert_int_equal(machine_journal_len(world->machine), MACHINE_JOURNAL_MAX);
    assert_string_equal(machine_journal_at(world->machine, MACHINE_JOURNAL_MAX - 1)->detail, "199");
    assert_string_equal(machine_journal_at(world->machine, 0)->detail, "136");
    for (int i = 0; i < 5000; i++)
        machine_console_append(world->machine, "a line of twenty-odd bytes");
    assert_true(strlen(machine_console(world->machine)) <= MACHINE_CONSOLE_MAX);
    assert_true(strlen(machine_console(world->machine)) > MACHINE_CONSOLE_MAX / 4);
    assert_memory_equal(machine_console(world->machine), "a line", 6);
}

#define IN_WORLD(name)                                                                                                 \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        in_world(name##_body);                                                                                         \
    }
IN_WORLD(power_takes_time)
IN_WORLD(newer_action_overtakes)
IN_WORLD(repeats_are_refused_when_the_profile_says_so)
IN_WORLD(guest_lives_and_dies_with_the_power)
IN_WORLD(graceful_shutdown_asks_the_guest)
IN_WORLD(empty_machine_boots_nothing)
IN_WORLD(one_time_boot_from_cd)
IN_WORLD(legacy_mode_reads_isolinux)
IN_WORLD(failed_insertion_leaves_the_drive)
IN_WORLD(settings_wait_for_the_next_start)
IN_WORLD(journal_and_console_are_bounded)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_takes_time),
        cmocka_unit_test(newer_action_overtakes),
        cmocka_unit_test(repeats_are_refused_when_the_profile_says_so),
        cmocka_unit_test(guest_lives_and_dies_with_the_power),
        cmocka_unit_test(graceful_shutdown_asks_the_guest),
        cmocka_unit_test(empty_machine_boots_nothing),
        cmocka_unit_test(one_time_boot_from_cd),
        cmocka_unit_test(legacy_mode_reads_isolinux),
        cmocka_unit_test(failed_insertion_leaves_the_drive),
        cmocka_unit_test(settings_wait_for_the_next_start),
        cmocka_unit_test(journal_and_console_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
