/* SPDX-License-Identifier: Apache-2.0
 *
 * How the agent (Go's net/http, golang.org/x/net/http/httpproxy) reads its proxy variables. Pure.
 */
#ifndef MODEL_PROXY_H
#define MODEL_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "model/facts.h"

/* The agent's proxy, if one is set, and it would be used for this host. */
bool proxy_used(const struct agent_facts *agent, const char *host);

/* The agent would ask a proxy for IMDS: http_proxy is set, and NO_PROXY does not exempt the address. */
bool proxy_used_for_imds(const struct agent_facts *agent);

/* The value of a proxy variable: "http://10.0.0.5:3128" without login and path. Empty where Go cannot read it, and goes without a
 * proxy; "http://" where it reads no host. Returns its login, "user:p%40ss", in the value, or NULL. */
const char *proxy_read(const char *value, char to[HOST_SIZE], size_t *n_login);

struct proxy {
    char host[HOST_SIZE]; /* a name or an address */
    uint16_t port;
    bool speaks_http, speaks_socks; /* else it is spoken to by TLS */
};

/* Of what proxy_read() gave. False: nothing to connect to. */
bool proxy_parse(const char *url, struct proxy *proxy);

/* The proxy surely does not let the agent through to this service: it was asked, and said no, or
 * nothing, or is not there. */
bool proxy_refuses(const struct facts *facts, enum service service);

/* The agent asks its proxy for this service, and through it the service answers. */
bool proxy_reaches(const struct facts *facts, enum service service);

#endif
