// SPDX-License-Identifier: Apache-2.0
// The emulator's parts and their order of birth and death: fetcher, machines, services, front, listener.
#include "bmc-emu/emulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/drivers/memory.h"
#include "bmc-emu/ipmi/ipmi.h"
#include "bmc-emu/redfish/rf.h"
#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/net/pki.h"

#define CERTIFICATE_DAYS 3650
#define HANDLER_STACK (64 * 1024)

/* The innermost front: the Redfish services. */
struct service_front {
    struct bmc_front base;
    struct bmc_emulator *emulator;
};

struct bmc_emulator {
    const struct env *env;
    struct rt_group *group;              /* machines and requests */
    struct machine_profile *own_profile; /* when the options gave none */
    const struct machine_profile *profile;
    struct media_fetcher *fetcher;
    struct bmc_driver *memory; /* borrowed: inside `driver`; NULL: machines are elsewhere */
    struct bmc_driver *driver; /* decorated */
    struct rf_context *redfish;
    struct rf_service **services; /* one a machine, or one for all */
    size_t service_count, count;
    struct service_front services_front;
    struct bmc_front *front; /* decorated */
    struct http_server *server;
    struct ipmi_context *ipmi; /* NULL: none */
    struct pki_pair pair;
    bool tls;
    uint32_t first_address; /* of machine 0; 0: they share one */
    unsigned prefix_bits;   /* of `addresses` */
    char *address;
    void (*on_event)(void *arg, struct machine *machine, const char *what, const char *detail); /* of the options */
    void *on_event_arg;
};

static struct bmc_emulator *from_front(struct bmc_front *front)
{
    return CONTAINER_OF(front, struct service_front, base)->emulator;
}

static void services_handle(struct bmc_front *front, size_t machine, struct http_exchange *http)
{
    struct bmc_emulator *emulator = from_front(front);

    rf_service_handle(emulator->services[emulator->first_address ? machine : 0], http);
}

static void services_free(struct bmc_front *front)
{
}

/* -- addresses -- */

/* "127.1.0.0/16" to the address after the prefix's own, and how many there are. */
static struct error *parse_prefix(const char *text, uint32_t *ret_first, unsigned *ret_bits, size_t *ret_size)
{
    unsigned parts[4], bits;
    char end;

    if (sscanf(text, "%3u.%3u.%3u.%3u/%2u%c", &parts[0], &parts[1], &parts[2], &parts[3], &bits, &end) != 5 ||
        parts[0] > 255 || parts[1] > 255 || parts[2] > 255 || parts[3] > 255 || bits < 8 || bits > 30)
        return error_new(ERROR_INVALID, "addresses \"%s\" is not a prefix such as 127.1.0.0/16 (8 to 30 bits)", text);
    uint32_t address = parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3];
    uint32_t mask = UINT32_MAX << (32 - bits);
    *ret_first = (address & mask) + 1;
    *ret_bits = bits;
    *ret_size = ~mask - 1;
    return NULL;
}

static const char *format_address(uint32_t address, char *buf, size_t cap)
{
    snprintf(buf, cap, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
    return buf;
}

static const char *address_of(const struct bmc_emulator *emulator, size_t number, char *buf, size_t cap)
{
    if (emulator->first_address)
        return format_address(emulator->first_address + (uint32_t)number, buf, cap);
    snprintf(buf, cap, "%s", emulator->address);
    return buf;
}

static const char *machine_address(void *arg, size_t number, char *buf, size_t cap)
{
    return address_of(arg, number, buf, cap);
}

/* The machine whose BMC has this address; RF_NO_MACHINE when none has. */
static size_t machine_at(const struct bmc_emulator *emulator, const char *text)
{
    unsigned parts[4];
    const char *v4 = str_has_prefix(text, "::ffff:") ? text + strlen("::ffff:") : text;

    if (sscanf(v4, "%3u.%3u.%3u.%3u", &parts[0], &parts[1], &parts[2], &parts[3]) != 4)
        return RF_NO_MACHINE;
    uint32_t address = parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3];
    size_t number = address - emulator->first_address; /* wraps to something large below the first */
    return number < emulator->count ? number : RF_NO_MACHINE;
}

