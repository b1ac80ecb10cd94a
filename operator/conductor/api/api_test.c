/* SPDX-License-Identifier: Apache-2.0 */
/* The REST API as clients see it: version negotiation, errors, nodes, patches, ports, paging, what agents call. Rows of the reference are named. */
#include "operator/conductor/test_world.h"

static void expect_fault(struct world *w, const char *method, const char *path, const char *body, int want,
                         const char *part)
{
    CLEANUP(json_free) struct json *answer = NULL;
    int status = call(w, method, path, body, &answer);
    if (status != want)
        fail_msg("%s %s: %d instead of %d", method, path, status, want);
    CLEANUP_FREE char *text = fault(answer);
    if (!strstr(text, part))
        fail_msg("%s %s: \"%s\" lacks \"%s\"", method, path, text, part);
}

static void versions(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    assert_int_equal(call(w, "GET", "/", NULL, &body), 200); /* IRO-503 */
    assert_string_equal(json_str(body, "default_version/version"), "1.110");
    assert_string_equal(json_str(body, "default_version/id"), "v1");
    assert_int_equal(call(w, "GET", "/v1", NULL, &body), 200); /* IRO-010 */
    assert_string_equal(json_str(body, "id"), "v1");
    assert_string_equal(json_str(body, "version/min_version"), "1.1");
    assert_string_equal(json_str(body, "version/status"), "CURRENT");
    assert_int_equal(call_version(w, "1.999", "GET", "/v1/nodes", NULL, &body), 406); /* IRO-014 */
    assert_int_equal(call_version(w, "2.1", "GET", "/v1/nodes", NULL, &body), 406);
    assert_int_equal(call_version(w, "latest", "GET", "/v1/nodes", NULL, &body), 200);
    assert_int_equal(call_version(w, "1.88", "POST", "/v1/nodes/x/vmedia", "{}", &body), 404);
    assert_int_equal(call(w, "GET", "/v1/drivers", NULL, &body), 200); /* IRO-009 */
    assert_string_equal(json_str(body, "drivers/0/name"), "redfish");
    assert_int_equal(call(w, "GET", "/v1/drivers/redfish", NULL, &body), 200);
    expect_fault(w, "GET", "/v1/drivers/nope", NULL, 404, "nope");
    expect_fault(w, "GET", "/v1/nonsense", NULL, 404, "Not Found");
    expect_fault(w, "DELETE", "/v1/nodes", NULL, 405, "not allowed");
}

static void version_headers(struct world *w)
{
    struct http_request request = {.url = API "/v1/nodes"};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    assert_ok(http_call(w->client, &request, &response));
    assert_int_equal(response->status, 200); /* no header: 1.1 */
    assert_string_equal(http_response_header(response, "X-OpenStack-Ironic-API-Minimum-Version"), "1.1");
    assert_string_equal(http_response_header(response, "X-OpenStack-Ironic-API-Maximum-Version"), "1.110");
    assert_string_equal(http_response_header(response, "X-OpenStack-Ironic-API-Version"), "1.1");
}

static void creating(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    expect_fault(w, "GET", "/v1/nodes/ns~host", NULL, 404, "Node ns~host could not be found.");
    expect_fault(w, "POST", "/v1/nodes", "not json", 400, "Invalid JSON");
    expect_fault(w, "POST", "/v1/nodes", "{\"name\":\"x\"}", 400, "driver");
    expect_fault(w, "POST", "/v1/nodes", "{\"driver\":\"ilo4\"}", 400, "ilo4");
    expect_fault(w, "POST", "/v1/nodes", "{\"driver\":\"redfish\",\"boot_interface\":\"ipxe\"}", 400,
                 "Valid interfaces are: redfish-virtual-media");
    expect_fault(w, "POST", "/v1/nodes", "{\"driver\":\"redfish\",\"colour\":1}", 400, "colour");
    expect_fault(w, "POST", "/v1/nodes", "{\"driver\":\"redfish\",\"power_state\":\"power on\"}", 400, "power_state");
    expect_fault(w, "POST", "/v1/nodes", "{\"driver\":\"redfish\",\"name\":\"a b\"}", 400, "a b");
    expect_fault(w, "POST", "/v1/nodes", "{\"driver\":\"redfish\",\"driver_info\":7}", 400, "driver_info");
    enroll(w);
    expect_fault(w, "POST", "/v1/nodes", ENROLL_BODY, 409, "ns~host");
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host", NULL, &body), 200);
    assert_string_equal(json_str(body, "provision_state"), "enroll");
    assert_true(json_is(json_get(body, "power_state"), JSON_NULL));                /* IRO-240 */
    assert_string_equal(json_str(body, "driver_info/redfish_password"), "******"); /* IRO-210 */
    assert_string_equal(json_str(body, "driver_info/redfish_username"), "admin");
    assert_string_equal(json_str(body, "boot_interface"), "redfish-virtual-media");
    assert_true(json_has(body, "health"));
    assert_int_equal(call_version(w, "1.89", "GET", "/v1/nodes/ns~host", NULL, &body), 200);
    assert_false(json_has(body, "health")); /* since 1.109 */
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host?fields=uuid,boot_interface", NULL, &body), 200);
    assert_int_equal(json_len(body), 2);
    expect_fault(w, "GET", "/v1/nodes/ns~host?fields=nope", NULL, 400, "nope");
}

