/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Redfish request on its way through the front end, and what handlers use: the machine's snapshot, the body, replies and errors. For the
 * files of this folder only.
 */
#ifndef BMC_EMU_REDFISH_REQUEST_H
#define BMC_EMU_REDFISH_REQUEST_H

#include "bmc-emu/redfish/messages.h"
#include "bmc-emu/redfish/rf.h"
#include "lib/data/json.h"
#include "lib/data/map.h"
#include "lib/data/vec.h"

#define RF_ROOT "/redfish/v1"
#define RF_PARAMS_MAX 3
#define RF_PATH_MAX 160

/* What an account must be allowed (DSP0266, "Privilege model"); a role is a set of these. */
enum rf_privilege {
    RF_PUBLIC = 0, /* nothing: no authentication either */
    RF_LOGIN = 1 << 0,
    RF_CONFIGURE_MANAGER = 1 << 1,
    RF_CONFIGURE_USERS = 1 << 2,
    RF_CONFIGURE_SELF = 1 << 3,
    RF_CONFIGURE_COMPONENTS = 1 << 4,
};

struct rf_role {
    const char *id;
    unsigned privileges;
};
extern const struct rf_role rf_roles[];             /* ends with {0} */
const struct rf_role *rf_role_find(const char *id); /* NULL: unknown */

struct rf_account {
    char id[8];
    char *name, *password;
    const struct rf_role *role;
    bool enabled;
    uint64_t version;
};
struct rf_session {
    char id[24];
    char *user;
    char *client;
    int64_t created; /* wall time */
    rt_time last_used;
};

/* Firmware that an update can change. */
enum rf_firmware { RF_FIRMWARE_BIOS, RF_FIRMWARE_BMC, RF_FIRMWARE_COUNT };

/* A RAID volume: what the controller says of it. The machine's disks stay as they are. */
struct rf_volume {
    char id[24];
    char *name;
    const struct rf_raid *raid;
    int64_t capacity;
    uint64_t drives; /* bit n: the machine's disk n */
    uint64_t version;
};

/* What a BMC knows of its machine beyond the machine itself; made when the first of it is there. */
struct rf_board {
    char *firmware[RF_FIRMWARE_COUNT]; /* versions after updates; NULL: the profile's */
    uint64_t version;                  /* grows with every change of what is here */
    VEC(struct rf_volume) volumes;
    uint64_t volume_serial;
    unsigned deleted_keys; /* of secure boot; bit n: database n (secure_boot.c) */
    uint64_t log_cleared;  /* entries up to this serial number are not shown */
    rt_time away_until;    /* the BMC restarts and does not answer */
};

enum rf_task_state { RF_TASK_RUNNING, RF_TASK_PENDING, RF_TASK_COMPLETED, RF_TASK_EXCEPTION };

/* An operation that outlives its request. */
struct rf_task {
    char id[24];
    struct rf_service *service;
    size_t machine;
    char *name, *target; /* what is done; the URI it was asked of */
    enum rf_task_state state;
    int percent;
    int64_t started, ended; /* wall time */
    char *text;             /* why it failed; NULL */
    char *created;          /* path of what it has made; NULL: nothing */
    uint64_t version;
    /* Does it, in a task of its own. */
    struct error *(*run)(struct rf_task *task, void *arg);
    void (*release)(void *arg);
    void *arg;
};

struct rf_context {
    /* Of the machines, which are all of one kind; copies, taken when the first service is made. */
    struct machine_quirks quirks;
    char *vendor; /* NULL until then */
    struct json *oem, *resources;
    const struct env *env;
    struct rt_group *group;
    struct http_client *client; /* for what BMCs fetch and send; NULL until it is needed */
    struct bmc_driver *driver;
    unsigned capabilities;
    char *user, *password;
    rt_time session_timeout;
    uint64_t epoch;       /* part of each ETag: those of an earlier life do not match */
    struct map *machines; /* id, UUID and name to number + 1; built when the first service of many machines needs it */
};

struct rf_service {
    struct rf_context *context;
    size_t first, count;
    bool follows; /* the driver's count, as it grows */
    char uuid[RT_UUID_SIZE];
    struct rf_account *accounts; /* NULL: the context's one */
    size_t account_count;
    struct map *sessions; /* by token; NULL: none yet */
    uint64_t session_serial, accounts_version;
    rt_time session_timeout;
    int64_t clock_offset; /* of the BMC's clock against ours */
    uint64_t manager_version;
    struct rf_board **boards; /* by machine - first; NULL, and each NULL, until it is needed */
    size_t board_count;
    VEC(struct rf_task *) tasks; /* oldest first */
    uint64_t task_serial;
    VEC(struct rf_subscription *) subscriptions;
    uint64_t subscription_serial, event_serial;
    int64_t event_attempts; /* further ones, of a delivery that failed */
    rt_time event_interval; /* between them */
};

