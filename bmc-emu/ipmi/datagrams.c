// SPDX-License-Identifier: Apache-2.0
// From a datagram to its answer: authentication, sequence windows, retries, both session formats.
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

/* -- messages -- */

static uint32_t hash_of(const uint8_t *data, size_t len)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ data[i]) * 16777619u;
    return hash;
}

/* Runs a request and writes the answering message; its length, or 0 for none. */
static size_t run(struct ipmi_call *call, const struct ipmi_message *request, uint8_t *out)
{
    uint8_t data[IPMI_REPLY_MAX + 1];

    call->data = request->data;
    call->len = request->len;
    data[0] = ipmi_command_run(call, request->netfn, request->command);
    if (data[0] != IPMI_OK && data[0] < 0x80)
        call->reply_len = 0;
    memcpy(data + 1, call->reply, call->reply_len);
    struct ipmi_message response = {
        .target = request->source,
        .netfn = request->netfn + 1,
        .target_lun = request->source_lun,
        .source = request->target,
        .sequence = request->sequence,
        .source_lun = request->target_lun,
        .command = request->command,
        .data = data,
        .len = call->reply_len + 1,
    };
    return ipmi_message_write(out, &response);
}

static bool parse_request(const void *payload, size_t len, struct ipmi_message *ret)
{
    return ipmi_message_parse(payload, len, ret) && !(ret->netfn & 1) && ret->target == IPMI_ADDRESS_BMC;
}

/* A request of a session: answered once; a repeated one gets the answer again. The length in session->answer; 0: no answer, or the session is gone. */
static size_t run_in_session(struct ipmi_bmc *bmc, struct ipmi_session *session, const struct udp_peer *from,
                             const void *payload, size_t len, bool *ret_end)
{
    struct ipmi_call call = {.bmc = bmc, .session = session, .from = from};
    struct ipmi_answer *answer = &session->answer;
    struct ipmi_message request;
    uint32_t id = session->id;

    *ret_end = false;
    if (!parse_request(payload, len, &request))
        return 0;
    uint32_t hash = hash_of(request.data, request.len);
    if (answer->known && answer->netfn == request.netfn && answer->sequence == request.sequence &&
        answer->command == request.command && answer->request == hash)
        return answer->working ? 0 : answer->len;
    struct ipmi_answer next = {.known = true,
                               .working = true,
                               .netfn = request.netfn,
                               .sequence = request.sequence,
                               .command = request.command,
                               .request = hash};
    memcpy(answer, &next, offsetof(struct ipmi_answer, message));
    uint8_t message[sizeof(answer->message)];
    size_t message_len = run(&call, &request, message);
    if (session->id != id || session->state != IPMI_SESSION_ACTIVE)
        return 0;
    *ret_end = call.end_session;
    /* Another request may have come in between; then this answer is not kept, but sent. */
    answer->working = false;
    answer->netfn = request.netfn;
    answer->sequence = request.sequence;
    answer->command = request.command;
    answer->request = hash;
    memcpy(answer->message, message, message_len);
    answer->len = message_len;
    return message_len;
}

/*
 * Whether a sequence number is new within the window, `ahead` and `behind` the highest (§6.12.13); if so, it is not any more. Only after the packet's
 * code was checked.
 */
static bool take_sequence(struct ipmi_session *session, uint32_t sequence, uint32_t ahead, uint32_t behind)
{
    uint32_t forward = sequence - session->seq_highest, back = session->seq_highest - sequence;

    if (!sequence)
        return false;
    if (forward && forward <= ahead) {
        session->seq_seen = session->seq_seen << forward | 1;
        session->seq_highest = sequence;
        return true;
    }
    if (back > behind || session->seq_seen & UINT32_C(1) << back)
        return false;
    session->seq_seen |= UINT32_C(1) << back;
    return true;
}

static uint32_t next_sequence(struct ipmi_session *session)
{
    uint32_t sequence = session->seq_out++;

    if (!session->seq_out)
        session->seq_out = 1;
    return sequence;
}

/* -- IPMI 2.0, in a session -- */

#define AHEAD_20 16
#define BEHIND_20 16

static size_t answer_message_20(struct ipmi_bmc *bmc, const struct udp_peer *from, const struct ipmi_packet *packet,
                                uint8_t *answer)
{
    struct ipmi_session *session = ipmi_session_find(bmc, packet->session);
    uint8_t text[IPMI_PACKET_MAX], iv[16];
    size_t len;
    bool end;

    /* The suites that there are demand both (§13.28). */
    if (!session || session->state != IPMI_SESSION_ACTIVE || session->auth != IPMI_AUTH_RMCPP || !packet->encrypted ||
        packet->payload != IPMI_PAYLOAD_MESSAGE || !ipmi_packet_verify(packet, &session->keys) ||
        !take_sequence(session, packet->sequence, AHEAD_20, BEHIND_20) ||
        !ipmi_decrypt(&session->keys, packet->data, packet->len, text, &len))
        return 0;
    session->peer = *from;
    ipmi_session_touch(bmc, session);
    len = run_in_session(bmc, session, from, text, len, &end);
    if (!len)
        return 0;
    rt_random_bytes(bmc->context->env->rt, iv, sizeof(iv));
    len = ipmi_packet_sealed(answer, &session->keys, IPMI_PAYLOAD_MESSAGE, session->console, next_sequence(session), iv,
                             session->answer.message, len);
    if (end)
        ipmi_session_end(session);
    return len;
}

