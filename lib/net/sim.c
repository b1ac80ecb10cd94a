/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated network: hosts, listeners, rules. Its HTTP is in sim_http.c, its datagrams in sim_udp.c. */
#include "lib/net/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"

#define LATENCY_MIN (50 * RT_US)
#define LATENCY_MAX (500 * RT_US)
#define PORT_FIRST 32768

struct rule {
    uint64_t id;
    char *from, *to;
    struct net_sim_rule rule;
};

struct net_sim {
    struct rt *rt;
    struct net_sim_options options;
    struct map *names;                         /* host names and addresses to hosts */
    struct map *listeners;                     /* listener_key() to listeners */
    struct VEC_OF(struct sim_listener *) wide; /* those that listen on a prefix */
    struct VEC_OF(struct sim_host *) hosts;    /* all that ever were: ways point to them */
    struct VEC_OF(struct rule) rules;
    struct rt_cond rules_changed;
    uint64_t next_id;
};

static const struct net_ops sim_ops;

struct net_sim *net_sim_new(struct rt *rt, const struct net_sim_options *options)
{
    struct net_sim *sim = mem_alloc(sizeof(*sim));

    sim->rt = rt;
    if (options)
        sim->options = *options;
    if (!sim->options.latency_min && !sim->options.latency_max) {
        sim->options.latency_min = LATENCY_MIN;
        sim->options.latency_max = LATENCY_MAX;
    }
    sim->names = map_new(NULL);
    sim->listeners = map_new(NULL);
    sim->next_id = 1;
    return sim;
}

static void rule_release(struct rule *rule)
{
    free(rule->from);
    free(rule->to);
}

void net_sim_free(struct net_sim *sim)
{
    if (!sim)
        return;
    VEC_FOREACH (host, &sim->hosts) {
        free((*host)->name);
        free((*host)->address);
        free(*host);
    }
    VEC_FOREACH (rule, &sim->rules)
        rule_release(rule);
    VEC_RELEASE(&sim->hosts);
    VEC_RELEASE(&sim->rules);
    VEC_RELEASE(&sim->wide);
    map_free(sim->names);
    map_free(sim->listeners);
    free(sim);
}

struct net *net_sim_host(struct net_sim *sim, const char *name, const char *address)
{
    struct sim_host *host = mem_alloc(sizeof(*host));

    host->base.ops = &sim_ops;
    host->base.rt = sim->rt;
    host->sim = sim;
    host->name = mem_strdup(name);
    host->address = mem_strdup(address);
    host->next_port = PORT_FIRST;
    VEC_PUSH(&sim->hosts, host);
    map_set(sim->names, address, host);
    map_set(sim->names, name, host);
    return &host->base;
}

static void host_free(struct net *net)
{
    struct sim_host *host = CONTAINER_OF(net, struct sim_host, base);

    if (map_get(host->sim->names, host->name) == host)
        map_remove(host->sim->names, host->name);
    if (map_get(host->sim->names, host->address) == host)
        map_remove(host->sim->names, host->address);
}

/* -- rules -- */
uint64_t net_sim_add_rule(struct net_sim *sim, const struct net_sim_rule *rule)
{
    struct rule copy = {
        .id = sim->next_id++, .from = mem_strdup(rule->from), .to = mem_strdup(rule->to), .rule = *rule};

    VEC_PUSH(&sim->rules, copy);
    rt_cond_broadcast(sim->rt, &sim->rules_changed);
    return copy.id;
}

void net_sim_heal(struct net_sim *sim, uint64_t id)
{
    for (size_t i = 0; i < sim->rules.len; i++) {
        if (sim->rules.items[i].id != id)
            continue;
        rule_release(&sim->rules.items[i]);
        VEC_REMOVE(&sim->rules, i);
        rt_cond_broadcast(sim->rt, &sim->rules_changed);
        return;
    }
}

static bool is_host(const char *pattern, const struct sim_host *host)
{
    return host && (str_equal(pattern, host->name) || str_equal(pattern, host->address));
}

struct sim_effect sim_effect(const struct sim_path *path)
{
    struct net_sim *sim = path->from->sim;
    struct sim_effect effect = {0};

    VEC_FOREACH (rule, &sim->rules) {
        if (!str_equal(rule->from, "*") && !is_host(rule->from, path->from))
            continue;
        if (!str_equal(rule->to, "*") && !str_equal(rule->to, path->dialed) && !str_equal(rule->to, path->local) &&
            !is_host(rule->to, path->to))
            continue;
        effect.partition |= rule->rule.partition;
        effect.refuse |= rule->rule.refuse;
        effect.delay += rule->rule.delay;
        effect.loss = 1 - (1 - effect.loss) * (1 - rule->rule.loss);
    }
    return effect;
}

rt_time sim_latency(const struct sim_path *path)
{
    struct net_sim *sim = path->from->sim;
    uint64_t span = (uint64_t)(sim->options.latency_max - sim->options.latency_min);
    rt_time delay = sim->rules.len ? sim_effect(path).delay : 0;

    return delay + sim->options.latency_min + (span ? (rt_time)rt_random_below(sim->rt, span + 1) : 0);
}

