/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads ISO 9660 images: finds files by Rock Ridge, Joliet or plain names. The image is foreign input: every length is checked and every
 * loop bounded.
 */
#include "lib/data/iso9660.h"

#include <stdbool.h>
#include <string.h>

#include "lib/data/bytes.h"
#include "lib/data/mem.h"
#include "lib/data/str.h"

#define DESCRIPTOR_FIRST 16
#define DESCRIPTORS_MAX 32
#define DIRECTORY_MAX (4u * 1024 * 1024)
#define CONTINUATIONS_MAX 8
#define NAME_SIZE 256
#define FILES_MAX 65536 /* that a walk visits */

enum names { NAMES_PLAIN, NAMES_ROCK_RIDGE, NAMES_JOLIET };

struct extent {
    uint32_t sector, bytes;
};

struct volume {
    const struct iso9660_source *source;
    enum names names;
    size_t skip; /* bytes before the system use fields (SP) */
    struct extent root;
    char volume_id[33];
};

/* A directory record. */
struct found {
    char name[NAME_SIZE];
    struct extent extent;
    bool directory, many_extents;
};

static struct error *source_read(const struct iso9660_source *source, uint64_t offset, void *buf, size_t len)
{
    if (offset > source->size || len > source->size - offset)
        return error_new(ERROR_INVALID, "broken ISO 9660 image: byte %llu is past its end at %llu",
                         (unsigned long long)(offset + len), (unsigned long long)source->size);
    return source->read(source->arg, offset, buf, len);
}

static struct extent record_extent(const unsigned char *record)
{
    return (struct extent){.sector = get_le32(record + 2), .bytes = get_le32(record + 10)};
}

/* -- names of a record -- */

/* One run of system use fields; appends to `name`; *ret_next tells where the run goes on. */
static void fields_scan(const unsigned char *fields, size_t len, char *name, size_t *name_len, bool *ret_named,
                        struct extent *ret_next, uint32_t *ret_offset)
{
    for (size_t at = 0; at + 4 <= len;) {
        const unsigned char *field = fields + at;
        size_t size = field[2];
        if (size < 4 || at + size > len)
            return;
        if (memcmp(field, "NM", 2) == 0 && size >= 5 && !(field[4] & 6)) {
            size_t room = NAME_SIZE - 1 - *name_len, more = size - 5 < room ? size - 5 : room;
            memcpy(name + *name_len, field + 5, more);
            *name_len += more;
            *ret_named = true;
        } else if (memcmp(field, "CE", 2) == 0 && size >= 28) {
            *ret_next = (struct extent){get_le32(field + 4), get_le32(field + 20)};
            *ret_offset = get_le32(field + 12);
        } else if (memcmp(field, "ST", 2) == 0) {
            return;
        }
        at += size;
    }
}

static struct error *rock_ridge_name(const struct volume *volume, const unsigned char *record, char name[NAME_SIZE],
                                     bool *ret_named)
{
    size_t start = 33u + record[32];
    start += (start & 1) + volume->skip;
    size_t len = 0;
    struct extent next = {0};
    uint32_t offset = 0;
    if (start < record[0])
        fields_scan(record + start, record[0] - start, name, &len, ret_named, &next, &offset);
    for (int i = 0; next.bytes && i < CONTINUATIONS_MAX; i++) {
        unsigned char sector[ISO9660_SECTOR];
        if (next.bytes > ISO9660_SECTOR || offset > ISO9660_SECTOR - next.bytes)
            break;
        uint32_t bytes = next.bytes;
        TRY(source_read(volume->source, (uint64_t)next.sector * ISO9660_SECTOR + offset, sector, bytes));
        next = (struct extent){0};
        fields_scan(sector, bytes, name, &len, ret_named, &next, &offset);
    }
    name[len] = '\0';
    return NULL;
}

/* UCS-2 to UTF-8. */
static size_t joliet_name(const unsigned char *id, size_t id_len, char name[NAME_SIZE])
{
    size_t len = 0;
    for (size_t i = 0; i + 1 < id_len && len + 4 < NAME_SIZE; i += 2) {
        unsigned c = (unsigned)id[i] << 8 | id[i + 1];
        if (c < 0x80) {
            name[len++] = (char)c;
        } else if (c < 0x800) {
            name[len++] = (char)(0xc0 | c >> 6);
            name[len++] = (char)(0x80 | (c & 0x3f));
        } else {
            name[len++] = (char)(0xe0 | c >> 12);
            name[len++] = (char)(0x80 | (c >> 6 & 0x3f));
            name[len++] = (char)(0x80 | (c & 0x3f));
        }
    }
    return len;
}

