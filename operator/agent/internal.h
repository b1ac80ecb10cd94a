/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent's own files share. */
#ifndef OPERATOR_AGENT_INTERNAL_H
#define OPERATOR_AGENT_INTERNAL_H

#include "lib/data/json.h"
#include "lib/data/vec.h"
#include "lib/env.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "lib/net/pki.h"
#include "lib/rt/rt.h"
#include "operator/agent/agent.h"
#include "operator/agent/disk.h"

/* The one hardware manager's version, compared by execute_*_step (IRO-564). */
#define AGENT_MANAGER_VERSION "1.2"
#define AGENT_COMMANDS_MAX 512 /* results kept; a conductor restarts the ramdisk long before */

enum command_status { COMMAND_RUNNING, COMMAND_SUCCEEDED, COMMAND_FAILED, COMMAND_VERSION_MISMATCH };

/* One command since the agent's start (IRO-551). */
struct command {
    char id[RT_UUID_SIZE];
    const char *name; /* without the extension, as answers carry it; borrowed from the table */
    const struct command_type *type;
    enum command_status status;
    struct json *params, *result, *error;
    struct agent *agent;
};

/* What a command does; the caller owns *ret_result. A failure with a `fault` set is reported under that type (IRO-560). */
struct fault {
    const char *type;    /* "ImageChecksumError"; NULL: CommandExecutionError */
    const char *message; /* of that type */
    bool version_mismatch;
};
struct command_type {
    const char *extension, *name;
    bool asynchronous;
    struct error *(*run)(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret_result);
};

struct agent {
    const struct env *env;
    const struct agent_options *options;
    const struct agent_hardware *hardware;
    struct http_client *http;
    struct http_server *server;
    struct pki_pair certificate;
    struct json *inventory;
    const struct json *root_disk; /* row of the inventory that the last image went to; NULL: none since the start */
    char *api_version;            /* that the conductor offers, "1.115" */
    char *node_uuid, *token, *address;
    bool tls;
    rt_time heartbeat_timeout;
    int64_t started_wall;
    VEC(struct command *) commands;
    struct rt_cond command_ended; /* some command ended, or a heartbeat is wanted */
    bool heartbeat_wanted;
    bool finished; /* power is going: stop beating */
};

/* -- ironic.c: calls to the conductor -- */
struct error *ironic_discover(struct agent *agent) MUST_CHECK;
/* POSTs the inventory; *ret_known tells whether the conductor named our node. */
struct error *ironic_send_inspection(struct agent *agent) MUST_CHECK;
/* Looks the node up until it succeeds or options->lookup_timeout passed. */
struct error *ironic_lookup(struct agent *agent) MUST_CHECK;
struct error *ironic_heartbeat(struct agent *agent) MUST_CHECK;

/* -- server.c: the API that the conductor calls -- */
struct error *server_start(struct agent *agent) MUST_CHECK;

/* -- commands.c -- */
/* Starts the named command, and waits for it when `wait` or when it is synchronous. On an error *ret_status is the HTTP status. */
struct error *command_start(struct agent *agent, const char *name, const struct json *params, bool wait,
                            int *ret_status, struct command **ret) MUST_CHECK;
struct error *command_wait(struct command *command) MUST_CHECK;
struct command *command_find(struct agent *agent, const char *id);
struct json *command_json(const struct command *command);
void command_free(struct command *command);

/* -- steps.c: clean, deploy and service steps -- */
struct error *steps_get_clean(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret);
struct error *steps_get_deploy(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret);
struct error *steps_get_service(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret);
struct error *steps_execute_clean(struct agent *agent, const struct json *params, struct fault *fault,
                                  struct json **ret);
struct error *steps_execute_deploy(struct agent *agent, const struct json *params, struct fault *fault,
                                   struct json **ret);
struct error *steps_execute_service(struct agent *agent, const struct json *params, struct fault *fault,
                                    struct json **ret);

/* -- image.c: writing an image -- */
/* Downloads image_info's image to the disk that `node`'s hints choose, verifies it, adds the config drive. *ret_text as IRO-609. */
struct error *image_prepare(struct agent *agent, const struct json *image_info, const struct json *configdrive,
                            const struct json *node, struct fault *fault, char **ret_text) MUST_CHECK;

/* -- configdrive.c -- */
/* `value` is base64 of gzip, or a URL that serves this (IRO-606); *ret_data is the file system's bytes. */
#define CONFIGDRIVE_MAX (64 * 1024 * 1024)
struct error *configdrive_decode(struct agent *agent, const char *value, void **ret_data, size_t *ret_len) MUST_CHECK;
/* Writes it to the partition made or meant for it on a disk that carries an image (IRO-605). */
struct error *configdrive_write(struct agent *agent, const struct disk *disk, const void *data, size_t len) MUST_CHECK;

/* -- bootloader.c -- */
struct error *bootloader_install(struct agent *agent, const struct json *params, struct fault *fault,
                                 struct json **ret);

/* -- inventory.c -- */
/* The disk that hints of `node` choose; without a node the default rule. *ret points into agent->inventory. */
struct error *inventory_root_disk(struct agent *agent, const struct json *node, struct disk *ret) MUST_CHECK;
/* The body of the inspection call (IRO-524 to IRO-535). */
struct json *inventory_report(struct agent *agent);
/* Comma separated MAC addresses of all interfaces. */
char *inventory_addresses(const struct agent *agent);

#endif
