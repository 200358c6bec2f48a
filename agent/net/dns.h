/* SPDX-License-Identifier: Apache-2.0
 *
 * One DNS question to one named server, without a cache, so that rcode, CNAME chain, time and the server that
 * answered are known (RFC 1035). The question carries EDNS0 (RFC 6891), as the agent's does. It is sent again while no
 * answer comes, three times at least: datagrams get lost (1,024 packets a second is all that a network interface
 * may send to link-local services), and some source ports get no answer. So each datagram has a port of its own, as each of the
 * agent's has. Truncated answers are asked for by TCP.
 */
#ifndef NET_DNS_H
#define NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/wire.h"
#include "net/loop.h"

struct dns_question {
    const char *name;   /* absolute, no search list; copied */
    enum family family; /* A or AAAA */
    const char *server; /* address, or address:port / [v6]:port; copied */
    enum asked_as asked_as;
    int32_t timeout_ms; /* for the whole question */
    bool plain;         /* without EDNS0 */
    bool by_tcp;        /* at once, and not after an answer that was truncated */
    const void *owner;  /* loop_end_of() */
};

typedef void dns_done(void *arg, const struct dns_answer *answer);

/* The question under way, until the callback; NULL when the server is no address: then none comes. */
struct dns_query *dns_ask(struct loop *loop, const struct dns_question *question, dns_done *done,
                          void *arg);

/* The loop may be idle without its answer. */
void dns_do_not_wait(struct dns_query *query);

/* Something came back, and be it a truncated answer: the server is there. */
bool dns_heard(const struct dns_query *query);

/* What a raw answer says (RFC 1035 section 4), whoever sent it: of one without addresses yet it sets rcode, cname and the
 * addresses of answer->family. Returns FAILURE_NONE when there is an address, else what is wrong; detail
 * (DETAIL_SIZE) then may say more. Pure. */
enum failure dns_answer_read(const unsigned char *bytes, size_t n, struct dns_answer *answer,
                             char *detail);

#endif
