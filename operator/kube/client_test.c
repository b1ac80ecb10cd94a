/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a scripted API server: what is sent, what answers and errors become. Answers are those of a 1.36 API server (KAPI-…). */
#include "operator/kube/client.h"
#include "operator/kube/kubeconfig.h"
#include "operator/kube/patch.h"
#include "operator/kube/test_peer.h"

static const struct kube_resource gadgets = {"lab.sim", "v1", "gadgets", "Gadget", true};

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    struct error *err = json_parse(text, strlen(text), &value);
    if (err)
        fail_msg("%s", error_message(err));
    return value;
}

#define STATUS(code, reason, message)                                                                                  \
    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"" message         \
    "\",\"reason\":\"" reason "\",\"code\":" #code "}"

/* -- verbs -- */

static void verbs_use_the_right_requests(struct world *world)
{
    CLEANUP(json_free) struct json *object = kube_object_make(&gadgets, "lab", "a");
    json_set_str(object, "metadata/resourceVersion", "7");
    CLEANUP(json_free) struct json *patch = parse("{\"spec\":{\"size\":2}}");
    CLEANUP(json_free) struct json *got = NULL;
    struct kube_patch_options status = {.subresource = "status"};
    struct kube_patch_options apply = {.field_manager = "me", .force = true};
    struct kube_delete_options delete = {.uid = "u-1", .resource_version = "9", .propagation = "Foreground"};
    assert_null(kube_get(world->client, &gadgets, "lab", "a", &got));
    assert_int_equal(json_int(got, "spec/size", 0), 1);
    assert_null(kube_create(world->client, &gadgets, object, NULL));
    assert_null(kube_update(world->client, &gadgets, object, NULL));
    assert_null(kube_update_status(world->client, &gadgets, object, NULL));
    assert_null(kube_patch(world->client, &gadgets, "lab", "a", KUBE_PATCH_MERGE, patch, &status, NULL));
    assert_null(kube_patch(world->client, &gadgets, "lab", "a", KUBE_PATCH_APPLY, patch, &apply, NULL));
    assert_null(kube_delete(world->client, &gadgets, "lab", "a", &delete));
    assert_null(kube_delete(world->client, &kube_nodes, NULL, "n", NULL));
    assert_null(kube_raw(world->client, "GET", "/version", NULL, NULL));

    assert_string_equal(world->calls.items[0].authorization, "Bearer secret-token");
    assert_null(world->calls.items[0].content_type);
    assert_string_equal(world->calls.items[1].content_type, "application/json");
    assert_string_equal(world->calls.items[1].body,
                        "{\"apiVersion\":\"lab.sim/v1\",\"kind\":\"Gadget\",\"metadata\":"
                        "{\"name\":\"a\",\"namespace\":\"lab\",\"resourceVersion\":\"7\"}}");
    assert_string_equal(world->calls.items[4].content_type, "application/merge-patch+json");
    assert_string_equal(world->calls.items[4].body, "{\"spec\":{\"size\":2}}");
    assert_string_equal(world->calls.items[5].content_type, "application/apply-patch+yaml");
    assert_string_equal(world->calls.items[6].body,
                        "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\",\"preconditions\":{\"uid\":\"u-1\","
                        "\"resourceVersion\":\"9\"},\"propagationPolicy\":\"Foreground\"}");
}

static void test_verbs(void **state)
{
    static const struct peer_step steps[] = {
        {"GET /apis/lab.sim/v1/namespaces/lab/gadgets/a", 200, "{\"spec\":{\"size\":1}}"},
        {"POST /apis/lab.sim/v1/namespaces/lab/gadgets", 201, "{}"},
        {"PUT /apis/lab.sim/v1/namespaces/lab/gadgets/a", 200, "{}"},
        {"PUT /apis/lab.sim/v1/namespaces/lab/gadgets/a/status", 200, "{}"},
        {"PATCH /apis/lab.sim/v1/namespaces/lab/gadgets/a/status", 200, "{}"},
        {"PATCH /apis/lab.sim/v1/namespaces/lab/gadgets/a?fieldManager=me&force=true", 200, "{}"},
        {"DELETE /apis/lab.sim/v1/namespaces/lab/gadgets/a", 200, "{}"},
        {"DELETE /api/v1/nodes/n", 200, "{}"},
        {"GET /version", 200, "{}"},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, verbs_use_the_right_requests);
}

