/* SPDX-License-Identifier: Apache-2.0 */
/* Deployment, deprovisioning, adoption and detachment: what is sent, how it goes on, what it tells. */
#include "operator/ironic/test_world.h"

static void deploys_an_image(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *image CLEANUP(json_free) = parse(IMAGE);
    struct json *hints CLEANUP(json_free) =
        parse("{\"deviceName\":\"/dev/sda\",\"minSizeGigabytes\":5,\"rotational\":false}");
    start(world);
    register_fully(world);
    world->user_data = "#cloud-config\n";
    struct provision_data data = image_data(world, image);
    data.root_hints = hints;
    provision_fully(world, &data, &result);
    assert_null(result.message);
    const struct json *info = json_get(only_node(world), "instance_info");
    assert_string_equal(json_str(info, "image_source"), "http://images/a.raw");
    assert_string_equal(json_str(info, "image_os_hash_algo"), "sha256");
    assert_string_equal(json_str(info, "image_os_hash_value"), "abc");
    assert_string_equal(json_str(info, "image_disk_format"), "raw");
    assert_string_equal(json_str(info, "root_device/name"), "s== /dev/sda");
    assert_string_equal(json_str(info, "root_device/size"), ">= 5");
    assert_string_equal(json_str(info, "root_device/rotational"), "false");
    assert_string_equal(json_str(only_node(world), "instance_uuid"), "host-uid");
    expect_write(
        world, "\"configdrive\":{\"meta_data\":{\"uuid\":\"host-uid\",\"metal3-namespace\":\"metal3\",\"metal3-name\":"
               "\"node-0\",\"local-hostname\":\"node-0\",\"local_hostname\":\"node-0\",\"name\":\"other\","
               "\"role\":\"worker\"},\"user_data\":\"#cloud-config\\n\",\"network_data\":{\"links\":[]}}");
    assert_non_null(strstr(strbuf_str(&world->events),
                           "ProvisioningStarted: Image provisioning started for http://images/a.raw\n"
                           "ProvisioningComplete: Image provisioning completed for http://images/a.raw\n"));
}

static void tells_why_a_deployment_failed(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *image CLEANUP(json_free) = parse(IMAGE);
    start(world);
    register_fully(world);
    world->ironic.fail_verb = "active";
    world->ironic.fail_reason = "Image failed to verify against checksum";
    struct provision_data data = image_data(world, image);
    provision_fully(world, &data, &result);
    assert_string_equal(result.message,
                        "Image provisioning failed (url: http://images/a.raw, checksum: abc): Image failed "
                        "to verify against checksum");
    json_set_str(image, "url", "http://images/b.raw"); /* another image is tried at once */
    provision_fully(world, &data, &result);
    assert_null(result.message);
}

static void refuses_bad_wishes(struct world *world)
{
    static const struct {
        const char *image, *message;
    } wishes[] = {
        {"{\"url\":\"http://i/a\"}", "Validation failed: checksum is required for normal images"},
        {"{\"url\":\"oci://r/a\",\"checksum\":\"x\"}",
         "Validation failed: spec.image.checksum must be empty for OCI images (oci:// images have embedded checksums)"},
        {"{\"url\":\"http://i/a\",\"checksum\":\"x\",\"checksumType\":\"crc\"}",
         "Validation failed: unknown checksumType \"crc\": use md5, sha256, sha512 or auto"},
    };
    start(world);
    register_fully(world);
    set_state(world, "available");
    for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
        CLEANUP_PROVISION_RESULT struct provision_result result = {0};
        struct json *image CLEANUP(json_free) = NULL;
        assert_ok(json_parse(wishes[i].image, strlen(wishes[i].image), &image));
        struct provision_data data = image_data(world, image);
        PASS(world, &result, provision(provisioner, &data, &result));
        assert_string_equal(result.message, wishes[i].message);
    }
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *image CLEANUP(json_free) = parse(IMAGE);
    struct provision_data data = image_data(world, image);
    world->ironic.validate_error = "no deploy kernel";
    PASS(world, &result, provision(provisioner, &data, &result));
    assert_string_equal(result.message, "host validation error: no deploy kernel");
    world->ironic.validate_error = NULL;
    data.user_data = no_data;
    PASS(world, &result, provision(provisioner, &data, &result));
    assert_string_equal(result.message, "could not retrieve user data: secret metal3/x does not exist");
    assert_string_equal(json_str(only_node(world), "provision_state"), "available");
}

