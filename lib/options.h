/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several tables of options at once, and their part of --help: what lib/main.c adds to options_parse() of lib/main.h.
 */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <stdio.h>

#include "lib/main.h"

/* A table and the struct that it fills. */
struct option_table {
    const struct option_spec *specs; /* may be NULL */
    void *target;                    /* zeroed */
};

/* As options_parse(), with `count` tables; the first that knows an option takes it. */
struct error *options_parse_tables(const struct option_table *tables, size_t count, int argc, char **argv,
                                   int *ret_first) MUST_CHECK;

/* One entry an option: name, value, help, default, environment variable. */
void options_print_help(const struct option_spec *specs, FILE *out);

#endif
