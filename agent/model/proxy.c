/* SPDX-License-Identifier: Apache-2.0
 *
 * What is matched against NO_PROXY are the endpoints' names and the metadata service's address.
 */
#include "model/proxy.h"

#include <ctype.h>
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
    char list[NO_PROXY_SIZE], *rest = list;

    (void)text_set(list, sizeof(list), "%s", no_proxy);
    for (char *entry; (entry = text_next(&rest, ","));)
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

/* --- the proxy's URL, as Go's net/url reads it (url.go, Parse) --- */

struct url {
    char scheme[NAME_SIZE];
    char host[HOST_SIZE]; /* with its port */
    const char *login;    /* in the text; NULL: none */
    size_t n_login;
};

/* Every % begins two hexadecimal digits. */
static bool is_escaped(const char *text, size_t n)
{
    for (const char *at = memchr(text, '%', n); at;
         at = memchr(at + 1, '%', n - (size_t)(at + 1 - text)))
        if (text + n - at < 3 || !isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
            return false;
    return true;
}

static bool consists_of(const char *text, size_t n, const char *marks)
{
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(marks, text[i]))
            return false;
    return true;
}

/* HOST:PORT, where the port may be missing or empty. */
static bool take_host(const char *text, size_t n, struct url *url)
{
    const char *end = text[0] == '[' ? memchr(text, ']', n) : memrchr(text, ':', n);
    const char *port = !end ? text + n : end + (text[0] == '[');
    size_t left = (size_t)(text + n - port);

    (void)text_set(url->host, HOST_SIZE, "%.*s", (int)n, text);
    return consists_of(text, n, "-_.~!$&'()*+,;=:[]<>\"") && (text[0] != '[' || end) &&
           (left == 0 || (port[0] == ':' && strspn(port + 1, "0123456789") >= left - 1));
}

static bool take_authority(const char *text, size_t n, struct url *url)
{
    const char *at = memrchr(text, '@', n);
    size_t login = at ? (size_t)(at - text) : 0, skipped = at ? login + 1 : 0;

    url->login = at ? text : NULL;
    url->n_login = login;
    return consists_of(text, login, "-._:~!$&'()*+,;=%@") && is_escaped(text, login) &&
           take_host(text + skipped, n - skipped, url);
}

static bool url_read(const char *text, struct url *url)
{
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    bool has_scheme = text[n] == ':' && isalpha((unsigned char)text[0]);
    const char *rest = has_scheme ? text + n + 1 : text, *end = rest + strcspn(rest, "?#");

    memset(url, 0, sizeof(*url));
    for (const char *at = text; *at; at++)
        if (iscntrl((unsigned char)*at))
            return false;
    if (has_scheme)
        (void)text_set(url->scheme, sizeof(url->scheme), "%.*s", (int)n, text);
    if (!has_scheme) { /* a path: nothing more is wanted of it */
        size_t first = strcspn(rest, "/?#");
        return !memchr(rest, ':', first) && is_escaped(rest, strlen(rest));
    }
    if (rest[0] != '/')
        return true;
    if (rest[1] == '/') {
        const char *authority = rest + 2;
        rest = authority + strcspn(authority, "/?#");
        if (!take_authority(authority, (size_t)(rest - authority), url))
            return false;
        if (strchr(rest,
                   '@')) /* a password with a slash: what stands before that is no host to show */
            url->host[0] = '\0';
    }
    return is_escaped(rest, (size_t)(end - rest)) && is_escaped(end, strlen(end));
}

static bool is_for_a_proxy(const struct url *url)
{
    return strcasecmp(url->scheme, "http") == 0 || strcasecmp(url->scheme, "https") == 0 ||
           strcasecmp(url->scheme, "socks5") == 0;
}

const char *proxy_read(const char *value, char to[HOST_SIZE], size_t *n_login)
{
    static const char http[] = "http://";
    char with_scheme[4096];
    struct url url;

    to[0] = '\0';
    *n_login = 0;
    if (!value[0])
        return NULL;
    bool is_url = url_read(value, &url);
    if (!is_url || !is_for_a_proxy(&url)) {
        if (!text_set(with_scheme, sizeof(with_scheme), "%s%s", http, value))
            return NULL;
        bool is_host = url_read(with_scheme, &url);
        if (!is_host && !is_url)
            return NULL; /* Go passes it over */
        if (!is_host) /* Go takes what it read first, ${PROXY} for one, as a proxy with no host */
            url = (struct url){.scheme = "http"};
        if (strstr(value, "//")) /* then "http" is the name that is looked up */
            url.host[0] = '\0';
        url.login = url.login ? value + (url.login - with_scheme) - strlen(http) : NULL;
    }
    for (char *at = url.scheme; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    (void)text_quote(to, HOST_SIZE, "%s://%s", url.scheme, url.host);
    *n_login = url.n_login;
    return url.login;
}

bool proxy_parse(const char *url, struct proxy *proxy)
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end ? scheme_end + 3 : url;
    const char *name = host[0] == '[' ? host + 1 : host;
    size_t n = strcspn(name, host[0] == '[' ? "]" : ":/");
    const char *rest = name + n + (host[0] == '[' && name[n] == ']');
    uint64_t port = text_starts(url, "https:") ? 443 : text_starts(url, "socks5:") ? 1080 : 80;

    if (rest[0] == ':' && rest[1] && (!text_number(rest + 1, UINT16_MAX, &port) || port == 0))
        return false;
    proxy->port = (uint16_t)port;
    proxy->speaks_http = text_starts(url, "http:");
    proxy->speaks_socks = text_starts(url, "socks5:");
    (void)text_set(proxy->host, sizeof(proxy->host), "%.*s", (int)n, name);
    return text_only(proxy->host, ".-_:");
}

bool proxy_refuses(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    return endpoint->proxy.outcome == OUTCOME_FAILED &&
           endpoint->proxy.failure != FAILURE_INTERNAL &&
           proxy_used(&facts->agent, facts->plan.services[service].host);
}

bool proxy_reaches(const struct facts *facts, enum service service)
{
    return facts->endpoints[service].proxy.outcome == OUTCOME_OK &&
           proxy_used(&facts->agent, facts->plan.services[service].host);
}
