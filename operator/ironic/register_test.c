/* SPDX-License-Identifier: Apache-2.0 */
/* Registration of a host with Ironic, and inspection: what is sent, how it goes on, what it tells. */
#include "operator/ironic/test_world.h"

static void registers_a_new_host(struct world *world)
{
    start(world);
    world->host.boot_mac = "00:11:22:33:44:55";
    register_fully(world);
    const struct json *node = only_node(world);
    assert_string_equal(json_str(node, "provision_state"), "manageable");
    assert_string_equal(json_str(node, "name"), "metal3~node-0");
    assert_string_equal(json_str(node, "driver"), "redfish");
    assert_string_equal(json_str(node, "boot_interface"), "redfish-virtual-media");
    assert_string_equal(json_str(node, "inspect_interface"), "agent");
    assert_string_equal(json_str(node, "driver_info/redfish_password"), "pw");
    assert_string_equal(json_str(node, "driver_info/deploy_kernel"), "http://images/kernel");
    assert_string_equal(json_str(node, "properties/capabilities"), "boot_mode:uefi");
    assert_true(json_bool(node, "automated_clean", false));
    assert_string_equal(json_str_or(world->ironic.ports, "0/address", ""), "00:11:22:33:44:55");
    assert_true(json_bool(world->ironic.ports, "0/pxe_enabled", false));
    assert_string_equal(strbuf_str(&world->events), "Registered: Registered new host\n");
    assert_int_equal(count_calls(world, "PATCH"), 0);

    /* Once known, a pass costs one GET. */
    strbuf_clear(&world->ironic.calls);
    register_fully(world);
    assert_string_equal(strbuf_str(&world->ironic.calls), "GET /v1/nodes/uuid-1\n");
}

static void tells_why_it_cannot_register(struct world *world)
{
    static const struct {
        const char *address;
        struct register_data data;
        const char *message;
    } refused[] = {
        {"gopher://h", {0}, "Unknown BMC type 'gopher' for address gopher://h"},
        {"192.0.2.1", {.inspection_mode = "fast"}, "BMC driver ipmi does not support fast (out-of-band) inspection"},
        {"192.0.2.1", {.boot_mode = "UEFISecureBoot"}, "BMC driver ipmi does not support secure boot"},
        {"redfish+http://h", {0}, "BMC driver redfish+http requires a provisioning network"},
        {"redfish-virtualmedia://h",
         {.inspection_disabled = true},
         "BMC driver redfish-virtualmedia requires a BootMACAddress value"},
    };
    world->options.provisioning_network_disabled = true;
    start(world);
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        CLEANUP_PROVISION_RESULT struct provision_result result = {0};
        char *id = NULL;
        world->host.bmc_address = refused[i].address;
        PASS(world, &result, register_host(provisioner, &refused[i].data, &result, &id));
        assert_string_equal(result.message, refused[i].message);
        assert_null(id);
    }
    assert_int_equal(map_len(world->ironic.nodes), 0);
}

