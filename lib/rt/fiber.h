/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coroutines: a stack of its own and a switch to and from it. Only lib/rt/ includes this. A fiber never ends by itself:
 * its entry function loops, taking a new job each time it is switched to, so that stacks are reused as they are.
 */
#ifndef LIB_RT_FIBER_H
#define LIB_RT_FIBER_H

#include <stddef.h>

#if (defined(__x86_64__) || defined(__aarch64__)) && !defined(FIBER_UCONTEXT)
#define FIBER_ASM 1
#else
#define FIBER_ASM 0
#include <ucontext.h>
#endif

struct fiber {
#if FIBER_ASM
    void *sp; /* while it is suspended */
#else
    ucontext_t context;
#endif
    void (*entry)(struct fiber *fiber);
    char *stack; /* lowest usable byte; NULL for the thread's own stack until a fiber was entered */
    size_t stack_size;
    char *mapping;
    size_t mapping_size;
    struct fiber *from; /* who switched here last */
    void *fake_stack;   /* ASan's */
    void *tsan;         /* TSan's */
};

/* Prepares `fiber` to stand for the calling thread's own stack, to be switched from. */
void fiber_init_thread(struct fiber *fiber);

/*
 * A fiber that calls `entry` when first switched to, with a stack of at least `stack_size` bytes and a guard page
 * below. The struct fiber is the start of `struct_size` zeroed bytes above the stack, so that a small task touches one
 * page. Aborts when there is no memory.
 */
struct fiber *fiber_new(size_t stack_size, size_t struct_size, void (*entry)(struct fiber *fiber));

/* Suspends `from`, which is running, and resumes `to`. */
void fiber_switch(struct fiber *from, struct fiber *to);

/* Like fiber_switch(), for the last time: `from` is never resumed. */
void fiber_switch_last(struct fiber *from, struct fiber *to) __attribute__((noreturn));

/* Gives memory of a suspended fiber's stack that lies deeper than `keep` bytes back to the system. */
void fiber_trim(struct fiber *fiber, size_t keep);

/* Unmaps a suspended fiber. */
void fiber_free(struct fiber *fiber);

#endif
