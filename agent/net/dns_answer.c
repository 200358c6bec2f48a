/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the records itself, with c-ares expanding the names: its own address parsers give neither
 * the end of a CNAME chain nor do they look whose alias a CNAME is (1.18), and their successor,
 * ares_dns_parse(), is not in every release that this builds with.
 */
#include "net/dns.h"

#include <ares.h>
#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"

enum { HEADER_BYTES = 12, QUESTION_BYTES = 4, RECORD_BYTES = 10 };
enum { AUTHORITATIVE = 0x04, RECURSES = 0x80 }; /* in the header's third and fourth byte */
enum { MAX_CHAIN = 16, MAX_RECORDS = 512 };
enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };

struct message {
    const unsigned char *bytes;
    size_t n;
    size_t first; /* offset of the first answer */
    unsigned n_answers;
};

struct record {
    char owner[HOST_SIZE];
    unsigned type;
    size_t data; /* offset */
    size_t n_data;
    size_t next; /* offset of the next record */
};

static unsigned read_16(const unsigned char *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* The name at an offset, and the offset behind it. False when there is none that fits. */
static bool read_name(const struct message *message, size_t at, char to[HOST_SIZE], size_t *behind)
{
    char *name = NULL;
    long n;

    if (at >= message->n || ares_expand_name(message->bytes + at, message->bytes, (int)message->n,
                                             &name, &n) != ARES_SUCCESS)
        return false;
    bool fits = text_escape(to, HOST_SIZE, name, strlen(name));
    ares_free_string(name);
    *behind = at + (size_t)n;
    return fits;
}

static bool read_record(const struct message *message, size_t at, struct record *record)
{
    if (!read_name(message, at, record->owner, &at) || message->n < at + RECORD_BYTES)
        return false;
    const unsigned char *fixed = message->bytes + at;
    record->type = read_16(fixed);
    record->data = at + RECORD_BYTES;
    record->n_data = read_16(fixed + 8);
    record->next = record->data + record->n_data;
    return record->next <= message->n;
}

/* One step down the chain: 1 when `name` is an alias and now is what it stands for, 0 when it is
 * none, -1 when what it stands for does not parse. */
static int follow_alias(const struct message *message, char name[HOST_SIZE])
{
    struct record record;
    size_t at = message->first;
    size_t behind;

    for (unsigned i = 0; i < message->n_answers; i++, at = record.next) {
        if (!read_record(message, at, &record))
            return 0;
        if (record.type == TYPE_CNAME && strcasecmp(record.owner, name) == 0)
            return read_name(message, record.data, name, &behind) ? 1 : -1;
    }
    return 0;
}

/* Whoever's they are: Go's resolver looks at no owner and no class. False when the answer does not parse to its end: it keeps the
 * addresses in front of that. */
static bool keep_addresses(const struct message *message, struct dns_answer *answer)
{
    bool ipv4 = answer->family == FAMILY_IPV4;
    struct record record;
    size_t at = message->first;

    for (unsigned i = 0; i < message->n_answers; i++, at = record.next) {
        if (!read_record(message, at, &record))
            return false;
        if (record.type != (ipv4 ? TYPE_A : TYPE_AAAA))
            continue;
        if (record.n_data != (ipv4 ? 4 : 16))
            return false;
        if (answer->n_addresses == MAX_ADDRESSES)
            answer->n_more++;
        else if (inet_ntop(ipv4 ? AF_INET : AF_INET6, message->bytes + record.data,
                           answer->addresses[answer->n_addresses], ADDRESS_SIZE))
            answer->n_addresses++;
    }
    return true;
}

static enum failure rcode_failure(int32_t rcode, char *detail)
{
    switch (rcode) {
    case RCODE_NXDOMAIN:
        return FAILURE_NXDOMAIN;
    case RCODE_SERVFAIL:
        return FAILURE_SERVFAIL;
    case RCODE_REFUSED:
        return FAILURE_DNS_REFUSED;
    default:
        (void)text_set(detail, DETAIL_SIZE, "the server answered with rcode %d", (int)rcode);
        return FAILURE_DNS_MALFORMED;
    }
}

static enum failure malformed(char *detail, const char *why)
{
    (void)text_set(detail, DETAIL_SIZE, "%s", why);
    return FAILURE_DNS_MALFORMED;
}

enum failure dns_answer_read(const unsigned char *bytes, size_t n, struct dns_answer *answer,
                             char *detail)
{
    struct message message = {.bytes = bytes, .n = n};
    char name[HOST_SIZE];
    int followed;
    int n_chain = 0;

    if (n < HEADER_BYTES || n > INT_MAX)
        return malformed(detail, "an answer without a header");
    answer->rcode = bytes[3] & 0x0f;
    message.n_answers = read_16(bytes + 6);
    if (message.n_answers > MAX_RECORDS)
        message.n_answers = MAX_RECORDS; /* whoever sends more is not worth the time */
    if (read_16(bytes + 4) != 1 || !read_name(&message, HEADER_BYTES, name, &message.first))
        return malformed(detail, "an answer without the question");
    message.first += QUESTION_BYTES;
    while ((followed = follow_alias(&message, name)) == 1 && ++n_chain < MAX_CHAIN) {}
    (void)text_set(answer->cname, sizeof(answer->cname), "%s", n_chain > 0 ? name : "");
    if (answer->rcode != RCODE_NOERROR)
        return rcode_failure(answer->rcode, detail);
    bool whole = keep_addresses(&message, answer);
    if (answer->n_addresses > 0)
        return FAILURE_NONE;
    if (followed == 1)
        return malformed(detail, "the chain of aliases has no end");
    if (followed < 0 || !whole)
        return malformed(detail, "records that do not parse");
    if (message.n_answers > 0 && n_chain == 0)
        return malformed(detail, "only records of other types");
    if (message.n_answers == 0 && !(bytes[2] & AUTHORITATIVE) && !(bytes[3] & RECURSES))
        return malformed(detail, "a referral by a server that does not recurse");
    return FAILURE_NODATA;
}
