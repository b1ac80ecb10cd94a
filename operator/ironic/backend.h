/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to operator/ironic: the Ironic backend, one host's provisioner, and what its operations share: the node as
 * read in this pass, results, patches, state changes. One file an operation.
 */
#ifndef OPERATOR_IRONIC_BACKEND_H
#define OPERATOR_IRONIC_BACKEND_H

#include "lib/data/map.h"
#include "operator/ironic/bmc_address.h"
#include "operator/ironic/client.h"
#include "operator/ironic/node_patch.h"
#include "operator/ironic/node_watch.h"
#include "operator/ironic/provisioner.h"

/* IRO-062; each with up to a quarter on top. */
#define WAIT_SHORT (3 * RT_S)
#define WAIT_LONG (10 * RT_S)
#define WAIT_CONFLICT RT_S /* a locked node: locks are held for moments */

#define SOFT_POWER_OFF_TIMEOUT 180 /* seconds */

struct ironic_backend {
    struct provisioner_factory factory;
    const struct env *env;
    const struct ironic_options *options;
    struct ironic *client;
    struct node_watch *watch;
    struct map *ports; /* node uuid to struct ports_seen: known ports are not asked for in each pass */
};

struct ironic_host {
    struct provisioner provisioner;
    struct ironic_backend *backend;
    const struct provisioner_host *host;
    struct bmc_address *bmc; /* NULL when the address does not parse */
    char *bmc_error;         /* why */
    char *id;                /* "" when unknown */
    struct json *node;       /* as last read in this pass; NULL: not read */
    bool stale;              /* it was changed since */
    bool waits;              /* the node watch was asked to wake this host */
};

/*
 * The node, read at most once a pass and after each change. PROVISIONER_NEEDS_REGISTRATION when Ironic has none.
 * Borrowed.
 */
struct error *host_node(struct ironic_host *host, const struct json **ret) MUST_CHECK;
/* The node was just read or changed: takes it over. */
void host_keep_node(struct ironic_host *host, struct json *node);
const char *node_state(const struct json *node); /* provision_state; "" when null */
bool node_state_in(const struct json *node, const char *const *states);

void host_publish(struct ironic_host *host, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* -- results -- */
void result_fail(struct provision_result *ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Look again after `delay`, or as soon as the node comes to rest elsewhere. */
void result_wait(struct ironic_host *host, struct provision_result *ret, rt_time delay);
void result_again(struct provision_result *ret); /* look again at once */
/* A conflict becomes a short wait (BMO-532); other errors are passed on. Takes `err`, which may be NULL. */
struct error *result_from_error(struct ironic_host *host, struct error *err, struct provision_result *ret) MUST_CHECK;
/* An error for a state that an operation cannot go on from: tried again, never shown as failure. */
struct error *state_unexpected(const struct ironic_host *host, const char *operation, const struct json *node)
    MUST_CHECK;

/*
 * PUT states/provision with the preamble of BMO-534: waits while a fault is pending, ends maintenance first.
 * *ret_changed (may be NULL) is true when Ironic accepted the change; *ret is dirty unless there was an error. Takes
 * `body`, or makes it from `target` when NULL.
 */
struct error *host_change_state(struct ironic_host *host, const char *target, struct json *body,
                                struct provision_result *ret, bool *ret_changed) MUST_CHECK;
/* Sends the patch when it has operations; *ret is dirty when the node is locked. */
struct error *host_patch_node(struct ironic_host *host, const struct node_patch *patch, struct provision_result *ret)
    MUST_CHECK;
/* Ends maintenance mode; *ret is dirty. */
struct error *host_end_maintenance(struct ironic_host *host, struct provision_result *ret) MUST_CHECK;

/* properties/capabilities and properties/cpu_arch. */
void patch_properties(struct node_patch *patch, const char *boot_mode, const char *architecture);
/* The inspect interface for a mode: "agent", or the driver's own for "fast". */
const char *host_inspect_interface(const struct ironic_host *host, const char *mode);

/* -- operations: see struct provisioner_ops -- */
struct error *ironic_register(struct provisioner *provisioner, const struct register_data *data,
                              struct provision_result *ret, char **ret_id);
struct error *ironic_inspect(struct provisioner *provisioner, const struct inspect_data *data,
                             struct provision_result *ret, bool *ret_started, struct json **ret_details);
struct error *ironic_power_state(struct provisioner *provisioner, enum power_state *ret);
struct error *ironic_adopt(struct provisioner *provisioner, const char *state, bool restart_on_failure,
                           struct provision_result *ret);
struct error *ironic_prepare(struct provisioner *provisioner, const struct prepare_data *data,
                             struct provision_result *ret, bool *ret_started);
struct error *ironic_service(struct provisioner *provisioner, const struct service_data *data,
                             struct provision_result *ret, bool *ret_started);
struct error *ironic_provision(struct provisioner *provisioner, const struct provision_data *data,
                               struct provision_result *ret);
struct error *ironic_deprovision(struct provisioner *provisioner, bool restart_on_failure,
                                 const char *automated_cleaning_mode, struct provision_result *ret);
struct error *ironic_delete(struct provisioner *provisioner, struct provision_result *ret);
struct error *ironic_detach(struct provisioner *provisioner, bool force, struct provision_result *ret);
struct error *ironic_power_on(struct provisioner *provisioner, bool force, struct provision_result *ret);
struct error *ironic_power_off(struct provisioner *provisioner, const struct power_off_data *data,
                               struct provision_result *ret);
struct error *ironic_has_capacity(struct provisioner *provisioner, bool *ret);
struct error *ironic_firmware_settings(struct provisioner *provisioner, bool with_schema, struct json **ret_settings,
                                       struct json **ret_schema);
struct error *ironic_firmware_components(struct provisioner *provisioner, struct json **ret);

/*
 * Makes sure that the node has a port for the boot MAC and each known NIC (BMO-544). A node that was just created has
 * none.
 */
struct error *host_ensure_ports(struct ironic_host *host, const struct json *hardware, bool created,
                                struct provision_result *ret) MUST_CHECK;

void ports_seen_free(void *value); /* of the map `ports` */

/*
 * Appends the firmware steps of a manual cleaning or servicing (BMO-561, BMO-565): settings that differ, components to
 * update.
 */
void append_firmware_steps(struct json *steps, const struct json *target_settings, const struct json *actual_settings,
                           const struct json *target_components);

#endif
