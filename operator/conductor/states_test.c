/* SPDX-License-Identifier: Apache-2.0 */
/* The state table against Ironic's (reference rows IRO-212 to IRO-234). */
#include "lib/test.h"

#include "lib/data/str.h"
#include "operator/conductor/states.h"

/* "state: event>state …" as the reference writes its rows; what is not listed must not be possible. */
static const struct {
    const char *from, *rows;
} reference[] = {
    {"enroll", "manage>verifying"},
    {"verifying", "done>manageable fail>enroll"},
    {"manageable", "provide>cleaning clean>cleaning inspect>inspecting adopt>adopting"},
    {"inspecting", "wait>inspect_wait done>manageable fail>inspect_failed"},
    {"inspect wait", "resume>inspecting done>manageable fail>inspect_failed abort>inspect_failed"},
    {"inspect failed", "inspect>inspecting manage>manageable"},
    {"available", "active>deploying manage>manageable"},
    {"deploying", "wait>wait_call-back done>active fail>deploy_failed"},
    {"wait call-back", "resume>deploying fail>deploy_failed deleted>deleting abort>deploy_failed"},
    {"deploy failed", "active>deploying rebuild>deploying deleted>deleting"},
    {"active", "rebuild>deploying deleted>deleting service>servicing"},
    {"deleting", "clean>cleaning fail>error"},
    {"error", "rebuild>deploying deleted>deleting"},
    {"cleaning", "wait>clean_wait done>available fail>clean_failed"},
    {"clean wait", "resume>cleaning fail>clean_failed abort>clean_failed"},
    {"clean failed", "manage>manageable"},
    {"adopting", "done>active fail>adopt_failed"},
    {"adopt failed", "adopt>adopting manage>manageable"},
    {"servicing", "wait>service_wait done>active fail>service_failed"},
    {"service wait", "resume>servicing fail>service_failed abort>service_failed deleted>deleting"},
    {"service failed", "service>servicing abort>active deleted>deleting"},
};

static void test_table(void **unused)
{
    for (size_t i = 0; i < ARRAY_SIZE(reference); i++) {
        enum provision_state from = provision_state_from_name(reference[i].from);
        assert_int_not_equal(from, STATE_NONE);
        size_t found = 0;
        for (enum provision_event event = 0; event < EVENT_COUNT; event++) {
            enum provision_state target, to = provision_state_next(from, event, STATE_NONE, &target);
            if (to == STATE_NONE)
                continue;
            CLEANUP_FREE char *name = str_replace(provision_state_name(to), " ", "_");
            CLEANUP_FREE char *row = mem_printf("%s>%s", provision_event_name(event), name);
            if (!strstr(reference[i].rows, row))
                fail_msg("%s: %s is not in the reference", reference[i].from, row);
            found++;
        }
        CLEANUP(str_list_free) char **wanted = str_split(reference[i].rows, ' ');
        size_t count = 0;
        while (wanted[count])
            count++;
        assert_int_equal(found, count);
    }
}

static void test_targets(void **unused)
{
    enum provision_state target = STATE_NONE;
    provision_state_next(STATE_MANAGEABLE, EVENT_PROVIDE, STATE_NONE, &target);
    assert_int_equal(target, STATE_AVAILABLE);
    /* a manual clean ends manageable, an automated one available */
    assert_int_equal(provision_state_next(STATE_CLEANING, EVENT_DONE, STATE_MANAGEABLE, &target), STATE_MANAGEABLE);
    assert_int_equal(provision_state_next(STATE_CLEANING, EVENT_DONE, STATE_AVAILABLE, &target), STATE_AVAILABLE);
    assert_int_equal(target, STATE_NONE);
    /* failures keep the target: the operator's power calls wait for it (IRO-118) */
    provision_state_next(STATE_DEPLOYING, EVENT_FAIL, STATE_ACTIVE, &target);
    assert_int_equal(target, STATE_ACTIVE);
    provision_state_next(STATE_VERIFYING, EVENT_FAIL, STATE_MANAGEABLE, &target);
    assert_int_equal(target, STATE_NONE);
}

static void test_names(void **unused)
{
    for (enum provision_state state = STATE_ENROLL; state < STATE_COUNT; state++)
        assert_int_equal(provision_state_from_name(provision_state_name(state)), state);
    assert_int_equal(provision_state_from_name("wait call-back"), STATE_DEPLOY_WAIT);
    assert_int_equal(provision_state_from_name("nonsense"), STATE_NONE);
    enum provision_event event;
    assert_true(provision_event_from_verb("deleted", &event));
    assert_int_equal(event, EVENT_DELETED);
    assert_false(provision_event_from_verb("resume", &event)); /* no verb */
}

static void test_every_state_can_be_left(void **unused)
{
    for (enum provision_state state = STATE_ENROLL; state < STATE_COUNT; state++) {
        bool leaves = false;
        for (enum provision_event event = 0; event < EVENT_COUNT; event++) {
            enum provision_state target;
            leaves = leaves || provision_state_next(state, event, STATE_NONE, &target) != STATE_NONE;
        }
        assert_true(leaves);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_state_can_be_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
