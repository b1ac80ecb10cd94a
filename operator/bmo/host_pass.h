/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to operator/bmo: the controller, one reconcile pass over one host, and what its steps share. A pass works on
 * a copy of the host; what differs at the end is written. Who writes what: metadata and spec through host_write(),
 * status through the functions of host_status.c, and the status subresource once, by host_save_status().
 */
#ifndef OPERATOR_BMO_HOST_PASS_H
#define OPERATOR_BMO_HOST_PASS_H

#include "lib/data/map.h"
#include "lib/data/vec.h"
#include "operator/api/host.h"
#include "operator/api/metal3.h"
#include "operator/api/names.h"
#include "operator/bmo/bmo.h"
#include "operator/bmo/host_metrics.h"
#include "operator/bmo/object_store.h"

/* BMO-134 */
#define DELAY_MISSING_CREDENTIALS (10 * RT_S)
#define DELAY_UNMANAGED (10 * TIME_MIN)
#define DELAY_DETACHED (10 * TIME_MIN)
#define DELAY_NOT_READY (30 * RT_S)
#define DELAY_SUBRESOURCE (60 * RT_S)
#define DELAY_POWER_POLL (60 * RT_S)
/* Failures after which a deletion goes on without what failed (BMO-147 …). */
#define DELETION_PATIENCE 3

struct bmo {
    const struct env *env;
    struct bmo_options options;
    struct manager *manager;
    struct kube_client *client;
    struct event_recorder *events;
    struct object_store *hosts, *secrets, *hardware_data;
    struct controller *controller;
    struct host_metrics metrics;
};

/* How a pass ends (BMO-126 …): what changed is saved in any case. */
enum action_kind {
    ACTION_NONE,     /* this step has nothing to say: the next one goes on */
    ACTION_AFTER,    /* come again after `delay`, 0: at once */
    ACTION_COMPLETE, /* the state has done its work; come again at once */
    ACTION_FAILED,   /* a failure was recorded; come again after the back-off */
    ACTION_DELAYED,  /* no capacity; come again after the first back-off */
    ACTION_REST,     /* nothing more until something changes */
    ACTION_FINISHED, /* the host is gone: nothing to save, nothing to come again for */
};
struct action {
    enum action_kind kind;
    rt_time delay;
};
static inline struct action action_after(rt_time delay)
{
    return (struct action){ACTION_AFTER, delay};
}
static inline struct action action_complete(void)
{
    return (struct action){ACTION_COMPLETE, 0};
}

struct queued_event {
    char *reason, *message;
    bool warning;
};
/* A metric that counts once the status was saved. */
struct queued_metric {
    enum host_metric which;
    char *labels[3];
    double seconds; /* of a histogram */
};

struct host_pass {
    struct bmo *bmo;
    struct log *log;              /* with namespace and host */
    struct json *host;            /* as this pass wishes it */
    struct kube_object *original; /* as last read or written */
    char *ns, *name;
    struct kube_object *hardware_data; /* the HardwareData of the same name; NULL: none */
    struct kube_object *secret;        /* of the BMC; NULL: none */
    char *user, *password;
    bool have_credentials;
    char *network_data; /* preprovisioning network data; NULL: none */
    struct provisioner *provisioner;
    struct provisioner_host provisioner_host; /* points into `told` */
    char *id, *uid;                           /* for it as well */
    struct json *told;                        /* the spec when the provisioner was made */
    VEC(struct queued_event) events;
    VEC(struct queued_metric) metrics;
};

