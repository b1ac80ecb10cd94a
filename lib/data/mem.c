/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation that aborts when memory is gone, and the targets of the cleanup attributes. */
#include "lib/data/mem.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    fprintf(stderr, "out of memory: %zu items of %zu bytes\n", count, size);
    abort();
}

void *mem_alloc(size_t size)
{
    void *ptr = calloc(1, size ? size : 1);
    if (!ptr)
        out_of_memory(1, size);
    return ptr;
}

void *mem_alloc_array(size_t count, size_t size)
{
    bool empty = count == 0 || size == 0;
    void *ptr = calloc(empty ? 1 : count, empty ? 1 : size); /* calloc checks the product */
    if (!ptr)
        out_of_memory(count, size);
    return ptr;
}

void *mem_resize(void *ptr, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory(count, size);
    void *resized = realloc(ptr, total ? total : 1);
    if (!resized)
        out_of_memory(count, size);
    return resized;
}

void *mem_try_alloc(size_t size)
{
    return calloc(1, size ? size : 1);
}

char *mem_strdup(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *text, size_t len)
{
    if (!text)
        return NULL;
    len = strnlen(text, len);
    char *copy = mem_resize(NULL, len + 1, 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void *mem_dup(const void *data, size_t len)
{
    if (!data)
        return NULL;
    void *copy = mem_resize(NULL, len, 1);
    memcpy(copy, data, len);
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = mem_vprintf(fmt, args);
    va_end(args);
    return text;
}

char *mem_vprintf(const char *fmt, va_list args)
{
    char *text = NULL;
    int len = vasprintf(&text, fmt, args);
    if (len < 0)
        out_of_memory(1, strlen(fmt));
    return text;
}

void mem_wipe(void *ptr, size_t len)
{
    if (ptr)
        explicit_bzero(ptr, len);
}

bool mem_is_zero(const void *data, size_t len)
{
    const char *bytes = data;
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

void mem_free_secret(char *text)
{
    if (!text)
        return;
    mem_wipe(text, strlen(text));
    free(text);
}

void mem_cleanup_free(void *ptr_to_ptr)
{
    void *ptr;
    memcpy(&ptr, ptr_to_ptr, sizeof(ptr));
    free(ptr);
}

void mem_cleanup_secret(char **text)
{
    mem_free_secret(*text);
}

void mem_cleanup_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

void mem_tune(void)
{
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, 64 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    mallopt(M_TOP_PAD, 64 * 1024);
    mallopt(M_MXFAST, 0); /* fast bins keep what is freed from joining its neighbours */
}
