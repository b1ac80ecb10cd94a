/* SPDX-License-Identifier: Apache-2.0 */
/* Deployment: the ramdisk writes the image and the config drive, then the machine boots from its disk (B9). */
#include "operator/conductor/deploy.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_client.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/boot.h"
#include "operator/conductor/configdrive.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/power.h"
#include "operator/conductor/steps.h"

/* -- what to deploy -- */

static const char *instance_text(const struct node *node, const char *key)
{
    return json_str(json_member(node->instance_info, key), "");
}

static bool is_interface(const struct node *node, const char *name)
{
    return str_equal(node->deploy_interface, name);
}

struct error *deploy_validate(const struct node *node)
{
    if (is_interface(node, "ramdisk")) {
        if (!instance_text(node, "boot_iso"))
            return error_new(ERROR_INVALID, "instance_info lacks boot_iso");
        return NULL;
    }
    if (is_interface(node, "custom-agent"))
        return NULL;
    const char *source = instance_text(node, "image_source");
    if (!source)
        return error_new(ERROR_INVALID, "instance_info lacks image_source");
    if (!str_has_prefix(source, "http://") && !str_has_prefix(source, "https://"))
        return error_new(ERROR_INVALID, "image_source \"%s\" must be an http:// or https:// URL", source);
    bool hash = instance_text(node, "image_os_hash_algo") && instance_text(node, "image_os_hash_value");
    if (!instance_text(node, "image_checksum") && !hash)
        return error_new(
            ERROR_INVALID,
            "instance_info lacks a checksum: image_checksum, or image_os_hash_algo and image_os_hash_value");
    return NULL;
}

/* IRO-594. */
static struct json *image_info(const struct node *node)
{
    const char *source = str_or(instance_text(node, "image_source"), "");
    const char *slash = strrchr(source, '/');
    struct json *info = json_new_object();
    json_set_str(info, "id", slash ? slash + 1 : source);
    struct json *urls = json_new_array();
    json_append_str(urls, source);
    json_set(info, "urls", urls);
    json_set_str(info, "disk_format", str_or(instance_text(node, "image_disk_format"), "raw"));
    json_set_str(info, "container_format", str_or(instance_text(node, "image_container_format"), "bare"));
    json_set_bool(info, "stream_raw_images", true);
    json_set_str_opt(info, "checksum", instance_text(node, "image_checksum"));
    json_set_str_opt(info, "os_hash_algo", instance_text(node, "image_os_hash_algo"));
    json_set_str_opt(info, "os_hash_value", instance_text(node, "image_os_hash_value"));
    json_set_str(info, "image_type", "whole-disk");
    json_set_str(info, "node_uuid", node->uuid);
    return info;
}

/* -- the steps -- */

/* 100: into the ramdisk, unless it is up. */
static struct error *step_deploy(struct step_context *context, enum step_verdict *ret)
{
    struct node *node = context->node;
    bool fast = false;
    TRY(ramdisk_fast_track(node, &fast));
    *ret = fast ? STEP_DONE : STEP_WAIT_BEAT;
    if (fast)
        return NULL;
    CLEANUP_FREE char *params = boot_api_params(node);
    return boot_ramdisk(node, params);
}

/* 80: the agent writes. */
static struct error *step_write_image(struct step_context *context, enum step_verdict *ret)
{
    struct node *node = context->node;
    *ret = STEP_IN_AGENT;
    struct json *args = json_new_object();
    context->args = args;
    json_set(args, "image_info", image_info(node));
    const struct json *drive = json_member(node->instance_info, "configdrive");
    if (drive && !json_is(drive, JSON_NULL)) {
        CLEANUP_SECRET char *text = NULL;
        TRY_WRAP(configdrive_build(drive, node->uuid, node->name, rt_wall(node->conductor->rt), &text), "config drive");
        json_set_str(args, "configdrive", text);
        json_set_str(args, "image_info/configdrive", text);
    }
    return NULL;
}

struct loader {
    struct node *node;
    struct ramdisk_command command;
};

static struct error *loader_ended(void *arg, bool *ret_done)
{
    struct loader *loader = arg;
    if (loader->command.status == RAMDISK_RUNNING) {
        struct ramdisk_command now = {0};
        struct error *err = ramdisk_poll(loader->node, loader->command.id, &now);
        if (error_is_retryable(err)) {
            error_free(err);
            return NULL;
        }
        TRY(err);
        ramdisk_command_release(&loader->command);
        loader->command = now;
    }
    *ret_done = loader->command.status != RAMDISK_RUNNING;
    return NULL;
}

/* The boot entry of a UEFI machine; with whole-disk images a failure is told and passed over, as Ironic does. */
static struct error *install_bootloader(struct step_context *context, const struct json *uuids)
{
    struct node *node = context->node;
    CLEANUP_FREE char *mode = boot_mode_wanted(node);
    if (!str_equal(mode, "uefi"))
        return NULL;
    CLEANUP(json_free) struct json *params = json_new_object();
    json_set_str(params, "root_uuid", json_str(json_member(uuids, "root uuid"), ""));
    json_set_str(params, "efi_system_part_uuid", json_str(json_member(uuids, "efi system partition uuid"), ""));
    json_set_str(params, "prep_boot_part_uuid", NULL);
    json_set_str(params, "target_boot_mode", mode);
    struct loader loader = {.node = node};
    TRY(ramdisk_run(node, "image.install_bootloader", params, false, &loader.command));
    struct error *err = operation_wait(context->operation, node->conductor->options.poll_min, loader_ended, &loader);
    if (!err && loader.command.status != RAMDISK_SUCCEEDED)
        log_warn(node->conductor->log, "no boot entry made for the whole-disk image", KV("node", node->uuid),
                 KV("err", loader.command.failure));
    ramdisk_command_release(&loader.command);
    return err;
}

