/* SPDX-License-Identifier: Apache-2.0 */
/* YAML: what the API server makes of scalars (KAPI-191), anchors and merges, refusals with their place, and printing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "lib/data/yaml.h"

static struct yaml *parse(const char *text)
{
    struct yaml *yaml = NULL;
    struct error *err = yaml_parse("test.yaml", text, strlen(text), &yaml);
    if (err)
        fail_msg("%s: %s", text, error_message(err));
    return yaml;
}

static void assert_yaml(const char *text, const char *json)
{
    CLEANUP(yaml_free) struct yaml *yaml = parse(text);
    assert_int_equal(yaml_len(yaml), 1);
    CLEANUP_FREE char *printed = json_print(yaml_document(yaml, 0));
    assert_string_equal(printed, json);
}

static void assert_refused(const char *text, const char *message)
{
    struct yaml *yaml = NULL;
    CLEANUP(error_free) struct error *err = yaml_parse("test.yaml", text, strlen(text), &yaml);
    assert_true(error_is(err, ERROR_INVALID));
    assert_string_equal(error_message(err), message);
    assert_null(yaml);
}

static void test_scalars(void **state)
{
    assert_yaml("[yes, no, on, off, y, N, true, False]", "[true,false,true,false,true,false,true,false]");
    assert_yaml("[~, null, Null, '', \"~\", 'null']", "[null,null,null,\"\",\"~\",\"null\"]");
    assert_yaml("[014, 0o14, 0x1f, 0b11, 1_000, .5, 12e3, -0x10, +7, 08, 1.0]",
                "[12,12,31,3,1000,0.5,12000,-16,7,8,1]");
    assert_yaml("[9223372036854775807, 18446744073709551615, -9223372036854775808, 9007199254740993]",
                "[9223372036854775807,18446744073709551615,-9223372036854775808,9007199254740993]");
    assert_yaml(
        "[1:30, 2020-01-01, 2020-01-01T00:00:00Z, 1.2.3.4, 1_0.5.1, 0x, 0xg, -, 'no', \"12\", e5, +, _1, 1e]",
        "[\"1:30\",\"2020-01-01\",\"2020-01-01T00:00:00Z\",\"1.2.3.4\",\"1_0.5.1\",\"0x\",\"0xg\",\"-\",\"no\",\"12\","
        "\"e5\",\"+\",\"_1\",\"1e\"]");
    assert_yaml("[!!str 5, !!int '5', !!float 5, !!bool 'yes', !!null '', !!binary aGk=, !mine 5, ! 5]",
                "[\"5\",5,5,true,null,\"hi\",\"5\",\"5\"]");
    assert_yaml("n: 1\n2: a\n1.5: b\n\"yes\": c\n", "{\"false\":1,\"2\":\"a\",\"1.5\":\"b\",\"yes\":\"c\"}");
    assert_yaml("{\"a\": [1, {\"b\": \"\\u00e9\\n\"}]}", "{\"a\":[1,{\"b\":\"\xc3\xa9\\n\"}]}");
    assert_yaml("a: |\n  x\n   y\n\nb: >-\n  u\n  v\n", "{\"a\":\"x\\n y\\n\",\"b\":\"u v\"}");
}

static void test_anchors(void **state)
{
    assert_yaml("a: &x {p: 1}\nb: *x\nc: [*x]\n", "{\"a\":{\"p\":1},\"b\":{\"p\":1},\"c\":[{\"p\":1}]}");
    assert_yaml("base: &b {p: 1, q: 2}\nhost:\n  <<: *b\n  q: 3\n",
                "{\"base\":{\"p\":1,\"q\":2},\"host\":{\"q\":3,\"p\":1}}");
    assert_yaml("host:\n  q: 3\n  <<: [{p: 1, r: 0}, &y {q: 2, r: 5, s: 7}]\nother: *y\n",
                "{\"host\":{\"q\":3,\"p\":1,\"r\":0,\"s\":7},\"other\":{\"q\":2,\"r\":5,\"s\":7}}");
    assert_yaml("\"<<\": 1\n", "{\"<<\":1}");
    assert_yaml("&k key: *k\n", "{\"key\":\"key\"}");
    assert_refused("a: *x\n", "test.yaml:1:4: alias *x has no anchor");
    assert_refused("a: &x [1, *x]\n", "test.yaml:1:11: alias *x stands inside of what it repeats");
    assert_refused("a:\n  <<: 5\n",
                   "test.yaml:2:3: what is merged with << must be a mapping or a sequence of mappings");
    assert_refused("--- &x 1\n--- *x\n", "test.yaml:2:5: alias *x has no anchor");
}

/* Nine levels of nine aliases are 387 million values. */
static void test_alias_bomb(void **state)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (int i = 1; i < 10; i++) {
        strbuf_addf(&text, "l%d: &l%d [", i, i);
        for (int j = 0; j < 9; j++)
            strbuf_addf(&text, "%s*l%d", j ? ", " : "", i - 1);
        strbuf_adds(&text, "]\n");
    }
    struct yaml *yaml = NULL;
    CLEANUP(error_free) struct error *err = yaml_parse("bomb.yaml", text.data, text.len, &yaml);
    assert_true(error_is(err, ERROR_INVALID));
    assert_non_null(strstr(error_message(err), "aliases repeat too much text"));
}

