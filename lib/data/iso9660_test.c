/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 9660 images against outside truth: cdrkit's isoinfo and libisoburn's xorriso read ours, ours reads what genisoimage makes. */
#include "lib/data/iso9660.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/data/str.h"

#define WALL INT64_C(1795179535000000000) /* 20 Nov 2026 */

static void ok(struct error *err)
{
    if (err)
        fail_msg("%s", error_message(err));
}

static char *run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *run(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    CLEANUP_FREE char *command = mem_vprintf(fmt, args);
    va_end(args);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    struct strbuf out = STRBUF_INIT;
    char buf[4096];
    size_t len;
    while ((len = fread(buf, 1, sizeof(buf), pipe)) > 0)
        strbuf_add(&out, buf, len);
    pclose(pipe);
    strbuf_add(&out, "", 0);
    return out.data ? strbuf_take(&out) : mem_strdup("");
}

static bool have(const char *program)
{
    CLEANUP_FREE char *where = run("command -v %s", program);
    return *where;
}

/* A folder of our own with a file "image.iso" in it. */
struct place {
    char dir[64];
};

static void place_make(struct place *place)
{
    snprintf(place->dir, sizeof(place->dir), "/tmp/iso9660-test-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
}

static void place_remove(struct place *place)
{
    CLEANUP_FREE char *out = run("rm -rf '%s'", place->dir);
}

static void place_write(const struct place *place, const char *name, const void *data, size_t len)
{
    CLEANUP_FREE char *path = mem_printf("%s/%s", place->dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

static void config_drive(void **ret, size_t *ret_len)
{
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("config-2", NULL, WALL);
    ok(iso9660_add(iso, "openstack/latest/meta_data.json", "{\"uuid\":\"x\"}", 12));
    ok(iso9660_add(iso, "openstack/latest/user_data", "#cloud-config\n", 14));
    ok(iso9660_add(iso, "openstack/latest/network_data.json", "{}", 2));
    ok(iso9660_add(iso, "openstack/latest/vendor_data2.json", "", 0));
    ok(iso9660_layout(iso));
    ok(iso9660_print(iso, ret, ret_len));
}

static void own_reader_finds_files(void **state)
{
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;
    config_drive(&data, &len);
    struct iso9660_memory memory = {data, len};
    struct iso9660_source source = iso9660_memory_source(&memory);
    CLEANUP_FREE char *label = NULL, *meta = NULL, *empty = NULL;
    ok(iso9660_volume_id(&source, &label));
    assert_string_equal(label, "config-2");
    size_t size = 0;
    ok(iso9660_read_file(&source, "/openstack/latest/meta_data.json", 100, &meta, &size));
    assert_string_equal(meta, "{\"uuid\":\"x\"}");
    ok(iso9660_read_file(&source, "openstack/latest/vendor_data2.json", 100, &empty, &size));
    assert_int_equal(size, 0);
    CLEANUP(error_free) struct error *missing = iso9660_read_file(&source, "openstack/none", 100, &meta, &size);
    assert_true(error_is(missing, ERROR_NOT_FOUND));
    assert_non_null(strstr(error_message(missing), "openstack/none"));
    CLEANUP(error_free) struct error *large = iso9660_read_file(&source, "openstack/latest/user_data", 3, &meta, &size);
    assert_true(error_is(large, ERROR_INVALID));
}

static void isoinfo_reads_ours(void **state)
{
    if (!have("isoinfo"))
        skip();
    struct place place;
    place_make(&place);
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;
    config_drive(&data, &len);
    place_write(&place, "image.iso", data, len);
    CLEANUP_FREE char *rock = run("isoinfo -R -i %s/image.iso -x /openstack/latest/meta_data.json", place.dir);
    assert_string_equal(rock, "{\"uuid\":\"x\"}");
    CLEANUP_FREE char *joliet = run("isoinfo -J -i %s/image.iso -x /openstack/latest/user_data", place.dir);
    assert_string_equal(joliet, "#cloud-config\n");
    CLEANUP_FREE char *plain = run("isoinfo -f -i %s/image.iso", place.dir);
    assert_non_null(strstr(plain, "/OPENSTACK/LATEST/META_DATA.JSON;1"));
    CLEANUP_FREE char *info = run("isoinfo -d -i %s/image.iso", place.dir);
    assert_non_null(strstr(info, "Volume id: config-2"));
    assert_non_null(strstr(info, "Joliet with UCS level 3"));
    assert_non_null(strstr(info, "Rock Ridge signatures version 1 found"));
    place_remove(&place);
}

static void xorriso_reads_ours(void **state)
{
    if (!have("xorriso"))
        skip();
    struct place place;
    place_make(&place);
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;
    config_drive(&data, &len);
    place_write(&place, "image.iso", data, len);
    CLEANUP_FREE char *list =
        run("xorriso -abort_on WARNING -indev %s/image.iso -find / -exec lsdl 2>&1 ; echo \"status $?\"", place.dir);
    assert_non_null(strstr(list, "'/openstack/latest/network_data.json'"));
    assert_non_null(strstr(list, "status 0"));
    place_remove(&place);
}

static void many_names(void **state)
{
    /* More than a sector of records, names that fall together in the plain tree, long names. */
    struct place place;
    place_make(&place);
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("MANY", "publisher", WALL);
    for (int i = 0; i < 200; i++) {
        CLEANUP_FREE char *path = mem_printf("folder/a-rather-long-name-that-has-to-be-cut-%03d.txt", i);
        CLEANUP_FREE char *text = mem_printf("%d", i);
        ok(iso9660_add(iso, path, text, strlen(text)));
    }
    ok(iso9660_layout(iso));
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;
    ok(iso9660_print(iso, &data, &len));
    struct iso9660_memory memory = {data, len};
    struct iso9660_source source = iso9660_memory_source(&memory);
    for (int i = 0; i < 200; i++) {
        CLEANUP_FREE char *path = mem_printf("folder/a-rather-long-name-that-has-to-be-cut-%03d.txt", i);
        CLEANUP_FREE char *want = mem_printf("%d", i), *text = NULL;
        size_t size = 0;
        ok(iso9660_read_file(&source, path, 10, &text, &size));
        assert_string_equal(text, want);
    }
    if (have("isoinfo")) {
        place_write(&place, "image.iso", data, len);
        CLEANUP_FREE char *rock =
            run("isoinfo -R -i %s/image.iso -x /folder/a-rather-long-name-that-has-to-be-cut-123.txt", place.dir);
        assert_string_equal(rock, "123");
    }
    place_remove(&place);
}

static void outside_files_are_not_copied(void **state)
{
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("VMEDIA_BOOT_ISO", NULL, WALL);
    ok(iso9660_add_outside(iso, "vmlinuz", 5000, 7));
    ok(iso9660_add(iso, "boot/grub/grub.cfg", "linux /vmlinuz\n", 15));
    ok(iso9660_layout(iso));
    bool seen = false;
    uint64_t at = 0;
    while (at < iso9660_size(iso)) {
        struct iso9660_piece piece = iso9660_piece_at(iso, at);
        assert_true(piece.len > 0);
        if (piece.outside == 7) {
            assert_int_equal(piece.len, 5000);
            assert_int_equal(piece.outside_offset, 0);
            struct iso9660_piece later = iso9660_piece_at(iso, at + 4096);
            assert_int_equal(later.outside_offset, 4096);
            assert_int_equal(later.len, 904);
            struct iso9660_piece gap = iso9660_piece_at(iso, at + 5000);
            assert_null(gap.data);
            assert_int_equal(gap.outside, -1);
            assert_int_equal(gap.len, 3 * 2048 - 5000);
            seen = true;
        }
        at += piece.len;
    }
    assert_true(seen);
    assert_int_equal(at, iso9660_size(iso));
    void *data = NULL;
    size_t len = 0;
    CLEANUP(error_free) struct error *err = iso9660_print(iso, &data, &len);
    assert_true(error_is(err, ERROR_INVALID));
}

static void ours_reads_genisoimage(void **state)
{
    if (!have("genisoimage"))
        skip();
    struct place place;
    place_make(&place);
    CLEANUP_FREE char *made =
        run("cd %s && mkdir -p tree/boot/grub && printf 'linux /vmlinuz' >tree/boot/grub/grub.cfg && "
            "for i in $(seq 100); do echo $i >tree/a_long_file_name_of_many_letters_$i.text; done && "
            "genisoimage -quiet -r -V ROCK -o rock.iso tree && "
            "genisoimage -quiet -J -joliet-long -V JOLIET -o joliet.iso tree && "
            "genisoimage -quiet -V PLAIN -l -o plain.iso tree && echo done",
            place.dir);
    assert_string_equal(made, "done\n");
    static const char *const images[] = {"rock", "joliet", "plain"};
    for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
        CLEANUP_FREE char *path = mem_printf("%s/%s.iso", place.dir, images[i]);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        CLEANUP_FREE char *bytes = mem_alloc(4 << 20);
        struct iso9660_memory memory = {bytes, fread(bytes, 1, 4 << 20, file)};
        fclose(file);
        struct iso9660_source source = iso9660_memory_source(&memory);
        CLEANUP_FREE char *grub = NULL, *other = NULL;
        size_t len = 0;
        ok(iso9660_read_file(&source, "boot/grub/grub.cfg", 100, &grub, &len));
        assert_string_equal(grub, "linux /vmlinuz");
        if (i < 2) {
            ok(iso9660_read_file(&source, "a_long_file_name_of_many_letters_77.text", 100, &other, &len));
            assert_string_equal(other, "77\n");
        }
    }
    place_remove(&place);
}

static void broken_images_are_refused(void **state)
{
    CLEANUP_FREE void *data = NULL;
    size_t len = 0;
    config_drive(&data, &len);
    /* Each byte of descriptors and directories damaged in turn: an error or a result, never a crash. */
    for (size_t at = 16 * ISO9660_SECTOR; at < len; at++) {
        char *bytes = data;
        char old = bytes[at];
        bytes[at] = (char)(old ^ 0xff);
        struct iso9660_memory memory = {data, len};
        struct iso9660_source source = iso9660_memory_source(&memory);
        CLEANUP_FREE char *text = NULL;
        size_t size = 0;
        error_free(iso9660_read_file(&source, "openstack/latest/user_data", 1000, &text, &size));
        bytes[at] = old;
    }
    struct iso9660_memory cut = {data, 20 * ISO9660_SECTOR};
    struct iso9660_source source = iso9660_memory_source(&cut);
    char *text = NULL;
    size_t size = 0;
    CLEANUP(error_free)
    struct error *err = iso9660_read_file(&source, "openstack/latest/user_data", 1000, &text, &size);
    assert_true(error_is(err, ERROR_INVALID));
}

static void bad_paths(void **state)
{
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("X", NULL, WALL);
    static const char *const bad[] = {"", "a//b", "../x", "tab\tx", "1/2/3/4/5/6/7/8/9/10"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        CLEANUP(error_free) struct error *err = iso9660_add(iso, bad[i], "", 0);
        assert_true(error_is(err, ERROR_INVALID));
    }
    ok(iso9660_add(iso, "a", "", 0));
    CLEANUP(error_free) struct error *twice = iso9660_add(iso, "a", "", 0);
    assert_true(error_is(twice, ERROR_INVALID));
    CLEANUP(error_free) struct error *under = iso9660_add(iso, "a/b", "", 0);
    assert_true(error_is(under, ERROR_INVALID));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_reader_finds_files),       cmocka_unit_test(isoinfo_reads_ours),
        cmocka_unit_test(xorriso_reads_ours),           cmocka_unit_test(many_names),
        cmocka_unit_test(outside_files_are_not_copied), cmocka_unit_test(ours_reads_genisoimage),
        cmocka_unit_test(broken_images_are_refused),    cmocka_unit_test(bad_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
