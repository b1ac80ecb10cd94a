/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: chains, kinds, codes, and what errno values become. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/data/error.h"

static struct error *inner(void)
{
    return error_new_code(ERROR_TRANSIENT, 503, "HTTP status %d", 503);
}

static struct error *outer(void)
{
    TRY_WRAP(inner(), "host %s", "node-0");
    return NULL;
}

static void test_chain(void **state)
{
    CLEANUP(error_free) struct error *err = error_wrap(outer(), "reconcile");
    assert_string_equal(error_message(err), "reconcile: host node-0: HTTP status 503");
    assert_ptr_equal(error_message(err), error_message(err));
    assert_string_equal(error_root_message(err), "HTTP status 503");
    assert_string_equal(error_message(error_cause(err)), "host node-0: HTTP status 503");
    assert_int_equal(error_kind(err), ERROR_TRANSIENT);
    assert_int_equal(error_code(err), 503);
    assert_true(error_is_retryable(err));
    err = error_wrap_kind(err, ERROR_INTERNAL, "giving up");
    assert_true(error_is(err, ERROR_INTERNAL));
    assert_false(error_is_retryable(err));
    assert_int_equal(error_code(err), 503);
    assert_string_equal(error_message(err), "giving up: reconcile: host node-0: HTTP status 503");
}

static void test_success(void **state)
{
    assert_null(error_wrap(NULL, "context"));
    assert_null(error_wrap_kind(NULL, ERROR_INVALID, "context"));
    assert_false(error_is(NULL, ERROR_TRANSIENT));
    assert_false(error_is_retryable(NULL));
    error_free(NULL);
}

static void test_errno(void **state)
{
    const struct {
        int number;
        enum error_kind kind;
    } rows[] = {
        {ENOENT, ERROR_NOT_FOUND},       {EACCES, ERROR_DENIED},      {ETIMEDOUT, ERROR_TIMEOUT},
        {ECONNREFUSED, ERROR_TRANSIENT}, {EEXIST, ERROR_CONFLICT},    {ECANCELED, ERROR_CANCELLED},
        {EINVAL, ERROR_INVALID},         {ENOSYS, ERROR_UNSUPPORTED}, {EBADF, ERROR_INTERNAL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(error_free) struct error *err = error_from_errno(rows[i].number, "x");
        assert_int_equal(error_kind(err), rows[i].kind);
    }
    CLEANUP(error_free) struct error *err = error_from_errno(ENOENT, "open %s", "/x");
    assert_string_equal(error_message(err), "open /x: No such file or directory");
}

static void test_names(void **state)
{
    for (int kind = 0; kind < ERROR_KIND_COUNT; kind++)
        assert_string_not_equal(error_kind_name(kind), "unknown");
    assert_string_equal(error_kind_name(ERROR_NOT_FOUND), "not found");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_success),
        cmocka_unit_test(test_errno),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
