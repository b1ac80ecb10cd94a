/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of boot files. A changed file at a URL gets another local name, so that machines that read the old one go on. */
#include "operator/conductor/boot_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/digest.h"
#include "lib/data/str.h"
#include "operator/conductor/internal.h"

#define CHECK_INTERVAL (300 * RT_S) /* how long a downloaded file is trusted */
#define FILE_MAX (INT64_C(4) * 1024 * 1024 * 1024 - 1)
#define CHUNK (256 * 1024)

struct entry {
    struct rt_mutex lock;
    char *version, *path; /* of the last download; NULL: none */
    uint64_t size;
    rt_time checked;
};

struct boot_cache {
    struct conductor *conductor;
    struct map *entries; /* URL -> struct entry */
};

static void entry_free(void *value)
{
    struct entry *entry = value;
    free(entry->version);
    free(entry->path);
    free(entry);
}

struct boot_cache *boot_cache_new(struct conductor *conductor)
{
    struct boot_cache *cache = mem_alloc(sizeof(*cache));
    cache->conductor = conductor;
    cache->entries = map_new(entry_free);
    return cache;
}

void boot_cache_free(struct boot_cache *cache)
{
    if (!cache)
        return;
    map_free(cache->entries);
    free(cache);
}

/* -- the disk; these run on a worker thread -- */

struct stat_job {
    const char *path;
    int err;
    uint64_t size;
};

static void stat_file(void *arg)
{
    struct stat_job *job = arg;
    struct stat st;
    job->err = stat(job->path, &st) == 0 ? 0 : errno;
    if (!job->err && !S_ISREG(st.st_mode))
        job->err = EISDIR;
    if (!job->err)
        job->size = (uint64_t)st.st_size;
}

static struct error *local_file(struct conductor *conductor, const char *path, uint64_t *ret_size)
{
    struct stat_job job = {.path = path};
    rt_offload(conductor->rt, stat_file, &job);
    if (job.err)
        return error_from_errno(job.err, "boot file %s", path);
    *ret_size = job.size;
    return NULL;
}

struct write_job {
    const char *folder, *path, *rename_to;
    int fd;
    const void *data;
    size_t len;
    int err;
};

