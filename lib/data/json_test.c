/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: what is read, what is refused and how the refusal reads, what is written, and the tools on trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/data/json.h"

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    struct error *err = json_parse(text, strlen(text), &value);
    if (err)
        fail_msg("%s: %s", text, error_message(err));
    return value;
}

static void assert_prints(const struct json *value, const char *expected)
{
    CLEANUP_FREE char *text = json_print(value);
    assert_string_equal(text, expected);
}

static void assert_round(const char *text, const char *expected)
{
    CLEANUP(json_free) struct json *value = parse(text);
    assert_prints(value, expected);
}

static void assert_refused(const char *text, const char *message)
{
    struct json *value = (void *)"untouched";
    CLEANUP(error_free) struct error *err = json_parse(text, strlen(text), &value);
    assert_non_null(err);
    assert_int_equal(error_kind(err), ERROR_INVALID);
    assert_string_equal(error_message(err), message);
    assert_ptr_equal(value, (void *)"untouched");
}

/* Expected texts are what Go 1.22's json.Marshal gives (with SetEscapeHTML(false)). */
static void test_numbers(void **state)
{
    assert_round("[0, -1, 1e3, 1.0, 1.5, 0.1, -0.000001, 1e-7]", "[0,-1,1000,1,1.5,0.1,-0.000001,1e-7]");
    assert_round(
        "[1e16, 1e20, 1e21, 1.7976931348623157e308, 5e-324, 123456789012345680000.0]",
        "[10000000000000000,100000000000000000000,1e+21,1.7976931348623157e+308,5e-324,123456789012345680000]");
    assert_round("[9007199254740991,9007199254740993,-9223372036854775808,18446744073709551615,1e-10]",
                 "[9007199254740991,9007199254740993,-9223372036854775808,18446744073709551615,1e-10]");
    CLEANUP(json_free) struct json *value = parse("[9007199254740993,18446744073709551615,1.5,-7]");
    assert_true(json_int(value, "0", 0) == INT64_C(9007199254740993));
    assert_true(json_is_integer(json_item(value, 0)));
    assert_false(json_is_integer(json_item(value, 1)));
    assert_false(json_is_integer(json_item(value, 2)));
    assert_int_equal(json_int(value, "2", 42), 42);
    assert_int_equal(json_int(value, "3", 42), -7);
    CLEANUP(json_free) struct json *largest = json_new_int(INT64_MAX);
    assert_prints(largest, "9223372036854775807");
}

