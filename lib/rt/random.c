/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: one seeded stream per purpose in the simulated world, seeded by the kernel in the real one. */
#include "lib/rt/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/rt/internal.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

void random_seed(struct random *random, uint64_t seed, uint64_t stream)
{
    uint64_t state = stream;
    state = splitmix(&state) ^ seed;
    for (int i = 0; i < 4; i++)
        random->state[i] = splitmix(&state);
}

uint64_t random_next(struct random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* Multiplies into the range (Lemire); draws again in the rare case that would make some results likelier. */
uint64_t random_below(struct random *random, uint64_t bound)
{
    unsigned __int128 product = (unsigned __int128)random_next(random) * bound;
    if ((uint64_t)product < bound) {
        uint64_t reject = -bound % bound; /* 2^64 mod bound */
        while ((uint64_t)product < reject)
            product = (unsigned __int128)random_next(random) * bound;
    }
    return (uint64_t)(product >> 64);
}

uint64_t rt_random(struct rt *rt)
{
    return random_next(&rt->random);
}

uint64_t rt_random_below(struct rt *rt, uint64_t bound)
{
    return random_below(&rt->random, bound);
}

double rt_random_unit(struct rt *rt)
{
    return (double)(random_next(&rt->random) >> 11) * 0x1p-53;
}

/* Fills `buf` from the kernel; there is no way to go on without. */
static void kernel_random(void *buf, size_t len)
{
    for (char *at = buf; len > 0;) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            perror("getrandom");
            abort();
        }
        at += got;
        len -= (size_t)got;
    }
}

void rt_random_bytes(struct rt *rt, void *buf, size_t len)
{
    if (!rt->world->simulated) {
        kernel_random(buf, len);
        return;
    }
    for (char *at = buf; len > 0;) {
        uint64_t value = rt_random(rt);
        size_t part = len < sizeof(value) ? len : sizeof(value);
        memcpy(at, &value, part);
        at += part;
        len -= part;
    }
}

uint64_t random_kernel_seed(void)
{
    uint64_t seed;
    kernel_random(&seed, sizeof(seed));
    return seed;
}

void rt_uuid(struct rt *rt, char buf[RT_UUID_SIZE])
{
    unsigned char b[16];
    rt_random_bytes(rt, b, sizeof(b));
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    static const char hex[] = "0123456789abcdef";
    char *at = buf;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = hex[b[i] >> 4];
        *at++ = hex[b[i] & 15];
    }
    *at = '\0';
}
