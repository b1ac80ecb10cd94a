/* SPDX-License-Identifier: Apache-2.0 */
/* Informers against a scripted API server: filling, following, and what they do when the watch breaks. */
#include "operator/kube/informer.h"
#include "operator/kube/test_peer.h"

static const struct kube_resource gadgets = {"lab.sim", "v1", "gadgets", "Gadget", true};

#define PATH "/apis/lab.sim/v1/gadgets"
#define LIST "GET " PATH "?limit=100"
#define WATCH(version) "GET " PATH "?allowWatchBookmarks=true&resourceVersion=" version "&timeoutSeconds=*"
#define META(name, version)                                                                                            \
    "{\"name\":\"" name "\",\"namespace\":\"ns\",\"uid\":\"uid-" name "\",\"resourceVersion\":\"" version              \
    "\",\"managedFields\":[{}],\"labels\":{\"v\":\"" version "\"},\"ownerReferences\":[{\"uid\":\"owner-" name "\"}]}"
#define OBJECT(name, version) "{\"apiVersion\":\"lab.sim/v1\",\"kind\":\"Gadget\",\"metadata\":" META(name, version) "}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":" OBJECT(name, version) "}"
#define BOOKMARK(version)                                                                                              \
    "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Gadget\",\"metadata\":{\"resourceVersion\":\"" version "\"}}}"
#define GONE                                                                                                           \
    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"too old resource "       \
    "version\",\"reason\":\"Expired\",\"code\":410}}"
#define LISTED(version, ...)                                                                                           \
    "{\"kind\":\"GadgetList\",\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" __VA_ARGS__ "]}"
#define FOREVER (3600 * RT_S)

/* What the handlers heard, one word each: "+a" added, "~a 4>7" updated, "-a" deleted. */
struct heard {
    struct strbuf text;
};

static void on_added(void *arg, struct kube_object *object)
{
    struct heard *heard = arg;
    strbuf_addf(&heard->text, "+%s ", kube_name(kube_object_json(object)));
}

static void on_updated(void *arg, struct kube_object *old, struct kube_object *object)
{
    struct heard *heard = arg;
    strbuf_addf(&heard->text, "~%s:%s>%s ", kube_name(kube_object_json(object)),
                kube_resource_version(kube_object_json(old)), kube_resource_version(kube_object_json(object)));
}

static void on_deleted(void *arg, struct kube_object *last)
{
    struct heard *heard = arg;
    strbuf_addf(&heard->text, "-%s:%s ", kube_name(kube_object_json(last)),
                kube_resource_version(kube_object_json(last)));
}

/* An informer of gadgets that a test plays with. */
struct scene {
    struct informers *informers;
    struct informer *informer;
    struct heard heard;
};

static void scene_start(struct world *world, struct scene *scene, const char *const *namespaces)
{
    *scene = (struct scene){0};
    scene->informers =
        informers_new(&world->env, &(struct informers_options){.client = world->client, .namespaces = namespaces});
    scene->informer = informers_get(scene->informers, &gadgets, NULL);
    assert_ptr_equal(informers_get(scene->informers, &gadgets, NULL), scene->informer);
    informer_add_index(scene->informer, "owner", informer_index_owners);
    informer_add_handler(scene->informer, &(struct informer_handler){on_added, on_updated, on_deleted, &scene->heard});
    assert_false(informer_has_synced(scene->informer));
    informers_start(scene->informers);
}

static void scene_end(struct world *world, struct scene *scene)
{
    rt_group_stop(world->env.group);
    informers_free(scene->informers);
    strbuf_release(&scene->heard.text);
}

static void expect_heard(struct scene *scene, const char *text)
{
    assert_string_equal(strbuf_str(&scene->heard.text), text);
    strbuf_clear(&scene->heard.text);
}

/* -- filling and following -- */

