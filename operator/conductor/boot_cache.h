/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels, ramdisks and boot ISOs as local files: file:// as it is, http(s):// downloaded once and looked after for changes (IRO-276). */
#ifndef OPERATOR_CONDUCTOR_BOOT_CACHE_H
#define OPERATOR_CONDUCTOR_BOOT_CACHE_H

#include <stdint.h>

#include "lib/data/error.h"

struct conductor;
struct boot_cache;

struct boot_cache *boot_cache_new(struct conductor *conductor);
void boot_cache_free(struct boot_cache *cache); /* NULL is fine */
DEFINE_CLEANUP(struct boot_cache, boot_cache_free);

/*
 * The file of a URL and its size; the first call downloads, others of the same URL wait for it. *ret_path is freed with free(). Errors name the URL:
 * ERROR_INVALID for a scheme that is none of the three, ERROR_NOT_FOUND, ERROR_TRANSIENT.
 */
struct error *boot_cache_get(struct boot_cache *cache, const char *url, char **ret_path, uint64_t *ret_size) MUST_CHECK;

#endif
