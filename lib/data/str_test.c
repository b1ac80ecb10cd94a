/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers, string helpers, number parsing and the encodings (vectors of RFC 4648). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lib/data/str.h"

static void test_buffer(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT;
    assert_string_equal(strbuf_str(&buf), "");
    strbuf_adds(&buf, "a");
    strbuf_addc(&buf, 'b');
    strbuf_addf(&buf, "%d-%0200d", 7, 1);
    assert_int_equal(buf.len, 204);
    assert_memory_equal(buf.data, "ab7-000", 7);
    assert_int_equal(buf.data[buf.len], '\0');
    strbuf_clear(&buf);
    strbuf_add_double(&buf, 0.1);
    strbuf_addc(&buf, ' ');
    strbuf_add_double(&buf, -1.0 / 0.0);
    strbuf_addc(&buf, ' ');
    strbuf_add_int(&buf, INT64_MIN);
    strbuf_add_utf8(&buf, 0x1f600);
    CLEANUP_FREE char *text = strbuf_take(&buf);
    assert_string_equal(text, "0.1 -Inf -9223372036854775808\xf0\x9f\x98\x80");
    assert_string_equal(strbuf_str(&buf), "");
}

static void test_buffer_limit(void **state)
{
    CLEANUP_STRBUF struct strbuf buf = STRBUF_INIT_MAX(8);
    strbuf_adds(&buf, "12345678");
    assert_null(strbuf_check(&buf, "the body"));
    strbuf_addf(&buf, "%s", "9");
    strbuf_adds(&buf, "");
    CLEANUP(error_free) struct error *err = strbuf_check(&buf, "the body");
    assert_string_equal(error_message(err), "the body is larger than 8 bytes");
    assert_string_equal(strbuf_str(&buf), "12345678");
}

static void test_helpers(void **state)
{
    assert_true(str_equal(NULL, NULL));
    assert_false(str_equal("", NULL));
    assert_true(str_equal_nocase("Host", "hOST"));
    assert_true(str_has_prefix("redfish+http://", "redfish"));
    assert_false(str_has_suffix("a", "aa"));
    assert_true(str_has_suffix("a.yaml", ".yaml"));
    assert_string_equal(str_or("", "x"), "x");
    CLEANUP_FREE char *trimmed = str_trim(" \ta b\r\n"), *lower = str_lower("AbC\xc3\x84");
    CLEANUP_FREE char *bare = str_trim_end("/a//", '/'), *nothing = str_trim_end("//", '/');
    assert_string_equal(trimmed, "a b");
    assert_string_equal(bare, "/a");
    assert_string_equal(nothing, "");
    assert_string_equal(lower, "abc\xc3\x84");
    CLEANUP_FREE char *replaced = str_replace("aXXbX", "X", "--"), *same = str_replace("abc", "", "-");
    assert_string_equal(replaced, "a----b--");
    assert_string_equal(same, "abc");
    assert_true(str_equal_secret("hunter2", "hunter2"));
    assert_false(str_equal_secret("hunter2", "hunter"));
    assert_false(str_equal_secret("", "x"));
    assert_false(str_equal_secret("aa", "a"));
}

static void test_split(void **state)
{
    const struct {
        const char *text, *joined;
    } rows[] = {{"", ""}, {"a", "[a]"}, {"a,,b", "[a][][b]"}, {",a,", "[][a][]"}, {",", "[][]"}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_list_free) char **list = str_split(rows[i].text, ',');
        CLEANUP_STRBUF struct strbuf joined = STRBUF_INIT;
        for (char **item = list; *item; item++)
            strbuf_addf(&joined, "[%s]", *item);
        assert_string_equal(strbuf_str(&joined), rows[i].joined);
    }
}

static void test_numbers(void **state)
{
    int64_t number = 5;
    assert_null(str_to_int64("-9223372036854775808", &number));
    assert_true(number == INT64_MIN);
    static const char *const bad[] = {"", "-", "1x", " 1", "0x1", "9223372036854775808", "1.0", NULL};
    for (const char *const *text = bad; *text; text++) {
        CLEANUP(error_free) struct error *err = str_to_int64(*text, &number);
        assert_true(error_is(err, ERROR_INVALID));
    }
    assert_true(number == INT64_MIN);
    double real = 0;
    assert_null(str_to_double("1.5e3", &real));
    assert_true(real == 1500);
    static const char *const bad_real[] = {"", "nan", "inf", "0x1p3", "1e999", "1 ", "-", "e", NULL};
    for (const char *const *text = bad_real; *text; text++) {
        CLEANUP(error_free) struct error *err = str_to_double(*text, &real);
        assert_true(error_is(err, ERROR_INVALID));
    }
}

static void test_base64(void **state)
{
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        CLEANUP_FREE char *text = str_base64_encode(vectors[i][0], strlen(vectors[i][0]));
        assert_string_equal(text, vectors[i][1]);
        CLEANUP_FREE void *data = NULL;
        size_t len = 99;
        assert_null(str_base64_decode(text, &data, &len));
        assert_int_equal(len, strlen(vectors[i][0]));
        assert_string_equal(data, vectors[i][0]);
    }
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;
    assert_null(str_base64_decode("Zm9v\n YmFy\n", &data, &len));
    assert_string_equal(data, "foobar");
    static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "Zm9v=", "Zm-_", NULL};
    for (const char *const *text = bad; *text; text++) {
        void *none = NULL;
        CLEANUP(error_free) struct error *err = str_base64_decode(*text, &none, &len);
        assert_true(error_is(err, ERROR_INVALID));
        assert_null(none);
    }
}

static void test_hex_and_url(void **state)
{
    CLEANUP_FREE char *hex = str_hex_encode("\x00\xff\x1a", 3);
    assert_string_equal(hex, "00ff1a");
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;
    assert_null(str_hex_decode("00FF1a", &data, &len));
    assert_int_equal(len, 3);
    assert_memory_equal(data, "\x00\xff\x1a", 3);
    void *none = NULL;
    CLEANUP(error_free) struct error *odd = str_hex_decode("abc", &none, &len);
    CLEANUP(error_free) struct error *wrong = str_hex_decode("ax", &none, &len);
    assert_true(error_is(odd, ERROR_INVALID) && error_is(wrong, ERROR_INVALID));

    CLEANUP_FREE char *url = str_url_encode("a b/c~\xc3\xa9?");
    assert_string_equal(url, "a%20b%2Fc~%C3%A9%3F");
    CLEANUP_FREE char *back = NULL;
    assert_null(str_url_decode(url, &back));
    assert_string_equal(back, "a b/c~\xc3\xa9?");
    char *nothing = NULL;
    CLEANUP(error_free) struct error *cut = str_url_decode("a%2", &nothing);
    CLEANUP(error_free) struct error *nul = str_url_decode("a%00", &nothing);
    assert_true(error_is(cut, ERROR_INVALID) && error_is(nul, ERROR_INVALID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer),      cmocka_unit_test(test_buffer_limit), cmocka_unit_test(test_helpers),
        cmocka_unit_test(test_split),       cmocka_unit_test(test_numbers),      cmocka_unit_test(test_base64),
        cmocka_unit_test(test_hex_and_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
