/* SPDX-License-Identifier: Apache-2.0 */
/* Detached hosts: the backend forgets them, their status stays (bmo.md 2.5). */
#include "lib/log/log.h"
#include "operator/bmo/host_states.h"

static bool is_detached(const struct host_pass *pass)
{
    return host_operational_status(pass) == OPERATIONAL_STATUS_DETACHED;
}

/*
 * A failed detachment is not an error type that the CRD knows (BMO-049); its message tells it: an error without a type.
 */
static bool has_detach_error(const struct host_pass *pass)
{
    return host_operational_status(pass) == OPERATIONAL_STATUS_ERROR && host_error(pass) == HOST_ERROR_NONE;
}

static struct error *detach(struct host_pass *pass, bool force, struct action *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};

    TRY_WRAP(pass->provisioner->ops->detach(pass->provisioner, force, &result), "failed to detach");
    if (result.message) {
        *ret = host_fail(pass, HOST_ERROR_DETACH, "%s", result.message);
        return NULL;
    }
    if (has_detach_error(pass)) {
        host_clear_error(pass);
        host_reset_error_count(pass);
    }
    if (result.dirty) {
        *ret = action_after(result.requeue_after);
        return NULL;
    }
    if (!is_detached(pass))
        log_info(pass->log, "host is detached: removed from the provisioner");
    host_set_operational_status(pass, OPERATIONAL_STATUS_DETACHED);
    *ret = action_after(DELAY_DETACHED);
    return NULL;
}

struct error *step_detached(struct host_pass *pass, struct action *ret)
{
    if (host_is_detach_wished(pass) && host_state(pass) != HOST_STATE_DELETING) {
        if (host_state_row(host_state(pass))->detachable)
            return detach(pass, false, ret);
        if (host_detach_force(pass))
            return detach(pass, true, ret);
        log_debug(pass->log, "host cannot be detached yet: the current operation goes on");
    }
    if (has_detach_error(pass)) {
        host_clear_error(pass);
        host_reset_error_count(pass);
        *ret = action_after(0);
    } else if (is_detached(pass)) {
        host_set_operational_status(pass, host_error(pass) == HOST_ERROR_NONE ? OPERATIONAL_STATUS_OK
                                                                              : OPERATIONAL_STATUS_ERROR);
        *ret = action_after(0);
    }
    return NULL;
}
