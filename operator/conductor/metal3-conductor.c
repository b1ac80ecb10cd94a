/* SPDX-License-Identifier: Apache-2.0 */
/* metal3-conductor: options from flags, the environment and a YAML file, then the conductor until SIGTERM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/data/yaml.h"
#include "lib/main.h"
#include "lib/rt/rt.h"
#include "operator/conductor/conductor.h"

struct options {
    struct conductor_options conductor;
    char *config;
};

#define AT(member) offsetof(struct options, conductor.member)
#define TEXT(flag, variable, member, what, standard, text)                                                             \
    {                                                                                                                  \
        .name = flag, .environment = variable, .type = OPTION_STRING, .offset = AT(member), .value = what,             \
        .fallback = standard, .help = text                                                                             \
    }
#define NUMBER(flag, member, standard, low, high, text)                                                                \
    {                                                                                                                  \
        .name = flag, .type = OPTION_INT, .offset = AT(member), .value = "N", .fallback = standard, .help = text,      \
        .least = low, .most = high                                                                                     \
    }
#define DURATION(flag, member, standard, text)                                                                         \
    {                                                                                                                  \
        .name = flag, .type = OPTION_DURATION, .offset = AT(member), .value = "DURATION", .fallback = standard,        \
        .help = text                                                                                                   \
    }
#define SWITCH(flag, member, standard, text)                                                                           \
    {                                                                                                                  \
        .name = flag, .type = OPTION_BOOL, .offset = AT(member), .fallback = standard, .help = text                    \
    }

static const struct option_spec specs[] = {
    {.name = "config",
     .letter = 'c',
     .environment = "METAL3_CONDUCTOR_CONFIG",
     .type = OPTION_STRING,
     .offset = offsetof(struct options, config),
     .value = "FILE",
     .help = "YAML file with any of these options, \"name: value\" each; flags win"},
    TEXT("listen", "METAL3_CONDUCTOR_LISTEN", listen, "ADDRESS", "127.0.0.1", "address of the API"),
    {.name = "port",
     .letter = 'p',
     .environment = "METAL3_CONDUCTOR_PORT",
     .type = OPTION_INT,
     .offset = AT(port),
     .value = "PORT",
     .fallback = "6385",
     .help = "port of the API; 0 takes any",
     .least = 0,
     .most = 65535},
    TEXT("tls-cert", "METAL3_CONDUCTOR_TLS_CERT", tls_cert, "FILE", NULL, "certificate of the API, PEM"),
    TEXT("tls-key", "METAL3_CONDUCTOR_TLS_KEY", tls_key, "FILE", NULL, "its key, PEM"),
    TEXT("user", "METAL3_CONDUCTOR_USER", user, "NAME", NULL, "HTTP basic user of the API"),
    TEXT("password", "METAL3_CONDUCTOR_PASSWORD", password, "TEXT", NULL,
         "its password; better in the environment or the file"),
    TEXT("htpasswd", "METAL3_CONDUCTOR_HTPASSWD", htpasswd, "FILE", NULL, "users of the API with bcrypt hashes"),
    TEXT("api-url", "METAL3_CONDUCTOR_API_URL", api_url, "URL", NULL, "how deploy ramdisks reach the API"),
    TEXT("hostname", "METAL3_CONDUCTOR_HOSTNAME", hostname, "NAME", "conductor", "name shown in reservations"),
    TEXT("http-listen", NULL, http_listen, "ADDRESS", NULL,
         "address that serves boot ISOs; as --listen when not given"),
    NUMBER("http-port", http_port, "6180", 0, 65535, "port that serves boot ISOs; 0 takes any"),
    TEXT("http-url", "METAL3_CONDUCTOR_HTTP_URL", http_url, "URL", NULL, "how BMCs reach it"),
    TEXT("cache-dir", NULL, cache_dir, "DIR", "/var/lib/metal3-conductor/images", "downloaded kernels and ramdisks"),
    TEXT("database", "METAL3_CONDUCTOR_DATABASE", database, "FILE", "/var/lib/metal3-conductor/conductor.db",
         "SQLite database"),
    TEXT("deploy-kernel", "DEPLOY_KERNEL_URL", deploy_kernel, "URL", NULL,
         "kernel of the deploy ramdisk for nodes that name none: file:// or http(s)://"),
    TEXT("deploy-ramdisk", "DEPLOY_RAMDISK_URL", deploy_ramdisk, "URL", NULL, "the ramdisk itself"),
    TEXT("deploy-iso", "DEPLOY_ISO_URL", deploy_iso, "URL", NULL, "a whole deploy ISO instead"),
    TEXT("kernel-append-params", NULL, kernel_append_params, "TEXT",
         "nofb nomodeset vga=normal ipa-insecure=1 systemd.journald.forward_to_console=yes",
         "kernel line of the ramdisk; what %default% stands for"),
    SWITCH("fast-track", fast_track, "true", "leave the ramdisk up between inspection, cleaning and deployment"),
    SWITCH("automated-clean", automated_clean, "true", "clean nodes that do not say otherwise"),
    SWITCH("require-agent-tls", require_agent_tls, "true", "refuse agents without TLS"),
    NUMBER("max-concurrent-deploy", max_concurrent_deploy, "250", 1, 100000, "deployments at once"),
    NUMBER("max-concurrent-clean", max_concurrent_clean, "250", 1, 100000, "cleanings at once"),
    NUMBER("bmc-parallelism", bmc_parallelism, "200", 1, 100000, "calls to BMCs at once"),
    DURATION("deploy-callback-timeout", deploy_callback_timeout, "30m", "how long a deployment waits for its agent"),
    DURATION("clean-callback-timeout", clean_callback_timeout, "30m", "the same for cleaning"),
    DURATION("inspect-wait-timeout", inspect_wait_timeout, "30m", "the same for inspection"),
    DURATION("power-state-change-timeout", power_state_change_timeout, "60s",
             "how long a BMC may take to switch power"),
    DURATION("soft-power-off-timeout", soft_power_off_timeout, "10m", "how long an operating system may take to end"),
    DURATION("sync-power-state-interval", sync_power_state_interval, "2m", "comparison with the BMCs; 0s: never"),
    NUMBER("power-sync-max-retries", power_sync_max_retries, "3", 0, 1000, "failed comparisons before maintenance"),
    DURATION("power-failure-recovery-interval", power_failure_recovery_interval, "5m",
             "retry of such nodes; 0s: never"),
    DURATION("heartbeat-timeout", heartbeat_timeout, "5m", "told to agents"),
    DURATION("fast-track-timeout", fast_track_timeout, "5m", "age of a heartbeat that still counts"),
    DURATION("agent-command-timeout", agent_command_timeout, "60s", "one call to an agent"),
    NUMBER("agent-command-attempts", agent_command_attempts, "3", 1, 1000, "tries of such a call"),
    DURATION("agent-power-off-wait", agent_power_off_wait, "30s", "for the agent's own power off, before it is forced"),
    DURATION("poll-min", poll_min, "200ms", "first pause when waiting for a BMC or an agent"),
    DURATION("poll-max", poll_max, "5s", "longest such pause"),
    DURATION("bmc-retry-interval", bmc_retry_interval, "3s", "pause after a failed call to a BMC"),
    NUMBER("bmc-attempts", bmc_attempts, "5", 1, 1000, "tries of such a call"),
    DURATION("bmc-timeout", bmc_timeout, "60s", "one call to a BMC"),
    {0},
};

static struct error *run(const struct env *env, void *arg, int argc, char **argv)
{
    struct options *options = arg;
    CLEANUP(conductor_free) struct conductor *conductor = NULL;
    TRY(conductor_start(env, &options->conductor, &conductor));
    struct error *err = rt_sleep(env->rt, RT_FOREVER); /* until a signal */
    conductor_stop(conductor);
    return err;
}

