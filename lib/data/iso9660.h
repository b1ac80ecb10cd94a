/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ISO 9660 images (ECMA-119) with Rock Ridge and Joliet names: config drives and boot media are written with it, and the firmware of a
 * virtual machine reads boot media with it.
 *
 * Writing: add files, lay out, then take the image in pieces. The bytes of a file are either in memory or stay outside (a kernel of
 * many MiB that every image shares); so an image costs its directories, not its contents.
 */
#ifndef LIB_DATA_ISO9660_H
#define LIB_DATA_ISO9660_H

#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"

#define ISO9660_SECTOR 2048
#define ISO9660_NAME_MAX 64 /* of one path component: what Joliet carries */
#define ISO9660_DEPTH_MAX 8 /* components of a path */

/* -- writing -- */
struct iso9660;

/* `volume_id` at most 32 characters ("config-2"); `publisher` may be NULL; `wall` is the time of all stamps, ns since 1970. */
struct iso9660 *iso9660_new(const char *volume_id, const char *publisher, int64_t wall);
void iso9660_free(struct iso9660 *iso);
DEFINE_CLEANUP(struct iso9660, iso9660_free);

/*
 * Adds a file under `path` ("openstack/latest/meta_data.json"; folders are made on the way). The bytes are copied. ERROR_INVALID names the path
 * when a component is empty, too long or not printable ASCII, when it is there already, or when the file is 4 GiB or larger.
 */
struct error *iso9660_add(struct iso9660 *iso, const char *path, const void *data, size_t len) MUST_CHECK;
/* The same for a file of `size` bytes that stay outside and that pieces name by `outside`. */
struct error *iso9660_add_outside(struct iso9660 *iso, const char *path, uint64_t size, int outside) MUST_CHECK;

/* Fixes the layout; nothing can be added afterwards. */
struct error *iso9660_layout(struct iso9660 *iso) MUST_CHECK;
uint64_t iso9660_size(const struct iso9660 *iso); /* bytes of the whole image, after the layout */

/* A run of bytes of the image: in memory at `data`, or, when `data` is NULL, of `outside` from `outside_offset` on; -1 means zeros. */
struct iso9660_piece {
    const void *data;
    int outside;
    uint64_t outside_offset;
    uint64_t len;
};
/* The piece that begins at byte `offset` of the image; len is 0 at and past the end. */
struct iso9660_piece iso9660_piece_at(const struct iso9660 *iso, uint64_t offset);
/* The whole image in memory, when nothing is outside (ERROR_INVALID otherwise); free with free(). */
struct error *iso9660_print(const struct iso9660 *iso, void **ret_data, size_t *ret_len) MUST_CHECK;

/* -- reading -- */
/* Where an image's bytes come from; `read` fills all of `len` or fails. */
struct iso9660_source {
    struct error *(*read)(void *arg, uint64_t offset, void *buf, size_t len);
    void *arg;
    uint64_t size; /* of the whole image */
};

/* An image in memory: `struct iso9660_memory m = {data, len}; struct iso9660_source s = iso9660_memory_source(&m);` */
struct iso9660_memory {
    const void *data;
    size_t len;
};
struct iso9660_source iso9660_memory_source(const struct iso9660_memory *memory);

/*
 * Where a file lies. Names are Rock Ridge's when the image has them, else Joliet's, else the plain ones without version and in any
 * case. A leading slash is optional. ERROR_NOT_FOUND names the path; ERROR_INVALID tells how the image is broken.
 */
struct error *iso9660_find(const struct iso9660_source *source, const char *path, uint64_t *ret_offset,
                           uint64_t *ret_size) MUST_CHECK;
/* A whole file of at most `max` bytes; NUL-terminated besides its length. Free with free(). */
struct error *iso9660_read_file(const struct iso9660_source *source, const char *path, size_t max, char **ret_data,
                                size_t *ret_len) MUST_CHECK;
/* The volume label, trailing blanks cut. Free with free(). */
struct error *iso9660_volume_id(const struct iso9660_source *source, char **ret) MUST_CHECK;
/* Calls `fn` with the path of each file, in the order of the directories. */
struct error *iso9660_each_file(const struct iso9660_source *source,
                                void (*fn)(void *arg, const char *path, uint64_t size), void *arg) MUST_CHECK;

#endif
