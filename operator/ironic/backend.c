/* SPDX-License-Identifier: Apache-2.0 */
/* The Ironic backend: makes provisioners, and what their operations share. */
#include "operator/ironic/backend.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log/log.h"
#include "operator/ironic/ironic_provisioner.h"
#include "operator/ironic/node_fields.h"

void provision_result_release(struct provision_result *result)
{
    free(result->message);
    *result = (struct provision_result){0};
}

/* -- the node -- */

const char *node_state(const struct json *node)
{
    return json_str_or(node, "provision_state", "");
}

bool node_state_in(const struct json *node, const char *const *states)
{
    for (; *states; states++)
        if (str_equal(node_state(node), *states))
            return true;
    return false;
}

void host_keep_node(struct ironic_host *host, struct json *node)
{
    json_free(host->node);
    host->node = node;
    host->stale = false;
    free(host->id);
    host->id = mem_strdup(json_str_or(node, "uuid", ""));
}

struct error *host_node(struct ironic_host *host, const struct json **ret)
{
    struct json *node = NULL;

    if (!host->node || host->stale) {
        if (!host->id[0])
            return error_new_code(ERROR_NOT_FOUND, PROVISIONER_NEEDS_REGISTRATION, "host not registered");
        struct error *err = ironic_node_get(host->backend->client, host->id, &node);
        if (error_is(err, ERROR_NOT_FOUND)) {
            error_free(err);
            return error_new_code(ERROR_NOT_FOUND, PROVISIONER_NEEDS_REGISTRATION, "host not registered");
        }
        TRY(err);
        host_keep_node(host, node);
    }
    *ret = host->node;
    return NULL;
}

void host_publish(struct ironic_host *host, const char *reason, const char *fmt, ...)
{
    va_list args;

    if (!host->host->publish)
        return;
    va_start(args, fmt);
    CLEANUP_FREE char *message = mem_vprintf(fmt, args);
    va_end(args);
    host->host->publish(host->host->publish_arg, reason, message);
}

/* -- results -- */

void result_fail(struct provision_result *ret, const char *fmt, ...)
{
    va_list args;

    provision_result_release(ret);
    va_start(args, fmt);
    ret->message = mem_vprintf(fmt, args);
    va_end(args);
}

void result_wait(struct ironic_host *host, struct provision_result *ret, rt_time delay)
{
    provision_result_release(ret);
    ret->dirty = true;
    host->waits = true;
    ret->requeue_after = node_watch_wait(host->backend->watch, host->host->ns, host->host->name, host->node, delay);
}

void result_again(struct provision_result *ret)
{
    provision_result_release(ret);
    ret->dirty = true;
}

struct error *result_from_error(struct ironic_host *host, struct error *err, struct provision_result *ret)
{
    if (!error_is(err, ERROR_CONFLICT))
        return err;
    log_debug(host->backend->env->log, "node is busy", KV("host", host->host->name), KV_ERR(err));
    error_free(err);
    host->stale = true;
    provision_result_release(ret);
    ret->dirty = ret->busy = true;
    ret->requeue_after = WAIT_CONFLICT + (rt_time)rt_random_below(host->backend->env->rt, (uint64_t)WAIT_CONFLICT / 4);
    return NULL;
}

struct error *state_unexpected(const struct ironic_host *host, const char *operation, const struct json *node)
{
    return error_new(ERROR_TRANSIENT, "cannot %s host %s/%s: unhandled ironic state %s", operation, host->host->ns,
                     host->host->name, node_state(node));
}

/* -- changes -- */

struct error *host_end_maintenance(struct ironic_host *host, struct provision_result *ret)
{
    struct error *err = ironic_node_maintenance(host->backend->client, host->id, NULL);
    host->stale = true;
    if (err)
        return result_from_error(host, err, ret);
    result_again(ret);
    return NULL;
}

struct error *host_change_state(struct ironic_host *host, const char *target, struct json *body_owned,
                                struct provision_result *ret, bool *ret_changed)
{
    struct json *body CLEANUP(json_free) = body_owned ? body_owned : json_new_object();
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    if (json_str_or(node, "fault", "")[0]) {
        result_wait(host, ret, WAIT_LONG); /* Ironic recovers by itself */
        return NULL;
    }
    if (json_bool(node, "maintenance", false))
        return host_end_maintenance(host, ret);
    json_set_str(body, "target", target);
    struct error *err = ironic_node_provision(host->backend->client, host->id, body);
    host->stale = true;
    if (err)
        return result_from_error(host, err, ret);
    log_debug(host->backend->env->log, "changing provision state", KV("host", host->host->name),
              KV("from", node_state(host->node)), KV("target", target));
    if (ret_changed)
        *ret_changed = true;
    result_wait(host, ret, WAIT_SHORT);
    return NULL;
}