static void patching(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    enroll(w);
    const char *path = "/v1/nodes/ns~host";
    /* IRO-021: add replaces too, a whole object may be the value */
    assert_int_equal(call(w, "PATCH", path,
                          "[{\"op\":\"add\",\"path\":\"/instance_info\",\"value\":{\"a\":1}},"
                          "{\"op\":\"add\",\"path\":\"/instance_info/root_device\",\"value\":{\"serial\":\"s== X\"}},"
                          "{\"op\":\"add\",\"path\":\"/automated_clean\",\"value\":false},"
                          "{\"op\":\"add\",\"path\":\"/extra/note\",\"value\":\"x\"}]",
                          &body),
                     200);
    assert_string_equal(json_str(body, "instance_info/root_device/serial"), "s== X");
    assert_false(json_bool(body, "automated_clean", true));
    assert_int_equal(call(w, "PATCH", path,
                          "[{\"op\":\"remove\",\"path\":\"/extra/note\"},"
                          "{\"op\":\"remove\",\"path\":\"/automated_clean\"}]",
                          &body),
                     200);
    assert_true(json_is(json_get(body, "automated_clean"), JSON_NULL));
    expect_fault(w, "PATCH", path, "[{\"op\":\"remove\",\"path\":\"/extra/note\"}]", 400, "/extra/note");
    expect_fault(w, "PATCH", path, "[{\"op\":\"add\",\"path\":\"/provision_state\",\"value\":\"active\"}]", 400,
                 "/provision_state");
    expect_fault(w, "PATCH", path, "[{\"op\":\"add\",\"path\":\"/nope\",\"value\":1}]", 400, "/nope");
    expect_fault(w, "PATCH", path, "{\"op\":\"add\"}", 400, "array");
    /* nothing is taken when one operation is bad */
    expect_fault(w, "PATCH", path,
                 "[{\"op\":\"add\",\"path\":\"/extra/half\",\"value\":1},"
                 "{\"op\":\"add\",\"path\":\"/maintenance\",\"value\":\"maybe\"}]",
                 400, "maintenance");
    call(w, "GET", path, NULL, &body);
    assert_null(json_get(body, "extra/half"));
    /* instance_uuid is not replaced by another one (IRO-207) */
    assert_int_equal(call(w, "PATCH", path, INSTANCE_PATCH, NULL), 200);
    expect_fault(w, "PATCH", path, "[{\"op\":\"replace\",\"path\":\"/instance_uuid\",\"value\":\"other\"}]", 409,
                 "associated");
    assert_int_equal(call(w, "PATCH", path, "[{\"op\":\"remove\",\"path\":\"/instance_uuid\"}]", NULL), 200);
    /* the password is kept although it is shown masked, and the new name is found */
    assert_int_equal(call(w, "PATCH", path, "[{\"op\":\"replace\",\"path\":\"/name\",\"value\":\"ns~new\"}]", NULL),
                     200);
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~new", NULL, NULL), 200);
    assert_int_equal(call(w, "GET", path, NULL, NULL), 404);
}

