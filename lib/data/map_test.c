/* SPDX-License-Identifier: Apache-2.0 */
/* The insertion-ordered map: order, replacement, and removal while iterating, also against a plain model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/data/map.h"
#include "lib/data/str.h"

static char *keys_of(const struct map *map)
{
    struct strbuf out = STRBUF_INIT;
    struct map_iter it = {0};
    while (map_next(map, &it))
        strbuf_addf(&out, "%s=%s ", it.key, (const char *)it.value);
    return strbuf_take(&out);
}

static void assert_keys(const struct map *map, const char *expected)
{
    CLEANUP_FREE char *keys = keys_of(map);
    assert_string_equal(keys, expected);
}

static void test_order(void **state)
{
    CLEANUP(map_free) struct map *map = map_new(free);
    assert_null(map_get(map, "a"));
    map_set(map, "b", mem_strdup("1"));
    map_set(map, "a", mem_strdup("2"));
    map_set(map, "c", mem_strdup("3"));
    map_set(map, "b", mem_strdup("4")); /* keeps its place */
    assert_keys(map, "b=4 a=2 c=3 ");
    assert_true(map_remove(map, "a"));
    assert_false(map_remove(map, "a"));
    map_set(map, "a", mem_strdup("5")); /* a new place */
    assert_keys(map, "b=4 c=3 a=5 ");
    CLEANUP_FREE char *taken = map_take(map, "c");
    assert_string_equal(taken, "3");
    assert_int_equal(map_len(map), 2);
    map_clear(map);
    assert_keys(map, "");
    map_set(map, "z", mem_strdup("6"));
    assert_keys(map, "z=6 ");
}

/* Removes the current entry and adds others, enough to move all entries; nobody is missed or seen twice. */
static void test_change_while_iterating(void **state)
{
    CLEANUP(map_free) struct map *map = map_new(NULL);
    for (int i = 0; i < 20; i++) {
        CLEANUP_FREE char *key = mem_printf("old-%d", i);
        map_set(map, key, "x");
    }
    struct map_iter it = {0};
    int seen = 0;
    while (map_next(map, &it)) {
        CLEANUP_FREE char *key = mem_strdup(it.key);
        CLEANUP_FREE char *expected = mem_printf(seen < 20 ? "old-%d" : "new-%d", seen % 20);
        assert_string_equal(key, expected);
        if (seen < 20) {
            CLEANUP_FREE char *added = mem_printf("new-%d", seen);
            assert_true(map_remove(map, key));
            map_set(map, added, "y");
        }
        seen++;
    }
    assert_int_equal(seen, 40);
    assert_int_equal(map_len(map), 20);
}

/* A long run of changes against an array that holds the same. */
static void test_model(void **state)
{
    enum { KEYS = 97 };
    CLEANUP(map_free) struct map *map = map_new(NULL);
    uintptr_t model[KEYS] = {0};
    size_t live = 0;
    uint32_t random = 1;
    for (uintptr_t step = 1; step < 20000; step++) {
        random = random * 1664525u + 1013904223u;
        unsigned which = (random >> 8) % KEYS;
        CLEANUP_FREE char *key = mem_printf("key-%u", which);
        assert_true((uintptr_t)map_get(map, key) == model[which]);
        if (random >> 30) {
            live += model[which] == 0;
            model[which] = step;
            map_set(map, key, (void *)step);
        } else {
            assert_int_equal(map_remove(map, key), model[which] != 0);
            live -= model[which] != 0;
            model[which] = 0;
        }
        assert_int_equal(map_len(map), live);
    }
}

/* A queue: the oldest goes, a new one comes; memory must not grow and the oldest is found at once. */
static void test_queue(void **state)
{
    CLEANUP(map_free) struct map *map = map_new(NULL);
    for (int i = 0; i < 100000; i++) {
        CLEANUP_FREE char *key = mem_printf("%d", i);
        map_set(map, key, "x");
        if (i >= 10) {
            struct map_iter it = {0};
            assert_true(map_next(map, &it));
            CLEANUP_FREE char *oldest = mem_strdup(it.key);
            assert_int_equal(atol(oldest), i - 10);
            map_remove(map, oldest);
        }
    }
    assert_int_equal(map_len(map), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_change_while_iterating),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