struct rf_request {
    struct rf_service *service;
    struct rf_context *context;
    struct http_exchange *http;
    const struct rf_route *route;
    char params[RF_PARAMS_MAX][64];                                       /* of the path, but for the machine's */
    size_t machine;                                                       /* RF_NO_MACHINE when the route names none */
    struct bmc_snapshot snapshot;                                         /* of that machine */
    char system[RF_PATH_MAX], manager[RF_PATH_MAX], chassis[RF_PATH_MAX]; /* its paths */
    const struct rf_account *account; /* who asks; NULL on public routes and without authentication */
    struct json *body;                /* of PATCH and POST: an object; NULL when there was none */
    struct strbuf out;
    struct jsonw json;
    struct rf_query *query; /* NULL: none */
    bool inner;             /* asked by another request: what it replies stays in `out`, its status here */
    int status;
};

struct rf_route {
    const char *method, *path;
    void (*handle)(struct rf_request *request);
    unsigned privilege;
    bool body_optional; /* a POST or PATCH that may come without a body */
    bool self;          /* ConfigureSelf suffices for one's own account or session */
};
extern const struct rf_route rf_routes[];
extern const size_t rf_route_count;

/* The machine with this id, UUID or name in the service's tree; RF_NO_MACHINE. */
size_t rf_find_machine(const struct rf_service *service, const char *id);
/* What the machine's resources are called in paths. */
const char *rf_system_id(const struct rf_service *service, const struct bmc_snapshot *snapshot);
const char *rf_manager_id(const struct rf_service *service, const struct bmc_snapshot *snapshot);
const char *rf_chassis_id(const struct rf_service *service, const struct bmc_snapshot *snapshot);

/* -- replies (reply.c); each handler ends in exactly one -- */
/* Opens the body of the resource at `path` with its type ("ComputerSystem.v1_20_0.ComputerSystem"), id, name, and an ETag of `version`. */
void rf_begin(struct rf_request *request, const char *type, const char *path, const char *id, const char *name,
              uint64_t version);
