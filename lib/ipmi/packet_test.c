// SPDX-License-Identifier: Apache-2.0
// The codec against packets that ipmitool 1.8.19 sent (password "password") and answers that it accepted.
#include "lib/test.h"

#include "lib/data/str.h"
#include "lib/ipmi/packet.h"

static const uint8_t password[IPMI_KEY_MAX] = "password";

struct bytes {
    uint8_t *data;
    size_t len;
};

static struct bytes decode(const char *hex)
{
    struct bytes bytes;
    void *data;

    assert_ok(str_hex_decode(hex, &data, &bytes.len));
    bytes.data = data;
    return bytes;
}

/* One login: the payloads of its handshake with their packets' headers, and the first packet in the session. */
static const struct recording {
    uint8_t suite;
    const char *rakp1, *rakp2, *rakp3, *rakp4, *request, *answer;
    uint32_t session;
} recordings[] = {
    {3, "0600ff070612000000000000000021000000000080be77557e6ad34f58f00887f2c0d7a830cc351f1400000561646d696e",
     "0600ff07061300000000000000003c0000000000a4a3a2a0cd130c73f5a86d5e286ef844adc21a0003000000000000800040336c6174656d"
     "3b5a71b09f0d8bb6f0e19e45da0bbb6735ec3688",
     "0600ff07061400000000000000001c000000000080be775556ac8c20688d7a3a14714e3245f4a96683567ef6",
     "0600ff0706150000000000000000140000000000a4a3a2a04dc0b37fbce1fe7eff205c57",
     "0600ff0706c080be7755030000002000ca78fd5e7093e9b7cbcc4188ef1708c8945272c77f8c22aa160764a5f039d824ffff0207c3df5463"
     "8b3f21a68ef5c958",
     "0600ff0706c0a4a3a2a00100000020008a570acb9cbfc470b2a1b6e46aebf278c374fed0d9d743887a787d9312cb6350ffff020756b283c2"
     "e6c8db2cba1548a7",
     0x5577be80},
    {17, "0600ff0706120000000000000000210000000000a0c131ffb6c5011a52ad231f2cbedf0cdcd634f41400000561646d696e",
     "0600ff0706130000000000000000480000000000a4a3a2a06955bdefcd7cd0729ec112f250707a2a03000000000000800040336c6174656d"
     "d9773bb845be0e36ad31a9e2959a560dc341d6a0dd356ed432f0ae2cad74c2f4",
     "0600ff0706140000000000000000280000000000a0c131ffd248b3d2bbfb34d1eff045f4ed450f6f8fa9687bc76ac6fa4495103e1b7f1cd9",
     "0600ff0706150000000000000000180000000000a4a3a2a060dbb8d367f3a307a5eef529094b26e5",
     "0600ff0706c0a0c131ff030000002000396d4ace4c069e660a52debd831abca461314bfcba71ac4e17a73d7fcf0b381effff0207332592a0"
     "7906142686e1de8e27ce5eef",
     "0600ff0706c0a4a3a2a001000000200030b589527555ba0aa98bbe77be1c103ee35a8d271fe96324535f9e4947b44946ffff020770c48227"
     "741a5372da719e305b094030",
     0xff31c1a0},
};

/* Parses a packet; the caller frees the bytes. */
static struct ipmi_packet parse(const char *hex, struct bytes *ret_bytes)
{
    struct ipmi_packet packet;

    *ret_bytes = decode(hex);
    assert_true(ipmi_packet_parse(ret_bytes->data, ret_bytes->len, &packet));
    return packet;
}

/* What both ends know after RAKP 2. */
static void take_handshake(const struct recording *recording, struct ipmi_rakp *rakp)
{
    struct bytes first, second;
    struct ipmi_packet rakp1 = parse(recording->rakp1, &first), rakp2 = parse(recording->rakp2, &second);

    assert_int_equal(rakp1.payload, IPMI_PAYLOAD_RAKP1);
    assert_int_equal(rakp2.payload, IPMI_PAYLOAD_RAKP2);
    *rakp = (struct ipmi_rakp){.suite = ipmi_suite_find(recording->suite),
                               .console = 0xa0a2a3a4,
                               .bmc = recording->session,
                               .role = rakp1.data[24],
                               .name_len = rakp1.data[27]};
    memcpy(rakp->console_random, rakp1.data + 8, IPMI_RANDOM_SIZE);
    memcpy(rakp->name, rakp1.data + 28, rakp->name_len);
    memcpy(rakp->bmc_random, rakp2.data + 8, IPMI_RANDOM_SIZE);
    memcpy(rakp->guid, rakp2.data + 24, IPMI_GUID_SIZE);
    uint8_t code[IPMI_DIGEST_MAX];
    ipmi_rakp2_code(rakp, password, code);
    assert_int_equal(rakp2.len, 40 + rakp->suite->digest_len);
    assert_memory_equal(code, rakp2.data + 40, rakp->suite->digest_len);
    free(first.data);
    free(second.data);
}

