/* SPDX-License-Identifier: Apache-2.0 */
/* All informers of a program, shared by resource and selector, with a reflector per namespace each. */
#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/kube/informer_internal.h"

struct informers {
    const struct env *env;
    struct kube_client *client;
    char **namespaces; /* NULL: all */
    VEC(struct informer *) items;
    VEC(struct reflector *) reflectors;
    struct rt_cond synced;
    bool started;
};

struct informers *informers_new(const struct env *env, const struct informers_options *options)
{
    struct informers *informers = mem_alloc(sizeof(*informers));
    informers->env = env;
    informers->client = options->client;
    size_t count = 0;
    while (options->namespaces && options->namespaces[count])
        count++;
    if (count > 0) {
        informers->namespaces = mem_alloc_array(count + 1, sizeof(char *));
        for (size_t i = 0; i < count; i++)
            informers->namespaces[i] = mem_strdup(options->namespaces[i]);
    }
    return informers;
}

void informers_free(struct informers *informers)
{
    if (!informers)
        return;
    VEC_FOREACH (reflector, &informers->reflectors)
        reflector_free(*reflector);
    VEC_RELEASE(&informers->reflectors);
    VEC_FOREACH (informer, &informers->items)
        informer_free(*informer);
    VEC_RELEASE(&informers->items);
    str_list_free(informers->namespaces);
    free(informers);
}

static void announce(void *arg)
{
    struct informers *informers = arg;
    rt_cond_broadcast(informers->env->rt, &informers->synced);
}

static void add_reflector(struct informers *informers, struct informer *informer, const char *namespace)
{
    struct reflector *reflector = reflector_new(informers->env, informers->client, informer, namespace);
    reflector->synced = announce;
    reflector->arg = informers;
    VEC_PUSH(&informers->reflectors, reflector);
    informer->unsynced++;
}

static void start(struct informers *informers, struct informer *informer)
{
    if (informer->started)
        return;
    informer->started = true;
    size_t first = informers->reflectors.len;
    if (informers->namespaces && informer->resource->namespaced)
        for (char **namespace = informers->namespaces; *namespace; namespace ++)
            add_reflector(informers, informer, *namespace);
    else
        add_reflector(informers, informer, NULL);
    for (size_t i = first; i < informers->reflectors.len; i++)
        rt_spawn(informers->env->rt, informers->env->group, informer->resource->plural, reflector_run,
                 informers->reflectors.items[i]);
}

struct informer *informers_get(struct informers *informers, const struct kube_resource *resource,
                               const char *label_selector)
{
    VEC_FOREACH (item, &informers->items)
        if (kube_resource_equal((*item)->resource, resource) && str_equal((*item)->label_selector, label_selector))
            return *item;
    struct informer *informer = informer_new(resource, label_selector);
    VEC_PUSH(&informers->items, informer);
    if (informers->started)
        start(informers, informer);
    return informer;
}

void informers_start(struct informers *informers)
{
    informers->started = true;
    for (size_t i = 0; i < informers->items.len; i++)
        start(informers, informers->items.items[i]);
}

/* The first informer that lacks its list; NULL when all have it. */
static const struct informer *find_unsynced(const struct informers *informers)
{
    VEC_FOREACH (item, &informers->items)
        if (!informer_has_synced(*item))
            return *item;
    return NULL;
}

struct error *informers_wait_synced(struct informers *informers, rt_time deadline)
{
    const struct informer *missing;
    while ((missing = find_unsynced(informers))) {
        struct error *err = rt_cond_wait(informers->env->rt, &informers->synced, deadline);
        if (error_is(err, ERROR_TIMEOUT))
            return error_wrap(err, "waiting for the first list of %s from %s", missing->resource->plural,
                              kube_client_server(informers->client));
        TRY(err);
    }
    return NULL;
}
