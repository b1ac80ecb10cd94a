/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lays out and prints ISO 9660 images: two directory trees (plain with Rock Ridge, and Joliet) over the same file extents. Volume
 * descriptors, path tables and directories are the header, kept in memory; files follow it in the order in which they were added.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/data/iso9660_tree.h"
#include "lib/data/mem.h"
#include "lib/data/str.h"

#define DESCRIPTOR_PRIMARY 16
#define DESCRIPTOR_JOLIET 17
#define DESCRIPTOR_END 18
#define FIRST_FREE 19
#define RECORD_MAX 255
#define FLAG_DIRECTORY 2

/* -- identifiers -- */

/* The identifier's bytes in a tree; returns their number. */
static size_t identifier(enum tree tree, const struct entry *entry, unsigned char out[RECORD_MAX])
{
    if (tree == TREE_PLAIN) {
        size_t len = strlen(entry->plain);
        memcpy(out, entry->plain, len);
        return len;
    }
    size_t len = 0;
    for (const char *c = entry->name; *c; c++) {
        out[len++] = 0;
        out[len++] = strchr("*:;?\\", *c) ? '_' : (unsigned char)*c;
    }
    return len;
}

static int compare_plain(const void *a, const void *b)
{
    return strcmp((*(struct entry *const *)a)->plain, (*(struct entry *const *)b)->plain);
}

static int compare_joliet(const void *a, const void *b)
{
    return strcmp((*(struct entry *const *)a)->name, (*(struct entry *const *)b)->name);
}

/* A folder's entries in the order of the tree. */
static void children_sorted(enum tree tree, const struct entry *directory, struct entry_list *out)
{
    VEC_FOREACH (child, &directory->children)
        VEC_PUSH(out, *child);
    if (out->len)
        qsort(out->items, out->len, sizeof(*out->items), tree == TREE_PLAIN ? compare_plain : compare_joliet);
}

/* -- bytes -- */

static void put_le32(unsigned char *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(v >> (8 * i));
}