static void test_refusals(void **state)
{
    assert_refused("a: 1\nb: 2\na: 3\n", "test.yaml:3:1: member \"a\" is already set at line 1");
    assert_refused("a: [1\nb: 2\n",
                   "test.yaml:2:2: while parsing a flow sequence begun at line 1: did not find expected ',' or ']'");
    assert_refused("a:\n\t- b\n",
                   "test.yaml:2:1: while scanning for the next token: found character that cannot start any "
                   "token");
    assert_refused("a: .inf\n", "test.yaml:1:4: JSON has no number for .inf; quote it if it is a text");
    assert_refused("a: !!int x\n", "test.yaml:1:4: the value is no int as its tag says");
    assert_refused("a: !!int 1.5\n", "test.yaml:1:4: the value is no int as its tag says");
    assert_refused("a: \"\\0\"\n", "test.yaml:1:4: a NUL character is not supported");
    assert_refused("~: 1\n", "test.yaml:1:1: null cannot be the name of a member; quote it if it is a text");
    assert_refused("? [a]\n: 1\n", "test.yaml:1:3: a sequence or mapping cannot be the name of a member");
    CLEANUP_FREE char *deep = mem_alloc(JSON_DEPTH_MAX + 3);
    memset(deep, '[', JSON_DEPTH_MAX + 2);
    assert_refused(deep, "test.yaml:1:101: nested too deeply");
}

static void test_documents(void **state)
{
    CLEANUP(yaml_free) struct yaml *yaml = parse("---\n# nothing\n---\na: 1\n---\n---\nb:\n- c\n-\n  d: 2\n...\n");
    assert_int_equal(yaml_len(yaml), 2);
    const struct json *second = yaml_document(yaml, 1);
    assert_int_equal(yaml_line(yaml, yaml_document(yaml, 0)), 4);
    assert_int_equal(yaml_line(yaml, json_get(second, "b/0")), 8);
    assert_int_equal(yaml_line(yaml, json_get(second, "b/1/d")), 10);
    CLEANUP(json_free) struct json *taken = yaml_take(yaml, 1);
    assert_null(yaml_take(yaml, 1));
    CLEANUP(error_free) struct error *err = yaml_error(yaml, json_get(taken, "b/0"), "%s is wrong", "c");
    assert_string_equal(error_message(err), "test.yaml:8: c is wrong");
    CLEANUP(yaml_free) struct yaml *nothing = parse("");
    assert_int_equal(yaml_len(nothing), 0);
}

