// SPDX-License-Identifier: Apache-2.0
// Logs and secure boot keys as clients see them.
#include "bmc-emu/emulator_test.h"

#define MANAGER "/redfish/v1/Managers/" UUID1
#define LOG SYSTEM "/LogServices/SEL"
#define SECURE_BOOT SYSTEM "/SecureBoot"

static void the_log_tells_what_happened_body(struct world *world)
{
    expect(world, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"On\"}", 204);
    pass(world, 5 * RT_S);
    CLEANUP(json_free) struct json *entries = get(world, LOG "/Entries");
    int64_t count = json_int(entries, "Members@odata.count", 0);
    assert_true(count >= 3);
    assert_string_equal(json_str(entries, "Members/0/Message"), "action: On");
    expect_text(world, LOG "/Entries/1", "Message", "action: On");
    expect_text(world, MANAGER "/LogServices/SEL/Entries/1", "Message", "action: On");
    expect(world, "GET", LOG "/Entries/0", NULL, 404);
    expect(world, "GET", LOG "/Entries/99", NULL, 404);
    expect(world, "POST", LOG "/Actions/LogService.ClearLog", NULL, 204);
    CLEANUP(json_free) struct json *empty = get(world, LOG "/Entries");
    assert_int_equal(json_int(empty, "Members@odata.count", -1), 0);
    expect(world, "GET", LOG "/Entries/1", NULL, 404);
    /* What comes after has a new number, and an old entry leaves when the log is full. */
    for (int i = 0; i < 70; i++)
        machine_journal(bmc_emulator_machine(world->emulator, 0), "test", "entry %d", i);
    CLEANUP(json_free) struct json *full = get(world, LOG "/Entries");
    assert_int_equal(json_int(full, "Members@odata.count", -1), 64);
    assert_string_equal(json_str(full, "Members/63/Message"), "test: entry 69");
    assert_string_equal(json_str(full, "Members/0/Message"), "test: entry 6");
}

static void keys_are_deleted_and_restored_body(struct world *world)
{
    const char *reset = SECURE_BOOT "/Actions/SecureBoot.ResetKeys";

    expect_text(world, SECURE_BOOT, "SecureBootMode", "UserMode");
    expect(world, "POST", reset, "{\"ResetKeysType\": \"DeleteAllKeys\"}", 204);
    expect_text(world, SECURE_BOOT, "SecureBootMode", "SetupMode");
    expect(world, "POST", SECURE_BOOT "/SecureBootDatabases/PK/Actions/SecureBootDatabase.ResetKeys",
           "{\"ResetKeysType\": \"ResetAllKeysToDefault\"}", 204);
    expect_text(world, SECURE_BOOT, "SecureBootMode", "UserMode");
    expect_text(world, SECURE_BOOT "/SecureBootDatabases/db", "DatabaseId", "db");
    expect(world, "GET", SECURE_BOOT "/SecureBootDatabases/none", NULL, 404);
    expect_error(world, "POST", SECURE_BOOT "/SecureBootDatabases/db/Actions/SecureBootDatabase.ResetKeys",
                 "{\"ResetKeysType\": \"DeletePK\"}", 400, "ActionParameterValueNotInList");
}

static void ports_have_the_machines_addresses_body(struct world *world)
{
    CLEANUP(json_free) struct json *interface = get(world, SYSTEM "/NetworkInterfaces/eno1");
    CLEANUP(json_free) struct json *adapter = get(world, json_str(interface, "Links/NetworkAdapter/@odata.id"));
    CLEANUP(json_free) struct json *port = get(world, json_str(adapter, "Controllers/0/Links/Ports/0/@odata.id"));

    assert_string_equal(json_str(port, "Ethernet/AssociatedMACAddresses/0"), "52:54:00:00:00:00");
    assert_int_equal(json_int(port, "CurrentSpeedGbps", 0), 10);
    expect(world, "GET", SYSTEM "/NetworkInterfaces/eno9", NULL, 404);
}

IN_WORLD(the_log_tells_what_happened)
IN_WORLD(keys_are_deleted_and_restored)
IN_WORLD(ports_have_the_machines_addresses)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_tells_what_happened),
        cmocka_unit_test(keys_are_deleted_and_restored),
        cmocka_unit_test(ports_have_the_machines_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