static void put_be32(unsigned char *out, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void put_both32(unsigned char *out, uint32_t v)
{
    put_le32(out, v);
    put_be32(out + 4, v);
}

static void put_both16(unsigned char *out, uint16_t v)
{
    out[0] = out[3] = (unsigned char)v;
    out[1] = out[2] = (unsigned char)(v >> 8);
}

static uint32_t sectors_of(uint64_t bytes)
{
    return (uint32_t)((bytes + ISO9660_SECTOR - 1) / ISO9660_SECTOR);
}

static struct tm wall_tm(int64_t wall)
{
    time_t seconds = (time_t)(wall / 1000000000);
    struct tm tm = {0};
    gmtime_r(&seconds, &tm);
    return tm;
}

/* -- directory records -- */

/* Rock Ridge fields after the identifier: name, mode, and in the root's own record what says that they are there. */
static size_t rock_ridge(unsigned char *out, const char *name, bool directory, bool root_self)
{
    size_t len = 0;
    if (root_self) {
        memcpy(out, "SP\x07\x01\xbe\xef\x00", 7);
        len = 7;
    }
    unsigned char *px = out + len;
    memcpy(px, "PX\x24\x01", 4);
    put_both32(px + 4, directory ? 0040555 : 0100444);
    put_both32(px + 12, directory ? 2 : 1);
    put_both32(px + 20, 0);
    put_both32(px + 28, 0);
    len += 36;
    if (name) {
        size_t name_len = strlen(name);
        memcpy(out + len, "NM", 2);
        out[len + 2] = (unsigned char)(5 + name_len);
        out[len + 3] = 1;
        out[len + 4] = 0;
        memcpy(out + len + 5, name, name_len);
        len += 5 + name_len;
    }
    if (root_self) {
        memcpy(out + len, "ER\x12\x01\x0a\x00\x00\x01RRIP_1991A", 18);
        len += 18;
    }
    return len;
}

struct record {
    const unsigned char *identifier;
    size_t identifier_len;
    uint32_t sector, bytes;
    bool directory;
    const char *name; /* Rock Ridge name; NULL: none */
    bool root_self;
};

static size_t record_print(const struct iso9660 *iso, enum tree tree, const struct record *record, unsigned char *out)
{
    memset(out, 0, RECORD_MAX + 1);
    put_both32(out + 2, record->sector);
    put_both32(out + 10, record->bytes);
    struct tm tm = wall_tm(iso->wall);
    out[18] = (unsigned char)tm.tm_year;
    out[19] = (unsigned char)(tm.tm_mon + 1);
    out[20] = (unsigned char)tm.tm_mday;
    out[21] = (unsigned char)tm.tm_hour;
    out[22] = (unsigned char)tm.tm_min;
    out[23] = (unsigned char)tm.tm_sec;
    out[25] = record->directory ? FLAG_DIRECTORY : 0;
    put_both16(out + 28, 1);
    out[32] = (unsigned char)record->identifier_len;
    memcpy(out + 33, record->identifier, record->identifier_len);
    size_t len = 33 + record->identifier_len;
    len += len & 1;
    if (tree == TREE_PLAIN)
        len += rock_ridge(out + len, record->name, record->directory, record->root_self);
    len += len & 1;
    out[0] = (unsigned char)len;
    return len;
}

/* Records do not cross sectors. */
static void record_append(struct strbuf *out, const unsigned char *record, size_t len)
{
    static const char zeros[ISO9660_SECTOR];
    size_t used = out->len % ISO9660_SECTOR;
    if (used + len > ISO9660_SECTOR)
        strbuf_add(out, zeros, ISO9660_SECTOR - used);
    strbuf_add(out, record, len);
}

static struct record record_of(enum tree tree, const struct entry *entry)
{
    if (entry->directory)
        return (struct record){.sector = entry->dir_sector[tree], .bytes = entry->dir_bytes[tree], .directory = true};
    return (struct record){.sector = entry->sector, .bytes = (uint32_t)entry->size};
}

static void directory_print(const struct iso9660 *iso, enum tree tree, const struct entry *directory,
                            struct strbuf *out)
{
    unsigned char bytes[RECORD_MAX + 1];
    const struct entry *self_and_parent[2] = {directory, directory->parent};
    for (int i = 0; i < 2; i++) {
        struct record record = record_of(tree, self_and_parent[i]);
        unsigned char id = (unsigned char)i;
        record.identifier = &id;
        record.identifier_len = 1;
        record.root_self = i == 0 && directory == iso->root;
        record_append(out, bytes, record_print(iso, tree, &record, bytes));
    }
    struct entry_list children = {0};
    children_sorted(tree, directory, &children);
    VEC_FOREACH (child, &children) {
        unsigned char id[RECORD_MAX];
        struct record record = record_of(tree, *child);
        record.identifier = id;
        record.identifier_len = identifier(tree, *child, id);
        record.name = (*child)->name;
        record_append(out, bytes, record_print(iso, tree, &record, bytes));
    }
    VEC_RELEASE(&children);
}

/* -- path tables: the folders of a tree, breadth first -- */

static void folders_of(enum tree tree, struct entry *root, struct entry_list *out)
{
    VEC_PUSH(out, root);
    for (size_t i = 0; i < out->len; i++) {
        struct entry *directory = out->items[i];
        directory->number[tree] = (uint16_t)(i + 1);
        struct entry_list children = {0};
        children_sorted(tree, directory, &children);
        VEC_FOREACH (child, &children)
            if ((*child)->directory)
                VEC_PUSH(out, *child);
        VEC_RELEASE(&children);
    }
}

static void path_table_print(const struct entry_list *folders, enum tree tree, bool big_endian, struct strbuf *out)
{
    VEC_FOREACH (folder, folders) {
        unsigned char record[RECORD_MAX + 8] = {0};
        unsigned char id[RECORD_MAX] = {0};
        size_t id_len = folder == folders->items ? 1 : identifier(tree, *folder, id);
        uint16_t parent = (*folder)->parent->number[tree];
        record[0] = (unsigned char)id_len;
        (big_endian ? put_be32 : put_le32)(record + 2, (*folder)->dir_sector[tree]);
        record[6 + (big_endian ? 1 : 0)] = (unsigned char)parent;
        record[6 + (big_endian ? 0 : 1)] = (unsigned char)(parent >> 8);
        memcpy(record + 8, id, id_len);
        strbuf_add(out, record, 8 + id_len + (id_len & 1));
    }
}

/* -- volume descriptors -- */

struct tables {
    uint32_t bytes, little, big; /* size of a path table; sectors of both forms */
};

/* Text padded with blanks, as it is or in UCS-2. */
static void put_text(enum tree tree, unsigned char *out, size_t size, const char *text)
{
    size_t step = tree == TREE_JOLIET ? 2 : 1, len = strlen(text);
    for (size_t i = 0; i * step + step <= size; i++) {
        if (step == 2)
            out[2 * i] = 0;
        out[i * step + step - 1] = i < len ? (unsigned char)text[i] : ' ';
    }
}

static void put_date(unsigned char *out, int64_t wall)
{
    struct tm tm = wall_tm(wall);
    char text[64];
    snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02d00", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    memcpy(out, text, 16);
    out[16] = 0;
}

static void descriptor_print(const struct iso9660 *iso, enum tree tree, const struct tables *tables, unsigned char *out)
{
    memset(out, 0, ISO9660_SECTOR);
    out[0] = tree == TREE_PLAIN ? 1 : 2;
    memcpy(out + 1, "CD001", 5);
    out[6] = 1;
    put_text(tree, out + 8, 32, "LINUX");
    put_text(tree, out + 40, 32, iso->volume_id);
    put_both32(out + 80, iso->sectors);
    if (tree == TREE_JOLIET)
        memcpy(out + 88, "%/E", 3);
    put_both16(out + 120, 1);
    put_both16(out + 124, 1);
    put_both16(out + 128, ISO9660_SECTOR);
    put_both32(out + 132, tables->bytes);
    put_le32(out + 140, tables->little);
    put_be32(out + 148, tables->big);
    struct record root = record_of(tree, iso->root);
    root.identifier = (const unsigned char *)"";
    root.identifier_len = 1;
    unsigned char record[RECORD_MAX + 1];
    record_print(iso, TREE_JOLIET, &root, record); /* no Rock Ridge here: 34 bytes */
    memcpy(out + 156, record, 34);
    put_text(tree, out + 190, 128, "");
    put_text(tree, out + 318, 128, iso->publisher);
    put_text(tree, out + 446, 128, "");
    put_text(tree, out + 574, 128, "");
    put_text(tree, out + 702, 36, "");
    put_text(tree, out + 739, 36, "");
    put_text(tree, out + 776, 36, "");
    if (tree == TREE_PLAIN)
        out[738] = out[775] = out[812] = ' ';
    put_date(out + 813, iso->wall);
    put_date(out + 830, iso->wall);
    memset(out + 847, '0', 16);
    put_date(out + 864, iso->wall);
    out[881] = 1;
}

/* -- layout -- */

/* Gives every folder of a tree its size and place from sector `at` on; returns the next free sector. */
static uint32_t place_folders(const struct iso9660 *iso, enum tree tree, const struct entry_list *folders, uint32_t at)
{
    VEC_FOREACH (folder, folders) {
        CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
        directory_print(iso, tree, *folder, &bytes);
        (*folder)->dir_sector[tree] = at;
        (*folder)->dir_bytes[tree] = sectors_of(bytes.len) * ISO9660_SECTOR;
        at += sectors_of(bytes.len);
    }
    return at;
}

static void header_put(struct iso9660 *iso, uint32_t sector, const struct strbuf *bytes)
{
    memcpy(iso->header + (size_t)sector * ISO9660_SECTOR, strbuf_str(bytes), bytes->len);
}

static void header_print_tree(struct iso9660 *iso, enum tree tree, const struct entry_list *folders,
                              const struct tables *tables)
{
    CLEANUP_STRBUF struct strbuf little = STRBUF_INIT, big = STRBUF_INIT;
    path_table_print(folders, tree, false, &little);
    path_table_print(folders, tree, true, &big);
    header_put(iso, tables->little, &little);
    header_put(iso, tables->big, &big);
    VEC_FOREACH (folder, folders) {
        CLEANUP_STRBUF struct strbuf bytes = STRBUF_INIT;
        directory_print(iso, tree, *folder, &bytes);
        header_put(iso, (*folder)->dir_sector[tree], &bytes);
    }
    size_t descriptor = tree == TREE_PLAIN ? DESCRIPTOR_PRIMARY : DESCRIPTOR_JOLIET;
    descriptor_print(iso, tree, tables, (unsigned char *)iso->header + descriptor * ISO9660_SECTOR);
}

struct error *iso9660_layout(struct iso9660 *iso)
{
    if (iso->header)
        return NULL;
    iso9660_plain_names(iso->root);
    struct entry_list folders[TREE_COUNT] = {0};
    struct tables tables[TREE_COUNT] = {0};
    uint32_t at = FIRST_FREE;
    for (enum tree tree = 0; tree < TREE_COUNT; tree++) {
        folders_of(tree, iso->root, &folders[tree]);
        CLEANUP_STRBUF struct strbuf table = STRBUF_INIT;
        path_table_print(&folders[tree], tree, false, &table);
        tables[tree] = (struct tables){(uint32_t)table.len, at, at + sectors_of(table.len)};
        at += 2 * sectors_of(table.len);
    }
    for (enum tree tree = 0; tree < TREE_COUNT; tree++)
        at = place_folders(iso, tree, &folders[tree], at);
    uint64_t next = at;
    VEC_FOREACH (file, &iso->files) {
        (*file)->sector = (*file)->size ? (uint32_t)next : 0;
        next += sectors_of((*file)->size);
    }
    struct error *err = NULL;
    if (next > UINT32_MAX) {
        err = error_new(ERROR_INVALID, "the image would be larger than ISO 9660 can address");
    } else {
        iso->header_sectors = at;
        iso->sectors = (uint32_t)next;
        iso->header = mem_alloc((size_t)at * ISO9660_SECTOR);
        for (enum tree tree = 0; tree < TREE_COUNT; tree++)
            header_print_tree(iso, tree, &folders[tree], &tables[tree]);
        memcpy(iso->header + (size_t)DESCRIPTOR_END * ISO9660_SECTOR,
               "\xff"
               "CD001\x01",
               7);
    }
    for (enum tree tree = 0; tree < TREE_COUNT; tree++)
        VEC_RELEASE(&folders[tree]);
    return err;
}

/* -- the image -- */

uint64_t iso9660_size(const struct iso9660 *iso)
{
    return (uint64_t)iso->sectors * ISO9660_SECTOR;
}

struct iso9660_piece iso9660_piece_at(const struct iso9660 *iso, uint64_t offset)
{
    struct iso9660_piece none = {.outside = -1};
    uint64_t header = (uint64_t)iso->header_sectors * ISO9660_SECTOR;
    if (offset < header)
        return (struct iso9660_piece){.data = iso->header + offset, .outside = -1, .len = header - offset};
    VEC_FOREACH (item, &iso->files) {
        const struct entry *file = *item;
        uint64_t start = (uint64_t)file->sector * ISO9660_SECTOR;
        uint64_t end = start + (uint64_t)sectors_of(file->size) * ISO9660_SECTOR;
        if (file->size == 0 || offset < start || offset >= end)
            continue;
        uint64_t inside = offset - start;
        if (inside >= file->size)
            return (struct iso9660_piece){.outside = -1, .len = end - offset};
        struct iso9660_piece piece = {.outside = file->outside, .len = file->size - inside};
        if (file->data)
            piece.data = (const char *)file->data + inside;
        else
            piece.outside_offset = inside;
        return piece;
    }
    return none;
}

struct error *iso9660_print(const struct iso9660 *iso, void **ret_data, size_t *ret_len)
{
    uint64_t size = iso9660_size(iso);
    CLEANUP_FREE char *data = mem_alloc(size ? size : 1);
    for (uint64_t at = 0; at < size;) {
        struct iso9660_piece piece = iso9660_piece_at(iso, at);
        if (!piece.data && piece.outside >= 0)
            return error_new(ERROR_INVALID, "the image has files whose bytes are not in memory");
        if (piece.data)
            memcpy(data + at, piece.data, piece.len);
        at += piece.len;
    }
    *ret_len = size;
    *ret_data = TAKE_PTR(data);
    return NULL;
}
