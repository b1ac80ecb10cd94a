/* SPDX-License-Identifier: Apache-2.0 */
/* The first start of the operating system on a disk: finds the partition labelled config-2 and reads it, as cloud-init's ConfigDrive source does. */
#include <stdlib.h>
#include <string.h>

#include "lib/data/digest.h"
#include "lib/data/iso9660.h"
#include "lib/data/json.h"
#include "lib/data/str.h"
#include "operator/agent/partitions.h"
#include "sim/fleet/guest.h"

#define FILE_MAX (16 * 1024 * 1024)

/* A partition as a source of bytes. */
struct window {
    struct medium *medium;
    uint64_t offset, size;
};

static struct error *read_window(void *arg, uint64_t offset, void *buf, size_t len)
{
    const struct window *window = arg;
    if (offset > window->size || len > window->size - offset)
        return error_new(ERROR_INVALID, "past the end of the partition");
    return medium_read(window->medium, window->offset + offset, buf, len);
}

static struct error *read_disk(void *arg, const char *disk, uint64_t offset, void *buf, size_t len)
{
    return medium_read(arg, offset, buf, len);
}

/* The last partition whose file system is labelled config-2; window.size 0 when there is none. */
static struct error *find_drive(struct medium *medium, uint32_t sector, struct window *ret)
{
    static const struct agent_hardware_ops ops = {.name = "os", .disk_read = read_disk};
    struct agent_hardware hardware = {&ops, medium};
    struct disk disk = {&hardware, "root", medium_size(medium), sector};
    CLEANUP(partition_table_free) struct partition_table *table = NULL;

    *ret = (struct window){.medium = medium};
    TRY(partition_table_read(&disk, &table));
    for (size_t i = 0; i < partition_table_len(table); i++) {
        struct partition partition = partition_table_at(table, i);
        struct window window = {medium, partition.offset, partition.size};
        struct iso9660_source source = {read_window, &window, partition.size};
        CLEANUP_FREE char *label = NULL;
        error_free(iso9660_volume_id(&source, &label)); /* most partitions are no ISO 9660 */
        if (str_equal_nocase(label, "config-2"))
            *ret = window;
    }
    return NULL;
}

static struct error *hash_file(const struct iso9660_source *source, const char *path, char **ret)
{
    CLEANUP_FREE char *data = NULL;
    size_t len = 0;
    struct error *err = iso9660_read_file(source, path, FILE_MAX, &data, &len);
    if (error_is(err, ERROR_NOT_FOUND)) {
        error_free(err);
        return NULL;
    }
    TRY(err);
    *ret = digest_hex("sha256", data, len);
    return NULL;
}

static struct error *read_meta_data(const struct iso9660_source *source, struct guest_report *report)
{
    CLEANUP_FREE char *text = NULL;
    CLEANUP(json_free) struct json *meta = NULL;
    size_t len = 0;

    TRY(iso9660_read_file(source, "openstack/latest/meta_data.json", FILE_MAX, &text, &len));
    TRY_WRAP(json_parse(text, len, &meta), "meta_data.json");
    report->uuid = mem_strdup(json_str(meta, "uuid"));
    report->name = mem_strdup(json_str(meta, "name"));
    report->hostname = mem_strdup(json_str_or(meta, "local-hostname", json_str(meta, "hostname")));
    return NULL;
}

struct error *os_read_config_drive(struct machine *machine, size_t disk, struct guest_report *report)
{
    const struct machine_disk *drive = machine_disk(machine, disk);
    struct window window;

    TRY(find_drive(drive->medium, (uint32_t)drive->profile->block_size, &window));
    if (window.size == 0)
        return error_new(ERROR_NOT_FOUND, "no config drive on %s", drive->profile->name);
    struct iso9660_source source = {read_window, &window, window.size};
    TRY(read_meta_data(&source, report));
    TRY(hash_file(&source, "openstack/latest/user_data", &report->user_data_sha256));
    return hash_file(&source, "openstack/latest/network_data.json", &report->network_data_sha256);
}

void guest_report_clear(struct guest_report *report)
{
    free(report->hostname);
    free(report->name);
    free(report->uuid);
    free(report->user_data_sha256);
    free(report->network_data_sha256);
    free(report->error);
    *report = (struct guest_report){.starts = report->starts};
}