static struct error *record_name(const struct volume *volume, const unsigned char *record, char name[NAME_SIZE])
{
    bool named = false;
    if (volume->names == NAMES_ROCK_RIDGE)
        TRY(rock_ridge_name(volume, record, name, &named));
    if (named)
        return NULL;
    size_t len = record[32];
    if (volume->names == NAMES_JOLIET)
        len = joliet_name(record + 33, len, name);
    else
        memcpy(name, record + 33, len);
    name[len] = '\0';
    char *version = strrchr(name, ';');
    if (version) {
        *version = '\0';
        if (version > name && version[-1] == '.')
            version[-1] = '\0';
    }
    return NULL;
}

/* -- directories -- */

static struct error *directory_load(const struct volume *volume, struct extent extent, unsigned char **ret)
{
    if (extent.bytes > DIRECTORY_MAX)
        return error_new(ERROR_INVALID, "broken ISO 9660 image: a directory of %u bytes", extent.bytes);
    CLEANUP_FREE unsigned char *bytes = mem_alloc(extent.bytes + 1);
    TRY(source_read(volume->source, (uint64_t)extent.sector * ISO9660_SECTOR, bytes, extent.bytes));
    *ret = TAKE_PTR(bytes);
    return NULL;
}

/* The next record of a loaded directory from *at on; *ret_more is false at the end. "." and ".." are left out. */
static struct error *directory_next(const struct volume *volume, const unsigned char *bytes, size_t len, size_t *at,
                                    struct found *ret, bool *ret_more)
{
    *ret_more = false;
    while (*at + 33 <= len) {
        const unsigned char *record = bytes + *at;
        if (record[0] == 0) { /* the rest of the sector is empty */
            *at = (*at / ISO9660_SECTOR + 1) * ISO9660_SECTOR;
            continue;
        }
        if (record[0] < 34 || *at + record[0] > len || 33u + record[32] > record[0])
            return error_new(ERROR_INVALID, "broken ISO 9660 image: a directory record of %u bytes", record[0]);
        *at += record[0];
        if (record[32] == 1 && record[33] <= 1)
            continue;
        TRY(record_name(volume, record, ret->name));
        ret->extent = record_extent(record);
        ret->directory = record[25] & 2;
        ret->many_extents = record[25] & 0x80;
        *ret_more = true;
        return NULL;
    }
    return NULL;
}

static bool name_matches(const struct volume *volume, const char *name, const char *wanted)
{
    return volume->names == NAMES_PLAIN ? str_equal_nocase(name, wanted) : str_equal(name, wanted);
}

static struct error *directory_find(const struct volume *volume, struct extent directory, const char *name,
                                    struct found *ret)
{
    CLEANUP_FREE unsigned char *bytes = NULL;
    TRY(directory_load(volume, directory, &bytes));
    bool more = true;
    for (size_t at = 0; more;) {
        TRY(directory_next(volume, bytes, directory.bytes, &at, ret, &more));
        if (more && name_matches(volume, ret->name, name))
            return NULL;
    }
    return error_new(ERROR_NOT_FOUND, "no \"%s\"", name);
}

/* -- the volume -- */

/* Rock Ridge announces itself in the root's own record. */
static struct error *detect_rock_ridge(struct volume *volume)
{
    unsigned char record[ISO9660_SECTOR];
    TRY(source_read(volume->source, (uint64_t)volume->root.sector * ISO9660_SECTOR, record, sizeof(record)));
    if (record[0] >= 34 + 7 && memcmp(record + 34, "SP", 2) == 0 && record[38] == 0xbe && record[39] == 0xef) {
        volume->names = NAMES_ROCK_RIDGE;
        volume->skip = record[40];
    }
    return NULL;
}

static struct error *volume_open(const struct iso9660_source *source, struct volume *ret)
{
    struct volume volume = {.source = source};
    struct extent joliet = {0};
    bool primary = false, end = false;
    for (uint64_t sector = DESCRIPTOR_FIRST; !end && sector < DESCRIPTOR_FIRST + DESCRIPTORS_MAX; sector++) {
        unsigned char bytes[ISO9660_SECTOR];
        TRY(source_read(source, sector * ISO9660_SECTOR, bytes, sizeof(bytes)));
        if (memcmp(bytes + 1, "CD001", 5) != 0)
            return error_new(ERROR_INVALID, "not an ISO 9660 image: no volume descriptor at sector %u",
                             (unsigned)sector);
        if (bytes[0] == 1 && !primary) {
            primary = true;
            volume.root = record_extent(bytes + 156);
            memcpy(volume.volume_id, bytes + 40, 32);
        } else if (bytes[0] == 2 && bytes[88] == '%' && bytes[89] == '/') {
            joliet = record_extent(bytes + 156);
        }
        end = bytes[0] == 255;
    }
    if (!primary)
        return error_new(ERROR_INVALID, "broken ISO 9660 image: no primary volume descriptor");
    TRY(detect_rock_ridge(&volume));
    if (volume.names == NAMES_PLAIN && joliet.bytes) {
        volume.names = NAMES_JOLIET;
        volume.root = joliet;
    }
    *ret = volume;
    return NULL;
}

