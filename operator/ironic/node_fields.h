/* SPDX-License-Identifier: Apache-2.0 */
/* Small translations from fields of a BareMetalHost to fields of an Ironic node. */
#ifndef OPERATOR_IRONIC_NODE_FIELDS_H
#define OPERATOR_IRONIC_NODE_FIELDS_H

#include "lib/data/json.h"

/* RootDeviceHints in Ironic's operator syntax (BMO-576); NULL when there are none. The caller owns the result. */
struct json *root_hints_to_ironic(const struct json *hints);

/*
 * properties.capabilities for a boot mode ("UEFI", "UEFISecureBoot", "legacy"; anything else counts as UEFI): what is
 * in `present` (may be NULL) stays, but boot_mode and secure_boot are set anew (BMO-540). Free with free().
 */
char *capabilities_for_boot_mode(const char *present, const char *boot_mode);

/* "<namespace>~<name>" (BMO-537). Free with free(). */
char *node_name_for_host(const char *ns, const char *name);

#endif
