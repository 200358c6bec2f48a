/* SPDX-License-Identifier: Apache-2.0
 *
 * A text is a row of tokens: a word of the list below, a text that came before, an IPv4 address
 * next to the last one, a run of hexadecimal digits as in every AWS id, or a single character.
 * What a writer chooses is his: a reader understands any choice.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/compact_private.h"

enum token {
    TOKEN_END,
    TOKEN_BEGINNING,
    TOKEN_WORD,
    TOKEN_NEXT_WORD,
    TOKEN_ECHO,
    TOKEN_IPV4,
    TOKEN_HEX,
    TOKEN_CHARACTER
};
enum {
    TOKEN_BITS = 3,
    WORD_BITS = 8,
    ECHO_BITS = 8,
    HEX_BITS = 6,
    HEX_LEAST = 6, /* shorter runs are words more often than numbers */
    HEX_MOST = HEX_LEAST + 63,
    EVEN = 1 << 15,
    LIKELY = 3 << 14,
};

/* Part of the format: words may be added at the end only, up to 256; a generation has those that
 * were there when it was closed (generations.h). The 25 actions stand in the order in which they
 * are proven, since each predicts the next. */
/* clang-format off */
static const char *const words[] = {
    "ssm:DescribeAssociation", "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetDocument",
    "ssm:DescribeDocument", "ssm:GetManifest", "ssm:GetParameter", "ssm:GetParameters",
    "ssm:ListAssociations", "ssm:ListInstanceAssociations", "ssm:PutInventory",
    "ssm:PutComplianceItems", "ssm:PutConfigurePackageResult", "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage",
    "ec2messages:GetEndpoint", "ec2messages:GetMessages", "ec2messages:SendReply", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2",
    "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "ap-south-1", "ap-northeast-1",
    "ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2", "us-gov-", "cn-", "us-",
    "eu-", "ap-", "me-", "af-", "il-", "mx-", "north", "south", "east", "west", "central", "-1",
    "-2", "amazonaws.com", "amazonaws.com.cn", "api.aws", ".vpce.", "vpce-", "aws", "aws-cn",
    "aws-us-gov", "ssm", "ec2", "messages", "com.", "imds", "time-source", "i-0", "vpc-0",
    "subnet-0", "sg-0", "ami-0", "micro", "small", "medium", "large", "xlarge", "m5.", "m6i.",
    "m7g.", "t3.", "t4g.", "c7g.", "r6i.", "arn:", ":iam::", ":instance-profile/", "Role", "role",
    "Instance", "instance", "Profile", "profile", "SSM", "EC2", "prod", "Prod", "default", "server",
    "Stack", "AmazonSSM", "169.254.169.253", "169.254.169.254", "169.254.169.123", "fd00:ec2::253",
    "fd00:ec2::254", "127.0.0.53", "/16", "/20", "/22", "/24", "/26", "/28", "/64", "/etc/",
    "/run/", "/run/systemd/resolve/resolv.conf", "/etc/resolv.conf", "eth0", "ens5", "enX0", "enp",
    "/var/lib/dpkg/status", "/var/lib/rpm", "/snap/amazon-ssm-agent", "/etc/ssl/certs/",
    "ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "ca-bundle.crt", "amazon-ssm-agent",
    ".service", "snap.", ".amazon-ssm-agent", "/etc/amazon/ssm/", "/etc/systemd/system/",
    "/usr/lib/systemd/system/", ".service.d/", ".conf", ".json", "3.3.", "3.2.", ".0", "http://",
    "https://", ":3128", "localhost", ".internal", "because no identity-based policy allows the ",
    "with an explicit deny in ", " action", "because no VPC endpoint policy allows the ",
    "because no permissions boundary allows the ", "because no service control policy allows the ",
    "an identity-based policy", "a VPC endpoint policy", "a service control policy",
    "a permissions boundary", "User: ", " is not authorized to perform: ", " on resource: ",
    "AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "UnrecognizedClientException",
    "The security token included in the request is ", "invalid", "expired",
    "InvalidSignatureException", "SignatureDoesNotMatch", "Signature ", "ExpiredTokenException",
    "ThrottlingException", "Rate exceeded", "InternalServerError", "ServiceUnavailable",
    "AssumeRoleUnauthorizedAccess", "InstanceProfileNotFound",
    "Instance Profile does not contain a role.", " cannot assume the role ", "Success",
    "certificate", "self-signed", " verify", " error", "connection", " closed", "reset", "CN=",
    "O=", "C=US", ", ", "Amazon", "Root CA", "Proxy", "proxy", "squid", "nginx", "<html>",
    "<!DOCTYPE html>", "HTTP/1.1 ", " the ", "the ", " is ", " not ", "ing ", "tion",
};
/* clang-format on */
enum { N_WORDS = sizeof(words) / sizeof(words[0]) };
_Static_assert(N_WORDS <= 1 << WORD_BITS, "a word's number has WORD_BITS");