static void open_file(void *arg)
{
    struct write_job *job = arg;
    mkdir(job->folder, 0755); /* when it fails, opening tells */
    job->fd = open(job->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    job->err = job->fd < 0 ? errno : 0;
}

static void write_file(void *arg)
{
    struct write_job *job = arg;
    for (size_t at = 0; !job->err && at < job->len;) {
        ssize_t written = write(job->fd, (const char *)job->data + at, job->len - at);
        if (written < 0)
            job->err = errno;
        else
            at += (size_t)written;
    }
}

static void close_file(void *arg)
{
    struct write_job *job = arg;
    if (close(job->fd) != 0 && !job->err)
        job->err = errno;
    if (job->rename_to && !job->err && rename(job->path, job->rename_to) != 0)
        job->err = errno;
    if (job->err || !job->rename_to)
        unlink(job->path);
}

/* -- downloading -- */

static struct error *check_status(int status, const char *url)
{
    if (status == 200)
        return NULL;
    CLEANUP_FREE char *shown = url_shown(url);
    return error_new_code(status == 404 || status == 410 ? ERROR_NOT_FOUND
                          : status >= 500                ? ERROR_TRANSIENT
                                                         : ERROR_INVALID,
                          status, "%s answers %d %s", shown, status, http_status_text(status));
}

/* What tells one state of the file from another. */
static char *version_of(const char *etag, const char *modified, const char *length)
{
    return mem_printf("%s|%s|%s", str_or(etag, ""), str_or(modified, ""), str_or(length, ""));
}

static struct error *copy_stream(struct conductor *conductor, struct http_stream *stream, struct write_job *job,
                                 uint64_t *ret_size)
{
    CLEANUP_FREE char *buf = mem_alloc(CHUNK);
    *ret_size = 0;
    for (;;) {
        size_t len = 0;
        TRY(http_stream_read(stream, buf, CHUNK, rt_after(conductor->rt, 60 * RT_S), &len));
        if (len == 0)
            return NULL;
        *ret_size += len;
        if (*ret_size > FILE_MAX)
            return error_new(ERROR_INVALID, "it is 4 GiB or larger");
        job->data = buf;
        job->len = len;
        rt_offload(conductor->rt, write_file, job);
        if (job->err)
            return error_from_errno(job->err, "writing %s", job->path);
    }
}

static struct error *download(struct boot_cache *cache, const char *url, struct entry *entry)
{
    struct conductor *conductor = cache->conductor;
    const char *folder = conductor->options.cache_dir;
    struct http_request request = {.url = url, .deadline = rt_after(conductor->rt, 60 * RT_S)};
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    TRY(http_stream_open(conductor->plain, &request, &stream));
    TRY(check_status(http_stream_status(stream), url));
    CLEANUP_FREE char *version =
        version_of(http_stream_header(stream, "ETag"), http_stream_header(stream, "Last-Modified"),
                   http_stream_header(stream, "Content-Length"));
    CLEANUP_FREE char *key = mem_printf("%s\n%s", url, version);
    CLEANUP_FREE char *name = digest_hex("sha256", key, strlen(key));
    CLEANUP_FREE char *path = mem_printf("%s/%s", folder, name), *part = mem_printf("%s/%s.part", folder, name);
    struct write_job job = {.folder = folder, .path = part, .fd = -1};
    rt_offload(conductor->rt, open_file, &job);
    if (job.err)
        return error_from_errno(job.err, "creating %s", part);
    uint64_t size = 0;
    struct error *err = copy_stream(conductor, stream, &job, &size);
    job.rename_to = err ? NULL : path;
    rt_offload(conductor->rt, close_file, &job);
    if (!err && job.err)
        err = error_from_errno(job.err, "writing %s", path);
    CLEANUP_FREE char *shown = url_shown(url);
    TRY_WRAP(err, "downloading %s", shown);
    free(entry->version);
    free(entry->path);
    entry->version = TAKE_PTR(version);
    entry->path = TAKE_PTR(path);
    entry->size = size;
    entry->checked = rt_now(conductor->rt);
    log_info(conductor->log, "boot file downloaded", KV("url", shown), KV_INT("bytes", (int64_t)size));
    return NULL;
}

/* Asks whether the file at the URL is still the one we have. */
static struct error *check(struct boot_cache *cache, const char *url, struct entry *entry, bool *ret_same)
{
    struct conductor *conductor = cache->conductor;
    struct http_request request = {.method = "HEAD", .url = url};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(http_call(conductor->plain, &request, &response));
    TRY(check_status(response->status, url));
    CLEANUP_FREE char *version =
        version_of(http_response_header(response, "ETag"), http_response_header(response, "Last-Modified"),
                   http_response_header(response, "Content-Length"));
    *ret_same = str_equal(version, entry->version);
    if (*ret_same)
        entry->checked = rt_now(conductor->rt);
    return NULL;
}

static struct error *refresh(struct boot_cache *cache, const char *url, struct entry *entry)
{
    if (entry->path && rt_now(cache->conductor->rt) - entry->checked < CHECK_INTERVAL)
        return NULL;
    bool same = false;
    if (entry->path)
        TRY(check(cache, url, entry, &same));
    return same ? NULL : download(cache, url, entry);
}

struct error *boot_cache_get(struct boot_cache *cache, const char *url, char **ret_path, uint64_t *ret_size)
{
    struct conductor *conductor = cache->conductor;
    if (str_has_prefix(url, "file://")) {
        TRY(local_file(conductor, url + strlen("file://"), ret_size));
        *ret_path = mem_strdup(url + strlen("file://"));
        return NULL;
    }
    if (!str_has_prefix(url, "http://") && !str_has_prefix(url, "https://"))
        return error_new(ERROR_INVALID, "boot file \"%s\" must be a file://, http:// or https:// URL", url);
    struct entry *entry = map_get(cache->entries, url);
    if (!entry) {
        entry = mem_alloc(sizeof(*entry));
        map_set(cache->entries, url, entry);
    }
    TRY(rt_mutex_lock(conductor->rt, &entry->lock));
    struct error *err = refresh(cache, url, entry);
    rt_mutex_unlock(conductor->rt, &entry->lock);
    TRY(err);
    *ret_path = mem_strdup(entry->path);
    *ret_size = entry->size;
    return NULL;
}
