/* SPDX-License-Identifier: Apache-2.0 */
/* FAT by Microsoft's "FAT32 File System Specification" 1.03: boot sector, cluster chains, short directory entries. */
#include "operator/agent/fat.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/bytes.h"
#include "lib/data/str.h"

#define DEPTH_MAX 8        /* of directories */
#define DIRECTORY_MAX 4096 /* entries read of one directory */
#define ENTRY_SIZE 32
#define ATTRIBUTE_VOLUME 0x08
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTE_LONG_NAME 0x0f

struct fat {
    const struct disk *disk;
    uint64_t offset;                               /* of the file system on the disk */
    uint32_t cluster_size;                         /* bytes */
    uint64_t fat_offset, root_offset, data_offset; /* on the disk */
    uint32_t root_entries, root_cluster, clusters;
    int bits; /* 12, 16 or 32 */
};

struct search {
    const char *const *names;
    size_t best; /* index into names of the best hit yet */
    char *path;
};

/* Reads any range: the disk takes whole sectors only. */
static struct error *read_bytes(const struct fat *fat, uint64_t offset, void *buf, size_t len)
{
    uint32_t sector = fat->disk->sector;
    uint64_t first = offset / sector * sector;
    size_t span = (size_t)((offset + len + sector - 1) / sector * sector - first);
    CLEANUP_FREE unsigned char *bytes = mem_alloc(span);

    TRY(disk_read(fat->disk, first, bytes, span));
    memcpy(buf, bytes + (offset - first), len);
    return NULL;
}

static struct error *open_fat(const struct disk *disk, uint64_t offset, struct fat *ret)
{
    struct fat fat = {.disk = disk, .offset = offset};
    unsigned char boot[512];

    TRY(read_bytes(&fat, offset, boot, sizeof(boot)));
    uint32_t sector = get_le16(boot + 11), per_cluster = boot[13], reserved = get_le16(boot + 14), copies = boot[16];
    fat.root_entries = get_le16(boot + 17);
    uint32_t sectors = get_le16(boot + 19) ? get_le16(boot + 19) : get_le32(boot + 32);
    uint32_t fat_sectors = get_le16(boot + 22) ? get_le16(boot + 22) : get_le32(boot + 36);
    if (boot[510] != 0x55 || boot[511] != 0xaa ||
        (sector != 512 && sector != 1024 && sector != 2048 && sector != 4096) || !per_cluster ||
        (per_cluster & (per_cluster - 1)) || !reserved || !copies || !fat_sectors)
        return error_new(ERROR_INVALID, "the partition at offset %llu of disk %s holds no FAT file system",
                         (unsigned long long)offset, disk->name);

    uint64_t root_sectors = ((uint64_t)fat.root_entries * ENTRY_SIZE + sector - 1) / sector;
    uint64_t data = reserved + (uint64_t)copies * fat_sectors + root_sectors;
    if (data > sectors)
        return error_new(ERROR_INVALID, "the FAT file system at offset %llu of disk %s is damaged",
                         (unsigned long long)offset, disk->name);
    fat.cluster_size = sector * per_cluster;
    fat.clusters = (uint32_t)((sectors - data) / per_cluster);
    fat.bits = fat.clusters < 4085 ? 12 : fat.clusters < 65525 ? 16 : 32;
    fat.root_cluster = fat.bits == 32 ? get_le32(boot + 44) : 0;
    fat.fat_offset = offset + (uint64_t)reserved * sector;
    fat.root_offset = fat.fat_offset + (uint64_t)copies * fat_sectors * sector;
    fat.data_offset = offset + data * sector;
    *ret = fat;
    return NULL;
}

/* The cluster after `cluster`; 0 at the chain's end. */
static struct error *next_cluster(const struct fat *fat, uint32_t cluster, uint32_t *ret)
{
    unsigned char bytes[4] = {0};
    uint64_t position = fat->bits == 12 ? cluster + cluster / 2 : (uint64_t)cluster * (uint64_t)(fat->bits / 8);

