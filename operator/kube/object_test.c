/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata, owners, finalizers, conditions, secrets and selectors of objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/data/time.h"
#include "operator/kube/object.h"
#include "operator/kube/patch.h"

static const struct kube_resource hosts = {"metal3.io", "v1alpha1", "baremetalhosts", "BareMetalHost", true};

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    assert_null(json_parse(text, strlen(text), &value));
    return value;
}

static void assert_prints(const struct json *value, const char *text)
{
    CLEANUP_FREE char *printed = json_print(value);
    assert_string_equal(printed, text);
}

static void finalizers_come_and_go(void **state)
{
    CLEANUP(json_free) struct json *object = kube_object_make(&hosts, "ns", "h");
    assert_false(kube_has_finalizer(object, "a/b"));
    assert_true(kube_add_finalizer(object, "a/b"));
    assert_false(kube_add_finalizer(object, "a/b"));
    assert_true(kube_add_finalizer(object, "c"));
    assert_true(kube_remove_finalizer(object, "a/b"));
    assert_false(kube_remove_finalizer(object, "a/b"));
    assert_true(kube_has_finalizer(object, "c"));
    assert_true(kube_remove_finalizer(object, "c"));
    assert_prints(object, "{\"apiVersion\":\"metal3.io/v1alpha1\",\"kind\":\"BareMetalHost\",\"metadata\":{\"name\":"
                          "\"h\",\"namespace\":\"ns\"}}");
}

static void owners_are_set_as_controllerutil_does(void **state)
{
    CLEANUP(json_free) struct json *owner = parse("{\"metadata\":{\"name\":\"h\",\"uid\":\"u1\"}}");
    CLEANUP(json_free) struct json *secret = kube_object_make(&kube_secrets, "ns", "s");
    assert_true(kube_set_owner(secret, &hosts, owner, KUBE_OWNER_PLAIN));
    assert_false(kube_set_owner(secret, &hosts, owner, KUBE_OWNER_PLAIN));
    assert_prints(kube_owner(secret, "u1"), "{\"apiVersion\":\"metal3.io/v1alpha1\",\"kind\":\"BareMetalHost\","
                                            "\"name\":\"h\",\"uid\":\"u1\"}");
    assert_null(kube_controller_owner(secret));
    /* A reference of an old release, with controller: true, is rewritten (BMO-422). */
    assert_true(kube_set_owner(secret, &hosts, owner, KUBE_OWNER_CONTROLLER));
    assert_non_null(kube_controller_owner(secret));
    assert_true(kube_set_owner(secret, &hosts, owner, KUBE_OWNER_PLAIN));
    assert_int_equal(json_len(json_get(secret, "metadata/ownerReferences")), 1);
    assert_true(kube_remove_owner(secret, "u1"));
    assert_false(kube_remove_owner(secret, "u1"));
    assert_false(json_has(secret, "metadata/ownerReferences"));
}

static void labels_and_annotations_take_any_key(void **state)
{
    CLEANUP(json_free) struct json *object = kube_object_make(&hosts, "ns", "h");
    assert_null(kube_annotation(object, "reboot.metal3.io/a~b"));
    kube_set_annotation(object, "reboot.metal3.io/a~b", "");
    assert_string_equal(kube_annotation(object, "reboot.metal3.io/a~b"), "");
    kube_set_annotation(object, "reboot.metal3.io/a~b", NULL);
    assert_null(kube_annotation(object, "reboot.metal3.io/a~b"));
    kube_set_label(object, "environment.metal3.io", "baremetal");
    assert_string_equal(kube_label(object, "environment.metal3.io"), "baremetal");
}

static void secrets_are_decoded(void **state)
{
    CLEANUP(json_free)
    struct json *secret = parse("{\"data\":{\"username\":\"YWRtaW4=\",\"broken\":\"%%\",\"number\":1,\"empty\":\"\"}}");
    size_t len;
    CLEANUP_SECRET char *user = kube_secret_value(secret, "username", &len);
    CLEANUP_SECRET char *empty = kube_secret_value(secret, "empty", NULL);
    assert_string_equal(user, "admin");
    assert_int_equal(len, 5);
    assert_string_equal(empty, "");
    assert_null(kube_secret_value(secret, "broken", NULL));
    assert_null(kube_secret_value(secret, "number", NULL));
    assert_null(kube_secret_value(secret, "none", NULL));
    kube_secret_set(secret, "password", "hunter2", 7);
    assert_string_equal(json_str(secret, "data/password"), "aHVudGVyMg==");
}

