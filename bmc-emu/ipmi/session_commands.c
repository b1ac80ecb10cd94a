// SPDX-License-Identifier: Apache-2.0
// Commands around sessions: capabilities, the IPMI 1.5 challenge, privilege, the list of sessions (§22.13 to 22.20).
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define CIPHER_PAGE 16
#define SESSION_CURRENT 0x00
#define SESSION_BY_HANDLE 0xfe
#define SESSION_BY_ID 0xff

static bool is_channel(uint8_t byte)
{
    return (byte & 0x0f) == IPMI_CHANNEL || (byte & 0x0f) == IPMI_CHANNEL_CURRENT;
}

uint8_t ipmi_get_auth_capabilities(struct ipmi_call *call)
{
    bool extended = call->data[0] & 0x80;

    if (!is_channel(call->data[0]) || !(call->data[1] & 0x0f) || (call->data[1] & 0x0f) > IPMI_ADMINISTRATOR)
        return IPMI_CC_FIELD;
    ipmi_reply8(call, IPMI_CHANNEL);
    ipmi_reply8(call, (extended ? 0x80 : 0) | 1 << IPMI_AUTH_PASSWORD | 1 << IPMI_AUTH_MD5);
    ipmi_reply8(call, 0x04); /* no KG, every message is authenticated, users have names */
    ipmi_reply8(call, extended ? 0x03 : 0);
    ipmi_reply32(call, 0);
    return IPMI_OK;
}

uint8_t ipmi_get_challenge(struct ipmi_call *call)
{
    struct ipmi_bmc *bmc = call->bmc;
    uint8_t auth = call->data[0] & 0x0f;
    const char *name = (const char *)call->data + 1;

    if (call->session)
        return IPMI_CC_STATE;
    if (auth != IPMI_AUTH_MD5 && auth != IPMI_AUTH_PASSWORD)
        return IPMI_CC_FIELD;
    unsigned user = ipmi_user_named(bmc, name, strnlen(name, IPMI_NAME_MAX));
    /* Passwords longer than 16 bytes are of IPMI 2.0 only. */
    if (!user || !mem_is_zero(ipmi_user(bmc, user)->password + IPMI_PASSWORD_15, IPMI_KEY_MAX - IPMI_PASSWORD_15))
        return name[0] ? IPMI_CC_81 : IPMI_CC_82;
    struct ipmi_session *session = ipmi_session_new(bmc, call->from);
    if (!session)
        return IPMI_CC_OUT_OF_SPACE;
    session->state = IPMI_SESSION_CHALLENGED;
    session->auth = auth;
    session->user = user;
    memcpy(session->password, ipmi_user(bmc, user)->password, IPMI_PASSWORD_15);
    rt_random_bytes(bmc->context->env->rt, session->challenge, IPMI_RANDOM_SIZE);
    ipmi_reply32(call, session->id);
    ipmi_reply(call, session->challenge, IPMI_RANDOM_SIZE);
    return IPMI_OK;
}

/* The packet's code has been checked: whoever sent it knows the password. */
uint8_t ipmi_activate_session(struct ipmi_call *call)
{
    struct ipmi_session *session = call->session;
    uint8_t level = call->data[1] & 0x0f;

    if (!session || session->state != IPMI_SESSION_CHALLENGED)
        return IPMI_CC_85;
    if ((call->data[0] & 0x0f) != session->auth ||
        !ipmi_code_equal(call->data + 2, session->challenge, IPMI_RANDOM_SIZE))
        return IPMI_CC_FIELD;
    uint8_t limit = ipmi_user(call->bmc, session->user)->limit;
    if (!level || level > limit)
        return IPMI_CC_86;
    session->state = IPMI_SESSION_ACTIVE;
    session->limit = level;
    session->level = level < IPMI_USER ? level : IPMI_USER;
    session->seq_out = get_le32(call->data + 18);
    if (!session->seq_out)
        session->seq_out = 1;
    uint32_t in = (uint32_t)rt_random(call->bmc->context->env->rt) | 1;
    session->seq_highest = in - 1;
    ipmi_session_touch(call->bmc, session);
    ipmi_reply8(call, session->auth);
    ipmi_reply32(call, session->id);
    ipmi_reply32(call, in);
    ipmi_reply8(call, session->limit);
    return IPMI_OK;
}

uint8_t ipmi_set_privilege(struct ipmi_call *call)
{
    struct ipmi_session *session = call->session;
    uint8_t level = call->data[0] & 0x0f;

    if (level == IPMI_CALLBACK || level > IPMI_ADMINISTRATOR)
        return level == IPMI_CALLBACK ? IPMI_CC_80 : IPMI_CC_FIELD;
    if (level > session->limit)
        return IPMI_CC_81;
    if (level)
        session->level = level;
    ipmi_reply8(call, session->level);
    return IPMI_OK;
}

