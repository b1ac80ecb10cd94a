/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every program's main() shares: options by table with --help, --version, --log-level and --log-format;
 * environment variables as defaults; the real world set up; SIGTERM and SIGINT; the exit status.
 *
 *     static const struct program program = {
 *         .name = "metal3-agent", .options = specs, .options_size = sizeof(struct options), .run = run};
 *     int main(int argc, char **argv) { return program_main(&program, argc, argv); }
 */
#ifndef LIB_MAIN_H
#define LIB_MAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/env.h"

enum option_type { OPTION_STRING, OPTION_INT, OPTION_BOOL, OPTION_DURATION, OPTION_LIST };

/*
 * A row of a program's options. The table ends with {0}. Taken are "--name VALUE", "--name=VALUE", the same with one
 * dash, "-l VALUE", "-lVALUE". An option of type bool stands alone or has "=true" or "=false". "--" ends the options.
 * Options may follow arguments. A list grows with each use, which replaces its default; defaults and environment
 * variables separate items by commas.
 */
struct option_spec {
    const char *name;        /* without dashes: "kubeconfig" */
    char letter;             /* one-letter form; 0: none */
    const char *environment; /* variable that gives the default when it is set and not empty; NULL: none */
    enum option_type
        type;      /* char * (owned), int64_t, bool, int64_t in ns, char ** (owned, NULL-terminated; NULL when empty) */
    size_t offset; /* into the options struct */
    const char *value;    /* what --help calls the value, "FILE" */
    const char *fallback; /* default as text; NULL: none */
    const char *help;
    int64_t least, most; /* of an int; both 0: anything */
};

struct program {
    const char *name, *synopsis, *description; /* of --help; the synopsis is what follows the options: "FILE…" */
    const struct option_spec *options;         /* may be NULL */
    size_t options_size;                       /* of the struct that `options` fill */
    int arguments_min, arguments_max;          /* of what is not an option; max -1: any */
    /*
     * Subcommands, NULL-terminated: the first word of the command line picks one by name; each has options and a run()
     * of its own. May be NULL.
     */
    const struct program *const *commands;
    const char *log_level; /* default of --log-level; NULL: info */
    /*
     * Runs as a task of env->group, which SIGTERM or SIGINT cancels (a second signal exits at once); when it returns
     * the group is cancelled and its tasks are waited for. `argv` holds the arguments alone. NULL when a subcommand is
     * required.
     */
    struct error *(*run)(const struct env *env, void *options, int argc, char **argv);
    /*
     * Orderly end on the first signal: runs in a task outside of env->group, while that still works (to give up a lease, say); when it returns the
     * group is cancelled. It must make run() return or return soon itself. NULL: the group is cancelled at once.
     */
    void (*stop)(const struct env *env, void *options);
};

/*
 * Parses, sets up, runs. Returns the exit status: 0; 1 for an error (one line on stderr); 2 for wrong usage (one line
 * that names the option and the remedy); ERROR_CANCELLED after a signal is 0 for SIGTERM and 130 for SIGINT. Raises the
 * limit of open descriptors to what the system allows, and ignores SIGPIPE.
 */
int program_main(const struct program *program, int argc, char **argv);

/*
 * Parses options alone into the zeroed struct `options`; ERROR_INVALID tells what is wrong. Moves the arguments to the
 * end of `argv`, from argv[*ret_first] on; argv[0] is skipped. options_release() the struct in any case.
 */
struct error *options_parse(const struct option_spec *specs, int argc, char **argv, void *options, int *ret_first)
    MUST_CHECK;
void options_release(const struct option_spec *specs, void *options);

#endif