/* -- errors -- */

static void get_fails(struct world *world, enum error_kind kind, bool (*is)(const struct error *err), const char *text)
{
    struct json *got = NULL;
    CLEANUP(error_free) struct error *err = kube_get(world->client, &gadgets, "lab", "a", &got);
    assert_non_null(err);
    assert_null(got);
    assert_int_equal(error_kind(err), kind);
    if (is)
        assert_true(is(err));
    if (!strstr(error_message(err), text))
        fail_msg("\"%s\" lacks \"%s\"", error_message(err), text);
    assert_non_null(strstr(error_message(err), "http://api:6443/apis/lab.sim/v1/namespaces/lab/gadgets/a"));
    assert_null(strstr(error_message(err), "secret-token"));
}

static void errors_have_kinds(struct world *world)
{
    get_fails(world, ERROR_NOT_FOUND, kube_is_not_found, "gadgets.lab.sim \"a\" not found");
    get_fails(world, ERROR_NOT_FOUND, kube_is_not_found, "404 page not found");
    get_fails(world, ERROR_CONFLICT, kube_is_conflict, "the object has been modified");
    get_fails(world, ERROR_CONFLICT, kube_is_already_exists, "already exists");
    get_fails(world, ERROR_INVALID, kube_is_invalid, "is invalid");
    get_fails(world, ERROR_DENIED, NULL, "is forbidden");
    get_fails(world, ERROR_TRANSIENT, kube_is_gone, "too old");
    get_fails(world, ERROR_TRANSIENT, NULL, "apiserver is shutting down");
    get_fails(world, ERROR_TRANSIENT, NULL, "gadgets/a");
    assert_null(kube_ignore_not_found(error_new_code(ERROR_NOT_FOUND, 404, "x")));
    assert_null(kube_ignore_not_found(NULL));
}

#define GET_A "GET /apis/lab.sim/v1/namespaces/lab/gadgets/a"

static void test_errors(void **state)
{
    static const struct peer_step steps[] = {
        {GET_A, 404, STATUS(404, "NotFound", "gadgets.lab.sim \\\"a\\\" not found")},
        {GET_A, 404, "404 page not found\n"},
        {GET_A, 409,
         STATUS(409, "Conflict",
                "Operation cannot be fulfilled on gadgets.lab.sim \\\"a\\\": the object "
                "has been modified; please apply your changes to the latest version")},
        {GET_A, 409, STATUS(409, "AlreadyExists", "gadgets.lab.sim \\\"a\\\" already exists")},
        {GET_A, 422, STATUS(422, "Invalid", "Gadget.lab.sim \\\"a\\\" is invalid: spec.size: Required value")},
        {GET_A, 403, STATUS(403, "Forbidden", "gadgets.lab.sim \\\"a\\\" is forbidden: User \\\"u\\\" cannot get")},
        {GET_A, 410, STATUS(410, "Expired", "too old resource version: 1 (161)")},
        {GET_A, 503, STATUS(503, "ServiceUnavailable", "apiserver is shutting down")},
        {GET_A, .reset = true},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, errors_have_kinds);
}

static void server_is_asked_again_when_it_says_so(struct world *world)
{
    rt_time start = rt_now(world->rt);
    assert_null(kube_get(world->client, &gadgets, "lab", "a", NULL));
    assert_in_range(rt_now(world->rt) - start, 5 * RT_S, 5 * RT_S + 50 * RT_MS);
}

