/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole agent against a scripted conductor on the simulated network: the order of its calls, the commands as Ironic sends them, and the errors as the
 * real agent was recorded to answer them.
 */
#include "lib/data/digest.h"
#include "lib/data/str.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "lib/test.h"
#include "operator/agent/internal.h"
#include "operator/agent/testing.h"

#define UUID "c0ffee00-0000-4000-8000-000000000001"
#define TOKEN "S3cr3t-agent-token-from-lookup-0123456789abcdef"
/* base64 of gzip of "config drive\n", by gzip -n */
#define CONFIG_DRIVE "H4sIAAAAAAAAA0vOz0vLTFdIKcosS+UCANdJ+SMNAAAA"

struct script {
    struct rt *rt;
    struct net_sim *network;
    struct net *conductor_net, *agent_net;
    struct http_client *http;
    struct test_machine machine;
    char *image;
    size_t image_len;
    char *calls; /* "inspect lookup beat" */
    char *callback_url, *ca;
    int beats;
    struct rt_cond beat;
    const char *offered; /* version */
    bool hide_token;     /* lookup answers ****** */
    bool started;
    struct rt_group *agent_group;
    void (*story)(struct script *script);
};

static void note(struct script *script, const char *call)
{
    char *calls = mem_printf("%s%s%s", script->calls ? script->calls : "", script->calls ? " " : "", call);
    free(script->calls);
    script->calls = calls;
}

/* -- the conductor's side -- */

static void on_heartbeat(struct script *script, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *body = NULL;
    error_free(json_parse(http_body(exchange), http_body_len(exchange), &body));
    free(script->callback_url);
    free(script->ca);
    script->callback_url = mem_strdup(json_str(body, "callback_url"));
    script->ca = mem_strdup(json_str(body, "agent_verify_ca"));
    bool complete = str_equal(json_str(body, "agent_token"), TOKEN) && json_str(body, "agent_version");
    http_reply(exchange, complete ? 202 : 400, NULL, NULL, 0);
    script->beats++;
    rt_cond_broadcast(script->rt, &script->beat);
}

static void conductor(struct http_exchange *exchange, void *arg)
{
    struct script *script = arg;
    const char *path = http_path(exchange);

    if (str_equal(path, "/v1/continue_inspection")) {
        CLEANUP(json_free) struct json *body = NULL;
        error_free(json_parse(http_body(exchange), http_body_len(exchange), &body));
        note(script,
             str_equal(json_str(body, "inventory/interfaces/0/mac_address"), TEST_MAC) ? "inspect" : "bad-inspect");
        http_reply_str(exchange, 202, "application/json", "{\"uuid\":\"" UUID "\"}");
    } else if (str_equal(path, "/")) {
        CLEANUP_FREE char *text =
            mem_printf("{\"default_version\":{\"id\":\"v1\",\"version\":\"%s\"}}", script->offered);
        note(script, "root");
        http_reply_str(exchange, 200, "application/json", text);
    } else if (str_equal(path, "/v1/lookup")) {
        bool known = str_equal(http_query(exchange, "addresses"), TEST_MAC);
        CLEANUP_FREE char *text =
            mem_printf("{\"node\":{\"uuid\":\"" UUID "\"},\"config\":{\"heartbeat_timeout\":300,\"agent_token\":\"%s\","
                       "\"agent_token_required\":true}}",
                       script->hide_token ? "******" : TOKEN);
        note(script, known ? "lookup" : "bad-lookup");
        http_reply_str(exchange, known ? 200 : 404, "application/json", text);
    } else if (str_equal(path, "/v1/heartbeat/" UUID)) {
        on_heartbeat(script, exchange);
    } else if (str_equal(path, "/image.raw")) {
        http_reply(exchange, 200, "application/octet-stream", script->image, script->image_len);
    } else {
        http_reply_str(exchange, 404, "text/plain", "no such thing");
    }
}

static void wait_beats(struct script *script, int count)
{
    rt_time deadline = rt_after(script->rt, 3600 * RT_S);
    while (script->beats < count)
        assert_ok(rt_cond_wait(script->rt, &script->beat, deadline));
}

/* One call to the agent's API; returns the status, *ret is the answer. */
static int call(struct script *script, const char *method, const char *path, const char *body, struct json **ret)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP_FREE char *url = mem_printf("%s%s", script->callback_url, path);
    struct http_request request = {.method = method, .url = url, .body = body, .body_len = body ? strlen(body) : 0};

    assert_ok(http_call(script->http, &request, &response));
    *ret = NULL;
    assert_ok(json_parse(response->body, response->body_len, ret));
    return response->status;
}

