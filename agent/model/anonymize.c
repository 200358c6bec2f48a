/* SPDX-License-Identifier: Apache-2.0
 *
 * One walk over the table of fields; each text by its kind. Names are numbered by first appearance,
 * so that facts which are anonymized again stay as they are.
 */
#include "model/anonymize.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/checks.h"
#include "model/fields.h"
#include "model/wire.h"

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"

enum { KNOWN_SIZE = 64, MAX_TEXT = 2 * WORDS_SIZE, ACCOUNT_DIGITS = 12, PORT_DIGITS = 5 };

struct known {
    char *from; /* owned */
    char to[KNOWN_SIZE];
};

struct anonymizer {
    struct known *known;
    size_t n_known;
    struct addresses addresses;
    char to[MAX_TEXT]; /* what the text becomes that is rewritten now */
};

static void add(struct anonymizer *anonymizer, const char *text, size_t n)
{
    (void)text_add(anonymizer->to, MAX_TEXT, "%.*s", (int)n, text);
}

/* --- ids and names --- */

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

static void add_known(struct anonymizer *anonymizer, const char *text, size_t n)
{
    char from[MAX_TEXT];
    size_t i = 0;

    (void)text_set(from, sizeof(from), "%.*s", (int)n, text);
    while (i < anonymizer->n_known && strcmp(anonymizer->known[i].from, from) != 0)
        i++;
    if (i == anonymizer->n_known) {
        anonymizer->known = realloc(anonymizer->known, (i + 1) * sizeof(*anonymizer->known));
        anonymizer->known[i].from = strdup(from);
        make_up(from, (unsigned int)++anonymizer->n_known, anonymizer->known[i].to);
    }
    add(anonymizer, anonymizer->known[i].to, strlen(anonymizer->known[i].to));
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
                     : !isalpha((unsigned char)text[i]) && !strchr(":_- ", text[i]) &&
                           !(text[i] == '.' && isdigit((unsigned char)before)))
            return false;
    }
    return n_digits <= 2;
}

static bool is_word_of_aws(const char *text)
{
    return is_word(text) || is_place(text) || is_version(text) || is_instance_type(text);
}

/* Of what every machine with the agent has: what it begins with. */
static bool is_usual_path(const char *text)
{
    static const char *const starts[] = {
        "/etc/amazon/ssm/",       "/var/lib/amazon/ssm/",
        "/usr/share/doc/amazon-", "/snap/amazon-ssm-agent/",
        "/var/lib/dpkg/status",   "/etc/resolv.conf",
        "/run/systemd/resolve/",  "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-", "/usr/bin/",
        "amazon-ssm-agent",       "snap.amazon-ssm-agent.",
    };

    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (text_starts(text, starts[i]) && strcspn(text, DIGITS) == strlen(text))
            return true;
    return false;
}

/* --- hosts --- */

/* A label of a name that AWS gives to a service, or of any name at all. */
static bool is_usual_label(const char *label)
{
    static const char *const labels[] = {
        "vpce",      "dualstack", "api",  "aws", "amazonaws", "amazonwebservices",
        "com",       "cn",        "eu",   "uk",  "ec2",       "compute",
        "internal",  "c2s",       "sc2s", "ic",  "sgov",      "gov",
        "cloud",     "adc-e",     "hci",  "csp", "http",      "https",
        "localhost", "local",
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

    (void)text_set(label, sizeof(label), "%.*s", (int)n, text);
    for (char *at = label; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    const size_t n_hex = text_starts(label, "vpce-") ? strspn(label + 5, DIGITS "abcdef") : 0;
    const size_t n_id = n_hex >= 8 && label[5 + n_hex] == '-' ? 5 + n_hex : 0;
    if (n == 0 || is_usual_label(label)) {
        add(anonymizer, text, n);
        return;
    }
    if (n_id > 0) {
        add_known(anonymizer, label, n_id);
        add(anonymizer, "-", 1);
    }
    add_known(anonymizer, label + n_id + (n_id > 0), n - n_id - (n_id > 0));
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
    return (kind == TEXT_WORD && is_word_of_aws(text)) ||
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

    addresses_init(&anonymizer.addresses, &facts->instance);
    walk(&anonymizer, &facts_fields, (char *)facts);
    for (size_t i = 0; i < anonymizer.n_known; i++)
        free(anonymizer.known[i].from);
    free(anonymizer.known);
    addresses_clear(&anonymizer.addresses);
}
