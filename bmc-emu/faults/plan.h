/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fault plan: what goes wrong, on which machines, when and how often. A list of rows that may change at any time; decorators
 * (layers.h) and whatever runs on the machines ask it whether an operation is to go wrong. All that is random is drawn from the runtime.
 *
 * A row is a JSON object:
 *
 *   {"fault": "status", "machines": ["machine-0003", 7], "when": {"state": "On", "after": "10s", "count": 3},
 *    "operation": "PATCH", "status": 503, "retryAfter": "20s"}
 *
 *   fault     its kind, a row of fault_kinds
 *   machines  "all" (also when left out), a number from 1, a name, or a list of these
 *   when      conditions, all of which must hold; none: always
 *     state   power ("Off", "PoweringOn", "On", "PoweringOff") or progress ("OSBootStarted" …) of the machine, or a list of these
 *     after   duration from now until the row begins
 *     for     how long it lasts from then
 *     nth     the Nth matching operation only, from 1
 *     from    the Nth matching operation and those after it
 *     count   at most so many times
 *     rate    with this probability, above 0 up to 1
 *     perMachine  true: nth, from and count are of each machine; otherwise operations are counted over all machines of the row
 *   and the members of its kind.
 *
 * YAML reads the words On and Off as booleans; where they are states or actions, true and false mean them.
 * Durations are in Go's syntax. A row that can bite no more is spent: it is gone.
 */
#ifndef BMC_EMU_FAULTS_PLAN_H
#define BMC_EMU_FAULTS_PLAN_H

#include "bmc-emu/machine/types.h"
#include "lib/data/json.h"
#include "lib/rt/rt.h"

enum fault_kind {
    FAULT_UNREACHABLE,
    FAULT_SLOW,
    FAULT_STATUS,
    FAULT_WRONG_PASSWORD,
    FAULT_SESSION_LOST,
    FAULT_TRUNCATED_BODY,
    FAULT_GARBAGE_BODY,
    FAULT_POWER_FAILS,
    FAULT_POWER_STUCK,
    FAULT_STALE_POWER,
    FAULT_BOOT_FAILS,
    FAULT_BOOT_OVERRIDE_IGNORED,
    FAULT_MEDIA_INSERT_FAILS,
    FAULT_MEDIA_EJECT_FAILS,
    FAULT_MEDIA_IGNORED,
    FAULT_MEDIA_DOWNLOAD_FAILS,
    FAULT_AGENT_SILENT,
    FAULT_KIND_COUNT,
};

/* Members that only some kinds take; in this order they are in messages. */
enum fault_member {
    FAULT_MEMBER_OPERATION = 1 << 0,   /* "operation": HTTP method, pattern of paths, or both; or a power action */
    FAULT_MEMBER_MODE = 1 << 1,        /* "mode": one of the kind's modes, the first when left out */
    FAULT_MEMBER_DELAY = 1 << 2,       /* "delay": a duration */
    FAULT_MEMBER_STATUS = 1 << 3,      /* "status": HTTP status, 400 to 599 */
    FAULT_MEMBER_RETRY_AFTER = 1 << 4, /* "retryAfter": a duration, sent in whole seconds */
    FAULT_MEMBER_MESSAGE_ID = 1 << 5,  /* "messageId": of the error body, such as "IDRAC.2.8.SYS518" */
};

enum fault_place { FAULT_AT_HTTP, FAULT_AT_DRIVER, FAULT_AT_FETCHER, FAULT_AT_GUEST };

struct fault_kind_info {
    const char *name;
    enum fault_place place;   /* where it bites */
    unsigned members;         /* of enum fault_member */
    bool needs_delay;         /* must be given */
    rt_time delay;            /* when left out */
    int status;               /* when left out */
    const char *const *modes; /* NULL-terminated; NULL: none */
    const char *operation;    /* when left out; NULL: any */
    const char *help;
};
extern const struct fault_kind_info fault_kinds[FAULT_KIND_COUNT];

/* The machines that rows are about, numbered from 0. Functions get fault_plan_set_machines()'s `arg`. */
struct fault_machines {
    size_t (*count)(void *arg);
    const char *(*name)(void *arg, size_t machine);
    void (*state)(void *arg, size_t machine, enum machine_power *ret_power, enum machine_progress *ret_progress);
};

#define FAULT_ROWS_MAX 1024

struct fault_plan;

struct fault_plan *fault_plan_new(struct rt *rt);
void fault_plan_free(struct fault_plan *plan);
DEFINE_CLEANUP(struct fault_plan, fault_plan_free);

/* Tells the plan which machines there are; fault_driver_new() does it. Borrowed; NULL: none any more. */
void fault_plan_set_machines(struct fault_plan *plan, const struct fault_machines *machines, void *arg);
/* Calls `fn` each time a row bites; `machine` may be FAULT_NO_MACHINE. NULL: nobody. */
void fault_plan_on_hit(struct fault_plan *plan,
                       void (*fn)(void *arg, uint64_t id, enum fault_kind kind, size_t machine), void *arg);

/*
 * Adds a row; *ret_id is never used twice. ERROR_INVALID names the member that is wrong and what is allowed; ERROR_NOT_FOUND names a
 * machine that is not there; ERROR_CONFLICT: FAULT_ROWS_MAX rows are active.
 */
/* What fault_plan_add() would say of a row, but for its machines: that needs to know which there are. */
struct error *fault_row_check(const struct json *row) MUST_CHECK;
struct error *fault_plan_add(struct fault_plan *plan, const struct json *row, uint64_t *ret_id) MUST_CHECK;
bool fault_plan_remove(struct fault_plan *plan, uint64_t id); /* false when it is unknown or spent */
void fault_plan_clear(struct fault_plan *plan);
/* The active rows, oldest first: [{"id": 1, "row": {...}, "seen": operations that matched, "hits": those that went wrong}]. */
struct json *fault_plan_json(struct fault_plan *plan);

/* The table of kinds for README.md, which a test compares. */
void fault_kinds_print(struct strbuf *out);

/* -- for decorators -- */
struct rt *fault_plan_rt(const struct fault_plan *plan);
#define FAULT_NO_MACHINE SIZE_MAX /* an operation of no machine in particular: only rows for all machines bite */
#define FAULT_MESSAGE_ID_SIZE 64

/* What to do to the operation. */
struct fault_hit {
    uint64_t id;
    int mode;                   /* index of fault_kind_info.modes */
    rt_time delay, retry_after; /* 0: none */
    int status;
    char message_id[FAULT_MESSAGE_ID_SIZE]; /* "": none */
};

/*
 * Whether a fault of this kind bites this operation of the machine, now; counts it. `verb` is an HTTP method or a power action, `path` that of an
 * HTTP request; NULL where there is none. The oldest row that bites wins. *ret may be NULL.
 */
bool fault_plan_bites(struct fault_plan *plan, enum fault_kind kind, size_t machine, const char *verb, const char *path,
                      struct fault_hit *ret);

#endif
