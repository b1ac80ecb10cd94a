// SPDX-License-Identifier: Apache-2.0
// BMCs over IPMI on virtual time, as a client that counts time and repeats itself meets them. The codec has its own test against ipmitool's packets.
#include "bmc-emu/emulator.h"
#include "bmc-emu/ipmi/ipmi.h"
#include "lib/data/bytes.h"
#include "lib/ipmi/packet.h"
#include "lib/log/log.h"
#include "lib/net/sim.h"
#include "lib/net/udp.h"
#include "lib/test.h"

static const uint8_t admin_password[IPMI_KEY_MAX] = "password";

struct world {
    struct rt *rt;
    struct env env;
    struct bmc_emulator *emulator;
    struct ipmi_context *ipmi; /* a second front end on the same machines, called without a network */
    struct udp_peer peer;
    uint8_t answer[IPMI_PACKET_MAX];
    size_t answer_len;
    void (*body)(struct world *world);
};

/* A client's end of a session. */
struct session {
    struct ipmi_keys keys;
    uint32_t id, sequence;
    uint8_t number; /* of the last request */
};

struct reply {
    uint8_t code, data[IPMI_PACKET_MAX];
    size_t len;
};

static size_t send(struct world *world, const void *data, size_t len)
{
    return world->answer_len = ipmi_handle(world->ipmi, 0, &world->peer, data, len, world->answer);
}

/* Sends a payload of the handshake; the answer's payload, or NULL. */
static const uint8_t *shake(struct world *world, uint8_t type, const void *data, size_t len, size_t *ret_len)
{
    uint8_t packet[IPMI_PACKET_MAX];
    struct ipmi_packet answer;

    if (!send(world, packet, ipmi_packet_plain(packet, type, data, len)))
        return NULL;
    assert_true(ipmi_packet_parse(world->answer, world->answer_len, &answer));
    assert_int_equal(answer.payload, type + 1);
    if (ret_len)
        *ret_len = answer.len;
    return answer.data;
}

static uint8_t open_session(struct world *world, const uint8_t algorithms[3], uint32_t *ret_id)
{
    uint8_t request[32] = {1, 0, 0, 0, 0xa4, 0xa3, 0xa2, 0xa0};

    for (uint8_t i = 0; i < 3; i++) {
        request[8 + 8 * i] = i;
        request[11 + 8 * i] = 8;
        request[12 + 8 * i] = algorithms[i];
    }
    const uint8_t *answer = shake(world, IPMI_PAYLOAD_OPEN_REQUEST, request, sizeof(request), NULL);
    assert_non_null(answer);
    if (!answer[1])
        *ret_id = get_le32(answer + 8);
    return answer[1];
}

/* The whole handshake; the status that ended it. */
static uint8_t login(struct world *world, uint8_t suite, const char *user, const uint8_t password[IPMI_KEY_MAX],
                     uint8_t role, struct session *ret)
{
    struct ipmi_rakp rakp = {.suite = ipmi_suite_find(suite), .console = 0xa0a2a3a4, .role = role};
    uint8_t request[64] = {2}, code[IPMI_DIGEST_MAX];
    const uint8_t algorithms[] = {rakp.suite->authentication, rakp.suite->integrity, rakp.suite->confidentiality};
    uint8_t status = open_session(world, algorithms, &rakp.bmc);

    if (status)
        return status;
    put_le32(request + 4, rakp.bmc);
    memset(rakp.console_random, 7, IPMI_RANDOM_SIZE);
    memcpy(request + 8, rakp.console_random, IPMI_RANDOM_SIZE);
    request[24] = role;
    request[27] = rakp.name_len = (uint8_t)strlen(user);
    memcpy(rakp.name, user, rakp.name_len);
    memcpy(request + 28, user, rakp.name_len);
    const uint8_t *answer = shake(world, IPMI_PAYLOAD_RAKP1, request, 28u + rakp.name_len, NULL);
    assert_non_null(answer);
    if (answer[1])
        return answer[1];
    memcpy(rakp.bmc_random, answer + 8, IPMI_RANDOM_SIZE);
    memcpy(rakp.guid, answer + 24, IPMI_GUID_SIZE);
    ipmi_rakp3_code(&rakp, password, code);
    memset(request, 0, sizeof(request));
    put_le32(request + 4, rakp.bmc);
    memcpy(request + 8, code, rakp.suite->digest_len);
    answer = shake(world, IPMI_PAYLOAD_RAKP3, request, 8u + rakp.suite->digest_len, NULL);
    assert_non_null(answer);
    *ret = (struct session){.id = rakp.bmc};
    ipmi_rakp_keys(&rakp, password, &ret->keys);
    return answer[1];
}