#define POST_SYNC "/v1/commands/?wait=true&agent_token=" TOKEN
#define POST_ASYNC "/v1/commands/?wait=false&agent_token=" TOKEN

/* Runs a command to its end and returns its record. */
static struct json *run_command(struct script *script, const char *body)
{
    CLEANUP(json_free) struct json *started = NULL;
    struct json *ended = NULL;

    assert_int_equal(call(script, "POST", POST_ASYNC, body, &started), 200);
    CLEANUP_FREE char *path = mem_printf("/v1/commands/%s?wait=true&agent_token=" TOKEN, json_str(started, "id"));
    assert_int_equal(call(script, "GET", path, NULL, &ended), 200);
    return ended;
}

/* -- the frame -- */

static void run_agent(void *arg)
{
    struct script *script = arg;
    struct log_options log_options = {.level = LOG_ERROR, .fd = 2};
    CLEANUP(log_free) struct log *log = log_new(&log_options);
    struct env env = {.rt = script->rt, .group = script->agent_group, .net = script->agent_net, .log = log};
    struct agent_hardware hardware = {&test_hardware_ops, &script->machine};
    struct agent_options options = {0};

    assert_ok(agent_options_parse(
        "ipa-api-url=http://10.0.0.2:6385 ipa-inspection-callback-url=http://10.0.0.2:6385/v1/continue_inspection "
        "ipa-image-download-connection-retries=1 ipa-image-download-connection-retry-interval=1",
        &options));
    struct error *err = agent_run(&env, &options, &hardware);
    if (script->hide_token)
        note(script, error_is(err, ERROR_DENIED) ? "locked-down" : "not-locked-down");
    error_free(err);
    agent_options_release(&options);
    rt_cond_broadcast(script->rt, &script->beat);
}

static void run_script(void *arg)
{
    struct script *script = arg;
    CLEANUP(http_server_free) struct http_server *server = NULL;
    struct http_server_options options = {
        .address = "10.0.0.2", .port = 6385, .body_max = 1 << 20, .handle = conductor, .arg = script};
    struct http_client_options client = {.insecure = true};

    assert_ok(http_server_start(script->conductor_net, rt_current_group(script->rt), &options, &server));
    assert_ok(http_client_new(script->conductor_net, &client, &script->http));
    script->agent_group = rt_group_new(script->rt, NULL, "agent");
    rt_spawn(script->rt, script->agent_group, "agent", run_agent, script);
    script->story(script);
    rt_group_stop(script->agent_group);
    rt_group_free(script->agent_group);
    http_client_free(script->http);
    http_server_stop(server);
}

static void play(struct script *script)
{
    struct net_sim_options options = {0};
    script->rt = rt_new_sim(1, TEST_WALL);
    script->network = net_sim_new(script->rt, &options);
    script->conductor_net = net_sim_host(script->network, "conductor", "10.0.0.2");
    script->agent_net = net_sim_host(script->network, "machine", TEST_ADDRESS);
    script->machine.bytes = mem_alloc(TEST_DISK_SIZE);
    script->image = test_image(&script->image_len);
    assert_true(script->image_len > 0);
    if (!script->offered)
        script->offered = "1.99";

    assert_ok(rt_run(script->rt, run_script, script));
    net_free(script->conductor_net);
    net_free(script->agent_net);
    net_sim_free(script->network);
    rt_free(script->rt);
    free(script->machine.bytes);
    free(script->machine.boot_entry);
    free(script->image);
    free(script->callback_url);
    free(script->ca);
    free(script->calls);
}

/* -- stories -- */

static void story_start(struct script *script)
{
    wait_beats(script, 1);
    assert_string_equal(script->calls, "inspect root lookup");
    assert_string_equal(script->callback_url, "https://" TEST_ADDRESS ":9999");
    assert_non_null(strstr(script->ca, "BEGIN CERTIFICATE"));
    wait_beats(script, 3); /* goes on beating */
}

static void test_starts_as_ironic_expects(void **state)
{
    play(&(struct script){.story = story_start});
}

static void story_plain(struct script *script)
{
    wait_beats(script, 1);
    assert_string_equal(script->callback_url, "http://" TEST_ADDRESS ":9999");
    assert_null(script->ca);
}

static void test_old_conductor_gets_plain_http(void **state)
{
    play(&(struct script){.story = story_plain, .offered = "1.67"});
}

static void story_hidden_token(struct script *script)
{
    while (!script->calls || !strstr(script->calls, "locked-down"))
        assert_ok(rt_cond_wait(script->rt, &script->beat, rt_after(script->rt, 3600 * RT_S)));
    assert_null(strstr(script->calls, "not-locked-down"));
    assert_int_equal(script->beats, 0);
}