static void conditions_keep_their_time_until_status_changes(void **state)
{
    CLEANUP(json_free) struct json *object = parse("{\"metadata\":{\"generation\":3}}");
    int64_t first, second;
    assert_null(time_parse("2026-01-01T00:00:00Z", &first));
    assert_null(time_parse("2026-01-01T00:01:00.5Z", &second));
    assert_true(kube_set_condition(object, "Ready", "False", "Starting", "", first));
    assert_false(kube_set_condition(object, "Ready", "False", "Starting", "", second));
    assert_true(kube_set_condition(object, "Ready", "False", "Waiting", "for you", second));
    assert_string_equal(json_str(kube_condition(object, "Ready"), "lastTransitionTime"), "2026-01-01T00:00:00Z");
    assert_true(kube_set_condition(object, "Ready", "True", "Done", "", second));
    assert_string_equal(json_str(kube_condition(object, "Ready"), "lastTransitionTime"), "2026-01-01T00:01:00Z");
    assert_int_equal(json_int(kube_condition(object, "Ready"), "observedGeneration", 0), 3);
    assert_true(kube_condition_is(object, "Ready", "True"));
    assert_false(kube_condition_is(object, "Healthy", "True"));
    json_set_int(object, "metadata/generation", 4);
    assert_true(kube_set_condition(object, "Ready", "True", "Done", "", second));
    assert_true(kube_remove_condition(object, "Ready"));
    assert_false(kube_remove_condition(object, "Ready"));
}

static void selectors_match_labels(void **state)
{
    static const struct {
        const char *selector;
        bool matches;
    } cases[] = {
        {"{}", true},
        {"{\"matchLabels\":{\"a\":\"1\"}}", true},
        {"{\"matchLabels\":{\"a\":\"1\",\"b\":\"2\"}}", false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\",\"values\":[\"0\",\"1\"]}]}", true},
        {"{\"matchExpressions\":[{\"key\":\"b\",\"operator\":\"In\",\"values\":[\"0\"]}]}", false},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"1\"]}]}", false},
        {"{\"matchExpressions\":[{\"key\":\"b\",\"operator\":\"NotIn\",\"values\":[\"1\"]}]}", true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}", true},
        {"{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}", false},
    };
    CLEANUP(json_free) struct json *object = parse("{\"metadata\":{\"labels\":{\"a\":\"1\"}}}");
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP(json_free) struct json *selector = parse(cases[i].selector);
        bool matches = !cases[i].matches;
        assert_null(kube_selector_matches(selector, object, &matches));
        assert_int_equal(matches, cases[i].matches);
    }
    CLEANUP(json_free) struct json *bad = parse("{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Near\"}]}");
    bool matches;
    struct error *err = kube_selector_matches(bad, object, &matches);
    assert_true(error_is(err, ERROR_INVALID));
    error_free(err);
}

static void differences_separate_status(void **state)
{
    CLEANUP(json_free) struct json *a = parse("{\"metadata\":{\"resourceVersion\":\"4\"},\"spec\":{\"x\":1,\"y\":2}}");
    CLEANUP(json_free)
    struct json *b = parse("{\"metadata\":{\"resourceVersion\":\"4\"},\"spec\":{\"x\":1},"
                           "\"status\":{\"s\":true}}");
    CLEANUP(json_free) struct json *spec = kube_diff(a, b, false, 0);
    CLEANUP(json_free) struct json *status = kube_diff(a, b, true, KUBE_PATCH_LOCKED);
    assert_prints(spec, "{\"spec\":{\"y\":null}}");
    assert_prints(status, "{\"status\":{\"s\":true},\"metadata\":{\"resourceVersion\":\"4\"}}");
    assert_null(kube_diff(a, a, false, KUBE_PATCH_LOCKED));
    assert_null(kube_diff(a, a, true, KUBE_PATCH_LOCKED));
}

static void shared_objects_live_as_long_as_a_reference(void **state)
{
    struct kube_object *object = kube_object_new(parse("{\"metadata\":{\"name\":\"a\"}}"));
    CLEANUP_KUBE_OBJECTS struct kube_objects list = {0};
    kube_objects_add(&list, object);
    kube_object_unref(object);
    assert_string_equal(kube_name(kube_object_json(list.items[0])), "a");
    CLEANUP(json_free) struct json *copy = kube_object_copy(list.items[0]);
    json_set_str(copy, "metadata/name", "b");
    assert_string_equal(kube_name(kube_object_json(list.items[0])), "a");
    assert_null(kube_object_json(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finalizers_come_and_go),
        cmocka_unit_test(owners_are_set_as_controllerutil_does),
        cmocka_unit_test(labels_and_annotations_take_any_key),
        cmocka_unit_test(secrets_are_decoded),
        cmocka_unit_test(conditions_keep_their_time_until_status_changes),
        cmocka_unit_test(selectors_match_labels),
        cmocka_unit_test(differences_separate_status),
        cmocka_unit_test(shared_objects_live_as_long_as_a_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
