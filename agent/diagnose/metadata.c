/* SPDX-License-Identifier: Apache-2.0
 *
 * The machine, its metadata service and its role. Security groups and network ACLs never filter IMDS,
 * so what connect() says here is about this machine, or about what it runs in.
 */
#include <string.h>

#include "base/clock.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/reach.h"

/* --- the machine --- */

bool when_not_ec2(const struct view *view)
{
    return view->facts->machine.is_ec2 == ANSWER_NO &&
           (view_has(view, CHECK_IMDS_CONNECT) || view_has(view, CHECK_IMDS_TOKEN) ||
            view_has(view, CHECK_IMDS_IDENTITY));
}

void quote_machine(const struct view *view, struct finding *finding)
{
    const struct machine_facts *machine = &view->facts->machine;

    if (machine->evidence[0])
        finding_evidence(finding, "%s", machine->evidence);
    else
        finding_evidence(finding, "DMI: vendor \"%s\"", machine->vendor);
}

static bool has_no_way_to_imds(const struct view *view)
{
    return view->checks[CHECK_IMDS_CONNECT].reason == FAILURE_NO_ROUTE;
}

bool when_no_address(const struct view *view)
{
    const struct network_facts *network = &view->facts->network;

    return !network->usable_ipv4 && !network->usable_ipv6 &&
           (network->n_interfaces > 0 || has_no_way_to_imds(view));
}

bool when_network_is_down(const struct view *view)
{
    const struct network_facts *network = &view->facts->network;

    return when_no_address(view) || (!network->default_route_ipv4 && !network->default_route_ipv6 &&
                                     has_no_way_to_imds(view));
}

void quote_interfaces(const struct view *view, struct finding *finding)
{
    const struct network_facts *network = &view->facts->network;

    for (int32_t i = 0; i < network->n_interfaces; i++) {
        const struct interface_facts *interface = &network->interfaces[i];
        bool any = interface->n_addresses > 0;
        finding_evidence(finding, "%s is %s, %d address%s%s%s", interface->name,
                         interface->up ? "up" : "down", (int)interface->n_addresses,
                         interface->n_addresses == 1 ? "" : "es", any ? ": " : "",
                         any ? interface->addresses[0] : "");
    }
    if (network->n_interfaces == 0)
        finding_evidence(finding, "there is no network interface besides loopback");
    else if (!when_no_address(view))
        finding_evidence(finding, "there is no default route");
}

/* --- the metadata service --- */

void quote_imds_server(const struct view *view, struct finding *finding)
{
    const char *server = view->facts->imds.server;

    if (when_another_server_answers(view))
        finding_evidence(finding, "Server: %s (the metadata service says " IMDS_SERVER ")", server);
}

void quote_imds(const struct view *view, struct finding *finding)
{
    const struct imds_facts *imds = &view->facts->imds;

    for (enum check i = CHECK_IMDS_CONNECT; i <= CHECK_ROLE_CREDENTIALS; i++)
        if (view->explains & check_bit(i))
            finding_evidence(finding, "%s: %s", check_name(i), view->checks[i].summary);
    quote_imds_server(view, finding);
    if (imds->body_start[0])
        finding_evidence(finding, "the answer has: %s", imds->body_start);
}

/* What connect() returns at once for each kind of local obstacle (measured). */
static const struct obstacle {
    enum failure failure;
    const char *errno_name;
    const char *what;
    const char *how; /* who installs such a thing */
} obstacles[] = {
    {FAILURE_PROHIBITED, "EACCES", "a prohibit route",
     ", as cloud-init's disable_ec2_metadata installs"},
    {FAILURE_BLACKHOLE, "EINVAL", "a blackhole route", ""},
    {FAILURE_NO_ROUTE, "ENETUNREACH", "no route", ""},
    {FAILURE_HOST_UNREACHABLE, "EHOSTUNREACH", "an unreachable route or a firewall", ""},
    {FAILURE_REFUSED, "ECONNREFUSED", "a firewall", " that rejects or redirects"},
    {FAILURE_NOT_PERMITTED, "EPERM", "a firewall", ""},
};

