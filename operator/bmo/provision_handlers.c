/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers of provisioning, provisioned, externally provisioned and deprovisioning (BMO-205 … BMO-216). */
#include <stdlib.h>

#include "lib/log/log.h"
#include "operator/bmo/host_pass.h"

static struct error *step_done(struct step *ret, enum host_outcome outcome)
{
    ret->action = action_complete();
    ret->outcome = outcome;
    return NULL;
}

bool host_provisioning_cancelled(const struct host_pass *pass)
{
    const char *method = host_spec(pass, "customDeploy/method");
    const char *url = host_spec(pass, "image/url");
    const char *present_method = host_status(pass, "provisioning/customDeploy/method");
    const char *present_url = host_status(pass, "provisioning/image/url");

    if (method[0]) {
        if (present_method[0] && !str_equal(method, present_method))
            return true;
        return present_url[0] && !str_equal(url, present_url);
    }
    if (present_method[0] || !url[0])
        return true;
    return present_url[0] && !str_equal(url, present_url);
}

/* -- provisioning -- */

static void copy_or_remove(struct host_pass *pass, const char *from, const char *to)
{
    const struct json *value = json_get(pass->host, from);

    if (json_is(value, JSON_OBJECT))
        json_set(pass->host, to, json_copy(value));
    else
        json_remove(pass->host, to);
}

void host_note_attempt(struct host_pass *pass)
{
    copy_or_remove(pass, "spec/image", "status/lastAttemptedImage");
}

/* What spec wishes is now on the disk. */
static void store_deployed(struct host_pass *pass)
{
    copy_or_remove(pass, "spec/image", "status/provisioning/image");
    copy_or_remove(pass, "spec/customDeploy", "status/provisioning/customDeploy");
}

static struct error *call_provision(struct host_pass *pass, struct provision_result *ret)
{
    CLEANUP_SECRET char *pull_secret = NULL;
    CLEANUP_FREE char *problem = NULL;

    TRY(host_pull_secret(pass, &pull_secret, &problem));
    if (problem) {
        ret->message = TAKE_PTR(problem);
        return NULL;
    }
    const struct provision_data data = {
        .image = json_get(pass->host, "spec/image"),
        .custom_deploy = host_spec(pass, "customDeploy/method"),
        .boot_mode = host_status(pass, "provisioning/bootMode"),
        .root_hints = json_get(pass->host, "status/provisioning/rootDeviceHints"),
        .pull_secret = pull_secret,
        .user_data = host_user_data,
        .network_data = host_network_data,
        .meta_data = host_meta_data,
        .data_arg = pass,
        .force_reboot = host_reboot_wish(pass, true).forced,
    };
    TRY_WRAP(pass->provisioner->ops->provision(pass->provisioner, &data, ret), "failed to provision");
    return NULL;
}

struct error *state_provisioning(struct host_pass *pass, struct step *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    bool dropped = false;

    if (host_error(pass) != HOST_ERROR_NONE) {
        json_set_int(pass->host, "status/provisioningFailCount", host_status_int(pass, "provisioningFailCount") + 1);
        return step_done(ret, OUTCOME_DEPROVISION);
    }
    if (host_provisioning_cancelled(pass))
        return step_done(ret, OUTCOME_DEPROVISION);
    host_note_attempt(pass);
    TRY(call_provision(pass, &result));
    if (!result.message)
        TRY(host_drop_annotation(pass, HOST_REBOOT_ANNOTATION, &dropped));
    if (result_ends_pass(pass, &result, HOST_ERROR_PROVISIONING, &ret->action))
        return NULL;
    store_deployed(pass);
    json_set_int(pass->host, "status/provisioningFailCount", 0);
    host_clear_error(pass);
    TRY(host_read_power(pass)); /* a deployed host runs: saved together */
    return step_done(ret, OUTCOME_DONE);
}

/* -- provisioned -- */

static struct error *adopt(struct host_pass *pass, struct action *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};

    TRY(pass->provisioner->ops->adopt(pass->provisioner, host_status(pass, "provisioning/state"),
                                      host_error(pass) == HOST_ERROR_PROVISIONED_REGISTRATION, &result));
    result_ends_pass(pass, &result, HOST_ERROR_PROVISIONED_REGISTRATION, ret);
    if (ret->kind == ACTION_NONE && host_error(pass) == HOST_ERROR_PROVISIONED_REGISTRATION) {
        host_clear_error(pass);
        *ret = action_after(0);
    }
    return NULL;
}

static struct error *hold(struct host_pass *pass, struct step *ret)
{
    TRY(adopt(pass, &ret->action));
    return ret->action.kind == ACTION_NONE ? step_power(pass, &ret->action) : NULL;
}

struct error *state_provisioned(struct host_pass *pass, struct step *ret)
{
    if (host_provisioning_cancelled(pass))
        return step_done(ret, OUTCOME_DEPROVISION);
    return hold(pass, ret);
}

struct error *state_externally_provisioned(struct host_pass *pass, struct step *ret)
{
    if (json_bool(pass->host, "spec/externallyProvisioned", false))
        return hold(pass, ret);
    store_deployed(pass);
    return step_done(ret, OUTCOME_EXTERNAL);
}

/* -- deprovisioning -- */

/* What was deployed is gone; the hardware RAID stays (BMO-215). */
static void forget_deployed(struct host_pass *pass)
{
    struct json *none = json_new_object();

    json_set_str(none, "url", "");
    json_set(pass->host, "status/provisioning/image", none);
    json_remove(pass->host, "status/provisioning/customDeploy");
    host_clear_settings(pass);
}

static struct error *deprovision(struct host_pass *pass, struct step *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    bool dropped = false;

    if (host_status(pass, "provisioning/image/url")[0] || host_status(pass, "provisioning/customDeploy/method")[0])
        TRY(adopt(pass, &ret->action));
    if (ret->action.kind != ACTION_NONE)
        return NULL;
    TRY_WRAP(pass->provisioner->ops->deprovision(pass->provisioner, host_error(pass) == HOST_ERROR_PROVISIONING,
                                                 host_cleaning_mode(pass), &result),
             "failed to deprovision");
    if (result_ends_pass(pass, &result, HOST_ERROR_PROVISIONING, &ret->action))
        return NULL;
    TRY(host_drop_annotation(pass, HOST_REBOOT_ANNOTATION, &dropped));
    forget_deployed(pass);
    host_clear_error(pass);
    return step_done(ret, OUTCOME_DONE);
}

struct error *state_deprovisioning(struct host_pass *pass, struct step *ret)
{
    struct error *err = deprovision(pass, ret);

    if (!host_is_deleting(pass))
        return err;
    if (error_needs_registration(err) && !pass->have_credentials) {
        error_free(err);
        return step_done(ret, OUTCOME_FORGOTTEN);
    }
    TRY(err);
    if (ret->action.kind == ACTION_FAILED && host_status_int(pass, "errorCount") > DELETION_PATIENCE) {
        log_warn(pass->log, "giving up on host clean up after several attempts: the host may still be operational and "
                            "cause issues in your clusters - clean it up manually");
        pass_metric(pass, HOST_METRIC_DELETE_WITHOUT_DEPROVISIONING, NULL, NULL, NULL);
        return step_done(ret, OUTCOME_GIVE_UP);
    }
    return NULL;
}
