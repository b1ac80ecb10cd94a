/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the IPMI front end share: a BMC's state, its sessions, a command that is being answered. */
#ifndef BMC_EMU_IPMI_BMC_H
#define BMC_EMU_IPMI_BMC_H

#include "bmc-emu/ipmi/ipmi.h"
#include "lib/data/bytes.h"
#include "lib/data/str.h"
#include "lib/ipmi/packet.h"
#include "lib/log/log.h"
#include "lib/net/udp.h"

#define IPMI_REPLY_MAX 240 /* bytes of data that fit an IPMI 1.5 packet */
#define IPMI_CHANNEL 1     /* the one LAN channel */
#define IPMI_CHANNEL_CURRENT 0x0e
#define IPMI_SEL_RECORD 16

/* -- users -- */
struct ipmi_user {
    char name[IPMI_NAME_MAX + 1];
    uint8_t password[IPMI_KEY_MAX]; /* padded with zeros */
    bool enabled, messaging, link_auth, callback_only;
    uint8_t limit; /* enum ipmi_privilege */
};

/* -- sessions (sessions.c) -- */
enum ipmi_session_state {
    IPMI_SESSION_FREE,
    IPMI_SESSION_OPENED,     /* RMCP+: has an id, waits for RAKP 1 */
    IPMI_SESSION_NAMED,      /* RMCP+: waits for RAKP 3 */
    IPMI_SESSION_CHALLENGED, /* 1.5: waits for Activate Session */
    IPMI_SESSION_ACTIVE,
};
/* The last answer, which a client that lost it asks for again (EMU-302). */
struct ipmi_answer {
    bool known, working; /* the command is still being worked on */
    uint8_t netfn, sequence, command;
    uint32_t request; /* hash of its data */
    size_t len;
    uint8_t message[IPMI_REPLY_MAX + 1 + IPMI_MESSAGE_OVERHEAD];
};
struct ipmi_session {
    enum ipmi_session_state state;
    uint8_t auth; /* IPMI_AUTH_RMCPP or that of 1.5 */
    uint32_t id, console;
    unsigned user;        /* number */
    uint8_t level, limit; /* now, and at most */
    rt_time idle_end;
    struct udp_peer peer;
    struct ipmi_rakp rakp; /* while it is being set up */
    struct ipmi_keys keys;
    uint8_t password[IPMI_PASSWORD_15];      /* 1.5 */
    uint8_t challenge[IPMI_RANDOM_SIZE];     /* 1.5 */
    uint32_t seq_highest, seq_seen, seq_out; /* seq_seen: bit N is highest - N */
    struct ipmi_answer answer;
};

/* -- timers (timer.c) -- */
struct ipmi_bmc;
/* One task each at most; embedded, zeroed. */
struct ipmi_timer {
    struct ipmi_bmc *bmc;
    rt_time when; /* 0: off */
    bool runs;
    void (*expire)(struct ipmi_bmc *bmc);
};
void ipmi_timer_start(struct ipmi_bmc *bmc, struct ipmi_timer *timer, rt_time delay,
                      void (*expire)(struct ipmi_bmc *bmc));
void ipmi_timer_stop(struct ipmi_timer *timer);

struct ipmi_watchdog {
    bool set;
    uint8_t use, action, pretimeout, expired; /* as on the wire */
    uint16_t count;                           /* of 100 ms */
    struct ipmi_timer timer;
};

/* Boot option parameters as clients left them (Table 28-14); 5 is the driver's. */
#define IPMI_BOOT_PARAMETERS 8
#define IPMI_BOOT_DATA_MAX 17
struct ipmi_boot {
    uint8_t data[IPMI_BOOT_PARAMETERS][IPMI_BOOT_DATA_MAX];
    bool invalid[IPMI_BOOT_PARAMETERS];
    uint8_t flags[3]; /* bytes 3 to 5 of parameter 5 */
    struct ipmi_timer valid_end;
};

#define IPMI_LAN_DATA_MAX 18
struct ipmi_lan_value {
    uint8_t parameter, len, data[IPMI_LAN_DATA_MAX];
};
#define IPMI_LAN_VALUES_MAX 24

/* What a machine's event log holds; there before its BMC is. */
struct ipmi_log {
    uint8_t (*records)[IPMI_SEL_RECORD];
    size_t len, cap;
    uint16_t last_id, reservation;
    uint32_t added, erased; /* seconds since 1970 */
    bool overflow;
    int64_t on_since, on_total; /* ns of wall clock with power */
};

struct ipmi_bmc {
    struct ipmi_context *context;
    size_t machine;
    uint8_t guid[IPMI_GUID_SIZE];
    struct ipmi_session *sessions[IPMI_SESSIONS_MAX]; /* made when first used, never freed before the BMC */
    struct ipmi_user *users;                          /* [0] is number 1; NULL: the context's */
    rt_time away_until;                               /* restarts: hears nothing */
    uint8_t enables, restart_cause, restore_policy, power_event;
    uint8_t payload_access;
    int64_t clock_offset; /* ns, of the event log's clock */
    uint16_t sdr_reservation;
    struct ipmi_watchdog watchdog;
    struct ipmi_timer identify;
    bool identify_forced;
    struct ipmi_boot boot;
    struct ipmi_lan_value *lan; /* what clients changed; NULL: nothing */
    size_t lan_count;
};