static void verbs(struct world *w)
{
    enroll(w);
    const char *path = "/v1/nodes/ns~host/states/provision";
    expect_fault(w, "PUT", path, "{\"target\":\"fly\"}", 400, "fly");
    expect_fault(w, "PUT", path, "{\"target\":\"active\"}", 400, "in state \"enroll\"");
    expect_fault(w, "PUT", path, "{}", 400, "target");
    provision(w, "{\"target\":\"manage\"}", 202);
    expect_fault(w, "PUT", path, "{\"target\":\"provide\"}", 409, "locked"); /* IRO-206: reserved */
    wait_state(w, "manageable");
    assert_int_equal(call(w, "PUT", "/v1/nodes/ns~host/maintenance", "{\"reason\":\"because\"}", NULL), 202);
    expect_fault(w, "PUT", path, "{\"target\":\"provide\"}", 400, "maintenance");
    CLEANUP(json_free) struct json *body = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &body);
    assert_string_equal(json_str(body, "maintenance_reason"), "because");
    assert_int_equal(call(w, "DELETE", "/v1/nodes/ns~host/maintenance", NULL, NULL), 202);
    expect_fault(w, "GET", "/v1/nodes/ns~host/inventory", NULL, 404, "Inventory");
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host/states", NULL, &body), 200);
    assert_string_equal(json_str(body, "power_state"), "power off");
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host/bios?detail=True", NULL, &body), 200);
    expect_fault(w, "PUT", "/v1/nodes/ns~host/states/raid", "{\"logical_disks\":[]}", 400, "no-raid");
}

static void validating(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    enroll(w);
    assert_int_equal(call(w, "GET", "/v1/nodes/ns~host/validate", NULL, &body), 200); /* IRO-024 */
    assert_true(json_bool(body, "boot/result", false));
    assert_false(json_bool(body, "deploy/result", true));
    assert_non_null(strstr(json_str(body, "deploy/reason"), "image_source"));
    assert_int_equal(call(w, "PATCH", "/v1/nodes/ns~host", INSTANCE_PATCH, NULL), 200);
    call(w, "GET", "/v1/nodes/ns~host/validate", NULL, &body);
    assert_true(json_bool(body, "deploy/result", false));
    assert_int_equal(
        call(w, "PATCH", "/v1/nodes/ns~host",
             "[{\"op\":\"add\",\"path\":\"/driver_info/redfish_address\",\"value\":\"https://u:hunter2@b\"}]", NULL),
        200);
    call(w, "GET", "/v1/nodes/ns~host/validate", NULL, &body);
    assert_false(json_bool(body, "power/result", true));
    assert_non_null(strstr(json_str(body, "power/reason"), "redfish_username"));
    assert_null(strstr(json_str(body, "power/reason"), "hunter2"));
}

static void listing(struct world *w)
{
    for (int i = 0; i < 7; i++) {
        CLEANUP_FREE char *body = mem_printf("{\"driver\":\"redfish\",\"name\":\"n%d\"}", i);
        assert_int_equal(call(w, "POST", "/v1/nodes", body, NULL), 201);
    }
    CLEANUP(json_free) struct json *page = NULL;
    CLEANUP_FREE char *path = mem_strdup("/v1/nodes?fields=uuid,name&limit=3");
    int seen = 0, pages = 0;
    while (path) {
        assert_int_equal(call(w, "GET", path, NULL, &page), 200);
        JSON_FOREACH (node, json_get(page, "nodes")) {
            CLEANUP_FREE char *name = mem_printf("n%d", seen++);
            assert_string_equal(json_str(node, "name"), name);
            assert_null(json_get(node, "driver"));
        }
        pages++;
        const char *next = json_str(page, "next"); /* IRO-023 */
        char *following = next ? mem_strdup(next + strlen(API)) : NULL;
        free(path);
        path = following;
    }
    assert_int_equal(seen, 7);
    assert_int_equal(pages, 3);
    call(w, "GET", "/v1/nodes/detail", NULL, &page);
    assert_string_equal(json_str(page, "nodes/6/driver"), "redfish");
    call(w, "GET", "/v1/nodes?provision_state=active", NULL, &page);
    assert_int_equal(json_len(json_get(page, "nodes")), 0);
    expect_fault(w, "GET", "/v1/nodes?limit=x", NULL, 400, "limit");
    expect_fault(w, "GET", "/v1/nodes?marker=nobody", NULL, 400, "nobody");
}

