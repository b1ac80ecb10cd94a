/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host controller on virtual time, against a small Kubernetes API and a scripted backend: every move of the state
 * table, and what users see.
 */
#include "operator/bmo/host_states.h"
#include "operator/bmo/test_world.h"

#define IMAGE "\"image\":{\"url\":\"http://images/a.raw\",\"checksum\":\"abc\"}"

static void assert_text(struct world *world, const char *path, const char *text)
{
    if (!str_equal(host_text(world, path), text))
        fail_msg("%s is \"%s\", not \"%s\"", path, host_text(world, path), text);
}

static void assert_condition(struct world *world, const char *type, const char *status, const char *reason)
{
    const struct json *condition = kube_condition(host_now(world), type);
    if (!str_equal(json_str(condition, "status"), status) || !str_equal(json_str(condition, "reason"), reason))
        fail_msg("condition %s is %s %s", type, json_str_or(condition, "status", "-"),
                 json_str_or(condition, "reason", "-"));
}

/* From the first manifest to the last finalizer. */
static void goes_through_life(struct world *world)
{
    world->fake.dirty[FAKE_REGISTER] = world->fake.dirty[FAKE_INSPECT] = world->fake.dirty[FAKE_PROVISION] = 2;
    world->fake.dirty[FAKE_DEPROVISION] = world->fake.dirty[FAKE_DELETE] = 1;
    world->fake.health = "OK";
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    reach_state(world, "provisioned");
    pass_time(world, 10 * RT_S);
    assert_text(world, "status/operationalStatus", "OK");
    assert_text(world, "status/provisioning/ID", "node-1");
    assert_text(world, "status/provisioning/image/url", "http://images/a.raw");
    assert_text(world, "status/provisioning/rootDeviceHints/deviceName", "/dev/sda");
    assert_text(world, "status/provisioning/bootMode", "UEFI");
    assert_text(world, "status/hardwareProfile", "unknown");
    assert_text(world, "status/hardware/hostname", "found");
    assert_text(world, "spec/architecture", "x86_64");
    assert_string_equal(world->fake.last_user, "admin");
    assert_true(json_bool(host_now(world), "status/poweredOn", false));
    assert_non_null(json_str(host_now(world), "status/operationHistory/provision/end"));
    assert_true(json_is(json_get(host_now(world), "status/operationHistory/deprovision/end"), JSON_NULL));
    assert_condition(world, CONDITION_READY, "True", "Provisioned");
    assert_condition(world, CONDITION_HEALTHY, "True", "Healthy");
    assert_condition(world, CONDITION_PROGRESSING, "False", "NotProgressing");
    assert_string_equal(json_str_or(host_now(world), "status/conditions/0/type", ""), "Ready");
    const struct json *hardware = map_get(world->api.objects, HARDWARE "/node-0");
    assert_string_equal(json_str_or(hardware, "spec/hardware/hostname", ""), "found");
    assert_true(kube_has_finalizer(hardware, HARDWARE_DATA_FINALIZER));
    assert_non_null(kube_controller_owner(hardware));
    const struct json *secret = map_get(world->api.objects, SECRET);
    assert_true(kube_has_finalizer(secret, SECRET_FINALIZER));
    assert_string_equal(kube_label(secret, SECRET_ENVIRONMENT_LABEL), "baremetal");
    assert_non_null(kube_owner(secret, "uid-of-node-0"));
    expect_event(world, "ProfileSet: Hardware profile set: unknown");
    expect_event(world, "BMCAccessValidated: Verified access to BMC");

    patch_object(world, HOST, "{\"spec\":{\"image\":null}}");
    reach_state(world, "available");
    assert_text(world, "status/provisioning/image/url", "");
    api_delete(&world->api, HOST);
    reach_gone(world);
    assert_false(kube_has_finalizer(map_get(world->api.objects, SECRET), SECRET_FINALIZER));
    assert_false(kube_has_finalizer(map_get(world->api.objects, HARDWARE "/node-0"), HARDWARE_DATA_FINALIZER));
    assert_false(world->fake.powered_on);
}

static void waits_for_bmc_details(struct world *world)
{
    add_object(world, HOST, "{\"spec\":{\"online\":true}}");
    reach_state(world, "unmanaged");
    assert_text(world, "status/operationalStatus", "discovered");
    assert_condition(world, CONDITION_MANAGEABLE, "False", "NotManaged");
    expect_event(world, "Discovered: Discovered host with no BMC details");
    add_object(world, SECRET, CREDENTIALS);
    patch_object(world, HOST, "{\"spec\":{\"bmc\":{\"address\":\"192.0.2.7\",\"credentialsName\":\"node-0-bmc\"}}}");
    reach_state(world, "available");
    assert_text(world, "status/operationalStatus", "OK");
}

