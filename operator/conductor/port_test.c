/* SPDX-License-Identifier: Apache-2.0 */
/* Ports that several tasks make and delete at once. */
#include "operator/conductor/test_world.h"

#include "operator/conductor/internal.h"
#include "operator/conductor/node_store.h"

struct racer {
    struct conductor *conductor;
    const char *node, *port; /* port: NULL makes one */
    char mac[20];
    int64_t *unexpected;
};

static void race(void *arg)
{
    struct racer *racer = arg;
    struct port *port = racer->port ? port_find(racer->conductor, racer->port) : NULL;
    struct error *err = NULL;
    if (port)
        err = port_delete(racer->conductor, port);
    else if (!racer->port)
        err = port_create(racer->conductor, racer->node, racer->mac, true, &port);
    if (port && !racer->port && !err)
        assert_string_equal(port->address, racer->mac);
    if (err && !error_is(err, ERROR_CONFLICT))
        ++*racer->unexpected;
    error_free(err);
}

/* Ports are deleted one by one, made, and deleted with their node, all at once. */
static void racing(struct world *w)
{
    struct racer racers[12];
    char *uuids[6];
    int64_t unexpected = 0;
    enroll(w);
    struct conductor *conductor = w->conductor;
    struct node *node = node_find(conductor, "ns~host");
    CLEANUP_FREE char *uuid = mem_strdup(node->uuid);
    for (int i = 0; i < 6; i++) {
        struct port *port = NULL;
        CLEANUP_FREE char *mac = mem_printf("52:54:00:00:01:0%d", i);
        assert_ok(port_create(conductor, uuid, mac, true, &port));
        uuids[i] = mem_strdup(port->uuid);
        racers[2 * i] = (struct racer){conductor, uuid, uuids[i], "", &unexpected};
        racers[2 * i + 1] = (struct racer){conductor, uuid, NULL, "", &unexpected};
        snprintf(racers[2 * i + 1].mac, sizeof(racers[0].mac), "52:54:00:00:02:0%d", i);
    }
    for (size_t i = 0; i < ARRAY_SIZE(racers); i++)
        rt_spawn(w->rt, NULL, "race", race, &racers[i]);
    assert_ok(ports_delete_but(conductor, uuid, NULL));
    assert_ok(rt_sleep(w->rt, RT_S));
    assert_int_equal(unexpected, 0);
    assert_ok(node_remove(node_find(conductor, uuid)));
    assert_int_equal(map_len(conductor->ports), 0);
    assert_int_equal(map_len(conductor->addresses), 0);
    for (int i = 0; i < 6; i++)
        free(uuids[i]);
}

static void test_racing(void **unused)
{
    for (uint64_t seed = 1; seed <= 20; seed++)
        world_run(racing, NULL, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_racing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
