/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What upstream's admission webhook refuses in a BareMetalHost (bmo.md 5.2), checked by the controller: this operator
 * has no webhook server.
 */
#ifndef OPERATOR_BMO_HOST_VALIDATE_H
#define OPERATOR_BMO_HOST_VALIDATE_H

#include "lib/data/json.h"

/*
 * All that is wrong with the host's spec and name, in upstream's words: one rule's sentence as it is, several as "[a,
 * b]" (BMO-385); NULL when nothing is. A BMC address that does not parse is not told here: registration tells it. Free
 * with free().
 */
char *host_validate(const struct json *host);

#endif
