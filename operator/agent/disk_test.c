/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition tables, FAT, hints, config drives and options on the bytes of a fake disk. The image is one that sgdisk, mkfs.vfat and mtools made
 * (ci/make-tiny-image), and sgdisk judges what we make of it, where it is installed.
 */
#include <unistd.h>

#include "lib/test.h"
#include "operator/agent/fat.h"
#include "operator/agent/hints.h"
#include "operator/agent/internal.h"
#include "operator/agent/partitions.h"
#include "operator/agent/testing.h"

#define MIB (1024 * 1024)
#define DISK_SIZE TEST_DISK_SIZE

struct fixture {
    struct test_machine machine;
    char *bytes;
    struct agent_hardware hardware;
    struct disk disk;
};

static int setup(void **state)
{
    struct fixture *fixture = mem_alloc(sizeof(*fixture));
    size_t len = 0;
    CLEANUP_FREE char *image = test_image(&len);
    assert_int_equal(len, 1408 * 1024);
    fixture->machine.bytes = fixture->bytes = mem_alloc(DISK_SIZE);
    memcpy(fixture->bytes, image, len);
    fixture->hardware = (struct agent_hardware){&test_hardware_ops, &fixture->machine};
    fixture->disk = (struct disk){&fixture->hardware, "/dev/sda", DISK_SIZE, 512};
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->bytes);
    free(fixture);
    return 0;
}

/* sgdisk -v finds no problem with the disk; true also when it is not installed. */
static bool sgdisk_agrees(const struct fixture *fixture)
{
    char path[] = "/tmp/metal3-disk-XXXXXX", line[256];
    CLEANUP_FREE char *command = NULL;
    bool agrees = access("/usr/sbin/sgdisk", X_OK) != 0 && access("/sbin/sgdisk", X_OK) != 0;
    if (agrees)
        return true;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, fixture->bytes, DISK_SIZE), DISK_SIZE);
    close(fd);
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipe_fds[1], 1);
        close(pipe_fds[0]);
        execlp("sgdisk", "sgdisk", "-v", path, (char *)NULL);
        _exit(127);
    }
    close(pipe_fds[1]);
    FILE *out = fdopen(pipe_fds[0], "r");
    while (fgets(line, sizeof(line), out))
        agrees = agrees || strstr(line, "No problems found");
    fclose(out);
    unlink(path);
    return agrees;
}

static void test_gpt_is_read(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(partition_table_free) struct partition_table *table = NULL;

    assert_ok(partition_table_read(&fixture->disk, &table));
    assert_int_equal(partition_table_type(table), PARTITION_TABLE_GPT);
    assert_int_equal(partition_table_len(table), 2);
    struct partition esp = partition_table_at(table, 0), root = partition_table_at(table, 1);
    assert_true(esp.efi_system);
    assert_int_equal(esp.offset, MIB);
    assert_int_equal(esp.size, 256 * 1024);
    assert_false(root.efi_system);
    assert_int_equal(root.number, 2);
}

static void test_gpt_grows_to_the_disk(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(partition_table_free) struct partition_table *table = NULL;

    assert_ok(partition_table_read(&fixture->disk, &table));
    assert_ok(partition_table_grow(table));
    assert_memory_equal(fixture->bytes + DISK_SIZE - 512, "EFI PART", 8);
    assert_true(sgdisk_agrees(fixture));
}

static void test_gpt_with_config_drive(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(partition_table_free) struct partition_table *table = NULL;
    CLEANUP(partition_table_free) struct partition_table *again = NULL;
    const unsigned char unique[16] = {1, 2, 3, 4, 5, 6, 7, 0x48, 0x89, 10};
    struct partition added;

    assert_ok(partition_table_read(&fixture->disk, &table));
    assert_ok(partition_table_grow(table));
    assert_ok(partition_table_append(table, 64 * MIB, unique, &added));
    assert_int_equal(added.number, 3);
    assert_true(added.size >= 64 * MIB && added.offset % MIB == 0);
    assert_true(sgdisk_agrees(fixture));
    assert_ok(partition_table_read(&fixture->disk, &again));
    assert_int_equal(partition_table_len(again), 3);
    assert_error_text(partition_table_append(again, 64 * MIB, unique, &added), ERROR_INVALID, "no room");
}

static void test_damaged_gpt_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct partition_table *table = NULL;

    fixture->bytes[1024 + 40] ^= 1; /* an entry's bytes no longer match the checksum */
    assert_error_text(partition_table_read(&fixture->disk, &table), ERROR_INVALID, "checksum");
    fixture->bytes[512 + 60] ^= 1;
    assert_error_text(partition_table_read(&fixture->disk, &table), ERROR_INVALID, "GPT header");
}

