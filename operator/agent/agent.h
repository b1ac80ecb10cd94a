/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent of the deploy ramdisk: speaks the protocol of ironic-python-agent (reference rows IRO-500 to IRO-623). It reports its inventory, looks its node up,
 * beats, and runs the conductor's commands on the machine behind `struct agent_hardware`.
 */
#ifndef OPERATOR_AGENT_AGENT_H
#define OPERATOR_AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/env.h"
#include "lib/rt/rt.h"
#include "operator/agent/hardware.h"

/* Reported in heartbeats; Ironic asks only that it is there. */
#define AGENT_VERSION METAL3_VERSION
#define AGENT_PORT 9999
#define AGENT_TOKEN_LENGTH_MIN 32 /* shorter tokens are ignored, as IPA does */

/* What the kernel command line says (IRO-612 to IRO-623). Strings are owned; release with agent_options_release(). */
struct agent_options {
    char *api_url;                 /* ipa-api-url; the first of a comma separated list */
    char *inspection_callback_url; /* ipa-inspection-callback-url */
    char *token;                   /* ipa-agent-token */
    char *advertise_host;          /* ipa-advertise-host; NULL: the hardware's own address */
    char *listen_host;             /* ipa-listen-host; NULL: the advertised address */
    char *boot_interface;          /* MAC address from BOOTIF; NULL: none */
    int64_t port;                  /* ipa-listen-port */
    int64_t advertise_port;        /* ipa-advertise-port; 0: `port` */
    rt_time lookup_timeout, lookup_interval;
    int64_t download_retries; /* after the first attempt */
    rt_time download_interval, download_timeout;
    bool insecure; /* ipa-insecure: do not verify servers */
};

/* Reads a kernel command line; parameters that are not the agent's are skipped, a malformed number is ERROR_INVALID that names it. */
struct error *agent_options_parse(const char *command_line, struct agent_options *ret) MUST_CHECK;
void agent_options_release(struct agent_options *options);

/*
 * Runs the agent in the calling task until its group is cancelled, or the conductor told it to power off or reboot, or it gave up: then
 * the error says why. `options` and `hardware` are borrowed for the call.
 */
struct error *agent_run(const struct env *env, const struct agent_options *options,
                        const struct agent_hardware *hardware) MUST_CHECK;

#endif
