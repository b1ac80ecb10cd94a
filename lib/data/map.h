/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash map from strings to pointers that iterates in the order of insertion, so that a run is deterministic.
 * Keys are copied. Values belong to the map when it was given a destructor.
 */
#ifndef LIB_DATA_MAP_H
#define LIB_DATA_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/data/mem.h"

struct map;

/* `free_value` (may be NULL) is called on a value that is replaced, removed or left at map_free(). */
struct map *map_new(void (*free_value)(void *value));
void map_free(struct map *map);
DEFINE_CLEANUP(struct map, map_free);

void *map_get(const struct map *map, const char *key);       /* NULL when absent; borrowed */
void map_set(struct map *map, const char *key, void *value); /* replaces; `value` must not be NULL */
bool map_remove(struct map *map, const char *key);           /* true when it was there */
void *map_take(struct map *map, const char *key);            /* removes without freeing; NULL when absent */
size_t map_len(const struct map *map);
void map_clear(struct map *map);

/*
 * Iteration: `struct map_iter it = {0}; while (map_next(map, &it)) use(it.key, it.value);`
 * The current entry (`it.key` dies with it) and any other may be removed meanwhile; entries added meanwhile are seen later.
 */
struct map_iter {
    const char *key;
    void *value;
    size_t index;
};
bool map_next(const struct map *map, struct map_iter *iter);

#endif
