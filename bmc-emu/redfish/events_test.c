// SPDX-License-Identifier: Apache-2.0
// Events as subscribers get them.
#include "bmc-emu/emulator_test.h"

#define SUBSCRIPTIONS "/redfish/v1/EventService/Subscriptions"
#define SUBMIT "/redfish/v1/EventService/Actions/EventService.SubmitTestEvent"
#define RESET SYSTEM "/Actions/ComputerSystem.Reset"
#define LISTENER "\"Destination\": \"http://images/events\", \"Protocol\": \"Redfish\""

/* The number-th body that the destination got. */
static struct json *received(struct world *world, size_t number)
{
    struct json *json;

    assert_true(number < world->received_count);
    assert_ok(json_parse_strict(world->received[number], strlen(world->received[number]), &json));
    return json;
}

static void events_are_posted_body(struct world *world)
{
    expect(world, "POST", SUBSCRIPTIONS,
           "{" LISTENER ", \"Context\": \"rack 7\", \"EventTypes\": [\"StatusChange\", \"Alert\"], "
           "\"HttpHeaders\": [{\"X-Token\": \"secret\"}]}",
           201);
    expect_text(world, SUBSCRIPTIONS "/1", "Context", "rack 7");
    expect_text(world, SUBSCRIPTIONS "/1", "HttpHeaders", NULL);
    expect(world, "POST", RESET, "{\"ResetType\": \"On\"}", 204);
    pass(world, 5 * RT_S);
    assert_true(world->received_count >= 2);
    CLEANUP(json_free) struct json *first = received(world, 0);
    assert_string_equal(json_str(first, "Context"), "rack 7");
    assert_string_equal(json_str(first, "Events/0/OriginOfCondition/@odata.id"), SYSTEM);
    size_t before = world->received_count;
    expect(world, "POST", SUBMIT,
           "{\"EventId\": \"e1\", \"EventTimestamp\": \"2020-01-01T00:00:00Z\", \"EventType\": \"Alert\", "
           "\"Message\": \"hello\", \"MessageArgs\": [\"a\"], \"MessageId\": \"Test.1.0.Hello\", "
           "\"OriginOfCondition\": \"/redfish/v1/x\", \"Severity\": \"Warning\"}",
           204);
    pass(world, RT_S);
    CLEANUP(json_free) struct json *test = received(world, before);
    assert_string_equal(json_str(test, "Events/0/EventId"), "e1");
    assert_string_equal(json_str(test, "Events/0/MessageArgs/0"), "a");
    /* What was not asked for does not come. */
    expect(world, "POST", MEDIA "/Cd/Actions/VirtualMedia.InsertMedia", "{\"Image\": \"http://images/boot.iso\"}", 204);
    expect(world, "DELETE", SUBSCRIPTIONS "/1", NULL, 204);
    expect(world, "POST", SUBMIT, "{\"MessageId\": \"Test.1.0.Hello\"}", 204);
    pass(world, RT_S);
    assert_int_equal(world->received_count, before + 1);
}

static void a_dead_destination_ends_the_subscription_body(struct world *world)
{
    expect(world, "PATCH", "/redfish/v1/EventService", "{\"DeliveryRetryAttempts\": 2}", 204);
    expect(world, "POST", SUBSCRIPTIONS, "{\"Destination\": \"http://images/none.iso\", \"Protocol\": \"Redfish\"}",
           201);
    expect(world, "POST", SUBSCRIPTIONS,
           "{\"Destination\": \"http://images/none.iso\", \"Protocol\": \"Redfish\", "
           "\"DeliveryRetryPolicy\": \"RetryForever\"}",
           201);
    expect(world, "POST", SUBMIT, "{\"MessageId\": \"Test.1.0.Hello\"}", 204);
    pass(world, 8 * RT_S);
    expect(world, "GET", SUBSCRIPTIONS "/1", NULL, 200);
    pass(world, 5 * RT_S);
    expect(world, "GET", SUBSCRIPTIONS "/1", NULL, 404);
    expect(world, "GET", SUBSCRIPTIONS "/2", NULL, 200);
    expect(world, "DELETE", SUBSCRIPTIONS "/2", NULL, 204);
}

static void wrong_subscriptions_are_refused_body(struct world *world)
{
    expect_error(world, "POST", SUBSCRIPTIONS, "{\"Protocol\": \"Redfish\"}", 400, "PropertyMissing");
    expect_error(world, "POST", SUBSCRIPTIONS, "{" LISTENER ", \"EventTypes\": [\"Gossip\"]}", 400,
                 "PropertyValueNotInList");
    expect_error(world, "POST", SUBSCRIPTIONS, "{\"Destination\": \"file:///etc\", \"Protocol\": \"Redfish\"}", 400,
                 "PropertyValueFormatError");
    expect_error(world, "POST", SUBSCRIPTIONS, "{" LISTENER ", \"HttpHeaders\": [{\"A\": \"b\\r\\nC: d\"}]}", 400,
                 "PropertyValueFormatError");
    expect_error(world, "POST", SUBMIT, "{}", 400, "ActionParameterMissing");
    for (int i = 0; i < 16; i++)
        expect(world, "POST", SUBSCRIPTIONS "/Members", "{" LISTENER "}", 201);
    expect_error(world, "POST", SUBSCRIPTIONS, "{" LISTENER "}", 400, "CreateLimitReachedForResource");
}

static void a_stream_brings_events_body(struct world *world)
{
    char url[160], buf[2048];
    struct http_stream *stream = NULL;
    struct http_request request = {.url = url, .user = world->user, .password = world->password};
    size_t len;

    snprintf(url, sizeof(url), "%s/redfish/v1/EventService/SSE", world->base);
    assert_ok(http_stream_open(world->client, &request, &stream));
    assert_int_equal(http_stream_status(stream), 200);
    assert_string_equal(http_stream_header(stream, "content-type"), "text/event-stream");
    expect_text(world, SUBSCRIPTIONS "/1", "SubscriptionType", "SSE");
    expect(world, "POST", SUBMIT, "{\"MessageId\": \"Test.1.0.Hello\"}", 204);
    assert_ok(http_stream_read(stream, buf, sizeof(buf) - 1, 0, &len));
    buf[len] = '\0';
    assert_true(str_has_prefix(buf, "id: 1\ndata: {"));
    assert_non_null(strstr(buf, "Test.1.0.Hello"));
    http_stream_close(stream);
    pass(world, RT_S);
    expect(world, "GET", SUBSCRIPTIONS "/1", NULL, 404);
}

IN_WORLD(events_are_posted)
IN_WORLD(a_dead_destination_ends_the_subscription)
IN_WORLD(wrong_subscriptions_are_refused)
IN_WORLD(a_stream_brings_events)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_posted),
        cmocka_unit_test(a_dead_destination_ends_the_subscription),
        cmocka_unit_test(wrong_subscriptions_are_refused),
        cmocka_unit_test(a_stream_brings_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
