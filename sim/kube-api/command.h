/* SPDX-License-Identifier: Apache-2.0 */
/* `metal3-sim kube-api`: the embedded Kubernetes API server as a program. */
#ifndef SIM_KUBE_API_COMMAND_H
#define SIM_KUBE_API_COMMAND_H

#include "lib/main.h"

extern const struct program kube_api_program;

#endif
