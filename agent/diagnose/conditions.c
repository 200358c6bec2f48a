/* SPDX-License-Identifier: Apache-2.0
 *
 * The conditions that a page may name. The build reads the table at the end of this file and refuses a
 * page that names anything else; the comment behind a condition is what `explain` says.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/look.h"
#include "diagnose/names.h"
#include "diagnose/routes.h"
#include "diagnose/values.h"

static bool is_snap(const struct view *view)
{
    return view->facts->agent.package == AGENT_PACKAGE_SNAP ||
           text_starts(view->facts->agent.unit, "snap.");
}

static bool is_deb(const struct view *view)
{
    return view->facts->agent.package == AGENT_PACKAGE_DEB;
}

static bool is_rpm(const struct view *view)
{
    return view->facts->agent.package == AGENT_PACKAGE_RPM;
}

static bool is_proxied(const struct view *view)
{
    return view->facts->agent.https_proxy[0];
}

static bool is_stub(const struct view *view)
{
    return view->facts->resolvers.stub;
}

static bool is_ipv6(const struct view *view)
{
    return strcmp(value_of(view, "family", (char[VALUE_SIZE]){0}), "IPv6") == 0;
}

/* At each service that is explained. */
static bool is_enough(const struct view *view)
{
    enum family whole;

    for (enum service i = 0; i < N_SERVICES; i++)
        if ((view->explains & check_service_bits(i)) && !reach_whole_family(view->facts, i, &whole))
            return false;
    return true;
}

static bool is_nowhere(const struct view *view)
{
    struct reached at;
    return !reach_blocked_elsewhere(view->facts, view->explains, &at);
}

/* Silent, as the whole family is. */
static bool is_silent_near(const struct view *view)
{
    return reach_sum(view->facts, view->explains).at[ENDING_FAMILY][PLACE_OWN_SUBNET] > 0;
}

static bool is_silent_far(const struct view *view)
{
    struct reach sum = reach_sum(view->facts, view->explains);
    return sum.at[ENDING_FAMILY][PLACE_PRIVATE_ELSEWHERE] + sum.at[ENDING_FAMILY][PLACE_PUBLIC] > 0;
}

static bool is_outside_vpc(const struct view *view)
{
    return reach_sum(view->facts, view->explains).at[ENDING_SILENT][PLACE_PRIVATE_ELSEWHERE] > 0;
}

static bool is_astray_by_rule(const struct view *view)
{
    for (int32_t i = 0; i < view->facts->network.n_routes; i++)
        if (route_leads_astray(view->facts, view->facts->network.routes[i].to))
            return view->facts->network.routes[i].by_rule;
    return false;
}

static bool is_public_meant(const struct view *view)
{
    return view->facts->plan.private_dns == PRIVATE_DNS_OFF;
}

static bool is_public_answering(const struct view *view)
{
    return !when_no_public_address_answers(view);
}

static bool is_one_endpoint(const struct view *view)
{
    char id[NAME_SIZE];
    return names_is_endpoint(view->facts, view->service, id);
}

static bool is_phased_out(const struct view *view)
{
    return service_rows[view->service].phased_out;
}

static bool is_configured(const struct view *view)
{
    return view->facts->plan.services[view->service].host_source == SOURCE_AGENT_CONFIG;
}

static bool is_other_region(const struct view *view)
{
    const struct facts *facts = view->facts;
    return facts->plan.region_source == SOURCE_OPTION && facts->instance.region[0] &&
           strcmp(facts->plan.region, facts->instance.region) != 0;
}

static bool is_refusing_route(const struct view *view)
{
    return value_of(view, "undo_route", (char[VALUE_SIZE]){0})[0];
}

static bool is_lost(const struct view *view)
{
    return reach_lost(view->facts, view->explains, LOSS_LIKELY);
}

static bool is_unsent(const struct view *view)
{
    return reach_lost(view->facts, view->explains, LOSS_PROVEN);
}

static bool is_at_once(const struct view *view)
{
    return view->facts->imds.connect.took_ms < AT_ONCE_MS;
}

/* As it is: then there is nothing to restart. */
static bool is_coming_up(const struct view *view)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if ((view->checks[i].required && view->checks[i].status == STATUS_FAIL) ||
            report_lacks(&view->checks[i]))
            return false;
    return true;
}

static const struct {
    const char *name;
    view_holds *holds;
} table[] = {
    {"use-vc", when_asked_by_tcp},                /* resolv.conf has names asked by TCP */
    {"agent-proxy", is_proxied},                  /* the agent's environment names a proxy */
    {"answers-lost", is_lost},                    /* packets came in that no program got */
    {"astray-by-rule", is_astray_by_rule},        /* a rule of policy routing leads there */
    {"at-once", is_at_once},                      /* it failed at once */
    {"comes-up", is_coming_up},                   /* the SSM agent comes up as it is */
    {"configured-name", is_configured},           /* the agent's configuration gives the name */
    {"deb", is_deb},                              /* the agent is a deb package */
    {"dns-off", when_dns_is_not_asked},           /* nsswitch.conf names no dns for hosts */
    {"fips-name", when_name_is_fips},             /* the agent's configuration gives a FIPS name */
    {"gateway-service", when_has_gateway},        /* the service has gateway endpoints too */
    {"ipv6", is_ipv6},                            /* it is about IPv6 */
    {"nowhere", is_nowhere},                      /* no endpoint answers over this family */
    {"offender-known", when_the_sender_is_known}, /* who refuses is known */
    {"one-endpoint", is_one_endpoint},            /* the agent's configuration names one endpoint */
    {"other-family-enough", is_enough},           /* the agent gets through by the other family */
    {"other-region", is_other_region},            /* an option names another region */
    {"outside-vpc", is_outside_vpc},              /* a silent address is outside of the VPC */
    {"outside-silent", is_silent_far},            /* a silent address is outside of the VPC */
    {"own-subnet-silent", is_silent_near},        /* a silent address is in this subnet */
    {"phased-out-service", is_phased_out},        /* AWS announced the service's end */
    {"profile-deleted", when_profile_is_deleted}, /* the instance profile was deleted */
    {"public-answers", is_public_answering},      /* the public addresses answer */
    {"public-meant", is_public_meant},            /* --private-dns is off */
    {"refusing-route", is_refusing_route},        /* a route or a rule refuses */
    {"rpm", is_rpm},                              /* the agent is an rpm package */
    {"snap", is_snap},                            /* the agent is Ubuntu's snap */
    {"stub", is_stub},                            /* resolv.conf names the stub 127.0.0.53 */
    {"unsent", is_unsent},                        /* the kernel could not send */
};

static bool holds(const struct view *view, const char *name, size_t n)
{
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (strlen(table[i].name) == n && strncmp(table[i].name, name, n) == 0)
            return table[i].holds(view);
    return false;
}

bool conditions_hold(const struct view *view, const char *conditions)
{
    while (*conditions) {
        bool wanted = *conditions != '!';
        conditions += !wanted;
        size_t n = strcspn(conditions, " ");
        if (holds(view, conditions, n) != wanted)
            return false;
        conditions += n + (conditions[n] == ' ');
    }
    return true;
}
