/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libvirt domain's XML as a BMC sees it: inventory, boot order, firmware, the CD-ROM drive, and edits of them.
 * Nothing here talks to libvirt.
 *
 * What a BMC must remember of a domain (the boot override, the image in the drive) is in the definition's metadata,
 * in one element of our namespace, so that it survives us and goes where the domain goes.
 */
#ifndef BMC_EMU_DRIVERS_LIBVIRT_XML_H
#define BMC_EMU_DRIVERS_LIBVIRT_XML_H

#include "bmc-emu/machine/machine.h"

struct domain_xml;

/* ERROR_INVALID when `text` is not a domain's XML. */
struct error *domain_xml_parse(const char *text, struct domain_xml **ret) MUST_CHECK;
char *domain_xml_print(const struct domain_xml *xml); /* freed with free() */
void domain_xml_free(struct domain_xml *xml);
DEFINE_CLEANUP(struct domain_xml, domain_xml_free);

/* -- inventory -- */
const char *domain_xml_uuid(const struct domain_xml *xml); /* borrowed, as are the others; "" when missing */
const char *domain_xml_name(const struct domain_xml *xml);
const char *domain_xml_serial(const struct domain_xml *xml); /* of smbios' sysinfo; else the UUID */
/*
 * A profile with the domain's hardware: processors, memory, disks, NICs; the rest is generic's. Sizes of disks are
 * 0.
 */
struct machine_profile *domain_xml_profile(const struct domain_xml *xml);
/* The serial (or "") of disk number `index` of the profile, and the MAC of its NIC. */
const char *domain_xml_disk_serial(const struct domain_xml *xml, size_t index);
const char *domain_xml_nic_mac(const struct domain_xml *xml, size_t index);

/* -- boot (EMU-141 to EMU-149) -- */
/*
 * Devices in the order in which the firmware tries them, each by its key: a disk's target ("vda"), an interface's MAC
 * address. Both of libvirt's ways to say it are understood: os/boot, and the devices' own boot elements.
 */
struct domain_order VEC_OF(char *);
void domain_order_release(struct domain_order *order);
void domain_xml_order(const struct domain_xml *xml, struct domain_order *ret);
/* The override that a client set; `http_uri` is always NULL. */
void domain_xml_boot(const struct domain_xml *xml, struct machine_boot_settings *ret);
bool domain_xml_secure_boot(const struct domain_xml *xml);
/*
 * Writes the override into the definition: the target's devices come first, and the order from before is kept for
 * later. The Cd target adds an empty drive to a domain without one. ERROR_CONFLICT when the domain has no device of
 * the target's kind.
 */
struct error *domain_xml_boot_set(struct domain_xml *xml, const struct machine_boot_change *change) MUST_CHECK;
/* Puts the old order back when the override was for one time; false when there was nothing to do. */
bool domain_xml_boot_used(struct domain_xml *xml);
/* ERROR_CONFLICT in Legacy mode. */
struct error *domain_xml_secure_boot_set(struct domain_xml *xml, bool enable) MUST_CHECK;
/* Whether the variables of the firmware must be made afresh at the next start; and takes that back. */
bool domain_xml_fresh_nvram(const struct domain_xml *xml);
void domain_xml_nvram_used(struct domain_xml *xml);
/* The QEMU device of the one that has the key, in the XML of a running domain; NULL: none. Borrowed. */
const char *domain_xml_alias(const struct domain_xml *xml, const char *key);
/* Calls `each` for the alias of every device that can have a place in the order. */
void domain_xml_each_alias(const struct domain_xml *xml, void (*each)(void *arg, const char *alias), void *arg);

/* -- the CD-ROM drive (EMU-154 to EMU-156) -- */
bool domain_xml_has_drive(const struct domain_xml *xml);
const char *domain_xml_drive_file(const struct domain_xml *xml);  /* what is in it; NULL: empty, or no drive */
const char *domain_xml_drive_image(const struct domain_xml *xml); /* the URL that a client inserted; NULL: none */
/* Puts a file in, or takes it out (NULL); adds a drive where there is none. `image` is remembered. */
void domain_xml_drive_set(struct domain_xml *xml, const char *file, const char *image);
/* The drive's own element, for a live update; freed with free(). NULL without a drive. */
char *domain_xml_drive(const struct domain_xml *xml);

#endif
