// SPDX-License-Identifier: Apache-2.0
// The chunk store and the sparse media on it. A chunk is either private (one medium is still writing it) or sealed: then it is in the
// store's table by content and never changes; a write to it makes a private copy. Each medium has at most one private chunk.
#include "bmc-emu/machine/chunks.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/digest.h"

struct chunk {
    uint64_t hash;
    struct chunk *next; /* in the store's bucket */
    size_t refs;        /* media slots that point here */
    unsigned char data[CHUNK_SIZE];
};

struct chunk_store {
    struct chunk **buckets;
    size_t bucket_count, sealed; /* bucket_count is a power of two */
    size_t bytes, referenced;
};

/* A medium's chunks by number: open addressing, at most three quarters full; a chunk once there keeps its slot until a resize. */
struct slot {
    uint64_t number;     /* + 1; 0: free */
    struct chunk *chunk; /* NULL: all zero */
};

struct medium {
    struct chunk_store *store;
    size_t refs;
    uint64_t size;
    struct slot *slots;
    size_t slot_count, slots_used; /* slot_count is 0 or a power of two */
    size_t allocated;              /* slots with a chunk */
    struct chunk *open;            /* the private chunk, NULL: none */
    uint64_t open_number;
};

#define BUCKETS_MIN 64
#define SLOTS_MIN 8

struct chunk_store *chunk_store_new(void)
{
    struct chunk_store *store = mem_alloc(sizeof(*store));

    store->bucket_count = BUCKETS_MIN;
    store->buckets = mem_alloc_array(store->bucket_count, sizeof(*store->buckets));
    return store;
}

void chunk_store_free(struct chunk_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->bucket_count; i++) {
        while (store->buckets[i]) {
            struct chunk *chunk = store->buckets[i];
            store->buckets[i] = chunk->next;
            free(chunk);
        }
    }
    free(store->buckets);
    free(store);
}

size_t chunk_store_bytes(const struct chunk_store *store)
{
    return store->bytes;
}

size_t chunk_store_referenced_bytes(const struct chunk_store *store)
{
    return store->referenced;
}

/* Four independent multiply-and-rotate lanes: as fast as memory, and good enough because equality is checked byte by byte. */
static uint64_t content_hash(const unsigned char *data)
{
    uint64_t lanes[4] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 0x27d4eb2f165667c5};

    for (size_t i = 0; i < CHUNK_SIZE; i += 32) {
        uint64_t words[4];
        memcpy(words, data + i, sizeof(words));
        for (int lane = 0; lane < 4; lane++) {
            lanes[lane] = (lanes[lane] ^ words[lane]) * UINT64_C(0x9fb21c651e98df25);
            lanes[lane] = lanes[lane] << 29 | lanes[lane] >> 35;
        }
    }
    uint64_t hash = lanes[0] ^ lanes[1] * 3 ^ lanes[2] * 5 ^ lanes[3] * 7;
    return hash ^ hash >> 32;
}

static void grow_buckets(struct chunk_store *store)
{
    size_t count = store->bucket_count * 2;
    struct chunk **buckets = mem_alloc_array(count, sizeof(*buckets));

    for (size_t i = 0; i < store->bucket_count; i++) {
        while (store->buckets[i]) {
            struct chunk *chunk = store->buckets[i];
            store->buckets[i] = chunk->next;
            chunk->next = buckets[chunk->hash & (count - 1)];
            buckets[chunk->hash & (count - 1)] = chunk;
        }
    }
    free(store->buckets);
    store->buckets = buckets;
    store->bucket_count = count;
}

static struct chunk *store_find(const struct chunk_store *store, uint64_t hash, const unsigned char *data)
{
    struct chunk *chunk = store->buckets[hash & (store->bucket_count - 1)];

    while (chunk && (chunk->hash != hash || memcmp(chunk->data, data, CHUNK_SIZE) != 0))
        chunk = chunk->next;
    return chunk;
}