static void test_strings(void **state)
{
    assert_round("\"a\\u00e9\\n\\/\\ud83d\\ude00<&>\"", "\"a\xc3\xa9\\n/\xf0\x9f\x98\x80<&>\"");
    assert_round("\"\\u2028\\u0001\\b\\f\\u007f\"", "\"\\u2028\\u0001\\b\\f\x7f\"");
    assert_round("\"\\ud800x\"", "\"\xef\xbf\xbdx\"");
    assert_round("\"a\xff\xc3\"", "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
    CLEANUP(json_free) struct json *bad = json_new_string("x\xed\xa0\x80");
    assert_prints(bad, "\"x\\ufffd\\ufffd\\ufffd\"");
}

static void test_refusals(void **state)
{
    assert_refused("", "json: line 1 column 1: the text ends too early");
    assert_refused("{\"a\": 1,\n  b: 2}", "json: line 2 column 3: a member name in quotes is expected here");
    assert_refused("[1 2]", "json: line 1 column 4: a comma or ] is expected here");
    assert_refused("[01]", "json: line 1 column 2: a number must not begin with 0");
    assert_refused("[1.]", "json: line 1 column 4: digits must follow the decimal point");
    assert_refused("[1e]", "json: line 1 column 4: digits must follow the exponent sign");
    assert_refused("1e999", "json: line 1 column 1: the number is too large");
    assert_refused("[1,]", "json: line 1 column 4: a value is expected here");
    assert_refused("nul", "json: line 1 column 1: a value is expected here");
    assert_refused("{} x", "json: line 1 column 4: nothing may follow the value");
    assert_refused("\"a\nb\"", "json: line 1 column 3: a control character in a string must be escaped");
    assert_refused("\"\\u0000\"", "json: line 1 column 4: the character \\u0000 is not supported");
    assert_refused("\"\\x\"", "json: line 1 column 3: unknown escape in a string");
    assert_refused("{\"a\":\"", "json: line 1 column 7: the text ends too early");
    CLEANUP_STRBUF struct strbuf deep = STRBUF_INIT;
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        strbuf_addc(&deep, '[');
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        strbuf_addc(&deep, ']');
    json_free(parse(deep.data));
    CLEANUP_FREE char *deeper = mem_printf("[%s]", deep.data);
    assert_refused(deeper, "json: line 1 column 101: nested too deeply");
}

static void test_duplicates(void **state)
{
    const char *text = "{\"spec\": {\"x\": 1, \"y\": [{\"z\": 0}], \"x\": 2}}";
    CLEANUP(json_free) struct json *value = parse(text);
    assert_prints(value, "{\"spec\":{\"x\":2,\"y\":[{\"z\":0}]}}");
    struct json *strict = NULL;
    CLEANUP(error_free) struct error *err = json_parse_strict(text, strlen(text), &strict);
    assert_string_equal(error_message(err), "json: duplicate member \"spec.x\"");
    const char *nested = "[0, {\"a\": [{\"b\": 1, \"\\u0062\": 2}]}]";
    CLEANUP(error_free) struct error *nested_err = json_parse_strict(nested, strlen(nested), &strict);
    assert_string_equal(error_message(nested_err), "json: duplicate member \"[1].a[0].b\"");
}

/* Objects of many members take another way to find duplicates. */
static void test_large_object(void **state)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_addc(&text, '{');
    for (int i = 0; i < 1000; i++)
        strbuf_addf(&text, "\"name-%d\":%d,", i % 900, i);
    strbuf_adds(&text, "\"last\":true}");
    CLEANUP(json_free) struct json *value = parse(text.data);
    assert_int_equal(json_len(value), 901);
    assert_int_equal(json_int(value, "name-99", 0), 999);
    assert_int_equal(json_int(value, "name-100", 0), 100);
    struct json *strict = NULL;
    CLEANUP(error_free) struct error *err = json_parse_strict(text.data, text.len, &strict);
    assert_string_equal(error_message(err), "json: duplicate member \"name-0\"");
    CLEANUP(json_free) struct json *copy = json_copy(value);
    json_sort_members(copy);
    assert_string_equal(json_key(json_first(copy)), "last");
    assert_true(json_equal(value, copy));
    json_set_int(copy, "name-899", 1);
    assert_false(json_equal(value, copy));
}

static void test_paths(void **state)
{
    CLEANUP(json_free)
    struct json *value = parse("{\"a\":{\"b\":[{\"c\":\"x\"},null,true,2.5]},\"m/n\":{\"~\":1},\"\":{\"\":9},\"A\":0}");
    assert_string_equal(json_str(value, "a/b/0/c"), "x");
    assert_null(json_str(value, "a/b/1"));
    assert_true(json_has(value, "a/b/1"));
    assert_false(json_has(value, "a/b/4"));
    assert_false(json_has(value, "a/b/01"));
    assert_false(json_has(value, "a/b/0/c/d"));
    assert_true(json_bool(value, "a/b/2", false));
    assert_true(json_number(value, "a/b/3", 0) == 2.5);
    assert_int_equal(json_int(value, "m~1n/~0", 0), 1);
    assert_int_equal(json_int(value, "/", 0), 9);
    assert_ptr_equal(json_get(value, ""), value);
    assert_false(json_has(NULL, "a"));
    assert_string_equal(json_str_or(value, "zzz", "fallback"), "fallback");

    int64_t number;
    const char *text;
    struct json *found;
    CLEANUP(error_free) struct error *missing = json_need_int(value, "a/b/0/d", &number);
    assert_string_equal(error_message(missing), "a.b[0].d is missing; an integer of at most 64 bits is needed there");
    CLEANUP(error_free) struct error *wrong = json_need_str(value, "a/b", &text);
    assert_string_equal(error_message(wrong), "a.b must be a string, not array");
    CLEANUP(error_free) struct error *good = json_need(value, "a/b", JSON_ARRAY, &found);
    assert_null(good);
    assert_int_equal(json_len(found), 4);
}

