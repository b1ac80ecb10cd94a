/* SPDX-License-Identifier: Apache-2.0 */
/* Times and durations; expected values come from date(1) and from Go's time package. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/data/time.h"

static void test_format(void **state)
{
    const struct {
        int64_t wall;
        int digits;
        const char *text;
    } rows[] = {
        {0, 0, "1970-01-01T00:00:00Z"},
        {INT64_C(1795186135123456789), 0, "2026-11-20T14:48:55Z"},
        {INT64_C(1795186135123456789), 3, "2026-11-20T14:48:55.123Z"},
        {INT64_C(1795186135123456789), 9, "2026-11-20T14:48:55.123456789Z"},
        {951782400 * TIME_S, 0, "2000-02-29T00:00:00Z"},
        {-1, 6, "1969-12-31T23:59:59.999999Z"},
        {-2203891200 * TIME_S, 0, "1900-03-01T00:00:00Z"},
        {4107542399 * TIME_S, 0, "2100-02-28T23:59:59Z"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char buf[TIME_TEXT_SIZE];
        assert_string_equal(time_format(rows[i].wall, rows[i].digits, buf), rows[i].text);
        int64_t wall = 0;
        assert_null(time_parse(rows[i].text, &wall));
        assert_string_equal(time_format(wall, rows[i].digits, buf), rows[i].text);
    }
}

static void test_parse(void **state)
{
    int64_t wall = 0;
    assert_null(time_parse("2026-11-20T15:48:55.5+01:00", &wall));
    assert_true(wall == INT64_C(1795186135500000000));
    assert_null(time_parse("2026-11-20t09:18:55.123456789123-05:30", &wall));
    assert_true(wall == INT64_C(1795186135123456789));
    static const char *const bad[] = {
        "",
        "2026-11-20",
        "2026-11-20T14:48:55",
        "2026-11-20T14:48:55.Z",
        "2026-13-20T14:48:55Z",
        "2026-02-29T14:48:55Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T14:48:55Zx",
        "2026-11-20T14:48:55+1:00",
        "0001-01-01T00:00:00Z",
        "26-11-20T14:48:55Z",
        NULL,
    };
    for (const char *const *text = bad; *text; text++) {
        CLEANUP(error_free) struct error *err = time_parse(*text, &wall);
        if (!error_is(err, ERROR_INVALID))
            fail_msg("%s was accepted", *text);
    }
    assert_true(wall == INT64_C(1795186135123456789));
}

static void test_durations(void **state)
{
    const struct {
        const char *text;
        int64_t duration;
        const char *printed;
    } rows[] = {
        {"1h30m", 90 * TIME_MIN, "1h30m0s"},
        {"90s", 90 * TIME_S, "1m30s"},
        {"250ms", 250 * TIME_MS, "250ms"},
        {"1.5h", 90 * TIME_MIN, "1h30m0s"},
        {"-2.5s", -2500 * TIME_MS, "-2.5s"},
        {"0", 0, "0s"},
        {"+5us", 5 * TIME_US, "5\u00b5s"},
        {"1.000000001s", TIME_S + 1, "1.000000001s"},
        {"0.1us", 100, "100ns"},
        {".5m", 30 * TIME_S, "30s"},
        {"2562047h47m16.854775807s", INT64_MAX, "2562047h47m16.854775807s"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t duration = 1;
        char buf[TIME_TEXT_SIZE];
        assert_null(time_parse_duration(rows[i].text, &duration));
        assert_true(duration == rows[i].duration);
        assert_string_equal(time_format_duration(duration, buf), rows[i].printed);
    }
    static const char *const bad[] = {"", "5", "s", "1x", "-", "1h30", ".s", "3000000h", "1h -5m", NULL};
    for (const char *const *text = bad; *text; text++) {
        int64_t duration = 7;
        CLEANUP(error_free) struct error *err = time_parse_duration(*text, &duration);
        if (!error_is(err, ERROR_INVALID) || duration != 7)
            fail_msg("%s was accepted", *text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