static void cache_follows_the_server(struct world *world)
{
    struct scene scene;
    scene_start(world, &scene, NULL);
    assert_null(informers_wait_synced(scene.informers, rt_after(world->rt, RT_S)));
    assert_int_equal(informer_len(scene.informer), 2);
    world_sleep(world, RT_S);
    expect_heard(&scene, "+a +b +c ~a:3>6 -b:7 ");

    CLEANUP(kube_object_unref) struct kube_object *a = informer_get(scene.informer, "ns", "a");
    assert_string_equal(kube_resource_version(kube_object_json(a)), "6");
    assert_false(json_has(kube_object_json(a), "metadata/managedFields"));
    assert_string_equal(json_str(kube_object_json(a), "kind"), "Gadget");
    assert_null(informer_get(scene.informer, "ns", "b"));
    assert_null(informer_get(scene.informer, "other", "a"));

    CLEANUP_KUBE_OBJECTS struct kube_objects found = {0};
    informer_find(scene.informer, "owner", "owner-a", &found);
    informer_find(scene.informer, "owner", "owner-b", &found);
    informer_find(scene.informer, "no such index", "owner-a", &found);
    assert_int_equal(found.len, 1);
    assert_ptr_equal(found.items[0], a);
    informer_list(scene.informer, "ns", &found);
    informer_list(scene.informer, "other", &found);
    assert_int_equal(found.len, 3);

    /* A handler that comes late hears what is there. */
    struct heard late = {0};
    informer_add_handler(scene.informer, &(struct informer_handler){.added = on_added, .arg = &late});
    assert_string_equal(strbuf_str(&late.text), "+a +c ");
    strbuf_release(&late.text);
    scene_end(world, &scene);
}

static void test_following(void **state)
{
    static const char *const events[] = {EVENT("ADDED", "c", "5"), EVENT("MODIFIED", "a", "6"),
                                         EVENT("DELETED", "b", "7"), NULL};
    static const struct peer_step steps[] = {
        /* Items of built-in kinds come without type; ours must complete them. */
        {LIST, 200, LISTED("4", "{\"metadata\":" META("a", "3") "}," OBJECT("b", "4"))},
        {WATCH("4"), .events = events, .hold = FOREVER},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, cache_follows_the_server);
}

/* -- breaks -- */

static void broken_watch_resumes_where_it_stopped(struct world *world)
{
    struct scene scene;
    scene_start(world, &scene, NULL);
    world_sleep(world, 60 * RT_S);
    expect_heard(&scene, "+a ~a:3>6 ~a:6>12 +b ");
    scene_end(world, &scene);
}

static void test_resume(void **state)
{
    static const char *const first[] = {EVENT("MODIFIED", "a", "6"), BOOKMARK("10"), NULL};
    static const char *const second[] = {EVENT("MODIFIED", "a", "12"), NULL};
    static const char *const third[] = {EVENT("ADDED", "b", "13"), NULL};
    static const char *const none[] = {NULL};
    static const struct peer_step steps[] = {
        {LIST, 200, LISTED("4", OBJECT("a", "3"))},
        {WATCH("4"), .events = first, .hold = RT_S},                  /* ends as the server's timeout would */
        {WATCH("10"), .events = second, .hold = RT_S, .reset = true}, /* breaks */
        {WATCH("12"), 503, "{}"},                                     /* server restarts */
        {WATCH("12"), .events = third, .hold = RT_S},
        {WATCH("13"), .events = none, .hold = FOREVER},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, broken_watch_resumes_where_it_stopped);
}

static void too_old_lists_again(struct world *world)
{
    struct scene scene;
    scene_start(world, &scene, NULL);
    world_sleep(world, 60 * RT_S);
    /* c did not change in between: nobody hears of it. */
    expect_heard(&scene, "+a +b +c ~a:3>20 +d -b:3 ~d:21>31 ");
    scene_end(world, &scene);
}

static void test_gone(void **state)
{
    static const char *const gone[] = {GONE, NULL};
    static const char *const later[] = {EVENT("MODIFIED", "d", "31"), NULL};
    static const struct peer_step steps[] = {
        {LIST, 200, LISTED("4", OBJECT("a", "3") "," OBJECT("b", "3") "," OBJECT("c", "4"))},
        {WATCH("4"), .events = gone},
        {LIST, 200, LISTED("30", OBJECT("a", "20") "," OBJECT("c", "4") "," OBJECT("d", "21"))},
        {WATCH("30"), .events = later, .hold = FOREVER},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, too_old_lists_again);
}

static void silent_watch_is_opened_again(struct world *world)
{
    struct scene scene;
    scene_start(world, &scene, NULL);
    world_sleep(world, 200 * RT_S);
    assert_int_equal(world->calls.len, 3);
    assert_in_range(world->calls.items[2].at - world->calls.items[1].at, 149 * RT_S, 152 * RT_S);
    scene_end(world, &scene);
}

static void test_silence(void **state)
{
    static const char *const none[] = {NULL};
    static const struct peer_step steps[] = {
        {LIST, 200, LISTED("4", "")},
        {WATCH("4"), .events = none, .hold = FOREVER},
        {WATCH("4"), .events = none, .hold = FOREVER},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, silent_watch_is_opened_again);
}

