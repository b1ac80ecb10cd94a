/* SPDX-License-Identifier: Apache-2.0 */
/* The real world: each program is a process, started from the folder that this program lies in, with a log file of its own. */
#include <inttypes.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/rt/file.h"
#include "sim/fleet/fleet.h"
#include "sim/stack/internal.h"

#define READY_LIMIT (60 * RT_S)
#define STOP_GRACE (10 * RT_S)
#define KUBECONFIG_MAX (1024 * 1024) /* bytes */

/* Whoever listens here has the /16. A port that nothing else uses. */
#define CLAIM_PORT 9997
#define OCTET_FIRST 16
#define OCTET_PAIRS 100

struct real_world {
    char *folder;              /* of our programs */
    struct http_server *claim; /* on the addresses of our machines */
    struct process *processes[STACK_PROGRAM_COUNT];
};

/* A command line under construction; all words are owned. */
struct words {
    VEC(char *) argv;
};

static void add(struct words *words, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct words *words, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    VEC_PUSH(&words->argv, mem_vprintf(fmt, args));
    va_end(args);
}

static void words_release(struct words *words)
{
    VEC_FOREACH (word, &words->argv)
        free(*word);
    VEC_RELEASE(&words->argv);
}

static const char *folder_of(const struct stack *stack)
{
    return ((const struct real_world *)stack->world)->folder;
}

/* -- command lines -- */

static void kube_api_words(const struct stack *stack, struct words *words)
{
    add(words, "%s/metal3-sim", folder_of(stack));
    add(words, "kube-api");
    add(words, "--listen=%s:%d", stack->places.kube_api_host, stack->places.kube_api_port);
    add(words, "--kubeconfig=%s", stack->kubeconfig_path);
    add(words, "--data-dir=%s/kube-api", stack->directory);
}

static void fleet_words(const struct stack *stack, struct words *words)
{
    add(words, "%s/metal3-sim", folder_of(stack));
    add(words, "fleet");
    add(words, "--machines=%d", stack->options.hosts);
    if (stack->profile)
        add(words, "--profile=%s", stack->profile);
    add(words, "--addresses=%s", stack->places.bmc_addresses);
    add(words, "--guest-addresses=%s", stack->places.guest_addresses);
    add(words, "--redfish-port=%d", stack->places.redfish_port);
    add(words, "--user=%s", FLEET_USER);
    add(words, "--password=%s", FLEET_PASSWORD);
    add(words, "--control=%s:%d", stack->places.fleet_host, stack->places.control_port);
    add(words, "--speed=%g", stack->options.speed);
}

static void conductor_words(const struct stack *stack, struct words *words)
{
    add(words, "%s/metal3-conductor", folder_of(stack));
    add(words, "--listen=%s", stack->places.conductor_host);
    add(words, "--port=%d", stack->places.conductor_port);
    add(words, "--http-port=%d", stack->places.conductor_http_port);
    add(words, "--cache-dir=%s/conductor-cache", stack->directory);
    add(words, "--database=%s/conductor.db", stack->directory);
    add(words, "--deploy-kernel=file://%s", stack->kernel_path);
    add(words, "--deploy-ramdisk=file://%s", stack->ramdisk_path);
}

static void operator_words(const struct stack *stack, struct words *words)
{
    add(words, "%s/metal3-operator", folder_of(stack));
    add(words, "--kubeconfig=%s", stack->kubeconfig_path);
    add(words, "--health-addr=%s:%d", stack->places.operator_host, stack->places.health_port);
    add(words, "--metrics-addr=%s:%d", stack->places.operator_host, stack->places.metrics_port);
    add(words, "--metrics-secure=false");
}

/* One row a program: its command line, and the URL that answers 200 once it serves. */
static const struct {
    void (*words)(const struct stack *stack, struct words *words);
    const char *ready; /* path */
} programs[STACK_PROGRAM_COUNT] = {
    [STACK_KUBE_API] = {kube_api_words, "/readyz"},
    [STACK_FLEET] = {fleet_words, "/fleet/v1/machines"},
    [STACK_CONDUCTOR] = {conductor_words, "/v1"},
    [STACK_OPERATOR] = {operator_words, "/readyz"},
};