/* Sends the request `number` with the session's next sequence number; false: no answer. */
static bool request(struct world *world, struct session *session, uint8_t netfn, uint8_t command, const void *data,
                    size_t len, struct reply *ret)
{
    uint8_t payload[IPMI_PAYLOAD_MAX], packet[IPMI_PACKET_MAX];
    struct ipmi_message message = {.target = IPMI_ADDRESS_BMC,
                                   .netfn = netfn,
                                   .source = IPMI_ADDRESS_CONSOLE,
                                   .sequence = session->number,
                                   .command = command,
                                   .data = data,
                                   .len = len};
    struct ipmi_packet answer;

    size_t size = ipmi_message_write(payload, &message);
    size = ipmi_packet_sealed(packet, &session->keys, IPMI_PAYLOAD_MESSAGE, session->id, ++session->sequence,
                              (const uint8_t[16]){1}, payload, size);
    if (!send(world, packet, size))
        return false;
    assert_true(ipmi_packet_parse(world->answer, world->answer_len, &answer));
    assert_int_equal(answer.session, 0xa0a2a3a4);
    assert_true(ipmi_packet_verify(&answer, &session->keys));
    assert_true(ipmi_decrypt(&session->keys, answer.data, answer.len, payload, &size));
    assert_true(ipmi_message_parse(payload, size, &message));
    assert_int_equal(message.netfn, netfn + 1);
    assert_int_equal(message.command, command);
    ret->code = message.data[0];
    ret->len = message.len - 1;
    memcpy(ret->data, message.data + 1, ret->len);
    return true;
}

