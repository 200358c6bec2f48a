/* SPDX-License-Identifier: Apache-2.0
 *
 * One walk over the table of fields; each text by its kind. Names are numbered by first appearance,
 * so that facts which are anonymized again stay as they are.
 */
#include "model/anonymize.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/checks.h"
#include "model/fields.h"
#include "model/place.h"
#include "model/wire.h"

/* --- addresses ---
 * They give way to others without losing how they lie to each other: two share as many leading bits as before;
 * private stays private and public stays public; link-local, loopback and fd00:ec2::/32 stay as they are; the
 * first four addresses of a block of the VPC or the subnet stay the first four.
 *
 * Bit by bit from the left, two addresses part where their originals part, so that every prefix holds the same ones
 * as before. Where a bit need not stay, it becomes that of a model address; where it must, it is pinned. */

enum { MAX_MOVED = 512 };

struct addresses {
    struct moved {
        struct bits from, to;
    } * moved;      /* so far; owned */
    size_t n_moved; /* of more than MAX_MOVED several become one: each costs a look at all */
    struct block {
        struct bits base; /* host bits are zero */
        unsigned int n_prefix;
    } blocks
        [2 *
         MAX_CIDRS]; /* of the VPC and the subnet: their first addresses, and the last, keep their place */
    size_t n_blocks;
};

/* Ranges that an address may not leave, and none may enter (place.c). */
static const struct {
    const char *base;
    unsigned int n_prefix;
    bool as_it_is;   /* well-known or of this machine alone: nothing to hide */
    bool holds_ipv4; /* in its last 32 bits */
} ranges[] = {
    {"0.0.0.0", 8, true, false},       {"127.0.0.0", 8, true, false},
    {"169.254.0.0", 16, true, false},  {"224.0.0.0", 3, true, false},
    {"10.0.0.0", 8, false, false},     {"172.16.0.0", 12, false, false},
    {"192.168.0.0", 16, false, false}, {"100.64.0.0", 10, false, false},
    {"198.18.0.0", 15, false, false},  {"fd00:ec2::", 32, true, false},
    {"ff00::", 8, true, false},        {"::", 96, false, true},
    {"::ffff:0:0", 96, false, true},   {"64:ff9b::", 96, false, true},
    {"fe80::", 64, false, false},      {"fe80::", 10, false, false},
    {"fd00::", 8, false, false},       {"fc00::", 7, false, false},
    {"2000::", 3, false, false},
};

/* RFC 3849; and a host that is none of the first of its block. */
static const char model_ipv4[] = "0.0.0.8", model_ipv6[] = "2001:db8::8";

static bool bit_at(const struct bits *bits, unsigned int i)
{
    return (bits->byte[i / 8] >> (7 - i % 8)) & 1;
}

static void set_bit(struct bits *bits, unsigned int i, bool value)
{
    unsigned int mask = 1u << (7 - i % 8);

    bits->byte[i / 8] = (unsigned char)(value ? bits->byte[i / 8] | mask
                                              : bits->byte[i / 8] & ~mask);
}

static void clear_host_bits(struct bits *bits, unsigned int n_prefix)
{
    for (unsigned int i = n_prefix; i < bits->n; i++)
        set_bit(bits, i, false);
}

/* A range holds it, of those that are asked for. */
static bool is_in_range(const struct bits *bits, bool as_it_is, bool holds_ipv4)
{
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct bits base;

        if (ranges[i].as_it_is == as_it_is && ranges[i].holds_ipv4 == holds_ipv4 &&
            bits_parse(ranges[i].base, strlen(ranges[i].base), &base) &&
            bits_shared(bits, &base) >= ranges[i].n_prefix)
            return true;
    }
    return false;
}

/* How far along `bits` the bits must stay because a range or the start of a block lies there:
 * `pinned` gets a flag for each bit. */
