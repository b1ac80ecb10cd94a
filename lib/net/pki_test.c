/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, judged by the openssl command. */
#include "lib/test.h"

#include <unistd.h>

#include "lib/net/pki.h"

static char *write_file(const char *dir, const char *name, const char *text)
{
    char *path = mem_printf("%s/%s", dir, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void assert_shell(const char *command, const char *wanted)
{
    char out[8192];
    FILE *pipe = popen(command, "r");

    assert_non_null(pipe);
    out[fread(out, 1, sizeof(out) - 1, pipe)] = '\0';
    pclose(pipe);
    if (!strstr(out, wanted))
        fail_msg("%s: expected %s, got %s", command, wanted, out);
}

static void test_openssl_agrees(void **state)
{
    static const char *const names[] = {"a.example", "10.1.2.3", "fd00::1", NULL};
    static const char *const organizations[] = {"system:masters", "a, b = c", NULL};
    char dir[] = "/tmp/pki_test.XXXXXX", command[1000];
    CLEANUP(rt_free) struct rt *rt = rt_new_sim(1, TEST_WALL);
    CLEANUP_PKI_PAIR struct pki_pair ca = {0}, leaf = {0};

    assert_non_null(mkdtemp(dir));
    assert_ok(
        pki_issue(rt, &(struct pki_request){.common_name = "the ca", .ca = true, .not_before = TEST_WALL, .days = 3650},
                  NULL, &ca));
    assert_ok(pki_issue(rt,
                        &(struct pki_request){.common_name = "leaf",
                                              .organizations = organizations,
                                              .alt_names = names,
                                              .server = true,
                                              .client = true,
                                              .not_before = TEST_WALL,
                                              .days = 2},
                        &ca, &leaf));
    CLEANUP_FREE char *ca_path = write_file(dir, "ca", ca.cert_pem),
                      *leaf_path = write_file(dir, "leaf", leaf.cert_pem);
    CLEANUP_FREE char *key_path = write_file(dir, "key", leaf.key_pem);
    snprintf(command, sizeof(command), "openssl x509 -in %s -noout -text -nameopt multiline,-esc_msb 2>&1", leaf_path);
    assert_shell(command, "DNS:a.example, IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:0:1");
    assert_shell(command, "TLS Web Server Authentication, TLS Web Client Authentication");
    assert_shell(command, "Nov 16 22:13:20 2023 GMT");
    assert_shell(command, "a, b = c");
    assert_shell(command, "prime256v1");
    /* inside and outside its validity, right and wrong name */
    snprintf(command, sizeof(command),
             "openssl verify -x509_strict -attime 1700000100 -verify_ip 10.1.2.3 -purpose sslserver -CAfile %s %s 2>&1",
             ca_path, leaf_path);
    assert_shell(command, "leaf: OK");
    snprintf(command, sizeof(command), "openssl verify -attime 1700259300 -CAfile %s %s 2>&1", ca_path, leaf_path);
    assert_shell(command, "certificate has expired");
    snprintf(command, sizeof(command), "openssl pkey -in %s -pubout | cmp - <(openssl x509 -in %s -noout -pubkey)",
             key_path, leaf_path);
    CLEANUP_FREE char *in_bash = mem_printf("bash -c '%s' && echo same", command);
    assert_shell(in_bash, "same");
    unlink(ca_path);
    unlink(leaf_path);
    unlink(key_path);
    rmdir(dir);
}

static void test_refusals(void **state)
{
    CLEANUP(rt_free) struct rt *rt = rt_new_sim(1, TEST_WALL);
    CLEANUP_PKI_PAIR struct pki_pair ca = {0}, other = {0};
    struct pki_pair none;
    struct pki_request request = {.common_name = "x", .not_before = TEST_WALL, .days = 1};
    char key[] = "junk";

    assert_ok(pki_issue(rt, &request, NULL, &ca));
    assert_ok(pki_issue(rt, &request, NULL, &other));
    struct pki_pair mixed = {.cert_pem = ca.cert_pem, .key_pem = other.key_pem},
                    broken = {.cert_pem = ca.cert_pem, .key_pem = key};
    assert_error_text(pki_issue(rt, &request, &mixed, &none), ERROR_INVALID, "issuer's key");
    assert_error_text(pki_issue(rt, &request, &broken, &none), ERROR_INVALID, "certificate for x");
    request.days = 0;
    assert_error_text(pki_issue(rt, &request, NULL, &none), ERROR_INVALID, "at least a day");
    request.common_name = NULL;
    assert_error_text(pki_issue(rt, &request, NULL, &none), ERROR_INVALID, "common name");
}

static void test_self_signed(void **state)
{
    CLEANUP(rt_free) struct rt *rt = rt_new_sim(1, TEST_WALL);
    CLEANUP_PKI_PAIR struct pki_pair pair = {0};
    const char *names[] = {"localhost", "127.0.0.1", NULL};
    char dir[] = "/tmp/pki_test.XXXXXX", command[200];

    assert_ok(pki_self_signed(rt, "me", names, 2, &pair));
    assert_non_null(mkdtemp(dir));
    CLEANUP_FREE char *path = write_file(dir, "cert", pair.cert_pem);
    snprintf(command, sizeof(command),
             "openssl verify -attime 1700000000 -CAfile %s -purpose sslserver -verify_ip 127.0.0.1 %s", path, path);
    assert_shell(command, ": OK");
    snprintf(command, sizeof(command), "openssl verify -attime 1700200000 -CAfile %s %s 2>&1", path, path);
    assert_shell(command, "has expired");
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_openssl_agrees), cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_self_signed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
