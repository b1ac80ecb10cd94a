/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person sees of a run: one bar for the fleet and each change of a host's state on a terminal, a line now and then elsewhere, and in the end a
 * table of hosts with times and disks.
 */
#ifndef SIM_SCENARIO_PROGRESS_H
#define SIM_SCENARIO_PROGRESS_H

#include "sim/scenario/runner.h"

struct progress;

/* Writes to `fd`. `goal` is the state that the bar counts; NULL: provisioned. */
struct progress *progress_new(const struct env *env, int fd, const char *goal);
void progress_free(struct progress *progress);
DEFINE_CLEANUP(struct progress, progress_free);
struct runner_listener progress_listener(struct progress *progress);
/* Takes the bar away. */
void progress_end(struct progress *progress);

/* The table of hosts, and below it what the programs used; to be called after the run. Appended to `out`. */
void progress_table(struct runner *runner, struct strbuf *out);

#endif