static void tells_of_a_missing_secret(struct world *world)
{
    add_host(world, "\"online\":true");
    pass_time(world, 5 * RT_S);
    assert_text(world, "status/errorType", "registration error");
    assert_text(world, "status/errorMessage",
                "BMC CredentialsName secret doesn't exist The BMC secret metal3/node-0-bmc does not exist");
    expect_event(world, "BMCCredentialError: ");
    int64_t count = json_int(host_now(world), "status/errorCount", 0);
    pass_time(world, 30 * RT_S);
    assert_in_range(json_int(host_now(world), "status/errorCount", 0), count + 2, count + 4);
    add_object(world, SECRET, CREDENTIALS);
    reach_state(world, "available");
    assert_text(world, "status/errorMessage", "");
}

static void tells_of_bad_bmc_details(struct world *world)
{
    add_object(world, SECRET, "{\"data\":{\"username\":\"YWRtaW4=\"}}");
    add_host(world, "\"online\":true");
    pass_time(world, 5 * RT_S);
    assert_text(world, "status/errorMessage",
                "Validation error with BMC credentials: Missing BMC connection details 'password' in credentials");
    patch_object(world, SECRET, "{\"data\":{\"password\":\"cHc=\"}}");
    patch_object(world, HOST, "{\"spec\":{\"bmc\":{\"address\":\"gopher://192.0.2.1\"}}}");
    pass_time(world, 5 * RT_S);
    assert_text(world, "status/errorMessage", "Unknown BMC type 'gopher' for address gopher://192.0.2.1");
    patch_object(world, HOST, "{\"spec\":{\"bmc\":{\"address\":\"192.0.2.1\"}}}");
    reach_state(world, "available");
}

/* What a webhook would have refused is told on the host, once, and forgotten when it is mended. */
static void tells_of_a_bad_spec(struct world *world)
{
    add_object(world, HOST, "{\"spec\":{\"online\":true,\"image\":{\"url\":\"file:///a\",\"checksum\":\"x\"}}}");
    pass_time(world, 5 * RT_S);
    assert_text(world, "status/errorMessage",
                "image URL file:///a is invalid: invalid scheme in URL, \"file\" not allowed");
    assert_text(world, "status/provisioning/state", "");
    patch_object(world, HOST, "{\"spec\":{\"image\":null}}");
    reach_state(world, "unmanaged");
    assert_text(world, "status/errorMessage", "");
    assert_text(world, "status/operationalStatus", "discovered");
    add_object(world, SECRET, CREDENTIALS);
    patch_object(world, HOST,
                 "{\"spec\":{\"rootDeviceHints\":{\"deviceName\":\"sda\"},\"bmc\":{\"address\":\"192.0.2.1\","
                 "\"credentialsName\":\"node-0-bmc\"}}}");
    pass_time(world, 60 * RT_S);
    assert_text(world, "status/errorType", "registration error");
    assert_int_equal(json_int(host_now(world), "status/errorCount", 0), 2);
    patch_object(world, HOST,
                 "{\"spec\":{\"rootDeviceHints\":{\"deviceName\":\"/dev/sda\"}},\"metadata\":{\"annotations\":{"
                 "\"inspect.metal3.io/hardwaredetails\":\"{\\\"hostnam\\\":1}\"}}}");
    pass_time(world, 5 * RT_S);
    assert_text(world, "status/errorMessage",
                "hardware details: unknown field \"hostnam\" in annotation inspect.metal3.io/hardwaredetails");
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":null}}");
    reach_state(world, "available");
    assert_text(world, "status/errorMessage", "");
}

static void notices_rotated_credentials(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    reach_state(world, "available");
    pass_time(world, 5 * TIME_MIN);
    assert_false(world->fake.last_credentials_changed);
    strbuf_clear(&world->api.reasons);
    patch_object(world, SECRET, "{\"data\":{\"username\":\"cm9vdA==\"}}");
    pass_time(world, 5 * RT_S);
    assert_string_equal(world->fake.last_user, "root");
    expect_event(world, "BMCAccessValidated: ");
    assert_string_equal(host_text(world, "status/goodCredentials/credentialsVersion"),
                        kube_resource_version(map_get(world->api.objects, SECRET)));
}

