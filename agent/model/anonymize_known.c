/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known and what it became; and the words that name nobody.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "model/anonymize_private.h"

/* Sorted by topic. Whatever stands here is not replaced, wherever it stands. */
static const char *const common_words[] = {
    /* services, and labels of their names */
    "ssm", "ssmmessages", "ec2messages", "s3", "kms", "logs", "ec2", "sts", "iam", "vpce",
    "ssm-fips", "ssmmessages-fips", "ec2messages-fips", "s3-fips", "kms-fips", "logs-fips", "fips",
    "dualstack", "api", "aws", "amazonaws", "amazonwebservices", "amazon", "amazontrust",
    "cloud-aws", "adc-e", "scloud", "c2s", "sc2s", "sgov", "ic", "hci", "csp", "com", "net", "org",
    "gov", "cn", "eu", "uk", "cloud", "on", "compute", "docs", "ocsp", "crl", "aws-runshellscript",
    "amazonssmmanagedinstancecore", "awssystemsmanagerdefaultec2instancemanagementrole",
    /* partitions and ARNs */
    "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "arn",
    "role", "assumed-role", "instance-profile", "policy", "user", "group", "root", "federated-user",
    "document", "instance", "managed-instance", "parameter", "association", "vpc-endpoint", "vpc",
    "subnet", "security-group", "network-interface", "session", "key", "alias", "service-role",
    "aws-service-role", "log-group", "log-stream", "control-channel", "data-channel",
    "organizations", "service_control_policy", "resource_control_policy",
    /* DNS and proxies */
    "localhost", "localdomain", "local", "internal", "example", "test", "invalid", "arpa",
    "in-addr", "ip6", "http", "https", "socks5", "any",
    /* certificates */
    "ca", "starfield",
    /* what IMDS and the agent say of themselves */
    "ec2ws", "success", "agent", "mgs", "mds", "region"};

bool is_common_word(const char *text, size_t n)
{
    for (size_t i = 0; i < sizeof(common_words) / sizeof(common_words[0]); i++)
        if (strlen(common_words[i]) == n && strncasecmp(common_words[i], text, n) == 0)
            return true;
    return false;
}

static size_t match_region(const char *text, size_t n)
{
    static const char *const directions[] = {"northeast", "northwest", "southeast",
                                             "southwest", "north",     "south",
                                             "east",      "west",      "central"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    char copy[REGION_SIZE];

    if (n >= sizeof(copy))
        return 0;
    (void)text_set(copy, sizeof(copy), "%.*s", (int)n, text);
    size_t at = strspn(copy, letters);
    if (at < 2 || at > 4 || copy[at] != '-')
        return 0;
    for (int part = 0; part < 2; part++) { /* "us-gov-west-1" has one more */
        const char *rest = copy + at + 1;
        for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
            size_t length = strlen(directions[i]);
            if (text_starts(rest, directions[i]) && rest[length] == '-' &&
                strspn(rest + length + 1, "0123456789") == 1)
                return at + 1 + length + 2;
        }
        size_t more = strspn(rest, letters);
        if (more < 2 || more > 4 || rest[more] != '-')
            return 0;
        at += 1 + more;
    }
    return 0;
}

