/* SPDX-License-Identifier: Apache-2.0 */
/* Builds config drives: ISO 9660 labelled config-2, gzip, base64. */
#include "operator/conductor/configdrive.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/data/iso9660.h"
#include "lib/data/str.h"

/* What an object may have, and where it goes (IRO-354). */
static const struct {
    const char *member, *path;
} files[] = {
    {"meta_data", "openstack/latest/meta_data.json"},
    {"network_data", "openstack/latest/network_data.json"},
    {"user_data", "openstack/latest/user_data"},
    {"vendor_data", "openstack/latest/vendor_data2.json"},
};

struct error *configdrive_validate(const struct json *value)
{
    if (json_is(value, JSON_STRING))
        return NULL;
    if (!json_is(value, JSON_OBJECT))
        return error_new(ERROR_INVALID, "configdrive must be an object or a string, not %s",
                         json_type_name(json_type(value)));
    JSON_FOREACH (member, value) {
        bool known = false;
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
            known = known || str_equal(json_key(member), files[i].member);
        if (!known)
            return error_new(ERROR_INVALID,
                             "configdrive has the unknown member \"%s\"; known are meta_data, network_data, user_data, "
                             "vendor_data",
                             json_key(member));
        if (!json_is(member, JSON_OBJECT) && !json_is(member, JSON_NULL) && !str_equal(json_key(member), "user_data"))
            return error_new(ERROR_INVALID, "configdrive/%s must be an object", json_key(member));
    }
    return NULL;
}

static struct error *gzip(const void *data, size_t len, void **ret, size_t *ret_len)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return error_new(ERROR_INTERNAL, "zlib does not start");
    size_t cap = deflateBound(&stream, len);
    CLEANUP_FREE unsigned char *out = mem_alloc(cap);
    stream.next_in = (Bytef *)data;
    stream.avail_in = (uInt)len;
    stream.next_out = out;
    stream.avail_out = (uInt)cap;
    int status = deflate(&stream, Z_FINISH);
    *ret_len = stream.total_out;
    deflateEnd(&stream);
    if (status != Z_STREAM_END)
        return error_new(ERROR_INTERNAL, "gzip of the config drive failed");
    *ret = TAKE_PTR(out);
    return NULL;
}

/* A member's bytes: text as it is, everything else as JSON. */
static char *member_text(const struct json *member)
{
    return json_is(member, JSON_STRING) ? mem_strdup(json_str(member, "")) : json_print(member);
}

static struct json *meta_data(const struct json *value, const char *uuid, const char *name)
{
    const struct json *given = json_get(value, "meta_data");
    struct json *meta = json_is(given, JSON_OBJECT) ? json_copy(given) : json_new_object();
    if (!json_get(meta, "uuid"))
        json_set_str(meta, "uuid", uuid);
    if (name && !json_get(meta, "name"))
        json_set_str(meta, "name", name);
    return meta;
}

struct error *configdrive_build(const struct json *value, const char *uuid, const char *name, int64_t wall, char **ret)
{
    TRY(configdrive_validate(value));
    if (json_is(value, JSON_STRING)) {
        *ret = mem_strdup(json_str(value, ""));
        return NULL;
    }
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("config-2", NULL, wall);
    CLEANUP(json_free) struct json *meta = meta_data(value, uuid, name);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        const struct json *member = i == 0 ? meta : json_member(value, files[i].member);
        if (!member || json_is(member, JSON_NULL))
            continue;
        CLEANUP_SECRET char *text = member_text(member);
        TRY(iso9660_add(iso, files[i].path, text, strlen(text)));
    }
    TRY(iso9660_layout(iso));
    if (iso9660_size(iso) > CONFIGDRIVE_MAX)
        return error_new(ERROR_INVALID, "the config drive has %llu bytes, more than %d",
                         (unsigned long long)iso9660_size(iso), CONFIGDRIVE_MAX);
    CLEANUP_FREE void *image = NULL, *zipped = NULL;
    size_t image_len = 0, zipped_len = 0;
    TRY(iso9660_print(iso, &image, &image_len));
    struct error *err = gzip(image, image_len, &zipped, &zipped_len);
    mem_wipe(image, image_len);
    TRY(err);
    *ret = str_base64_encode(zipped, zipped_len);
    return NULL;
}
