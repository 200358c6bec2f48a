/* SPDX-License-Identifier: Apache-2.0
 *
 * One word at a time: what its shape gives away. Rather one word too many than one too few.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "model/anonymize_private.h"

#define DIGITS "0123456789"
#define HEX "0123456789abcdef"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* How many of the n characters are of the set, from the left. */
static size_t span(const char *text, size_t n, const char *set)
{
    size_t i = 0;

    while (i < n && strchr(set, text[i]))
        i++;
    return i;
}

static size_t count(const char *text, size_t n, const char *set)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        found += strchr(set, text[i]) != NULL;
    return found;
}

static void add(char *to, size_t size, const char *text, size_t n)
{
    (void)text_add(to, size, "%.*s", (int)n, text);
}

/* Host names and hexadecimal digits are the same in either case: known by their small letters. */
static const char *add_lower(struct anonymizer *anonymizer, enum kind kind, const char *text,
                             size_t n)
{
    char lower[MAX_REWRITTEN];

    n = n < sizeof(lower) ? n : sizeof(lower) - 1;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
    return known_add(anonymizer, kind, lower, n);
}

/* --- shapes --- */

static bool is_uuid(const char *text, size_t n)
{
    static const size_t parts[] = {8, 4, 4, 4, 12};

    if (n != 36)
        return false;
    for (size_t i = 0; i < 5; i++) {
        if (span(text, parts[i], HEX "ABCDEF") != parts[i] || (i < 4 && text[parts[i]] != '-'))
            return false;
        text += parts[i] + 1;
    }
    return true;
}

/* "i-0123456789abcdef0", "vpce-svc-0a1b2c3d" */
static bool is_resource_id(const char *text, size_t n)
{
    size_t hex = 0;

    while (hex < n && strchr(HEX, text[n - 1 - hex]))
        hex++;
    return hex >= 8 && hex <= 40 && n - hex >= 2 && n - hex <= 20 && text[n - hex - 1] == '-' &&
           text[0] != '-' && span(text, n - hex, LOWER DIGITS "-") == n - hex;
}

/* IAM User Guide, "Unique identifiers": AKIA, AROA, ASIA and so on. */
static bool is_unique_id(const char *text, size_t n)
{
    return n >= 16 && n <= 40 && text[0] == 'A' && text[3] == 'A' && strchr("BCGIKNPRS", text[1]) &&
           span(text, n, UPPER DIGITS) == n;
}

static bool is_account(const char *text, size_t n)
{
    return n == 12 && span(text, n, DIGITS) == n;
}

/* "mycompany-logs-123456789012" */
static bool holds_account(const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t digits = span(text + i, n - i, DIGITS);
        if (digits == 12)
            return true;
        i += digits ? digits : 1;
    }
    return false;
}

/* A request id, a key, a hash: long, of letters and digits without a word's sense; longer ones in
 * the base64 of URLs, as an "Encoded authorization failure message". */
static bool is_token(const char *text, size_t n)
{
    size_t digits = count(text, n, DIGITS);
    bool time = n == 16 && text[8] == 'T' && text[15] == 'Z' && digits == 14;

    if (n >= 32 && digits >= 2 && count(text, n, UPPER) >= 4 && count(text, n, LOWER) >= 4)
        return span(text, n, LOWER UPPER DIGITS "-_") == n;
    return n >= 16 && digits >= 4 && digits < n && !time && span(text, n, LOWER UPPER DIGITS) == n;
}

/* So many numbers of so many digits each, a mark between them: an address in a name, or an account
 * as the console of AWS writes it. */
static bool holds_numbers(const char *text, size_t n, size_t n_numbers, size_t least, size_t most)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = i, found = 0;

        while ((i == 0 || !strchr(DIGITS, text[i - 1])) && found < n_numbers) {
            size_t digits = span(text + at, n - at, DIGITS);
            if (digits < least || digits > most)
                break;
            at += digits;
            found++;
            if (found < n_numbers && (at >= n || !strchr(".-_", text[at++])))
                break;
        }
        if (found == n_numbers)
            return true;
    }
    return false;
}

/* "i-0123456789abcdef0_old" */
static bool holds_resource_id(const char *text, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (text[i] == '-' && strchr(LOWER, text[i - 1]) && span(text + i + 1, n - i - 1, HEX) >= 8)
            return true;
    return false;
}

/* "my-app-role", where the role is app-role: a name made from one that is this instance's. */
static bool holds_known_name(const struct anonymizer *anonymizer, const char *text, size_t n)
{
    static const char marks[] = "-_.";

    for (size_t i = 0; i < anonymizer->n_known; i++) {
        const char *name = anonymizer->known[i].from;
        size_t n_name = strlen(name);

        for (size_t at = 0; n_name >= 6 && at + n_name <= n; at++)
            if (strncasecmp(text + at, name, n_name) == 0 &&
                (at == 0 || strchr(marks, text[at - 1])) &&
                (at + n_name == n || strchr(marks, text[at + n_name])))
                return true;
    }
    return false;
}

