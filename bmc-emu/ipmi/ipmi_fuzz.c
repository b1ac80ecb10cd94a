/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes a BMC. The input is a row of parts, each a byte of kind, a byte of length and so many bytes: a datagram as it is, or what is in a session, a
 * network function, a command and its data, so that the search gets past the cryptography.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/drivers/memory.h"
#include "bmc-emu/ipmi/bmc.h"

#define DATAGRAM 0
#define PARTS_MAX 64

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct input {
    struct rt *rt;
    const unsigned char *data;
    size_t size;
};

static void must(struct error *err)
{
    if (err)
        abort();
}

static void run_part(struct ipmi_context *context, const struct udp_peer *peer, const unsigned char *part, size_t len,
                     bool datagram)
{
    uint8_t answer[IPMI_PACKET_MAX];
    struct ipmi_bmc *bmc = ipmi_bmc_of(context, 0);

    if (datagram) {
        if (ipmi_handle(context, 0, peer, part, len, answer) > sizeof(answer))
            abort();
        return;
    }
    struct ipmi_session *session = ipmi_session_new(bmc, peer);
    if (len < 2 || !session)
        return;
    session->state = IPMI_SESSION_ACTIVE;
    session->user = 2;
    session->level = session->limit = IPMI_ADMINISTRATOR;
    /* Of its very length, so that a byte read past the end is found. */
    uint8_t *exact = mem_alloc(len - 2 ? len - 2 : 1);
    memcpy(exact, part + 2, len - 2);
    struct ipmi_call call = {.bmc = bmc, .session = session, .from = peer, .data = exact, .len = len - 2};
    ipmi_command_run(&call, part[0], part[1]);
    if (call.reply_len > IPMI_REPLY_MAX)
        abort();
    ipmi_session_end(session);
    free(exact);
}

static void run(void *arg)
{
    struct input *input = arg;
    struct rt_group *group = rt_group_new(input->rt, NULL, "fuzz");
    struct machine_profile *profile = machine_profile_new();
    struct env env = {.rt = input->rt, .group = group};
    struct bmc_memory_options memory = {.env = &env, .group = group, .count = 1, .profile = profile};
    struct ipmi_options options = {.env = &env, .group = group, .driver = bmc_memory_new(&memory)};
    struct udp_peer peer = {.address = "192.0.2.1", .port = 1000};
    struct ipmi_context *context = NULL;
    size_t at = 0;

    must(ipmi_context_new(&options, &context));
    for (int i = 0; i < PARTS_MAX && at + 2 <= input->size; i++) {
        size_t len = input->data[at + 1], left = input->size - at - 2;
        if (len > left)
            len = left;
        run_part(context, &peer, input->data + at + 2, len, input->data[at] % 2 == DATAGRAM);
        at += 2 + len;
        must(rt_sleep(input->rt, RT_S));
    }
    rt_group_stop(group);
    ipmi_context_free(context);
    bmc_driver_free(options.driver);
    machine_profile_free(profile);
    rt_group_free(group);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP(rt_free) struct rt *rt = rt_new_sim(1, 0);
    struct input input = {.rt = rt, .data = data, .size = size};

    must(rt_run(rt, run, &input));
    return 0;
}
