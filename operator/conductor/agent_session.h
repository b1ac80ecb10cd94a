/* SPDX-License-Identifier: Apache-2.0 */
/* What the conductor keeps of a running ramdisk: token, URL, certificate, and whether it can go on being used (B7, fast track). */
#ifndef OPERATOR_CONDUCTOR_AGENT_SESSION_H
#define OPERATOR_CONDUCTOR_AGENT_SESSION_H

#include "operator/conductor/node.h"

/* A new token of 43 URL-safe characters; `pregenerated` when it goes into a boot ISO (IRO-305). Not saved. */
void ramdisk_token_new(struct node *node, bool pregenerated);
/* Forgets URL and certificate, and the token unless it was pregenerated; `everything` forgets that too (IRO-307). Not saved. */
void ramdisk_forget(struct node *node, bool everything);

/* Fast track (IRO-472): a ramdisk is up and beats. No waiting, no BMC call. */
bool ramdisk_is_up(const struct node *node);
/*
 * The same, but asks the BMC whether the machine is on, and gives a ramdisk that was just seen the time for its first heartbeat. The
 * caller holds the reservation. *ret tells whether it can be used.
 */
struct error *ramdisk_fast_track(struct node *node, bool *ret) MUST_CHECK;

#endif
