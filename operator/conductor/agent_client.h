/* SPDX-License-Identifier: Apache-2.0 */
/* Client of a deploy ramdisk's API, metal3-agent's or a stock ironic-python-agent's (IRO-549 to IRO-562; wire in reference part B). */
#ifndef OPERATOR_CONDUCTOR_AGENT_CLIENT_H
#define OPERATOR_CONDUCTOR_AGENT_CLIENT_H

#include "lib/data/error.h"
#include "lib/data/json.h"

struct node;
struct ramdisk;

void ramdisk_free(struct ramdisk *ramdisk); /* NULL is fine */
DEFINE_CLEANUP(struct ramdisk, ramdisk_free);

enum ramdisk_status { RAMDISK_RUNNING, RAMDISK_SUCCEEDED, RAMDISK_FAILED, RAMDISK_VERSION_MISMATCH };

/* A command as the agent tells of it. */
struct ramdisk_command {
    char *id, *name;
    enum ramdisk_status status;
    char *failure;       /* text of command_error; NULL */
    struct json *result; /* NULL while it runs */
};
void ramdisk_command_release(struct ramdisk_command *command);
#define CLEANUP_RAMDISK_COMMAND __attribute__((cleanup(ramdisk_command_release)))

/*
 * Sends a command to the node's agent (driver_internal_info has its URL, token and certificate); `wait` has the agent answer when it is done.
 * A lost answer is looked up in the agent's list instead of sending twice (IRO-562). ERROR_CONFLICT with code
 * RAMDISK_BUSY: the agent runs another command.
 */
#define RAMDISK_BUSY 1409
struct error *ramdisk_run(struct node *node, const char *name, const struct json *params, bool wait,
                          struct ramdisk_command *ret) MUST_CHECK;
/* Sends a command that ends the agent, once: a machine that is off already does not answer any more. */
struct error *ramdisk_say_goodbye(struct node *node, const char *name) MUST_CHECK;
/* Does the agent run a command now? */
struct error *ramdisk_is_busy(struct node *node, bool *ret) MUST_CHECK;
/* How the command is doing; ERROR_NOT_FOUND when the agent does not know it (it was restarted). */
struct error *ramdisk_poll(struct node *node, const char *id, struct ramdisk_command *ret) MUST_CHECK;
/* The latest command of that name (without prefix) whose step has that name (NULL: any); ERROR_NOT_FOUND. */
struct error *ramdisk_find(struct node *node, const char *name, const char *step, struct ramdisk_command *ret)
    MUST_CHECK;

#endif
