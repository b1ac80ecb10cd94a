/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPMI datagrams: RMCP, the session headers of IPMI 1.5 and 2.0, the message in them (EMU-283 to 288, 296). Nothing here keeps state: sessions,
 * sequence windows and retries are the business of a client or a server. What is not well formed is false, and the datagram is to be dropped.
 */
#ifndef LIB_IPMI_PACKET_H
#define LIB_IPMI_PACKET_H

#include "lib/ipmi/crypto.h"

/* A parsed datagram; pointers are into it. */
struct ipmi_packet {
    bool ping;       /* ASF presence ping: only `tag` counts */
    uint8_t tag;     /* of a ping */
    uint8_t auth;    /* enum ipmi_auth */
    uint8_t payload; /* enum ipmi_payload; IPMI 1.5: always a message */
    bool encrypted, authenticated;
    uint32_t session, sequence;
    const uint8_t *code; /* IPMI 1.5: IPMI_CODE_15_SIZE bytes; NULL with IPMI_AUTH_NONE */
    const uint8_t *data; /* the payload */
    size_t len;
    const uint8_t *header; /* the session header on: what a trailer vouches for */
    size_t rest;           /* bytes from there to the datagram's end */
};
bool ipmi_packet_parse(const void *datagram, size_t len, struct ipmi_packet *ret);

/* Checks the trailer of an authenticated RMCP+ packet. */
bool ipmi_packet_verify(const struct ipmi_packet *packet, const struct ipmi_keys *keys);

/* Writes datagrams into IPMI_PACKET_MAX bytes; the payload is at most IPMI_PAYLOAD_MAX. They return the length. */
#define IPMI_PAYLOAD_MAX 512
size_t ipmi_packet_plain(uint8_t *out, uint8_t payload, const void *data, size_t len); /* RMCP+, outside a session */
/* RMCP+, encrypted and authenticated. */
size_t ipmi_packet_sealed(uint8_t *out, const struct ipmi_keys *keys, uint8_t payload, uint32_t session,
                          uint32_t sequence, const uint8_t iv[16], const void *data, size_t len);
/* IPMI 1.5; `len` at most 255. Without a session: IPMI_AUTH_NONE, zeros, and a NULL password. */
size_t ipmi_packet_15(uint8_t *out, enum ipmi_auth auth, const uint8_t password[IPMI_PASSWORD_15], uint32_t session,
                      uint32_t sequence, const void *data, size_t len);
size_t ipmi_packet_pong(uint8_t *out, uint8_t tag);

/* A message: a request, or a response whose first byte of data is the completion code. */
struct ipmi_message {
    uint8_t target, netfn, target_lun, source, sequence, source_lun, command;
    const uint8_t *data;
    size_t len;
};
bool ipmi_message_parse(const void *payload, size_t len, struct ipmi_message *ret);
#define IPMI_MESSAGE_OVERHEAD 7
/* Writes len + IPMI_MESSAGE_OVERHEAD bytes and returns that. */
size_t ipmi_message_write(uint8_t *out, const struct ipmi_message *message);

#endif
