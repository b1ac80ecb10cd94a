/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes, in the real world only: metal3-sim starts the other programs with it. */
#ifndef LIB_RT_PROCESS_H
#define LIB_RT_PROCESS_H

#include "lib/rt/rt.h"

struct process;

struct process_options {
    const char *const *argv; /* argv[0] is looked up in PATH; NULL-terminated */
    const char *const *env;  /* "NAME=value" added to our environment; NULL-terminated, may be NULL */
    const char *output;      /* file that stdout and stderr are appended to; NULL inherits ours */
};

/* Starts a child that dies with us (PR_SET_PDEATHSIG), in a process group of its own, standard input closed. */
struct error *process_start(struct rt *rt, const struct process_options *options, struct process **ret) MUST_CHECK;
int process_pid(const struct process *process);
void process_signal(struct process *process, int signal_number); /* no effect once it has ended */
bool process_running(const struct process *process);
/*
 * Waits for the end; *ret_status is the exit status, or 128 + signal. The deadline does not kill it. ERROR_TIMEOUT or
 * ERROR_CANCELLED name the process. May be called again after the end.
 */
struct error *process_wait(struct process *process, rt_time deadline, int *ret_status) MUST_CHECK;
/*
 * SIGTERM, then SIGKILL to its process group after `grace` ns; waits for the end, even when the caller's group is
 * cancelled.
 */
void process_stop(struct process *process, rt_time grace);
void process_free(struct process *process); /* kills it, and its process group, when it still runs */
DEFINE_CLEANUP(struct process, process_free);

/*
 * CPU time (ns, user + system) and peak and present resident memory (bytes) of a pid; ERROR_NOT_FOUND when it is gone.
 */
struct process_usage {
    int64_t cpu, rss, rss_peak;
};
struct error *process_usage(int pid, struct process_usage *ret) MUST_CHECK;

#endif
