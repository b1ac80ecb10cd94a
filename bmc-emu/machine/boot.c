// SPDX-License-Identifier: Apache-2.0
// What a machine boots: the override, then the boot order; the first that has something bootable wins. From a virtual medium the boot loader's
// configuration is read, because that is where the kernel's command line is.
#include "bmc-emu/machine/machine_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/iso9660.h"

#include "bmc-emu/machine/media.h"

#define LOADER_CONFIG_MAX 65536
#define DISK_BOOT_AREA (UINT64_C(1) << 20) /* where boot loaders and partition tables begin */

/* Everything about a booted medium that machine_boot points into. */
struct found {
    struct machine_boot boot;
    char *image_url, *kernel, *ramdisk, *command_line;
};

static void found_release(struct found *found)
{
    medium_unref(found->boot.image);
    free(found->image_url);
    free(found->kernel);
    free(found->ramdisk);
    free(found->command_line);
}

const struct machine_boot_settings *machine_boot_settings(const struct machine *machine)
{
    return &machine->boot;
}

static bool offers(const struct machine_profile *profile, enum machine_boot_target target)
{
    VEC_FOREACH (offered, &profile->boot_targets)
        if (*offered == target)
            return true;
    return target == MACHINE_BOOT_NONE;
}

struct error *machine_boot_set(struct machine *machine, const struct machine_boot_change *change)
{
    struct machine_boot_settings *boot = &machine->boot;

    if (change->set_target && !offers(machine->profile, change->target))
        return error_new(ERROR_INVALID, "%s: boot target %s is not offered", machine->name,
                         machine_boot_target_name(change->target));
    if (change->set_target)
        boot->target = change->target;
    if (change->set_enabled)
        boot->enabled = change->enabled;
    /* What is not enabled has no target, and the other way round. */
    if (boot->enabled == MACHINE_BOOT_DISABLED && change->set_enabled)
        boot->target = MACHINE_BOOT_NONE;
    if (change->set_mode)
        boot->mode = change->mode;
    if (change->set_http_uri) {
        free(boot->http_uri);
        boot->http_uri = mem_strdup(change->http_uri);
    }
    machine_changed(machine);
    machine_journal(machine, "boot", "override %s %s, mode %s", machine_boot_enabled_name(boot->enabled),
                    machine_boot_target_name(boot->target), machine_boot_mode_name(boot->mode));
    return NULL;
}

/* -- the boot loader's configuration -- */

/* If the line begins with one of `words`, returns what follows it. */
static const char *after_word(const char *line, const char *const *words)
{
    for (; *words; words++) {
        size_t len = strlen(*words);
        if (strncasecmp(line, *words, len) == 0 && isspace((unsigned char)line[len]))
            return line + len;
    }
    return NULL;
}

/* Cuts the first word off `*text`. */
static char *take_word(const char **text)
{
    *text += strspn(*text, " \t");
    size_t len = strcspn(*text, " \t");
    char *word = mem_strndup(*text, len);
    *text += len;
    return word;
}

static void set_once(char **target, char *text)
{
    if (*target || !*text)
        free(text);
    else
        *target = text;
}

/* The first menu entry of a GRUB or ISOLINUX configuration: both write a directive and its arguments in a line. */
static void parse_loader_config(const char *text, struct found *found)
{
    static const char *const linux_words[] = {"linux", "linuxefi", "linux16", NULL};
    static const char *const kernel_words[] = {"kernel", NULL};
    static const char *const append_words[] = {"append", NULL};
    static const char *const initrd_words[] = {"initrd", "initrdefi", "initrd16", NULL};
    char **lines = str_split(text, '\n');

    for (size_t i = 0; lines[i]; i++) {
        CLEANUP_FREE char *line = str_trim(lines[i]);
        const char *rest;
        if ((rest = after_word(line, linux_words))) {
            set_once(&found->kernel, take_word(&rest));
            set_once(&found->command_line, str_trim(rest));
        } else if ((rest = after_word(line, kernel_words))) {
            set_once(&found->kernel, take_word(&rest));
        } else if ((rest = after_word(line, initrd_words))) {
            set_once(&found->ramdisk, take_word(&rest));
        } else if ((rest = after_word(line, append_words))) {
            set_once(&found->command_line, str_trim(rest));
        }
    }
    str_list_free(lines);
}

/* ISOLINUX passes the ramdisk among the kernel's arguments. */
static void take_initrd_argument(struct found *found)
{
    char *at = found->command_line ? strstr(found->command_line, "initrd=") : NULL;

    if (!at || (at > found->command_line && !isspace((unsigned char)at[-1])))
        return;
    size_t len = strcspn(at, " \t");
    set_once(&found->ramdisk, mem_strndup(at + strlen("initrd="), len - strlen("initrd=")));
    char *rest = at + len + strspn(at + len, " \t");
    memmove(at, rest, strlen(rest) + 1);
}

static struct error *read_medium(void *arg, uint64_t offset, void *buf, size_t len)
{
    return medium_read(arg, offset, buf, len);
}

