/* SPDX-License-Identifier: Apache-2.0 */
/* A machine in memory for the agent's tests: one disk of 128 MiB, one NIC. */
#ifndef OPERATOR_AGENT_TESTING_H
#define OPERATOR_AGENT_TESTING_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "operator/agent/hardware.h"

#define TEST_DISK_SIZE (128 * 1024 * 1024)
#define TEST_ADDRESS "10.0.0.9"
#define TEST_MAC "52:54:00:00:00:aa"

struct test_machine {
    char *bytes;
    char *boot_entry; /* "disk partition loader" of the last one */
    bool powered_off, rebooted;
};

static inline struct error *test_read(void *arg, const char *disk, uint64_t offset, void *buf, size_t len)
{
    memcpy(buf, ((struct test_machine *)arg)->bytes + offset, len);
    return NULL;
}

static inline struct error *test_write(void *arg, const char *disk, uint64_t offset, const void *buf, size_t len)
{
    memcpy(((struct test_machine *)arg)->bytes + offset, buf, len);
    return NULL;
}

static inline struct error *test_zero(void *arg, const char *disk, uint64_t offset, uint64_t len)
{
    memset(((struct test_machine *)arg)->bytes + offset, 0, len);
    return NULL;
}

static inline struct error *test_sync(void *arg, const char *disk)
{
    return NULL;
}

static inline struct error *test_inventory(void *arg, struct json **ret)
{
    CLEANUP_FREE char *text = mem_printf(
        "{\"interfaces\":[{\"name\":\"eth0\",\"mac_address\":\"" TEST_MAC "\",\"ipv4_address\":\"" TEST_ADDRESS "\"}],"
        "\"disks\":[{\"name\":\"/dev/sda\",\"size\":%d,\"serial\":\"S1\",\"logical_sectors\":512}]}",
        TEST_DISK_SIZE);
    return json_parse(text, strlen(text), ret);
}

static inline struct error *test_own_address(void *arg, const char *peer, char **ret)
{
    *ret = mem_strdup(TEST_ADDRESS);
    return NULL;
}

static inline struct error *test_boot_entry(void *arg, const struct agent_boot_entry *entry)
{
    struct test_machine *machine = arg;
    free(machine->boot_entry);
    machine->boot_entry = mem_printf("%s %d %s", entry->disk, entry->partition, entry->loader);
    return NULL;
}

static inline struct error *test_power_off(void *arg)
{
    ((struct test_machine *)arg)->powered_off = true;
    return NULL;
}

static inline struct error *test_reboot(void *arg)
{
    ((struct test_machine *)arg)->rebooted = true;
    return NULL;
}

static const struct agent_hardware_ops test_hardware_ops = {
    .name = "generic_hardware_manager",
    .inventory = test_inventory,
    .own_address = test_own_address,
    .disk_read = test_read,
    .disk_write = test_write,
    .disk_zero = test_zero,
    .disk_sync = test_sync,
    .set_boot_entry = test_boot_entry,
    .power_off = test_power_off,
    .reboot = test_reboot,
};

/* The tiny image's bytes, which sgdisk, mkfs.vfat and mtools made; the caller frees them. */
static inline char *test_image(size_t *ret_len)
{
    char *bytes = mem_alloc(8 * 1024 * 1024);
    gzFile image = gzopen("fixtures/images/tiny.raw.gz", "rb");
    int len = image ? gzread(image, bytes, 8 * 1024 * 1024) : 0;
    if (image)
        gzclose(image);
    *ret_len = len > 0 ? (size_t)len : 0;
    return bytes;
}

#endif
