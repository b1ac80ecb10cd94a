// SPDX-License-Identifier: Apache-2.0
// The formats of IPMI datagrams; see packet.h.
#include "lib/ipmi/packet.h"

#include <string.h>

#include "lib/data/bytes.h"

#define RMCP_LEN 4
#define RMCP_VERSION 6
#define RMCP_NO_ACK 0xff
#define CLASS_ASF 6
#define CLASS_IPMI 7
#define ASF_IANA 4542
#define ASF_PING 0x80
#define ASF_PONG 0x40
#define HEADER_15 10 /* without the code */
#define HEADER_20 12
#define HEADER_20_OEM 18
#define FLAG_ENCRYPTED 0x80
#define FLAG_AUTHENTICATED 0x40
#define PAYLOAD_TYPE 0x3f
#define PAYLOAD_OEM 2
#define NEXT_HEADER 7
#define TRAILER_ALIGN 4

static bool parse_ping(const uint8_t *at, size_t len, struct ipmi_packet *ret)
{
    if (len < 8 || at[0] || at[1] || (at[2] << 8 | at[3]) != ASF_IANA || at[4] != ASF_PING)
        return false;
    ret->ping = true;
    ret->tag = at[5];
    return true;
}

static bool parse_15(const uint8_t *at, size_t len, struct ipmi_packet *ret)
{
    size_t header = HEADER_15;

    if (at[0] != IPMI_AUTH_NONE && at[0] != IPMI_AUTH_MD2 && at[0] != IPMI_AUTH_MD5 && at[0] != IPMI_AUTH_PASSWORD)
        return false;
    if (at[0] != IPMI_AUTH_NONE)
        header += IPMI_CODE_15_SIZE;
    if (len < header)
        return false;
    ret->sequence = get_le32(at + 1);
    ret->session = get_le32(at + 5);
    ret->code = at[0] != IPMI_AUTH_NONE ? at + 9 : NULL;
    ret->data = at + header;
    ret->len = at[header - 1];
    /* A pad byte may follow. */
    return header + ret->len <= len;
}

static bool parse_20(const uint8_t *at, size_t len, struct ipmi_packet *ret)
{
    size_t header = HEADER_20;

    if (len < header)
        return false;
    ret->payload = at[1] & PAYLOAD_TYPE;
    ret->encrypted = at[1] & FLAG_ENCRYPTED;
    ret->authenticated = at[1] & FLAG_AUTHENTICATED;
    if (ret->payload == PAYLOAD_OEM) {
        header = HEADER_20_OEM;
        if (len < header)
            return false;
    }
    ret->session = get_le32(at + header - 10);
    ret->sequence = get_le32(at + header - 6);
    ret->len = get_le16(at + header - 2);
    ret->data = at + header;
    return header + ret->len <= len;
}

bool ipmi_packet_parse(const void *datagram, size_t len, struct ipmi_packet *ret)
{
    const uint8_t *rmcp = datagram, *at = rmcp + RMCP_LEN;
    struct ipmi_packet packet = {0};

    if (len < RMCP_LEN + HEADER_15 - 2 || rmcp[0] != RMCP_VERSION)
        return false;
    packet.header = at;
    packet.rest = len - RMCP_LEN;
    bool fine;
    if (rmcp[3] == CLASS_ASF) {
        fine = parse_ping(at, packet.rest, &packet);
    } else if (rmcp[3] == CLASS_IPMI) {
        packet.auth = at[0];
        fine = at[0] == IPMI_AUTH_RMCPP ? parse_20(at, packet.rest, &packet) : parse_15(at, packet.rest, &packet);
    } else {
        fine = false; /* acknowledgements, other classes */
    }
    if (fine)
        *ret = packet;
    return fine;
}

bool ipmi_packet_verify(const struct ipmi_packet *packet, const struct ipmi_keys *keys)
{
    size_t check = keys->suite->check_len;
    uint8_t code[IPMI_DIGEST_MAX];

    if (!packet->authenticated || packet->rest < check + 2)
        return false;
    /* Pad, pad length, next header, code: the code ends the datagram. */
    size_t covered = packet->rest - check;
    size_t pad = packet->header[covered - 2];
    if ((size_t)(packet->data - packet->header) + packet->len + pad + 2 != covered)
        return false;
    if (packet->header[covered - 1] != NEXT_HEADER)
        return false;
    ipmi_integrity(keys, packet->header, covered, code);
    return ipmi_code_equal(code, packet->header + covered, check);
}

static uint8_t *write_rmcp(uint8_t *out, uint8_t class)
{
    out[0] = RMCP_VERSION;
    out[1] = 0;
    out[2] = RMCP_NO_ACK;
    out[3] = class;
    return out + RMCP_LEN;
}