static void test_restarted_agent_without_token_gives_up(void **state)
{
    play(&(struct script){.story = story_hidden_token, .hide_token = true});
}

static void story_clean(struct script *script)
{
    CLEANUP(json_free) struct json *steps = NULL, *list = NULL;
    wait_beats(script, 1);
    memset(script->machine.bytes, 'x', 1024);
    assert_int_equal(call(script, "POST", POST_SYNC,
                          "{\"name\":\"clean.get_clean_steps\",\"params\":{\"node\":{},\"ports\":[]}}", &steps),
                     200);
    assert_string_equal(json_str(steps, "command_status"), "SUCCEEDED");
    assert_string_equal(json_str(steps, "command_name"), "get_clean_steps");
    assert_string_equal(json_str(steps, "command_result/clean_steps/generic_hardware_manager/1/step"),
                        "erase_devices_metadata");
    assert_string_equal(json_str(steps, "command_result/hardware_manager_version/generic_hardware_manager"), "1.2");

    CLEANUP(json_free)
    struct json *done = run_command(
        script, "{\"name\":\"clean.execute_clean_step\",\"params\":{\"step\":{\"interface\":\"deploy\",\"step\":"
                "\"erase_devices_metadata\"},\"node\":{},\"ports\":[],\"clean_version\":{\"generic_hardware_"
                "manager\":\"1.2\"}}}");
    assert_string_equal(json_str(done, "command_status"), "SUCCEEDED");
    assert_int_equal(script->machine.bytes[0], 0);
    wait_beats(script, 2); /* the end of a step makes it beat */
    assert_int_equal(call(script, "GET", "/v1/commands/?agent_token=" TOKEN, NULL, &list), 200);
    assert_int_equal(json_len(json_get(list, "commands")), 2);
}

static void test_cleans(void **state)
{
    play(&(struct script){.story = story_clean});
}

/* The command to write our image, with a checksum. */
static char *write_image(const char *path, const char *checksum)
{
    return mem_printf(
        "{\"name\":\"deploy.execute_deploy_step\",\"params\":{\"step\":{\"interface\":\"deploy\",\"step\":\"write_"
        "image\",\"args\":{"
        "\"image_info\":{\"id\":\"tiny.raw\",\"urls\":[\"http://"
        "10.0.0.2:6385%s\"],\"disk_format\":\"raw\",\"os_hash_algo\":"
        "\"sha256\",\"os_hash_value\":\"%s\",\"image_type\":\"whole-disk\"},\"configdrive\":\"" CONFIG_DRIVE "\"}},"
        "\"node\":{\"properties\":{\"root_device\":{\"serial\":\"S1\"}},\"instance_info\":{}},\"ports\":[]}}",
        path, checksum);
}

static void story_deploy(struct script *script)
{
    wait_beats(script, 1);
    CLEANUP_FREE char *checksum = digest_hex("sha256", script->image, script->image_len);
    CLEANUP_FREE char *body = write_image("/image.raw", checksum);
    CLEANUP(json_free) struct json *written = run_command(script, body);
    if (!str_equal(json_str(written, "command_status"), "SUCCEEDED"))
        fail_msg("%s", json_str(written, "command_error/details"));
    assert_string_equal(json_str(written, "command_result/deploy_result/result"),
                        "prepare_image: image (tiny.raw) written to device /dev/sda root_uuid=");
    /* Partitions of the image are there byte for byte, and the config drive at the end. */
    assert_memory_equal(script->machine.bytes + (1 << 20), script->image + (1 << 20), 3 << 19);
    assert_memory_equal(script->machine.bytes + TEST_DISK_SIZE - (65 << 20), "config drive\n", 13);

    CLEANUP(json_free)
    struct json *loader = run_command(
        script,
        "{\"name\":\"image.install_bootloader\",\"params\":{\"root_uuid\":null,\"target_boot_mode\":\"uefi\"}}");
    assert_string_equal(json_str(loader, "command_status"), "SUCCEEDED");
    assert_string_equal(script->machine.boot_entry, "/dev/sda 1 \\EFI\\BOOT\\BOOTX64.EFI");

    CLEANUP(json_free) struct json *off = run_command(script, "{\"name\":\"standby.power_off\",\"params\":{}}");
    assert_true(script->machine.powered_off);
}

static void test_deploys_an_image(void **state)
{
    play(&(struct script){.story = story_deploy});
}

