/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and ownership: allocation that never fails, and cleanup attributes that make ownership visible.
 * Small allocations abort when memory is gone (the truth lives in the Kubernetes API); a size that a peer
 * chose goes through mem_try_alloc() after it was checked against a limit.
 */
#ifndef LIB_DATA_MEM_H
#define LIB_DATA_MEM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory of `size` bytes; aborts when there is none. Free with free(). */
void *mem_alloc(size_t size) __attribute__((malloc, alloc_size(1), returns_nonnull));

/* Zeroed memory for `count` items of `size` bytes; aborts on overflow or when there is none. */
void *mem_alloc_array(size_t count, size_t size) __attribute__((malloc, alloc_size(1, 2), returns_nonnull));

/* Resizes `ptr` (may be NULL) to `count` items of `size` bytes; new bytes are not zeroed. Aborts as above. */
void *mem_resize(void *ptr, size_t count, size_t size) __attribute__((alloc_size(2, 3), returns_nonnull));

/* As mem_alloc(), but returns NULL when there is no memory: for sizes that a peer chose. */
void *mem_try_alloc(size_t size) __attribute__((malloc, alloc_size(1)));

/* Copies; `text` may be NULL, and then so is the result. Free with free(). */
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t len);
void *mem_dup(const void *data, size_t len);

/* A new string in printf's manner; free with free(). */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *mem_vprintf(const char *fmt, va_list args) __attribute__((format(printf, 1, 0), returns_nonnull));

/* Overwrites `len` bytes in a way that the compiler keeps; for secrets. `ptr` may be NULL. */
void mem_wipe(void *ptr, size_t len);

/* True when all `len` bytes are 0. */
bool mem_is_zero(const void *data, size_t len);

/* Wipes a string up to its end, then frees it. NULL is fine. */
void mem_free_secret(char *text);

/* Sets the C library's allocator, for the whole process, to give back soon what was freed: for programs that run for months. */
void mem_tune(void);

/* Local variables that clean up after themselves. CLEANUP(x_free) on a `struct x *` calls x_free(). */
#define CLEANUP(fn) __attribute__((cleanup(fn##_ptr)))
#define DEFINE_CLEANUP(type, fn)                                                                                       \
    static inline void fn##_ptr(type **ptr)                                                                            \
    {                                                                                                                  \
        if (*ptr)                                                                                                      \
            fn(*ptr);                                                                                                  \
    }                                                                                                                  \
    struct cleanup_needs_a_semicolon_##fn
#define CLEANUP_FREE __attribute__((cleanup(mem_cleanup_free)))
#define CLEANUP_SECRET __attribute__((cleanup(mem_cleanup_secret)))
#define CLEANUP_CLOSE __attribute__((cleanup(mem_cleanup_close)))
void mem_cleanup_free(void *ptr_to_ptr);
void mem_cleanup_secret(char **text);
void mem_cleanup_close(int *fd);

/* Hands a pointer over: yields its value and leaves NULL behind. */
#define TAKE_PTR(ptr)                                                                                                  \
    ({                                                                                                                 \
        __auto_type take_ptr_address = &(ptr);                                                                         \
        __auto_type take_ptr_value = *take_ptr_address;                                                                \
        *take_ptr_address = NULL;                                                                                      \
        take_ptr_value;                                                                                                \
    })

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
