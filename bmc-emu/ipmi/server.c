// SPDX-License-Identifier: Apache-2.0
// The context: BMCs by machine, datagrams in and out, each worked on by a task of its own because a driver may wait.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define JOB_STACK (32 * 1024)
#define DEFAULT_USER "admin"
#define DEFAULT_PASSWORD "password"
#define ADMINISTRATOR 2 /* the number of the user that the options give; 1 is the one without a name */

struct ipmi_listener {
    struct ipmi_context *context;
    struct udp *udp;
    size_t machine;
};

/* A datagram under way. */
struct job {
    struct ipmi_listener *listener;
    size_t machine, len;
    struct udp_peer from, local;
    uint8_t data[IPMI_PACKET_MAX];
};

struct error *ipmi_context_new(const struct ipmi_options *options, struct ipmi_context **ret)
{
    const char *name = options->user ? options->user : DEFAULT_USER;
    const char *password = options->user ? str_or(options->password, "") : DEFAULT_PASSWORD;

    if (strlen(name) > IPMI_NAME_MAX)
        return error_new(ERROR_INVALID, "the user's name is longer than the %d bytes that IPMI has for it",
                         IPMI_NAME_MAX);
    if (strlen(password) > IPMI_KEY_MAX)
        return error_new(ERROR_INVALID, "the password is longer than the %d bytes that IPMI has for it", IPMI_KEY_MAX);
    struct ipmi_context *context = mem_alloc(sizeof(*context));
    context->env = options->env;
    context->group = options->group;
    context->options = *options;
    context->options.user = context->options.password = NULL;
    for (size_t i = 0; i < IPMI_USERS_MAX; i++)
        context->users[i] = (struct ipmi_user){.limit = IPMI_NO_ACCESS};
    struct ipmi_user *admin = &context->users[ADMINISTRATOR - 1];
    *admin = (struct ipmi_user){.enabled = true, .messaging = true, .link_auth = true, .limit = IPMI_ADMINISTRATOR};
    memcpy(admin->name, name, strlen(name));
    memcpy(admin->password, password, strlen(password));
    context->count = options->driver->ops->count(options->driver);
    context->bmcs = mem_alloc_array(context->count, sizeof(*context->bmcs));
    context->logs = mem_alloc_array(context->count, sizeof(*context->logs));
    *ret = context;
    return NULL;
}

static void bmc_free(struct ipmi_bmc *bmc)
{
    if (!bmc)
        return;
    for (size_t i = 0; i < IPMI_SESSIONS_MAX; i++) {
        if (bmc->sessions[i])
            mem_wipe(bmc->sessions[i], sizeof(*bmc->sessions[i]));
        free(bmc->sessions[i]);
    }
    if (bmc->users)
        mem_wipe(bmc->users, IPMI_USERS_MAX * sizeof(*bmc->users));
    free(bmc->users);
    free(bmc->lan);
    free(bmc);
}

void ipmi_context_free(struct ipmi_context *context)
{
    if (!context)
        return;
    for (size_t i = 0; i < context->listener_count; i++) {
        udp_close(context->listeners[i]->udp);
        free(context->listeners[i]);
    }
    free(context->listeners);
    for (size_t i = 0; i < context->count; i++) {
        bmc_free(context->bmcs[i]);
        if (context->logs[i])
            free(context->logs[i]->records);
        free(context->logs[i]);
    }
    free(context->bmcs);
    free(context->logs);
    mem_wipe(context->users, sizeof(context->users));
    free(context);
}

/* -- BMCs -- */

void ipmi_parse_address(const char *text, uint8_t ret[4])
{
    unsigned parts[4] = {0};

    if (str_has_prefix(text, "::ffff:"))
        text += strlen("::ffff:");
    if (sscanf(text, "%3u.%3u.%3u.%3u", &parts[0], &parts[1], &parts[2], &parts[3]) != 4)
        memset(parts, 0, sizeof(parts));
    for (int i = 0; i < 4; i++)
        ret[i] = (uint8_t)parts[i];
}

/* A UUID's digits as the 16 bytes of a GUID, lowest first (§20.8). */
static void parse_guid(const char *uuid, uint8_t ret[IPMI_GUID_SIZE])
{
    size_t digits = 0;

    memset(ret, 0, IPMI_GUID_SIZE);
    for (; *uuid && digits < 2 * IPMI_GUID_SIZE; uuid++) {
        const char *hex = "0123456789abcdef", *found = strchr(hex, *uuid | 0x20);
        if (!found)
            continue;
        uint8_t *byte = &ret[IPMI_GUID_SIZE - 1 - digits / 2];
        *byte = (uint8_t)(*byte << 4 | (found - hex));
        digits++;
    }
}

/* NULL when the machine is not there. */
struct ipmi_bmc *ipmi_bmc_of(struct ipmi_context *context, size_t machine)
{
    struct bmc_driver *driver = context->options.driver;
    struct bmc_snapshot snapshot;