static void retries_a_failed_registration(struct world *world)
{
    world->fake.message[FAKE_REGISTER] = "no answer from the BMC";
    world->fake.failures[FAKE_REGISTER] = 3;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    pass_time(world, 30 * RT_S);
    assert_text(world, "status/errorType", "registration error");
    assert_text(world, "status/errorMessage", "no answer from the BMC");
    assert_condition(world, CONDITION_MANAGEABLE, "False", "RegistrationFailed");
    expect_event(world, "RegistrationError: no answer from the BMC");
    int64_t count = json_int(host_now(world), "status/errorCount", 0);
    assert_in_range(count, 1, 2);   /* the event about our own label on the secret may have led to a second try */
    pass_time(world, 4 * TIME_MIN); /* the second back-off is 2 to 4 minutes */
    assert_in_range(json_int(host_now(world), "status/errorCount", 0), count + 1, 3);
    reach_state(world, "available");
    assert_int_equal(json_int(host_now(world), "status/errorCount", 0), 0);
}

static void takes_an_externally_provisioned_host(struct world *world)
{
    world->fake.powered_on = true;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true,\"externallyProvisioned\":true");
    reach_state(world, "externally provisioned");
    pass_time(world, 10 * RT_S);
    assert_int_equal(world->fake.calls[FAKE_INSPECT], 0);
    assert_true(world->fake.calls[FAKE_ADOPT] > 0);
    patch_object(world, HOST, "{\"spec\":{\"externallyProvisioned\":false," IMAGE "}}");
    reach_state(world, "provisioned");
    assert_int_equal(world->fake.calls[FAKE_PROVISION], 0);
    api_delete(&world->api, HOST);
    reach_gone(world);
    assert_int_equal(world->fake.calls[FAKE_DEPROVISION], 1);
}

static void powers_off_an_external_host_on_deletion(struct world *world)
{
    world->fake.powered_on = true;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true,\"inspectionMode\":\"disabled\"");
    reach_state(world, "available");
    assert_int_equal(world->fake.calls[FAKE_INSPECT], 0);
    patch_object(world, HOST, "{\"spec\":{\"externallyProvisioned\":true}}");
    reach_state(world, "externally provisioned");
    api_delete(&world->api, HOST);
    reach_gone(world);
    assert_int_equal(world->fake.calls[FAKE_DEPROVISION], 0);
    assert_false(world->fake.powered_on);
    assert_true(world->fake.last_hard);
}

static void skips_inspection_that_gets_disabled(struct world *world)
{
    world->fake.dirty[FAKE_INSPECT] = 1000;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    reach_state(world, "inspecting");
    pass_time(world, 5 * RT_S);
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"inspect.metal3.io\":\"disabled\"}}}");
    reach_state(world, "available");
    expect_event(world, "InspectionSkipped: disabled by user");
}

static void inspects_again_when_asked(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    reach_state(world, "available");
    pass_time(world, 5 * RT_S);
    int before = world->fake.calls[FAKE_INSPECT];
    world->fake.dirty[FAKE_INSPECT] = 1;
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"inspect.metal3.io\":\"\"}}}");
    pass_time(world, 10 * RT_S);
    reach_state(world, "available");
    assert_int_equal(world->fake.calls[FAKE_INSPECT], before + 2);
    assert_null(kube_annotation(host_now(world), HOST_INSPECT_ANNOTATION));
}

static void prepares_again_when_raid_changes(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":false");
    reach_state(world, "available");
    pass_time(world, 5 * RT_S);
    world->fake.message[FAKE_PREPARE] = "controller is gone";
    world->fake.failures[FAKE_PREPARE] = 1;
    patch_object(world, HOST, "{\"spec\":{\"raid\":{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}}}");
    pass_time(world, 5 * RT_S);
    assert_text(world, "status/provisioning/state", "preparing");
    assert_text(world, "status/errorType", "preparation error");
    reach_state(world, "available");
    assert_true(world->fake.last_unprepared);
    assert_text(world, "status/provisioning/raid/hardwareRAIDVolumes/0/level", "1");
    assert_true(json_is(json_get(host_now(world), "status/provisioning/raid/softwareRAIDVolumes"), JSON_NULL));
}

