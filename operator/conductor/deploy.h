/* SPDX-License-Identifier: Apache-2.0 */
/* What the API asks of deployments. */
#ifndef OPERATOR_CONDUCTOR_DEPLOY_H
#define OPERATOR_CONDUCTOR_DEPLOY_H

#include "operator/conductor/node.h"

/* ERROR_INVALID tells what instance_info lacks. */
struct error *deploy_validate(const struct node *node) MUST_CHECK;

#endif
