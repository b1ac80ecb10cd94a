/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole Metal3: the Kubernetes API, the fleet, the conductor and the operator, in one of two worlds. Real: each a process of its own, with sockets. Virtual: each an
 * instance in this process, on virtual time and the simulated network. Whoever drives a stack (metal3-sim up, the scenario runner) speaks to
 * its programs through their protocols alone, and so does not notice which world it is.
 */
#ifndef SIM_STACK_STACK_H
#define SIM_STACK_STACK_H

#include "lib/env.h"
#include "lib/rt/process.h"
#include "lib/rt/rt.h"

enum stack_program { STACK_KUBE_API, STACK_FLEET, STACK_CONDUCTOR, STACK_OPERATOR, STACK_PROGRAM_COUNT };

struct stack_options {
    int hosts;             /* machines in the fleet */
    const char *profile;   /* machine profile, NULL: generic */
    const char *image;     /* raw disk image to serve; NULL: the tiny one that is built in */
    const char *directory; /* for logs, databases and the kubeconfig; NULL: a temporary one that stack_free() removes */
    const char *log_level; /* of the programs, NULL: "info" */
    double speed;          /* of the machines' delays: 1 is like hardware, 0.01 a hundred times faster; 0: 1 */
};

struct stack;

/*
 * Sets a stack up in the world that `env` belongs to (rt_is_sim); starts no program yet. In the virtual world `network` is the simulated
 * network that env->net is a host of; NULL in the real one. The options are copied.
 */
struct net_sim;
struct error *stack_new(const struct env *env, const struct stack_options *options, struct net_sim *network,
                        struct stack **ret) MUST_CHECK;
/* Kills what still runs and removes what was left behind. */
void stack_free(struct stack *stack);
DEFINE_CLEANUP(struct stack, stack_free);

/* Starts a program and waits until it serves. ERROR_CONFLICT when it runs already. The order of the enum is the order to start in. */
struct error *stack_start(struct stack *stack, enum stack_program program) MUST_CHECK;
/* As kill -9: no more effect outside from the moment of the call. No effect on a program that does not run. */
void stack_kill(struct stack *stack, enum stack_program program);
/* As SIGTERM: an orderly end. */
void stack_stop(struct stack *stack, enum stack_program program);
bool stack_running(struct stack *stack, enum stack_program program);
/* "kube-api", "fleet", "conductor", "operator"; -1 for an unknown name. */
const char *stack_program_name(enum stack_program program);
int stack_program_parse(const char *name);

/* CPU time and memory of a program; ERROR_UNSUPPORTED in the virtual world. */
struct error *stack_usage(struct stack *stack, enum stack_program program, struct process_usage *ret) MUST_CHECK;

/* Once the Kubernetes API was started; text, borrowed. */
const char *stack_kubeconfig(const struct stack *stack);
const char *stack_kubeconfig_path(const struct stack *stack); /* file with the same */
const char *stack_directory(const struct stack *stack);
/* The options' factor on the time that machines take. */
double stack_speed(const struct stack *stack);
/* Base URL of the fleet's control API, see sim/fleet/control.h. */
const char *stack_fleet_url(const struct stack *stack);

/* The image that hosts are to get. All borrowed. */
struct stack_image {
    const char *url, *checksum_url, *checksum; /* SHA-256, hex */
    uint64_t size;                             /* bytes */
    /* What a disk must hold afterwards, whatever became of its partition table: this range of the image and its SHA-256. */
    uint64_t content_offset, content_length;
    const char *content_checksum;
};
const struct stack_image *stack_image(const struct stack *stack);

#endif