static void test_building(void **state)
{
    CLEANUP(json_free) struct json *value = json_new_object();
    json_set_str(value, "metadata/name", "host-0");
    json_set_int(value, "spec/port", 443);
    json_set_bool(value, "spec/online", true);
    json_set_str_opt(value, "spec/empty", "");
    json_set_printf(value, "spec/url", "https://%s:%d", "[::1]", 8000);
    json_set(value, "spec/list", json_new_array());
    json_append_str(json_get(value, "spec/list"), "b");
    json_insert(json_get(value, "spec/list"), 0, json_new_string("a"));
    json_insert(json_get(value, "spec/list"), 9, json_new_string("d"));
    json_insert(json_get(value, "spec/list"), 2, json_new_string("c"));
    json_put_str(value, "a/b", "slash");
    json_set_int(value, "spec/port", 80); /* in place */
    json_set(value, "spec/list/1", NULL);
    assert_prints(value,
                  "{\"metadata\":{\"name\":\"host-0\"},\"spec\":{\"port\":80,\"online\":true,\"url\":\"https://[::1]:"
                  "8000\",\"list\":[\"a\",null,\"c\",\"d\"]},\"a/b\":\"slash\"}");
    json_set_str(value, "spec/port/deeper", "x"); /* a scalar on the way becomes an object */
    assert_string_equal(json_str(value, "spec/port/deeper"), "x");

    CLEANUP(json_free) struct json *list = json_detach(value, "spec/list");
    assert_null(json_key(list));
    assert_null(json_detach(value, "spec/list"));
    json_put(value, "list", json_copy(list));
    assert_true(json_remove(list, "3"));
    assert_true(json_remove(list, "0"));
    json_append(list, json_new_bool(false));
    assert_prints(list, "[null,\"c\",false]");
    assert_true(json_remove(value, "spec"));
    assert_false(json_remove(value, "spec"));
    assert_true(json_remove_member(value, "a/b"));
    assert_prints(value, "{\"metadata\":{\"name\":\"host-0\"},\"list\":[\"a\",null,\"c\",\"d\"]}");
    CLEANUP_FREE char *pretty = json_print_pretty(value);
    assert_string_equal(pretty,
                        "{\n  \"metadata\": {\n    \"name\": \"host-0\"\n  },\n  \"list\": [\n    \"a\",\n    null,\n"
                        "    \"c\",\n    \"d\"\n  ]\n}");
}

/* A detached member may come back under another name, the last one may go and others follow. */
static void test_string_list(void **state)
{
    CLEANUP(json_free) struct json *array = parse("[\"a\",1,\"\"]"), *empty = parse("[]");
    CLEANUP(str_list_free) char **list = json_str_list(array);

    assert_string_equal(list[0], "a");
    assert_string_equal(list[1], "");
    assert_string_equal(list[2], "");
    assert_null(list[3]);
    assert_null(json_str_list(empty));
    assert_null(json_str_list(NULL));
}

static void test_moving(void **state)
{
    CLEANUP(json_free) struct json *value = parse("{\"a\":\"text\",\"b\":{\"c\":[1]}}");
    struct json *b = json_detach(value, "b");
    json_put(value, "a", b);
    assert_prints(value, "{\"a\":{\"c\":[1]}}");
    json_put(value, "d", json_detach(value, "a"));
    json_append(json_get(value, "d/c"), json_detach(value, "d/c/0"));
    json_set_int(value, "e", 5);
    assert_prints(value, "{\"d\":{\"c\":[1]},\"e\":5}");
}

static void test_equality(void **state)
{
    CLEANUP(json_free) struct json *a = parse("{\"x\":[1,2.0,\"s\",{}],\"y\":null}");
    CLEANUP(json_free) struct json *b = parse("{\"y\":null,\"x\":[1,2,\"s\",{}]}");
    CLEANUP(json_free) struct json *c = parse("{\"y\":null,\"x\":[1,2,\"s\",[]]}");
    assert_true(json_equal(a, b));
    assert_false(json_equal(b, c));
    assert_false(json_equal(a, NULL));
    assert_true(json_equal(NULL, NULL));
    CLEANUP(json_free) struct json *yes = json_new_bool(true), *no = json_new_bool(false);
    assert_false(json_equal(yes, no));
}