struct ipmi_listener;
struct ipmi_context {
    const struct env *env;
    struct rt_group *group;
    struct ipmi_options options;
    struct ipmi_user users[IPMI_USERS_MAX]; /* of every BMC that changed none */
    size_t count, jobs;
    struct ipmi_bmc **bmcs;
    struct ipmi_log **logs;
    struct ipmi_listener **listeners;
    size_t listener_count;
};

/* -- a command -- */
struct ipmi_call {
    struct ipmi_bmc *bmc;
    struct ipmi_session *session; /* NULL outside of one; after a wait it may be another's */
    const struct udp_peer *from;
    const uint8_t *data;
    size_t len;
    bool end_session; /* when the answer is on its way */
    uint8_t reply[IPMI_REPLY_MAX];
    size_t reply_len;
};
void ipmi_reply8(struct ipmi_call *call, unsigned value);
void ipmi_reply16(struct ipmi_call *call, unsigned value);
void ipmi_reply32(struct ipmi_call *call, uint32_t value);
void ipmi_reply(struct ipmi_call *call, const void *data, size_t len);

struct ipmi_command {
    uint8_t netfn, command;
    uint8_t privilege; /* enum ipmi_privilege; 0: also outside of sessions */
    uint8_t min, max;  /* bytes of data */
    uint8_t (*handle)(struct ipmi_call *call);
};
extern const struct ipmi_command ipmi_commands[]; /* ends with a row without handler */
/* Answers a request: the completion code is returned, the data are in the call. */
uint8_t ipmi_command_run(struct ipmi_call *call, uint8_t netfn, uint8_t command);

/* NULL when the machine is not there. */
struct ipmi_bmc *ipmi_bmc_of(struct ipmi_context *context, size_t machine);
/* "192.0.2.1" as bytes; zeros for what is not IPv4. */
void ipmi_parse_address(const char *text, uint8_t ret[4]);
/* What the driver says, as a completion code; frees the error. NULL is IPMI_OK. */
uint8_t ipmi_completion_of(struct ipmi_bmc *bmc, struct error *err);
uint8_t ipmi_snapshot(struct ipmi_call *call, struct bmc_snapshot *ret);
struct ipmi_log *ipmi_log_of(struct ipmi_context *context, size_t machine);
uint32_t ipmi_log_time(const struct ipmi_bmc *bmc); /* the event log's clock */

/* -- sessions.c -- */
#define IPMI_SESSION_IDLE (60 * RT_S)
struct ipmi_session *ipmi_session_new(struct ipmi_bmc *bmc, const struct udp_peer *peer); /* NULL: all are taken */
struct ipmi_session *ipmi_session_find(struct ipmi_bmc *bmc, uint32_t id);                /* NULL: there is none */
void ipmi_session_end(struct ipmi_session *session);
void ipmi_sessions_end_user(struct ipmi_bmc *bmc, unsigned user);
void ipmi_session_touch(struct ipmi_bmc *bmc, struct ipmi_session *session);

/* -- handshake.c: RMCP+; returns the length of the answer's payload, its type in *ret_type; 0: none -- */
size_t ipmi_handshake(struct ipmi_bmc *bmc, const struct udp_peer *from, const struct ipmi_packet *packet,
                      uint8_t *answer, uint8_t *ret_type);

/* -- users.c -- */
const struct ipmi_user *ipmi_user(const struct ipmi_bmc *bmc, unsigned number); /* from 1; NULL past the end */
/* The enabled user of that name who may use the LAN; 0: none. */
unsigned ipmi_user_named(const struct ipmi_bmc *bmc, const char *name, size_t len);

