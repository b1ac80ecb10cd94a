/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that upstream's webhook refuses, and hosts that it takes (bmo.md 5.2). */
#include "operator/bmo/host_validate.h"

#include "lib/test.h"

#define BMC "\"bmc\":{\"address\":\"192.0.2.1\"}"
#define REDFISH "\"bmc\":{\"address\":\"redfish-virtualmedia://h/1\"}"

static const struct {
    const char *spec, *message;
} hosts[] = {
    {"\"online\":true", NULL},
    {REDFISH ",\"bootMode\":\"UEFISecureBoot\",\"inspectionMode\":\"fast\"", NULL},
    {"\"bmc\":{\"address\":\"nonsense://h\"},\"bootMACAddress\":\"x\"", NULL},
    {"\"firmware\":{}", "the Firmware field is no longer supported, use HostFirmwareSettings resource instead"},
    {"\"userData\":{\"name\":\"a\",\"namespace\":\"ns\"}", NULL},
    {"\"metaData\":{\"name\":\"a\",\"namespace\":\"other\"}",
     "metaData: cross-namespace Secret references are not allowed"},
    {"\"raid\":{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}],\"softwareRAIDVolumes\":[{\"level\":\"1\"}]}",
     "hardwareRAIDVolumes and softwareRAIDVolumes can not be set at the same time"},
    {"\"raid\":{\"hardwareRAIDVolumes\":[{\"level\":\"1\",\"physicalDisks\":[\"a\"],\"numberOfPhysicalDisks\":2}]}",
     "['physicalDisks' specified without 'controller' in hardware RAID volume 0, the 'numberOfPhysicalDisks'[2] and "
     "number of 'physicalDisks'[1] is not same for volume 0]"},
    {"\"raid\":{\"softwareRAIDVolumes\":[{\"level\":\"0\",\"rootVolume\":true}]}",
     "softwareRAIDVolumes[0] with rootVolume set must use RAID level 1"},
    {"\"rootDeviceHints\":{},\"raid\":{\"softwareRAIDVolumes\":[{\"level\":\"1\",\"rootVolume\":true}]}",
     "softwareRAIDVolumes[*].rootVolume and rootDeviceHints can not be set at the same time"},
    {BMC ",\"raid\":{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}",
     "BMC driver ipmi does not support configuring RAID"},
    {"\"bmc\":{\"address\":\"libvirt://h\"}", "BMC driver libvirt requires a BootMACAddress value"},
    {REDFISH ",\"inspectionMode\":\"disabled\"", "BMC driver redfish-virtualmedia requires a BootMACAddress value"},
    {BMC ",\"bootMACAddress\":\"00:11:22:33:44:55\"", NULL},
    {BMC ",\"bootMACAddress\":\"0011.2233.4455\"", NULL},
    {BMC ",\"bootMACAddress\":\"00:11:22:33:44:55:66\"", "address 00:11:22:33:44:55:66: invalid MAC address"},
    {BMC ",\"bootMACAddress\":\"00-11-22-33-44\"", "address 00-11-22-33-44: invalid MAC address"},
    {BMC ",\"bootMode\":\"UEFISecureBoot\"", "BMC driver ipmi does not support secure boot"},
    {BMC ",\"inspectionMode\":\"fast\"", "BMC driver ipmi does not support fast (out-of-band) inspection"},
    {"\"rootDeviceHints\":{\"deviceName\":\"sda\"}",
     "device name of root device hint must be a /dev/ path, not \"sda\""},
    {"\"rootDeviceHints\":{\"deviceName\":\"/dev/disk/by-path/pci-0\"}", NULL},
    {"\"rootDeviceHints\":{\"deviceName\":\"/dev/disk/by-id/x\"}",
     "device name of root device hint must be path in /dev/ or /dev/disk/by-path/, not \"/dev/disk/by-id/x\""},
    {"\"image\":{\"url\":\"HTTP://i/a\",\"checksum\":\"x\"}", NULL},
    {"\"image\":{\"url\":\"file:///a\",\"checksum\":\"x\"}",
     "image URL file:///a is invalid: invalid scheme in URL, \"file\" not allowed"},
    {"\"image\":{\"url\":\"\",\"checksum\":\"x\"}", "image URL  is invalid: it has no scheme, such as http://"},
    {"\"image\":{\"url\":\"http://i/a\"}", "checksum is required for normal images"},
    {"\"image\":{\"url\":\"http://i/a.iso\",\"format\":\"live-iso\"}", NULL},
    {"\"disablePowerOff\":true,\"online\":false",
     "node can't simultaneously have online set to false and have power off disabled"},
};

static char *validate(const char *name, const char *spec)
{
    struct json *host CLEANUP(json_free) = NULL;
    CLEANUP_FREE char *text =
        mem_printf("{\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\"},\"spec\":{%s}}", name, spec);
    assert_ok(json_parse(text, strlen(text), &host));
    return host_validate(host);
}

static void judges_specs(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
        CLEANUP_FREE char *found = validate("node-0", hosts[i].spec);
        if (!str_equal(found, hosts[i].message))
            fail_msg("%s: %s", hosts[i].spec, found ? found : "accepted");
    }
}

static void refuses_uuids_as_names(void **state)
{
    CLEANUP_FREE char *found = validate("d221f334-2a03-4b62-be1a-4c1de8c97b21", "");
    CLEANUP_FREE char *near = validate("d221f334-2a03-4b62-be1a-4c1de8c97b2g", "");
    assert_string_equal(found, "BareMetalHost resource name cannot be a UUID");
    assert_null(near);
}

static void tells_contradictions(void **state)
{
    struct json *host CLEANUP(json_free) = NULL;
    static const char text[] = "{\"metadata\":{\"annotations\":{\"inspect.metal3.io\":\"disabled\"}},\"spec\":{"
                               "\"inspectionMode\":\"agent\"}}";
    assert_ok(json_parse(text, strlen(text), &host));
    CLEANUP_FREE char *found = host_validate(host);
    assert_string_equal(found, "inspect.metal3.io annotation and inspectionMode field have contradicting values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_specs),
        cmocka_unit_test(refuses_uuids_as_names),
        cmocka_unit_test(tells_contradictions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
