/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and the life of agents. */
#include "operator/conductor/agent_session.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/time.h"
#include "operator/conductor/agent_client.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/power.h"

#define TOKEN_BYTES 32
#define FIRST_BEAT_WAIT (20 * RT_S) /* after a ramdisk was seen */

void ramdisk_token_new(struct node *node, bool pregenerated)
{
    unsigned char bytes[TOKEN_BYTES];
    rt_random_bytes(node->conductor->rt, bytes, sizeof(bytes));
    CLEANUP_SECRET char *token = str_base64_encode(bytes, sizeof(bytes));
    mem_wipe(bytes, sizeof(bytes));
    for (char *c = token; *c; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
    char *padding = strchr(token, '=');
    if (padding)
        *padding = '\0';
    node_internal_set(node, "agent_secret_token", token);
    if (pregenerated)
        json_put(node->driver_internal_info, "agent_secret_token_pregenerated", json_new_bool(true));
    else
        node_internal_set(node, "agent_secret_token_pregenerated", NULL);
}

void ramdisk_forget(struct node *node, bool everything)
{
    static const char *const keys[] = {"agent_url",   "agent_verify_ca", "agent_last_heartbeat",    "agent_version",
                                       "agent_steps", "agent_command",   "hardware_manager_version"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        node_internal_set(node, keys[i], NULL);
    if (everything || !json_bool(node->driver_internal_info, "agent_secret_token_pregenerated", false)) {
        node_internal_set(node, "agent_secret_token", NULL);
        node_internal_set(node, "agent_secret_token_pregenerated", NULL);
    }
    node->agent_expected = 0;
    ramdisk_free(TAKE_PTR(node->ramdisk));
}

bool ramdisk_is_up(const struct node *node)
{
    const char *beat = node_internal(node, "agent_last_heartbeat");
    int64_t wall = 0;
    if (!node_internal(node, "agent_url") || !beat)
        return false;
    CLEANUP(error_free) struct error *bad = time_parse(beat, &wall);
    return !bad && rt_wall(node->conductor->rt) - wall < node->conductor->options.fast_track_timeout;
}

struct error *ramdisk_fast_track(struct node *node, bool *ret)
{
    struct rt *rt = node->conductor->rt;
    *ret = false;
    if (!node->conductor->options.fast_track || !node_is_on(node) || node->last_error)
        return NULL;
    /* It answered the inspection a moment ago and is about to beat. */
    rt_time deadline = node->agent_expected ? node->agent_expected + FIRST_BEAT_WAIT : 0;
    while (!ramdisk_is_up(node) && node->agent_expected && rt_now(rt) < deadline) {
        struct error *err = rt_cond_wait(rt, &node->changed, deadline);
        if (err && !error_is(err, ERROR_TIMEOUT))
            return err;
        error_free(err);
    }
    if (!ramdisk_is_up(node))
        return NULL;
    TRY(power_refresh(node));
    *ret = node_is_on(node);
    return NULL;
}
