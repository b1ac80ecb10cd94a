/* SPDX-License-Identifier: Apache-2.0 */
/* Reads kubeconfigs and service accounts. Exec plugins, auth providers and proxies are refused by name rather than ignored. */
#include "operator/kube/kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/json.h"
#include "lib/data/yaml.h"
#include "lib/rt/file.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

void kube_config_release(struct kube_config *config)
{
    free(config->server);
    free(config->namespace);
    free(config->ca_pem);
    free(config->ca_file);
    free(config->cert_pem);
    mem_free_secret(config->key_pem);
    mem_free_secret(config->token);
    free(config->token_file);
    free(config->user);
    mem_free_secret(config->password);
    *config = (struct kube_config){0};
}

/* The `field` object of the entry called `name` in list `list`: clusters, contexts and users all look alike. */
static struct error *find_entry(const struct json *config, const char *list, const char *field, const char *name,
                                const struct json **ret)
{
    JSON_FOREACH (entry, json_get(config, list)) {
        if (str_equal(json_str(entry, "name"), name)) {
            *ret = json_get(entry, field);
            return NULL;
        }
    }
    return error_new(ERROR_INVALID, "kubeconfig: \"%s\" is not in %s", str_or(name, ""), list);
}

static char *absolute_path(const char *directory, const char *path)
{
    if (!directory || *path == '/')
        return mem_strdup(path);
    return mem_printf("%s/%s", directory, path);
}

/* PEM text from "<name>-data" (base64), or from the file that "<name>" names; *ret stays NULL when there is neither. */
static struct error *load_pem(struct rt *rt, const struct json *entry, const char *name, const char *directory,
                              char **ret)
{
    CLEANUP_FREE char *data_name = mem_printf("%s-data", name);
    const char *data = json_str(json_member(entry, data_name), "");
    if (!str_is_empty(data)) {
        void *text = NULL;
        size_t len;
        TRY_WRAP(str_base64_decode(data, &text, &len), "kubeconfig: %s", data_name);
        *ret = text;
        return NULL;
    }
    const char *file = json_str(json_member(entry, name), "");
    if (str_is_empty(file))
        return NULL;
    CLEANUP_FREE char *path = absolute_path(directory, file);
    TRY_WRAP(rt_file_read(rt, path, KUBE_FILE_MAX, ret, NULL), "kubeconfig: %s", name);
    return NULL;
}

static struct error *parse_cluster(struct rt *rt, const struct json *cluster, const char *directory,
                                   struct kube_config *config)
{
    static const char *const unsupported[] = {"proxy-url", "tls-server-name"};
    for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
        if (!str_is_empty(json_str(cluster, unsupported[i])))
            return error_new(ERROR_UNSUPPORTED, "kubeconfig: %s of a cluster is not supported", unsupported[i]);
    const char *server = json_str(cluster, "server");
    if (str_is_empty(server))
        return error_new(ERROR_INVALID, "kubeconfig: the cluster has no server");
    config->server = str_trim_end(server, '/');
    config->insecure = json_bool(cluster, "insecure-skip-tls-verify", false);
    return load_pem(rt, cluster, "certificate-authority", directory, &config->ca_pem);
}

static struct error *parse_user(struct rt *rt, const struct json *user, const char *directory,
                                struct kube_config *config)
{
    static const char *const unsupported[] = {"exec", "auth-provider", "as"};
    for (size_t i = 0; i < ARRAY_SIZE(unsupported); i++)
        if (json_has(user, unsupported[i]))
            return error_new(ERROR_UNSUPPORTED,
                             "kubeconfig: %s of a user is not supported; use a client certificate or a token",
                             unsupported[i]);
    TRY(load_pem(rt, user, "client-certificate", directory, &config->cert_pem));
    TRY(load_pem(rt, user, "client-key", directory, &config->key_pem));
    config->token = mem_strdup(json_str(user, "token"));
    const char *token_file = json_str(user, "tokenFile");
    if (!str_is_empty(token_file))
        config->token_file = absolute_path(directory, token_file);
    config->user = mem_strdup(json_str(user, "username"));
    config->password = mem_strdup(json_str(user, "password"));
    return NULL;
}

struct error *kube_config_parse(struct rt *rt, const char *text, const char *directory, const char *context_name,
                                struct kube_config *ret)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    TRY(yaml_parse("kubeconfig", text, strlen(text), &yaml));
    if (yaml_len(yaml) != 1)
        return error_new(ERROR_INVALID, "kubeconfig: holds %zu documents instead of one", yaml_len(yaml));
    const struct json *file = yaml_document(yaml, 0);
    if (!context_name)
        context_name = json_str(file, "current-context");
    if (str_is_empty(context_name))
        return error_new(ERROR_INVALID, "kubeconfig: has no current-context");

    const struct json *context = NULL, *cluster = NULL, *user = NULL;
    TRY(find_entry(file, "contexts", "context", context_name, &context));
    TRY(find_entry(file, "clusters", "cluster", json_str(context, "cluster"), &cluster));
    const char *user_name = json_str(context, "user");
    if (!str_is_empty(user_name))
        TRY(find_entry(file, "users", "user", user_name, &user));

    CLEANUP_KUBE_CONFIG struct kube_config config = {0};
    config.namespace = mem_strdup(str_or(json_str(context, "namespace"), "default"));
    TRY(parse_cluster(rt, cluster, directory, &config));
    TRY(parse_user(rt, user, directory, &config));
    *ret = config;
    config = (struct kube_config){0};
    return NULL;
}

struct error *kube_config_load(struct rt *rt, const char *path, const char *context, struct kube_config *ret)
{
    CLEANUP_SECRET char *text = NULL;
    TRY(rt_file_read(rt, path, KUBE_FILE_MAX, &text, NULL));
    const char *slash = strrchr(path, '/');
    CLEANUP_FREE char *directory = slash ? mem_strndup(path, slash - path + 1) : mem_strdup(".");
    TRY_WRAP(kube_config_parse(rt, text, directory, context, ret), "%s", path);
    return NULL;
}

struct error *kube_config_in_cluster(struct rt *rt, struct kube_config *ret)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    if (str_is_empty(host) || str_is_empty(port))
        return error_new(ERROR_INVALID, "no kubeconfig was given and this is no pod (KUBERNETES_SERVICE_HOST is not "
                                        "set): use --kubeconfig FILE");
    CLEANUP_KUBE_CONFIG struct kube_config config = {0};
    config.server = mem_printf(strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
    config.ca_file = mem_strdup(SERVICE_ACCOUNT "/ca.crt");
    config.token_file = mem_strdup(SERVICE_ACCOUNT "/token");
    CLEANUP_FREE char *namespace = NULL;
    TRY(rt_file_read(rt, SERVICE_ACCOUNT "/namespace", KUBE_FILE_MAX, &namespace, NULL));
    config.namespace = str_trim(namespace);
    *ret = config;
    config = (struct kube_config){0};
    return NULL;
}
