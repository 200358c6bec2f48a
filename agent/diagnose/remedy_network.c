/* SPDX-License-Identifier: Apache-2.0
 *
 * How to mend the way to port 443. The endpoint's security group is not known from inside: a
 * command finds it, a placeholder stands for it in the next.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/families.h"
#include "diagnose/override.h"
#include "diagnose/reach.h"
#include "diagnose/remedy.h"
#include "diagnose/routes.h"

void remedy_find_endpoint_groups(const struct facts *facts, const char *services,
                                 struct finding *finding)
{
    remedy_command(finding,
                   "aws ec2 describe-vpc-endpoints --region %s --filters Name=vpc-id,Values=%s "
                   "Name=service-name,Values=%s --query \"VpcEndpoints[].Groups[].GroupId\" "
                   "--output text",
                   remedy_region(facts), remedy_vpc(facts), services);
}

static void find_endpoint_groups(const struct facts *facts, struct finding *finding)
{
    char id[NAME_SIZE];

    remedy_note(finding, "look first: any one of the groups that it prints");
    if (override_is_endpoint(facts, remedy_service(finding), id)) {
        remedy_command(finding,
                       "aws ec2 describe-vpc-endpoints --region %s --vpc-endpoint-ids %s --query "
                       "\"VpcEndpoints[].Groups[].GroupId\" --output text",
                       remedy_region(facts), id);
        return;
    }
    remedy_find_endpoint_groups(facts, remedy_endpoint_service(facts, remedy_service(finding)),
                                finding);
}

static void allow_inbound(const struct facts *facts, struct finding *finding)
{
    remedy_command(finding,
                   "aws ec2 authorize-security-group-ingress --region %s --group-id "
                   "<endpoint-security-group-id> --protocol tcp --port 443 --source-group %s",
                   remedy_region(facts), remedy_group(facts));
}

static bool only_ipv6(const struct facts *facts)
{
    return facts->network.usable_ipv6 && !facts->network.usable_ipv4;
}

/* The VPC's first block of a family; a VPC lists its IPv4 blocks first. */
static const char *vpc_block(const struct facts *facts, bool ipv6)
{
    const struct instance_facts *instance = &facts->instance;

    for (int32_t i = 0; i < instance->n_vpc_cidrs; i++)
        if ((strchr(instance->vpc_cidrs[i], ':') != NULL) == ipv6)
            return remedy_known(instance->vpc_cidrs[i], "<vpc-cidr>");
    return "<vpc-cidr>";
}

void mend_endpoint_group(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding,
                "Let inbound 443 from this instance's security group (%s) into the "
                "endpoint's security group. Where this instance's own group lets 443 out to some "
                "destinations only, the endpoint must be one of them.",
                remedy_group(facts));
    find_endpoint_groups(facts, finding);
    allow_inbound(facts, finding);
    remedy_restart(facts, finding);
}

void mend_egress(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    bool ipv6 = only_ipv6(facts);
    const char *block = vpc_block(facts, ipv6);

    remedy_text(finding,
                "In order of likelihood: let inbound 443 from this instance's security "
                "group (%s) into the security group that the endpoints share; let "
                "outbound 443 out of this instance's group.",
                remedy_group(facts));
    find_endpoint_groups(facts, finding);
    allow_inbound(facts, finding);
    remedy_note(finding, "look: does this let 443 out");
    remedy_command(finding,
                   "aws ec2 describe-security-groups --region %s --group-ids %s --query "
                   "\"SecurityGroups[].IpPermissionsEgress\"",
                   remedy_region(facts), remedy_group(facts));
    remedy_note(finding, "where it does not");
    remedy_command(finding,
                   "aws ec2 authorize-security-group-egress --region %s --group-id %s "
                   "--ip-permissions \"IpProtocol=tcp,FromPort=443,ToPort=443,"
                   "%s=%s}]\"",
                   remedy_region(facts), remedy_group(facts),
                   ipv6 ? "Ipv6Ranges=[{CidrIpv6" : "IpRanges=[{CidrIp", block);
    remedy_restart(facts, finding);
}

/* A rule's number must be lower than that of any deny, so it is for whoever looked. */
static void acl_entry(const struct facts *facts, const char *way, const char *from, const char *to,
                      bool ipv6, const char *block, struct finding *finding)
{
    remedy_command(finding,
                   "aws ec2 create-network-acl-entry --region %s --network-acl-id "
                   "<network-acl-id> --%s --rule-number <number> --protocol tcp --port-range "
                   "From=%s,To=%s --%s %s --rule-action allow",
                   remedy_region(facts), way, from, to, ipv6 ? "ipv6-cidr-block" : "cidr-block",
                   block);
}

