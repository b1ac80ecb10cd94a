/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data secrets of a host: user data, network data, metadata (bmo.md 2.12), and credentials of image registries
 * (BMO-249).
 */
#include <stdlib.h>
#include <string.h>

#include "operator/bmo/host_pass.h"
#include "operator/ironic/host_image.h"

struct data_kind {
    const char *reference; /* in spec */
    const char *key;       /* in the secret; "value" is its other name */
    bool may_be_empty;
};

static const struct data_kind user_kind = {"userData", "userData", false};
static const struct data_kind meta_kind = {"metaData", "metaData", false};
static const struct data_kind network_kind = {"networkData", "networkData", true};

static struct error *secret_text(struct host_pass *pass, const char *name, const struct data_kind *kind, unsigned flags,
                                 char **ret)
{
    CLEANUP(kube_object_unref) struct kube_object *secret = NULL;

    TRY(secret_claim(pass, name, flags, &secret));
    char *text = kube_secret_value(kube_object_json(secret), kind->key, NULL);
    if (!text)
        text = kube_secret_value(kube_object_json(secret), "value", NULL);
    if (!text) {
        host_metrics_count(&pass->bmo->metrics, HOST_METRIC_CONFIG_DATA_ERROR, kind->key, NULL, NULL);
        if (!kind->may_be_empty)
            return error_new(ERROR_INVALID, "Secret %s does not contain key %s", name, kind->key);
    }
    *ret = text;
    return NULL;
}

/* BMO-247. `fallback` names a secret for when spec refers to none; "" for none. */
static struct error *data_text(struct host_pass *pass, const struct data_kind *kind, const char *fallback, char **ret)
{
    const struct json *reference = json_get(json_get(pass->host, "spec"), kind->reference);
    const char *name = str_or(json_str(reference, "name"), fallback);
    const char *ns = str_or(json_str(reference, "namespace"), pass->ns);

    if (!name[0])
        return NULL;
    if (!str_equal(ns, pass->ns))
        return error_new(ERROR_INVALID, "%s secret must be in same namespace as host %s/%s", kind->key, pass->ns,
                         pass->name);
    return secret_text(pass, name, kind, 0, ret);
}

struct error *host_user_data(void *arg, char **ret)
{
    return data_text(arg, &user_kind, "", ret);
}

struct error *host_meta_data(void *arg, char **ret)
{
    return data_text(arg, &meta_kind, "", ret);
}

struct error *host_network_data(void *arg, char **ret)
{
    struct host_pass *pass = arg;
    return data_text(pass, &network_kind, host_spec(pass, "preprovisioningNetworkDataName"), ret);
}

struct error *host_preprovisioning_network_data(struct host_pass *pass, char **ret)
{
    const char *name = host_spec(pass, "preprovisioningNetworkDataName");
    unsigned flags = host_deletion_flow(pass) ? 0 : CLAIM_FINALIZER;

    if (!name[0])
        return NULL;
    struct error *err = secret_text(pass, name, &network_kind, flags, ret);
    if (error_is(err, ERROR_NOT_FOUND) && host_deletion_flow(pass)) {
        error_free(err);
        return NULL;
    }
    return err;
}

/* -- image registries -- */

#define DOCKER_HUB_KEY "https://index.docker.io/v1/"

/* "user:password" of an entry of auths; NULL when it has none. */
static char *auth_of(const struct json *entry)
{
    const char *auth = json_str_or(entry, "auth", ""), *user = json_str_or(entry, "username", "");
    void *decoded = NULL;
    size_t len = 0;

    if (user[0])
        return mem_printf("%s:%s", user, json_str_or(entry, "password", ""));
    struct error *err = auth[0] ? str_base64_decode(auth, &decoded, &len) : NULL;
    error_free(err);
    return decoded;
}

static bool is_docker_hub(const char *registry)
{
    return str_equal(registry, "docker.io") || str_equal(registry, "index.docker.io") ||
           str_equal(registry, "registry-1.docker.io");
}

/* Looks a registry up in the text of a docker configuration. */
static struct error *lookup_auth(const char *text, bool wrapped, const char *registry, char **ret)
{
    struct json *config CLEANUP(json_free) = NULL;

    struct error *parse_err = json_parse(text, strlen(text), &config);
    if (parse_err) {
        error_free(parse_err); /* its text could show a part of the secret */
        return error_new(ERROR_INVALID, "the docker configuration is no JSON");
    }
    const struct json *auths = wrapped ? json_get(config, "auths") : config;
    const struct json *entry = json_member(auths, is_docker_hub(registry) ? DOCKER_HUB_KEY : registry);
    JSON_FOREACH (candidate, auths) {
        const char *key = json_key(candidate);
        const char *host = strstr(key, "://") ? strstr(key, "://") + 3 : key;
        if (!entry && strncmp(host, registry, strlen(registry)) == 0 &&
            (!host[strlen(registry)] || host[strlen(registry)] == '/'))
            entry = candidate;
    }
    *ret = auth_of(entry);
    if (!*ret)
        return error_new(ERROR_INVALID, "no credentials for registry %s", registry);
    return NULL;
}

static char *registry_of(const char *url)
{
    const char *rest = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    return mem_strndup(rest, strcspn(rest, "/"));
}

struct error *host_pull_secret(struct host_pass *pass, char **ret, char **ret_problem)
{
    const struct json *image = json_get(pass->host, "spec/image");
    const char *name = json_str_or(image, "ociAuthSecretName", "");
    CLEANUP(kube_object_unref) struct kube_object *secret = NULL;

    if (!image_is_oci(image) || !name[0])
        return NULL;
    struct error *err = secret_claim(pass, name, 0, &secret);
    if (error_is(err, ERROR_NOT_FOUND)) {
        *ret_problem = mem_printf("image registry credentials: %s", error_message(err));
        error_free(err);
        return NULL;
    }
    TRY(err);
    const char *type = json_str_or(kube_object_json(secret), "type", "");
    bool wrapped = str_equal(type, "kubernetes.io/dockerconfigjson");
    if (!wrapped && !str_equal(type, "kubernetes.io/dockercfg")) {
        *ret_problem =
            mem_printf("secret %s/%s has type \"%s\": image registry credentials need kubernetes.io/dockerconfigjson "
                       "or kubernetes.io/dockercfg",
                       pass->ns, name, type);
        pass_event(pass, true, "ImageAuthFormatUnsupported", "%s", *ret_problem);
        return NULL;
    }
    CLEANUP_SECRET char *text =
        kube_secret_value(kube_object_json(secret), wrapped ? ".dockerconfigjson" : ".dockercfg", NULL);
    CLEANUP_FREE char *registry = registry_of(image_url(image));
    err = lookup_auth(text ? text : "", wrapped, registry, ret);
    if (err) {
        *ret_problem = mem_printf("secret %s/%s: %s", pass->ns, name, error_message(err));
        pass_event(pass, true, "ImageAuthParseError", "%s", *ret_problem);
        error_free(err);
    }
    return NULL;
}
