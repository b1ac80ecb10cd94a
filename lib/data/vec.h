/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A typed growing array: `VEC(struct port) ports = {0};`. Items are stored by value in `items[0..len-1]`.
 * In a struct that outlives a function give it a tag by naming the type: `struct port_vec VEC_OF(struct port);`
 */
#ifndef LIB_DATA_VEC_H
#define LIB_DATA_VEC_H

#include <string.h>

#include "lib/data/mem.h"

#define VEC_OF(type)                                                                                                   \
    {                                                                                                                  \
        type *items;                                                                                                   \
        size_t len, cap;                                                                                               \
    }
#define VEC(type) struct VEC_OF(type)

/* Appends an item. */
#define VEC_PUSH(vec, item)                                                                                            \
    do {                                                                                                               \
        if ((vec)->len == (vec)->cap) {                                                                                \
            (vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                                                              \
            (vec)->items = mem_resize((vec)->items, (vec)->cap, sizeof(*(vec)->items));                                \
        }                                                                                                              \
        (vec)->items[(vec)->len++] = (item);                                                                           \
    } while (0)

/* Removes item `index`, keeping the order. */
#define VEC_REMOVE(vec, index)                                                                                         \
    do {                                                                                                               \
        size_t vec_index = (index);                                                                                    \
        memmove(&(vec)->items[vec_index], &(vec)->items[vec_index + 1],                                                \
                ((vec)->len - vec_index - 1) * sizeof(*(vec)->items));                                                 \
        (vec)->len--;                                                                                                  \
    } while (0)

/* Frees the array (not what its items point to) and empties it. */
#define VEC_RELEASE(vec)                                                                                               \
    do {                                                                                                               \
        free((vec)->items);                                                                                            \
        (vec)->items = NULL;                                                                                           \
        (vec)->len = (vec)->cap = 0;                                                                                   \
    } while (0)

#define VEC_FOREACH(pointer, vec)                                                                                      \
    for (__typeof__((vec)->items + 0) pointer = (vec)->items; pointer && pointer < (vec)->items + (vec)->len; pointer++)

#include <stdlib.h>

#endif
