/* SPDX-License-Identifier: Apache-2.0 */
/* Spellings of BMC addresses, what each becomes, and what is refused (bmo.md 3). */

#include "lib/test.h"
#include "operator/ironic/bmc_address.h"

static const struct {
    const char *text, *type, *host, *port, *path;
} accepted[] = {
    {"192.0.2.1", "ipmi", "192.0.2.1", NULL, ""},
    {"192.0.2.5:6233", "ipmi", "192.0.2.5", "6233", ""},
    {"[2001:db8::1]:623", "ipmi", "2001:db8::1", "623", ""},
    {"my.host.com", "ipmi", "my.host.com", NULL, ""},
    {"localhost", "ipmi", "localhost", NULL, ""},
    {"ipmi:192.0.2.5", "ipmi", "192.0.2.5", NULL, ""},
    {"ipmi://192.0.2.5:1623", "ipmi", "192.0.2.5", "1623", ""},
    {"ipmi://[2001:db8::1]:623", "ipmi", "2001:db8::1", "623", ""},
    {"libvirt://192.0.2.5:6233/", "libvirt", "192.0.2.5", "6233", "/"},
    {"REDFISH://host.example/redfish/v1/Systems/1", "redfish", "host.example", NULL, "/redfish/v1/Systems/1"},
    {"redfish+http://192.0.2.1:8000/redfish/v1/Systems/a%20b", "redfish+http", "192.0.2.1", "8000",
     "/redfish/v1/Systems/a b"},
    {"redfish-virtualmedia+https://user:pw@[2001:db8::7]/x?y=z#f", "redfish-virtualmedia+https", "2001:db8::7", NULL,
     "/x"},
    {"idrac-virtualmedia://h", "idrac-virtualmedia", "h", NULL, ""},
    {"redfish-uefihttp://h:1", "redfish-uefihttp", "h", "1", ""},
    {"ilo5-redfish://h", "ilo5-redfish", "h", NULL, ""},
};

static void parses_every_spelling(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
        struct bmc_address *address = NULL;
        struct error *err = bmc_address_parse(accepted[i].text, false, &address);
        if (err)
            fail_msg("%s: %s", accepted[i].text, error_message(err));
        assert_string_equal(address->type, accepted[i].type);
        assert_string_equal(address->hostname, accepted[i].host);
        assert_true(str_equal(address->port, accepted[i].port));
        assert_string_equal(address->path, accepted[i].path);
        bmc_address_free(address);
    }
}

static const struct {
    const char *text, *message;
} refused[] = {
    {"", "missing BMC address"},
    {"2001:db8::1", "failed to parse BMC address information: "},
    {"not a url", "failed to parse BMC address information: \"not a url\" is neither a host nor a URL"},
    {"[2001:db8::1]", "failed to parse BMC address information: "},
    {"redfish://host:abc/", "failed to parse BMC address information: "},
    {"redfish://ho st/", "BMC address hostname/IP : [redfish://ho st/] is invalid"},
    {"fe80::1", "Unknown BMC type 'fe80' for address fe80::1"},
    {"my.host.com:6233", "Unknown BMC type 'my.host.com' for address my.host.com:6233"},
    {"irmc://192.0.2.1", "Unknown BMC type 'irmc' for address irmc://192.0.2.1"},
    {"ilo4://192.0.2.1", "Unknown BMC type 'ilo4' for address ilo4://192.0.2.1"},
    {"ipmi+https://192.0.2.1", "Unknown BMC type 'ipmi+https' for address ipmi+https://192.0.2.1"},
    {"redfish+ftp://192.0.2.1", "Unknown BMC type 'redfish+ftp' for address redfish+ftp://192.0.2.1"},
    {"redfish://host_name/", "BMC address hostname/IP : [host_name] is invalid"},
    {"redfish://-host/", "BMC address hostname/IP : [-host] is invalid"},
};

static void refuses_with_upstreams_words(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        struct bmc_address *address = NULL;
        struct error *err = bmc_address_parse(refused[i].text, false, &address);
        if (!err)
            fail_msg("%s was accepted", refused[i].text);
        assert_int_equal(error_kind(err), ERROR_INVALID);
        if (!str_has_prefix(error_message(err), refused[i].message))
            fail_msg("%s: got \"%s\"", refused[i].text, error_message(err));
        error_free(err);
    }
}

static const struct {
    const char *text;
    bool skip_verify;
    const char *driver, *boot, *info;
} infos[] = {
    {"192.0.2.1", false, "ipmi", "ipxe",
     "{\"ipmi_address\":\"192.0.2.1\",\"ipmi_port\":\"623\",\"ipmi_username\":\"u\",\"ipmi_password\":\"p\","
     "\"ipmi_priv_level\":\"ADMINISTRATOR\"}"},
    {"ipmi://h:99?privilegelevel=OPERATOR", true, "ipmi", "ipxe",
     "{\"ipmi_address\":\"h\",\"ipmi_port\":\"99\",\"ipmi_username\":\"u\",\"ipmi_password\":\"p\","
     "\"ipmi_priv_level\":\"OPERATOR\",\"ipmi_verify_ca\":false}"},
    {"redfish-virtualmedia+http://h:8000/redfish/v1/Systems/1", false, "redfish", "redfish-virtual-media",
     "{\"redfish_address\":\"http://h:8000\",\"redfish_username\":\"u\",\"redfish_password\":\"p\","
     "\"redfish_system_id\":\"/redfish/v1/Systems/1\"}"},
    {"redfish://[2001:db8::1]:8443/redfish/v1/", true, "redfish", "ipxe",
     "{\"redfish_address\":\"https://[2001:db8::1]:8443\",\"redfish_username\":\"u\",\"redfish_password\":\"p\","
     "\"redfish_verify_ca\":false}"},
    {"redfish-uefihttp://h", false, "redfish", "redfish-https",
     "{\"redfish_address\":\"https://"
     "h\",\"redfish_username\":\"u\",\"redfish_password\":\"p\",\"redfish_system_id\":\"\"}"},
    {"idrac-virtualmedia://h/x", false, "idrac", "idrac-redfish-virtual-media",
     "{\"redfish_address\":\"https://"
     "h\",\"redfish_username\":\"u\",\"redfish_password\":\"p\",\"redfish_system_id\":\"/x\"}"},
};

static void builds_driver_info(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(infos); i++) {
        struct bmc_address *address CLEANUP(bmc_address_free) = NULL;
        struct json *wanted CLEANUP(json_free) = NULL;
        assert_null(bmc_address_parse(infos[i].text, infos[i].skip_verify, &address));
        assert_null(json_parse(infos[i].info, strlen(infos[i].info), &wanted));
        assert_string_equal(address->driver->driver, infos[i].driver);
        assert_string_equal(address->driver->boot, infos[i].boot);
        struct json *info CLEANUP(json_free) = bmc_driver_info(address, "u", "p");
        if (!json_equal(info, wanted)) {
            CLEANUP_FREE char *text = json_print(info);
            fail_msg("%s: got %s", infos[i].text, text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_every_spelling),
        cmocka_unit_test(refuses_with_upstreams_words),
        cmocka_unit_test(builds_driver_info),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
