/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's parameters from the kernel command line, by table. */
#include "operator/agent/agent.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"

enum parameter_type { PARAMETER_STRING, PARAMETER_NUMBER, PARAMETER_SECONDS, PARAMETER_FLAG };

struct parameter {
    const char *name;
    enum parameter_type type;
    size_t offset;
};

static const struct parameter parameters[] = {
    {"ipa-api-url", PARAMETER_STRING, offsetof(struct agent_options, api_url)},
    {"ipa-inspection-callback-url", PARAMETER_STRING, offsetof(struct agent_options, inspection_callback_url)},
    {"ipa-agent-token", PARAMETER_STRING, offsetof(struct agent_options, token)},
    {"ipa-advertise-host", PARAMETER_STRING, offsetof(struct agent_options, advertise_host)},
    {"ipa-advertise-port", PARAMETER_NUMBER, offsetof(struct agent_options, advertise_port)},
    {"ipa-listen-host", PARAMETER_STRING, offsetof(struct agent_options, listen_host)},
    {"ipa-listen-port", PARAMETER_NUMBER, offsetof(struct agent_options, port)},
    {"ipa-lookup-timeout", PARAMETER_SECONDS, offsetof(struct agent_options, lookup_timeout)},
    {"ipa-lookup-interval", PARAMETER_SECONDS, offsetof(struct agent_options, lookup_interval)},
    {"ipa-image-download-connection-retries", PARAMETER_NUMBER, offsetof(struct agent_options, download_retries)},
    {"ipa-image-download-connection-retry-interval", PARAMETER_SECONDS,
     offsetof(struct agent_options, download_interval)},
    {"ipa-image-download-connection-timeout", PARAMETER_SECONDS, offsetof(struct agent_options, download_timeout)},
    {"ipa-insecure", PARAMETER_FLAG, offsetof(struct agent_options, insecure)},
    {"BOOTIF", PARAMETER_STRING, offsetof(struct agent_options, boot_interface)},
};

static struct error *set_parameter(const struct parameter *parameter, const char *value, struct agent_options *options)
{
    void *field = (char *)options + parameter->offset;
    int64_t number = 0;

    switch (parameter->type) {
    case PARAMETER_STRING:
        free(*(char **)field);
        *(char **)field = mem_strdup(value);
        return NULL;
    case PARAMETER_FLAG:
        *(bool *)field = str_equal(value, "1") || str_equal_nocase(value, "true");
        return NULL;
    case PARAMETER_NUMBER:
    case PARAMETER_SECONDS:
        break;
    }
    TRY_WRAP(str_to_int64(value, &number), "kernel parameter %s", parameter->name);
    if (number < 0 || number > 1000000)
        return error_new(ERROR_INVALID, "kernel parameter %s: %s is out of range; give 0 to 1000000", parameter->name,
                         value);
    *(int64_t *)field = parameter->type == PARAMETER_SECONDS ? number * RT_S : number;
    return NULL;
}

/* BOOTIF is "01-52-54-00-00-00-aa": hardware type, then the address with dashes. */
static void normalize_boot_interface(struct agent_options *options)
{
    char *text = options->boot_interface;
    if (!text)
        return;
    const char *address = strlen(text) == 20 ? text + 3 : text;
    CLEANUP_FREE char *colons = str_replace(address, "-", ":");
    options->boot_interface = str_lower(colons);
    free(text);
}

/* Only the first URL counts: a list is for clouds with several API hosts. */
static void keep_first_url(struct agent_options *options)
{
    char *comma = options->api_url ? strchr(options->api_url, ',') : NULL;
    if (comma)
        *comma = 0;
    char *url = options->api_url ? str_trim_end(options->api_url, '/') : NULL;
    free(options->api_url);
    options->api_url = url;
}

struct error *agent_options_parse(const char *command_line, struct agent_options *ret)
{
    struct agent_options options = {
        .port = AGENT_PORT,
        .lookup_timeout = 600 * RT_S,
        .lookup_interval = RT_S,
        .download_retries = 9,
        .download_interval = 10 * RT_S,
        .download_timeout = 60 * RT_S,
    };
    CLEANUP(str_list_free) char **words = str_split(command_line, ' ');

    for (char **word = words; *word; word++) {
        char *equals = strchr(*word, '=');
        if (!equals)
            continue;
        *equals = 0;
        for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
            if (!str_equal(*word, parameters[i].name))
                continue;
            struct error *err = set_parameter(&parameters[i], equals + 1, &options);
            if (err) {
                agent_options_release(&options);
                return err;
            }
        }
    }
    normalize_boot_interface(&options);
    keep_first_url(&options);
    *ret = options;
    return NULL;
}

void agent_options_release(struct agent_options *options)
{
    for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
        if (parameters[i].type != PARAMETER_STRING)
            continue;
        char **field = (char **)((char *)options + parameters[i].offset);
        mem_free_secret(*field);
        *field = NULL;
    }
}
