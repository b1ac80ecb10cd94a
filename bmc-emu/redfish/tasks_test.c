// SPDX-License-Identifier: Apache-2.0
// Operations that outlive their request, as clients follow them: firmware updates, RAID volumes, a BMC that restarts.
#include "bmc-emu/emulator_test.h"

#define UPDATE "/redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate"
#define VOLUMES SYSTEM "/Storage/1/Volumes"
#define DRIVE(name) "{\"@odata.id\": \"" SYSTEM "/Storage/1/Drives/" name "\"}"
#define RESET SYSTEM "/Actions/ComputerSystem.Reset"
#define MANAGER "/redfish/v1/Managers/" UUID1

/* Sends what must be answered 202; the monitor's path into `monitor`. */
static void accepted(struct world *world, const char *method, const char *path, const char *body, char monitor[128])
{
    CLEANUP(http_response_free) struct http_response *response = call(world, method, path, body);

    if (response->status != 202)
        fail_msg("%s %s %s: %d %s", method, path, str_or(body, ""), response->status, response->body);
    snprintf(monitor, 128, "%s", http_response_header(response, "Location"));
    assert_int_equal(response->body_len, 0);
}

static void an_update_waits_for_the_reset_body(struct world *world)
{
    char monitor[128];

    accepted(world, "POST", UPDATE, "{\"ImageURI\": \"http://images/bios-2.5.0.bin\", \"TransferProtocol\": \"HTTP\"}",
             monitor);
    pass(world, 5 * RT_S);
    expect(world, "GET", monitor, NULL, 202);
    expect_text(world, "/redfish/v1/TaskService/Tasks/1", "TaskState", "Pending");
    expect_text(world, SYSTEM, "BiosVersion", "2.4.1");
    expect(world, "DELETE", "/redfish/v1/TaskService/Tasks/1", NULL, 409);
    expect(world, "POST", RESET, "{\"ResetType\": \"On\"}", 204);
    pass(world, 5 * RT_S);
    expect(world, "GET", monitor, NULL, 200);
    expect_text(world, monitor, "TaskState", "Completed");
    expect_text(world, monitor, "Messages/0/MessageId", "Base.1.13.Success");
    expect_text(world, SYSTEM, "BiosVersion", "2.5.0");
    expect_text(world, "/redfish/v1/UpdateService/FirmwareInventory/BIOS-" UUID1, "Version", "2.5.0");
    expect(world, "DELETE", "/redfish/v1/TaskService/Tasks/1", NULL, 204);
    expect(world, "GET", monitor, NULL, 404);
}

static void a_bmc_update_restarts_the_bmc_body(struct world *world)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct http_request request = {.url = world->base};
    char monitor[128];

    accepted(world, "POST", UPDATE,
             "{\"ImageURI\": \"http://images/fw-3.1.bin\", \"Targets\": [\"/redfish/v1/Managers/" UUID1 "\"]}",
             monitor);
    pass(world, RT_S);
    assert_error(http_call(world->client, &request, &response), ERROR_TRANSIENT);
    pass(world, 5 * RT_S);
    expect_text(world, MANAGER, "FirmwareVersion", "3.1");
    expect_text(world, monitor, "TaskStatus", "OK");
}

static void a_failed_download_fails_the_task_body(struct world *world)
{
    char monitor[128];

    accepted(world, "POST", UPDATE, "{\"ImageURI\": \"http://images/none.iso\"}", monitor);
    pass(world, RT_S);
    expect_text(world, monitor, "TaskState", "Exception");
    CLEANUP(json_free) struct json *task = get(world, monitor);
    assert_non_null(strstr(json_str(task, "Messages/0/Message"), "the server answers 404"));
    expect_error(world, "POST", UPDATE, "{}", 400, "ActionParameterMissing");
    expect_error(world, "POST", UPDATE, "{\"ImageURI\": \"nfs://images/x\"}", 400, "ActionParameterValueFormatError");
    expect_error(world, "POST", UPDATE, "{\"ImageURI\": \"http://images/x\", \"Targets\": [\"/moon\"]}", 400,
                 "ActionParameterValueNotInList");
}

