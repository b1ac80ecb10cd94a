// SPDX-License-Identifier: Apache-2.0
// Boot order and firmware in a domain's XML. An override is written as an order of devices, so that a running QEMU
// can be told the same, and the order from before is kept in the metadata.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/drivers/libvirt_xml_internal.h"
#include "lib/data/str.h"

/* -- devices and their keys -- */

enum device_kind { DEVICE_NONE, DEVICE_DISK, DEVICE_CD, DEVICE_FLOPPY, DEVICE_NIC };

static enum device_kind kind_of(const xmlNode *node)
{
    if (xml_is(node, "interface"))
        return DEVICE_NIC;
    if (!xml_is(node, "disk"))
        return DEVICE_NONE;
    if (str_equal(xml_attribute(node, "device"), "cdrom"))
        return DEVICE_CD;
    return xml_is_disk(node) ? DEVICE_DISK : DEVICE_FLOPPY;
}

static const char *key_of(const xmlNode *node)
{
    return kind_of(node) == DEVICE_NIC ? xml_attribute(xml_child(node, "mac"), "address")
                                       : xml_attribute(xml_child(node, "target"), "dev");
}

/* The next device that can have a place in the boot order. */
static xmlNode *next_bootable(const struct domain_xml *xml, const xmlNode *after)
{
    const xmlNode *devices = xml_child(xml->root, "devices");

    for (xmlNode *node = after ? after->next : devices ? devices->children : NULL; node; node = node->next)
        if (kind_of(node) != DEVICE_NONE && key_of(node))
            return node;
    return NULL;
}

static xmlNode *find_device(const struct domain_xml *xml, const char *key)
{
    xmlNode *node = NULL;

    while ((node = next_bootable(xml, node)) && !str_equal(key_of(node), key))
        ;
    return node;
}

const char *domain_xml_alias(const struct domain_xml *xml, const char *key)
{
    return xml_attribute(xml_child(find_device(xml, key), "alias"), "name");
}

void domain_xml_each_alias(const struct domain_xml *xml, void (*each)(void *arg, const char *alias), void *arg)
{
    for (const xmlNode *node = NULL; (node = next_bootable(xml, node));) {
        const char *alias = xml_attribute(xml_child(node, "alias"), "name");
        if (alias)
            each(arg, alias);
    }
}

/* -- orders -- */

void domain_order_release(struct domain_order *order)
{
    VEC_FOREACH (key, order)
        free(*key);
    VEC_RELEASE(order);
}

static void order_add(struct domain_order *order, const char *key)
{
    VEC_FOREACH (there, order)
        if (str_equal(*there, key))
            return;
    VEC_PUSH(order, mem_strdup(key));
}

static void order_add_kind(struct domain_order *order, const struct domain_xml *xml, enum device_kind kind)
{
    for (const xmlNode *node = NULL; (node = next_bootable(xml, node));)
        if (kind_of(node) == kind)
            order_add(order, key_of(node));
}

/* <boot order='N'/> of a device; 0: none. */
static int64_t rank_of(const xmlNode *node)
{
    int64_t rank = 0;

    error_free(str_to_int64(str_or(xml_attribute(xml_child(node, "boot"), "order"), "0"), &rank));
    return rank;
}

static void order_from_devices(const struct domain_xml *xml, struct domain_order *order)
{
    for (int64_t done = 0;;) {
        const xmlNode *best = NULL;
        for (const xmlNode *node = NULL; (node = next_bootable(xml, node));)
            if (rank_of(node) > done && (!best || rank_of(node) < rank_of(best)))
                best = node;
        if (!best)
            return;
        order_add(order, key_of(best));
        done = rank_of(best);
    }
}

void domain_xml_order(const struct domain_xml *xml, struct domain_order *ret)
{
    static const struct {
        const char *name;
        enum device_kind kind;
    } kinds[] = {{"hd", DEVICE_DISK}, {"cdrom", DEVICE_CD}, {"network", DEVICE_NIC}, {"fd", DEVICE_FLOPPY}};
    const xmlNode *os = xml_child(xml->root, "os");

    *ret = (struct domain_order){0};
    order_from_devices(xml, ret);
    for (const xmlNode *node = os ? os->children : NULL; node; node = node->next)
        for (size_t i = 0; xml_is(node, "boot") && i < ARRAY_SIZE(kinds); i++)
            if (str_equal(xml_attribute(node, "dev"), kinds[i].name))
                order_add_kind(ret, xml, kinds[i].kind);
    if (ret->len == 0)
        order_add_kind(ret, xml, DEVICE_DISK); /* libvirt's default */
}

