// SPDX-License-Identifier: Apache-2.0
// Settings from the command line and from YAML, checked and made into the emulator's options.
#include "bmc-emu/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/data/file.h"
#include "lib/data/str.h"
#include "lib/data/yaml.h"
#include "lib/ipmi/wire.h"

#define PORT_DEFAULT 8000 /* sushy-tools' */
#define HTTPS_PORT 443
#define PEM_MAX (256 * 1024)

#define FIELD(member) offsetof(struct bmc_settings, member)
const struct option_spec bmc_setting_options[] = {
    {.name = "driver",
     .type = OPTION_STRING,
     .offset = FIELD(driver),
     .value = "NAME",
     .help = "what machines are: memory, libvirt [memory]"},
    {.name = "libvirt-uri",
     .environment = "SUSHY_EMULATOR_LIBVIRT_URI",
     .type = OPTION_STRING,
     .offset = FIELD(libvirt_uri),
     .value = "URI",
     .help = "machines are the domains of this libvirt [qemu:///system]"},
    {.name = "media-dir",
     .type = OPTION_STRING,
     .offset = FIELD(media_dir),
     .value = "DIR",
     .help = "where libvirt's virtual media are put [/var/lib/bmc-emu for root, else ~/.local/share/bmc-emu]"},
    {.name = "machines",
     .type = OPTION_INT,
     .offset = FIELD(machines),
     .value = "N",
     .help = "how many machines there are [1]"},
    {.name = "profile",
     .type = OPTION_STRING,
     .offset = FIELD(profile),
     .value = "FILE",
     .help = "kind of the machines, YAML as in fixtures/machines [generic]"},
    {.name = "port",
     .letter = 'p',
     .type = OPTION_INT,
     .offset = FIELD(port),
     .value = "PORT",
     .help = "all systems on this one port [8000]"},
    {.name = "interface",
     .letter = 'i',
     .type = OPTION_STRING,
     .offset = FIELD(address),
     .value = "ADDRESS",
     .help = "address of --port [127.0.0.1]"},
    {.name = "addresses",
     .type = OPTION_STRING,
     .offset = FIELD(addresses),
     .value = "PREFIX",
     .help = "one address for each BMC, as 127.1.0.0/16: machine N has the Nth"},
    {.name = "redfish-port",
     .type = OPTION_INT,
     .offset = FIELD(redfish_port),
     .value = "PORT",
     .help = "Redfish port of --addresses [443]"},
    {.name = "ipmi",
     .type = OPTION_STRING,
     .offset = FIELD(ipmi),
     .value = "auto|on|off",
     .help = "auto: with --addresses at the standard ports, and when there is an IPMI port [auto]"},
    {.name = "ipmi-port",
     .type = OPTION_INT,
     .offset = FIELD(ipmi_port),
     .value = "PORT",
     .help = "UDP port of IPMI; without --addresses machine N has the (N-1)th after it [623]"},
    {.name = "user",
     .environment = "BMC_EMU_USER",
     .type = OPTION_STRING,
     .offset = FIELD(user),
     .value = "NAME",
     .help = "administrator of every BMC; without one nobody has to log in"},
    {.name = "password",
     .environment = "BMC_EMU_PASSWORD",
     .type = OPTION_STRING,
     .offset = FIELD(password),
     .value = "TEXT",
     .help = "the administrator's password"},
    {.name = "tls",
     .type = OPTION_STRING,
     .offset = FIELD(tls),
     .value = "auto|on|off",
     .help = "auto: with --addresses, and when there is a certificate [auto]"},
    {.name = "ssl-certificate",
     .type = OPTION_STRING,
     .offset = FIELD(certificate),
     .value = "FILE",
     .help = "PEM; without one TLS uses a certificate made at the start"},
    {.name = "ssl-key", .type = OPTION_STRING, .offset = FIELD(key), .value = "FILE", .help = "PEM"},
    {.name = "faults",
     .type = OPTION_STRING,
     .offset = FIELD(faults),
     .value = "FILE",
     .help = "YAML list of what goes wrong, rows as bmc-emu/faults/plan.h tells"},
    {.name = "config",
     .type = OPTION_STRING,
     .offset = FIELD(config),
     .value = "FILE",
     .help = "YAML with these settings, in camel case; the command line wins"},
    {0},
};

