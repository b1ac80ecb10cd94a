/* SPDX-License-Identifier: Apache-2.0 */
/* Well-known finalizers, annotations and labels (BMO-103 … BMO-105). */
#ifndef OPERATOR_API_NAMES_H
#define OPERATOR_API_NAMES_H

/* -- finalizers -- */
#define HOST_FINALIZER "baremetalhost.metal3.io"
#define SECRET_FINALIZER "baremetalhost.metal3.io/secret"
#define HARDWARE_DATA_FINALIZER "baremetalhost.metal3.io/hardwareData"
#define HOST_PREPROVISIONING_IMAGE_FINALIZER                                                                           \
    "baremetalhost.metal3.io/preprovisioningImage"                       /* set by the host controller */
#define PREPROVISIONING_IMAGE_FINALIZER "preprovisioningimage.metal3.io" /* set by the image controller */
#define BMC_EVENT_SUBSCRIPTION_FINALIZER "bmceventsubscription.metal3.io"
#define DATA_IMAGE_FINALIZER "dataimage.metal3.io"
#define HOST_CLAIM_FINALIZER "metal3.io/hostclaim"

/* -- annotations of a BareMetalHost -- */
#define HOST_PAUSED_ANNOTATION "baremetalhost.metal3.io/paused"
#define HOST_PAUSED_BY_CAPM3 "metal3.io/capm3" /* value of the above when the Cluster API provider set it */
#define HOST_DETACHED_ANNOTATION "baremetalhost.metal3.io/detached"
#define HOST_STATUS_ANNOTATION "baremetalhost.metal3.io/status" /* a saved status, restored when the host has none */
#define HOST_REBOOT_ANNOTATION "reboot.metal3.io"
#define HOST_REBOOT_ANNOTATION_PREFIX                                                                                  \
    "reboot.metal3.io/"                             /* with a key of whoever asks; holds the host off until removed */
#define HOST_INSPECT_ANNOTATION "inspect.metal3.io" /* "disabled", or "" to ask for another inspection */
#define HOST_HARDWARE_DETAILS_ANNOTATION "inspect.metal3.io/hardwaredetails"

/* -- labels -- */
#define SECRET_ENVIRONMENT_LABEL "environment.metal3.io" /* on every Secret that the operator reads */
#define SECRET_ENVIRONMENT_VALUE "baremetal"
#define SECRET_ENVIRONMENT_SELECTOR SECRET_ENVIRONMENT_LABEL "=" SECRET_ENVIRONMENT_VALUE
#define FAILURE_DOMAIN_LABEL "infrastructure.cluster.x-k8s.io/failure-domain"

#endif
