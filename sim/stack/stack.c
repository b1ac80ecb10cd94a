/* SPDX-License-Identifier: Apache-2.0 */
/* What both worlds share: places, files, the image server, waiting for a program to serve. */
#include "sim/stack/stack.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/rt/file.h"
#include "sim/stack/internal.h"

#define POLL_MIN (5 * RT_MS)
#define POLL_MAX (100 * RT_MS)

static const char *const program_names[STACK_PROGRAM_COUNT] = {
    [STACK_KUBE_API] = "kube-api",
    [STACK_FLEET] = "fleet",
    [STACK_CONDUCTOR] = "conductor",
    [STACK_OPERATOR] = "operator",
};

const char *stack_program_name(enum stack_program program)
{
    return program_names[program];
}

int stack_program_parse(const char *name)
{
    for (int i = 0; i < STACK_PROGRAM_COUNT; i++)
        if (str_equal(program_names[i], name))
            return i;
    return -1;
}

/* -- files -- */

/* The databases of an earlier run tell of machines that are gone; and a folder with other things in it was hardly meant. */
static struct error *check_empty(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return error_from_errno(errno, "reading the directory %s", path);
    bool empty = true;
    for (const struct dirent *entry; empty && (entry = readdir(folder));)
        empty = str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..");
    closedir(folder);
    if (!empty)
        return error_new(ERROR_INVALID, "the directory %s is not empty: give a new one", path);
    return NULL;
}

static struct error *make_directory(struct stack *stack)
{
    if (stack->options.directory) {
        stack->directory = mem_strdup(stack->options.directory);
        if (mkdir(stack->directory, 0700) != 0 && errno != EEXIST)
            return error_from_errno(errno, "making the directory %s", stack->directory);
        return check_empty(stack->directory);
    }
    const char *parent = str_or(getenv("TMPDIR"), "/tmp");
    stack->directory = mem_printf("%s/metal3-sim-XXXXXX", parent);
    if (!mkdtemp(stack->directory))
        return error_from_errno(errno, "making a directory below %s", parent);
    stack->directory_is_temporary = true;
    return NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

/* In-memory machines load no code, so kernel and ramdisk of their boot ISO need not be any. */
static struct error *write_ramdisk(struct stack *stack)
{
    static const char kernel[] = "stands for the kernel of the deploy ramdisk\n";
    static const char ramdisk[] = "stands for the initramfs of the deploy ramdisk\n";
    struct rt *rt = stack->env->rt;

    stack->kernel_path = mem_printf("%s/deploy.kernel", stack->directory);
    stack->ramdisk_path = mem_printf("%s/deploy.initramfs", stack->directory);
    TRY(rt_file_write(rt, stack->kernel_path, kernel, strlen(kernel), 0600));
    return rt_file_write(rt, stack->ramdisk_path, ramdisk, strlen(ramdisk), 0600);
}

/* -- life -- */

struct error *stack_new(const struct env *env, const struct stack_options *options, struct net_sim *network,
                        struct stack **ret)
{
    CLEANUP(stack_free) struct stack *stack = mem_alloc(sizeof(*stack));

