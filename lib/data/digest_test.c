/* SPDX-License-Identifier: Apache-2.0 */
/* Digests against the test vectors of RFC 1321 and FIPS 180-4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/data/digest.h"

static void assert_digest(const char *algorithm, const char *text, const char *expected)
{
    CLEANUP_FREE char *hex = digest_hex(algorithm, text, strlen(text));
    assert_string_equal(hex, expected);
}

static void test_vectors(void **state)
{
    assert_digest("md5", "abc", "900150983cd24fb0d6963f7d28e17f72");
    assert_digest("sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest(
        "sha512", "abc",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce"
        "80e2a9ac94fa54ca49f");
}

static void test_pieces(void **state)
{
    CLEANUP(digest_free) struct digest *digest = NULL;
    assert_null(digest_new("sha256", &digest));
    digest_update(digest, "a", 1);
    digest_update(digest, "bc", 2);
    CLEANUP_FREE char *hex = digest_finish(digest);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_unknown(void **state)
{
    struct digest *digest = NULL;
    CLEANUP(error_free) struct error *err = digest_new("crc32", &digest);
    assert_true(error_is(err, ERROR_UNSUPPORTED));
    assert_string_equal(error_message(err), "checksum algorithm \"crc32\" is not supported: use md5, sha256 or sha512");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