static uint8_t *write_20(uint8_t *at, uint8_t payload, uint32_t session, uint32_t sequence, size_t len)
{
    at[0] = IPMI_AUTH_RMCPP;
    at[1] = payload;
    put_le32(at + 2, session);
    put_le32(at + 6, sequence);
    at[10] = (uint8_t)len;
    at[11] = (uint8_t)(len >> 8);
    return at + HEADER_20;
}

size_t ipmi_packet_plain(uint8_t *out, uint8_t payload, const void *data, size_t len)
{
    uint8_t *at = write_20(write_rmcp(out, CLASS_IPMI), payload, 0, 0, len);

    memcpy(at, data, len);
    return (size_t)(at + len - out);
}

size_t ipmi_packet_sealed(uint8_t *out, const struct ipmi_keys *keys, uint8_t payload, uint32_t session,
                          uint32_t sequence, const uint8_t iv[16], const void *data, size_t len)
{
    uint8_t *header = write_rmcp(out, CLASS_IPMI), *at = header + HEADER_20;
    uint8_t code[IPMI_DIGEST_MAX];
    size_t sealed = ipmi_encrypt(keys, iv, data, len, at);

    write_20(header, payload | FLAG_ENCRYPTED | FLAG_AUTHENTICATED, session, sequence, sealed);
    at += sealed;
    size_t pad = (TRAILER_ALIGN - (size_t)(at + 2 - header) % TRAILER_ALIGN) % TRAILER_ALIGN;
    memset(at, 0xff, pad);
    at += pad;
    *at++ = (uint8_t)pad;
    *at++ = NEXT_HEADER;
    ipmi_integrity(keys, header, (size_t)(at - header), code);
    memcpy(at, code, keys->suite->check_len);
    return (size_t)(at + keys->suite->check_len - out);
}

/* Old Ethernet controllers lost datagrams of these lengths (§13.6). */
static bool needs_pad(size_t len)
{
    return len == 56 || len == 84 || len == 112 || len == 128 || len == 156;
}

size_t ipmi_packet_15(uint8_t *out, enum ipmi_auth auth, const uint8_t password[IPMI_PASSWORD_15], uint32_t session,
                      uint32_t sequence, const void *data, size_t len)
{
    uint8_t *at = write_rmcp(out, CLASS_IPMI);

    at[0] = (uint8_t)auth;
    put_le32(at + 1, sequence);
    put_le32(at + 5, session);
    at += 9;
    if (auth != IPMI_AUTH_NONE) {
        ipmi_code_15(auth, password, session, sequence, data, len, at);
        at += IPMI_CODE_15_SIZE;
    }
    *at++ = (uint8_t)len;
    memcpy(at, data, len);
    at += len;
    if (needs_pad((size_t)(at - out) - RMCP_LEN))
        *at++ = 0;
    return (size_t)(at - out);
}

size_t ipmi_packet_pong(uint8_t *out, uint8_t tag)
{
    static const uint8_t body[] = {0,
                                   0,
                                   ASF_IANA >> 8,
                                   ASF_IANA & 0xff,
                                   ASF_PONG,
                                   0,
                                   0,
                                   16, /* length of what follows */
                                   0,
                                   0,
                                   ASF_IANA >> 8,
                                   ASF_IANA & 0xff,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0x81, /* IPMI, ASF 1.0 */
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0,
                                   0};
    uint8_t *at = write_rmcp(out, CLASS_ASF);

    memcpy(at, body, sizeof(body));
    at[5] = tag;
    return RMCP_LEN + sizeof(body);
}

static uint8_t checksum(const uint8_t *data, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += data[i];
    return (uint8_t)-sum;
}

bool ipmi_message_parse(const void *payload, size_t len, struct ipmi_message *ret)
{
    const uint8_t *at = payload;

    if (len < IPMI_MESSAGE_OVERHEAD || checksum(at, 2) != at[2] || checksum(at + 3, len - 4) != at[len - 1])
        return false;
    *ret = (struct ipmi_message){
        .target = at[0],
        .netfn = at[1] >> 2,
        .target_lun = at[1] & 3,
        .source = at[3],
        .sequence = at[4] >> 2,
        .source_lun = at[4] & 3,
        .command = at[5],
        .data = at + 6,
        .len = len - IPMI_MESSAGE_OVERHEAD,
    };
    return true;
}

size_t ipmi_message_write(uint8_t *out, const struct ipmi_message *message)
{
    out[0] = message->target;
    out[1] = (uint8_t)(message->netfn << 2 | message->target_lun);
    out[2] = checksum(out, 2);
    out[3] = message->source;
    out[4] = (uint8_t)(message->sequence << 2 | message->source_lun);
    out[5] = message->command;
    if (message->len) /* NULL is fine for no data */
        memmove(out + 6, message->data, message->len);
    out[6 + message->len] = checksum(out + 3, message->len + 3);
    return message->len + IPMI_MESSAGE_OVERHEAD;
}
