/* SPDX-License-Identifier: Apache-2.0
 *
 * A table says which path fills which field. A 404 means "has none" and leaves the field empty: no public
 * address, no IPv6. The network's values stand below the interface's MAC address, which this machine
 * knows by itself: of the interface by which it reached IMDS. So is the subnet's block, which DHCP gives as a netmask: IMDS
 * is asked for it where the netmask is none of a subnet, and where something failed, since a netmask may be wrong.
 * IMDS may answer without a length and end by closing, so a value that was cut off looks whole. Each
 * value must have its form; a value without it counts as not answered.
 */
#include "discover/instance.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "discover/machine.h"
#include "model/place.h"
#include "model/plan.h"

#define MACS "meta-data/network/interfaces/macs/"

enum { LINE_SIZE = 320 };

struct value_row {
    const char *path; /* below the interface's MAC */
    enum { ALWAYS, OF_IPV6, OWN_BLOCK } asked;
    size_t offset;   /* of the string, or of the first string of a list */
    size_t size;     /* of one string */
    size_t n_offset; /* of the list's count; 0: a single string */
    int max;
    bool (*is_whole)(const char *line);
};

/* "vpc-0a1b2c3d4e5f67890": 8 hexadecimal digits, or 17 since 2018 (EC2 User Guide, "Resource IDs"). */
static bool is_id(const char *line)
{
    const char *dash = strrchr(line, '-');
    size_t n = dash ? strlen(dash + 1) : 0;

    return dash && dash > line && text_only(line, "-") && (n == 8 || n == 17) &&
           strspn(dash + 1, "0123456789abcdef") == n;
}

static bool is_mac(const char *line)
{
    return strlen(line) == strlen("0e:49:61:0f:c3:11") && text_only(line, ":");
}

static bool is_address(const char *line)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, line, bytes) == 1 || inet_pton(AF_INET6, line, bytes) == 1;
}

#define ONE(path, field, is_whole)                                      \
    {                                                                   \
        path, ALWAYS, offsetof(struct instance_facts, field),           \
            sizeof(((struct instance_facts *)0)->field), 0, 1, is_whole \
    }