static const struct json_field file_fields[] = {
    {"driver", JSON_FIELD_STRING, FIELD(driver)},
    {"libvirtUri", JSON_FIELD_STRING, FIELD(libvirt_uri)},
    {"mediaDir", JSON_FIELD_STRING, FIELD(media_dir)},
    {"machines", JSON_FIELD_INT, FIELD(machines)},
    {"profile", JSON_FIELD_STRING, FIELD(profile)},
    {"port", JSON_FIELD_INT, FIELD(port)},
    {"interface", JSON_FIELD_STRING, FIELD(address)},
    {"addresses", JSON_FIELD_STRING, FIELD(addresses)},
    {"redfishPort", JSON_FIELD_INT, FIELD(redfish_port)},
    {"ipmi", JSON_FIELD_STRING, FIELD(ipmi), .values = (const char *const[]){"auto", "on", "off", NULL}},
    {"ipmiPort", JSON_FIELD_INT, FIELD(ipmi_port)},
    {"user", JSON_FIELD_STRING, FIELD(user)},
    {"password", JSON_FIELD_STRING, FIELD(password)},
    {"tls", JSON_FIELD_STRING, FIELD(tls), .values = (const char *const[]){"auto", "on", "off", NULL}},
    {"sslCertificate", JSON_FIELD_STRING, FIELD(certificate)},
    {"sslKey", JSON_FIELD_STRING, FIELD(key)},
    {"faults", JSON_FIELD_STRING, FIELD(faults)},
    {0},
};
#undef FIELD

/* Takes over what `settings` leaves open. */
static void fill(struct bmc_settings *settings, struct bmc_settings *file)
{
    for (const struct json_field *field = file_fields; field->path; field++) {
        void *to = (char *)settings + field->offset, *from = (char *)file + field->offset;
        if (field->type == JSON_FIELD_STRING && !*(char **)to) {
            *(char **)to = *(char **)from;
            *(char **)from = NULL;
        } else if (field->type == JSON_FIELD_INT && !*(int64_t *)to) {
            *(int64_t *)to = *(int64_t *)from;
        }
    }
}

struct error *bmc_settings_read(struct bmc_settings *settings, const char *path)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    struct bmc_settings file = {0};

    TRY(yaml_parse_file(path, &yaml));
    if (yaml_len(yaml) != 1)
        return error_new(ERROR_INVALID, "%s: a configuration is one YAML document, this file has %zu", path,
                         yaml_len(yaml));
    const struct json *root = yaml_document(yaml, 0);
    CLEANUP(error_free) struct error *err = json_decode_strict(root, file_fields, &file);
    if (!err)
        fill(settings, &file);
    json_decode_release(file_fields, &file);
    return err ? yaml_error(yaml, root, "%s", error_message(err)) : NULL;
}

static struct error *read_pem(const char *path, const char *option, char **ret)
{
    TRY_WRAP(file_read(path, PEM_MAX, ret, NULL), "--%s", option);
    return NULL;
}

static struct error *take_tls(const struct bmc_settings *settings, struct bmc_settings_files *files,
                              struct bmc_emulator_options *options)
{
    const char *tls = str_or(settings->tls, "auto");

    if (!str_equal(tls, "auto") && !str_equal(tls, "on") && !str_equal(tls, "off"))
        return error_new(ERROR_INVALID, "--tls is \"%s\"; it can be auto, on or off", tls);
    if (!settings->certificate != !settings->key)
        return error_new(ERROR_INVALID, "--ssl-certificate and --ssl-key go together: give both or none");
    options->tls = str_equal(tls, "on") || (str_equal(tls, "auto") && (settings->addresses || settings->certificate));
    if (!settings->certificate || !options->tls)
        return NULL;
    TRY(read_pem(settings->certificate, "ssl-certificate", &files->certificate_pem));
    TRY(read_pem(settings->key, "ssl-key", &files->key_pem));
    options->cert_pem = files->certificate_pem;
    options->key_pem = files->key_pem;
    return NULL;
}

static struct error *take_port(int64_t given, const char *option, int fallback, int *ret)
{
    if (given < 0 || given > 65535)
        return error_new(ERROR_INVALID, "--%s is %lld; a port is 1 to 65535", option, (long long)given);
    *ret = given ? (int)given : fallback;
    return NULL;
}