static bool gives_away(const struct anonymizer *anonymizer, const char *text, size_t n)
{
    return holds_resource_id(text, n) || holds_numbers(text, n, 4, 1, 3) ||
           holds_numbers(text, n, 3, 4, 4) || holds_known_name(anonymizer, text, n);
}

/* "ip-10-0-1-21", the name that EC2 gives a host by its address. */
static bool add_ip_label(struct anonymizer *anonymizer, const char *text, size_t n, char *to,
                         size_t size)
{
    char address[ADDRESS_SIZE], moved[ADDRESS_SIZE];

    if (n < 10 || n > 18 || strncasecmp(text, "ip-", 3) != 0)
        return false;
    for (size_t i = 3; i < n; i++)
        address[i - 3] = (char)(text[i] == '-' ? '.' : text[i]);
    if (!address_move(anonymizer, address, n - 3, -1, moved))
        return false;
    for (char *dot = moved; (dot = strchr(dot, '.')) != NULL;)
        *dot = '-';
    (void)text_add(to, size, "ip-%s", moved);
    return true;
}

/* "vpce-0a1b2c3d4e5f67890-abcdefgh-us-east-1a", the label of an endpoint's own names. */
static bool add_endpoint_label(struct anonymizer *anonymizer, const char *text, size_t n, char *to,
                               size_t size)
{
    size_t n_id = strlen("vpce-");

    if (n <= n_id || strncasecmp(text, "vpce-", n_id) != 0 || memchr(text, '.', n))
        return false;
    n_id += span(text + n_id, n - n_id, HEX "ABCDEF");
    if (n_id < strlen("vpce-") + 8 || n_id + 1 >= n || text[n_id] != '-')
        return false;
    const char *rest = text + n_id + 1;
    size_t n_rest = n - n_id - 1;
    size_t n_name = span(rest, n_rest, LOWER UPPER DIGITS);
    bool zone = n_name < n_rest && is_region_or_zone(rest + n_name + 1, n_rest - n_name - 1);
    (void)text_add(to, size, "%s-", add_lower(anonymizer, KIND_ID, text, n_id));
    (void)text_add(to, size, "%s", add_lower(anonymizer, KIND_NAME, rest, zone ? n_name : n_rest));
    if (zone)
        add(to, size, rest + n_name, n_rest - n_name);
    return true;
}

bool rewrite_identifier(struct anonymizer *anonymizer, const char *word, size_t n, char *to,
                        size_t size)
{
    if (is_uuid(word, n))
        (void)text_add(to, size, "%s", add_lower(anonymizer, KIND_UUID, word, n));
    else if (is_account(word, n))
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_ACCOUNT, word, n));
    else if (is_resource_id(word, n))
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_ID, word, n));
    else if (is_unique_id(word, n))
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_KEY, word, n));
    else if (is_token(word, n))
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_TOKEN, word, n));
    else
        return add_endpoint_label(anonymizer, word, n, to, size) ||
               add_ip_label(anonymizer, word, n, to, size);
    return true;
}

/* --- hosts and files --- */

static void add_label(struct anonymizer *anonymizer, const char *text, size_t n, char *to,
                      size_t size)
{
    if (is_common_word(text, n) || is_region_or_zone(text, n))
        add(to, size, text, n);
    else if (!rewrite_identifier(anonymizer, text, n, to, size))
        (void)text_add(to, size, "%s", add_lower(anonymizer, KIND_NAME, text, n));
}

/* Label by label, so that a domain stays the domain of its hosts. */
static void add_host(struct anonymizer *anonymizer, const char *text, size_t n, char *to,
                     size_t size)
{
    for (size_t i = 0; i < n;) {
        const char *dot = memchr(text + i, '.', n - i);
        size_t length = dot ? (size_t)(dot - text) - i : n - i;

        if (length > 0)
            add_label(anonymizer, text + i, length, to, size);
        if (dot)
            add(to, size, ".", 1);
        i += length + (dot != NULL);
    }
}

/* Among words: "proxy.corp.example", and neither "1.18.0" nor "failed.The". */
static bool is_host(const char *text, size_t n)
{
    const char *last = memrchr(text, '.', n);
    size_t length = last ? (size_t)(text + n - last) - 1 : 0;

    if (length < 2)
        return false;
    last++;
    return span(last, length, LOWER) == length || span(last, length, UPPER) == length ||
           strncasecmp(last, "xn--", 4) == 0;
}

