/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conductor is killed and started again at every Nth write to its database, and at every Nth call to a BMC, of a machine's life; and every
 * Nth call to the BMC fails, once or for a while. A patient operator must always get where it wants, no image may be written while an instance
 * runs, and a node is never left in an illegal state.
 */
#include "operator/conductor/test_world.h"

#define ROUNDS_MAX 2000
#define KILLS_MAX 400

/* What an operator does when it sees a state; NULL: wait. The first row that fits. */
static const struct {
    const char *state, *verb;
    bool deploying_only;
} wishes[] = {
    {"enroll", "{\"target\":\"manage\"}"},
    {"inspect failed", "{\"target\":\"inspect\"}"},
    {"available", ACTIVE_BODY, true},
    {"deploy failed", ACTIVE_BODY, true},
    {"deploy failed", "{\"target\":\"deleted\"}"},
    {"error", "{\"target\":\"deleted\"}"},
    {"clean failed", "{\"target\":\"manage\"}"},
};

static void act_on(struct world *w, const struct json *node, bool deploying)
{
    const char *now = json_str_or(node, "provision_state", "");
    if (json_bool(node, "maintenance", false)) {
        call(w, "DELETE", "/v1/nodes/ns~host/maintenance", NULL, NULL);
        return;
    }
    if (str_equal(now, "manageable")) {
        int inventory = call(w, "GET", "/v1/nodes/ns~host/inventory", NULL, NULL);
        if (inventory == 404)
            call(w, "PUT", "/v1/nodes/ns~host/states/provision", "{\"target\":\"inspect\"}", NULL);
        else if (inventory == 200)
            call(w, "PUT", "/v1/nodes/ns~host/states/provision", "{\"target\":\"provide\"}", NULL);
        return;
    }
    if (str_equal(now, "active") && !deploying) {
        call(w, "PUT", "/v1/nodes/ns~host/states/provision", "{\"target\":\"deleted\"}", NULL);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
        if (!str_equal(now, wishes[i].state) || (wishes[i].deploying_only && !deploying))
            continue;
        if (deploying)
            call(w, "PATCH", "/v1/nodes/ns~host", INSTANCE_PATCH, NULL);
        call(w, "PUT", "/v1/nodes/ns~host/states/provision", wishes[i].verb, NULL);
        return;
    }
}

static void register_host(struct world *w)
{
    CLEANUP(json_free) struct json *node = NULL;
    if (call(w, "POST", "/v1/nodes", ENROLL_BODY, &node) != 201)
        return;
    CLEANUP_FREE char *port = mem_printf("{\"node_uuid\":\"%s\",\"address\":\"" MAC "\"}", json_str(node, "uuid"));
    call(w, "POST", "/v1/ports", port, NULL);
}

static bool state_known(const char *name)
{
    static const char *const known[] = {"enroll",     "verifying",      "manageable", "inspecting", "inspect wait",
                                        "available",  "inspect failed", "deploying",  "active",     "wait call-back",
                                        "deploying",  "deploy failed",  "deleting",   "error",      "cleaning",
                                        "clean wait", "clean failed"};
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (str_equal(known[i], name))
            return true;
    return false;
}

/* Ports that were lost with the kill between two calls are made again, as the operator's registration does. */
static void ensure_port(struct world *w, const struct json *node)
{
    CLEANUP(json_free) struct json *ports = NULL;
    if (call(w, "GET", "/v1/ports?address=" MAC, NULL, &ports) != 200 || json_len(json_get(ports, "ports")))
        return;
    CLEANUP_FREE char *port = mem_printf("{\"node_uuid\":\"%s\",\"address\":\"" MAC "\"}", json_str(node, "uuid"));
    call(w, "POST", "/v1/ports", port, NULL);
}

static void drive(struct world *w, const char *goal, bool deploying)
{
    CLEANUP(json_free) struct json *node = NULL;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        if (!w->conductor || rt_group_cancelled(w->env.group)) {
            world_end_conductor(w);
            assert_ok(rt_sleep(w->rt, RT_S));
            world_start_conductor(w);
        }
        int status = call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
        if (status == 404)
            register_host(w);
        if (status == 200) {
            const char *now = json_str(node, "provision_state");
            assert_true(state_known(now));
            if (str_equal(now, goal) && json_is(json_get(node, "reservation"), JSON_NULL))
                return;
            ensure_port(w, node);
            act_on(w, node, deploying);
        }
        assert_ok(rt_sleep(w->rt, 3 * RT_S));
    }
    CLEANUP_FREE char *text = node ? json_print_pretty(node) : NULL;
    fail_msg("commit %d, BMC call %d, failing from %d: never got %s:\n%s", w->kill_at_commit, w->kill_at_bmc_call,
             w->fail_from, goal, str_or(text, "no node"));
}

static int commits_seen, calls_seen;

static void life(struct world *w)
{
    drive(w, "active", true);
    assert_true(w->machine.live);
    assert_false(w->machine.wrote_live);
    if (!w->fail_count) {
        assert_int_equal(w->machine.boots_disk, 1);
        assert_int_equal(w->machine.writes, 1); /* resumed, not begun again */
    }
    drive(w, "available", false);
    assert_false(w->machine.wrote_live);
    assert_false(w->machine.has_image);
    commits_seen = w->commits;
    calls_seen = w->bmc_calls;
}

static int next_kill;

static void at_commit(struct world *w)
{
    w->kill_at_commit = next_kill;
}

static void at_bmc_call(struct world *w)
{
    w->kill_at_bmc_call = next_kill;
}

static void at_bmc_call_slowly(struct world *w)
{
    w->kill_at_bmc_call = next_kill;
    w->options.fast_track = false;
}

static void fails_once(struct world *w)
{
    w->fail_from = next_kill;
    w->fail_count = 1;
}

static void breaks_off_once(struct world *w)
{
    fails_once(w);
    w->fail_break = true;
}

static void fails_for_a_while(struct world *w)
{
    w->fail_from = next_kill;
    w->fail_count = 12;
    w->options.fast_track = next_kill % 2;
}

static void sweep(void (*prepare)(struct world *w), const int *seen)
{
    for (next_kill = 1; next_kill < KILLS_MAX; next_kill++) {
        world_run(life, prepare, (uint64_t)next_kill);
        if (*seen < next_kill)
            break;
    }
    assert_in_range(next_kill, 20, KILLS_MAX - 1); /* something was swept, and it ended */
}

static void test_killed_at_each_commit(void **unused)
{
    sweep(at_commit, &commits_seen);
}

static void test_killed_at_each_bmc_call(void **unused)
{
    sweep(at_bmc_call, &calls_seen);
}

static void test_killed_at_each_bmc_call_without_fast_track(void **unused)
{
    sweep(at_bmc_call_slowly, &calls_seen);
}

static void test_each_bmc_call_fails(void **unused)
{
    sweep(fails_once, &calls_seen);
    sweep(breaks_off_once, &calls_seen);
}

static void test_bmc_fails_for_a_while(void **unused)
{
    sweep(fails_for_a_while, &calls_seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_each_commit),
        cmocka_unit_test(test_killed_at_each_bmc_call),
        cmocka_unit_test(test_killed_at_each_bmc_call_without_fast_track),
        cmocka_unit_test(test_each_bmc_call_fails),
        cmocka_unit_test(test_bmc_fails_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
