/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether what was seen excludes a code, one function a code: a row names its alternatives, and what
 * is not excluded here is listed. no_CODE holds where the code is excluded; its view is of what the row
 * explains that would list the code.
 */
#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/policy.h"
#include "diagnose/reach.h"

static struct reach sum_of(const struct view *view)
{
    return reach_sum(view->facts, view->explains);
}

/* How the silent addresses ended that the row is about. */
static enum ending silence_of(const struct view *view)
{
    return view->cause->way == WAY_FAMILY ? ENDING_FAMILY : ENDING_SILENT;
}

static bool any_connects(const struct view *view)
{
    return connect_overall(view, false).any_ok;
}

/* The own subnet is silent to other services too, and answers none: what is silent there need not be the
 * endpoint's doing. */
static bool is_near_shared(const struct view *view)
{
    struct reach others = reach_sum(view->facts, reach_planned(view->facts) & ~view->explains);

    return others.at[ENDING_SILENT][PLACE_OWN_SUBNET] > 0 &&
           others.at[ENDING_OK][PLACE_OWN_SUBNET] == 0;
}

/* Traffic within a subnet passes nothing but security groups, and this instance's lets out what others
 * are reached by: nothing else than the endpoint's group is left. */
static bool is_endpoints_group(const struct view *view)
{
    return sum_of(view).at[ENDING_SILENT][PLACE_OWN_SUBNET] > 0 && any_connects(view) &&
           !is_near_shared(view);
}

/* A gateway endpoint is reached by public addresses: rules and routes for the VPC's own do not count. */
static bool is_gateways(const struct view *view)
{
    return service_has_gateway(view->service) && names_look(view->facts, view->service).public_only;
}

/* No service has an endpoint, so that public addresses may be meant, and rules hold these back. */
static bool is_by_public_addresses(const struct view *view)
{
    return is_gateways(view) ||
           (view->cause->way == WAY_WHOLE && resolve_private_one(view) == N_SERVICES &&
            sum_of(view).by[ENDING_SILENT] > 0);
}

/* --- the metadata service and the role --- */

static bool no_imds_unreachable(const struct view *view)
{
    const struct imds_facts *imds = &view->facts->imds;

    if (view->facts->machine.is_ec2 == ANSWER_NO)
        return view->facts->machine.vendor[0];   /* somebody else's machine */
    if (imds->connect.outcome == OUTCOME_FAILED) /* here, unless a loss only seems so */
        return reach_loss(view->facts, imds->address, &imds->connect) != LOSS_LIKELY;
    return imds->get_answers == ANSWER_YES;
}

static bool no_imds_blocked_locally(const struct view *view)
{
    return view->facts->imds.connect.outcome != OUTCOME_FAILED;
}

static bool no_dhmc_in_use(const struct view *view)
{
    const struct facts *facts = view->facts;

    return facts->role.identity_role == ANSWER_NO ||
           (view->explains & (check_bit(CHECK_ROLE_ATTACHED) | check_bit(CHECK_ROLE_CREDENTIALS))
                ? !policy_dhmc_heals_role(facts)
                : !policy_dhmc_heals_denial(facts));
}

/* --- names --- */

/* Nobody but Amazon's resolver knows the VPC's private names; where it was not heard, a resolver of
 * one's own may stand in the way. */
static bool no_dns_bypasses_vpc(const struct view *view)
{
    enum service service = view->service;
    struct second_opinion opinion = names_second_opinion(view->facts, service);

    return is_gateways(view) || names_lookup(view->facts, service).all_amazon ||
           (opinion.answered &&
            dns_decides(opinion.answer)); /* an error says nothing of the name */
}

static bool no_private_dns_off(const struct view *view)
{
    return is_gateways(view) || resolve_private_one(view) != N_SERVICES;
}

static bool no_dns_resolver_unreachable(const struct view *view)
{
    return !when_answers_are_dropped(view);
}

static bool no_vpc_dns_off(const struct view *view)
{
    struct second_opinion opinion = names_second_opinion(view->facts, view->service);

    return opinion.answered || (!opinion.asked && names_lookup(view->facts, view->service).silent);
}

