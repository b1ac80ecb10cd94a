/* SPDX-License-Identifier: Apache-2.0 */
/* Patches, against the examples of RFC 6902 appendix A and RFC 7386 appendix A, and the limits that are ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/data/jsonpatch.h"

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    struct error *err = json_parse(text, strlen(text), &value);
    if (err)
        fail_msg("%s: %s", text, error_message(err));
    return value;
}

/* RFC 6902 appendix A: document, patch, result; NULL for an error, with its kind. */
static const struct patch_case {
    const char *document, *patch, *result;
    enum error_kind kind;
} patch_cases[] = {
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]",
     "{\"foo\":\"bar\",\"baz\":\"qux\"}"},
    {"{\"foo\":[\"bar\",\"baz\"]}", "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
     "{\"foo\":[\"bar\",\"qux\",\"baz\"]}"},
    {"{\"baz\":\"qux\",\"foo\":\"bar\"}", "[{\"op\":\"remove\",\"path\":\"/baz\"}]", "{\"foo\":\"bar\"}"},
    {"{\"foo\":[\"bar\",\"qux\",\"baz\"]}", "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]", "{\"foo\":[\"bar\",\"baz\"]}"},
    {"{\"baz\":\"qux\",\"foo\":\"bar\"}", "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]",
     "{\"baz\":\"boo\",\"foo\":\"bar\"}"},
    {"{\"foo\":{\"bar\":\"baz\",\"waldo\":\"fred\"},\"qux\":{\"corge\":\"grault\"}}",
     "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
     "{\"foo\":{\"bar\":\"baz\"},\"qux\":{\"corge\":\"grault\",\"thud\":\"fred\"}}"},
    {"{\"foo\":[\"all\",\"grass\",\"cows\",\"eat\"]}", "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]",
     "{\"foo\":[\"all\",\"cows\",\"eat\",\"grass\"]}"},
    {"{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}",
     "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"},{\"op\":\"test\",\"path\":\"/foo/1\",\"value\":2}]",
     "{\"baz\":\"qux\",\"foo\":[\"a\",2,\"c\"]}"},
    {"{\"baz\":\"qux\"}", "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"bar\"}]", NULL, ERROR_CONFLICT},
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/child\",\"value\":{\"grandchild\":{}}}]",
     "{\"foo\":\"bar\",\"child\":{\"grandchild\":{}}}"},
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}]",
     "{\"foo\":\"bar\",\"baz\":\"qux\"}"},
    {"{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":\"qux\"}]", NULL, ERROR_NOT_FOUND},
    {"{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}]", "{\"/\":9,\"~1\":10}"},
    {"{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":\"10\"}]", NULL, ERROR_CONFLICT},
    {"{\"foo\":[\"bar\"]}", "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}]",
     "{\"foo\":[\"bar\",[\"abc\",\"def\"]]}"},
    /* beyond the appendix */
    {"{\"\":1}", "[{\"op\":\"replace\",\"path\":\"/\",\"value\":2}]", "{\"\":2}"},
    {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[2]}]", "[2]"},
    {"{\"a\":{\"b\":1}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/c\"}]", "{\"a\":{\"b\":1,\"c\":{\"b\":1}}}"},
    {"{\"a\":{\"b\":1}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/c\"}]", NULL, ERROR_INVALID},
    {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/2\",\"value\":0}]", NULL, ERROR_NOT_FOUND},
    {"{\"a\":[1]}", "[{\"op\":\"add\",\"path\":\"/a/x\",\"value\":0}]", NULL, ERROR_INVALID},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\"}]", NULL, ERROR_INVALID},
    {"{\"a\":1}", "[{\"op\":\"spoil\",\"path\":\"/b\"}]", NULL, ERROR_INVALID},
    {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"a\"}]", NULL, ERROR_INVALID},
    {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/b\"}]", NULL, ERROR_NOT_FOUND},
    {"{\"a\":1}", "{}", NULL, ERROR_INVALID},
    {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"remove\",\"path\":\"/a\"}]", NULL, ERROR_NOT_FOUND},
};

static void test_patch(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(patch_cases); i++) {
        const struct patch_case *row = &patch_cases[i];
        CLEANUP(json_free) struct json *document = parse(row->document);
        CLEANUP(json_free) struct json *patch = parse(row->patch);
        CLEANUP(error_free) struct error *err = json_patch_apply(&document, patch);
        CLEANUP_FREE char *text = json_print(document);
        assert_string_equal(text, row->result ? row->result : row->document); /* nothing changed on errors */
        assert_int_equal(err != NULL, row->result == NULL);
        if (err)
            assert_int_equal(error_kind(err), row->kind);
    }
}

static void test_patch_message(void **state)
{
    CLEANUP(json_free) struct json *document = parse("{\"a\":1}");
    CLEANUP(json_free)
    struct json *patch = parse("[{\"op\":\"add\",\"path\":\"/b\",\"value\":1},{\"op\":\"remove\","
                               "\"path\":\"/c/d\"}]");
    CLEANUP(error_free) struct error *err = json_patch_apply(&document, patch);
    assert_string_equal(error_message(err), "patch operation 1 (remove /c/d): there is no \"/c/d\"");
}

/* Each copy doubles the document: the sum of copies is bounded. */
static void test_copy_bomb(void **state)
{
    CLEANUP(json_free) struct json *document = parse("{\"a\":[\"0123456789\"]}");
    CLEANUP(json_free) struct json *patch = json_new_array();
    for (int i = 0; i < 60; i++)
        json_append(patch, parse("{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/-\"}"));
    CLEANUP(error_free) struct error *err = json_patch_apply(&document, patch);
    assert_true(error_is(err, ERROR_INVALID));
    assert_non_null(strstr(error_message(err), "copies more than"));
}

/* RFC 7386 appendix A: original, patch, result. */
static const char *const merge_cases[][3] = {
    {"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
    {"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
    {"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
    {"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
    {"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
    {"{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}"},
    {"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}", "{\"a\":{\"b\":\"d\"}}"},
    {"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
    {"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
    {"{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]"},
    {"{\"a\":\"foo\"}", "null", "null"},
    {"{\"a\":\"foo\"}", "\"bar\"", "\"bar\""},
    {"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
    {"[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}"},
    {"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
};

static void test_merge(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(merge_cases); i++) {
        CLEANUP(json_free) struct json *document = parse(merge_cases[i][0]);
        CLEANUP(json_free) struct json *patch = parse(merge_cases[i][1]);
        json_merge_apply(&document, patch);
        CLEANUP_FREE char *text = json_print(document);
        assert_string_equal(text, merge_cases[i][2]);
    }
}

static void test_diff(void **state)
{
    CLEANUP(json_free) struct json *from = parse("{\"a\":1,\"b\":{\"c\":[1,2],\"d\":true},\"e\":\"x\"}");
    CLEANUP(json_free) struct json *to = parse("{\"a\":1,\"b\":{\"c\":[1],\"d\":true},\"f\":{\"g\":0}}");
    CLEANUP(json_free) struct json *diff = json_merge_diff(from, to);
    CLEANUP_FREE char *text = json_print(diff);
    assert_string_equal(text, "{\"e\":null,\"b\":{\"c\":[1]},\"f\":{\"g\":0}}");
    json_merge_apply(&from, diff);
    assert_true(json_equal(from, to));
    assert_null(json_merge_diff(from, to));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patch), cmocka_unit_test(test_patch_message), cmocka_unit_test(test_copy_bomb),
        cmocka_unit_test(test_merge), cmocka_unit_test(test_diff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
