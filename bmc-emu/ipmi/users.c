// SPDX-License-Identifier: Apache-2.0
// Users of the LAN channel (§22.26 to 22.30). A BMC has the context's list until a client changes something.
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define USER_MASK 0x3f
#define LONG_PASSWORD 0x80
#define ACCESS_CHANGE 0x80
#define ACCESS_CALLBACK 0x40
#define ACCESS_LINK 0x20
#define ACCESS_MESSAGING 0x10

enum { OPERATION_DISABLE, OPERATION_ENABLE, OPERATION_SET, OPERATION_TEST };

const struct ipmi_user *ipmi_user(const struct ipmi_bmc *bmc, unsigned number)
{
    const struct ipmi_user *users = bmc->users ? bmc->users : bmc->context->users;

    return number >= 1 && number <= IPMI_USERS_MAX ? &users[number - 1] : NULL;
}

unsigned ipmi_user_named(const struct ipmi_bmc *bmc, const char *name, size_t len)
{
    for (unsigned i = 1; i <= IPMI_USERS_MAX; i++) {
        const struct ipmi_user *user = ipmi_user(bmc, i);
        if (user->enabled && user->messaging && user->limit <= IPMI_ADMINISTRATOR && strlen(user->name) == len &&
            !memcmp(user->name, name, len))
            return i;
    }
    return 0;
}

/* For changing; NULL when there is no such user. */
static struct ipmi_user *own_user(struct ipmi_bmc *bmc, unsigned number)
{
    if (number < 1 || number > IPMI_USERS_MAX)
        return NULL;
    if (!bmc->users)
        bmc->users = mem_dup(bmc->context->users, sizeof(bmc->context->users));
    return &bmc->users[number - 1];
}

uint8_t ipmi_set_user_access(struct ipmi_call *call)
{
    unsigned number = call->data[1] & USER_MASK;
    uint8_t limit = call->data[2] & 0x0f;

    if ((limit > IPMI_ADMINISTRATOR && limit != IPMI_NO_ACCESS) || !limit)
        return IPMI_CC_FIELD;
    struct ipmi_user *user = own_user(call->bmc, number);
    if (!user)
        return IPMI_CC_FIELD;
    if (call->data[0] & ACCESS_CHANGE) {
        user->callback_only = call->data[0] & ACCESS_CALLBACK;
        user->link_auth = call->data[0] & ACCESS_LINK;
        user->messaging = call->data[0] & ACCESS_MESSAGING;
    }
    user->limit = limit;
    return IPMI_OK;
}

uint8_t ipmi_get_user_access(struct ipmi_call *call)
{
    const struct ipmi_user *user = ipmi_user(call->bmc, call->data[1] & USER_MASK);
    unsigned enabled = 0;

    if (!user)
        return IPMI_CC_FIELD;
    for (unsigned i = 1; i <= IPMI_USERS_MAX; i++)
        enabled += ipmi_user(call->bmc, i)->enabled;
    ipmi_reply8(call, IPMI_USERS_MAX);
    ipmi_reply8(call, enabled | (user->enabled ? 0x40 : 0x80));
    ipmi_reply8(call, 1); /* the name of user 1 is fixed: it has none */
    ipmi_reply8(call, user->limit | (user->callback_only ? ACCESS_CALLBACK : 0) | (user->link_auth ? ACCESS_LINK : 0) |
                          (user->messaging ? ACCESS_MESSAGING : 0));
    return IPMI_OK;
}

uint8_t ipmi_set_user_name(struct ipmi_call *call)
{
    unsigned number = call->data[0] & USER_MASK;
    const char *name = (const char *)call->data + 1;
    size_t len = strnlen(name, IPMI_NAME_MAX);

    if (number < 2 || number > IPMI_USERS_MAX)
        return IPMI_CC_FIELD;
    for (unsigned i = 2; i <= IPMI_USERS_MAX && len; i++)
        if (i != number && strlen(ipmi_user(call->bmc, i)->name) == len &&
            !memcmp(ipmi_user(call->bmc, i)->name, name, len))
            return IPMI_CC_FIELD;
    struct ipmi_user *user = own_user(call->bmc, number);
    memset(user->name, 0, sizeof(user->name));
    memcpy(user->name, name, len);
    return IPMI_OK;
}

uint8_t ipmi_get_user_name(struct ipmi_call *call)
{
    const struct ipmi_user *user = ipmi_user(call->bmc, call->data[0] & USER_MASK);

    if (!user)
        return IPMI_CC_FIELD;
    ipmi_reply(call, user->name, IPMI_NAME_MAX);
    return IPMI_OK;
}

static uint8_t set_enabled(struct ipmi_call *call, unsigned number, bool enabled)
{
    own_user(call->bmc, number)->enabled = enabled;
    if (!enabled && call->session->user != number)
        ipmi_sessions_end_user(call->bmc, number);
    return IPMI_OK;
}

static uint8_t set_password(struct ipmi_call *call, unsigned number, const uint8_t password[IPMI_KEY_MAX])
{
    memcpy(own_user(call->bmc, number)->password, password, IPMI_KEY_MAX);
    return IPMI_OK;
}

static uint8_t test_password(struct ipmi_call *call, unsigned number, const uint8_t password[IPMI_KEY_MAX], size_t len)
{
    const struct ipmi_user *user = ipmi_user(call->bmc, number);

    if (len == IPMI_PASSWORD_15 && !mem_is_zero(user->password + len, IPMI_KEY_MAX - len))
        return IPMI_CC_81; /* it is one of 20 bytes */
    return ipmi_code_equal(user->password, password, IPMI_KEY_MAX) ? IPMI_OK : IPMI_CC_80;
}

uint8_t ipmi_set_user_password(struct ipmi_call *call)
{
    unsigned number = call->data[0] & USER_MASK, operation = call->data[1] & 3;
    size_t len = call->data[0] & LONG_PASSWORD ? IPMI_KEY_MAX : IPMI_PASSWORD_15;
    uint8_t password[IPMI_KEY_MAX] = {0}, code;

    if (number < 1 || number > IPMI_USERS_MAX)
        return IPMI_CC_FIELD;
    if (operation == OPERATION_DISABLE || operation == OPERATION_ENABLE)
        return set_enabled(call, number, operation == OPERATION_ENABLE);
    if (call->len != 2 + len)
        return IPMI_CC_LENGTH;
    memcpy(password, call->data + 2, len);
    code =
        operation == OPERATION_SET ? set_password(call, number, password) : test_password(call, number, password, len);
    mem_wipe(password, sizeof(password));
    return code;
}
