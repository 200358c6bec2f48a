/* SPDX-License-Identifier: Apache-2.0
 *
 * The instance metadata service, version 2 only: a session token by PUT, then any number of paths,
 * at most IMDS_MAX_PARALLEL at once. Never version 1, a proxy or a redirect. What is only silent is asked a
 * second time, since packets get lost.
 * Sources: EC2 User Guide, "Use the Instance Metadata Service to access instance metadata" and
 * "How Instance Metadata Service Version 2 works".
 */
#ifndef DISCOVER_IMDS_H
#define DISCOVER_IMDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "model/facts.h"
#include "net/loop.h"

#define IMDS_IPV4 "169.254.169.254"
#define IMDS_IPV6 "fd00:ec2::254" /* Nitro only, HttpProtocolIpv6 enabled */

#define IMDS_ID_PATH "meta-data/instance-id"

enum {
    IMDS_MAX_PARALLEL = 10,          /* the guide asks for a limit on simultaneous connections */
    IMDS_MAX_BODY_BYTES = 64 * 1024, /* the largest document, user data aside, is a few KiB */
    IMDS_CONNECT_TIMEOUT_MS = 1200,  /* the host's own card answers, far below a millisecond; the
                                      * kernel sends a second SYN after a second: net/dial.h */
    IMDS_AGAIN_MS = 300,             /* silence of connect() for so long is worth a second one */
    IMDS_ANSWER_TIMEOUT_MS = 2000,
    IMDS_DOUBT_MS = 700, /* silence of the token request for so long is worth a second opinion */
};

struct imds_endpoint {
    char address[ADDRESS_SIZE];
    uint16_t port;
};

/* "http://169.254.169.254", "http://[fd00:ec2::254]:80/": an address, never a name. */
bool imds_parse_endpoint(const char *url, struct imds_endpoint *endpoint);

struct imds;

struct imds_open {
    struct imds_endpoint endpoint;
    struct imds_facts *facts; /* must outlive it */
    struct clock_facts *clock;
    int n_first; /* so many requests follow at once: connected while the token is fetched */
    bool again;  /* silence was doubted before: it is told without a second opinion */
    void (*opened)(void *arg);
    void *arg;
};

/* Asks for a token and calls `opened` once, with the outcome in facts->connect and facts->token. Beside a
 * token request that stays silent a GET is sent (facts->get_answers): its answer tells a hop limit from a
 * service that is not there. And beside one that is refused with 403: the service that is disabled refuses the GET too. */
struct imds *imds_open(struct loop *loop, const struct imds_open *open);

/* So many requests will follow soon: connects for them now. */
void imds_connect_ahead(struct imds *imds, int n);

/* Of this machine, by which IMDS is reached. */
const char *imds_local_address(const struct imds *imds);

/* Wipes the token. To be called after the loop is done with it. NULL is fine. */
void imds_free(struct imds *imds);

struct imds_answer {
    enum failure failure; /* FAILURE_NONE: a whole HTTP answer came */
    int32_t status;       /* 200, 404, …; 0 when no whole one came */
    int32_t took_ms;
    const char *body; /* zero-terminated, during the callback only; may hold a credential */
    size_t body_bytes;
};

typedef void imds_done(void *arg, const struct imds_answer *answer);

/* Asks for a path below /latest/ ("meta-data/mac"), queued when IMDS_MAX_PARALLEL are under way.
 * A request that cannot start is answered with FAILURE_INTERNAL. */
void imds_get(struct imds *imds, const char *path, imds_done *done, void *arg);

/* The failure for an HTTP status that is not 200. */
enum failure imds_status_failure(int32_t status);

#endif