/* Each failure deprovisions; the fifth is the last until the image changes. */
static void gives_up_on_an_image(struct world *world)
{
    world->fake.message[FAKE_PROVISION] = "Image provisioning failed";
    world->fake.failures[FAKE_PROVISION] = -1;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    pass_time(world, 3600 * RT_S);
    assert_text(world, "status/provisioning/state", "available");
    assert_text(world, "status/errorMessage",
                "provisioning failed 5 times, retry limit (5) reached; change image or reset provisioningFailCount to "
                "retry");
    assert_int_equal(world->fake.calls[FAKE_PROVISION], 5);
    assert_int_equal(json_int(host_now(world), "status/provisioningFailCount", 0), 5);
    world->fake.failures[FAKE_PROVISION] = 0;
    patch_object(world, HOST, "{\"spec\":{\"image\":{\"url\":\"http://images/b.raw\"}}}");
    reach_state(world, "provisioned");
    assert_int_equal(json_int(host_now(world), "status/provisioningFailCount", 0), 0);
}

static void hands_data_over(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_object(world, SECRETS "/user", "{\"data\":{\"value\":\"I2Nsb3VkLWNvbmZpZw==\"}}");
    add_object(world, SECRETS "/pre", "{\"data\":{\"networkData\":\"bGlua3M6IFtd\"}}");
    add_host(world,
             "\"online\":true,\"userData\":{\"name\":\"user\"},\"preprovisioningNetworkDataName\":\"pre\"," IMAGE);
    reach_state(world, "provisioned");
    assert_string_equal(world->fake.last_user_data, "#cloud-config");
    assert_string_equal(world->fake.last_network_data, "links: []");
    assert_true(kube_has_finalizer(map_get(world->api.objects, SECRETS "/pre"), SECRET_FINALIZER));
    assert_false(kube_has_finalizer(map_get(world->api.objects, SECRETS "/user"), SECRET_FINALIZER));
}

static void tells_of_missing_user_data(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true,\"userData\":{\"name\":\"nowhere\"}," IMAGE);
    reach_state(world, "provisioning");
    pass_time(world, 5 * RT_S);
    assert_text(world, "status/errorType", "provisioning error");
    assert_text(world, "status/errorMessage", "secret metal3/nowhere does not exist");
    add_object(world, SECRETS "/nowhere", "{\"data\":{\"userData\":\"YQ==\"}}");
    reach_state(world, "provisioned");
}

/* Another image: deprovisioned, then provisioned with it. An offline host is never provisioned. */
static void follows_the_image(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":false," IMAGE);
    reach_state(world, "available");
    pass_time(world, TIME_MIN);
    assert_text(world, "status/provisioning/state", "available");
    patch_object(world, HOST, "{\"spec\":{\"online\":true}}");
    reach_state(world, "provisioned");
    patch_object(world, HOST, "{\"spec\":{\"image\":{\"checksum\":\"other\"}}}");
    pass_time(world, TIME_MIN);
    assert_int_equal(world->fake.calls[FAKE_DEPROVISION], 0);
    world->fake.dirty[FAKE_DEPROVISION] = 3;
    patch_object(world, HOST, "{\"spec\":{\"image\":{\"url\":\"http://images/b.raw\"}}}");
    reach_state(world, "deprovisioning");
    reach_state(world, "provisioned");
    assert_text(world, "status/provisioning/image/url", "http://images/b.raw");
}

static void follows_power_wishes(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    reach_state(world, "provisioned");
    pass_time(world, 10 * RT_S);
    assert_true(world->fake.powered_on);
    patch_object(world, HOST, "{\"spec\":{\"online\":false}}");
    pass_time(world, 10 * RT_S);
    assert_false(world->fake.powered_on);
    assert_false(world->fake.last_hard);
    assert_text(world, "status/provisioning/state", "provisioned");
    patch_object(world, HOST, "{\"spec\":{\"online\":true}}");
    pass_time(world, 10 * RT_S);
    assert_true(json_bool(host_now(world), "status/poweredOn", false));

    int offs = world->fake.calls[FAKE_POWER_OFF];
    patch_object(world, HOST,
                 "{\"metadata\":{\"annotations\":{\"reboot.metal3.io\":\"{\\\"mode\\\":\\\"hard\\\"}\"}}}");
    pass_time(world, 20 * RT_S);
    assert_true(world->fake.calls[FAKE_POWER_OFF] > offs);
    assert_true(world->fake.last_hard);
    assert_true(world->fake.powered_on);
    assert_null(kube_annotation(host_now(world), HOST_REBOOT_ANNOTATION));

    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"reboot.metal3.io/me\":\"\"}}}");
    pass_time(world, 5 * TIME_MIN);
    assert_false(world->fake.powered_on);
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"reboot.metal3.io/me\":null}}}");
    pass_time(world, 20 * RT_S);
    assert_true(world->fake.powered_on);
}