/* A server that was waited for. */
static bool no_dns_slow(const struct view *view)
{
    const struct dns_answer *silent = notes_silent_server(view->facts);
    return silent && silent->step.took_ms >= DNS_SLOW_MS;
}

/* --- reaching 443 --- */

/* No rule holds back what was never sent, or what has no endpoint to be sent to. */
static bool no_egress_blocked(const struct view *view)
{
    if (is_by_public_addresses(view))
        return false;
    if (view->cause->way == WAY_SILENCE)
        return any_connects(view);
    return !reach_lost(view->facts, view->explains, LOSS_LIKELY);
}

/* A subnet's own traffic passes none. Neighbours are told by closeness alone, so they count only where
 * the service answers elsewhere. */
static bool no_network_acl(const struct view *view)
{
    struct reach sum = view->cause->of == MACHINE && view->cause->way == WAY_SILENCE
                           ? connect_overall(view, false).sum
                           : sum_of(view);
    struct reached at;

    if (view->cause->way == WAY_WHOLE)
        return !is_by_public_addresses(view);
    return sum.at[silence_of(view)][PLACE_OWN_SUBNET] > 0 ||
           (view->cause->way == WAY_SILENCE && sum.by[ENDING_OK] > 0 &&
            reach_neighbour(view->facts, view->service, &at));
}

/* Each service loses some address, or no address of them answers in any way. */
static bool no_endpoint_az_unreachable(const struct view *view)
{
    struct overall overall = connect_overall(view, true);
    struct reach sum = sum_of(view);

    return (overall.n >= 2 && overall.n_partly == overall.n) || is_endpoints_group(view) ||
           when_some_ports_are_silent(view) ||
           (sum.by[ENDING_OK] + sum.by[ENDING_REJECTED] == 0 && !is_near_shared(view));
}

static bool no_endpoint_outside_vpc(const struct view *view)
{
    return sum_of(view).at[ENDING_SILENT][PLACE_PRIVATE_ELSEWHERE] == 0 || is_endpoints_group(view);
}

/* A firewall of this machine returns its errors at once, with a route that is there. An "unreachable" may
 * still be a router's, except within the own subnet; what was only silent may be anything. */
static bool no_endpoint_refuses(const struct view *view)
{
    for (struct reached at = {0}; reach_next(view->facts, view->explains, &at);) {
        enum failure failure = at.address->steps[RUNG_CONNECT].failure;
        bool unreachable = failure == FAILURE_NO_ROUTE || failure == FAILURE_BLACKHOLE ||
                           failure == FAILURE_HOST_UNREACHABLE;
        if (at.ending == ENDING_FIREWALL && failure != FAILURE_TIMEOUT &&
            (!unreachable || at.address->place == PLACE_OWN_SUBNET))
            return true;
    }
    return reach_lost(view->facts, view->explains, LOSS_LIKELY) || when_the_sender_is_known(view) ||
           when_hops_run_out(view);
}

/* EHOSTUNREACH at once is also what a firewall's reject returns. */
static bool is_rejected(const struct facts *facts, const struct reached *at)
{
    return at->ending == ENDING_NO_ROUTE &&
           at->address->steps[RUNG_CONNECT].failure == FAILURE_HOST_UNREACHABLE &&
           !route_refuses(facts, at->address->address);
}

static bool is_lost(const struct facts *facts, const struct reached *at)
{
    return (at->ending == ENDING_SILENT || at->ending == ENDING_FAMILY) &&
           reach_loss(facts, at->address->address, &at->address->steps[RUNG_CONNECT]) != LOSS_NONE;
}

static bool is_of_unknown_sender(const struct facts *facts, const struct reached *at)
{
    (void)facts;
    return at->ending == ENDING_REJECTED && at->address->refused_here == ANSWER_UNKNOWN;
}

static bool any_reached(const struct view *view,
                        bool (*is)(const struct facts *facts, const struct reached *at))
{
    for (struct reached at = {0}; reach_next(view->facts, view->explains, &at);)
        if (is(view->facts, &at))
            return true;
    return false;
}

/* Neither security groups nor network ACLs stand before Amazon's resolver, so that its silence is the
 * VPC's or this machine's. */
