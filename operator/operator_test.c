/* SPDX-License-Identifier: Apache-2.0 */
/* The operator as a whole against an empty Kubernetes API: options, health, metrics, its end. */
#include "lib/net/http_client.h"
#include "operator/kube/test_peer.h"
#include "operator/operator.h"

/* -- options -- */

static void defaults_are_upstreams(void **state)
{
    struct operator_options options;
    operator_options_default(&options);
    assert_string_equal(options.metrics_address, ":8443");
    assert_string_equal(options.health_address, ":9440");
    assert_int_equal(options.max_provisioning_retries, 5);
    assert_int_equal(options.ironic.provisioning_limit, 20);
    assert_int_equal(options.ironic.timeout, 30 * RT_S);
    assert_int_equal(options.ironic.cache_ttl, 5 * RT_S);
    assert_false(options.leader_election);
}

static void check_fails(struct operator_options *options, const char *text)
{
    CLEANUP(error_free) struct error *err = operator_options_check(options);
    assert_true(error_is(err, ERROR_INVALID));
    if (!strstr(error_message(err), text))
        fail_msg("\"%s\" lacks \"%s\"", error_message(err), text);
}

static void wrong_options_are_named(void **state)
{
    struct operator_options good;
    operator_options_default(&good);
    good.ironic.endpoint = (char *)"http://ironic/v1/";
    assert_null(operator_options_check(&good));
    struct operator_options bad = good;
    bad.ironic.endpoint = NULL;
    check_fails(&bad, "IRONIC_ENDPOINT");
    bad = good;
    bad.ironic.endpoint = (char *)"ironic";
    check_fails(&bad, "IRONIC_ENDPOINT");
    bad = good;
    bad.ironic.deploy_ramdisk_url = (char *)"http://x";
    check_fails(&bad, "DEPLOY_KERNEL_URL");
    bad = good;
    bad.max_provisioning_retries = -1;
    check_fails(&bad, "--max-provisioning-retries: -1 is not between 0");
    bad = good;
    bad.kube_qps_text = (char *)"fast";
    check_fails(&bad, "--kube-api-qps");
    bad = good;
    bad.ironic.live_iso_boot_device = (char *)"Sometimes";
    check_fails(&bad, "\"Sometimes\" is not one of Default, Always, Never");
    bad = good;
    bad.provisioner = (char *)"demo";
    check_fails(&bad, "\"demo\"");
    good.kube_qps_text = (char *)"12.5";
    assert_null(operator_options_check(&good));
    assert_true(good.kube_qps == 12.5);
}

/* -- life -- */

/* Lists are empty, watches silent; the token "good" is known and may read metrics, "other" is known. */
static void serve(struct world *world, struct http_exchange *exchange)
{
    static const char *const none[] = {NULL};
    const char *path = http_path(exchange);
    const char *body = http_body(exchange);
    if (http_query(exchange, "watch"))
        peer_stream(world, exchange, &(struct peer_step){.events = none, .hold = 3600 * RT_S});
    else if (strstr(path, "/leases"))
        peer_serve_lease(world->arg, exchange);
    else if (strstr(path, "/tokenreviews") && strstr(body, "\"good\""))
        http_reply_str(exchange, 201, "application/json",
                       "{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"prometheus\"}}}");
    else if (strstr(path, "/tokenreviews") && strstr(body, "\"other\""))
        http_reply_str(exchange, 201, "application/json",
                       "{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"mallory\"}}}");
    else if (strstr(path, "/subjectaccessreviews"))
        http_reply_str(exchange, 201, "application/json",
                       strstr(body, "\"prometheus\"") ? "{\"status\":{\"allowed\":true}}" : "{\"status\":{}}");
    else if (str_equal(http_method(exchange), "POST"))
        http_reply_str(exchange, 201, "application/json", "{}");
    else
        http_reply_str(exchange, 200, "application/json", "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}");
}

/* GETs from the operator; returns the status, and the body in *ret_body (owned) when wanted. */
static int get(struct world *world, int port, const char *path, const char *token, char **ret_body)
{
    CLEANUP(http_client_free) struct http_client *client = NULL;
    assert_null(http_client_new(world->server_net, &(struct http_client_options){.insecure = true}, &client));
    CLEANUP_FREE char *url = mem_printf("%s://operator:%d%s", port == 8443 ? "https" : "http", port, path);
    CLEANUP_FREE char *bearer = mem_printf("Bearer %s", str_or(token, ""));
    struct http_header header = {"Authorization", bearer};
    struct http_request request = {.url = url, .headers = &header, .header_count = token ? 1 : 0};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct error *err = http_call(client, &request, &response);
    if (err)
        fail_msg("%s", error_message(err));
    if (ret_body)
        *ret_body = mem_strdup(response->body);
    return response->status;
}

