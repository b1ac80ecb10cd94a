/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files, read and replaced at once. These block: in a task use rt_file_read() and rt_file_write() of
 * lib/rt/file.h.
 */
#ifndef LIB_DATA_FILE_H
#define LIB_DATA_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/data/error.h"

/*
 * Reads all of a file, a pipe too. *ret is NUL-terminated besides; the caller frees it. `ret_len` may be NULL. The bytes
 * may be a secret: none are left behind in freed memory. Errors name the path: that of open(2) or read(2), and
 * ERROR_INVALID for more than `max` bytes.
 */
struct error *file_read(const char *path, size_t max, char **ret, size_t *ret_len) MUST_CHECK;

/*
 * Puts `len` bytes into `path` so that after a crash it holds the old bytes or the new ones: written to "<path>.new",
 * synced, renamed. `mode` is that of open(2). After an error the old file is as it was.
 */
struct error *file_write(const char *path, const void *data, size_t len, mode_t mode) MUST_CHECK;

#endif
