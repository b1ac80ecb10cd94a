/* SPDX-License-Identifier: Apache-2.0 */
/* metal3-operator: runs the operator, or prints its CustomResourceDefinitions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "operator/api/kind.h"
#include "operator/operator.h"

/* What program_main() fills; `running` is ours. */
struct main_options {
    struct operator_options options; /* first: the options' offsets are relative to it */
    struct metal3_operator *running;
};

static struct error *run_operator(const struct env *env, void *arg, int argc, char **argv)
{
    struct main_options *options = arg;
    TRY(operator_options_check(&options->options));
    TRY(operator_start(env, &options->options, &options->running));
    struct error *err = operator_wait(options->running);
    operator_free(TAKE_PTR(options->running));
    return err;
}

/* On SIGTERM: gives the lease up, so that another instance leads at once. */
static void stop_operator(const struct env *env, void *arg)
{
    struct main_options *options = arg;
    if (options->running)
        operator_stop(options->running);
}

static struct error *print_crds(const struct env *env, void *options, int argc, char **argv)
{
    CLEANUP_FREE char *text = api_crds_yaml();
    if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
        return error_from_errno(errno, "writing the definitions");
    return NULL;
}

static const struct program crds_program = {
    .name = "crds",
    .description = "Prints the CustomResourceDefinitions as YAML, for kubectl apply -f -",
    .run = print_crds,
};

static const struct program *const commands[] = {&crds_program, NULL};

static const struct program program = {
    .name = "metal3-operator",
    .description = "Bare-metal provisioning for Kubernetes: the controllers of the metal3.io kinds.",
    .options = operator_options,
    .options_size = sizeof(struct main_options),
    .commands = commands,
    .run = run_operator,
    .stop = stop_operator,
};

int main(int argc, char **argv)
{
    return program_main(&program, argc, argv);
}
