// SPDX-License-Identifier: Apache-2.0
// Personalities: the profiles of vendors' machines show what their BMCs do.
#include "bmc-emu/emulator_test.h"

#define IMAGE "{\"Image\": \"http://images/boot.iso\"}"

static void in_personality(const char *name, void (*body)(struct world *world))
{
    CLEANUP(machine_profile_free) struct machine_profile *profile = NULL;
    struct bmc_emulator_options options = single();
    char path[128];

    snprintf(path, sizeof(path), "fixtures/machines/%s.yaml", name);
    assert_ok(machine_profile_load(path, &profile));
    options.profile = profile;
    in_world(&options, body);
}

static void idrac_body(struct world *world)
{
    CLEANUP(json_free) struct json *manager = get(world, "/redfish/v1/Managers/iDRAC.Embedded.1");
    CLEANUP(json_free) struct json *service = get(world, json_str(manager, "Links/Oem/Dell/DellLCService/@odata.id"));
    const char *action =
        json_str(json_member(json_get(service, "Actions"), "#DellLCService.GetRemoteServicesAPIStatus"), "target");
    CLEANUP(http_response_free) struct http_response *ready = call(world, "POST", action, "{}");
    assert_int_equal(ready->status, 200);
    assert_non_null(strstr(ready->body, "\"LCStatus\":\"Ready\""));
    expect_text(world, "/redfish/v1/Systems/System.Embedded.1", "Manufacturer", "Dell Inc.");
    /* The boot override goes through the settings object too. */
    expect(world, "PATCH", "/redfish/v1/Systems/System.Embedded.1/Settings",
           "{\"Boot\": {\"BootSourceOverrideTarget\": \"Pxe\", \"BootSourceOverrideEnabled\": \"Once\"}}", 204);
    expect_text(world, "/redfish/v1/Systems/System.Embedded.1", "Boot/BootSourceOverrideTarget", "Pxe");
    world->user = NULL;
    expect(world, "GET", "/redfish/v1/Managers/iDRAC.Embedded.1/Oem/Dell/Jobs", NULL, 401);
}

static void ilo_body(struct world *world)
{
    static const char insert[] = "/redfish/v1/Managers/1/VirtualMedia/2/Actions/VirtualMedia.InsertMedia";
    static const char eject[] = "/redfish/v1/Managers/1/VirtualMedia/2/Actions/VirtualMedia.EjectMedia";
    static const char cd[] = "{\"Boot\": {\"BootSourceOverrideTarget\": \"Cd\"}}";

    expect(world, "GET", "/redfish/v1/Systems/1/VirtualMedia", NULL, 404);
    expect(world, "POST", insert, IMAGE, 204);
    expect_error(world, "POST", eject, NULL, 415, "UnsupportedMediaType");
    expect(world, "POST", eject, "{}", 204);
    expect(world, "POST", "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset", "{\"ResetType\": \"On\"}", 204);
    pass(world, RT_S);
    expect_error(world, "PATCH", "/redfish/v1/Systems/1", cd, 400, "UnableToModifyDuringSystemPOST");
    expect(world, "POST", "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset", "{\"ResetType\": \"ForceOff\"}", 204);
    pass(world, 5 * RT_S);
    CLEANUP(http_response_free) struct http_response *system = call(world, "GET", "/redfish/v1/Systems/1", NULL);
    world->if_match = http_response_header(system, "ETag");
    assert_true(str_has_prefix(world->if_match, "W/\""));
    expect(world, "PATCH", "/redfish/v1/Systems/1", cd, 204);
    expect(world, "PATCH", "/redfish/v1/Systems/1", cd, 412);
}

static void supermicro_body(struct world *world)
{
    static const char media[] = "/redfish/v1/Managers/1/VirtualMedia";
    char path[160];

    snprintf(path, sizeof(path), "%s/VirtualMedia1/Actions/VirtualMedia.InsertMedia", media);
    expect_error(world, "POST", path, "{\"Image\": \"http://images/boot.iso\", \"Inserted\": true}", 400,
                 "ActionParameterUnknown");
    expect(world, "POST", path, IMAGE, 204);
    snprintf(path, sizeof(path), "%s/VirtualMedia2/Actions/VirtualMedia.InsertMedia", media);
    expect_error(world, "POST", path, IMAGE, 409, "ResourceInUse");
    expect_error(world, "PATCH", "/redfish/v1/Systems/1", "{\"Boot\": {\"BootSourceOverrideTarget\": \"Cd\"}}", 400,
                 "PropertyValueNotInList");
    expect(world, "PATCH", "/redfish/v1/Systems/1", "{\"Boot\": {\"BootSourceOverrideTarget\": \"UsbCd\"}}", 204);
    expect_text(world, "/redfish/v1/Systems/1", "Boot/BootSourceOverrideTarget", "UsbCd");
    expect_text(world, "/redfish/v1/Systems/1", "Boot/BootSourceOverrideEnabled", "Once");
}

static void lenovo_body(struct world *world)
{
    static const char cd[] = "/redfish/v1/Managers/1/VirtualMedia/EXT1";
    char action[160];

    snprintf(action, sizeof(action), "%s/Actions/VirtualMedia.InsertMedia", cd);
    expect(world, "POST", action, IMAGE, 404);
    CLEANUP(json_free) struct json *media = get(world, cd);
    assert_null(json_get(media, "Actions"));
    expect_error(world, "PATCH", cd, IMAGE, 428, "PreconditionRequired");
    world->if_match = json_str(media, "@odata.etag");
    expect(world, "PATCH", cd, IMAGE, 204);
    expect_text(world, cd, "ImageName", "boot.iso");
}

#define PERSONALITY(name)                                                                                              \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        in_personality(#name, name##_body);                                                                            \
    }
PERSONALITY(idrac)
PERSONALITY(ilo)
PERSONALITY(supermicro)
PERSONALITY(lenovo)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idrac),
        cmocka_unit_test(ilo),
        cmocka_unit_test(supermicro),
        cmocka_unit_test(lenovo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
