// SPDX-License-Identifier: Apache-2.0
// The RMCP+ handshake: open session, RAKP 1 to 4 (§13.17 to 13.24, EMU-290 to 295).
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define OPEN_REQUEST_LEN 32
#define OPEN_RESPONSE_LEN 36
#define ERROR_LEN 8
#define RAKP1_LEN 28 /* before the name */
#define RAKP2_LEN 40 /* before the code */
#define RAKP3_LEN 8
#define RAKP4_LEN 8
#define ROLE_MASK 0x0f

/* Answers with a status only. */
static size_t refuse(uint8_t *answer, uint8_t tag, enum ipmi_rakp_status status, uint32_t console)
{
    memset(answer, 0, ERROR_LEN);
    answer[0] = tag;
    answer[1] = (uint8_t)status;
    put_le32(answer + 4, console);
    return ERROR_LEN;
}

/* One of the three blocks of algorithms; -1: the client leaves the choice to us; -2: malformed. */
static int take_algorithm(const uint8_t *block, uint8_t type)
{
    if (block[0] != type)
        return -2;
    if (block[3] == 0)
        return -1;
    return block[3] == 8 ? block[4] & 0x3f : -2;
}

/* The best suite with these algorithms; when there is none, says of what there is none. */
static const struct ipmi_suite *choose_suite(const int algorithms[3], enum ipmi_rakp_status *ret_status)
{
    bool authentication = false, integrity = false, confidentiality = false;

    for (const struct ipmi_suite *suite = ipmi_suites; suite->id; suite++) {
        bool a = algorithms[0] == -1 || algorithms[0] == suite->authentication;
        bool i = algorithms[1] == -1 || algorithms[1] == suite->integrity;
        bool c = algorithms[2] == -1 || algorithms[2] == suite->confidentiality;
        if (a && i && c)
            return suite;
        authentication |= a;
        integrity |= i;
        confidentiality |= c;
    }
    *ret_status = !authentication    ? IPMI_RAKP_BAD_AUTHENTICATION
                  : !integrity       ? IPMI_RAKP_BAD_INTEGRITY
                  : !confidentiality ? IPMI_RAKP_BAD_CONFIDENTIALITY
                                     : IPMI_RAKP_NO_SUITE;
    return NULL;
}

static void put_algorithm(uint8_t *at, uint8_t type, uint8_t algorithm)
{
    at[0] = type;
    at[3] = 8;
    at[4] = algorithm;
}

static size_t open_session(struct ipmi_bmc *bmc, const struct udp_peer *from, const uint8_t *data, size_t len,
                           uint8_t *answer)
{
    enum ipmi_rakp_status status = IPMI_RAKP_ILLEGAL;
    int algorithms[3];

    if (len < OPEN_REQUEST_LEN)
        return 0;
    uint32_t console = get_le32(data + 4);
    uint8_t role = data[1] & ROLE_MASK;
    if (role > IPMI_ADMINISTRATOR)
        return refuse(answer, data[0], IPMI_RAKP_BAD_ROLE, console);
    for (uint8_t i = 0; i < 3; i++) {
        algorithms[i] = take_algorithm(data + 8 + 8 * i, i);
        if (algorithms[i] == -2)
            return refuse(answer, data[0], IPMI_RAKP_ILLEGAL, console);
    }
    const struct ipmi_suite *suite = choose_suite(algorithms, &status);
    if (!suite)
        return refuse(answer, data[0], status, console);
    struct ipmi_session *session = ipmi_session_new(bmc, from);
    if (!session)
        return refuse(answer, data[0], IPMI_RAKP_NO_RESOURCES, console);
    session->state = IPMI_SESSION_OPENED;
    session->auth = IPMI_AUTH_RMCPP;
    session->console = console;
    session->limit = role ? role : IPMI_ADMINISTRATOR;
    session->rakp = (struct ipmi_rakp){.suite = suite, .console = console, .bmc = session->id};
    memcpy(session->rakp.guid, bmc->guid, IPMI_GUID_SIZE);
    memset(answer, 0, OPEN_RESPONSE_LEN);
    answer[0] = data[0];
    answer[2] = session->limit; /* the level, even where "highest" was asked for (EMU-253) */
    put_le32(answer + 4, console);
    put_le32(answer + 8, session->id);
    put_algorithm(answer + 12, 0, suite->authentication);
    put_algorithm(answer + 20, 1, suite->integrity);
    put_algorithm(answer + 28, 2, suite->confidentiality);
    return OPEN_RESPONSE_LEN;
}

/* Who it is and what they may; the session knows the user thereafter. */
static enum ipmi_rakp_status take_user(struct ipmi_bmc *bmc, struct ipmi_session *session, uint8_t role)
{
    const struct ipmi_rakp *rakp = &session->rakp;
    uint8_t wanted = role & ROLE_MASK;

    session->user = ipmi_user_named(bmc, rakp->name, rakp->name_len);
    if (!session->user)
        return IPMI_RAKP_UNAUTHORIZED_NAME;
    uint8_t limit = ipmi_user(bmc, session->user)->limit;
    if (wanted > IPMI_ADMINISTRATOR)
        return IPMI_RAKP_BAD_ROLE;
    if (wanted > limit || wanted > session->limit)
        return IPMI_RAKP_UNAUTHORIZED_ROLE;
    if (wanted)
        limit = wanted;
    if (limit < session->limit)
        session->limit = limit;
    return IPMI_RAKP_OK;
}