static void pin(const struct addresses *addresses, const struct bits *bits, bool pinned[128])
{
    memset(pinned, 0, 128 * sizeof(pinned[0]));
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct bits base;

        if (!bits_parse(ranges[i].base, strlen(ranges[i].base), &base) || base.n != bits->n)
            continue;
        unsigned int shared = bits_shared(bits, &base);
        for (unsigned int j = 0; j < ranges[i].n_prefix && j <= shared; j++)
            pinned[j] = true;
    }
    for (size_t i = 0; i < addresses->n_blocks; i++) {
        struct bits second = addresses->blocks[i].base; /* base + 2: the VPC's resolver */

        if (second.n != bits->n)
            continue;
        unsigned int shared = bits_shared(bits, &second);
        set_bit(&second, second.n - 2, true);
        if (bits_shared(bits, &second) > shared)
            shared = bits_shared(bits, &second);
        if (bits_end_block(bits, &addresses->blocks[i].base, addresses->blocks[i].n_prefix))
            shared = bits->n;
        for (unsigned int j = addresses->blocks[i].n_prefix; j < bits->n && j <= shared; j++)
            pinned[j] = true;
    }
}

/* The one moved before with which it shares most; NULL when there is none of its family. */
static const struct moved *nearest(const struct addresses *addresses, const struct bits *bits,
                                   unsigned int *shared)
{
    const struct moved *best = NULL;

    *shared = 0;
    for (size_t i = 0; i < addresses->n_moved; i++) {
        const struct moved *other = &addresses->moved[i];
        unsigned int n = other->from.n == bits->n ? bits_shared(bits, &other->from) : 0;

        if (other->from.n == bits->n && (!best || n > *shared)) {
            best = other;
            *shared = n;
        }
    }
    return best;
}

static void move(struct addresses *addresses, const struct bits *from, struct bits *to)
{
    struct bits model = {.n = 0};
    bool pinned[128];
    unsigned int shared;

    *to = *from;
    if (is_in_range(from, true, false))
        return;
    if (is_in_range(from, false, true)) {
        struct bits inner = {.n = 32}, moved;
        memcpy(inner.byte, from->byte + 12, 4);
        move(addresses, &inner, &moved);
        memcpy(to->byte + 12, moved.byte, 4);
        return;
    }

    const struct moved *near = nearest(addresses, from, &shared);
    if (near && (shared == from->n || addresses->n_moved >= MAX_MOVED)) {
        *to = near->to;
        return;
    }
    const char *text = from->n == 32 ? model_ipv4 : model_ipv6;
    (void)bits_parse(text, strlen(text), &model);
    pin(addresses, from, pinned);
    for (unsigned int i = 0; i < from->n; i++) {
        if (near && i < shared)
            set_bit(to, i, bit_at(&near->to, i));
        else if (near && i == shared)
            set_bit(to, i, !bit_at(&near->to, i));
        else if (!pinned[i])
            set_bit(to, i, bit_at(&model, i));
    }
    addresses->moved = realloc(addresses->moved,
                               (addresses->n_moved + 1) * sizeof(*addresses->moved));
    addresses->moved[addresses->n_moved++] = (struct moved){*from, *to};
}

static bool address_move(struct addresses *addresses, const char *text, size_t n, int n_prefix,
                         char to[ADDRESS_SIZE])
{
    struct bits from, base, moved;

    if (!bits_parse(text, n, &from))
        return false;
    move(addresses, &from, &moved);
    base = from;
    if (n_prefix >= 0)
        clear_host_bits(&base, (unsigned int)n_prefix);
    if (n_prefix >= 0 && memcmp(base.byte, from.byte, sizeof(base.byte)) == 0)
        clear_host_bits(&moved, (unsigned int)n_prefix);
    if (memcmp(from.byte, moved.byte, sizeof(from.byte)) == 0)
        return text_set(to, ADDRESS_SIZE, "%.*s", (int)n, text); /* in its own spelling */
    return inet_ntop(from.n == 32 ? AF_INET : AF_INET6, moved.byte, to, ADDRESS_SIZE);
}

static void add_blocks(struct addresses *addresses, const char (*cidrs)[ADDRESS_SIZE], int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        struct block block;

        if (!bits_parse_block(cidrs[i], &block.base, &block.n_prefix))
            continue;
        clear_host_bits(&block.base, block.n_prefix);
        addresses->blocks[addresses->n_blocks++] = block;
    }
}

/* --- texts --- */

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

