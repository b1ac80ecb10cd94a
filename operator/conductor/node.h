/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node: the record that the API shows and the database keeps (one table describes its fields), and what is only known while we run. All nodes are in
 * memory; the database is written through. Also ports, which are small.
 */
#ifndef OPERATOR_CONDUCTOR_NODE_H
#define OPERATOR_CONDUCTOR_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/data/json.h"
#include "lib/data/jsonw.h"
#include "lib/data/vec.h"
#include "lib/rt/rt.h"
#include "operator/conductor/states.h"

struct conductor;
struct bmc;
struct boot_iso;
struct ramdisk;

#define POWER_ON "power on"
#define POWER_OFF "power off"

/* What a node without automated_clean of its own does. */
enum tristate { TRISTATE_UNSET, TRISTATE_FALSE, TRISTATE_TRUE };

struct node {
    struct conductor *conductor; /* borrowed */
    unsigned refs;
    bool gone; /* deleted while a task still holds it */

    /* -- the record; the table in node_fields.c describes it -- */
    char *uuid, *name, *driver, *instance_uuid, *resource_class, *description, *owner;
    char *boot_interface, *bios_interface, *console_interface, *deploy_interface, *firmware_interface,
        *inspect_interface, *management_interface, *network_interface, *power_interface, *raid_interface,
        *rescue_interface, *storage_interface, *vendor_interface;
    char *power_state, *target_power_state, *last_error, *maintenance_reason, *fault, *health, *boot_mode;
    char *reservation;
    bool maintenance, disable_power_off, console_enabled, protected, retired;
    enum tristate automated_clean, secure_boot;
    struct json *driver_info, *driver_internal_info, *properties, *instance_info, *extra, *raid_config,
        *target_raid_config, *network_data, *clean_step, *deploy_step, *service_step;
    enum provision_state provision_state, target_provision_state;
    int64_t created_at, updated_at, provision_updated_at, inspection_started_at, inspection_finished_at;

    /* -- not in the record -- */
    struct rt_cond changed; /* state, reservation, heartbeat: re-check what you wait for */
    uint64_t operation;     /* counts operations: one that sees another number has been overtaken */
    uint64_t heartbeats;    /* counts accepted heartbeats */
    rt_time last_heartbeat; /* 0: none since we run */
    rt_time agent_expected; /* a ramdisk with the API's address was seen at this time and should beat soon; 0: no */
    rt_time power_read;     /* when the BMC was last asked, successfully; 0: not yet */
    unsigned power_sync_failures;
    struct bmc *bmc;         /* connection, made when first needed */
    struct ramdisk *ramdisk; /* client of its ramdisk, while one is up */
    struct boot_iso *iso;    /* what its BMC reads; made again from the record when needed */
};

/* -- fields -- */
enum node_field_type { NODE_TEXT, NODE_BOOL, NODE_TRISTATE, NODE_OBJECT, NODE_STATE, NODE_TIME };
enum node_field_flags {
    NODE_PATCHABLE = 1, /* by PATCH and POST */
    NODE_INTERFACE = 2, /* a *_interface */
    NODE_SECRETS = 4,   /* values whose key names a secret are masked in the API (IRO-210) */
    NODE_NO_STORE = 8,  /* not in the database */
};
struct node_field {
    const char *name;
    enum node_field_type type;
    size_t offset;
    unsigned flags;
    int since; /* microversion 1.N that shows it */
};
extern const struct node_field node_fields[];
extern const size_t node_field_count;
const struct node_field *node_field_find(const char *name);
struct json *node_field_get(const struct node *node, const struct node_field *field); /* owned by the caller */
/* The same written straight to `json` as a member; secrets masked for the API. */
void node_field_write(const struct node *node, const struct node_field *field, bool masked, struct jsonw *json);
/* Takes `value` (NULL or JSON null clears). ERROR_INVALID when its type does not fit. */
struct error *node_field_set(struct node *node, const struct node_field *field, const struct json *value) MUST_CHECK;
/* The record for the database; wipe it after use. */
void node_write_record(const struct node *node, struct strbuf *out);
/* The record for an agent's steps, secrets of BMCs left out. */
struct json *node_for_agent(const struct node *node, bool with_configdrive);
/* Replaces secrets below `value` by "******". */
void node_mask_secrets(struct json *value);

