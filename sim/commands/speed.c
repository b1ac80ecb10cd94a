/* SPDX-License-Identifier: Apache-2.0 */
/* --speed of the commands that bring up a fleet. */
#include "lib/data/str.h"
#include "sim/commands/commands.h"

#define SPEED_MAX 100

struct error *command_speed(const char *text, double *speed)
{
    double value;
    if (!text)
        return NULL;
    TRY_WRAP(str_to_double(text, &value), "--speed");
    if (!(value > 0 && value <= SPEED_MAX))
        return error_new(ERROR_INVALID, "--speed %s: give a factor above 0, at most %d", text, SPEED_MAX);
    *speed = value;
    return NULL;
}
