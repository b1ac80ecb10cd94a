/* SPDX-License-Identifier: Apache-2.0 */
/* Options as a user types them. */
#include "lib/data/str.h"
#include "lib/data/time.h"
#include "lib/main.h"
#include "lib/test.h"

struct options {
    char *address, *config;
    int64_t port;
    bool verbose, colour;
    int64_t timeout;
    char **tags;
};

static const struct option_spec specs[] = {
    {.name = "address",
     .letter = 'a',
     .environment = "OPTIONS_TEST_ADDRESS",
     .type = OPTION_STRING,
     .offset = offsetof(struct options, address),
     .fallback = "127.0.0.1"},
    {.name = "config", .type = OPTION_STRING, .offset = offsetof(struct options, config), .value = "FILE"},
    {.name = "port",
     .letter = 'p',
     .type = OPTION_INT,
     .offset = offsetof(struct options, port),
     .fallback = "6385",
     .least = 0,
     .most = 65535},
    {.name = "verbose", .letter = 'v', .type = OPTION_BOOL, .offset = offsetof(struct options, verbose)},
    {.name = "colour", .type = OPTION_BOOL, .offset = offsetof(struct options, colour), .fallback = "true"},
    {.name = "timeout", .type = OPTION_DURATION, .offset = offsetof(struct options, timeout), .fallback = "1m30s"},
    {.name = "tag",
     .environment = "OPTIONS_TEST_TAGS",
     .type = OPTION_LIST,
     .offset = offsetof(struct options, tags),
     .fallback = "one,two"},
    {0},
};

/* Parses a command line given as one string; the arguments come back joined by "|". */
static struct error *parse(const char *line, struct options *options, char arguments[100])
{
    CLEANUP(str_list_free) char **words = str_split(line, ' ');
    char *argv[20] = {(char *)"program"};
    int argc = 1, first = 0;
    for (char **word = words; *word; word++)
        argv[argc++] = *word;
    struct error *err = options_parse(specs, argc, argv, options, &first);
    arguments[0] = '\0';
    for (int i = first; !err && i < argc; i++) {
        size_t used = strlen(arguments);
        snprintf(arguments + used, 100 - used, "%s%s", i > first ? "|" : "", argv[i]);
    }
    return err;
}

static void release(struct options *options)
{
    options_release(specs, options);
    assert_null(options->address);
    assert_null(options->tags);
}

static void test_defaults(void **state)
{
    struct options options = {0};
    char arguments[100];
    assert_ok(parse("", &options, arguments));
    assert_string_equal(options.address, "127.0.0.1");
    assert_null(options.config);
    assert_int_equal(options.port, 6385);
    assert_false(options.verbose);
    assert_true(options.colour);
    assert_int_equal(options.timeout, 90 * TIME_S);
    assert_string_equal(options.tags[0], "one");
    assert_string_equal(options.tags[1], "two");
    assert_null(options.tags[2]);
    assert_string_equal(arguments, "");
    release(&options);
}

static void test_every_spelling(void **state)
{
    static const char *const lines[] = {
        "--address x --port 80 --verbose --colour=false",
        "--address=x --port=80 --verbose=true --colour=no",
        "-address x -port=80 -verbose -colour=off",
        "-a x -p 80 -v -colour=0",
        "-ax -p80 -v --colour=FALSE",
        "-a=x -p=80 -v=1 --colour=false",
        "--port 1 -v -p 80 --colour=false -a y -a x",
    };
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct options options = {0};
        char arguments[100];
        assert_ok(parse(lines[i], &options, arguments));
        assert_string_equal(options.address, "x");
        assert_int_equal(options.port, 80);
        assert_true(options.verbose);
        assert_false(options.colour);
        release(&options);
    }
}

static void test_arguments_stay_in_order(void **state)
{
    struct options options = {0};
    char arguments[100];
    assert_ok(parse("first --port 80 second -v - -- --third -p", &options, arguments));
    assert_string_equal(arguments, "first|second|-|--third|-p");
    assert_int_equal(options.port, 80);
    release(&options);
}

static void test_lists_grow_and_replace_the_default(void **state)
{
    struct options options = {0};
    char arguments[100];
    assert_ok(parse("--tag a,b --tag c", &options, arguments));
    assert_string_equal(options.tags[0], "a,b");
    assert_string_equal(options.tags[1], "c");
    assert_null(options.tags[2]);
    release(&options);
}

static void test_environment_beats_default_and_command_line_beats_both(void **state)
{
    struct options options = {0};
    char arguments[100];
    setenv("OPTIONS_TEST_ADDRESS", "from-environment", 1);
    setenv("OPTIONS_TEST_TAGS", "x,y,z", 1);
    assert_ok(parse("", &options, arguments));
    assert_string_equal(options.address, "from-environment");
    assert_string_equal(options.tags[2], "z");
    release(&options);
    assert_ok(parse("-a given", &options, arguments));
    assert_string_equal(options.address, "given");
    release(&options);
    setenv("OPTIONS_TEST_ADDRESS", "", 1);
    unsetenv("OPTIONS_TEST_TAGS");
    assert_ok(parse("", &options, arguments));
    assert_string_equal(options.address, "127.0.0.1");
    release(&options);
}

static void test_wrong_usage_says_what_and_what_to_do(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"--port 99999", "option --port: 99999 is not within 0 to 65535"},
        {"--port=-1", "option --port: -1 is not within 0 to 65535"},
        {"--prot 80", "unknown option --prot; did you mean --port?"},
        {"--something", "unknown option --something; --help lists the options"},
        {"-x", "unknown option -x; --help lists the options"},
        {"--port", "option --port needs a value: --port VALUE"},
        {"--config", "option --config needs a value: --config FILE"},
        {"--port eighty", "option --port: "},
        {"--port=", "option --port: "},
        {"--timeout 5", "option --timeout: "},
        {"--verbose=maybe", "option --verbose: \"maybe\" is neither true nor false"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct options options = {0};
        char arguments[100];
        assert_error_text(parse(cases[i].line, &options, arguments), ERROR_INVALID, cases[i].message);
        release(&options);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_spelling),
        cmocka_unit_test(test_arguments_stay_in_order),
        cmocka_unit_test(test_lists_grow_and_replace_the_default),
        cmocka_unit_test(test_environment_beats_default_and_command_line_beats_both),
        cmocka_unit_test(test_wrong_usage_says_what_and_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
