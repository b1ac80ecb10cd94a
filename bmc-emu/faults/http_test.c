// SPDX-License-Identifier: Apache-2.0
// Faults as a Redfish client meets them: the whole emulator with the three decorators, on the simulated network.
#include "lib/test.h"

#include "bmc-emu/faults/layers.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"

#define ROOT "/redfish/v1"
#define SESSIONS ROOT "/SessionService/Sessions"
#define LOGIN "{\"UserName\": \"admin\", \"Password\": \"password\"}"

struct world {
    bool sockets; /* instead of the simulated network; one port for all machines */
    struct rt *rt;
    struct net_sim *sim;
    struct net *bmc_net, *client_net;
    struct env env;
    struct fault_plan *plan;
    struct bmc_emulator *emulator;
    struct http_client *client;
    struct rt_group *clients;
    char system[2][256]; /* paths of the two machines' systems */
    char base[2][128];
    const char *token;
    rt_time timeout;
    struct error *outcome;
    void (*test)(struct world *w);
};

static void drop_line(void *arg, const char *line, size_t len)
{
}

static void body(void *arg)
{
    struct world *w = arg;
    struct http_client_options client = {0};

    w->env.group = rt_group_new(w->rt, NULL, "test");
    w->clients = rt_group_new(w->rt, NULL, "clients");
    w->plan = fault_plan_new(w->rt);
    const struct bmc_layers layers = fault_layers(w->plan);
    const struct bmc_emulator_options options = {
        .machines = 2,
        .addresses = w->sockets ? NULL : "127.1.0.0/16",
        .port = w->sockets ? 0 : 8000,
        .user = "admin",
        .password = "password",
        .layers = &layers,
    };
    assert_ok(bmc_emulator_start(&w->env, &options, &w->emulator));
    assert_ok(http_client_new(w->client_net, &client, &w->client));
    for (size_t i = 0; i < 2; i++) {
        char url[256];
        bmc_emulator_base_url(w->emulator, i, w->base[i], sizeof(w->base[i]));
        bmc_emulator_system_url(w->emulator, i, url, sizeof(url));
        snprintf(w->system[i], sizeof(w->system[i]), "%s", url + strlen(w->base[i]));
    }
    w->test(w);
    bmc_emulator_stop(w->emulator);
    rt_group_stop(w->clients);
    rt_group_free(w->clients);
    http_client_free(w->client);
    fault_plan_free(w->plan);
    rt_group_stop(w->env.group);
    rt_group_free(w->env.group);
}

static void run_world(struct world *w)
{
    struct log_options log_options = {.level = LOG_ERROR, .sink = drop_line};

    w->env = (struct env){.rt = w->rt, .net = w->bmc_net, .log = log_new(&log_options)};
    assert_ok(rt_run(w->rt, body, w));
    log_free(w->env.log);
}

static void run(void (*test)(struct world *w))
{
    struct world w = {.test = test, .timeout = 60 * RT_S};

    w.rt = rt_new_sim(7, TEST_WALL);
    w.sim = net_sim_new(w.rt, NULL);
    w.bmc_net = net_sim_host(w.sim, "bmcs", "10.0.0.9");
    w.client_net = net_sim_host(w.sim, "client", "10.0.0.2");
    run_world(&w);
    net_free(w.bmc_net);
    net_free(w.client_net);
    net_sim_free(w.sim);
    rt_free(w.rt);
}

static void run_on_sockets(void (*test)(struct world *w))
{
    struct world w = {.test = test, .timeout = 60 * RT_S, .sockets = true};

    assert_ok(rt_new_real(0, &w.rt));
    w.bmc_net = w.client_net = net_new(w.rt);
    run_world(&w);
    net_free(w.bmc_net);
    rt_free(w.rt);
}

static uint64_t add(struct world *w, const char *text)
{
    CLEANUP(json_free) struct json *row = NULL;
    uint64_t id = 0;

    assert_ok(json_parse(text, strlen(text), &row));
    assert_ok(fault_plan_add(w->plan, row, &id));
    return id;
}

/* A request to the BMC of machine `number`, with the token or by user and password. */
static struct error *try_call(struct world *w, size_t number, const char *method, const char *path, const char *text,
                              struct http_response **ret)
{
    CLEANUP_FREE char *url = mem_printf("%s%s", w->base[number], path);
    const struct http_header header = {"X-Auth-Token", w->token};
    const struct http_request request = {
        .method = method,
        .url = url,
        .headers = &header,
        .header_count = w->token ? 1 : 0,
        .user = w->token ? NULL : "admin",
        .password = w->token ? NULL : "password",
        .body = text,
        .body_len = text ? strlen(text) : 0,
        .deadline = rt_after(w->rt, w->timeout),
    };

