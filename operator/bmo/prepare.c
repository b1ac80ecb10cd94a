/* SPDX-License-Identifier: Apache-2.0 */
/* Preparing: RAID by manual cleaning (BMO-193 … BMO-200), and the settings that status remembers. */
#include "operator/bmo/host_pass.h"

#define HARDWARE_VOLUMES "hardwareRAIDVolumes"
#define SOFTWARE_VOLUMES "softwareRAIDVolumes"

static struct json *list_or_null(const struct json *config, const char *member)
{
    const struct json *list = json_get(config, member);
    return json_is(list, JSON_ARRAY) ? json_copy(list) : json_new_null();
}

/* A RAIDConfig with both lists, null where there is none (BMO-014). */
static struct json *raid_config(struct json *hardware, struct json *software)
{
    struct json *config = json_new_object();

    json_set(config, HARDWARE_VOLUMES, hardware);
    json_set(config, SOFTWARE_VOLUMES, software);
    return config;
}

struct json *host_wished_raid(const struct host_pass *pass)
{
    const struct json *spec = json_get(pass->host, "spec/raid");
    const struct json *status = json_get(pass->host, "status/provisioning/raid");
    bool wished =
        json_is(json_get(spec, HARDWARE_VOLUMES), JSON_ARRAY) || json_is(json_get(spec, SOFTWARE_VOLUMES), JSON_ARRAY);

    if (wished)
        return raid_config(list_or_null(spec, HARDWARE_VOLUMES), list_or_null(spec, SOFTWARE_VOLUMES));
    if (!json_is(status, JSON_OBJECT))
        return NULL;
    bool has_hardware = json_len(json_get(status, HARDWARE_VOLUMES)) > 0;
    return raid_config(has_hardware ? list_or_null(status, HARDWARE_VOLUMES) : json_new_null(), json_new_array());
}

bool host_settings_differ(const struct host_pass *pass)
{
    const struct json *status = json_get(pass->host, "status/provisioning/raid");
    struct json *hints CLEANUP(json_free) = host_wished_root_hints(pass);
    struct json *raid CLEANUP(json_free) = host_wished_raid(pass);
    struct json *present CLEANUP(json_free) = NULL;

    if (json_is(status, JSON_OBJECT))
        present = raid_config(list_or_null(status, HARDWARE_VOLUMES), list_or_null(status, SOFTWARE_VOLUMES));
    return !json_equal(hints, json_get(pass->host, "status/provisioning/rootDeviceHints")) ||
           !json_equal(raid, present);
}

static void store_settings(struct host_pass *pass)
{
    struct json *hints = host_wished_root_hints(pass), *raid = host_wished_raid(pass);

    json_remove(pass->host, "status/provisioning/rootDeviceHints");
    json_remove(pass->host, "status/provisioning/raid");
    if (hints)
        json_set(pass->host, "status/provisioning/rootDeviceHints", hints);
    if (raid)
        json_set(pass->host, "status/provisioning/raid", raid);
}

void host_clear_settings(struct host_pass *pass)
{
    json_remove(pass->host, "status/provisioning/rootDeviceHints");
    json_remove(pass->host, "status/provisioning/firmware");
    if (json_has(pass->host, "status/provisioning/raid"))
        json_set(pass->host, "status/provisioning/raid/" SOFTWARE_VOLUMES, json_new_null());
}

struct error *state_preparing(struct host_pass *pass, struct step *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *raid CLEANUP(json_free) = host_wished_raid(pass);
    struct json *hints CLEANUP(json_free) = host_wished_root_hints(pass);
    bool failed = host_error(pass) == HOST_ERROR_PREPARATION, started = false;
    const struct prepare_data data = {
        .target_raid = raid,
        .actual_raid = failed ? NULL : json_get(pass->host, "status/provisioning/raid"),
        .root_hints = hints,
        .unprepared = failed || host_settings_differ(pass),
        .restart_on_failure = failed,
    };

    TRY_WRAP(pass->provisioner->ops->prepare(pass->provisioner, &data, &result, &started), "error preparing host");
    if (result.message) {
        if (data.unprepared)
            host_clear_settings(pass);
        ret->action = host_fail(pass, HOST_ERROR_PREPARATION, "%s", result.message);
        return NULL;
    }
    if (started && data.unprepared) {
        host_clear_error(pass);
        store_settings(pass);
    }
    if (result_ends_pass(pass, &result, HOST_ERROR_PREPARATION, &ret->action))
        return NULL;
    ret->action = action_complete();
    ret->outcome = OUTCOME_DONE;
    return NULL;
}
