/* SPDX-License-Identifier: Apache-2.0 */
/* The Ironic client: versions, credentials, errors, pages. */
#include "operator/ironic/test_world.h"

static void pins_the_best_version(struct world *world)
{
    static const struct {
        const char *offered;
        int pinned;
    } versions[] = {{"1.200", 110}, {"1.110", 110}, {"1.109", 109}, {"1.99", 95}, {"1.93", 93}, {"1.89", 89}};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        struct ironic *ironic CLEANUP(ironic_free) = NULL;
        world->ironic.version = versions[i].offered;
        assert_ok(ironic_new(&world->env, &world->options, &ironic));
        assert_ok(ironic_ready(ironic));
        assert_int_equal(ironic_version(ironic), versions[i].pinned);
    }
    struct ironic *old CLEANUP(ironic_free) = NULL;
    world->ironic.version = "1.88";
    assert_ok(ironic_new(&world->env, &world->options, &old));
    struct error *err = ironic_ready(old);
    assert_int_equal(error_code(err), PROVISIONER_NOT_READY);
    assert_non_null(strstr(error_message(err), "1.89 or later is needed, but it offers 1.88"));
    error_free(err);
}

static void needs_a_conductor(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    world->ironic.no_drivers = true;
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    struct error *err = ironic_ready(ironic);
    assert_int_equal(error_code(err), PROVISIONER_NOT_READY);
    error_free(err);
    world->ironic.no_drivers = false;
    assert_ok(ironic_ready(ironic));
    strbuf_clear(&world->ironic.calls);
    assert_ok(ironic_ready(ironic)); /* within the time to live nothing is asked */
    assert_int_equal(world->ironic.calls.len, 0);
    assert_ok(rt_sleep(world->rt, 6 * RT_S));
    assert_ok(ironic_ready(ironic));
    assert_int_equal(count_calls(world, "GET /v1/drivers"), 1);
}

static void authenticates(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    struct ironic *wrong CLEANUP(ironic_free) = NULL;
    world->ironic.user = "ironic";
    world->ironic.password = "s3cret";
    world->options.user = (char *)"ironic";
    world->options.password = (char *)"s3cret";
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    assert_ok(ironic_ready(ironic));
    world->options.password = (char *)"guess";
    assert_ok(ironic_new(&world->env, &world->options, &wrong));
    struct error *err = ironic_ready(wrong);
    assert_non_null(strstr(error_message(err), "HTTP 401: Incorrect username or password"));
    assert_null(strstr(error_message(err), "guess"));
    error_free(err);
}

static void reads_both_forms_of_errors(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    struct json *node = NULL;
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    for (int i = 0; i < 2; i++) {
        world->ironic.object_errors = i;
        assert_error_text(ironic_node_get(ironic, "nobody", &node), ERROR_NOT_FOUND,
                          "HTTP 404: Node nobody could not be found.");
    }
    /* A host's status takes no novels. */
    char name[6001] = {0};
    memset(name, 'x', sizeof(name) - 1);
    struct error *err = ironic_node_get(ironic, name, &node);
    assert_true(error_is(err, ERROR_NOT_FOUND));
    assert_in_range(strlen(error_root_message(err)), 0, sizeof(name) + 4100); /* the URL, and what was cut */
    error_free(err);
}

static void follows_pages(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    struct json *nodes CLEANUP(json_free) = NULL;
    struct json *body CLEANUP(json_free) = json_new_object();
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    for (int i = 0; i < 7; i++) {
        struct json *node = NULL;
        assert_ok(ironic_node_create(ironic, body, &node));
        json_free(node);
    }
    world->ironic.page = 3;
    assert_ok(ironic_list(ironic, "/nodes?fields=uuid", "nodes", &nodes));
    assert_int_equal(json_len(nodes), 7);
    assert_string_equal(json_str(nodes, "6/uuid"), "uuid-7");
}

WORLD_TEST(pins_the_best_version)
WORLD_TEST(needs_a_conductor)
WORLD_TEST(authenticates)
WORLD_TEST(reads_both_forms_of_errors)
WORLD_TEST(follows_pages)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pins_the_best_version), cmocka_unit_test(test_needs_a_conductor),
        cmocka_unit_test(test_authenticates),         cmocka_unit_test(test_reads_both_forms_of_errors),
        cmocka_unit_test(test_follows_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
