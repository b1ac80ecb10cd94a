/* SPDX-License-Identifier: Apache-2.0 */
/* A machine's whole life through the API, with and without fast track, and what happens when something goes wrong. */
#include "operator/conductor/test_world.h"

static void to_available(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    provision(w, "{\"target\":\"inspect\"}", 202);
    wait_state(w, "manageable");
    provision(w, "{\"target\":\"provide\"}", 202);
    wait_state(w, "available");
}

static void to_active(struct world *w)
{
    to_available(w);
    assert_int_equal(call(w, "PATCH", "/v1/nodes/ns~host", INSTANCE_PATCH, NULL), 200);
    provision(w, ACTIVE_BODY, 202);
    wait_state(w, "active");
}

static void check_inventory(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host/inventory", NULL, &body), 200);
    assert_string_equal(json_str(body, "inventory/interfaces/0/mac_address"), MAC);
    assert_non_null(json_get(body, "plugin_data/all_interfaces/enp1s0/pxe_enabled"));
    assert_null(json_get(body, "plugin_data/all_interfaces/lo"));
    assert_null(json_get(body, "plugin_data/logs"));
    assert_string_equal(json_str(body, "plugin_data/parsed_lldp/enp1s0/switch_system_name"), "sw1");
    assert_string_equal(json_str(body, "plugin_data/parsed_lldp/enp1s0/switch_chassis_id"), "11:22:33:44:55:66");
}

static void check_active(struct world *w)
{
    CLEANUP(json_free) struct json *node = NULL;
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host", NULL, &node), 200);
    assert_string_equal(json_str(node, "power_state"), "power on");
    assert_null(json_str(node, "target_provision_state"));
    assert_null(json_str(node, "last_error"));
    assert_null(json_str(node, "reservation"));
    assert_string_equal(json_str(node, "instance_info/configdrive"), "******");
    assert_null(json_get(node, "driver_internal_info/agent_secret_token"));
    assert_null(json_get(node, "driver_internal_info/agent_url"));
    assert_string_equal(json_str(node, "properties/cpu_arch"), "x86_64");
    assert_int_equal(w->machine.writes, 1);
    assert_true(w->machine.live);
    assert_false(w->machine.inserted);
    assert_string_equal(w->machine.target, "Hdd");
    assert_string_equal(w->machine.enabled, "Continuous");
    assert_true(str_has_prefix(w->machine.configdrive, "H4sI")); /* gzip in base64 */
}

static void whole_life(struct world *w)
{
    to_active(w);
    check_inventory(w);
    check_active(w);
    provision(w, "{\"target\":\"deleted\"}", 202);
    wait_state(w, "available");
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_null(json_str(node, "instance_uuid"));
    assert_int_equal(json_len(json_get(node, "instance_info")), 0);
    assert_false(w->machine.has_image);
    assert_int_equal(call(w, "DELETE", "/v1/nodes/ns~host", NULL, NULL), 204);
    CLEANUP_FREE char *gone = state(w);
    assert_string_equal(gone, "404");
}

static void check_metrics(struct world *w)
{
    struct http_request request = {.url = API "/metrics"};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    assert_ok(http_call(w->client, &request, &response));
    assert_non_null(strstr(response->body, "metal3_conductor_transitions_total{from=\"deploying\",to=\"active\"} 1"));
}

static void fast_life(struct world *w)
{
    rt_time start = rt_now(w->rt);
    whole_life(w);
    check_metrics(w);
    /* one boot of the ramdisk for inspection, cleaning and deployment, one for the cleaning after it */
    assert_int_equal(w->machine.boots_cd, 2);
    assert_int_equal(w->machine.boots_disk, 1);
    assert_in_range(rt_now(w->rt) - start, 0, 120 * RT_S);
}

static void slow_life(struct world *w)
{
    whole_life(w);
    assert_int_equal(w->machine.boots_cd, 4);
}

static void without_fast_track(struct world *w)
{
    w->options.fast_track = false;
}

