/* SPDX-License-Identifier: Apache-2.0 */
/* RAID plans. A list that is null or absent means "leave alone", an empty one means "delete". */
#include "operator/ironic/raid.h"

#include "lib/data/map.h"
#include "operator/ironic/node_fields.h"

#define NO_RAID "no-raid"

void raid_plan_release(struct raid_plan *plan)
{
    json_free(plan->steps);
    json_free(plan->target);
    *plan = (struct raid_plan){0};
}

static const struct json *volumes(const struct json *config, const char *member)
{
    const struct json *list = json_get(config, member);
    return json_is(list, JSON_ARRAY) ? list : NULL;
}

static void append_step(struct json *steps, const char *interface, const char *name)
{
    struct json *step = json_new_object();

    json_set_str(step, "interface", interface);
    json_set_str(step, "step", name);
    json_append(steps, step);
}

static struct error *check_hardware_volume(const struct json *volume, struct map *names)
{
    const char *name = json_str_or(volume, "name", "");
    size_t disks = json_len(json_get(volume, "physicalDisks"));
    int64_t count = json_int(volume, "numberOfPhysicalDisks", 0);

    if (name[0]) {
        if (map_get(names, name))
            return error_new(ERROR_INVALID, "RAID volume name %s is given twice: names must be unique", name);
        map_set(names, name, names);
    }
    if (disks && !json_str_or(volume, "controller", "")[0])
        return error_new(ERROR_INVALID, "hardware RAID volume \"%s\" lists physicalDisks: it needs its controller too",
                         name);
    if (disks && count && (size_t)count != disks)
        return error_new(ERROR_INVALID,
                         "hardware RAID volume \"%s\": numberOfPhysicalDisks is %lld, but physicalDisks has %zu", name,
                         (long long)count, disks);
    return NULL;
}

static void set_size_and_level(struct json *disk, const struct json *volume)
{
    if (json_is(json_get(volume, "sizeGibibytes"), JSON_NUMBER))
        json_set_int(disk, "size_gb", json_int(volume, "sizeGibibytes", 0));
    else
        json_set_str(disk, "size_gb", "MAX");
    json_set_str(disk, "raid_level", json_str_or(volume, "level", ""));
}

static struct error *hardware_disk(const struct json *volume, struct map *names, struct json **ret)
{
    TRY(check_hardware_volume(volume, names));
    struct json *disk = json_new_object();
    set_size_and_level(disk, volume);
    json_set_str_opt(disk, "volume_name", json_str(volume, "name"));
    if (json_is(json_get(volume, "rotational"), JSON_BOOL))
        json_set_str(disk, "disk_type", json_bool(volume, "rotational", false) ? "hdd" : "ssd");
    if (json_int(volume, "numberOfPhysicalDisks", 0))
        json_set_int(disk, "number_of_physical_disks", json_int(volume, "numberOfPhysicalDisks", 0));
    json_set_str_opt(disk, "controller", json_str(volume, "controller"));
    if (json_len(json_get(volume, "physicalDisks")))
        json_set(disk, "physical_disks", json_copy(json_get(volume, "physicalDisks")));
    *ret = disk;
    return NULL;
}

static struct error *software_disk(const struct json *volume, bool first, struct json **ret)
{
    if (first && !str_equal(json_str(volume, "level"), "1"))
        return error_new(ERROR_INVALID, "the level in first volume of software raid must be RAID1");
    struct json *disk = json_new_object(), *disks = NULL;
    set_size_and_level(disk, volume);
    json_set_str(disk, "controller", "software");
    if (json_bool(volume, "rootVolume", false))
        json_set_bool(disk, "is_root_volume", true);
    const struct json *hints = json_get(volume, "physicalDisks");
    JSON_FOREACH (hint, hints) {
        struct json *one = root_hints_to_ironic(hint);
        if (!disks)
            disks = json_new_array();
        json_append(disks, one ? one : json_new_object());
    }
    if (disks)
        json_set(disk, "physical_disks", disks);
    *ret = disk;
    return NULL;
}

/*
 * {logical_disks: […]}. Without root device hints and without a flagged volume the first one becomes the root volume.
 */
static struct error *target_body(const struct json *list, enum raid_kind kind, const struct json *root_hints,
                                 struct json **ret)
{
    struct map *names CLEANUP(map_free) = map_new(NULL);
    struct json *disks CLEANUP(json_free) = json_new_array();
    bool has_root = json_len(root_hints) > 0;

    JSON_FOREACH (volume, list) {
        struct json *disk = NULL;
        TRY(kind == RAID_HARDWARE ? hardware_disk(volume, names, &disk)
                                  : software_disk(volume, json_len(disks) == 0, &disk));
        has_root |= json_bool(disk, "is_root_volume", false);
        json_append(disks, disk);
    }
    if (!has_root && json_len(disks))
        json_set_bool(json_item(disks, 0), "is_root_volume", true);
    *ret = json_new_object();
    json_set(*ret, "logical_disks", TAKE_PTR(disks));
    return NULL;
}

static struct error *make_plan(const struct json *list, enum raid_kind kind, const struct json *root_hints,
                               struct raid_plan *plan)
{
    plan->kind = kind;
    if (json_len(list))
        TRY(target_body(list, kind, root_hints, &plan->target));
    plan->steps = json_new_array();
    append_step(plan->steps, "raid", "delete_configuration");
    if (kind == RAID_SOFTWARE)
        append_step(plan->steps, "deploy", "erase_devices_metadata");
    if (json_len(list))
        append_step(plan->steps, "raid", "create_configuration");
    return NULL;
}

struct error *raid_plan(const struct json *target, const struct json *actual, const struct json *root_hints,
                        const char *driver_interface, struct raid_plan *ret)
{
    const struct json *hardware = volumes(target, "hardwareRAIDVolumes");
    const struct json *software = volumes(target, "softwareRAIDVolumes");
    const struct json *actual_hardware = volumes(actual, "hardwareRAIDVolumes");
    const struct json *actual_software = volumes(actual, "softwareRAIDVolumes");
    bool no_raid = str_is_empty(driver_interface) || str_equal(driver_interface, NO_RAID);
    CLEANUP_RAID_PLAN struct raid_plan plan = {.interface = driver_interface};

    if (json_len(hardware) && no_raid)
        return error_new(ERROR_INVALID, "hardware RAID volumes are wished, but the BMC driver does not support RAID");
    if (json_len(hardware) || (hardware && !json_len(software) && !no_raid)) {
        if (!actual_hardware || !json_equal(hardware, actual_hardware))
            TRY(make_plan(hardware, RAID_HARDWARE, root_hints, &plan));
    }
    if (plan.kind == RAID_LEAVE && software && (json_len(software) || json_len(actual_software))) {
        if (!actual_software || !json_equal(software, actual_software)) {
            plan.interface = "agent";
            TRY(make_plan(software, RAID_SOFTWARE, root_hints, &plan));
        }
    }
    *ret = plan;
    plan = (struct raid_plan){0};
    return NULL;
}