static struct chunk *chunk_new(struct chunk_store *store)
{
    struct chunk *chunk = mem_alloc(sizeof(*chunk));

    chunk->refs = 1;
    store->bytes += CHUNK_SIZE;
    return chunk;
}

static void chunk_free(struct chunk_store *store, struct chunk *chunk)
{
    store->bytes -= CHUNK_SIZE;
    free(chunk);
}

static void store_insert(struct chunk_store *store, struct chunk *chunk)
{
    if (store->sealed >= store->bucket_count)
        grow_buckets(store);
    struct chunk **bucket = &store->buckets[chunk->hash & (store->bucket_count - 1)];
    chunk->next = *bucket;
    *bucket = chunk;
    store->sealed++;
}

/* Gives up one reference to a sealed chunk. */
static void store_release(struct chunk_store *store, struct chunk *chunk)
{
    if (--chunk->refs > 0)
        return;
    struct chunk **link = &store->buckets[chunk->hash & (store->bucket_count - 1)];
    while (*link != chunk)
        link = &(*link)->next;
    *link = chunk->next;
    store->sealed--;
    chunk_free(store, chunk);
}

struct medium *medium_new(struct chunk_store *store, uint64_t size)
{
    struct medium *medium = mem_alloc(sizeof(*medium));

    medium->store = store;
    medium->refs = 1;
    medium->size = size;
    return medium;
}

struct medium *medium_ref(struct medium *medium)
{
    if (medium)
        medium->refs++;
    return medium;
}

static struct slot *slot_find(const struct medium *medium, uint64_t number)
{
    if (medium->slot_count == 0)
        return NULL;
    size_t mask = medium->slot_count - 1;
    size_t at = (size_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;
    while (medium->slots[at].number && medium->slots[at].number != number + 1)
        at = (at + 1) & mask;
    return &medium->slots[at];
}

static void slots_rehash(struct medium *medium, size_t count)
{
    struct slot *old = medium->slots;
    size_t old_count = medium->slot_count;

    medium->slots = mem_alloc_array(count, sizeof(*medium->slots));
    medium->slot_count = count;
    medium->slots_used = 0;
    for (size_t i = 0; i < old_count; i++) {
        if (!old[i].chunk)
            continue;
        *slot_find(medium, old[i].number - 1) = old[i];
        medium->slots_used++;
    }
    free(old);
}

static struct slot *slot_need(struct medium *medium, uint64_t number)
{
    if (medium->slots_used * 4 >= medium->slot_count * 3) {
        size_t live = medium->allocated + 1, count = SLOTS_MIN;
        while (count < live * 2)
            count *= 2;
        slots_rehash(medium, count);
    }
    struct slot *slot = slot_find(medium, number);
    if (!slot->number) {
        slot->number = number + 1;
        medium->slots_used++;
    }
    return slot;
}

static void slot_set(struct medium *medium, struct slot *slot, struct chunk *chunk)
{
    if (!slot->chunk && chunk) {
        medium->allocated++;
        medium->store->referenced += CHUNK_SIZE;
    } else if (slot->chunk && !chunk) {
        medium->allocated--;
        medium->store->referenced -= CHUNK_SIZE;
    }
    slot->chunk = chunk;
}

/* Ends the writing of the private chunk: drops it when it is zero, shares it when the store has its content. */
static void seal(struct medium *medium)
{
    struct chunk *chunk = TAKE_PTR(medium->open);

    if (!chunk)
        return;
    struct slot *slot = slot_find(medium, medium->open_number);
    if (mem_is_zero(chunk->data, CHUNK_SIZE)) {
        slot_set(medium, slot, NULL);
        chunk_free(medium->store, chunk);
        return;
    }
    uint64_t hash = content_hash(chunk->data);
    struct chunk *same = store_find(medium->store, hash, chunk->data);
    if (same) {
        same->refs++;
        slot->chunk = same;
        chunk_free(medium->store, chunk);
    } else {
        chunk->hash = hash;
        store_insert(medium->store, chunk);
    }
}

void medium_flush(struct medium *medium)
{
    seal(medium);
}

static void slot_clear(struct medium *medium, struct slot *slot)
{
    struct chunk *chunk = slot->chunk;

    if (!chunk)
        return;
    slot_set(medium, slot, NULL);
    if (chunk == medium->open) {
        medium->open = NULL;
        chunk_free(medium->store, chunk);
    } else {
        store_release(medium->store, chunk);
    }
}

void medium_unref(struct medium *medium)
{
    if (!medium || --medium->refs > 0)
        return;
    for (size_t i = 0; i < medium->slot_count; i++)
        slot_clear(medium, &medium->slots[i]);
    free(medium->slots);
    free(medium);
}

uint64_t medium_size(const struct medium *medium)
{
    return medium->size;
}

static struct error *check_range(const struct medium *medium, uint64_t offset, uint64_t len)
{
    if (offset > medium->size || len > medium->size - offset)
        return error_new(ERROR_INVALID, "bytes %llu to %llu are past the end of a medium of %llu bytes",
                         (unsigned long long)offset, (unsigned long long)(offset + len),
                         (unsigned long long)medium->size);
    return NULL;
}

struct error *medium_read(const struct medium *medium, uint64_t offset, void *buf, size_t len)
{
    unsigned char *out = buf;

