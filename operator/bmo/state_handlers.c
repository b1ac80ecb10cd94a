/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handlers of the states before provisioning: none, unmanaged, registering, inspecting, match profile, available
 * (BMO-182 … BMO-204).
 */
#include "lib/log/log.h"
#include "operator/bmo/host_pass.h"

static struct error *step_done(struct step *ret, enum host_outcome outcome)
{
    ret->action = action_complete();
    ret->outcome = outcome;
    return NULL;
}

static bool has_bmc_details(const struct host_pass *pass)
{
    return host_spec(pass, "bmc/address")[0] || host_spec(pass, "bmc/credentialsName")[0];
}

struct error *state_none(struct host_pass *pass, struct step *ret)
{
    if (has_bmc_details(pass))
        return step_done(ret, OUTCOME_DONE);
    pass_event(pass, false, "Discovered", "Discovered host with no BMC details");
    pass_metric(pass, HOST_METRIC_UNMANAGED, NULL, NULL, NULL);
    host_clear_error(pass);
    host_set_operational_status(pass, OPERATIONAL_STATUS_DISCOVERED);
    return step_done(ret, OUTCOME_NO_BMC);
}

struct error *state_unmanaged(struct host_pass *pass, struct step *ret)
{
    if (has_bmc_details(pass))
        return step_done(ret, OUTCOME_DONE);
    if (host_error(pass) != HOST_ERROR_NONE) {
        host_clear_error(pass); /* what was refused has been mended */
        host_set_operational_status(pass, OPERATIONAL_STATUS_DISCOVERED);
    }
    ret->action = action_after(DELAY_UNMANAGED);
    return NULL;
}

/* Only reached once registration has nothing more to do. */
struct error *state_registering(struct host_pass *pass, struct step *ret)
{
    enum host_outcome outcome = json_bool(pass->host, "spec/externallyProvisioned", false) ? OUTCOME_EXTERNAL
                                : host_inspection_disabled(pass)                           ? OUTCOME_SKIP
                                                                                           : OUTCOME_DONE;
    host_reset_error_count(pass);
    return step_done(ret, outcome);
}

struct error *state_match_profile(struct host_pass *pass, struct step *ret)
{
    return step_done(ret, OUTCOME_DONE);
}

/* -- inspecting -- */

/* An inspection has begun: it was what these annotations asked for (BMO-188). */
static struct error *drop_used_annotations(struct host_pass *pass)
{
    bool dropped = false;

    if (host_inspection_requested(pass))
        TRY(host_drop_annotation(pass, HOST_INSPECT_ANNOTATION, &dropped));
    return host_drop_annotation(pass, HOST_REBOOT_ANNOTATION, &dropped);
}

static struct error *inspect(struct host_pass *pass, struct step *ret, struct json **ret_details)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    bool started = false;
    const struct inspect_data data = {
        .boot_mode = host_status(pass, "provisioning/bootMode"),
        .architecture = host_architecture(pass),
        .inspection_mode = host_spec(pass, "inspectionMode"),
        .restart_on_failure = host_error(pass) == HOST_ERROR_INSPECTION,
        .refresh = host_inspection_requested(pass),
        .force_reboot = host_reboot_wish(pass, true).forced,
    };

    TRY_WRAP(pass->provisioner->ops->inspect(pass->provisioner, &data, &result, &started, ret_details),
             "hardware inspection failed");
    if (started)
        TRY(drop_used_annotations(pass));
    result_ends_pass(pass, &result, HOST_ERROR_INSPECTION, &ret->action);
    return NULL;
}

struct error *state_inspecting(struct host_pass *pass, struct step *ret)
{
    struct json *details CLEANUP(json_free) = NULL;

    if (host_inspection_disabled(pass)) {
        pass_event(pass, false, "InspectionSkipped", "disabled by user");
        return step_done(ret, OUTCOME_DONE);
    }
    TRY(inspect(pass, ret, &details));
    if (ret->action.kind != ACTION_NONE)
        return NULL;
    if (!details)
        return error_new(ERROR_INTERNAL, "inspection ended without hardware details");
    host_clear_error(pass);
    TRY(hardware_data_store(pass, details));
    json_set(pass->host, "status/hardware", TAKE_PTR(details));
    TRY(host_adopt_architecture(pass));
    return step_done(ret, OUTCOME_DONE);
}

/* -- available -- */

bool host_wants_provisioning(const struct host_pass *pass)
{
    const char *method = host_spec(pass, "customDeploy/method");

    if (!host_is_online(pass))
        return false;
    if (host_spec(pass, "image/url")[0] && !host_status(pass, "provisioning/image/url")[0])
        return true;
    return method[0] && !str_equal(method, host_status(pass, "provisioning/customDeploy/method"));
}

/* BMO-203. True when the host may be provisioned (again). */
static bool may_provision(struct host_pass *pass, struct step *ret)
{
    int64_t limit = pass->bmo->options.max_provisioning_retries;
    int64_t failures = host_status_int(pass, "provisioningFailCount");

    if (!json_equal(json_get(pass->host, "spec/image"), json_get(pass->host, "status/lastAttemptedImage")) &&
        failures) {
        json_set_int(pass->host, "status/provisioningFailCount", 0);
        failures = 0;
    }
    if (limit <= 0 || failures < limit)
        return true;
    ret->action = host_fail(pass, HOST_ERROR_PROVISIONING,
                            "provisioning failed %lld times, retry limit (%lld) reached; change image or reset "
                            "provisioningFailCount to retry",
                            (long long)failures, (long long)limit);
    return false;
}

static void forget_failures(struct host_pass *pass)
{
    if (host_spec(pass, "image/url")[0] || !host_status_int(pass, "provisioningFailCount"))
        return;
    json_set_int(pass->host, "status/provisioningFailCount", 0);
    json_remove(pass->host, "status/lastAttemptedImage");
}

struct error *state_available(struct host_pass *pass, struct step *ret)
{
    if (json_bool(pass->host, "spec/externallyProvisioned", false)) {
        host_clear_settings(pass);
        return step_done(ret, OUTCOME_EXTERNAL);
    }
    if (host_inspection_requested(pass))
        return step_done(ret, OUTCOME_INSPECT);
    if (host_settings_differ(pass))
        return step_done(ret, OUTCOME_PREPARE);
    forget_failures(pass);
    if (!host_wants_provisioning(pass))
        return step_power(pass, &ret->action);
    if (!may_provision(pass, ret))
        return NULL;
    host_clear_error(pass);
    host_note_attempt(pass);
    return step_done(ret, OUTCOME_PROVISION);
}