unsigned int n_words(void)
{
    return N_WORDS;
}

const char *word_at(unsigned int i)
{
    return words[i];
}

static char code_character(struct coder *coder, unsigned char before, unsigned char c)
{
    return (char)code_tree(coder, ASK_CHARACTER, before, c, 7);
}

/* The words of the generation teach which character comes after which. */
void code_text_init(struct coder *coder)
{
    struct range range = coder->range;
    struct buffer nowhere;

    buffer_init(&nowhere, 1 << 16);
    range_write(&coder->range, &nowhere);
    for (size_t i = 0; i < coder->generation.n_words; i++)
        for (const char *at = words[i]; at[0] && at[1]; at++)
            (void)code_character(coder, (unsigned char)at[0], (unsigned char)at[1]);
    buffer_clear(&nowhere);
    coder->range = range;
    coder->octets[0] = 10;
}

/* --- tokens --- */

static void code_octets(struct coder *coder, uint8_t octets[4])
{
    bool alike = true;

    for (uint32_t i = 0; i < 4; i++) {
        bool same = code_bit(coder, ASK_OCTET_SAME, 0, i * 2 + alike, EVEN,
                             octets[i] == coder->octets[i]);
        if (same)
            octets[i] = coder->octets[i];
        else
            octets[i] = (uint8_t)code_tree(coder, ASK_OCTET, 0, octets[i], 8);
        alike = alike && same;
    }
    memcpy(coder->octets, octets, 4);
}

static enum token code_token(struct coder *coder, uint32_t row, uint32_t before, enum token token)
{
    uint32_t situation = before == TOKEN_END ? row : before; /* the first one depends on the row */
    return (enum token)code_tree(coder, ASK_TOKEN, situation, token, TOKEN_BITS);
}

/* --- writing --- */

static size_t common(const char *text, const char *phrase)
{
    size_t n = strlen(phrase);
    return strncmp(text, phrase, n) == 0 ? n : 0;
}

/* The longest word that `text` starts with; its length, 0 when none. */
static size_t find_word(const struct coder *coder, const char *text, uint32_t *word)
{
    size_t longest = 1;

    for (uint32_t i = 0; i < coder->generation.n_words; i++) {
        size_t n = common(text, words[i]);
        if (n > longest) {
            longest = n;
            *word = i;
        }
    }
    return longest > 1 ? longest : 0;
}

static size_t find_echo(const struct coder *coder, const char *text, uint32_t *echo)
{
    size_t longest = 2;

    for (size_t i = 0; i < coder->n_echoes; i++) {
        size_t n = common(text, coder->echoes[i]);
        if (n > longest) {
            longest = n;
            *echo = (uint32_t)i;
        }
    }
    return longest > 2 ? longest : 0;
}