/* NULL: connect() was silent, and the packets were lost on this machine or beyond. */
static const struct obstacle *find_obstacle(const struct imds_facts *imds)
{
    for (size_t i = 0; imds->connect.took_ms < AT_ONCE_MS && i < COUNT_OF(obstacles); i++)
        if (obstacles[i].failure == imds->connect.failure)
            return &obstacles[i];
    return NULL;
}

static enum loss imds_loss(const struct facts *facts)
{
    return reach_loss(facts, facts->imds.address, &facts->imds.connect);
}

bool when_imds_is_blocked_here(const struct view *view)
{
    return find_obstacle(&view->facts->imds) || (view->facts->imds.connect.took_ms >= AT_ONCE_MS &&
                                                 imds_loss(view->facts) >= LOSS_LIKELY);
}

const char *imds_obstacle(const struct facts *facts)
{
    const struct obstacle *obstacle = find_obstacle(&facts->imds);

    if (!obstacle)
        return "a silent firewall";
    return route_leads_to(facts, facts->imds.address) ? "a firewall" : obstacle->what;
}

void quote_obstacle(const struct view *view, struct finding *finding)
{
    const struct imds_facts *imds = &view->facts->imds;
    const struct obstacle *obstacle = find_obstacle(imds);

    if (!obstacle) {
        finding_evidence(
            finding, "connect to %s port 80: no answer after %d ms%s", imds->address,
            (int)imds->connect.took_ms,
            imds_loss(view->facts) == LOSS_PROVEN ? ": what was sent never left this machine" : "");
        return;
    }
    finding_evidence(finding, "connect to %s port 80: %s after %d ms: %s%s", imds->address,
                     obstacle->errno_name, (int)imds->connect.took_ms, imds_obstacle(view->facts),
                     obstacle->how);
    finding_quote_route(finding, view->facts, imds->address);
}

/* A router, a container's own network or a proxy for metadata refuses as a firewall of this machine does. */
bool when_imds_is_certainly_blocked_here(const struct view *view)
{
    const struct imds_facts *imds = &view->facts->imds;
    enum failure failure = imds->connect.failure;

    return route_refuses(view->facts, imds->address) ||
           (failure != FAILURE_REFUSED && failure != FAILURE_NO_ROUTE &&
            failure != FAILURE_HOST_UNREACHABLE &&
            (failure != FAILURE_PROHIBITED || family_of(imds->address) == FAMILY_IPV4));
}

/* Where a GET is answered all the same, the PUT got an X-Forwarded-For on the way: EC2 refuses no other (User
 * Guide, "How Instance Metadata Service Version 2 works"). */
bool when_all_is_forbidden(const struct view *view)
{
    return view->facts->imds.get_answers != ANSWER_YES &&
           view_has_reason(view, CHECK_IMDS_TOKEN, FAILURE_FORBIDDEN);
}

bool when_get_is_forbidden(const struct view *view)
{
    return view->facts->imds.get_answers == ANSWER_NO && when_imds_itself_answers(view);
}

void quote_forbidden(const struct view *view, struct finding *finding)
{
    const struct imds_facts *imds = &view->facts->imds;

    if (imds->token_status == 403 && imds->get_answers != ANSWER_UNKNOWN)
        finding_evidence(finding, imds->get_answers == ANSWER_YES
                                      ? "a GET is not refused so: only a PUT, which a proxy marks"
                                      : "a GET is refused likewise");
}

bool when_get_may_be_answered(const struct view *view)
{
    return view->facts->imds.get_answers != ANSWER_NO;
}

void quote_token(const struct view *view, struct finding *finding)
{
    const struct imds_facts *imds = &view->facts->imds;

    finding_evidence(finding, "%s port 80 connects in %d ms", imds->address,
                     (int)imds->connect.took_ms);
    finding_evidence(finding, "PUT /latest/api/token: no answer after %d ms",
                     (int)imds->token.took_ms);
    if (imds->get_answers == ANSWER_YES)
        finding_evidence(finding, "a GET is answered: only the answer to PUT has a hop limit");
}