void mend_acl(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    bool ipv6 = only_ipv6(facts);
    enum family family;
    if (families_alone(facts, finding->explains, ENDING_SILENT, &family))
        ipv6 = family == FAMILY_IPV6;
    const char *block = vpc_block(facts, ipv6);

    remedy_text(finding, "Network ACLs are stateless. This subnet's must let TCP 443 out and "
                         "1024-65535 in; those of the endpoints' subnets 443 in and 1024-65535 "
                         "out. Then the route tables between the subnets.");
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-network-acls --region %s --filters "
                   "Name=association.subnet-id,Values=%s --query "
                   "\"NetworkAcls[].[NetworkAclId,Entries]\"",
                   remedy_region(facts), remedy_subnet(facts));
    acl_entry(facts, "egress", "443", "443", ipv6, block, finding);
    acl_entry(facts, "ingress", "1024", "65535", ipv6, block, finding);
    remedy_note(finding, "then those of the endpoint subnets, the other way round");
    remedy_command(finding,
                   "aws ec2 describe-network-acls --region %s --filters Name=vpc-id,Values=%s",
                   remedy_region(facts), remedy_vpc(facts));
    remedy_restart(facts, finding);
}

static const struct address_facts *bad_one(const struct facts *facts, enum service service,
                                           enum ending ending)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (reach_ending_at(facts, &endpoint->addresses[i]) == ending &&
            !reach_is_of_blocked_family(facts, service, &endpoint->addresses[i]))
            return &endpoint->addresses[i];
    return NULL;
}

static const char *bad_address(const struct facts *facts, enum service service, enum ending ending)
{
    const struct address_facts *bad = bad_one(facts, service, ending);
    return remedy_known(bad != NULL ? bad->address : "", "<address>");
}

static void find_endpoint(const struct facts *facts, enum service service, struct finding *finding)
{
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-vpc-endpoints --region %s --filters Name=vpc-id,Values=%s "
                   "Name=service-name,Values=%s --query "
                   "\"VpcEndpoints[].[VpcEndpointId,State,SubnetIds]\"",
                   remedy_region(facts), remedy_vpc(facts),
                   remedy_endpoint_service(facts, service));
}

void mend_zone(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    enum service service = remedy_service(finding);
    const struct address_facts *bad = bad_one(facts, service, ENDING_SILENT);
    bool own = bad != NULL && bad->place == PLACE_OWN_SUBNET;
    const char *subnet = own ? remedy_subnet(facts) : "<endpoint-subnet-id>";

    remedy_text(finding, "The endpoint's security group and the subnet's network ACL let others "
                         "through, so it is this one interface. Where the address has none, DNS "
                         "names one that is gone: a private hosted zone of your own. Otherwise "
                         "make it anew: take its subnet off the endpoint and add it again.");
    remedy_whose_address(facts, bad_address(facts, service, ENDING_SILENT), finding);
    find_endpoint(facts, service, finding);
    remedy_note(finding, "makes the interface anew, meanwhile the zone has none");
    remedy_command(finding,
                   "aws ec2 modify-vpc-endpoint --region %s --vpc-endpoint-id <vpc-endpoint-id> "
                   "--remove-subnet-ids %s",
                   remedy_region(facts), subnet);
    remedy_command(finding,
                   "aws ec2 modify-vpc-endpoint --region %s --vpc-endpoint-id <vpc-endpoint-id> "
                   "--add-subnet-ids %s",
                   remedy_region(facts), subnet);
    remedy_restart(facts, finding);
}

void mend_refused(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "An endpoint interface drops, it never refuses: see what has this "
                         "address. A private hosted zone or a hosts file may name an old one.");
    remedy_whose_address(facts, bad_address(facts, remedy_service(finding), ENDING_REJECTED),
                         finding);
    remedy_command(finding, "aws route53 list-hosted-zones-by-vpc --vpc-id %s --vpc-region %s",
                   remedy_vpc(facts), remedy_region(facts));
    remedy_restart(facts, finding);
}

void mend_gateway(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    enum service service = remedy_service(finding);
    const char *address = bad_address(facts, service, ENDING_LINK);

    remedy_text(finding, "Nobody answers ARP for the next hop: the address or the gateway is gone "
                         "(a deleted endpoint, a stale hosted zone), or this machine's netmask or "
                         "static route is wrong.");
    remedy_command(finding, "ip route get %s; ip neigh", address);
    remedy_whose_address(facts, address, finding);
    remedy_restart(facts, finding);
}

void mend_route(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    enum service service = remedy_service(finding);

    remedy_text(finding, "Give this machine a route to the endpoints. DHCP sets the default route "
                         "of the subnet; a static configuration, policy routing or a VPN client "
                         "may have taken it away.");
    const char *address = bad_address(facts, service, ENDING_NO_ROUTE);
    (void)routes_mend(facts, address, finding);
    remedy_command(finding, "ip route get %s; ip rule; ip route show table all", address);
    remedy_command(finding, "journalctl -b -u systemd-networkd -u NetworkManager -u cloud-init");
    remedy_restart_here(facts, finding);
}

void mend_mtu(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "Lower this machine's MTU to what the path carries (8500 through a "
                         "transit gateway, 1500 through a VPN or an appliance), or let ICMP "
                         "\"fragmentation needed\" through.");
    remedy_note(finding, "for a try, it lasts until the next boot");
    remedy_command(finding, "sudo ip link set dev %s mtu 1500",
                   remedy_known(facts->network.interfaces[0].name, "<interface>"));
    remedy_command(finding, "tracepath -n %s", remedy_host(facts, remedy_service(finding)));
    remedy_restart_here(facts, finding);
}
