/* SPDX-License-Identifier: Apache-2.0 */
/* The conductor instance, for the files of this folder. */
#ifndef OPERATOR_CONDUCTOR_INTERNAL_H
#define OPERATOR_CONDUCTOR_INTERNAL_H

#include "lib/data/map.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "operator/conductor/conductor.h"
#include "operator/conductor/db.h"
#include "operator/conductor/node.h"

struct auth;
struct boot_cache;

struct conductor {
    const struct env *env; /* borrowed */
    struct rt *rt;
    struct rt_group *group; /* all our tasks */
    struct log *log;
    struct conductor_options options; /* texts are ours */
    struct {
        char *api_url, *http_url; /* without a slash at the end */
    } text;

    struct db *db;
    struct auth *auth;      /* NULL: none */
    struct map *nodes;      /* uuid -> struct node */
    struct map *names;      /* name -> struct node (borrowed) */
    struct map *ports;      /* uuid -> struct port */
    struct map *addresses;  /* MAC -> struct port (borrowed) */
    struct map *node_ports; /* uuid of a node -> struct port_list (of borrowed ports) */

    struct http_server *api, *files;
    struct http_client *bmc_verify, *bmc_insecure; /* to BMCs; connections are shared and kept */
    struct http_client *plain;                     /* to image servers */
    struct boot_cache *images;
    struct rt_semaphore bmc_slots;
    size_t deploying, cleaning; /* operations under way */
    struct metric *transitions, *bmc_calls;
};

/* The version the API tells of itself. */
#define API_VERSION_MIN 1
#define API_VERSION_MAX 110

#endif
