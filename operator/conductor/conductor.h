/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metal3-conductor: an Ironic-compatible conductor. It serves Ironic's REST API (microversions 1.1 to 1.110, as far as Metal3 uses it) and the
 * protocol of ironic-python-agent, and drives BMCs. Its state is in SQLite; a killed instance that is started again on the same
 * database goes on where the other stopped.
 */
#ifndef OPERATOR_CONDUCTOR_CONDUCTOR_H
#define OPERATOR_CONDUCTOR_CONDUCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/env.h"

struct conductor;

/* Everything a conductor can be told. conductor_options_init() sets the defaults in brackets; strings are borrowed until _start returns. */
struct conductor_options {
    /* REST API */
    const char *listen;             /* address ["127.0.0.1"] */
    int64_t port;                   /* [6385]; 0: any */
    const char *tls_cert, *tls_key; /* files, PEM; NULL: plain HTTP */
    const char *user, *password;    /* HTTP basic; NULL: no authentication */
    const char *htpasswd;           /* file of "user:$2y$…" lines (bcrypt), Ironic's form; NULL: none */
    const char *api_url;            /* how agents reach this API; NULL: made of listen and port */
    const char *hostname;           /* of this conductor, shown in reservations ["conductor"] */

    /* files for BMCs: boot ISOs */
    const char *http_listen; /* NULL: as listen */
    int64_t http_port;       /* [6180]; 0: any */
    const char *http_url;    /* how BMCs reach it; NULL: made of address and port */
    const char *cache_dir;   /* downloaded kernels and ramdisks ["/var/lib/metal3-conductor/images"] */

    const char *database; /* SQLite file or "file:…" URI ["/var/lib/metal3-conductor/conductor.db"] */

    /* deploy ramdisk for nodes whose driver_info has none: file:// or http(s):// */
    const char *deploy_kernel, *deploy_ramdisk, *deploy_iso;
    const char *kernel_append_params; /* what %default% stands for */

    bool fast_track;        /* leave the ramdisk up between inspection, cleaning and deployment (IRO-472) [true] */
    bool automated_clean;   /* where the node does not say [true] */
    bool require_agent_tls; /* refuse agents whose callback URL is plain HTTP (IRO-517) [true] */

    /* limits */
    int64_t max_concurrent_deploy; /* IRO-467 [250] */
    int64_t max_concurrent_clean;  /* [250] */
    int64_t bmc_parallelism;       /* BMC operations at once [200] */

    /* timers (B17), ns */
    int64_t deploy_callback_timeout;         /* [1800 s] */
    int64_t clean_callback_timeout;          /* [1800 s] */
    int64_t inspect_wait_timeout;            /* [1800 s] */
    int64_t power_state_change_timeout;      /* [60 s] */
    int64_t soft_power_off_timeout;          /* [600 s] */
    int64_t sync_power_state_interval;       /* [120 s]; 0: off */
    int64_t power_sync_max_retries;          /* a number [3] */
    int64_t power_failure_recovery_interval; /* [300 s]; 0: off */
    int64_t heartbeat_timeout;               /* told to agents [300 s] */
    int64_t fast_track_timeout;              /* [300 s] */
    int64_t agent_command_timeout;           /* of one HTTP call [60 s] */
    int64_t agent_command_attempts;          /* a number [3] */
    int64_t agent_power_off_wait;            /* for the agent's own power off, before it is forced [30 s] */
    int64_t poll_min, poll_max;              /* of BMC power states and agent commands [200 ms, 5 s] */
    int64_t bmc_retry_interval;              /* after a transport error or 5xx [3 s] */
    int64_t bmc_attempts;                    /* a number [5] */
    int64_t bmc_timeout;                     /* of one call [60 s] */
};

void conductor_options_init(struct conductor_options *options);

/*
 * Starts a conductor; it serves when this returns. The options are copied. Errors: ERROR_INVALID for a wrong option, ERROR_CONFLICT for a
 * port in use, and what opening the database gives; each says what to do.
 */
struct error *conductor_start(const struct env *env, const struct conductor_options *options, struct conductor **ret)
    MUST_CHECK;
int conductor_port(const struct conductor *conductor);      /* of the API */
int conductor_http_port(const struct conductor *conductor); /* of the boot ISOs */
/* Stops its tasks and waits for them; what is under way goes on at the next start. Also after env->group was cancelled. */
void conductor_stop(struct conductor *conductor);
void conductor_free(struct conductor *conductor); /* stopped; NULL is fine */
DEFINE_CLEANUP(struct conductor, conductor_free);

#endif
