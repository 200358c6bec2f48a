/* SPDX-License-Identifier: Apache-2.0
 *
 * A table says which path fills which field. A 404 means "has none" and leaves the field empty: no public
 * address, no IPv6. The network's values stand below the interface's MAC address.
 * IMDS may answer without a length and end by closing, so a value that was cut off looks whole. Each
 * value must have its form; a value without it counts as not answered.
 */
#include "discover/instance.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "discover/machine.h"
#include "model/partitions.h"
#include "model/place.h"

enum { LINE_SIZE = 320 };

struct value_row {
    const char *path; /* below meta-data/, or below the interface's MAC when per_interface */
    bool per_interface;
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

static bool is_word(const char *line)
{
    return text_only(line, ".-");
}

#define ONE(path, per_interface, field, is_whole)                       \
    {                                                                   \
        path, per_interface, offsetof(struct instance_facts, field),    \
            sizeof(((struct instance_facts *)0)->field), 0, 1, is_whole \
    }
#define LIST(path, field, max, is_whole)                              \
    {                                                                 \
        path, true, offsetof(struct instance_facts, field),           \
            sizeof(((struct instance_facts *)0)->field[0]),           \
            offsetof(struct instance_facts, n_##field), max, is_whole \
    }

static const struct value_row values[] = {
    ONE("services/partition", false, partition, is_word),
    ONE("vpc-id", true, vpc, is_id),
    ONE("subnet-id", true, subnet, is_id),
    LIST("vpc-ipv4-cidr-blocks", vpc_cidrs, MAX_CIDRS, place_is_vpc_block),
    LIST("vpc-ipv6-cidr-blocks", vpc_cidrs, MAX_CIDRS, place_is_vpc_block),
    LIST("subnet-ipv4-cidr-block", subnet_cidrs, MAX_CIDRS, place_is_vpc_block),
    LIST("subnet-ipv6-cidr-blocks", subnet_cidrs, MAX_CIDRS, place_is_vpc_block),
    LIST("security-group-ids", security_groups, MAX_GROUPS, is_id),
    ONE("public-ipv4s", true, public_ipv4, is_address),
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
    char mac[NAME_SIZE];   /* of the primary interface */
    int n_interface_reads; /* per-interface values under way */
};

/* --- single values and lists --- */

static void take_value(struct instance_facts *instance, const struct value_row *row,
                       const char *body)
{
    char *base = (char *)instance;
    char copy[4096];
    char *rest = NULL;
    int32_t one = 0;
    int32_t *n = row->n_offset ? (int32_t *)(void *)(base + row->n_offset) : &one;
    int32_t n_before = *n;

    (void)text_set(copy, sizeof(copy), "%s", body);
    for (char *line = strtok_r(copy, "\r\n", &rest); line && *n < row->max;
         line = strtok_r(NULL, "\r\n", &rest)) {
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

static void value_arrived(void *arg, const struct imds_answer *answer)
{
    struct value_read *read = arg;
    struct instance_reader *reader = read->reader;

    if (answer->status == 200)
        take_value(&reader->facts->instance, read->row, answer->body);
    if (!read->row->per_interface || --reader->n_interface_reads > 0)
        return;
    reader->facts->instance.network_known = reader->facts->instance.n_vpc_cidrs > 0;
    reader->events.placed(reader->events.arg);
}

static void ask_values(struct instance_reader *reader, bool per_interface)
{
    for (int i = 0; i < N_VALUES; i++)
        if (per_interface && values[i].per_interface)
            reader->n_interface_reads++;
    for (int i = 0; i < N_VALUES; i++) {
        char path[LINE_SIZE];

        if (values[i].per_interface != per_interface)
            continue;
        reader->reads[i] = (struct value_read){reader, &values[i]};
        if (per_interface)
            (void)text_set(path, sizeof(path), "meta-data/network/interfaces/macs/%s/%s",
                           reader->mac, values[i].path);
        else
            (void)text_set(path, sizeof(path), "meta-data/%s", values[i].path);
        imds_get(reader->imds, path, value_arrived, &reader->reads[i]);
    }
}

static void macs_arrived(void *arg, const struct imds_answer *answer)
{
    struct instance_reader *reader = arg;

    if (answer->status == 200)
        network_mark_own(&reader->facts->network, answer->body);
}

static void mac_arrived(void *arg, const struct imds_answer *answer)
{
    struct instance_reader *reader = arg;

    (void)text_set(reader->mac, sizeof(reader->mac), "%s",
                   answer->status == 200 ? answer->body : "");
    (void)text_trim(reader->mac);
    if (!is_mac(reader->mac)) { /* it becomes part of a path */
        reader->events.placed(reader->events.arg);
        return;
    }
    if (reader->facts->network.n_interfaces <= 1)
        network_mark_own(&reader->facts->network, reader->mac);
    else
        imds_get(reader->imds, "meta-data/network/interfaces/macs/", macs_arrived, reader);
    ask_values(reader, true);
}

/* --- the identity document --- */

void document_text(const cJSON *document, const char *name, char *to, size_t size)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(document, name);

    if (cJSON_IsString(value))
        (void)text_escape(to, size, value->valuestring, strlen(value->valuestring));
}

static bool take_document(struct instance_facts *instance, const char *body)
{
    cJSON *document = cJSON_Parse(body);

    document_text(document, "instanceId", instance->id, sizeof(instance->id));
    document_text(document, "region", instance->region, sizeof(instance->region));
    document_text(document, "availabilityZone", instance->availability_zone,
                  sizeof(instance->availability_zone));
    document_text(document, "accountId", instance->account, sizeof(instance->account));
    document_text(document, "imageId", instance->image, sizeof(instance->image));
    document_text(document, "instanceType", instance->type, sizeof(instance->type));
    document_text(document, "privateIp", instance->private_ipv4, sizeof(instance->private_ipv4));
    cJSON_Delete(document);
    return region_is_whole(instance->region) && is_id(instance->id);
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
        reader->events.identified(reader->events.arg);
        return;
    }
    instance->id[0] = '\0';
    instance->region[0] = '\0';
    imds_get(reader->imds, "meta-data/placement/region", region_arrived, reader);
}

struct instance_reader *instance_read(struct imds *imds, struct facts *facts,
                                      const struct instance_events *events)
{
    struct instance_reader *reader = calloc(1, sizeof(*reader));

    *reader = (struct instance_reader){.imds = imds, .facts = facts, .events = *events};
    imds_get(imds, "dynamic/instance-identity/document", document_arrived, reader);
    imds_get(imds, "meta-data/mac", mac_arrived, reader);
    ask_values(reader, false);
    return reader;
}

void instance_reader_free(struct instance_reader *reader)
{
    free(reader);
}
