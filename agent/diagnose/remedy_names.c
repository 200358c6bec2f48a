/* SPDX-License-Identifier: Apache-2.0
 *
 * How to mend names: the resolver, the VPC's DNS attributes, and endpoints that are not there.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/look.h"
#include "diagnose/override.h"
#include "diagnose/remedy.h"

static void describe_endpoints(const struct facts *facts, struct finding *finding)
{
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-vpc-endpoints --region %s --filters Name=vpc-id,Values=%s "
                   "--query "
                   "\"VpcEndpoints[].[VpcEndpointId,ServiceName,State,PrivateDnsEnabled]\"",
                   remedy_region(facts), remedy_vpc(facts));
}

static void describe_endpoint(const struct facts *facts, const char *id, struct finding *finding)
{
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-vpc-endpoints --region %s --vpc-endpoint-ids %s --query "
                   "\"VpcEndpoints[].[VpcId,State,DnsEntries[].DnsName]\"",
                   remedy_region(facts), id);
}

/* The subnet is this instance's, the endpoint's security group must be chosen. */
static void create_endpoint(const struct facts *facts, enum service service,
                            struct finding *finding)
{
    remedy_note(finding, "where there is none");
    remedy_command(finding,
                   "aws ec2 create-vpc-endpoint --region %s --vpc-endpoint-type Interface "
                   "--vpc-id %s --service-name %s --subnet-ids %s --security-group-ids "
                   "<endpoint-security-group-id> --private-dns-enabled",
                   remedy_region(facts), remedy_vpc(facts), remedy_endpoint_service(facts, service),
                   remedy_subnet(facts));
}

static void turn_on_private_dns(const struct facts *facts, struct finding *finding)
{
    remedy_note(finding, "where PrivateDnsEnabled is false");
    remedy_command(finding,
                   "aws ec2 modify-vpc-endpoint --region %s --vpc-endpoint-id <vpc-endpoint-id> "
                   "--private-dns-enabled",
                   remedy_region(facts));
}

static void set_vpc_attribute(const struct facts *facts, const char *option,
                              struct finding *finding)
{
    remedy_command(finding, "aws ec2 modify-vpc-attribute --region %s --vpc-id %s %s",
                   remedy_region(facts), remedy_vpc(facts), option);
}

/* A DHCP options set cannot be changed; the new one has to carry over what else the old one has. */
static void use_amazon_dns(const struct facts *facts, struct finding *finding)
{
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-vpcs --region %s --vpc-ids %s --query "
                   "\"Vpcs[].DhcpOptionsId\"",
                   remedy_region(facts), remedy_vpc(facts));
    remedy_command(finding,
                   "aws ec2 describe-dhcp-options --region %s --dhcp-options-ids "
                   "<dhcp-options-id>",
                   remedy_region(facts));
    remedy_note(finding, "a new set, to which add what else the old one has");
    remedy_command(finding,
                   "aws ec2 create-dhcp-options --region %s --dhcp-configurations "
                   "\"Key=domain-name-servers,Values=AmazonProvidedDNS\"",
                   remedy_region(facts));
    remedy_note(finding, "changes DNS for the whole VPC, each instance at its next lease");
    remedy_command(finding,
                   "aws ec2 associate-dhcp-options --region %s --vpc-id %s --dhcp-options-id "
                   "<new-dhcp-options-id>",
                   remedy_region(facts), remedy_vpc(facts));
}

void mend_resolver_missing(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Give this machine a nameserver. DHCP hands one out from the VPC's DHCP "
                         "options set: look whether the set has domain-name-servers, and whether "
                         "the image lets DHCP write resolv.conf.");
    use_amazon_dns(scene->facts, finding);
    remedy_command(finding, "resolvectl status; cat /etc/resolv.conf");
    remedy_restart(scene->facts, finding);
}

void mend_vpc_dns(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Turn the VPC's DNS resolution on. Private DNS names of endpoints need "
                         "enableDnsHostnames too.");
    set_vpc_attribute(scene->facts, "--enable-dns-support", finding);
    set_vpc_attribute(scene->facts, "--enable-dns-hostnames", finding);
    remedy_restart(scene->facts, finding);
}

void mend_resolver_unreachable(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    if (facts->resolvers.stub) {
        remedy_text(finding, "The local stub 127.0.0.53 gets no answer: systemd-resolved is not "
                             "running, or the servers behind it, handed out by the VPC's DHCP "
                             "options set, are dead or filtered (port 53).");
        remedy_command(finding, "systemctl status systemd-resolved; resolvectl status");
    } else {
        remedy_text(finding, "Repair the nameserver, or its path (port 53, UDP and TCP), or have "
                             "the VPC's DHCP options set name one that answers; Amazon's own is "
                             "AmazonProvidedDNS. Instances take it at their next lease.");
    }
    use_amazon_dns(facts, finding);
    remedy_restart(facts, finding);
}

