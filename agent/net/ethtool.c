/* SPDX-License-Identifier: Apache-2.0
 *
 * Three questions by ioctl: how many counters there are, their names, their values.
 */
#include "net/ethtool.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum { MAX_COUNTERS = 4096 }; /* ENA has some dozens, and a few more a queue */

int ethtool_find(const char *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strnlen(names + i * ETH_GSTRING_LEN, ETH_GSTRING_LEN) == strlen(name) &&
            memcmp(names + i * ETH_GSTRING_LEN, name, strlen(name)) == 0)
            return (int)i;
    return -1;
}

static bool ask(int fd, const char *interface, void *question)
{
    struct ifreq request = {.ifr_data = question};

    return text_set(request.ifr_name, sizeof(request.ifr_name), "%s", interface) &&
           ioctl(fd, SIOCETHTOOL, &request) == 0;
}

static uint32_t count(int fd, const char *interface)
{
    /* The answer's numbers stand behind the head: one, for the one set that was asked for. */
    _Alignas(struct ethtool_sset_info) unsigned char
        room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)] = {0};
    struct ethtool_sset_info *question = (void *)room;
    uint32_t n;

    question->cmd = ETHTOOL_GSSET_INFO;
    question->sset_mask = UINT64_C(1) << ETH_SS_STATS;
    if (!ask(fd, interface, question) || question->sset_mask == 0)
        return 0;
    memcpy(&n, question->data, sizeof(n));
    return n <= MAX_COUNTERS ? n : 0;
}

static int find(int fd, const char *interface, uint32_t n, const char *name)
{
    struct ethtool_gstrings *names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
    int found = -1;

    if (!names)
        return -1;
    names->cmd = ETHTOOL_GSTRINGS;
    names->string_set = ETH_SS_STATS;
    names->len = n;
    if (ask(fd, interface, names) && names->len <= n)
        found = ethtool_find((const char *)names->data, names->len, name);
    free(names);
    return found;
}

static bool read_value(int fd, const char *interface, uint32_t n, int at, uint64_t *value)
{
    struct ethtool_stats *values = calloc(1, sizeof(*values) + (size_t)n * sizeof(uint64_t));
    bool ok = false;

    if (!values)
        return false;
    values->cmd = ETHTOOL_GSTATS;
    values->n_stats = n;
    if (ask(fd, interface, values) && (uint32_t)at < values->n_stats) {
        memcpy(value, (const char *)values + sizeof(*values) + (size_t)at * sizeof(*value),
               sizeof(*value));
        ok = true;
    }
    free(values);
    return ok;
}

bool ethtool_counter(const char *interface, const char *name, uint64_t *value)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool ok = false;

    if (fd < 0)
        return false;
    uint32_t n = count(fd, interface);
    int at = n > 0 ? find(fd, interface, n, name) : -1;
    if (at >= 0)
        ok = read_value(fd, interface, n, at, value);
    (void)close(fd);
    return ok;
}
