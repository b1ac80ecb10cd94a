/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host controller asks of a provisioning backend (bmo.md 7.1). A backend makes one provisioner a host and
 * reconcile pass; it may remember within the pass what it read. Three ways out of an operation must not be mixed up:
 *   - an error: passing trouble; the controller tries again and stores nothing (but see enum provisioner_code);
 *   - result.message: the operation failed; the user sees it on the host;
 *   - result.dirty: it goes on; call again after result.requeue_after, or when the backend wakes the host.
 * None of them: done.
 */
#ifndef OPERATOR_IRONIC_PROVISIONER_H
#define OPERATOR_IRONIC_PROVISIONER_H

#include "lib/data/json.h"
#include "lib/rt/rt.h"

/* error_code() of errors that the controller treats in their own way (BMO-505). */
enum provisioner_code {
    PROVISIONER_NOT_READY = 9001,      /* the backend is not there (yet) */
    PROVISIONER_NEEDS_REGISTRATION,    /* the backend does not know the host */
    PROVISIONER_NEEDS_PREPROVISIONING, /* no suitable preprovisioning image available */
    PROVISIONER_BUSY,                  /* the node is busy */
};

struct provision_result {
    bool dirty;
    bool busy;             /* dirty, and what was asked for is still to be done: the node is locked */
    rt_time requeue_after; /* 0: at once */
    char *message;         /* why it failed; NULL: it did not. Owned */
};
void provision_result_release(struct provision_result *result);
#define CLEANUP_PROVISION_RESULT __attribute__((cleanup(provision_result_release)))
static inline bool provision_result_done(const struct provision_result *result)
{
    return !result->dirty && !result->message;
}

/* The host that a provisioner is for. Borrowed: must outlive the provisioner. */
struct provisioner_host {
    const char *ns, *name, *uid;
    const char *bmc_address;
    const char *user, *password; /* NULL when there are none */
    bool skip_verify;
    const char *boot_mac; /* "" when not given */
    const char *id;       /* status.provisioning.ID; "" before registration */
    const char *consumer; /* for logs; may be "" */
    /* Publishes an event about the host; may be NULL. */
    void (*publish)(void *arg, const char *reason, const char *message);
    void *publish_arg;
};

/* Members are borrowed; JSON members may be NULL; booleans as named. */
struct register_data {
    const char *boot_mode; /* of status: "UEFI", "UEFISecureBoot", "legacy" */
    const char *automated_cleaning_mode;
    const char *state; /* status.provisioning.state */
    bool servicing;
    const struct json *current_image;
    const char *preprovisioning_network_data;
    bool has_custom_deploy, disable_power_off, inspection_disabled;
    const char *architecture;
    const struct json *hardware; /* HardwareDetails, for ports */
    const char *inspection_mode;
    bool credentials_changed;
    bool restart_on_failure;
};

struct inspect_data {
    const char *boot_mode, *architecture, *inspection_mode;
    bool restart_on_failure, refresh, force_reboot;
};

struct prepare_data {
    const struct json *target_raid, *actual_raid; /* RAIDConfig; NULL lists mean "leave alone" (BMO-014) */
    const struct json *root_hints;                /* RootDeviceHints */
    const struct json *target_settings;           /* firmware settings: name to value */
    const struct json *actual_settings;
    const struct json *target_components; /* list of {component, url} */
    bool unprepared, restart_on_failure;
};

struct service_data {
    const struct json *target_settings, *actual_settings, *target_components;
    bool has_firmware_spec; /* settings or updates are wished at all */
    bool unprepared, restart_on_failure;
};

/*
 * Text of a data secret, asked for only when it is needed. *ret is NULL when there is none; free with
 * mem_free_secret().
 */
typedef struct error *(*host_data_fn)(void *arg, char **ret);

struct provision_data {
    const struct json *image;      /* spec.image; NULL: none */
    const char *custom_deploy;     /* method; NULL or "": none */
    const char *boot_mode;         /* of status */
    const struct json *root_hints; /* of status */
    const char *pull_secret;       /* of an OCI registry, "user:password"; NULL: none */
    host_data_fn user_data, network_data, meta_data;
    void *data_arg;
    bool force_reboot;
};

