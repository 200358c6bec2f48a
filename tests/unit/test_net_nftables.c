/* SPDX-License-Identifier: Apache-2.0
 *
 * Dumps of real kernels (tests/fuzz/record_nftables made them) against the SYN to an endpoint, or
 * the answer to it: what drops for certain, what may, and what does not. Run from the root of the
 * repository.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <sched.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/nftables.h"

enum drops { PASSES, MAY, CERTAIN };

static const struct row {
    const char *name;
    bool incoming;
    enum drops drops;
    const char *chain;
    int64_t handle; /* 0: the policy */
} rows[] = {
    {"port", false, CERTAIN, "out", 3},
    {"port", true, PASSES, "", 0},
    {"port-other", false, PASSES, "", 0},
    {"address", false, CERTAIN, "out", 2},
    {"address-other", false, PASSES, "", 0},
    {"set", false, CERTAIN, "out", 3},
    {"set-other", false, PASSES, "", 0},
    {"set-interval", false, CERTAIN, "out", 3},
    {"set-interval-other", false, PASSES, "", 0},
    {"range", false, CERTAIN, "out", 2},
    {"range-other", false, PASSES, "", 0},
    {"policy", false, CERTAIN, "out", 0},
    {"policy-open", false, PASSES, "", 0},
    {"policy-flags", false, PASSES, "", 0},
    {"policy-reject", false, PASSES, "", 0}, /* connect() would have been told */
    {"jump", false, CERTAIN, "web", 5},
    {"jump-returns", false, PASSES, "", 0},
    {"goto", false, CERTAIN, "out", 0},
    {"loop-free-depth", false, CERTAIN, "c11", 26},
    {"may-limit", false, MAY, "out", 2},
    {"may-mark", false, MAY, "out", 3},
    {"may-map", false, MAY, "out", 3},
    {"may-map-first", false, MAY, "out", 3}, /* the map may have let it through */
    {"may-port", false, MAY, "out", 2},
    {"user", false, CERTAIN, "out", 2},
    {"user-other", false, PASSES, "", 0},
    {"input", true, CERTAIN, "in", 0},
    {"input", false, PASSES, "", 0},
    {"input-open", true, PASSES, "", 0},
    {"input-prerouting", true, CERTAIN, "PREROUTING", 2},
    {"input-nat", true, PASSES, "", 0}, /* which sees a connection's first packet only */
    {"netdev", false, PASSES, "", 0},   /* of another device */
    {"ingress", true, PASSES, "", 0},   /* of another device */
    {"dormant", false, PASSES, "", 0},
    {"untracked", true, MAY, "in", 0},     /* its state is not "established" then */
    {"payload", false, CERTAIN, "out", 3}, /* the first rule looks elsewhere */
    {"forward", false, PASSES, "", 0},
    {"forward", true, PASSES, "", 0},
    {"six", false, PASSES, "", 0},
    {"iptables-drop", false, CERTAIN, "OUTPUT", 3},
    {"iptables-policy", false, CERTAIN, "OUTPUT", 0},
    {"iptables-open", false, PASSES, "", 0},
    {"iptables-reject", false, PASSES, "", 0},
    {"iptables-may", false, MAY, "OUTPUT", 2},
    {"iptables-multiport", false, MAY, "OUTPUT", 2},
    {"iptables-input", true, CERTAIN, "INPUT", 0},
    {"iptables-input-open", true, PASSES, "", 0},
};

static struct nft_dump dump;

static void recorded(const char *name)
{
    dump = (struct nft_dump){0};
    buffer_init(&dump.messages, NFT_MAX_DUMP_BYTES);
    assert_int_equal(file_read("tests/fuzz/seeds/nftables/", name, &dump.messages), 0);
}

static enum drops judged(const struct nft_packet *packet, struct local_drop *drop)
{
    memset(drop, 0, sizeof *drop);
    if (!nft_judge(&dump, packet, drop))
        return PASSES;
    return drop->certain ? CERTAIN : MAY;
}

static void syn(struct nft_packet *packet, bool incoming)
{
    assert_true(nft_packet_make(packet, "10.0.1.10", "10.0.1.21", 443, "ens5", incoming));
    packet->user = 0;
}

static void every_recorded_dump_is_judged(void **state)
{
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        recorded(rows[i].name);
        syn(&packet, rows[i].incoming);
        enum drops drops = judged(&packet, &drop);
        if (drops != rows[i].drops || strcmp(drop.chain, rows[i].chain) != 0 ||
            drop.handle != rows[i].handle)
            fail_msg("%s, %s: %d by chain \"%s\" handle %d", rows[i].name,
                     rows[i].incoming ? "answer" : "SYN", drops, drop.chain, (int)drop.handle);
        nft_dump_clear(&dump);
    }
}

static void a_drop_is_named(void **state)
{
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    recorded("input-prerouting");
    syn(&packet, true);
    assert_int_equal(judged(&packet, &drop), CERTAIN);
    assert_string_equal(drop.family, "ip");
    assert_string_equal(drop.table, "raw");
    assert_string_equal(drop.hook, "prerouting");
    assert_string_equal(drop.to, "");
    nft_dump_clear(&dump);
}