static void test_retry_after(void **state)
{
    static const struct peer_step steps[] = {
        {GET_A, 429, STATUS(429, "TooManyRequests", "too many requests"), "3"},
        {GET_A, 429, STATUS(429, "TooManyRequests", "storage is (re)initializing")},
        {GET_A, 500, STATUS(500, "ServerTimeout", "try again"), "1"},
        {GET_A, 200, "{}"},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, server_is_asked_again_when_it_says_so);
}

/* -- lists -- */

static void pages_become_one_list(struct world *world)
{
    CLEANUP(json_free) struct json *list = NULL;
    struct kube_list_options options = {.namespace = "lab", .label_selector = "a=b,!c", .limit = 2};
    assert_null(kube_list(world->client, &gadgets, &options, &list));
    assert_int_equal(json_len(json_get(list, "items")), 3);
    assert_string_equal(json_str(list, "items/2/metadata/name"), "c");
    assert_string_equal(json_str(list, "metadata/resourceVersion"), "10");
}

#define LIST "GET /apis/lab.sim/v1/namespaces/lab/gadgets?labelSelector=a%3Db%2C%21c"

static void test_pages(void **state)
{
    static const struct peer_step steps[] = {
        {LIST "&limit=2", 200,
         "{\"metadata\":{\"resourceVersion\":\"10\",\"continue\":\"t+1\"},\"items\":[{\"metadata\":{\"name\":\"a\"}},"
         "{\"metadata\":{\"name\":\"b\"}}]}"},
        {LIST "&limit=2&continue=t%2B1", 200,
         "{\"metadata\":{\"resourceVersion\":\"10\",\"continue\":\"\"},\"items\":[{\"metadata\":{\"name\":\"c\"}}]}"},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, pages_become_one_list);
}

static void test_expired_pages(void **state)
{
    static const struct peer_step steps[] = {
        {LIST "&limit=2", 200, "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"t\"},\"items\":[{}]}"},
        {LIST "&limit=2&continue=t", 410, STATUS(410, "Expired", "The provided continue parameter is too old")},
        {LIST, 200, "{\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[{},{},{\"metadata\":{\"name\":\"c\"}}]}"},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, pages_become_one_list);
}

/* -- watches -- */

static void next_event(struct kube_watch *watch, enum kube_watch_event event, const char *version)
{
    enum kube_watch_event got;
    CLEANUP(json_free) struct json *object = NULL;
    struct error *err = kube_watch_next(watch, RT_FOREVER, &got, &object);
    if (err)
        fail_msg("%s", error_message(err));
    assert_non_null(object);
    assert_int_equal(got, event);
    assert_string_equal(kube_resource_version(object), version);
}

static void watch_tells_events_until_its_end(struct world *world)
{
    struct kube_watch_options options = {.namespace = "lab", .resource_version = "5", .timeout_seconds = 60};
    CLEANUP(kube_watch_close) struct kube_watch *watch = NULL;
    assert_null(kube_watch_open(world->client, &gadgets, &options, &watch));
    next_event(watch, KUBE_ADDED, "6");
    next_event(watch, KUBE_MODIFIED, "7");
    next_event(watch, KUBE_BOOKMARK, "8");
    next_event(watch, KUBE_DELETED, "9");
    enum kube_watch_event event;
    struct json *object = NULL;
    struct error *err = kube_watch_next(watch, rt_after(world->rt, RT_S), &event, &object);
    assert_true(error_is(err, ERROR_TIMEOUT));
    error_free(err);
    assert_null(kube_watch_next(watch, RT_FOREVER, &event, &object));
    assert_null(object);
}

#define WATCH "GET /apis/lab.sim/v1/namespaces/lab/gadgets?allowWatchBookmarks=true&resourceVersion=5"
#define OBJECT(version) "{\"metadata\":{\"name\":\"a\",\"namespace\":\"lab\",\"resourceVersion\":\"" version "\"}}"

