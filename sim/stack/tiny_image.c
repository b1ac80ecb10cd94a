/* SPDX-License-Identifier: Apache-2.0 */
/* The gzip file comes in by the assembler, so that no build step and no installed file is needed. */
#include "sim/stack/tiny_image.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#define IMAGE_MAX (64 * 1024 * 1024)

__asm__(".section .rodata\n"
        ".global tiny_image_start\n"
        ".global tiny_image_end\n"
        "tiny_image_start:\n"
        ".incbin \"fixtures/images/tiny.raw.gz\"\n"
        "tiny_image_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const unsigned char tiny_image_start[], tiny_image_end[];

struct error *tiny_image_unpack(void **ret_data, size_t *ret_len)
{
    size_t packed = (size_t)(tiny_image_end - tiny_image_start);
    /* The last four bytes of a gzip file are the unpacked length. */
    const unsigned char *tail = tiny_image_start + packed - 4;
    size_t len = (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    if (len == 0 || len > IMAGE_MAX)
        return error_new(ERROR_INTERNAL, "the built-in image claims %zu bytes", len);

    CLEANUP_FREE unsigned char *data = mem_alloc(len);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)tiny_image_start,
                       .avail_in = (uInt)packed,
                       .next_out = data,
                       .avail_out = (uInt)len};
    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return error_new(ERROR_INTERNAL, "zlib cannot start");
    int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (result != Z_STREAM_END)
        return error_new(ERROR_INTERNAL, "the built-in image is damaged");
    *ret_data = TAKE_PTR(data);
    *ret_len = len;
    return NULL;
}
