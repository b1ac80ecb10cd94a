// SPDX-License-Identifier: Apache-2.0
// Edits of domain XML, on definitions as libvirt 9.0 writes them: inventory, both ways of a boot order, one-time boot
// and back, firmware, the CD-ROM drive.
#include "bmc-emu/drivers/libvirt_xml.h"

#include "lib/data/str.h"
#include "lib/test.h"

#define HEAD                                                                                                           \
    "<domain type='qemu'>\n  <name>node-1</name>\n  <uuid>4b4e1a5e-0e5b-4d6c-9d54-1d1f9a4f0c01</uuid>\n"               \
    "  <sysinfo type='smbios'>\n    <system>\n      <entry name='serial'>SN-1</entry>\n    </system>\n  </sysinfo>\n"  \
    "  <memory unit='KiB'>2097152</memory>\n  <vcpu placement='static'>4</vcpu>\n  <os>\n"
#define Q35 "    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
#define DEVICES(disk_boot, nic_boot, more)                                                                             \
    "  </os>\n  <devices>\n"                                                                                           \
    "    <disk type='file' device='disk'>\n      <source file='/vm/a.img'/>\n      <target dev='vda' bus='virtio'/>\n" \
    "      " disk_boot "<serial>DISK-1</serial>\n      <alias name='virtio-disk0'/>\n    </disk>\n"                    \
    "    <disk type='file' device='disk'>\n      <target dev='vdb' bus='virtio'/>\n    </disk>\n"                      \
    "    <interface type='network'>\n      <mac address='52:54:00:00:00:01'/>\n      " nic_boot                        \
    "<alias name='net0'/>\n    </interface>\n"                                                                         \
    "    <interface type='network'>\n      <mac address='52:54:00:00:00:02'/>\n    </interface>\n" more                \
    "  </devices>\n</domain>\n"
#define CD                                                                                                             \
    "    <disk type='file' device='cdrom'>\n      <target dev='sda' bus='sata'/>\n      <readonly/>\n    </disk>\n"

static const char by_class[] = HEAD Q35 "    <boot dev='network'/>\n    <boot dev='hd'/>\n" DEVICES("", "", CD);
static const char by_device[] = HEAD Q35 DEVICES("<boot order='2'/>", "<boot order='1'/>", "");
static const char no_order[] = HEAD Q35 DEVICES("", "", "");

static struct domain_xml *parse(const char *text)
{
    struct domain_xml *xml;

    assert_ok(domain_xml_parse(text, &xml));
    return xml;
}

static void assert_order(const struct domain_xml *xml, const char *expected)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct domain_order order;

    domain_xml_order(xml, &order);
    VEC_FOREACH (key, &order)
        strbuf_addf(&text, "%s%s", text.len ? " " : "", *key);
    domain_order_release(&order);
    assert_string_equal(strbuf_str(&text), expected);
}

static void assert_has(const struct domain_xml *xml, const char *part, bool expected)
{
    CLEANUP_FREE char *text = domain_xml_print(xml);

    if ((strstr(text, part) != NULL) != expected)
        fail_msg("%s %s in %s", part, expected ? "is not" : "is", text);
}

static struct machine_boot_change boot_change(enum machine_boot_enabled enabled, enum machine_boot_target target)
{
    return (struct machine_boot_change){.set_enabled = true, .enabled = enabled, .set_target = true, .target = target};
}

static void assert_boot(const struct domain_xml *xml, enum machine_boot_enabled enabled,
                        enum machine_boot_target target)
{
    struct machine_boot_settings boot;

    domain_xml_boot(xml, &boot);
    assert_int_equal(boot.enabled, enabled);
    assert_int_equal(boot.target, target);
}

