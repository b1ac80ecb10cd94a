/* SPDX-License-Identifier: Apache-2.0 */
/* Boot ISOs: what is on them, and serving them piece by piece. */
#include "operator/conductor/boot_iso.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/data/iso9660.h"
#include "lib/data/str.h"
#include "operator/conductor/boot_cache.h"
#include "operator/conductor/internal.h"

#define RECIPE "boot_iso_secret" /* in driver_internal_info; the name has it masked, for the token is in it */
#define CHUNK (64 * 1024)

enum { FILE_KERNEL, FILE_RAMDISK, FILE_COUNT };

struct boot_iso {
    unsigned refs;
    struct iso9660 *iso; /* NULL: the first file is the whole image */
    char *paths[FILE_COUNT];
    uint64_t size;
    char *etag;
};

void boot_iso_unref(struct boot_iso *iso)
{
    if (!iso || --iso->refs > 0)
        return;
    iso9660_free(iso->iso);
    for (size_t i = 0; i < FILE_COUNT; i++)
        free(iso->paths[i]);
    free(iso->etag);
    free(iso);
}

/* -- which images -- */

/* From driver_info, else ours. */
static const char *image_of(const struct node *node, const char *key, const char *ours)
{
    return str_or(json_str(json_member(node->driver_info, key), ""), ours);
}

static void images_of(const struct node *node, const char **ret_kernel, const char **ret_ramdisk, const char **ret_iso)
{
    const struct conductor_options *options = &node->conductor->options;
    *ret_iso = image_of(node, "deploy_iso", NULL);
    *ret_kernel = image_of(node, "deploy_kernel", NULL);
    *ret_ramdisk = image_of(node, "deploy_ramdisk", NULL);
    if (*ret_iso || (*ret_kernel && *ret_ramdisk))
        return;
    *ret_iso = options->deploy_iso;
    *ret_kernel = options->deploy_kernel;
    *ret_ramdisk = options->deploy_ramdisk;
}

bool boot_iso_is_foreign(const struct node *node)
{
    const char *kernel, *ramdisk, *iso;
    images_of(node, &kernel, &ramdisk, &iso);
    return iso != NULL;
}

struct error *boot_iso_validate(const struct node *node)
{
    const char *kernel, *ramdisk, *iso;
    images_of(node, &kernel, &ramdisk, &iso);
    if (iso || (kernel && ramdisk))
        return NULL;
    return error_new(ERROR_INVALID,
                     "node %s has no images to boot: set deploy_kernel and deploy_ramdisk, or deploy_iso, "
                     "in its driver_info or the conductor's options",
                     node->uuid);
}

/* -- making -- */

static struct error *add_text(struct iso9660 *iso, const char *path, const char *text)
{
    return iso9660_add(iso, path, text, strlen(text));
}

/* IRO-263, IRO-265. The El Torito boot images are not there yet: firmware that reads the configuration itself boots it. */
static struct error *add_loader(struct iso9660 *iso, const char *params)
{
    CLEANUP_SECRET char *grub = mem_printf("set default=0\nset timeout=5\n\nmenuentry \"boot_ramdisk\" {\n"
                                           "    linux /vmlinuz %s --\n    initrd /initrd\n}\n",
                                           params);
    CLEANUP_SECRET char *isolinux =
        mem_printf("default boot\n\nlabel boot\nkernel /vmlinuz\nappend initrd=/initrd text %s --\n"
                   "ipappend 2\n",
                   params);
    TRY(add_text(iso, "boot/grub/grub.cfg", grub));
    TRY(add_text(iso, "EFI/BOOT/grub.cfg", grub));
    return add_text(iso, "isolinux/isolinux.cfg", isolinux);
}