static void deploys_live_and_custom(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *iso CLEANUP(json_free) = parse("{\"url\":\"http://i/live.iso\",\"format\":\"live-iso\"}");
    start(world);
    register_fully(world);
    struct provision_data data = image_data(world, iso);
    provision_fully(world, &data, &result);
    assert_string_equal(json_str(only_node(world), "instance_info/boot_iso"), "http://i/live.iso");
    assert_string_equal(json_str(only_node(world), "deploy_interface"), "ramdisk");
    assert_null(strstr(strbuf_str(&world->ironic.writes), "configdrive"));

    set_state(world, "available");
    data = image_data(world, NULL);
    data.custom_deploy = "install_everything";
    provision_fully(world, &data, &result);
    assert_null(json_get(only_node(world), "instance_info/boot_iso"));
    assert_string_equal(json_str(only_node(world), "deploy_interface"), "custom-agent");
    expect_write(
        world,
        "\"deploy_steps\":[{\"interface\":\"deploy\",\"step\":\"install_everything\",\"args\":{},\"priority\":80}]");
}

static void deprovisions_and_forgets(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    start(world);
    register_fully(world);
    set_state(world, "active");
    json_set_str(only_node(world), "instance_uuid", "host-uid");
    while (result.dirty) {
        PASS(world, &result, deprovision(provisioner, false, "disabled", &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_null(result.message);
    assert_false(json_bool(only_node(world), "automated_clean", true));
    assert_non_null(strstr(strbuf_str(&world->events), "DeprovisioningStarted: Image deprovisioning started\n"
                                                       "DeprovisioningComplete: Image deprovisioning completed\n"));
    for (int i = 0; i < 2; i++)
        PASS(world, &result, delete (provisioner, &result));
    assert_true(provision_result_done(&result));
    assert_int_equal(map_len(world->ironic.nodes), 0);
}

static void detaches_a_running_host(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    start(world);
    register_fully(world);
    set_state(world, "active");
    PASS(world, &result, detach(provisioner, false, &result));
    assert_true(result.dirty);
    expect_write(world, "PUT /v1/nodes/uuid-1/maintenance {\"reason\":\"forcing deletion in baremetal-operator\"}");
    assert_int_equal(map_len(world->ironic.nodes), 0);
}

static void adopts(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    start(world);
    register_fully(world);
    while (result.dirty) {
        PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(json_str(only_node(world), "provision_state"), "active");
    set_state(world, "adopt failed");
    json_set_str(only_node(world), "last_error", "no");
    PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
    assert_string_equal(result.message, "Host adoption failed: no");
}

WORLD_TEST(deploys_an_image)
WORLD_TEST(tells_why_a_deployment_failed)
WORLD_TEST(refuses_bad_wishes)
WORLD_TEST(deploys_live_and_custom)
WORLD_TEST(deprovisions_and_forgets)
WORLD_TEST(detaches_a_running_host)
WORLD_TEST(adopts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deploys_an_image),
        cmocka_unit_test(test_tells_why_a_deployment_failed),
        cmocka_unit_test(test_refuses_bad_wishes),
        cmocka_unit_test(test_deploys_live_and_custom),
        cmocka_unit_test(test_deprovisions_and_forgets),
        cmocka_unit_test(test_detaches_a_running_host),
        cmocka_unit_test(test_adopts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