static void test_handshake_codes(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
        struct ipmi_rakp rakp;
        struct ipmi_keys keys;
        struct bytes third, fourth;
        uint8_t code[IPMI_DIGEST_MAX];

        take_handshake(&recordings[i], &rakp);
        struct ipmi_packet rakp3 = parse(recordings[i].rakp3, &third), rakp4 = parse(recordings[i].rakp4, &fourth);
        ipmi_rakp3_code(&rakp, password, code);
        assert_memory_equal(code, rakp3.data + 8, rakp.suite->digest_len);
        ipmi_rakp_keys(&rakp, password, &keys);
        ipmi_rakp4_code(&rakp, &keys, code);
        assert_int_equal(rakp4.len, 8 + rakp.suite->check_len);
        assert_memory_equal(code, rakp4.data + 8, rakp.suite->check_len);
        free(third.data);
        free(fourth.data);
    }
}

static void test_sealed_packets(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(recordings); i++) {
        struct ipmi_rakp rakp;
        struct ipmi_keys keys;
        struct ipmi_message message;
        struct bytes bytes, answer;
        uint8_t text[IPMI_PACKET_MAX], again[IPMI_PACKET_MAX];
        size_t len;

        take_handshake(&recordings[i], &rakp);
        ipmi_rakp_keys(&rakp, password, &keys);
        struct ipmi_packet packet = parse(recordings[i].request, &bytes);
        assert_int_equal(packet.session, recordings[i].session);
        assert_int_equal(packet.sequence, 3);
        assert_true(packet.encrypted && ipmi_packet_verify(&packet, &keys));
        assert_true(ipmi_decrypt(&keys, packet.data, packet.len, text, &len));
        assert_true(ipmi_message_parse(text, len, &message));
        assert_int_equal(message.netfn, IPMI_NETFN_APP);
        assert_int_equal(message.command, 0x3b);
        assert_int_equal(message.len, 1);
        assert_int_equal(message.data[0], IPMI_ADMINISTRATOR);
        /* Writing the same gives ipmitool's bytes. */
        assert_int_equal(ipmi_packet_sealed(again, &keys, IPMI_PAYLOAD_MESSAGE, packet.session, packet.sequence,
                                            packet.data, text, len),
                         bytes.len);
        assert_memory_equal(again, bytes.data, bytes.len);
        /* What it accepted from us is well formed. */
        struct ipmi_packet accepted = parse(recordings[i].answer, &answer);
        assert_true(ipmi_packet_verify(&accepted, &keys));
        /* One bit, anywhere, and it is not. */
        for (size_t at = 4; at < bytes.len; at++) {
            struct ipmi_packet broken;
            bytes.data[at] ^= 0x10;
            assert_false(ipmi_packet_parse(bytes.data, bytes.len, &broken) && ipmi_packet_verify(&broken, &keys));
            bytes.data[at] ^= 0x10;
        }
        free(bytes.data);
        free(answer.data);
    }
}

static void test_ipmi_15(void **state)
{
    /* Activate Session, and Set Session Privilege in the session. */
    static const char *const packets[] = {
        "0600ff070200000000101288d404fc80ff64971179e2fe30666b5c5fdd1d2018c8810c3a020423abe808481fa1d1c8a0c31e369d9b791f"
        "f10e202e",
        "0600ff07029f23fb07101288d4c44db640d4669142d0c61922098c6914082018c881103b0430",
    };

    for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
        struct bytes bytes;
        struct ipmi_packet packet = parse(packets[i], &bytes);
        struct ipmi_message message;
        uint8_t again[IPMI_PACKET_MAX];
        assert_int_equal(packet.auth, IPMI_AUTH_MD5);
        assert_int_equal(packet.session, 0xd4881210);
        assert_true(ipmi_message_parse(packet.data, packet.len, &message));
        assert_int_equal(message.command, i ? 0x3b : 0x3a);
        assert_int_equal(
            ipmi_packet_15(again, IPMI_AUTH_MD5, password, packet.session, packet.sequence, packet.data, packet.len),
            bytes.len);
        assert_memory_equal(again, bytes.data, bytes.len);
        free(bytes.data);
    }
}

static void test_ping(void **state)
{
    struct bytes bytes, pong = decode("0600ff06000011be40000010000011be000000008100000000000000");
    struct ipmi_packet packet = parse("0600ff06000011be80000000", &bytes);
    uint8_t answer[IPMI_PACKET_MAX];

    assert_true(packet.ping);
    assert_int_equal(ipmi_packet_pong(answer, packet.tag), pong.len);
    assert_memory_equal(answer, pong.data, pong.len);
    free(bytes.data);
    free(pong.data);
}

static void test_what_is_cut_is_refused(void **state)
{
    struct bytes bytes = decode(recordings[0].request);
    struct ipmi_packet packet;

    for (size_t len = 0; len < 48; len++)
        assert_false(ipmi_packet_parse(bytes.data, len, &packet));
    free(bytes.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake_codes),
        cmocka_unit_test(test_sealed_packets),
        cmocka_unit_test(test_ipmi_15),
        cmocka_unit_test(test_ping),
        cmocka_unit_test(test_what_is_cut_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
