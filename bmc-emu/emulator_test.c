// SPDX-License-Identifier: Apache-2.0
// The emulator on the simulated network, as clients meet it: what a real Ironic sends (recorded), sessions and accounts, ETags, errors, both layouts
// of addresses, virtual media that is really downloaded.
#include "bmc-emu/emulator_test.h"

/* -- the recorded deployment: enroll, manage, provide, deploy, undeploy -- */

static const struct {
    rt_time at;
    const char *method, *path, *body;
    int status;
} deployment[] = {
    {19600, "GET", "/redfish/v1/", NULL, 200},
    {20100, "POST", "/redfish/v1/SessionService/Sessions", "{\"UserName\": \"admin\", \"Password\": \"password\"}",
     201},
    {20100, "GET", SYSTEM, NULL, 200},
    {20500, "GET", SYSTEM "/SecureBoot", NULL, 200},
    {23900, "GET", "/redfish/v1/Managers/" UUID1, NULL, 200},
    {23900, "GET", MEDIA, NULL, 200},
    {24000, "GET", MEDIA "/Cd", NULL, 200},
    {24000, "GET", MEDIA "/Usb", NULL, 200},
    {24000, "POST", MEDIA "/Cd/Actions/VirtualMedia.InsertMedia", "{\"Image\": \"http://images:80/boot.iso\"}", 204},
    {24200, "GET", SYSTEM, NULL, 200},
    {24500, "PATCH", SYSTEM,
     "{\"Boot\": {\"BootSourceOverrideTarget\": \"Cd\", \"BootSourceOverrideEnabled\": \"Once\"}}", 204},
    {25300, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"On\"}", 204},
    {26600, "GET", SYSTEM, NULL, 200},
    {61900, "PATCH", SYSTEM, "{\"Boot\": {\"BootSourceOverrideTarget\": \"Hdd\"}}", 204},
    {62500, "POST", MEDIA "/Cd/Actions/VirtualMedia.EjectMedia", NULL, 204},
    {64300, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"ForceOff\"}", 204},
    {66600, "GET", SYSTEM, NULL, 200},
    {66800, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"On\"}", 204},
    {71100, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"ForceOff\"}", 204},
    {72200, "GET", SYSTEM, NULL, 200},
};

static void recorded_deployment_body(struct world *world)
{
    rt_time start = rt_now(world->rt);

    for (size_t i = 0; i < ARRAY_SIZE(deployment); i++) {
        assert_ok(rt_sleep_until(world->rt, start + deployment[i].at * RT_MS));
        expect(world, deployment[i].method, deployment[i].path, deployment[i].body, deployment[i].status);
        if (deployment[i].at == 26600) {
            expect_text(world, SYSTEM, "PowerState", "On");
            pass(world, 3 * RT_S);
            expect_text(world, SYSTEM, "BootProgress/LastState", "OSRunning");
            expect_text(world, SYSTEM, "Boot/BootSourceOverrideEnabled", "Disabled");
            expect_text(world, MEDIA "/Cd", "Image", "http://images:80/boot.iso");
        }
    }
    pass(world, RT_S);
    expect_text(world, SYSTEM, "PowerState", "Off");
}

/* What inspection reads: every link of the tree leads somewhere. */
static void walk(struct world *world, const char *path, struct json *seen)
{
    if (strchr(path, '#') || json_member(seen, path))
        return;
    json_put(seen, path, json_new_bool(true));
    CLEANUP(json_free) struct json *json = get(world, path);
    CLEANUP_FREE char *text = json_print(json);
    if (strcmp(path, "/redfish/v1/") != 0 && !strstr(path, "/Registry"))
        assert_string_equal(json_str(json, "@odata.id"), path);
    for (const char *at = text; (at = strstr(at, "\"@odata.id\":\"")); at++) {
        const char *link = at + strlen("\"@odata.id\":\"");
        CLEANUP_FREE char *next = mem_strndup(link, strcspn(link, "\""));
        walk(world, next, seen);
    }
}