/* -- handlers, by file -- */
uint8_t ipmi_get_auth_capabilities(struct ipmi_call *call); /* session_commands.c */
uint8_t ipmi_get_challenge(struct ipmi_call *call);
uint8_t ipmi_activate_session(struct ipmi_call *call);
uint8_t ipmi_set_privilege(struct ipmi_call *call);
uint8_t ipmi_close_session(struct ipmi_call *call);
uint8_t ipmi_get_session_info(struct ipmi_call *call);
uint8_t ipmi_get_cipher_suites(struct ipmi_call *call);
uint8_t ipmi_get_device_id(struct ipmi_call *call); /* device.c */
uint8_t ipmi_reset_bmc(struct ipmi_call *call);
uint8_t ipmi_get_self_test(struct ipmi_call *call);
uint8_t ipmi_get_acpi_state(struct ipmi_call *call);
uint8_t ipmi_get_guid(struct ipmi_call *call);
uint8_t ipmi_set_enables(struct ipmi_call *call);
uint8_t ipmi_get_enables(struct ipmi_call *call);
uint8_t ipmi_reset_watchdog(struct ipmi_call *call); /* watchdog.c */
uint8_t ipmi_set_watchdog(struct ipmi_call *call);
uint8_t ipmi_get_watchdog(struct ipmi_call *call);
uint8_t ipmi_set_channel_access(struct ipmi_call *call); /* channel.c */
uint8_t ipmi_get_channel_access(struct ipmi_call *call);
uint8_t ipmi_get_channel_info(struct ipmi_call *call);
uint8_t ipmi_get_payload_support(struct ipmi_call *call);
uint8_t ipmi_set_lan(struct ipmi_call *call);
uint8_t ipmi_get_lan(struct ipmi_call *call);
uint8_t ipmi_set_user_access(struct ipmi_call *call); /* users.c */
uint8_t ipmi_get_user_access(struct ipmi_call *call);
uint8_t ipmi_set_user_name(struct ipmi_call *call);
uint8_t ipmi_get_user_name(struct ipmi_call *call);
uint8_t ipmi_set_user_password(struct ipmi_call *call);
uint8_t ipmi_get_chassis_capabilities(struct ipmi_call *call); /* chassis.c */
uint8_t ipmi_get_chassis_status(struct ipmi_call *call);
uint8_t ipmi_chassis_control(struct ipmi_call *call);
uint8_t ipmi_chassis_identify(struct ipmi_call *call);
uint8_t ipmi_set_restore_policy(struct ipmi_call *call);
uint8_t ipmi_get_restart_cause(struct ipmi_call *call);
uint8_t ipmi_get_power_on_hours(struct ipmi_call *call);
uint8_t ipmi_set_boot_options(struct ipmi_call *call); /* boot.c */
uint8_t ipmi_get_boot_options(struct ipmi_call *call);
void ipmi_boot_keep(struct ipmi_bmc *bmc);               /* a chassis command came: the boot flags stay valid */
uint8_t ipmi_get_sensor_reading(struct ipmi_call *call); /* sensors.c */
uint8_t ipmi_get_sensor_thresholds(struct ipmi_call *call);
uint8_t ipmi_get_sensor_hysteresis(struct ipmi_call *call);
uint8_t ipmi_get_sensor_events(struct ipmi_call *call);
uint8_t ipmi_get_sensor_event_status(struct ipmi_call *call);
uint8_t ipmi_get_sensor_type(struct ipmi_call *call);
uint8_t ipmi_get_sdr_info(struct ipmi_call *call); /* sdr.c */
uint8_t ipmi_reserve_sdr(struct ipmi_call *call);
uint8_t ipmi_get_sdr(struct ipmi_call *call);
uint8_t ipmi_platform_event(struct ipmi_call *call); /* sel.c */
uint8_t ipmi_get_sel_info(struct ipmi_call *call);
uint8_t ipmi_get_sel_allocation(struct ipmi_call *call);
uint8_t ipmi_reserve_sel(struct ipmi_call *call);
uint8_t ipmi_get_sel_entry(struct ipmi_call *call);
uint8_t ipmi_add_sel_entry(struct ipmi_call *call);
uint8_t ipmi_delete_sel_entry(struct ipmi_call *call);
uint8_t ipmi_clear_sel(struct ipmi_call *call);
uint8_t ipmi_get_time(struct ipmi_call *call);
uint8_t ipmi_set_time(struct ipmi_call *call);
uint8_t ipmi_get_fru_info(struct ipmi_call *call); /* fru.c */
uint8_t ipmi_read_fru(struct ipmi_call *call);
uint8_t ipmi_write_fru(struct ipmi_call *call);

/* -- sel.c -- */
/* Adds an event of one of our sensors to the machine's log; `offset` is that of its type. */
void ipmi_log_event(struct ipmi_context *context, size_t machine, uint8_t sensor, uint8_t offset);

/* -- sensors (sensors.c): the numbers that records, readings and events share -- */
struct ipmi_sensor {
    uint8_t number, type, entity, entity_instance;
    bool discrete, event_only; /* threshold otherwise; event_only: has no reading */
    const char *name;
    uint8_t unit;     /* base unit code */
    unsigned m;       /* value = m × reading */
    int low, high;    /* critical thresholds as values; 0: none */
    int high_warning; /* 0: none */
    bool needs_power; /* reads nothing while the machine is off */
    unsigned states;  /* discrete: offsets that it knows */
};
extern const struct ipmi_sensor ipmi_sensors[];
extern const size_t ipmi_sensor_count;
enum {
    IPMI_SENSOR_INLET = 1,
    IPMI_SENSOR_CPU,
    IPMI_SENSOR_FAN0,
    IPMI_SENSOR_FAN1,
    IPMI_SENSOR_WATTS,
    IPMI_SENSOR_ACPI,
    IPMI_SENSOR_WATCHDOG,
    IPMI_SENSOR_BOOT_START, /* from here on events only */
    IPMI_SENSOR_BOOT_ERROR,
    IPMI_SENSOR_OS_BOOT,
    IPMI_SENSOR_BUTTON,
};
/* The thresholds as a reading command's bytes: which there are, and LNC, LCR, LNR, UNC, UCR, UNR. */
void ipmi_sensor_thresholds(const struct ipmi_sensor *sensor, uint8_t *ret_mask, uint8_t ret[6]);

#endif