    return http_call(w->client, &request, ret);
}

static struct http_response *call(struct world *w, const char *method, const char *path, const char *text)
{
    struct http_response *response = NULL;

    assert_ok(try_call(w, 0, method, path, text, &response));
    return response;
}

static int status(struct world *w, const char *method, const char *path, const char *text)
{
    CLEANUP(http_response_free) struct http_response *response = call(w, method, path, text);

    return response->status;
}

/* Of a request that gets no answer. */
static struct error *failure(struct world *w, const char *path)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;

    return try_call(w, 0, "GET", path, NULL, &response);
}

static int power_on(struct world *w)
{
    CLEANUP_FREE char *path = mem_printf("%s/Actions/ComputerSystem.Reset", w->system[0]);

    return status(w, "POST", path, "{\"ResetType\": \"On\"}");
}

static enum machine_power power(struct world *w)
{
    return machine_power(bmc_emulator_machine(w->emulator, 0));
}

/* -- before the front end -- */

static void check_reset(struct world *w)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;

    add(w, "{\"fault\": \"unreachable\", \"machines\": 1, \"when\": {\"for\": \"1m\"}}");
    assert_error(failure(w, ROOT), ERROR_TRANSIENT);
    assert_ok(try_call(w, 1, "GET", ROOT, NULL, &response));
    assert_int_equal(response->status, 200);
    assert_ok(rt_sleep(w->rt, 60 * RT_S));
    assert_int_equal(status(w, "GET", ROOT, NULL), 200);
}

static void test_reset(void **unused)
{
    run(check_reset);
}

static void check_timeout(struct world *w)
{
    rt_time start = rt_now(w->rt);

    w->timeout = 20 * RT_S;
    add(w, "{\"fault\": \"unreachable\", \"mode\": \"timeout\", \"when\": {\"count\": 1}}");
    assert_error(failure(w, ROOT), ERROR_TIMEOUT);
    assert_int_equal(rt_now(w->rt) - start, 20 * RT_S);
    assert_int_equal(status(w, "GET", ROOT, NULL), 200);
}

static void test_timeout(void **unused)
{
    run(check_timeout);
}

static void patient(void *arg)
{
    struct world *w = arg;

    w->outcome = failure(w, ROOT);
}

/* The emulator ends while a client waits for an answer that never comes. */
static void check_stop(struct world *w)
{
    w->timeout = 3600 * RT_S;
    add(w, "{\"fault\": \"unreachable\", \"mode\": \"timeout\"}");
    rt_spawn(w->rt, w->clients, "patient", patient, w);
    assert_ok(rt_sleep(w->rt, 10 * RT_S));
    assert_null(w->outcome);
    bmc_emulator_stop(TAKE_PTR(w->emulator));
    assert_ok(rt_group_wait(w->clients, rt_after(w->rt, 10 * RT_S)));
    assert_error(w->outcome, ERROR_TRANSIENT);
}

static void test_stop(void **unused)
{
    run(check_stop);
}

static void check_slow(struct world *w)
{
    rt_time start = rt_now(w->rt);

    add(w, "{\"fault\": \"slow\", \"delay\": \"5s\", \"operation\": \"GET\"}");
    assert_int_equal(status(w, "GET", ROOT, NULL), 200);
    assert_in_range(rt_now(w->rt) - start, 5 * RT_S, 5 * RT_S + 100 * RT_MS);
}

static void test_slow(void **unused)
{
    run(check_slow);
}

/* The client gives up, and what it asked for happens all the same (EMU-391). */
static void check_slow_write(struct world *w)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP_FREE char *path = mem_printf("%s/Actions/ComputerSystem.Reset", w->system[0]);

    add(w, "{\"fault\": \"slow\", \"delay\": \"65s\", \"operation\": \"POST\"}");
    assert_error(try_call(w, 0, "POST", path, "{\"ResetType\": \"On\"}", &response), ERROR_TIMEOUT);
    assert_int_equal(power(w), MACHINE_OFF);
    assert_ok(rt_sleep(w->rt, 10 * RT_S));
    assert_int_not_equal(power(w), MACHINE_OFF);
}

static void test_slow_write(void **unused)
{
    run(check_slow_write);
}