/* -- IPMI 1.5 -- */

#define AHEAD_15 8
#define BEHIND_15 8

/* The few commands that need no session, in either format. */
static size_t answer_outside(struct ipmi_bmc *bmc, const struct udp_peer *from, const struct ipmi_packet *packet,
                             uint8_t *answer)
{
    struct ipmi_call call = {.bmc = bmc, .from = from};
    struct ipmi_message request;
    uint8_t message[IPMI_REPLY_MAX + 1 + IPMI_MESSAGE_OVERHEAD];

    if (!parse_request(packet->data, packet->len, &request))
        return 0;
    size_t len = run(&call, &request, message);
    if (packet->auth == IPMI_AUTH_RMCPP)
        return ipmi_packet_plain(answer, IPMI_PAYLOAD_MESSAGE, message, len);
    return ipmi_packet_15(answer, IPMI_AUTH_NONE, NULL, 0, 0, message, len);
}

static size_t answer_message_15(struct ipmi_bmc *bmc, const struct udp_peer *from, const struct ipmi_packet *packet,
                                uint8_t *answer)
{
    uint8_t code[IPMI_CODE_15_SIZE], password[IPMI_PASSWORD_15];
    bool end;

    if (!packet->session)
        return packet->auth == IPMI_AUTH_NONE ? answer_outside(bmc, from, packet, answer) : 0;
    struct ipmi_session *session = ipmi_session_find(bmc, packet->session);
    if (!session || session->auth != packet->auth || !packet->code)
        return 0;
    ipmi_code_15(packet->auth, session->password, packet->session, packet->sequence, packet->data, packet->len, code);
    if (!ipmi_code_equal(code, packet->code, sizeof(code)))
        return 0;
    bool activates = session->state == IPMI_SESSION_CHALLENGED;
    if (!activates && !take_sequence(session, packet->sequence, AHEAD_15, BEHIND_15))
        return 0;
    session->peer = *from;
    ipmi_session_touch(bmc, session);
    if (activates) {
        struct ipmi_call call = {.bmc = bmc, .session = session, .from = from};
        struct ipmi_message request;
        uint8_t message[IPMI_REPLY_MAX + 1 + IPMI_MESSAGE_OVERHEAD];
        memcpy(password, session->password, sizeof(password));
        if (!parse_request(packet->data, packet->len, &request) || request.netfn != IPMI_NETFN_APP ||
            request.command != 0x3a)
            return 0;
        uint32_t id = session->id;
        size_t len = run(&call, &request, message);
        bool active = session->state == IPMI_SESSION_ACTIVE;
        len = ipmi_packet_15(answer, packet->auth, password, active ? session->id : id,
                             active ? next_sequence(session) : 0, message, len);
        mem_wipe(password, sizeof(password));
        return len;
    }
    size_t len = run_in_session(bmc, session, from, packet->data, packet->len, &end);
    if (!len)
        return 0;
    len = ipmi_packet_15(answer, session->auth, session->password, session->id, next_sequence(session),
                         session->answer.message, len);
    if (end)
        ipmi_session_end(session);
    return len;
}

/* -- any datagram -- */

size_t ipmi_handle(struct ipmi_context *context, size_t machine, const struct udp_peer *from, const void *data,
                   size_t len, uint8_t *answer)
{
    struct ipmi_packet packet;
    uint8_t payload[IPMI_PAYLOAD_MAX], type;

    if (!ipmi_packet_parse(data, len, &packet))
        return 0;
    struct ipmi_bmc *bmc = ipmi_bmc_of(context, machine);
    if (!bmc || rt_now(context->env->rt) < bmc->away_until)
        return 0;
    if (packet.ping)
        return ipmi_packet_pong(answer, packet.tag);
    if (packet.auth != IPMI_AUTH_RMCPP)
        return answer_message_15(bmc, from, &packet, answer);
    if (packet.session)
        return answer_message_20(bmc, from, &packet, answer);
    if (packet.encrypted || packet.authenticated)
        return 0;
    if (packet.payload == IPMI_PAYLOAD_MESSAGE)
        return answer_outside(bmc, from, &packet, answer);
    size_t size = ipmi_handshake(bmc, from, &packet, payload, &type);
    return size ? ipmi_packet_plain(answer, type, payload, size) : 0;
}
