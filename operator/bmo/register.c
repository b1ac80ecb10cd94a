/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registration on every pass (bmo.md 2.6): tells the backend what it must know, notices rotated credentials, settles
 * hardware profile and root device hints, before the state's handler runs.
 */
#include "lib/log/log.h"
#include "operator/bmo/host_states.h"

/* -- credentials in status (BMO-060) -- */

static bool credentials_match(const struct host_pass *pass, const char *member)
{
    CLEANUP_FREE char *name = mem_printf("%s/credentials/name", member);
    CLEANUP_FREE char *version = mem_printf("%s/credentialsVersion", member);

    return str_equal(host_status(pass, name), kube_name(kube_object_json(pass->secret))) &&
           str_equal(host_status(pass, version), kube_resource_version(kube_object_json(pass->secret)));
}

static void store_credentials(struct host_pass *pass, const char *member)
{
    CLEANUP_FREE char *path = mem_printf("status/%s", member);
    struct json *credentials = json_new_object();

    json_set_str(credentials, "credentials/name", kube_name(kube_object_json(pass->secret)));
    json_set_str(credentials, "credentials/namespace", kube_namespace(kube_object_json(pass->secret)));
    json_set_str(credentials, "credentialsVersion", kube_resource_version(kube_object_json(pass->secret)));
    json_set(pass->host, path, credentials);
}

/* Back to what was tried before this pass. */
static void forget_tried(struct host_pass *pass)
{
    const struct json *before = json_get(kube_object_json(pass->original), "status/triedCredentials");
    json_set(pass->host, "status/triedCredentials", before ? json_copy(before) : json_new_object());
}

/* -- hardware profile (BMO-171, BMO-172) -- */

static const struct {
    const char *name, *hint, *value; /* the root device hint that it stands for; NULL: none */
} profiles[] = {
    {"unknown", "deviceName", "/dev/sda"}, {"libvirt", "deviceName", "/dev/vda"},   {"dell", "hctl", "0:0:0:0"},
    {"dell-raid", "hctl", "0:2:0:0"},      {"openstack", "deviceName", "/dev/vdb"}, {"empty", NULL, NULL},
};

static int profile_index(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(profiles); i++)
        if (str_equal(profiles[i].name, name))
            return (int)i;
    return -1;
}

/* False when the wished profile does not exist: the host has failed. */
static bool match_profile(struct host_pass *pass, struct action *ret)
{
    const char *wished = str_or(host_status(pass, "hardwareProfile"), host_spec(pass, "hardwareProfile"));

    if (!wished[0])
        wished = str_has_prefix(host_spec(pass, "bmc/address"), "libvirt") ? "libvirt" : "unknown";
    if (profile_index(wished) < 0) {
        *ret = host_fail(pass, HOST_ERROR_REGISTRATION, "no hardware profile named \"%s\"", wished);
        return false;
    }
    if (!str_equal(wished, host_status(pass, "hardwareProfile"))) {
        CLEANUP_FREE char *profile = mem_strdup(wished);
        json_set_str(pass->host, "status/hardwareProfile", profile);
        pass_event(pass, false, "ProfileSet", "Hardware profile set: %s", profile);
    }
    return true;
}

static bool has_software_root_volume(const struct host_pass *pass)
{
    const struct json *volumes = json_get(pass->host, "spec/raid/softwareRAIDVolumes");

    JSON_FOREACH (volume, volumes) {
        if (json_bool(volume, "rootVolume", false))
            return true;
    }
    return false;
}

struct json *host_wished_root_hints(const struct host_pass *pass)
{
    const struct json *hints = json_get(pass->host, "spec/rootDeviceHints");
    int profile = profile_index(host_status(pass, "hardwareProfile"));

    if (has_software_root_volume(pass))
        return NULL;
    if (json_is(hints, JSON_OBJECT))
        return json_copy(hints);
    if (profile < 0 || !profiles[profile].hint)
        return NULL;
    struct json *from_profile = json_new_object();
    json_set_str(from_profile, profiles[profile].hint, profiles[profile].value);
    return from_profile;
}

/* BMO-173 */
static void update_root_hints(struct host_pass *pass)
{
    struct json *wished CLEANUP(json_free) = host_wished_root_hints(pass);

    if (json_equal(wished, json_get(pass->host, "status/provisioning/rootDeviceHints")))
        return;
    if (wished)
        json_set(pass->host, "status/provisioning/rootDeviceHints", TAKE_PTR(wished));
    else
        json_remove(pass->host, "status/provisioning/rootDeviceHints");
}

/* -- what the backend is told -- */

/* The image that is, or is about to be, on the host's disk (BMO-165). */
static const struct json *current_image(const struct host_pass *pass)
{
    enum host_state state = host_state(pass);

    if (host_status(pass, "provisioning/image/url")[0])
        return json_get(pass->host, "status/provisioning/image");
    if (state == HOST_STATE_PROVISIONING || state == HOST_STATE_EXTERNALLY_PROVISIONED)
        return json_get(pass->host, "spec/image");
    return NULL;
}

