// SPDX-License-Identifier: Apache-2.0
// An image that was downloaded, written to a file on a worker thread.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bmc-emu/drivers/libvirt_domain.h"
#include "lib/rt/rt.h"

#define PIECE (1 << 20)

struct writing {
    const struct medium *medium;
    const char *path;
    struct error *err;
};

/* Makes the folders of `path`, as mkdir -p does. */
static struct error *make_folders(const char *path)
{
    CLEANUP_FREE char *folder = mem_strdup(path);

    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        /* QEMU may run as another user, who must come through. */
        if (mkdir(folder, 0755) < 0 && errno != EEXIST)
            return error_from_errno(errno, "%s", folder);
        *slash = '/';
    }
    return NULL;
}

static struct error *write_pieces(int fd, const struct medium *medium)
{
    CLEANUP_FREE char *piece = mem_alloc(PIECE);
    uint64_t size = medium_size(medium);

    for (uint64_t offset = 0; offset < size; offset += PIECE) {
        size_t len = size - offset < PIECE ? (size_t)(size - offset) : PIECE;
        if (!medium_has_data(medium, offset, len))
            continue;
        TRY(medium_read(medium, offset, piece, len));
        for (size_t done = 0; done < len;) {
            ssize_t wrote = pwrite(fd, piece + done, len - done, (off_t)(offset + done));
            if (wrote < 0)
                return error_from_errno(errno, "write");
            done += (size_t)wrote;
        }
    }
    return ftruncate(fd, (off_t)size) < 0 ? error_from_errno(errno, "size") : NULL;
}

static struct error *write_file(const struct writing *writing)
{
    TRY(make_folders(writing->path));
    CLEANUP_CLOSE int fd = open(writing->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_from_errno(errno, "%s", writing->path);
    struct error *err = write_pieces(fd, writing->medium);
    if (err)
        unlink(writing->path);
    return error_wrap(err, "%s", writing->path);
}

static void write_medium(void *arg)
{
    struct writing *writing = arg;

    writing->err = write_file(writing);
}

struct error *domain_media_write(struct rt *rt, const struct medium *medium, const char *path)
{
    struct writing writing = {.medium = medium, .path = path};

    rt_offload(rt, write_medium, &writing);
    return writing.err;
}
