/* SPDX-License-Identifier: Apache-2.0
 *
 * NO_PROXY is a list of names; what is matched against it here are always the endpoints' names.
 */
#include "model/proxy.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* One entry of NO_PROXY as Go's httpproxy reads it: "*", a host, a domain with or without its
 * leading dot, each with an optional port. Blocks (CIDR) are for addresses, and hosts are names. */
static bool entry_covers(const char *entry, size_t n, const char *host)
{
    size_t host_length = strlen(host);
    const char *colon = memchr(entry, ':', n);

    if (colon)
        n = (size_t)(colon - entry);
    if (n == 1 && entry[0] == '*')
        return true;
    if (n > 1 && entry[0] == '*' && entry[1] == '.') {
        entry++;
        n--;
    }
    bool dotted = n > 0 && entry[0] == '.';
    if (n == 0 || n > host_length || strncasecmp(host + host_length - n, entry, n) != 0)
        return false;
    if (n == host_length)
        return true;
    return dotted || host[host_length - n - 1] == '.';
}

bool proxy_used(const struct agent_facts *agent, const char *host)
{
    static const char between[] = ", \t";
    const char *at = agent->no_proxy;

    if (!agent->https_proxy[0])
        return false;
    while (*at) {
        at += strspn(at, between);
        size_t n = strcspn(at, between);
        if (n > 0 && entry_covers(at, n, host))
            return false;
        at += n;
    }
    return true;
}

bool proxy_parse(const char *url, struct proxy *proxy)
{
    const char *scheme_end = strstr(url, "://");
    uint64_t port = 80;

    if (scheme_end && strncasecmp(url, "http://", 7) != 0)
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
