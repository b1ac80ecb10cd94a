/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine runs, chosen by what it booted. */
#include "sim/fleet/guest.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/log/log.h"

/* From the boot loader to the agent or the operating system's services, before the fleet's speed. */
#define AGENT_START (20 * RT_S)
#define OS_START (15 * RT_S)

struct guest {
    char *address;
    struct guest_report report;
};

struct guests {
    const struct env *env;
    double speed;
    struct fault_plan *faults;
    struct machine_guest machine_guest;
    size_t count;
    struct guest *items;
};

struct error *fleet_address(const char *prefix, size_t number, char **ret)
{
    const char *slash = strchr(prefix, '/');
    CLEANUP_FREE char *base = mem_strndup(prefix, slash ? (size_t)(slash - prefix) : strlen(prefix));
    struct in_addr address;
    int64_t bits = 0;

    if (!slash || inet_pton(AF_INET, base, &address) != 1)
        return error_new(ERROR_INVALID, "\"%s\" is no address prefix; give one like 127.20.0.0/16", prefix);
    TRY_WRAP(str_to_int64(slash + 1, &bits), "prefix %s", prefix);
    if (bits < 1 || bits > 30 || number + 2 > (UINT64_C(1) << (32 - bits)))
        return error_new(ERROR_INVALID, "the prefix %s has no room for %zu machines; give a shorter one", prefix,
                         number);
    address.s_addr = htonl((uint32_t)(ntohl(address.s_addr) + number));
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address, text, sizeof(text));
    *ret = mem_strdup(text);
    return NULL;
}

/* -- the deploy image -- */

static void run_agent(struct guests *guests, struct guest *guest, struct machine *machine,
                      const struct machine_boot *what)
{
    struct guest_hardware hardware = {machine, what, guest->address};
    struct agent_hardware agent_hardware = guest_hardware_of(&hardware);
    struct agent_options options = {0};
    struct log *log = log_with(guests->env->log, "host", machine_name(machine));
    struct env env = *guests->env;
    env.group = rt_current_group(guests->env->rt);
    env.log = log;

    struct error *err = agent_options_parse(what->command_line, &options);
    if (!err)
        err = agent_run(&env, &options, &agent_hardware);
    if (err && !error_is(err, ERROR_CANCELLED)) {
        machine_console_append(machine, error_message(err));
        log_warn(log, "the agent gave up", KV_ERR(err));
    }
    error_free(err);
    agent_options_release(&options);
    log_free(log);
}

/* -- the installed system -- */

static void run_os(struct guests *guests, struct guest *guest, struct machine *machine, const struct machine_boot *what)
{
    guest_report_clear(&guest->report);
    guest->report.starts++;
    struct error *err = os_read_config_drive(machine, what->disk, &guest->report);
    if (err)
        guest->report.error = mem_strdup(error_message(err));
    CLEANUP_FREE char *line = err ? mem_printf("started without a config drive: %s", error_message(err))
                                  : mem_printf("started as %s", str_or(guest->report.hostname, guest->report.name));
    machine_console_append(machine, line);
    machine_journal(machine, "os", "%s", line);
    log_info(guests->env->log, "operating system started", KV("host", machine_name(machine)),
             KV("hostname", guest->report.hostname));
    error_free(err);
    error_free(rt_sleep_until(guests->env->rt, RT_FOREVER));
}

static bool is_deploy_image(const struct machine_boot *what)
{
    return what->command_line && strstr(what->command_line, "ipa-");
}

static void boot(void *arg, struct machine *machine, const struct machine_boot *what)
{
    struct guests *guests = arg;
    struct guest *guest = &guests->items[machine_number(machine)];
    bool deploy = is_deploy_image(what);
    struct error *err = rt_sleep(guests->env->rt, (rt_time)((double)(deploy ? AGENT_START : OS_START) * guests->speed));

    if (err) {
        error_free(err);
    } else if (deploy &&
               fault_plan_bites(guests->faults, FAULT_AGENT_SILENT, machine_number(machine), NULL, NULL, NULL)) {
        machine_journal(machine, "agent", "silent");
        error_free(rt_sleep_until(guests->env->rt, RT_FOREVER));
    } else if (deploy) {
        run_agent(guests, guest, machine, what);
    } else {
        run_os(guests, guest, machine, what);
    }
}

/* -- life -- */

struct error *guests_new(const struct env *env, const struct guests_options *options, size_t count, struct guests **ret)
{
    CLEANUP(guests_free) struct guests *guests = mem_alloc(sizeof(*guests));
    guests->env = env;
    guests->speed = options->speed;
    guests->faults = options->faults;
    guests->machine_guest = (struct machine_guest){.name = "fleet", .arg = guests, .boot = boot};
    guests->items = mem_alloc_array(count ? count : 1, sizeof(*guests->items));
    guests->count = count;
    for (size_t i = 0; i < count; i++)
        TRY(fleet_address(options->guest_addresses, i + 1, &guests->items[i].address));
    *ret = TAKE_PTR(guests);
    return NULL;
}

void guests_free(struct guests *guests)
{
    if (!guests)
        return;
    for (size_t i = 0; i < guests->count; i++) {
        free(guests->items[i].address);
        guest_report_clear(&guests->items[i].report);
    }
    free(guests->items);
    free(guests);
}

const struct machine_guest *guests_machine_guest(const struct guests *guests)
{
    return &guests->machine_guest;
}

const struct guest_report *guests_report(const struct guests *guests, size_t number)
{
    return &guests->items[number].report;
}

const char *guests_address(const struct guests *guests, size_t number)
{
    return guests->items[number].address;
}
