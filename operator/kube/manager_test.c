/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers under a manager: what reaches reconcile and when; who may work under leader election; how it ends. */
#include "operator/kube/manager.h"
#include "operator/kube/test_peer.h"

static const struct kube_resource gadgets = {"lab.sim", "v1", "gadgets", "Gadget", true};
static const struct kube_resource parts = {"lab.sim", "v1", "parts", "Part", true};

#define GADGET(name, version, generation)                                                                              \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"ns\",\"resourceVersion\":\"" version                         \
    "\",\"generation\":" generation "}}"
#define PART(owner_kind, owner_name, controller)                                                                       \
    "{\"metadata\":{\"name\":\"p-" owner_name "\",\"namespace\":\"ns\",\"resourceVersion\":\"1\",\"ownerReferences\":" \
    "[{\"apiVersion\":\"lab.sim/v1beta1\",\"kind\":\"" owner_kind "\",\"name\":\"" owner_name                          \
    "\",\"uid\":\"u\",\"controller\":" controller "}]}}"

/* The server: lists, watches that tell `events` and then nothing, and a Lease. */
struct shop {
    struct peer_lease lease;
    const char *gadget_list, *part_list;
    const char *const *gadget_events;
    rt_time events_after;
    bool events_told;
};

static void serve(struct world *world, struct http_exchange *exchange)
{
    static const char *const none[] = {NULL};
    struct shop *shop = world->arg;
    bool is_parts = strstr(http_path(exchange), "/parts") != NULL;
    if (strstr(http_path(exchange), "/leases")) {
        peer_serve_lease(&shop->lease, exchange);
    } else if (http_query(exchange, "watch")) {
        bool tell = !is_parts && shop->gadget_events && !shop->events_told;
        if (tell) {
            shop->events_told = true;
            error_free(rt_sleep(world->rt, shop->events_after));
        }
        peer_stream(world, exchange,
                    &(struct peer_step){.events = tell ? shop->gadget_events : none, .hold = 3600 * RT_S});
    } else {
        CLEANUP_FREE char *body = mem_printf("{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[%s]}",
                                             str_or(is_parts ? shop->part_list : shop->gadget_list, ""));
        http_reply_str(exchange, 200, "application/json", body);
    }
}

/* -- a controller that notes what it is asked to do -- */

struct shift {
    struct world *world;
    struct strbuf notes;
    rt_time last;        /* when it was last asked */
    int failures;        /* times that it still has to fail */
    rt_time takes;       /* how long a pass takes */
    rt_time again_after; /* 0: done */
};

static struct reconcile_result reconcile(void *arg, const char *namespace, const char *name)
{
    struct shift *shift = arg;
    shift->last = rt_now(shift->world->rt);
    strbuf_addf(&shift->notes, "%s/%s ", namespace, name);
    if (shift->takes) {
        struct error *err = rt_sleep(shift->world->rt, shift->takes);
        if (err)
            return reconcile_error(err);
    }
    if (shift->failures-- > 0)
        return reconcile_error(error_new(ERROR_TRANSIENT, "not today"));
    return shift->again_after ? reconcile_after(shift->again_after) : reconcile_done();
}

static struct manager *make_manager(struct world *world, struct shift *shift, bool leader_election,
                                    struct controller **ret_controller)
{
    struct manager *manager = NULL;
    struct manager_options options = {
        .client = {.kubeconfig = PEER_KUBECONFIG},
        .leader_election = leader_election,
        .lease = {.name = "lock", .identity = "me"},
    };
    assert_null(manager_new(&world->env, &options, &manager));
    shift->world = world;
    struct controller_options controller_options = {
        .name = "gadget", .workers = 2, .reconcile = reconcile, .arg = shift};
    *ret_controller = manager_add_controller(manager, &controller_options);
    return manager;
}

static void expect_notes(struct shift *shift, const char *text)
{
    assert_string_equal(strbuf_str(&shift->notes), text);
    strbuf_clear(&shift->notes);
}

/* The same names, in any order. */
static void expect_notes_unordered(struct shift *shift, const char *text)
{
    CLEANUP(str_list_free) char **words = str_split(text, ' ');
    assert_int_equal(shift->notes.len, strlen(text));
    for (char **word = words; *word; word++)
        if (!strstr(strbuf_str(&shift->notes), *word))
            fail_msg("\"%s\" lacks %s", strbuf_str(&shift->notes), *word);
    strbuf_clear(&shift->notes);
}