static void every_link_leads_somewhere_body(struct world *world)
{
    CLEANUP(json_free) struct json *seen = json_new_object();

    walk(world, "/redfish/v1/", seen);
    assert_true(json_len(seen) > 40);
    static const char *const more[] = {"/redfish",
                                       "/redfish/v1",
                                       "/redfish/v1/odata",
                                       SYSTEM "/ResetActionInfo",
                                       "/redfish/v1/Registries/Base/Registry",
                                       "/redfish/v1/Registries/BiosAttributeRegistry.v1_0_0/Registry"};
    for (size_t i = 0; i < ARRAY_SIZE(more); i++)
        expect(world, "GET", more[i], NULL, 200);
    expect_text(world, "/redfish/v1/JsonSchemas/Drive", "Schema", "#Drive.v1_18_0.Drive");
    expect(world, "GET", "/redfish/v1/JsonSchemas/Moon", NULL, 404);
}

static void inspection_sees_the_profile_body(struct world *world)
{
    CLEANUP(json_free) struct json *nics = get(world, SYSTEM "/EthernetInterfaces");

    assert_int_equal(json_int(nics, "Members@odata.count", 0), 2);
    expect_text(world, json_str(nics, "Members/0/@odata.id"), "MACAddress", "52:54:00:00:00:00");
    CLEANUP(json_free) struct json *drive = get(world, SYSTEM "/Storage/1/Drives/sda");
    assert_int_equal(json_int(drive, "CapacityBytes", 0), INT64_C(120) << 30);
    CLEANUP(json_free) struct json *cpu = get(world, SYSTEM "/Processors/CPU1");
    assert_int_equal(json_int(cpu, "TotalThreads", 0), 16);
    CLEANUP(json_free) struct json *system = get(world, SYSTEM);
    assert_int_equal(json_int(system, "MemorySummary/TotalSystemMemoryGiB", 0), 64);
}

static void each_bmc_has_an_address_body(struct world *world)
{
    char third[128];

    expect(world, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"On\"}", 204);
    bmc_emulator_system_url(world->emulator, 2, third, sizeof(third));
    assert_string_equal(third, "https://127.1.0.3:8443/redfish/v1/Systems/6d657461-6c33-4000-8000-000000000003");
    expect_text(world, third, "PowerState", "Off");
    expect_text(world, third, "Name", "machine-0003");
    CLEANUP(json_free) struct json *systems = get(world, "/redfish/v1/Systems");
    assert_int_equal(json_int(systems, "Members@odata.count", 0), 1);
    /* Another machine's system is not here. */
    expect_error(world, "GET", "/redfish/v1/Systems/6d657461-6c33-4000-8000-000000000003", NULL, 404,
                 "ResourceMissingAtURI");
}

static void shared_port_shows_all_systems_body(struct world *world)
{
    CLEANUP(json_free) struct json *systems = get(world, "/redfish/v1/Systems/");

    assert_int_equal(json_int(systems, "Members@odata.count", 0), 3);
    JSON_FOREACH (member, json_get(systems, "Members"))
        expect_text(world, json_str(member, "@odata.id"), "PowerState", "Off");
    expect_text(world, "/redfish/v1/Systems/machine-0002", "UUID", "6d657461-6c33-4000-8000-000000000002");
    expect_text(world, "/redfish/v1/Managers/6d657461-6c33-4000-8000-000000000002", "Name", "machine-0002-bmc");
    expect_error(world, "GET", "/redfish/v1/Systems/machine-0004", NULL, 404, "ResourceMissingAtURI");
}

static void credentials_are_checked_body(struct world *world)
{
    world->password = "wrong";
    expect_error(world, "GET", SYSTEM, NULL, 401, "NoValidSession");
    expect_error(world, "POST", "/redfish/v1/SessionService/Sessions",
                 "{\"UserName\": \"admin\", \"Password\": \"wrong\"}", 401, "NoValidSession");
    expect(world, "GET", "/redfish/v1/", NULL, 200);
    world->password = "password";
    expect(world, "PATCH", "/redfish/v1/AccountService/Accounts/1", "{\"Password\": \"rotated\"}", 204);
    expect(world, "GET", SYSTEM, NULL, 401);
    world->password = "rotated";
    expect(world, "GET", SYSTEM, NULL, 200);
    /* Only this BMC's password has changed. */
    char other[128];
    bmc_emulator_system_url(world->emulator, 1, other, sizeof(other));
    expect(world, "GET", other, NULL, 401);
}

