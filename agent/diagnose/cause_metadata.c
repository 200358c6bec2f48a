/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes at the machine and its metadata service. Security groups and network ACLs never filter
 * IMDS, so what connect() says here is about this machine, or about what it runs in.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/finding.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"
#include "diagnose/routes.h"

#define IMDS_SERVER "EC2ws" /* its Server header (measured) */

static const enum check imds_checks[] = {
    CHECK_IMDS_CONNECT,  CHECK_IMDS_TOKEN,       CHECK_IMDS_IDENTITY,
    CHECK_ROLE_ATTACHED, CHECK_ROLE_CREDENTIALS,
};

/* The rungs that are questions to IMDS, and failed for one of these reasons. */
static check_set imds_with(const struct scene *scene, const enum failure *reasons, size_t n)
{
    check_set set = 0;
    for (size_t i = 0; i < N_OF(imds_checks); i++)
        if (scene_has_reason(scene, imds_checks[i], reasons, n))
            set |= check_bit(imds_checks[i]);
    return set;
}

static void quote_imds(const struct scene *scene, struct finding *finding)
{
    const struct imds_facts *imds = &scene->facts->imds;
    for (size_t i = 0; i < N_OF(imds_checks); i++)
        if (finding->explains & check_bit(imds_checks[i]))
            finding_evidence(finding, "%s: %s", check_name(imds_checks[i]),
                             scene->checks[imds_checks[i]].summary);
    if (imds->server[0] != '\0' && strcmp(imds->server, IMDS_SERVER) != 0)
        finding_evidence(finding, "Server: %s (the metadata service says " IMDS_SERVER ")",
                         imds->server);
    if (imds->body_start[0] != '\0')
        finding_evidence(finding, "the answer has: %s", imds->body_start);
}

/* A container or a chroot on EC2 may hide the firmware's tables, and the metadata service too. */
static void doubt_not_ec2(const struct facts *facts, struct finding *finding)
{
    finding->confidence = CONFIDENCE_LIKELY;
    finding_title(finding, "This does not look like an EC2 instance");
    finding_alternative(facts, finding, "imds-unreachable");
}

bool explains_not_ec2(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct machine_facts *machine = &scene->facts->machine;
    (void)service;

    if (machine->is_ec2 != ANSWER_NO ||
        (!scene_has(scene, CHECK_IMDS_CONNECT) && !scene_has(scene, CHECK_IMDS_TOKEN) &&
         !scene_has(scene, CHECK_IMDS_IDENTITY)))
        return false;
    finding->explains = imds_with(scene, NULL, 0);
    if (machine->evidence[0] != '\0')
        finding_evidence(finding, "%s", machine->evidence);
    else
        finding_evidence(finding, "DMI: vendor \"%s\"", machine->vendor);
    quote_imds(scene, finding);
    finding->confidence = CONFIDENCE_CERTAIN;
    if (machine->vendor[0] == '\0')
        doubt_not_ec2(scene->facts, finding);
    return true;
}

bool explains_network_not_up(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    static const enum failure no_way[] = {FAILURE_NO_ROUTE, FAILURE_HOST_UNREACHABLE,
                                          FAILURE_TIMEOUT, FAILURE_LOCAL};
    const struct network_facts *network = &scene->facts->network;
    bool imds_no_route = scene->checks[CHECK_IMDS_CONNECT].reason == FAILURE_NO_ROUTE;
    bool no_address = !network->usable_ipv4 && !network->usable_ipv6 &&
                      (network->n_interfaces > 0 || imds_no_route);
    bool no_route = !network->default_route_ipv4 && !network->default_route_ipv6 && imds_no_route;
    (void)service;

    if (!no_address && !no_route)
        return false;
    finding->explains = (imds_with(scene, no_way, N_OF(no_way)) & check_bit(CHECK_IMDS_CONNECT)) |
                        scene_rung(scene, RUNG_RESOLVE, no_way, N_OF(no_way)) |
                        scene_rung(scene, RUNG_CONNECT, no_way, N_OF(no_way));
    finding->confidence = CONFIDENCE_CERTAIN;
    if (no_address)
        finding_title(finding, "No network interface has a usable address yet");
    for (int32_t i = 0; i < network->n_interfaces; i++)
        finding_evidence(finding, "%s is %s, %d address%s%s%s", network->interfaces[i].name,
                         network->interfaces[i].up ? "up" : "down",
                         (int)network->interfaces[i].n_addresses,
                         network->interfaces[i].n_addresses == 1 ? "" : "es",
                         network->interfaces[i].n_addresses > 0 ? ": " : "",
                         network->interfaces[i].addresses[0]);
    if (network->n_interfaces == 0)
        finding_evidence(finding, "there is no network interface besides loopback");
    else if (!no_address)
        finding_evidence(finding, "there is no default route");
    return true;
}

