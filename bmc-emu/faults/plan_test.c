// SPDX-License-Identifier: Apache-2.0
// The plan: which rows are taken, what is said about those that are not, and when a row bites.
#include "lib/test.h"

#include "bmc-emu/faults/plan.h"
#include "lib/data/yaml.h"

/* Four machines, "machine-1" to "machine-4", of which number 1 (from 0) is on. */
struct world {
    struct rt *rt;
    struct fault_plan *plan;
    void (*test)(struct world *w);
    int hits;
    size_t hit_machine;
};

static size_t count(void *arg)
{
    return 4;
}

static const char *name(void *arg, size_t machine)
{
    static const char *const names[] = {"machine-1", "machine-2", "machine-3", "machine-4"};

    return names[machine];
}

static void state(void *arg, size_t machine, enum machine_power *ret_power, enum machine_progress *ret_progress)
{
    *ret_power = machine == 1 ? MACHINE_ON : MACHINE_OFF;
    *ret_progress = machine == 1 ? MACHINE_PROGRESS_OS_RUNNING : MACHINE_PROGRESS_NONE;
}

static void on_hit(void *arg, uint64_t id, enum fault_kind kind, size_t machine)
{
    struct world *w = arg;

    w->hits++;
    w->hit_machine = machine;
}

static void body(void *arg)
{
    static const struct fault_machines machines = {count, name, state};
    struct world *w = arg;

    w->plan = fault_plan_new(w->rt);
    fault_plan_set_machines(w->plan, &machines, NULL);
    fault_plan_on_hit(w->plan, on_hit, w);
    w->test(w);
    fault_plan_free(w->plan);
}

static void run(void (*test)(struct world *w))
{
    struct world w = {.rt = rt_new_sim(7, TEST_WALL), .test = test};

    assert_ok(rt_run(w.rt, body, &w));
    rt_free(w.rt);
}

static struct error *try_add(struct world *w, const char *text, uint64_t *ret_id)
{
    CLEANUP(json_free) struct json *row = NULL;

    assert_ok(json_parse(text, strlen(text), &row));
    return fault_plan_add(w->plan, row, ret_id);
}

static uint64_t add(struct world *w, const char *text)
{
    uint64_t id = 0;

    assert_ok(try_add(w, text, &id));
    assert_int_not_equal(id, 0);
    return id;
}

static bool bites(struct world *w, enum fault_kind kind, size_t machine)
{
    return fault_plan_bites(w->plan, kind, machine, NULL, NULL, NULL);
}

static bool bites_request(struct world *w, const char *method, const char *path)
{
    return fault_plan_bites(w->plan, FAULT_STATUS, 0, method, path, NULL);
}

static size_t active(struct world *w)
{
    CLEANUP(json_free) struct json *list = fault_plan_json(w->plan);

    return json_len(list);
}

/* -- what is refused -- */

