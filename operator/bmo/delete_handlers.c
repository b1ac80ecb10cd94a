/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a host: powered off, forgotten by the backend, released (BMO-150 … BMO-152). */
#include "lib/log/log.h"
#include "operator/bmo/host_pass.h"

static struct error *power_off(struct host_pass *pass, struct step *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    const struct power_off_data data = {
        .hard = true,
        .force = host_error(pass) == HOST_ERROR_POWER_MANAGEMENT,
        .automated_cleaning_mode = host_cleaning_mode(pass),
    };

    if (json_bool(pass->host, "spec/disablePowerOff", false)) {
        ret->outcome = OUTCOME_DONE;
        ret->action = action_complete();
        return NULL;
    }
    TRY_WRAP(pass->provisioner->ops->power_off(pass->provisioner, &data, &result),
             "failed to power off before deleting node");
    if (result_ends_pass(pass, &result, HOST_ERROR_POWER_MANAGEMENT, &ret->action))
        return NULL;
    json_set_bool(pass->host, "status/poweredOn", false);
    ret->outcome = OUTCOME_DONE;
    ret->action = action_complete();
    return NULL;
}

struct error *state_powering_off(struct host_pass *pass, struct step *ret)
{
    struct error *err = power_off(pass, ret);
    bool forgotten = error_needs_registration(err) && !pass->have_credentials;
    bool give_up = !err && ret->action.kind == ACTION_FAILED && host_status_int(pass, "errorCount") > DELETION_PATIENCE;

    if (!forgotten && !give_up)
        return err;
    error_free(err);
    if (give_up)
        log_warn(pass->log, "giving up on powering the host off after several attempts");
    ret->outcome = give_up ? OUTCOME_GIVE_UP : OUTCOME_FORGOTTEN;
    ret->action = action_complete();
    return NULL;
}

struct error *state_deleting(struct host_pass *pass, struct step *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};

    if (!kube_has_finalizer(pass->host, HOST_FINALIZER)) {
        ret->action = (struct action){ACTION_FINISHED, 0};
        return NULL;
    }
    TRY_WRAP(pass->provisioner->ops->delete (pass->provisioner, &result), "failed to delete");
    if (result.message)
        return error_new(ERROR_TRANSIENT, "failed to delete: %s", result.message);
    if (result.dirty) {
        ret->action = action_after(result.requeue_after);
        return NULL;
    }
    TRY(secret_release(pass, host_spec(pass, "bmc/credentialsName")));
    TRY(secret_release(pass, host_spec(pass, "preprovisioningNetworkDataName")));
    kube_remove_finalizer(pass->host, HOST_FINALIZER);
    TRY_WRAP(host_write(pass), "failed to remove finalizer");
    log_info(pass->log, "host deleted");
    ret->action = (struct action){ACTION_FINISHED, 0};
    return NULL;
}