static struct error *build(struct node *node, const struct json *recipe, struct boot_iso **ret)
{
    struct conductor *conductor = node->conductor;
    CLEANUP(boot_iso_unref) struct boot_iso *boot = mem_alloc(sizeof(*boot));
    boot->refs = 1;
    boot->etag = mem_printf("\"%s\"", json_str_or(recipe, "id", ""));
    const char *whole = json_str(recipe, "iso");
    if (whole) {
        TRY(boot_cache_get(conductor->images, whole, &boot->paths[0], &boot->size));
        *ret = TAKE_PTR(boot);
        return NULL;
    }
    uint64_t kernel_size = 0, ramdisk_size = 0;
    TRY_WRAP(
        boot_cache_get(conductor->images, json_str_or(recipe, "kernel", ""), &boot->paths[FILE_KERNEL], &kernel_size),
        "deploy kernel");
    TRY_WRAP(boot_cache_get(conductor->images, json_str_or(recipe, "ramdisk", ""), &boot->paths[FILE_RAMDISK],
                            &ramdisk_size),
             "deploy ramdisk");
    const struct json *network = json_get(recipe, "network_data");
    boot->iso = iso9660_new(network ? "config-2" : "VMEDIA_BOOT_ISO", json_str(recipe, "id"),
                            json_int(recipe, "made", 0) * RT_S); /* labels: IRO-266 */
    TRY(iso9660_add_outside(boot->iso, "vmlinuz", kernel_size, FILE_KERNEL));
    TRY(iso9660_add_outside(boot->iso, "initrd", ramdisk_size, FILE_RAMDISK));
    TRY(add_loader(boot->iso, json_str_or(recipe, "params", "")));
    if (network) {
        CLEANUP_FREE char *text = json_print(network);
        TRY(add_text(boot->iso, "openstack/latest/network_data.json", text));
    }
    TRY(iso9660_layout(boot->iso));
    boot->size = iso9660_size(boot->iso);
    *ret = TAKE_PTR(boot);
    return NULL;
}

/* %default% stands for the conductor's own parameters (IRO-050, IRO-268). */
static char *kernel_line(const struct node *node, const char *id, const char *params)
{
    const char *ours = str_or(node->conductor->options.kernel_append_params, "");
    const char *theirs = json_str(json_member(node->driver_info, "kernel_append_params"), "");
    CLEANUP_FREE char *append = theirs ? str_replace(theirs, "%default%", ours) : mem_strdup(ours);
    return mem_printf("%s ir_pub_id=%s %s", append, id, params);
}

struct error *boot_iso_publish(struct node *node, const char *params, char **ret_url)
{
    struct conductor *conductor = node->conductor;
    TRY(boot_iso_validate(node));
    const char *kernel, *ramdisk, *iso;
    images_of(node, &kernel, &ramdisk, &iso);
    boot_iso_withdraw(node);
    if (iso && !str_has_prefix(iso, "file://")) { /* the BMC fetches it itself */
        *ret_url = mem_strdup(iso);
        return NULL;
    }
    CLEANUP(json_free) struct json *recipe = json_new_object();
    char id[RT_UUID_SIZE];
    rt_uuid(conductor->rt, id);
    json_set_str(recipe, "id", id);
    if (iso) {
        json_set_str(recipe, "iso", iso);
    } else {
        CLEANUP_SECRET char *line = kernel_line(node, id, params);
        if (strpbrk(line, "\n\r"))
            return error_new(ERROR_INVALID, "kernel_append_params of node %s must be one line", node->uuid);
        json_set_str(recipe, "kernel", kernel);
        json_set_str(recipe, "ramdisk", ramdisk);
        json_set_str(recipe, "params", line);
        json_set_int(recipe, "made", rt_wall(conductor->rt) / RT_S);
        if (json_len(node->network_data))
            json_set(recipe, "network_data", json_copy(node->network_data));
    }
    TRY_WRAP(build(node, recipe, &node->iso), "boot ISO of node %s", node->uuid);
    json_put(node->driver_internal_info, RECIPE, TAKE_PTR(recipe));
    const char *base = json_str(json_member(node->driver_info, "external_http_url"), "");
    *ret_url = mem_printf("%s/redfish/boot-%s.iso", str_or(base, conductor->text.http_url), node->uuid);
    return NULL;
}

