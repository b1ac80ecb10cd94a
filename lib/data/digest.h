/* SPDX-License-Identifier: Apache-2.0 */
/* Message digests by name, on OpenSSL: image checksums, ETags. */
#ifndef LIB_DATA_DIGEST_H
#define LIB_DATA_DIGEST_H

#include <stddef.h>

#include "lib/data/error.h"

struct digest;

/* `algorithm` is "md5", "sha256" or "sha512"; anything else is ERROR_UNSUPPORTED that lists these. */
struct error *digest_new(const char *algorithm, struct digest **ret) MUST_CHECK;
void digest_free(struct digest *digest);
DEFINE_CLEANUP(struct digest, digest_free);
void digest_update(struct digest *digest, const void *data, size_t len);
/* Lower-case hex of what was added; the digest can only be freed afterwards. Free the string with free(). */
char *digest_finish(struct digest *digest);

/* In one go; `algorithm` must be one of the above. */
char *digest_hex(const char *algorithm, const void *data, size_t len);

#endif
