/* SPDX-License-Identifier: Apache-2.0 */
/* Config drives as an agent unpacks them, and as isoinfo reads them. */
#include "operator/conductor/configdrive.h"

#include <unistd.h>
#include <zlib.h>

#include "lib/data/iso9660.h"
#include "lib/data/str.h"
#include "lib/test.h"

#define IMAGE_MAX (4 * 1024 * 1024)

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    assert_ok(json_parse(text, strlen(text), &value));
    return value;
}

/* Base64 and gzip taken off. */
static void unpack(const char *text, char **ret, size_t *ret_len)
{
    CLEANUP_FREE void *zipped = NULL;
    size_t zipped_len = 0;
    assert_ok(str_base64_decode(text, &zipped, &zipped_len));
    char *image = mem_alloc(IMAGE_MAX);
    z_stream stream = {
        .next_in = zipped, .avail_in = (uInt)zipped_len, .next_out = (Bytef *)image, .avail_out = IMAGE_MAX};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    *ret_len = stream.total_out;
    inflateEnd(&stream);
    *ret = image;
}

static char *file_of(const char *image, size_t len, const char *path)
{
    struct iso9660_memory memory = {image, len};
    struct iso9660_source source = iso9660_memory_source(&memory);
    char *text = NULL;
    size_t size = 0;
    struct error *err = iso9660_read_file(&source, path, 65536, &text, &size);
    error_free(err);
    return text;
}

static void test_object(void **unused)
{
    CLEANUP(json_free)
    struct json *value = parse(
        "{\"meta_data\":{\"local-hostname\":\"h\"},\"network_data\":{\"links\":[]},\"user_data\":\"#!/bin/sh\\n\"}");
    CLEANUP_FREE char *text = NULL, *image = NULL;
    size_t len = 0;
    assert_ok(configdrive_build(value, "some-uuid", "ns~h", TEST_WALL, &text));
    unpack(text, &image, &len);
    CLEANUP_FREE char *meta = file_of(image, len, "openstack/latest/meta_data.json");
    CLEANUP(json_free) struct json *parsed = parse(meta);
    assert_string_equal(json_str(parsed, "uuid"), "some-uuid"); /* defaults (IRO-354) */
    assert_string_equal(json_str(parsed, "name"), "ns~h");
    assert_string_equal(json_str(parsed, "local-hostname"), "h");
    CLEANUP_FREE char *user = file_of(image, len, "openstack/latest/user_data");
    assert_string_equal(user, "#!/bin/sh\n"); /* bytes as they are (IRO-355) */
    CLEANUP_FREE char *network = file_of(image, len, "openstack/latest/network_data.json");
    assert_string_equal(network, "{\"links\":[]}");
    CLEANUP_FREE char *vendor = file_of(image, len, "openstack/latest/vendor_data2.json");
    assert_null(vendor);
    struct iso9660_memory memory = {image, len};
    struct iso9660_source source = iso9660_memory_source(&memory);
    CLEANUP_FREE char *label = NULL;
    assert_ok(iso9660_volume_id(&source, &label));
    assert_string_equal(label, "config-2");
}

static void test_isoinfo_reads_it(void **unused)
{
    if (access("/usr/bin/isoinfo", X_OK) != 0)
        skip();
    CLEANUP(json_free) struct json *value = parse("{\"user_data\":{\"a\":[1,2]}}");
    CLEANUP_FREE char *text = NULL, *image = NULL;
    size_t len = 0;
    assert_ok(configdrive_build(value, "u", NULL, TEST_WALL, &text));
    unpack(text, &image, &len);
    char path[] = "/tmp/configdrive-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, image, len), (ssize_t)len);
    close(fd);
    CLEANUP_FREE char *command = mem_printf("isoinfo -J -i %s -x /openstack/latest/user_data", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    char out[100] = "";
    assert_non_null(fgets(out, sizeof(out), pipe));
    pclose(pipe);
    unlink(path);
    assert_string_equal(out, "{\"a\":[1,2]}"); /* an object is written as JSON */
}

static void test_text_stays(void **unused)
{
    CLEANUP(json_free) struct json *value = json_new_string("http://x/drive");
    CLEANUP_FREE char *text = NULL;
    assert_ok(configdrive_build(value, "u", NULL, TEST_WALL, &text));
    assert_string_equal(text, "http://x/drive");
}

static void test_bad_input(void **unused)
{
    static const struct {
        const char *text, *part;
    } bad[] = {{"7", "object or a string"}, {"{\"colour\":1}", "colour"}, {"{\"meta_data\":[]}", "meta_data"}};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        CLEANUP(json_free) struct json *value = parse(bad[i].text);
        assert_error_text(configdrive_validate(value), ERROR_INVALID, bad[i].part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_isoinfo_reads_it),
        cmocka_unit_test(test_text_stays),
        cmocka_unit_test(test_bad_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