/* -- the configuration file becomes flags in front of the command line's -- */

static const char *config_path(int argc, char **argv)
{
    const char *path = getenv("METAL3_CONDUCTOR_CONFIG");
    for (int i = 1; i < argc && !str_equal(argv[i], "--"); i++) {
        if ((str_equal(argv[i], "--config") || str_equal(argv[i], "-config") || str_equal(argv[i], "-c")) &&
            i + 1 < argc)
            path = argv[++i];
        else if (str_has_prefix(argv[i], "--config="))
            path = argv[i] + strlen("--config=");
    }
    return str_is_empty(path) ? NULL : path;
}

struct words VEC_OF(char *);

static struct error *add_member(const struct yaml *yaml, const struct json *member, struct words *words)
{
    const char *name = json_key(member);
    const struct option_spec *spec = specs;
    while (spec->name && !str_equal(spec->name, name))
        spec++;
    if (!spec->name || str_equal(name, "config"))
        return yaml_error(yaml, member, "unknown option \"%s\"; --help lists them", name);
    if (json_is(member, JSON_OBJECT) || json_is(member, JSON_ARRAY))
        return yaml_error(yaml, member, "option \"%s\" must be a single value", name);
    CLEANUP_FREE char *value = json_is(member, JSON_STRING) ? mem_strdup(json_str(member, "")) : json_print(member);
    char *word = mem_printf("--%s=%s", name, value);
    VEC_PUSH(words, word);
    return NULL;
}

static struct error *read_config(const char *path, struct words *words)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    TRY(yaml_parse_file(path, &yaml));
    if (yaml_len(yaml) == 0)
        return NULL;
    const struct json *document = yaml_document(yaml, 0);
    if (!json_is(document, JSON_OBJECT))
        return yaml_error(yaml, document, "must be a mapping of options");
    JSON_FOREACH (member, document)
        TRY(add_member(yaml, member, words));
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "metal3-conductor",
        .description = "Ironic-compatible conductor: provisions machines over Redfish, with Ironic's REST API.",
        .options = specs,
        .options_size = sizeof(struct options),
        .run = run,
    };
    struct words words = {0};
    VEC_PUSH(&words, mem_strdup(argv[0]));
    const char *path = config_path(argc, argv);
    CLEANUP(error_free) struct error *err = path ? read_config(path, &words) : NULL;
    if (err) {
        fprintf(stderr, "metal3-conductor: %s\n", error_message(err));
        return 2;
    }
    size_t ours = words.len;
    for (int i = 1; i < argc; i++)
        VEC_PUSH(&words, mem_strdup(argv[i]));
    VEC(char *) copy = {0}; /* the parser reorders its words */
    VEC_FOREACH (word, &words)
        VEC_PUSH(&copy, *word);
    VEC_PUSH(&copy, NULL);
    int status = program_main(&program, (int)(ours + (size_t)argc - 1), copy.items);
    VEC_FOREACH (word, &words)
        mem_free_secret(*word);
    VEC_RELEASE(&words);
    VEC_RELEASE(&copy);
    return status;
}