    TRY(read_bytes(fat, fat->fat_offset + position, bytes, fat->bits == 32 ? 4 : 2));
    uint32_t value = get_le32(bytes);
    if (fat->bits == 12)
        value = (cluster & 1 ? value >> 4 : value) & 0xfff;
    else if (fat->bits == 32)
        value &= 0x0fffffff;
    *ret = value >= 2 && value < fat->clusters + 2 ? value : 0;
    return NULL;
}

static void entry_name(const unsigned char *entry, char name[13])
{
    size_t len = 0;
    for (int i = 0; i < 8 && entry[i] != ' '; i++)
        name[len++] = (char)entry[i];
    if (entry[8] != ' ')
        name[len++] = '.';
    for (int i = 8; i < 11 && entry[i] != ' '; i++)
        name[len++] = (char)entry[i];
    name[len] = 0;
}

static void consider_file(struct search *search, const char *directory, const char *name)
{
    for (size_t i = 0; search->names[i] && i < search->best; i++) {
        if (!str_equal_nocase(search->names[i], name))
            continue;
        free(search->path);
        search->path = mem_printf("%s\\%s", directory, name);
        search->best = i;
    }
}

static struct error *search_directory(const struct fat *fat, struct search *search, uint32_t cluster, const char *path,
                                      int depth);

/* Looks at `count` entries; *ret_end is set at the directory's end mark. */
static struct error *search_entries(const struct fat *fat, struct search *search, const unsigned char *entries,
                                    size_t count, const char *path, int depth, bool *ret_end)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *entry = entries + i * ENTRY_SIZE;
        char name[13];
        if (entry[0] == 0) {
            *ret_end = true;
            return NULL;
        }
        if (entry[0] == 0xe5 || entry[0] == '.' || (entry[11] & ATTRIBUTE_LONG_NAME) == ATTRIBUTE_LONG_NAME ||
            (entry[11] & ATTRIBUTE_VOLUME))
            continue;
        entry_name(entry, name);
        if (!(entry[11] & ATTRIBUTE_DIRECTORY)) {
            consider_file(search, path, name);
            continue;
        }
        if (depth >= DEPTH_MAX)
            continue;
        CLEANUP_FREE char *child = mem_printf("%s\\%s", path, name);
        uint32_t cluster = get_le16(entry + 26) | (fat->bits == 32 ? (uint32_t)get_le16(entry + 20) << 16 : 0);
        if (cluster >= 2 && cluster < fat->clusters + 2)
            TRY(search_directory(fat, search, cluster, child, depth + 1));
    }
    return NULL;
}

static struct error *search_directory(const struct fat *fat, struct search *search, uint32_t cluster, const char *path,
                                      int depth)
{
    CLEANUP_FREE unsigned char *entries = mem_alloc(fat->cluster_size);
    size_t per_cluster = fat->cluster_size / ENTRY_SIZE, seen = 0;
    bool end = false;

    while (cluster && !end && seen < DIRECTORY_MAX) {
        TRY(read_bytes(fat, fat->data_offset + (uint64_t)(cluster - 2) * fat->cluster_size, entries,
                       fat->cluster_size));
        TRY(search_entries(fat, search, entries, per_cluster, path, depth, &end));
        TRY(next_cluster(fat, cluster, &cluster));
        seen += per_cluster;
    }
    return NULL;
}

static struct error *search_root(const struct fat *fat, struct search *search)
{
    if (fat->bits == 32)
        return search_directory(fat, search, fat->root_cluster, "", 0);
    size_t count = fat->root_entries < DIRECTORY_MAX ? fat->root_entries : DIRECTORY_MAX;
    CLEANUP_FREE unsigned char *entries = mem_alloc(count * ENTRY_SIZE + 1);
    bool end = false;

    TRY(read_bytes(fat, fat->root_offset, entries, count * ENTRY_SIZE));
    return search_entries(fat, search, entries, count, "", 0, &end);
}

struct error *fat_find(const struct disk *disk, uint64_t offset, const char *const *names, char **ret_path)
{
    struct search search = {.names = names, .best = SIZE_MAX};
    struct fat fat;

    TRY(open_fat(disk, offset, &fat));
    struct error *err = search_root(&fat, &search);
    if (err) {
        free(search.path);
        return err;
    }
    *ret_path = search.path;
    return NULL;
}