/* A new request that must be answered with a code. */
static struct reply call(struct world *world, struct session *session, uint8_t netfn, uint8_t command, const void *data,
                         size_t len, uint8_t code)
{
    struct reply reply;

    session->number = (session->number + 1) & 0x3f;
    if (!request(world, session, netfn, command, data, len, &reply))
        fail_msg("no answer to %02x/%02x", netfn, command);
    if (reply.code != code)
        fail_msg("%02x/%02x: code %02x, not %02x", netfn, command, reply.code, code);
    return reply;
}
#define CALL(world, session, netfn, command, code, ...)                                                                \
    call(world, session, netfn, command, (const uint8_t[]){0, ##__VA_ARGS__} + 1,                                      \
         sizeof((const uint8_t[]){0, ##__VA_ARGS__}) - 1, code)

static struct session login_admin(struct world *world, uint8_t suite)
{
    struct session session;

    assert_int_equal(login(world, suite, "admin", admin_password, IPMI_ADMINISTRATOR, &session), IPMI_RAKP_OK);
    CALL(world, &session, IPMI_NETFN_APP, 0x3b, IPMI_OK, IPMI_ADMINISTRATOR);
    return session;
}

static bool is_on(struct world *world, struct session *session)
{
    return CALL(world, session, IPMI_NETFN_CHASSIS, 0x01, IPMI_OK).data[0] & 1;
}

static void wait_power(struct world *world, struct session *session, bool on)
{
    for (int i = 0; i < 200 && is_on(world, session) != on; i++)
        assert_ok(rt_sleep(world->rt, RT_S));
    assert_int_equal(is_on(world, session), on);
}

/* -- tests -- */

static void power_body(struct world *world)
{
    for (const struct ipmi_suite *suite = ipmi_suites; suite->id; suite++) {
        struct session session = login_admin(world, suite->id);
        assert_false(is_on(world, &session));
        CALL(world, &session, IPMI_NETFN_CHASSIS, 0x02, IPMI_CC_STATE, 3); /* no reset without power */
        CALL(world, &session, IPMI_NETFN_CHASSIS, 0x02, IPMI_OK, 1);
        wait_power(world, &session, true);
        CALL(world, &session, IPMI_NETFN_CHASSIS, 0x02, IPMI_OK, 0);
        wait_power(world, &session, false);
        CALL(world, &session, IPMI_NETFN_CHASSIS, 0x02, IPMI_CC_FIELD, 9);
        CALL(world, &session, IPMI_NETFN_CHASSIS, 0x02, IPMI_CC_LENGTH);
        CALL(world, &session, 0x2e, 0x01, IPMI_CC_INVALID_COMMAND);
    }
}

static void refusals_body(struct world *world)
{
    static const uint8_t mixed[] = {1, 4, 1}, none[] = {0, 0, 0};
    static const uint8_t wrong[IPMI_KEY_MAX] = "wrong";
    struct session session;
    uint32_t id;

    assert_int_equal(login(world, 3, "admin", wrong, IPMI_ADMINISTRATOR, &session), IPMI_RAKP_BAD_CHECK);
    assert_int_equal(login(world, 17, "nobody", wrong, IPMI_ADMINISTRATOR, &session), IPMI_RAKP_UNAUTHORIZED_NAME);
    assert_int_equal(login(world, 17, "", wrong, IPMI_ADMINISTRATOR, &session), IPMI_RAKP_UNAUTHORIZED_NAME);
    assert_int_equal(open_session(world, mixed, &id), IPMI_RAKP_NO_SUITE);
    assert_int_equal(open_session(world, none, &id), IPMI_RAKP_BAD_AUTHENTICATION);
    /* Who only opened a session has none. */
    assert_int_equal(open_session(world, (const uint8_t[]){1, 1, 1}, &id), IPMI_RAKP_OK);
    session = (struct session){.id = id, .keys = {.suite = ipmi_suite_find(3)}};
    struct reply reply;
    assert_false(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
}

static void privileges_body(struct world *world)
{
    struct session session;
    uint8_t name[17] = {3}, password[18] = {3, 2}, key[IPMI_KEY_MAX] = "reader-password";
    struct session admin = login_admin(world, 17);

    memcpy(name + 1, "reader", 6);
    memcpy(password + 2, key, 16);
    call(world, &admin, IPMI_NETFN_APP, 0x45, name, sizeof(name), IPMI_OK);
    call(world, &admin, IPMI_NETFN_APP, 0x47, password, sizeof(password), IPMI_OK);
    CALL(world, &admin, IPMI_NETFN_APP, 0x43, IPMI_OK, 0x91, 3, IPMI_USER);
    assert_int_equal(login(world, 3, "reader", key, IPMI_USER, &session), IPMI_RAKP_UNAUTHORIZED_NAME);
    CALL(world, &admin, IPMI_NETFN_APP, 0x47, IPMI_OK, 3, 1);
    assert_int_equal(login(world, 3, "reader", key, IPMI_ADMINISTRATOR, &session), IPMI_RAKP_UNAUTHORIZED_ROLE);
    assert_int_equal(login(world, 3, "reader", key, IPMI_USER, &session), IPMI_RAKP_OK);
    CALL(world, &session, IPMI_NETFN_APP, 0x3b, IPMI_CC_81, IPMI_OPERATOR);
    assert_false(is_on(world, &session));
    CALL(world, &session, IPMI_NETFN_CHASSIS, 0x02, IPMI_CC_PRIVILEGE, 1);
    call(world, &admin, IPMI_NETFN_APP, 0x47, password, sizeof(password), IPMI_OK);
    CALL(world, &admin, IPMI_NETFN_APP, 0x47, IPMI_OK, 3, 0);
    struct reply reply;
    assert_false(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
}

/* A client that lost an answer asks again: nothing happens twice. What is sent again as it was is dropped. */
static void repeats_body(struct world *world)
{
    static const uint8_t event[] = {0x04, 0x01, 0x30, 0x01, 0x09, 0xff, 0xff};
    struct session session = login_admin(world, 17);
    struct reply reply;

    CALL(world, &session, IPMI_NETFN_STORAGE, 0x40, IPMI_OK);
    session.number++;
    for (int i = 0; i < 3; i++) {
        assert_true(request(world, &session, IPMI_NETFN_SENSOR, 0x02, event, sizeof(event), &reply));
        assert_int_equal(reply.code, IPMI_OK);
    }
    assert_int_equal(get_le16(CALL(world, &session, IPMI_NETFN_STORAGE, 0x40, IPMI_OK).data + 1), 1);
    session.sequence--;
    assert_false(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
    /* Too far ahead; and late, but within the window. */
    session.sequence += 16;
    assert_false(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
    session.sequence -= 2;
    session.number++;
    assert_true(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
    session.sequence -= 2;
    session.number++;
    assert_true(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
}

static void limits_body(struct world *world)
{
    struct session sessions[IPMI_SESSIONS_MAX], more;
    struct reply reply;

    for (size_t i = 0; i < IPMI_SESSIONS_MAX; i++)
        sessions[i] = login_admin(world, 3);
    assert_int_equal(login(world, 3, "admin", admin_password, IPMI_ADMINISTRATOR, &more), IPMI_RAKP_NO_RESOURCES);
    CALL(world, &sessions[5], IPMI_NETFN_APP, 0x3c, IPMI_OK, (uint8_t)sessions[5].id, (uint8_t)(sessions[5].id >> 8),
         (uint8_t)(sessions[5].id >> 16), (uint8_t)(sessions[5].id >> 24));
    more = login_admin(world, 3);
    assert_ok(rt_sleep(world->rt, 55 * RT_S));
    is_on(world, &more);
    assert_ok(rt_sleep(world->rt, 10 * RT_S));
    is_on(world, &more);
    assert_false(request(world, &sessions[0], IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
    assert_int_equal(CALL(world, &more, IPMI_NETFN_APP, 0x3d, IPMI_OK, 0).data[2], 1);
}

static bool override_is_valid(struct world *world, struct session *session)
{
    return CALL(world, session, IPMI_NETFN_CHASSIS, 0x09, IPMI_OK, 5, 0, 0).data[2] & 0x80;
}

/* Boot flags hold for a minute, unless a power command comes or the client asks for more (§28.12). */
static void boot_flags_body(struct world *world)
{
    struct session session = login_admin(world, 17);

    CALL(world, &session, IPMI_NETFN_CHASSIS, 0x08, IPMI_OK, 5, 0xa0, 0x04, 0, 0, 0);
    assert_true(override_is_valid(world, &session));
    assert_ok(rt_sleep(world->rt, 50 * RT_S));
    assert_true(override_is_valid(world, &session));
    assert_ok(rt_sleep(world->rt, 20 * RT_S));
    assert_false(override_is_valid(world, &session));
    CALL(world, &session, IPMI_NETFN_CHASSIS, 0x08, IPMI_OK, 3, 0x08);
    CALL(world, &session, IPMI_NETFN_CHASSIS, 0x08, IPMI_OK, 5, 0xe0, 0x14, 0, 0, 0);
    assert_ok(rt_sleep(world->rt, 50 * RT_S));
    assert_true(override_is_valid(world, &session));
    assert_ok(rt_sleep(world->rt, 50 * RT_S));
    struct reply reply = CALL(world, &session, IPMI_NETFN_CHASSIS, 0x09, IPMI_OK, 5, 0, 0);
    assert_int_equal(reply.data[2], 0xe0);
    assert_int_equal(reply.data[3], 0x14);
    CALL(world, &session, IPMI_NETFN_CHASSIS, 0x08, IPMI_CC_80, 99, 0);
    CALL(world, &session, IPMI_NETFN_CHASSIS, 0x08, IPMI_CC_FIELD, 5, 0x80, 0x30, 0, 0, 0);
}

static void watchdog_body(struct world *world)
{
    struct session session = login_admin(world, 17);

    CALL(world, &session, IPMI_NETFN_APP, 0x22, IPMI_CC_80);
    CALL(world, &session, IPMI_NETFN_CHASSIS, 0x02, IPMI_OK, 1);
    wait_power(world, &session, true);
    CALL(world, &session, IPMI_NETFN_APP, 0x24, IPMI_OK, 0x04, 0x02, 0, 0, 100, 0); /* power down in 10 s */
    CALL(world, &session, IPMI_NETFN_APP, 0x22, IPMI_OK);
    assert_ok(rt_sleep(world->rt, 9 * RT_S));
    CALL(world, &session, IPMI_NETFN_APP, 0x22, IPMI_OK); /* alive */
    assert_ok(rt_sleep(world->rt, 9 * RT_S));
    assert_true(is_on(world, &session));
    assert_ok(rt_sleep(world->rt, 2 * RT_S));
    wait_power(world, &session, false);
    assert_int_equal(CALL(world, &session, IPMI_NETFN_APP, 0x25, IPMI_OK).data[3], 1 << 4);
}

static void restart_body(struct world *world)
{
    struct session session = login_admin(world, 17), more;
    static const uint8_t ping[] = {0x06, 0, 0xff, 0x06, 0, 0, 0x11, 0xbe, 0x80, 9, 0, 0};
    struct reply reply;

    CALL(world, &session, IPMI_NETFN_APP, 0x02, IPMI_OK);
    assert_false(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
    assert_int_equal(send(world, ping, sizeof(ping)), 0);
    assert_ok(rt_sleep(world->rt, 6 * RT_S));
    assert_true(send(world, ping, sizeof(ping)) > 0);
    assert_false(request(world, &session, IPMI_NETFN_CHASSIS, 0x01, NULL, 0, &reply));
    assert_int_equal(login(world, 17, "admin", admin_password, IPMI_HIGHEST, &more), IPMI_RAKP_OK);
}

/* Through the emulator's own listener, and its journal. */
static void network_body(struct world *world)
{
    static const uint8_t ping[] = {0x06, 0, 0xff, 0x06, 0, 0, 0x11, 0xbe, 0x80, 9, 0, 0};
    CLEANUP(udp_close) struct udp *udp = NULL;
    struct udp_peer from, local, bmc = {.address = "127.1.0.2", .port = IPMI_PORT};
    uint8_t data[100];
    size_t len;

    assert_ok(udp_open(world->env.net, world->env.group, "0.0.0.0", 0, &udp));
    assert_ok(udp_send(udp, NULL, &bmc, ping, sizeof(ping)));
    assert_ok(udp_receive(udp, data, sizeof(data), rt_after(world->rt, RT_S), &len, &from, &local));
    assert_string_equal(from.address, bmc.address);
    assert_int_equal(data[8], 0x40);
    assert_int_equal(data[9], 9);
    /* No machine has this address. */
    snprintf(bmc.address, sizeof(bmc.address), "127.1.0.77");
    assert_ok(udp_send(udp, NULL, &bmc, ping, sizeof(ping)));
    assert_error(udp_receive(udp, data, sizeof(data), rt_after(world->rt, RT_S), &len, &from, &local), ERROR_TIMEOUT);
}

static void drop_line(void *arg, const char *line, size_t len)
{
}

static void run_body(void *arg)
{
    struct world *world = arg;
    struct bmc_emulator_options options = {
        .machines = 3, .addresses = "127.1.0.0/16", .user = "admin", .password = "password", .ipmi_port = IPMI_PORT};
    struct rt_group *group = rt_group_new(world->rt, NULL, "direct");

    assert_ok(bmc_emulator_start(&world->env, &options, &world->emulator));
    struct ipmi_options ipmi = {.env = &world->env,
                                .group = group,
                                .driver = bmc_emulator_driver(world->emulator),
                                .user = "admin",
                                .password = "password"};
    assert_ok(ipmi_context_new(&ipmi, &world->ipmi));
    world->body(world);
    rt_group_stop(group);
    ipmi_context_free(world->ipmi);
    rt_group_free(group);
    bmc_emulator_stop(world->emulator);
}

static void run(void (*body)(struct world *world))
{
    CLEANUP(rt_free) struct rt *rt = rt_new_sim(1, TEST_WALL);
    struct net_sim_options sim_options = {0};
    CLEANUP(net_sim_free) struct net_sim *sim = net_sim_new(rt, &sim_options);
    CLEANUP(net_free) struct net *net = net_sim_host(sim, "bmcs", "10.0.0.1");
    CLEANUP(rt_group_free) struct rt_group *group = rt_group_new(rt, NULL, "test");
    CLEANUP(log_free) struct log *log = log_new(&(struct log_options){.level = LOG_ERROR, .sink = drop_line});
    struct world world = {.rt = rt, .env = {.rt = rt, .group = group, .net = net, .log = log}, .body = body};

    assert_ok(rt_run(rt, run_body, &world));
}

#define TEST(name)                                                                                                     \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        run(name##_body);                                                                                              \
    }
TEST(power)
TEST(refusals)
TEST(privileges)
TEST(repeats)
TEST(limits)
TEST(boot_flags)
TEST(watchdog)
TEST(restart)
TEST(network)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power),    cmocka_unit_test(refusals), cmocka_unit_test(privileges),
        cmocka_unit_test(repeats),  cmocka_unit_test(limits),   cmocka_unit_test(boot_flags),
        cmocka_unit_test(watchdog), cmocka_unit_test(restart),  cmocka_unit_test(network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
