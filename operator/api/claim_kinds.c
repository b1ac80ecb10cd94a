/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds by which tenants get hosts: HostClaim, and the policy that says who may (BMO-091 … BMO-097). */
#include "operator/api/fields.h"
#include "operator/api/kinds.h"
#include "operator/api/metal3.h"

/* -- HostClaim -- */

const struct kube_resource metal3_host_claims = {METAL3_GROUP, "v1alpha1", "hostclaims", "HostClaim", true};

static const struct api_field match_expression[] = {
    {"key", API_STRING, .required = true, .help = "Label"},
    {"operator", API_STRING, .required = true, .help = "In, NotIn, Exists or DoesNotExist"},
    {"values", API_STRING, API_LIST, .required = true, .help = "Values to compare with"},
    {0},
};

static const struct api_field host_selector[] = {
    {"inNamespace", API_STRING, .help = "Namespace of the hosts; all that allow it when absent"},
    {"matchExpressions", API_OBJECT, API_LIST, .fields = match_expression, .help = "Requirements on labels"},
    {"matchLabels", API_STRING, API_MAP, .help = "Labels that a host must have"},
    {0},
};

static const struct api_field claim_spec[] = {
    {"consumerRef", API_OBJECT, .atomic = true, .fields = api_object_reference, .help = "Who uses the claim"},
    {"customDeploy", API_OBJECT, .fields = api_custom_deploy,
     .help = "A deploy step to run in place of writing an image"},
    {"failureDomain", API_STRING, .help = "Failure domain to prefer"},
    {"hostSelector", API_OBJECT, .fields = host_selector, .help = "Which hosts will do"},
    {"image", API_OBJECT, .fields = api_image, .help = "What to provision"},
    {"metaData", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "Secret with the meta data"},
    {"networkData", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "Secret with the network data"},
    {"poweredOn", API_BOOL, .required = true, .help = "Whether the host shall be on"},
    {"userData", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "Secret with the user data"},
    {0},
};

static const struct api_field claim_status[] = {
    {"bareMetalHost", API_OBJECT, .fields = api_named_reference, .help = "The host that the claim got"},
    {"conditions", API_OBJECT, API_LIST, .fields = api_condition, .help = "How far the claim is"},
    {"hardwareData", API_OBJECT, .fields = api_named_reference, .help = "The host's hardware"},
    {"lastUpdated", API_TIME, .help = "When this status was written"},
    {"poweredOn", API_BOOL, .help = "Whether the host is on"},
    {0},
};

static const struct api_field claim_fields[] = {
    {"spec", API_OBJECT, .fields = claim_spec, .help = "The host that is wanted, and what for"},
    {"status", API_OBJECT, .fields = claim_status, .help = "The host that was found"},
    {0},
};

const struct api_kind api_host_claim = {
    .resource = &metal3_host_claims,
    .singular = "hostclaim",
    .help = "A request for a host",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = claim_fields}},
};

/* -- HostDeployPolicy -- */

const struct kube_resource metal3_host_deploy_policies = {METAL3_GROUP, "v1alpha1", "hostdeploypolicies",
                                                          "HostDeployPolicy", true};

static const struct api_field namespace_label[] = {
    {"name", API_STRING, .required = true, .help = "Label"},
    {"value", API_STRING, .help = "Its value; any when absent"},
    {0},
};

static const struct api_field claim_namespaces[] = {
    {"hasLabels", API_OBJECT, API_LIST, .fields = namespace_label, .help = "Labels that the namespace must have"},
    {"nameMatches", API_STRING, .help = "Regular expression for the name"},
    {"names", API_STRING, API_LIST, .help = "Names"},
    {0},
};

static const struct api_field policy_spec[] = {
    {"hostClaimNamespaces", API_OBJECT, .fields = claim_namespaces, .help = "Namespaces whose claims may have hosts"},
    {0},
};

static const struct api_field policy_fields[] = {
    {"spec", API_OBJECT, .fields = policy_spec, .help = "Who may have the hosts of this namespace"},
    {"status", API_OBJECT, .fields = api_no_fields, .help = "Empty"},
    {0},
};

const struct api_kind api_host_deploy_policy = {
    .resource = &metal3_host_deploy_policies,
    .singular = "hostdeploypolicy",
    .help = "Which HostClaims may have the hosts of its namespace",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = policy_fields}},
};