static void check_status(struct world *w)
{
    CLEANUP(json_free) struct json *body_json = NULL;

    add(w,
        "{\"fault\": \"status\", \"operation\": \"POST /redfish/v1/Systems/*/Actions/*\", \"retryAfter\": \"1500ms\", "
        "\"messageId\": \"IDRAC.2.8.SYS518\", \"when\": {\"count\": 1}}");
    CLEANUP_FREE char *path = mem_printf("%s/Actions/ComputerSystem.Reset", w->system[0]);
    assert_int_equal(status(w, "GET", w->system[0], NULL), 200);
    CLEANUP(http_response_free) struct http_response *response = call(w, "POST", path, "{\"ResetType\": \"On\"}");
    assert_int_equal(response->status, 503);
    assert_string_equal(http_response_header(response, "Retry-After"), "2");
    assert_ok(json_parse(response->body, response->body_len, &body_json));
    assert_string_equal(json_str(body_json, "error/@Message.ExtendedInfo/0/MessageId"), "IDRAC.2.8.SYS518");
    assert_int_equal(power(w), MACHINE_OFF);
    assert_int_equal(power_on(w), 204);
    assert_int_not_equal(power(w), MACHINE_OFF);
}

static void test_status(void **unused)
{
    run(check_status);
}

static void check_plain_status(struct world *w)
{
    CLEANUP(json_free) struct json *body_json = NULL;

    add(w, "{\"fault\": \"status\", \"status\": 500}");
    CLEANUP(http_response_free) struct http_response *response = call(w, "GET", ROOT, NULL);
    assert_int_equal(response->status, 500);
    assert_null(http_response_header(response, "Retry-After"));
    assert_ok(json_parse(response->body, response->body_len, &body_json));
    assert_non_null(strstr(json_str_or(body_json, "error/code", ""), "InternalError"));
}

static void test_plain_status(void **unused)
{
    run(check_plain_status);
}

static void check_wrong_password(struct world *w)
{
    uint64_t id = add(w, "{\"fault\": \"wrong-password\"}");

    CLEANUP(http_response_free) struct http_response *response = call(w, "GET", w->system[0], NULL);
    assert_int_equal(response->status, 401);
    assert_non_null(http_response_header(response, "WWW-Authenticate"));
    assert_int_equal(status(w, "POST", SESSIONS, LOGIN), 401);
    assert_int_equal(status(w, "GET", ROOT, NULL), 200);
    assert_int_equal(status(w, "GET", ROOT "/", NULL), 200);
    assert_true(fault_plan_remove(w->plan, id));
    assert_int_equal(status(w, "GET", w->system[0], NULL), 200);
}

static void test_wrong_password(void **unused)
{
    run(check_wrong_password);
}

static char *log_in(struct world *w)
{
    w->token = NULL;
    CLEANUP(http_response_free) struct http_response *response = call(w, "POST", SESSIONS, LOGIN);
    assert_int_equal(response->status, 201);
    return mem_strdup(http_response_header(response, "X-Auth-Token"));
}

/* The session stays lost when the fault is over; another one works. */
static void check_session_lost(struct world *w)
{
    CLEANUP_FREE char *first = log_in(w);

    w->token = first;
    assert_int_equal(status(w, "GET", w->system[0], NULL), 200);
    add(w, "{\"fault\": \"session-lost\", \"when\": {\"count\": 1}}");
    assert_int_equal(status(w, "GET", w->system[0], NULL), 401);
    assert_int_equal(status(w, "GET", w->system[0], NULL), 401);
    CLEANUP_FREE char *second = log_in(w);
    w->token = second;
    assert_int_equal(status(w, "GET", w->system[0], NULL), 200);
    w->token = NULL;
}

static void test_session_lost(void **unused)
{
    run(check_session_lost);
}

static void check_bodies(struct world *w)
{
    add(w, "{\"fault\": \"truncated-body\", \"when\": {\"count\": 1}}");
    assert_error(failure(w, w->system[0]), ERROR_TRANSIENT);
    add(w, "{\"fault\": \"garbage-body\", \"when\": {\"count\": 1}}");
    assert_int_equal(power_on(w), 204); /* reads only, unless told otherwise */
    CLEANUP(http_response_free) struct http_response *response = call(w, "GET", w->system[0], NULL);
    assert_int_equal(response->status, 200);
    assert_non_null(strstr(response->body, "<html>"));
    assert_int_equal(status(w, "GET", w->system[0], NULL), 200);
}

static void test_bodies(void **unused)
{
    run(check_bodies);
}

