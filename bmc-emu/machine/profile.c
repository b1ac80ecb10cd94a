// SPDX-License-Identifier: Apache-2.0
// Machine profiles: the generic values, and the reading of YAML over them.
#include "bmc-emu/machine/profile.h"

#include <ctype.h>
#include <stdlib.h>

#include "lib/data/yaml.h"

#define LIST_MAX 64 /* disks, NICs, drives */

/* The YAML file as it is, before it goes over the generic values. Absent strings are NULL. */
struct document {
    char *name, *manufacturer, *model, *sku, *serial_prefix, *bios_version, *bmc_version, *bmc_model;
    char *system_id, *manager_id, *chassis_id, *media_max;
    struct json *cpu, *memory, *disks, *nics, *slots, *boot, *bios, *delays, *quirks, *oem, *resources;
};

#define TEXT(key, member)                                                                                              \
    {                                                                                                                  \
        key, JSON_FIELD_STRING, offsetof(struct document, member)                                                      \
    }
#define PART(key, member)                                                                                              \
    {                                                                                                                  \
        key, JSON_FIELD_JSON, offsetof(struct document, member)                                                        \
    }
static const struct json_field document_fields[] = {
    TEXT("name", name),
    TEXT("manufacturer", manufacturer),
    TEXT("model", model),
    TEXT("sku", sku),
    TEXT("serialPrefix", serial_prefix),
    TEXT("biosVersion", bios_version),
    TEXT("bmcVersion", bmc_version),
    TEXT("bmcModel", bmc_model),
    TEXT("systemId", system_id),
    TEXT("managerId", manager_id),
    TEXT("chassisId", chassis_id),
    PART("cpu", cpu),
    PART("memory", memory),
    PART("disks", disks),
    PART("nics", nics),
    PART("virtualMedia", slots),
    TEXT("mediaMax", media_max),
    PART("boot", boot),
    PART("bios", bios),
    PART("delays", delays),
    PART("quirks", quirks),
    PART("oem", oem),
    PART("resources", resources),
    {0},
};
#undef TEXT
#undef PART

static const struct json_field cpu_fields[] = {
    {"architecture", JSON_FIELD_STRING, offsetof(struct machine_profile, architecture),
     .values = (const char *const[]){"x86_64", "aarch64", NULL}},
    {"vendor", JSON_FIELD_STRING, offsetof(struct machine_profile, cpu_vendor)},
    {"model", JSON_FIELD_STRING, offsetof(struct machine_profile, cpu_model)},
    {"sockets", JSON_FIELD_INT, offsetof(struct machine_profile, sockets)},
    {"cores", JSON_FIELD_INT, offsetof(struct machine_profile, cores)},
    {"threads", JSON_FIELD_INT, offsetof(struct machine_profile, threads)},
    {"mhz", JSON_FIELD_INT, offsetof(struct machine_profile, cpu_mhz)},
    {0},
};

static const struct json_field memory_fields[] = {
    {"mib", JSON_FIELD_INT, offsetof(struct machine_profile, memory_mib)},
    {"dimms", JSON_FIELD_INT, offsetof(struct machine_profile, dimms)},
    {0},
};

struct disk_document {
    char *name, *vendor, *model, *media, *protocol, *size;
    int64_t block_size;
};
static const struct json_field disk_fields[] = {
    {"name", JSON_FIELD_STRING, offsetof(struct disk_document, name), .required = true},
    {"vendor", JSON_FIELD_STRING, offsetof(struct disk_document, vendor)},
    {"model", JSON_FIELD_STRING, offsetof(struct disk_document, model)},
    {"media", JSON_FIELD_STRING, offsetof(struct disk_document, media),
     .values = (const char *const[]){"HDD", "SSD", NULL}},
    {"protocol", JSON_FIELD_STRING, offsetof(struct disk_document, protocol),
     .values = (const char *const[]){"SATA", "SAS", "NVMe", NULL}},
    {"size", JSON_FIELD_STRING, offsetof(struct disk_document, size), .required = true},
    {"blockSize", JSON_FIELD_INT, offsetof(struct disk_document, block_size)},
    {0},
};

static const struct json_field nic_fields[] = {
    {"name", JSON_FIELD_STRING, offsetof(struct machine_nic_profile, name), .required = true},
    {"speedMbps", JSON_FIELD_INT, offsetof(struct machine_nic_profile, speed_mbps)},
    {0},
};

