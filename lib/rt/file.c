/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files by way of a worker thread. */
#include "lib/rt/file.h"

struct job {
    const char *path;
    const void *data;
    size_t len;
    mode_t mode;
    char *text;
    struct error *err;
};

static void read_job(void *arg)
{
    struct job *job = arg;

    job->err = file_read(job->path, job->len, &job->text, &job->len);
}

static void write_job(void *arg)
{
    struct job *job = arg;

    job->err = file_write(job->path, job->data, job->len, job->mode);
}

struct error *rt_file_read(struct rt *rt, const char *path, size_t max, char **ret, size_t *ret_len)
{
    struct job job = {.path = path, .len = max};

    rt_offload(rt, read_job, &job);
    TRY(job.err);
    *ret = job.text;
    if (ret_len)
        *ret_len = job.len;
    return NULL;
}

struct error *rt_file_write(struct rt *rt, const char *path, const void *data, size_t len, mode_t mode)
{
    struct job job = {.path = path, .data = data, .len = len, .mode = mode};

    rt_offload(rt, write_job, &job);
    return job.err;
}
