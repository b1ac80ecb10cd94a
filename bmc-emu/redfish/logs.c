// SPDX-License-Identifier: Apache-2.0
// Log services: a machine's journal as its event log, under the system and under its manager (EMU-074).
#include <stdio.h>
#include <stdlib.h>

#include "bmc-emu/redfish/handlers.h"

#define LOG "SEL"
#define CLEAR "LogService.ClearLog"

static void send_list(struct rf_request *request, const char *owner)
{
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/LogServices", owner);
    rf_begin_collection(request, "LogServiceCollection", path, "Log Services");
    rf_member(request, "%s/" LOG, path);
    rf_end_collection(request, 1);
}

void rf_get_system_logs(struct rf_request *request)
{
    send_list(request, request->system);
}

void rf_get_manager_logs(struct rf_request *request)
{
    send_list(request, request->manager);
}

static bool is_log(struct rf_request *request)
{
    if (str_equal(request->params[0], LOG))
        return true;
    rf_not_found(request);
    return false;
}

static void send_log(struct rf_request *request, const char *owner)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2], time[TIME_TEXT_SIZE];

    if (!is_log(request))
        return;
    snprintf(path, sizeof(path), "%s/LogServices/" LOG, owner);
    rf_begin(request, "LogService.v1_4_0.LogService", path, LOG, "System Event Log", request->snapshot.version);
    rf_status(request, true);
    jsonw_bool(json, "ServiceEnabled", true);
    jsonw_str(json, "LogEntryType", "Event");
    jsonw_str(json, "OverWritePolicy", "WrapsWhenFull");
    jsonw_int(json, "MaxNumberOfRecords", MACHINE_JOURNAL_MAX);
    jsonw_str(json, "DateTime",
              time_format(rt_wall(request->context->env->rt) + request->service->clock_offset, 0, time));
    jsonw_str(json, "DateTimeLocalOffset", "+00:00");
    rf_link(request, "Entries", "%s/Entries", path);
    jsonw_object(json, "Actions");
    jsonw_object(json, "#" CLEAR);
    jsonw_printf(json, "target", "%s/Actions/" CLEAR, path);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

void rf_get_system_log(struct rf_request *request)
{
    send_log(request, request->system);
}

void rf_get_manager_log(struct rf_request *request)
{
    send_log(request, request->manager);
}

/* The journal's entry with this serial number, unless it was cleared. */
static bool entry_at(struct rf_request *request, uint64_t serial, struct machine_event *ret)
{
    struct bmc_driver *driver = request->context->driver;
    const struct rf_board *board = rf_board_peek(request->service, request->machine);

    if (!driver->ops->journal || (board && serial <= board->log_cleared))
        return false;
    return driver->ops->journal(driver, request->machine, serial, ret);
}

/* The members of an entry, within an object that is open. */
static void write_entry(struct rf_request *request, const struct machine_event *entry)
{
    struct jsonw *json = &request->json;
    char time[TIME_TEXT_SIZE];

    jsonw_str(json, "EntryType", "Event");
    jsonw_str(json, "Severity", "OK");
    jsonw_str(json, "Created", time_format(entry->wall + request->service->clock_offset, 0, time));
    jsonw_printf(json, "Message", "%s: %s", entry->what, entry->detail);
    jsonw_str(json, "MessageId", "ResourceEvent.1.2.ResourceChanged");
}

static void send_entries(struct rf_request *request, const char *owner)
{
    struct jsonw *json = &request->json;
    uint64_t last = request->snapshot.journal_total,
             first = last > MACHINE_JOURNAL_MAX ? last - MACHINE_JOURNAL_MAX + 1 : 1;
    char path[RF_PATH_MAX * 2];
    size_t shown = 0;

    if (!is_log(request))
        return;
    snprintf(path, sizeof(path), "%s/LogServices/" LOG "/Entries", owner);
    rf_begin_collection(request, "LogEntryCollection", path, "Log Entries");
    for (uint64_t serial = first; serial <= last; serial++) {
        struct machine_event entry;
        if (!entry_at(request, serial, &entry))
            continue;
        /* Whole entries, because nobody wants to ask for each. */
        jsonw_object(json, NULL);
        jsonw_str(json, "@odata.type", "#LogEntry.v1_15_0.LogEntry");
        jsonw_printf(json, "@odata.id", "%s/%llu", path, (unsigned long long)serial);
        jsonw_printf(json, "Id", "%llu", (unsigned long long)serial);
        jsonw_str(json, "Name", "Log Entry");
        write_entry(request, &entry);
        jsonw_end(json);
        shown++;
    }
    rf_end_collection(request, shown);
}

void rf_get_system_log_entries(struct rf_request *request)
{
    send_entries(request, request->system);
}

void rf_get_manager_log_entries(struct rf_request *request)
{
    send_entries(request, request->manager);
}

static void send_entry(struct rf_request *request, const char *owner)
{
    struct machine_event entry;
    char path[RF_PATH_MAX * 2];
    int64_t serial;

    if (!is_log(request))
        return;
    CLEANUP(error_free) struct error *err = str_to_int64(request->params[1], &serial);
    if (err || serial < 1 || !entry_at(request, (uint64_t)serial, &entry)) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/LogServices/" LOG "/Entries/%lld", owner, (long long)serial);
    rf_begin(request, "LogEntry.v1_15_0.LogEntry", path, request->params[1], "Log Entry", 1);
    write_entry(request, &entry);
    rf_end(request);
}

void rf_get_system_log_entry(struct rf_request *request)
{
    send_entry(request, request->system);
}

void rf_get_manager_log_entry(struct rf_request *request)
{
    send_entry(request, request->manager);
}

void rf_post_clear_log(struct rf_request *request)
{
    if (!is_log(request))
        return;
    rf_board(request->service, request->machine)->log_cleared = request->snapshot.journal_total;
    rf_no_content(request);
}