    TRY(check_range(medium, offset, len));
    while (len > 0) {
        size_t within = (size_t)(offset % CHUNK_SIZE);
        size_t part = CHUNK_SIZE - within < len ? CHUNK_SIZE - within : len;
        const struct slot *slot = slot_find(medium, offset / CHUNK_SIZE);
        if (slot && slot->chunk)
            memcpy(out, slot->chunk->data + within, part);
        else
            memset(out, 0, part);
        out += part;
        offset += part;
        len -= part;
    }
    return NULL;
}

/* A whole chunk's new content: shared or dropped without a private copy where possible. */
static void write_whole(struct medium *medium, uint64_t number, const unsigned char *data)
{
    struct slot *slot = slot_need(medium, number);

    slot_clear(medium, slot);
    if (mem_is_zero(data, CHUNK_SIZE))
        return;
    uint64_t hash = content_hash(data);
    struct chunk *chunk = store_find(medium->store, hash, data);
    if (chunk) {
        chunk->refs++;
    } else {
        chunk = chunk_new(medium->store);
        chunk->hash = hash;
        memcpy(chunk->data, data, CHUNK_SIZE);
        store_insert(medium->store, chunk);
    }
    slot_set(medium, slot, chunk);
}

/* Makes chunk `number` the private one. */
static struct chunk *open_chunk(struct medium *medium, uint64_t number)
{
    if (medium->open && medium->open_number == number)
        return medium->open;
    seal(medium);
    struct slot *slot = slot_need(medium, number);
    struct chunk *sealed = slot->chunk;
    struct chunk *chunk = chunk_new(medium->store);
    if (sealed)
        memcpy(chunk->data, sealed->data, CHUNK_SIZE);
    slot_set(medium, slot, chunk);
    if (sealed)
        store_release(medium->store, sealed);
    medium->open = chunk;
    medium->open_number = number;
    return chunk;
}

struct error *medium_write(struct medium *medium, uint64_t offset, const void *data, size_t len)
{
    const unsigned char *in = data;