/* -- life -- */
struct node *node_new(struct conductor *conductor, const char *uuid);
struct node *node_ref(struct node *node);
void node_unref(struct node *node);
DEFINE_CLEANUP(struct node, node_unref);

/* -- the registry (node_store.c) -- */
struct node *node_find(const struct conductor *conductor, const char *uuid_or_name); /* borrowed; NULL */
/* Puts a new node into the registry and the database. ERROR_CONFLICT when uuid, name or instance are taken. */
struct error *node_insert(struct node *node) MUST_CHECK;
/* All nodes in the order they were made, held: for loops that wait. */
struct node_list VEC_OF(struct node *);
void nodes_all(const struct conductor *conductor, struct node_list *ret);
void node_list_release(struct node_list *list);
/* ERROR_CONFLICT when another node has that name. */
struct error *node_check_name(const struct conductor *conductor, const struct node *self, const char *name) MUST_CHECK;
void node_renamed(struct node *node, const char *old_name);
struct error *node_remove(struct node *node) MUST_CHECK; /* with its ports and inventory */
/* Writes the record and waits until it is durable. */
struct error *node_save(struct node *node) MUST_CHECK;
/* The same without waiting: for what may be lost. */
void node_save_later(struct node *node);

/* -- changing -- */
void node_set_text(char **field, const char *text); /* NULL clears */
/*
 * The only writer of provision_state: moves by the table, stamps, counts and logs, and is durable when it returns. ERROR_CONFLICT when the table has no such
 * transition. On another error the move is undone.
 */
struct error *node_transition(struct node *node, enum provision_event event) MUST_CHECK;
/* Sets last_error (NULL clears), logged. */
void node_set_error(struct node *node, const struct error *err, const char *what);

/*
 * Reservation (IRO-235): one task works on a node. Waits up to three seconds, then ERROR_CONFLICT; with `patient` until it is free. The record shows the
 * conductor's name meanwhile.
 */
struct error *node_reserve(struct node *node, bool patient) MUST_CHECK;
void node_release(struct node *node);
void node_changed(struct node *node); /* wakes those who wait for it */

/* The text at `path` of driver_internal_info and friends, set or removed; not saved. */
const char *node_internal(const struct node *node, const char *key);
void node_internal_set(struct node *node, const char *key, const char *text);
bool node_is_on(const struct node *node);

/* -- ports -- */
struct port {
    char *uuid, *node_uuid, *address, *name;
    bool pxe_enabled;
    struct json *extra, *local_link_connection, *internal_info;
    int64_t created_at, updated_at;
};
struct port_list VEC_OF(struct port *);
struct port *port_find(const struct conductor *conductor, const char *uuid);
struct port *port_find_address(const struct conductor *conductor, const char *mac);
/* Ports of a node in the order they were made; VEC_RELEASE the list. */
void ports_of(const struct conductor *conductor, const char *node_uuid, struct port_list *ret);
/* Enters a port, which then belongs to the conductor, where the functions above look. */
void port_index(struct conductor *conductor, struct port *port);
/* Makes one and stores it. ERROR_INVALID for a bad address, ERROR_CONFLICT for a taken one (the error names it). */
struct error *port_create(struct conductor *conductor, const char *node_uuid, const char *address, bool pxe_enabled,
                          struct port **ret) MUST_CHECK;
struct error *port_save(struct conductor *conductor, const struct port *port) MUST_CHECK;
struct error *port_delete(struct conductor *conductor, struct port *port) MUST_CHECK;
/* Deletes the node's ports except those with one of `macs` (an array of texts; NULL: all go). */
struct error *ports_delete_but(struct conductor *conductor, const char *node_uuid, const struct json *macs) MUST_CHECK;
struct json *port_to_json(const struct port *port);
struct error *port_from_json(const struct json *value, struct port **ret) MUST_CHECK;
void port_free(struct port *port);
DEFINE_CLEANUP(struct port, port_free);
/* Lower case with colons; ERROR_INVALID when it is no MAC address. Free with free(). */
struct error *mac_normalize(const char *text, char **ret) MUST_CHECK;

#endif