void quote_imds_load(const struct view *view, struct finding *finding)
{
    int n = (int)view->facts->imds.n_requests;

    finding_evidence(finding, "%d request%s sent to it in this round", n, n == 1 ? "" : "s");
}

void quote_imds_silence(const struct view *view, struct finding *finding)
{
    if (view->facts->imds.get_answers == ANSWER_NO)
        finding_evidence(finding, "a GET is not answered either");
    if (imds_loss(view->facts) == LOSS_NONE)
        finding_evidence(finding, "the packets left this machine, and it lost none that came in");
}

bool when_another_server_answers(const struct view *view)
{
    const char *server = view->facts->imds.server;
    return server[0] && strcmp(server, IMDS_SERVER) != 0;
}

/* What answers in its place need not name itself. */
bool when_imds_itself_answers(const struct view *view)
{
    return strcmp(view->facts->imds.server, IMDS_SERVER) == 0;
}

/* All else that IMDS says has its form. */
bool when_only_the_role_is_wrong(const struct view *view)
{
    return !when_another_server_answers(view) &&
           !(view->explains &
             ~(check_bit(CHECK_ROLE_ATTACHED) | check_bit(CHECK_ROLE_CREDENTIALS)));
}

/* --- the role --- */

/* It is still associated, and is no more. */
bool when_profile_is_deleted(const struct view *view)
{
    return strcmp(view->facts->role.info_code, "InstanceProfileNotFound") == 0;
}

void quote_profile(const struct view *view, struct finding *finding)
{
    const struct role_facts *role = &view->facts->role;

    finding_evidence(finding, "iam/info: status %d%s%s%s%s", (int)role->info_status,
                     role->info_code[0] ? ", Code " : "", role->info_code,
                     role->info_message[0] ? ": " : "", role->info_message);
    if (role->profile_arn[0])
        finding_evidence(finding, "instance profile %s", role->profile_arn);
    finding_evidence(finding, "iam/security-credentials/: status %d", (int)role->list_status);
}

/* Default Host Management is asked for by the agent itself, with a key that only the agent makes;
 * so before its first start nobody on the instance can know whether the account grants it. */
void quote_identity_role(const struct view *view, struct finding *finding)
{
    if (!excluded(view, "dhmc-in-use"))
        finding_evidence(finding, "the instance's own identity role answers, so Default Host "
                                  "Management could still serve it");
}

void quote_credentials(const struct view *view, struct finding *finding)
{
    const struct role_facts *role = &view->facts->role;

    if (role->credentials_status != 0)
        finding_evidence(finding, "iam/security-credentials/%s: status %d%s%s%s%s", role->role,
                         (int)role->credentials_status, role->code[0] ? ", Code " : "", role->code,
                         role->message[0] ? ": " : "", role->message);
}

/* What a service says of the credentials only follows from it. */
bool when_credentials_are_past(const struct view *view)
{
    struct clock_reading clock = look_clock(view->facts);

    return (view_has_reason(view, CHECK_ROLE_ATTACHED, FAILURE_CREDENTIALS_EXPIRED) ||
            view_has_reason(view, CHECK_ROLE_CREDENTIALS, FAILURE_CREDENTIALS_EXPIRED)) &&
           (!clock.wrong || look_is_past(view->facts, view->facts->role.expires_unix_s));
}

bool when_credentials_are_taken(const struct view *view)
{
    return look_signature_holds(view->facts) == ANSWER_YES;
}

void quote_expiry(const struct view *view, struct finding *finding)
{
    char now[TIME_SIZE], then[TIME_SIZE];

    clock_format_iso8601(view->facts->role.expires_unix_s * 1000, false, then);
    clock_format_iso8601(view->facts->clock.wall_unix_ms, false, now);
    finding_evidence(finding, "Expiration %s, and it is %s", then, now);
}
