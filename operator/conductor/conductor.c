/* SPDX-License-Identifier: Apache-2.0 */
/* Starting and stopping a conductor. */
#include "operator/conductor/conductor.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/rt/file.h"
#include "operator/conductor/api/auth.h"
#include "operator/conductor/api/rest.h"
#include "operator/conductor/boot_cache.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/node_store.h"
#include "operator/conductor/operation.h"
#include "operator/conductor/power.h"

#define PEM_MAX (1024 * 1024)
#define CONNECTIONS_PER_BMC 2

/* -- options -- */

void conductor_options_init(struct conductor_options *options)
{
    *options = (struct conductor_options){
        .listen = "127.0.0.1",
        .port = 6385,
        .hostname = "conductor",
        .http_port = 6180,
        .cache_dir = "/var/lib/metal3-conductor/images",
        .database = "/var/lib/metal3-conductor/conductor.db",
        .kernel_append_params = "nofb nomodeset vga=normal ipa-insecure=1 systemd.journald.forward_to_console=yes",
        .fast_track = true,
        .automated_clean = true,
        .require_agent_tls = true,
        .max_concurrent_deploy = 250,
        .max_concurrent_clean = 250,
        .bmc_parallelism = 200,
        .deploy_callback_timeout = 1800 * RT_S,
        .clean_callback_timeout = 1800 * RT_S,
        .inspect_wait_timeout = 1800 * RT_S,
        .power_state_change_timeout = 60 * RT_S,
        .soft_power_off_timeout = 600 * RT_S,
        .sync_power_state_interval = 120 * RT_S,
        .power_sync_max_retries = 3,
        .power_failure_recovery_interval = 300 * RT_S,
        .heartbeat_timeout = 300 * RT_S,
        .fast_track_timeout = 300 * RT_S,
        .agent_command_timeout = 60 * RT_S,
        .agent_command_attempts = 3,
        .agent_power_off_wait = 30 * RT_S,
        .poll_min = 200 * RT_MS,
        .poll_max = 5 * RT_S,
        .bmc_retry_interval = 3 * RT_S,
        .bmc_attempts = 5,
        .bmc_timeout = 60 * RT_S,
    };
}

/* The texts of the options, which are copied. */
static const size_t texts[] = {
    offsetof(struct conductor_options, listen),        offsetof(struct conductor_options, tls_cert),
    offsetof(struct conductor_options, tls_key),       offsetof(struct conductor_options, user),
    offsetof(struct conductor_options, password),      offsetof(struct conductor_options, htpasswd),
    offsetof(struct conductor_options, api_url),       offsetof(struct conductor_options, hostname),
    offsetof(struct conductor_options, http_listen),   offsetof(struct conductor_options, http_url),
    offsetof(struct conductor_options, cache_dir),     offsetof(struct conductor_options, database),
    offsetof(struct conductor_options, deploy_kernel), offsetof(struct conductor_options, deploy_ramdisk),
    offsetof(struct conductor_options, deploy_iso),    offsetof(struct conductor_options, kernel_append_params),
};

static char **text_at(struct conductor_options *options, size_t index)
{
    return (char **)((char *)options + texts[index]);
}

static void options_copy(struct conductor *conductor, const struct conductor_options *options)
{
    conductor->options = *options;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        char **text = text_at(&conductor->options, i);
        *text = str_is_empty(*text) ? NULL : mem_strdup(*text);
    }
}

static void options_free(struct conductor *conductor)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        mem_free_secret(*text_at(&conductor->options, i));
}

static struct error *options_check(const struct conductor_options *options)
{
    if (!options->tls_cert != !options->tls_key)
        return error_new(ERROR_INVALID, "TLS needs both a certificate and a key file");
    if (!options->deploy_kernel != !options->deploy_ramdisk)
        return error_new(ERROR_INVALID, "deploy_kernel and deploy_ramdisk must be given together");
    if (!options->database || !options->listen || !options->hostname)
        return error_new(ERROR_INVALID, "database, listen and hostname must not be empty");
    if (options->poll_min <= 0 || options->poll_max < options->poll_min)
        return error_new(ERROR_INVALID, "poll_min must be positive and not above poll_max");
    if (options->bmc_attempts < 1 || options->agent_command_attempts < 1 || options->bmc_parallelism < 1)
        return error_new(ERROR_INVALID, "bmc_attempts, agent_command_attempts and bmc_parallelism must be at least 1");
    if (options->heartbeat_timeout < RT_S)
        return error_new(ERROR_INVALID, "heartbeat_timeout must be at least 1 s");
    return NULL;
}

/* -- start -- */

static struct error *read_pem(struct conductor *conductor, const char *path, char **ret)
{
    CLEANUP_SECRET char *text = NULL;
    TRY(rt_file_read(conductor->rt, path, PEM_MAX, &text, NULL));
    if (!*text)
        return error_new(ERROR_INVALID, "%s is empty", path);
    *ret = TAKE_PTR(text);
    return NULL;
}

/* "http://address:port"; an address that listens everywhere is no address to call. */
static struct error *default_url(const char *scheme, const char *address, int port, const char *option, char **ret)
{
    if (str_equal(address, "0.0.0.0") || str_equal(address, "::") || strchr(address, '/'))
        return error_new(ERROR_INVALID, "listening on %s needs the option %s, the URL that others reach it by", address,
                         option);
    *ret = net_url(scheme, address, port);
    return NULL;
}