static bool no_firewall_before_resolver(const struct view *view)
{
    struct lookup lookup = names_lookup(view->facts, view->service);

    if (names_second_opinion(view->facts, view->service).answered)
        return true;
    return !resolve_failed_here(lookup.answer) &&
           (!lookup.silent || !lookup.all_amazon || resolve_any(view));
}

/* Where something else connects, by the family in question, no rule of this machine holds back all. */
static bool no_local_firewall(const struct view *view)
{
    struct reached at;

    switch (view->cause->way) {
    case WAY_REFUSAL:
        return !any_reached(view, is_of_unknown_sender);
    case WAY_ROUTE:
        return !any_reached(view, is_rejected);
    case WAY_SILENCE:
    case WAY_FAMILY:
        if (reach_lost(view->facts, view->explains, LOSS_MAYBE))
            return false;
        return !any_reached(view, is_lost) ||
               (view->cause->way == WAY_SILENCE
                    ? any_connects(view)
                    : reach_blocked_elsewhere(view->facts, view->explains, &at));
    default:
        return no_firewall_before_resolver(view);
    }
}

/* --- TLS and the clock --- */

/* What a wrong clock explains it has claimed: what is left is out of time by a right one too. */
static bool no_clock_wrong(const struct view *view)
{
    return look_clock(view->facts).n > 0;
}

static bool no_tls_expired(const struct view *view)
{
    return look_clock(view->facts).wrong || tls_said_skewed(view->facts) ||
           view->explains == check_bit(CHECK_CLOCK_SKEW);
}

static bool explains_any(const struct view *view, enum rung rung)
{
    struct each it = {0};
    return view_each(view, rung, &it);
}

static bool no_tls_reset(const struct view *view)
{
    return !explains_any(view, RUNG_TLS) || tls_answers_small_segments(view);
}

static bool no_service_unavailable(const struct view *view)
{
    return !explains_any(view, RUNG_AUTHORIZE);
}

/* --- policies --- */

/* A role may carry the agent's own actions and nothing else, and those are rarely tried. */
static bool no_policy_incomplete(const struct view *view)
{
    const struct action_facts *own = look_action(view->facts, "ssm:UpdateInstanceInformation");

    return own && own->permission == PERMISSION_DENIED && !policy_is_missing(view->facts);
}

/* The service names the kind of policy that denies. */
static bool is_said(const struct view *view)
{
    for (enum service i = 0; i < N_SERVICES; i++)
        if (policy_denied_by(view->facts, i, 1u << DENIED_BY_UNSAID))
            return false;
    return true;
}

/* What has no line here, nothing that a row may see excludes. */
static const struct {
    const char *code;
    view_holds *is_excluded;
} exclusions[] = {
    {"imds-unreachable", no_imds_unreachable},
    {"imds-blocked-locally", no_imds_blocked_locally},
    {"imds-malformed", when_imds_itself_answers},
    {"dhmc-in-use", no_dhmc_in_use},
    {"dns-bypasses-vpc", no_dns_bypasses_vpc},
    {"private-dns-off", no_private_dns_off},
    {"dns-resolver-unreachable", no_dns_resolver_unreachable},
    {"vpc-dns-off", no_vpc_dns_off},
    {"dns-slow", no_dns_slow},
    {"egress-blocked", no_egress_blocked},
    {"egress-rule", when_some_ports_are_silent},
    {"network-acl", no_network_acl},
    {"endpoint-az-unreachable", no_endpoint_az_unreachable},
    {"endpoint-outside-vpc", no_endpoint_outside_vpc},
    {"endpoint-refuses", no_endpoint_refuses},
    {"local-firewall", no_local_firewall},
    {"clock-wrong", no_clock_wrong},
    {"tls-expired", no_tls_expired},
    {"tls-reset", no_tls_reset},
    {"service-unavailable", no_service_unavailable},
    {"tls-untrusted", tls_is_intercepted},
    {"policy-incomplete", no_policy_incomplete},
    {"policy-missing", is_said},
    {"denied-by-boundary", is_said},
    {"denied-by-endpoint-policy", is_said},
    {"denied-by-organization", is_said},
};

bool excluded(const struct view *view, const char *code)
{
    const size_t n = COUNT_OF(exclusions);
    const size_t i = text_find(code, &exclusions[0].code, sizeof(exclusions[0]), n);
    return i < n && exclusions[i].is_excluded(view);
}