static void sessions_live_and_expire_body(struct world *world)
{
    const char *login = "{\"UserName\": \"admin\", \"Password\": \"password\"}";
    CLEANUP(http_response_free)
    struct http_response *response = call(world, "POST", "/redfish/v1/SessionService/Sessions", login);

    assert_int_equal(response->status, 201);
    CLEANUP_FREE char *token = mem_strdup(http_response_header(response, "X-Auth-Token"));
    const char *location = http_response_header(response, "Location");
    assert_non_null(token);
    world->token = token;
    expect(world, "GET", SYSTEM, NULL, 200);
    pass(world, 1700 * RT_S);
    expect(world, "GET", SYSTEM, NULL, 200);
    pass(world, 1700 * RT_S);
    expect(world, "GET", location, NULL, 200);
    pass(world, 1801 * RT_S);
    expect_error(world, "GET", SYSTEM, NULL, 401, "NoValidSession");
    world->token = NULL;
    for (int i = 0; i < 64; i++)
        expect(world, "POST", "/redfish/v1/SessionService/Sessions", login, 201);
    expect_error(world, "POST", "/redfish/v1/SessionService/Sessions", login, 503, "SessionLimitExceeded");
    expect(world, "DELETE", "/redfish/v1/SessionService/Sessions/2", NULL, 204);
    expect(world, "POST", "/redfish/v1/SessionService/Sessions/Members", login, 201);
}

static void roles_are_enforced_body(struct world *world)
{
    expect(world, "POST", "/redfish/v1/AccountService/Accounts",
           "{\"UserName\": \"viewer\", \"Password\": \"pw\", \"RoleId\": \"ReadOnly\"}", 201);
    world->user = "viewer";
    world->password = "pw";
    expect(world, "GET", SYSTEM, NULL, 200);
    expect_error(world, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"On\"}", 403,
                 "InsufficientPrivilege");
    expect_error(world, "PATCH", "/redfish/v1/AccountService/Accounts/1", "{\"Password\": \"x\"}", 403,
                 "InsufficientPrivilege");
    expect(world, "PATCH", "/redfish/v1/AccountService/Accounts/2", "{\"Password\": \"mine\"}", 204);
    world->password = "mine";
    expect(world, "GET", SYSTEM, NULL, 200);
}

static void etags_follow_changes_body(struct world *world)
{
    CLEANUP(http_response_free) struct http_response *first = call(world, "GET", SYSTEM, NULL);
    const char *tag = http_response_header(first, "ETag");

    assert_non_null(tag);
    assert_string_equal(http_response_header(first, "OData-Version"), "4.0");
    assert_non_null(strstr(http_response_header(first, "Allow"), "PATCH"));
    world->if_match = tag;
    expect(world, "PATCH", SYSTEM, "{\"IndicatorLED\": \"Lit\"}", 204);
    expect_error(world, "PATCH", SYSTEM, "{\"IndicatorLED\": \"Off\"}", 412, "PreconditionFailed");
    world->if_match = "*";
    expect(world, "PATCH", SYSTEM, "{\"IndicatorLED\": \"Off\"}", 204);
    world->if_match = NULL;
    CLEANUP(http_response_free) struct http_response *second = call(world, "GET", SYSTEM, NULL);
    assert_string_not_equal(http_response_header(second, "ETag"), tag);
}

#define RESET SYSTEM "/Actions/ComputerSystem.Reset"
#define INSERT MEDIA "/Cd/Actions/VirtualMedia.InsertMedia"