/* What depends on the network, over real sockets and behind one port: requests of no machine, and of the one in their path. */
static void check_sockets(struct world *w)
{
    add(w, "{\"fault\": \"status\", \"machines\": 1}");
    assert_int_equal(status(w, "GET", ROOT, NULL), 200);
    assert_int_equal(status(w, "GET", w->system[0], NULL), 503);
    assert_int_equal(status(w, "GET", w->system[1], NULL), 200);
    fault_plan_clear(w->plan);

    /* Not just once: clients try again by themselves when a kept connection turns out to be dead. */
    uint64_t id = add(w, "{\"fault\": \"unreachable\"}");
    assert_error(failure(w, ROOT), ERROR_TRANSIENT);
    assert_true(fault_plan_remove(w->plan, id));
    add(w, "{\"fault\": \"truncated-body\", \"when\": {\"count\": 1}}");
    assert_error(failure(w, ROOT), ERROR_TRANSIENT);
    add(w, "{\"fault\": \"unreachable\", \"mode\": \"timeout\", \"when\": {\"count\": 1}}");
    w->timeout = 300 * RT_MS;
    assert_error(failure(w, ROOT), ERROR_TIMEOUT);
    w->timeout = 60 * RT_S;
    assert_int_equal(status(w, "GET", ROOT, NULL), 200);
}

static void test_sockets(void **unused)
{
    run_on_sockets(check_sockets);
}

/* -- behind it -- */

static void check_power(struct world *w)
{
    add(w, "{\"fault\": \"power-stuck\", \"when\": {\"count\": 1}}");
    add(w, "{\"fault\": \"power-fails\", \"when\": {\"nth\": 2}}");
    assert_int_equal(power_on(w), 204);
    assert_ok(rt_sleep(w->rt, 600 * RT_S));
    assert_int_equal(power(w), MACHINE_OFF);
    assert_int_equal(power_on(w), 500);
    assert_int_equal(power_on(w), 204);
    assert_int_not_equal(power(w), MACHINE_OFF);
}

static void test_power(void **unused)
{
    run(check_power);
}

static int insert(struct world *w)
{
    CLEANUP_FREE char *list_path = mem_printf("%s/VirtualMedia", w->system[0]);
    CLEANUP(http_response_free) struct http_response *response = call(w, "GET", list_path, NULL);
    CLEANUP(json_free) struct json *list = NULL;

    assert_ok(json_parse(response->body, response->body_len, &list));
    CLEANUP_FREE char *path = mem_printf("%s/Actions/VirtualMedia.InsertMedia",
                                         json_str(json_item(json_get(list, "Members"), 0), "@odata.id"));
    return status(w, "POST", path, "{\"Image\": \"http://127.1.0.1:8000/redfish\"}");
}

/* Each mode looks as its real counterpart does to whoever inserts; then the fetch goes through (of what is no image, but bytes). */
static void check_download(struct world *w)
{
    const struct machine_slot *slot = machine_slot(bmc_emulator_machine(w->emulator, 0), 0);
    rt_time start = rt_now(w->rt);

    add(w, "{\"fault\": \"media-download-fails\", \"when\": {\"count\": 1}}");
    assert_in_range(insert(w), 400, 599);
    add(w, "{\"fault\": \"media-download-fails\", \"mode\": \"not-found\", \"when\": {\"count\": 1}}");
    assert_in_range(insert(w), 400, 499);
    add(w, "{\"fault\": \"media-download-fails\", \"mode\": \"denied\", \"when\": {\"count\": 1}}");
    assert_in_range(insert(w), 400, 499);
    add(w,
        "{\"fault\": \"media-download-fails\", \"mode\": \"timeout\", \"delay\": \"30s\", \"when\": {\"count\": 1}}");
    assert_in_range(rt_now(w->rt) - start, 0, RT_S);
    assert_in_range(insert(w), 400, 599);
    assert_in_range(rt_now(w->rt) - start, 30 * RT_S, 31 * RT_S);
    assert_null(slot->medium);
    assert_int_equal(insert(w), 204);
    assert_non_null(slot->medium);
}

static void test_download(void **unused)
{
    run(check_download);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset),        cmocka_unit_test(test_timeout),        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_slow),         cmocka_unit_test(test_slow_write),     cmocka_unit_test(test_status),
        cmocka_unit_test(test_plain_status), cmocka_unit_test(test_wrong_password), cmocka_unit_test(test_session_lost),
        cmocka_unit_test(test_bodies),       cmocka_unit_test(test_power),          cmocka_unit_test(test_download),
        cmocka_unit_test(test_sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