void mend_forwarding(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding,
                "Have the DNS server forward %s.%s to the VPC's resolver (base + 2, or a Route 53 "
                "Resolver inbound endpoint when the server is outside the VPC), or have the "
                "VPC's DHCP options set name AmazonProvidedDNS.",
                remedy_region(facts), remedy_known(facts->plan.domain, "<dns-suffix>"));
    use_amazon_dns(facts, finding);
    bool ipv6 = facts->network.usable_ipv6 && !facts->network.usable_ipv4;
    remedy_command(finding,
                   ipv6 ? "dig +short %s AAAA @fd00:ec2::253" : "dig +short %s @169.254.169.253",
                   remedy_host(facts, remedy_service(finding)));
    remedy_restart(facts, finding);
}

void mend_dns_server_silent(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Nothing fails. A look-up that comes to the silent server waits for it, "
                         "the agent's too (5 s unless resolv.conf says otherwise); where it is "
                         "named first, each does. Take it out of the VPC's DHCP options set, or "
                         "mend it.");
}

/* As sed's regular expression: a dot is a dot. */
static void as_pattern(const char *host, char *to, size_t size)
{
    to[0] = '\0';
    for (; *host != '\0'; host++)
        text_add(to, size, "%s%c", *host == '.' ? "\\" : "", *host);
}

void mend_hosts_file(const struct scene *scene, struct finding *finding)
{
    const char *host = remedy_host(scene->facts, remedy_service(finding));
    char pattern[2 * HOST_SIZE];

    remedy_text(finding, "Take the line out of /etc/hosts, and out of what writes it (the image, "
                         "cloud-init's manage_etc_hosts template): addresses of endpoints change "
                         "when they are made anew.");
    as_pattern(host, pattern, sizeof pattern);
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "grep -nwF %s /etc/hosts", host);
    remedy_note(finding, "takes out the whole line, the file as it was becomes hosts.bak");
    remedy_command(finding, "sudo sed -i.bak '/[[:space:]]%s\\([[:space:]]\\|$\\)/d' /etc/hosts",
                   pattern);
    remedy_restart_here(scene->facts, finding);
}

void mend_private_dns(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "See which endpoints the VPC has: create those that are missing, with "
                         "private DNS names, and turn these on where they are off. They need both "
                         "DNS attributes of the VPC.");
    if (facts->plan.private_dns == PRIVATE_DNS_OFF)
        remedy_text(finding, "Or give the subnet a way to public addresses (NAT gateway).");
    describe_endpoints(facts, finding);
    set_vpc_attribute(facts, "--enable-dns-hostnames", finding);
    turn_on_private_dns(facts, finding);
    create_endpoint(facts, SERVICE_SSM, finding);
    create_endpoint(facts, SERVICE_SSMMESSAGES, finding);
    if (facts->plan.services[SERVICE_EC2MESSAGES].need == NEED_REQUIRED)
        create_endpoint(facts, SERVICE_EC2MESSAGES, finding);
    remedy_restart(facts, finding);
}

static const char *config_file(const struct facts *facts)
{
    return remedy_known(facts->agent.config_file, "/etc/amazon/ssm/amazon-ssm-agent.json");
}

static void describe_service(const struct facts *facts, enum service service,
                             struct finding *finding)
{
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "aws ec2 describe-vpc-endpoint-services --region %s --service-names %s",
                   remedy_region(facts), remedy_endpoint_service(facts, service));
}

static void show_overrides(const struct facts *facts, struct finding *finding)
{
    remedy_command(finding, "grep -n Endpoint %s", config_file(facts));
}

/* The plain endpoint may well be there: its private DNS names do not cover this one. */
static void mend_fips_missing(const struct facts *facts, enum service service,
                              struct finding *finding)
{
    remedy_text(finding,
                "%s names %s, which the plain endpoint's private DNS name does not cover. Take it "
                "out, and the agent uses the plain name; or, where FIPS is demanded and the region "
                "has the service, create its own interface endpoint with private DNS names.",
                config_file(facts), remedy_host(facts, service));
    show_overrides(facts, finding);
    describe_service(facts, service, finding);
    create_endpoint(facts, service, finding);
    remedy_restart(facts, finding);
}

static void mend_gateway_missing(const struct facts *facts, enum service service,
                                 struct finding *finding)
{
    remedy_text(finding,
                "Give this subnet's route table a gateway endpoint for %s, which costs nothing; "
                "its policy and this instance's group must let the traffic pass (443 to the "
                "service's prefix list). Or create an interface endpoint.",
                service_name(service));
    remedy_note(finding, "look first: nothing listed means the main route table");
    remedy_command(finding,
                   "aws ec2 describe-route-tables --region %s --filters "
                   "Name=association.subnet-id,Values=%s --query "
                   "\"RouteTables[].[RouteTableId,Routes]\"",
                   remedy_region(facts), remedy_subnet(facts));
    remedy_note(finding, "where no route leads to a prefix list of the service");
    remedy_command(finding,
                   "aws ec2 create-vpc-endpoint --region %s --vpc-endpoint-type Gateway --vpc-id "
                   "%s --service-name %s --route-table-ids <route-table-id>",
                   remedy_region(facts), remedy_vpc(facts),
                   remedy_endpoint_service(facts, service));
    remedy_restart(facts, finding);
}

