/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the ISO 9660 reader. The input is what differs from a small image of ours: rows of three bytes of place and one of value, so that
 * most inputs are nearly images.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/iso9660.h"
#include "lib/data/mem.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void visit(void *arg, const char *path, uint64_t size)
{
    *(size_t *)arg += strlen(path) + (size > 0);
}

static void make(char **ret, size_t *ret_len)
{
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("config-2", NULL, 0);
    void *image = NULL;
    CLEANUP(error_free) struct error *err = iso9660_add(iso, "openstack/latest/user_data", "text", 4);
    if (!err)
        err = iso9660_add(iso, "boot/grub/grub.cfg", "linux /vmlinuz\n", 15);
    if (!err)
        err = iso9660_layout(iso);
    if (!err)
        err = iso9660_print(iso, &image, ret_len);
    if (err)
        abort();
    *ret = image;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP_FREE char *image = NULL, *text = NULL, *label = NULL;
    size_t len = 0, text_len = 0, names = 0;
    make(&image, &len);
    for (size_t at = 0; at + 4 <= size; at += 4)
        image[(data[at] << 16 | data[at + 1] << 8 | data[at + 2]) % len] = (char)data[at + 3];
    struct iso9660_memory memory = {image, len};
    struct iso9660_source source = iso9660_memory_source(&memory);
    error_free(iso9660_volume_id(&source, &label));
    error_free(iso9660_each_file(&source, visit, &names));
    error_free(iso9660_read_file(&source, "openstack/latest/user_data", 1 << 20, &text, &text_len));
    return 0;
}
