/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for a BareMetalHost, one function a subject. */
#include "operator/bmo/host_validate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "operator/api/host.h"
#include "operator/api/names.h"
#include "operator/ironic/bmc_address.h"
#include "operator/ironic/host_image.h"
#include "operator/kube/object.h"

/* What is looked at, and what was found. */
struct inquiry {
    const struct json *host, *spec;
    const struct bmc_address *bmc; /* NULL: no address, or none that parses */
    struct strbuf found;
    int count;
};

static void complain(struct inquiry *inquiry, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void complain(struct inquiry *inquiry, const char *fmt, ...)
{
    va_list args;

    if (inquiry->count++)
        strbuf_adds(&inquiry->found, ", ");
    va_start(args, fmt);
    strbuf_addvf(&inquiry->found, fmt, args);
    va_end(args);
}

static void check_firmware(struct inquiry *inquiry)
{
    if (json_is(json_get(inquiry->spec, "firmware"), JSON_OBJECT))
        complain(inquiry, "the Firmware field is no longer supported, use HostFirmwareSettings resource instead");
}

static void check_references(struct inquiry *inquiry)
{
    static const char *const fields[] = {"userData", "networkData", "metaData"};

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const char *ns = json_str_or(json_get(inquiry->spec, fields[i]), "namespace", "");
        if (ns[0] && !str_equal(ns, kube_namespace(inquiry->host)))
            complain(inquiry, "%s: cross-namespace Secret references are not allowed", fields[i]);
    }
}

/* -- RAID -- */

static void check_hardware_raid(struct inquiry *inquiry, const struct json *volumes)
{
    int index = 0;

    JSON_FOREACH (volume, volumes) {
        size_t disks = json_len(json_get(volume, "physicalDisks"));
        int64_t wished = json_int(volume, "numberOfPhysicalDisks", 0);
        if (disks && !json_str_or(volume, "controller", "")[0])
            complain(inquiry, "'physicalDisks' specified without 'controller' in hardware RAID volume %d", index);
        if (disks && wished && (size_t)wished != disks)
            complain(inquiry,
                     "the 'numberOfPhysicalDisks'[%lld] and number of 'physicalDisks'[%zu] is not same for volume %d",
                     (long long)wished, disks, index);
        index++;
    }
}

static void check_software_raid(struct inquiry *inquiry, const struct json *volumes)
{
    int index = 0, roots = 0;

    JSON_FOREACH (volume, volumes) {
        bool root = json_bool(volume, "rootVolume", false);
        roots += root;
        if (root && !str_equal(json_str(volume, "level"), "1"))
            complain(inquiry, "softwareRAIDVolumes[%d] with rootVolume set must use RAID level 1", index);
        index++;
    }
    if (roots > 1)
        complain(inquiry, "softwareRAIDVolumes[*].rootVolume can only be set once");
    if (roots == 1 && json_is(json_get(inquiry->spec, "rootDeviceHints"), JSON_OBJECT))
        complain(inquiry, "softwareRAIDVolumes[*].rootVolume and rootDeviceHints can not be set at the same time");
}

static void check_raid(struct inquiry *inquiry)
{
    const struct json *hardware = json_get(inquiry->spec, "raid/hardwareRAIDVolumes");
    const struct json *software = json_get(inquiry->spec, "raid/softwareRAIDVolumes");

    if (json_len(hardware) && json_len(software))
        complain(inquiry, "hardwareRAIDVolumes and softwareRAIDVolumes can not be set at the same time");
    check_hardware_raid(inquiry, hardware);
    check_software_raid(inquiry, software);
    if (json_len(hardware) && inquiry->bmc && str_equal(inquiry->bmc->driver->raid, "no-raid"))
        complain(inquiry, "BMC driver %s does not support configuring RAID", inquiry->bmc->type);
}

/* -- BMC -- */

/* As Go's net.ParseMAC(): 6, 8 or 20 bytes, joined by ':' or '-', or in pairs by '.'. */
static bool is_mac(const char *text)
{
    char separator = strchr(text, ':') ? ':' : strchr(text, '-') ? '-' : '.';
    size_t digits_each = separator == '.' ? 4 : 2, digits = 0, total = 0;

    for (; *text; text++) {
        if (isxdigit((unsigned char)*text) && digits < digits_each) {
            digits++;
            total++;
        } else if (*text == separator && digits == digits_each && text[1]) {
            digits = 0;
        } else {
            return false;
        }
    }
    return digits == digits_each && (total == 12 || total == 16 || total == 40);
}