static const struct json_field slot_fields[] = {
    {"id", JSON_FIELD_STRING, offsetof(struct machine_slot_profile, id), .required = true},
    {"name", JSON_FIELD_STRING, offsetof(struct machine_slot_profile, name)},
    {"cd", JSON_FIELD_BOOL, offsetof(struct machine_slot_profile, cd)},
    {"usb", JSON_FIELD_BOOL, offsetof(struct machine_slot_profile, usb)},
    {0},
};

struct resource_document {
    char *path, *method;
    int64_t status;
    struct json *body;
};

struct boot_document {
    char *mode;
    bool secure_boot;
    struct json *order, *targets;
};
static const struct json_field boot_fields[] = {
    {"mode", JSON_FIELD_STRING, offsetof(struct boot_document, mode),
     .values = (const char *const[]){"UEFI", "Legacy", NULL}},
    {"secureBoot", JSON_FIELD_BOOL, offsetof(struct boot_document, secure_boot)},
    {"order", JSON_FIELD_JSON, offsetof(struct boot_document, order)},
    {"targets", JSON_FIELD_JSON, offsetof(struct boot_document, targets)},
    {0},
};

static const struct json_field quirk_fields[] = {
    {"refuseRepeat", JSON_FIELD_BOOL, offsetof(struct machine_quirks, refuse_repeat)},
    {"refuseReinsert", JSON_FIELD_BOOL, offsetof(struct machine_quirks, refuse_reinsert)},
    {"refuseEmptyEject", JSON_FIELD_BOOL, offsetof(struct machine_quirks, refuse_empty_eject)},
    {"oneMedia", JSON_FIELD_BOOL, offsetof(struct machine_quirks, one_media)},
    {"mediaByPatch", JSON_FIELD_BOOL, offsetof(struct machine_quirks, media_by_patch)},
    {"mediaInManager", JSON_FIELD_BOOL, offsetof(struct machine_quirks, media_in_manager)},
    {"insertImageOnly", JSON_FIELD_BOOL, offsetof(struct machine_quirks, insert_image_only)},
    {"actionNeedsBody", JSON_FIELD_BOOL, offsetof(struct machine_quirks, action_needs_body)},
    {"busyInPost", JSON_FIELD_BOOL, offsetof(struct machine_quirks, busy_in_post)},
    {"settingsResource", JSON_FIELD_BOOL, offsetof(struct machine_quirks, settings_resource)},
    {"usbCd", JSON_FIELD_BOOL, offsetof(struct machine_quirks, usb_cd)},
    {"onceByDefault", JSON_FIELD_BOOL, offsetof(struct machine_quirks, once_by_default)},
    {"weakEtags", JSON_FIELD_BOOL, offsetof(struct machine_quirks, weak_etags)},
    {"needIfMatch", JSON_FIELD_BOOL, offsetof(struct machine_quirks, need_if_match)},
    {0},
};

static const struct {
    const char *key;
    size_t offset;
} delay_rows[] = {
    {"powerOn", offsetof(struct machine_delays, power_on)},
    {"post", offsetof(struct machine_delays, post)},
    {"powerOff", offsetof(struct machine_delays, power_off)},
    {"shutdown", offsetof(struct machine_delays, shutdown)},
    {"shutdownLimit", offsetof(struct machine_delays, shutdown_limit)},
    {"bmcRestart", offsetof(struct machine_delays, bmc_restart)},
};

static void add_disk(struct machine_profile *profile, const char *name, const char *model, const char *media,
                     int64_t size)
{
    struct machine_disk_profile disk = {
        .name = mem_strdup(name),
        .vendor = mem_strdup("ATA"),
        .model = mem_strdup(model),
        .media = mem_strdup(media),
        .protocol = mem_strdup("SATA"),
        .size = size,
        .block_size = 512,
    };
    VEC_PUSH(&profile->disks, disk);
}

