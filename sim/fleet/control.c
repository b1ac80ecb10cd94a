/* SPDX-License-Identifier: Apache-2.0 */
/* The control API: machines, disks, faults. */
#include "sim/fleet/control.h"

#include <inttypes.h>
#include <string.h>

#include "bmc-emu/faults/plan.h"
#include "lib/data/str.h"
#include "sim/fleet/internal.h"

#define PREFIX "/fleet/v1/"

static void reply_error(struct http_exchange *exchange, int status, const char *text)
{
    CLEANUP(json_free) struct json *json = json_new_object();
    json_put_str(json, "error", text);
    http_reply_json(exchange, status, json);
}

static int status_of(const struct error *err)
{
    switch (error_kind(err)) {
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_INVALID:
    case ERROR_UNSUPPORTED:
        return 400;
    default:
        return 500;
    }
}

/* -- machines -- */

static struct json *machine_json(struct fleet *fleet, size_t number)
{
    struct machine *machine = fleet_machine(fleet, number);
    struct json *json = json_new_object();
    struct json *disks = json_new_array();
    CLEANUP_FREE char *address = fleet_bmc_url(fleet, number);

    json_put_str(json, "name", machine_name(machine));
    json_put(json, "number", json_new_int((int64_t)number + 1));
    json_put_str(json, "uuid", machine_uuid(machine));
    json_set_str(json, "bmc/address", address);
    json_set_str(json, "bmc/user", fleet->options->user);
    json_set_str(json, "bmc/password", fleet->options->password);
    json_put_str(json, "mac", machine_nic_count(machine) ? machine_nic(machine, 0)->mac : NULL);
    json_put_str(json, "address", guests_address(fleet->guests, number));
    json_put_str(json, "power", machine_power_name(machine_power(machine)));
    for (size_t i = 0; i < machine_disk_count(machine); i++)
        json_append_str(disks, machine_disk(machine, i)->profile->name);
    json_put(json, "disks", disks);
    return json;
}

static struct json *report_json(const struct guest_report *report)
{
    struct json *json = json_new_object();
    json_put(json, "starts", json_new_int(report->starts));
    json_put_str(json, "hostname", report->hostname);
    json_put_str(json, "name", report->name);
    json_put_str(json, "uuid", report->uuid);
    json_put_str(json, "userDataSHA256", report->user_data_sha256);
    json_put_str(json, "networkDataSHA256", report->network_data_sha256);
    json_put_str(json, "error", report->error);
    return json;
}

static struct json *journal_json(const struct machine *machine)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < machine_journal_len(machine); i++) {
        const struct machine_event *event = machine_journal_at(machine, i);
        char stamp[TIME_TEXT_SIZE];
        struct json *json = json_new_object();
        json_put_str(json, "time", time_format(event->wall, 3, stamp));
        json_put_str(json, "what", event->what);
        json_put_str(json, "detail", event->detail);
        json_append(list, json);
    }
    return list;
}

static void list_machines(struct fleet *fleet, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *list = json_new_array();
    for (size_t i = 0; i < fleet_count(fleet); i++)
        json_append(list, machine_json(fleet, i));
    http_reply_json(exchange, 200, list);
}

static bool find_machine(struct fleet *fleet, const char *name, size_t *ret)
{
    for (size_t i = 0; i < fleet_count(fleet); i++) {
        if (!str_equal(machine_name(fleet_machine(fleet, i)), name))
            continue;
        *ret = i;
        return true;
    }
    return false;
}

static void show_machine(struct fleet *fleet, struct http_exchange *exchange, size_t number)
{
    CLEANUP(json_free) struct json *json = machine_json(fleet, number);
    const struct machine *machine = fleet_machine(fleet, number);

    json_put(json, "report", report_json(guests_report(fleet->guests, number)));
    json_put(json, "journal", journal_json(machine));
    json_put_str(json, "console", machine_console(machine));
    http_reply_json(exchange, 200, json);
}

static struct error *hash_disk(struct machine *machine, const char *name, struct http_exchange *exchange, char **ret)
{
    int64_t offset = 0, length = -1;

