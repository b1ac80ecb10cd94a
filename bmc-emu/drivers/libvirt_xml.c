// SPDX-License-Identifier: Apache-2.0
// Domain XML read and edited with libxml2: the document and its helpers, the inventory, the CD-ROM drive. Boot and
// firmware are in libvirt_boot.c.
#include "bmc-emu/drivers/libvirt_xml_internal.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"

#define STATE_NAMESPACE "https://metal3.io/xmlns/bmc-emu/1"
#define STATE_PREFIX "bmc"
#define XML_MAX (4 * 1024 * 1024)

/* -- nodes -- */

bool xml_is(const xmlNode *node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && str_equal((const char *)node->name, name);
}

xmlNode *xml_child(const xmlNode *node, const char *name)
{
    for (xmlNode *child = node ? node->children : NULL; child; child = child->next)
        if (xml_is(child, name))
            return child;
    return NULL;
}

xmlNode *xml_need_child(xmlNode *node, const char *name)
{
    xmlNode *child = xml_child(node, name);

    return child ? child : xmlNewChild(node, NULL, BAD_CAST name, NULL);
}

const char *xml_attribute(const xmlNode *node, const char *name)
{
    const xmlAttr *attribute = node ? xmlHasProp((xmlNode *)node, BAD_CAST name) : NULL;

    return attribute && attribute->children ? (const char *)attribute->children->content : NULL;
}

void xml_set(xmlNode *node, const char *name, const char *value)
{
    if (value)
        xmlSetProp(node, BAD_CAST name, BAD_CAST value);
    else
        xmlUnsetProp(node, BAD_CAST name);
}

const char *xml_text(const xmlNode *node)
{
    return node && node->children && node->children->content ? (const char *)node->children->content : NULL;
}

void xml_remove(xmlNode *parent, const char *name)
{
    xmlNode *child;

    while ((child = xml_child(parent, name))) {
        xmlUnlinkNode(child);
        xmlFreeNode(child);
    }
}

xmlNode *xml_next_device(const struct domain_xml *xml, const xmlNode *after, const char *name)
{
    const xmlNode *devices = xml_child(xml->root, "devices");

    for (xmlNode *node = after ? after->next : devices ? devices->children : NULL; node; node = node->next)
        if (xml_is(node, name))
            return node;
    return NULL;
}

/* -- the document -- */

struct error *domain_xml_parse(const char *text, struct domain_xml **ret)
{
    size_t len = strlen(text);