#define LIST(path, asked, field, max, is_whole)                       \
    {                                                                 \
        path, asked, offsetof(struct instance_facts, field),          \
            sizeof(((struct instance_facts *)0)->field[0]),           \
            offsetof(struct instance_facts, n_##field), max, is_whole \
    }

/* Most needed first: some are connected for ahead. */
static const struct value_row values[] = {
    LIST("vpc-ipv4-cidr-blocks", ALWAYS, vpc_cidrs, MAX_CIDRS, place_is_vpc_block),
    LIST("vpc-ipv6-cidr-blocks", OF_IPV6, vpc_cidrs, MAX_CIDRS, place_is_vpc_block),
    LIST("subnet-ipv4-cidr-block", OWN_BLOCK, subnet_cidrs, MAX_CIDRS, place_is_vpc_block),
    LIST("subnet-ipv6-cidr-blocks", OF_IPV6, subnet_cidrs, MAX_CIDRS, place_is_vpc_block),
    ONE("vpc-id", vpc, is_id),
    ONE("subnet-id", subnet, is_id),
    LIST("security-group-ids", ALWAYS, security_groups, MAX_GROUPS, is_id),
    ONE("public-ipv4s", public_ipv4, is_address),
};
enum { N_VALUES = COUNT_OF(values) };

struct value_read {
    struct instance_reader *reader;
    const struct value_row *row;
};

struct instance_reader {
    struct imds *imds;
    struct facts *facts;
    struct instance_events events;
    struct value_read reads[N_VALUES];
    char mac[NAME_SIZE]; /* of the interface that leads to IMDS */
    bool mac_given;      /* by this machine, and not yet by IMDS */
    bool block_given;    /* the same of the subnet's block */
    bool ipv6;           /* its values are asked for too */
    int n_reads;         /* values under way */
    struct step id;      /* of the path that the agent asks first */
    int32_t id_status;
    char id_start[DETAIL_SIZE]; /* of an answer that is no id */
};

/* --- single values and lists --- */

static void take_value(struct instance_facts *instance, const struct value_row *row,
                       const char *body)
{
    char *base = (char *)instance;
    char copy[4096], *rest = copy;
    int32_t one = 0;
    int32_t *n = row->n_offset ? (int32_t *)(void *)(base + row->n_offset) : &one;
    int32_t n_before = *n;

    (void)text_set(copy, sizeof(copy), "%s", body);
    for (char *line; *n < row->max && (line = text_next(&rest, "\r\n"));) {
        if (!row->is_whole(text_trim(line))) { /* then nothing of the list is certain */
            memset(base + row->offset + (size_t)n_before * row->size, 0,
                   (size_t)(*n - n_before) * row->size);
            *n = n_before;
            return;
        }
        char *to = base + row->offset + (size_t)*n * row->size;
        (void)text_escape(to, row->size, line, strlen(line));
        (*n)++;
    }
}

static void mac_arrived(void *arg, const struct imds_answer *answer);

/* In a container the interface has a MAC that IMDS does not know. */
static void all_arrived(struct instance_reader *reader)
{
    struct instance_facts *instance = &reader->facts->instance;

    if (reader->mac_given && instance->n_vpc_cidrs == 0 && !instance->vpc[0]) {
        reader->mac_given = reader->block_given = false;
        instance->n_subnet_cidrs = 0;
        imds_get(reader->imds, "meta-data/mac", mac_arrived, reader);
        return;
    }
    if (reader->facts->network.n_interfaces <= 1 && reader->mac[0])
        network_mark_own(&reader->facts->network, reader->mac);
    instance->network_known = instance->n_vpc_cidrs > 0;
    reader->events.placed(reader->events.arg);
}

static void value_arrived(void *arg, const struct imds_answer *answer)
{
    struct value_read *read = arg;
    struct instance_reader *reader = read->reader;

    if (answer->status == 200)
        take_value(&reader->facts->instance, read->row, answer->body);
    if (--reader->n_reads == 0)
        all_arrived(reader);
}

static void macs_arrived(void *arg, const struct imds_answer *answer)
{
    struct instance_reader *reader = arg;

    if (answer->status == 200)
        network_mark_own(&reader->facts->network, answer->body);
}

/* Below the interface's MAC. */
static void ask(const struct instance_reader *reader, const char *value, imds_done *done, void *arg)
{
    char path[LINE_SIZE];

    (void)text_set(path, sizeof(path), MACS "%s/%s", reader->mac, value);
    imds_get(reader->imds, path, done, arg);
}

static void ask_value(struct instance_reader *reader, int i)
{
    reader->reads[i] = (struct value_read){reader, &values[i]};
    ask(reader, values[i].path, value_arrived, &reader->reads[i]);
}

/* What a 404 answers mostly is not asked: of IPv6 without an address of it. `rest`: of IPv6 alone. */
static void ask_values(struct instance_reader *reader, bool rest)
{
    bool wanted[N_VALUES];

    for (int i = 0; i < N_VALUES; i++) {
        wanted[i] = values[i].asked == OF_IPV6
                        ? reader->ipv6
                        : !rest && (values[i].asked == ALWAYS || !reader->block_given);
        reader->n_reads += wanted[i];
    }
    for (int i = 0; i < N_VALUES; i++)
        if (wanted[i])
            ask_value(reader, i);
}

static void mac_arrived(void *arg, const struct imds_answer *answer)
{
    struct instance_reader *reader = arg;

    (void)text_set(reader->mac, sizeof(reader->mac), "%s",
                   answer->status == 200 ? answer->body : "");
    (void)text_trim(reader->mac);
    if (!is_mac(reader->mac)) /* it becomes part of a path */
        reader->mac[0] = '\0';
    if (reader->mac[0])
        ask_values(reader, false);
    else
        all_arrived(reader);
}

/* --- the identity document --- */

/* So deep cJSON goes safely, and Go at all; what lies deeper nobody reads. */
enum { MAX_DEPTH = 200, GO_MAX_DEPTH = 10000 };

/* Of an escape \\uXXXX; 0x10000: it is another one. */
static unsigned int code_unit(const char *at)
{
    char digits[5] = "";

    if (at[0] != '\\' || at[1] != 'u' || strspn(at + 2, "0123456789abcdefABCDEF") < 4)
        return 0x10000;
    memcpy(digits, at + 2, 4);
    return (unsigned int)strtoul(digits, NULL, 16);
}

/* Mends one escape; returns its last byte. */
static char *mend_escape(char *at)
{
    unsigned int unit = code_unit(at);
    static const char replacement[] = {'f', 'f', 'f', 'd'};
    bool half = unit >= 0xd800 && unit < 0xe000;
    unsigned int next = half && unit < 0xdc00 ? code_unit(at + 6) : 0;

    if (unit == 0x10000)
        return at + 1;
    if (next >= 0xdc00 && next < 0xe000)
        return at + 11;
    if (half)
        memcpy(at + 2, replacement, sizeof(replacement));
    else if (unit == 0)
        at[5] = '1';
    return at + 5;
}

void json_mend(char *text)
{
    bool in_string = false;
    int depth = 0;

    for (char *at = text; *at; at++) {
        char *last = in_string && *at == '\\' && at[1] ? mend_escape(at) : at;
        bool opens = !in_string && (*at == '[' || *at == '{');
        bool closes = !in_string && (*at == ']' || *at == '}');

        in_string ^= *at == '"';
        depth += opens;
        if (depth > MAX_DEPTH + (opens || closes))
            memset(at, ' ', (size_t)(last + 1 - at));
        if (depth > GO_MAX_DEPTH)
            *text = '}';
        depth -= closes;
        at = last;
    }
}

bool json_same_name(const char *name, const char *found)
{
    static const char long_s[] = "\xc5\xbf", kelvin[] = "\xe2\x84\xaa";

    for (; *name; name++) {
        char c = (char)tolower((unsigned char)*name);
        size_t n = c == 's' && text_starts(found, long_s)   ? strlen(long_s)
                   : c == 'k' && text_starts(found, kelvin) ? strlen(kelvin)
                   : c == tolower((unsigned char)*found)    ? 1
                                                            : 0;
        if (n == 0)
            return false;
        found += n;
    }
    return !*found;
}

cJSON *document_parse(const char *body)
{
    size_t n = strlen(body);
    char *copy = text_starts(body, "\xef\xbb\xbf") ? NULL : strdup(body);

    if (!copy)
        return NULL;
    json_mend(copy);
    cJSON *document = cJSON_Parse(copy);
    explicit_bzero(copy, n);
    free(copy);
    return document;
}

const cJSON *document_member(const cJSON *document, const char *name)
{
    const cJSON *found = NULL;

    for (const cJSON *item = document ? document->child : NULL; item; item = item->next)
        if (item->string && json_same_name(name, item->string) && !cJSON_IsNull(item))
            found = item;
    return found;
}

void document_text(const cJSON *document, const char *name, char *to, size_t size)
{
    const cJSON *value = document_member(document, name);

    if (value && cJSON_IsString(value))
        (void)text_escape(to, size, value->valuestring, strlen(value->valuestring));
}

/* aws-sdk-go aws/ec2metadata/api.go, EC2InstanceIdentityDocument: a member of another type, and there is no document. */
static bool is_typed(const cJSON *document)
{
    static const char *const texts[] = {
        "availabilityZone", "privateIp", "version",  "region",    "instanceId",  "instanceType",
        "accountId",        "imageId",   "kernelId", "ramdiskId", "architecture"};
    static const char *const lists[] = {"devpayProductCodes", "marketplaceProductCodes",
                                        "billingProducts"};
    const cJSON *pending = document_member(document, "pendingTime");
    int64_t unix_s;
    bool typed = !pending ||
                 (cJSON_IsString(pending) && clock_parse_iso8601(pending->valuestring, &unix_s));

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const cJSON *member = document_member(document, texts[i]);
        typed = typed && (!member || cJSON_IsString(member));
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const cJSON *member = document_member(document, lists[i]);
        typed = typed && (!member || cJSON_IsArray(member));
    }
    return typed;
}