enum { KNOWN_SIZE = 64, MAX_TEXT = 2 * WORDS_SIZE, ACCOUNT_DIGITS = 12, PORT_DIGITS = 5 };

struct known {
    char *from; /* owned */
    char to[KNOWN_SIZE];
};

struct anonymizer {
    void *known; /* tsearch(3): a hostile report has tens of thousands */
    unsigned int n_known;
    struct addresses addresses;
    char to[MAX_TEXT]; /* what the text becomes that is rewritten now */
};

static void add(struct anonymizer *anonymizer, const char *text, size_t n)
{
    (void)text_add(anonymizer->to, MAX_TEXT, "%.*s", (int)n, text);
}

/* "i-0123456789abcdef0", "vpce-svc-0a1b2c3d": how long the prefix is; 0: it is no id. */
static size_t id_prefix(const char *text)
{
    const char *dash = strrchr(text, '-');
    const size_t n_prefix = dash ? (size_t)(dash - text) + 1 : 0;
    const size_t n_rest = strlen(text) - n_prefix;

    return n_rest >= 8 && n_rest <= 40 && strspn(text + n_prefix, DIGITS "abcdef") == n_rest &&
                   n_prefix >= 2 && n_prefix <= 20 && strspn(text, LOWER DIGITS "-") >= n_prefix
               ? n_prefix
               : 0;
}

static void make_up(const char *from, unsigned int number, char to[KNOWN_SIZE])
{
    const size_t n_prefix = id_prefix(from);

    if (n_prefix > 0)
        (void)text_set(to, KNOWN_SIZE, "%.*s%0*x", (int)n_prefix, from,
                       (int)(strlen(from) - n_prefix), number);
    else if (strlen(from) == ACCOUNT_DIGITS && strspn(from, DIGITS) == ACCOUNT_DIGITS)
        (void)text_set(to, KNOWN_SIZE, "%012u", number);
    else
        (void)text_set(to, KNOWN_SIZE, "name-%u", number);
}

static int by_from(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->from, ((const struct known *)b)->from);
}

static void free_known(void *known)
{
    free(((struct known *)known)->from);
    free(known);
}

static void add_known(struct anonymizer *anonymizer, const char *text, size_t n)
{
    const struct known wanted = {.from = strndup(text, n)};
    struct known *const *found = tfind(&wanted, &anonymizer->known, by_from);

    if (!found) {
        struct known *known = calloc(1, sizeof(*known));
        known->from = strdup(wanted.from);
        make_up(known->from, ++anonymizer->n_known, known->to);
        found = tsearch(known, &anonymizer->known, by_from);
    }
    free(wanted.from);
    add(anonymizer, (*found)->to, strlen((*found)->to));
}

/* --- words --- */

/* "eu-central-1", "us-gov-west-1a", "us-west-2-lax-1a" */
static bool is_place(const char *text)
{
    static const char *const directions[] = {"north", "south", "east", "west", "central"};

    for (size_t i = 0; i < COUNT_OF(directions); i++) {
        const char *at = strstr(text, directions[i]);
        const size_t n = at ? (size_t)(at - text) : 0;

        if (n < 3 || n > 10 || at[-1] != '-' || strspn(text, LOWER "-") < n ||
            strcspn(text, "-") > 4)
            continue;
        at += strspn(at, LOWER);
        if (at[0] == '-' && isdigit((unsigned char)at[1]) &&
            strspn(at + 2, LOWER "-1") == strlen(at + 2) && strlen(at) <= 10)
            return true;
    }
    return false;
}

/* "3.3.1142.0": the agent's, whose first number is far below ten. */
static bool is_version(const char *text)
{
    return isdigit((unsigned char)text[0]) && text[1] == '.' &&
           strspn(text, DIGITS ".") == strlen(text);
}

/* "t3.micro", "m7i.metal-24xl", "u-6tb1.112xlarge" */
static bool is_instance_type(const char *text)
{
    static const char *const ends[] = {".nano", ".micro", ".small", ".medium",
                                       "large", ".metal", "xl"};
    const size_t n = strspn(text, LOWER DIGITS "-");

    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (n <= 16 && text[n] == '.' && islower((unsigned char)text[0]) &&
            strspn(text + n + 1, LOWER DIGITS "-") == strlen(text + n + 1) &&
            text_ends(text, ends[i]))
            return true;
    return false;
}