static void without_sessions(struct world *w)
{
    w->machine.no_sessions = true;
}

static void test_whole_life_fast_track(void **unused)
{
    world_run(fast_life, NULL, 1);
}

static void test_whole_life(void **unused)
{
    world_run(slow_life, without_fast_track, 2);
}

static void test_basic_authentication(void **unused)
{
    world_run(fast_life, without_sessions, 3);
}

/* -- failures -- */

static void bad_password(struct world *w)
{
    w->machine.bad_password = true;
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    assert_ok(rt_sleep(w->rt, 10 * RT_S));
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_string_equal(json_str(node, "provision_state"), "enroll");
    assert_null(json_str(node, "target_provision_state"));
    assert_non_null(strstr(json_str(node, "last_error"), "code 401"));
    assert_non_null(strstr(json_str(node, "last_error"), "Check the BMC's user name and password."));
    assert_null(strstr(json_str(node, "last_error"), "password\""));
    /* the right one is used at once */
    w->machine.bad_password = false;
    assert_int_equal(call(w, "PATCH", "/v1/nodes/ns~host",
                          "[{\"op\":\"replace\",\"path\":\"/driver_info/redfish_password\",\"value\":\"password\"}]",
                          NULL),
                     200);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
}

static void write_fails(struct world *w)
{
    to_available(w);
    w->machine.fail_step = "write_image";
    assert_int_equal(call(w, "PATCH", "/v1/nodes/ns~host", INSTANCE_PATCH, NULL), 200);
    provision(w, ACTIVE_BODY, 202);
    wait_state(w, "deploy failed");
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_non_null(strstr(json_str(node, "last_error"), "Error verifying image checksum"));
    assert_string_equal(json_str(node, "target_provision_state"), "active");
    assert_false(json_bool(node, "maintenance", true));
    assert_false(w->machine.on);
    provision(w, ACTIVE_BODY, 202);
    wait_state(w, "active");
    assert_true(w->machine.live);
}

static void clean_fails(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    w->machine.fail_step = "erase_devices_metadata";
    provision(w, "{\"target\":\"provide\"}", 202);
    wait_state(w, "clean failed");
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_true(json_bool(node, "maintenance", false));
    assert_string_equal(json_str(node, "fault"), "clean failure");
    assert_int_equal(call(w, "DELETE", "/v1/nodes/ns~host/maintenance", NULL, NULL), 202);
    provision(w, "{\"target\":\"manage\"}", 202);
    provision(w, "{\"target\":\"provide\"}", 202);
    wait_state(w, "available");
}

static void ramdisk_is_silent(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    w->machine.silent = true;
    provision(w, "{\"target\":\"inspect\"}", 202);
    wait_state(w, "inspect failed");
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_non_null(strstr(json_str(node, "last_error"), "Timeout reached"));
    assert_false(w->machine.on);
    assert_false(w->machine.inserted);
}

/* The ramdisk is up and reports before the BMC has answered the command to power on: nobody asks it again. */
static void inspection_report_comes_early(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    w->machine.slow_reset = 55 * RT_S;
    provision(w, "{\"target\":\"inspect\"}", 202);
    wait_state(w, "manageable");
    check_inventory(w);
    assert_int_equal(w->machine.boots_cd, 1);
}

static void abort_inspection(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    w->machine.silent = true;
    provision(w, "{\"target\":\"inspect\"}", 202);
    wait_state(w, "inspect wait");
    provision(w, "{\"target\":\"abort\"}", 202);
    wait_state(w, "inspect failed");
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_string_equal(json_str(node, "last_error"), "Inspection was aborted by request.");
    w->machine.silent = false;
    provision(w, "{\"target\":\"inspect\"}", 202);
    wait_state(w, "manageable");
}