static bool take_document(struct instance_facts *instance, const char *body)
{
    cJSON *document = document_parse(body);
    bool typed = is_typed(document);

    document_text(document, "instanceId", instance->id, sizeof(instance->id));
    document_text(document, "region", instance->region, sizeof(instance->region));
    document_text(document, "availabilityZone", instance->availability_zone,
                  sizeof(instance->availability_zone));
    document_text(document, "accountId", instance->account, sizeof(instance->account));
    document_text(document, "imageId", instance->image, sizeof(instance->image));
    document_text(document, "instanceType", instance->type, sizeof(instance->type));
    document_text(document, "privateIp", instance->private_ipv4, sizeof(instance->private_ipv4));
    cJSON_Delete(document);
    (void)text_set(instance->partition, sizeof(instance->partition), "%s",
                   partition_of_region(instance->region)->name);
    return typed && region_is_whole(instance->region) && is_id(instance->id);
}

static void region_arrived(void *arg, const struct imds_answer *answer)
{
    struct instance_reader *reader = arg;
    struct instance_facts *instance = &reader->facts->instance;
    char region[REGION_SIZE];

    (void)text_set(region, sizeof(region), "%s", answer->status == 200 ? answer->body : "");
    (void)text_trim(region);
    if (region_is_whole(region))
        (void)text_set(instance->region, sizeof(instance->region), "%s", region);
    reader->events.identified(reader->events.arg);
}

/* Without an answer to this path the agent has no identity, whatever the document says (its
 * common/identity/availableidentities/ec2). */
static void judge_id(struct instance_reader *reader)
{
    struct imds_facts *imds = &reader->facts->imds;

    if (reader->id.outcome != OUTCOME_FAILED || imds->identity.outcome != OUTCOME_OK)
        return;
    imds->identity = reader->id;
    imds->identity_status = reader->id_status;
    (void)text_set(imds->body_start, sizeof(imds->body_start), "%s", reader->id_start);
}

