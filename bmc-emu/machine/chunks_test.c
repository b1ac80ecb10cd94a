// SPDX-License-Identifier: Apache-2.0
// The sparse media: they read back what was written, against a plain array as the model, and equal content is held once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bmc-emu/machine/chunks.h"
#include "lib/data/digest.h"

static void fill(unsigned char *data, size_t len, unsigned seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        data[i] = (unsigned char)(seed >> 16);
    }
}

static void behaves_as_a_plain_array(void **state)
{
    enum { SIZE = 10 * 65536 + 4321 };
    CLEANUP(chunk_store_free) struct chunk_store *store = chunk_store_new();
    CLEANUP(medium_unref) struct medium *medium = medium_new(store, SIZE);
    CLEANUP_FREE unsigned char *model = mem_alloc(SIZE), *data = mem_alloc(SIZE), *back = mem_alloc(SIZE);
    unsigned random = 1;

    for (int round = 0; round < 2000; round++) {
        random = random * 1103515245 + 12345;
        size_t offset = (random >> 8) % SIZE;
        random = random * 1103515245 + 12345;
        size_t len = (random >> 8) % (round % 3 ? 9000 : 200000);
        if (len > SIZE - offset)
            len = SIZE - offset;
        if (round % 7 == 0) {
            assert_null(medium_zero(medium, offset, len));
            memset(model + offset, 0, len);
        } else {
            fill(data, len, (unsigned)round % 5);
            assert_null(medium_write(medium, offset, data, len));
            memcpy(model + offset, data, len);
        }
    }
    assert_null(medium_read(medium, 0, back, SIZE));
    assert_memory_equal(back, model, SIZE);
    CLEANUP_FREE char *want = digest_hex("sha256", model, SIZE);
    CLEANUP_FREE char *got = NULL;
    assert_null(medium_digest(medium, "sha256", 0, SIZE, &got));
    assert_string_equal(got, want);
}

static void equal_content_costs_one_copy(void **state)
{
    enum { IMAGE = 16 * 65536, DISKS = 50 };
    CLEANUP(chunk_store_free) struct chunk_store *store = chunk_store_new();
    CLEANUP_FREE unsigned char *image = mem_alloc(IMAGE);
    struct medium *disks[DISKS];

    fill(image, IMAGE, 7);
    for (int i = 0; i < DISKS; i++) {
        disks[i] = medium_new(store, INT64_C(1) << 40);
        /* The pieces that come from a network fit no chunk. */
        for (size_t at = 0; at < IMAGE; at += 10000)
            assert_null(medium_write(disks[i], at, image + at, at + 10000 < IMAGE ? 10000 : IMAGE - at));
        assert_null(medium_write(disks[i], INT64_C(1) << 39, image, 100));
        medium_flush(disks[i]);
    }
    assert_int_equal(chunk_store_bytes(store), IMAGE + 65536);
    assert_int_equal(chunk_store_referenced_bytes(store), DISKS * (IMAGE + 65536));
    /* One machine's write is its own. */
    assert_null(medium_write(disks[0], 5, "changed", 7));
    char back[7];
    assert_null(medium_read(disks[1], 5, back, 7));
    assert_memory_equal(back, image + 5, 7);
    for (int i = 0; i < DISKS; i++)
        medium_unref(disks[i]);
    assert_int_equal(chunk_store_bytes(store), 0);
    assert_int_equal(chunk_store_referenced_bytes(store), 0);
}

static void zeros_cost_nothing(void **state)
{
    CLEANUP(chunk_store_free) struct chunk_store *store = chunk_store_new();
    CLEANUP(medium_unref) struct medium *medium = medium_new(store, INT64_C(8) << 40);
    CLEANUP_FREE unsigned char *zeros = mem_alloc(300000);

    assert_null(medium_write(medium, 12345, zeros, 300000));
    medium_flush(medium);
    assert_int_equal(chunk_store_bytes(store), 0);
    assert_null(medium_write(medium, 0, "boot", 4));
    assert_true(medium_has_data(medium, 0, 512));
    assert_false(medium_has_data(medium, 4, 512));
    assert_null(medium_zero(medium, 0, INT64_C(8) << 40));
    assert_false(medium_has_data(medium, 0, INT64_C(8) << 40));
    assert_int_equal(chunk_store_bytes(store), 0);
}

static void nothing_is_written_past_the_end(void **state)
{
    CLEANUP(chunk_store_free) struct chunk_store *store = chunk_store_new();
    CLEANUP(medium_unref) struct medium *medium = medium_new(store, 1000);
    struct error *err = medium_write(medium, 999, "ab", 2);

    assert_true(error_is(err, ERROR_INVALID));
    error_free(err);
    assert_false(medium_has_data(medium, 0, 1000));
    medium_resize(medium, 1001);
    assert_null(medium_write(medium, 999, "ab", 2));
    medium_resize(medium, 1000);
    medium_resize(medium, 1001);
    char back[2];
    assert_null(medium_read(medium, 999, back, 2));
    assert_memory_equal(back, "a\0", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves_as_a_plain_array),
        cmocka_unit_test(equal_content_costs_one_copy),
        cmocka_unit_test(zeros_cost_nothing),
        cmocka_unit_test(nothing_is_written_past_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