static bool has_custom_deploy(const struct host_pass *pass)
{
    enum host_state state = host_state(pass);

    if (host_status(pass, "provisioning/customDeploy/method")[0])
        return true;
    return (state == HOST_STATE_PROVISIONING || state == HOST_STATE_EXTERNALLY_PROVISIONED) &&
           host_spec(pass, "customDeploy/method")[0];
}

static const struct json *known_hardware(const struct host_pass *pass)
{
    const struct json *hardware = json_get(kube_object_json(pass->hardware_data), "spec/hardware");
    return hardware ? hardware : json_get(pass->host, "status/hardware");
}

static struct error *call_backend(struct host_pass *pass, bool changed, struct provision_result *ret, char **ret_id)
{
    const struct register_data data = {
        .boot_mode = str_or(host_status(pass, "provisioning/bootMode"), BOOT_UEFI),
        .automated_cleaning_mode = host_cleaning_mode(pass),
        .state = host_status(pass, "provisioning/state"),
        .servicing = host_operational_status(pass) == OPERATIONAL_STATUS_SERVICING,
        .current_image = current_image(pass),
        .preprovisioning_network_data = pass->network_data,
        .has_custom_deploy = has_custom_deploy(pass),
        .disable_power_off = json_bool(pass->host, "spec/disablePowerOff", false),
        .inspection_disabled = host_inspection_disabled(pass),
        .architecture = host_architecture(pass),
        .hardware = known_hardware(pass),
        .inspection_mode = host_spec(pass, "inspectionMode"),
        .credentials_changed = changed,
        .restart_on_failure = host_error(pass) == HOST_ERROR_REGISTRATION,
    };
    struct error *err = pass->provisioner->ops->register_host(pass->provisioner, &data, ret, ret_id);
    if (err)
        host_metrics_count(&pass->bmo->metrics, HOST_METRIC_CREDENTIALS_NO_ACCESS, NULL, NULL, NULL);
    return error_wrap(err, "failed to validate BMC access");
}

/* BMO-169: a new node knows nothing of earlier preparations. */
static void store_id(struct host_pass *pass, const char *id)
{
    if (!id || str_equal(id, host_status(pass, "provisioning/ID")))
        return;
    json_set_str(pass->host, "status/provisioning/ID", id);
    if (host_state(pass) == HOST_STATE_PREPARING)
        host_clear_settings(pass);
}

/* -- the step -- */

/* The backend has accepted the host: settle what depends on it (BMO-171 … BMO-176). */
static void settle(struct host_pass *pass, struct action *ret)
{
    if (!match_profile(pass, ret))
        return;
    update_root_hints(pass);
    bool newly_good = !credentials_match(pass, "goodCredentials");
    if (newly_good) {
        store_credentials(pass, "goodCredentials");
        pass_event(pass, false, "BMCAccessValidated", "Verified access to BMC");
    }
    if (newly_good || host_error(pass) == HOST_ERROR_REGISTRATION)
        host_clear_error(pass);
}

static struct error *register_host(struct host_pass *pass, struct action *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    CLEANUP_FREE char *id = NULL;
    bool changed = !credentials_match(pass, "triedCredentials");

    if (changed) {
        store_credentials(pass, "triedCredentials");
        pass_metric(pass, HOST_METRIC_CREDENTIALS_UPDATED, NULL, NULL, NULL);
        log_info(pass->log, "new credentials");
    }
    TRY(call_backend(pass, changed, &result, &id));
    if (result.message) {
        *ret = host_fail(pass, HOST_ERROR_REGISTRATION, "%s", result.message);
        return NULL;
    }
    store_id(pass, id);
    if (result.busy && changed) /* the backend did not take the credentials yet: they count as new in the next pass */
        forget_tried(pass);
    if (result.dirty) {
        host_clear_error(pass);
        *ret = action_after(result.requeue_after);
        return NULL;
    }
    settle(pass, ret);
    return NULL;
}

struct error *step_register(struct host_pass *pass, struct action *ret)
{
    bool registering = host_state(pass) == HOST_STATE_REGISTERING;

    if (!host_state_row(host_state(pass))->registers || !pass->have_credentials)
        return NULL;
    bool again =
        !registering && (host_error(pass) == HOST_ERROR_REGISTRATION || !credentials_match(pass, "goodCredentials"));
    if (again) {
        log_info(pass->log, "registering the host again");
        host_history_start(pass, HOST_STATE_REGISTERING);
    }
    TRY(register_host(pass, ret));
    if (again && host_error(pass) != HOST_ERROR_REGISTRATION && credentials_match(pass, "goodCredentials"))
        host_history_end(pass, HOST_STATE_REGISTERING);
    if (ret->kind != ACTION_NONE || host_status_changed(pass))
        pass_metric(pass, HOST_METRIC_REGISTRATION_REQUIRED, NULL, NULL, NULL);
    return NULL;
}