static void add_generic_lists(struct machine_profile *profile)
{
    static const enum machine_boot_target order[] = {MACHINE_BOOT_HDD, MACHINE_BOOT_CD, MACHINE_BOOT_PXE};
    static const enum machine_boot_target targets[] = {MACHINE_BOOT_NONE,     MACHINE_BOOT_PXE, MACHINE_BOOT_HDD,
                                                       MACHINE_BOOT_CD,       MACHINE_BOOT_USB, MACHINE_BOOT_BIOS_SETUP,
                                                       MACHINE_BOOT_UEFI_HTTP};

    add_disk(profile, "sda", "Virtual SSD", "SSD", INT64_C(120) << 30);
    add_disk(profile, "sdb", "Virtual HDD", "HDD", INT64_C(1) << 40);
    for (int i = 1; i <= 2; i++) {
        struct machine_nic_profile nic = {mem_printf("eno%d", i), 10000};
        VEC_PUSH(&profile->nics, nic);
    }
    struct machine_slot_profile cd = {mem_strdup("Cd"), mem_strdup("Virtual CD"), .cd = true};
    struct machine_slot_profile usb = {mem_strdup("Usb"), mem_strdup("Virtual Removable Media"), .usb = true};
    VEC_PUSH(&profile->slots, cd);
    VEC_PUSH(&profile->slots, usb);
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        VEC_PUSH(&profile->boot_order, order[i]);
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
        VEC_PUSH(&profile->boot_targets, targets[i]);
}

struct machine_profile *machine_profile_new(void)
{
    struct machine_profile *profile = mem_alloc(sizeof(*profile));

    profile->name = mem_strdup("generic");
    profile->manufacturer = mem_strdup("Metal3");
    profile->model = mem_strdup("Virtual Server");
    profile->sku = mem_strdup("MV-2S");
    profile->serial_prefix = mem_strdup("MV");
    profile->bios_version = mem_strdup("2.4.1");
    profile->bmc_version = mem_strdup("1.9.0");
    profile->bmc_model = mem_strdup("Virtual BMC");
    profile->architecture = mem_strdup("x86_64");
    profile->cpu_vendor = mem_strdup("GenuineIntel");
    profile->cpu_model = mem_strdup("Virtual Xeon");
    profile->sockets = 2;
    profile->cores = 8;
    profile->threads = 2;
    profile->cpu_mhz = 2600;
    profile->memory_mib = 65536;
    profile->dimms = 4;
    add_generic_lists(profile);
    profile->boot_mode = MACHINE_BOOT_UEFI;
    profile->bios = json_new_object();
    json_put_str(profile->bios, "ProcVirtualization", "Enabled");
    json_put_str(profile->bios, "SriovGlobalEnable", "Disabled");
    json_put_str(profile->bios, "LogicalProc", "Enabled");
    json_put(profile->bios, "NumCores", json_new_int(8));
    json_put(profile->bios, "QuietBoot", json_new_bool(true));
    profile->delays = (struct machine_delays){
        .power_on = 500 * RT_MS,
        .post = RT_S,
        .power_off = 300 * RT_MS,
        .shutdown = RT_S,
        .shutdown_limit = 60 * RT_S,
        .bmc_restart = 3 * RT_S,
    };
    profile->media_max = INT64_C(8) << 30;
    return profile;
}

static void release_disks(struct machine_profile *profile)
{
    VEC_FOREACH (disk, &profile->disks) {
        free(disk->name);
        free(disk->vendor);
        free(disk->model);
        free(disk->media);
        free(disk->protocol);
    }
    VEC_RELEASE(&profile->disks);
}

static void release_nics(struct machine_profile *profile)
{
    VEC_FOREACH (nic, &profile->nics)
        free(nic->name);
    VEC_RELEASE(&profile->nics);
}

static void release_slots(struct machine_profile *profile)
{
    VEC_FOREACH (slot, &profile->slots) {
        free(slot->id);
        free(slot->name);
    }
    VEC_RELEASE(&profile->slots);
}

void machine_profile_clear_hardware(struct machine_profile *profile)
{
    release_disks(profile);
    release_nics(profile);
    release_slots(profile);
    VEC_RELEASE(&profile->boot_order);
    VEC_RELEASE(&profile->boot_targets);
}

void machine_profile_free(struct machine_profile *profile)
{
    if (!profile)
        return;
    char *texts[] = {profile->name,          profile->manufacturer, profile->model,       profile->sku,
                     profile->serial_prefix, profile->bios_version, profile->bmc_version, profile->bmc_model,
                     profile->system_id,     profile->manager_id,   profile->chassis_id,  profile->architecture,
                     profile->cpu_vendor,    profile->cpu_model};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        free(texts[i]);
    machine_profile_clear_hardware(profile);
    json_free(profile->bios);
    json_free(profile->oem);
    json_free(profile->resources);
    free(profile);
}

