/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: what comes back, limits, and what an error leaves behind. */
#include "lib/data/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char dir[32], file[64];
};

static int make_place(void **state)
{
    struct place *place = mem_alloc(sizeof(*place));

    snprintf(place->dir, sizeof(place->dir), "/tmp/file_test.XXXXXX");
    if (!mkdtemp(place->dir))
        return -1;
    snprintf(place->file, sizeof(place->file), "%s/file", place->dir);
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;

    unlink(place->file);
    int result = rmdir(place->dir); /* fails when something else was left there */
    free(place);
    return result;
}

static void expect_error(struct error *err, enum error_kind kind, const char *part)
{
    assert_non_null(err);
    assert_string_equal(error_kind_name(error_kind(err)), error_kind_name(kind));
    assert_non_null(strstr(error_message(err), part));
    error_free(err);
}

static void test_write_and_read(void **state)
{
    const struct place *place = *state;
    struct stat info;
    size_t len = 0;
    CLEANUP_FREE char *text = NULL, *empty = NULL;

    assert_null(file_write(place->file, "old and longer", 14, 0600));
    assert_null(file_write(place->file, "a\0b", 3, 0600));
    assert_int_equal(stat(place->file, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_null(file_read(place->file, 3, &text, &len));
    assert_int_equal(len, 3);
    assert_memory_equal(text, "a\0b", 4);
    assert_null(file_write(place->file, NULL, 0, 0600));
    assert_null(file_read(place->file, 0, &empty, NULL));
    assert_string_equal(empty, "");
}

static void test_limits(void **state)
{
    const struct place *place = *state;
    char *text = NULL;

    assert_null(file_write(place->file, "1234", 4, 0600));
    expect_error(file_read(place->file, 3, &text, NULL), ERROR_INVALID, "is larger than 3 bytes");
    expect_error(file_read("/dev/zero", 100000, &text, NULL), ERROR_INVALID, "is larger than 100000 bytes");
    expect_error(file_read("/proc/self/maps", 100, &text, NULL), ERROR_INVALID, "is larger than 100 bytes");
    expect_error(file_read(place->dir, 100, &text, NULL), ERROR_INVALID, place->dir);
    expect_error(file_read("/nowhere/file", 100, &text, NULL), ERROR_NOT_FOUND, "cannot read /nowhere/file");
    assert_null(text);
}

/* Files that tell no size, a pipe and one of /proc, are read to their end. */
static void test_unknown_size(void **state)
{
    char path[32], block[20000];
    CLEANUP_FREE char *piped = NULL, *proc = NULL;
    size_t len = 0;
    int ends[2];

    memset(block, 'x', sizeof(block));
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], block, sizeof(block)), sizeof(block));
    close(ends[1]);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    assert_null(file_read(path, sizeof(block), &piped, &len));
    close(ends[0]);
    assert_int_equal(len, sizeof(block));
    assert_memory_equal(piped, block, len);
    assert_null(file_read("/proc/self/status", 100000, &proc, NULL));
    assert_non_null(strstr(proc, "VmRSS"));
}

static void test_failed_write(void **state)
{
    const struct place *place = *state;
    struct stat info;

    expect_error(file_write("/nowhere/file", "x", 1, 0600), ERROR_NOT_FOUND, "cannot write /nowhere/file");
    assert_int_equal(mkdir(place->file, 0700), 0); /* in the way of the rename */
    expect_error(file_write(place->file, "x", 1, 0600), ERROR_INVALID, place->file);
    assert_int_equal(stat(place->file, &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(rmdir(place->file), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_and_read, make_place, remove_place),
        cmocka_unit_test_setup_teardown(test_limits, make_place, remove_place),
        cmocka_unit_test(test_unknown_size),
        cmocka_unit_test_setup_teardown(test_failed_write, make_place, remove_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
