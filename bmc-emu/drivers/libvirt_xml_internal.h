/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the domain XML share: the document, and helpers on its nodes. Strings that they return are
 * borrowed from the document.
 */
#ifndef BMC_EMU_DRIVERS_LIBVIRT_XML_INTERNAL_H
#define BMC_EMU_DRIVERS_LIBVIRT_XML_INTERNAL_H

#include <libxml/tree.h>

#include "bmc-emu/drivers/libvirt_xml.h"

struct domain_xml {
    xmlDoc *doc;
    xmlNode *root;
};

bool xml_is(const xmlNode *node, const char *name); /* an element of that name; NULL is none */
/* The first child element of that name; NULL: none, also when `node` is NULL. */
xmlNode *xml_child(const xmlNode *node, const char *name);
xmlNode *xml_need_child(xmlNode *node, const char *name); /* made when it is not there */
const char *xml_attribute(const xmlNode *node, const char *name);
void xml_set(xmlNode *node, const char *name, const char *value); /* NULL takes the attribute away */
const char *xml_text(const xmlNode *node);
void xml_remove(xmlNode *parent, const char *name); /* all children of that name */
/* The next element of that name in <devices>, from the first on when `after` is NULL. */
xmlNode *xml_next_device(const struct domain_xml *xml, const xmlNode *after, const char *name);

bool xml_is_disk(const xmlNode *disk); /* no CD, no floppy */
xmlNode *xml_drive(const struct domain_xml *xml);
xmlNode *xml_need_drive(struct domain_xml *xml);

/* Attributes of our element in the metadata. */
const char *xml_state(const struct domain_xml *xml, const char *name);
void xml_state_set(struct domain_xml *xml, const char *name, const char *value);

#endif
