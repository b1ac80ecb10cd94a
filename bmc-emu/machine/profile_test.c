// SPDX-License-Identifier: Apache-2.0
// Profiles: generic.yaml says what the program has built in, other files change what they name, wrong files get one clear sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bmc-emu/machine/profile.h"

static void assert_targets_equal(const struct machine_boot_targets *a, const struct machine_boot_targets *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->items, b->items, a->len * sizeof(*a->items));
}

static void generic_file_is_the_built_in_profile(void **state)
{
    CLEANUP(machine_profile_free) struct machine_profile *built_in = machine_profile_new();
    CLEANUP(machine_profile_free) struct machine_profile *file = NULL;

    assert_null(machine_profile_load("fixtures/machines/generic.yaml", &file));
    assert_string_equal(file->name, built_in->name);
    assert_string_equal(file->manufacturer, built_in->manufacturer);
    assert_string_equal(file->model, built_in->model);
    assert_string_equal(file->sku, built_in->sku);
    assert_string_equal(file->bios_version, built_in->bios_version);
    assert_string_equal(file->bmc_version, built_in->bmc_version);
    assert_string_equal(file->cpu_model, built_in->cpu_model);
    assert_int_equal(file->sockets, built_in->sockets);
    assert_int_equal(file->cores, built_in->cores);
    assert_int_equal(file->memory_mib, built_in->memory_mib);
    assert_int_equal(file->disks.len, built_in->disks.len);
    for (size_t i = 0; i < file->disks.len; i++) {
        assert_string_equal(file->disks.items[i].model, built_in->disks.items[i].model);
        assert_int_equal(file->disks.items[i].size, built_in->disks.items[i].size);
    }
    assert_int_equal(file->nics.len, built_in->nics.len);
    assert_int_equal(file->slots.len, built_in->slots.len);
    assert_targets_equal(&file->boot_order, &built_in->boot_order);
    assert_targets_equal(&file->boot_targets, &built_in->boot_targets);
    assert_true(json_equal(file->bios, built_in->bios));
    assert_memory_equal(&file->delays, &built_in->delays, sizeof(file->delays));
    assert_memory_equal(&file->quirks, &built_in->quirks, sizeof(file->quirks));
    assert_int_equal(file->media_max, built_in->media_max);
}

/* Loads a profile of this text from a file. */
static struct error *load(const char *text, struct machine_profile **ret)
{
    char path[] = "/tmp/profile-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct error *err = machine_profile_load(path, ret);
    unlink(path);
    return err;
}

static void a_profile_changes_what_it_names(void **state)
{
    CLEANUP(machine_profile_free) struct machine_profile *profile = NULL;

    assert_null(load("name: small\ncpu: {cores: 4}\ndisks: [{name: nvme0n1, size: 8GiB, protocol: NVMe}]\n"
                     "delays: {post: 5m}\nquirks: {refuseRepeat: true}\nboot: {mode: Legacy}\n",
                     &profile));
    assert_string_equal(profile->name, "small");
    assert_string_equal(profile->manufacturer, "Metal3");
    assert_int_equal(profile->cores, 4);
    assert_int_equal(profile->sockets, 2);
    assert_int_equal(profile->disks.len, 1);
    assert_int_equal(profile->disks.items[0].size, INT64_C(8) << 30);
    assert_int_equal(profile->delays.post, 300 * RT_S);
    assert_int_equal(profile->delays.power_on, 500 * RT_MS);
    assert_true(profile->quirks.refuse_repeat);
    assert_int_equal(profile->boot_mode, MACHINE_BOOT_LEGACY);
}

static void wrong_profiles_are_explained(void **state)
{
    static const struct {
        const char *text, *expect[3];
    } cases[] = {
        {"name: x\nmodle: y\n", {":1:", "modle"}},
        {"disks:\n  - {name: a, size: huge}\n", {":2:", "size \"huge\"", "GiB"}},
        {"name: x\ndelays: {pots: 1s}\n", {":2:", "pots", "known are"}},
        {"boot: {order: [Disk]}\n", {":1:", "Disk", "Hdd"}},
        {"virtualMedia: [{id: Cd}]\n", {":1:", "takes no media", "cd or usb"}},
        {"cpu: {sockets: 0}\n", {":1:", "sockets"}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct machine_profile *profile = NULL;
        CLEANUP(error_free) struct error *err = load(cases[i].text, &profile);
        assert_true(error_is(err, ERROR_INVALID));
        assert_null(profile);
        for (size_t part = 0; part < 3 && cases[i].expect[part]; part++)
            if (!strstr(error_message(err), cases[i].expect[part]))
                fail_msg("\"%s\" does not say \"%s\"", error_message(err), cases[i].expect[part]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generic_file_is_the_built_in_profile),
        cmocka_unit_test(a_profile_changes_what_it_names),
        cmocka_unit_test(wrong_profiles_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