static void absent_server_is_tried_with_growing_pauses(struct world *world)
{
    struct scene scene;
    uint64_t rule = net_sim_add_rule(world->sim, &(struct net_sim_rule){.from = "*", .to = "*", .refuse = true});
    scene_start(world, &scene, NULL);
    struct error *err = informers_wait_synced(scene.informers, rt_after(world->rt, 600 * RT_S));
    assert_true(error_is(err, ERROR_TIMEOUT));
    assert_non_null(strstr(error_message(err), "gadgets"));
    assert_non_null(strstr(error_message(err), "http://api:6443"));
    error_free(err);
    net_sim_heal(world->sim, rule);
    assert_null(informers_wait_synced(scene.informers, rt_after(world->rt, 61 * RT_S)));
    assert_int_equal(informer_len(scene.informer), 1);
    world_sleep(world, RT_S);
    scene_end(world, &scene);
}

static void test_absent_server(void **state)
{
    static const char *const none[] = {NULL};
    static const struct peer_step steps[] = {
        {LIST, 200, LISTED("4", OBJECT("a", "3"))}, {WATCH("4"), .events = none, .hold = FOREVER}, {0}};
    struct world world = {.steps = steps};
    world_run(&world, absent_server_is_tried_with_growing_pauses);
}

static void failing_list_is_not_hammered(struct world *world)
{
    struct scene scene;
    scene_start(world, &scene, NULL);
    world_sleep(world, 3600 * RT_S);
    assert_in_range(world->calls.len, 60, 140); /* 30 to 60 seconds apart at last */
    scene_end(world, &scene);
}

static void refuse_all(struct world *world, struct http_exchange *exchange)
{
    http_reply_str(exchange, 403, "application/json", "{}");
}

static void test_failing_list(void **state)
{
    struct world world = {.handle = refuse_all};
    world_run(&world, failing_list_is_not_hammered);
}

/* -- namespaces -- */

static void namespaces_are_followed_one_by_one(struct world *world)
{
    static const char *const namespaces[] = {"one", "two", NULL};
    struct scene scene;
    scene_start(world, &scene, namespaces);
    assert_null(informers_wait_synced(scene.informers, rt_after(world->rt, RT_S)));
    world_sleep(world, RT_S);
    bool one = false, two = false;
    VEC_FOREACH (call, &world->calls) {
        one |= str_has_prefix(call->request, "GET /apis/lab.sim/v1/namespaces/one/gadgets?allowWatch");
        two |= str_has_prefix(call->request, "GET /apis/lab.sim/v1/namespaces/two/gadgets?allowWatch");
    }
    assert_true(one && two);
    /* The second list of "one" lacks the gadget; that of "two" must not suffer from it. */
    world_sleep(world, 60 * RT_S);
    CLEANUP(kube_object_unref) struct kube_object *left = informer_get(scene.informer, "two", "g");
    assert_non_null(left);
    assert_int_equal(informer_len(scene.informer), 1);
    scene_end(world, &scene);
}

static void serve_two_namespaces(struct world *world, struct http_exchange *exchange)
{
    int *lists_of_one = world->arg;
    const char *namespace = strstr(http_path(exchange), "/one/") ? "one" : "two";
    if (http_query(exchange, "watch")) {
        bool expired = str_equal(namespace, "one") && *lists_of_one == 1;
        const char *const gone[] = {GONE, NULL}, *const none[] = {NULL};
        peer_stream(world, exchange,
                    &(struct peer_step){.events = expired ? gone : none, .hold = expired ? 0 : 100 * RT_S});
        return;
    }
    bool empty = str_equal(namespace, "one") && (*lists_of_one)++ > 0;
    CLEANUP_FREE char *body =
        mem_printf("{\"metadata\":{\"resourceVersion\":\"4\"},\"items\":[%s%s%s]}",
                   empty ? "" : "{\"metadata\":{\"name\":\"g\",\"resourceVersion\":\"2\",\"namespace\":\"",
                   empty ? "" : namespace, empty ? "" : "\"}}");
    http_reply_str(exchange, 200, "application/json", body);
}

static void test_namespaces(void **state)
{
    int lists_of_one = 0;
    struct world world = {.handle = serve_two_namespaces, .arg = &lists_of_one};
    world_run(&world, namespaces_are_followed_one_by_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_following),  cmocka_unit_test(test_resume),        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_silence),    cmocka_unit_test(test_absent_server), cmocka_unit_test(test_failing_list),
        cmocka_unit_test(test_namespaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
