/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet as a program: emulator with guests, faults around it, the control API. */
#include "sim/fleet/fleet.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/emulator.h"
#include "bmc-emu/faults/layers.h"
#include "bmc-emu/faults/plan.h"
#include "lib/data/str.h"
#include "lib/net/http_server.h"
#include "sim/fleet/control.h"
#include "sim/fleet/internal.h"

const struct option_spec fleet_option_specs[] = {
    {"machines", 'n', NULL, OPTION_INT, offsetof(struct fleet_options, machines), "N", "3", "machines in the fleet", 0,
     10000},
    {"profile", 0, NULL, OPTION_STRING, offsetof(struct fleet_options, profile), "FILE", NULL,
     "kind of machine, see fixtures/machines; generic without it"},
    {"addresses", 0, NULL, OPTION_STRING, offsetof(struct fleet_options, bmc_addresses), "PREFIX", "127.20.0.0/16",
     "addresses of the BMCs"},
    {"guest-addresses", 0, NULL, OPTION_STRING, offsetof(struct fleet_options, guest_addresses), "PREFIX",
     "127.21.0.0/16", "addresses of the machines themselves"},
    {"redfish-port", 0, NULL, OPTION_INT, offsetof(struct fleet_options, redfish_port), "PORT", "8443",
     "port of the BMCs", 1, 65535},
    {"user", 0, NULL, OPTION_STRING, offsetof(struct fleet_options, user), "NAME", FLEET_USER, "user of every BMC"},
    {"password", 0, "FLEET_PASSWORD", OPTION_STRING, offsetof(struct fleet_options, password), "TEXT", FLEET_PASSWORD,
     "password of every BMC"},
    {"control", 0, NULL, OPTION_STRING, offsetof(struct fleet_options, control), "ADDRESS:PORT", "127.0.0.1:8080",
     "where the control API listens"},
    {"speed", 0, NULL, OPTION_STRING, offsetof(struct fleet_options, speed_text), "FACTOR", "1",
     "factor on the time that machines take; 1 is like hardware"},
    {0},
};

/* -- delays -- */

static struct error *load_profile(struct fleet *fleet)
{
    if (fleet->options->profile)
        TRY(machine_profile_load(fleet->options->profile, &fleet->profile));
    else
        fleet->profile = machine_profile_new();
    struct machine_delays *delays = &fleet->profile->delays;
    rt_time *all[] = {&delays->power_on, &delays->post, &delays->power_off, &delays->shutdown};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        *all[i] = (rt_time)((double)*all[i] * fleet->speed);
    return NULL;
}

/* -- life -- */

static struct error *check_options(struct fleet *fleet)
{
    const struct fleet_options *options = fleet->options;

    fleet->speed = 1;
    if (options->speed_text)
        TRY_WRAP(str_to_double(options->speed_text, &fleet->speed), "--speed");
    if (fleet->speed <= 0 || fleet->speed > 100)
        return error_new(ERROR_INVALID, "--speed %s: give a factor above 0, at most 100", options->speed_text);
    return NULL;
}

static struct error *start_emulator(struct fleet *fleet)
{
    struct guests_options guests = {
        .guest_addresses = fleet->options->guest_addresses, .speed = fleet->speed, .faults = fleet->faults};
    struct bmc_layers layers = fault_layers(fleet->faults);
    struct bmc_emulator_options options = {
        .machines = (size_t)fleet->options->machines,
        .addresses = fleet->options->bmc_addresses,
        .port = (int)fleet->options->redfish_port,
        .user = fleet->options->user,
        .password = fleet->options->password,
        .tls = true,
        .profile = fleet->profile,
        .layers = &layers,
    };
    TRY(guests_new(&fleet->env, &guests, options.machines, &fleet->guests));
    if (options.machines == 0)
        return NULL;
    options.guest = guests_machine_guest(fleet->guests);
    return bmc_emulator_start(&fleet->env, &options, &fleet->emulator);
}

static struct error *start_control(struct fleet *fleet)
{
    CLEANUP_FREE char *host = NULL;
    int port = 0;
    TRY_WRAP(net_parse_address(fleet->options->control, &host, &port), "--control");
    struct http_server_options options = {.address = host, .port = port, .handle = control_handle, .arg = fleet};
    TRY_WRAP(http_server_start(fleet->env.net, fleet->env.group, &options, &fleet->control), "control API");
    return NULL;
}

struct error *fleet_start(const struct env *env, const struct fleet_options *options, struct fleet **ret)
{
    struct fleet *fleet = mem_alloc(sizeof(*fleet));
    fleet->env = *env;
    fleet->env.group = rt_group_new(env->rt, env->group, "fleet");
    fleet->options = options;

    struct error *err = check_options(fleet);
    if (!err)
        err = load_profile(fleet);
    if (!err) {
        fleet->faults = fault_plan_new(env->rt);
        err = start_emulator(fleet);
    }
    if (!err)
        err = start_control(fleet);
    if (err) {
        fleet_free(fleet);
        return err;
    }
    *ret = fleet;
    return NULL;
}

void fleet_stop(struct fleet *fleet)
{
    if (!fleet)
        return;
    bmc_emulator_stop(TAKE_PTR(fleet->emulator));
    rt_group_stop(fleet->env.group);
}

void fleet_free(struct fleet *fleet)
{
    if (!fleet)
        return;
    fleet_stop(fleet);
    http_server_free(fleet->control);
    guests_free(fleet->guests);
    fault_plan_free(fleet->faults);
    machine_profile_free(fleet->profile);
    rt_group_free(fleet->env.group);
    free(fleet);
}

/* -- what the control API asks for -- */

size_t fleet_count(const struct fleet *fleet)
{
    return fleet->emulator ? bmc_emulator_count(fleet->emulator) : 0;
}

struct machine *fleet_machine(struct fleet *fleet, size_t number)
{
    return bmc_emulator_machine(fleet->emulator, number);
}

char *fleet_bmc_url(const struct fleet *fleet, size_t number)
{
    char url[256];
    return mem_printf("redfish-virtualmedia+%s", bmc_emulator_system_url(fleet->emulator, number, url, sizeof(url)));
}

struct error *fleet_add_fault(struct fleet *fleet, const struct json *row, uint64_t *ret_id)
{
    return fault_plan_add(fleet->faults, row, ret_id);
}

bool fleet_remove_fault(struct fleet *fleet, uint64_t id)
{
    return fault_plan_remove(fleet->faults, id);
}

struct json *fleet_faults(const struct fleet *fleet)
{
    return fault_plan_json(fleet->faults);
}