enum power_state { POWER_UNKNOWN, POWER_OFF, POWER_ON };

struct power_off_data {
    bool hard; /* else soft first */
    bool force;
    const char *automated_cleaning_mode;
};

struct provisioner;
struct provisioner_ops {
    /*
     * Makes sure that the backend knows host, access data and settings; on every pass. *ret_id (owned) is the backend's
     * id, or NULL.
     */
    struct error *(*register_host)(struct provisioner *provisioner, const struct register_data *data,
                                   struct provision_result *ret, char **ret_id);
    /* *ret_started: a run has begun in this call. *ret_details (owned, HardwareDetails) is set when it is done. */
    struct error *(*inspect)(struct provisioner *provisioner, const struct inspect_data *data,
                             struct provision_result *ret, bool *ret_started, struct json **ret_details);
    /* Cheap. */
    struct error *(*power_state)(struct provisioner *provisioner, enum power_state *ret);
    /* Takes a running host over without touching it. */
    struct error *(*adopt)(struct provisioner *provisioner, const char *state, bool restart_on_failure,
                           struct provision_result *ret);
    /* *ret_started: the configuration has begun, or there was nothing to do: the controller may store it as current. */
    struct error *(*prepare)(struct provisioner *provisioner, const struct prepare_data *data,
                             struct provision_result *ret, bool *ret_started);
    struct error *(*service)(struct provisioner *provisioner, const struct service_data *data,
                             struct provision_result *ret, bool *ret_started);
    struct error *(*provision)(struct provisioner *provisioner, const struct provision_data *data,
                               struct provision_result *ret);
    struct error *(*deprovision)(struct provisioner *provisioner, bool restart_on_failure,
                                 const char *automated_cleaning_mode, struct provision_result *ret);
    /* Forgets the host. */
    struct error *(*delete)(struct provisioner *provisioner, struct provision_result *ret);
    /* Forgets the host without disturbing it; `force` may abort what runs. */
    struct error *(*detach)(struct provisioner *provisioner, bool force, struct provision_result *ret);
    struct error *(*power_on)(struct provisioner *provisioner, bool force, struct provision_result *ret);
    struct error *(*power_off)(struct provisioner *provisioner, const struct power_off_data *data,
                               struct provision_result *ret);
    /* Is another host allowed to begin inspecting, provisioning, deprovisioning? */
    struct error *(*has_capacity)(struct provisioner *provisioner, bool *ret);
    /* name → value; with `with_schema` *ret_schema is name → attribute. */
    struct error *(*firmware_settings)(struct provisioner *provisioner, bool with_schema, struct json **ret_settings,
                                       struct json **ret_schema);
    struct error *(*firmware_components)(struct provisioner *provisioner, struct json **ret);
    bool (*has_power_failure)(struct provisioner *provisioner);
    const char *(*health)(struct provisioner *provisioner); /* "OK", "Warning", "Critical", "" */
    void (*free)(struct provisioner *provisioner);
};

/* The head of every provisioner. */
struct provisioner {
    const struct provisioner_ops *ops;
};
static inline void provisioner_free(struct provisioner *provisioner)
{
    if (provisioner)
        provisioner->ops->free(provisioner);
}
DEFINE_CLEANUP(struct provisioner, provisioner_free);

/* A backend: makes provisioners, and may wake hosts. */
struct provisioner_factory;
struct provisioner_factory_ops {
    /* PROVISIONER_NOT_READY when the backend cannot serve now. */
    struct error *(*make)(struct provisioner_factory *factory, const struct provisioner_host *host,
                          struct provisioner **ret);
    /*
     * Tells whom to call when a host that waits has something to go on with. The key is that of the host. May be NULL.
     */
    void (*set_wake)(struct provisioner_factory *factory, void (*wake)(void *arg, const char *ns, const char *name),
                     void *arg);
};
struct provisioner_factory {
    const struct provisioner_factory_ops *ops;
};

#endif