static void delete_while_deploying(struct world *w)
{
    to_available(w);
    w->machine.idle_agent = true;
    assert_int_equal(call(w, "PATCH", "/v1/nodes/ns~host", INSTANCE_PATCH, NULL), 200);
    provision(w, ACTIVE_BODY, 202);
    wait_state(w, "wait call-back");
    w->machine.idle_agent = false;
    provision(w, "{\"target\":\"deleted\"}", 202);
    wait_state(w, "available");
    assert_int_equal(w->machine.writes, 0);
}

static void power_requests(struct world *w)
{
    to_active(w);
    assert_int_equal(call(w, "PUT", "/v1/nodes/ns~host/states/power", "{\"target\":\"power off\"}", NULL), 202);
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_string_equal(json_str(node, "target_power_state"), "power off");
    assert_ok(rt_sleep(w->rt, 5 * RT_S));
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_string_equal(json_str(node, "power_state"), "power off");
    assert_null(json_str(node, "target_power_state"));
    assert_false(w->machine.on);
    /* a BMC that does nothing */
    w->machine.ignore_resets = 1;
    assert_int_equal(call(w, "PUT", "/v1/nodes/ns~host/states/power", "{\"target\":\"power on\"}", NULL), 202);
    assert_ok(rt_sleep(w->rt, 70 * RT_S));
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_non_null(strstr(json_str(node, "last_error"), "Failed to change power state"));
    assert_string_equal(json_str(node, "power_state"), "power off");
    assert_int_equal(call(w, "PUT", "/v1/nodes/ns~host/states/power", "{\"target\":\"up\"}", NULL), 400);
}

/* IRO-403 */
static void continuous_is_refused(struct world *w)
{
    w->machine.once_only = true;
    to_active(w);
    assert_string_equal(w->machine.target, "Hdd");
    assert_string_equal(w->machine.enabled, "Disabled"); /* used up by the first boot */
    assert_int_equal(call(w, "PUT", "/v1/nodes/ns~host/states/power", "{\"target\":\"rebooting\"}", NULL), 202);
    set_text(&w->machine.target, "None");
    assert_ok(rt_sleep(w->rt, 10 * RT_S));
    assert_true(w->machine.live);
    assert_string_equal(w->machine.target, "Hdd"); /* set again before the power on */
}

static void sessions_are_closed(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    assert_int_equal(w->machine.sessions, 1);
    assert_int_equal(
        call(w, "PATCH", "/v1/nodes/ns~host",
             "[{\"op\":\"add\",\"path\":\"/driver_info/force_persistent_boot_device\",\"value\":\"Never\"}]", NULL),
        200);
    assert_ok(rt_sleep(w->rt, RT_S));
    assert_int_equal(w->machine.sessions, 1); /* that is not about the way to the BMC */
    assert_int_equal(call(w, "PATCH", "/v1/nodes/ns~host",
                          "[{\"op\":\"replace\",\"path\":\"/driver_info/redfish_username\",\"value\":\"root\"}]", NULL),
                     200);
    assert_ok(rt_sleep(w->rt, RT_S));
    assert_int_equal(w->machine.sessions, 0);
    assert_int_equal(call(w, "DELETE", "/v1/nodes/ns~host", NULL, NULL), 204);
}

static void power_sync(struct world *w)
{
    to_active(w);
    machine_off(w); /* behind our back */
    assert_ok(rt_sleep(w->rt, 150 * RT_S));
    assert_true(w->machine.on);
    /* the BMC goes away, and comes back */
    uint64_t cut = net_sim_add_rule(w->network, &(struct net_sim_rule){.from = "*", .to = "10.0.0.3", .refuse = true});
    assert_ok(rt_sleep(w->rt, 800 * RT_S));
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_string_equal(json_str(node, "fault"), "power failure");
    assert_true(json_bool(node, "maintenance", false));
    assert_null(json_str(node, "power_state"));
    net_sim_heal(w->network, cut);
    assert_ok(rt_sleep(w->rt, 400 * RT_S));
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    assert_null(json_str(node, "fault"));
    assert_false(json_bool(node, "maintenance", true));
    assert_string_equal(json_str(node, "power_state"), "power on");
}

