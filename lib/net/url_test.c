/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test.h"

#include "lib/data/str.h"
#include "lib/net/http_client.h"

static void test_parts(void **state)
{
    static const struct {
        const char *text, *scheme, *user, *password, *host;
        int port;
        const char *path, *query;
    } rows[] = {
        {"http://h", "http", NULL, NULL, "h", 80, "/", NULL},
        {"HTTPS://Host.Example:8443/a/b?c=d&e#f", "https", NULL, NULL, "Host.Example", 8443, "/a/b", "c=d&e"},
        {"https://u:p%40ss@h/%2F", "https", "u", "p@ss", "h", 443, "/%2F", NULL},
        {"https://u@h?q", "https", "u", NULL, "h", 443, "/", "q"},
        {"https://u:p@x@h/", "https", "u", "p@x", "h", 443, "/", NULL},
        {"http://[fe80::1%25eth0]:80/", "http", NULL, NULL, "fe80::1%25eth0", 80, "/", NULL},
        {"http://[::1]/x", "http", NULL, NULL, "::1", 80, "/x", NULL},
        {"redfish+https://10.0.0.1/redfish/v1/Systems/1", "redfish+https", NULL, NULL, "10.0.0.1", 443,
         "/redfish/v1/Systems/1", NULL},
        {"idrac-virtualmedia+http://h:/", "idrac-virtualmedia+http", NULL, NULL, "h", 80, "/", NULL},
        {"ipmi://192.168.1.1", "ipmi", NULL, NULL, "192.168.1.1", 623, "/", NULL},
        {"redfish://h/x?", "redfish", NULL, NULL, "h", 0, "/x", ""},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP_URL struct url url = {0};
        assert_ok(url_parse(rows[i].text, &url));
        assert_string_equal(url.scheme, rows[i].scheme);
        assert_true(str_equal(url.user, rows[i].user));
        assert_true(str_equal(url.password, rows[i].password));
        assert_string_equal(url.host, rows[i].host);
        assert_int_equal(url.port, rows[i].port);
        assert_string_equal(url.path, rows[i].path);
        assert_true(str_equal(url.query, rows[i].query));
    }
}

static void test_refusals(void **state)
{
    static const char *const rows[][2] = {
        {"", "scheme"},
        {"host/path", "scheme"},
        {"://h", "scheme"},
        {"1http://h", "scheme"},
        {"ht tp://h", "space"},
        {"http://", "host is missing"},
        {"http://:80/", "host is missing"},
        {"http://h:70000/", "port"},
        {"http://h:8x/", "port"},
        {"http://h/a b", "space"},
        {"http://h/\n", "control"},
        {"http://[::1/", "closing bracket"},
        {"http://[abc]/", "not an IPv6 address"},
        {"http://[::1]80/", "only a port"},
        {"http://a{b/", "not allowed"},
        {"http://u:%zz@h/", "password"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct url url;
        assert_error_text(url_parse(rows[i][0], &url), ERROR_INVALID, rows[i][1]);
    }
}

static void test_password_is_not_told(void **state)
{
    struct url url;
    struct error *err = url_parse("http://user:hun@ter2@host:99999/", &url);

    assert_non_null(err);
    assert_null(strstr(error_message(err), "hun"));
    assert_null(strstr(error_message(err), "ter2"));
    error_free(err);
}

static void test_addresses(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
    } rows[] = {{"127.0.0.1:80", "127.0.0.1", 80}, {":6443", "0.0.0.0", 6443}, {"[::1]:0", "::1", 0}, {"h:1", "h", 1}};
    static const char *const bad[] = {"", "127.0.0.1", "::1:80", "[::1:80", "h:", "h:-1", "h:65536", "a b:1", "[x]:1"};

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP_FREE char *host = NULL;
        int port;
        assert_ok(net_parse_address(rows[i].text, &host, &port));
        assert_string_equal(host, rows[i].host);
        assert_int_equal(port, rows[i].port);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char *host;
        int port;
        assert_error_text(net_parse_address(bad[i], &host, &port), ERROR_INVALID, "bad address");
    }
}

static void test_building(void **state)
{
    CLEANUP_FREE char *name = net_url("http", "bmc.example", 80), *v4 = net_url("https", "127.0.0.1", 443),
                      *v6 = net_url("https", "fd00::1", 6385);

    assert_string_equal(name, "http://bmc.example:80");
    assert_string_equal(v4, "https://127.0.0.1:443");
    assert_string_equal(v6, "https://[fd00::1]:6385");
}

static void test_shown(void **state)
{
    static const struct {
        const char *url, *wanted;
    } rows[] = {
        {"https://user:p@ss@host:8080/a/b?token=x#y", "https://host:8080/a/b"},
        {"http://[::1]:80/a@b", "http://[::1]:80/a@b"},
        {"user:pw@host/x", "host/x"},
        {"host?u=http://a:b@c", "host"},
        {"http://user:pw@", "http://"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP_FREE char *shown = url_shown(rows[i].url);
        assert_string_equal(shown, rows[i].wanted);
    }
}

static void test_status_text(void **state)
{
    assert_string_equal(http_status_text(404), "Not Found");
    assert_string_equal(http_status_text(299), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_password_is_not_told),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_building),
        cmocka_unit_test(test_status_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
