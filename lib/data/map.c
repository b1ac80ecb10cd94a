/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The insertion-ordered hash map: entries stand in an array in their order, an open-addressing table of positions finds them.
 * A removed entry stays as a gap until the array is full, so that positions, and with them iterators, stay good. Each entry
 * has a sequence number that survives the closing of gaps: an iterator remembers that number, not a position.
 */
#include "lib/data/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_EMPTY UINT32_MAX
#define ENTRIES_MIN 8

struct entry {
    char *key; /* NULL in a gap */
    void *value;
    uint64_t hash;
    size_t sequence;
};

struct map {
    void (*free_value)(void *value);
    struct entry *entries;
    size_t used, cap; /* entries and gaps; room */
    size_t first;     /* no entry, only gaps, before this position */
    size_t live;
    size_t next_sequence;
    uint32_t *slots; /* positions in `entries`; also of gaps, which keep probing chains whole */
    size_t slot_mask;
};

static uint64_t hash_key(const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, then a mix for the low bits */
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    return hash;
}

struct map *map_new(void (*free_value)(void *value))
{
    struct map *map = mem_alloc(sizeof(*map));
    map->free_value = free_value;
    return map;
}

void map_free(struct map *map)
{
    if (!map)
        return;
    map_clear(map);
    free(map->entries);
    free(map->slots);
    free(map);
}

static struct entry *map_find(const struct map *map, const char *key, uint64_t hash)
{
    if (map->live == 0)
        return NULL;
    for (size_t slot = hash & map->slot_mask; map->slots[slot] != SLOT_EMPTY; slot = (slot + 1) & map->slot_mask) {
        struct entry *entry = &map->entries[map->slots[slot]];
        if (entry->hash == hash && entry->key && strcmp(entry->key, key) == 0)
            return entry;
    }
    return NULL;
}

static void map_index(struct map *map, size_t position)
{
    size_t slot = map->entries[position].hash & map->slot_mask;
    while (map->slots[slot] != SLOT_EMPTY)
        slot = (slot + 1) & map->slot_mask;
    map->slots[slot] = (uint32_t)position;
}

/* Closes the gaps, and grows when there are few of them. */
static void map_make_room(struct map *map)
{
    size_t kept = 0;
    for (size_t i = map->first; i < map->used; i++)
        if (map->entries[i].key)
            map->entries[kept++] = map->entries[i];
    map->used = kept;
    map->first = 0;
    if (kept >= map->cap / 2) {
        if (map->cap > UINT32_MAX / 8)
            abort(); /* far beyond any limit that a caller sets */
        map->cap = map->cap ? map->cap * 2 : ENTRIES_MIN;
        map->entries = mem_resize(map->entries, map->cap, sizeof(*map->entries));
        map->slot_mask = map->cap * 2 - 1;
        map->slots = mem_resize(map->slots, map->cap * 2, sizeof(*map->slots));
    }
    memset(map->slots, 0xff, (map->slot_mask + 1) * sizeof(*map->slots));
    for (size_t i = 0; i < map->used; i++)
        map_index(map, i);
}

void *map_get(const struct map *map, const char *key)
{
    struct entry *entry = map_find(map, key, hash_key(key));
    return entry ? entry->value : NULL;
}

void map_set(struct map *map, const char *key, void *value)
{
    uint64_t hash = hash_key(key);
    struct entry *entry = map_find(map, key, hash);
    if (entry) {
        void *old = entry->value;
        entry->value = value;
        if (map->free_value && old != value)
            map->free_value(old);
        return;
    }
    if (map->used == map->cap)
        map_make_room(map);
    map->entries[map->used] =
        (struct entry){.key = mem_strdup(key), .value = value, .hash = hash, .sequence = map->next_sequence++};
    map_index(map, map->used++);
    map->live++;
}

/* Takes out an entry's value and forgets the entry. */
static void *drop_entry(struct map *map, struct entry *entry)
{
    void *value = entry->value;

    free(entry->key);
    entry->key = NULL;
    entry->value = NULL;
    map->live--;
    while (map->first < map->used && !map->entries[map->first].key)
        map->first++;
    return value;
}

void *map_take(struct map *map, const char *key)
{
    struct entry *entry = map_find(map, key, hash_key(key));
    return entry ? drop_entry(map, entry) : NULL;
}

bool map_remove(struct map *map, const char *key)
{
    void *value = map_take(map, key);
    if (!value)
        return false;
    if (map->free_value)
        map->free_value(value);
    return true;
}

size_t map_len(const struct map *map)
{
    return map->live;
}

void map_clear(struct map *map)
{
    /* A destructor may look into the map, so each entry is gone before its value is freed. */
    while (map->live > 0) {
        void *value = drop_entry(map, &map->entries[map->first]);
        if (map->free_value)
            map->free_value(value);
    }
}

/* The first position whose entry has a sequence number of at least `sequence`. */
static size_t map_seek(const struct map *map, size_t sequence)
{
    size_t low = map->first, high = map->used;
    /* Without closed gaps the position follows from the distance to the end. */
    size_t left = map->next_sequence - sequence;
    if (left <= high - low && map->entries[high - left].sequence == sequence)
        return high - left;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->entries[middle].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool map_next(const struct map *map, struct map_iter *iter)
{
    if (iter->index >= map->next_sequence)
        return false;
    for (size_t i = map_seek(map, iter->index); i < map->used; i++) {
        const struct entry *entry = &map->entries[i];
        if (!entry->key)
            continue;
        iter->key = entry->key;
        iter->value = entry->value;
        iter->index = entry->sequence + 1;
        return true;
    }
    iter->index = map->next_sequence;
    return false;
}
