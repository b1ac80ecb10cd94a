/* SPDX-License-Identifier: Apache-2.0 */
/* How to reach Ironic, and what to tell it: filled from the operator's flags and environment (BMO-457 … BMO-470). */
#ifndef OPERATOR_IRONIC_OPTIONS_H
#define OPERATOR_IRONIC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct ironic_options {
    char *endpoint;         /* IRONIC_ENDPOINT, normally ending in "/v1/" */
    char *ca_file;          /* IRONIC_CACERT_FILE; a missing file means the system's CAs */
    char *client_cert_file; /* IRONIC_CLIENT_CERT_FILE */
    char *client_key_file;  /* IRONIC_CLIENT_PRIVATE_KEY_FILE */
    bool insecure;          /* IRONIC_INSECURE */
    bool insecure_san;      /* IRONIC_SKIP_CLIENT_SAN_VERIFY */
    int64_t cache_ttl;      /* IRONIC_CLIENT_CACHE_TTL, ns: how long version and drivers are not asked again */
    int64_t timeout;        /* IRONIC_CLIENT_TIMEOUT, ns */
    char *auth_dir; /* METAL3_AUTH_ROOT_DIR; files ironic/username and ironic/password below it mean basic auth */
    char *user, *password;              /* the same without files, for the simulator; NULL: look at auth_dir */
    char *deploy_kernel_url;            /* DEPLOY_KERNEL_URL */
    char *deploy_ramdisk_url;           /* DEPLOY_RAMDISK_URL */
    char *deploy_iso_url;               /* DEPLOY_ISO_URL */
    int64_t provisioning_limit;         /* PROVISIONING_LIMIT */
    char *live_iso_boot_device;         /* LIVE_ISO_FORCE_PERSISTENT_BOOT_DEVICE */
    char *direct_boot_device;           /* DIRECT_DEPLOY_FORCE_PERSISTENT_BOOT_DEVICE */
    char *external_url_v6;              /* IRONIC_EXTERNAL_URL_V6 */
    bool provisioning_network_disabled; /* PROVISIONING_NETWORK_DISABLED */
};

#endif