/* What connect() returns at once for each kind of local obstacle (measured). */
static const struct {
    enum failure failure;
    const char *errno_name;
    const char *what;
    const char *how; /* who installs such a thing */
    enum confidence confidence;
} local_obstacles[] = {
    {FAILURE_PROHIBITED, "EACCES", "a prohibit route",
     ", as cloud-init's disable_ec2_metadata installs", CONFIDENCE_CERTAIN},
    {FAILURE_BLACKHOLE, "EINVAL", "a blackhole route", "", CONFIDENCE_CERTAIN},
    {FAILURE_NO_ROUTE, "ENETUNREACH", "no route", "", CONFIDENCE_CERTAIN},
    {FAILURE_HOST_UNREACHABLE, "EHOSTUNREACH", "an unreachable route or a firewall", "",
     CONFIDENCE_CERTAIN},
    {FAILURE_REFUSED, "ECONNREFUSED", "a firewall", " that rejects or redirects",
     CONFIDENCE_LIKELY},
    {FAILURE_NOT_PERMITTED, "EPERM", "a firewall", "", CONFIDENCE_CERTAIN},
};

/* Silence, and the packets were lost on this machine. */
static bool explains_imds_dropped(const struct scene *scene, struct finding *finding)
{
    const struct imds_facts *imds = &scene->facts->imds;
    enum loss loss = firewall_loss(scene->facts, imds->address, &imds->connect);

    if (loss < LOSS_LIKELY)
        return false;
    finding->explains = check_bit(CHECK_IMDS_CONNECT);
    finding->confidence = loss == LOSS_PROVEN ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    finding_title(finding, "This machine itself blocks its metadata service: a firewall drops");
    finding_evidence(finding, "connect to %s port 80: no answer after %d ms%s", imds->address,
                     (int)imds->connect.took_ms,
                     loss == LOSS_PROVEN ? ": what was sent never left this machine" : "");
    firewall_quote(scene->facts, finding);
    if (loss != LOSS_PROVEN)
        finding_alternative(scene->facts, finding, "imds-unreachable");
    return true;
}

bool explains_imds_blocked_locally(const struct scene *scene, enum service service,
                                   struct finding *finding)
{
    const struct imds_facts *imds = &scene->facts->imds;
    (void)service;

    if (!scene_has(scene, CHECK_IMDS_CONNECT))
        return false;
    if (imds->connect.took_ms >= AT_ONCE_MS)
        return explains_imds_dropped(scene, finding);
    for (size_t i = 0; i < N_OF(local_obstacles); i++) {
        if (local_obstacles[i].failure != imds->connect.failure)
            continue;
        finding->explains = check_bit(CHECK_IMDS_CONNECT);
        finding->confidence = local_obstacles[i].confidence;
        bool routed = routes_lead_to(scene->facts, imds->address);
        const char *what = routed ? "a firewall" : local_obstacles[i].what;
        finding_title(finding, "This machine itself blocks its metadata service: %s", what);
        finding_evidence(finding, "connect to %s port 80: %s after %d ms: %s%s", imds->address,
                         local_obstacles[i].errno_name, (int)imds->connect.took_ms, what,
                         local_obstacles[i].how);
        routes_quote(scene->facts, imds->address, finding);
        return true;
    }
    return false;
}