static char *ready_url(const struct stack *stack, enum stack_program program)
{
    const struct stack_places *places = &stack->places;
    const char *hosts[] = {places->kube_api_host, places->fleet_host, places->conductor_host, places->operator_host};
    const int ports[] = {places->kube_api_port, places->control_port, places->conductor_port, places->health_port};
    return mem_printf("%s://%s:%d%s", program == STACK_KUBE_API ? "https" : "http", hosts[program], ports[program],
                      programs[program].ready);
}

/* -- processes -- */

static struct process **process_of(struct stack *stack, enum stack_program program)
{
    return &((struct real_world *)stack->world)->processes[program];
}

static bool real_running(struct stack *stack, enum stack_program program)
{
    struct process *process = *process_of(stack, program);
    return process && process_running(process);
}

static bool is_alive(struct stack *stack, void *arg)
{
    return real_running(stack, *(enum stack_program *)arg);
}

/* The last line that a program wrote: what it died of. */
static char *last_line(const char *path)
{
    char buffer[4096];
    char *last = NULL;
    FILE *file = fopen(path, "re");
    while (file && fgets(buffer, sizeof(buffer), file)) {
        free(last);
        last = str_trim(buffer);
    }
    if (file)
        fclose(file);
    return last;
}

/* The API server writes the file once it serves, so it may be a moment late. */
static struct error *load_kubeconfig(struct stack *stack)
{
    struct rt *rt = stack->env->rt;
    rt_time deadline = rt_after(rt, READY_LIMIT);
    for (;;) {
        CLEANUP_SECRET char *text = NULL;
        struct error *err = rt_file_read(rt, stack->kubeconfig_path, KUBECONFIG_MAX, &text, NULL);
        if (!err) {
            mem_free_secret(stack->kubeconfig);
            stack->kubeconfig = TAKE_PTR(text);
            return NULL;
        }
        if (!error_is(err, ERROR_NOT_FOUND) || !real_running(stack, STACK_KUBE_API) || rt_now(rt) >= deadline)
            return err;
        error_free(err);
        TRY(rt_sleep(rt, 5 * RT_MS));
    }
}

static struct error *real_start(struct stack *stack, enum stack_program program)
{
    __attribute__((cleanup(words_release))) struct words words = {0};
    CLEANUP_FREE char *output = mem_printf("%s/%s.log", stack->directory, stack_program_name(program));
    CLEANUP_FREE char *url = ready_url(stack, program);
    CLEANUP_FREE char *ironic =
        mem_printf("IRONIC_ENDPOINT=http://%s:%d/v1/", stack->places.conductor_host, stack->places.conductor_port);
    CLEANUP_FREE char *kernel = mem_printf("DEPLOY_KERNEL_URL=file://%s", stack->kernel_path);
    CLEANUP_FREE char *ramdisk = mem_printf("DEPLOY_RAMDISK_URL=file://%s", stack->ramdisk_path);
    const char *environment[] = {ironic, kernel, ramdisk, NULL};
    struct process **process = process_of(stack, program);

    programs[program].words(stack, &words);
    add(&words, "--log-level=%s", stack->log_level);
    VEC_PUSH(&words.argv, NULL);
    process_free(TAKE_PTR(*process));
    struct process_options options = {
        .argv = (const char *const *)words.argv.items,
        .env = program == STACK_OPERATOR ? environment : NULL,
        .output = output,
    };
    TRY(process_start(stack->env->rt, &options, process));
    struct error *err = stack_wait_http(stack, url, READY_LIMIT, is_alive, &program);
    if (!err && program == STACK_KUBE_API)
        err = load_kubeconfig(stack);
    if (err && !error_is(err, ERROR_CANCELLED)) {
        CLEANUP_FREE char *line = last_line(output);
        if (stack->directory_is_temporary)
            err = error_wrap(err, "%s (--dir DIR keeps its log)", str_or(line, "it said nothing"));
        else
            err = error_wrap(err, "%s (log: %s)", str_or(line, "it said nothing"), output);
    }
    return err;
}

static void real_kill(struct stack *stack, enum stack_program program)
{
    process_free(TAKE_PTR(*process_of(stack, program)));
}

static void real_stop(struct stack *stack, enum stack_program program)
{
    process_stop(*process_of(stack, program), STOP_GRACE);
    real_kill(stack, program);
}

static struct error *real_usage(struct stack *stack, enum stack_program program, struct process_usage *ret)
{
    if (!real_running(stack, program))
        return error_new(ERROR_NOT_FOUND, "the %s does not run", stack_program_name(program));
    return process_usage(process_pid(*process_of(stack, program)), ret);
}

