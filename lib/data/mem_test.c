/* SPDX-License-Identifier: Apache-2.0 */
/* Memory helpers: copies, cleanup attributes, overflow of sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "lib/data/mem.h"
#include "lib/data/vec.h"

static void test_copies(void **state)
{
    assert_null(mem_strdup(NULL));
    CLEANUP_FREE char *text = mem_strndup("abc", 2), *printed = mem_printf("%s-%d", "x", 5),
                      *bytes = mem_dup("a\0b", 3);
    assert_string_equal(text, "ab");
    assert_string_equal(printed, "x-5");
    assert_memory_equal(bytes, "a\0b", 3);
    CLEANUP_FREE char *zeroed = mem_alloc_array(0, 8);
    assert_non_null(zeroed);
    mem_wipe(text, 2);
    assert_memory_equal(text, "\0\0", 2);
    mem_free_secret(NULL);
}

static void test_zero(void **state)
{
    static const char bytes[5] = {0, 0, 0, 0, 1};
    assert_true(mem_is_zero(bytes, 4));
    assert_false(mem_is_zero(bytes, 5));
    assert_false(mem_is_zero(bytes + 4, 1));
    assert_true(mem_is_zero(bytes + 4, 0));
}

static void test_cleanup(void **state)
{
    int copy;
    {
        CLEANUP_CLOSE int fd = open("/dev/null", O_RDONLY);
        CLEANUP_CLOSE int none = -1;
        CLEANUP_SECRET char *secret = mem_strdup("hunter2");
        copy = fd;
        assert_true(fd >= 0 && none < 0 && secret);
    }
    assert_int_equal(fcntl(copy, F_GETFD), -1);
    CLEANUP_FREE char *first = mem_strdup("x");
    CLEANUP_FREE char *second = TAKE_PTR(first);
    assert_null(first);
    assert_string_equal(second, "x");
}

/* A size that does not fit must end the program, not give a small block. */
static void test_overflow(void **state)
{
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        volatile size_t half = SIZE_MAX / 2 + 1;
        free(mem_resize(NULL, half, 2));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_vec(void **state)
{
    VEC(int) numbers = {0};
    for (int i = 0; i < 20; i++)
        VEC_PUSH(&numbers, i);
    VEC_REMOVE(&numbers, 3);
    int sum = 0;
    VEC_FOREACH (number, &numbers)
        sum += *number;
    assert_int_equal(numbers.len, 19);
    assert_int_equal(sum, 187);
    assert_int_equal(numbers.items[3], 4);
    VEC_RELEASE(&numbers);
    assert_null(numbers.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies),   cmocka_unit_test(test_zero), cmocka_unit_test(test_cleanup),
        cmocka_unit_test(test_overflow), cmocka_unit_test(test_vec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
