/* SPDX-License-Identifier: Apache-2.0 */
/* Where the API server is and who we are to it: from a kubeconfig, or from a pod's service account. Used by client.c alone. */
#ifndef OPERATOR_KUBE_KUBECONFIG_H
#define OPERATOR_KUBE_KUBECONFIG_H

#include <stdbool.h>

#include "lib/rt/rt.h"

struct kube_config {
    char *server;    /* URL without a slash at its end */
    char *namespace; /* "default" when nothing says more */
    char *ca_pem, *ca_file;
    char *cert_pem, *key_pem; /* the client's */
    char *token, *token_file; /* token_file wins: it is read again and again */
    char *user, *password;
    bool insecure;
};
void kube_config_release(struct kube_config *config); /* wipes the secrets */
#define CLEANUP_KUBE_CONFIG __attribute__((cleanup(kube_config_release)))

/* From a kubeconfig's text; `directory` is what relative file names are relative to. `context` NULL: current-context. */
struct error *kube_config_parse(struct rt *rt, const char *text, const char *directory, const char *context,
                                struct kube_config *ret) MUST_CHECK;
struct error *kube_config_load(struct rt *rt, const char *path, const char *context, struct kube_config *ret)
    MUST_CHECK;
/* From the service account that a pod has mounted, and KUBERNETES_SERVICE_HOST and _PORT. */
struct error *kube_config_in_cluster(struct rt *rt, struct kube_config *ret) MUST_CHECK;

#define KUBE_FILE_MAX (1024 * 1024) /* a kubeconfig, or a file that it names */

#endif
