/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of an ISO 9660 image that is being written: iso9660_tree.c builds it, iso9660_write.c lays it out and prints it. */
#ifndef LIB_DATA_ISO9660_TREE_H
#define LIB_DATA_ISO9660_TREE_H

#include <stdbool.h>

#include "lib/data/iso9660.h"
#include "lib/data/vec.h"

#define PLAIN_NAME_MAX 30 /* level 2: name and extension together, without the dot */

/* The two trees over the same files. */
enum tree { TREE_PLAIN, TREE_JOLIET, TREE_COUNT };

/* A file or folder. */
struct entry {
    char *name;
    char plain[PLAIN_NAME_MAX + 4]; /* identifier of the plain tree, with ";1" */
    bool directory;
    struct entry *parent;
    VEC(struct entry *) children;
    /* of a folder, per tree */
    uint32_t dir_sector[TREE_COUNT], dir_bytes[TREE_COUNT];
    uint16_t number[TREE_COUNT]; /* in the path table */
    /* of a file */
    void *data;
    int outside;
    uint64_t size;
    uint32_t sector;
};

struct entry_list VEC_OF(struct entry *);

struct iso9660 {
    char *volume_id, *publisher;
    int64_t wall;
    struct entry *root;
    struct entry_list files; /* borrowed from the tree, in the order added */
    char *header;
    uint32_t header_sectors, sectors;
};

/* Gives every entry its identifier in the plain tree. */
void iso9660_plain_names(struct entry *directory);

#endif