/* "120GiB", "512", "1.5TiB" is not taken: whole numbers only. */
static struct error *parse_size(const char *text, int64_t *ret)
{
    static const struct {
        const char *unit;
        int shift;
    } units[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}, {"TiB", 40}};
    char *end;
    long long number = strtoll(text, &end, 10);

    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (!isdigit((unsigned char)text[0]) || !str_equal(end, units[i].unit))
            continue;
        if (number > INT64_MAX >> units[i].shift)
            break;
        *ret = (int64_t)number << units[i].shift;
        return NULL;
    }
    return error_new(ERROR_INVALID, "size \"%s\" is not a whole number with KiB, MiB, GiB or TiB behind it", text);
}

static void replace(char **target, char **text)
{
    if (!*text)
        return;
    free(*target);
    *target = TAKE_PTR(*text);
}

static struct error *read_disk(const struct json *item, struct machine_disk_profile *ret)
{
    struct disk_document raw = {0};
    struct error *err = json_decode_strict(item, disk_fields, &raw);

    if (!err)
        err = parse_size(raw.size, &ret->size);
    if (!err) {
        ret->name = TAKE_PTR(raw.name);
        ret->vendor = raw.vendor ? TAKE_PTR(raw.vendor) : mem_strdup("ATA");
        ret->model = raw.model ? TAKE_PTR(raw.model) : mem_strdup("Virtual Disk");
        ret->media = raw.media ? TAKE_PTR(raw.media) : mem_strdup("SSD");
        ret->protocol = raw.protocol ? TAKE_PTR(raw.protocol) : mem_strdup("SATA");
        ret->block_size = raw.block_size ? raw.block_size : 512;
    }
    json_decode_release(disk_fields, &raw);
    return err;
}

static struct error *check_list(const struct yaml *yaml, const struct json *list, const char *key)
{
    if (!json_is(list, JSON_ARRAY) || json_len(list) > LIST_MAX)
        return yaml_error(yaml, list, "%s is not a list of at most %d items", key, LIST_MAX);
    return NULL;
}

/* Gives an error of a decoder its file and line. */
static struct error *at(const struct yaml *yaml, const struct json *value, const char *key, struct error *err)
{
    CLEANUP(error_free) struct error *cause = err;

    return err ? yaml_error(yaml, value, "%s: %s", key, error_message(cause)) : NULL;
}

static struct error *read_disks(const struct yaml *yaml, const struct json *list, struct machine_profile *profile)
{
    TRY(check_list(yaml, list, "disks"));
    release_disks(profile);
    JSON_FOREACH (item, list) {
        struct machine_disk_profile disk = {0};
        TRY(at(yaml, item, "disks", read_disk(item, &disk)));
        VEC_PUSH(&profile->disks, disk);
    }
    return NULL;
}

static struct error *read_nics(const struct yaml *yaml, const struct json *list, struct machine_profile *profile)
{
    TRY(check_list(yaml, list, "nics"));
    release_nics(profile);
    JSON_FOREACH (item, list) {
        struct machine_nic_profile nic = {0};
        struct error *err = at(yaml, item, "nics", json_decode_strict(item, nic_fields, &nic));
        if (!nic.speed_mbps)
            nic.speed_mbps = 10000;
        VEC_PUSH(&profile->nics, nic);
        TRY(err);
    }
    return NULL;
}

static struct error *read_slots(const struct yaml *yaml, const struct json *list, struct machine_profile *profile)
{
    TRY(check_list(yaml, list, "virtualMedia"));
    release_slots(profile);
    JSON_FOREACH (item, list) {
        struct machine_slot_profile slot = {0};
        struct error *err = at(yaml, item, "virtualMedia", json_decode_strict(item, slot_fields, &slot));
        if (!slot.name)
            slot.name = mem_strdup(slot.id);
        VEC_PUSH(&profile->slots, slot);
        TRY(err);
        if (!slot.cd && !slot.usb)
            return yaml_error(yaml, item, "virtualMedia: drive \"%s\" takes no media: set cd or usb", slot.id);
    }
    return NULL;
}