/* An address as it is written back: no leading zeros. */
static size_t find_ipv4(const char *text, uint8_t octets[4])
{
    size_t at = 0;

    for (int i = 0; i < 4; i++) {
        int value = 0;
        size_t start = at;
        while (text[at] >= '0' && text[at] <= '9' && at - start < 3)
            value = value * 10 + text[at++] - '0';
        if (at == start || value > 255 || (at - start > 1 && text[start] == '0'))
            return 0;
        octets[i] = (uint8_t)value;
        if (i < 3 && text[at++] != '.')
            return 0;
    }
    return at;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t find_hex(const char *text)
{
    size_t n = 0;

    while (n < HEX_MOST && hex_digit(text[n]) >= 0)
        n++;
    return n >= HEX_LEAST ? n : 0;
}

struct choice {
    enum token token;
    size_t n;
    uint32_t number;
    uint8_t octets[4];
};

static struct choice choose(const struct coder *coder, uint32_t row, bool begins, const char *text)
{
    struct choice choice = {.token = TOKEN_CHARACTER, .n = 1};
    uint32_t word = 0, echo = 0;
    size_t n_word = find_word(coder, text, &word);
    size_t n_echo = find_echo(coder, text, &echo);
    size_t n_ipv4 = find_ipv4(text, choice.octets);
    size_t n_hex = find_hex(text);

    if (n_hex > choice.n)
        choice = (struct choice){.token = TOKEN_HEX, .n = n_hex};
    if (n_ipv4 > choice.n) {
        choice.token = TOKEN_IPV4;
        choice.n = n_ipv4;
    }
    if (n_word >= choice.n && n_word > 0)
        choice = (struct choice){.token = word == coder->words[row % N_ROWS] ? TOKEN_NEXT_WORD
                                                                             : TOKEN_WORD,
                                 .n = n_word,
                                 .number = word};
    if (begins && coder->beginning[0] && common(text, coder->beginning))
        return (struct choice){.token = TOKEN_BEGINNING, .n = strlen(coder->beginning)};
    if (n_echo > choice.n)
        choice = (struct choice){.token = TOKEN_ECHO, .n = n_echo, .number = echo};
    return choice;
}

static void write_text(struct coder *coder, uint32_t row, const char *text)
{
    enum token before = TOKEN_END;

    for (size_t at = 0; text[at];) {
        struct choice choice = choose(coder, row, at == 0, text + at);

        (void)code_token(coder, row, before, choice.token);
        if (choice.token == TOKEN_WORD)
            (void)code_tree(coder, ASK_WORD, row, choice.number, WORD_BITS);
        if (choice.token == TOKEN_WORD || choice.token == TOKEN_NEXT_WORD)
            coder->words[row % N_ROWS] = (uint8_t)(choice.number + 1);
        if (choice.token == TOKEN_ECHO)
            (void)code_tree(coder, ASK_ECHO, row, choice.number, ECHO_BITS);
        if (choice.token == TOKEN_IPV4)
            code_octets(coder, choice.octets);
        if (choice.token == TOKEN_CHARACTER)
            (void)code_character(coder, (unsigned char)(at > 0 ? text[at - 1] : 0),
                                 (unsigned char)text[at]);
        if (choice.token == TOKEN_HEX) {
            (void)code_tree(coder, ASK_HEX_LENGTH, row, (uint32_t)choice.n - HEX_LEAST, HEX_BITS);
            for (size_t i = 0; i < choice.n; i++)
                (void)range_raw(&coder->range, (uint32_t)hex_digit(text[at + i]), 4);
        }
        at += choice.n;
        before = choice.token;
    }
    (void)code_token(coder, row, before, TOKEN_END);
}

/* --- reading --- */

/* Behind what `to` holds. False when it does not fit: nothing that was written is that long. */
static bool add(char *to, size_t size, size_t *used, const char *text, size_t n)
{
    if (*used + n >= size)
        return false;
    memcpy(to + *used, text, n);
    *used += n;
    to[*used] = '\0';
    return true;
}

static bool read_word(struct coder *coder, uint32_t row, enum token token, char *to, size_t size,
                      size_t *used)
{
    uint32_t word = token == TOKEN_WORD ? code_tree(coder, ASK_WORD, row, 0, WORD_BITS)
                                        : coder->words[row % N_ROWS];
    if (word >= coder->generation.n_words)
        return false;
    coder->words[row % N_ROWS] = (uint8_t)(word + 1);
    return add(to, size, used, words[word], strlen(words[word]));
}

static bool read_token(struct coder *coder, uint32_t row, enum token token, char *to, size_t size,
                       size_t *used)
{
    char piece[HEX_MOST + 1];
    uint32_t n;

    switch (token) {
    case TOKEN_BEGINNING:
        return add(to, size, used, coder->beginning, strlen(coder->beginning));
    case TOKEN_WORD:
    case TOKEN_NEXT_WORD:
        return read_word(coder, row, token, to, size, used);
    case TOKEN_ECHO:
        n = code_tree(coder, ASK_ECHO, row, 0, ECHO_BITS);
        return n < coder->n_echoes &&
               add(to, size, used, coder->echoes[n], strlen(coder->echoes[n]));
    case TOKEN_IPV4: {
        uint8_t octets[4] = {0};
        code_octets(coder, octets);
        (void)snprintf(piece, sizeof(piece), "%u.%u.%u.%u", octets[0], octets[1], octets[2],
                       octets[3]);
        return add(to, size, used, piece, strlen(piece));
    }
    case TOKEN_HEX:
        n = HEX_LEAST + code_tree(coder, ASK_HEX_LENGTH, row, 0, HEX_BITS);
        for (uint32_t i = 0; i < n; i++)
            piece[i] = "0123456789abcdef"[range_raw(&coder->range, 0, 4)];
        return add(to, size, used, piece, n);
    case TOKEN_CHARACTER:
        piece[0] = code_character(coder, (unsigned char)(*used > 0 ? to[*used - 1] : 0), 0);
        return piece[0] >= 0x20 && piece[0] <= 0x7e && add(to, size, used, piece, 1);
    case TOKEN_END:
        break;
    }
    return false;
}

static bool read_text(struct coder *coder, uint32_t row, char *to, size_t size)
{
    enum token before = TOKEN_END;
    size_t used = 0;

    for (;;) {
        enum token token = code_token(coder, row, before, TOKEN_END);
        if (token == TOKEN_END)
            return true;
        if (!read_token(coder, row, token, to, size, &used))
            return false;
        before = token;
    }
}

void code_text(struct coder *coder, uint32_t row, const char *text, char *at, size_t size)
{
    if (!coder->range.reading) {
        write_text(coder, row, text);
        (void)text_set(at, size, "%s", text);
    } else if (!read_text(coder, row, at, size)) {
        coder->failed = true;
    }
}