static void story_wrong_checksum(struct script *script)
{
    wait_beats(script, 1);
    CLEANUP_FREE char *body =
        write_image("/image.raw", "0000000000000000000000000000000000000000000000000000000000000000");
    CLEANUP(json_free) struct json *written = run_command(script, body);
    assert_string_equal(json_str(written, "command_status"), "FAILED");
    assert_string_equal(json_str(written, "command_error/type"), "ImageChecksumError");
    assert_non_null(strstr(json_str(written, "command_error/details"), "verification checksum"));

    CLEANUP_FREE char *missing =
        write_image("/missing.raw", "0000000000000000000000000000000000000000000000000000000000000000");
    CLEANUP(json_free) struct json *not_found = run_command(script, missing);
    assert_string_equal(json_str(not_found, "command_status"), "FAILED");
    assert_non_null(strstr(json_str(not_found, "command_error/details"),
                           "Received status code 404 from http://10.0.0.2:6385/missing.raw"));
}

static void test_bad_images_fail_with_a_reason(void **state)
{
    play(&(struct script){.story = story_wrong_checksum});
}

/* Answers recorded from ironic-python-agent 13.0.0 (reference ipa-wire, part C). */
static void story_errors(struct script *script)
{
    static const struct {
        const char *method, *path, *body;
        int status;
        const char *fault;
    } rows[] = {
        {"GET", "/v1/commands/", NULL, 401, "401 Unauthorized: Token invalid."},
        {"POST", "/v1/commands/?wait=true&agent_token=bad", "{\"name\":\"clean.get_clean_steps\",\"params\":{}}", 401,
         "401 Unauthorized: Token invalid."},
        {"POST", POST_SYNC, "{\"name\":\"nope.nope\",\"params\":{}}", 404,
         "Not found: Extension with id nope not found."},
        {"POST", POST_SYNC, "{\"name\":\"clean.nope\",\"params\":{}}", 400, "Invalid command: Unknown command: nope"},
        {"POST", POST_SYNC, "{\"name\":\"clean.get_clean_steps\"}", 400,
         "400 Bad Request: Missing or invalid name or params"},
        {"POST", POST_SYNC, "not JSON", 400, "400 Bad Request: Missing or invalid name or params"},
    };
    wait_beats(script, 1);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(json_free) struct json *answer = NULL;
        assert_int_equal(call(script, rows[i].method, rows[i].path, rows[i].body, &answer), rows[i].status);
        assert_string_equal(json_str(answer, "faultstring"), rows[i].fault);
        assert_string_equal(json_str(answer, "faultcode"), "Client");
    }
    CLEANUP(json_free)
    struct json *mismatch = run_command(
        script, "{\"name\":\"clean.execute_clean_step\",\"params\":{\"step\":{\"step\":\"erase_devices_metadata\"},"
                "\"clean_version\":{\"generic_hardware_manager\":\"0.9\"}}}");
    assert_string_equal(json_str(mismatch, "command_status"), "CLEAN_VERSION_MISMATCH");
    CLEANUP(json_free)
    struct json *unknown = run_command(
        script, "{\"name\":\"clean.execute_clean_step\",\"params\":{\"step\":{\"step\":\"no_such_step\"}}}");
    assert_string_equal(json_str(unknown, "command_error/type"), "HardwareManagerMethodNotFound");
    assert_string_equal(json_str(unknown, "command_error/details"), "Could not find method: no_such_step");
}

static void test_errors_are_ipas(void **state)
{
    play(&(struct script){.story = story_errors});
}

static void story_busy(struct script *script)
{
    CLEANUP(json_free) struct json *first = NULL, *second = NULL;
    wait_beats(script, 1);
    CLEANUP_FREE char *body =
        write_image("/image.raw", "0000000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(call(script, "POST", POST_ASYNC, body, &first), 200);
    assert_string_equal(json_str(first, "command_status"), "RUNNING");
    assert_int_equal(call(script, "POST", POST_SYNC, "{\"name\":\"standby.sync\",\"params\":{}}", &second), 409);
    assert_string_equal(json_str(second, "faultstring"), "Agent is busy: executing command execute_deploy_step");
}

static void test_one_command_at_a_time(void **state)
{
    play(&(struct script){.story = story_busy});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_as_ironic_expects),
        cmocka_unit_test(test_old_conductor_gets_plain_http),
        cmocka_unit_test(test_restarted_agent_without_token_gives_up),
        cmocka_unit_test(test_cleans),
        cmocka_unit_test(test_deploys_an_image),
        cmocka_unit_test(test_bad_images_fail_with_a_reason),
        cmocka_unit_test(test_errors_are_ipas),
        cmocka_unit_test(test_one_command_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
