/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes of disks and images are: chunks of 64 KiB in memory, shared by content, so that a thousand machines with the same
 * image cost one copy. What was never written, and what is zero, costs nothing.
 */
#ifndef BMC_EMU_MACHINE_CHUNKS_H
#define BMC_EMU_MACHINE_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/data/mem.h"

#define CHUNK_SIZE ((size_t)65536)

/* One per fleet. */
struct chunk_store;
struct chunk_store *chunk_store_new(void);
void chunk_store_free(struct chunk_store *store); /* after every medium of it is gone */
DEFINE_CLEANUP(struct chunk_store, chunk_store_free);
/* Bytes held in memory, and bytes that media believe to hold. */
size_t chunk_store_bytes(const struct chunk_store *store);
size_t chunk_store_referenced_bytes(const struct chunk_store *store);

/* A sparse, randomly accessible run of bytes: a disk, or an image. Counted references. */
struct medium;
struct medium *medium_new(struct chunk_store *store, uint64_t size);
struct medium *medium_ref(struct medium *medium);
void medium_unref(struct medium *medium); /* NULL is fine */
DEFINE_CLEANUP(struct medium, medium_unref);

uint64_t medium_size(const struct medium *medium);
/* For images whose length shows while they come in: makes it larger or smaller; what falls off is gone. */
void medium_resize(struct medium *medium, uint64_t size);
/* ERROR_INVALID past the end; nothing was done then. */
struct error *medium_read(const struct medium *medium, uint64_t offset, void *buf, size_t len) MUST_CHECK;
struct error *medium_write(struct medium *medium, uint64_t offset, const void *data, size_t len) MUST_CHECK;
/* Shares what was written last. Until then the medium holds up to one chunk for itself. */
void medium_flush(struct medium *medium);
/* The range reads as zero afterwards; costs nothing for what was never written. */
struct error *medium_zero(struct medium *medium, uint64_t offset, uint64_t len) MUST_CHECK;
/* Lower-case hex digest ("md5", "sha256", "sha512") of the range; *ret is freed with free(). */
struct error *medium_digest(const struct medium *medium, const char *algorithm, uint64_t offset, uint64_t len,
                            char **ret) MUST_CHECK;
/* True when the range has a byte that is not zero; past the end counts as zero. */
bool medium_has_data(const struct medium *medium, uint64_t offset, uint64_t len);

#endif
