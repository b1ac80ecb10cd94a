/* SPDX-License-Identifier: Apache-2.0 */
/* Provisioning: instance data, validation, the config drive, deployment (BMO-566…575). */
#include "operator/ironic/backend.h"

#include "operator/ironic/config_drive.h"
#include "operator/ironic/host_image.h"
#include "operator/ironic/node_fields.h"

static bool is_custom(const struct provision_data *data)
{
    return !str_is_empty(data->custom_deploy);
}

static struct error *patch_instance(struct ironic_host *host, const struct provision_data *data,
                                    struct provision_result *ret)
{
    const struct ironic_options *options = host->backend->options;
    CLEANUP_NODE_PATCH struct node_patch patch = {.node = host->node};
    struct json *capabilities = json_new_object();

    if (str_equal(data->boot_mode, "UEFISecureBoot"))
        json_set_str(capabilities, "secure_boot", "true");
    node_patch_str(&patch, "instance_uuid", host->host->uid);
    node_patch_set(&patch, "instance_info/capabilities", capabilities);
    node_patch_set(&patch, "instance_info/root_device", root_hints_to_ironic(data->root_hints));
    const struct image_deploy deploy = {
        .image = data->image,
        .custom = is_custom(data),
        .pull_secret = data->pull_secret,
        .force_boot_device = options->direct_boot_device,
        .live_force_boot_device = options->live_iso_boot_device,
    };
    TRY(image_patch_node(&patch, &deploy));
    return host_patch_node(host, &patch, ret);
}

/* GET validate: only boot and deploy count. */
static struct error *validate(struct ironic_host *host, struct provision_result *ret)
{
    static const char *const judged[] = {"boot", "deploy"};
    struct json *answer CLEANUP(json_free) = NULL;
    CLEANUP_STRBUF struct strbuf why = STRBUF_INIT;
    CLEANUP_FREE char *path = mem_printf("/nodes/%s/validate", host->id);

    struct error *err = ironic_call(host->backend->client, "GET", path, NULL, &answer);
    if (err)
        return result_from_error(host, err, ret);
    for (size_t i = 0; i < ARRAY_SIZE(judged); i++) {
        const struct json *verdict = json_get(answer, judged[i]);
        if (json_bool(verdict, "result", true))
            continue;
        strbuf_addf(&why, "%s%s", why.len ? "; " : "", json_str_or(verdict, "reason", judged[i]));
    }
    if (why.len)
        result_fail(ret, "host validation error: %s", strbuf_str(&why));
    return NULL;
}

/* One of the data secrets. What is wrong with it is the user's to mend, so it becomes the host's failure. */
static struct error *fetch(host_data_fn fetch_fn, void *arg, const char *what, struct provision_result *ret,
                           char **ret_text)
{
    struct error *err = fetch_fn ? fetch_fn(arg, ret_text) : NULL;

    if (error_is(err, ERROR_NOT_FOUND) || error_is(err, ERROR_INVALID)) {
        result_fail(ret, "could not retrieve %s: %s", what, error_message(err));
        error_free(err);
        return NULL;
    }
    return err ? error_wrap(err, "could not retrieve %s", what) : NULL;
}

static struct error *config_drive(struct ironic_host *host, const struct provision_data *data,
                                  struct provision_result *ret, struct json **ret_drive)
{
    CLEANUP_SECRET char *user = NULL, *network = NULL, *meta = NULL;

    if (!is_custom(data) && image_is_live_iso(data->image))
        return NULL;
    TRY(fetch(data->user_data, data->data_arg, "user data", ret, &user));
    if (!ret->message)
        TRY(fetch(data->network_data, data->data_arg, "network data", ret, &network));
    if (!ret->message)
        TRY(fetch(data->meta_data, data->data_arg, "metadata", ret, &meta));
    if (ret->message)
        return NULL;
    const struct config_drive_input input = {
        .host_uid = host->host->uid,
        .ns = host->host->ns,
        .name = host->host->name,
        .user_data = user,
        .network_data = network,
        .meta_data = meta,
    };
    struct error *err = config_drive_build(&input, ret_drive);
    if (!error_is(err, ERROR_INVALID))
        return err;
    result_fail(ret, "%s", error_message(err));
    error_free(err);
    return NULL;
}

static struct error *activate(struct ironic_host *host, const struct provision_data *data, struct provision_result *ret)
{
    struct json *body = NULL, *drive = NULL;
    bool changed = false;

    TRY(config_drive(host, data, ret, &drive));
    if (ret->message)
        return NULL;
    body = json_new_object();
    if (drive)
        json_set(body, "configdrive", drive);
    if (is_custom(data)) {
        struct json *steps = json_new_array(), *step = json_new_object();
        json_set_str(step, "interface", "deploy");
        json_set_str(step, "step", data->custom_deploy);
        json_set(step, "args", json_new_object());
        json_set_int(step, "priority", 80);
        json_append(steps, step);
        json_set(body, "deploy_steps", steps);
    }
    TRY(host_change_state(host, "active", body, ret, &changed));
    if (changed)
        host_publish(host, "ProvisioningStarted", "Image provisioning started for %s", image_url(data->image));
    return NULL;
}

static struct error *set_up_and_activate(struct ironic_host *host, const struct provision_data *data,
                                         struct provision_result *ret)
{
    TRY(patch_instance(host, data, ret));
    if (provision_result_done(ret))
        TRY(validate(host, ret));
    return provision_result_done(ret) ? activate(host, data, ret) : NULL;
}

static struct error *deploy_failed(struct ironic_host *host, const struct provision_data *data,
                                   struct provision_result *ret)
{
    const char *last_error = json_str_or(host->node, "last_error", "");

    if (!image_same_as_node(data->image, host->node))
        return set_up_and_activate(host, data, ret);
    if (!last_error[0]) {
        result_again(ret);
        host->stale = true;
        return NULL;
    }
    result_fail(ret, "Image provisioning failed (url: %s, checksum: %s): %s", image_url(data->image),
                json_str_or(data->image, "checksum", ""), last_error);
    return NULL;
}

struct error *ironic_provision(struct provisioner *provisioner, const struct provision_data *data,
                               struct provision_result *ret)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    const struct json *node = NULL;
    const char *checksum, *type;

    if (image_url(data->image)[0]) {
        struct error *err = image_checksum(data->image, &checksum, &type);
        if (err) {
            result_fail(ret, "Validation failed: %s", error_message(err));
            error_free(err);
            return NULL;
        }
    }
    TRY(host_node(host, &node));
    const char *state = node_state(node);
    if (str_equal(state, "active")) {
        host_publish(host, "ProvisioningComplete", "Image provisioning completed for %s", image_url(data->image));
        return NULL;
    }
    if (str_equal(state, "available"))
        return set_up_and_activate(host, data, ret);
    if (str_equal(state, "deploy failed"))
        return deploy_failed(host, data, ret);
    if (str_equal(state, "manageable"))
        return host_change_state(host, "provide", NULL, ret, NULL);
    if (str_equal(state, "clean failed"))
        return json_bool(node, "maintenance", false) ? host_end_maintenance(host, ret)
                                                     : host_change_state(host, "manage", NULL, ret, NULL);
    if (str_equal(state, "wait call-back") && data->force_reboot)
        return host_change_state(host, "deleted", NULL, ret, NULL);
    result_wait(host, ret, WAIT_LONG);
    return NULL;
}
