/* SPDX-License-Identifier: Apache-2.0
 *
 * One address family is silent and the other one connects, at the same interfaces. Rules of security
 * groups and entries of network ACLs are written for one family each, so what lacks is a rule.
 */
#include "base/text.h"
#include "diagnose/families.h"
#include "diagnose/finding.h"
#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"

/* What one family shows over all services. */
struct blocked {
    enum family family;
    int n_planned;     /* services */
    int n_services;    /* at which it is blocked */
    int n_others;      /* at which it connects */
    bool own_silent;   /* a silent address is in the instance's own subnet */
    bool far_silent;   /* one is outside of the VPC, or public */
    enum service some; /* a service at which it connects, when n_others > 0 */
};

static bool is_far_silent(const struct facts *facts, enum service service, enum family family)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (!at->second_opinion && families_of(at->address) == family &&
            (at->place == PLACE_PRIVATE_ELSEWHERE || at->place == PLACE_PUBLIC) &&
            reach_ending_at(facts, at) == ENDING_SILENT)
            return true;
    }
    return false;
}

static check_set look_blocked(const struct scene *scene, enum family family,
                              struct blocked *blocked)
{
    const struct facts *facts = scene->facts;
    check_set set = 0;

    *blocked = (struct blocked){.family = family};
    for (int i = 0; i < N_SERVICES; i++) {
        enum service service = (enum service)i;
        enum check check = check_of_service(service, RUNG_CONNECT);
        if (!look_is_planned(facts, service))
            continue;
        blocked->n_planned++;
        if (families_ok(facts, service, family) > 0) {
            blocked->n_others++;
            blocked->some = service;
        }
        if (!scene_has(scene, check) || !families_blocked(facts, service, family))
            continue;
        set |= check_bit(check);
        blocked->n_services++;
        blocked->own_silent |= families_own_silent(facts, service, family) > 0;
        blocked->far_silent |= is_far_silent(facts, service, family);
    }
    return set;
}

static void quote(const struct facts *facts, enum service service, enum family family,
                  enum ending ending, int most, struct finding *finding)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses && most > 0; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        if (at->second_opinion || families_of(at->address) != family ||
            at->steps[RUNG_CONNECT].outcome == OUTCOME_UNTRIED ||
            reach_ending_at(facts, at) != ending)
            continue;
        finding_quote_address(finding, service, at, RUNG_CONNECT);
        most--;
    }
}

static void quote_both(const struct scene *scene, check_set set, const struct blocked *blocked,
                       struct finding *finding)
{
    int each = blocked->n_services > 1 ? 1 : 2;

    for (int i = 0; i < N_SERVICES; i++) {
        if (!(set & check_bit(check_of_service((enum service)i, RUNG_CONNECT))))
            continue;
        quote(scene->facts, (enum service)i, blocked->family, ENDING_SILENT, each, finding);
        quote(scene->facts, (enum service)i, families_other(blocked->family), ENDING_OK, each,
              finding);
    }
    if (blocked->n_others > 0)
        quote(scene->facts, blocked->some, blocked->family, ENDING_OK, 1, finding);
    if (blocked->own_silent)
        finding_evidence(finding, "traffic within a subnet passes no network ACL");
}

/* True when a firewall of this machine may be at work at the very addresses that are silent. */
static bool offer_others(const struct scene *scene, const struct blocked *blocked,
                         struct finding *finding)
{
    if (!blocked->own_silent)
        remedy_offer_acl(scene->facts, finding);
    if (firewall_offer(scene->facts, finding))
        return true;
    if (blocked->n_others == 0)
        finding_alternative(finding, "local-firewall", FIREWALL_LOOK);
    return false;
}

/* Certain where another service's addresses of this family connect, and one that is silent lies in
 * the own subnet: then neither this instance nor an ACL holds the family back. */
bool explains_address_family_blocked(const struct scene *scene, enum service service,
                                     struct finding *finding)
{
    (void)service;