uint8_t ipmi_close_session(struct ipmi_call *call)
{
    uint32_t id = get_le32(call->data);

    if (call->len != (id ? 4 : 5))
        return IPMI_CC_LENGTH;
    if (id == call->session->id) {
        call->end_session = true;
        return IPMI_OK;
    }
    if (call->session->level < IPMI_ADMINISTRATOR)
        return IPMI_CC_PRIVILEGE;
    struct ipmi_session *other = id ? ipmi_session_find(call->bmc, id) : NULL;
    if (!id && call->data[4] >= 1 && call->data[4] <= IPMI_SESSIONS_MAX)
        other = call->bmc->sessions[call->data[4] - 1];
    if (!other || other->state != IPMI_SESSION_ACTIVE)
        return id ? IPMI_CC_87 : 0x88;
    if (other == call->session)
        call->end_session = true;
    else
        ipmi_session_end(other);
    return IPMI_OK;
}

static unsigned count_active(struct ipmi_bmc *bmc)
{
    unsigned count = 0;

    for (size_t i = 0; i < IPMI_SESSIONS_MAX; i++)
        if (bmc->sessions[i] && bmc->sessions[i]->state == IPMI_SESSION_ACTIVE &&
            ipmi_session_find(bmc, bmc->sessions[i]->id))
            count++;
    return count;
}

/* The Nth active session, from 1; its handle is its slot's number from 1. */
static struct ipmi_session *nth_active(struct ipmi_bmc *bmc, unsigned number, unsigned *ret_handle)
{
    for (unsigned i = 0; i < IPMI_SESSIONS_MAX; i++) {
        struct ipmi_session *session = bmc->sessions[i];
        if (!session || session->state != IPMI_SESSION_ACTIVE || !ipmi_session_find(bmc, session->id) || --number)
            continue;
        *ret_handle = i + 1;
        return session;
    }
    return NULL;
}

static struct ipmi_session *choose_session(struct ipmi_call *call, unsigned *ret_handle, uint8_t *ret_code)
{
    struct ipmi_session *session = NULL;
    uint8_t index = call->data[0];
    size_t need = index == SESSION_BY_ID ? 5 : index == SESSION_BY_HANDLE ? 2 : 1;

    *ret_code = call->len == need ? IPMI_OK : IPMI_CC_LENGTH;
    if (*ret_code)
        return NULL;
    if (index == SESSION_CURRENT) {
        session = call->session;
    } else if (index == SESSION_BY_ID) {
        session = ipmi_session_find(call->bmc, get_le32(call->data + 1));
    } else if (index == SESSION_BY_HANDLE) {
        if (call->data[1] >= 1 && call->data[1] <= IPMI_SESSIONS_MAX)
            session = call->bmc->sessions[call->data[1] - 1];
    } else {
        return nth_active(call->bmc, index, ret_handle);
    }
    if (!session || session->state != IPMI_SESSION_ACTIVE) {
        *ret_code = IPMI_CC_NOT_PRESENT;
        return NULL;
    }
    for (unsigned i = 0; i < IPMI_SESSIONS_MAX; i++)
        if (call->bmc->sessions[i] == session)
            *ret_handle = i + 1;
    return session;
}

uint8_t ipmi_get_session_info(struct ipmi_call *call)
{
    unsigned handle = 0;
    uint8_t code, address[4] = {0};
    struct ipmi_session *session = choose_session(call, &handle, &code);

    if (code)
        return code;
    ipmi_reply8(call, handle);
    ipmi_reply8(call, IPMI_SESSIONS_MAX);
    ipmi_reply8(call, count_active(call->bmc));
    if (!session)
        return IPMI_OK;
    ipmi_reply8(call, session->user);
    ipmi_reply8(call, session->level);
    ipmi_reply8(call, (session->auth == IPMI_AUTH_RMCPP ? 0x10 : 0) | IPMI_CHANNEL);
    ipmi_parse_address(session->peer.address, address);
    ipmi_reply(call, address, sizeof(address));
    ipmi_reply(call, (const uint8_t[6]){0}, 6);
    ipmi_reply16(call, (unsigned)session->peer.port);
    return IPMI_OK;
}

uint8_t ipmi_get_cipher_suites(struct ipmi_call *call)
{
    uint8_t records[64];
    size_t len = 0, from = (size_t)(call->data[2] & 0x3f) * CIPHER_PAGE;

    if (!is_channel(call->data[0]))
        return IPMI_CC_FIELD;
    for (const struct ipmi_suite *suite = ipmi_suites; suite->id; suite++) {
        records[len++] = 0xc0;
        records[len++] = suite->id;
        records[len++] = suite->authentication;
        records[len++] = 0x40 | suite->integrity;
        records[len++] = 0x80 | suite->confidentiality;
    }
    ipmi_reply8(call, IPMI_CHANNEL);
    if (from < len)
        ipmi_reply(call, records + from, len - from < CIPHER_PAGE ? len - from : CIPHER_PAGE);
    return IPMI_OK;
}
