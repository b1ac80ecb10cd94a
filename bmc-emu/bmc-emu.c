// SPDX-License-Identifier: Apache-2.0
// bmc-emu: a fleet of machines, in memory or libvirt domains, behind BMCs that speak Redfish and IPMI. This file is its command line.
#include <stdio.h>

#include "bmc-emu/drivers/libvirt.h"
#include "bmc-emu/emulator.h"
#include "bmc-emu/faults/layers.h"
#include "bmc-emu/settings.h"
#include "lib/data/yaml.h"

static void announce(const struct bmc_emulator *emulator, const struct bmc_settings *settings)
{
    char first[160], last[160];
    size_t count = bmc_emulator_count(emulator);

    bmc_emulator_base_url(emulator, 0, first, sizeof(first));
    bmc_emulator_base_url(emulator, count ? count - 1 : 0, last, sizeof(last));
    if (settings->addresses && count > 1)
        printf("redfish: %zu BMCs at %s/redfish/v1/ to %s/redfish/v1/\n", count, first, last);
    else
        printf("redfish: %zu system%s at %s/redfish/v1/\n", count, count == 1 ? "" : "s", first);
    if (bmc_emulator_ipmi_port(emulator))
        printf("ipmi: UDP port %d%s\n", bmc_emulator_ipmi_port(emulator),
               settings->addresses ? " of the same addresses"
               : count > 1         ? " and those after it"
                                   : "");
    fflush(stdout);
}

/* Puts the rows of a YAML list into the plan; the machines must be there, because rows name them. */
static struct error *read_faults(struct fault_plan *plan, const char *path)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    uint64_t id;

    TRY(yaml_parse_file(path, &yaml));
    const struct json *rows = yaml_len(yaml) == 1 ? yaml_document(yaml, 0) : NULL;
    if (!json_is(rows, JSON_ARRAY))
        return error_new(ERROR_INVALID, "%s: faults are a list of rows", path);
    JSON_FOREACH (row, rows) {
        CLEANUP(error_free) struct error *err = fault_plan_add(plan, row, &id);
        if (err)
            return yaml_error(yaml, row, "%s", error_message(err));
    }
    return NULL;
}

static struct error *serve(const struct env *env, const struct bmc_settings *settings,
                           struct bmc_emulator_options *options)
{
    CLEANUP(fault_plan_free) struct fault_plan *plan = NULL;
    CLEANUP(bmc_emulator_stop) struct bmc_emulator *emulator = NULL;
    struct bmc_layers layers;

    if (settings->faults) {
        plan = fault_plan_new(env->rt);
        layers = fault_layers(plan);
        options->layers = &layers;
    }
    struct error *err = bmc_emulator_start(env, options, &emulator);
    if (error_is(err, ERROR_CONFLICT))
        err = error_wrap(err, "choose another --%s or --ipmi-port", settings->addresses ? "redfish-port" : "port");
    TRY(err);
    if (settings->faults)
        TRY_WRAP(read_faults(plan, settings->faults), "--faults");
    announce(emulator, settings);
    return rt_sleep(env->rt, RT_FOREVER);
}

/* What the driver for libvirt domains takes from the command line. */
struct libvirt_choice {
    const char *uri, *media_dir;
};

static struct error *make_libvirt(void *arg, const struct bmc_driver_parts *parts, struct bmc_driver **ret)
{
    const struct libvirt_choice *choice = arg;
    struct bmc_libvirt_options libvirt = {
        .env = parts->env,
        .group = parts->group,
        .uri = choice->uri,
        .media_dir = choice->media_dir,
        .fetcher = parts->fetcher,
    };

    return bmc_libvirt_new(&libvirt, ret);
}

static struct error *run(const struct env *env, void *opaque, int argc, char **argv)
{
    struct bmc_settings *settings = opaque;
    struct bmc_settings_files files = {0};
    struct bmc_emulator_options options;

    if (settings->config)
        TRY_WRAP(bmc_settings_read(settings, settings->config), "--config");
    struct error *err = bmc_settings_apply(settings, &files, &options);
    struct libvirt_choice libvirt = {bmc_settings_libvirt(settings), files.media_dir};
    if (!err && libvirt.uri) {
        options.make_driver = make_libvirt;
        options.make_driver_arg = &libvirt;
    }
    if (!err)
        err = serve(env, settings, &options);
    bmc_settings_files_release(&files);
    return err;
}

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "bmc-emu",
        .synopsis = "",
        .description = "Virtual machines, in memory or of libvirt, each behind a BMC (Redfish, IPMI), for testing "
                       "whoever talks to BMCs.",
        .options = bmc_setting_options,
        .options_size = sizeof(struct bmc_settings),
        .run = run,
    };

    return program_main(&program, argc, argv);
}