static void wrong_requests_are_explained_body(struct world *world)
{
    static const struct {
        const char *method, *path, *body;
        int status;
        const char *message;
    } cases[] = {
        {"GET", "/redfish/v1/Nothing", NULL, 404, "ResourceMissingAtURI"},
        {"GET", SYSTEM "/Processors/CPU2", NULL, 404, "ResourceMissingAtURI"},
        {"GET", SYSTEM "/VirtualMedia/Floppy", NULL, 404, "ResourceMissingAtURI"},
        {"DELETE", SYSTEM, NULL, 405, "OperationNotAllowed"},
        {"GET", SYSTEM "?$filter=x", NULL, 501, "QueryNotSupported"},
        {"GET", SYSTEM "?$expand=!", NULL, 400, "QueryParameterValueFormatError"},
        {"GET", SYSTEM "?$expand=.($levels=9)", NULL, 400, "QueryParameterValueFormatError"},
        {"GET", "/redfish/v1/Systems?$top=-1", NULL, 400, "QueryParameterValueFormatError"},
        {"POST", RESET, NULL, 400, "UnrecognizedRequestBody"},
        {"POST", RESET, "{", 400, "MalformedJSON"},
        {"POST", RESET, "[]", 400, "UnrecognizedRequestBody"},
        {"POST", RESET, "{}", 400, "ActionParameterMissing"},
        {"POST", RESET, "{\"ResetType\": \"Explode\"}", 400, "ActionParameterValueNotInList"},
        {"POST", RESET, "{\"ResetType\": 1}", 400, "ActionParameterValueTypeError"},
        {"POST", RESET, "{\"ResetType\": \"On\", \"Delay\": 1}", 400, "ActionParameterUnknown"},
        {"POST", RESET, "{\"ResetType\": \"Nmi\"}", 409, "ActionParameterValueConflict"},
        {"PATCH", SYSTEM, "{}", 400, "EmptyJSON"},
        {"PATCH", SYSTEM, "{\"@odata.id\": \"x\"}", 400, "NoOperation"},
        {"PATCH", SYSTEM, "{\"Colour\": \"red\"}", 400, "PropertyUnknown"},
        {"PATCH", SYSTEM, "{\"SerialNumber\": \"1\"}", 400, "PropertyNotWritable"},
        {"PATCH", SYSTEM, "{\"Boot\": 1}", 400, "PropertyValueTypeError"},
        {"PATCH", SYSTEM, "{\"Boot\": {\"BootSourceOverrideTarget\": \"Moon\"}}", 400, "PropertyValueNotInList"},
        {"PATCH", SYSTEM, "{\"Boot\": {\"BootSourceOverrideTarget\": \"Floppy\"}}", 400, "PropertyValueNotInList"},
        {"PATCH", SYSTEM, "{\"Boot\": {\"BootSourceOverrideMode\": \"BIOS\"}}", 400, "PropertyValueNotInList"},
        {"PATCH", SYSTEM, "{\"IndicatorLED\": \"Purple\"}", 400, "PropertyValueNotInList"},
        {"PATCH", SYSTEM "/SecureBoot", "{\"SecureBootEnable\": \"yes\"}", 400, "PropertyValueTypeError"},
        {"PATCH", SYSTEM "/Bios/Settings", "{\"Attributes\": {\"Nope\": 1}}", 400, "PropertyUnknown"},
        {"POST", INSERT, "{}", 400, "ActionParameterMissing"},
        {"POST", INSERT, "{\"Image\": \"nfs://images/boot.iso\"}", 400, "ActionParameterValueFormatError"},
        {"POST", INSERT, "{\"Image\": \"http://images/none.iso\"}", 400, "ResourceNotFound"},
        {"POST", INSERT, "{\"Image\": \"http://images/private.iso\"}", 400, "ResourceAtUriUnauthorized"},
        {"POST", INSERT, "{\"Image\": \"http://nowhere/boot.iso\"}", 502, "CouldNotEstablishConnection"},
        {"POST", "/redfish/v1/SessionService/Sessions", "{\"UserName\": \"admin\"}", 400, "PropertyMissing"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        expect_error(world, cases[i].method, cases[i].path, cases[i].body, cases[i].status, cases[i].message);
    expect(world, "OPTIONS", SYSTEM, NULL, 204);
    CLEANUP(json_free) struct json *cd = get(world, MEDIA "/Cd");
    assert_false(json_bool(cd, "Inserted", true));
}

static void media_comes_and_goes_body(struct world *world)
{
    expect(world, "POST", INSERT,
           "{\"Image\": \"http://images/private.iso\", \"UserName\": \"u\", \"Password\": \"secret\", "
           "\"Inserted\": true, \"WriteProtected\": true, \"TransferMethod\": \"Stream\", "
           "\"TransferProtocolType\": \"HTTP\"}",
           204);
    CLEANUP(json_free) struct json *cd = get(world, MEDIA "/Cd");
    assert_true(json_bool(cd, "Inserted", false));
    assert_string_equal(json_str(cd, "ConnectedVia"), "URI");
    assert_string_equal(json_str(cd, "ImageName"), "private.iso");
    assert_true(json_is(json_member(cd, "Password"), JSON_NULL));
    /* The bytes have arrived. */
    struct medium *medium = machine_slot(bmc_emulator_machine(world->emulator, 0), 0)->medium;
    assert_int_equal(medium_size(medium), world->iso_len);
    CLEANUP_FREE char *back = mem_alloc(world->iso_len);
    assert_ok(medium_read(medium, 0, back, world->iso_len));
    assert_memory_equal(back, world->iso, world->iso_len);
    expect(world, "POST", MEDIA "/Cd/Actions/VirtualMedia.EjectMedia", "{}", 204);
    expect_text(world, MEDIA "/Cd", "ConnectedVia", "NotConnected");
    /* As clients of some vendors do it, in the manager's tree, over a redirect. */
#define MANAGER_CD "/redfish/v1/Managers/" UUID1 "/VirtualMedia/Cd"
    expect(world, "PATCH", MANAGER_CD, "{\"Image\": \"http://images/moved.iso\", \"Inserted\": true}", 204);
    expect_text(world, MEDIA "/Cd", "ImageName", "moved.iso");
    expect(world, "PATCH", MANAGER_CD, "{\"Image\": null, \"Inserted\": false}", 204);
    expect_text(world, MEDIA "/Cd", "Image", NULL);
    expect(world, "PATCH", MANAGER_CD, "{\"VerifyCertificate\": true}", 204);
}

static void clock_ticks_from_what_was_set_body(struct world *world)
{
    expect(world, "PATCH", "/redfish/v1/Managers/" UUID1, "{\"DateTime\": \"2030-01-01T00:00:00Z\"}", 204);
    pass(world, 3600 * RT_S);
    CLEANUP(json_free) struct json *manager = get(world, "/redfish/v1/Managers/" UUID1);
    assert_true(str_has_prefix(json_str(manager, "DateTime"), "2030-01-01T01:00:0"));
    char base[160], other[256];
    bmc_emulator_base_url(world->emulator, 1, base, sizeof(base));
    snprintf(other, sizeof(other), "%s/redfish/v1/Managers/6d657461-6c33-4000-8000-000000000002", base);
    CLEANUP(json_free) struct json *second = get(world, other);
    assert_false(str_has_prefix(json_str(second, "DateTime"), "2030"));
}

/* A BMC of the strict profile, limited to small images: ids in paths, one drive for all media, nothing let pass. */
static void strict_bmc_refuses_body(struct world *world)
{
#define STRICT "/redfish/v1/Systems/1"
#define STRICT_INSERT STRICT "/VirtualMedia/1/Actions/VirtualMedia.InsertMedia"
    const char *image = "{\"Image\": \"http://images/boot.iso\"}";
    char url[160];

    bmc_emulator_system_url(world->emulator, 1, url, sizeof(url));
    assert_string_equal(url, "https://127.1.0.2:8443/redfish/v1/Systems/1");
    expect_text(world, url, "Name", "machine-0002");
    expect_text(world, STRICT, "Links/ManagedBy/0/@odata.id", "/redfish/v1/Managers/1");
    expect_error(world, "POST", STRICT "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"ForceOff\"}", 409,
                 "ActionParameterValueConflict");
    expect_error(world, "POST", STRICT "/VirtualMedia/1/Actions/VirtualMedia.EjectMedia", "{}", 409, "ResourceInUse");
    expect(world, "POST", STRICT_INSERT, image, 204);
    expect_error(world, "POST", STRICT_INSERT, image, 409, "ResourceInUse");
    expect(world, "POST", STRICT "/VirtualMedia/1/Actions/VirtualMedia.EjectMedia", NULL, 204);
    expect_error(world, "PATCH", STRICT, "{\"Boot\": {\"BootSourceOverrideTarget\": \"Usb\"}}", 400,
                 "PropertyValueNotInList");
    expect_error(world, "POST", STRICT_INSERT, "{\"Image\": \"http://images/large.iso\"}", 400,
                 "ResourceAtUriInUnknownFormat");
    expect_error(world, "POST", STRICT_INSERT, "{\"Image\": \"http://images/endless.iso\"}", 400,
                 "ResourceAtUriInUnknownFormat");
    expect_error(world, "POST", STRICT_INSERT, "{\"Image\": \"http://images/loop.iso\"}", 400,
                 "ResourceAtUriInUnknownFormat");
    /* What did not fit is not kept. */
    assert_int_equal(chunk_store_bytes(bmc_emulator_store(world->emulator)), 0);
}

static void strict_bmc_refuses(void **state)
{
    CLEANUP(machine_profile_free) struct machine_profile *profile = NULL;
    struct bmc_emulator_options options = single();

    assert_ok(machine_profile_load("fixtures/machines/strict.yaml", &profile));
    profile->media_max = 1 << 20;
    options.profile = profile;
    in_world(&options, strict_bmc_refuses_body);
}

static void http_boot_fetches_by_itself_body(struct world *world)
{
    expect(world, "PATCH", SYSTEM,
           "{\"Boot\": {\"BootSourceOverrideTarget\": \"UefiHttp\", \"BootSourceOverrideEnabled\": \"Once\", "
           "\"HttpBootUri\": \"http://images/boot.iso\"}}",
           204);
    expect(world, "POST", SYSTEM "/Actions/ComputerSystem.Reset", "{\"ResetType\": \"On\"}", 204);
    pass(world, 5 * RT_S);
    expect_text(world, SYSTEM, "BootProgress/LastState", "OSRunning");
    struct machine *machine = bmc_emulator_machine(world->emulator, 0);
    const struct machine_event *last = machine_journal_at(machine, machine_journal_len(machine) - 1);
    assert_string_equal(last->detail, "UefiHttp http://images/boot.iso");
    expect(world, "PATCH", SYSTEM, "{\"Boot\": {\"HttpBootUri\": null}}", 204);
    expect_text(world, SYSTEM, "Boot/HttpBootUri", NULL);
}

static void a_kill_closes_the_listener_body(struct world *world)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct http_request request = {.url = world->base};

    expect(world, "POST", RESET, "{\"ResetType\": \"On\"}", 204);
    pass(world, 100 * RT_MS);
    rt_group_cancel(world->env.group);
    assert_error(http_call(world->client, &request, &response), ERROR_TRANSIENT);
}

static void wrong_options_are_explained(void **state)
{
    static const struct {
        struct bmc_emulator_options options;
        const char *text;
    } cases[] = {
        {{.machines = 0}, "0 machines"},
        {{.machines = 300, .addresses = "127.1.0.0/24"}, "hold 254 machines, 300 are asked for"},
        {{.machines = 1, .addresses = "127.1.0.0"}, "127.1.0.0/16"},
        {{.machines = 1, .tls = true, .cert_pem = "x"}, "both a certificate and its key"},
    };
    CLEANUP(rt_free) struct rt *rt = rt_new_sim(1, TEST_WALL);
    struct net_sim_options sim_options = {0};
    CLEANUP(net_sim_free) struct net_sim *sim = net_sim_new(rt, &sim_options);
    CLEANUP(net_free) struct net *net = net_sim_host(sim, "bmcs", "10.0.0.9");
    struct env env = {.rt = rt, .net = net};

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bmc_emulator *emulator;
        assert_error_text(bmc_emulator_start(&env, &cases[i].options, &emulator), ERROR_INVALID, cases[i].text);
    }
}