static void adoption(struct world *w)
{
    w->machine.has_image = true;
    machine_on(w);
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    provision(w, "{\"target\":\"adopt\"}", 202);
    wait_state(w, "active");
    assert_true(w->machine.live);
    assert_int_equal(w->machine.boots_disk, 1); /* its power was not touched */
}

static void cleaning_disabled(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    assert_int_equal(
        call(w, "PATCH", "/v1/nodes/ns~host", "[{\"op\":\"add\",\"path\":\"/automated_clean\",\"value\":false}]", NULL),
        200);
    provision(w, "{\"target\":\"provide\"}", 202);
    wait_state(w, "available");
    assert_int_equal(w->machine.boots_cd, 0);
}

static void manual_cleaning(struct world *w)
{
    enroll(w);
    provision(w, "{\"target\":\"manage\"}", 202);
    wait_state(w, "manageable");
    provision(w, "{\"target\":\"clean\"}", 400);
    provision(w,
              "{\"target\":\"clean\",\"clean_steps\":[{\"interface\":\"deploy\",\"step\":\"erase_devices_metadata\"}]}",
              202);
    wait_state(w, "clean wait");
    wait_state(w, "manageable");
    assert_int_equal(w->machine.wipes, 1);
    provision(w, "{\"target\":\"clean\",\"clean_steps\":[{\"interface\":\"raid\",\"step\":\"nonsense\"}]}", 202);
    wait_state(w, "clean failed");
}

static void virtual_media(struct world *w)
{
    to_active(w);
    CLEANUP(json_free) struct json *body = NULL;
    assert_int_equal(call(w, "POST", "/v1/nodes/ns~host/vmedia",
                          "{\"device_type\":\"cdrom\",\"image_url\":\"http://images/data.iso\"}", NULL),
                     204);
    assert_ok(rt_sleep(w->rt, 2 * RT_S));
    assert_true(w->machine.inserted);
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host/vmedia", NULL, &body), 200);
    assert_true(json_bool(body, "vmedia/1/inserted", false));
    assert_int_equal(call(w, "DELETE", "/v1/nodes/ns~host/vmedia?device_types=cdrom", NULL, NULL), 204);
    assert_ok(rt_sleep(w->rt, 2 * RT_S));
    assert_false(w->machine.inserted);
}

#define IN_WORLD(function)                                                                                             \
    static void test_##function(void **unused)                                                                         \
    {                                                                                                                  \
        world_run(function, NULL, 7);                                                                                  \
    }
IN_WORLD(bad_password)
IN_WORLD(write_fails)
IN_WORLD(clean_fails)
IN_WORLD(ramdisk_is_silent)
IN_WORLD(abort_inspection)
IN_WORLD(delete_while_deploying)
IN_WORLD(power_requests)
IN_WORLD(power_sync)
IN_WORLD(inspection_report_comes_early)
IN_WORLD(continuous_is_refused)
IN_WORLD(sessions_are_closed)
IN_WORLD(adoption)
IN_WORLD(cleaning_disabled)
IN_WORLD(manual_cleaning)
IN_WORLD(virtual_media)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_life_fast_track),
        cmocka_unit_test(test_whole_life),
        cmocka_unit_test(test_basic_authentication),
        cmocka_unit_test(test_bad_password),
        cmocka_unit_test(test_write_fails),
        cmocka_unit_test(test_clean_fails),
        cmocka_unit_test(test_ramdisk_is_silent),
        cmocka_unit_test(test_abort_inspection),
        cmocka_unit_test(test_inspection_report_comes_early),
        cmocka_unit_test(test_delete_while_deploying),
        cmocka_unit_test(test_power_requests),
        cmocka_unit_test(test_power_sync),
        cmocka_unit_test(test_adoption),
        cmocka_unit_test(test_cleaning_disabled),
        cmocka_unit_test(test_manual_cleaning),
        cmocka_unit_test(test_virtual_media),
        cmocka_unit_test(test_continuous_is_refused),
        cmocka_unit_test(test_sessions_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
