// SPDX-License-Identifier: Apache-2.0
// The JSON writer: exact text, and that a parser reads back what was written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/data/json.h"
#include "lib/data/jsonw.h"

static void writes_nested_values(void **state)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct jsonw json = JSONW_INIT(&out);

    jsonw_object(&json, NULL);
    jsonw_str(&json, "name", "x");
    jsonw_array(&json, "list");
    jsonw_int(&json, NULL, 1);
    jsonw_object(&json, NULL);
    jsonw_end(&json);
    jsonw_null(&json, NULL);
    jsonw_end(&json);
    jsonw_bool(&json, "flag", true);
    jsonw_number(&json, "half", 0.5);
    jsonw_int(&json, "least", INT64_MIN);
    jsonw_str(&json, "nothing", NULL);
    jsonw_raw(&json, "raw", "[1]");
    jsonw_end(&json);
    assert_string_equal(strbuf_str(&out), "{\"name\":\"x\",\"list\":[1,{},null],\"flag\":true,\"half\":0.5,"
                                          "\"least\":-9223372036854775808,\"nothing\":null,\"raw\":[1]}");
}

static void escapes_what_a_parser_needs(void **state)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    struct jsonw json = JSONW_INIT(&out);
    const char *hard = "a\"b\\c\nd\te\x01 \xc3\xa4";
    CLEANUP(json_free) struct json *parsed = NULL;

    jsonw_object(&json, NULL);
    jsonw_printf(&json, "text", "%s", hard);
    jsonw_end(&json);
    assert_null(json_parse(out.data, out.len, &parsed));
    assert_string_equal(json_str(parsed, "text"), hard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_nested_values),
        cmocka_unit_test(escapes_what_a_parser_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