void boot_iso_release(struct node *node)
{
    boot_iso_unref(TAKE_PTR(node->iso));
}

void boot_iso_withdraw(struct node *node)
{
    json_remove_member(node->driver_internal_info, RECIPE);
    boot_iso_release(node);
}

/* -- serving -- */

struct read_job {
    const char *path;
    int fd;
    void *buf;
    size_t len;
    uint64_t offset;
    int err;
};

static void read_file(void *arg)
{
    struct read_job *job = arg;
    if (job->fd < 0)
        job->fd = open(job->path, O_RDONLY | O_CLOEXEC);
    job->err = job->fd < 0 ? errno : 0;
    for (size_t at = 0; !job->err && at < job->len;) {
        ssize_t got = pread(job->fd, (char *)job->buf + at, job->len - at, (off_t)(job->offset + at));
        if (got <= 0)
            job->err = got < 0 ? errno : EIO; /* shorter than it was */
        else
            at += (size_t)got;
    }
}

static struct error *write_file_range(struct conductor *conductor, struct http_exchange *exchange, const char *path,
                                      uint64_t offset, uint64_t len)
{
    CLEANUP_CLOSE int fd = -1;
    CLEANUP_FREE char *buf = mem_alloc(len < CHUNK ? len : CHUNK);
    while (len) {
        struct read_job job = {.path = path, .fd = fd, .buf = buf, .len = len < CHUNK ? len : CHUNK, .offset = offset};
        rt_offload(conductor->rt, read_file, &job);
        fd = job.fd;
        if (job.err)
            return error_from_errno(job.err, "reading %s", path);
        TRY(http_reply_write(exchange, buf, job.len));
        offset += job.len;
        len -= job.len;
    }
    return NULL;
}

static struct error *write_range(struct conductor *conductor, struct http_exchange *exchange,
                                 const struct boot_iso *boot, uint64_t offset, uint64_t len)
{
    static const char zeros[ISO9660_SECTOR];
    if (!boot->iso)
        return write_file_range(conductor, exchange, boot->paths[0], offset, len);
    while (len) {
        struct iso9660_piece piece = iso9660_piece_at(boot->iso, offset);
        uint64_t part = piece.len < len ? piece.len : len;
        if (piece.data)
            TRY(http_reply_write(exchange, piece.data, part));
        else if (piece.outside >= 0)
            TRY(write_file_range(conductor, exchange, boot->paths[piece.outside], piece.outside_offset, part));
        else
            TRY(http_reply_write(exchange, zeros, part)); /* the rest of a sector */
        offset += part;
        len -= part;
    }
    return NULL;
}

/* "bytes=A-B", "bytes=A-", "bytes=-N"; several ranges are answered with the whole. False: cannot be satisfied. */
static bool parse_range(const char *text, uint64_t size, uint64_t *ret_first, uint64_t *ret_last, bool *ret_partial)
{
    *ret_first = 0;
    *ret_last = size ? size - 1 : 0;
    *ret_partial = false;
    if (!text || !str_has_prefix(text, "bytes=") || strchr(text, ','))
        return true;
    const char *dash = strchr(text + 6, '-');
    if (!dash)
        return true;
    CLEANUP_FREE char *first_text = mem_strndup(text + 6, (size_t)(dash - (text + 6)));
    int64_t first = 0, last = 0;
    bool has_first = *first_text, has_last = dash[1];
    CLEANUP(error_free) struct error *bad_first = has_first ? str_to_int64(first_text, &first) : NULL;
    CLEANUP(error_free) struct error *bad_last = has_last ? str_to_int64(dash + 1, &last) : NULL;
    if (bad_first || bad_last || first < 0 || last < 0 || (!has_first && !has_last))
        return true;
    *ret_partial = true;
    if (!has_first) {
        *ret_first = (uint64_t)last < size ? size - (uint64_t)last : 0;
        return last > 0;
    }
    *ret_first = (uint64_t)first;
    if (has_last && (uint64_t)last < *ret_last)
        *ret_last = (uint64_t)last;
    return *ret_first < size && *ret_first <= *ret_last;
}