static void files_handle(struct http_exchange *exchange, void *arg)
{
    boot_iso_serve(arg, exchange);
}

static struct error *start_api(struct conductor *conductor)
{
    const struct conductor_options *options = &conductor->options;
    CLEANUP_SECRET char *cert = NULL, *key = NULL;
    if (options->tls_cert) {
        TRY(read_pem(conductor, options->tls_cert, &cert));
        TRY(read_pem(conductor, options->tls_key, &key));
    }
    struct http_server_options server = {
        .address = options->listen,
        .port = (int)options->port,
        .cert_pem = cert,
        .key_pem = key,
        .body_max = REST_BODY_PROVISION_MAX,
        .handle = rest_handle,
        .arg = conductor,
    };
    TRY_WRAP(http_server_start(conductor->env->net, conductor->group, &server, &conductor->api), "the API");
    if (options->api_url)
        conductor->text.api_url = str_trim_end(options->api_url, '/');
    else
        TRY(default_url(cert ? "https" : "http", options->listen, http_server_port(conductor->api), "api_url",
                        &conductor->text.api_url));
    return NULL;
}

static struct error *start_files(struct conductor *conductor)
{
    const struct conductor_options *options = &conductor->options;
    const char *address = str_or(options->http_listen, options->listen);
    struct http_server_options server = {
        .address = address,
        .port = (int)options->http_port,
        .body_max = 1024,
        .handle = files_handle,
        .arg = conductor,
    };
    TRY_WRAP(http_server_start(conductor->env->net, conductor->group, &server, &conductor->files), "boot files");
    if (options->http_url)
        conductor->text.http_url = str_trim_end(options->http_url, '/');
    else
        TRY(default_url("http", address, http_server_port(conductor->files), "http_url", &conductor->text.http_url));
    return NULL;
}

static struct error *make_clients(struct conductor *conductor)
{
    struct http_client_options bmc = {
        .user_agent = "metal3-conductor/" METAL3_VERSION,
        .connections_max = CONNECTIONS_PER_BMC,
        .timeout = conductor->options.bmc_timeout,
        .connect_timeout = 30 * RT_S,
    };
    TRY(http_client_new(conductor->env->net, &bmc, &conductor->bmc_verify));
    bmc.insecure = true;
    TRY(http_client_new(conductor->env->net, &bmc, &conductor->bmc_insecure));
    struct http_client_options plain = {.user_agent = bmc.user_agent};
    return http_client_new(conductor->env->net, &plain, &conductor->plain);
}

static void make_metrics(struct conductor *conductor)
{
    conductor->transitions = metrics_counter(conductor->env->metrics, "metal3_conductor_transitions_total",
                                             "Provision state changes.", (const char *const[]){"from", "to", NULL});
    conductor->bmc_calls =
        metrics_counter(conductor->env->metrics, "metal3_conductor_bmc_calls_total", "HTTP exchanges with BMCs.",
                        (const char *const[]){"method", "result", NULL});
}

static struct error *start(struct conductor *conductor)
{
    TRY(options_check(&conductor->options));
    TRY(auth_new(conductor, &conductor->auth));
    TRY(db_open(conductor->env, conductor->group, conductor->options.database, &conductor->db));
    TRY(node_store_load(conductor));
    TRY(make_clients(conductor));
    conductor->images = boot_cache_new(conductor);
    TRY(start_files(conductor));
    TRY(start_api(conductor));
    operations_recover(conductor);
    power_sync_start(conductor);
    log_info(conductor->log, "conductor started", KV("api", conductor->text.api_url),
             KV("files", conductor->text.http_url), KV_INT("nodes", (int64_t)map_len(conductor->nodes)));
    return NULL;
}

struct error *conductor_start(const struct env *env, const struct conductor_options *options, struct conductor **ret)
{
    struct conductor *conductor = mem_alloc(sizeof(*conductor));
    conductor->env = env;
    conductor->rt = env->rt;
    conductor->log = env->log;
    conductor->group = rt_group_new(env->rt, env->group, "conductor");
    options_copy(conductor, options);
    conductor->bmc_slots.limit = options->bmc_parallelism > 0 ? (size_t)options->bmc_parallelism : 1;
    node_store_init(conductor);
    make_metrics(conductor);
    struct error *err = start(conductor);
    if (err) {
        conductor_stop(conductor);
        conductor_free(conductor);
        return err;
    }
    *ret = conductor;
    return NULL;
}

int conductor_port(const struct conductor *conductor)
{
    return http_server_port(conductor->api);
}

int conductor_http_port(const struct conductor *conductor)
{
    return http_server_port(conductor->files);
}

void conductor_stop(struct conductor *conductor)
{
    rt_group_stop(conductor->group);
}

void conductor_free(struct conductor *conductor)
{
    if (!conductor)
        return;
    http_server_free(conductor->api);
    http_server_free(conductor->files);
    boot_cache_free(conductor->images);
    node_store_release(conductor); /* with the connections of nodes */
    http_client_free(conductor->bmc_verify);
    http_client_free(conductor->bmc_insecure);
    http_client_free(conductor->plain);
    db_close(conductor->db);
    auth_free(conductor->auth);
    rt_group_free(conductor->group);
    free(conductor->text.api_url);
    free(conductor->text.http_url);
    options_free(conductor);
    free(conductor);
}
