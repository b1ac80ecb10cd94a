/* SPDX-License-Identifier: Apache-2.0 */
/* Making Ironic forget a host: deletion and detachment (BMO-580). */
#include "operator/ironic/backend.h"

/* DELETE; what is gone already is fine. The next pass finds no node and is done. */
static struct error *delete_node(struct ironic_host *host, struct provision_result *ret)
{
    struct error *err = ironic_node_delete(host->backend->client, host->id);
    host->stale = true;
    if (error_is(err, ERROR_NOT_FOUND)) {
        error_free(err);
        err = NULL;
    }
    if (err)
        return result_from_error(host, err, ret);
    map_remove(host->backend->ports, host->id);
    result_again(ret);
    return NULL;
}

static struct error *release_and_delete(struct ironic_host *host, struct provision_result *ret)
{
    CLEANUP_NODE_PATCH struct node_patch patch = {.node = host->node};

    node_patch_str(&patch, "instance_uuid", NULL);
    TRY(host_patch_node(host, &patch, ret));
    return provision_result_done(ret) ? delete_node(host, ret) : NULL;
}

/* In maintenance Ironic deletes from any state. */
static struct error *force_delete(struct ironic_host *host, struct provision_result *ret)
{
    if (!json_bool(host->node, "maintenance", false)) {
        struct error *err =
            ironic_node_maintenance(host->backend->client, host->id, "forcing deletion in baremetal-operator");
        host->stale = true;
        if (err)
            return result_from_error(host, err, ret);
    }
    return delete_node(host, ret);
}

static struct error *abort_operation(struct ironic_host *host, struct provision_result *ret)
{
    bool deploying = str_equal(node_state(host->node), "wait call-back");
    bool by_teardown = deploying && ironic_version(host->backend->client) < IRONIC_VERSION_ABORT_DEPLOY;

    return host_change_state(host, by_teardown ? "deleted" : "abort", NULL, ret, NULL);
}

static struct error *forget(struct ironic_host *host, bool force, struct provision_result *ret)
{
    static const char *const idle[] = {"available", "manageable", NULL};
    static const char *const running[] = {"deploying", "cleaning", "inspecting", "servicing", "deleting", NULL};
    static const char *const waiting[] = {"inspect wait", "clean wait", "service wait", "wait call-back", NULL};
    const struct json *node = NULL;

    struct error *err = host_node(host, &node);
    if (error_is(err, ERROR_NOT_FOUND) && error_code(err) == PROVISIONER_NEEDS_REGISTRATION) {
        error_free(err);
        return NULL;
    }
    TRY(err);
    if (str_equal(node_state(node), "verifying"))
        result_wait(host, ret, WAIT_SHORT);
    else if (str_equal(node_state(node), "enroll"))
        return delete_node(host, ret);
    else if (node_state_in(node, idle))
        return release_and_delete(host, ret);
    else if (node_state_in(node, waiting) && force)
        return abort_operation(host, ret);
    else if (node_state_in(node, running) || node_state_in(node, waiting))
        result_wait(host, ret, WAIT_LONG);
    else
        return force_delete(host, ret);
    return NULL;
}

struct error *ironic_delete(struct provisioner *provisioner, struct provision_result *ret)
{
    return forget((struct ironic_host *)provisioner, false, ret);
}

struct error *ironic_detach(struct provisioner *provisioner, bool force, struct provision_result *ret)
{
    return forget((struct ironic_host *)provisioner, force, ret);
}