/* -- requests -- */

static void handle(struct http_exchange *http, void *arg)
{
    struct bmc_emulator *emulator = arg;
    size_t machine;

    if (!emulator->first_address) {
        machine = rf_service_machine_of(emulator->services[0], http_path(http));
    } else {
        machine = machine_at(emulator, http_local_address(http));
        if (machine == RF_NO_MACHINE) {
            /* No BMC has this address; the prefix is larger than the fleet. */
            http_abort(http);
            return;
        }
    }
    emulator->front->ops->handle(emulator->front, machine, http);
}

/* -- birth -- */

static struct error *make_certificate(struct bmc_emulator *emulator, const struct bmc_emulator_options *options)
{
    char first[64];
    const char *names[] = {"localhost", "bmc-emu", address_of(emulator, 0, first, sizeof(first)), options->cert_name,
                           NULL};

    return pki_self_signed(emulator->env->rt, "bmc-emu", names, CERTIFICATE_DAYS, &emulator->pair);
}

static struct error *take_tls(struct bmc_emulator *emulator, const struct bmc_emulator_options *options)
{
    emulator->tls = options->tls;
    if (!options->tls)
        return NULL;
    if (!options->cert_pem != !options->key_pem)
        return error_new(ERROR_INVALID, "TLS needs both a certificate and its key, or neither");
    if (!options->cert_pem)
        return make_certificate(emulator, options);
    emulator->pair.cert_pem = mem_strdup(options->cert_pem);
    emulator->pair.key_pem = mem_strdup(options->key_pem);
    return NULL;
}

/* *ret_size is how many machines there can be. */
static struct error *take_addresses(struct bmc_emulator *emulator, const struct bmc_emulator_options *options,
                                    size_t *ret_size)
{
    emulator->address = mem_strdup(str_or(options->address, "127.0.0.1"));
    *ret_size = BMC_MACHINES_MAX;
    if (!options->addresses)
        return NULL;
    return parse_prefix(options->addresses, &emulator->first_address, &emulator->prefix_bits, ret_size);
}

static struct error *check_count(const struct bmc_emulator *emulator, const struct bmc_emulator_options *options,
                                 size_t size)
{
    if (options->addresses && emulator->count < 1)
        return error_new(ERROR_INVALID, "there is no machine yet that could have one of the addresses %s",
                         options->addresses);
    if (options->addresses && emulator->count > size)
        return error_new(ERROR_INVALID, "addresses %s hold %zu machines, %zu are asked for", options->addresses, size,
                         emulator->count);
    return NULL;
}

/* A machine's journal has grown: tells the subscribers and the event log of its BMC, and who started the emulator. */
static void machine_event(void *arg, struct machine *machine, const char *what, const char *detail)
{
    struct bmc_emulator *emulator = arg;
    size_t number = machine_number(machine);

    if (emulator->services)
        rf_service_event(emulator->services[emulator->first_address ? number : 0], number, what, detail);
    if (emulator->ipmi)
        ipmi_event(emulator->ipmi, number, what, detail);
    if (emulator->on_event)
        emulator->on_event(emulator->on_event_arg, machine, what, detail);
}

static struct error *make_memory(struct bmc_emulator *emulator, const struct bmc_emulator_options *options)
{
    struct bmc_memory_options memory = {
        .env = emulator->env,
        .group = emulator->group,
        .count = options->machines,
        .fetcher = emulator->fetcher,
        .profile = emulator->profile,
        .guest = options->guest,
        .bmc_address = machine_address,
        .bmc_address_arg = emulator,
        .on_event = machine_event,
        .on_event_arg = emulator,
    };