static void changes_reach_reconcile(struct world *world)
{
    struct shift shift = {0};
    struct controller *controller;
    struct manager *manager = make_manager(world, &shift, false, &controller);
    controller_watch(controller, manager_informer(manager, &gadgets, NULL),
                     &(struct controller_watch){.filter = controller_filter_generation});
    controller_watch_owners(controller, manager_informer(manager, &parts, NULL), &gadgets, true);
    assert_false(manager_is_synced(manager));
    manager_start(manager);
    world_sleep(world, RT_S);
    assert_true(manager_is_synced(manager) && manager_is_leading(manager));
    expect_notes_unordered(&shift, "ns/a ns/b ns/c ");
    world_sleep(world, 60 * RT_S);
    /* The change of status (same generation) is filtered; that of spec and the deletion are not. */
    expect_notes_unordered(&shift, "ns/b ns/a ");
    assert_int_equal((int)metric_value(metrics_counter(world->metrics, "controller_runtime_reconcile_total", "", NULL),
                                       (const char *const[]){"gadget", "success", NULL}),
                     5);
    manager_free(manager);
    strbuf_release(&shift.notes);
}

static void test_changes(void **state)
{
    static const char *const events[] = {
        "{\"type\":\"MODIFIED\",\"object\":" GADGET("a", "5", "1") "}",
        "{\"type\":\"MODIFIED\",\"object\":" GADGET("b", "6", "2") "}",
        "{\"type\":\"DELETED\",\"object\":" GADGET("a", "7", "1") "}",
        NULL,
    };
    struct shop shop = {
        .gadget_list = GADGET("a", "1", "1") "," GADGET("b", "1", "1"),
        /* Of the owners only a gadget that is the controller counts. */
        .part_list = PART("Gadget", "c", "true") "," PART("Gadget", "x", "false") "," PART("Widget", "y", "true"),
        .gadget_events = events,
        .events_after = 10 * RT_S,
    };
    struct world world = {.handle = serve, .arg = &shop};
    world_run(&world, changes_reach_reconcile);
}

static void results_decide_when_it_comes_again(struct world *world)
{
    struct shift shift = {.failures = 3, .again_after = 60 * RT_S};
    struct controller *controller;
    struct manager *manager = make_manager(world, &shift, false, &controller);
    controller_watch(controller, manager_informer(manager, &gadgets, NULL), NULL);
    manager_start(manager);
    world_sleep(world, RT_S);
    expect_notes(&shift, "ns/a ns/a ns/a ns/a "); /* three failures within milliseconds, then one that succeeds */
    rt_time first = shift.last;
    world_sleep(world, 61 * RT_S);
    expect_notes(&shift, "ns/a ");
    assert_in_range(shift.last - first, 60 * RT_S, 60 * RT_S + RT_MS);
    manager_free(manager);
    strbuf_release(&shift.notes);
}

static void test_results(void **state)
{
    struct shop shop = {.gadget_list = GADGET("a", "1", "1")};
    struct world world = {.handle = serve, .arg = &shop};
    world_run(&world, results_decide_when_it_comes_again);
}

/* A host whose BMC refuses the password must not be asked every three seconds because it once waited three seconds. */
static void an_earlier_delay_does_not_cut_a_later_one_short(struct world *world)
{
    struct shift shift = {.again_after = 3 * RT_S};
    struct controller *controller;
    struct manager *manager = make_manager(world, &shift, false, &controller);
    controller_watch(controller, manager_informer(manager, &gadgets, NULL), NULL);
    manager_start(manager);
    world_sleep(world, RT_S);
    expect_notes(&shift, "ns/a ");
    shift.again_after = 3600 * RT_S;
    controller_enqueue(controller, "ns", "a"); /* woken before the three seconds are over */
    world_sleep(world, RT_S);
    expect_notes(&shift, "ns/a ");
    world_sleep(world, 3500 * RT_S);
    expect_notes(&shift, "");
    world_sleep(world, 200 * RT_S);
    expect_notes(&shift, "ns/a ");
    manager_free(manager);
    strbuf_release(&shift.notes);
}