    for (int family = FAMILY_IPV4; family <= FAMILY_IPV6; family++) {
        struct blocked blocked;
        char services[NAME_SIZE];
        check_set set = look_blocked(scene, (enum family)family, &blocked);
        if (set == 0)
            continue;
        finding->explains |= set;
        remedy_services(finding, services, sizeof services);
        finding_title(finding, "%s: %s does not get to port 443, %s does",
                      blocked.n_services < blocked.n_planned ? services : "all endpoints",
                      families_name(blocked.family), families_name(families_other(blocked.family)));
        quote_both(scene, set, &blocked, finding);
        bool here = offer_others(scene, &blocked, finding);
        finding->confidence = blocked.n_others > 0 && blocked.own_silent && !here
                                  ? CONFIDENCE_CERTAIN
                                  : CONFIDENCE_LIKELY;
    }
    return finding->explains != 0;
}

/* --- how to mend it --- */

static const char *block_of(const char blocks[][ADDRESS_SIZE], int32_t n, enum family family,
                            const char *placeholder)
{
    for (int32_t i = 0; i < n; i++)
        if (families_of(blocks[i]) == family)
            return remedy_known(blocks[i], placeholder);
    return placeholder;
}

static enum family blocked_family(const struct facts *facts, const struct finding *finding)
{
    enum service service = remedy_service(finding);
    return families_blocked(facts, service, FAMILY_IPV4) ? FAMILY_IPV4 : FAMILY_IPV6;
}

static void find_groups(const struct facts *facts, struct finding *finding)
{
    char services[COMMAND_SIZE] = "";

    for (int i = 0; i < N_SERVICES; i++)
        if (finding->explains & check_service_bits((enum service)i))
            text_add(services, sizeof services, "%s%s", services[0] ? "," : "",
                     remedy_endpoint_service(facts, (enum service)i));
    remedy_find_endpoint_groups(facts, services, finding);
}

/* One rule for one family, in the words of the AWS CLI's shorthand. */
static void allow(const struct facts *facts, const char *direction, const char *group,
                  enum family family, const char *block, struct finding *finding)
{
    remedy_command(finding,
                   "aws ec2 authorize-security-group-%s --region %s --group-id %s "
                   "--ip-permissions \"IpProtocol=tcp,FromPort=443,ToPort=443,%s=%s}]\"",
                   direction, remedy_region(facts), group,
                   family == FAMILY_IPV6 ? "Ipv6Ranges=[{CidrIpv6" : "IpRanges=[{CidrIp", block);
}

void mend_family(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    const struct instance_facts *instance = &facts->instance;
    enum family family = blocked_family(facts, finding);
    const char *name = families_name(family);
    bool ipv6 = family == FAMILY_IPV6;
    struct blocked blocked;
    enum family whole;

    (void)look_blocked(scene, family, &blocked);
    if (finding->severity == SEVERITY_WARNING &&
        families_whole(facts, remedy_service(finding), &whole))
        remedy_text(finding, "The agent gets through by %s, 0.3 s later.", families_name(whole));
    remedy_text(finding,
                "Give the security group of the endpoint an inbound rule for 443 over %s: a source "
                "of this instance's group (%s) covers both families, a block only its own.",
                name, remedy_group(facts));
    if (blocked.n_others == 0)
        remedy_text(finding, "Or let 443 over %s out of this instance's group.", name);
    if (!blocked.own_silent)
        remedy_text(finding, "Or add the %s entries to the subnets' network ACLs.", name);
    if (blocked.far_silent)
        remedy_text(finding, "Or give the route table a route for %s.", ipv6 ? "::/0" : name);
    remedy_note(finding, REMEDY_LOOK);
    find_groups(facts, finding);
    allow(facts, "ingress", "<endpoint-security-group-id>", family,
          block_of(instance->subnet_cidrs, instance->n_subnet_cidrs, family,
                   ipv6 ? "<instance-subnet-ipv6-cidr>" : "<instance-subnet-cidr>"),
          finding);
    if (blocked.n_others == 0)
        allow(facts, "egress", remedy_group(facts), family,
              block_of(instance->vpc_cidrs, instance->n_vpc_cidrs, family,
                       ipv6 ? "<vpc-ipv6-cidr>" : "<vpc-cidr>"),
              finding);
    if (blocked.far_silent)
        remedy_command(finding,
                       "aws ec2 describe-route-tables --region %s --filters "
                       "Name=association.subnet-id,Values=%s",
                       remedy_region(facts), remedy_subnet(facts));
    remedy_restart(facts, finding);
}