static void turns_to_hard_power_off(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    reach_state(world, "available");
    pass_time(world, 10 * RT_S);
    world->fake.message[FAKE_POWER_OFF] = "does not obey";
    world->fake.failures[FAKE_POWER_OFF] = 1;
    patch_object(world, HOST, "{\"spec\":{\"online\":false}}");
    pass_time(world, 10 * RT_S);
    assert_text(world, "status/errorType", "power management error");
    assert_text(world, "status/errorMessage",
                "Continuing with hard poweroff after soft poweroff fails. More details: does not obey");
    pass_time(world, 3 * TIME_MIN);
    assert_false(world->fake.powered_on);
    assert_true(world->fake.last_hard && world->fake.last_force);
    assert_text(world, "status/errorMessage", "");
}

static void detaches_and_comes_back(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    reach_state(world, "provisioned");
    pass_time(world, 10 * RT_S);
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"baremetalhost.metal3.io/detached\":\"\"}}}");
    pass_time(world, 10 * RT_S);
    assert_text(world, "status/operationalStatus", "detached");
    assert_text(world, "status/provisioning/state", "provisioned");
    assert_condition(world, CONDITION_READY, "False", "Detached");
    int registers = world->fake.calls[FAKE_REGISTER];
    pass_time(world, 3600 * RT_S);
    assert_int_equal(world->fake.calls[FAKE_REGISTER], registers);
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"baremetalhost.metal3.io/detached\":null}}}");
    pass_time(world, 10 * RT_S);
    assert_text(world, "status/operationalStatus", "OK");
    assert_true(world->fake.calls[FAKE_REGISTER] > registers);
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"baremetalhost.metal3.io/detached\":\"{}\"}}}");
    pass_time(world, 10 * RT_S);
    api_delete(&world->api, HOST);
    reach_gone(world);
    assert_int_equal(world->fake.calls[FAKE_DEPROVISION], 0);
}

/* A detach-annotated host goes straight from where it is, unless its deletion is to be delayed. */
static void deletes_detached_hosts_from_every_state(struct world *world)
{
    static const char *const states[] = {"inspecting",
                                         "match profile",
                                         "preparing",
                                         "ready",
                                         "available",
                                         "provisioning",
                                         "provisioned",
                                         "deprovisioning",
                                         "registering",
                                         "externally provisioned",
                                         "powering off before delete"};
    add_object(world, SECRET, CREDENTIALS);
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        CLEANUP_FREE char *text = mem_printf(
            "{\"metadata\":{\"annotations\":{\"baremetalhost.metal3.io/detached\":\"\"},\"finalizers\":[\"%s\"],"
            "\"deletionTimestamp\":\"2026-11-20T00:00:00Z\"},\"spec\":{\"online\":false,\"bmc\":{\"address\":"
            "\"192.0.2.1\",\"credentialsName\":\"node-0-bmc\"}},\"status\":{\"lastUpdated\":"
            "\"2026-11-20T00:00:00Z\",\"provisioning\":{\"ID\":\"node-1\",\"state\":\"%s\"}}}",
            HOST_FINALIZER, states[i]);
        add_object(world, HOST, text);
        reach_gone(world);
    }
    assert_int_equal(world->fake.calls[FAKE_POWER_OFF], 0);
}

/* Deletion without the annotation, from each state: powered off or deprovisioned first, as the table says. */
static void deletes_hosts_from_every_state(struct world *world)
{
    static const char *const states[] = {"",
                                         "unmanaged",
                                         "registering",
                                         "inspecting",
                                         "match profile",
                                         "preparing",
                                         "ready",
                                         "available",
                                         "provisioning",
                                         "provisioned",
                                         "deprovisioning",
                                         "externally provisioned",
                                         "powering off before delete"};
    add_object(world, SECRET, CREDENTIALS);
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        CLEANUP_FREE char *text = mem_printf(
            "{\"metadata\":{\"finalizers\":[\"%s\"],\"deletionTimestamp\":\"2026-11-20T00:00:00Z\"},\"spec\":{"
            "\"online\":false,\"externallyProvisioned\":%s,\"bmc\":{\"address\":\"192.0.2.1\","
            "\"credentialsName\":\"node-0-bmc\"}},\"status\":{\"lastUpdated\":\"2026-11-20T00:00:00Z\","
            "\"provisioning\":{\"ID\":\"node-1\",\"state\":\"%s\"}}}",
            HOST_FINALIZER, str_has_prefix(states[i], "ext") ? "true" : "false", states[i]);
        add_object(world, HOST, text);
        reach_gone(world);
    }
    assert_int_equal(world->fake.calls[FAKE_DEPROVISION], 3);
}