    if (options->hosts < 0 || options->hosts > 10000)
        return error_new(ERROR_INVALID, "%d hosts: give 0 to 10000", options->hosts);
    stack->env = env;
    stack->options = *options;
    stack->options.profile = stack->profile = mem_strdup(options->profile);
    stack->options.image = stack->image_path = mem_strdup(options->image);
    stack->options.log_level = stack->log_level = mem_strdup(str_or(options->log_level, "info"));
    if (stack->options.speed <= 0)
        stack->options.speed = 1;
    TRY(make_directory(stack));
    stack->options.directory = stack->directory;
    TRY(write_ramdisk(stack));
    stack->kubeconfig_path = mem_printf("%s/kubeconfig", stack->directory);
    struct http_client_options http = {.user_agent = "metal3-sim", .insecure = true};
    TRY(http_client_new(env->net, &http, &stack->http));
    if (rt_is_sim(env->rt))
        TRY(stack_virtual_init(stack, network));
    else
        TRY(stack_real_init(stack));
    stack->fleet_url = mem_printf("http://%s:%d", stack->places.fleet_host, stack->places.control_port);
    stack->conductor_url = mem_printf("http://%s:%d", stack->places.conductor_host, stack->places.conductor_port);
    *ret = TAKE_PTR(stack);
    return NULL;
}

static void free_places(struct stack_places *places)
{
    free(places->kube_api_host);
    free(places->fleet_host);
    free(places->conductor_host);
    free(places->operator_host);
    free(places->bmc_addresses);
    free(places->guest_addresses);
}

void stack_free(struct stack *stack)
{
    if (!stack)
        return;
    if (stack->ops)
        stack->ops->free(stack);
    image_server_free(stack->image_server);
    http_client_free(stack->http);
    if (stack->directory_is_temporary)
        nftw(stack->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free_places(&stack->places);
    free(stack->profile);
    free(stack->image_path);
    free(stack->directory);
    free(stack->log_level);
    mem_free_secret(stack->kubeconfig);
    free(stack->kubeconfig_path);
    free(stack->fleet_url);
    free(stack->conductor_url);
    free(stack->kernel_path);
    free(stack->ramdisk_path);
    free(stack);
}

struct error *stack_start(struct stack *stack, enum stack_program program)
{
    if (stack_running(stack, program))
        return error_new(ERROR_CONFLICT, "the %s runs already", stack_program_name(program));
    TRY_WRAP(stack->ops->start(stack, program), "starting the %s", stack_program_name(program));
    return NULL;
}

void stack_kill(struct stack *stack, enum stack_program program)
{
    if (stack_running(stack, program))
        stack->ops->kill(stack, program);
}

void stack_stop(struct stack *stack, enum stack_program program)
{
    if (stack_running(stack, program))
        stack->ops->stop(stack, program);
}

bool stack_running(struct stack *stack, enum stack_program program)
{
    return stack->ops->running(stack, program);
}

struct error *stack_usage(struct stack *stack, enum stack_program program, struct process_usage *ret)
{
    return stack->ops->usage(stack, program, ret);
}

const char *stack_kubeconfig(const struct stack *stack)
{
    return stack->kubeconfig;
}

const char *stack_kubeconfig_path(const struct stack *stack)
{
    return stack->kubeconfig_path;
}

const char *stack_directory(const struct stack *stack)
{
    return stack->directory;
}

double stack_speed(const struct stack *stack)
{
    return stack->options.speed;
}

const char *stack_fleet_url(const struct stack *stack)
{
    return stack->fleet_url;
}

const struct stack_image *stack_image(const struct stack *stack)
{
    return image_server_image(stack->image_server);
}

struct error *stack_wait_http(struct stack *stack, const char *url, rt_time limit,
                              bool (*alive)(struct stack *stack, void *arg), void *arg)
{
    struct rt *rt = stack->env->rt;
    rt_time deadline = rt_after(rt, limit);

    for (rt_time pause = POLL_MIN;; pause = pause * 2 > POLL_MAX ? POLL_MAX : pause * 2) {
        CLEANUP(http_response_free) struct http_response *response = NULL;
        struct http_request request = {.url = url, .deadline = rt_after(rt, 5 * RT_S)};
        struct error *err = http_call(stack->http, &request, &response);
        if (!err && response->status == 200)
            return NULL;
        if (!err)
            err = error_new(ERROR_TRANSIENT, "%s answers %d", url, response->status);
        if (error_is(err, ERROR_CANCELLED))
            return err;
        if (alive && !alive(stack, arg)) {
            error_free(err);
            return error_new(ERROR_INTERNAL, "it ended before it served");
        }
        if (rt_now(rt) >= deadline)
            return error_wrap_kind(err, ERROR_TIMEOUT, "it does not serve after %d s", (int)(limit / RT_S));
        error_free(err);
        TRY(rt_sleep(rt, pause));
    }
}
