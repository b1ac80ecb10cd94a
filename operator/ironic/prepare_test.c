/* SPDX-License-Identifier: Apache-2.0 */
/* Manual cleaning for RAID, power, and guarded changes of a node. */
#include "operator/ironic/test_world.h"
#include "operator/ironic/raid.h"

static void cleans_by_hand_for_raid(struct world *world)
{
    static const char target[] =
        "{\"hardwareRAIDVolumes\":[{\"level\":\"1\",\"name\":\"root\",\"numberOfPhysicalDisks\":2},{\"level\":\"0\","
        "\"sizeGibibytes\":100,\"rotational\":false}],\"softwareRAIDVolumes\":null}";
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *raid CLEANUP(json_free) = NULL;
    bool started = false;
    assert_ok(json_parse(target, strlen(target), &raid));
    struct prepare_data data = {.target_raid = raid, .unprepared = true};
    start(world);
    register_fully(world);
    set_state(world, "available");
    PASS(world, &result, prepare(provisioner, &data, &result, &started));
    assert_true(result.dirty && !started);
    PASS(world, &result, prepare(provisioner, &data, &result, &started));
    assert_true(result.dirty && started);
    expect_write(world,
                 "PUT /v1/nodes/uuid-1/states/raid {\"logical_disks\":[{\"size_gb\":\"MAX\",\"raid_level\":\"1\","
                 "\"volume_name\":\"root\",\"number_of_physical_disks\":2,\"is_root_volume\":true},{\"size_gb\":100,"
                 "\"raid_level\":\"0\",\"disk_type\":\"ssd\"}]}");
    expect_write(world, "{\"clean_steps\":[{\"interface\":\"raid\",\"step\":\"delete_configuration\"},{\"interface\":"
                        "\"raid\",\"step\":\"create_configuration\"}],\"target\":\"clean\"}");
    data.unprepared = false;
    while (result.dirty) {
        PASS(world, &result, prepare(provisioner, &data, &result, &started));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_null(result.message);
}

static void plans_raid(void **state)
{
    static const struct {
        const char *target, *actual, *interface;
        enum raid_kind kind;
        const char *steps, *error;
    } plans[] = {
        {NULL, NULL, "redfish", RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":null,\"softwareRAIDVolumes\":[]}", NULL, "redfish", RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":[]}", NULL, "no-raid", RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":[]}", NULL, "redfish", RAID_HARDWARE,
         "[{\"interface\":\"raid\",\"step\":\"delete_configuration\"}]", NULL},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}", "{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}", "redfish",
         RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}", NULL, "no-raid", RAID_LEAVE, NULL, "does not support RAID"},
        {"{\"softwareRAIDVolumes\":[{\"level\":\"1\"}]}", NULL, "no-raid", RAID_SOFTWARE,
         "[{\"interface\":\"raid\",\"step\":\"delete_configuration\"},{\"interface\":\"deploy\",\"step\":"
         "\"erase_devices_metadata\"},{\"interface\":\"raid\",\"step\":\"create_configuration\"}]",
         NULL},
        {"{\"softwareRAIDVolumes\":[]}", "{\"softwareRAIDVolumes\":[{\"level\":\"1\"}]}", "redfish", RAID_SOFTWARE,
         "[{\"interface\":\"raid\",\"step\":\"delete_configuration\"},{\"interface\":\"deploy\",\"step\":"
         "\"erase_devices_metadata\"}]",
         NULL},
        {"{\"softwareRAIDVolumes\":[{\"level\":\"0\"}]}", NULL, "redfish", RAID_LEAVE, NULL, "must be RAID1"},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"0\",\"name\":\"a\"},{\"level\":\"0\",\"name\":\"a\"}]}", NULL,
         "redfish", RAID_LEAVE, NULL, "name a is given twice"},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"0\",\"physicalDisks\":[\"d\"]}]}", NULL, "redfish", RAID_LEAVE, NULL,
         "needs its controller too"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
        struct json *target CLEANUP(json_free) = NULL;
        struct json *actual CLEANUP(json_free) = NULL;
        CLEANUP_RAID_PLAN struct raid_plan plan = {0};
        if (plans[i].target)
            assert_ok(json_parse(plans[i].target, strlen(plans[i].target), &target));
        if (plans[i].actual)
            assert_ok(json_parse(plans[i].actual, strlen(plans[i].actual), &actual));
        struct error *err = raid_plan(target, actual, NULL, plans[i].interface, &plan);
        if (plans[i].error) {
            assert_non_null(strstr(error_message(err), plans[i].error));
            error_free(err);
            continue;
        }
        assert_ok(err);
        CLEANUP_FREE char *steps = plan.steps ? json_print(plan.steps) : NULL;
        if (plan.kind != plans[i].kind || !str_equal(steps, plans[i].steps))
            fail_msg("plan %zu: kind %d, steps %s", i, plan.kind, steps ? steps : "none");
    }
}