IN_WORLD(recorded_deployment)
IN_WORLD(every_link_leads_somewhere)
IN_WORLD(inspection_sees_the_profile)
IN_WORLD(each_bmc_has_an_address)
IN_WORLD(credentials_are_checked)
IN_WORLD(sessions_live_and_expire)
IN_WORLD(roles_are_enforced)
IN_WORLD(etags_follow_changes)
IN_WORLD(wrong_requests_are_explained)
IN_WORLD(media_comes_and_goes)
IN_WORLD(clock_ticks_from_what_was_set)
IN_WORLD(http_boot_fetches_by_itself)
IN_WORLD(a_kill_closes_the_listener)

static void shared_port_shows_all_systems(void **state)
{
    struct bmc_emulator_options options = {.machines = 3, .address = "10.0.0.9", .port = 8000};

    in_world(&options, shared_port_shows_all_systems_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_deployment),
        cmocka_unit_test(every_link_leads_somewhere),
        cmocka_unit_test(inspection_sees_the_profile),
        cmocka_unit_test(each_bmc_has_an_address),
        cmocka_unit_test(shared_port_shows_all_systems),
        cmocka_unit_test(credentials_are_checked),
        cmocka_unit_test(sessions_live_and_expire),
        cmocka_unit_test(roles_are_enforced),
        cmocka_unit_test(etags_follow_changes),
        cmocka_unit_test(wrong_requests_are_explained),
        cmocka_unit_test(media_comes_and_goes),
        cmocka_unit_test(clock_ticks_from_what_was_set),
        cmocka_unit_test(strict_bmc_refuses),
        cmocka_unit_test(http_boot_fetches_by_itself),
        cmocka_unit_test(a_kill_closes_the_listener),
        cmocka_unit_test(wrong_options_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