static void moves_hosts_of_old_releases(struct world *world)
{
    static const struct {
        const char *state, *spec, *annotation, *to;
    } old[] = {
        {"match profile", "\"online\":false", "x", "available"},
        {"ready", "\"online\":true," IMAGE, "x", "provisioned"},
        {"ready", "\"online\":true,\"externallyProvisioned\":true", "x", "externally provisioned"},
        {"ready", "\"online\":true", HOST_INSPECT_ANNOTATION, "available"},
        {"ready", "\"online\":true,\"raid\":{\"hardwareRAIDVolumes\":[]}", "x", "available"},
    };
    add_object(world, SECRET, CREDENTIALS);
    for (size_t i = 0; i < ARRAY_SIZE(old); i++) {
        CLEANUP_FREE char *text = mem_printf(
            "{\"metadata\":{\"finalizers\":[\"%s\"],\"annotations\":{\"%s\":\"\"}},\"spec\":{%s,\"bmc\":{\"address\":"
            "\"192.0.2.1\",\"credentialsName\":\"node-0-bmc\"}},\"status\":{\"lastUpdated\":"
            "\"2026-11-20T00:00:00Z\",\"hardware\":{},\"provisioning\":{\"ID\":\"node-1\",\"state\":\"%s\"}}}",
            HOST_FINALIZER, old[i].annotation, old[i].spec, old[i].state);
        world->fake.dirty[FAKE_INSPECT] = 1; /* a run that begins uses the annotation up */
        add_object(world, HOST, text);
        reach_state(world, old[i].to);
        api_delete(&world->api, HOST);
        reach_gone(world);
    }
}

static void gives_up_in_deletion(struct world *world)
{
    world->fake.message[FAKE_DEPROVISION] = world->fake.message[FAKE_POWER_OFF] = "stuck";
    world->fake.failures[FAKE_DEPROVISION] = world->fake.failures[FAKE_POWER_OFF] = -1;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    reach_state(world, "provisioned");
    api_delete(&world->api, HOST);
    reach_gone(world);
    assert_true(world->fake.calls[FAKE_DEPROVISION] >= 4);
}

static void deletes_without_credentials(struct world *world)
{
    world->fake.unregistered[FAKE_DEPROVISION] = world->fake.unregistered[FAKE_POWER_OFF] = true;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    reach_state(world, "provisioned");
    map_remove(world->api.objects, SECRET);
    struct json *gone = json_new_object();
    json_set_str(gone, "metadata/name", "node-0-bmc");
    json_set_str(gone, "metadata/namespace", "metal3");
    api_emit(&world->api, SECRET, "DELETED", gone);
    json_free(gone);
    pass_time(world, 5 * RT_S);
    api_delete(&world->api, HOST);
    reach_gone(world);
}

static void waits_for_capacity(struct world *world)
{
    world->fake.no_capacity = true;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    reach_state(world, "registering");
    pass_time(world, 10 * RT_S);
    assert_text(world, "status/operationalStatus", "delayed");
    world->fake.no_capacity = false;
    reach_state(world, "available");
    assert_text(world, "status/operationalStatus", "OK");
}

static void leaves_paused_hosts_alone(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    reach_state(world, "available");
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"baremetalhost.metal3.io/paused\":\"\"}}}");
    pass_time(world, 5 * RT_S);
    int writes = world->api.writes;
    api_delete(&world->api, HOST);
    pass_time(world, 3600 * RT_S);
    assert_non_null(host_now(world));
    assert_int_equal(world->api.writes, writes);
    patch_object(world, HOST, "{\"metadata\":{\"annotations\":{\"baremetalhost.metal3.io/paused\":null}}}");
    reach_gone(world);
}

static void restores_a_saved_status(struct world *world)
{
    world->fake.powered_on = true;
    add_object(world, SECRET, CREDENTIALS);
    add_object(
        world, HOST,
        "{\"metadata\":{\"annotations\":{\"baremetalhost.metal3.io/status\":\"{\\\"poweredOn\\\":true,"
        "\\\"hardwareProfile\\\":\\\"dell\\\",\\\"provisioning\\\":{\\\"state\\\":\\\"provisioned\\\",\\\"ID\\\":"
        "\\\"old\\\","
        "\\\"image\\\":{\\\"url\\\":\\\"http://images/a.raw\\\"}}}\"}},\"spec\":{\"online\":true,\"bmc\":{\"address\":"
        "\"192.0.2.1\",\"credentialsName\":\"node-0-bmc\"}," IMAGE "}}");
    pass_time(world, 30 * RT_S);
    assert_text(world, "status/provisioning/state", "provisioned");
    assert_text(world, "status/provisioning/ID", "node-1");
    assert_text(world, "status/hardwareProfile", "dell");
    assert_null(kube_annotation(host_now(world), HOST_STATUS_ANNOTATION));
    assert_int_equal(world->fake.calls[FAKE_PROVISION], 0);
    assert_true(world->fake.calls[FAKE_ADOPT] > 0);
}

