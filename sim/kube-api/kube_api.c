/* SPDX-License-Identifier: Apache-2.0 */
/* Start and stop of the embedded Kubernetes API server. */
#include "sim/kube-api/kube_api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rt/file.h"
#include "sim/kube-api/auth.h"
#include "sim/kube-api/body.h"
#include "sim/kube-api/server.h"
#include "sim/kube-api/webhook.h"

#define STACK_SIZE (512 * 1024)

struct kube_api {
    struct kapi api;
    struct http_server *server;
    char *url;
};

/* -- content that every cluster has -- */

static void ensure_namespace(struct kapi *api, const char *name)
{
    struct kapi_resource *resource = kapi_registry_builtin(api->registry, "", "namespaces");
    CLEANUP_CALL struct kapi_call call = kapi_call_internal(api, resource, NULL, NULL);
    CLEANUP_RESULT struct kapi_result result = {0};
    struct json *ns = json_new_object();

    if (kapi_collection_peek(resource->collection, NULL, name)) {
        json_free(ns);
        return;
    }
    json_set_str(ns, "metadata/name", name);
    CLEANUP(kapi_status_free) struct kapi_status *status = kapi_create(&call, ns, &result);
    if (status)
        log_error(api->log, "cannot create a namespace", KV("name", name), KV("err", status->message));
}

/* Serves the stored CRDs, then looks at everything once, as controllers do after a restart. */
static void load_stored(struct kapi *api)
{
    static const char *const namespaces[] = {"default", "kube-system", "kube-public", "kube-node-lease"};
    struct kapi_resource *crds =
        kapi_registry_builtin(api->registry, "apiextensions.k8s.io", "customresourcedefinitions");
    struct kapi_object *crd;

    for (size_t i = 0; (crd = kapi_collection_at(crds->collection, i)); i++) {
        CLEANUP(kapi_object_unref) struct kapi_object *held = kapi_object_ref(crd);
        kapi_crd_changed(api, held);
    }
    kapi_controllers_start(api);
    kapi_resync(api);
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
        ensure_namespace(api, namespaces[i]);
}

/* -- start -- */

static const char *host_of(const struct kube_api_options *options)
{
    const char *address = str_or(options->address, "127.0.0.1");

    if (options->server_host)
        return options->server_host;
    return str_equal(address, "0.0.0.0") || str_equal(address, "::") ? "127.0.0.1" : address;
}

static struct error *listen_on(struct kube_api *kube, const struct kube_api_options *options)
{
    struct kapi *api = &kube->api;
    const struct pki_pair *pair = kapi_auth_server(api->auth);
    const char *host = host_of(options);
    struct http_server_options server = {.address = options->address,
                                         .port = options->port,
                                         .cert_pem = pair->cert_pem,
                                         .key_pem = pair->key_pem,
                                         .client_ca_pem = kapi_auth_ca_pem(api->auth),
                                         .body_max = KAPI_BODY_MAX + 65536,
                                         .stack_size = STACK_SIZE,
                                         .handle = kapi_handle,
                                         .arg = api};

    TRY(http_server_start(api->env->net, api->group, &server, &kube->server));
    kube->url = net_url("https", host, http_server_port(kube->server));
    return NULL;
}

static struct error *write_kubeconfig(const struct kube_api *kube, const char *path)
{
    CLEANUP_SECRET char *text = kube_api_kubeconfig(kube);
    TRY_WRAP(rt_file_write(kube->api.rt, path, text, strlen(text), 0600), "the kubeconfig");
    return NULL;
}

struct error *kube_api_start(const struct env *env, const struct kube_api_options *options, struct kube_api **ret)
{
    CLEANUP(kube_api_free) struct kube_api *kube = mem_alloc(sizeof(*kube));
    struct kapi *api = &kube->api;
    const char *names[] = {host_of(options), NULL};
    struct kapi_auth_options auth = {.data_dir = options->data_dir, .names = names, .anonymous = options->anonymous};

    api->env = env;
    api->rt = env->rt;
    api->log = env->log;
    api->group = rt_group_new(env->rt, env->group, "kube-api");
    TRY(kapi_store_open(env->rt, api->group, options->data_dir, &api->store));
    api->storage = kapi_store_storage(api->store);
    if (options->decorate)
        api->storage = options->decorate(options->decorate_arg, api->storage);
    api->registry = kapi_registry_new(api->store);
    api->webhooks = kapi_webhooks_new(api);
    TRY(kapi_auth_new(api, &auth, &api->auth));
    load_stored(api);
    TRY(listen_on(kube, options));
    if (options->kubeconfig_path)
        TRY(write_kubeconfig(kube, options->kubeconfig_path));
    log_info(api->log, "the Kubernetes API serves", KV("url", kube->url));
    *ret = TAKE_PTR(kube);
    return NULL;
}

void kube_api_stop(struct kube_api *kube)
{
    if (!kube || !kube->api.group)
        return;
    if (kube->server)
        http_server_stop(kube->server);
    rt_group_stop(kube->api.group);
}

void kube_api_free(struct kube_api *kube)
{
    if (!kube)
        return;
    kube_api_stop(kube);
    http_server_free(kube->server);
    kapi_controllers_free(kube->api.controllers);
    kapi_webhooks_free(kube->api.webhooks);
    map_free(kube->api.openapi);
    kapi_registry_free(kube->api.registry);
    kapi_auth_free(kube->api.auth);
    kapi_store_close(kube->api.store);
    rt_group_free(kube->api.group);
    free(kube->url);
    free(kube);
}

int kube_api_port(const struct kube_api *kube)
{
    return http_server_port(kube->server);
}

const char *kube_api_url(const struct kube_api *kube)
{
    return kube->url;
}

char *kube_api_kubeconfig(const struct kube_api *kube)
{
    const struct pki_pair *admin = kapi_auth_admin(kube->api.auth);
    const char *ca = kapi_auth_ca_pem(kube->api.auth);
    CLEANUP_FREE char *ca_text = str_base64_encode(ca, strlen(ca));
    CLEANUP_FREE char *cert = str_base64_encode(admin->cert_pem, strlen(admin->cert_pem));
    CLEANUP_SECRET char *key = str_base64_encode(admin->key_pem, strlen(admin->key_pem));

    return mem_printf("apiVersion: v1\n"
                      "kind: Config\n"
                      "clusters:\n"
                      "- name: metal3-sim\n"
                      "  cluster:\n"
                      "    server: %s\n"
                      "    certificate-authority-data: %s\n"
                      "users:\n"
                      "- name: kubernetes-admin\n"
                      "  user:\n"
                      "    client-certificate-data: %s\n"
                      "    client-key-data: %s\n"
                      "contexts:\n"
                      "- name: metal3-sim\n"
                      "  context:\n"
                      "    cluster: metal3-sim\n"
                      "    user: kubernetes-admin\n"
                      "current-context: metal3-sim\n",
                      kube->url, ca_text, cert, key);
}

const char *kube_api_ca_pem(const struct kube_api *kube)
{
    return kapi_auth_ca_pem(kube->api.auth);
}

const char *kube_api_admin_cert_pem(const struct kube_api *kube)
{
    return kapi_auth_admin(kube->api.auth)->cert_pem;
}

const char *kube_api_admin_key_pem(const struct kube_api *kube)
{
    return kapi_auth_admin(kube->api.auth)->key_pem;
}

const char *kube_api_admin_token(const struct kube_api *kube)
{
    return kapi_auth_admin_token(kube->api.auth);
}