static struct error *read_targets(const struct yaml *yaml, const struct json *list, const char *key,
                                  struct machine_boot_targets *targets)
{
    if (!list)
        return NULL;
    TRY(check_list(yaml, list, key));
    targets->len = 0;
    JSON_FOREACH (item, list) {
        enum machine_boot_target target;
        if (!machine_boot_target_parse(json_str(item, ""), &target))
            return yaml_error(yaml, item,
                              "%s: \"%s\" is no boot target; known are None, Pxe, Floppy, Cd, Usb, Hdd, "
                              "BiosSetup, UefiShell, UefiHttp",
                              key, str_or(json_str(item, ""), json_type_name(json_type(item))));
        VEC_PUSH(targets, target);
    }
    return NULL;
}

static struct error *read_boot(const struct yaml *yaml, const struct json *part, struct machine_profile *profile)
{
    struct boot_document raw = {.secure_boot = profile->secure_boot};
    struct error *err = at(yaml, part, "boot", json_decode_strict(part, boot_fields, &raw));

    if (!err && raw.mode)
        machine_boot_mode_parse(raw.mode, &profile->boot_mode);
    profile->secure_boot = raw.secure_boot;
    /* The decoder's copies know no line; the originals do. */
    if (!err)
        err = read_targets(yaml, json_member(part, "order"), "boot.order", &profile->boot_order);
    if (!err)
        err = read_targets(yaml, json_member(part, "targets"), "boot.targets", &profile->boot_targets);
    json_decode_release(boot_fields, &raw);
    return err;
}

static struct error *read_delays(const struct yaml *yaml, const struct json *part, struct machine_delays *delays)
{
    if (!json_is(part, JSON_OBJECT))
        return yaml_error(yaml, part, "delays is not a map of durations");
    JSON_FOREACH (item, part) {
        size_t row = 0;
        while (row < ARRAY_SIZE(delay_rows) && !str_equal(delay_rows[row].key, json_key(item)))
            row++;
        if (row == ARRAY_SIZE(delay_rows))
            return yaml_error(yaml, item,
                              "delays: \"%s\" is not known; known are powerOn, post, powerOff, shutdown, "
                              "shutdownLimit, bmcRestart",
                              json_key(item));
        rt_time *target = (rt_time *)((char *)delays + delay_rows[row].offset);
        TRY(at(yaml, item, json_key(item), time_parse_duration(str_or(json_str(item, ""), ""), target)));
    }
    return NULL;
}

/* Decodes a part straight over the values that are there: strings that are given replace the old ones. */
static struct error *overlay(const struct yaml *yaml, const struct json *part, const char *key,
                             const struct json_field *fields, void *target, size_t size)
{
    CLEANUP_FREE char *given = mem_alloc(size);

    TRY(at(yaml, part, key, json_decode_strict(part, fields, given)));
    for (const struct json_field *field = fields; field->path; field++) {
        if (!json_has(part, field->path))
            continue;
        char *from = given + field->offset, *to = (char *)target + field->offset;
        if (field->type == JSON_FIELD_STRING)
            replace((char **)to, (char **)from);
        else if (field->type == JSON_FIELD_INT)
            *(int64_t *)to = *(int64_t *)from;
        else
            *(bool *)to = *(bool *)from;
    }
    json_decode_release(fields, given);
    return NULL;
}

static const struct json_field resource_fields[] = {
    {"path", JSON_FIELD_STRING, offsetof(struct resource_document, path), .required = true},
    {"method", JSON_FIELD_STRING, offsetof(struct resource_document, method),
     .values = (const char *const[]){"GET", "POST", "PATCH", "DELETE", NULL}},
    {"status", JSON_FIELD_INT, offsetof(struct resource_document, status)},
    {"body", JSON_FIELD_JSON, offsetof(struct resource_document, body)},
    {0},
};

/* The vendor's part of the tree. */
static struct error *read_vendor(const struct yaml *yaml, const struct json *root, struct document *raw,
                                 struct machine_profile *profile)
{
    if (raw->oem && !json_is(raw->oem, JSON_OBJECT))
        return yaml_error(yaml, json_member(root, "oem"), "oem is not a map of resources");
    if (raw->resources)
        TRY(check_list(yaml, json_member(root, "resources"), "resources"));
    JSON_FOREACH (item, json_member(root, "resources")) {
        struct resource_document resource = {0};
        struct error *err = at(yaml, item, "resources", json_decode_strict(item, resource_fields, &resource));
        json_decode_release(resource_fields, &resource);
        TRY(err);
    }
    profile->oem = TAKE_PTR(raw->oem);
    profile->resources = TAKE_PTR(raw->resources);
    return NULL;
}