static void takes_hardware_details_from_an_annotation(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_object(
        world, HOST,
        "{\"metadata\":{\"annotations\":{\"inspect.metal3.io\":\"disabled\",\"inspect.metal3.io/hardwaredetails\":"
        "\"{\\\"hostname\\\":\\\"told\\\"}\"}},\"spec\":{\"online\":true,\"bootMACAddress\":\"00:11:22:33:44:55\","
        "\"bmc\":{"
        "\"address\":\"192.0.2.1\",\"credentialsName\":\"node-0-bmc\"}}}");
    reach_state(world, "available");
    assert_text(world, "status/hardware/hostname", "told");
    assert_null(kube_annotation(host_now(world), HOST_HARDWARE_DETAILS_ANNOTATION));
    expect_event(world, "UpdateHardwareDetails: ");
}

/* Conflicts, a late cache and passing trouble cost time, and nothing else. */
static void survives_conflicts_and_late_caches(struct world *world)
{
    world->api.watch_delay = 700 * RT_MS;
    world->fake.errors[FAKE_INSPECT] = world->fake.errors[FAKE_PROVISION] = 2;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    for (int i = 0; i < 20; i++) {
        world->api.fail_writes = i % 3 == 0;
        pass_time(world, 300 * RT_MS);
    }
    reach_state(world, "provisioned");
    assert_int_equal(world->fake.calls[FAKE_DEPROVISION], 0);
    const char *moves = strbuf_str(&world->api.states);
    assert_string_equal(moves, " > registering\nregistering > inspecting\ninspecting > preparing\npreparing > "
                               "available\navailable > provisioning\nprovisioning > provisioned\n");
}

static void waits_for_the_backend(struct world *world)
{
    world->fake.not_ready = true;
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true");
    pass_time(world, 5 * TIME_MIN);
    assert_text(world, "status/provisioning/state", "");
    assert_text(world, "status/errorMessage", "");
    world->fake.not_ready = false;
    reach_state(world, "available");
}

/* A host at rest costs one look a minute and no write. */
static void rests(struct world *world)
{
    add_object(world, SECRET, CREDENTIALS);
    add_host(world, "\"online\":true," IMAGE);
    reach_state(world, "provisioned");
    pass_time(world, TIME_MIN);
    int writes = world->api.writes, registers = world->fake.calls[FAKE_REGISTER];
    pass_time(world, 60 * TIME_MIN);
    assert_int_equal(world->api.writes, writes);
    assert_in_range(world->fake.calls[FAKE_REGISTER] - registers, 59, 61);
}

static void backs_off_as_documented(void **state)
{
    struct rt *rt = rt_new_sim(7, TEST_WALL);
    for (int64_t count = 0; count < 12; count++) {
        int64_t n = count > 9 ? 9 : count;
        for (int i = 0; i < 100; i++) {
            rt_time backoff = host_backoff(rt, count);
            assert_true(backoff > (TIME_MIN << n) / 2 - RT_S && backoff <= TIME_MIN << n);
        }
    }
    rt_free(rt);
}

/* Every edge of the table was gone along by a test above. */
static void every_move_was_seen(void **state)
{
    CLEANUP_STRBUF struct strbuf missing = STRBUF_INIT;
    for (enum host_state from = 0; from < HOST_STATE_COUNT; from++) {
        const struct host_state_row *row = host_state_row(from);
        for (int i = 0; i <= OUTCOME_COUNT; i++) {
            enum host_state to = i < OUTCOME_COUNT ? row->next[i] : row->on_delete;
            if (to == NO_STATE || to == from)
                continue;
            CLEANUP_FREE char *move = mem_printf("\n%s > %s\n", host_state_text(from), host_state_text(to));
            CLEANUP_FREE char *all = mem_printf("\n%s", strbuf_str(&seen_moves));
            if (!strstr(all, move))
                strbuf_adds(&missing, move + 1);
        }
    }
    if (missing.len)
        fail_msg("never seen:\n%s", strbuf_str(&missing));
    strbuf_release(&seen_moves);
}

