/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a program instance has of the world outside: its loop and group, its network, its log and metrics. Handed down from main()
 * or from the simulator; nobody reaches around it. Borrowed everywhere; it outlives the program instance.
 */
#ifndef LIB_ENV_H
#define LIB_ENV_H

struct env {
    struct rt *rt;
    struct rt_group *group; /* the program's tasks; cancelling it stops, or kills, the program */
    struct net *net;        /* the program's place on the network */
    struct log *log;
    struct metrics *metrics;
};

#endif