static void test_watch(void **state)
{
    static const char *const events[] = {
        "{\"type\":\"ADDED\",\"object\":" OBJECT("6") "}",
        "{\"type\":\"MODIFIED\",\"object\":" OBJECT("7") "}\n{\"type\":\"BOOKMARK\",\"object\":" OBJECT("8") "}",
        "{\"type\":\"DELETED\",\"object\":" OBJECT("9") "}",
        NULL,
    };
    static const struct peer_step steps[] = {
        {WATCH "&timeoutSeconds=60&watch=true", .events = events, .hold = 10 * RT_S}, {0}};
    struct world world = {.steps = steps};
    world_run(&world, watch_tells_events_until_its_end);
}

static void watch_too_old_is_gone(struct world *world)
{
    struct kube_watch_options options = {.namespace = "lab", .resource_version = "5"};
    CLEANUP(kube_watch_close) struct kube_watch *watch = NULL;
    enum kube_watch_event event;
    struct json *object = NULL;
    assert_null(kube_watch_open(world->client, &gadgets, &options, &watch));
    struct error *err = kube_watch_next(watch, RT_FOREVER, &event, &object);
    assert_true(kube_is_gone(err));
    error_free(err);
    struct kube_watch *refused = NULL;
    err = kube_watch_open(world->client, &gadgets, &options, &refused);
    assert_true(kube_is_gone(err));
    assert_non_null(strstr(error_message(err), "too old resource version: 5 (99)"));
    error_free(err);
    assert_null(refused);
}

static void test_watch_gone(void **state)
{
    static const char *const events[] = {
        "{\"type\":\"ERROR\",\"object\":" STATUS(410, "Expired", "too old resource version: 5 (99)") "}", NULL};
    static const struct peer_step steps[] = {
        {WATCH "&watch=true", .events = events},
        {WATCH "&watch=true", 410, STATUS(410, "Expired", "too old resource version: 5 (99)")},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, watch_too_old_is_gone);
}

/* -- the client's own rate limit -- */

static void answer_all(struct world *world, struct http_exchange *exchange)
{
    http_reply_str(exchange, 200, "application/json", "{}");
}

static void rate_is_limited(struct world *world)
{
    struct kube_client_options options = {.kubeconfig = PEER_KUBECONFIG, .qps = 10, .burst = 5};
    CLEANUP(kube_client_free) struct kube_client *client = NULL;
    assert_null(kube_client_new(&world->env, &options, &client));
    rt_time start = rt_now(world->rt);
    for (int i = 0; i < 5; i++)
        assert_null(kube_get(client, &gadgets, "lab", "a", NULL));
    assert_true(rt_now(world->rt) - start < 50 * RT_MS);
    for (int i = 0; i < 20; i++)
        assert_null(kube_get(client, &gadgets, "lab", "a", NULL));
    assert_in_range(rt_now(world->rt) - start, 1900 * RT_MS, 2100 * RT_MS);
}

static void test_rate(void **state)
{
    struct world world = {.handle = answer_all};
    world_run(&world, rate_is_limited);
}

/* -- patches -- */

static void changes_are_sent_as_patches(struct world *world)
{
    CLEANUP(json_free)
    struct json *original =
        parse("{\"metadata\":{\"name\":\"a\",\"namespace\":\"lab\",\"resourceVersion\":\"5\",\"finalizers\":[\"f\"]},"
              "\"spec\":{\"size\":1,\"unknown\":{\"kept\":true}},\"status\":{\"state\":\"old\",\"note\":\"x\"}}");
    CLEANUP(json_free) struct json *changed = json_copy(original);
    CLEANUP(json_free) struct json *newest = NULL;
    assert_null(kube_patch_changes(world->client, &gadgets, original, changed, true, KUBE_PATCH_LOCKED, &newest));
    assert_true(json_equal(newest, original)); /* and nothing was sent */
    json_set_int(changed, "spec/size", 2);
    json_set_str(changed, "status/state", "new");
    json_remove(changed, "status/note");
    json_free(TAKE_PTR(newest));
    assert_null(kube_patch_changes(world->client, &gadgets, original, changed, true, KUBE_PATCH_LOCKED, &newest));
    assert_string_equal(kube_resource_version(newest), "7");
    assert_string_equal(world->calls.items[0].body, "{\"spec\":{\"size\":2},\"metadata\":{\"resourceVersion\":\"5\"}}");
    CLEANUP(json_free) struct json *status = parse(world->calls.items[1].body);
    CLEANUP(json_free)
    struct json *wanted =
        parse("{\"status\":{\"state\":\"new\",\"note\":null},\"metadata\":{\"resourceVersion\":\"6\"}}");
    assert_true(json_equal(status, wanted));

    /* The last finalizer of an object under deletion: it is gone afterwards, and has no status to write. */
    json_free(TAKE_PTR(newest));
    kube_remove_finalizer(changed, "f");
    newest = parse("{}");
    json_free(TAKE_PTR(newest));
    assert_null(kube_patch_changes(world->client, &gadgets, original, changed, true, 0, &newest));
    assert_null(newest);
}