static void reports_a_bmc_that_does_not_answer(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    struct register_data data = plain_register;
    start(world);
    world->ironic.fail_verb = "manage";
    world->ironic.fail_reason = "Failed to get power state for node";
    while (result.dirty) {
        char *id = NULL;
        PASS(world, &result, register_host(provisioner, &data, &result, &id));
        free(id);
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(result.message, "Failed to get power state for node");
    data.restart_on_failure = true;
    char *id = NULL;
    PASS(world, &result, register_host(provisioner, &data, &result, &id));
    free(id);
    assert_true(result.dirty);
    register_fully(world);
}

static void replaces_changed_credentials(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct register_data data = plain_register;
    char *id = NULL;
    start(world);
    register_fully(world);
    data.credentials_changed = true;
    world->host.password = "new";
    world->ironic.locked = 1;
    PASS(world, &result, register_host(provisioner, &data, &result, &id));
    free(id);
    assert_true(result.dirty && result.busy);
    PASS(world, &result, register_host(provisioner, &data, &result, &id));
    free(id);
    assert_true(provision_result_done(&result));
    assert_string_equal(json_str(only_node(world), "driver_info/redfish_password"), "new");
    assert_string_equal(json_str(only_node(world), "driver_info/deploy_kernel"), "http://images/kernel");
}

static void refuses_a_foreign_mac(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    char *id = NULL;
    start(world);
    world->host.boot_mac = "00:11:22:33:44:55";
    register_fully(world);
    world->host.name = "node-1";
    world->host.id = "";
    PASS(world, &result, register_host(provisioner, &plain_register, &result, &id));
    assert_string_equal(result.message, "MAC address 00:11:22:33:44:55 conflicts with existing node metal3~node-0");
}

static void creates_a_lost_node_anew(struct world *world)
{
    struct provision_result result = {0};
    start(world);
    register_fully(world);
    map_remove(world->ironic.nodes, "uuid-1");
    struct provisioner *provisioner CLEANUP(provisioner_free) = make(world);
    struct error *err = provisioner->ops->deprovision(provisioner, false, "metadata", &result);
    assert_int_equal(error_code(err), PROVISIONER_NEEDS_REGISTRATION);
    error_free(err);
    register_fully(world);
    assert_non_null(map_get(world->ironic.nodes, "uuid-2"));
}

#define INVENTORY                                                                                                      \
    "{\"inventory\":{\"interfaces\":[{\"name\":\"eth0\",\"mac_address\":\"00:11:22:33:44:55\",\"ipv4_address\":"       \
    "\"192.0.2.9\",\"ipv6_address\":\"2001:db8::9\",\"vendor\":\"0x15b3\",\"product\":\"0x1015\",\"speed_mbps\":"      \
    "25000},{\"name\":\"eth1\",\"mac_address\":\"00:11:22:33:44:56\",\"product\":\"virtio\"}],\"cpu\":{\"model_"       \
    "name\":"                                                                                                          \
    "\"EPYC\",\"frequency\":\"2999.998\",\"count\":8,\"architecture\":\"x86_64\",\"flags\":[\"sse\",\"fpu\"]},"        \
    "\"disks\":[{\"name\":\"/dev/sda\",\"size\":1000,\"rotational\":true,\"by_path\":\"/dev/disk/by-path/a\","         \
    "\"hctl\":\"0:0:0:0\"},{\"name\":\"/dev/nvme0n1\",\"size\":2000,\"rotational\":false,\"serial\":\"S\"}],"          \
    "\"memory\":{\"physical_mb\":4096},\"system_vendor\":{\"manufacturer\":\"QEMU\",\"product_name\":\"vm\","          \
    "\"firmware\":{"                                                                                                   \
    "\"vendor\":\"EDK\",\"version\":\"1\",\"build_date\":\"01/01/2026\"}},\"hostname\":\"h\"},\"plugin_data\":{"       \
    "\"all_interfaces\":{\"eth0\":{\"pxe_enabled\":true}},\"parsed_lldp\":{\"eth0\":{\"switch_chassis_id\":\"aa\","    \
    "\"switch_port_id\":\"7\",\"switch_port_untagged_vlan_id\":3,\"switch_port_vlans\":[{\"id\":3,\"name\":\"n\"}]}}}" \
    "}"

#define DETAILS                                                                                                        \
    "{\"systemVendor\":{\"manufacturer\":\"QEMU\",\"productName\":\"vm\"},\"firmware\":{\"bios\":{\"date\":"           \
    "\"01/01/2026\",\"vendor\":\"EDK\",\"version\":\"1\"}},\"ramMebibytes\":4096,\"nics\":[{\"name\":\"eth0\","        \
    "\"model\":\"0x15b3 0x1015\",\"mac\":\"00:11:22:33:44:55\",\"ip\":\"192.0.2.9\",\"speedGbps\":25,\"vlans\":[{"     \
    "\"id\":3,\"name\":\"n\"}],\"vlanId\":3,\"pxe\":true,\"lldp\":{\"switchID\":\"aa\",\"portID\":\"7\"}},{\"name\":"  \
    "\"eth0\",\"model\":\"0x15b3 0x1015\",\"mac\":\"00:11:22:33:44:55\",\"ip\":\"2001:db8::9\",\"speedGbps\":25,"      \
    "\"vlans\":[{\"id\":3,\"name\":\"n\"}],\"vlanId\":3,\"pxe\":true,\"lldp\":{\"switchID\":\"aa\",\"portID\":\"7\"}}" \
    ","                                                                                                                \
    "{\"name\":\"eth1\",\"model\":\"virtio\",\"mac\":\"00:11:22:33:44:56\"}],\"storage\":[{\"name\":"                  \
    "\"/dev/disk/by-path/a\",\"alternateNames\":[\"/dev/sda\",\"/dev/disk/by-path/a\"],\"rotational\":true,\"type\":"  \
    "\"HDD\",\"sizeBytes\":1000,\"hctl\":\"0:0:0:0\"},{\"name\":\"/dev/nvme0n1\",\"alternateNames\":["                 \
    "\"/dev/nvme0n1\"],\"type\":\"NVME\",\"sizeBytes\":2000,\"serialNumber\":\"S\"}],\"cpu\":{\"arch\":\"x86_64\","    \
    "\"model\":\"EPYC\",\"clockMegahertz\":3000,\"flags\":[\"fpu\",\"sse\"],\"count\":8},\"hostname\":\"h\"}"

static void inspects(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *details CLEANUP(json_free) = NULL;
    struct json *wished CLEANUP(json_free) = NULL;
    struct inspect_data data = {.boot_mode = "UEFISecureBoot", .architecture = "x86_64"};
    bool started = false;
    start(world);
    register_fully(world);
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_true(result.dirty && started);
    assert_string_equal(json_str(only_node(world), "properties/capabilities"), "boot_mode:uefi,secure_boot:true");
    assert_string_equal(json_str(only_node(world), "properties/cpu_arch"), "x86_64");
    world->ironic.inventory = INVENTORY;
    while (result.dirty) {
        assert_null(details);
        PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_ok(json_parse(DETAILS, strlen(DETAILS), &wished));
    if (!json_equal(details, wished)) {
        CLEANUP_FREE char *text = json_print(details);
        fail_msg("%s", text);
    }
    assert_non_null(strstr(strbuf_str(&world->events), "InspectionStarted: Hardware inspection started\n"
                                                       "InspectionComplete: Hardware inspection completed\n"));
}

static void goes_on_after_failed_inspection(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *details = NULL;
    struct inspect_data data = {.boot_mode = "UEFI"};
    bool started = false;
    start(world);
    register_fully(world);
    set_state(world, "inspect failed");
    json_set_str(only_node(world), "last_error", "timeout reached");
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_string_equal(result.message, "timeout reached");
    data.restart_on_failure = true;
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_true(result.dirty && started);
    set_state(world, "inspect wait");
    data.force_reboot = true;
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_string_equal(json_str(only_node(world), "provision_state"), "inspect failed");
}

WORLD_TEST(registers_a_new_host)
WORLD_TEST(tells_why_it_cannot_register)
WORLD_TEST(reports_a_bmc_that_does_not_answer)
WORLD_TEST(replaces_changed_credentials)
WORLD_TEST(refuses_a_foreign_mac)
WORLD_TEST(creates_a_lost_node_anew)
WORLD_TEST(inspects)
WORLD_TEST(goes_on_after_failed_inspection)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_a_new_host),
        cmocka_unit_test(test_tells_why_it_cannot_register),
        cmocka_unit_test(test_reports_a_bmc_that_does_not_answer),
        cmocka_unit_test(test_replaces_changed_credentials),
        cmocka_unit_test(test_refuses_a_foreign_mac),
        cmocka_unit_test(test_creates_a_lost_node_anew),
        cmocka_unit_test(test_inspects),
        cmocka_unit_test(test_goes_on_after_failed_inspection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