/* True when the medium is an ISO image; then what its boot loader would start is in `found`. */
static bool read_iso(struct medium *medium, enum machine_boot_mode mode, struct found *found)
{
    static const char *const paths[] = {
        "boot/grub/grub.cfg",    "EFI/BOOT/grub.cfg", "EFI/debian/grub.cfg",   "boot/grub2/grub.cfg",
        "isolinux/isolinux.cfg", "isolinux.cfg",      "syslinux/syslinux.cfg",
    };
    enum { FIRST_LEGACY = 4 };
    struct iso9660_source source = {.read = read_medium, .arg = medium, .size = medium_size(medium)};
    CLEANUP_FREE char *label = NULL;
    CLEANUP(error_free) struct error *err = iso9660_volume_id(&source, &label);

    if (err)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(paths) && !found->kernel; i++) {
        size_t at = mode == MACHINE_BOOT_UEFI ? i : (i + FIRST_LEGACY) % ARRAY_SIZE(paths);
        CLEANUP_FREE char *text = NULL;
        size_t len;
        CLEANUP(error_free)
        struct error *missing = iso9660_read_file(&source, paths[at], LOADER_CONFIG_MAX, &text, &len);
        if (!missing)
            parse_loader_config(text, found);
    }
    take_initrd_argument(found);
    return true;
}

/* -- the candidates -- */

static bool try_slot(struct machine *machine, bool cd, struct found *found)
{
    for (size_t i = 0; i < machine->profile->slots.len; i++) {
        struct machine_slot *slot = &machine->slots[i];
        if (!slot->inserted || !slot->medium || (cd ? !slot->profile->cd : !slot->profile->usb))
            continue;
        if (!read_iso(slot->medium, machine->boot.mode, found) && !medium_has_data(slot->medium, 0, DISK_BOOT_AREA))
            continue;
        found->boot.image = medium_ref(slot->medium);
        found->image_url = mem_strdup(slot->image);
        return true;
    }
    return false;
}

/* A disk boots when anything was written where boot sectors, partition tables and boot loaders are. */
static bool try_disks(struct machine *machine, struct found *found)
{
    for (size_t i = 0; i < machine->profile->disks.len; i++) {
        if (!medium_has_data(machine->disks[i].medium, 0, DISK_BOOT_AREA))
            continue;
        found->boot.image = medium_ref(machine->disks[i].medium);
        found->boot.disk = i;
        return true;
    }
    return false;
}

/* UEFI HTTP boot with a URI that the BMC was told: the firmware itself fetches the image. */
static bool try_http(struct machine *machine, struct found *found)
{
    CLEANUP_FREE char *uri = mem_strdup(machine->boot.http_uri);

    if (!uri)
        return false;
    struct machine_media_request request = {.image = uri};
    CLEANUP(medium_unref) struct medium *medium = NULL;
    CLEANUP(error_free)
    struct error *err = media_fetch(machine->fetcher, machine, &request, machine->profile->media_max, &medium);
    if (err) {
        if (!error_is(err, ERROR_CANCELLED))
            machine_journal(machine, "boot", "UEFI HTTP: %s", error_message(err));
        return false;
    }
    if (!read_iso(medium, machine->boot.mode, found))
        return false;
    found->boot.image = TAKE_PTR(medium);
    found->image_url = TAKE_PTR(uri);
    return true;
}

static bool try_target(struct machine *machine, enum machine_boot_target target, struct found *found)
{
    found->boot.source = target;
    switch (target) {
    case MACHINE_BOOT_CD:
        return try_slot(machine, true, found);
    case MACHINE_BOOT_USB:
    case MACHINE_BOOT_FLOPPY:
        return try_slot(machine, false, found);
    case MACHINE_BOOT_HDD:
        return try_disks(machine, found);
    case MACHINE_BOOT_UEFI_HTTP:
        return try_http(machine, found);
    case MACHINE_BOOT_PXE: /* in-memory machines have no network that boots */
    default:
        return false;
    }
}

/* The override for this start; a one-time override is used up by it. */
static enum machine_boot_target take_override(struct machine *machine)
{
    enum machine_boot_target target = machine->boot.target;

    if (machine->boot.enabled == MACHINE_BOOT_DISABLED)
        return MACHINE_BOOT_NONE;
    if (machine->boot.enabled == MACHINE_BOOT_ONCE) {
        machine->boot.enabled = MACHINE_BOOT_DISABLED;
        machine->boot.target = MACHINE_BOOT_NONE;
        machine_changed(machine);
    }
    return target;
}

static bool decide(struct machine *machine, enum machine_boot_target override, struct found *found)
{
    if (override != MACHINE_BOOT_NONE && try_target(machine, override, found))
        return true;
    for (size_t i = 0; i < machine->profile->boot_order.len; i++) {
        enum machine_boot_target target = machine->profile->boot_order.items[i];
        if (target != override && try_target(machine, target, found))
            return true;
    }
    return false;
}

void machine_boot_run(struct machine *machine)
{
    enum machine_boot_target override = take_override(machine);
    struct found found = {0};

    if (override == MACHINE_BOOT_BIOS_SETUP || override == MACHINE_BOOT_UEFI_SHELL) {
        machine_set_progress(machine, MACHINE_PROGRESS_SETUP);
        machine_journal(machine, "boot", "stays in %s", machine_boot_target_name(override));
        return;
    }
    bool bootable = decide(machine, override, &found);
    if (rt_group_cancelled(rt_current_group(machine->env->rt))) {
        found_release(&found);
        return;
    }
    if (!bootable) {
        machine_journal(machine, "boot", "nothing to boot");
        found_release(&found);
        return;
    }
    found.boot.mode = machine->boot.mode;
    found.boot.image_url = found.image_url;
    found.boot.kernel = found.kernel;
    found.boot.ramdisk = found.ramdisk;
    found.boot.command_line = found.command_line;
    machine_journal(machine, "boot", "%s%s%s", machine_boot_target_name(found.boot.source), found.image_url ? " " : "",
                    str_or(found.image_url, ""));
    machine_set_progress(machine, MACHINE_PROGRESS_OS_RUNNING);
    if (machine->guest)
        machine->guest->boot(machine->guest->arg, machine, &found.boot);
    found_release(&found);
}
