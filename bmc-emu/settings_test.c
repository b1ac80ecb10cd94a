// SPDX-License-Identifier: Apache-2.0
// Settings: the configuration file fills what the command line leaves open, and what is wrong gets one clear sentence.
#include "bmc-emu/settings.h"

#include <unistd.h>

#include "lib/data/str.h"
#include "lib/test.h"

/* Parses a command line, then a configuration file of this text (NULL: none), then applies both. */
static struct error *settle(const char *const *words, const char *file, struct bmc_settings *settings,
                            struct bmc_settings_files *files, struct bmc_emulator_options *options)
{
    char *argv[16] = {"bmc-emu"};
    int argc = 1, first;

    for (; words && words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    TRY(options_parse(bmc_setting_options, argc, argv, settings, &first));
    if (file) {
        char path[] = "/tmp/settings-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, file, strlen(file)), (ssize_t)strlen(file));
        close(fd);
        struct error *err = bmc_settings_read(settings, path);
        unlink(path);
        TRY(err);
    }
    return bmc_settings_apply(settings, files, options);
}

static void release(struct bmc_settings *settings, struct bmc_settings_files *files)
{
    bmc_settings_files_release(files);
    options_release(bmc_setting_options, settings);
}

static void command_line_wins_over_the_file(void **state)
{
    static const char *const words[] = {"--machines", "7", "--user=root", NULL};
    struct bmc_settings settings = {0};
    struct bmc_settings_files files = {0};
    struct bmc_emulator_options options = {0};

    assert_ok(settle(words,
                     "machines: 5\naddresses: 127.2.0.0/16\nredfishPort: 8443\nuser: admin\npassword: secret\n"
                     "profile: fixtures/machines/generic.yaml\n",
                     &settings, &files, &options));
    assert_int_equal(options.machines, 7);
    assert_string_equal(options.addresses, "127.2.0.0/16");
    assert_int_equal(options.port, 8443);
    assert_string_equal(options.user, "root");
    assert_string_equal(options.password, "secret");
    assert_true(options.tls);
    assert_string_equal(options.profile->name, "generic");
    release(&settings, &files);
}

static void one_port_is_plain_like_sushy_tools(void **state)
{
    struct bmc_settings settings = {0};
    struct bmc_settings_files files = {0};
    struct bmc_emulator_options options = {0};

    assert_ok(settle(NULL, NULL, &settings, &files, &options));
    assert_int_equal(options.machines, 1);
    assert_int_equal(options.port, 8000);
    assert_false(options.tls);
    assert_null(options.user);
    release(&settings, &files);
}

/* IPMI is on by itself only where Redfish is at its own port too. */
static void ipmi_port_follows(void **state)
{
    static const struct {
        const char *words[6];
        int port;
    } cases[] = {
        {{NULL}, 0},
        {{"--addresses", "127.1.0.0/16"}, 623},
        {{"--addresses", "127.1.0.0/16", "--ipmi", "off"}, 0},
        {{"--addresses", "127.1.0.0/16", "--redfish-port=8443"}, 0},
        {{"--addresses", "127.1.0.0/16", "--redfish-port=8443", "--ipmi=on"}, 623},
        {{"--addresses", "127.1.0.0/16", "--ipmi-port", "1623"}, 1623},
        {{"--ipmi-port", "1623"}, 1623},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bmc_settings settings = {0};
        struct bmc_settings_files files = {0};
        struct bmc_emulator_options options = {0};
        assert_ok(settle(cases[i].words, NULL, &settings, &files, &options));
        assert_int_equal(options.ipmi_port, cases[i].port);
        release(&settings, &files);
    }
}

static void wrong_settings_are_explained(void **state)
{
    static const struct {
        const char *words[6], *file, *text[2];
    } cases[] = {
        {{"--driver", "vmware"}, NULL, {"vmware", "memory"}},
        {{"--machines", "70000"}, NULL, {"70000", "65000"}},
        {{"--machines", "-1"}, NULL, {"-1", "65000"}},
        {{"--port", "70000"}, NULL, {"--port", "65535"}},
        {{"--addresses", "127.1.0.0/16", "--port", "8000"}, NULL, {"--addresses", "--redfish-port"}},
        {{"--redfish-port", "8000"}, NULL, {"--redfish-port", "--addresses"}},
        {{"--user", "admin"}, NULL, {"--password", "BMC_EMU_PASSWORD"}},
        {{"--password", "x"}, NULL, {"--user"}},
        {{"--tls", "maybe"}, NULL, {"maybe", "auto"}},
        {{"--ipmi", "maybe"}, NULL, {"--ipmi", "auto"}},
        {{"--ipmi-port", "70000"}, NULL, {"--ipmi-port", "65535"}},
        {{"--ssl-key", "/none"}, NULL, {"--ssl-certificate", "--ssl-key"}},
        {{"--ssl-key", "/none", "--ssl-certificate", "/none"}, NULL, {"--ssl-certificate: cannot read /none"}},
        {{"--profile", "/none.yaml"}, NULL, {"--profile", "/none.yaml"}},
        {{NULL}, "machines: 5\nadresses: x\n", {":1:", "adresses"}},
        {{NULL}, "machines: many\n", {":1:", "machines"}},
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct bmc_settings settings = {0};
        struct bmc_settings_files files = {0};
        struct bmc_emulator_options options = {0};
        struct error *err = settle(cases[i].words, cases[i].file, &settings, &files, &options);
        assert_non_null(err);
        for (size_t part = 0; part < 2 && cases[i].text[part]; part++)
            if (!strstr(error_message(err), cases[i].text[part]))
                fail_msg("\"%s\" does not say \"%s\"", error_message(err), cases[i].text[part]);
        error_free(err);
        release(&settings, &files);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_line_wins_over_the_file),
        cmocka_unit_test(one_port_is_plain_like_sushy_tools),
        cmocka_unit_test(ipmi_port_follows),
        cmocka_unit_test(wrong_settings_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