struct error *sim_wait_open(const struct sim_path *path, rt_time deadline)
{
    struct net_sim *sim = path->from->sim;

    while (sim->rules.len && sim_effect(path).partition)
        TRY(rt_cond_wait(sim->rt, &sim->rules_changed, deadline));
    return NULL;
}

/* -- listeners -- */
static char *listener_key(bool udp, const char *address, int port)
{
    return mem_printf("%s %s %d", udp ? "udp" : "tcp", address, port);
}

static bool is_loopback(const char *address)
{
    return str_equal(address, "127.0.0.1") || str_equal(address, "localhost") || str_equal(address, "::1");
}

/* An address of its own is listened on as such; anything else is the host's own address. */
static const char *own_address(const struct sim_host *host, const char *address, const struct net_prefix *prefix)
{
    return prefix->single && !is_loopback(address) ? address : host->address;
}

struct error *sim_listen(struct sim_host *host, const char *address, int port, bool udp, void *owner,
                         struct sim_listener **ret)
{
    struct net_sim *sim = host->sim;
    struct net_prefix prefix;

    TRY(net_prefix_parse(address, &prefix));
    const char *own = own_address(host, address, &prefix);
    int number = port ? port : host->next_port;
    char *key = listener_key(udp, own, number);
    while (map_get(sim->listeners, key)) {
        free(key);
        if (port)
            return net_error_in_use(address, port);
        number = number == 65535 ? PORT_FIRST : number + 1;
        key = listener_key(udp, own, number);
    }
    if (!port)
        host->next_port = number == 65535 ? PORT_FIRST : number + 1;
    VEC_FOREACH (wide, &sim->wide)
        if ((*wide)->udp == udp && (*wide)->port == number && !prefix.single && prefix.bits >= 0 &&
            net_prefix_overlap(&(*wide)->prefix, &prefix)) {
            free(key);
            return net_error_in_use(address, number);
        }
    struct sim_listener *listener = mem_alloc(sizeof(*listener));
    *listener = (struct sim_listener){.host = host, .prefix = prefix, .port = number, .udp = udp, .owner = owner};
    listener->id = sim->next_id++;
    listener->key = key;
    map_set(sim->listeners, key, listener);
    if (!prefix.single && prefix.bits >= 0)
        VEC_PUSH(&sim->wide, listener);
    *ret = listener;
    return NULL;
}

void sim_unlisten(struct sim_listener *listener)
{
    if (!listener)
        return;
    struct net_sim *sim = listener->host->sim;
    map_remove(sim->listeners, listener->key);
    for (size_t i = 0; i < sim->wide.len; i++)
        if (sim->wide.items[i] == listener) {
            VEC_REMOVE(&sim->wide, i);
            break;
        }
    free(listener->key);
    free(listener);
}

struct sim_listener *sim_find(struct sim_host *from, const char *host, int port, bool udp, struct sim_path *ret_path,
                              bool *ret_known)
{
    struct net_sim *sim = from->sim;
    struct sim_host *to = is_loopback(host) ? from : map_get(sim->names, host);
    struct sim_path path = {.from = from, .to = to};
    struct net_prefix address;

    snprintf(path.dialed, sizeof(path.dialed), "%s", host);
    snprintf(path.local, sizeof(path.local), "%s", to ? to->address : host);
    CLEANUP_FREE char *key = listener_key(udp, path.local, port);
    struct sim_listener *found = map_get(sim->listeners, key);
    for (size_t i = 0; !found && !to && i < sim->wide.len; i++) {
        struct sim_listener *wide = sim->wide.items[i];
        if (wide->udp == udp && wide->port == port && net_prefix_has(&wide->prefix, host))
            found = wide;
    }
    if (found)
        path.to = found->host;
    *ret_known = found || to;
    if (!*ret_known) {
        struct error *err = net_prefix_parse(host, &address);
        *ret_known = !err;
        error_free(err);
    }
    *ret_path = path;
    return found;
}

static const struct net_ops sim_ops = {
    .free = host_free,
    .client_new = sim_client_new,
    .client_free = sim_client_free,
    .stream_start = sim_stream_start,
    .stream_connected = sim_stream_connected,
    .stream_stop = sim_stream_stop,
    .server_start = sim_server_start,
    .server_stop = sim_server_stop,
    .server_free = sim_server_free,
    .exchange_reply = sim_exchange_reply,
    .exchange_abort = sim_exchange_abort,
    .exchange_gone = sim_exchange_gone,
    .exchange_watch = sim_exchange_watch,
    .exchange_end = sim_exchange_end,
    .udp_open = sim_udp_open,
    .udp_receive = sim_udp_receive,
    .udp_send = sim_udp_send,
    .udp_close = sim_udp_close,
    .udp_free = sim_udp_free,
};
