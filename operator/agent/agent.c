/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's life, in the order of IRO-541: inventory, inspection, lookup, own API, heartbeats until power goes. */
#include <stdlib.h>
#include <string.h>

#include "operator/agent/internal.h"

#define RETRY_MIN (5 * RT_S) /* of a failed heartbeat, up to twice this (IRO-515) */

static struct error *collect_inventory(struct agent *agent)
{
    TRY_WRAP(agent->hardware->ops->inventory(agent->hardware->arg, &agent->inventory), "collecting the inventory");
    if (!json_len(json_get(agent->inventory, "interfaces")))
        return error_new(ERROR_NOT_FOUND,
                         "no network interface was found; the conductor knows a machine by its MAC addresses");
    return NULL;
}

static struct error *inspect(struct agent *agent)
{
    struct error *err = ironic_send_inspection(agent);
    if (!err || error_is(err, ERROR_CANCELLED))
        return err;
    /* The conductor times inspection out by itself; the agent may still be of use to it (IRO-521). */
    log_warn(agent->env->log, "inspection report was refused", KV_ERR(err));
    error_free(err);
    return NULL;
}

/* The certificate that the conductor pins: self-signed for our address (IRO-543). */
static struct error *make_certificate(struct agent *agent)
{
    const char *host = str_or(agent->options->advertise_host, agent->address);
    const char *names[] = {host, NULL};

    return pki_self_signed(agent->env->rt, host, names, 30, &agent->certificate);
}

static struct error *find_own_address(struct agent *agent)
{
    struct url url = {0};
    TRY_WRAP(url_parse(agent->options->api_url, &url), "ipa-api-url");
    struct error *err = agent->hardware->ops->own_address(agent->hardware->arg, url.host, &agent->address);
    if (err)
        err = error_wrap(err, "finding the address that %s reaches us at", url.host);
    url_release(&url);
    return err;
}

/* Waits until the next heartbeat is due: by time, or because a command ended (IRO-516). */
static struct error *wait_for_beat(struct agent *agent, rt_time pause)
{
    rt_time due = rt_after(agent->env->rt, pause);

    while (!agent->heartbeat_wanted && !agent->finished) {
        struct error *err = rt_cond_wait(agent->env->rt, &agent->command_ended, due);
        if (error_is(err, ERROR_TIMEOUT)) {
            error_free(err);
            break;
        }
        TRY(err);
    }
    return NULL;
}

static struct error *beat_forever(struct agent *agent)
{
    struct rt *rt = agent->env->rt;

    while (!agent->finished) {
        agent->heartbeat_wanted = false;
        struct error *err = ironic_heartbeat(agent);
        rt_time pause = (rt_time)((0.3 + 0.3 * rt_random_unit(rt)) * (double)agent->heartbeat_timeout);
        if (error_is(err, ERROR_CANCELLED))
            return err;
        if (err) {
            log_debug(agent->env->log, "heartbeat failed", KV_ERR(err));
            error_free(err);
            TRY(rt_sleep(rt, RETRY_MIN + (rt_time)(rt_random_unit(rt) * (double)RETRY_MIN)));
            continue;
        }
        TRY(wait_for_beat(agent, pause));
    }
    return NULL;
}

static struct error *discover(struct agent *agent)
{
    for (rt_time wait = RT_S;; wait = wait < 30 * RT_S ? wait * 2 : wait) {
        struct error *err = ironic_discover(agent);
        if (!err || !error_is_retryable(err))
            return err;
        log_debug(agent->env->log, "the conductor does not answer yet", KV_ERR(err));
        error_free(err);
        TRY(rt_sleep(agent->env->rt, wait));
    }
}

/* Without an API URL the machine was booted for inspection alone: idle until its power goes (IRO-523). */
static struct error *idle(struct agent *agent)
{
    return rt_sleep_until(agent->env->rt, RT_FOREVER);
}

static struct error *run(struct agent *agent)
{
    struct http_client_options http = {.user_agent = "metal3-agent/" AGENT_VERSION,
                                       .insecure = agent->options->insecure};

    TRY(http_client_new(agent->env->net, &http, &agent->http));
    TRY(collect_inventory(agent));
    if (agent->options->inspection_callback_url)
        TRY(inspect(agent));
    if (!agent->options->api_url)
        return idle(agent);
    TRY(discover(agent));
    TRY(ironic_lookup(agent));
    TRY(find_own_address(agent));
    if (agent->tls)
        TRY_WRAP(make_certificate(agent), "making the agent's certificate");
    TRY(server_start(agent));
    log_info(agent->env->log, "agent serves", KV("node", agent->node_uuid), KV("address", agent->address));
    return beat_forever(agent);
}

static void release(struct agent *agent)
{
    for (size_t i = 0; i < agent->commands.len; i++)
        command_free(agent->commands.items[i]);
    VEC_RELEASE(&agent->commands);
    http_client_free(agent->http);
    pki_pair_release(&agent->certificate);
    json_free(agent->inventory);
    free(agent->api_version);
    free(agent->node_uuid);
    mem_free_secret(agent->token);
    free(agent->address);
}

struct error *agent_run(const struct env *env, const struct agent_options *options,
                        const struct agent_hardware *hardware)
{
    /* Commands and requests run in a group of their own, so that all of them have ended before the agent's memory goes. */
    struct rt_group *group = rt_group_new(env->rt, env->group, "agent");
    struct env inner = *env;
    inner.group = group;
    struct agent agent = {
        .env = &inner,
        .options = options,
        .hardware = hardware,
        .heartbeat_timeout = 300 * RT_S,
        .started_wall = rt_wall(env->rt),
    };
    if (options->token && strlen(options->token) >= AGENT_TOKEN_LENGTH_MIN)
        agent.token = mem_strdup(options->token);

    struct error *err = run(&agent);
    if (!err) /* a last command took power away: it still has to be answered and to happen */
        err = idle(&agent);
    rt_group_stop(group);
    http_server_free(agent.server);
    rt_group_free(group);
    release(&agent);
    return err;
}
