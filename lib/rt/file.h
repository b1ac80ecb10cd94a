/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, read and replaced at once by a task: the disk keeps nobody else waiting. */
#ifndef LIB_RT_FILE_H
#define LIB_RT_FILE_H

#include "lib/data/file.h"
#include "lib/rt/rt.h"

/* file_read() and file_write() through rt_offload(); outside of a task they run at once. */
struct error *rt_file_read(struct rt *rt, const char *path, size_t max, char **ret, size_t *ret_len) MUST_CHECK;
struct error *rt_file_write(struct rt *rt, const char *path, const void *data, size_t len, mode_t mode) MUST_CHECK;

#endif
