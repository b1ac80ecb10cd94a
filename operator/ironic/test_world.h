/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the provisioner share: one host, its provisioner and a small Ironic, on virtual time. */
#ifndef OPERATOR_IRONIC_TEST_WORLD_H
#define OPERATOR_IRONIC_TEST_WORLD_H

#include "operator/ironic/fake_ironic.h"
#include "operator/ironic/backend.h"
#include "operator/ironic/ironic_provisioner.h"

#include "lib/log/log.h"
#include "lib/log/metrics.h"

#define IMAGE "{\"url\":\"http://images/a.raw\",\"checksum\":\"abc\",\"checksumType\":\"sha256\",\"format\":\"raw\"}"

struct world {
    struct rt *rt;
    struct env env;
    struct fake_ironic ironic;
    struct ironic_options options;
    struct ironic_backend *backend;
    struct provisioner_host host;
    struct strbuf events, woken;
    rt_time woken_at;
    const char *user_data;
    void (*body)(struct world *world);
};

static inline struct json *parse(const char *text)
{
    struct json *value = NULL;
    assert_ok(json_parse(text, strlen(text), &value));
    return value;
}

static inline void publish(void *arg, const char *reason, const char *message)
{
    struct world *world = arg;
    strbuf_addf(&world->events, "%s: %s\n", reason, message);
}

static inline void note_wake(void *arg, const char *ns, const char *name)
{
    struct world *world = arg;
    strbuf_addf(&world->woken, "%s/%s ", ns, name);
    world->woken_at = rt_now(world->rt);
}

static inline void world_main(void *arg)
{
    struct world *world = arg;
    struct net_sim *sim = net_sim_new(world->rt, &(struct net_sim_options){0});
    struct net *ironic_net = net_sim_host(sim, "ironic", "10.0.0.1");
    world->env.net = net_sim_host(sim, "operator", "10.0.0.2");
    world->env.group = rt_group_new(world->rt, NULL, "operator");
    fake_ironic_start(&world->ironic, world->rt, ironic_net);
    world->host = (struct provisioner_host){
        .ns = "metal3",
        .name = "node-0",
        .uid = "host-uid",
        .bmc_address = "redfish-virtualmedia+http://192.0.2.1:8000/redfish/v1/Systems/1",
        .user = "admin",
        .password = "pw",
        .boot_mac = "",
        .id = "",
        .publish = publish,
        .publish_arg = world,
    };
    world->body(world);
    rt_group_stop(world->env.group);
    ironic_backend_free(world->backend);
    fake_ironic_stop(&world->ironic);
    rt_group_free(world->env.group);
    net_free(world->env.net);
    net_free(ironic_net);
    net_sim_free(sim);
}

static inline void world_run(void (*body)(struct world *world))
{
    struct world world = {.body = body};
    world.options = (struct ironic_options){
        .endpoint = "http://ironic:6385/v1/",
        .deploy_kernel_url = "http://images/kernel",
        .deploy_ramdisk_url = "http://images/initrd",
        .cache_ttl = 5 * RT_S,
        .timeout = 30 * RT_S,
        .provisioning_limit = 2,
    };
    world.rt = rt_new_sim(1, TEST_WALL);
    world.env.rt = world.rt;
    world.env.log = log_new(&(struct log_options){.level = getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR + 1, .fd = 2});
    world.env.metrics = metrics_new();
    assert_ok(rt_run(world.rt, world_main, &world));
    strbuf_release(&world.events);
    strbuf_release(&world.woken);
    metrics_free(world.env.metrics);
    log_free(world.env.log);
    rt_free(world.rt);
}

#define WORLD_TEST(name)                                                                                               \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        world_run(name);                                                                                               \
    }

static inline void start(struct world *world)
{
    assert_ok(ironic_backend_new(&world->env, &world->options, &world->backend));
    struct provisioner_factory *factory = ironic_backend_factory(world->backend);
    factory->ops->set_wake(factory, note_wake, world);
}

static inline struct provisioner *make(struct world *world)
{
    struct provisioner *provisioner = NULL;
    struct provisioner_factory *factory = ironic_backend_factory(world->backend);
    assert_ok(factory->ops->make(factory, &world->host, &provisioner));
    return provisioner;
}

/* A function over the result of one operation in one pass. */
#define PASS(world, result, call)                                                                                      \
    do {                                                                                                               \
        struct provisioner *provisioner CLEANUP(provisioner_free) = make(world);                                       \
        provision_result_release(result);                                                                              \
        assert_ok(provisioner->ops->call);                                                                             \
    } while (0)

static const struct register_data plain_register = {.boot_mode = "UEFI", .automated_cleaning_mode = "metadata"};

/* Registers until it is done; the host knows its node's id then. */
static inline void register_fully(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    for (int i = 0; result.dirty; i++) {
        char *id = NULL;
        assert_true(i < 20);
        PASS(world, &result, register_host(provisioner, &plain_register, &result, &id));
        if (result.message)
            fail_msg("%s", result.message);
        free(id);
        if (result.dirty)
            assert_ok(rt_sleep(world->rt, result.requeue_after));
    }
    world->host.id = "uuid-1";
}

static inline struct json *only_node(struct world *world)
{
    return map_get(world->ironic.nodes, "uuid-1");
}

static inline void set_state(struct world *world, const char *state)
{
    fake_set_state(&world->ironic, only_node(world), state, NULL);
}

static inline void expect_write(struct world *world, const char *text)
{
    if (!strstr(strbuf_str(&world->ironic.writes), text))
        fail_msg("no write \"%s\" among:\n%s", text, strbuf_str(&world->ironic.writes));
}

static inline size_t count_calls(struct world *world, const char *call)
{
    size_t count = 0;
    for (const char *at = strbuf_str(&world->ironic.calls); (at = strstr(at, call)); at++)
        count++;
    return count;
}

static inline struct error *user_data(void *arg, char **ret)
{
    struct world *world = arg;
    *ret = mem_strdup(world->user_data);
    return NULL;
}

static inline struct error *meta_data(void *arg, char **ret)
{
    *ret = mem_strdup("role: worker\nname: other\n");
    return NULL;
}

static inline struct error *network_data(void *arg, char **ret)
{
    *ret = mem_strdup("links: []");
    return NULL;
}

static inline struct error *no_data(void *arg, char **ret)
{
    return error_new(ERROR_NOT_FOUND, "secret metal3/x does not exist");
}

static inline struct provision_data image_data(struct world *world, const struct json *image)
{
    return (struct provision_data){.image = image,
                                   .boot_mode = "UEFI",
                                   .user_data = user_data,
                                   .meta_data = meta_data,
                                   .network_data = network_data,
                                   .data_arg = world};
}

/* Calls provision until it is done or has failed. */
static inline void provision_fully(struct world *world, const struct provision_data *data,
                                   struct provision_result *result)
{
    result->dirty = true;
    for (int i = 0; result->dirty; i++) {
        assert_true(i < 100);
        PASS(world, result, provision(provisioner, data, result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
}

#endif