/* "ssm:GetParameter", "EC2ws", "aws-us-gov", "TLSv1.3", "chrony.service": an id has more digits. */
static bool is_word(const char *text)
{
    const size_t n = strlen(text) - (text_ends(text, ".service") ? strlen(".service") : 0);
    size_t n_digits = 0;

    for (size_t i = 0; i < n; i++) {
        const bool is_digit = isdigit((unsigned char)text[i]);
        const char before = i > 0 ? text[i - 1] : '-';

        n_digits += is_digit;
        if (is_digit ? before == '-' || isdigit((unsigned char)before)
                     : !isalpha((unsigned char)text[i]) && !strchr(":_-, ", text[i]) &&
                           !(text[i] == '.' && isdigit((unsigned char)before)))
            return false;
    }
    return n_digits <= 2;
}

/* Of what every machine with the agent has: what it begins with. */
static bool is_usual_path(const char *text)
{
    static const char starts[] =
        "/etc/amazon/ssm/ /var/lib/amazon/ssm/ /usr/share/doc/amazon- /snap/amazon-ssm-agent/ "
        "/var/lib/dpkg/status /etc/resolv.conf /run/systemd/resolve/ /usr/bin/ amazon-ssm-agent "
        "/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca- snap.amazon-ssm-agent.";

    return text_starts_any(text, starts) && strcspn(text, DIGITS) == strlen(text);
}

/* --- hosts --- */

/* A label of a name that AWS gives to a service, or of any name at all. */
static bool is_usual_label(const char *label)
{
    static const char *const labels[] = {
        "vpce",      "dualstack", "api",  "aws",        "amazonaws", "amazonwebservices",
        "com",       "cn",        "eu",   "uk",         "ec2",       "compute",
        "internal",  "c2s",       "sc2s", "ic",         "sgov",      "gov",
        "cloud",     "adc-e",     "hci",  "csp",        "http",      "https",
        "localhost", "local",     "any",  "link-local", "multicast",
    };

    for (int i = 0; i < N_SERVICES; i++) {
        const size_t n = strlen(service_name((enum service)i));
        if (strncmp(label, service_name((enum service)i), n) == 0 &&
            (!label[n] || strcmp(label + n, "-fips") == 0))
            return true;
    }
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        if (strcmp(labels[i], label) == 0)
            return true;
    return is_place(label) ||
           (strspn(label, DIGITS) == strlen(label) && strlen(label) <= PORT_DIGITS);
}