static void test_patches(void **state)
{
    static const struct peer_step steps[] = {
        {"PATCH /apis/lab.sim/v1/namespaces/lab/gadgets/a", 200, OBJECT("6")},
        {"PATCH /apis/lab.sim/v1/namespaces/lab/gadgets/a/status", 200, OBJECT("7")},
        {"PATCH /apis/lab.sim/v1/namespaces/lab/gadgets/a", 200,
         "{\"metadata\":{\"name\":\"a\",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"}}"},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, changes_are_sent_as_patches);
}

/* -- kubeconfigs -- */

static void bad_kubeconfigs_say_what_is_wrong(struct world *world)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"{}", "has no current-context"},
        {"{\"current-context\":\"x\"}", "\"x\" is not in contexts"},
        {"{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\"}}]}",
         "\"k\" is not in clusters"},
        {"{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\"}}],"
         "\"clusters\":[{\"name\":\"k\",\"cluster\":{}}]}",
         "the cluster has no server"},
        {"{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\",\"user\":\"u\"}}],"
         "\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"https://x\"}}],"
         "\"users\":[{\"name\":\"u\",\"user\":{\"exec\":{\"command\":\"aws\"}}}]}",
         "exec of a user is not supported"},
        {"{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\",\"user\":\"u\"}}],"
         "\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"https://x\"}}],"
         "\"users\":[{\"name\":\"u\",\"user\":{\"client-key-data\":\"%%%\"}}]}",
         "client-key-data"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP_KUBE_CONFIG struct kube_config config = {0};
        CLEANUP(error_free) struct error *err = kube_config_parse(world->rt, cases[i].text, NULL, NULL, &config);
        assert_non_null(err);
        if (!strstr(error_message(err), cases[i].error))
            fail_msg("\"%s\" lacks \"%s\"", error_message(err), cases[i].error);
        assert_null(config.server);
    }
}

static void kubeconfig_is_read(struct world *world)
{
    CLEANUP_KUBE_CONFIG struct kube_config config = {0};
    assert_null(kube_config_parse(
        world->rt,
        "{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\",\"user\":\"u\"}}],"
        "\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"https://h:6443/\","
        "\"certificate-authority-data\":\"Q0E=\"}}],"
        "\"users\":[{\"name\":\"u\",\"user\":{\"client-certificate-data\":\"Y2VydA==\",\"client-key-data\":\"a2V5\","
        "\"tokenFile\":\"token\"}}]}",
        "/etc/kube", NULL, &config));
    assert_string_equal(config.server, "https://h:6443");
    assert_string_equal(config.namespace, "default");
    assert_string_equal(config.ca_pem, "CA");
    assert_string_equal(config.cert_pem, "cert");
    assert_string_equal(config.key_pem, "key");
    assert_string_equal(config.token_file, "/etc/kube/token");
    assert_string_equal(kube_client_namespace(world->client), "metal3");
}

WORLD_TEST(bad_kubeconfigs_say_what_is_wrong)
WORLD_TEST(kubeconfig_is_read)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_retry_after),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_expired_pages),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_watch_gone),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_bad_kubeconfigs_say_what_is_wrong),
        cmocka_unit_test(test_kubeconfig_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