    TRY(check_range(medium, offset, len));
    while (len > 0) {
        size_t within = (size_t)(offset % CHUNK_SIZE);
        size_t part = CHUNK_SIZE - within < len ? CHUNK_SIZE - within : len;
        uint64_t number = offset / CHUNK_SIZE;
        if (part == CHUNK_SIZE) {
            write_whole(medium, number, in);
        } else {
            memcpy(open_chunk(medium, number)->data + within, in, part);
            if (within + part == CHUNK_SIZE)
                seal(medium);
        }
        in += part;
        offset += part;
        len -= part;
    }
    return NULL;
}

/* Drops chunks `first` up to before `end`. */
static void clear_chunks(struct medium *medium, uint64_t first, uint64_t end)
{
    if (end - first < medium->slot_count) {
        for (uint64_t number = first; number < end; number++) {
            struct slot *slot = slot_find(medium, number);
            if (slot && slot->number)
                slot_clear(medium, slot);
        }
        return;
    }
    for (size_t i = 0; i < medium->slot_count; i++) {
        struct slot *slot = &medium->slots[i];
        if (slot->number > first && slot->number <= end)
            slot_clear(medium, slot);
    }
}

static void zero_part(struct medium *medium, uint64_t number, size_t from, size_t to)
{
    const struct slot *slot = slot_find(medium, number);

    if (from < to && slot && slot->chunk)
        memset(open_chunk(medium, number)->data + from, 0, to - from);
}

struct error *medium_zero(struct medium *medium, uint64_t offset, uint64_t len)
{
    TRY(check_range(medium, offset, len));
    if (len == 0)
        return NULL;
    uint64_t end = offset + len, first = offset / CHUNK_SIZE, last = end / CHUNK_SIZE;
    if (first == last) {
        zero_part(medium, first, (size_t)(offset % CHUNK_SIZE), (size_t)(end % CHUNK_SIZE));
    } else {
        if (offset % CHUNK_SIZE) {
            zero_part(medium, first, (size_t)(offset % CHUNK_SIZE), CHUNK_SIZE);
            first++;
        }
        clear_chunks(medium, first, last);
        zero_part(medium, last, 0, (size_t)(end % CHUNK_SIZE));
    }
    seal(medium);
    return NULL;
}

void medium_resize(struct medium *medium, uint64_t size)
{
    if (size < medium->size) {
        uint64_t end = (medium->size + CHUNK_SIZE - 1) / CHUNK_SIZE;
        zero_part(medium, size / CHUNK_SIZE, (size_t)(size % CHUNK_SIZE), CHUNK_SIZE);
        clear_chunks(medium, (size + CHUNK_SIZE - 1) / CHUNK_SIZE, end);
    }
    seal(medium);
    medium->size = size;
}

struct error *medium_digest(const struct medium *medium, const char *algorithm, uint64_t offset, uint64_t len,
                            char **ret)
{
    static const unsigned char zeros[4096];
    CLEANUP(digest_free) struct digest *digest = NULL;

    TRY(check_range(medium, offset, len));
    TRY(digest_new(algorithm, &digest));
    while (len > 0) {
        size_t within = (size_t)(offset % CHUNK_SIZE);
        uint64_t part = CHUNK_SIZE - within < len ? CHUNK_SIZE - within : len;
        const struct slot *slot = slot_find(medium, offset / CHUNK_SIZE);
        if (slot && slot->chunk) {
            digest_update(digest, slot->chunk->data + within, (size_t)part);
        } else {
            part = part < sizeof(zeros) ? part : sizeof(zeros);
            digest_update(digest, zeros, (size_t)part);
        }
        offset += part;
        len -= part;
    }
    *ret = digest_finish(digest);
    return NULL;
}

bool medium_has_data(const struct medium *medium, uint64_t offset, uint64_t len)
{
    if (offset >= medium->size)
        return false;
    if (len > medium->size - offset)
        len = medium->size - offset;
    while (len > 0) {
        size_t within = (size_t)(offset % CHUNK_SIZE);
        size_t part = CHUNK_SIZE - within < len ? CHUNK_SIZE - within : (size_t)len;
        const struct slot *slot = slot_find(medium, offset / CHUNK_SIZE);
        if (slot && slot->chunk && !mem_is_zero(slot->chunk->data + within, part))
            return true;
        offset += part;
        len -= part;
    }
    return false;
}
