/* SPDX-License-Identifier: Apache-2.0 */
/* What a user of bmc-emu sets: on the command line, which wins, or in a configuration file with the same words. */
#ifndef BMC_EMU_SETTINGS_H
#define BMC_EMU_SETTINGS_H

#include "bmc-emu/emulator.h"
#include "lib/main.h"

struct bmc_settings {
    char *config;
    char *driver, *addresses, *address, *user, *password, *certificate, *key, *profile, *tls, *ipmi, *faults,
        *libvirt_uri, *media_dir;
    int64_t machines, port, redfish_port, ipmi_port; /* 0: not set */
};

/* The options' table, for program_main(). */
extern const struct option_spec bmc_setting_options[];

/* Takes from the YAML file what the command line left open. ERROR_INVALID names file, line and key. */
struct error *bmc_settings_read(struct bmc_settings *settings, const char *path) MUST_CHECK;

/* What the settings mean, with the files that they name. Strings stay the settings' or are in `ret_owned`. */
struct bmc_settings_files {
    char *certificate_pem, *key_pem;
    struct machine_profile *profile;
    char *media_dir;
};
/* With the libvirt driver `make_driver` is left to the caller. */
struct error *bmc_settings_apply(const struct bmc_settings *settings, struct bmc_settings_files *ret_owned,
                                 struct bmc_emulator_options *ret) MUST_CHECK;
/* Whether machines are libvirt domains, and of which libvirt; NULL: they are in memory. */
const char *bmc_settings_libvirt(const struct bmc_settings *settings);
void bmc_settings_files_release(struct bmc_settings_files *files);

#endif