static void ports(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    enroll(w);
    /* IRO-034, IRO-035 */
    assert_int_equal(call(w, "GET", "/v1/ports?address=52:54:00:00:00:AA&fields=node_uuid,uuid,address", NULL, &body),
                     200);
    assert_int_equal(json_len(json_get(body, "ports/0")), 3);
    assert_string_equal(json_str(body, "ports/0/address"), MAC);
    CLEANUP_FREE char *uuid = mem_strdup(json_str(body, "ports/0/uuid"));
    CLEANUP_FREE char *node = mem_strdup(json_str(body, "ports/0/node_uuid"));
    CLEANUP_FREE char *again = mem_printf("{\"node_uuid\":\"%s\",\"address\":\"" MAC "\"}", node);
    expect_fault(w, "POST", "/v1/ports", again, 409, MAC);
    CLEANUP_FREE char *bad = mem_printf("{\"node_uuid\":\"%s\",\"address\":\"nonsense\"}", node);
    expect_fault(w, "POST", "/v1/ports", bad, 400, "nonsense");
    expect_fault(w, "POST", "/v1/ports", "{\"node_uuid\":\"x\",\"address\":\"52:54:00:00:00:bb\"}", 400, "x");
    CLEANUP_FREE char *path = mem_printf("/v1/ports/%s", uuid);
    assert_int_equal(call(w, "PATCH", path, "[{\"op\":\"replace\",\"path\":\"/pxe_enabled\",\"value\":false}]", &body),
                     200);
    assert_false(json_bool(body, "pxe_enabled", true));
    assert_int_equal(call(w, "DELETE", path, NULL, NULL), 204);
    call(w, "GET", "/v1/ports", NULL, &body);
    assert_int_equal(json_len(json_get(body, "ports")), 0);
}

static void agents(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    enroll(w);
    expect_fault(w, "GET", "/v1/lookup", NULL, 400, "addresses");
    expect_fault(w, "GET", "/v1/lookup?addresses=00:11:22:33:44:55", NULL, 404, "could not be found");
    /* fast track lets an enrolled machine's agent in; the token is told once (IRO-306) */
    assert_int_equal(call(w, "GET", "/v1/lookup?addresses=ff:ff:00:00:00:00," MAC, NULL, &body), 200);
    CLEANUP_FREE char *token = mem_strdup(json_str(body, "config/agent_token"));
    CLEANUP_FREE char *uuid = mem_strdup(json_str(body, "node/uuid"));
    assert_int_equal(strlen(token), 43);
    assert_int_equal(json_int(body, "config/heartbeat_timeout", 0), 300);
    assert_null(json_get(body, "node/driver_info"));
    assert_int_equal(call(w, "GET", "/v1/lookup?addresses=" MAC, NULL, &body), 200);
    assert_string_equal(json_str(body, "config/agent_token"), "******");
    assert_string_equal(json_str(body, "node/driver_internal_info/agent_secret_token"), "******");
    /* IRO-517 */
    CLEANUP_FREE char *path = mem_printf("/v1/heartbeat/%s", uuid);
    expect_fault(w, "POST", path, "{\"callback_url\":\"http://a:9999\",\"agent_version\":\"1\"}", 400, "token");
    expect_fault(w, "POST", path,
                 "{\"callback_url\":\"http://a:9999\",\"agent_version\":\"1\",\"agent_token\":\"wrong\"}", 400,
                 "token");
    CLEANUP_FREE char *no_version = mem_printf("{\"callback_url\":\"http://a:9999\",\"agent_token\":\"%s\"}", token);
    expect_fault(w, "POST", path, no_version, 400, "agent_version");
    CLEANUP_FREE char *good =
        mem_printf("{\"callback_url\":\"http://a:9999\",\"agent_version\":\"1\",\"agent_token\":\"%s\"}", token);
    assert_int_equal(call(w, "POST", path, good, NULL), 202);
    CLEANUP_FREE char *moved =
        mem_printf("{\"callback_url\":\"http://b:9999\",\"agent_version\":\"1\",\"agent_token\":\"%s\"}", token);
    expect_fault(w, "POST", path, moved, 400, "change");
    expect_fault(w, "POST", "/v1/continue_inspection", "{\"inventory\":{}}", 400, "interfaces");
    expect_fault(w, "POST", "/v1/continue_inspection",
                 "{\"inventory\":{\"interfaces\":[{\"name\":\"a\",\"mac_address\":\"" MAC "\"}]}}", 404,
                 "no node waits");
    call(w, "GET", "/v1/nodes/ns~host", NULL, &body);
    assert_string_equal(json_str(body, "driver_internal_info/agent_url"), "http://a:9999");
}

