/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded Kubernetes API server: enough of kube-apiserver, and of the controller manager's housekeeping, for kubectl and for Metal3's
 * controllers. HTTPS with a CA of its own. The same code serves on sockets and in the simulated world.
 */
#ifndef SIM_KUBE_API_KUBE_API_H
#define SIM_KUBE_API_KUBE_API_H

#include "lib/env.h"
#include "sim/kube-api/storage.h"

struct kube_api;

struct kube_api_options {
    const char *address; /* to listen on; NULL: "127.0.0.1" */
    int port;            /* 0: any free one */
    const char
        *server_host;     /* name or address that the kubeconfig and the certificate have; NULL: the listen address */
    const char *data_dir; /* state is kept here and survives being killed; NULL: in memory only */
    const char *kubeconfig_path; /* written once the server serves; NULL: none */
    bool anonymous;              /* callers without credentials may do everything */
    /* Wraps the storage, for faults; NULL: none. What it returns must live as long as the server. */
    struct kapi_storage *(*decorate)(void *arg, struct kapi_storage *inner);
    void *decorate_arg;
};

/* Serves when it returns. ERROR_CONFLICT: the port is in use; a damaged data directory is ERROR_INVALID that names the file. */
struct error *kube_api_start(const struct env *env, const struct kube_api_options *options, struct kube_api **ret)
    MUST_CHECK;
int kube_api_port(const struct kube_api *api);
/* "https://HOST:PORT", borrowed. */
const char *kube_api_url(const struct kube_api *api);
/* A kubeconfig with the administrator's client certificate; free with mem_free_secret(). */
char *kube_api_kubeconfig(const struct kube_api *api);
/* PEM text, borrowed. */
const char *kube_api_ca_pem(const struct kube_api *api);
const char *kube_api_admin_cert_pem(const struct kube_api *api);
const char *kube_api_admin_key_pem(const struct kube_api *api);
/* A bearer token with the administrator's rights, borrowed; new at each start. */
const char *kube_api_admin_token(const struct kube_api *api);

/* Ends all requests and tasks; waits for them. NULL is fine. Not from a task of env->group's program that the server runs in. */
void kube_api_stop(struct kube_api *api);
void kube_api_free(struct kube_api *api); /* stops it first */
DEFINE_CLEANUP(struct kube_api, kube_api_free);

#endif
