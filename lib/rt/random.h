/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generator behind rt_random_*() and the simulated scheduler: xoshiro256**, seeded through splitmix64. Only lib/rt/
 * includes this.
 */
#ifndef LIB_RT_RANDOM_H
#define LIB_RT_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state[4];
};

/* Streams of the same seed with different `stream` numbers are independent. */
void random_seed(struct random *random, uint64_t seed, uint64_t stream);
uint64_t random_next(struct random *random);
uint64_t random_below(struct random *random, uint64_t bound); /* uniform in 0 … bound-1; bound > 0 */

#endif