static void volumes_come_and_go_body(struct world *world)
{
    char monitor[128];

    accepted(world, "POST", VOLUMES,
             "{\"RAIDType\": \"RAID1\", \"Name\": \"root\", \"Links\": {\"Drives\": [" DRIVE("sda") ", " DRIVE(
                 "sdb") "]}, \"@Redfish.OperationApplyTime\": \"Immediate\"}",
             monitor);
    CLEANUP(json_free) struct json *before = get(world, VOLUMES);
    assert_int_equal(json_int(before, "Members@odata.count", -1), 0);
    pass(world, 3 * RT_S);
    expect(world, "GET", monitor, NULL, 201);
    expect_text(world, VOLUMES "/1", "RAIDType", "RAID1");
    CLEANUP(json_free) struct json *volume = get(world, VOLUMES "/1");
    assert_int_equal(json_int(volume, "CapacityBytes", 0), INT64_C(120) << 30);
    expect_text(world, SYSTEM "/Storage/1/Drives/sdb", "Links/Volumes/0/@odata.id", VOLUMES "/1");
    expect_error(world, "POST", VOLUMES, "{\"RAIDType\": \"RAID0\", \"Links\": {\"Drives\": [" DRIVE("sda") "]}}", 409,
                 "ResourceInUse");
    expect_error(world, "POST", VOLUMES, "{\"RAIDType\": \"RAID5\"}", 409, "PropertyValueConflict");
    expect_error(world, "POST", VOLUMES, "{\"Name\": \"x\"}", 400, "PropertyMissing");
    accepted(world, "POST", VOLUMES "/1/Actions/Volume.Initialize", "{\"InitializeType\": \"Fast\"}", monitor);
    pass(world, 3 * RT_S);
    accepted(world, "DELETE", VOLUMES "/1", "{\"@Redfish.OperationApplyTime\": \"OnReset\"}", monitor);
    pass(world, 10 * RT_S);
    expect(world, "GET", VOLUMES "/1", NULL, 200);
    expect(world, "POST", RESET, "{\"ResetType\": \"On\"}", 204);
    pass(world, 10 * RT_S);
    expect(world, "GET", monitor, NULL, 200);
    expect(world, "GET", VOLUMES "/1", NULL, 404);
}

static void a_bmc_that_restarts_is_silent_body(struct world *world)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP(http_response_free)
    struct http_response *session = call(world, "POST", "/redfish/v1/SessionService/Sessions",
                                         "{\"UserName\": \"admin\", \"Password\": \"password\"}");
    struct http_request request = {.url = world->base};

    expect_error(world, "POST", MANAGER "/Actions/Manager.Reset", "{\"ResetType\": \"On\"}", 400,
                 "ActionParameterValueNotInList");
    expect(world, "POST", MANAGER "/Actions/Manager.Reset", "{\"ResetType\": \"ForceRestart\"}", 204);
    assert_error(http_call(world->client, &request, &response), ERROR_TRANSIENT);
    pass(world, 4 * RT_S);
    expect(world, "GET", MANAGER, NULL, 200);
    world->token = http_response_header(session, "X-Auth-Token");
    expect(world, "GET", MANAGER, NULL, 401);
}

IN_WORLD(an_update_waits_for_the_reset)
IN_WORLD(a_bmc_update_restarts_the_bmc)
IN_WORLD(a_failed_download_fails_the_task)
IN_WORLD(volumes_come_and_go)
IN_WORLD(a_bmc_that_restarts_is_silent)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_update_waits_for_the_reset),    cmocka_unit_test(a_bmc_update_restarts_the_bmc),
        cmocka_unit_test(a_failed_download_fails_the_task), cmocka_unit_test(volumes_come_and_go),
        cmocka_unit_test(a_bmc_that_restarts_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
