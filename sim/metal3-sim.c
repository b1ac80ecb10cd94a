/* SPDX-License-Identifier: Apache-2.0 */
/* metal3-sim: the virtual fleet's program. */
#include "sim/commands/commands.h"
#include "sim/kube-api/command.h"

static const struct program *const commands[] = {&up_program, &run_program, &fleet_program, &kube_api_program, NULL};

static const struct program program = {
    .name = "metal3-sim",

    .description = "A whole Metal3 on virtual machines: provisioned, tested, broken and mended.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    return program_main(&program, argc, argv);
}
