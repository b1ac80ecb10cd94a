/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What test programs share: cmocka with what it needs, assertions on errors, and a run of a function as a task. Only
 * *_test.c includes this.
 */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/data/error.h"
#include "lib/rt/rt.h"

/* Fails with the error's message unless `expr` is NULL. */
#define assert_ok(expr)                                                                                                \
    do {                                                                                                               \
        struct error *assert_ok_error = (expr);                                                                        \
        if (assert_ok_error)                                                                                           \
            fail_msg("%s: %s", #expr, error_message(assert_ok_error));                                                 \
    } while (0)

/* Fails unless `expr` is an error of `kind`; frees it. */
#define assert_error(expr, kind) assert_error_text(expr, kind, "")

/* Fails unless `expr` is an error of `kind` whose message contains `part`; frees it. */
#define assert_error_text(expr, kind, part)                                                                            \
    do {                                                                                                               \
        struct error *assert_error_value = (expr);                                                                     \
        if (!assert_error_value)                                                                                       \
            fail_msg("%s: no error", #expr);                                                                           \
        if (!error_is(assert_error_value, kind) || !strstr(error_message(assert_error_value), part))                   \
            fail_msg("%s: expected %s with \"%s\", got %s: %s", #expr, error_kind_name(kind), part,                    \
                     error_kind_name(error_kind(assert_error_value)), error_message(assert_error_value));              \
        error_free(assert_error_value);                                                                                \
    } while (0)

/* Where the wall clock of simulated tests starts: 2023-11-14T22:13:20Z. */
#define TEST_WALL INT64_C(1700000000000000000)

#endif