static size_t rakp1(struct ipmi_bmc *bmc, const uint8_t *data, size_t len, uint8_t *answer)
{
    if (len < RAKP1_LEN)
        return 0;
    struct ipmi_session *session = ipmi_session_find(bmc, get_le32(data + 4));
    if (!session || (session->state != IPMI_SESSION_OPENED && session->state != IPMI_SESSION_NAMED))
        return refuse(answer, data[0], IPMI_RAKP_INVALID_SESSION, 0);
    struct ipmi_rakp *rakp = &session->rakp;
    uint8_t name_len = data[27];
    if (name_len > IPMI_NAME_MAX || (size_t)RAKP1_LEN + name_len > len)
        return refuse(answer, data[0], IPMI_RAKP_NAME_LENGTH, session->console);
    /* A repeated packet gets the same answer: the client may have taken the first one. */
    bool again = session->state == IPMI_SESSION_NAMED && rakp->role == data[24] && rakp->name_len == name_len &&
                 !memcmp(rakp->console_random, data + 8, IPMI_RANDOM_SIZE) &&
                 !memcmp(rakp->name, data + RAKP1_LEN, name_len);
    if (!again) {
        memcpy(rakp->console_random, data + 8, IPMI_RANDOM_SIZE);
        rakp->role = data[24];
        rakp->name_len = name_len;
        memcpy(rakp->name, data + RAKP1_LEN, name_len);
        enum ipmi_rakp_status status = take_user(bmc, session, data[24]);
        if (status != IPMI_RAKP_OK) {
            uint32_t console = session->console;
            ipmi_session_end(session);
            return refuse(answer, data[0], status, console);
        }
        rt_random_bytes(bmc->context->env->rt, rakp->bmc_random, IPMI_RANDOM_SIZE);
        session->state = IPMI_SESSION_NAMED;
    }
    memset(answer, 0, RAKP2_LEN);
    answer[0] = data[0];
    put_le32(answer + 4, session->console);
    memcpy(answer + 8, rakp->bmc_random, IPMI_RANDOM_SIZE);
    memcpy(answer + 24, rakp->guid, IPMI_GUID_SIZE);
    uint8_t code[IPMI_DIGEST_MAX];
    ipmi_rakp2_code(rakp, ipmi_user(bmc, session->user)->password, code);
    memcpy(answer + RAKP2_LEN, code, rakp->suite->digest_len);
    return RAKP2_LEN + rakp->suite->digest_len;
}

static size_t rakp3(struct ipmi_bmc *bmc, const uint8_t *data, size_t len, uint8_t *answer)
{
    uint8_t code[IPMI_DIGEST_MAX];

    if (len < RAKP3_LEN)
        return 0;
    struct ipmi_session *session = ipmi_session_find(bmc, get_le32(data + 4));
    bool again = session && session->state == IPMI_SESSION_ACTIVE && session->auth == IPMI_AUTH_RMCPP;
    if (!session || (session->state != IPMI_SESSION_NAMED && !again))
        return refuse(answer, data[0], IPMI_RAKP_INVALID_SESSION, 0);
    const struct ipmi_rakp *rakp = &session->rakp;
    const struct ipmi_user *user = ipmi_user(bmc, session->user);
    if (data[1] != IPMI_RAKP_OK) {
        /* The client does not like our answer. */
        if (!again)
            ipmi_session_end(session);
        return 0;
    }
    ipmi_rakp3_code(rakp, user->password, code);
    if (len < RAKP3_LEN + (size_t)rakp->suite->digest_len ||
        !ipmi_code_equal(code, data + RAKP3_LEN, rakp->suite->digest_len)) {
        uint32_t console = session->console;
        if (!again)
            ipmi_session_end(session);
        return refuse(answer, data[0], IPMI_RAKP_BAD_CHECK, console);
    }
    if (!again) {
        ipmi_rakp_keys(rakp, user->password, &session->keys);
        session->state = IPMI_SESSION_ACTIVE;
        session->level = session->limit < IPMI_USER ? session->limit : IPMI_USER;
        session->seq_out = 1;
        ipmi_session_touch(bmc, session);
    }
    memset(answer, 0, RAKP4_LEN);
    answer[0] = data[0];
    put_le32(answer + 4, session->console);
    ipmi_rakp4_code(rakp, &session->keys, code);
    memcpy(answer + RAKP4_LEN, code, rakp->suite->check_len);
    return RAKP4_LEN + rakp->suite->check_len;
}

size_t ipmi_handshake(struct ipmi_bmc *bmc, const struct udp_peer *from, const struct ipmi_packet *packet,
                      uint8_t *answer, uint8_t *ret_type)
{
    *ret_type = packet->payload + 1;
    switch (packet->payload) {
    case IPMI_PAYLOAD_OPEN_REQUEST:
        return open_session(bmc, from, packet->data, packet->len, answer);
    case IPMI_PAYLOAD_RAKP1:
        return rakp1(bmc, packet->data, packet->len, answer);
    case IPMI_PAYLOAD_RAKP3:
        return rakp3(bmc, packet->data, packet->len, answer);
    default:
        return 0;
    }
}