/* "vpce-0a1b2c3d4e5f67890-abcdefgh-us-east-1a": the id in it is that of the endpoint. */
static void add_label(struct anonymizer *anonymizer, const char *text, size_t n)
{
    char label[MAX_TEXT];
    size_t n_done = 0;

    (void)text_set(label, sizeof(label), "%.*s", (int)n, text);
    for (char *at = label; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    const size_t n_hex = text_starts(label, "vpce-") ? strspn(label + 5, DIGITS "abcdef") : 0;
    if (n == 0 || is_usual_label(label)) {
        add(anonymizer, text, n);
        return;
    }
    if (n_hex >= 8 && label[5 + n_hex] == '-') {
        add_known(anonymizer, label, 5 + n_hex);
        add(anonymizer, "-", 1);
        n_done = 5 + n_hex + 1;
    }
    add_known(anonymizer, label + n_done, n - n_done);
}

/* The N of "/N" behind an address, -1 when there is none. */
static int prefix_behind(const char *at)
{
    const size_t n = *at == '/' ? strspn(at + 1, DIGITS) : 0;

    return n == 0 || n > 3 ? -1 : (int)strtol(at + 1, NULL, 10);
}

/* An address, or a name: label by label, so that a domain stays that of its hosts. */
static void add_host(struct anonymizer *anonymizer, const char *text, size_t n)
{
    char moved[ADDRESS_SIZE];
    const char *colon;

    if (address_move(&anonymizer->addresses, text, n, prefix_behind(text + n), moved)) {
        add(anonymizer, moved, strlen(moved));
    } else if ((colon = memchr(text, ':', n))) { /* a port, or the end of a scheme */
        add_host(anonymizer, text, (size_t)(colon - text));
        add(anonymizer, ":", 1);
        add_host(anonymizer, colon + 1, n - (size_t)(colon - text) - 1);
    } else if (n > 0 && text[n - 1] == '.') {
        add_host(anonymizer, text, n - 1);
        add(anonymizer, ".", 1);
    } else {
        for (size_t i = 0, length; i < n; i += length + 1) {
            const char *dot = memchr(text + i, '.', n - i);
            length = dot ? (size_t)(dot - text) - i : n - i;
            add_label(anonymizer, text + i, length);
            add(anonymizer, ".", dot ? 1 : 0);
        }
    }
}

/* One or a list, in a URL or with blanks and commas between them. */
static void add_hosts(struct anonymizer *anonymizer, const char *text)
{
    while (*text) {
        size_t n = 0;

        while (text[n] && (isalnum((unsigned char)text[n]) || strchr("._:-", text[n])))
            n++;
        if (n > 0)
            add_host(anonymizer, text, n);
        else
            add(anonymizer, text, n = 1);
        text += n;
    }
}

/* --- each kind --- */

/* "arn:aws:iam::123456789012:instance-profile/app": words in all but the account and the name. */
static void add_arn(struct anonymizer *anonymizer, const char *text)
{
    enum { ACCOUNT = 4, TYPE };

    for (int part = 0; *text; part++) {
        const size_t n = strcspn(text, ":/");
        char word[NAME_SIZE];

        if (n == 0 || (part <= TYPE && part != ACCOUNT &&
                       text_set(word, sizeof(word), "%.*s", (int)n, text) &&
                       (is_word(word) || is_place(word))))
            add(anonymizer, text, n);
        else
            add_known(anonymizer, text, n);
        add(anonymizer, text + n, text[n] ? 1 : 0);
        text += n + (text[n] ? 1 : 0);
    }
}

static bool may_stay(enum text_kind kind, const char *text)
{
    return (kind == TEXT_WORD &&
            (is_word(text) || is_place(text) || is_version(text) || is_instance_type(text))) ||
           (kind == TEXT_PATH && is_usual_path(text)) ||
           (kind == TEXT_ISSUER && tls_name_is_amazons(text));
}

static void rewrite(struct anonymizer *anonymizer, const struct field *field, char *text)
{
    const enum text_kind kind = field->text;
    const size_t n = strnlen(text, field->size - 1);

    text[n] = '\0';
    if (may_stay(kind, text))
        return;
    anonymizer->to[0] = '\0';
    if (kind == TEXT_ADDRESS || kind == TEXT_HOST ||
        (kind == TEXT_ISSUER && text_starts(text, "CN=") && !strpbrk(text, ", ")))
        add_hosts(anonymizer, text);
    else if (kind == TEXT_ARN && text_starts(text, "arn:"))
        add_arn(anonymizer, text);
    else if (kind != TEXT_PROSE)
        add_known(anonymizer, text, n);
    memset(text, 0, field->size);
    (void)text_set(text, field->size, "%s", anonymizer->to);
}

static void walk(struct anonymizer *anonymizer, const struct fields *fields, char *base)
{
    for (size_t i = 0; i < fields->n; i++) {
        const struct field *field = &fields->rows[i];

        for (size_t j = 0; j < field_n_items(field, base); j++) {
            char *at = base + field->offset + j * field->size;
            if (field->kind == FIELD_STRUCT)
                walk(anonymizer, field->fields, at);
            else if (field->kind == FIELD_TEXT && *at)
                rewrite(anonymizer, field, at);
        }
    }
}

void anonymize_facts(struct facts *facts)
{
    struct anonymizer anonymizer = {.n_known = 0};

    add_blocks(&anonymizer.addresses, facts->instance.vpc_cidrs, facts->instance.n_vpc_cidrs);
    add_blocks(&anonymizer.addresses, facts->instance.subnet_cidrs, facts->instance.n_subnet_cidrs);
    walk(&anonymizer, &facts_fields, (char *)facts);
    tdestroy(anonymizer.known, free_known);
    free(anonymizer.addresses.moved);
}
