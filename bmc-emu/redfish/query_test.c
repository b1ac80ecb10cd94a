// SPDX-License-Identifier: Apache-2.0
// Query parameters as clients use them.
#include "bmc-emu/emulator_test.h"

static void expand_brings_what_links_name_body(struct world *world)
{
    CLEANUP(json_free) struct json *systems = get(world, "/redfish/v1/Systems?$expand=.");
    assert_string_equal(json_str(systems, "Members/0/PowerState"), "Off");
    assert_null(json_get(systems, "Members/0/Processors/Members"));
    assert_null(json_get(systems, "Members/0/Links/Chassis/0/Name"));

    CLEANUP(json_free) struct json *deep = get(world, "/redfish/v1/Systems?$expand=.($levels=3)");
    assert_string_equal(json_str(deep, "Members/0/Processors/Members/1/Socket"), "CPU 1");

    CLEANUP(json_free) struct json *links = get(world, SYSTEM "?$expand=~");
    assert_string_equal(json_str(links, "Links/Chassis/0/ChassisType"), "RackMount");
    assert_int_equal(json_len(json_get(links, "Processors")), 1);

    CLEANUP(json_free) struct json *all = get(world, SYSTEM "?$expand=*");
    assert_string_equal(json_str(all, "Links/Chassis/0/ChassisType"), "RackMount");
    assert_string_equal(json_str(all, "Processors/Name"), "Processors");
}

static void select_keeps_what_is_named_body(struct world *world)
{
    CLEANUP(json_free) struct json *system = get(world, SYSTEM "?$select=PowerState,Boot/BootSourceOverrideTarget");
    assert_string_equal(json_str(system, "PowerState"), "Off");
    assert_non_null(json_str(system, "@odata.id"));
    assert_non_null(json_get(system, "Boot"));
    assert_null(json_get(system, "SerialNumber"));
    CLEANUP(json_free) struct json *systems = get(world, "/redfish/v1/Systems?$expand=.&$select=UUID");
    assert_string_equal(json_str(systems, "Members/0/UUID"), UUID1);
    assert_null(json_get(systems, "Members/0/PowerState"));
}

static void pages_and_only_members_body(struct world *world)
{
    CLEANUP(json_free) struct json *page = get(world, SYSTEM "/Memory?$top=2&$skip=1");
    assert_int_equal(json_len(json_get(page, "Members")), 2);
    assert_int_equal(json_int(page, "Members@odata.count", 0), 4);
    assert_string_equal(json_str(page, "Members/0/@odata.id"), SYSTEM "/Memory/DIMM1");
    CLEANUP(json_free) struct json *rest = get(world, json_str(page, "Members@odata.nextLink"));
    assert_int_equal(json_len(json_get(rest, "Members")), 1);
    assert_null(json_get(rest, "Members@odata.nextLink"));
    expect_text(world, "/redfish/v1/Systems?only", "PowerState", "Off");
    CLEANUP(json_free) struct json *several = get(world, SYSTEM "/Memory?only");
    assert_int_equal(json_len(json_get(several, "Members")), 4);
}

/* What one may not see is not brought by an expansion either. */
static void expand_respects_privileges_body(struct world *world)
{
    expect(world, "POST", "/redfish/v1/AccountService/Accounts",
           "{\"UserName\": \"viewer\", \"Password\": \"pw\", \"RoleId\": \"ReadOnly\"}", 201);
    world->user = "viewer";
    world->password = "pw";
    CLEANUP(json_free) struct json *accounts = get(world, "/redfish/v1/AccountService/Accounts?$expand=.");
    assert_null(json_get(accounts, "Members/0/UserName"));
    assert_string_equal(json_str(accounts, "Members/1/UserName"), "viewer");
}

IN_WORLD(expand_brings_what_links_name)
IN_WORLD(select_keeps_what_is_named)
IN_WORLD(pages_and_only_members)
IN_WORLD(expand_respects_privileges)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expand_brings_what_links_name),
        cmocka_unit_test(select_keeps_what_is_named),
        cmocka_unit_test(pages_and_only_members),
        cmocka_unit_test(expand_respects_privileges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
