/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the stack share. */
#ifndef SIM_STACK_INTERNAL_H
#define SIM_STACK_INTERNAL_H

#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "lib/net/net.h"
#include "sim/stack/stack.h"

/* Where everything listens; fixed for the stack's life, so that a restarted program is found again. */
struct stack_places {
    char *kube_api_host, *fleet_host, *conductor_host, *operator_host; /* addresses to listen on */
    int kube_api_port, control_port, redfish_port, conductor_port, conductor_http_port, health_port, metrics_port;
    char *bmc_addresses, *guest_addresses; /* "127.20.0.0/16" */
};

/* One world's way to run programs. */
struct stack_ops {
    struct error *(*start)(struct stack *stack, enum stack_program program);
    void (*kill)(struct stack *stack, enum stack_program program);
    void (*stop)(struct stack *stack, enum stack_program program);
    bool (*running)(struct stack *stack, enum stack_program program);
    struct error *(*usage)(struct stack *stack, enum stack_program program, struct process_usage *ret);
    void (*free)(struct stack *stack);
};

struct stack {
    const struct stack_ops *ops;
    const struct env *env; /* of whoever drives the stack */
    struct stack_options options;
    char *profile, *image_path, *directory, *log_level; /* owned copies of the options' */
    bool directory_is_temporary;
    struct stack_places places;
    char *kubeconfig, *kubeconfig_path, *fleet_url, *conductor_url;
    char *kernel_path, *ramdisk_path; /* what the conductor puts into boot ISOs */
    struct image_server *image_server;
    struct http_client *http;
    void *world; /* of the ops */
};

/* -- real.c, virtual.c -- */
struct error *stack_real_init(struct stack *stack) MUST_CHECK;
struct error *stack_virtual_init(struct stack *stack, struct net_sim *network) MUST_CHECK;

/* -- image_server.c: serves the image and its checksum over HTTP -- */
struct error *image_server_start(const struct env *env, const char *address, const char *path,
                                 struct image_server **ret) MUST_CHECK;
const struct stack_image *image_server_image(const struct image_server *server);
void image_server_free(struct image_server *server);

/* Asks `url` until it answers 200, at most `limit` ns. `alive` (may be NULL) ends the wait early when it says false. */
struct error *stack_wait_http(struct stack *stack, const char *url, rt_time limit,
                              bool (*alive)(struct stack *stack, void *arg), void *arg) MUST_CHECK;

#endif
