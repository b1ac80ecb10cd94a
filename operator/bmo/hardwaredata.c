/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a host before Ironic says anything: a saved status (clusterctl move), HardwareData made by others,
 * the hardwaredetails annotation (BMO-109 … BMO-114, BMO-191); and the HardwareData object that an inspection leaves
 * behind (BMO-189).
 */
#include <string.h>

#include "lib/log/log.h"
#include "operator/bmo/host_pass.h"

static const struct json *known_data(const struct host_pass *pass)
{
    return kube_object_json(pass->hardware_data);
}

/* -- a saved status -- */

static struct json *parse_saved_status(const struct host_pass *pass)
{
    const char *text = kube_annotation(pass->host, HOST_STATUS_ANNOTATION);
    struct json *status = NULL;

    if (str_is_empty(text) || host_status(pass, "lastUpdated")[0])
        return NULL;
    struct error *err = json_parse(text, strlen(text), &status);
    if (err || !json_is(status, JSON_OBJECT)) {
        log_warn(pass->log, "the status annotation is no JSON object, and is dropped");
        error_free(err);
        json_free(status);
        return NULL;
    }
    return status;
}

static struct error *restore_status(struct host_pass *pass, struct json *status, struct action *ret)
{
    const struct json *hardware = json_get(known_data(pass), "spec/hardware");

    json_set(pass->host, "status", status);
    if (hardware)
        json_set(pass->host, "status/hardware", json_copy(hardware));
    TRY(host_save_status(pass));
    log_info(pass->log, "status restored from its annotation", KV("state", host_status(pass, "provisioning/state")));
    *ret = action_after(0);
    return NULL;
}

/* -- HardwareData made by others, or the annotation -- */

static struct error *annotation_details(const struct host_pass *pass, struct json **ret)
{
    const char *text = kube_annotation(pass->host, HOST_HARDWARE_DETAILS_ANNOTATION);

    if (str_is_empty(text))
        return NULL;
    TRY_WRAP(json_parse_strict(text, strlen(text), ret),
             "failed to parse annotation " HOST_HARDWARE_DETAILS_ANNOTATION);
    return hardware_details_check(*ret);
}

static struct error *update_details(struct host_pass *pass, struct action *ret)
{
    const char *annotation = kube_annotation(pass->host, HOST_HARDWARE_DETAILS_ANNOTATION);
    struct json *details CLEANUP(json_free) = NULL;
    bool used = false, dropped = false;

    if (!json_has(pass->host, "status/hardware") || host_inspection_disabled(pass)) {
        details = json_copy(json_get(known_data(pass), "spec/hardware"));
        struct error *err = details ? NULL : annotation_details(pass, &details);
        if (error_is(err, ERROR_INVALID)) {
            *ret = host_refuse(pass, error_message(err));
            error_free(err);
            return NULL;
        }
        TRY(err);
        if (details && !json_equal(details, json_get(pass->host, "status/hardware"))) {
            used = true;
            json_set(pass->host, "status/hardware", TAKE_PTR(details));
            pass_event(pass, false, "UpdateHardwareDetails", "Set HardwareDetails from hardware data or annotation");
            TRY(host_save_status(pass));
            *ret = action_after(0);
        }
    }
    if (!annotation)
        return NULL;
    if (!used)
        pass_event(pass, false, "RemoveAnnotation",
                   "HardwareDetails annotation ignored, status already set and inspection is not disabled");
    TRY(host_drop_annotation(pass, HOST_HARDWARE_DETAILS_ANNOTATION, &dropped));
    *ret = action_after(0);
    return NULL;
}

static struct error *release_hardware_data(struct host_pass *pass)
{
    struct kube_object *written = NULL;

    if (!kube_has_finalizer(known_data(pass), HARDWARE_DATA_FINALIZER))
        return NULL;
    struct json *released CLEANUP(json_free) = kube_object_copy(pass->hardware_data);
    kube_remove_finalizer(released, HARDWARE_DATA_FINALIZER);
    TRY_WRAP(object_store_write(pass->bmo->hardware_data, pass->hardware_data, released, false, &written),
             "failed to remove hardwareData finalizer");
    kube_object_unref(pass->hardware_data);
    pass->hardware_data = written;
    return NULL;
}

struct error *host_adopt_architecture(struct host_pass *pass)
{
    const char *arch = json_str_or(known_data(pass), "spec/hardware/cpu/arch", "");

    if (host_spec(pass, "architecture")[0] || !arch[0])
        return NULL;
    json_set_str(pass->host, "spec/architecture", arch);
    return host_write(pass);
}

struct error *step_host_data(struct host_pass *pass, struct action *ret)
{
    bool dropped = false;

    TRY(object_store_get(pass->bmo->hardware_data, pass->ns, pass->name, false, &pass->hardware_data));
    if (host_is_deleting(pass))
        TRY(release_hardware_data(pass));
    struct json *saved = parse_saved_status(pass);
    if (saved)
        return restore_status(pass, saved, ret);
    TRY(host_drop_annotation(pass, HOST_STATUS_ANNOTATION, &dropped));
    TRY(host_adopt_architecture(pass));
    return update_details(pass, ret);
}

/* -- what an inspection found -- */

struct error *hardware_data_store(struct host_pass *pass, const struct json *details)
{
    if (host_is_deleting(pass))
        return NULL;
    if (pass->hardware_data && json_equal(details, json_get(known_data(pass), "spec/hardware")) &&
        kube_has_finalizer(known_data(pass), HARDWARE_DATA_FINALIZER) && !kube_is_deleting(known_data(pass)))
        return NULL; /* stored by a pass whose status was not saved */
    if (pass->hardware_data) {
        TRY(release_hardware_data(pass));
        TRY_WRAP(object_store_delete(pass->bmo->hardware_data, pass->ns, pass->name), "failed to delete hardwareData");
    }
    struct json *object CLEANUP(json_free) = kube_object_make(&metal3_hardware_data, pass->ns, pass->name);
    json_set(object, "spec/hardware", json_copy(details));
    kube_add_finalizer(object, HARDWARE_DATA_FINALIZER);
    kube_set_owner(object, &metal3_bare_metal_hosts, pass->host, KUBE_OWNER_CONTROLLER);
    kube_object_unref(pass->hardware_data);
    pass->hardware_data = NULL;
    TRY_WRAP(object_store_create(pass->bmo->hardware_data, object, &pass->hardware_data),
             "failed to create hardwareData");
    return NULL;
}
