/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server that hosts download their image from: /image.raw and /image.raw.sha256sum. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/digest.h"
#include "lib/data/str.h"
#include "operator/agent/partitions.h"
#include "sim/stack/internal.h"
#include "sim/stack/tiny_image.h"

#define CHUNK (256 * 1024)

struct image_server {
    const struct env *env;
    struct http_server *server;
    struct stack_image image;
    void *data;  /* the image's bytes */
    bool mapped; /* from a file: munmap, not free */
    char *url, *checksum_url, *checksum, *content_checksum;
};

static void send_image(struct image_server *server, struct http_exchange *exchange)
{
    const char *data = server->data;
    struct error *err = http_reply_begin(exchange, 200, "application/octet-stream", (int64_t)server->image.size);
    for (uint64_t at = 0; !err && at < server->image.size; at += CHUNK) {
        uint64_t left = server->image.size - at;
        err = http_reply_write(exchange, data + at, left < CHUNK ? (size_t)left : CHUNK);
    }
    error_free(err); /* the client went away: it will ask again or tell its user */
}

static void handle(struct http_exchange *exchange, void *arg)
{
    struct image_server *server = arg;
    if (str_equal(http_path(exchange), "/image.raw")) {
        send_image(server, exchange);
    } else if (str_equal(http_path(exchange), "/image.raw.sha256sum")) {
        CLEANUP_FREE char *line = mem_printf("%s  image.raw\n", server->checksum);
        http_reply_str(exchange, 200, "text/plain", line);
    } else {
        http_reply_str(exchange, 404, "text/plain", "there is /image.raw and /image.raw.sha256sum\n");
    }
}

static struct error *map_file(struct image_server *server, const char *path)
{
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return error_from_errno(errno, "image %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size == 0)
        return error_new(ERROR_INVALID, "image %s is not a file with bytes in it; give a raw disk image", path);
    void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return error_from_errno(errno, "image %s", path);
    server->data = data;
    server->mapped = true;
    server->image.size = (uint64_t)status.st_size;
    return NULL;
}

/* The image as a disk, for the partition table reader. */
static struct error *read_image(void *arg, const char *disk, uint64_t offset, void *buf, size_t len)
{
    const struct image_server *server = arg;
    memcpy(buf, (const char *)server->data + offset, len);
    return NULL;
}

/*
 * Installing rewrites the partition table (the backup GPT moves, the config drive is added), so what can be compared is from
 * the first partition's start to the last one's end.
 */
static struct error *find_content(struct image_server *server)
{
    static const struct agent_hardware_ops ops = {.name = "image", .disk_read = read_image};
    struct agent_hardware hardware = {&ops, server};
    struct disk disk = {&hardware, "image", server->image.size, 512};
    CLEANUP(partition_table_free) struct partition_table *table = NULL;
    uint64_t start = UINT64_MAX, end = 0;

    TRY(partition_table_read(&disk, &table));
    for (size_t i = 0; i < partition_table_len(table); i++) {
        struct partition partition = partition_table_at(table, i);
        start = partition.offset < start ? partition.offset : start;
        end = partition.offset + partition.size > end ? partition.offset + partition.size : end;
    }
    if (end == 0)
        return error_new(ERROR_INVALID, "it has no partitions: give a raw whole disk image");
    server->image.content_offset = start;
    server->image.content_length = end - start;
    server->content_checksum = digest_hex("sha256", (const char *)server->data + start, (size_t)(end - start));
    server->image.content_checksum = server->content_checksum;
    return NULL;
}

static struct error *load(struct image_server *server, const char *path)
{
    size_t len = 0;
    if (path) {
        TRY(map_file(server, path));
    } else {
        TRY(tiny_image_unpack(&server->data, &len));
        server->image.size = len;
    }
    server->checksum = digest_hex("sha256", server->data, (size_t)server->image.size);
    server->image.checksum = server->checksum;
    TRY_WRAP(find_content(server), "image %s", str_or(path, "(built in)"));
    return NULL;
}

struct error *image_server_start(const struct env *env, const char *address, const char *path,
                                 struct image_server **ret)
{
    struct image_server *server = mem_alloc(sizeof(*server));
    struct http_server_options options = {.address = address, .handle = handle, .arg = server};
    server->env = env;

    struct error *err = load(server, path);
    if (!err) {
        err = http_server_start(env->net, env->group, &options, &server->server);
        err = err ? error_wrap(err, "image server") : NULL;
    }
    if (err) {
        image_server_free(server);
        return err;
    }
    server->url = mem_printf("http://%s:%d/image.raw", address, http_server_port(server->server));
    server->checksum_url = mem_printf("%s.sha256sum", server->url);
    server->image.url = server->url;
    server->image.checksum_url = server->checksum_url;
    *ret = server;
    return NULL;
}

const struct stack_image *image_server_image(const struct image_server *server)
{
    return &server->image;
}

void image_server_free(struct image_server *server)
{
    if (!server)
        return;
    http_server_free(server->server);
    if (server->mapped)
        munmap(server->data, (size_t)server->image.size);
    else
        free(server->data);
    free(server->url);
    free(server->checksum_url);
    free(server->checksum);
    free(server->content_checksum);
    free(server);
}