static void an_ingress_chain_of_inet_is_one(void **state)
{
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    recorded("ingress");
    assert_true(nft_packet_make(&packet, "10.0.1.10", "10.0.1.21", 443, "lo", true));
    assert_int_equal(judged(&packet, &drop), CERTAIN);
    assert_string_equal(drop.hook, "ingress");
    assert_true(nft_packet_make(&packet, "10.0.1.10", "10.0.1.21", 443, "", true));
    assert_int_equal(judged(&packet, &drop), MAY); /* perhaps it comes in elsewhere */
    nft_dump_clear(&dump);
}

static void ipv6_is_judged_by_its_own_rules(void **state)
{
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    recorded("six");
    assert_true(nft_packet_make(&packet, "fd00::10", "fd00::21", 443, "ens5", false));
    assert_int_equal(judged(&packet, &drop), CERTAIN);
    assert_true(nft_packet_make(&packet, "fd00::10", "2001:db8::21", 443, "ens5", false));
    assert_int_equal(judged(&packet, &drop), PASSES);
    nft_dump_clear(&dump);
    assert_false(nft_packet_make(&packet, "", "ssm", 443, "", false));
}

static void what_is_not_known_is_not_certain(void **state)
{
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    recorded("port");
    assert_true(nft_packet_make(&packet, "", "10.0.1.21", 443, "", false));
    assert_int_equal(judged(&packet, &drop), MAY); /* perhaps it leaves by lo, which is let out */
    syn(&packet, false);
    dump.cut = true;
    assert_int_equal(judged(&packet, &drop), MAY);
    nft_dump_clear(&dump);
    recorded("user");
    syn(&packet, false);
    packet.user = 1000;
    assert_int_equal(judged(&packet, &drop), PASSES);
    nft_dump_clear(&dump);
}

/* Of a set whose elements are missing nothing is known. */
static void a_set_that_is_cut_is_not_empty(void **state)
{
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    recorded("set");
    syn(&packet, false);
    for (size_t at = 0, n; at < dump.messages.used; at += n) {
        uint32_t n_bytes;
        unsigned char *message = (unsigned char *)dump.messages.bytes + at;
        memcpy(&n_bytes, message, sizeof n_bytes);
        n = (n_bytes + 3) & ~3u;
        if (message[4] == NFT_MSG_NEWSETELEM)
            message[4] = NFT_MSG_GETSETELEM; /* which nobody reads */
    }
    assert_int_equal(judged(&packet, &drop), PASSES);
    dump.cut = true;
    assert_int_equal(judged(&packet, &drop), MAY);
    nft_dump_clear(&dump);
}

/* Whatever rules there are, and however many packets: what is not looked at any more leaves doubt. */
static void time_is_bounded(void **state)
{
    enum { N_COPIES = 4000 };
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    recorded("range-other");
    struct buffer once = dump.messages;
    buffer_init(&dump.messages, NFT_MAX_DUMP_BYTES);
    for (int i = 0; i < N_COPIES && buffer_add(&dump.messages, once.bytes, once.used); i++)
        continue;
    dump.messages.failed = false;
    syn(&packet, false);
    int64_t started_ms = clock_monotonic_ms();
    int n = 0;
    while (!dump.cut && n++ < 10)
        assert_int_equal(judged(&packet, &drop), PASSES);
    assert_true(dump.cut);
    print_message("%d packets through %zu bytes of rules in %d ms\n", n, dump.messages.used,
                  (int)(clock_monotonic_ms() - started_ms));
    buffer_clear(&once);
    nft_dump_clear(&dump);
}

/* Cut anywhere, a dump is read to its end and no further (the sanitizers watch). */
static void a_cut_dump_is_read_to_its_end(void **state)
{
    struct nft_packet packet;
    struct local_drop drop;
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i += 3) {
        recorded(rows[i].name);
        struct buffer whole = dump.messages;
        syn(&packet, rows[i].incoming);
        for (size_t n = 0; n < whole.used; n += 3) {
            buffer_init(&dump.messages, NFT_MAX_DUMP_BYTES);
            assert_true(buffer_add(&dump.messages, whole.bytes, n));
            (void)judged(&packet, &drop);
            nft_dump_clear(&dump);
        }
        buffer_clear(&whole);
    }
}

/* In a namespace of its own there are no rules; without root there is no answer, and no harm. */
static void the_kernel_is_asked(void **state)
{
    bool isolated = unshare(CLONE_NEWNET) == 0;
    int error = nft_dump_read(&dump, clock_monotonic_ms() + 1000);
    (void)state;

    if (geteuid() != 0)
        assert_int_equal(error, EPERM);
    else if (isolated && error == 0)
        assert_int_equal(dump.messages.used, 0);
    nft_dump_clear(&dump);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_recorded_dump_is_judged),
        cmocka_unit_test(a_drop_is_named),
        cmocka_unit_test(an_ingress_chain_of_inet_is_one),
        cmocka_unit_test(ipv6_is_judged_by_its_own_rules),
        cmocka_unit_test(what_is_not_known_is_not_certain),
        cmocka_unit_test(a_set_that_is_cut_is_not_empty),
        cmocka_unit_test(time_is_bounded),
        cmocka_unit_test(a_cut_dump_is_read_to_its_end),
        cmocka_unit_test(the_kernel_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