static void test_delays(void **state)
{
    struct shop shop = {.gadget_list = GADGET("a", "1", "1")};
    struct world world = {.handle = serve, .arg = &shop};
    world_run(&world, an_earlier_delay_does_not_cut_a_later_one_short);
}

/* -- leader election -- */

static void waits_for_leadership_and_gives_it_up(struct world *world)
{
    struct shop *shop = world->arg;
    shop->lease.lease = kube_object_make(&kube_leases, "metal3", "lock");
    json_set_str(shop->lease.lease, "spec/holderIdentity", "another");
    struct shift shift = {0};
    struct controller *controller;
    struct manager *manager = make_manager(world, &shift, true, &controller);
    controller_watch(controller, manager_informer(manager, &gadgets, NULL), NULL);
    manager_start(manager);
    world_sleep(world, 10 * RT_S);
    assert_true(manager_is_synced(manager) && !manager_is_leading(manager));
    expect_notes(&shift, "");
    world_sleep(world, 20 * RT_S); /* the other one is dead */
    assert_true(manager_is_leading(manager));
    expect_notes(&shift, "ns/a ");
    manager_stop(manager);
    assert_string_equal(json_str(shop->lease.lease, "spec/holderIdentity"), "");
    assert_false(manager_is_leading(manager));
    struct error *err = manager_wait(manager);
    assert_true(error_is(err, ERROR_CANCELLED));
    error_free(err);
    manager_free(manager);
    json_free(shop->lease.lease);
    strbuf_release(&shift.notes);
}

static void test_leadership(void **state)
{
    struct shop shop = {.gadget_list = GADGET("a", "1", "1")};
    struct world world = {.handle = serve, .arg = &shop};
    world_run(&world, waits_for_leadership_and_gives_it_up);
}

static void lost_leadership_ends_the_workers(struct world *world)
{
    struct shop *shop = world->arg;
    struct shift shift = {.takes = 3600 * RT_S};
    struct controller *controller;
    struct manager *manager = make_manager(world, &shift, true, &controller);
    controller_watch(controller, manager_informer(manager, &gadgets, NULL), NULL);
    manager_start(manager);
    world_sleep(world, 10 * RT_S);
    assert_true(manager_is_leading(manager));
    expect_notes(&shift, "ns/a ");
    net_sim_add_rule(world->sim, &(struct net_sim_rule){.from = "*", .to = "*", .partition = true});
    struct error *err = manager_wait(manager);
    assert_true(error_is(err, ERROR_CONFLICT));
    error_free(err);
    world_sleep(world, RT_MS);
    assert_int_equal((int)metric_value(metrics_gauge(world->metrics, "controller_runtime_active_workers", "", NULL),
                                       (const char *const[]){"gadget", NULL}),
                     0);
    manager_free(manager);
    json_free(shop->lease.lease);
    strbuf_release(&shift.notes);
}

static void test_lost_leadership(void **state)
{
    struct shop shop = {.gadget_list = GADGET("a", "1", "1")};
    struct world world = {.handle = serve, .arg = &shop};
    world_run(&world, lost_leadership_ends_the_workers);
}

/* A killed program (its group cancelled from outside) has no further effect and leaves nothing behind. */
static void kill_leaves_nothing(struct world *world)
{
    struct shop *shop = world->arg;
    struct shift shift = {.takes = RT_S, .again_after = RT_S};
    struct controller *controller;
    struct manager *manager = make_manager(world, &shift, true, &controller);
    controller_watch(controller, manager_informer(manager, &gadgets, NULL), NULL);
    manager_start(manager);
    world_sleep(world, 10500 * RT_MS);
    rt_group_stop(world->env.group);
    size_t calls = world->calls.len;
    world_sleep(world, 60 * RT_S);
    assert_int_equal(world->calls.len, calls);
    assert_string_equal(json_str(shop->lease.lease, "spec/holderIdentity"), "me"); /* not given up */
    manager_free(manager);
    json_free(shop->lease.lease);
    strbuf_release(&shift.notes);
}

static void test_kill(void **state)
{
    struct shop shop = {.gadget_list = GADGET("a", "1", "1")};
    struct world world = {.handle = serve, .arg = &shop};
    world_run(&world, kill_leaves_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),    cmocka_unit_test(test_results),         cmocka_unit_test(test_delays),
        cmocka_unit_test(test_leadership), cmocka_unit_test(test_lost_leadership), cmocka_unit_test(test_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