    if (len > XML_MAX)
        return error_new(ERROR_INVALID, "domain XML of %zu bytes is larger than %d", len, XML_MAX);
    CLEANUP(domain_xml_free) struct domain_xml *xml = mem_alloc(sizeof(*xml));
    xml->doc = xmlReadMemory(text, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xml->root = xml->doc ? xmlDocGetRootElement(xml->doc) : NULL;
    if (!xml_is(xml->root, "domain"))
        return error_new(ERROR_INVALID, "this is not the XML of a libvirt domain");
    *ret = TAKE_PTR(xml);
    return NULL;
}

char *domain_xml_print(const struct domain_xml *xml)
{
    xmlChar *text = NULL;
    int len;

    xmlDocDumpMemory(xml->doc, &text, &len);
    char *copy = mem_strdup((const char *)text);
    xmlFree(text);
    return copy;
}

void domain_xml_free(struct domain_xml *xml)
{
    if (!xml)
        return;
    xmlFreeDoc(xml->doc);
    free(xml);
}

/* -- what we keep in the metadata -- */

static xmlNode *find_state(const struct domain_xml *xml)
{
    const xmlNode *metadata = xml_child(xml->root, "metadata");

    for (xmlNode *node = metadata ? metadata->children : NULL; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && node->ns && str_equal((const char *)node->ns->href, STATE_NAMESPACE))
            return node;
    return NULL;
}

const char *xml_state(const struct domain_xml *xml, const char *name)
{
    return xml_attribute(find_state(xml), name);
}

void xml_state_set(struct domain_xml *xml, const char *name, const char *value)
{
    xmlNode *state = find_state(xml);

    if (!state && !value)
        return;
    if (!state) {
        state = xmlNewChild(xml_need_child(xml->root, "metadata"), NULL, BAD_CAST "state", NULL);
        xmlSetNs(state, xmlNewNs(state, BAD_CAST STATE_NAMESPACE, BAD_CAST STATE_PREFIX));
    }
    xml_set(state, name, value);
}

/* -- inventory -- */

const char *domain_xml_uuid(const struct domain_xml *xml)
{
    return str_or(xml_text(xml_child(xml->root, "uuid")), "");
}

const char *domain_xml_name(const struct domain_xml *xml)
{
    return str_or(xml_text(xml_child(xml->root, "name")), "");
}

/* An entry of <sysinfo type='smbios'>; NULL when it is not there. */
static const char *sysinfo(const struct domain_xml *xml, const char *part, const char *name)
{
    const xmlNode *block = xml_child(xml_child(xml->root, "sysinfo"), part);

    for (const xmlNode *node = block ? block->children : NULL; node; node = node->next)
        if (xml_is(node, "entry") && str_equal(xml_attribute(node, "name"), name))
            return xml_text(node);
    return NULL;
}

const char *domain_xml_serial(const struct domain_xml *xml)
{
    return str_or(sysinfo(xml, "system", "serial"), domain_xml_uuid(xml));
}

bool xml_is_disk(const xmlNode *disk)
{
    const char *device = str_or(xml_attribute(disk, "device"), "disk");

    return str_equal(device, "disk") || str_equal(device, "lun");
}

static const xmlNode *next_hard_disk(const struct domain_xml *xml, const xmlNode *after)
{
    const xmlNode *disk = after;

    while ((disk = xml_next_device(xml, disk, "disk")) && !xml_is_disk(disk))
        ;
    return disk;
}

const char *domain_xml_disk_serial(const struct domain_xml *xml, size_t index)
{
    const xmlNode *disk = next_hard_disk(xml, NULL);

    while (disk && index-- > 0)
        disk = next_hard_disk(xml, disk);
    return str_or(xml_text(xml_child(disk, "serial")), "");
}

const char *domain_xml_nic_mac(const struct domain_xml *xml, size_t index)
{
    const xmlNode *nic = xml_next_device(xml, NULL, "interface");

    while (nic && index-- > 0)
        nic = xml_next_device(xml, nic, "interface");
    return str_or(xml_attribute(xml_child(nic, "mac"), "address"), "");
}

static void replace(char **text, const char *with)
{
    if (str_is_empty(with))
        return;
    free(*text);
    *text = mem_strdup(with);
}

static int64_t number(const char *text, int64_t fallback)
{
    int64_t value;
    struct error *err = str_to_int64(str_or(text, ""), &value);

    error_free(err);
    return err || value < 1 ? fallback : value;
}

static void take_processors(const struct domain_xml *xml, struct machine_profile *profile)
{
    const xmlNode *cpu = xml_child(xml->root, "cpu");
    const xmlNode *topology = xml_child(cpu, "topology");
    int64_t vcpus = number(xml_text(xml_child(xml->root, "vcpu")), 1);

    /* Without a topology QEMU makes each virtual processor a socket. */
    profile->sockets = number(xml_attribute(topology, "sockets"), topology ? 1 : vcpus);
    profile->cores = number(xml_attribute(topology, "cores"), 1) * number(xml_attribute(topology, "dies"), 1);
    profile->threads = number(xml_attribute(topology, "threads"), 1);
    replace(&profile->cpu_model, str_or(xml_text(xml_child(cpu, "model")), xml_attribute(cpu, "mode")));
    replace(&profile->cpu_vendor, xml_text(xml_child(cpu, "vendor")));
}

/* <memory unit='KiB'>; libvirt always writes KiB, people may write others. */
static int64_t memory_mib(const struct domain_xml *xml)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } units[] = {
        {"KiB", 1 << 10}, {"k", 1 << 10}, {"MiB", 1 << 20}, {"M", 1 << 20}, {"GiB", 1 << 30}, {"G", 1 << 30}, {"b", 1},
    };
    const xmlNode *memory = xml_child(xml->root, "memory");
    const char *unit = str_or(xml_attribute(memory, "unit"), "KiB");
    int64_t amount = number(xml_text(memory), 1);

    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (str_equal(unit, units[i].name))
            return amount > INT64_MAX / units[i].bytes ? 1 : amount * units[i].bytes >> 20;
    return amount >> 10;
}

static const char *protocol_of(const char *bus)
{
    if (str_equal(bus, "scsi"))
        return "SAS";
    return str_equal(bus, "nvme") ? "NVMe" : "SATA";
}

static void take_disks(const struct domain_xml *xml, struct machine_profile *profile)
{
    for (const xmlNode *disk = NULL; (disk = next_hard_disk(xml, disk));) {
        const xmlNode *target = xml_child(disk, "target");
        struct machine_disk_profile row = {
            .name = mem_strdup(str_or(xml_attribute(target, "dev"), "disk")),
            .vendor = mem_strdup(str_or(xml_text(xml_child(disk, "vendor")), "QEMU")),
            .model = mem_strdup(str_or(xml_text(xml_child(disk, "product")), "QEMU HARDDISK")),
            .media = mem_strdup(xml_attribute(target, "rotation_rate") &&
                                        !str_equal(xml_attribute(target, "rotation_rate"), "1")
                                    ? "HDD"
                                    : "SSD"),
            .protocol = mem_strdup(protocol_of(xml_attribute(target, "bus"))),
            .block_size = number(xml_attribute(xml_child(disk, "blockio"), "logical_block_size"), 512),
        };
        VEC_PUSH(&profile->disks, row);
    }
}

