/* SPDX-License-Identifier: Apache-2.0
 *
 * Values into commands, and nothing else into them.
 */
#include "diagnose/remedy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/partitions.h"

void remedy_text(struct finding *finding, const char *format, ...)
{
    size_t used = strlen(finding->remedy);
    va_list arguments;

    if (used > 0 && used + 2 < sizeof finding->remedy)
        finding->remedy[used++] = ' ';
    va_start(arguments, format);
    (void)vsnprintf(finding->remedy + used, sizeof finding->remedy - used, format, arguments);
    va_end(arguments);
}

void remedy_command(struct finding *finding, const char *format, ...)
{
    va_list arguments;

    if (finding->n_commands >= MAX_COMMANDS)
        return;
    va_start(arguments, format);
    (void)vsnprintf(finding->commands[finding->n_commands++], COMMAND_SIZE, format, arguments);
    va_end(arguments);
}

void remedy_note(struct finding *finding, const char *note)
{
    if (finding->n_commands < MAX_COMMANDS)
        text_set(finding->notes[finding->n_commands], NOTE_SIZE, "%s", note);
}

static void add_restart(const struct facts *facts, struct finding *finding)
{
    bool snap = facts->agent.package == AGENT_PACKAGE_SNAP ||
                text_starts(facts->agent.unit, "snap.");

    remedy_command(finding, "%s",
                   snap ? "sudo snap restart amazon-ssm-agent"
                        : "sudo systemctl restart amazon-ssm-agent");
    finding->n_afterwards++;
}

void remedy_restart(const struct facts *facts, struct finding *finding)
{
    text_set(finding->afterwards, sizeof finding->afterwards,
             "Then restart the agent, which sleeps 5 to 60 minutes between attempts; where it is "
             "on, ssm-preflight-follow.service does so by itself.");
    remedy_note(finding, "only where no follow-up is on and nobody can log in");
    remedy_command(finding, "aws ec2 reboot-instances --region %s --instance-ids %s",
                   remedy_region(facts), remedy_instance(facts));
    finding->n_afterwards++;
    add_restart(facts, finding);
}

void remedy_restart_here(const struct facts *facts, struct finding *finding)
{
    text_set(finding->afterwards, sizeof finding->afterwards,
             "Then restart the agent, which sleeps 5 to 60 minutes between attempts.");
    add_restart(facts, finding);
}

const char *remedy_known(const char *value, const char *placeholder)
{
    return text_only(value, "-._:/@+=,") && value[0] != '-' ? value : placeholder;
}

const char *remedy_region(const struct facts *facts)
{
    const char *region = facts->instance.region[0] ? facts->instance.region : facts->plan.region;
    return remedy_known(region, "<region>");
}

const char *remedy_vpc(const struct facts *facts)
{
    return remedy_known(facts->instance.vpc, "<vpc-id>");
}

const char *remedy_subnet(const struct facts *facts)
{
    return remedy_known(facts->instance.subnet, "<subnet-id>");
}

const char *remedy_group(const struct facts *facts)
{
    return facts->instance.n_security_groups > 0
               ? remedy_known(facts->instance.security_groups[0], "<instance-security-group-id>")
               : "<instance-security-group-id>";
}

const char *remedy_instance(const struct facts *facts)
{
    const char *id = facts->instance.id[0] ? facts->instance.id : "";
    if (id[0] == '\0' && text_starts(facts->machine.asset_tag, "i-"))
        id = facts->machine.asset_tag;
    return remedy_known(id, "<instance-id>");
}

const char *remedy_role(const struct facts *facts)
{
    return remedy_known(facts->role.role, "<role-name>");
}

const char *remedy_partition(const struct facts *facts)
{
    const char *partition = facts->instance.partition[0]
                                ? facts->instance.partition
                                : partition_of_region(remedy_region(facts))->name;
    return remedy_known(partition, "<partition>");
}

const char *remedy_endpoint_service(const struct facts *facts, enum service service)
{
    return remedy_known(facts->plan.services[service].endpoint_service, "<endpoint-service-name>");
}

const char *remedy_host(const struct facts *facts, enum service service)
{
    return remedy_known(facts->plan.services[service].host, "<endpoint-host-name>");
}

enum service remedy_service(const struct finding *finding)
{
    for (int i = 0; i < N_SERVICES; i++)
        if (finding->target == target_of_service((enum service)i) ||
            (finding->explains & check_service_bits((enum service)i)))
            return (enum service)i;
    return SERVICE_SSM;
}

void remedy_whose_address(const struct facts *facts, const char *address, struct finding *finding)
{
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-network-interfaces --region %s --filters "
                   "Name=addresses.private-ip-address,Values=%s --query "
                   "\"NetworkInterfaces[].[NetworkInterfaceId,SubnetId,Status,InterfaceType,"
                   "Groups[].GroupId]\"",
                   remedy_region(facts), address);
}

void remedy_routes_of_subnet(const struct facts *facts, struct finding *finding)
{
    remedy_note(finding, "look first: what is more specific than local may be a firewall");
    remedy_command(finding,
                   "aws ec2 describe-route-tables --region %s --filters "
                   "Name=association.subnet-id,Values=%s --query \"RouteTables[].Routes[]\"",
                   remedy_region(facts), remedy_subnet(facts));
}

void remedy_offer_acl(const struct facts *facts, struct finding *finding)
{
    finding_alternative(finding, "network-acl",
                        "aws ec2 describe-network-acls --region %s --filters "
                        "Name=association.subnet-id,Values=%s",
                        remedy_region(facts), remedy_subnet(facts));
}

void remedy_offer_egress(const struct facts *facts, struct finding *finding)
{
    finding_alternative(finding, "egress-blocked",
                        "aws ec2 describe-security-groups --region %s --group-ids %s --query "
                        "\"SecurityGroups[].IpPermissionsEgress\"",
                        remedy_region(facts), remedy_group(facts));
}

void remedy_offer_routes(const struct facts *facts, const char *code, struct finding *finding)
{
    finding_alternative(finding, code,
                        "aws ec2 describe-route-tables --region %s --filters "
                        "Name=association.subnet-id,Values=%s",
                        remedy_region(facts), remedy_subnet(facts));
}

void remedy_services(const struct finding *finding, char *to, size_t size)
{
    to[0] = '\0';
    for (int i = 0; i < N_SERVICES; i++)
        if (finding->explains & check_service_bits((enum service)i))
            text_add(to, size, "%s%s", to[0] ? ", " : "", service_name((enum service)i));
}