bool is_region_or_zone(const char *text, size_t n)
{
    static const char also[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    char copy[REGION_SIZE];
    size_t region = match_region(text, n);

    if (n >= sizeof(copy))
        return false;
    (void)text_set(copy, sizeof(copy), "%.*s", (int)n, text);
    if (strspn(copy, also) != n)
        return false;
    if (region == n || (region && region + 1 == n && copy[region] > '9'))
        return true;
    if (region) /* a local or Wavelength zone */
        return copy[region] == '-' && n - region <= 16 && n > 2 &&
               strchr("0123456789", copy[n - 2]);
    const char *mark = strstr(copy, "-az");
    return mark && mark - copy <= 12 && strspn(mark + 3, "0123456789") == strlen(mark + 3) &&
           strlen(mark + 3) > 0 && strlen(mark + 3) <= 2 && strcspn(copy, "0123456789") >= 3 &&
           strcspn(copy, "0123456789") <= 6;
}

/* --- the dictionary --- */

static size_t hash(const char *text, size_t n)
{
    uint64_t value = 14695981039346656037u; /* FNV-1a */

    for (size_t i = 0; i < n; i++)
        value = (value ^ (unsigned char)text[i]) * 1099511628211u;
    return (size_t)(value ^ value >> 32);
}

/* The place of a text in the index, or the free one where it would stand. */
static size_t *place_of_text(const struct anonymizer *anonymizer, const char *from, size_t n)
{
    size_t i = hash(from, n) & (anonymizer->n_index - 1);

    for (;; i = (i + 1) & (anonymizer->n_index - 1)) {
        size_t at = anonymizer->index[i];
        if (at == 0 || (strlen(anonymizer->known[at - 1].from) == n &&
                        memcmp(anonymizer->known[at - 1].from, from, n) == 0))
            return &anonymizer->index[i];
    }
}

const struct known *known_find(const struct anonymizer *anonymizer, const char *from, size_t n)
{
    size_t at = anonymizer->n_index ? *place_of_text(anonymizer, from, n) : 0;

    return at ? &anonymizer->known[at - 1] : NULL;
}

/* Room for one more, in the list and (half empty, so that searches end) in the index. */
static bool grow(struct anonymizer *anonymizer)
{
    size_t full = anonymizer->max_known, max = full ? 2 * full : 128;

    if (anonymizer->known && anonymizer->n_known < full)
        return true;
    struct known *known = calloc(max, sizeof(*known));
    size_t *index = calloc(2 * max, sizeof(*index));
    if (!known || !index) {
        free(known);
        free(index);
        return false;
    }
    if (anonymizer->known)
        memcpy(known, anonymizer->known, full * sizeof(*known));
    free(anonymizer->known);
    free(anonymizer->index);
    anonymizer->known = known;
    anonymizer->max_known = max;
    anonymizer->index = index;
    anonymizer->n_index = 2 * max;
    for (size_t i = 0; i < max && known[i].from; i++)
        *place_of_text(anonymizer, known[i].from, strlen(known[i].from)) = i + 1;
    return true;
}

static void make_up(enum kind kind, unsigned int number, const char *from, char to[KNOWN_SIZE])
{
    static const char *const words[] = {[KIND_NAME] = "name",
                                        [KIND_ROLE] = "role",
                                        [KIND_PROFILE] = "profile",
                                        [KIND_TOKEN] = "token"};
    const char *dash = strrchr(from, '-');
    int kept = dash ? (int)(dash + 1 - from) : 0;

    switch (kind) {
    case KIND_ID:
        (void)text_set(to, KNOWN_SIZE, "%.*s%0*x", kept, from, (int)strlen(from) - kept, number);
        break;
    case KIND_KEY:
        (void)text_set(to, KNOWN_SIZE, "%.4s%0*u", from, (int)strlen(from) - 4, number);
        break;
    case KIND_ACCOUNT:
        (void)text_set(to, KNOWN_SIZE, "%012u", number);
        break;
    case KIND_MAC:
        (void)text_set(to, KNOWN_SIZE, "02:00:00:%02x:%02x:%02x", number >> 16 & 0xff,
                       number >> 8 & 0xff, number & 0xff);
        break;
    case KIND_UUID:
        (void)text_set(to, KNOWN_SIZE, "%s00000-0000-0000-0000-%012x",
                       text_starts(from, "ec2") ? "ec2" : "000", number);
        break;
    default:
        (void)text_set(to, KNOWN_SIZE, "%s-%u", words[kind], number);
        break;
    }
}

const char *known_add(struct anonymizer *anonymizer, enum kind kind, const char *from, size_t n)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-";
    const struct known *found = known_find(anonymizer, from, n);

    if (found)
        return found->to;
    char *copy = strndup(from, n);
    if (!copy || !grow(anonymizer)) {
        free(copy);
        anonymizer->failed = true;
        return "";
    }

    struct known *known = &anonymizer->known[anonymizer->n_known];
    known->from = copy;
    known->said = n >= 3;
    make_up(kind, ++anonymizer->counts[kind], copy, known->to);
    *place_of_text(anonymizer, copy, n) = ++anonymizer->n_known;
    if (strspn(copy, plain) < n && n >= 4 && anonymizer->n_phrases < MAX_PHRASES)
        anonymizer->phrases[anonymizer->n_phrases++] = anonymizer->n_known - 1;
    return known->to;
}

void anonymizer_clear(struct anonymizer *anonymizer)
{
    for (size_t i = 0; i < anonymizer->n_known; i++)
        free(anonymizer->known[i].from);
    free(anonymizer->known);
    free(anonymizer->index);
    free(anonymizer->moved);
    memset(anonymizer, 0, sizeof(*anonymizer));
}