static void id_arrived(void *arg, const struct imds_answer *answer)
{
    struct instance_reader *reader = arg;
    enum failure failure = answer->failure != FAILURE_NONE ? answer->failure
                           : answer->status != 200         ? imds_status_failure(answer->status)
                           : !text_starts(answer->body, "i-") || !is_id(answer->body)
                               ? FAILURE_MALFORMED
                               : FAILURE_NONE;

    if (failure == FAILURE_NONE)
        return;
    reader->id_status = answer->status;
    step_fail(&reader->id, failure, answer->took_ms);
    (void)text_set(reader->id.detail, DETAIL_SIZE, IMDS_ID_PATH);
    if (failure == FAILURE_MALFORMED)
        text_excerpt(reader->id_start, DETAIL_SIZE, answer->body, answer->body_bytes);
    judge_id(reader);
}

static void document_arrived(void *arg, const struct imds_answer *answer)
{
    struct instance_reader *reader = arg;
    struct instance_facts *instance = &reader->facts->instance;
    struct imds_facts *imds = &reader->facts->imds;

    imds->identity_status = answer->status;
    if (answer->failure != FAILURE_NONE)
        step_fail(&imds->identity, answer->failure, answer->took_ms);
    else if (answer->status != 200)
        step_fail(&imds->identity, imds_status_failure(answer->status), answer->took_ms);
    else if (!take_document(instance, answer->body)) {
        step_fail(&imds->identity, FAILURE_MALFORMED, answer->took_ms);
        text_excerpt(imds->body_start, sizeof(imds->body_start), answer->body, answer->body_bytes);
    } else {
        step_ok(&imds->identity, answer->took_ms);
        judge_id(reader);
        reader->events.identified(reader->events.arg);
        return;
    }
    instance->id[0] = '\0';
    instance->region[0] = '\0';
    imds_get(reader->imds, "meta-data/placement/region", region_arrived, reader);
}

struct instance_reader *instance_read(struct imds *imds, const char *mac, struct facts *facts,
                                      const struct instance_events *events)
{
    struct instance_reader *reader = calloc(1, sizeof(*reader));

    *reader = (struct instance_reader){.imds = imds, .facts = facts, .events = *events};
    reader->ipv6 = facts->network.usable_ipv6;
    reader->mac_given = is_mac(mac);
    (void)text_set(reader->mac, sizeof(reader->mac), "%s", reader->mac_given ? mac : "");
    imds_get(imds, "dynamic/instance-identity/document", document_arrived, reader);
    imds_get(imds, IMDS_ID_PATH, id_arrived, reader);
    reader->block_given = facts->instance.n_subnet_cidrs > 0;
    if (reader->mac_given)
        ask_values(reader, false);
    else
        imds_get(imds, "meta-data/mac", mac_arrived, reader);
    if (facts->network.n_interfaces > 1)
        imds_get(imds, MACS, macs_arrived, reader);
    return reader;
}

/* Where an address of a name lies matters even where nobody connects to it. */
static bool has_ipv6_answers(const struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int j = 0; j < facts->endpoints[i].n_answers; j++)
            if (facts->endpoints[i].answers[j].family == FAMILY_IPV6 &&
                facts->endpoints[i].answers[j].n_addresses > 0)
                return true;
    return false;
}

/* Where silence lies decides who is to blame. */
static bool has_failed_addresses(const struct facts *facts)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int j = 0; j < facts->endpoints[i].n_addresses; j++)
            for (enum rung rung = RUNG_CONNECT; rung <= RUNG_HTTP; rung++)
                if (facts->endpoints[i].addresses[j].steps[rung].outcome == OUTCOME_FAILED)
                    return true;
    return false;
}

static void block_arrived(void *arg, const struct imds_answer *answer)
{
    const struct instance_reader *reader = arg;
    struct facts *facts = reader->facts;
    char text[ADDRESS_SIZE];

    if (answer->status != 200 || !text_set(text, sizeof(text), "%s", answer->body))
        return;
    const char *block = text_trim(text);
    if (!place_is_vpc_block(block))
        return;
    (void)text_set(facts->instance.subnet_cidrs[0], ADDRESS_SIZE, "%s", block);
    for (int i = 0; i < N_SERVICES; i++)
        for (int j = 0; j < facts->endpoints[i].n_addresses; j++) {
            struct address_facts *address = &facts->endpoints[i].addresses[j];
            address->place = place_of(&facts->instance, address->address);
        }
}

bool instance_read_rest(struct instance_reader *reader)
{
    bool block = reader->block_given && has_failed_addresses(reader->facts);
    bool ipv6 = !reader->ipv6 && reader->mac[0] && has_ipv6_answers(reader->facts);

    if (block) {
        reader->block_given = false;
        ask(reader, "subnet-ipv4-cidr-block", block_arrived, reader);
    }
    if (ipv6) {
        reader->ipv6 = true;
        ask_values(reader, true);
    }
    return block || ipv6;
}

void instance_reader_free(struct instance_reader *reader)
{
    free(reader);
}
