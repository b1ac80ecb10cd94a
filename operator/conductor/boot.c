/* SPDX-License-Identifier: Apache-2.0 */
/* Boot sequences over virtual media. */
#include "operator/conductor/boot.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/power.h"

static char *capability_in(const struct json *capabilities, const char *name)
{
    if (json_is(capabilities, JSON_OBJECT))
        return mem_strdup(json_str(json_member(capabilities, name), ""));
    if (!json_is(capabilities, JSON_STRING))
        return NULL;
    CLEANUP(str_list_free) char **pairs = str_split(json_str(capabilities, ""), ',');
    for (size_t i = 0; pairs[i]; i++) {
        char *colon = strchr(pairs[i], ':');
        if (!colon)
            continue;
        *colon = '\0';
        CLEANUP_FREE char *key = str_trim(pairs[i]);
        if (str_equal(key, name))
            return str_trim(colon + 1);
    }
    return NULL;
}

char *node_capability(const struct node *node, const char *name)
{
    char *value = capability_in(json_get(node->instance_info, "capabilities"), name);
    return value ? value : capability_in(json_get(node->properties, "capabilities"), name);
}

char *boot_mode_wanted(const struct node *node)
{
    char *mode = node_capability(node, "boot_mode");
    return mode ? mode : mem_strdup(str_or(node->boot_mode, "uefi"));
}

char *boot_api_params(const struct node *node)
{
    return mem_printf("ipa-api-url=%s", node->conductor->text.api_url);
}

/* With the token, which is why this is a secret. */
static char *all_params(const struct node *node, const char *params)
{
    return mem_printf("%s ipa-agent-token=%s boot_method=vmedia", params,
                      str_or(node_internal(node, "agent_secret_token"), ""));
}

static struct error *sync_boot_mode(struct node *node)
{
    CLEANUP_FREE char *mode = boot_mode_wanted(node);
    if (str_equal(mode, node->boot_mode)) /* as the BMC told a moment ago */
        return NULL;
    return bmc_set_boot_mode(node, mode);
}

/* force_persistent_boot_device: Always, Never or Default (IRO-304). */
static bool persistent(const struct node *node, bool by_default)
{
    const char *forced = json_str(json_member(node->driver_info, "force_persistent_boot_device"), "");
    if (str_equal_nocase(forced, "always") || str_equal_nocase(forced, "true"))
        return true;
    if (str_equal_nocase(forced, "never"))
        return false;
    return by_default;
}

struct error *boot_ramdisk(struct node *node, const char *params)
{
    ramdisk_forget(node, true);
    if (!boot_iso_is_foreign(node))
        ramdisk_token_new(node, true);
    CLEANUP_SECRET char *line = all_params(node, params);
    CLEANUP_FREE char *url = NULL;
    TRY(boot_iso_publish(node, line, &url));
    TRY(node_save(node));
    if (!node->disable_power_off)
        TRY(power_do(node, POWER_ACTION_OFF, 0));
    TRY(bmc_insert_cd(node, url));
    TRY(sync_boot_mode(node));
    TRY(bmc_set_boot_device(node, BMC_DEVICE_CDROM, persistent(node, false)));
    return power_do(node, node->disable_power_off ? POWER_ACTION_REBOOT : POWER_ACTION_ON, 0);
}

struct error *boot_clean_up_ramdisk(struct node *node)
{
    if (!node->disable_power_off)
        TRY(power_do(node, POWER_ACTION_OFF, 0));
    ramdisk_forget(node, true);
    TRY(bmc_eject(node, true));
    boot_iso_withdraw(node);
    return NULL;
}

struct error *boot_prepare_instance(struct node *node)
{
    TRY(bmc_eject(node, true));
    boot_iso_withdraw(node);
    TRY(sync_boot_mode(node));
    CLEANUP_FREE char *secure = node_capability(node, "secure_boot");
    if (str_equal_nocase(secure, "true"))
        TRY(bmc_set_secure_boot(node, true));
    /* Lenovo in UEFI mode keeps its own order (IRO-342). */
    CLEANUP_FREE char *mode = boot_mode_wanted(node);
    if (str_equal_nocase(json_str(node->properties, "vendor"), "lenovo") && str_equal(mode, "uefi"))
        return NULL;
    return bmc_set_boot_device(node, BMC_DEVICE_DISK, persistent(node, true));
}
