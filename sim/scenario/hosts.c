/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests out, states in. */
#include "sim/scenario/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/map.h"
#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "operator/api/metal3.h"
#include "operator/kube/informer.h"
#include "operator/kube/object.h"

struct hosts {
    const struct env *env;
    struct hosts_options options;
    struct informers *informers;
    VEC(struct host) items;
    struct map *by_name; /* into items */
    struct rt_cond changed;
};

/* -- the table -- */

static struct host *find(struct hosts *hosts, const char *name)
{
    return name ? map_get(hosts->by_name, name) : NULL;
}

const char *hosts_state_of(const struct host *host)
{
    return host->phases.len ? host->phases.items[host->phases.len - 1].state : "";
}

static bool is_passing(const char *state)
{
    static const char *const passing[] = {"registering",  "inspecting",     "preparing",
                                          "provisioning", "deprovisioning", "powering off before delete",
                                          "deleting"};
    for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
        if (str_equal(passing[i], state))
            return true;
    return false;
}

bool hosts_reached(struct host *host, const char *state)
{
    size_t present = host->phases.len ? host->phases.len - 1 : 0;
    for (size_t i = is_passing(state) ? host->awaited : present; i < host->phases.len; i++) {
        if (str_equal(host->phases.items[i].state, state)) {
            host->awaited = i;
            return true;
        }
    }
    return false;
}

static void enter_phase(struct hosts *hosts, struct host *host, const char *state)
{
    if (str_equal(hosts_state_of(host), state))
        return;
    struct host_phase phase = {mem_strdup(state), rt_now(hosts->env->rt)};
    VEC_PUSH(&host->phases, phase);
}

static void tell(struct hosts *hosts, struct host *host)
{
    if (hosts->options.changed)
        hosts->options.changed(hosts->options.arg, host);
    rt_cond_broadcast(hosts->env->rt, &hosts->changed);
}

static void take_object(struct hosts *hosts, struct kube_object *object)
{
    struct host *host = find(hosts, kube_name(kube_object_json(object)));
    if (!host || !str_equal(kube_namespace(kube_object_json(object)), HOSTS_NAMESPACE))
        return;
    json_free(host->object);
    host->object = kube_object_copy(object);
    enter_phase(hosts, host, json_str_or(host->object, "status/provisioning/state", ""));
    tell(hosts, host);
}

static void on_added(void *arg, struct kube_object *object)
{
    take_object(arg, object);
}

static void on_updated(void *arg, struct kube_object *old, struct kube_object *object)
{
    take_object(arg, object);
}

static void on_deleted(void *arg, struct kube_object *last)
{
    struct hosts *hosts = arg;
    struct host *host = find(hosts, kube_name(kube_object_json(last)));
    if (!host)
        return;
    json_free(TAKE_PTR(host->object));
    enter_phase(hosts, host, "deleted");
    tell(hosts, host);
}

void hosts_watch(struct hosts *hosts)
{
    struct informer_handler handler = {on_added, on_updated, on_deleted, hosts};
    informer_add_handler(informers_get(hosts->informers, &metal3_bare_metal_hosts, NULL), &handler);
    informers_start(hosts->informers);
}

struct error *hosts_wait_change(struct hosts *hosts, rt_time deadline)
{
    return rt_cond_wait(hosts->env->rt, &hosts->changed, deadline);
}

size_t hosts_len(const struct hosts *hosts)
{
    return hosts->items.len;
}

struct host *hosts_at(struct hosts *hosts, size_t index)
{
    return &hosts->items.items[index];
}

size_t hosts_in_state(const struct hosts *hosts, const char *state)
{
    size_t count = 0;
    VEC_FOREACH (host, &hosts->items)
        count += str_equal(hosts_state_of(host), state);
    return count;
}

/* -- life -- */

struct error *hosts_new(const struct env *env, const struct hosts_options *options, struct hosts **ret)
{
    CLEANUP(hosts_free) struct hosts *hosts = mem_alloc(sizeof(*hosts));
    struct informers_options informers = {.client = options->kube};

    hosts->env = env;
    hosts->options = *options;
    JSON_FOREACH (machine, options->machines) {
        const char *name = NULL;
        TRY_WRAP(json_need_str(machine, "name", &name), "the fleet's list of machines");
        struct host host = {.number = hosts->items.len + 1, .name = mem_strdup(name), .machine = json_copy(machine)};
        VEC_PUSH(&hosts->items, host);
    }
    hosts->by_name = map_new(NULL);
    VEC_FOREACH (host, &hosts->items)
        map_set(hosts->by_name, host->name, host);
    hosts->informers = informers_new(env, &informers);
    *ret = TAKE_PTR(hosts);
    return NULL;
}

