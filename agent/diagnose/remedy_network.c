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
                "endpoint's security group.",
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
    remedy_command(finding,
                   "aws ec2 describe-security-groups --region %s --group-ids %s --query "
                   "\"SecurityGroups[].IpPermissionsEgress\"",
                   remedy_region(facts), remedy_group(facts));
    remedy_command(finding,
                   "aws ec2 authorize-security-group-egress --region %s --group-id %s "
                   "--ip-permissions \"IpProtocol=tcp,FromPort=443,ToPort=443,"
                   "%s=%s}]\"",
                   remedy_region(facts), remedy_group(facts),
                   ipv6 ? "Ipv6Ranges=[{CidrIpv6" : "IpRanges=[{CidrIp", block);
    remedy_restart(facts, finding);
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
    remedy_command(finding,
                   "aws ec2 describe-network-acls --region %s --filters "
                   "Name=association.subnet-id,Values=%s --query "
                   "\"NetworkAcls[].[NetworkAclId,Entries]\"",
                   remedy_region(facts), remedy_subnet(facts));
    remedy_command(finding,
                   "aws ec2 create-network-acl-entry --region %s --network-acl-id "
                   "<network-acl-id> --egress --rule-number <number> --protocol tcp --port-range "
                   "From=443,To=443 --%s %s --rule-action allow",
                   remedy_region(facts), ipv6 ? "ipv6-cidr-block" : "cidr-block", block);
    remedy_command(finding,
                   "aws ec2 describe-network-acls --region %s --filters Name=vpc-id,Values=%s",
                   remedy_region(facts), remedy_vpc(facts));
    remedy_restart(facts, finding);
}

static const char *bad_address(const struct facts *facts, enum service service, enum ending ending)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (reach_ending_at(facts, &endpoint->addresses[i]) == ending &&
            !reach_is_of_blocked_family(facts, service, &endpoint->addresses[i]))
            return remedy_known(endpoint->addresses[i].address, "<address>");
    return "<address>";
}

static void whose_address(const struct facts *facts, const char *address, struct finding *finding)
{
    remedy_command(finding,
                   "aws ec2 describe-network-interfaces --region %s --filters "
                   "Name=addresses.private-ip-address,Values=%s --query "
                   "\"NetworkInterfaces[].[NetworkInterfaceId,SubnetId,Status,InterfaceType,"
                   "Groups[].GroupId]\"",
                   remedy_region(facts), address);
}

void mend_zone(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    enum service service = remedy_service(finding);

    remedy_text(finding, "Look at this one endpoint network interface: its security group and "
                         "its state, then the subnet that it lies in. The agent meets it on some "
                         "attempts and not on others.");
    whose_address(facts, bad_address(facts, service, ENDING_SILENT), finding);
    allow_inbound(facts, finding);
    remedy_restart(facts, finding);
}

void mend_refused(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "An endpoint interface drops, it never refuses: see what has this "
                         "address. A private hosted zone or a hosts file may name an old one.");
    whose_address(facts, bad_address(facts, remedy_service(finding), ENDING_REJECTED), finding);
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
    whose_address(facts, address, finding);
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
    remedy_restart(facts, finding);
}

void mend_mtu(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "Lower this machine's MTU to what the path carries (8500 through a "
                         "transit gateway, 1500 through a VPN or an appliance), or let ICMP "
                         "\"fragmentation needed\" through.");
    remedy_command(finding, "sudo ip link set dev %s mtu 1500",
                   remedy_known(facts->network.interfaces[0].name, "<interface>"));
    remedy_command(finding, "tracepath -n %s", remedy_host(facts, remedy_service(finding)));
    remedy_restart(facts, finding);
}
