/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in kinds as tables (reference kube-api annexes A and B). */
#include "sim/kube-api/types.h"

#include "lib/data/mem.h"
#include "lib/data/str.h"

/* Rows: one value, a list, a map; the same of messages; lists that merge by key. */
#define ONE(name, number, type)                                                                                        \
    {                                                                                                                  \
        name, number, KAPI_##type, KAPI_ONE, NULL, NULL, NULL                                                          \
    }
#define LIST(name, number, type)                                                                                       \
    {                                                                                                                  \
        name, number, KAPI_##type, KAPI_LIST, NULL, NULL, NULL                                                         \
    }
#define SET(name, number, type)                                                                                        \
    {                                                                                                                  \
        name, number, KAPI_##type, KAPI_LIST, NULL, "", ""                                                             \
    }
#define MAP(name, number, type)                                                                                        \
    {                                                                                                                  \
        name, number, KAPI_##type, KAPI_MAP, NULL, NULL, NULL                                                          \
    }
#define ATOMIC_MAP(name, number, type)                                                                                 \
    {                                                                                                                  \
        name, number, KAPI_##type, KAPI_MAP, NULL, NULL, "atomic"                                                      \
    }
#define SUB(name, number, message)                                                                                     \
    {                                                                                                                  \
        name, number, KAPI_MESSAGE, KAPI_ONE, &message, NULL, NULL                                                     \
    }
#define SUBS(name, number, message)                                                                                    \
    {                                                                                                                  \
        name, number, KAPI_MESSAGE, KAPI_LIST, &message, NULL, NULL                                                    \
    }
#define KEYED(name, number, message, merge, keys)                                                                      \
    {                                                                                                                  \
        name, number, KAPI_MESSAGE, KAPI_LIST, &message, merge, keys                                                   \
    }
