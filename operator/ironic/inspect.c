/* SPDX-License-Identifier: Apache-2.0 */
/* Inspection: start it, wait for it, read what it found (BMO-550…553). */
#include "operator/ironic/backend.h"

#include <string.h>

#include "operator/ironic/hardware_details.h"

static struct error *start(struct ironic_host *host, const struct inspect_data *data, struct provision_result *ret,
                           bool *ret_started)
{
    CLEANUP_NODE_PATCH struct node_patch patch = {.node = host->node};
    bool changed = false;

    patch_properties(&patch, data->boot_mode, data->architecture);
    node_patch_str(&patch, "inspect_interface", host_inspect_interface(host, data->inspection_mode));
    TRY(host_patch_node(host, &patch, ret));
    if (!provision_result_done(ret))
        return NULL;
    TRY(host_change_state(host, "inspect", NULL, ret, &changed));
    if (changed) {
        *ret_started = true;
        host_publish(host, "InspectionStarted", "Hardware inspection started");
    }
    return NULL;
}

static struct error *read_details(struct ironic_host *host, const struct inspect_data *data,
                                  struct provision_result *ret, bool *ret_started, struct json **ret_details)
{
    struct json *inventory CLEANUP(json_free) = NULL;
    CLEANUP_FREE char *path = mem_printf("/nodes/%s/inventory", host->id);

    struct error *err = ironic_call(host->backend->client, "GET", path, NULL, &inventory);
    if (error_is(err, ERROR_NOT_FOUND)) {
        error_free(err);
        return start(host, data, ret, ret_started);
    }
    TRY(err);
    *ret_details = hardware_details_from_inventory(inventory);
    host_publish(host, "InspectionComplete", "Hardware inspection completed");
    return NULL;
}

static struct error *inspect_failed(struct ironic_host *host, const struct inspect_data *data,
                                    struct provision_result *ret, bool *ret_started)
{
    const char *last_error = json_str_or(host->node, "last_error", "");

    if (strstr(last_error, "aborted") || data->restart_on_failure)
        return start(host, data, ret, ret_started);
    result_fail(ret, "%s", str_or(last_error, "Inspection failed"));
    return NULL;
}

static struct error *abort_inspection(struct ironic_host *host, struct provision_result *ret, bool *ret_started)
{
    bool changed = false;

    TRY(host_change_state(host, "abort", NULL, ret, &changed));
    if (changed)
        *ret_started = true; /* the reboot annotation has done its work */
    return NULL;
}

struct error *ironic_inspect(struct provisioner *provisioner, const struct inspect_data *data,
                             struct provision_result *ret, bool *ret_started, struct json **ret_details)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    const char *state = node_state(node);
    if (str_equal(state, "available"))
        return host_change_state(host, "manage", NULL, ret, NULL);
    if (str_equal(state, "inspect wait") && data->force_reboot)
        return abort_inspection(host, ret, ret_started);
    if (str_equal(state, "inspect wait") || str_equal(state, "inspecting")) {
        result_wait(host, ret, str_equal(data->inspection_mode, "fast") ? WAIT_SHORT : WAIT_LONG);
        return NULL;
    }
    if (str_equal(state, "inspect failed"))
        return inspect_failed(host, data, ret, ret_started);
    if (!str_equal(state, "manageable"))
        return state_unexpected(host, "inspect", node);
    if (data->refresh)
        return start(host, data, ret, ret_started);
    return read_details(host, data, ret, ret_started, ret_details);
}
