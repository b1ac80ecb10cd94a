/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files, read and replaced at once. */
#include "lib/data/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_ROOM 4096 /* for files that do not tell their size */

static ssize_t read_some(int fd, char *buf, size_t room)
{
    ssize_t len;

    do
        len = read(fd, buf, room);
    while (len < 0 && errno == EINTR);
    return len;
}

/* Twice the room, the old bytes wiped. */
static char *grow(char *text, size_t len, size_t room)
{
    char *larger = mem_alloc(room);

    memcpy(larger, text, len);
    mem_wipe(text, len);
    free(text);
    return larger;
}

struct error *file_read(const char *path, size_t max, char **ret, size_t *ret_len)
{
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        return error_from_errno(errno, "cannot read %s", path);
    if (S_ISREG(info.st_mode) && (uintmax_t)info.st_size > max)
        return error_new(ERROR_INVALID, "%s is larger than %zu bytes", path, max);
    size_t len = 0, room = info.st_size > 0 ? (size_t)info.st_size + 2 : FIRST_ROOM;
    char *text = mem_try_alloc(room);
    ssize_t got;
    if (!text)
        return error_new(ERROR_INTERNAL, "%s is too large for the memory", path);
    while ((got = read_some(fd, text + len, room - len - 1)) > 0 && len + (size_t)got <= max) {
        len += (size_t)got;
        if (len + 1 == room)
            text = grow(text, len, room *= 2);
    }
    if (got) {
        int failure = errno;
        mem_wipe(text, room);
        free(text);
        return got < 0 ? error_from_errno(failure, "cannot read %s", path)
                       : error_new(ERROR_INVALID, "%s is larger than %zu bytes", path, max);
    }
    text[len] = '\0';
    *ret = text;
    if (ret_len)
        *ret_len = len;
    return NULL;
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t done = write(fd, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        data += done;
        len -= (size_t)done;
    }
    return fsync(fd);
}

struct error *file_write(const char *path, const void *data, size_t len, mode_t mode)
{
    CLEANUP_FREE char *made = mem_printf("%s.new", path);
    CLEANUP_CLOSE int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0)
        return error_from_errno(errno, "cannot write %s", made);
    if (write_all(fd, data, len) == 0 && rename(made, path) == 0)
        return NULL;
    struct error *err = error_from_errno(errno, "cannot write %s", path);
    unlink(made);
    return err;
}