void mend_endpoint_missing(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    if (service_has_gateway(remedy_service(finding))) {
        mend_gateway_missing(facts, remedy_service(finding), finding);
        return;
    }
    if (override_is_fips(facts, remedy_service(finding))) {
        mend_fips_missing(facts, remedy_service(finding), finding);
        return;
    }
    remedy_text(finding, "Create the interface endpoint with private DNS names, one subnet a "
                         "zone, and a security group that lets 443 in from the instances. Where "
                         "it exists already, turn its private DNS names on.");
    describe_endpoints(facts, finding);
    create_endpoint(facts, remedy_service(finding), finding);
    turn_on_private_dns(facts, finding);
    remedy_restart(facts, finding);
}

/* An endpoint's own private DNS names give private addresses only: somebody adds the others. */
static void mend_mixed_names(const struct facts *facts, const char *services,
                             struct finding *finding)
{
    remedy_text(finding,
                "The private addresses are the endpoint's; take the public ones out of what names "
                "them (%s): a private hosted zone of your own, or a DNS server that merges "
                "answers. The agent meets them on some attempts.",
                services);
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "aws route53 list-hosted-zones-by-vpc --vpc-id %s --vpc-region %s",
                   remedy_vpc(facts), remedy_region(facts));
    remedy_restart(facts, finding);
}

void mend_public_path(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    char services[LINE_SIZE];

    remedy_services(finding, services, sizeof services);
    if (!look_any_public_answers(facts, finding->explains)) {
        mend_mixed_names(facts, services, finding);
        return;
    }
    remedy_text(finding,
                "It works, but through a NAT or internet gateway. Create interface endpoints with "
                "private DNS names (%s), or say that public addresses are meant: --private-dns "
                "warn, or off.",
                services);
    describe_endpoints(facts, finding);
    for (int i = 0; i < N_SERVICES; i++)
        if (finding->explains & check_service_bits((enum service)i))
            create_endpoint(facts, (enum service)i, finding);
    set_vpc_attribute(facts, "--enable-dns-hostnames", finding);
    remedy_restart(facts, finding);
}

/* The name is that of one endpoint. */
static void mend_endpoint_gone(const struct facts *facts, const char *id, struct finding *finding)
{
    remedy_text(finding,
                "The name in %s is that of one endpoint, which is gone or lies in another region. "
                "Give the name of one that exists, or take it out: where endpoints have private "
                "DNS names none has to be named.",
                config_file(facts));
    show_overrides(facts, finding);
    describe_endpoint(facts, id, finding);
    remedy_restart(facts, finding);
}

void mend_wrong_name(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    enum service service = remedy_service(finding);
    char id[NAME_SIZE];

    if (facts->plan.region_source == SOURCE_OPTION && facts->instance.region[0] != '\0' &&
        strcmp(facts->plan.region, facts->instance.region) != 0) {
        remedy_text(finding,
                    "This instance is in %s, and an option of this program says %s: correct or "
                    "take out --region, or the key region of its configuration.",
                    remedy_region(facts), facts->plan.region);
        remedy_note(finding, REMEDY_LOOK);
        remedy_command(finding, "grep -rn region /etc/ssm-preflight");
        return;
    }
    if (override_is_endpoint(facts, service, id)) {
        mend_endpoint_gone(facts, id, finding);
        return;
    }
    bool configured = facts->plan.services[service].host_source == SOURCE_AGENT_CONFIG;
    if (configured)
        remedy_text(finding,
                    "The name comes from %s: correct the endpoint, region or domain there.",
                    config_file(facts));
    else
        remedy_text(finding, "See whether the service exists in this region under this name. A "
                             "private hosted zone of that domain, attached to the VPC, also hides "
                             "the real name.");
    if (override_is_fips(facts, service))
        remedy_text(finding, "Not every region has a FIPS name, and in GovCloud the plain name is "
                             "the FIPS one: take it out, and the agent uses that.");
    if (configured) {
        remedy_note(finding, REMEDY_LOOK);
        remedy_command(finding, "grep -n 'Endpoint\\|Region\\|ServiceDomain' %s",
                       config_file(facts));
        remedy_restart_here(facts, finding);
        return;
    }
    describe_service(facts, service, finding);
    remedy_command(finding, "aws route53 list-hosted-zones-by-vpc --vpc-id %s --vpc-region %s",
                   remedy_vpc(facts), remedy_region(facts));
    remedy_restart(facts, finding);
}

void mend_servfail(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "The nameserver is reached and cannot, or will not, answer: it has no "
                         "way to the internet's DNS, does not serve this network, or a Route 53 "
                         "Resolver rule or DNS firewall stands in between. Have it forward to the "
                         "VPC's resolver, or use that directly.");
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws route53resolver list-resolver-rule-associations --region %s "
                   "--filters Name=VPCId,Values=%s",
                   remedy_region(facts), remedy_vpc(facts));
    use_amazon_dns(facts, finding);
    remedy_restart(facts, finding);
}
