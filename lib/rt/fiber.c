/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coroutines: stacks from mmap() with a guard page, switched by a few instructions on x86_64 and aarch64 and by
 * swapcontext() elsewhere. ASan and TSan are told of each switch. The switch keeps what the ABI says a call keeps, save
 * for the floating point control words, which nobody here changes.
 */
#include "lib/rt/fiber.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define STACK_FACTOR 4 /* instrumented frames are larger; untouched stack costs address space only */
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define STACK_FACTOR 2
#else
#define STACK_FACTOR 1
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13: a guard page that does not split the mapping */
#endif

#if FIBER_ASM
/* Saves the registers on the running stack, stores the stack pointer in *save, and goes on where `load` was stored. */
void fiber_swap(void **save, void *load);
/* Where a new fiber starts: calls the function in one register with the argument in another; it never returns. */
void fiber_start(void);
#endif

#if FIBER_ASM && defined(__x86_64__)
__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_swap\n"
        ".hidden fiber_swap\n"
        ".type fiber_swap, @function\n"
        "fiber_swap:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    popq %rcx\n"
        "    jmp *%rcx\n" /* better predicted than a return to another caller */
        ".size fiber_swap, . - fiber_swap\n"
        ".p2align 4\n"
        ".globl fiber_start\n"
        ".hidden fiber_start\n"
        ".type fiber_start, @function\n"
        "fiber_start:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n" /* a backtrace ends here */
        "    movq %r13, %rdi\n"
        "    callq *%r12\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size fiber_start, . - fiber_start\n");

/* What fiber_swap() pops, in order. */
struct saved_frame {
    void *r15, *r14, *r13, *r12, *rbx, *rbp, *rip;
};

static void *prepare_stack(char *top, void (*fn)(struct fiber *), struct fiber *arg)
{
    struct saved_frame *frame = (struct saved_frame *)(void *)top - 1;
    *frame = (struct saved_frame){.r13 = arg, .r12 = (void *)fn, .rip = (void *)fiber_start};
    return frame;
}

#elif FIBER_ASM
__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_swap\n"
        ".hidden fiber_swap\n"
        ".type fiber_swap, %function\n"
        "fiber_swap:\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp, #0]\n"
        "    stp x21, x22, [sp, #16]\n"
        "    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n"
        "    stp x27, x28, [sp, #64]\n"
        "    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x19, x20, [sp, #0]\n"
        "    ldp x21, x22, [sp, #16]\n"
        "    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n"
        "    ldp x27, x28, [sp, #64]\n"
        "    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size fiber_swap, . - fiber_swap\n"
        ".p2align 4\n"
        ".globl fiber_start\n"
        ".hidden fiber_start\n"
        ".type fiber_start, %function\n"
        "fiber_start:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined x30\n"
        "    mov x0, x19\n"
        "    blr x20\n"
        "    brk #1\n"
        "    .cfi_endproc\n"
        ".size fiber_start, . - fiber_start\n");

/* What fiber_swap() loads. */
struct saved_frame {
    void *x19, *x20, *x21_28[8], *x29, *x30;
    double d8_15[8];
};

static void *prepare_stack(char *top, void (*fn)(struct fiber *), struct fiber *arg)
{
    struct saved_frame *frame = (struct saved_frame *)(void *)top - 1;
    *frame = (struct saved_frame){.x19 = arg, .x20 = (void *)fn, .x30 = (void *)fiber_start};
    return frame;
}
#endif

static void fatal(const char *what)
{
    perror(what);
    abort();
}

/* Tells the sanitizers that `to` runs next; a `from` that is never resumed gives `last`. */
static void before_switch(struct fiber *from, struct fiber *to, int last)
{
    to->from = from;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->stack, to->stack_size);
#elif defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
}

/* Tells ASan that `self` runs again, and learns the bounds of the stack that it came from. */
static void after_switch(struct fiber *self)
{
#if defined(__SANITIZE_ADDRESS__)
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(self->fake_stack, &bottom, &size);
    if (self->from && !self->from->mapping) {
        self->from->stack = (char *)(uintptr_t)bottom;
        self->from->stack_size = size;
    }
#endif
}

static void run_entry(struct fiber *self)
{
    after_switch(self);
    self->entry(self);
    abort();
}

#if !FIBER_ASM
/* makecontext() passes ints. */
static void run_entry_context(unsigned high, unsigned low)
{
    run_entry((struct fiber *)(((uintptr_t)high << 16 << 16) | low));
}
#endif

void fiber_init_thread(struct fiber *fiber)
{
    memset(fiber, 0, sizeof(*fiber));
#if defined(__SANITIZE_THREAD__)
    fiber->tsan = __tsan_get_current_fiber();
#endif
}

struct fiber *fiber_new(size_t stack_size, size_t struct_size, void (*entry)(struct fiber *fiber))
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t head = (struct_size + 63) / 64 * 64;
    size_t size = (stack_size * STACK_FACTOR + head + page - 1) / page * page + page;
    char *mapping =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapping == MAP_FAILED)
        fatal("mapping a task's stack");
    if (madvise(mapping, page, MADV_GUARD_INSTALL) < 0 && mprotect(mapping, page, PROT_NONE) < 0)
        fatal("protecting a task's stack (see the sysctl vm.max_map_count)");

    struct fiber *fiber = (struct fiber *)(void *)(mapping + size - head);
    fiber->entry = entry;
    fiber->mapping = mapping;
    fiber->mapping_size = size;
    fiber->stack = mapping + page;
    fiber->stack_size = (size_t)((char *)fiber - fiber->stack);
#if FIBER_ASM
    fiber->sp = prepare_stack((char *)fiber, run_entry, fiber);
#else
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = fiber->stack_size;
    makecontext(&fiber->context, (void (*)(void))run_entry_context, 2, (unsigned)((uintptr_t)fiber >> 16 >> 16),
                (unsigned)(uintptr_t)fiber);
#endif
#if defined(__SANITIZE_THREAD__)
    fiber->tsan = __tsan_create_fiber(0);
#endif
    return fiber;
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
    before_switch(from, to, 0);
#if FIBER_ASM
    fiber_swap(&from->sp, to->sp);
#else
    swapcontext(&from->context, &to->context);
#endif
    after_switch(from);
}

void fiber_switch_last(struct fiber *from, struct fiber *to)
{
    before_switch(from, to, 1);
#if FIBER_ASM
    fiber_swap(&from->sp, to->sp);
#else
    setcontext(&to->context);
#endif
    abort();
}

void fiber_trim(struct fiber *fiber, size_t keep)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    keep = (keep * STACK_FACTOR + page - 1) / page * page;
    char *end = fiber->mapping + fiber->mapping_size;
    if ((size_t)(end - fiber->stack) > keep)
        madvise(fiber->stack, (size_t)(end - fiber->stack) - keep, MADV_DONTNEED);
}

void fiber_free(struct fiber *fiber)
{
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(fiber->stack, fiber->stack_size); /* what is mapped here next must not inherit it */
#elif defined(__SANITIZE_THREAD__)
    __tsan_destroy_fiber(fiber->tsan);
#endif
    munmap(fiber->mapping, fiber->mapping_size);
}