struct bmc {
    char *address;
    bool insecure;
};

struct host {
    char *name;
    int64_t port;
    double weight;
    char *mode;
    struct bmc bmc;
    struct json *extra;
};

static const struct json_field bmc_fields[] = {
    {"address", JSON_FIELD_STRING, offsetof(struct bmc, address), .required = true},
    {"disableCertificateVerification", JSON_FIELD_BOOL, offsetof(struct bmc, insecure)},
    {0},
};

static const char *const modes[] = {"UEFI", "legacy", "UEFISecureBoot", NULL};

static const struct json_field host_fields[] = {
    {"metadata/name", JSON_FIELD_STRING, offsetof(struct host, name), .required = true},
    {"spec/port", JSON_FIELD_INT, offsetof(struct host, port)},
    {"spec/weight", JSON_FIELD_NUMBER, offsetof(struct host, weight)},
    {"spec/bootMode", JSON_FIELD_STRING, offsetof(struct host, mode), .values = modes},
    {"spec/bmc", JSON_FIELD_OBJECT, offsetof(struct host, bmc), .fields = bmc_fields},
    {"spec/extra", JSON_FIELD_JSON, offsetof(struct host, extra)},
    {0},
};

static void test_tables(void **state)
{
    const char *text = "{\"metadata\":{\"name\":\"h\"},\"spec\":{\"port\":443,\"weight\":0.5,\"bootMode\":\"legacy\","
                       "\"bmc\":{\"address\":\"ipmi://x\"},\"extra\":[1]}}";
    CLEANUP(json_free) struct json *value = parse(text);
    struct host host = {0};
    CLEANUP(error_free) struct error *err = json_decode_strict(value, host_fields, &host);
    assert_null(err);
    assert_string_equal(host.name, "h");
    assert_int_equal(host.port, 443);
    assert_string_equal(host.bmc.address, "ipmi://x");
    CLEANUP(json_free) struct json *again = json_encode(host_fields, &host);
    assert_prints(again, text);
    json_decode_release(host_fields, &host);
    assert_null(host.name);
    assert_null(host.bmc.address);
}

static void assert_not_decoded(const char *text, const char *message)
{
    CLEANUP(json_free) struct json *value = parse(text);
    struct host host = {0};
    CLEANUP(error_free) struct error *err = json_decode_strict(value, host_fields, &host);
    assert_non_null(err);
    assert_string_equal(error_message(err), message);
    assert_null(host.name);
}

static void test_table_errors(void **state)
{
    assert_not_decoded("{}", "metadata.name: is required");
    assert_not_decoded("[]", "the value: must be an object, not an array");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"spec\":{\"port\":\"443\"}}",
                       "spec.port: must be an integer, not a string");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"spec\":{\"port\":1.5}}",
                       "spec.port: must be an integer, not the number 1.5");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"spec\":{\"bmc\":{}}}", "spec.bmc.address: is required");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"spec\":{\"bootMode\":\"UEFISecureBot\"}}",
                       "spec.bootMode: \"UEFISecureBot\" is not allowed: use \"UEFI\", \"legacy\" or "
                       "\"UEFISecureBoot\"; did you mean \"UEFISecureBoot\"?");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"spec\":{\"prot\":1}}",
                       "spec.prot: unknown member; did you mean \"port\"?");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"spec\":{\"bmc\":{\"addres\":\"\"}}}",
                       "spec.bmc.addres: unknown member; did you mean \"address\"?");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"status\":{}}", "status: unknown member");
    assert_not_decoded("{\"metadata\":{\"name\":\"h\"},\"spec\":[]}", "spec: must be an object, not an array");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),    cmocka_unit_test(test_strings),      cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_duplicates), cmocka_unit_test(test_large_object), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_building),   cmocka_unit_test(test_string_list),  cmocka_unit_test(test_moving),
        cmocka_unit_test(test_equality),   cmocka_unit_test(test_tables),       cmocka_unit_test(test_table_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
