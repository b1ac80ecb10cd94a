/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of the IPMI 2.0 specification that a client and a server share. Sections are those of revision 1.1. */
#ifndef LIB_IPMI_WIRE_H
#define LIB_IPMI_WIRE_H

#define IPMI_PORT 623
#define IPMI_PACKET_MAX 1024 /* of ours, either way; no message of the standard comes near it */
#define IPMI_NAME_MAX 16     /* bytes of a user's name */
#define IPMI_KEY_MAX 20      /* bytes of a password or of KG */
#define IPMI_PASSWORD_15 16  /* bytes of a password in IPMI 1.5 sessions */

#define IPMI_ADDRESS_BMC 0x20
#define IPMI_ADDRESS_CONSOLE 0x81

/* §5.1; a response has the request's number plus one. */
enum ipmi_netfn {
    IPMI_NETFN_CHASSIS = 0x00,
    IPMI_NETFN_SENSOR = 0x04,
    IPMI_NETFN_APP = 0x06,
    IPMI_NETFN_STORAGE = 0x0a,
    IPMI_NETFN_TRANSPORT = 0x0c,
    IPMI_NETFN_GROUP = 0x2c,
};

/* §5.2 */
enum ipmi_completion {
    IPMI_OK = 0x00,
    IPMI_CC_80 = 0x80, /* and the following: what the command's section says */
    IPMI_CC_81 = 0x81,
    IPMI_CC_82 = 0x82,
    IPMI_CC_85 = 0x85,
    IPMI_CC_86 = 0x86,
    IPMI_CC_87 = 0x87,
    IPMI_CC_BUSY = 0xc0,
    IPMI_CC_INVALID_COMMAND = 0xc1,
    IPMI_CC_TIMEOUT = 0xc3,
    IPMI_CC_OUT_OF_SPACE = 0xc4,
    IPMI_CC_RESERVATION_LOST = 0xc5,
    IPMI_CC_LENGTH = 0xc7,
    IPMI_CC_OUT_OF_RANGE = 0xc9,
    IPMI_CC_TOO_MANY_BYTES = 0xca,
    IPMI_CC_NOT_PRESENT = 0xcb,
    IPMI_CC_FIELD = 0xcc,
    IPMI_CC_PRIVILEGE = 0xd4,
    IPMI_CC_STATE = 0xd5,
    IPMI_CC_UNSPECIFIED = 0xff,
};

enum ipmi_privilege {
    IPMI_HIGHEST = 0, /* in requests: as much as the user may */
    IPMI_CALLBACK = 1,
    IPMI_USER = 2,
    IPMI_OPERATOR = 3,
    IPMI_ADMINISTRATOR = 4,
    IPMI_NO_ACCESS = 15,
};

/* §13.6: the authentication type of a session header; _RMCPP means the 2.0 format. */
enum ipmi_auth {
    IPMI_AUTH_NONE = 0,
    IPMI_AUTH_MD2 = 1,
    IPMI_AUTH_MD5 = 2,
    IPMI_AUTH_PASSWORD = 4,
    IPMI_AUTH_RMCPP = 6
};

/* §13.27.3 */
enum ipmi_payload {
    IPMI_PAYLOAD_MESSAGE = 0x00,
    IPMI_PAYLOAD_OPEN_REQUEST = 0x10,
    IPMI_PAYLOAD_OPEN_RESPONSE = 0x11,
    IPMI_PAYLOAD_RAKP1 = 0x12,
    IPMI_PAYLOAD_RAKP2 = 0x13,
    IPMI_PAYLOAD_RAKP3 = 0x14,
    IPMI_PAYLOAD_RAKP4 = 0x15,
};

/* §13.24, status codes of the RMCP+ handshake. */
enum ipmi_rakp_status {
    IPMI_RAKP_OK = 0x00,
    IPMI_RAKP_NO_RESOURCES = 0x01,
    IPMI_RAKP_INVALID_SESSION = 0x02,
    IPMI_RAKP_BAD_AUTHENTICATION = 0x04,
    IPMI_RAKP_BAD_INTEGRITY = 0x05,
    IPMI_RAKP_BAD_ROLE = 0x09,
    IPMI_RAKP_UNAUTHORIZED_ROLE = 0x0a,
    IPMI_RAKP_NAME_LENGTH = 0x0c,
    IPMI_RAKP_UNAUTHORIZED_NAME = 0x0d,
    IPMI_RAKP_BAD_CHECK = 0x0f,
    IPMI_RAKP_BAD_CONFIDENTIALITY = 0x10,
    IPMI_RAKP_NO_SUITE = 0x11,
    IPMI_RAKP_ILLEGAL = 0x12,
};

#endif
