/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a whole disk image: streamed from its URL to the disk, hashed on the way, then made bootable in place (IRO-594 to IRO-606). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/digest.h"
#include "operator/agent/internal.h"
#include "operator/agent/partitions.h"

#define CHUNK (256 * 1024) /* bytes in memory at a time */
#define CHECKSUM_FILE_MAX (1024 * 1024)
#define QCOW2_MAGIC "QFI\xfb"

/* One image as image_info describes it. */
struct image {
    const char *id, *url, *algorithm;
    char *checksum; /* lower case hex, owned */
    const char *user, *password;
    char *authorization; /* value of the header, owned */
};

static void image_release(struct image *image)
{
    free(image->checksum);
    mem_free_secret(image->authorization);
}

static const char *algorithm_by_length(size_t hex_len)
{
    switch (hex_len) {
    case 32:
        return "md5";
    case 64:
        return "sha256";
    case 128:
        return "sha512";
    default:
        return NULL;
    }
}

static const char *basename_of(const char *url)
{
    const char *slash = strrchr(url, '/');
    return slash ? slash + 1 : url;
}

/* A checksum file holds one hash alone, or lines "hash  name", "hash *name", "ALG (name) = hash" (IRO-602). */
static char *checksum_in_file(const char *text, const char *name)
{
    CLEANUP(str_list_free) char **lines = str_split(text, '\n');
    size_t count = 0;
    for (char **line = lines; *line; line++) {
        CLEANUP_FREE char *trimmed = str_trim(*line);
        if (!*trimmed)
            continue;
        count++;
        char *open = strstr(trimmed, " ("), *close = strstr(trimmed, ") = ");
        if (open && close && open < close) {
            *close = 0;
            if (str_equal(open + 2, name))
                return str_lower(close + 4);
            continue;
        }
        char *blank = strpbrk(trimmed, " \t");
        if (!blank) {
            if (count == 1 && !line[1])
                return str_lower(trimmed);
            if (algorithm_by_length(strlen(trimmed)))
                return str_lower(trimmed);
            continue;
        }
        *blank++ = 0;
        blank += strspn(blank, " \t*");
        if (str_equal(blank, name) || str_equal(basename_of(blank), name))
            return str_lower(trimmed);
    }
    return NULL;
}

static struct error *fetch_checksum(struct agent *agent, const char *checksum_url, struct image *image)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct http_request request = {.url = checksum_url, .response_max = CHECKSUM_FILE_MAX};

    TRY_WRAP(http_call(agent->http, &request, &response), "downloading the checksum");
    if (response->status != 200)
        return error_new_code(ERROR_INVALID, response->status, "Received status code %d from %s, expected 200",
                              response->status, checksum_url);
    CLEANUP_FREE char *path = mem_strndup(image->url, strcspn(image->url, "?#"));
    image->checksum = checksum_in_file(response->body, basename_of(path));
    if (!image->checksum)
        return error_new(ERROR_INVALID, "the checksum file %s has no line for %s", checksum_url, basename_of(path));
    return NULL;
}

static struct error *read_checksum(struct agent *agent, const struct json *info, struct image *image)
{
    const char *value = json_str(info, "os_hash_value");
    const char *legacy = json_str(info, "checksum");

    image->algorithm = json_str(info, "os_hash_algo");
    if (str_is_empty(value)) {
        value = legacy;
        image->algorithm = NULL;
    }
    if (str_is_empty(value))
        return error_new(ERROR_INVALID, "image_info has no checksum: give os_hash_algo and os_hash_value, or checksum");
    if (str_has_prefix(value, "http://") || str_has_prefix(value, "https://"))
        TRY(fetch_checksum(agent, value, image));
    else
        image->checksum = str_lower(value);
    const char *by_length = algorithm_by_length(strlen(image->checksum));
    if (!image->algorithm)
        image->algorithm = by_length;
    if (!image->algorithm)
        return error_new(ERROR_INVALID, "the checksum \"%s\" is neither md5, sha256 nor sha512", image->checksum);
    return NULL;
}

