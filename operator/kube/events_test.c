/* SPDX-License-Identifier: Apache-2.0 */
/* Events as they arrive at the server. */
#include "operator/kube/events.h"
#include "operator/kube/test_peer.h"

static const struct kube_resource gadgets = {"lab.sim", "v1", "gadgets", "Gadget", true};

static struct json *make_object(void)
{
    struct json *object = kube_object_make(&gadgets, "lab", "g");
    json_set_str(object, "metadata/uid", "u-1");
    json_set_str(object, "metadata/resourceVersion", "12");
    return object;
}

static struct json *sent(struct world *world, size_t call)
{
    struct json *value = NULL;
    assert_true(call < world->calls.len);
    assert_null(json_parse(world->calls.items[call].body, strlen(world->calls.items[call].body), &value));
    return value;
}

static void flush(struct world *world, struct event_recorder *recorder)
{
    assert_null(event_recorder_flush(recorder, rt_after(world->rt, 60 * RT_S)));
}

static void repetition_raises_the_count(struct world *world)
{
    struct event_recorder *recorder = event_recorder_new(&world->env, world->client);
    CLEANUP(json_free) struct json *object = make_object();
    struct event event = {.resource = &gadgets,
                          .object = object,
                          .type = EVENT_WARNING,
                          .reason = "Broken",
                          .message = "it is broken",
                          .component = "gadget-controller"};
    event_record(recorder, &event);
    flush(world, recorder);
    world_sleep(world, 30 * RT_S);
    event_record(recorder, &event);
    flush(world, recorder);
    world_sleep(world, 11 * 60 * RT_S); /* too long ago to be the same */
    event_record(recorder, &event);
    event.message = "it is very broken";
    event_record(recorder, &event);
    event_record(recorder, &event); /* whose event has expired on the server */
    flush(world, recorder);

    CLEANUP(json_free) struct json *first = sent(world, 0);
    assert_true(str_has_prefix(kube_name(first), "g."));
    assert_string_equal(kube_namespace(first), "lab");
    assert_string_equal(json_str(first, "involvedObject/kind"), "Gadget");
    assert_string_equal(json_str(first, "involvedObject/apiVersion"), "lab.sim/v1");
    assert_string_equal(json_str(first, "involvedObject/uid"), "u-1");
    assert_string_equal(json_str(first, "involvedObject/resourceVersion"), "12");
    assert_string_equal(json_str(first, "type"), "Warning");
    assert_string_equal(json_str(first, "source/component"), "gadget-controller");
    assert_int_equal(json_int(first, "count", 0), 1);
    assert_string_equal(json_str(first, "firstTimestamp"), json_str(first, "lastTimestamp"));

    CLEANUP(json_free) struct json *again = sent(world, 1);
    assert_string_equal(world->calls.items[1].content_type, "application/strategic-merge-patch+json");
    assert_int_equal(json_int(again, "count", 0), 2);
    assert_int_equal(json_len(again), 2);
    rt_group_stop(world->env.group);
    event_recorder_free(recorder);
}

#define CREATED "{\"metadata\":{\"name\":\"g.1\",\"namespace\":\"lab\"}}"
#define EVENTS "/api/v1/namespaces/lab/events"

static void test_repetition(void **state)
{
    static const struct peer_step steps[] = {
        {"POST " EVENTS, 201, CREATED},
        {"PATCH " EVENTS "/g.1", 200, CREATED},
        {"POST " EVENTS, 201, CREATED},
        {"POST " EVENTS, 201, CREATED},
        {"PATCH " EVENTS "/g.1", 404, "{}"},
        {"POST " EVENTS, 201, CREATED},
        {0},
    };
    struct world world = {.steps = steps};
    world_run(&world, repetition_raises_the_count);
}

static void host_events_are_always_new(struct world *world)
{
    struct event_recorder *recorder = event_recorder_new(&world->env, world->client);
    CLEANUP(json_free) struct json *object = make_object();
    CLEANUP(json_free) struct json *related = json_new_object();
    json_set_str(related, "name", "machine-1");
    struct event event = {.resource = &gadgets,
                          .object = object,
                          .related = related,
                          .reason = "Registered",
                          .message = "Registered new host",
                          .component = "metal3-baremetal-controller",
                          .reporting_component = "metal3.io/baremetal-controller",
                          .always_new = true};
    event_record(recorder, &event);
    event_record(recorder, &event);
    flush(world, recorder);
    CLEANUP(json_free) struct json *first = sent(world, 0);
    assert_string_equal(json_str(first, "metadata/generateName"), "Registered-");
    assert_string_equal(json_str(first, "type"), "Normal");
    assert_string_equal(json_str(first, "related/name"), "machine-1");
    assert_string_equal(json_str(first, "source/component"), "metal3-baremetal-controller");
    assert_string_equal(json_str(first, "reportingComponent"), "metal3.io/baremetal-controller");
    assert_false(json_has(first, "involvedObject/resourceVersion"));
    rt_group_stop(world->env.group);
    event_recorder_free(recorder);
}

static void test_always_new(void **state)
{
    static const struct peer_step steps[] = {{"POST " EVENTS, 201, CREATED}, {"POST " EVENTS, 503, "{}"}, {0}};
    struct world world = {.steps = steps};
    world_run(&world, host_events_are_always_new);
}

static void bursts_are_bounded(struct world *world)
{
    struct event_recorder *recorder = event_recorder_new(&world->env, world->client);
    CLEANUP(json_free) struct json *object = make_object();
    for (int i = 0; i < EVENTS_QUEUE_MAX + 500; i++) {
        CLEANUP_FREE char *message = mem_printf("number %d", i);
        event_record(recorder,
                     &(struct event){.resource = &gadgets, .object = object, .reason = "R", .message = message});
    }
    flush(world, recorder);
    assert_int_equal(world->calls.len, EVENTS_QUEUE_MAX);
    rt_group_stop(world->env.group);
    event_recorder_free(recorder);
}

static void accept_all(struct world *world, struct http_exchange *exchange)
{
    http_reply_str(exchange, 201, "application/json", CREATED);
}

static void test_bursts(void **state)
{
    struct world world = {.handle = accept_all};
    world_run(&world, bursts_are_bounded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repetition),
        cmocka_unit_test(test_always_new),
        cmocka_unit_test(test_bursts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