static void tls_required(struct world *w)
{
    CLEANUP(json_free) struct json *body = NULL;
    enroll(w);
    assert_int_equal(call(w, "GET", "/v1/lookup?addresses=" MAC, NULL, &body), 200);
    CLEANUP_FREE char *path = mem_printf("/v1/heartbeat/%s", json_str(body, "node/uuid"));
    CLEANUP_FREE char *beat_body =
        mem_printf("{\"callback_url\":\"http://a:9999\",\"agent_version\":\"1\",\"agent_token\":\"%s\"}",
                   json_str(body, "config/agent_token"));
    expect_fault(w, "POST", path, beat_body, 400, "TLS");
}

static void require_tls(struct world *w)
{
    w->options.require_agent_tls = true;
}

static int with_password(struct world *w, const char *path, const char *user, const char *password)
{
    CLEANUP_FREE char *url = mem_printf(API "%s", path);
    struct http_request request = {.url = url, .user = user, .password = password};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    assert_ok(http_call(w->client, &request, &response));
    if (response->status == 401)
        assert_string_equal(http_response_header(response, "WWW-Authenticate"), "Basic realm=\"Baremetal API\"");
    return response->status;
}

static void authentication(struct world *w)
{
    /* IRO-005 */
    assert_int_equal(with_password(w, "/v1", NULL, NULL), 200);
    assert_int_equal(with_password(w, "/", NULL, NULL), 200);
    assert_int_equal(with_password(w, "/v1/lookup?addresses=" MAC, NULL, NULL), 404);
    assert_int_equal(with_password(w, "/v1/nodes", NULL, NULL), 401);
    assert_int_equal(with_password(w, "/v1/nodes", "ironic", "wrong"), 401);
    assert_int_equal(with_password(w, "/v1/nodes", "other", "secret"), 401);
    assert_int_equal(with_password(w, "/v1/nodes", "ironic", "secret"), 200);
    assert_int_equal(with_password(w, "/v1/nodes", "ironic", "secret"), 200);
    assert_int_equal(with_password(w, "/v1/nonsense", NULL, NULL), 401);
}

static void with_user(struct world *w)
{
    w->options.user = "ironic";
    w->options.password = "secret";
}

static char htpasswd_path[80];

static void with_htpasswd(struct world *w)
{
    snprintf(htpasswd_path, sizeof(htpasswd_path), "%s/htpasswd", w->dir);
    FILE *file = fopen(htpasswd_path, "w");
    assert_non_null(file);
    /* htpasswd -nbBC 5 ironic secret, of apache2-utils */
    fputs("# users\nironic:$2y$05$mXfbyH9yi8u6YChVAEZ3c.A3vWH8ABWOk/.DCIXeghpuCjIOH2Jvq\n", file);
    fclose(file);
    w->options.htpasswd = htpasswd_path;
}

#define IN_WORLD(function, prepare)                                                                                    \
    static void test_##function##_##prepare(void **unused)                                                             \
    {                                                                                                                  \
        world_run(function, prepare, 11);                                                                              \
    }
#define NOTHING NULL
IN_WORLD(versions, NOTHING)
IN_WORLD(version_headers, NOTHING)
IN_WORLD(creating, NOTHING)
IN_WORLD(patching, NOTHING)
IN_WORLD(verbs, NOTHING)
IN_WORLD(validating, NOTHING)
IN_WORLD(listing, NOTHING)
IN_WORLD(ports, NOTHING)
IN_WORLD(agents, NOTHING)
IN_WORLD(tls_required, require_tls)
IN_WORLD(authentication, with_user)

static void test_htpasswd(void **unused)
{
    world_run(authentication, with_htpasswd, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_NOTHING),
        cmocka_unit_test(test_version_headers_NOTHING),
        cmocka_unit_test(test_creating_NOTHING),
        cmocka_unit_test(test_patching_NOTHING),
        cmocka_unit_test(test_verbs_NOTHING),
        cmocka_unit_test(test_validating_NOTHING),
        cmocka_unit_test(test_listing_NOTHING),
        cmocka_unit_test(test_ports_NOTHING),
        cmocka_unit_test(test_agents_NOTHING),
        cmocka_unit_test(test_tls_required_require_tls),
        cmocka_unit_test(test_authentication_with_user),
        cmocka_unit_test(test_htpasswd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