/* Closes and sends it. */
void rf_end(struct rf_request *request);
/* A collection: begin, rf_member() for each, end. `type` is "ComputerSystemCollection". */
void rf_begin_collection(struct rf_request *request, const char *type, const char *path, const char *name);
void rf_member(struct rf_request *request, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rf_end_collection(struct rf_request *request, size_t count);
/* A member that is a link: "name": {"@odata.id": path}. */
void rf_link(struct rf_request *request, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "name": [{"@odata.id": path}]. */
void rf_link_list(struct rf_request *request, const char *name, const char *path);
void rf_status(struct rf_request *request, bool enabled);  /* "Status" */
void rf_send_json(struct rf_request *request, int status); /* what was written to request->json */
void rf_no_content(struct rf_request *request);
void rf_fail(struct rf_request *request, enum rf_message message, const char *arg1, const char *arg2, const char *arg3);
/* Answers with what fits the error's kind, and frees it. */
void rf_fail_error(struct rf_request *request, struct error *err);
void rf_not_found(struct rf_request *request);

/* -- preconditions and bodies -- */
/* False, and answered 412, when If-Match is there and does not match the resource's version. */
bool rf_if_match(struct rf_request *request, uint64_t version);
/* The machine's number of the drive called request->params[0]; false, and answered 404, when there is none. */
bool rf_find_slot(struct rf_request *request, size_t *ret);

/* A property that PATCH takes: it reads the value into the handler's struct, or answers and returns false. */
struct rf_property {
    const char *path; /* "Boot/BootSourceOverrideTarget" */
    bool (*take)(struct rf_request *request, const char *name, const struct json *value, void *arg);
};
/*
 * Applies the table (ends with {0}) to the body. Properties that the resource has but no row (`read_only`, NULL-terminated, top level) are refused as
 * not writable, others as unknown; annotations ("@…") are left alone. False when it has answered.
 */
bool rf_take_properties(struct rf_request *request, const struct rf_property *table, const char *const *read_only,
                        void *arg);
/* Value checks for `take` functions; they answer themselves when the value does not fit. */
bool rf_need_string(struct rf_request *request, const char *name, const struct json *value, const char **ret);
bool rf_need_bool(struct rf_request *request, const char *name, const struct json *value, bool *ret);
bool rf_need_int(struct rf_request *request, const char *name, const struct json *value, int64_t min, int64_t max,
                 int64_t *ret);
/* The value as a client sees it in a message. Free with free(). */
char *rf_show(const struct json *value);

/* A parameter of an action. */
enum rf_parameter_type { RF_PARAMETER_STRING, RF_PARAMETER_BOOL, RF_PARAMETER_ARRAY };
struct rf_parameter {
    const char *name;
    enum rf_parameter_type type;
    bool required;
    size_t offset; /* const char *, bool, or const struct json * */
};
/* Reads the body by the table (ends with {0}); what is absent keeps its value. False when it has answered. */
bool rf_take_parameters(struct rf_request *request, const char *action, const struct rf_parameter *table, void *out);

/* -- what is a vendor's (vendor.c) -- */
/* Takes what the context keeps of the profile, once. */
void rf_vendor_learn(struct rf_context *context, const struct machine_profile *profile);
const struct machine_quirks *rf_quirks(const struct rf_request *request); /* of the service's machines */
/* "Oem" of the resource ("System") as the profile has it; nothing when it has none. */
void rf_write_oem(struct rf_request *request, const char *resource);
/* Answers from the profile's own resources; false when they do not have this one. */
bool rf_vendor_resource(struct rf_request *request);
/* False, and answered, when a request lacks what the vendor's BMC wants of each: a body, an If-Match. */
bool rf_vendor_check(struct rf_request *request);

/* -- query parameters (query.c) -- */
/* Reads them into request->query; false when it has answered that one is not supported, or wrong. */
bool rf_query_take(struct rf_request *request);
void rf_query_apply(struct rf_request *request); /* to what is in request->out */
void rf_query_free(struct rf_query *query);
/* What a GET of the path would give to the same client; NULL when it is not 200. */
struct json *rf_get_inner(struct rf_request *request, const char *path);

/* -- what a BMC keeps for each machine (board.c) -- */
struct rf_board *rf_board(struct rf_service *service, size_t machine); /* made when there is none */
/* NULL when there is none. */
struct rf_board *rf_board_peek(const struct rf_service *service, size_t machine);
void rf_boards_release(struct rf_service *service);
const char *rf_firmware_version(const struct rf_request *request, enum rf_firmware kind);
/* Whether the BMC of the machine is restarting. */
bool rf_board_away(const struct rf_service *service, size_t machine);
/* Makes it restart: it does not answer for `delay`, and forgets its sessions when they are its alone. */
void rf_board_restart(struct rf_service *service, size_t machine, rt_time delay);
/* The context's HTTP client. */
struct error *rf_client(struct rf_context *context, struct http_client **ret) MUST_CHECK;

/* -- operations that outlive their request (tasks.c) -- */
#define RF_TASKS_MAX 32 /* of one service; the oldest that has ended gives way */
struct rf_task_options {
    const char *name;
    struct error *(*run)(struct rf_task *task, void *arg); /* RF_TASK_COMPLETED, or RF_TASK_EXCEPTION with an error */
    void *arg;
    void (*release)(void *arg); /* NULL: nothing to release */
};
/* Starts it and answers 202 with the monitor's place; takes over `arg`, also when it answers that there are too many. */
void rf_task_start(struct rf_request *request, const struct rf_task_options *options);
void rf_task_progress(struct rf_task *task, enum rf_task_state state, int percent);
/* Waits until the task's machine has started anew. */
struct error *rf_task_wait_reset(struct rf_task *task) MUST_CHECK;
void rf_tasks_release(struct rf_service *service);
/* "@Redfish.OperationApplyTime" of the body; false when it has answered that it knows no such time. */
bool rf_take_apply_time(struct rf_request *request, bool *ret_on_reset);
void rf_write_apply_times(struct jsonw *json);

void rf_subscriptions_release(struct rf_service *service); /* events.c */

/* -- authentication (auth.c, accounts.c, sessions.c) -- */
/* Sets request->account; false when it has answered 401 or 403. */
bool rf_authenticate(struct rf_request *request);
/* Whether the account (NULL: nobody is asked who he is) has the route's privilege. */
bool rf_may(const struct rf_account *account, const struct rf_route *route);
/* The enabled account with this name and password; NULL. */
const struct rf_account *rf_account_check(struct rf_service *service, const char *user, const char *password);
const struct rf_account *rf_account_named(struct rf_service *service, const char *user);
/* Makes the service's own, changeable list of accounts. */
void rf_accounts_own(struct rf_service *service);
void rf_accounts_release(struct rf_service *service);
/* The user of a live session, and notes its use; NULL. */
const char *rf_session_use(struct rf_service *service, const char *token);
void rf_sessions_drop_user(struct rf_service *service, const char *user);

#endif