static void set_order(struct domain_xml *xml, const struct domain_order *order)
{
    char rank[24];

    xml_remove(xml_child(xml->root, "os"), "boot");
    for (xmlNode *node = NULL; (node = next_bootable(xml, node));)
        xml_remove(node, "boot");
    for (size_t i = 0; i < order->len; i++) {
        xmlNode *device = find_device(xml, order->items[i]);
        if (!device)
            continue; /* it was taken away since */
        snprintf(rank, sizeof(rank), "%zu", i + 1);
        xml_set(xmlNewChild(device, NULL, BAD_CAST "boot", NULL), "order", rank);
    }
}

/* The order without an override. */
static void own_order(const struct domain_xml *xml, struct domain_order *ret)
{
    const char *saved = xml_state(xml, "order");

    if (!saved) {
        domain_xml_order(xml, ret);
        return;
    }
    *ret = (struct domain_order){0};
    CLEANUP(str_list_free) char **keys = str_split(saved, ' ');
    for (size_t i = 0; keys[i]; i++)
        order_add(ret, keys[i]);
}

static void save_order(struct domain_xml *xml, const struct domain_order *order)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    VEC_FOREACH (key, order)
        strbuf_addf(&text, "%s%s", text.len ? " " : "", *key);
    xml_state_set(xml, "order", strbuf_str(&text));
}

/* -- firmware -- */

static enum machine_boot_mode mode_of(const struct domain_xml *xml)
{
    const xmlNode *os = xml_child(xml->root, "os");
    const char *firmware = xml_attribute(os, "firmware");

    if (firmware)
        return str_equal(firmware, "efi") ? MACHINE_BOOT_UEFI : MACHINE_BOOT_LEGACY;
    return str_equal(xml_attribute(xml_child(os, "loader"), "type"), "pflash") ? MACHINE_BOOT_UEFI
                                                                               : MACHINE_BOOT_LEGACY;
}

static xmlNode *find_feature(const struct domain_xml *xml, const char *name)
{
    const xmlNode *firmware = xml_child(xml_child(xml->root, "os"), "firmware");

    for (xmlNode *node = firmware ? firmware->children : NULL; node; node = node->next)
        if (xml_is(node, "feature") && str_equal(xml_attribute(node, "name"), name))
            return node;
    return NULL;
}

/* A file of variables that has Microsoft's keys enrolled; its name tells, in Debian's and Fedora's way. */
static bool has_keys(const char *template)
{
    return template && (strstr(template, ".ms.") || strstr(template, "secboot"));
}

bool domain_xml_secure_boot(const struct domain_xml *xml)
{
    const xmlNode *os = xml_child(xml->root, "os");

    if (mode_of(xml) != MACHINE_BOOT_UEFI)
        return false;
    if (xml_attribute(os, "firmware"))
        return str_equal(xml_attribute(find_feature(xml, "secure-boot"), "enabled"), "yes");
    return str_equal(xml_attribute(xml_child(os, "loader"), "secure"), "yes") &&
           has_keys(xml_attribute(xml_child(os, "nvram"), "template"));
}

static void set_feature(xmlNode *firmware, const char *name, bool enable)
{
    xmlNode *feature = xmlNewChild(firmware, NULL, BAD_CAST "feature", NULL);

    xml_set(feature, "enabled", enable ? "yes" : "no");
    xml_set(feature, "name", name);
}

/* Secure boot keeps its variables in system management mode, where the system cannot write. */
static void need_smm(struct domain_xml *xml)
{
    xmlNode *features = xml_need_child(xml->root, "features");

    xml_set(xml_need_child(features, "smm"), "state", "on");
}

/*
 * Lets libvirt choose the firmware's files; their paths are different on each distribution, and only libvirt's host
 * knows them.
 */
static void set_firmware(struct domain_xml *xml, enum machine_boot_mode mode, bool secure)
{
    xmlNode *os = xml_need_child(xml->root, "os");

    xml_remove(os, "loader");
    xml_remove(os, "nvram");
    xml_remove(os, "firmware");
    if (mode == MACHINE_BOOT_LEGACY) {
        /* Without any of these it is SeaBIOS; firmware='bios' wants a descriptor that few distributions have. */
        xml_set(os, "firmware", NULL);
        return;
    }
    xml_set(os, "firmware", "efi");
    xmlNode *firmware = xmlNewChild(os, NULL, BAD_CAST "firmware", NULL);
    set_feature(firmware, "enrolled-keys", secure);
    set_feature(firmware, "secure-boot", secure);
    if (secure)
        need_smm(xml);
    xml_state_set(xml, "nvram", "fresh");
}

