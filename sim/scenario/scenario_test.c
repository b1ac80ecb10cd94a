/* SPDX-License-Identifier: Apache-2.0 */
/* What a person gets told who writes a scenario wrong, and what becomes of a right one. */
#include "lib/test.h"
#include "sim/scenario/scenario.h"

static void test_reads_a_story(void **state)
{
    CLEANUP(scenario_free) struct scenario *scenario = NULL;

    assert_ok(scenario_parse("story.yaml",
                             "name: story\n"
                             "hosts: 3\n"
                             "timeLimit: 1h\n"
                             "steps:\n"
                             "  - apply: {hosts: [1, 2], image: false}\n"
                             "  - wait: {state: available, timeout: 5m}\n"
                             "  - kill: conductor\n"
                             "  - sleep: 90s\n"
                             "  - verify: all\n",
                             &scenario));
    assert_string_equal(scenario->name, "story");
    assert_int_equal(scenario->hosts, 3);
    assert_int_equal(scenario->time_limit, 3600 * RT_S);
    assert_int_equal(scenario->steps.len, 5);
    assert_true(scenario->steps.items[0].arguments.has_image);
    assert_false(scenario->steps.items[0].arguments.image);
    assert_int_equal(scenario->steps.items[1].timeout, 300 * RT_S);
    assert_string_equal(scenario->steps.items[2].arguments.program, "conductor");
    assert_int_equal(scenario->steps.items[3].duration, 90 * RT_S);
    assert_int_equal(scenario->steps.items[4].line, 9);
}

static void test_mistakes_are_named(void **state)
{
    static const struct {
        const char *steps, *message;
    } rows[] = {
        {"  - aply: all\n", "story.yaml:4: there is no step \"aply\"; steps are: apply, wait"},
        {"  - wait: {sate: available}\n", "sate"},
        {"  - wait: {hosts: all}\n", "say what to wait for"},
        {"  - wait: {state: sleepy}\n", "sleepy"},
        {"  - kill: kubelet\n", "there is no program \"kubelet\"; programs are: kube-api, fleet, conductor, operator"},
        {"  - sleep: soon\n", "soon"},
        {"  - sleep: -5s\n", "longer than nothing"},
        {"  - power: {hosts: 1}\n", "online"},
        {"  - reboot: {mode: gentle}\n", "gentle"},
        {"  - expect: {path: status}\n", "give value or contains"},
        {"  - wait\n", "a step is one word and its arguments"},
        {"  []\n", "at least one step"},
        {"  - inject: {fault: {fault: unreachabel}}\n",
         "story.yaml:4: step inject: the row: fault: \"unreachabel\" is not allowed"},
        {"  - apply: {file: /nonexistent.yaml}\n", "story.yaml:4: step apply: cannot read /nonexistent.yaml"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP_FREE char *text = mem_printf("name: story\nhosts: 1\nsteps:\n%s", rows[i].steps);
        struct scenario *scenario = NULL;
        assert_error_text(scenario_parse("story.yaml", text, &scenario), ERROR_INVALID, rows[i].message);
        assert_null(scenario);
    }
}

static void test_frame_is_checked(void **state)
{
    struct scenario *scenario = NULL;

    assert_error_text(scenario_parse("s.yaml", "hosts: 1\nsteps: [{verify: all}]\n", &scenario), ERROR_INVALID, "name");
    assert_error_text(scenario_parse("s.yaml", "name: x\nhosts: 20000\nsteps: [{verify: all}]\n", &scenario),
                      ERROR_INVALID, "hosts");
    assert_error_text(scenario_parse("s.yaml", "name: x\nhost: 1\nsteps: [{verify: all}]\n", &scenario), ERROR_INVALID,
                      "s.yaml:2: host: unknown member; did you mean \"hosts\"?");
    assert_error_text(scenario_parse("s.yaml", "name: x\nhosts: one\nsteps: [{verify: all}]\n", &scenario),
                      ERROR_INVALID, "s.yaml:2: hosts: must be an integer");
    assert_error_text(
        scenario_parse("s.yaml", "name: x\nhosts: 1\nprofile: /no.yaml\nsteps: [{verify: all}]\n", &scenario),
        ERROR_INVALID, "s.yaml:3: profile: cannot read /no.yaml");
    assert_error_text(scenario_parse("s.yaml", "name: x\n  hosts: 1\n", &scenario), ERROR_INVALID, "s.yaml:2");
    assert_error_text(scenario_load("/nonexistent/story.yaml", &scenario), ERROR_NOT_FOUND, "/nonexistent/story.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_story),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_frame_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
