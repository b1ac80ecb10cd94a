// SPDX-License-Identifier: Apache-2.0
// What a BMC keeps for each of its machines: firmware after updates, RAID volumes, whether it is restarting.
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/redfish/request.h"
#include "lib/net/http_client.h"

struct rf_board *rf_board_peek(const struct rf_service *service, size_t machine)
{
    /* RF_NO_MACHINE is past the end, too. */
    return machine - service->first < service->board_count ? service->boards[machine - service->first] : NULL;
}

struct rf_board *rf_board(struct rf_service *service, size_t machine)
{
    size_t index = machine - service->first;

    if (index >= service->board_count) {
        size_t count = index < service->count ? service->count : index + 1;
        service->boards = mem_resize(service->boards, count, sizeof(struct rf_board *));
        memset(service->boards + service->board_count, 0, (count - service->board_count) * sizeof(struct rf_board *));
        service->board_count = count;
    }
    struct rf_board **board = &service->boards[index];
    if (!*board) {
        *board = mem_alloc(sizeof(**board));
        (*board)->version = 1;
    }
    return *board;
}

static void board_free(struct rf_board *board)
{
    if (!board)
        return;
    for (size_t i = 0; i < RF_FIRMWARE_COUNT; i++)
        free(board->firmware[i]);
    VEC_FOREACH (volume, &board->volumes)
        free(volume->name);
    VEC_RELEASE(&board->volumes);
    free(board);
}

void rf_boards_release(struct rf_service *service)
{
    for (size_t i = 0; i < service->board_count; i++)
        board_free(service->boards[i]);
    free(service->boards);
}

const char *rf_firmware_version(const struct rf_request *request, enum rf_firmware kind)
{
    const struct rf_board *board = rf_board_peek(request->service, request->machine);
    const struct machine_profile *profile = request->snapshot.profile;

    if (board && board->firmware[kind])
        return board->firmware[kind];
    return kind == RF_FIRMWARE_BIOS ? profile->bios_version : profile->bmc_version;
}

bool rf_board_away(const struct rf_service *service, size_t machine)
{
    const struct rf_board *board = rf_board_peek(service, machine);

    return board && board->away_until > rt_now(service->context->env->rt);
}

void rf_board_restart(struct rf_service *service, size_t machine, rt_time delay)
{
    rf_board(service, machine)->away_until = rt_after(service->context->env->rt, delay);
    if (service->count == 1 && service->sessions)
        map_clear(service->sessions);
}

struct error *rf_client(struct rf_context *context, struct http_client **ret)
{
    struct http_client_options options = {.insecure = true, .user_agent = "bmc-emu/" METAL3_VERSION};

    if (!context->client)
        TRY(http_client_new(context->env->net, &options, &context->client));
    *ret = context->client;
    return NULL;
}
