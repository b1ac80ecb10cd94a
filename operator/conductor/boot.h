/* SPDX-License-Identifier: Apache-2.0 */
/* Booting a node into the deploy ramdisk by virtual media, and into what is on its disk (B6a, B14). The caller holds the reservation. */
#ifndef OPERATOR_CONDUCTOR_BOOT_H
#define OPERATOR_CONDUCTOR_BOOT_H

#include "operator/conductor/node.h"

/*
 * Powers off, inserts the boot ISO, sets the boot device, powers on. `params` is added to the kernel line. Saved before the machine is touched; may be repeated
 * after an interruption.
 */
struct error *boot_ramdisk(struct node *node, const char *params) MUST_CHECK;
/* The parameters of every ramdisk but that of inspection: where the API is (IRO-269). Free with free(). */
char *boot_api_params(const struct node *node);
/* Powers off, ejects and forgets the ramdisk. */
struct error *boot_clean_up_ramdisk(struct node *node) MUST_CHECK;
/* Ejects everything and sets the disk as the boot device; secure boot when the instance asks for it. */
struct error *boot_prepare_instance(struct node *node) MUST_CHECK;
/* "uefi" or "bios": what capabilities ask for, else what the machine has, else uefi (IRO-407). Free with free(). */
char *boot_mode_wanted(const struct node *node);
/* The value of a capability in properties or instance_info (text "a:b,c:d" or an object); NULL when absent. Free with free(). */
char *node_capability(const struct node *node, const char *name);

#endif