struct error *host_patch_node(struct ironic_host *host, const struct node_patch *patch, struct provision_result *ret)
{
    struct json *node = NULL;

    if (!patch->operations)
        return NULL;
    struct error *err = ironic_node_patch(host->backend->client, host->id, patch->operations, &node);
    if (err)
        return result_from_error(host, err, ret);
    host_keep_node(host, node);
    return NULL;
}

void patch_properties(struct node_patch *patch, const char *boot_mode, const char *architecture)
{
    CLEANUP_FREE char *capabilities =
        capabilities_for_boot_mode(json_str(patch->node, "properties/capabilities"), boot_mode);

    node_patch_str(patch, "properties/capabilities", capabilities);
    if (!str_is_empty(architecture))
        node_patch_str(patch, "properties/cpu_arch", architecture);
}

const char *host_inspect_interface(const struct ironic_host *host, const char *mode)
{
    return str_equal(mode, "fast") && host->bmc && host->bmc->driver->inspect ? host->bmc->driver->inspect : "agent";
}

/* -- health -- */

static bool has_power_failure(struct provisioner *provisioner)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    return str_equal(json_str_or(host->node, "fault", ""), "power failure");
}

static const char *health(struct provisioner *provisioner)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    if (ironic_version(host->backend->client) < IRONIC_VERSION_HEALTH)
        return "";
    return json_str_or(host->node, "health", "");
}

/* -- life -- */

static void host_free(struct provisioner *provisioner)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;

    if (!host->waits)
        node_watch_forget(host->backend->watch, host->host->ns, host->host->name);
    bmc_address_free(host->bmc);
    json_free(host->node);
    free(host->bmc_error);
    free(host->id);
    free(host);
}

static const struct provisioner_ops ops = {
    .register_host = ironic_register,
    .inspect = ironic_inspect,
    .power_state = ironic_power_state,
    .adopt = ironic_adopt,
    .prepare = ironic_prepare,
    .service = ironic_service,
    .provision = ironic_provision,
    .deprovision = ironic_deprovision,
    .delete = ironic_delete,
    .detach = ironic_detach,
    .power_on = ironic_power_on,
    .power_off = ironic_power_off,
    .has_capacity = ironic_has_capacity,
    .firmware_settings = ironic_firmware_settings,
    .firmware_components = ironic_firmware_components,
    .has_power_failure = has_power_failure,
    .health = health,
    .free = host_free,
};

static struct error *backend_make(struct provisioner_factory *factory, const struct provisioner_host *host,
                                  struct provisioner **ret)
{
    struct ironic_backend *backend = CONTAINER_OF(factory, struct ironic_backend, factory);

    TRY(ironic_ready(backend->client));
    struct ironic_host *made = mem_alloc(sizeof(*made));
    made->provisioner.ops = &ops;
    made->backend = backend;
    made->host = host;
    made->id = mem_strdup(str_or(host->id, ""));
    struct error *err = bmc_address_parse(host->bmc_address, host->skip_verify, &made->bmc);
    if (err)
        made->bmc_error = mem_strdup(error_message(err));
    error_free(err);
    *ret = &made->provisioner;
    return NULL;
}

static void backend_set_wake(struct provisioner_factory *factory,
                             void (*wake)(void *arg, const char *ns, const char *name), void *arg)
{
    node_watch_on_wake(CONTAINER_OF(factory, struct ironic_backend, factory)->watch, wake, arg);
}

static const struct provisioner_factory_ops factory_ops = {.make = backend_make, .set_wake = backend_set_wake};

struct error *ironic_backend_new(const struct env *env, const struct ironic_options *options,
                                 struct ironic_backend **ret)
{
    if (!str_is_empty(options->deploy_ramdisk_url) != !str_is_empty(options->deploy_kernel_url))
        return error_new(ERROR_INVALID, "DEPLOY_KERNEL_URL and DEPLOY_RAMDISK_URL go together: set both or none");
    struct ironic_backend *backend CLEANUP(ironic_backend_free) = mem_alloc(sizeof(*backend));
    backend->factory.ops = &factory_ops;
    backend->env = env;
    backend->options = options;
    backend->ports = map_new(ports_seen_free);
    TRY(ironic_new(env, options, &backend->client));
    backend->watch = node_watch_new(env, backend->client, NULL);
    *ret = TAKE_PTR(backend);
    return NULL;
}

void ironic_backend_free(struct ironic_backend *backend)
{
    if (!backend)
        return;
    node_watch_free(backend->watch);
    ironic_free(backend->client);
    map_free(backend->ports);
    free(backend);
}

struct provisioner_factory *ironic_backend_factory(struct ironic_backend *backend)
{
    return &backend->factory;
}