static void check_refusals(struct world *w)
{
    static const struct {
        const char *row;
        enum error_kind kind;
        const char *text;
    } rows[] = {
        {"[]", ERROR_INVALID, "object"},
        {"{}", ERROR_INVALID, "fault: is required"},
        {"{\"fault\": \"powerstuck\"}", ERROR_INVALID, "did you mean \"power-stuck\"?"},
        {"{\"fault\": 1}", ERROR_INVALID, "fault: must be a string"},
        {"{\"fault\": \"status\", \"machine\": 1}", ERROR_INVALID, "did you mean \"machines\"?"},
        {"{\"fault\": \"status\", \"delay\": \"5s\"}", ERROR_INVALID,
         "fault \"status\": delay: is no member of this kind, which takes machines, when, operation, status, "
         "retryAfter, messageId"},
        {"{\"fault\": \"slow\"}", ERROR_INVALID, "fault \"slow\": delay: is required"},
        {"{\"fault\": \"slow\", \"delay\": \"5\"}", ERROR_INVALID, "delay: "},
        {"{\"fault\": \"slow\", \"delay\": \"0s\"}", ERROR_INVALID, "delay: \"0s\" must be longer than nothing"},
        {"{\"fault\": \"slow\", \"delay\": \"-5s\"}", ERROR_INVALID, "must be longer"},
        {"{\"fault\": \"status\", \"status\": 200}", ERROR_INVALID, "status: must be from 400 to 599, not 200"},
        {"{\"fault\": \"status\", \"status\": 0}", ERROR_INVALID, "status: must be from 400 to 599, not 0"},
        {"{\"fault\": \"status\", \"messageId\": \"a\\\"b\"}", ERROR_INVALID, "messageId: "},
        {"{\"fault\": \"status\", \"operation\": \"TRACE\"}", ERROR_INVALID, "methods are GET"},
        {"{\"fault\": \"unreachable\", \"mode\": \"refused\"}", ERROR_INVALID, "\"reset\" or \"timeout\""},
        {"{\"fault\": \"power-stuck\", \"operation\": \"GET\"}", ERROR_INVALID, "is none of On, ForceOn, ForceOff"},
        {"{\"fault\": \"status\", \"machines\": []}", ERROR_INVALID, "machines: is an empty list"},
        {"{\"fault\": \"status\", \"machines\": true}", ERROR_INVALID, "machines: must be"},
        {"{\"fault\": \"status\", \"machines\": 1.5}", ERROR_INVALID, "machines: must be"},
        {"{\"fault\": \"status\", \"machines\": 0}", ERROR_NOT_FOUND, "no machine number 0, they go from 1 to 4"},
        {"{\"fault\": \"status\", \"machines\": [1, 5]}", ERROR_NOT_FOUND, "no machine number 5"},
        {"{\"fault\": \"status\", \"machines\": \"machine-9\"}", ERROR_NOT_FOUND, "no machine called \"machine-9\""},
        {"{\"fault\": \"status\", \"when\": 3}", ERROR_INVALID, "when: must be an object"},
        {"{\"fault\": \"status\", \"when\": {\"cuont\": 3}}", ERROR_INVALID, "did you mean \"count\"?"},
        {"{\"fault\": \"status\", \"when\": {\"count\": 0}}", ERROR_INVALID, "when.count: must be 1 or more"},
        {"{\"fault\": \"status\", \"when\": {\"nth\": -1}}", ERROR_INVALID, "when.nth: must be 1 or more"},
        {"{\"fault\": \"status\", \"when\": {\"nth\": 1, \"from\": 2}}", ERROR_INVALID, "nth and from exclude"},
        {"{\"fault\": \"status\", \"when\": {\"rate\": 0}}", ERROR_INVALID, "when.rate: must be above 0"},
        {"{\"fault\": \"status\", \"when\": {\"rate\": 1.1}}", ERROR_INVALID, "at most 1, not 1.1"},
        {"{\"fault\": \"status\", \"when\": {\"after\": \"soon\"}}", ERROR_INVALID, "when.after: "},
        {"{\"fault\": \"status\", \"when\": {\"state\": \"on\"}}", ERROR_INVALID,
         "when.state: \"on\" is none of Off, PoweringOn, On, PoweringOff, "},
        {"{\"fault\": \"status\", \"when\": {\"state\": []}}", ERROR_INVALID, "when.state: is an empty list"},
    };
    uint64_t id = 77;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error *err = try_add(w, rows[i].row, &id);
        if (!err)
            fail_msg("taken: %s", rows[i].row);
        if (!error_is(err, rows[i].kind) || !strstr(error_message(err), rows[i].text))
            fail_msg("%s: %s: %s", rows[i].row, error_kind_name(error_kind(err)), error_message(err));
        error_free(err);
    }
    assert_int_equal(id, 77);
    assert_int_equal(active(w), 0);
}

static void test_refusals(void **unused)
{
    run(check_refusals);
}

static void check_limit(struct world *w)
{
    uint64_t id;

    for (int i = 0; i < FAULT_ROWS_MAX; i++)
        add(w, "{\"fault\": \"status\"}");
    assert_error_text(try_add(w, "{\"fault\": \"status\"}", &id), ERROR_CONFLICT, "remove some");
    fault_plan_clear(w->plan);
    add(w, "{\"fault\": \"status\"}");
}

static void test_limit(void **unused)
{
    run(check_limit);
}

