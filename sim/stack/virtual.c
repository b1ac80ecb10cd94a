/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual world: programs are instances in this process, each a host on the simulated network and a group that can be killed. */
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "operator/conductor/conductor.h"
#include "operator/operator.h"
#include "sim/fleet/fleet.h"
#include "sim/kube-api/kube_api.h"
#include "sim/stack/internal.h"

#define READY_LIMIT (60 * RT_S)

/* A program's place, which outlives its instances: a machine whose process comes and goes. */
struct instance {
    struct env env;  /* of the present instance; group NULL while none runs */
    struct net *net; /* of the place */
    struct log *log;
    struct kube_api *kube_api;
    struct fleet *fleet;
    struct conductor *conductor;
    struct metal3_operator *operator;
    struct fleet_options fleet_options;
    struct operator_options operator_options;
    char *text[8]; /* strings that the options borrow */
    size_t text_count;
};

struct virtual_world {
    struct instance instances[STACK_PROGRAM_COUNT];
};

static struct instance *instance_of(struct stack *stack, enum stack_program program)
{
    return &((struct virtual_world *)stack->world)->instances[program];
}

static char *keep(struct instance *instance, char *text)
{
    instance->text[instance->text_count++] = text;
    return text;
}

static struct error *start_kube_api(struct stack *stack, struct instance *instance)
{
    struct kube_api_options options = {
        .address = stack->places.kube_api_host,
        .port = stack->places.kube_api_port,
        .data_dir = keep(instance, mem_printf("%s/kube-api", stack->directory)),
        .kubeconfig_path = stack->kubeconfig_path,
    };
    TRY(kube_api_start(&instance->env, &options, &instance->kube_api));
    mem_free_secret(stack->kubeconfig);
    stack->kubeconfig = kube_api_kubeconfig(instance->kube_api);
    return NULL;
}

static struct error *start_fleet(struct stack *stack, struct instance *instance)
{
    instance->fleet_options = (struct fleet_options){
        .machines = stack->options.hosts,
        .profile = stack->profile,
        .bmc_addresses = stack->places.bmc_addresses,
        .guest_addresses = stack->places.guest_addresses,
        .redfish_port = stack->places.redfish_port,
        .user = (char *)FLEET_USER,
        .password = (char *)FLEET_PASSWORD,
        .control = keep(instance, mem_printf("%s:%d", stack->places.fleet_host, stack->places.control_port)),
        .speed_text = keep(instance, mem_printf("%g", stack->options.speed)),
    };
    return fleet_start(&instance->env, &instance->fleet_options, &instance->fleet);
}

static struct error *start_conductor(struct stack *stack, struct instance *instance)
{
    struct conductor_options options;
    conductor_options_init(&options);
    options.listen = stack->places.conductor_host;
    options.port = stack->places.conductor_port;
    options.http_port = stack->places.conductor_http_port;
    options.cache_dir = keep(instance, mem_printf("%s/conductor-cache", stack->directory));
    options.database = keep(instance, mem_printf("%s/conductor.db", stack->directory));
    options.deploy_kernel = keep(instance, mem_printf("file://%s", stack->kernel_path));
    options.deploy_ramdisk = keep(instance, mem_printf("file://%s", stack->ramdisk_path));
    return conductor_start(&instance->env, &options, &instance->conductor);
}

static struct error *start_operator(struct stack *stack, struct instance *instance)
{
    struct operator_options *options = &instance->operator_options;
    operator_options_default(options);
    options->kubeconfig_text = stack->kubeconfig;
    options->health_address =
        keep(instance, mem_printf("%s:%d", stack->places.operator_host, stack->places.health_port));
    options->metrics_address =
        keep(instance, mem_printf("%s:%d", stack->places.operator_host, stack->places.metrics_port));
    options->ironic.endpoint = keep(instance, mem_printf("%s/v1/", stack->conductor_url));
    options->ironic.deploy_kernel_url = keep(instance, mem_printf("file://%s", stack->kernel_path));
    options->ironic.deploy_ramdisk_url = keep(instance, mem_printf("file://%s", stack->ramdisk_path));
    TRY(operator_options_check(options));
    return operator_start(&instance->env, options, &instance->operator);
}

static struct error *(*const starters[STACK_PROGRAM_COUNT])(struct stack *stack, struct instance *instance) = {
    [STACK_KUBE_API] = start_kube_api,
    [STACK_FLEET] = start_fleet,
    [STACK_CONDUCTOR] = start_conductor,
    [STACK_OPERATOR] = start_operator,
};