/* The ends of names that are files' and not hosts'; the whole name of each is long enough. */
static size_t extension(const char *name, size_t n)
{
    static const char *const ends[] = {".conf",   ".json", ".crt",     ".pem",    ".cer",
                                       ".yaml",   ".md",   ".service", ".target", ".d",
                                       ".socket", ".xml",  ".list",    ".rules",  ".service.d"};
    size_t longest = 0;

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        size_t length = strlen(ends[i]);
        if (n > length && length > longest && memcmp(name + n - length, ends[i], length) == 0)
            longest = length;
    }
    return longest;
}

/* What files are called on every machine, without what extension() takes off. */
/* clang-format off */
static const char *const usual[] = {
    "etc", "usr", "lib", "lib64", "run", "var", "opt", "snap", "home", "local", "share", "doc",
    "ssl", "certs", "cert", "pki", "tls", "ca-certificates", "ca-bundle", "tls-ca-bundle",
    "cacert", "ca-trust", "extracted", "source", "anchors", "pem", "systemd", "system",
    "resolve", "resolv", "stub-resolv", "hosts", "amazon-ssm-agent", "RELEASENOTES", "dpkg",
    "snap.amazon-ssm-agent.amazon-ssm-agent", "status", "current", "meta", "default",
    "environment", "override", "proxy", "http-proxy", "nsswitch", "preflight", "ssm-preflight",
    "NetworkManager", "conf", "sysconfig", "x", "0",
};
/* clang-format on */

void rewrite_file_name(struct anonymizer *anonymizer, const char *name, size_t n, char *to,
                       size_t size)
{
    size_t stem = n - extension(name, n);
    bool known = is_common_word(name, stem);

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        known |= strlen(usual[i]) == stem && memcmp(usual[i], name, stem) == 0;
    if (known)
        add(to, size, name, stem);
    else if (!rewrite_identifier(anonymizer, name, stem, to, size))
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_NAME, name, stem));
    add(to, size, name + stem, n - stem);
}

/* --- one word --- */

static bool add_known(const struct anonymizer *anonymizer, const char *word, size_t n, char *to,
                      size_t size)
{
    const struct known *known = known_find(anonymizer, word, n);
    char lower[HOST_SIZE];

    if (!known && n < sizeof(lower)) {
        for (size_t i = 0; i < n; i++)
            lower[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] - 'A' + 'a' : word[i]);
        known = known_find(anonymizer, lower, n);
    }
    if (!known || !known->said)
        return false;
    (void)text_add(to, size, "%s", known->to);
    return true;
}

/* "ssm-preflight-" and a uuid: what a probe names */
static bool add_with_uuid(struct anonymizer *anonymizer, const char *word, size_t n, char *to,
                          size_t size)
{
    static const char ours[] = "ssm-preflight-";
    size_t n_ours = strlen(ours);

    if (n != n_ours + 36 || memcmp(word, ours, n_ours) != 0 || !is_uuid(word + n_ours, 36))
        return false;
    add(to, size, word, n_ours);
    return rewrite_identifier(anonymizer, word + n_ours, 36, to, size);
}

static bool add_mail(struct anonymizer *anonymizer, enum style style, const char *word, size_t n,
                     char *to, size_t size)
{
    const char *sign = memrchr(word, '@', n);
    size_t left = sign ? (size_t)(sign - word) : 0;

    if (!sign)
        return false;
    if (left > 0)
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_NAME, word, left));
    add(to, size, "@", 1);
    rewrite_word(anonymizer, style, sign + 1, n - left - 1, to, size);
    return true;
}

void rewrite_word(struct anonymizer *anonymizer, enum style style, const char *word, size_t n,
                  char *to, size_t size)
{
    bool numeric = span(word, n, DIGITS ".") == n;

    if (is_common_word(word, n) || is_region_or_zone(word, n))
        add(to, size, word, n);
    else if (add_known(anonymizer, word, n, to, size) ||
             rewrite_identifier(anonymizer, word, n, to, size) ||
             add_with_uuid(anonymizer, word, n, to, size) ||
             add_mail(anonymizer, style, word, n, to, size))
        return;
    else if (holds_account(word, n))
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_NAME, word, n));
    else if (style == STYLE_HOSTS && !numeric)
        add_host(anonymizer, word, n, to, size);
    else if (style == STYLE_WORDS && extension(word, n))
        rewrite_file_name(anonymizer, word, n, to, size);
    else if (style == STYLE_WORDS && is_host(word, n))
        add_host(anonymizer, word, n, to, size);
    else if (!numeric && gives_away(anonymizer, word, n))
        (void)text_add(to, size, "%s", known_add(anonymizer, KIND_NAME, word, n));
    else
        add(to, size, word, n);
}