static void make_options(struct operator_options *options)
{
    operator_options_default(options);
    options->kubeconfig_text = (char *)PEER_KUBECONFIG;
    options->ironic.endpoint = (char *)"http://ironic:6385/v1/";
    assert_null(operator_options_check(options));
}

static void serves_health_and_metrics(struct world *world)
{
    struct operator_options options;
    make_options(&options);
    options.leader_election = true;
    struct metal3_operator *op = NULL;
    assert_null(operator_start(&world->env, &options, &op));
    int health = operator_health_port(op), metrics = operator_metrics_port(op);
    assert_int_equal(health, 9440);
    assert_int_equal(metrics, 8443);
    assert_int_equal(get(world, health, "/healthz", NULL, NULL), 200);
    world_sleep(world, 5 * RT_S);
    assert_true(operator_is_ready(op) && operator_is_leading(op));
    assert_int_equal(get(world, health, "/readyz", NULL, NULL), 200);
    assert_int_equal(get(world, health, "/metrics", NULL, NULL), 404);
    assert_int_equal(get(world, metrics, "/metrics", NULL, NULL), 401);
    assert_int_equal(get(world, metrics, "/metrics", "forged", NULL), 401);
    assert_int_equal(get(world, metrics, "/metrics", "other", NULL), 403);
    CLEANUP_FREE char *text = NULL;
    assert_int_equal(get(world, metrics, "/metrics", "good", &text), 200);
    assert_non_null(strstr(text, "leader_election_master_status{name=\"baremetal-operator\"} 1"));
    operator_stop(op);
    operator_free(op);
}

/* Without an API server it is alive but not ready, and it recovers. */
static void waits_for_its_server(struct world *world)
{
    struct operator_options options;
    make_options(&options);
    uint64_t rule =
        net_sim_add_rule(world->sim, &(struct net_sim_rule){.from = "operator", .to = "api", .refuse = true});
    struct metal3_operator *op = NULL;
    assert_null(operator_start(&world->env, &options, &op));
    world_sleep(world, 300 * RT_S);
    assert_int_equal(get(world, 9440, "/healthz", NULL, NULL), 200);
    assert_int_equal(get(world, 9440, "/readyz", NULL, NULL), 503);
    net_sim_heal(world->sim, rule);
    world_sleep(world, 120 * RT_S);
    assert_int_equal(get(world, 9440, "/readyz", NULL, NULL), 200);
    operator_stop(op);
    operator_free(op);
}

static void wait_for_end(void *arg)
{
    struct metal3_operator **op = arg;
    error_free(operator_wait(*op));
    operator_free(TAKE_PTR(*op)); /* as the program does */
}

static void orderly_end_gives_the_lease_up(struct world *world)
{
    struct peer_lease *lease = world->arg;
    struct operator_options options;
    make_options(&options);
    options.leader_election = true;
    struct metal3_operator *op = NULL;
    assert_null(operator_start(&world->env, &options, &op));
    rt_spawn(world->rt, world->env.group, "main", wait_for_end, &op);
    world_sleep(world, 10 * RT_S);
    assert_true(operator_is_leading(op));
    assert_string_equal(kube_name(lease->lease), "baremetal-operator");
    assert_string_equal(kube_namespace(lease->lease), "metal3");
    operator_stop(op);
    assert_string_equal(json_str(lease->lease, "spec/holderIdentity"), "");
    world_sleep(world, RT_S);
    assert_null(op);
}

static void bad_address_is_an_error(struct world *world)
{
    struct operator_options options;
    make_options(&options);
    options.health_address = (char *)"nonsense";
    struct metal3_operator *op = NULL;
    CLEANUP(error_free) struct error *err = operator_start(&world->env, &options, &op);
    assert_non_null(strstr(error_message(err), "option --health-addr"));
    assert_null(op);
}

#define OPERATOR_TEST(name)                                                                                            \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        struct peer_lease lease = {0};                                                                                 \
        struct world world = {.handle = serve, .arg = &lease};                                                         \
        world_run(&world, name);                                                                                       \
        json_free(lease.lease);                                                                                        \
    }

OPERATOR_TEST(serves_health_and_metrics)
OPERATOR_TEST(waits_for_its_server)
OPERATOR_TEST(orderly_end_gives_the_lease_up)
OPERATOR_TEST(bad_address_is_an_error)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_upstreams),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(test_serves_health_and_metrics),
        cmocka_unit_test(test_waits_for_its_server),
        cmocka_unit_test(test_orderly_end_gives_the_lease_up),
        cmocka_unit_test(test_bad_address_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
