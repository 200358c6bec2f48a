/* SPDX-License-Identifier: Apache-2.0
 *
 * What is matched against NO_PROXY are the endpoints' names and the metadata service's address.
 */
#include "model/proxy.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "model/place.h"

/* The entry's port is another one than this. Cuts it off, and an IPv6 address's brackets. */
static bool is_for_another_port(char *entry, uint16_t port)
{
    char *bracket = entry[0] == '[' ? strchr(entry, ']') : NULL;
    char *colon = bracket ? strchr(bracket, ':') : strchr(entry, ':');
    uint64_t number;

    if (!bracket && colon && strchr(colon + 1, ':')) /* a bare IPv6 address */
        return false;
    bool other = colon && (!text_number(colon + 1, UINT16_MAX, &number) || number != port);
    if (colon)
        *colon = '\0';
    if (bracket) {
        *bracket = '\0';
        memmove(entry, entry + 1, strlen(entry));
    }
    return other;
}

/* One entry of NO_PROXY as Go's httpproxy reads it: "*", a block of addresses, a host or an address, a
 * domain with or without its leading dot, the latter three with an optional port. */
static bool entry_covers(char *entry, const char *host, uint16_t port)
{
    size_t host_length = strlen(host);

    if (strcmp(entry, "*") == 0)
        return true;
    if (strchr(entry, '/'))
        return place_in_cidr(host, entry);
    if (is_for_another_port(entry, port))
        return false;
    if (text_starts(entry, "*."))
        entry++;
    bool dotted = entry[0] == '.';
    size_t n = strlen(entry);
    if (n == 0 || n > host_length || strcasecmp(host + host_length - n, entry) != 0)
        return false;
    return n == host_length || dotted || host[host_length - n - 1] == '.';
}

static bool is_exempt(const char *no_proxy, const char *host, uint16_t port)
{
    char list[NO_PROXY_SIZE], *rest = NULL;

    (void)text_set(list, sizeof(list), "%s", no_proxy);
    for (char *entry = strtok_r(list, ",", &rest); entry; entry = strtok_r(NULL, ",", &rest))
        if (entry_covers(text_trim(entry), host, port))
            return true;
    return false;
}

bool proxy_used(const struct agent_facts *agent, const char *host)
{
    return agent->https_proxy[0] && !is_exempt(agent->no_proxy, host, 443);
}

bool proxy_used_for_imds(const struct agent_facts *agent)
{
    return agent->http_proxy[0] && !is_exempt(agent->no_proxy, "169.254.169.254", 80);
}

bool proxy_parse(const char *url, struct proxy *proxy)
{
    const char *scheme_end = strstr(url, "://");
    bool by_tls = strncasecmp(url, "https://", 8) == 0;
    uint64_t port = by_tls ? 443 : 80;

    if (scheme_end && !by_tls && strncasecmp(url, "http://", 7) != 0)
        return false;
    const char *host = scheme_end ? scheme_end + 3 : url;
    const char *name = host[0] == '[' ? host + 1 : host;
    size_t n = strcspn(name, host[0] == '[' ? "]" : ":/");
    const char *rest = name + n + (host[0] == '[' && name[n] == ']');
    if (rest[0] == ':') {
        char digits[8];
        (void)text_set(digits, sizeof(digits), "%.*s", (int)strcspn(rest + 1, "/"), rest + 1);
        if (!text_number(digits, UINT16_MAX, &port) || port == 0)
            return false;
    }
    if (n == 0 || !text_set(proxy->host, sizeof(proxy->host), "%.*s", (int)n, name) ||
        !text_only(proxy->host, ".-_:"))
        return false;
    proxy->port = (uint16_t)port;
    proxy->by_tls = by_tls;
    return true;
}

bool proxy_refuses(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    bool login = endpoint->proxy_status == 407 && facts->agent.proxy_login;

    return endpoint->proxy.outcome == OUTCOME_FAILED && !login &&
           endpoint->proxy.failure != FAILURE_INTERNAL &&
           proxy_used(&facts->agent, facts->plan.services[service].host);
}