    if (http_query(exchange, "offset"))
        TRY_WRAP(str_to_int64(http_query(exchange, "offset"), &offset), "offset");
    if (http_query(exchange, "length"))
        TRY_WRAP(str_to_int64(http_query(exchange, "length"), &length), "length");
    for (size_t i = 0; i < machine_disk_count(machine); i++) {
        const struct machine_disk *disk = machine_disk(machine, i);
        if (!str_equal(disk->profile->name, name))
            continue;
        uint64_t size = medium_size(disk->medium);
        if (offset < 0 || (uint64_t)offset > size)
            return error_new(ERROR_INVALID, "offset %" PRId64 " is past the disk's end", offset);
        return medium_digest(disk->medium, "sha256", (uint64_t)offset,
                             length < 0 ? size - (uint64_t)offset : (uint64_t)length, ret);
    }
    return error_new(ERROR_NOT_FOUND, "machine %s has no disk %s", machine_name(machine), name);
}

static void show_disk(struct fleet *fleet, struct http_exchange *exchange, size_t number, const char *name)
{
    CLEANUP_FREE char *hash = NULL;
    CLEANUP(error_free) struct error *err = hash_disk(fleet_machine(fleet, number), name, exchange, &hash);
    CLEANUP(json_free) struct json *json = json_new_object();

    if (err) {
        reply_error(exchange, status_of(err), error_message(err));
        return;
    }
    json_put_str(json, "sha256", hash);
    http_reply_json(exchange, 200, json);
}

/* -- faults -- */

static void post_fault(struct fleet *fleet, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *row = NULL;
    CLEANUP(json_free) struct json *answer = json_new_object();
    uint64_t id = 0;
    CLEANUP(error_free) struct error *err = json_parse(http_body(exchange), http_body_len(exchange), &row);

    if (!err)
        err = fleet_add_fault(fleet, row, &id);
    if (err) {
        reply_error(exchange, status_of(err), error_message(err));
        return;
    }
    json_put(answer, "id", json_new_int((int64_t)id));
    http_reply_json(exchange, 201, answer);
}

static void list_faults(struct fleet *fleet, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *list = fleet_faults(fleet);
    http_reply_json(exchange, 200, list);
}

static void delete_fault(struct fleet *fleet, struct http_exchange *exchange, const char *text)
{
    int64_t id = 0;
    struct error *err = str_to_int64(text, &id);
    bool known = !err && fleet_remove_fault(fleet, (uint64_t)id);
    error_free(err);
    if (known)
        http_reply(exchange, 204, NULL, NULL, 0);
    else
        reply_error(exchange, 404, "there is no such fault; it may have run out");
}

/* -- dispatch -- */

static void machine_path(struct fleet *fleet, struct http_exchange *exchange, char **parts, size_t count)
{
    size_t number = 0;
    if (!find_machine(fleet, parts[1], &number))
        reply_error(exchange, 404, "there is no such machine; GET " PREFIX "machines lists them");
    else if (count == 2)
        show_machine(fleet, exchange, number);
    else if (count == 4 && str_equal(parts[2], "disks"))
        show_disk(fleet, exchange, number, parts[3]);
    else
        reply_error(exchange, 404, "there is machines/NAME and machines/NAME/disks/DISK");
}

static void handle_get(struct fleet *fleet, struct http_exchange *exchange, char **parts, size_t count)
{
    if (count == 1 && str_equal(parts[0], "machines"))
        list_machines(fleet, exchange);
    else if (count >= 2 && str_equal(parts[0], "machines"))
        machine_path(fleet, exchange, parts, count);
    else if (count == 1 && str_equal(parts[0], "faults"))
        list_faults(fleet, exchange);
    else
        reply_error(exchange, 404, "there is " PREFIX "machines and " PREFIX "faults");
}

void control_handle(struct http_exchange *exchange, void *arg)
{
    struct fleet *fleet = arg;
    const char *path = http_path(exchange), *method = http_method(exchange);
    if (!str_has_prefix(path, PREFIX)) {
        reply_error(exchange, 404, "the API is at " PREFIX);
        return;
    }
    CLEANUP(str_list_free) char **parts = str_split(path + strlen(PREFIX), '/');
    size_t count = 0;
    while (parts[count])
        count++;

    if (str_equal(method, "GET"))
        handle_get(fleet, exchange, parts, count);
    else if (str_equal(method, "POST") && count == 1 && str_equal(parts[0], "faults"))
        post_fault(fleet, exchange);
    else if (str_equal(method, "DELETE") && count == 2 && str_equal(parts[0], "faults"))
        delete_fault(fleet, exchange, parts[1]);
    else
        reply_error(exchange, 405, "GET machines, GET and POST faults, DELETE faults/ID are what this API knows");
}
