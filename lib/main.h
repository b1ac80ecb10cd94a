/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every program's main() shares: options by table with --help, --version, --log-level and --log-format; environment variables as
 * defaults; the real world set up; SIGTERM and SIGINT; the exit status.
 */
#ifndef LIB_MAIN_H
#define LIB_MAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/env.h"

enum option_type { OPTION_STRING, OPTION_INT, OPTION_BOOL, OPTION_DURATION, OPTION_LIST };

/* A row of a program's options. The table ends with {0}. */
struct option_spec {
    const char
        *name;   /* without dashes: "kubeconfig"; both "--kubeconfig X" and "--kubeconfig=X" (and one dash) are taken */
    char letter; /* one-letter form; 0: none */
    const char *environment; /* variable that gives the default; NULL: none */
    enum option_type type;   /* char * (owned), int64_t, bool, int64_t in ns, char ** (owned list; may repeat) */
    size_t offset;           /* into the options struct */
    const char *value;       /* what --help calls the value, "FILE" */
    const char *fallback;    /* default as text; NULL: none */
    const char *help;
};

struct program {
    const char *name, *synopsis, *description; /* of --help */
    const struct option_spec *options;
    size_t options_size;              /* of the struct that `options` fill */
    int arguments_min, arguments_max; /* of what is not an option; max -1: any */
    /* Runs as the first task until it returns or env->group is cancelled (SIGTERM/SIGINT, once; a second signal exits at once). */
    struct error *(*run)(const struct env *env, void *options, int argc, char **argv);
};

/* Parses, sets up, runs; returns the exit status: 0, 1 for an error (one line on stderr), 2 for wrong usage (names the option and the remedy). */
int program_main(const struct program *program, int argc, char **argv);

/* For programs with subcommands: parses just the options; ERROR_INVALID tells what is wrong. argv[*ret_first…] are the arguments. */
struct error *options_parse(const struct option_spec *specs, int argc, char **argv, void *options, int *ret_first)
    MUST_CHECK;
void options_release(const struct option_spec *specs, void *options);

#endif