bool explains_imds_disabled(const struct scene *scene, enum service service,
                            struct finding *finding)
{
    static const enum failure forbidden[] = {FAILURE_FORBIDDEN};
    (void)service;

    if (!scene_has_reason(scene, CHECK_IMDS_TOKEN, forbidden, 1) &&
        !scene_has_reason(scene, CHECK_IMDS_IDENTITY, forbidden, 1))
        return false;
    finding->explains = imds_with(scene, forbidden, 1);
    finding->confidence = CONFIDENCE_CERTAIN;
    quote_imds(scene, finding);
    return true;
}

bool explains_imds_hop_limit(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    static const enum failure silent[] = {FAILURE_TIMEOUT};
    const struct imds_facts *imds = &scene->facts->imds;
    (void)service;

    if (!scene_has_reason(scene, CHECK_IMDS_TOKEN, silent, 1) || imds->get_answers == ANSWER_NO)
        return false;
    finding->explains = check_bit(CHECK_IMDS_TOKEN);
    finding->confidence = imds->get_answers == ANSWER_YES ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    finding_evidence(finding, "%s port 80 connects in %d ms", imds->address,
                     (int)imds->connect.took_ms);
    finding_evidence(finding, "PUT /latest/api/token: no answer after %d ms",
                     (int)imds->token.took_ms);
    if (imds->get_answers == ANSWER_YES)
        finding_evidence(finding, "a GET is answered: only the answer to PUT has a hop limit");
    else
        finding_alternative(scene->facts, finding, "imds-unreachable");
    return true;
}

bool explains_imds_throttled(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    static const enum failure busy[] = {FAILURE_THROTTLED, FAILURE_SERVER_ERROR};
    (void)service;

    finding->explains = imds_with(scene, busy, N_OF(busy));
    if (finding->explains == 0)
        return false;
    quote_imds(scene, finding);
    finding_evidence(finding, "%d request%s sent to it in this round",
                     (int)scene->facts->imds.n_requests,
                     scene->facts->imds.n_requests == 1 ? "" : "s");
    return true;
}

bool explains_imds_malformed(const struct scene *scene, enum service service,
                             struct finding *finding)
{
    static const enum failure odd[] = {
        FAILURE_MALFORMED,   FAILURE_NOT_FOUND, FAILURE_TOO_LARGE,    FAILURE_TRUNCATED,
        FAILURE_REDIRECTED,  FAILURE_PROXY,     FAILURE_NOT_AWS,      FAILURE_HTTP_STATUS,
        FAILURE_BAD_REQUEST, FAILURE_FORBIDDEN, FAILURE_UNAUTHORIZED,
    };
    (void)service;

    finding->explains = imds_with(scene, odd, N_OF(odd));
    if (finding->explains == 0)
        return false;
    bool other_server = scene->facts->imds.server[0] != '\0' &&
                        strcmp(scene->facts->imds.server, IMDS_SERVER) != 0;
    finding->confidence = other_server ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    quote_imds(scene, finding);
    return true;
}

/* A firewall is one of the local obstacles, a route the other. */
static void offer_local(const struct facts *facts, struct finding *finding)
{
    const struct imds_facts *imds = &facts->imds;

    if (firewall_loss(facts, imds->address, &imds->connect) == LOSS_NONE)
        finding_evidence(finding, "the packets left this machine, and it lost none that came back");
    finding_alternative(facts, finding, "imds-blocked-locally");
}

bool explains_imds_unreachable(const struct scene *scene, enum service service,
                               struct finding *finding)
{
    static const enum failure silent[] = {FAILURE_TIMEOUT, FAILURE_HOST_UNREACHABLE, FAILURE_RESET,
                                          FAILURE_CLOSED};
    (void)service;

    finding->explains = imds_with(scene, silent, N_OF(silent));
    if (finding->explains == 0)
        return false;
    quote_imds(scene, finding);
    if (scene->facts->imds.get_answers == ANSWER_NO)
        finding_evidence(finding, "a GET is not answered either");
    if (scene->facts->imds.connect.outcome == OUTCOME_FAILED)
        offer_local(scene->facts, finding);
    return true;
}
