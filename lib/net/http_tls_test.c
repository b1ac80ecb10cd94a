/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP over TLS: whom either side trusts, and what an untrusted peer can cost. */
#include "lib/net/http_test_world.h"

#include <time.h>
#include <unistd.h>

static void test_tls(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    struct http_response *answer = NULL;

    make_chain(w, &chain);
    serve_tls(w, &chain.server, NULL);
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem});
    for (int i = 0; i < 3; i++)
        assert_answer(w, url(w, "https", "/t"), 200, "GET /t|/t|||x=-|-|tls|0:");

    client(w, (struct http_client_options){.ca_pem = chain.client.cert_pem});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, "certificate is not trusted (");
    client(w, (struct http_client_options){0});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, "certificate is not trusted (");
    client(w, (struct http_client_options){.insecure = true});
    assert_answer(w, url(w, "https", "/t"), 200, "GET /t|/t|||x=-|-|tls|0:");

    serve_tls(w, &chain.other, NULL);
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, "certificate is not for");
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem, .insecure_san = true});
    assert_answer(w, url(w, "https", "/t"), 200, "GET /t|/t|||x=-|-|tls|0:");
}

static void test_tls_mismatch(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    struct http_response *answer = NULL;
    struct http_client *none = NULL;

    make_chain(w, &chain);
    plain(w);
    client(w, (struct http_client_options){.insecure = true});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_TRANSIENT, "TLS handshake failed");
    serve_tls(w, &chain.server, NULL);
    assert_error_text(get(w, url(w, "http", "/"), &answer), ERROR_TRANSIENT, "connection");
    assert_error_text(http_client_new(w->near, &(struct http_client_options){.ca_pem = "junk"}, &none), ERROR_INVALID,
                      "BEGIN CERTIFICATE");
    assert_error_text(http_client_new(w->near,
                                      &(struct http_client_options){.client_cert_pem = chain.client.cert_pem,
                                                                    .client_key_pem = chain.server.key_pem},
                                      &none),
                      ERROR_INVALID, "does not belong");
}

static void test_client_certificate(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    __attribute__((cleanup(release_chain))) struct chain foreign = {0};

    make_chain(w, &chain);
    make_chain(w, &foreign);
    serve_tls(w, &chain.server, chain.ca.cert_pem);
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem,
                                           .client_cert_pem = chain.client.cert_pem,
                                           .client_key_pem = chain.client.key_pem});
    for (int i = 0; i < 2; i++)
        assert_answer(w, url(w, "https", "/"), 200,
                      "GET /|/|||x=-|-|tls|cn=kubernetes-admin o=system:masters o=second, with comma|0:");
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem});
    assert_answer(w, url(w, "https", "/"), 200, "GET /|/|||x=-|-|tls|0:");
    client(w, (struct http_client_options){.ca_pem = chain.ca.cert_pem,
                                           .client_cert_pem = foreign.client.cert_pem,
                                           .client_key_pem = foreign.client.key_pem});
    assert_answer(w, url(w, "https", "/"), 200, "GET /|/|||x=-|-|tls|0:");
}

/* A peer that stops in the middle of a TLS handshake costs a descriptor, not the processor. */
static void test_silent_handshake(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    char command[500];
    struct timespec before, after;

    make_chain(w, &chain);
    serve_tls(w, &chain.server, NULL);
    snprintf(command, sizeof(command),
             "bash -c \"exec 3<>/dev/tcp/127.0.0.1/%d; printf '\\\\x16\\\\x03\\\\x01\\\\x02\\\\x34\\\\x01' >&3; sleep "
             "0.5; echo done\"",
             http_server_port(w->server));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_shell(w, command, "done");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t used = (after.tv_sec - before.tv_sec) * TIME_S + after.tv_nsec - before.tv_nsec;
    assert_in_range(used, 0, 150 * RT_MS);
}

static void test_ca_file(struct world *w)
{
    __attribute__((cleanup(release_chain))) struct chain chain = {0};
    struct http_response *answer = NULL;
    char path[] = "/tmp/http_test.XXXXXX";
    int fd = mkstemp(path);

    make_chain(w, &chain);
    serve_tls(w, &chain.server, NULL);
    client(w, (struct http_client_options){.ca_file = path});
    assert_error_text(get(w, url(w, "https", "/"), &answer), ERROR_DENIED, path);
    assert_true(write(fd, chain.ca.cert_pem, strlen(chain.ca.cert_pem)) > 0);
    close(fd);
    assert_answer(w, url(w, "https", "/empty"), 204, "");
    unlink(path);
    assert_error_text(get(w, "https://127.0.0.1:1/", &answer), ERROR_TRANSIENT, "refused");
}

#define PLAIN(X)                                                                                                       \
    X(test_tls)                                                                                                        \
    X(test_tls_mismatch)                                                                                               \
    X(test_client_certificate)
#define JUST_SOCKETS(X)                                                                                                \
    X(test_silent_handshake)                                                                                           \
    X(test_ca_file)
PLAIN(IN_SIM)
PLAIN(IN_SOCKETS)
JUST_SOCKETS(IN_SOCKETS)

int main(void)
{
    const struct CMUnitTest tests[] = {PLAIN(SIM_ROW) PLAIN(SOCKETS_ROW) JUST_SOCKETS(SOCKETS_ROW)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