/* Frees what an instance left; all its tasks are gone. */
static void clear_instance(struct instance *instance)
{
    operator_free(TAKE_PTR(instance->operator));
    conductor_free(TAKE_PTR(instance->conductor));
    fleet_free(TAKE_PTR(instance->fleet));
    kube_api_free(TAKE_PTR(instance->kube_api));
    rt_group_free(TAKE_PTR(instance->env.group));
    metrics_free(TAKE_PTR(instance->env.metrics));
    while (instance->text_count > 0)
        free(TAKE_PTR(instance->text[--instance->text_count]));
}

static void virtual_kill(struct stack *stack, enum stack_program program)
{
    struct instance *instance = instance_of(stack, program);
    rt_group_stop(instance->env.group);
    clear_instance(instance);
}

static void virtual_stop(struct stack *stack, enum stack_program program)
{
    struct instance *instance = instance_of(stack, program);
    if (instance->operator)
        operator_stop(instance->operator);
    if (instance->conductor)
        conductor_stop(instance->conductor);
    if (instance->fleet)
        fleet_stop(instance->fleet);
    if (instance->kube_api)
        kube_api_stop(instance->kube_api);
    virtual_kill(stack, program);
}

static struct error *wait_ready(struct stack *stack, enum stack_program program)
{
    if (program != STACK_OPERATOR)
        return NULL; /* the others serve when their start returns */
    CLEANUP_FREE char *url = mem_printf("http://%s:%d/readyz", stack->places.operator_host, stack->places.health_port);
    return stack_wait_http(stack, url, READY_LIMIT, NULL, NULL);
}

static struct error *virtual_start(struct stack *stack, enum stack_program program)
{
    struct instance *instance = instance_of(stack, program);
    instance->env = (struct env){
        .rt = stack->env->rt,
        .group = rt_group_new(stack->env->rt, NULL, stack_program_name(program)),
        .net = instance->net,
        .log = instance->log,
        .metrics = metrics_new(),
    };
    struct error *err = starters[program](stack, instance);
    if (!err)
        err = wait_ready(stack, program);
    if (err)
        virtual_kill(stack, program);
    return err;
}

static bool virtual_running(struct stack *stack, enum stack_program program)
{
    return instance_of(stack, program)->env.group != NULL;
}

static struct error *virtual_usage(struct stack *stack, enum stack_program program, struct process_usage *ret)
{
    return error_new(ERROR_UNSUPPORTED, "programs of the virtual world have no process of their own");
}

static void virtual_free(struct stack *stack)
{
    for (int program = STACK_PROGRAM_COUNT - 1; program >= 0; program--) {
        struct instance *instance = instance_of(stack, program);
        if (instance->env.group)
            virtual_kill(stack, program);
        net_free(instance->net);
        log_free(instance->log);
    }
    free(stack->world);
}

static const struct stack_ops virtual_ops = {
    .start = virtual_start,
    .kill = virtual_kill,
    .stop = virtual_stop,
    .running = virtual_running,
    .usage = virtual_usage,
    .free = virtual_free,
};

struct error *stack_virtual_init(struct stack *stack, struct net_sim *network)
{
    static const char *const addresses[STACK_PROGRAM_COUNT] = {
        [STACK_KUBE_API] = "10.0.0.10",
        [STACK_FLEET] = "10.0.0.11",
        [STACK_CONDUCTOR] = "10.0.0.12",
        [STACK_OPERATOR] = "10.0.0.13",
    };
    struct virtual_world *world = mem_alloc(sizeof(*world));

    stack->places = (struct stack_places){
        .kube_api_host = mem_strdup(addresses[STACK_KUBE_API]),
        .fleet_host = mem_strdup(addresses[STACK_FLEET]),
        .conductor_host = mem_strdup(addresses[STACK_CONDUCTOR]),
        .operator_host = mem_strdup(addresses[STACK_OPERATOR]),
        .kube_api_port = 6443,
        .control_port = 8080,
        .redfish_port = 443,
        .conductor_port = 6385,
        .conductor_http_port = 6180,
        .health_port = 9440,
        .metrics_port = 8085,
        .bmc_addresses = mem_strdup("127.1.0.0/16"),
        .guest_addresses = mem_strdup("127.2.0.0/16"),
    };
    stack->world = world;
    stack->ops = &virtual_ops;
    for (int program = 0; program < STACK_PROGRAM_COUNT; program++) {
        world->instances[program].net = net_sim_host(network, stack_program_name(program), addresses[program]);
        world->instances[program].log = log_with(stack->env->log, "program", stack_program_name(program));
    }
    return image_server_start(stack->env, "10.0.0.1", stack->image_path, &stack->image_server);
}