/* Every kind, with every member that it takes, is accepted. */
static void check_kinds(struct world *w)
{
    for (int i = 0; i < FAULT_KIND_COUNT; i++) {
        const struct fault_kind_info *kind = &fault_kinds[i];
        CLEANUP_FREE char *plain =
            mem_printf("{\"fault\": \"%s\"%s}", kind->name, kind->needs_delay ? ", \"delay\": \"5s\"" : "");
        CLEANUP_FREE char *full = mem_printf(
            "{\"fault\": \"%s\"%s%s%s%s%s%s}", kind->name,
            !(kind->members & FAULT_MEMBER_OPERATION) ? ""
            : kind->place == FAULT_AT_HTTP            ? ", \"operation\": \"POST /redfish/v1/Systems/*\""
                                                      : ", \"operation\": \"ForceOff\"",
            kind->members & FAULT_MEMBER_MODE ? ", \"mode\": \"" : "",
            kind->members & FAULT_MEMBER_MODE ? kind->modes[0] : "", kind->members & FAULT_MEMBER_MODE ? "\"" : "",
            kind->members & FAULT_MEMBER_DELAY ? ", \"delay\": \"1m30s\"" : "",
            kind->members & FAULT_MEMBER_STATUS ? ", \"status\": 500, \"messageId\": \"IDRAC.2.8.SYS518\"" : "");
        assert_non_null(kind->name);
        assert_non_null(kind->help);
        add(w, plain);
        add(w, full);
        fault_plan_clear(w->plan);
    }
}

static void test_kinds(void **unused)
{
    run(check_kinds);
}

/* -- which operations -- */

static void check_machines(struct world *w)
{
    add(w, "{\"fault\": \"power-stuck\", \"machines\": [\"machine-2\", 4]}");
    assert_false(bites(w, FAULT_POWER_STUCK, 0));
    assert_true(bites(w, FAULT_POWER_STUCK, 1));
    assert_false(bites(w, FAULT_POWER_STUCK, 2));
    assert_true(bites(w, FAULT_POWER_STUCK, 3));
    assert_false(bites(w, FAULT_POWER_FAILS, 1));
    assert_int_equal(w->hits, 2);
    assert_int_equal(w->hit_machine, 3);
    /* Of no machine in particular, such as a service's root with many systems. */
    assert_false(bites(w, FAULT_POWER_STUCK, FAULT_NO_MACHINE));
    add(w, "{\"fault\": \"power-stuck\", \"machines\": \"all\"}");
    assert_true(bites(w, FAULT_POWER_STUCK, FAULT_NO_MACHINE));
}

static void test_machines(void **unused)
{
    run(check_machines);
}

static void check_operations(struct world *w)
{
    uint64_t id = add(w, "{\"fault\": \"status\", \"operation\": \"PATCH\"}");

    assert_true(bites_request(w, "PATCH", "/redfish/v1/Systems/1"));
    assert_false(bites_request(w, "GET", "/redfish/v1/Systems/1"));
    assert_true(fault_plan_remove(w->plan, id));

    id = add(w, "{\"fault\": \"status\", \"operation\": \"/redfish/v1/Systems\"}");
    assert_true(bites_request(w, "GET", "/redfish/v1/Systems"));
    assert_true(bites_request(w, "GET", "/redfish/v1/Systems/"));
    assert_false(bites_request(w, "GET", "/redfish/v1/Systems/1"));
    assert_true(fault_plan_remove(w->plan, id));

    add(w, "{\"fault\": \"status\", \"operation\": \"POST /redfish/v1/*/VirtualMedia.InsertMedia\"}");
    assert_true(bites_request(w, "POST", "/redfish/v1/Managers/1/VirtualMedia/Cd/Actions/VirtualMedia.InsertMedia"));
    assert_false(bites_request(w, "GET", "/redfish/v1/Managers/1/VirtualMedia/Cd/Actions/VirtualMedia.InsertMedia"));
    assert_false(bites_request(w, "POST", "/redfish/v1/Managers/1/VirtualMedia/Cd/Actions/VirtualMedia.EjectMedia"));

    add(w, "{\"fault\": \"power-fails\", \"operation\": \"ForceOff\"}");
    assert_true(fault_plan_bites(w->plan, FAULT_POWER_FAILS, 0, "ForceOff", NULL, NULL));
    assert_false(fault_plan_bites(w->plan, FAULT_POWER_FAILS, 0, "On", NULL, NULL));
}

static void test_operations(void **unused)
{
    run(check_operations);
}

