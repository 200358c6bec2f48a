/* SPDX-License-Identifier: Apache-2.0
 *
 * Of a SYN that did not leave this machine the socket itself knows (net/dial.h). Nobody tells of an
 * answer that came in and was dropped, but the kernel counts what it received and what it delivered.
 */
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "discover/machine.h"

enum { SNMP_MAX_BYTES = 64 * 1024 };

/* What becomes of a packet that came in, one way or another. */
static const struct {
    const char *name;
    int sign;
} counters[] = {
    {"InReceives", 1},     {"InDelivers", -1},      {"InHdrErrors", -1},
    {"InAddrErrors", -1},  {"InUnknownProtos", -1}, {"InDiscards", -1},
    {"ForwDatagrams", -1}, {"ReasmReqds", -1}, /* fragments */
    {"ReasmOKs", 1},
};

static int64_t count(char *names, char *values)
{
    char *rest_names = NULL, *rest_values = NULL;
    int64_t sum = 0;
    bool received = false;

    for (char *name = strtok_r(names, " ", &rest_names),
              *value = strtok_r(values, " ", &rest_values);
         name && value;
         name = strtok_r(NULL, " ", &rest_names), value = strtok_r(NULL, " ", &rest_values)) {
        uint64_t number;
        if (!text_number(value, INT64_MAX / 16, &number))
            continue;
        for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
            if (strcmp(name, counters[i].name) == 0)
                sum += counters[i].sign * (int64_t)number;
        received |= strcmp(name, "InReceives") == 0;
    }
    return received ? sum : -1;
}

int64_t delivery_read(const char *root)
{
    char *names = NULL, *rest = NULL;
    struct buffer contents;
    int64_t sum = -1;

    buffer_init(&contents, SNMP_MAX_BYTES);
    if (file_read(root, "/proc/self/net/snmp", &contents) != 0)
        return -1;
    for (char *line = strtok_r(contents.bytes, "\n", &rest); line && sum < 0;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!text_starts(line, "Ip: "))
            continue;
        if (names)
            sum = count(names, line);
        names = line;
    }
    buffer_clear(&contents);
    return sum;
}

static bool is_silent(const struct step *connect)
{
    return connect->outcome == OUTCOME_FAILED &&
           (connect->failure == FAILURE_TIMEOUT || connect->failure == FAILURE_NOT_SENT);
}

static bool anything_silent(const struct facts *facts)
{
    if (is_silent(&facts->imds.connect))
        return true;
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < facts->endpoints[i].n_addresses; j++)
            if (!facts->endpoints[i].addresses[j].second_opinion &&
                is_silent(&facts->endpoints[i].addresses[j].steps[RUNG_CONNECT]))
                return true;
    return false;
}

void delivery_compare(const char *root, int64_t before, struct facts *facts)
{
    struct network_facts *network = &facts->network;

    if (!anything_silent(facts))
        return;
    int64_t after = delivery_read(root);
    network->delivery_read = before >= 0 && after >= 0;
    network->undelivered = network->delivery_read && after > before ? after - before : 0;
}