static void take_nics(const struct domain_xml *xml, struct machine_profile *profile)
{
    for (const xmlNode *nic = NULL; (nic = xml_next_device(xml, nic, "interface"));) {
        struct machine_nic_profile row = {.name = mem_printf("NIC%zu", profile->nics.len + 1), .speed_mbps = 1000};
        VEC_PUSH(&profile->nics, row);
    }
}

struct machine_profile *domain_xml_profile(const struct domain_xml *xml)
{
    struct machine_profile *profile = machine_profile_new();
    const xmlNode *type = xml_child(xml_child(xml->root, "os"), "type");
    static const enum machine_boot_target targets[] = {MACHINE_BOOT_NONE, MACHINE_BOOT_PXE, MACHINE_BOOT_CD,
                                                       MACHINE_BOOT_HDD};

    machine_profile_clear_hardware(profile);
    replace(&profile->name, "libvirt");
    replace(&profile->manufacturer, str_or(sysinfo(xml, "system", "manufacturer"), "QEMU"));
    replace(&profile->model, str_or(sysinfo(xml, "system", "product"), xml_attribute(type, "machine")));
    replace(&profile->sku, sysinfo(xml, "system", "sku"));
    replace(&profile->bios_version, sysinfo(xml, "bios", "version"));
    replace(&profile->architecture, xml_attribute(type, "arch"));
    take_processors(xml, profile);
    profile->memory_mib = memory_mib(xml);
    profile->dimms = 1;
    take_disks(xml, profile);
    take_nics(xml, profile);
    struct machine_slot_profile slot = {.id = mem_strdup("Cd"), .name = mem_strdup("Virtual CD"), .cd = true};
    VEC_PUSH(&profile->slots, slot);
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
        VEC_PUSH(&profile->boot_targets, targets[i]);
    return profile;
}

/* -- the CD-ROM drive -- */

xmlNode *xml_drive(const struct domain_xml *xml)
{
    xmlNode *disk = NULL;

    while ((disk = xml_next_device(xml, disk, "disk")) && !str_equal(xml_attribute(disk, "device"), "cdrom"))
        ;
    return disk;
}

bool domain_xml_has_drive(const struct domain_xml *xml)
{
    return xml_drive(xml) != NULL;
}

const char *domain_xml_drive_file(const struct domain_xml *xml)
{
    return xml_attribute(xml_child(xml_drive(xml), "source"), "file");
}

const char *domain_xml_drive_image(const struct domain_xml *xml)
{
    return xml_state(xml, "image");
}

static bool target_taken(const struct domain_xml *xml, const char *name)
{
    for (const xmlNode *disk = NULL; (disk = xml_next_device(xml, disk, "disk"));)
        if (str_equal(xml_attribute(xml_child(disk, "target"), "dev"), name))
            return true;
    return false;
}

/* PCs of the old kind have IDE, q35 has SATA, others SCSI. */
static const char *drive_bus(const struct domain_xml *xml)
{
    const xmlNode *type = xml_child(xml_child(xml->root, "os"), "type");
    const char *arch = str_or(xml_attribute(type, "arch"), ""), *machine = str_or(xml_attribute(type, "machine"), "");

    if (!str_equal(arch, "x86_64") && !str_equal(arch, "i686"))
        return "scsi";
    return strstr(machine, "q35") ? "sata" : "ide";
}

xmlNode *xml_need_drive(struct domain_xml *xml)
{
    xmlNode *drive = xml_drive(xml);
    char name[4] = "sda";

    if (drive)
        return drive;
    const char *bus = drive_bus(xml);
    name[0] = str_equal(bus, "ide") ? 'h' : 's';
    while (name[2] < 'z' && target_taken(xml, name))
        name[2]++;
    drive = xmlNewChild(xml_need_child(xml->root, "devices"), NULL, BAD_CAST "disk", NULL);
    xml_set(drive, "type", "file");
    xml_set(drive, "device", "cdrom");
    xmlNode *target = xmlNewChild(drive, NULL, BAD_CAST "target", NULL);
    xml_set(target, "dev", name);
    xml_set(target, "bus", bus);
    xmlNewChild(drive, NULL, BAD_CAST "readonly", NULL);
    return drive;
}

void domain_xml_drive_set(struct domain_xml *xml, const char *file, const char *image)
{
    xmlNode *drive = xml_need_drive(xml);

    xml_remove(drive, "source");
    xml_remove(drive, "driver");
    xml_remove(drive, "backingStore");
    xml_set(drive, "type", "file");
    if (file) {
        xmlNode *driver = xmlNewChild(drive, NULL, BAD_CAST "driver", NULL);
        xml_set(driver, "name", "qemu");
        xml_set(driver, "type", "raw");
        xml_set(xmlNewChild(drive, NULL, BAD_CAST "source", NULL), "file", file);
    }
    xml_state_set(xml, "image", image);
}

char *domain_xml_drive(const struct domain_xml *xml)
{
    xmlNode *drive = xml_drive(xml);

    if (!drive)
        return NULL;
    xmlBuffer *buffer = xmlBufferCreate();
    xmlNodeDump(buffer, xml->doc, drive, 0, 0);
    char *text = mem_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}