static struct error *read_authorization(const struct json *info, struct image *image)
{
    const char *encoded = json_str(info, "image_request_authorization");
    void *data = NULL;
    size_t len = 0;

    image->user = json_str(info, "image_server_user");
    image->password = json_str(info, "image_server_password");
    if (!encoded)
        return NULL;
    TRY_WRAP(str_base64_decode(encoded, &data, &len), "image_request_authorization");
    image->authorization = data;
    return NULL;
}

static struct error *read_image_info(struct agent *agent, const struct json *info, struct image *image)
{
    const char *format = json_str_or(info, "disk_format", "raw");

    TRY_WRAP(json_need_str(info, "id", &image->id), "image_info");
    TRY_WRAP(json_need_str(info, "urls/0", &image->url), "image_info");
    if (!str_equal(format, "raw"))
        return error_new(ERROR_UNSUPPORTED,
                         "image %s has the disk format %s; this agent writes raw images: convert it, or let the "
                         "conductor convert it",
                         image->id, format);
    if (str_equal(json_str(info, "image_type"), "partition"))
        return error_new(ERROR_UNSUPPORTED, "image %s is a partition image; use a whole disk image", image->id);
    TRY(read_authorization(info, image));
    return read_checksum(agent, info, image);
}

static struct error *open_download(struct agent *agent, const struct image *image, struct http_stream **ret)
{
    struct http_header authorization = {"Authorization", image->authorization};
    struct http_request request = {
        .url = image->url,
        .headers = &authorization,
        .header_count = image->authorization ? 1 : 0,
        .user = image->user,
        .password = image->password,
        .deadline = rt_after(agent->env->rt, agent->options->download_timeout),
    };
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;

    TRY(http_stream_open(agent->http, &request, &stream));
    int status = http_stream_status(stream);
    CLEANUP_FREE char *shown = url_shown(image->url);
    if (status != 200)
        return error_new_code(status >= 500 || status == 429 ? ERROR_TRANSIENT : ERROR_INVALID, status,
                              "Received status code %d from %s, expected 200", status, shown);
    *ret = TAKE_PTR(stream);
    return NULL;
}

/* Fills `buf` unless the body ends before; *ret_len 0 is its end. */
static struct error *read_chunk(struct agent *agent, struct http_stream *stream, unsigned char *buf, size_t *ret_len)
{
    size_t len = 0, got = 1;
    while (len < CHUNK && got) {
        rt_time deadline = rt_after(agent->env->rt, agent->options->download_timeout);
        TRY(http_stream_read(stream, buf + len, CHUNK - len, deadline, &got));
        len += got;
    }
    *ret_len = len;
    return NULL;
}

static struct error *write_chunk(const struct disk *disk, uint64_t offset, unsigned char *buf, size_t len)
{
    size_t padded = (len + disk->sector - 1) / disk->sector * disk->sector; /* the image may end within a sector */
    if (offset + len > disk->size)
        return error_new(ERROR_INVALID, "the image is larger than disk %s of %" PRIu64 " bytes", disk->name,
                         disk->size);
    memset(buf + len, 0, padded - len);
    return disk_write(disk, offset, buf, padded);
}

static struct error *stream_to_disk(struct agent *agent, const struct image *image, const struct disk *disk,
                                    struct fault *fault)
{
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    CLEANUP(digest_free) struct digest *digest = NULL;
    CLEANUP_FREE unsigned char *buf = mem_alloc(CHUNK + 4096);
    uint64_t offset = 0;
    size_t len = 0;