static struct error *check_counts(const struct yaml *yaml, const struct json *root,
                                  const struct machine_profile *profile)
{
    if (profile->sockets < 1 || profile->sockets > 16 || profile->cores < 1 || profile->cores > 1024 ||
        profile->threads < 1 || profile->threads > 8)
        return yaml_error(yaml, root, "cpu: sockets must be 1 to 16, cores 1 to 1024, threads 1 to 8");
    if (profile->memory_mib < 1 || profile->dimms < 1 || profile->dimms > 128)
        return yaml_error(yaml, root, "memory: mib must be positive, dimms 1 to 128");
    VEC_FOREACH (disk, &profile->disks)
        if (disk->size <= 0 || disk->block_size <= 0)
            return yaml_error(yaml, root, "disks: %s needs a size and block size above 0", disk->name);
    return NULL;
}

static struct error *apply(const struct yaml *yaml, const struct json *root, struct document *raw,
                           struct machine_profile *profile)
{
    replace(&profile->name, &raw->name);
    replace(&profile->manufacturer, &raw->manufacturer);
    replace(&profile->model, &raw->model);
    replace(&profile->sku, &raw->sku);
    replace(&profile->serial_prefix, &raw->serial_prefix);
    replace(&profile->bios_version, &raw->bios_version);
    replace(&profile->bmc_version, &raw->bmc_version);
    replace(&profile->bmc_model, &raw->bmc_model);
    replace(&profile->system_id, &raw->system_id);
    replace(&profile->manager_id, &raw->manager_id);
    replace(&profile->chassis_id, &raw->chassis_id);
    if (raw->media_max)
        TRY(at(yaml, json_member(root, "mediaMax"), "mediaMax", parse_size(raw->media_max, &profile->media_max)));
    if (raw->cpu)
        TRY(overlay(yaml, json_member(root, "cpu"), "cpu", cpu_fields, profile, sizeof(*profile)));
    if (raw->memory)
        TRY(overlay(yaml, json_member(root, "memory"), "memory", memory_fields, profile, sizeof(*profile)));
    if (raw->quirks)
        TRY(overlay(yaml, json_member(root, "quirks"), "quirks", quirk_fields, &profile->quirks,
                    sizeof(profile->quirks)));
    if (raw->disks)
        TRY(read_disks(yaml, json_member(root, "disks"), profile));
    if (raw->nics)
        TRY(read_nics(yaml, json_member(root, "nics"), profile));
    if (raw->slots)
        TRY(read_slots(yaml, json_member(root, "virtualMedia"), profile));
    if (raw->boot)
        TRY(read_boot(yaml, json_member(root, "boot"), profile));
    if (raw->delays)
        TRY(read_delays(yaml, json_member(root, "delays"), &profile->delays));
    if (raw->bios) {
        if (!json_is(raw->bios, JSON_OBJECT))
            return yaml_error(yaml, json_member(root, "bios"), "bios is not a map of attributes");
        json_free(profile->bios);
        profile->bios = TAKE_PTR(raw->bios);
    }
    TRY(read_vendor(yaml, root, raw, profile));
    return check_counts(yaml, root, profile);
}

struct error *machine_profile_load(const char *path, struct machine_profile **ret)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    CLEANUP(machine_profile_free) struct machine_profile *profile = machine_profile_new();
    struct document raw = {0};

    TRY(yaml_parse_file(path, &yaml));
    if (yaml_len(yaml) != 1)
        return error_new(ERROR_INVALID, "%s: a machine profile is one YAML document, this file has %zu", path,
                         yaml_len(yaml));
    const struct json *root = yaml_document(yaml, 0);
    struct error *err = at(yaml, root, "machine profile", json_decode_strict(root, document_fields, &raw));
    if (!err)
        err = apply(yaml, root, &raw, profile);
    json_decode_release(document_fields, &raw);
    TRY(err);
    *ret = TAKE_PTR(profile);
    return NULL;
}