/* 60 */
static struct error *step_prepare_instance_boot(struct step_context *context, enum step_verdict *ret)
{
    struct node *node = context->node;
    *ret = STEP_DONE;
    CLEANUP_RAMDISK_COMMAND struct ramdisk_command uuids = {0};
    TRY(ramdisk_run(node, "standby.get_partition_uuids", NULL, true, &uuids));
    TRY(install_bootloader(context, uuids.result));
    return boot_prepare_instance(node);
}

/* Has the agent end: by powering off itself, so that nothing is lost, or after it has written everything. */
static struct error *end_agent(struct node *node)
{
    if (node->disable_power_off || json_bool(node->driver_info, "deploy_forces_oob_reboot", false)) {
        CLEANUP_RAMDISK_COMMAND struct ramdisk_command command = {0};
        return ramdisk_run(node, "standby.sync", NULL, true, &command);
    }
    struct error *err = ramdisk_say_goodbye(node, "standby.power_off");
    if (err && error_code(err) != RAMDISK_BUSY) /* busy with the one that we sent before we were started again */
        return err;
    error_free(err);
    return power_wait_off(node, node->conductor->options.agent_power_off_wait);
}

/* 40: what the agent does not do is forced (IRO-343). */
static struct error *step_tear_down_agent(struct step_context *context, enum step_verdict *ret)
{
    struct node *node = context->node;
    *ret = STEP_DONE;
    struct error *err = end_agent(node);
    if (error_is(err, ERROR_CANCELLED))
        return err;
    if (err)
        log_warn(node->conductor->log, "the agent did not power off, forcing it", KV("node", node->uuid), KV_ERR(err));
    error_free(err);
    return node->disable_power_off ? NULL : power_do(node, POWER_ACTION_OFF, 0);
}

/* 20 */
static struct error *step_boot_instance(struct step_context *context, enum step_verdict *ret)
{
    *ret = STEP_DONE;
    return power_do(context->node, context->node->disable_power_off ? POWER_ACTION_REBOOT : POWER_ACTION_ON, 0);
}

/* The one step of a live ISO (IRO-348). */
static struct error *step_boot_iso(struct step_context *context, enum step_verdict *ret)
{
    struct node *node = context->node;
    *ret = STEP_DONE;
    TRY(power_do(node, POWER_ACTION_OFF, 0));
    TRY(bmc_eject(node, true));
    TRY(bmc_insert_cd(node, str_or(instance_text(node, "boot_iso"), "")));
    TRY(bmc_set_boot_device(node, BMC_DEVICE_CDROM, true));
    return power_do(node, POWER_ACTION_ON, 0);
}

/* IRO-337; which of them run is decided by the deploy interface. */
static const struct step_type own_steps[] = {
    {"deploy", 100, step_deploy},
    {"boot_iso", 100, step_boot_iso},
    {"write_image", 80, step_write_image},
    {"prepare_instance_boot", 60, step_prepare_instance_boot},
    {"tear_down_agent", 40, step_tear_down_agent},
    {"boot_instance", 20, step_boot_instance},
    {0},
};

const struct step_family deploy_steps = {
    .name = "deploy", .field = offsetof(struct node, deploy_step), .own = own_steps, .configdrive = true};

static bool runs_for(const struct node *node, const char *step)
{
    if (is_interface(node, "ramdisk"))
        return str_equal(step, "boot_iso");
    if (str_equal(step, "boot_iso"))
        return false;
    return !is_interface(node, "custom-agent") ||
           (!str_equal(step, "write_image") && !str_equal(step, "prepare_instance_boot"));
}

static struct json *step_list(const struct node *node)
{
    CLEANUP(json_free) struct json *list = json_new_array();
    for (const struct step_type *type = own_steps; type->name; type++) {
        if (!runs_for(node, type->name))
            continue;
        struct json *step = json_new_object();
        json_set_str(step, "interface", "deploy");
        json_set_str(step, "step", type->name);
        json_set_int(step, "priority", type->priority);
        json_set(step, "args", json_new_object());
        json_append(list, step);
    }
    JSON_FOREACH (step, steps_user(node))
        if (json_int(step, "priority", 0) > 0)
            json_append(list, json_copy(step));
    return steps_sorted(list);
}

/* -- the operation -- */

struct error *deploy_run(struct operation *operation)
{
    struct node *node = operation->node;
    if (!steps_present(node))
        steps_set(node, step_list(node));
    TRY(operation_proceed(operation));
    TRY(steps_run(operation, &deploy_steps));
    ramdisk_forget(node, true);
    return node_transition(node, EVENT_DONE);
}

void deploy_failed(struct operation *operation)
{
    struct node *node = operation->node;
    steps_forget(node);
    ramdisk_forget(node, true);
    if (node->disable_power_off)
        return;
    CLEANUP(error_free) struct error *err = power_do(node, POWER_ACTION_OFF, 0);
    if (err)
        log_warn(node->conductor->log, "node not powered off", KV("node", node->uuid), KV_ERR(err));
}