static void test_file(void **state)
{
    char path[] = "/tmp/yaml_test.XXXXXX";
    CLEANUP_CLOSE int fd = mkstemp(path);
    assert_int_equal(write(fd, "a: [b\n", 6), 6);
    struct yaml *yaml = NULL;
    CLEANUP(error_free) struct error *err = yaml_parse_file(path, &yaml);
    assert_true(error_is(err, ERROR_INVALID));
    assert_memory_equal(error_message(err), path, strlen(path));
    unlink(path);
    CLEANUP(error_free) struct error *gone = yaml_parse_file(path, &yaml);
    assert_true(error_is(gone, ERROR_NOT_FOUND));
}

static void test_print(void **state)
{
    const char *json = "{\"apiVersion\":\"v1\",\"list\":[\"a\",{\"b\":1,\"c\":[true,null]},[[1],[]],{}],\"texts\":{"
                       "\"bool\":\"yes\",\"number\":"
                       "\"0x1f\",\"date\":\"2020-01-01\",\"mac\":\"52:54:00:12:34:56\",\"mac2\":\"52:54:00:12:34:5a\","
                       "\"empty\":\"\",\"colon\":"
                       "\"a: b\",\"url\":\"http://x:80/#y\",\"hash\":\"a #b\",\"dash\":\"- "
                       "a\",\"block\":\"#!/bin/sh\\n  x\\n\\ny\\n\",\"strip\":"
                       "\"a\\nb\",\"keep\":\"a\\n\\n\",\"odd\":\" a\\nb\",\"bell\":\"\\u0007\\t\",\"null\":\"~\"},\"a "
                       "b\":1.5,\"1\":\"x\"}";
    struct json *value = NULL;
    assert_null(json_parse(json, strlen(json), &value));
    CLEANUP_FREE char *text = yaml_print(value);
    assert_string_equal(text, "apiVersion: v1\n"
                              "list:\n"
                              "- a\n"
                              "- b: 1\n"
                              "  c:\n"
                              "  - true\n"
                              "  - null\n"
                              "- - - 1\n"
                              "  - []\n"
                              "- {}\n"
                              "texts:\n"
                              "  bool: \"yes\"\n"
                              "  number: \"0x1f\"\n"
                              "  date: \"2020-01-01\"\n"
                              "  mac: \"52:54:00:12:34:56\"\n"
                              "  mac2: 52:54:00:12:34:5a\n"
                              "  empty: \"\"\n"
                              "  colon: \"a: b\"\n"
                              "  url: http://x:80/#y\n"
                              "  hash: \"a #b\"\n"
                              "  dash: \"- a\"\n"
                              "  block: |\n"
                              "    #!/bin/sh\n"
                              "      x\n"
                              "\n"
                              "    y\n"
                              "  strip: |-\n"
                              "    a\n"
                              "    b\n"
                              "  keep: |+\n"
                              "    a\n"
                              "\n"
                              "  odd: \" a\\nb\"\n"
                              "  bell: \"\\x07\\t\"\n"
                              "  \"null\": \"~\"\n"
                              "a b: 1.5\n"
                              "\"1\": x\n");
    CLEANUP(yaml_free) struct yaml *again = parse(text);
    assert_true(json_equal(yaml_document(again, 0), value));
    json_free(value);
}

/* A name too long for its plain form, and a text at the top. */
static void test_print_rare(void **state)
{
    CLEANUP_FREE char *name = mem_alloc(2001);
    memset(name, 'n', 2000);
    CLEANUP(json_free) struct json *value = json_new_object();
    json_put(value, name, json_new_array());
    json_append_str(json_member(value, name), "x");
    json_put(value, "b", json_copy(value));
    CLEANUP_FREE char *text = yaml_print(value);
    CLEANUP(yaml_free) struct yaml *again = parse(text);
    assert_true(json_equal(yaml_document(again, 0), value));
    CLEANUP(json_free) struct json *lines = json_new_string("a\nb\n");
    CLEANUP_FREE char *block = yaml_print(lines);
    assert_yaml(block, "\"a\\nb\\n\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scalars),  cmocka_unit_test(test_anchors),    cmocka_unit_test(test_alias_bomb),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_documents),  cmocka_unit_test(test_file),
        cmocka_unit_test(test_print),    cmocka_unit_test(test_print_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
