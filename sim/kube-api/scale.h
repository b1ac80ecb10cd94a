/* SPDX-License-Identifier: Apache-2.0 */
/* The scale subresource: an autoscaling/v1 Scale as a view on an object (KAPI-144). */
#ifndef SIM_KUBE_API_SCALE_H
#define SIM_KUBE_API_SCALE_H

#include "sim/kube-api/kapi.h"

/* GET, PUT and PATCH of NAME/scale. */
struct kapi_status *kapi_scale(struct kapi_call *call, struct kapi_result *ret) MUST_CHECK;

#endif