static struct error *serve(struct conductor *conductor, struct http_exchange *exchange, const struct boot_iso *boot)
{
    uint64_t first, last;
    bool partial;
    http_reply_header(exchange, "Accept-Ranges", "bytes");
    http_reply_header(exchange, "ETag", boot->etag);
    if (!parse_range(http_header(exchange, "Range"), boot->size, &first, &last, &partial)) {
        CLEANUP_FREE char *unsatisfied = mem_printf("bytes */%llu", (unsigned long long)boot->size);
        http_reply_header(exchange, "Content-Range", unsatisfied);
        http_reply_str(exchange, 416, "text/plain", "the range is outside of the file\n");
        return NULL;
    }
    if (partial) {
        CLEANUP_FREE char *range = mem_printf("bytes %llu-%llu/%llu", (unsigned long long)first,
                                              (unsigned long long)last, (unsigned long long)boot->size);
        http_reply_header(exchange, "Content-Range", range);
    }
    uint64_t len = boot->size ? last - first + 1 : 0;
    TRY(http_reply_begin(exchange, partial ? 206 : 200, "application/octet-stream", (int64_t)len));
    if (str_equal(http_method(exchange), "HEAD"))
        return NULL;
    return write_range(conductor, exchange, boot, first, len);
}

/* The node of "/redfish/boot-UUID.iso". */
static struct node *node_of_path(const struct conductor *conductor, const char *path)
{
    static const char prefix[] = "/redfish/boot-", suffix[] = ".iso";
    if (!str_has_prefix(path, prefix) || !str_has_suffix(path, suffix) ||
        strlen(path) < sizeof(prefix) + sizeof(suffix))
        return NULL;
    CLEANUP_FREE char *uuid = mem_strndup(path + strlen(prefix), strlen(path) - strlen(prefix) - strlen(suffix));
    return map_get(conductor->nodes, uuid);
}

void boot_iso_serve(struct conductor *conductor, struct http_exchange *exchange)
{
    const char *method = http_method(exchange);
    if (!str_equal(method, "GET") && !str_equal(method, "HEAD")) {
        http_reply_str(exchange, 405, "text/plain", "only GET and HEAD\n");
        return;
    }
    struct node *found = node_of_path(conductor, http_path(exchange));
    const struct json *recipe = found ? json_member(found->driver_internal_info, RECIPE) : NULL;
    if (!recipe) {
        http_reply_str(exchange, 404, "text/plain", "no such boot ISO\n");
        return;
    }
    CLEANUP(node_unref) struct node *node = node_ref(found);
    CLEANUP(error_free) struct error *err = NULL;
    if (!node->iso) { /* we were started again since it was made */
        CLEANUP(json_free) struct json *copy = json_copy(recipe);
        struct boot_iso *again = NULL;
        err = build(node, copy, &again);
        if (node->iso)
            boot_iso_unref(again);
        else
            node->iso = again;
    }
    if (!err && node->iso) {
        node->iso->refs++;
        CLEANUP(boot_iso_unref) struct boot_iso *boot = node->iso;
        err = serve(conductor, exchange, boot);
    }
    if (err && !error_is(err, ERROR_CANCELLED))
        log_warn(conductor->log, "boot ISO not served", KV("node", node->uuid), KV_ERR(err));
    if (err && !http_replied(exchange))
        http_reply_str(exchange, 503, "text/plain", "the boot ISO is not available\n");
    else if (err)
        http_abort(exchange);
}