/* -- host_pass.c: short cuts -- */
const char *host_spec(const struct host_pass *pass, const char *path);   /* text below spec; "" when absent */
const char *host_status(const struct host_pass *pass, const char *path); /* text below status; "" when absent */
int64_t host_status_int(const struct host_pass *pass, const char *path);
bool host_is_deleting(const struct host_pass *pass);
bool host_is_online(const struct host_pass *pass);
bool host_inspection_disabled(const struct host_pass *pass); /* BMO-185 */
const char *host_cleaning_mode(const struct host_pass *pass);
const char *host_architecture(const struct host_pass *pass); /* BMO-179, "" when nobody knows */
void pass_event(struct host_pass *pass, bool warning, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Counts once the status was saved. */
void pass_metric(struct host_pass *pass, enum host_metric which, const char *a, const char *b, const char *c);
void pass_metric_seconds(struct host_pass *pass, enum host_metric which, double seconds);
/* Publishes the queued events; counts the queued metrics. */
void pass_publish_events(struct host_pass *pass);
void pass_count_metrics(struct host_pass *pass);
void pass_release(struct host_pass *pass);

/*
 * Writes metadata and spec when they differ; status in memory stays. A conflict is an error that starts the pass anew.
 */
struct error *host_write(struct host_pass *pass) MUST_CHECK;
bool host_status_changed(const struct host_pass *pass); /* since it was read or written */
/* Writes status when it differs, with lastUpdated. */
struct error *host_save_status(struct host_pass *pass) MUST_CHECK;

/* -- host_status.c: the only writer of state, error, operational status, conditions, history -- */
enum host_state host_state(const struct host_pass *pass);
enum host_error host_error(const struct host_pass *pass);
enum operational_status host_operational_status(const struct host_pass *pass);
void host_set_operational_status(struct host_pass *pass, enum operational_status status);
/* Records a failure (BMO-135): status, count, event, metric. ACTION_FAILED. */
struct action host_fail(struct host_pass *pass, enum host_error type, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same without event and metric; the message is copied. */
void host_fail_silently(struct host_pass *pass, enum host_error type, const char *message);
/* What the user wishes cannot be: told once, and nothing more until it changes. ACTION_REST. */
struct action host_refuse(struct host_pass *pass, const char *message);
/* Back to OK; errorCount stays (BMO-136). True when something changed. */
bool host_clear_error(struct host_pass *pass);
void host_reset_error_count(struct host_pass *pass);
/* Moves to another state (BMO-141): history, metric, log, boot mode. */
void host_set_state(struct host_pass *pass, enum host_state state);
/* Start and end of an operation of operationHistory (BMO-142); states without one do nothing. */
void host_history_start(struct host_pass *pass, enum host_state state);
void host_history_end(struct host_pass *pass, enum host_state state);
void host_set_conditions(struct host_pass *pass);         /* BMO-237 … BMO-241 */
void host_fill_status(struct json *host);                 /* the members that are always there (BMO-006) */
rt_time host_backoff(struct rt *rt, int64_t error_count); /* BMO-133 */

/* -- provisioner results -- */
/*
 * What most steps do with a result: a message fails the host with `type`; dirty clears the error and waits. False (and
 * *ret untouched) when the operation is done.
 */
bool result_ends_pass(struct host_pass *pass, const struct provision_result *result, enum host_error type,
                      struct action *ret);
bool error_needs_registration(const struct error *err);

/* -- steps; *ret stays ACTION_NONE to let the next step go on -- */
struct error *step_host_data(struct host_pass *pass, struct action *ret)
    MUST_CHECK; /* hardwaredata.c: BMO-109 … BMO-114 */
struct error *step_credentials(struct host_pass *pass, struct action *ret) MUST_CHECK; /* credentials.c */
struct error *step_detached(struct host_pass *pass, struct action *ret) MUST_CHECK;    /* detach.c */
struct error *step_register(struct host_pass *pass, struct action *ret) MUST_CHECK;    /* register.c */
struct error *step_power(struct host_pass *pass, struct action *ret) MUST_CHECK;       /* power.c */
struct error *step_states(struct host_pass *pass, struct action *ret) MUST_CHECK;      /* host_states.c */

/* -- credentials.c: secrets -- */
enum claim_flags { CLAIM_OWNER = 1 << 0, CLAIM_FINALIZER = 1 << 1 };
/*
 * The secret, with label, owner and finalizer as asked (BMO-421). ERROR_NOT_FOUND when there is none. A new reference.
 */
struct error *secret_claim(struct host_pass *pass, const char *name, unsigned flags, struct kube_object **ret)
    MUST_CHECK;
struct error *secret_release(struct host_pass *pass, const char *name) MUST_CHECK; /* takes our finalizer off */
bool host_deletion_flow(const struct host_pass *pass);

/* -- host_data.c: user data, network data, metadata, image credentials; `arg` is the pass -- */
struct error *host_user_data(void *arg, char **ret) MUST_CHECK;
struct error *host_network_data(void *arg, char **ret) MUST_CHECK;
struct error *host_meta_data(void *arg, char **ret) MUST_CHECK;
struct error *host_preprovisioning_network_data(struct host_pass *pass, char **ret) MUST_CHECK;
/*
 * "user:password" for an OCI image's registry, or NULL. What is wrong with the secret comes as *ret_problem (BMO-249).
 */
struct error *host_pull_secret(struct host_pass *pass, char **ret, char **ret_problem) MUST_CHECK;

/* -- hardwaredata.c -- */
/* Replaces the HardwareData object (BMO-189). */
struct error *hardware_data_store(struct host_pass *pass, const struct json *details) MUST_CHECK;

/* spec.architecture, when nobody said it, from the HardwareData (BMO-112). */
struct error *host_adopt_architecture(struct host_pass *pass) MUST_CHECK;
/* Refuses unknown members in HardwareDetails that people hand in. */
struct error *hardware_details_check(const struct json *details) MUST_CHECK;

/* -- power.c -- */
/* What the backend knows about power, into status. */
struct error *host_read_power(struct host_pass *pass) MUST_CHECK;

/* -- provision_handlers.c -- */
void host_note_attempt(struct host_pass *pass); /* lastAttemptedImage (BMO-206) */

/* -- annotations.c -- */
bool host_inspection_requested(const struct host_pass *pass);
/* Removes annotations "started" inspections and reboots have used up; writes the host when there were any. */
struct error *host_drop_annotation(struct host_pass *pass, const char *key, bool *ret_dropped) MUST_CHECK;
struct reboot_wish {
    bool wished, hard, forced;
};
/* All reboot annotations together; with `only_forced` others do not count (BMO-221). */
struct reboot_wish host_reboot_wish(struct host_pass *pass, bool only_forced);
bool host_is_detach_wished(const struct host_pass *pass);
/* Members of the detached annotation's JSON; false when it is no JSON. */
bool host_detach_force(const struct host_pass *pass);
bool host_detach_delays_delete(const struct host_pass *pass);

/* -- provisioning settings: prepare.c -- */
/* Root device hints as status should carry them (BMO-173). The caller owns them; NULL: none. */
struct json *host_wished_root_hints(const struct host_pass *pass);
/* RAID as status should carry it (BMO-194). The caller owns it; NULL: none. */
struct json *host_wished_raid(const struct host_pass *pass);
bool host_settings_differ(const struct host_pass *pass); /* RAID or hints */
void host_clear_settings(struct host_pass *pass);        /* hints and software RAID; hardware RAID stays (BMO-215) */
bool host_provisioning_cancelled(const struct host_pass *pass); /* BMO-210 */
bool host_wants_provisioning(const struct host_pass *pass);     /* BMO-202 */

/* -- state handlers: what became of the state's work in this pass -- */
enum host_outcome {
    OUTCOME_STAY,
    OUTCOME_DONE,
    OUTCOME_NO_BMC,      /* none: nothing to manage */
    OUTCOME_EXTERNAL,    /* the host is (no longer) provisioned by others */
    OUTCOME_SKIP,        /* registering: inspection is disabled */
    OUTCOME_INSPECT,     /* available: inspection was asked for */
    OUTCOME_PREPARE,     /* available: settings changed */
    OUTCOME_PROVISION,   /* available: an image is wished */
    OUTCOME_DEPROVISION, /* provisioning, provisioned: another image, none, or failure */
    OUTCOME_GIVE_UP,     /* deleting: go on without what failed */
    OUTCOME_FORGOTTEN,   /* deleting: the backend does not know the host, and without credentials cannot */
    OUTCOME_COUNT,
};
struct step {
    struct action action;
    enum host_outcome outcome;
};
struct error *state_none(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_unmanaged(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_registering(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_inspecting(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_match_profile(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_preparing(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_available(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_provisioning(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_provisioned(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_externally_provisioned(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_deprovisioning(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_powering_off(struct host_pass *pass, struct step *ret) MUST_CHECK;
struct error *state_deleting(struct host_pass *pass, struct step *ret) MUST_CHECK;

#endif