static void inventory_is_the_domains(void **state)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = parse(by_class);
    CLEANUP(machine_profile_free) struct machine_profile *profile = domain_xml_profile(xml);

    assert_string_equal(domain_xml_name(xml), "node-1");
    assert_string_equal(domain_xml_uuid(xml), "4b4e1a5e-0e5b-4d6c-9d54-1d1f9a4f0c01");
    assert_string_equal(domain_xml_serial(xml), "SN-1");
    assert_int_equal(profile->memory_mib, 2048);
    assert_int_equal(profile->sockets, 4);
    assert_int_equal(profile->cores, 1);
    assert_string_equal(profile->architecture, "x86_64");
    assert_int_equal(profile->disks.len, 2);
    assert_string_equal(profile->disks.items[0].name, "vda");
    assert_string_equal(domain_xml_disk_serial(xml, 0), "DISK-1");
    assert_string_equal(domain_xml_disk_serial(xml, 1), "");
    assert_int_equal(profile->nics.len, 2);
    assert_string_equal(domain_xml_nic_mac(xml, 1), "52:54:00:00:00:02");
    assert_string_equal(domain_xml_alias(xml, "52:54:00:00:00:01"), "net0");
    assert_null(domain_xml_alias(xml, "vdb"));
}

static void orders_are_read_in_all_ways(void **state)
{
    CLEANUP(domain_xml_free)
    struct domain_xml *classes = parse(by_class), *devices = parse(by_device), *none = parse(no_order);

    assert_order(classes, "52:54:00:00:00:01 52:54:00:00:00:02 vda vdb");
    assert_order(devices, "52:54:00:00:00:01 vda");
    assert_order(none, "vda vdb");
    assert_boot(classes, MACHINE_BOOT_DISABLED, MACHINE_BOOT_NONE);
}

static void one_time_boot_comes_and_goes(void **state)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = parse(by_class);
    struct machine_boot_change change = boot_change(MACHINE_BOOT_ONCE, MACHINE_BOOT_CD);

    assert_ok(domain_xml_boot_set(xml, &change));
    assert_order(xml, "sda 52:54:00:00:00:01 52:54:00:00:00:02 vda vdb");
    assert_boot(xml, MACHINE_BOOT_ONCE, MACHINE_BOOT_CD);
    assert_has(xml, "<boot dev=", false);
    /* Another one on top still goes back to the first order. */
    change = boot_change(MACHINE_BOOT_ONCE, MACHINE_BOOT_HDD);
    assert_ok(domain_xml_boot_set(xml, &change));
    assert_order(xml, "vda vdb 52:54:00:00:00:01 52:54:00:00:00:02");
    CLEANUP_FREE char *text = domain_xml_print(xml);
    CLEANUP(domain_xml_free) struct domain_xml *again = parse(text);
    assert_true(domain_xml_boot_used(again));
    assert_order(again, "52:54:00:00:00:01 52:54:00:00:00:02 vda vdb");
    assert_boot(again, MACHINE_BOOT_DISABLED, MACHINE_BOOT_NONE);
    assert_false(domain_xml_boot_used(again));
}

static void a_lasting_override_stays(void **state)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = parse(by_device);
    struct machine_boot_change change = boot_change(MACHINE_BOOT_CONTINUOUS, MACHINE_BOOT_HDD);

    assert_ok(domain_xml_boot_set(xml, &change));
    assert_false(domain_xml_boot_used(xml));
    assert_order(xml, "vda vdb 52:54:00:00:00:01");
    assert_boot(xml, MACHINE_BOOT_CONTINUOUS, MACHINE_BOOT_HDD);
    change = boot_change(MACHINE_BOOT_DISABLED, MACHINE_BOOT_NONE);
    assert_ok(domain_xml_boot_set(xml, &change));
    assert_order(xml, "52:54:00:00:00:01 vda");
}

static void a_target_without_device_is_refused(void **state)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = parse(by_device);
    struct machine_boot_change change = boot_change(MACHINE_BOOT_ONCE, MACHINE_BOOT_FLOPPY);

    assert_error_text(domain_xml_boot_set(xml, &change), ERROR_CONFLICT, "node-1 has no device");
    assert_order(xml, "52:54:00:00:00:01 vda");
    /* But a CD drive can be had. */
    change = boot_change(MACHINE_BOOT_ONCE, MACHINE_BOOT_CD);
    assert_ok(domain_xml_boot_set(xml, &change));
    assert_order(xml, "sda 52:54:00:00:00:01 vda");
    assert_true(domain_xml_has_drive(xml));
}