static void switches_power(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    struct power_off_data off = {.automated_cleaning_mode = "metadata"};
    start(world);
    register_fully(world);
    while (result.dirty) {
        PASS(world, &result, power_on(provisioner, false, &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(json_str(only_node(world), "power_state"), "power on");
    world->ironic.no_soft_power = true;
    result.dirty = true;
    while (result.dirty) {
        PASS(world, &result, power_off(provisioner, &off, &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(json_str(only_node(world), "power_state"), "power off");
    expect_write(world, "{\"target\":\"soft power off\",\"timeout\":180}");
    expect_write(world, "{\"target\":\"power off\"}");
    json_set_str(only_node(world), "last_error", "PSU is gone");
    PASS(world, &result, power_on(provisioner, false, &result));
    assert_string_equal(result.message, "PowerOn operation failed: PSU is gone");
    PASS(world, &result, power_on(provisioner, true, &result));
    assert_true(result.dirty);
    set_state(world, "inspect wait");
    json_set_str(only_node(world), "power_state", "power on");
    PASS(world, &result, power_off(provisioner, &off, &result));
    assert_string_equal(json_str(only_node(world), "provision_state"), "inspect failed");
}

static void guards_changes(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    start(world);
    register_fully(world);
    json_set_bool(only_node(world), "maintenance", true);
    json_set_str(only_node(world), "fault", "power failure");
    strbuf_clear(&world->ironic.writes);
    PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
    assert_true(result.dirty);
    assert_int_equal(world->ironic.writes.len, 0);
    json_set_str(only_node(world), "fault", NULL);
    PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
    assert_string_equal(strbuf_str(&world->ironic.writes), "DELETE /v1/nodes/uuid-1/maintenance \n");
}

static void counts_busy_hosts(struct world *world)
{
    bool capacity = false;
    start(world);
    world->host.bmc_address = "redfish+http://192.0.2.1";
    for (int i = 0; i < 3; i++) {
        CLEANUP_FREE char *uuid = mem_printf("other-%d", i);
        struct json *node = json_new_object();
        json_set_str(node, "uuid", uuid);
        json_set_str(node, "name", uuid);
        json_set_str(node, "provision_state", "deploying");
        json_set_str(node, "boot_interface", i ? "ipxe" : "redfish-virtual-media");
        map_set(world->ironic.nodes, uuid, node);
    }
    struct provisioner *provisioner CLEANUP(provisioner_free) = make(world);
    assert_ok(provisioner->ops->has_capacity(provisioner, &capacity));
    assert_false(capacity);
    world->options.provisioning_limit = 3;
    assert_ok(provisioner->ops->has_capacity(provisioner, &capacity));
    assert_true(capacity);
}

WORLD_TEST(cleans_by_hand_for_raid)
WORLD_TEST(switches_power)
WORLD_TEST(guards_changes)
WORLD_TEST(counts_busy_hosts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cleans_by_hand_for_raid), cmocka_unit_test(plans_raid),
        cmocka_unit_test(test_switches_power),          cmocka_unit_test(test_guards_changes),
        cmocka_unit_test(test_counts_busy_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