struct error *domain_xml_secure_boot_set(struct domain_xml *xml, bool enable)
{
    if (mode_of(xml) != MACHINE_BOOT_UEFI)
        return error_new(ERROR_CONFLICT, "%s: secure boot needs boot mode UEFI", domain_xml_name(xml));
    if (domain_xml_secure_boot(xml) != enable)
        set_firmware(xml, MACHINE_BOOT_UEFI, enable);
    return NULL;
}

bool domain_xml_fresh_nvram(const struct domain_xml *xml)
{
    return str_equal(xml_state(xml, "nvram"), "fresh");
}

void domain_xml_nvram_used(struct domain_xml *xml)
{
    xml_state_set(xml, "nvram", NULL);
}

/* -- the override -- */

void domain_xml_boot(const struct domain_xml *xml, struct machine_boot_settings *ret)
{
    *ret = (struct machine_boot_settings){.mode = mode_of(xml)};
    if (!machine_boot_enabled_parse(str_or(xml_state(xml, "enabled"), ""), &ret->enabled) ||
        !machine_boot_target_parse(str_or(xml_state(xml, "target"), ""), &ret->target))
        ret->enabled = MACHINE_BOOT_DISABLED;
    if (ret->enabled == MACHINE_BOOT_DISABLED)
        ret->target = MACHINE_BOOT_NONE;
}

static struct error *order_with(struct domain_xml *xml, enum machine_boot_target target, const struct domain_order *own,
                                struct domain_order *order)
{
    static const enum device_kind kinds[MACHINE_BOOT_TARGET_COUNT] = {
        [MACHINE_BOOT_PXE] = DEVICE_NIC,
        [MACHINE_BOOT_CD] = DEVICE_CD,
        [MACHINE_BOOT_HDD] = DEVICE_DISK,
        [MACHINE_BOOT_FLOPPY] = DEVICE_FLOPPY,
    };

    if (target == MACHINE_BOOT_CD)
        xml_need_drive(xml);
    if (kinds[target] != DEVICE_NONE)
        order_add_kind(order, xml, kinds[target]);
    if (target != MACHINE_BOOT_NONE && order->len == 0)
        return error_new(ERROR_CONFLICT, "%s has no device that boot target %s could mean", domain_xml_name(xml),
                         machine_boot_target_name(target));
    VEC_FOREACH (key, own)
        order_add(order, *key);
    return NULL;
}

static void clear_override(struct domain_xml *xml)
{
    struct domain_order own;

    if (!xml_state(xml, "order"))
        return;
    own_order(xml, &own);
    set_order(xml, &own);
    domain_order_release(&own);
    xml_state_set(xml, "order", NULL);
    xml_state_set(xml, "enabled", NULL);
    xml_state_set(xml, "target", NULL);
}

static struct error *set_override(struct domain_xml *xml, const struct machine_boot_settings *boot)
{
    struct domain_order own, order = {0};

    own_order(xml, &own);
    struct error *err = order_with(xml, boot->target, &own, &order);
    if (!err) {
        set_order(xml, &order);
        save_order(xml, &own);
        xml_state_set(xml, "enabled", machine_boot_enabled_name(boot->enabled));
        xml_state_set(xml, "target", machine_boot_target_name(boot->target));
    }
    domain_order_release(&own);
    domain_order_release(&order);
    return err;
}

struct error *domain_xml_boot_set(struct domain_xml *xml, const struct machine_boot_change *change)
{
    struct machine_boot_settings boot;

    if (change->set_http_uri && change->http_uri)
        return error_new(ERROR_UNSUPPORTED, "%s: libvirt domains have no boot URI; a DHCP server names it",
                         domain_xml_name(xml));
    domain_xml_boot(xml, &boot);
    if (change->set_target)
        boot.target = change->target;
    if (change->set_enabled)
        boot.enabled = change->enabled;
    if (boot.enabled == MACHINE_BOOT_DISABLED || boot.target == MACHINE_BOOT_NONE)
        clear_override(xml);
    else
        TRY(set_override(xml, &boot));
    if (change->set_mode && change->mode != boot.mode)
        set_firmware(xml, change->mode, false);
    return NULL;
}

bool domain_xml_boot_used(struct domain_xml *xml)
{
    struct machine_boot_settings boot;

    domain_xml_boot(xml, &boot);
    if (boot.enabled != MACHINE_BOOT_ONCE)
        return false;
    clear_override(xml);
    return true;
}