/* IPMI's port, or 0 for none. Where Redfish is not at its own port, somebody is likely to lack the right to the low ones. */
static struct error *take_ipmi(const struct bmc_settings *settings, const struct bmc_emulator_options *options,
                               int *ret)
{
    const char *ipmi = str_or(settings->ipmi, "auto");
    int port;

    if (!str_equal(ipmi, "auto") && !str_equal(ipmi, "on") && !str_equal(ipmi, "off"))
        return error_new(ERROR_INVALID, "--ipmi is \"%s\"; it can be auto, on or off", ipmi);
    TRY(take_port(settings->ipmi_port, "ipmi-port", IPMI_PORT, &port));
    bool standard = settings->addresses && options->port == HTTPS_PORT;
    if (str_equal(ipmi, "on") || (str_equal(ipmi, "auto") && (standard || settings->ipmi_port)))
        *ret = port;
    return NULL;
}

const char *bmc_settings_libvirt(const struct bmc_settings *settings)
{
    if (str_equal(settings->driver, "libvirt"))
        return str_or(settings->libvirt_uri, "qemu:///system");
    return settings->driver || str_is_empty(settings->libvirt_uri) ? NULL : settings->libvirt_uri;
}

static struct error *take_media_dir(const struct bmc_settings *settings, struct bmc_settings_files *files)
{
    const char *dir = settings->media_dir, *home = getenv("HOME");

    if (dir && dir[0] != '/')
        return error_new(ERROR_INVALID, "--media-dir \"%s\" is not an absolute path, as libvirt needs it", dir);
    if (dir)
        files->media_dir = mem_strdup(dir);
    else if (geteuid() == 0 || str_is_empty(home))
        files->media_dir = mem_strdup("/var/lib/bmc-emu");
    else
        files->media_dir = mem_printf("%s/.local/share/bmc-emu", home);
    return NULL;
}

struct error *bmc_settings_apply(const struct bmc_settings *settings, struct bmc_settings_files *files,
                                 struct bmc_emulator_options *ret)
{
    struct bmc_emulator_options options = {
        .addresses = settings->addresses,
        .address = settings->address,
        .user = settings->user,
        .password = settings->password,
    };

    if (settings->driver && !str_equal(settings->driver, "memory") && !str_equal(settings->driver, "libvirt"))
        return error_new(ERROR_INVALID, "--driver \"%s\" is not known; there are memory and libvirt", settings->driver);
    if (bmc_settings_libvirt(settings) && (settings->machines || settings->profile))
        return error_new(ERROR_INVALID, "--machines and --profile are for machines in memory; libvirt's domains are as "
                                        "they are");
    TRY(take_media_dir(settings, files));
    if (settings->machines < 0 || settings->machines > BMC_MACHINES_MAX)
        return error_new(ERROR_INVALID, "--machines is %lld; possible are 1 to %d", (long long)settings->machines,
                         BMC_MACHINES_MAX);
    options.machines = settings->machines ? (size_t)settings->machines : 1;
    if (settings->addresses && (settings->port || settings->address))
        return error_new(ERROR_INVALID, "--addresses gives each BMC its own address: it goes with --redfish-port, not "
                                        "with --port or --interface");
    if (!settings->addresses && settings->redfish_port)
        return error_new(ERROR_INVALID, "--redfish-port goes with --addresses; one port for all systems is --port");
    if (settings->password && !settings->user)
        return error_new(ERROR_INVALID, "--password needs --user");
    if (settings->user && !settings->password)
        return error_new(ERROR_INVALID, "--user needs --password, or BMC_EMU_PASSWORD in the environment");
    if (settings->addresses)
        TRY(take_port(settings->redfish_port, "redfish-port", HTTPS_PORT, &options.port));
    else
        TRY(take_port(settings->port, "port", PORT_DEFAULT, &options.port));
    TRY(take_ipmi(settings, &options, &options.ipmi_port));
    TRY(take_tls(settings, files, &options));
    if (settings->profile)
        TRY_WRAP(machine_profile_load(settings->profile, &files->profile), "--profile");
    options.profile = files->profile;
    *ret = options;
    return NULL;
}

void bmc_settings_files_release(struct bmc_settings_files *files)
{
    free(files->certificate_pem);
    mem_free_secret(files->key_pem);
    machine_profile_free(files->profile);
    free(files->media_dir);
}
