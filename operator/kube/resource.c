/* SPDX-License-Identifier: Apache-2.0 */
/* Names of Kubernetes' own resources, and what the errors of the API mean. */
#include "operator/kube/client.h"

#include "lib/data/str.h"

const struct kube_resource kube_secrets = {"", "v1", "secrets", "Secret", true};
const struct kube_resource kube_config_maps = {"", "v1", "configmaps", "ConfigMap", true};
const struct kube_resource kube_events = {"", "v1", "events", "Event", true};
const struct kube_resource kube_namespaces = {"", "v1", "namespaces", "Namespace", false};
const struct kube_resource kube_nodes = {"", "v1", "nodes", "Node", false};
const struct kube_resource kube_leases = {"coordination.k8s.io", "v1", "leases", "Lease", true};
const struct kube_resource kube_crds = {"apiextensions.k8s.io", "v1", "customresourcedefinitions",
                                        "CustomResourceDefinition", false};

char *kube_api_version(const struct kube_resource *resource)
{
    if (!*resource->group)
        return mem_strdup(resource->version);
    return mem_printf("%s/%s", resource->group, resource->version);
}

bool kube_resource_equal(const struct kube_resource *a, const struct kube_resource *b)
{
    return a == b ||
           (str_equal(a->group, b->group) && str_equal(a->version, b->version) && str_equal(a->plural, b->plural));
}

static bool has_code(const struct error *err, int code)
{
    return err && error_code(err) == code;
}

bool kube_is_not_found(const struct error *err)
{
    return has_code(err, 404);
}

bool kube_is_conflict(const struct error *err)
{
    return has_code(err, 409);
}

bool kube_is_already_exists(const struct error *err)
{
    return has_code(err, KUBE_ALREADY_EXISTS);
}

bool kube_is_invalid(const struct error *err)
{
    return has_code(err, 422);
}

bool kube_is_gone(const struct error *err)
{
    return has_code(err, 410);
}

struct error *kube_ignore_not_found(struct error *err)
{
    if (!kube_is_not_found(err))
        return err;
    error_free(err);
    return NULL;
}
