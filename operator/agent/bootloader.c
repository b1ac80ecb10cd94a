/* SPDX-License-Identifier: Apache-2.0 */
/* After the image is written: a UEFI boot entry for its loader (IRO-572, IRO-573). A BIOS boots what the image carries. */
#include <stdlib.h>
#include <string.h>

#include "operator/agent/fat.h"
#include "operator/agent/internal.h"
#include "operator/agent/partitions.h"

#define LABEL "ironic1"

/* In IPA's order; the CSV files name a loader of the distribution, which lies beside them. */
static const char *const loaders[] = {"bootx64.efi", "bootaa64.efi", "bootia32.efi", "bootarm.efi", "bootriscv64.efi",
                                      "grubx64.efi", "grubaa64.efi", "winload.efi",  NULL};

static struct error *find_system_partition(const struct disk *disk, struct partition *ret, bool *ret_found)
{
    CLEANUP(partition_table_free) struct partition_table *table = NULL;

    *ret_found = false;
    TRY(partition_table_read(disk, &table));
    for (size_t i = 0; i < partition_table_len(table) && !*ret_found; i++) {
        *ret = partition_table_at(table, i);
        *ret_found = ret->efi_system;
    }
    return NULL;
}

static struct error *install(struct agent *agent, const struct disk *disk)
{
    CLEANUP_FREE char *loader = NULL;
    struct partition partition;
    bool found = false;

    TRY(find_system_partition(disk, &partition, &found));
    if (!found)
        return error_new(ERROR_INVALID,
                         "no EFI system partition on %s: the image does not boot by UEFI; use another image, or "
                         "bootMode legacy",
                         disk->name);
    TRY(fat_find(disk, partition.offset, loaders, &loader));
    if (!loader)
        return error_new(ERROR_INVALID, "no boot loader in the EFI system partition %d of %s", partition.number,
                         disk->name);
    struct agent_boot_entry entry = {
        .label = LABEL, .disk = disk->name, .partition = partition.number, .loader = loader};
    TRY_WRAP(agent->hardware->ops->set_boot_entry(agent->hardware->arg, &entry), "setting the UEFI boot entry");
    log_debug(agent->env->log, "boot entry set", KV("disk", disk->name), KV("loader", loader));
    return NULL;
}

/* The disk that the image went to is the one that has partitions: the conductor does not name it again. */
static struct error *installed_disk(struct agent *agent, struct disk *ret)
{
    JSON_FOREACH (row, json_get(agent->inventory, "disks")) {
        CLEANUP(partition_table_free) struct partition_table *table = NULL;
        TRY(disk_from_inventory(agent->hardware, row, ret));
        struct error *err = partition_table_read(ret, &table);
        if (error_is(err, ERROR_CANCELLED))
            return err;
        error_free(err);
        if (table && partition_table_len(table) > 0)
            return NULL;
    }
    return error_new(ERROR_NOT_FOUND, "no disk carries an image");
}

struct error *bootloader_install(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret)
{
    bool ignore = json_bool(params, "ignore_bootloader_failure", false);
    struct disk disk;

    *ret = json_new_object();
    json_set_str(*ret, "result", "install_bootloader: None");
    if (!str_equal(json_str_or(params, "target_boot_mode", "bios"), "uefi"))
        return NULL;
    struct error *err =
        agent->root_disk ? disk_from_inventory(agent->hardware, agent->root_disk, &disk) : installed_disk(agent, &disk);
    if (!err)
        err = install(agent, &disk);
    if (err && ignore && !error_is(err, ERROR_CANCELLED)) {
        log_warn(agent->env->log, "boot loader was not installed", KV_ERR(err));
        error_free(err);
        err = NULL;
    }
    if (err) {
        json_free(TAKE_PTR(*ret));
        fault->type = "DeviceNotFound";
        fault->message = "Error installing the boot loader";
    }
    return err;
}
