/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The boot ISO of a node: kernel and ramdisk, which all ISOs share on disk, and a boot loader configuration with the node's kernel line (B6a). Only its
 * directories are in memory; it can be made again, byte for byte, from the node's record.
 */
#ifndef OPERATOR_CONDUCTOR_BOOT_ISO_H
#define OPERATOR_CONDUCTOR_BOOT_ISO_H

#include "lib/net/http_server.h"
#include "operator/conductor/node.h"

struct boot_iso;
void boot_iso_unref(struct boot_iso *iso); /* NULL is fine */
DEFINE_CLEANUP(struct boot_iso, boot_iso_unref);

/*
 * Makes the node's ISO and publishes it, with `params` on its kernel line; what it is made of goes into the record (not saved). Or, when the node has a
 * deploy_iso, publishes that (params and token do not reach it then, IRO-275). *ret_url is what the BMC is told; free with free().
 */
struct error *boot_iso_publish(struct node *node, const char *params, char **ret_url) MUST_CHECK;
/* Frees its memory: the machine has booted. Who asks for it again has it made again. */
void boot_iso_release(struct node *node);
/* Forgets it (not saved). */
void boot_iso_withdraw(struct node *node);
/* Whether the node's images are an ISO that we did not make. */
bool boot_iso_is_foreign(const struct node *node);
/* ERROR_INVALID when the node has no images to boot. */
struct error *boot_iso_validate(const struct node *node) MUST_CHECK;

/* Serves GET and HEAD of /redfish/boot-UUID.iso with ranges. */
void boot_iso_serve(struct conductor *conductor, struct http_exchange *exchange);

#endif
