/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain translations between a BareMetalHost and Ironic: root device hints, capabilities, images, config drives, node
 * patches.
 */
#include "lib/test.h"

#include "operator/ironic/config_drive.h"
#include "operator/ironic/host_image.h"
#include "operator/ironic/node_fields.h"

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    assert_ok(json_parse(text, strlen(text), &value));
    return value;
}

static void expect_json(const struct json *value, const char *text)
{
    struct json *wished CLEANUP(json_free) = parse(text);
    CLEANUP_FREE char *printed = json_print(value);
    if (!json_equal(value, wished))
        fail_msg("%s, not %s", printed, text);
}

static void translates_root_hints(void **state)
{
    static const struct {
        const char *hints, *ironic;
    } table[] = {
        {"{}", "null"},
        {"{\"deviceName\":\"/dev/sda\"}", "{\"name\":\"s== /dev/sda\"}"},
        {"{\"deviceName\":\"/dev/disk/by-path/pci-0\"}", "{\"by_path\":\"s== /dev/disk/by-path/pci-0\"}"},
        {"{\"hctl\":\"0:0:0:0\",\"model\":\"m\",\"vendor\":\"v\",\"serialNumber\":\"n\"}",
         "{\"hctl\":\"s== 0:0:0:0\",\"model\":\"<in> m\",\"vendor\":\"<in> v\",\"serial\":\"s== n\"}"},
        {"{\"wwn\":\"w\",\"wwnWithExtension\":\"x\",\"wwnVendorExtension\":\"y\"}",
         "{\"wwn\":\"s== w\",\"wwn_with_extension\":\"s== x\",\"wwn_vendor_extension\":\"s== y\"}"},
        {"{\"minSizeGigabytes\":40,\"rotational\":true}", "{\"size\":\">= 40\",\"rotational\":\"true\"}"},
        {"{\"minSizeGigabytes\":0,\"rotational\":false}", "{\"rotational\":\"false\"}"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct json *hints CLEANUP(json_free) = parse(table[i].hints);
        struct json *ironic CLEANUP(json_free) = root_hints_to_ironic(hints);
        if (str_equal(table[i].ironic, "null"))
            assert_null(ironic);
        else
            expect_json(ironic, table[i].ironic);
    }
}

static void keeps_other_capabilities(void **state)
{
    static const struct {
        const char *present, *mode, *result;
    } table[] = {
        {NULL, "UEFI", "boot_mode:uefi"},
        {"", "legacy", "boot_mode:bios"},
        {"boot_mode:bios", "UEFISecureBoot", "boot_mode:uefi,secure_boot:true"},
        {"cpu_vt:true,boot_mode:uefi,secure_boot:true,x:y", "UEFI", "cpu_vt:true,x:y,boot_mode:uefi"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        CLEANUP_FREE char *result = capabilities_for_boot_mode(table[i].present, table[i].mode);
        assert_string_equal(result, table[i].result);
    }
}

/* IRO-068 */
static void tells_the_same_image(void **state)
{
    static const struct {
        const char *image, *info;
        bool same;
    } table[] = {
        {"{\"url\":\"u\",\"checksum\":\"c\"}", "{\"image_source\":\"u\",\"image_checksum\":\"c\"}", true},
        {"{\"url\":\"u\",\"checksum\":\"c\"}", "{\"image_source\":\"u\",\"image_checksum\":\"d\"}", false},
        {"{\"url\":\"u\",\"checksum\":\"c\"}", "{\"image_source\":\"v\",\"image_checksum\":\"c\"}", false},
        {"{\"url\":\"u\",\"checksum\":\"c\",\"checksumType\":\"sha512\"}",
         "{\"image_source\":\"u\",\"image_os_hash_algo\":\"sha512\",\"image_os_hash_value\":\"c\"}", true},
        {"{\"url\":\"u\",\"checksum\":\"c\",\"checksumType\":\"sha512\"}",
         "{\"image_source\":\"u\",\"image_checksum\":\"c\"}", false},
        {"{\"url\":\"oci://u\"}", "{\"image_source\":\"oci://u\"}", true},
        {"{\"url\":\"u\",\"format\":\"live-iso\"}", "{\"boot_iso\":\"u\"}", true},
        {"{\"url\":\"u\",\"format\":\"live-iso\"}", "{\"image_source\":\"u\"}", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct json *image CLEANUP(json_free) = parse(table[i].image);
        struct json *node CLEANUP(json_free) = json_new_object();
        json_set(node, "instance_info", parse(table[i].info));
        if (image_same_as_node(image, node) != table[i].same)
            fail_msg("%s, %s", table[i].image, table[i].info);
    }
}

/* An image patched onto a node is the same as the node's, and patching it again changes nothing. */
static void patches_settle(void **state)
{
    static const char *const images[] = {
        "{\"url\":\"u\",\"checksum\":\"c\"}",
        "{\"url\":\"u\",\"checksum\":\"c\",\"checksumType\":\"md5\",\"format\":\"qcow2\"}",
        "{\"url\":\"oci://r/i\"}",
        "{\"url\":\"u\",\"format\":\"live-iso\"}",
    };
    struct json *node CLEANUP(json_free) = parse("{\"instance_info\":{},\"driver_info\":{}}");
    for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
        struct json *image CLEANUP(json_free) = parse(images[i]);
        const struct image_deploy deploy = {.image = image};
        CLEANUP_NODE_PATCH struct node_patch patch = {.node = node};
        assert_ok(image_patch_node(&patch, &deploy));
        JSON_FOREACH (operation, patch.operations) {
            const char *path = json_str(operation, "path") + 1;
            json_remove(node, path);
            if (json_get(operation, "value"))
                json_set(node, path, json_copy(json_get(operation, "value")));
        }
        assert_true(image_same_as_node(image, node));
        CLEANUP_NODE_PATCH struct node_patch again = {.node = node};
        assert_ok(image_patch_node(&again, &deploy));
        assert_null(again.operations);
    }
}

static void builds_config_drives(void **state)
{
    struct json *drive CLEANUP(json_free) = NULL;
    struct json *bad = NULL;
    struct config_drive_input input = {.host_uid = "u", .ns = "n", .name = "h"};
    assert_ok(config_drive_build(&input, &drive));
    expect_json(drive,
                "{\"meta_data\":{\"uuid\":\"u\",\"metal3-namespace\":\"n\",\"metal3-name\":\"h\",\"local-hostname\":"
                "\"h\",\"local_hostname\":\"h\",\"name\":\"h\"}}");
    input.meta_data = "- a\n- secret";
    struct error *err = config_drive_build(&input, &bad);
    assert_string_equal(error_message(err), "failed to unmarshal metaData from secret: it is no mapping but array");
    error_free(err);
    input.meta_data = "a: [";
    assert_error_text(config_drive_build(&input, &bad), ERROR_INVALID, "failed to unmarshal metaData from secret");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(translates_root_hints), cmocka_unit_test(keeps_other_capabilities),
        cmocka_unit_test(tells_the_same_image),  cmocka_unit_test(patches_settle),
        cmocka_unit_test(builds_config_drives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