    if (options->machines < 1 || options->machines > BMC_MACHINES_MAX)
        return error_new(ERROR_INVALID, "%zu machines are asked for, possible are 1 to %d", options->machines,
                         BMC_MACHINES_MAX);
    emulator->memory = emulator->driver = bmc_memory_new(&memory);
    return NULL;
}

static struct error *make_machines(struct bmc_emulator *emulator, const struct bmc_emulator_options *options)
{
    const struct bmc_layers *layers = options->layers;

    TRY(media_fetcher_http_new(emulator->env->net, &emulator->fetcher));
    if (layers && layers->wrap_fetcher && !options->make_driver)
        emulator->fetcher = layers->wrap_fetcher(layers->arg, emulator->fetcher);
    struct bmc_driver_parts parts = {emulator->env, emulator->group, emulator->fetcher};
    if (options->make_driver)
        TRY(options->make_driver(options->make_driver_arg, &parts, &emulator->driver));
    else
        TRY(make_memory(emulator, options));
    if (layers && layers->wrap_driver)
        emulator->driver = layers->wrap_driver(layers->arg, emulator->driver);
    emulator->count = emulator->driver->ops->count(emulator->driver);
    return NULL;
}

static void make_services(struct bmc_emulator *emulator, const struct bmc_emulator_options *options)
{
    static const struct bmc_front_ops front_ops = {.name = "redfish", .handle = services_handle, .free = services_free};
    const struct bmc_layers *layers = options->layers;
    struct rf_options redfish = {
        .env = emulator->env,
        .group = emulator->group,
        .driver = emulator->driver,
        .user = options->user,
        .password = options->password,
        .session_timeout = options->session_timeout,
    };

    emulator->redfish = rf_context_new(&redfish);
    emulator->service_count = emulator->first_address ? emulator->count : 1;
    emulator->services = mem_alloc_array(emulator->service_count, sizeof(struct rf_service *));
    for (size_t i = 0; i < emulator->service_count; i++)
        emulator->services[i] = rf_service_new(emulator->redfish, i, emulator->first_address ? 1 : RF_ALL_MACHINES);
    emulator->services_front.base.ops = &front_ops;
    emulator->services_front.emulator = emulator;
    emulator->front = &emulator->services_front.base;
    if (layers && layers->wrap_front)
        emulator->front = layers->wrap_front(layers->arg, emulator->front, emulator->driver);
}

static struct error *listen(struct bmc_emulator *emulator, const struct bmc_emulator_options *options)
{
    struct http_server_options server = {
        .address = options->addresses ? options->addresses : emulator->address,
        .port = options->port || !options->addresses ? options->port : 443,
        .cert_pem = emulator->pair.cert_pem,
        .key_pem = emulator->pair.key_pem,
        .body_max = RF_BODY_MAX,
        .stack_size = HANDLER_STACK,
        .handle = handle,
        .arg = emulator,
    };

    return http_server_start(emulator->env->net, emulator->group, &server, &emulator->server);
}

static size_t ipmi_machine_at(void *arg, const char *address)
{
    size_t machine = machine_at(arg, address);

    return machine == RF_NO_MACHINE ? IPMI_NO_MACHINE : machine;
}

static struct error *listen_ipmi(struct bmc_emulator *emulator, const struct bmc_emulator_options *options)
{
    struct ipmi_options ipmi = {
        .env = emulator->env,
        .group = emulator->group,
        .driver = emulator->driver,
        .user = options->user,
        .password = options->password,
        .prefix_bits = emulator->prefix_bits,
        .address_of = machine_address,
        .machine_at = ipmi_machine_at,
        .arg = emulator,
    };

    if (!options->addresses && (size_t)options->ipmi_port + emulator->count > 65536)
        return error_new(ERROR_INVALID, "IPMI port %d and %zu machines go past port 65535", options->ipmi_port,
                         emulator->count);
    TRY(ipmi_context_new(&ipmi, &emulator->ipmi));
    if (options->addresses)
        return ipmi_listen(emulator->ipmi, options->addresses, options->ipmi_port, IPMI_NO_MACHINE);
    for (size_t i = 0; i < emulator->count; i++)
        TRY(ipmi_listen(emulator->ipmi, emulator->address, options->ipmi_port + (int)i, i));
    return NULL;
}

