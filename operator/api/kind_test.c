/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generated CustomResourceDefinitions against fixtures/crd-facts.json, which lists every field of the upstream definitions (baremetal-operator
 * at 02aa5059e348) with all that its schema says but the descriptions: both must have the same rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "operator/api/host.h"
#include "operator/api/kind.h"
#include "operator/kube/object.h"

#define FACTS "fixtures/crd-facts.json"

static struct json *load_facts(void)
{
    FILE *file = fopen(FACTS, "re");
    assert_non_null(file);
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    char bytes[65536];
    size_t len;
    while ((len = fread(bytes, 1, sizeof(bytes), file)) > 0)
        strbuf_add(&text, bytes, len);
    fclose(file);
    struct json *facts = NULL;
    assert_null(json_parse(text.data, text.len, &facts));
    return facts;
}

/* Writes what `schema` says about `path` and everything below it as rows of `rows`, as the facts have them. */
static void flatten(const struct json *schema, const char *path, struct json *rows)
{
    struct json *row = json_new_object();
    JSON_FOREACH (member, schema) {
        const char *key = json_key(member);
        if (str_equal(key, "properties")) {
            JSON_FOREACH (property, member) {
                CLEANUP_FREE char *below = mem_printf("%s.%s", str_equal(path, ".") ? "" : path, json_key(property));
                flatten(property, below, rows);
            }
        } else if (str_equal(key, "items") || str_equal(key, "additionalProperties")) {
            CLEANUP_FREE char *below = mem_printf("%s%s", path, str_equal(key, "items") ? "[]" : "{}");
            flatten(member, below, rows);
        } else if (!str_equal(key, "description")) {
            json_put(row, key, json_copy(member));
        }
    }
    json_put(rows, path, row);
}

/* Fails with both rows when they differ; `b` NULL means that the row is missing there. */
static void compare_row(const char *crd, const char *path, const struct json *ours, const struct json *upstream)
{
    CLEANUP_FREE char *a = ours ? json_print(ours) : mem_strdup("(none)");
    CLEANUP_FREE char *b = upstream ? json_print(upstream) : mem_strdup("(none)");
    if (!ours || !upstream || !json_equal(ours, upstream))
        fail_msg("%s %s: ours %s, upstream %s", crd, path, a, b);
}

static void compare_fields(const char *crd, const struct json *version, const struct json *facts)
{
    CLEANUP(json_free) struct json *rows = json_new_object();
    flatten(json_get(version, "schema/openAPIV3Schema"), ".", rows);
    JSON_FOREACH (row, rows)
        compare_row(crd, json_key(row), row, json_member(json_get(facts, "fields"), json_key(row)));
    JSON_FOREACH (row, json_get(facts, "fields"))
        compare_row(crd, json_key(row), json_member(rows, json_key(row)), row);
}

static void compare_version(const char *crd, const struct json *version, const struct json *facts)
{
    CLEANUP(json_free) struct json *none = json_new_array();
    CLEANUP(json_free) struct json *empty = json_new_object();
    const struct json *columns = json_get(version, "additionalPrinterColumns");
    const struct json *subresources = json_get(version, "subresources");
    assert_true(json_equal(columns ? columns : none, json_get(facts, "printerColumns")));
    assert_true(json_equal(subresources ? subresources : empty, json_get(facts, "subresources")));
    assert_int_equal(json_bool(version, "storage", false), json_bool(facts, "storage", false));
    assert_int_equal(json_bool(version, "served", false), json_bool(facts, "served", false));
    assert_int_equal(json_bool(version, "deprecated", false), json_bool(facts, "deprecated", false));
    compare_fields(crd, version, facts);
}

static void every_definition_equals_upstreams(void **state)
{
    CLEANUP(json_free) struct json *facts = load_facts();
    size_t count = 0;
    for (; api_kinds[count]; count++) {
        CLEANUP(json_free) struct json *crd = api_crd(api_kinds[count]);
        const char *name = kube_name(crd);
        const struct json *wanted = json_member(facts, name);
        if (!wanted)
            fail_msg("%s is not among the facts", name);
        assert_string_equal(json_str(crd, "spec/group"), json_str(wanted, "group"));
        assert_string_equal(json_str(crd, "spec/scope"), json_str(wanted, "scope"));
        compare_row(name, "names", json_get(crd, "spec/names"), json_get(wanted, "names"));
        assert_int_equal(json_len(json_get(crd, "spec/versions")), json_len(json_get(wanted, "versions")));
        JSON_FOREACH (version, json_get(crd, "spec/versions"))
            compare_version(name, version, json_member(json_get(wanted, "versions"), json_str(version, "name")));
    }
    assert_int_equal(count, json_len(facts));
}

static void descriptions_are_everywhere(const struct json *schema, const char *path)
{
    JSON_FOREACH (property, json_get(schema, "properties")) {
        CLEANUP_FREE char *below = mem_printf("%s.%s", path, json_key(property));
        if (!str_equal(json_key(property), "metadata") && str_is_empty(json_str(property, "description")))
            fail_msg("%s has no description", below);
        descriptions_are_everywhere(property, below);
        descriptions_are_everywhere(json_get(property, "items"), below);
        descriptions_are_everywhere(json_get(property, "additionalProperties"), below);
    }
}

static void every_field_is_described(void **state)
{
    for (size_t i = 0; api_kinds[i]; i++) {
        CLEANUP(json_free) struct json *crd = api_crd(api_kinds[i]);
        JSON_FOREACH (version, json_get(crd, "spec/versions"))
            descriptions_are_everywhere(json_get(version, "schema/openAPIV3Schema"), kube_name(crd));
    }
}

static void kinds_are_found_by_name(void **state)
{
    assert_ptr_equal(api_kind_find("metal3.io", "BareMetalHost"), api_kinds[0]);
    assert_null(api_kind_find("metal3.io", "Pod"));
    assert_null(api_kind_find("", "BareMetalHost"));
}

/* Each text that the schema allows must be one that the enumeration knows. */
static void enumerations_match_the_schema(void **state)
{
    CLEANUP(json_free) struct json *crd = api_crd(api_kind_find("metal3.io", "BareMetalHost"));
    const struct json *status = json_get(crd, "spec/versions/0/schema/openAPIV3Schema/properties/status/properties");
    JSON_FOREACH (value, json_get(status, "operationalStatus/enum")) {
        enum operational_status parsed;
        assert_null(operational_status_parse(json_str(value, ""), &parsed));
        assert_string_equal(operational_status_text(parsed), json_str(value, ""));
    }
    JSON_FOREACH (value, json_get(status, "errorType/enum")) {
        enum host_error parsed;
        assert_null(host_error_parse(json_str(value, ""), &parsed));
        assert_string_equal(host_error_text(parsed), json_str(value, ""));
        assert_true(*host_error_reason(parsed));
    }
    for (int i = 0; i < HOST_STATE_COUNT; i++) {
        enum host_state parsed;
        assert_null(host_state_parse(host_state_text(i), &parsed));
        assert_int_equal(parsed, i);
    }
    enum host_state parsed;
    struct error *err = host_state_parse("melting", &parsed);
    assert_true(error_is(err, ERROR_INVALID));
    assert_non_null(strstr(error_message(err), "melting"));
    error_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_definition_equals_upstreams),
        cmocka_unit_test(every_field_is_described),
        cmocka_unit_test(kinds_are_found_by_name),
        cmocka_unit_test(enumerations_match_the_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