static void real_free(struct stack *stack)
{
    struct real_world *world = stack->world;
    for (int program = STACK_PROGRAM_COUNT - 1; program >= 0; program--)
        process_free(world->processes[program]);
    http_server_free(world->claim);
    free(world->folder);
    free(world);
}

static const struct stack_ops real_ops = {
    .start = real_start,
    .kill = real_kill,
    .stop = real_stop,
    .running = real_running,
    .usage = real_usage,
    .free = real_free,
};

/* -- places -- */

static void nobody_home(struct http_exchange *exchange, void *arg)
{
    http_reply(exchange, 503, NULL, NULL, 0);
}

/* A port of `address` that nobody listens on now. */
static struct error *free_port(const struct env *env, const char *address, int *ret_port)
{
    CLEANUP(http_server_free) struct http_server *server = NULL;
    struct http_server_options options = {.address = address, .handle = nobody_home};
    TRY(http_server_start(env->net, env->group, &options, &server));
    *ret_port = http_server_port(server);
    return NULL;
}

/*
 * Two neighbouring /16 of the loopback network, one for BMCs and one for machines, that no other fleet on this machine uses: the ports of the
 * machines' agents are fixed. A listener in the range keeps others off as long as we live.
 */
static struct error *claim_addresses(struct stack *stack, int *ret_octet)
{
    struct real_world *world = stack->world;
    int first = (int)rt_random_below(stack->env->rt, OCTET_PAIRS);
    for (int i = 0; i < OCTET_PAIRS; i++) {
        int octet = OCTET_FIRST + 2 * ((first + i) % OCTET_PAIRS);
        CLEANUP_FREE char *address = mem_printf("127.%d.255.254", octet);
        struct http_server_options options = {.address = address, .port = CLAIM_PORT, .handle = nobody_home};
        struct error *err = http_server_start(stack->env->net, stack->env->group, &options, &world->claim);
        if (!err) {
            *ret_octet = octet;
            return NULL;
        }
        if (error_is(err, ERROR_CANCELLED) || i + 1 == OCTET_PAIRS)
            return error_wrap(err, "finding loopback addresses for the machines");
        error_free(err);
    }
    return NULL;
}

static struct error *choose_places(struct stack *stack)
{
    struct stack_places *places = &stack->places;
    struct {
        int *port;
        const char *address;
    } ports[] = {
        {&places->kube_api_port, "127.0.0.1"},  {&places->control_port, "127.0.0.1"},
        {&places->conductor_port, "127.0.0.1"}, {&places->conductor_http_port, "127.0.0.1"},
        {&places->health_port, "127.0.0.1"},    {&places->metrics_port, "127.0.0.1"},
        {&places->redfish_port, "0.0.0.0"},
    };
    int octet = 0;

    TRY(claim_addresses(stack, &octet));
    places->kube_api_host = mem_strdup("127.0.0.1");
    places->fleet_host = mem_strdup("127.0.0.1");
    places->conductor_host = mem_strdup("127.0.0.1");
    places->operator_host = mem_strdup("127.0.0.1");
    places->bmc_addresses = mem_printf("127.%d.0.0/16", octet);
    places->guest_addresses = mem_printf("127.%d.0.0/16", octet + 1);
    for (size_t i = 0; i < ARRAY_SIZE(ports);) {
        bool taken = false;
        TRY(free_port(stack->env, ports[i].address, ports[i].port));
        for (size_t before = 0; before < i; before++)
            taken = taken || *ports[before].port == *ports[i].port;
        i += !taken; /* a port drawn twice is drawn again */
    }
    return NULL;
}

static struct error *find_folder(char **ret)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len < 0)
        return error_from_errno(errno, "finding our own program file");
    path[len] = 0;
    char *slash = strrchr(path, '/');
    *slash = 0;
    *ret = mem_strdup(path);
    return NULL;
}

struct error *stack_real_init(struct stack *stack)
{
    struct real_world *world = mem_alloc(sizeof(*world));
    stack->world = world;
    stack->ops = &real_ops;
    TRY(find_folder(&world->folder));
    TRY(choose_places(stack));
    return image_server_start(stack->env, "127.0.0.1", stack->image_path, &stack->image_server);
}
