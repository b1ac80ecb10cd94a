/* SPDX-License-Identifier: Apache-2.0 */
/* The tiny disk image (fixtures/images/tiny.raw.gz, made by ci/make-tiny-image), linked into the program. */
#ifndef SIM_STACK_TINY_IMAGE_H
#define SIM_STACK_TINY_IMAGE_H

#include "lib/data/error.h"

/* The unpacked image; the caller frees *ret_data. */
struct error *tiny_image_unpack(void **ret_data, size_t *ret_len) MUST_CHECK;

#endif