static void test_mbr_gets_a_fourth_partition(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(partition_table_free) struct partition_table *table = NULL;
    struct partition added;

    memset(fixture->bytes, 0, 8 * MIB);
    memcpy(fixture->bytes + 440, "\x78\x56\x34\x12", 4);
    fixture->bytes[446 + 4] = (char)0x83;
    fixture->bytes[446 + 8 + 1] = 8;  /* starts at sector 2048 */
    fixture->bytes[446 + 12 + 1] = 8; /* and has as many */
    memcpy(fixture->bytes + 510, "\x55\xaa", 2);
    assert_ok(partition_table_read(&fixture->disk, &table));
    assert_int_equal(partition_table_type(table), PARTITION_TABLE_MBR);
    assert_string_equal(partition_table_root_uuid(table), "0x12345678");
    assert_ok(partition_table_append(table, 64 * MIB, NULL, &added));
    assert_int_equal(added.number, 2);
    assert_int_equal(added.offset, 64 * MIB);
}

static void test_metadata_erase_leaves_no_table(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(partition_table_free) struct partition_table *table = NULL;

    assert_ok(disk_erase_metadata(&fixture->disk));
    assert_ok(partition_table_read(&fixture->disk, &table));
    assert_int_equal(partition_table_type(table), PARTITION_TABLE_NONE);
    assert_int_equal(fixture->bytes[MIB + 510], 0); /* the file system's boot sector too */
}

static void test_loader_is_found(void **state)
{
    struct fixture *fixture = *state;
    const char *const names[] = {"shimx64.efi", "bootx64.efi", NULL}, *const missing[] = {"winload.efi", NULL};
    CLEANUP_FREE char *path = NULL, *none = NULL;

    assert_ok(fat_find(&fixture->disk, MIB, names, &path));
    assert_string_equal(path, "\\EFI\\BOOT\\BOOTX64.EFI");
    assert_ok(fat_find(&fixture->disk, MIB, missing, &none));
    assert_null(none);
    assert_error_text(fat_find(&fixture->disk, 2 * MIB, names, &none), ERROR_INVALID, "no FAT file system");
}

static const char disks_text[] =
    "[{\"name\":\"/dev/sda\",\"size\":10737418240,\"serial\":\"A1\",\"rotational\":true,\"model\":\"BIG DISK\"},"
    "{\"name\":\"/dev/sdb\",\"size\":5368709120,\"serial\":\"B2\",\"rotational\":false,\"model\":\"Fast\"},"
    "{\"name\":\"/dev/sdc\",\"size\":1073741824,\"serial\":\"C3\",\"rotational\":false,\"model\":\"Stick\"}]";

static void test_hints_choose(void **state)
{
    static const struct {
        const char *hints, *name, *error;
    } rows[] = {
        {"{}", "/dev/sdb", NULL}, /* the smallest of at least 4 GiB */
        {"{\"serial\":\"a1\"}", "/dev/sda", NULL},
        {"{\"size\":10}", "/dev/sda", NULL},
        {"{\"size\":\">= 6\"}", "/dev/sda", NULL},
        {"{\"size\":\"<= 4\"}", "/dev/sdc", NULL},
        {"{\"rotational\":false}", "/dev/sdb", NULL},
        {"{\"model\":\"<in> disk\"}", "/dev/sda", NULL},
        {"{\"serial\":\"<or> X9 <or> C3\"}", "/dev/sdc", NULL},
        {"{\"serial\":\"s== B2\",\"rotational\":true}", NULL, "no disk matches"},
        {"{\"colour\":\"red\"}", NULL, "\"colour\" is unknown"},
    };
    CLEANUP(json_free) struct json *disks = NULL;
    assert_ok(json_parse(disks_text, strlen(disks_text), &disks));

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(json_free) struct json *hints = NULL;
        const struct json *disk = NULL;
        assert_ok(json_parse(rows[i].hints, strlen(rows[i].hints), &hints));
        struct error *err = hints_choose(disks, hints, &disk);
        if (rows[i].name) {
            assert_ok(err);
            assert_string_equal(json_str(disk, "name"), rows[i].name);
        } else {
            assert_non_null(err);
            assert_non_null(strstr(error_message(err), rows[i].error));
            error_free(err);
        }
    }
}

static void test_options_from_command_line(void **state)
{
    struct agent_options options = {0};

    assert_ok(agent_options_parse("quiet ipa-api-url=http://10.0.0.1:6385/,http://10.0.0.2:6385 ipa-insecure=1 "
                                  "BOOTIF=01-52-54-00-00-00-AA ipa-lookup-timeout=30 boot_method=vmedia",
                                  &options));
    assert_string_equal(options.api_url, "http://10.0.0.1:6385");
    assert_string_equal(options.boot_interface, "52:54:00:00:00:aa");
    assert_true(options.insecure);
    assert_int_equal(options.lookup_timeout, 30 * RT_S);
    assert_int_equal(options.port, 9999);
    agent_options_release(&options);
    assert_error_text(agent_options_parse("ipa-listen-port=many", &options), ERROR_INVALID, "ipa-listen-port");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gpt_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gpt_grows_to_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gpt_with_config_drive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged_gpt_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mbr_gets_a_fourth_partition, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metadata_erase_leaves_no_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loader_is_found, setup, teardown),
        cmocka_unit_test(test_hints_choose),
        cmocka_unit_test(test_options_from_command_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
