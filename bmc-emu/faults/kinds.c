// SPDX-License-Identifier: Apache-2.0
// All that can go wrong, as one table. The reference's rows are EMU-386 to EMU-506.
#include "bmc-emu/faults/row.h"

static const char *const unreachable_modes[] = {"reset", "timeout", NULL};
const char *const fault_refusal_modes[] = {"internal", "busy", "conflict", "invalid", NULL};
const char *const fault_download_modes[] = {"unreachable", "timeout", "not-found", "denied", NULL};

const struct fault_kind_info fault_kinds[FAULT_KIND_COUNT] = {
    [FAULT_UNREACHABLE] =
        {
            .name = "unreachable",
            .place = FAULT_AT_HTTP,
            .members = FAULT_MEMBER_OPERATION | FAULT_MEMBER_MODE,
            .modes = unreachable_modes,
            .help = "the connection is reset, or there is no answer until the client gives up",
        },
    [FAULT_SLOW] =
        {
            .name = "slow",
            .place = FAULT_AT_HTTP,
            .members = FAULT_MEMBER_OPERATION | FAULT_MEMBER_DELAY,
            .needs_delay = true,
            .help = "the request is carried out and answered late, even if the client has gone meanwhile",
        },
    [FAULT_STATUS] =
        {
            .name = "status",
            .place = FAULT_AT_HTTP,
            .members =
                FAULT_MEMBER_OPERATION | FAULT_MEMBER_STATUS | FAULT_MEMBER_RETRY_AFTER | FAULT_MEMBER_MESSAGE_ID,
            .status = 503,
            .help = "the request is refused with an HTTP status and a Redfish error, and not carried out",
        },
    [FAULT_WRONG_PASSWORD] =
        {
            .name = "wrong-password",
            .place = FAULT_AT_HTTP,
            .help = "401 whatever the credentials; what needs none is answered as ever",
        },
    [FAULT_SESSION_LOST] =
        {
            .name = "session-lost",
            .place = FAULT_AT_HTTP,
            .help = "the session of a request ends: 401 to it and to all later ones with its token",
        },
    [FAULT_TRUNCATED_BODY] =
        {
            .name = "truncated-body",
            .place = FAULT_AT_HTTP,
            .members = FAULT_MEMBER_OPERATION,
            .operation = "GET",
            .help = "the answer breaks off half way; the request is not carried out",
        },
    [FAULT_GARBAGE_BODY] =
        {
            .name = "garbage-body",
            .place = FAULT_AT_HTTP,
            .members = FAULT_MEMBER_OPERATION,
            .operation = "GET",
            .help = "200 with an HTML page in the place of JSON; the request is not carried out",
        },
    [FAULT_POWER_FAILS] =
        {
            .name = "power-fails",
            .place = FAULT_AT_DRIVER,
            .members = FAULT_MEMBER_OPERATION | FAULT_MEMBER_MODE,
            .modes = fault_refusal_modes,
            .help = "a power action is refused",
        },
    [FAULT_POWER_STUCK] =
        {
            .name = "power-stuck",
            .place = FAULT_AT_DRIVER,
            .members = FAULT_MEMBER_OPERATION,
            .help = "a power action is accepted, and nothing happens",
        },
    [FAULT_STALE_POWER] =
        {
            .name = "stale-power",
            .place = FAULT_AT_DRIVER,
            .members = FAULT_MEMBER_DELAY,
            .delay = 30 * RT_S,
            .help = "reads go on showing the power state of before for a while; each change of state counts as an "
                    "operation",
        },
    [FAULT_BOOT_FAILS] =
        {
            .name = "boot-fails",
            .place = FAULT_AT_DRIVER,
            .members = FAULT_MEMBER_MODE,
            .modes = fault_refusal_modes,
            .help = "setting the boot override or mode is refused",
        },
    [FAULT_BOOT_OVERRIDE_IGNORED] =
        {
            .name = "boot-override-ignored",
            .place = FAULT_AT_DRIVER,
            .help = "the boot override is accepted and shown, but the machine boots in its own order",
        },
    [FAULT_MEDIA_INSERT_FAILS] =
        {
            .name = "media-insert-fails",
            .place = FAULT_AT_DRIVER,
            .members = FAULT_MEMBER_MODE,
            .modes = fault_refusal_modes,
            .help = "inserting virtual media is refused",
        },
    [FAULT_MEDIA_EJECT_FAILS] =
        {
            .name = "media-eject-fails",
            .place = FAULT_AT_DRIVER,
            .members = FAULT_MEMBER_MODE,
            .modes = fault_refusal_modes,
            .help = "ejecting virtual media is refused",
        },
    [FAULT_MEDIA_IGNORED] =
        {
            .name = "media-ignored",
            .place = FAULT_AT_DRIVER,
            .help = "virtual media are fetched and shown as inserted, but the machine does not see them",
        },
    [FAULT_MEDIA_DOWNLOAD_FAILS] =
        {
            .name = "media-download-fails",
            .place = FAULT_AT_FETCHER,
            .members = FAULT_MEMBER_MODE | FAULT_MEMBER_DELAY,
            .modes = fault_download_modes,
            .help = "the image of virtual media cannot be fetched; with delay it takes that long to fail",
        },
    [FAULT_AGENT_SILENT] =
        {
            .name = "agent-silent",
            .place = FAULT_AT_GUEST,
            .help = "the agent of a machine that booted the deploy image never calls back",
        },
};

static const char *const places[] = {
    [FAULT_AT_HTTP] = "front end",
    [FAULT_AT_DRIVER] = "driver",
    [FAULT_AT_FETCHER] = "fetcher of media",
    [FAULT_AT_GUEST] = "what runs on the machine",
};

static void print_modes(const char *const *modes, struct strbuf *out)
{
    for (size_t i = 0; modes && modes[i]; i++)
        strbuf_addf(out, "%s`%s`", i ? ", " : " (", modes[i]);
    strbuf_adds(out, modes ? ")" : "");
}

static void print_default(const struct fault_kind_info *kind, enum fault_member member, struct strbuf *out)
{
    char text[TIME_TEXT_SIZE];

    if (member == FAULT_MEMBER_DELAY && kind->needs_delay)
        strbuf_adds(out, " (required)");
    else if (member == FAULT_MEMBER_DELAY && kind->delay)
        strbuf_addf(out, " (`%s`)", time_format_duration(kind->delay, text));
    else if (member == FAULT_MEMBER_STATUS)
        strbuf_addf(out, " (`%d`)", kind->status);
    else if (member == FAULT_MEMBER_OPERATION && kind->operation)
        strbuf_addf(out, " (`%s`)", kind->operation);
    else if (member == FAULT_MEMBER_MODE)
        print_modes(kind->modes, out);
}

void fault_kinds_print(struct strbuf *out)
{
    strbuf_adds(out, "| `fault` | its members | where | what happens |\n|---|---|---|---|\n");
    for (int i = 0; i < FAULT_KIND_COUNT; i++) {
        const struct fault_kind_info *kind = &fault_kinds[i];
        const char *comma = "";
        strbuf_addf(out, "| `%s` | ", kind->name);
        for (size_t bit = 0; fault_member_name(bit); bit++) {
            if (!(kind->members & 1u << bit))
                continue;
            strbuf_addf(out, "%s`%s`", comma, fault_member_name(bit));
            print_default(kind, (enum fault_member)(1u << bit), out);
            comma = ", ";
        }
        strbuf_addf(out, " | %s | %s |\n", places[kind->place], kind->help);
    }
}