    if (machine >= context->count)
        return NULL;
    if (context->bmcs[machine])
        return context->bmcs[machine];
    CLEANUP(error_free) struct error *err = driver->ops->snapshot(driver, machine, &snapshot);
    if (err || context->bmcs[machine])
        return context->bmcs[machine];
    struct ipmi_bmc *bmc = mem_alloc(sizeof(*bmc));
    bmc->context = context;
    bmc->machine = machine;
    parse_guid(snapshot.uuid, bmc->guid);
    bmc->restore_policy = 2;
    context->bmcs[machine] = bmc;
    return bmc;
}

struct ipmi_log *ipmi_log_of(struct ipmi_context *context, size_t machine)
{
    if (!context->logs[machine])
        context->logs[machine] = mem_alloc(sizeof(**context->logs));
    return context->logs[machine];
}

uint8_t ipmi_completion_of(struct ipmi_bmc *bmc, struct error *err)
{
    static const uint8_t codes[ERROR_KIND_COUNT] = {
        [ERROR_TRANSIENT] = IPMI_CC_BUSY,
        [ERROR_TIMEOUT] = IPMI_CC_TIMEOUT,
        [ERROR_INVALID] = IPMI_CC_FIELD,
        [ERROR_NOT_FOUND] = IPMI_CC_NOT_PRESENT,
        [ERROR_DENIED] = IPMI_CC_PRIVILEGE,
        [ERROR_CONFLICT] = IPMI_CC_STATE,
        [ERROR_UNSUPPORTED] = IPMI_CC_INVALID_COMMAND,
        [ERROR_INTERNAL] = IPMI_CC_UNSPECIFIED,
        [ERROR_CANCELLED] = IPMI_CC_UNSPECIFIED,
    };

    if (!err)
        return IPMI_OK;
    uint8_t code = codes[error_kind(err)];
    log_debug(bmc->context->env->log, "IPMI command failed", KV_INT("machine", (int64_t)bmc->machine), KV_ERR(err));
    error_free(err);
    return code;
}

uint8_t ipmi_snapshot(struct ipmi_call *call, struct bmc_snapshot *ret)
{
    struct bmc_driver *driver = call->bmc->context->options.driver;

    return ipmi_completion_of(call->bmc, driver->ops->snapshot(driver, call->bmc->machine, ret));
}

/* -- listeners -- */

static void job_task(void *arg)
{
    CLEANUP_FREE struct job *job = arg;
    struct ipmi_context *context = job->listener->context;
    uint8_t answer[IPMI_PACKET_MAX];

    size_t len = ipmi_handle(context, job->machine, &job->from, job->data, job->len, answer);
    if (len)
        error_free(udp_send(job->listener->udp, &job->local, &job->from, answer, len));
    context->jobs--;
}

static void listen_task(void *arg)
{
    struct ipmi_listener *listener = arg;
    struct ipmi_context *context = listener->context;
    struct rt *rt = context->env->rt;

    for (;;) {
        CLEANUP_FREE struct job *job = mem_alloc(sizeof(*job));
        CLEANUP(error_free)
        struct error *err =
            udp_receive(listener->udp, job->data, sizeof(job->data), RT_FOREVER, &job->len, &job->from, &job->local);
        if (err && !error_is(err, ERROR_CANCELLED)) {
            log_warn(context->env->log, "IPMI listener", KV_ERR(err));
            error_free(err);
            err = rt_sleep(rt, RT_S);
            if (!err)
                continue;
        }
        if (!err && context->jobs >= IPMI_JOBS_MAX)
            err = rt_yield(rt);
        if (err)
            return;
        job->listener = listener;
        job->machine = listener->machine != IPMI_NO_MACHINE
                           ? listener->machine
                           : context->options.machine_at(context->options.arg, job->local.address);
        if (job->machine >= context->count || context->jobs >= IPMI_JOBS_MAX)
            continue;
        context->jobs++;
        rt_spawn_stack(rt, context->group, "ipmi", JOB_STACK, job_task, TAKE_PTR(job));
    }
}

struct error *ipmi_listen(struct ipmi_context *context, const char *address, int port, size_t machine)
{
    struct ipmi_listener *listener = mem_alloc(sizeof(*listener));

    listener->context = context;
    listener->machine = machine;
    struct error *err = udp_open(context->env->net, context->group, address, port, &listener->udp);
    if (err) {
        free(listener);
        return err;
    }
    context->listeners = mem_resize(context->listeners, context->listener_count + 1, sizeof(*context->listeners));
    context->listeners[context->listener_count++] = listener;
    rt_spawn(context->env->rt, context->group, "ipmi listener", listen_task, listener);
    return NULL;
}

int ipmi_port(const struct ipmi_context *context)
{
    return udp_port(context->listeners[0]->udp);
}
