/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines in both formats, and what must not break a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "lib/data/json.h"
#include "lib/log/log.h"

struct lines {
    struct strbuf text;
    int count;
};

static void keep_line(void *arg, const char *line, size_t len)
{
    struct lines *lines = arg;
    strbuf_clear(&lines->text);
    strbuf_add(&lines->text, line, len);
    lines->count++;
}

static int64_t fixed_clock(void *clock)
{
    return INT64_C(1795186135123456789); /* 2026-11-20T14:48:55.123456789Z */
}

static struct log *make_log(struct lines *lines, enum log_level level, enum log_format format)
{
    struct log_options options = {
        .level = level, .format = format, .sink = keep_line, .arg = lines, .wall = fixed_clock};
    return log_new(&options);
}

static void test_text(void **state)
{
    struct lines lines = {0};
    CLEANUP(log_free) struct log *log = make_log(&lines, LOG_INFO, LOG_TEXT);
    CLEANUP(error_free) struct error *err = error_wrap(error_new(ERROR_TIMEOUT, "no answer"), "BMC 127.0.0.2");
    log_info(log, "power state changed", KV("host", "node-0"), KV("why", "va lue"), KV_INT("try", 3), KV_ERR(err));
    assert_string_equal(lines.text.data,
                        "2026-11-20T14:48:55.123Z INFO power state changed host=node-0 why=\"va lue\" try=3 "
                        "err=\"BMC 127.0.0.2: no answer\"");
    log_debug(log, "not shown");
    assert_int_equal(lines.count, 1);
    log_error(log, "two\nlines", KV("a", "x\ny=\"z\""), KV("empty", NULL));
    assert_string_equal(lines.text.data, "2026-11-20T14:48:55.123Z ERROR two lines a=\"x\\ny=\\\"z\\\"\" empty=\"\"");
    strbuf_release(&lines.text);
}

static void test_json(void **state)
{
    struct lines lines = {0};
    CLEANUP(log_free) struct log *log = make_log(&lines, LOG_DEBUG, LOG_JSON);
    CLEANUP(log_free) struct log *host = log_with(log, "host", "node \"0\"");
    CLEANUP(log_free) struct log *step = log_with(host, "step", "erase");
    log_warn(step, "slow", KV_INT("seconds", -5), KV("err", NULL));
    assert_string_equal(lines.text.data, "{\"time\":\"2026-11-20T14:48:55.123Z\",\"level\":\"warn\",\"msg\":\"slow\","
                                         "\"host\":\"node \\\"0\\\"\",\"step\":\"erase\",\"seconds\":-5,\"err\":\"\"}");
    struct json *value = NULL;
    CLEANUP(error_free) struct error *err = json_parse_strict(lines.text.data, lines.text.len, &value);
    assert_null(err);
    json_free(value);
    strbuf_release(&lines.text);
}

static void test_descriptor(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct log_options options = {.level = LOG_INFO, .fd = ends[1]};
    CLEANUP(log_free) struct log *log = log_new(&options);
    log_info(log, "started");
    char buf[64] = {0};
    assert_int_equal(read(ends[0], buf, sizeof(buf) - 1), 13);
    assert_string_equal(buf, "INFO started\n");
    close(ends[0]);
    close(ends[1]);
    log_info(NULL, "nobody listens", KV("a", "b"));
}

static void test_options(void **state)
{
    enum log_level level = LOG_DEBUG;
    enum log_format format = LOG_TEXT;
    assert_null(log_parse_level("warn", &level));
    assert_int_equal(level, LOG_WARN);
    assert_null(log_parse_format("json", &format));
    assert_int_equal(format, LOG_JSON);
    CLEANUP(error_free) struct error *err = log_parse_level("loud", &level);
    assert_string_equal(error_message(err), "log level \"loud\" is unknown: use debug, info, warn or error");
    CLEANUP(error_free) struct error *format_err = log_parse_format("xml", &format);
    assert_string_equal(error_message(format_err), "log format \"xml\" is unknown: use text or json");
    assert_int_equal(level, LOG_WARN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
