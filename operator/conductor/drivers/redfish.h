/* SPDX-License-Identifier: Apache-2.0 */
/* The Redfish driver's own parts: the connection, its calls, and what is known of vendors. Habits follow sushy (reference B13, B14). */
#ifndef OPERATOR_CONDUCTOR_DRIVERS_REDFISH_H
#define OPERATOR_CONDUCTOR_DRIVERS_REDFISH_H

#include "lib/net/http_client.h"
#include "operator/conductor/drivers/bmc.h"

/* What some vendors' BMCs need (redfish_quirks.c). */
enum redfish_quirk {
    QUIRK_SEND_ENABLED = 1, /* BootSourceOverrideEnabled in every boot change */
    QUIRK_SEND_ALL = 2,     /* target, mode and enabled in every boot change */
    QUIRK_USB_CD = 4,       /* UsbCd instead of Cd when offered */
    QUIRK_MODE_AGAIN = 8,   /* a boot device change resets the boot mode */
};
unsigned redfish_quirks(const char *vendor, const char *model);

struct redfish_slot {
    char *path;
    bool is_cd;
};

struct redfish {
    struct bmc bmc;
    struct conductor *conductor;
    char *address; /* "https://10.0.0.1" */
    char *user, *password;
    char *root;   /* path of the service root */
    char *system; /* path of the system; NULL until known */
    enum { REDFISH_AUTH_AUTO, REDFISH_AUTH_SESSION, REDFISH_AUTH_BASIC } auth;
    bool basic_now;            /* AUTO fell back to basic */
    bool session_worked;       /* AUTO never falls back after that */
    char *token, *session_uri; /* of the session */
    char *sessions_path;
    char *vendor, *model; /* of root, else of the system */
    bool root_read;
    struct http_client *client; /* shared, or own_client */
    struct http_client *own_client;
    struct rt_mutex login_lock;
    bool no_encoding;        /* the BMC refuses Accept-Encoding (IRO-379) */
    struct json *system_doc; /* last reading */
    rt_time system_read;     /* and its time; 0: something has changed since */
    char *system_etag;
    VEC(struct redfish_slot) slots;
};

/* -- calls (redfish_client.c) -- */
/* One request with authentication, repeats and error texts; any 2xx is success. `body` NULL: none. `ret` may be NULL. */
struct error *redfish_call(struct redfish *redfish, const char *method, const char *path, const struct json *body,
                           const char *if_match, struct http_response **ret) MUST_CHECK;
struct error *redfish_get(struct redfish *redfish, const char *path, struct json **ret, char **ret_etag) MUST_CHECK;
/* POST of an action or creation; a task that it starts (202) is waited for. */
struct error *redfish_post(struct redfish *redfish, const char *path, const struct json *body,
                           struct http_response **ret) MUST_CHECK;
/* PATCH with If-Match: weak, strong, none (IRO-386). */
struct error *redfish_patch(struct redfish *redfish, const char *path, const struct json *body, const char *etag)
    MUST_CHECK;
/* Ends the session, when there is one. */
struct error *redfish_logout(struct bmc *bmc) MUST_CHECK;
void redfish_forget_session(struct redfish *redfish);
/* Reads the service root once. */
struct error *redfish_read_root(struct redfish *redfish) MUST_CHECK;
/* Reads the system (found when its path is not known) into system_doc and system_etag. */
struct error *redfish_read_system(struct redfish *redfish) MUST_CHECK;
/* The same, unless it was read a moment ago and nothing was changed since. */
struct error *redfish_know_system(struct redfish *redfish) MUST_CHECK;

/* -- virtual media (redfish_media.c) -- */
struct error *redfish_list_media(struct bmc *bmc, struct bmc_media_list *ret) MUST_CHECK;
struct error *redfish_insert_cd(struct bmc *bmc, const char *url) MUST_CHECK;
struct error *redfish_eject(struct bmc *bmc, bool everything) MUST_CHECK;
void redfish_forget_slots(struct redfish *redfish);

extern const struct bmc_driver redfish_driver;

#endif