static void check_state(struct world *w)
{
    uint64_t id = add(w, "{\"fault\": \"status\", \"when\": {\"state\": \"On\"}}");

    assert_false(bites(w, FAULT_STATUS, 0));
    assert_true(bites(w, FAULT_STATUS, 1));
    assert_false(bites(w, FAULT_STATUS, FAULT_NO_MACHINE));
    assert_true(fault_plan_remove(w->plan, id));
    add(w, "{\"fault\": \"status\", \"when\": {\"state\": [\"PoweringOn\", \"OSRunning\"]}}");
    assert_false(bites(w, FAULT_STATUS, 0));
    assert_true(bites(w, FAULT_STATUS, 1));
}

static void test_state(void **unused)
{
    run(check_state);
}

/* -- when and how often -- */

static void check_times(struct world *w)
{
    uint64_t id = add(w, "{\"fault\": \"status\", \"when\": {\"after\": \"10s\", \"for\": \"20s\"}}");

    assert_false(bites(w, FAULT_STATUS, 0));
    assert_ok(rt_sleep(w->rt, 10 * RT_S));
    assert_true(bites(w, FAULT_STATUS, 0));
    assert_ok(rt_sleep(w->rt, 20 * RT_S - 1));
    assert_true(bites(w, FAULT_STATUS, 0));
    assert_int_equal(active(w), 1);
    assert_ok(rt_sleep(w->rt, 1));
    assert_false(bites(w, FAULT_STATUS, 0));
    assert_int_equal(active(w), 0);
    assert_false(fault_plan_remove(w->plan, id));
}

static void test_times(void **unused)
{
    run(check_times);
}

static void check_count(struct world *w)
{
    uint64_t id = add(w, "{\"fault\": \"status\", \"when\": {\"count\": 2}}");

    assert_true(bites(w, FAULT_STATUS, 0));
    assert_true(bites(w, FAULT_STATUS, 3));
    assert_false(bites(w, FAULT_STATUS, 0));
    assert_false(fault_plan_remove(w->plan, id));

    add(w, "{\"fault\": \"status\", \"when\": {\"nth\": 3}}");
    assert_false(bites(w, FAULT_STATUS, 0));
    assert_false(bites(w, FAULT_STATUS, 1));
    assert_true(bites(w, FAULT_STATUS, 0));
    assert_int_equal(active(w), 0);

    add(w, "{\"fault\": \"status\", \"when\": {\"from\": 2, \"count\": 2}}");
    assert_false(bites(w, FAULT_STATUS, 0));
    assert_true(bites(w, FAULT_STATUS, 0));
    assert_true(bites(w, FAULT_STATUS, 0));
    assert_false(bites(w, FAULT_STATUS, 0));
}

static void test_count(void **unused)
{
    run(check_count);
}

/* Each machine has its own count; the row is spent when the last one's is. */
static void check_per_machine(struct world *w)
{
    uint64_t id =
        add(w, "{\"fault\": \"status\", \"machines\": [1, 3], \"when\": {\"count\": 1, \"perMachine\": true}}");

    assert_true(bites(w, FAULT_STATUS, 0));
    assert_false(bites(w, FAULT_STATUS, 0));
    assert_false(bites(w, FAULT_STATUS, 1));
    assert_int_equal(active(w), 1);
    assert_true(bites(w, FAULT_STATUS, 2));
    assert_int_equal(active(w), 0);
    assert_false(fault_plan_remove(w->plan, id));
}

static void test_per_machine(void **unused)
{
    run(check_per_machine);
}

static void check_rate(struct world *w)
{
    int bitten = 0;

    add(w, "{\"fault\": \"status\", \"when\": {\"rate\": 0.25}}");
    for (int i = 0; i < 1000; i++)
        bitten += bites(w, FAULT_STATUS, 0);
    assert_in_range(bitten, 200, 300);
}

static void test_rate(void **unused)
{
    run(check_rate);
}

