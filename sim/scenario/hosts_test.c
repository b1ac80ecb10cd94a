/* SPDX-License-Identifier: Apache-2.0 */
/* Which states of a host a story may wait for, and when they count as reached. */
#include "lib/data/vec.h"
#include "lib/test.h"
#include "sim/scenario/hosts.h"

static void go_through(struct host *host, const char *const *states)
{
    for (; *states; states++) {
        struct host_phase phase = {.state = (char *)(uintptr_t)*states};
        VEC_PUSH(&host->phases, phase);
    }
}

static void test_a_state_that_passed_counts_once_it_was_reached(void **state)
{
    static const char *const install[] = {"",          "registering",  "inspecting",  "preparing",
                                          "available", "provisioning", "provisioned", NULL};
    static const char *const again[] = {"deprovisioning", "available", "provisioning", NULL};
    struct host host = {0};

    assert_false(hosts_reached(&host, "registering"));
    go_through(&host, install);
    assert_true(hosts_reached(&host, "registering"));
    assert_true(hosts_reached(&host, "inspecting"));
    assert_false(hosts_reached(&host, "registering")); /* before inspecting: an earlier part of the story */
    assert_false(hosts_reached(&host, "available"));   /* hosts stay there: now or not at all */
    assert_true(hosts_reached(&host, "provisioned"));
    assert_false(hosts_reached(&host, "provisioning"));
    go_through(&host, again);
    assert_true(hosts_reached(&host, "deprovisioning"));
    assert_true(hosts_reached(&host, "provisioning"));
    assert_false(hosts_reached(&host, "provisioned"));
    VEC_RELEASE(&host.phases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_state_that_passed_counts_once_it_was_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