#define MESSAGE(id, full_name, ...)                                                                                    \
    static const struct kapi_field id##_fields[] = {__VA_ARGS__, {0}};                                                 \
    static const struct kapi_message id = {full_name, false, id##_fields}
#define ATOMIC(id, full_name, ...)                                                                                     \
    static const struct kapi_field id##_fields[] = {__VA_ARGS__, {0}};                                                 \
    static const struct kapi_message id = {full_name, true, id##_fields}
#define META "io.k8s.apimachinery.pkg.apis.meta.v1."
#define CORE "io.k8s.api.core.v1."
/* What every kind begins with. */
#define KIND ONE("apiVersion", 0, STRING), ONE("kind", 0, STRING), SUB("metadata", 1, kapi_object_meta)

ATOMIC(owner_reference, META "OwnerReference", ONE("apiVersion", 5, STRING), ONE("kind", 1, STRING),
       ONE("name", 3, STRING), ONE("uid", 4, STRING), ONE("controller", 6, BOOL), ONE("blockOwnerDeletion", 7, BOOL));

MESSAGE(managed_fields, META "ManagedFieldsEntry", ONE("manager", 1, STRING), ONE("operation", 2, STRING),
        ONE("apiVersion", 3, STRING), ONE("time", 4, TIME), ONE("fieldsType", 6, STRING), ONE("fieldsV1", 7, FIELDS),
        ONE("subresource", 8, STRING));

static const struct kapi_field object_meta_fields[] = {
    ONE("name", 1, STRING),
    ONE("generateName", 2, STRING),
    ONE("namespace", 3, STRING),
    ONE("selfLink", 4, STRING),
    ONE("uid", 5, STRING),
    ONE("resourceVersion", 6, STRING),
    ONE("generation", 7, INT64),
    ONE("creationTimestamp", 8, TIME),
    ONE("deletionTimestamp", 9, TIME),
    ONE("deletionGracePeriodSeconds", 10, INT64),
    MAP("labels", 11, STRING),
    MAP("annotations", 12, STRING),
    KEYED("ownerReferences", 13, owner_reference, "uid", "uid"),
    SET("finalizers", 14, STRING),
    SUBS("managedFields", 17, managed_fields),
    {0},
};
const struct kapi_message kapi_object_meta = {META "ObjectMeta", false, object_meta_fields};

MESSAGE(preconditions, META "Preconditions", ONE("uid", 1, STRING), ONE("resourceVersion", 2, STRING));
static const struct kapi_field delete_options_fields[] = {
    ONE("apiVersion", 0, STRING),
    ONE("kind", 0, STRING),
    ONE("gracePeriodSeconds", 1, INT64),
    SUB("preconditions", 2, preconditions),
    ONE("orphanDependents", 3, BOOL),
    ONE("propagationPolicy", 4, STRING),
    LIST("dryRun", 5, STRING),
    ONE("ignoreStoreReadErrorWithClusterBreakingPotential", 6, BOOL),
    {0},
};
const struct kapi_message kapi_delete_options = {META "DeleteOptions", false, delete_options_fields};

MESSAGE(label_requirement, META "LabelSelectorRequirement", ONE("key", 1, STRING), ONE("operator", 2, STRING),
        LIST("values", 3, STRING));
ATOMIC(label_selector, META "LabelSelector", MAP("matchLabels", 1, STRING),
       SUBS("matchExpressions", 2, label_requirement));
MESSAGE(meta_condition, META "Condition", ONE("type", 1, STRING), ONE("status", 2, STRING),
        ONE("observedGeneration", 3, INT64), ONE("lastTransitionTime", 4, TIME), ONE("reason", 5, STRING),
        ONE("message", 6, STRING));

ATOMIC(object_reference, CORE "ObjectReference", ONE("kind", 1, STRING), ONE("namespace", 2, STRING),
       ONE("name", 3, STRING), ONE("uid", 4, STRING), ONE("apiVersion", 5, STRING), ONE("resourceVersion", 6, STRING),
       ONE("fieldPath", 7, STRING));
ATOMIC(local_reference, CORE "LocalObjectReference", ONE("name", 1, STRING));

MESSAGE(namespace_condition, CORE "NamespaceCondition", ONE("type", 1, STRING), ONE("status", 2, STRING),
        ONE("lastTransitionTime", 4, TIME), ONE("reason", 5, STRING), ONE("message", 6, STRING));
MESSAGE(namespace_spec, CORE "NamespaceSpec", LIST("finalizers", 1, STRING));
MESSAGE(namespace_status, CORE "NamespaceStatus", ONE("phase", 1, STRING),
        KEYED("conditions", 2, namespace_condition, "type", "type"));
MESSAGE(namespace_message, CORE "Namespace", KIND, SUB("spec", 2, namespace_spec), SUB("status", 3, namespace_status));

MESSAGE(secret, CORE "Secret", KIND, MAP("data", 2, BYTES), ONE("type", 3, STRING), MAP("stringData", 4, STRING),
        ONE("immutable", 5, BOOL));
MESSAGE(config_map, CORE "ConfigMap", KIND, MAP("data", 2, STRING), MAP("binaryData", 3, BYTES),
        ONE("immutable", 4, BOOL));
MESSAGE(service_account, CORE "ServiceAccount", KIND, KEYED("secrets", 2, object_reference, "name", "name"),
        SUBS("imagePullSecrets", 3, local_reference), ONE("automountServiceAccountToken", 4, BOOL));

MESSAGE(event_source, CORE "EventSource", ONE("component", 1, STRING), ONE("host", 2, STRING));
MESSAGE(event_series, CORE "EventSeries", ONE("count", 1, INT32), ONE("lastObservedTime", 2, MICROTIME));
MESSAGE(event, CORE "Event", KIND, SUB("involvedObject", 2, object_reference), ONE("reason", 3, STRING),
        ONE("message", 4, STRING), SUB("source", 5, event_source), ONE("firstTimestamp", 6, TIME),
        ONE("lastTimestamp", 7, TIME), ONE("count", 8, INT32), ONE("type", 9, STRING), ONE("eventTime", 10, MICROTIME),
        SUB("series", 11, event_series), ONE("action", 12, STRING), SUB("related", 13, object_reference),
        ONE("reportingComponent", 14, STRING), ONE("reportingInstance", 15, STRING));
MESSAGE(events_event, "io.k8s.api.events.v1.Event", KIND, ONE("eventTime", 2, MICROTIME),
        SUB("series", 3, event_series), ONE("reportingController", 4, STRING), ONE("reportingInstance", 5, STRING),
        ONE("action", 6, STRING), ONE("reason", 7, STRING), SUB("regarding", 8, object_reference),
        SUB("related", 9, object_reference), ONE("note", 10, STRING), ONE("type", 11, STRING),
        SUB("deprecatedSource", 12, event_source), ONE("deprecatedFirstTimestamp", 13, TIME),
        ONE("deprecatedLastTimestamp", 14, TIME), ONE("deprecatedCount", 15, INT32));

MESSAGE(lease_spec, "io.k8s.api.coordination.v1.LeaseSpec", ONE("holderIdentity", 1, STRING),
        ONE("leaseDurationSeconds", 2, INT32), ONE("acquireTime", 3, MICROTIME), ONE("renewTime", 4, MICROTIME),
        ONE("leaseTransitions", 5, INT32), ONE("strategy", 6, STRING), ONE("preferredHolder", 7, STRING));
MESSAGE(lease, "io.k8s.api.coordination.v1.Lease", KIND, SUB("spec", 2, lease_spec));

MESSAGE(taint, CORE "Taint", ONE("key", 1, STRING), ONE("value", 2, STRING), ONE("effect", 3, STRING),
        ONE("timeAdded", 4, TIME));
MESSAGE(node_spec, CORE "NodeSpec", ONE("podCIDR", 1, STRING), ONE("externalID", 2, STRING),
        ONE("providerID", 3, STRING), ONE("unschedulable", 4, BOOL), SUBS("taints", 5, taint),
        SET("podCIDRs", 7, STRING), ONE("configSource", 0, ANY));
MESSAGE(node_condition, CORE "NodeCondition", ONE("type", 1, STRING), ONE("status", 2, STRING),
        ONE("lastHeartbeatTime", 3, TIME), ONE("lastTransitionTime", 4, TIME), ONE("reason", 5, STRING),
        ONE("message", 6, STRING));
MESSAGE(node_address, CORE "NodeAddress", ONE("type", 1, STRING), ONE("address", 2, STRING));
MESSAGE(daemon_endpoint, CORE "DaemonEndpoint", ONE("Port", 1, INT32));
MESSAGE(daemon_endpoints, CORE "NodeDaemonEndpoints", SUB("kubeletEndpoint", 1, daemon_endpoint));
MESSAGE(node_info, CORE "NodeSystemInfo", ONE("machineID", 1, STRING), ONE("systemUUID", 2, STRING),
        ONE("bootID", 3, STRING), ONE("kernelVersion", 4, STRING), ONE("osImage", 5, STRING),
        ONE("containerRuntimeVersion", 6, STRING), ONE("kubeletVersion", 7, STRING), ONE("kubeProxyVersion", 8, STRING),
        ONE("operatingSystem", 9, STRING), ONE("architecture", 10, STRING), ONE("swap", 0, ANY));
MESSAGE(container_image, CORE "ContainerImage", LIST("names", 1, STRING), ONE("sizeBytes", 2, INT64));
MESSAGE(attached_volume, CORE "AttachedVolume", ONE("name", 1, STRING), ONE("devicePath", 2, STRING));
MESSAGE(node_status, CORE "NodeStatus", MAP("capacity", 1, QUANTITY), MAP("allocatable", 2, QUANTITY),
        ONE("phase", 3, STRING), KEYED("conditions", 4, node_condition, "type", "type"),
        KEYED("addresses", 5, node_address, "type", "type"), SUB("daemonEndpoints", 6, daemon_endpoints),
        SUB("nodeInfo", 7, node_info), SUBS("images", 8, container_image), LIST("volumesInUse", 9, STRING),
        SUBS("volumesAttached", 10, attached_volume), ONE("config", 0, ANY), ONE("runtimeHandlers", 0, ANY),
        ONE("features", 0, ANY), LIST("declaredFeatures", 14, STRING));
MESSAGE(node, CORE "Node", KIND, SUB("spec", 2, node_spec), SUB("status", 3, node_status));

MESSAGE(service_port, CORE "ServicePort", ONE("name", 1, STRING), ONE("protocol", 2, STRING), ONE("port", 3, INT32),
        ONE("targetPort", 4, INT_OR_STRING), ONE("nodePort", 5, INT32), ONE("appProtocol", 6, STRING));
MESSAGE(service_spec, CORE "ServiceSpec", KEYED("ports", 1, service_port, "port", "port,protocol"),
        ATOMIC_MAP("selector", 2, STRING), ONE("clusterIP", 3, STRING), ONE("type", 4, STRING),
        LIST("externalIPs", 5, STRING), ONE("sessionAffinity", 7, STRING), ONE("loadBalancerIP", 8, STRING),
        LIST("loadBalancerSourceRanges", 9, STRING), ONE("externalName", 10, STRING),
        ONE("externalTrafficPolicy", 11, STRING), ONE("healthCheckNodePort", 12, INT32),
        ONE("publishNotReadyAddresses", 13, BOOL), ONE("sessionAffinityConfig", 0, ANY),
        ONE("ipFamilyPolicy", 17, STRING), LIST("clusterIPs", 18, STRING), LIST("ipFamilies", 19, STRING),
        ONE("allocateLoadBalancerNodePorts", 20, BOOL), ONE("loadBalancerClass", 21, STRING),
        ONE("internalTrafficPolicy", 22, STRING), ONE("trafficDistribution", 23, STRING));
MESSAGE(service_status, CORE "ServiceStatus", ONE("loadBalancer", 0, ANY),
        KEYED("conditions", 2, meta_condition, "type", "type"));
MESSAGE(service, CORE "Service", KIND, SUB("spec", 2, service_spec), SUB("status", 3, service_status));

MESSAGE(endpoint_address, CORE "EndpointAddress", ONE("ip", 1, STRING), SUB("targetRef", 2, object_reference),
        ONE("hostname", 3, STRING), ONE("nodeName", 4, STRING));
MESSAGE(endpoint_port, CORE "EndpointPort", ONE("name", 1, STRING), ONE("port", 2, INT32), ONE("protocol", 3, STRING),
        ONE("appProtocol", 4, STRING));
MESSAGE(endpoint_subset, CORE "EndpointSubset", SUBS("addresses", 1, endpoint_address),
        SUBS("notReadyAddresses", 2, endpoint_address), SUBS("ports", 3, endpoint_port));
MESSAGE(endpoints, CORE "Endpoints", KIND, SUBS("subsets", 2, endpoint_subset));

#define DISCOVERY "io.k8s.api.discovery.v1."
MESSAGE(endpoint_conditions, DISCOVERY "EndpointConditions", ONE("ready", 1, BOOL), ONE("serving", 2, BOOL),
        ONE("terminating", 3, BOOL));
MESSAGE(slice_endpoint, DISCOVERY "Endpoint", LIST("addresses", 1, STRING), SUB("conditions", 2, endpoint_conditions),
        ONE("hostname", 3, STRING), SUB("targetRef", 4, object_reference), MAP("deprecatedTopology", 5, STRING),
        ONE("nodeName", 6, STRING), ONE("zone", 7, STRING), ONE("hints", 0, ANY));
MESSAGE(slice_port, DISCOVERY "EndpointPort", ONE("name", 1, STRING), ONE("protocol", 2, STRING), ONE("port", 3, INT32),
        ONE("appProtocol", 4, STRING));
MESSAGE(endpoint_slice, DISCOVERY "EndpointSlice", KIND, SUBS("endpoints", 2, slice_endpoint),
        SUBS("ports", 3, slice_port), ONE("addressType", 4, STRING));

#define RBAC "io.k8s.api.rbac.v1."
MESSAGE(policy_rule, RBAC "PolicyRule", LIST("verbs", 1, STRING), LIST("apiGroups", 2, STRING),
        LIST("resources", 3, STRING), LIST("resourceNames", 4, STRING), LIST("nonResourceURLs", 5, STRING));
MESSAGE(aggregation_rule, RBAC "AggregationRule", SUBS("clusterRoleSelectors", 1, label_selector));
ATOMIC(subject, RBAC "Subject", ONE("kind", 1, STRING), ONE("apiGroup", 2, STRING), ONE("name", 3, STRING),
       ONE("namespace", 4, STRING));
ATOMIC(role_ref, RBAC "RoleRef", ONE("apiGroup", 1, STRING), ONE("kind", 2, STRING), ONE("name", 3, STRING));
MESSAGE(role, RBAC "Role", KIND, SUBS("rules", 2, policy_rule));
MESSAGE(cluster_role, RBAC "ClusterRole", KIND, SUBS("rules", 2, policy_rule),
        SUB("aggregationRule", 3, aggregation_rule));
MESSAGE(role_binding, RBAC "RoleBinding", KIND, SUBS("subjects", 2, subject), SUB("roleRef", 3, role_ref));
MESSAGE(cluster_role_binding, RBAC "ClusterRoleBinding", KIND, SUBS("subjects", 2, subject),
        SUB("roleRef", 3, role_ref));

#define ADMISSION "io.k8s.api.admissionregistration.v1."
MESSAGE(service_reference, ADMISSION "ServiceReference", ONE("namespace", 1, STRING), ONE("name", 2, STRING),
        ONE("path", 3, STRING), ONE("port", 4, INT32));
MESSAGE(webhook_client, ADMISSION "WebhookClientConfig", SUB("service", 1, service_reference),
        ONE("caBundle", 2, BYTES), ONE("url", 3, STRING));
MESSAGE(webhook_rule, ADMISSION "RuleWithOperations", LIST("operations", 1, STRING), LIST("apiGroups", 0, STRING),
        LIST("apiVersions", 0, STRING), LIST("resources", 0, STRING), ONE("scope", 0, STRING));
MESSAGE(match_condition, ADMISSION "MatchCondition", ONE("name", 1, STRING), ONE("expression", 2, STRING));
MESSAGE(webhook, ADMISSION "ValidatingWebhook", ONE("name", 1, STRING), SUB("clientConfig", 2, webhook_client),
        SUBS("rules", 3, webhook_rule), ONE("failurePolicy", 4, STRING), SUB("namespaceSelector", 5, label_selector),
        ONE("sideEffects", 6, STRING), ONE("timeoutSeconds", 7, INT32), LIST("admissionReviewVersions", 8, STRING),
        ONE("matchPolicy", 9, STRING), ONE("reinvocationPolicy", 0, STRING), SUB("objectSelector", 0, label_selector),
        KEYED("matchConditions", 0, match_condition, "name", "name"));
MESSAGE(validating_webhooks, ADMISSION "ValidatingWebhookConfiguration", KIND,
        KEYED("webhooks", 2, webhook, "name", "name"));
MESSAGE(mutating_webhooks, ADMISSION "MutatingWebhookConfiguration", KIND,
        KEYED("webhooks", 2, webhook, "name", "name"));

/* Kinds whose inside we only keep. */
MESSAGE(pod, CORE "Pod", KIND, ONE("spec", 0, ANY), ONE("status", 0, ANY));
MESSAGE(resource_quota, CORE "ResourceQuota", KIND, ONE("spec", 0, ANY), ONE("status", 0, ANY));
MESSAGE(limit_range, CORE "LimitRange", KIND, ONE("spec", 0, ANY));
MESSAGE(api_service, "io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService", KIND, ONE("spec", 0, ANY),
        ONE("status", 0, ANY));
MESSAGE(custom_resource_definition, "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
        KIND, ONE("spec", 0, ANY), ONE("status", 0, ANY));

#define AUTHZ "io.k8s.api.authorization.v1."
MESSAGE(resource_attributes, AUTHZ "ResourceAttributes", ONE("namespace", 1, STRING), ONE("verb", 2, STRING),
        ONE("group", 3, STRING), ONE("version", 4, STRING), ONE("resource", 5, STRING), ONE("subresource", 6, STRING),
        ONE("name", 7, STRING), ONE("fieldSelector", 0, ANY), ONE("labelSelector", 0, ANY));
MESSAGE(non_resource_attributes, AUTHZ "NonResourceAttributes", ONE("path", 1, STRING), ONE("verb", 2, STRING));
MESSAGE(self_access_spec, AUTHZ "SelfSubjectAccessReviewSpec", SUB("resourceAttributes", 1, resource_attributes),
        SUB("nonResourceAttributes", 2, non_resource_attributes));
MESSAGE(self_access_review, AUTHZ "SelfSubjectAccessReview", KIND, SUB("spec", 2, self_access_spec),
        ONE("status", 0, ANY));
MESSAGE(access_spec, AUTHZ "SubjectAccessReviewSpec", SUB("resourceAttributes", 1, resource_attributes),
        SUB("nonResourceAttributes", 2, non_resource_attributes), ONE("user", 3, STRING), LIST("groups", 4, STRING),
        ONE("extra", 0, ANY), ONE("uid", 6, STRING));
MESSAGE(access_review, AUTHZ "SubjectAccessReview", KIND, SUB("spec", 2, access_spec), ONE("status", 0, ANY));
MESSAGE(self_rules_spec, AUTHZ "SelfSubjectRulesReviewSpec", ONE("namespace", 1, STRING));
MESSAGE(self_rules_review, AUTHZ "SelfSubjectRulesReview", KIND, SUB("spec", 2, self_rules_spec),
        ONE("status", 0, ANY));

#define AUTHN "io.k8s.api.authentication.v1."
MESSAGE(self_review, AUTHN "SelfSubjectReview", KIND, ONE("status", 0, ANY));
MESSAGE(token_review_spec, AUTHN "TokenReviewSpec", ONE("token", 1, STRING), LIST("audiences", 2, STRING));
MESSAGE(token_review, AUTHN "TokenReview", KIND, SUB("spec", 2, token_review_spec), ONE("status", 0, ANY));
MESSAGE(bound_reference, AUTHN "BoundObjectReference", ONE("kind", 1, STRING), ONE("apiVersion", 2, STRING),
        ONE("name", 3, STRING), ONE("uid", 4, STRING));
MESSAGE(token_request_spec, AUTHN "TokenRequestSpec", LIST("audiences", 1, STRING),
        SUB("boundObjectRef", 3, bound_reference), ONE("expirationSeconds", 4, INT64));
MESSAGE(token_request_status, AUTHN "TokenRequestStatus", ONE("token", 1, STRING), ONE("expirationTimestamp", 2, TIME));
MESSAGE(token_request, AUTHN "TokenRequest", KIND, SUB("spec", 2, token_request_spec),
        SUB("status", 3, token_request_status));
MESSAGE(scale_spec, "io.k8s.api.autoscaling.v1.ScaleSpec", ONE("replicas", 1, INT32));
MESSAGE(scale_status, "io.k8s.api.autoscaling.v1.ScaleStatus", ONE("replicas", 1, INT32), ONE("selector", 2, STRING));
MESSAGE(scale, "io.k8s.api.autoscaling.v1.Scale", KIND, SUB("spec", 2, scale_spec), SUB("status", 3, scale_status));

static const struct {
    const char *group, *version, *kind;
    const struct kapi_message *message;
} kinds[] = {
    {"", "v1", "Namespace", &namespace_message},
    {"", "v1", "Secret", &secret},
    {"", "v1", "ConfigMap", &config_map},
    {"", "v1", "ServiceAccount", &service_account},
    {"", "v1", "Event", &event},
    {"", "v1", "Node", &node},
    {"", "v1", "Service", &service},
    {"", "v1", "Endpoints", &endpoints},
    {"", "v1", "Pod", &pod},
    {"", "v1", "ResourceQuota", &resource_quota},
    {"", "v1", "LimitRange", &limit_range},
    {"events.k8s.io", "v1", "Event", &events_event},
    {"coordination.k8s.io", "v1", "Lease", &lease},
    {"discovery.k8s.io", "v1", "EndpointSlice", &endpoint_slice},
    {"rbac.authorization.k8s.io", "v1", "Role", &role},
    {"rbac.authorization.k8s.io", "v1", "ClusterRole", &cluster_role},
    {"rbac.authorization.k8s.io", "v1", "RoleBinding", &role_binding},
    {"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", &cluster_role_binding},
    {"admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", &validating_webhooks},
    {"admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", &mutating_webhooks},
    {"apiregistration.k8s.io", "v1", "APIService", &api_service},
    {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", &custom_resource_definition},
    {"authorization.k8s.io", "v1", "SelfSubjectAccessReview", &self_access_review},
    {"authorization.k8s.io", "v1", "SubjectAccessReview", &access_review},
    {"authorization.k8s.io", "v1", "SelfSubjectRulesReview", &self_rules_review},
    {"authentication.k8s.io", "v1", "SelfSubjectReview", &self_review},
    {"authentication.k8s.io", "v1", "TokenReview", &token_review},
    {"authentication.k8s.io", "v1", "TokenRequest", &token_request},
    {"autoscaling", "v1", "Scale", &scale},
    {"", "v1", "DeleteOptions", &kapi_delete_options},
    {"meta.k8s.io", "v1", "DeleteOptions", &kapi_delete_options},
};

const struct kapi_message *kapi_message_find(const char *group, const char *version, const char *kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (str_equal(kinds[i].group, group) && str_equal(kinds[i].version, version) && str_equal(kinds[i].kind, kind))
            return kinds[i].message;
    }
    return NULL;
}