static void check_bmc(struct inquiry *inquiry)
{
    const char *mac = json_str_or(inquiry->spec, "bootMACAddress", "");
    bool uninspected = str_equal(json_str(inquiry->spec, "inspectionMode"), INSPECTION_DISABLED) ||
                       str_equal(kube_annotation(inquiry->host, HOST_INSPECT_ANNOTATION), "disabled");

    if (!inquiry->bmc)
        return;
    if ((inquiry->bmc->driver->needs_mac || uninspected) && !mac[0])
        complain(inquiry, "BMC driver %s requires a BootMACAddress value", inquiry->bmc->type);
    if (mac[0] && !is_mac(mac))
        complain(inquiry, "address %s: invalid MAC address", mac);
    if (str_equal(json_str(inquiry->spec, "bootMode"), BOOT_UEFI_SECURE) && !inquiry->bmc->driver->secure_boot)
        complain(inquiry, "BMC driver %s does not support secure boot", inquiry->bmc->type);
    if (str_equal(json_str(inquiry->spec, "inspectionMode"), INSPECTION_FAST) && !inquiry->bmc->driver->inspect)
        complain(inquiry, "BMC driver %s does not support fast (out-of-band) inspection", inquiry->bmc->type);
}

/* -- the rest -- */

/* 8-4-4-4-12 digits, or the same without dashes. */
static bool is_uuid(const char *text)
{
    size_t len = strlen(text), digits = 0;

    if (len != 36 && len != 32)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool dash = len == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
        digits += !dash;
    }
    return digits == 32;
}

static void check_name(struct inquiry *inquiry)
{
    if (is_uuid(kube_name(inquiry->host)))
        complain(inquiry, "BareMetalHost resource name cannot be a UUID");
}

static void check_root_hints(struct inquiry *inquiry)
{
    const char *device = json_str_or(inquiry->spec, "rootDeviceHints/deviceName", "");
    const char *rest = device + strlen("/dev/");

    if (!device[0])
        return;
    if (!str_has_prefix(device, "/dev/")) {
        complain(inquiry, "device name of root device hint must be a /dev/ path, not \"%s\"", device);
        return;
    }
    if (str_has_prefix(rest, "disk/by-path/"))
        rest += strlen("disk/by-path/");
    if (strchr(rest, '/'))
        complain(inquiry, "device name of root device hint must be path in /dev/ or /dev/disk/by-path/, not \"%s\"",
                 device);
}

static void check_url(struct inquiry *inquiry, const char *text)
{
    static const char *const schemes[] = {"http", "https", "ftp", "gopher", "oci"};
    CLEANUP_FREE char *whole = mem_strdup(text);
    char *colon = strchr(whole, ':');

    if (!colon) {
        complain(inquiry, "image URL %s is invalid: it has no scheme, such as http://", text);
        return;
    }
    *colon = '\0';
    CLEANUP_FREE char *scheme = str_lower(whole);
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
        if (str_equal(scheme, schemes[i]))
            return;
    complain(inquiry, "image URL %s is invalid: invalid scheme in URL, \"%s\" not allowed", text, scheme);
}

static void check_image(struct inquiry *inquiry)
{
    const struct json *image = json_get(inquiry->spec, "image");
    const char *checksum, *type;

    if (!json_is(image, JSON_OBJECT))
        return;
    check_url(inquiry, image_url(image));
    struct error *err = image_checksum(image, &checksum, &type);
    if (err)
        complain(inquiry, "%s", error_message(err));
    error_free(err);
}

static void check_inspection(struct inquiry *inquiry)
{
    const char *annotation = kube_annotation(inquiry->host, HOST_INSPECT_ANNOTATION);
    const char *mode = json_str_or(inquiry->spec, "inspectionMode", "");

    if (str_is_empty(annotation) || !mode[0])
        return;
    if (str_equal(annotation, "disabled") != str_equal(mode, INSPECTION_DISABLED))
        complain(inquiry, "inspect.metal3.io annotation and inspectionMode field have contradicting values");
}

static void check_power(struct inquiry *inquiry)
{
    if (json_bool(inquiry->spec, "disablePowerOff", false) && !json_bool(inquiry->spec, "online", false))
        complain(inquiry, "node can't simultaneously have online set to false and have power off disabled");
}

char *host_validate(const struct json *host)
{
    static void (*const checks[])(struct inquiry * inquiry) = {
        check_firmware,   check_references, check_raid,       check_bmc,   check_name,
        check_root_hints, check_image,      check_inspection, check_power,
    };
    struct bmc_address *bmc CLEANUP(bmc_address_free) = NULL;
    struct inquiry inquiry = {.host = host, .spec = json_get(host, "spec")};

    error_free(bmc_address_parse(json_str_or(inquiry.spec, "bmc/address", ""), false, &bmc));
    inquiry.bmc = bmc;
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
        checks[i](&inquiry);
    char *found = inquiry.count > 1    ? mem_printf("[%s]", strbuf_str(&inquiry.found))
                  : inquiry.count == 1 ? mem_strdup(strbuf_str(&inquiry.found))
                                       : NULL;
    strbuf_release(&inquiry.found);
    return found;
}