    fault->type = "ImageDownloadError";
    fault->message = "Error downloading image";
    TRY(digest_new(image->algorithm, &digest));
    TRY(open_download(agent, image, &stream));
    for (;;) {
        TRY(read_chunk(agent, stream, buf, &len));
        if (len == 0)
            break;
        if (offset == 0 && len >= 4 && memcmp(buf, QCOW2_MAGIC, 4) == 0)
            return error_new(ERROR_UNSUPPORTED, "image %s is declared raw but is in qcow2 format", image->id);
        digest_update(digest, buf, len);
        TRY(write_chunk(disk, offset, buf, len));
        offset += len;
    }
    CLEANUP_FREE char *actual = digest_finish(digest);
    if (!str_equal(actual, image->checksum)) {
        fault->type = "ImageChecksumError";
        fault->message = "Error verifying image checksum";
        return error_new(ERROR_TRANSIENT,
                         "Image failed to verify against checksum. location: %s; image ID: %s; image checksum: %s; "
                         "verification checksum: %s",
                         disk->name, image->id, image->checksum, actual);
    }
    *fault = (struct fault){0};
    return NULL;
}

/* Tries again what a retry may mend: also a wrong checksum, which a broken transfer can cause (IRO-600). */
static struct error *download(struct agent *agent, const struct image *image, const struct disk *disk,
                              struct fault *fault)
{
    for (int64_t attempt = 0;; attempt++) {
        struct error *err = stream_to_disk(agent, image, disk, fault);
        if (!err || !error_is_retryable(err) || attempt >= agent->options->download_retries)
            return err ? error_wrap(err, "Download of image %s failed", image->id) : NULL;
        log_warn(agent->env->log, "image download failed, trying again", KV("image", image->id), KV_ERR(err));
        error_free(err);
        TRY(rt_sleep(agent->env->rt, agent->options->download_interval));
    }
}

/* The backup GPT goes to the disk's end; at least one partition must be there (IRO-603). */
static struct error *settle_partitions(const struct disk *disk, char **ret_root_uuid)
{
    CLEANUP(partition_table_free) struct partition_table *table = NULL;

    TRY(partition_table_read(disk, &table));
    if (partition_table_type(table) == PARTITION_TABLE_GPT)
        TRY(partition_table_grow(table));
    if (partition_table_len(table) == 0)
        return error_new(ERROR_INVALID,
                         "no partition is visible on %s after the image was written; is it a whole disk image, made "
                         "for sectors of %u bytes?",
                         disk->name, disk->sector);
    *ret_root_uuid = mem_strdup(partition_table_root_uuid(table));
    return disk_sync(disk);
}

static struct error *add_configdrive(struct agent *agent, const struct disk *disk, const struct json *configdrive)
{
    const char *value = json_str(configdrive, "");
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;

    if (str_is_empty(value))
        return NULL;
    TRY_WRAP(configdrive_decode(agent, value, &data, &len), "config drive");
    TRY_WRAP(configdrive_write(agent, disk, data, len), "config drive");
    return disk_sync(disk);
}

struct error *image_prepare(struct agent *agent, const struct json *image_info, const struct json *configdrive,
                            const struct json *node, struct fault *fault, char **ret_text)
{
    __attribute__((cleanup(image_release))) struct image image = {0};
    CLEANUP_FREE char *root_uuid = NULL;
    struct disk disk;

    fault->type = "InvalidCommandParamsError";
    fault->message = "Invalid command parameters";
    TRY(read_image_info(agent, image_info, &image));
    fault->type = "DeviceNotFound";
    fault->message = "Error finding the disk or partition device to deploy the image onto";
    TRY(inventory_root_disk(agent, node, &disk));
    TRY(download(agent, &image, &disk, fault));
    fault->type = "DeploymentError";
    fault->message = "Deployment failed";
    TRY(settle_partitions(&disk, &root_uuid));
    TRY(add_configdrive(agent, &disk, configdrive));
    *fault = (struct fault){0};
    *ret_text = mem_printf("image (%s) written to device %s root_uuid=%s", image.id, disk.name, root_uuid);
    return NULL;
}