/* -- the interface -- */

static struct error *memory_read(void *arg, uint64_t offset, void *buf, size_t len)
{
    const struct iso9660_memory *memory = arg;
    memcpy(buf, (const char *)memory->data + offset, len);
    return NULL;
}

struct iso9660_source iso9660_memory_source(const struct iso9660_memory *memory)
{
    return (struct iso9660_source){.read = memory_read, .arg = (void *)memory, .size = memory->len};
}

struct error *iso9660_find(const struct iso9660_source *source, const char *path, uint64_t *ret_offset,
                           uint64_t *ret_size)
{
    struct volume volume;
    TRY(volume_open(source, &volume));
    struct found found = {.extent = volume.root, .directory = true};
    CLEANUP(str_list_free) char **parts = str_split(*path == '/' ? path + 1 : path, '/');
    for (size_t i = 0; parts[i]; i++) {
        if (!found.directory)
            return error_new(ERROR_NOT_FOUND, "no file \"%s\" in the ISO image", path);
        struct extent directory = found.extent;
        struct error *err = directory_find(&volume, directory, parts[i], &found);
        if (error_is(err, ERROR_NOT_FOUND)) {
            error_free(err);
            return error_new(ERROR_NOT_FOUND, "no file \"%s\" in the ISO image", path);
        }
        TRY(err);
    }
    if (found.directory)
        return error_new(ERROR_NOT_FOUND, "\"%s\" is a folder in the ISO image", path);
    if (found.many_extents)
        return error_new(ERROR_UNSUPPORTED, "file \"%s\" of the ISO image has several extents", path);
    uint64_t offset = (uint64_t)found.extent.sector * ISO9660_SECTOR;
    if (found.extent.bytes && (offset > source->size || found.extent.bytes > source->size - offset))
        return error_new(ERROR_INVALID, "broken ISO 9660 image: file \"%s\" reaches past its end", path);
    *ret_offset = offset;
    *ret_size = found.extent.bytes;
    return NULL;
}

struct error *iso9660_read_file(const struct iso9660_source *source, const char *path, size_t max, char **ret_data,
                                size_t *ret_len)
{
    uint64_t offset = 0, size = 0;
    TRY(iso9660_find(source, path, &offset, &size));
    if (size > max)
        return error_new(ERROR_INVALID, "file \"%s\" of the ISO image has %llu bytes, more than %zu", path,
                         (unsigned long long)size, max);
    CLEANUP_FREE char *data = mem_try_alloc(size + 1);
    if (!data)
        return error_new(ERROR_TRANSIENT, "no memory for the %llu bytes of \"%s\"", (unsigned long long)size, path);
    if (size)
        TRY_WRAP(source_read(source, offset, data, size), "reading \"%s\"", path);
    *ret_len = size;
    *ret_data = TAKE_PTR(data);
    return NULL;
}

struct error *iso9660_volume_id(const struct iso9660_source *source, char **ret)
{
    struct volume volume;
    TRY(volume_open(source, &volume));
    size_t len = strlen(volume.volume_id);
    while (len && volume.volume_id[len - 1] == ' ')
        len--;
    *ret = mem_strndup(volume.volume_id, len);
    return NULL;
}

static struct error *walk(const struct volume *volume, struct extent directory, const char *prefix, int depth,
                          size_t *left, void (*fn)(void *arg, const char *path, uint64_t size), void *arg)
{
    if (depth > ISO9660_DEPTH_MAX)
        return error_new(ERROR_INVALID, "broken ISO 9660 image: folders deeper than %d", ISO9660_DEPTH_MAX);
    CLEANUP_FREE unsigned char *bytes = NULL;
    TRY(directory_load(volume, directory, &bytes));
    struct found found;
    bool more = true;
    for (size_t at = 0; more;) {
        TRY(directory_next(volume, bytes, directory.bytes, &at, &found, &more));
        if (!more)
            break;
        if (--*left == 0)
            return error_new(ERROR_INVALID, "the ISO image has more than %d files", FILES_MAX);
        CLEANUP_FREE char *path = mem_printf("%s%s%s", prefix, *prefix ? "/" : "", found.name);
        if (found.directory)
            TRY(walk(volume, found.extent, path, depth + 1, left, fn, arg));
        else
            fn(arg, path, found.extent.bytes);
    }
    return NULL;
}

struct error *iso9660_each_file(const struct iso9660_source *source,
                                void (*fn)(void *arg, const char *path, uint64_t size), void *arg)
{
    struct volume volume;
    TRY(volume_open(source, &volume));
    size_t left = FILES_MAX;
    return walk(&volume, volume.root, "", 0, &left, fn, arg);
}