struct error *bmc_emulator_start(const struct env *env, const struct bmc_emulator_options *options,
                                 struct bmc_emulator **ret)
{
    CLEANUP(bmc_emulator_stop) struct bmc_emulator *emulator = mem_alloc(sizeof(*emulator));
    size_t size;

    emulator->env = env;
    emulator->on_event = options->on_event;
    emulator->on_event_arg = options->on_event_arg;
    emulator->group = rt_group_new(env->rt, env->group, "bmc-emu");
    emulator->own_profile = options->profile ? NULL : machine_profile_new();
    emulator->profile = options->profile ? options->profile : emulator->own_profile;
    TRY(take_addresses(emulator, options, &size));
    TRY(take_tls(emulator, options));
    TRY(make_machines(emulator, options));
    TRY(check_count(emulator, options, size));
    make_services(emulator, options);
    TRY_WRAP(listen(emulator, options), "Redfish listener");
    if (options->ipmi_port)
        TRY_WRAP(listen_ipmi(emulator, options), "IPMI listener");
    *ret = TAKE_PTR(emulator);
    return NULL;
}

void bmc_emulator_stop(struct bmc_emulator *emulator)
{
    if (!emulator)
        return;
    if (emulator->server)
        http_server_stop(emulator->server);
    rt_group_stop(emulator->group);
    ipmi_context_free(emulator->ipmi);
    http_server_free(emulator->server);
    if (emulator->front)
        emulator->front->ops->free(emulator->front);
    for (size_t i = 0; i < emulator->service_count; i++)
        rf_service_free(emulator->services[i]);
    free(emulator->services);
    rf_context_free(emulator->redfish);
    bmc_driver_free(emulator->driver);
    media_fetcher_free(emulator->fetcher);
    machine_profile_free(emulator->own_profile);
    pki_pair_release(&emulator->pair);
    rt_group_free(emulator->group);
    free(emulator->address);
    free(emulator);
}

/* -- looking -- */

size_t bmc_emulator_count(const struct bmc_emulator *emulator)
{
    return emulator->first_address ? emulator->count : emulator->driver->ops->count(emulator->driver);
}

struct machine *bmc_emulator_machine(struct bmc_emulator *emulator, size_t number)
{
    return emulator->memory ? bmc_memory_machine(emulator->memory, number) : NULL;
}

struct bmc_driver *bmc_emulator_driver(struct bmc_emulator *emulator)
{
    return emulator->driver;
}

int bmc_emulator_port(const struct bmc_emulator *emulator)
{
    return http_server_port(emulator->server);
}

int bmc_emulator_ipmi_port(const struct bmc_emulator *emulator)
{
    return emulator->ipmi ? ipmi_port(emulator->ipmi) : 0;
}

const char *bmc_emulator_base_url(const struct bmc_emulator *emulator, size_t number, char *buf, size_t cap)
{
    char address[64];
    CLEANUP_FREE char *url =
        net_url(emulator->tls ? "https" : "http", address_of(emulator, number, address, sizeof(address)),
                bmc_emulator_port(emulator));

    snprintf(buf, cap, "%s", url);
    return buf;
}

const char *bmc_emulator_system_url(const struct bmc_emulator *emulator, size_t number, char *buf, size_t cap)
{
    const struct machine *machine = bmc_memory_machine(emulator->memory, number);
    bool own_id = emulator->first_address && emulator->profile->system_id;
    char base[128];

    snprintf(buf, cap, "%s/redfish/v1/Systems/%s", bmc_emulator_base_url(emulator, number, base, sizeof(base)),
             own_id ? emulator->profile->system_id : machine_uuid(machine));
    return buf;
}

const struct chunk_store *bmc_emulator_store(const struct bmc_emulator *emulator)
{
    return emulator->memory ? bmc_memory_store(emulator->memory) : NULL;
}