void hosts_free(struct hosts *hosts)
{
    if (!hosts)
        return;
    informers_free(hosts->informers);
    VEC_FOREACH (host, &hosts->items) {
        free(host->name);
        json_free(host->machine);
        json_free(host->object);
        VEC_FOREACH (phase, &host->phases)
            free(phase->state);
        VEC_RELEASE(&host->phases);
    }
    VEC_RELEASE(&hosts->items);
    map_free(hosts->by_name);
    free(hosts);
}

/* -- selection -- */

static struct error *select_one(struct hosts *hosts, const struct json *which,
                                struct error *(*fn)(void *arg, struct host *host), void *arg)
{
    if (json_is_integer(which)) {
        int64_t number = json_int(which, "", 0);
        if (number < 1 || number > (int64_t)hosts->items.len)
            return error_new(ERROR_INVALID, "there is no host %d; the fleet has hosts 1 to %zu", (int)number,
                             hosts->items.len);
        return fn(arg, &hosts->items.items[number - 1]);
    }
    struct host *host = find(hosts, json_str(which, ""));
    if (!host)
        return error_new(ERROR_INVALID, "there is no host \"%s\"; give a number from 1 to %zu, or all",
                         json_str_or(which, "", "?"), hosts->items.len);
    return fn(arg, host);
}

struct error *hosts_select(struct hosts *hosts, const struct json *selector,
                           struct error *(*fn)(void *arg, struct host *host), void *arg)
{
    if (!selector || str_equal(json_str(selector, ""), "all")) {
        VEC_FOREACH (host, &hosts->items)
            TRY_WRAP(fn(arg, host), "host %s", host->name);
        return NULL;
    }
    if (!json_is(selector, JSON_ARRAY))
        return select_one(hosts, selector, fn, arg);
    JSON_FOREACH (which, selector)
        TRY(select_one(hosts, which, fn, arg));
    return NULL;
}

/* -- manifests -- */

/* Creates the object, or merges it into the one that is there. */
static struct error *apply(struct hosts *hosts, const struct kube_resource *resource, const struct json *object)
{
    struct error *err = kube_create(hosts->options.kube, resource, object, NULL);
    if (!kube_is_already_exists(err))
        return err;
    error_free(err);
    return kube_patch(hosts->options.kube, resource, resource->namespaced ? HOSTS_NAMESPACE : NULL, kube_name(object),
                      KUBE_PATCH_MERGE, object, NULL, NULL);
}

static struct error *apply_secret(struct hosts *hosts, const char *name, const char *const *pairs)
{
    CLEANUP(json_free) struct json *secret = kube_object_make(&kube_secrets, HOSTS_NAMESPACE, name);
    json_put_str(secret, "type", "Opaque");
    for (; *pairs; pairs += 2)
        kube_secret_set(secret, pairs[0], pairs[1], strlen(pairs[1]));
    return apply(hosts, &kube_secrets, secret);
}

static struct error *apply_secrets(struct hosts *hosts, const struct host *host, const struct host_manifest *manifest)
{
    CLEANUP_FREE char *bmc = mem_printf("%s-bmc", host->name);
    CLEANUP_FREE char *user_data = mem_printf("%s-user-data", host->name);
    const char *credentials[] = {"username", json_str_or(host->machine, "bmc/user", ""), "password",
                                 json_str_or(host->machine, "bmc/password", ""), NULL};
    const char *data[] = {"value", manifest->user_data, NULL};

    TRY(apply_secret(hosts, bmc, credentials));
    return manifest->user_data ? apply_secret(hosts, user_data, data) : NULL;
}

static struct json *host_object(const struct host *host, const struct host_manifest *manifest)
{
    struct json *object = kube_object_make(&metal3_bare_metal_hosts, HOSTS_NAMESPACE, host->name);

    json_set_bool(object, "spec/online", manifest->online);
    json_set_str(object, "spec/bootMACAddress", json_str(host->machine, "mac"));
    json_set_str(object, "spec/bmc/address", json_str(host->machine, "bmc/address"));
    json_set_printf(object, "spec/bmc/credentialsName", "%s-bmc", host->name);
    json_set_bool(object, "spec/bmc/disableCertificateVerification", true); /* the fleet's BMCs sign for themselves */
    if (manifest->image) {
        json_set_str(object, "spec/image/url", manifest->image_url);
        json_set_str(object, "spec/image/checksum", manifest->image_checksum);
        json_set_str(object, "spec/image/checksumType", "sha256");
        json_set_str(object, "spec/image/format", "raw");
    }
    if (manifest->user_data)
        json_set_printf(object, "spec/userData/name", "%s-user-data", host->name);
    return object;
}

struct error *hosts_apply(struct hosts *hosts, struct host *host, const struct host_manifest *manifest)
{
    CLEANUP(json_free) struct json *object = host_object(host, manifest);

    if (!host->applied)
        host->applied = rt_now(hosts->env->rt);
    TRY(apply_secrets(hosts, host, manifest));
    return apply(hosts, &metal3_bare_metal_hosts, object);
}