static void firmware_and_secure_boot_switch(void **state)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = parse(no_order);
    struct machine_boot_change change = {.set_mode = true, .mode = MACHINE_BOOT_UEFI};
    struct machine_boot_settings boot;

    assert_error(domain_xml_secure_boot_set(xml, true), ERROR_CONFLICT);
    assert_ok(domain_xml_boot_set(xml, &change));
    domain_xml_boot(xml, &boot);
    assert_int_equal(boot.mode, MACHINE_BOOT_UEFI);
    assert_has(xml, "<os firmware=\"efi\">", true);
    assert_true(domain_xml_fresh_nvram(xml));
    domain_xml_nvram_used(xml);
    assert_false(domain_xml_secure_boot(xml));
    assert_ok(domain_xml_secure_boot_set(xml, true));
    assert_true(domain_xml_secure_boot(xml));
    assert_true(domain_xml_fresh_nvram(xml));
    assert_has(xml, "<smm state=\"on\"/>", true);
    change.mode = MACHINE_BOOT_LEGACY;
    assert_ok(domain_xml_boot_set(xml, &change));
    assert_has(xml, "firmware", false);
    assert_false(domain_xml_secure_boot(xml));
}

static void firmware_named_by_file_is_understood(void **state)
{
    static const char text[] = HEAD Q35
        "    <loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</loader>\n"
        "    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.ms.fd'>/n/node-1_VARS.fd</nvram>\n" DEVICES("", "", "");
    CLEANUP(domain_xml_free) struct domain_xml *xml = parse(text);
    struct machine_boot_settings boot;

    domain_xml_boot(xml, &boot);
    assert_int_equal(boot.mode, MACHINE_BOOT_UEFI);
    assert_true(domain_xml_secure_boot(xml));
    assert_ok(domain_xml_secure_boot_set(xml, false));
    assert_false(domain_xml_secure_boot(xml));
    assert_has(xml, "OVMF_", false);
}

static void media_go_into_the_drive(void **state)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = parse(by_device);

    assert_null(domain_xml_drive_file(xml));
    domain_xml_drive_set(xml, "/media/a&b.iso", "http://images/a.iso?x=1&y=<2>");
    CLEANUP_FREE char *text = domain_xml_print(xml);
    CLEANUP(domain_xml_free) struct domain_xml *again = parse(text);
    assert_string_equal(domain_xml_drive_file(again), "/media/a&b.iso");
    assert_string_equal(domain_xml_drive_image(again), "http://images/a.iso?x=1&y=<2>");
    CLEANUP_FREE char *drive = domain_xml_drive(again);
    assert_non_null(strstr(drive, "<target dev=\"sda\" bus=\"sata\"/>"));
    domain_xml_drive_set(again, NULL, NULL);
    assert_null(domain_xml_drive_file(again));
    assert_null(domain_xml_drive_image(again));
    assert_true(domain_xml_has_drive(again));
}

static void other_xml_is_refused(void **state)
{
    struct domain_xml *xml;

    assert_error(domain_xml_parse("<network/>", &xml), ERROR_INVALID);
    assert_error(domain_xml_parse("<domain>", &xml), ERROR_INVALID);
    assert_error(domain_xml_parse("", &xml), ERROR_INVALID);
    /* Nothing is there: no crash, and no devices. */
    CLEANUP(domain_xml_free) struct domain_xml *empty = parse("<domain/>");
    CLEANUP(machine_profile_free) struct machine_profile *profile = domain_xml_profile(empty);
    assert_int_equal(profile->disks.len, 0);
    assert_order(empty, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inventory_is_the_domains),
        cmocka_unit_test(orders_are_read_in_all_ways),
        cmocka_unit_test(one_time_boot_comes_and_goes),
        cmocka_unit_test(a_lasting_override_stays),
        cmocka_unit_test(a_target_without_device_is_refused),
        cmocka_unit_test(firmware_and_secure_boot_switch),
        cmocka_unit_test(firmware_named_by_file_is_understood),
        cmocka_unit_test(media_go_into_the_drive),
        cmocka_unit_test(other_xml_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