/* The oldest row that bites wins, and only what it is about counts. */
static void check_effect(struct world *w)
{
    struct fault_hit hit;
    uint64_t first = add(w, "{\"fault\": \"status\", \"status\": 500, \"when\": {\"count\": 1}}");
    uint64_t second = add(w, "{\"fault\": \"status\", \"retryAfter\": \"20s\", \"messageId\": \"IDRAC.2.8.SYS518\"}");

    assert_true(fault_plan_bites(w->plan, FAULT_STATUS, 0, "GET", "/redfish/v1", &hit));
    assert_int_equal(hit.id, first);
    assert_int_equal(hit.status, 500);
    assert_true(fault_plan_bites(w->plan, FAULT_STATUS, 0, "GET", "/redfish/v1", &hit));
    assert_int_equal(hit.id, second);
    assert_int_equal(hit.status, 503);
    assert_int_equal(hit.retry_after, 20 * RT_S);
    assert_string_equal(hit.message_id, "IDRAC.2.8.SYS518");

    CLEANUP(json_free) struct json *list = fault_plan_json(w->plan);
    assert_int_equal(json_len(list), 1);
    assert_int_equal(json_int(list, "0/id", 0), second);
    assert_int_equal(json_int(list, "0/seen", 0), 1);
    assert_int_equal(json_int(list, "0/hits", 0), 1);
    assert_string_equal(json_str(list, "0/row/retryAfter"), "20s");
}

static void test_effect(void **unused)
{
    run(check_effect);
}

/* As they come out of YAML. */
static void check_yaml_words(struct world *w)
{
    add(w, "{\"fault\": \"power-stuck\", \"operation\": true, \"when\": {\"state\": false}}");
    assert_true(fault_plan_bites(w->plan, FAULT_POWER_STUCK, 0, "On", NULL, NULL));
    assert_false(fault_plan_bites(w->plan, FAULT_POWER_STUCK, 0, "ForceOff", NULL, NULL));
    assert_false(fault_plan_bites(w->plan, FAULT_POWER_STUCK, 1, "On", NULL, NULL));
    add(w, "{\"fault\": \"status\", \"when\": {\"state\": [\"PoweringOn\", true]}}");
    assert_true(bites(w, FAULT_STATUS, 1));
    assert_false(bites(w, FAULT_STATUS, 0));
}

static void test_yaml_words(void **unused)
{
    run(check_yaml_words);
}

static char *read_readme(void)
{
    struct strbuf readme = STRBUF_INIT;
    char chunk[4096];
    size_t len;
    FILE *file = fopen("bmc-emu/faults/README.md", "re");

    assert_non_null(file);
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0)
        strbuf_add(&readme, chunk, len);
    fclose(file);
    return strbuf_take(&readme);
}

/* README.md shows the table as it is. */
static void test_readme_table(void **unused)
{
    CLEANUP_STRBUF struct strbuf table = STRBUF_INIT;
    CLEANUP_FREE char *readme = read_readme();

    fault_kinds_print(&table);
    if (strstr(readme, strbuf_str(&table)))
        return;
    fputs(strbuf_str(&table), stderr);
    fail_msg("bmc-emu/faults/README.md does not show the table above");
}

/* Its examples are rows, and there is one of each kind. */
static void check_readme_examples(struct world *w)
{
    CLEANUP_FREE char *readme = read_readme();
    CLEANUP(str_list_free) char **lines = str_split(readme, '\n');
    bool seen[FAULT_KIND_COUNT] = {false};

    for (size_t i = 0; lines[i]; i++) {
        CLEANUP(yaml_free) struct yaml *yaml = NULL;
        if (!str_has_prefix(lines[i], "{fault: "))
            continue;
        assert_ok(yaml_parse("README.md", lines[i], strlen(lines[i]), &yaml));
        uint64_t id = 0;
        struct error *err = fault_plan_add(w->plan, yaml_document(yaml, 0), &id);
        if (err)
            fail_msg("%s: %s", lines[i], error_message(err));
        for (int kind = 0; kind < FAULT_KIND_COUNT; kind++)
            seen[kind] |= str_equal(json_str(yaml_document(yaml, 0), "fault"), fault_kinds[kind].name);
    }
    for (int kind = 0; kind < FAULT_KIND_COUNT; kind++)
        if (!seen[kind])
            fail_msg("no example of %s", fault_kinds[kind].name);
}

static void test_readme_examples(void **unused)
{
    run(check_readme_examples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_limit),           cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_machines),     cmocka_unit_test(test_operations),      cmocka_unit_test(test_state),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_count),           cmocka_unit_test(test_per_machine),
        cmocka_unit_test(test_rate),         cmocka_unit_test(test_effect),          cmocka_unit_test(test_yaml_words),
        cmocka_unit_test(test_readme_table), cmocka_unit_test(test_readme_examples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
