/* SPDX-License-Identifier: Apache-2.0 */
/* The config drive of a deployment, as the object that Ironic turns into an ISO (BMO-574, BMO-575, IRO-105). */
#ifndef OPERATOR_IRONIC_CONFIG_DRIVE_H
#define OPERATOR_IRONIC_CONFIG_DRIVE_H

#include "lib/data/json.h"

struct config_drive_input {
    const char *host_uid, *ns, *name;
    const char *user_data;    /* text; NULL or "": none */
    const char *network_data; /* YAML or JSON; NULL or "": none */
    const char *meta_data;    /* YAML or JSON mapping laid over the generated one; NULL or "": none */
};

/*
 * A new object {meta_data, network_data, user_data}. ERROR_INVALID names the data that does not parse; its content is
 * not shown.
 */
struct error *config_drive_build(const struct config_drive_input *input, struct json **ret) MUST_CHECK;

/* A YAML or JSON mapping as an object; *ret is NULL for empty text. `what` starts the error. */
struct error *config_data_parse(const char *what, const char *text, struct json **ret) MUST_CHECK;

#endif
