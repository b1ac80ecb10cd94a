/* SPDX-License-Identifier: Apache-2.0 */
/* Adoption of running hosts (BMO-578), and deprovisioning (BMO-577). */
#include "operator/ironic/backend.h"

struct error *ironic_adopt(struct provisioner *provisioner, const char *state, bool restart_on_failure,
                           struct provision_result *ret)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    static const char *const not_ready[] = {"enroll", "verifying", NULL};
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    const char *now = node_state(node);
    if (node_state_in(node, not_ready))
        return error_new(ERROR_TRANSIENT, "cannot adopt host %s/%s: invalid state for adopt: %s", host->host->ns,
                         host->host->name, now);
    if (str_equal(now, "manageable"))
        return str_equal(state, "deprovisioning") ? NULL : host_change_state(host, "adopt", NULL, ret, NULL);
    if (str_equal(now, "adopting")) {
        result_wait(host, ret, WAIT_SHORT);
        return NULL;
    }
    if (str_equal(now, "adopt failed")) {
        if (restart_on_failure)
            return host_change_state(host, "adopt", NULL, ret, NULL);
        result_fail(ret, "Host adoption failed: %s", json_str_or(node, "last_error", ""));
        return NULL;
    }
    if (str_equal(now, "active") && json_bool(node, "maintenance", false) && !json_str_or(node, "fault", "")[0])
        return host_end_maintenance(host, ret);
    return NULL;
}

static struct error *begin_deprovision(struct ironic_host *host, const char *word, struct provision_result *ret)
{
    bool changed = false;

    TRY(host_change_state(host, "deleted", NULL, ret, &changed));
    if (changed)
        host_publish(host, "DeprovisioningStarted", "Image deprovisioning %s", word);
    return NULL;
}

/* A deployed node: cleaning has to be as the host wishes before it is torn down. */
static struct error *sync_then_deprovision(struct ironic_host *host, const char *automated_cleaning_mode,
                                           struct provision_result *ret)
{
    CLEANUP_NODE_PATCH struct node_patch patch = {.node = host->node};

    node_patch_bool(&patch, "automated_clean", !str_equal(automated_cleaning_mode, "disabled"));
    TRY(host_patch_node(host, &patch, ret));
    return provision_result_done(ret) ? begin_deprovision(host, "started", ret) : NULL;
}

static struct error *clean_failed(struct ironic_host *host, bool restart_on_failure, struct provision_result *ret)
{
    if (!restart_on_failure) {
        result_fail(ret, "Cleaning failed: %s", json_str_or(host->node, "last_error", ""));
        return NULL;
    }
    if (json_bool(host->node, "maintenance", false))
        return host_end_maintenance(host, ret);
    return host_change_state(host, "manage", NULL, ret, NULL);
}

struct error *ironic_deprovision(struct provisioner *provisioner, bool restart_on_failure,
                                 const char *automated_cleaning_mode, struct provision_result *ret)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    static const char *const running[] = {"deleting", "cleaning", "clean wait", "deploying", NULL};
    static const char *const deployed[] = {"active", "deploy failed", "wait call-back", NULL};
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    const char *state = node_state(node);
    if (node_state_in(node, running)) {
        result_wait(host, ret, WAIT_LONG);
        return NULL;
    }
    if (node_state_in(node, deployed))
        return sync_then_deprovision(host, automated_cleaning_mode, ret);
    if (str_equal(state, "available")) {
        host_publish(host, "DeprovisioningComplete", "Image deprovisioning completed");
        return NULL;
    }
    if (str_equal(state, "manageable"))
        return host_change_state(host, "provide", NULL, ret, NULL);
    if (str_equal(state, "clean failed"))
        return clean_failed(host, restart_on_failure, ret);
    if (!str_equal(state, "error"))
        return state_unexpected(host, "deprovision", node);
    if (restart_on_failure)
        return begin_deprovision(host, "restarted", ret);
    result_fail(ret, "%s", json_str_or(node, "last_error", "Deprovisioning failed"));
    return NULL;
}