/* README.md shows the table as it is. */
static void readme_shows_the_table(void **state)
{
    CLEANUP_STRBUF struct strbuf diagram = STRBUF_INIT, readme = STRBUF_INIT;
    char chunk[4096];
    size_t len;
    FILE *file = fopen("operator/bmo/README.md", "re");
    assert_non_null(file);
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        strbuf_add(&readme, chunk, len);
    fclose(file);
    host_states_print(&diagram);
    if (strstr(strbuf_str(&readme), strbuf_str(&diagram)))
        return;
    fputs(strbuf_str(&diagram), stderr);
    fail_msg("operator/bmo/README.md does not show the table above");
}

WORLD_TEST(goes_through_life)
WORLD_TEST(waits_for_bmc_details)
WORLD_TEST(tells_of_a_missing_secret)
WORLD_TEST(tells_of_bad_bmc_details)
WORLD_TEST(tells_of_a_bad_spec)
WORLD_TEST(notices_rotated_credentials)
WORLD_TEST(retries_a_failed_registration)
WORLD_TEST(takes_an_externally_provisioned_host)
WORLD_TEST(powers_off_an_external_host_on_deletion)
WORLD_TEST(skips_inspection_that_gets_disabled)
WORLD_TEST(inspects_again_when_asked)
WORLD_TEST(prepares_again_when_raid_changes)
WORLD_TEST(gives_up_on_an_image)
WORLD_TEST(hands_data_over)
WORLD_TEST(tells_of_missing_user_data)
WORLD_TEST(follows_the_image)
WORLD_TEST(follows_power_wishes)
WORLD_TEST(turns_to_hard_power_off)
WORLD_TEST(detaches_and_comes_back)
WORLD_TEST(deletes_detached_hosts_from_every_state)
WORLD_TEST(deletes_hosts_from_every_state)
WORLD_TEST(moves_hosts_of_old_releases)
WORLD_TEST(gives_up_in_deletion)
WORLD_TEST(deletes_without_credentials)
WORLD_TEST(waits_for_capacity)
WORLD_TEST(leaves_paused_hosts_alone)
WORLD_TEST(restores_a_saved_status)
WORLD_TEST(takes_hardware_details_from_an_annotation)
WORLD_TEST(survives_conflicts_and_late_caches)
WORLD_TEST(waits_for_the_backend)
WORLD_TEST(rests)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goes_through_life),
        cmocka_unit_test(test_waits_for_bmc_details),
        cmocka_unit_test(test_tells_of_a_missing_secret),
        cmocka_unit_test(test_tells_of_bad_bmc_details),
        cmocka_unit_test(test_tells_of_a_bad_spec),
        cmocka_unit_test(test_notices_rotated_credentials),
        cmocka_unit_test(test_retries_a_failed_registration),
        cmocka_unit_test(test_takes_an_externally_provisioned_host),
        cmocka_unit_test(test_powers_off_an_external_host_on_deletion),
        cmocka_unit_test(test_skips_inspection_that_gets_disabled),
        cmocka_unit_test(test_inspects_again_when_asked),
        cmocka_unit_test(test_prepares_again_when_raid_changes),
        cmocka_unit_test(test_gives_up_on_an_image),
        cmocka_unit_test(test_hands_data_over),
        cmocka_unit_test(test_tells_of_missing_user_data),
        cmocka_unit_test(test_follows_the_image),
        cmocka_unit_test(test_follows_power_wishes),
        cmocka_unit_test(test_turns_to_hard_power_off),
        cmocka_unit_test(test_detaches_and_comes_back),
        cmocka_unit_test(test_deletes_detached_hosts_from_every_state),
        cmocka_unit_test(test_deletes_hosts_from_every_state),
        cmocka_unit_test(test_moves_hosts_of_old_releases),
        cmocka_unit_test(test_gives_up_in_deletion),
        cmocka_unit_test(test_deletes_without_credentials),
        cmocka_unit_test(test_waits_for_capacity),
        cmocka_unit_test(test_leaves_paused_hosts_alone),
        cmocka_unit_test(test_restores_a_saved_status),
        cmocka_unit_test(test_takes_hardware_details_from_an_annotation),
        cmocka_unit_test(test_survives_conflicts_and_late_caches),
        cmocka_unit_test(test_waits_for_the_backend),
        cmocka_unit_test(test_rests),
        cmocka_unit_test(backs_off_as_documented),
        cmocka_unit_test(every_move_was_seen),
        cmocka_unit_test(readme_shows_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
