/* SPDX-License-Identifier: Apache-2.0
 *
 * How to mend the machine, its metadata service, and its clock. Where only somebody on the machine
 * can act, the commands are for its shell (EC2 serial console); the others are the AWS CLI's.
 */
#include <string.h>

#include "diagnose/firewall.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"
#include "diagnose/routes.h"

void mend_not_ec2(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Nothing to mend: this program answers for EC2 instances only. Outside "
                         "EC2 an SSM agent registers by a hybrid activation.");
}

void mend_network(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Wait for the network, as `ssm-preflight wait` does. If it never comes "
                         "up, look at the image's network configuration (DHCP, the interface's "
                         "name) on the EC2 serial console.");
    remedy_command(finding, "ip -brief address; ip route");
    remedy_command(finding, "journalctl -b -u systemd-networkd -u NetworkManager -u cloud-init");
}

void mend_imds_locally(const struct scene *scene, struct finding *finding)
{
    const char *address = remedy_known(scene->facts->imds.address, "169.254.169.254");
    struct firewall_quotes quotes;

    firewall_collect(scene->facts, finding, &quotes);
    remedy_text(finding,
                "Remove the route or firewall rule that keeps this machine from %s, and what "
                "installs it at boot: cloud-init's disable_ec2_metadata, a static route, nftables "
                "or iptables rules, a metadata proxy.",
                address);
    if (quotes.dropped) {
        firewall_mend(scene->facts, &quotes, 80, address, finding);
    } else {
        (void)routes_mend(scene->facts, scene->facts->imds.address, finding);
        remedy_command(finding, "ip route get %s; ip route show table all | grep 169.254", address);
        remedy_command(finding, "nft list ruleset | grep 169.254; iptables-save | grep 169.254");
        remedy_command(finding, "grep -rn disable_ec2_metadata /etc/cloud");
    }
    remedy_restart(scene->facts, finding);
}

void mend_imds_disabled(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Enable the instance metadata service; it takes effect at once, without "
                         "a reboot.");
    remedy_command(finding,
                   "aws ec2 modify-instance-metadata-options --region %s --instance-id %s "
                   "--http-endpoint enabled --http-tokens required",
                   remedy_region(scene->facts), remedy_instance(scene->facts));
    remedy_restart(scene->facts, finding);
}

void mend_imds_hop_limit(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Raise the hop limit of the metadata service's token answers, by one for "
                         "each hop between this place (a container, a network namespace) and the "
                         "instance.");
    remedy_command(finding,
                   "aws ec2 modify-instance-metadata-options --region %s --instance-id %s "
                   "--http-put-response-hop-limit 2",
                   remedy_region(scene->facts), remedy_instance(scene->facts));
    remedy_restart(scene->facts, finding);
}

void mend_hop_limit_one(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "The agent on this machine needs no more. Raise the limit to 2 only if "
                         "containers with a network of their own are to use the instance's role.");
    remedy_command(finding,
                   "aws ec2 modify-instance-metadata-options --region %s --instance-id %s "
                   "--http-put-response-hop-limit 2",
                   remedy_region(scene->facts), remedy_instance(scene->facts));
}

void mend_imds_trouble(const struct scene *scene, struct finding *finding)
{
    const char *address = remedy_known(scene->facts->imds.address, "169.254.169.254");

    if (strcmp(finding->code, "imds-throttled") == 0)
        remedy_text(finding, "Something on this machine asks the metadata service too often (1024 "
                             "packets a second is all that an interface may send to link-local "
                             "services). Find it and let it cache what it is told.");
    else
        remedy_text(finding, "Packets to the metadata service are lost: a local rule that drops "
                             "them, or a route that leads them elsewhere. Security groups and "
                             "network ACLs do not filter it.");
    remedy_command(finding, "ip route get %s; nft list ruleset; iptables-save", address);
    remedy_command(finding, "ethtool -S %s | grep linklocal_allowance_exceeded",
                   remedy_known(scene->facts->network.interfaces[0].name, "<interface>"));
    remedy_command(finding,
                   "aws ec2 describe-instances --region %s --instance-ids %s --query "
                   "\"Reservations[].Instances[].MetadataOptions\"",
                   remedy_region(scene->facts), remedy_instance(scene->facts));
    remedy_restart(scene->facts, finding);
}

void mend_clock(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Set the clock, and keep it by Amazon's time source 169.254.169.123, "
                         "which every VPC has without any route or endpoint: signatures are "
                         "refused beyond 5 minutes, and certificates outside their dates.");
    remedy_command(finding, "echo 'server 169.254.169.123 prefer iburst' | sudo tee -a "
                            "/etc/chrony/chrony.conf && sudo systemctl restart chrony");
    remedy_command(finding, "sudo chronyc makestep && chronyc tracking");
    remedy_restart(scene->facts, finding);
}

void mend_time_sync(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Enable a time service in the image, with Amazon's time source "
                         "169.254.169.123, which every VPC has without any route or endpoint. "
                         "The agent needs no restart: nothing has failed yet.");
    remedy_command(finding, "sudo systemctl enable --now chrony   # Debian, Ubuntu");
    remedy_command(finding, "sudo systemctl enable --now chronyd   # Amazon Linux, RHEL");
    remedy_command(finding, "sudo systemctl enable --now systemd-timesyncd   # without chrony");
}

void mend_local_firewall(const struct scene *scene, struct finding *finding)
{
    struct firewall_quotes quotes;

    firewall_collect(scene->facts, finding, &quotes);
    remedy_text(finding,
                "Let this machine open TCP connections to port 443%s: %s its own nftables, "
                "iptables or security software, before the VPC is reached.",
                quotes.came_in ? ", and let the answers in" : "",
                quotes.came_in   ? "they are dropped by"
                : quotes.dropped ? "what it sends is dropped by"
                                 : "the refusal comes from");
    if (quotes.dropped) {
        firewall_mend(scene->facts, &quotes, 443, NULL, finding);
    } else {
        remedy_command(finding, "nft list ruleset; iptables-save");
        remedy_command(finding, "sudo nft insert rule inet filter output tcp dport 443 accept");
    }
    remedy_restart(scene->facts, finding);
}

void mend_agent_missing(const struct scene *scene, struct finding *finding)
{
    const char *region = remedy_region(scene->facts);

    remedy_text(finding, "Install the SSM agent in the image. From a private VPC the package "
                         "comes through an S3 endpoint, so bake it in.");
    if (scene->facts->agent.package == AGENT_PACKAGE_SNAP) {
        remedy_command(finding, "sudo snap install amazon-ssm-agent --classic");
    } else {
        remedy_command(finding, "sudo dnf install -y amazon-ssm-agent   # Amazon Linux");
        remedy_command(finding,
                       "curl -O https://s3.%s.%s/amazon-ssm-%s/latest/debian_amd64/"
                       "amazon-ssm-agent.deb && sudo dpkg -i amazon-ssm-agent.deb",
                       region, remedy_known(scene->facts->plan.domain, "amazonaws.com"), region);
    }
    remedy_command(finding, "sudo systemctl enable --now amazon-ssm-agent");
}

static const char *agent_unit(const struct facts *facts)
{
    return remedy_known(facts->agent.unit, "amazon-ssm-agent.service");
}

void mend_agent_disabled(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Enable the agent's unit, here and in the image that it comes from.");
    if (scene->facts->agent.package == AGENT_PACKAGE_SNAP)
        remedy_command(finding, "sudo snap start --enable amazon-ssm-agent");
    else
        remedy_command(finding, "sudo systemctl enable --now %s", agent_unit(scene->facts));
}

void mend_agent_masked(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Unmask the agent's unit, here and in the image that it comes from.");
    remedy_command(finding, "sudo systemctl unmask %s", agent_unit(scene->facts));
    remedy_command(finding, "sudo systemctl enable --now %s", agent_unit(scene->facts));
}

void mend_agent_old(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Bake a newer SSM agent into the image. An instance that is managed "
                         "already can update itself.");
    remedy_command(finding,
                   "aws ssm send-command --region %s --document-name AWS-UpdateSSMAgent "
                   "--targets Key=InstanceIds,Values=%s",
                   remedy_region(scene->facts), remedy_instance(scene->facts));
}

void mend_agent_registration(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Remove the registration, here and before the image is made: the agent "
                         "takes it before it asks EC2 who it is.");
    remedy_command(finding, "sudo systemctl stop %s", agent_unit(scene->facts));
    remedy_command(finding, "sudo rm -rf /var/lib/amazon/ssm/registration "
                            "/var/lib/amazon/ssm/Vault /var/lib/amazon/ssm/runtimeconfig");
    remedy_restart(scene->facts, finding);
}

void mend_agent_connection(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "What kept it away seems to be mended: everything that it needs works.");
    remedy_restart(scene->facts, finding);
}

void mend_agent_config(const struct scene *scene, struct finding *finding)
{
    const char *file = remedy_known(scene->facts->agent.config_file,
                                    "/etc/amazon/ssm/amazon-ssm-agent.json");

    remedy_text(finding,
                "Mend %s: it must be JSON, and its region and endpoints must be those of "
                "this instance. Without the file the agent runs on its defaults.",
                file);
    remedy_command(finding, "python3 -m json.tool %s", file);
    remedy_restart(scene->facts, finding);
}

void mend_ca_bundle(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Install the distribution's CA certificates in the image, where the SSM "
                         "agent (Go) looks for them.");
    remedy_command(finding, "sudo apt-get install -y ca-certificates   # Debian, Ubuntu");
    remedy_command(finding, "sudo dnf install -y ca-certificates   # Amazon Linux, RHEL");
    remedy_restart(scene->facts, finding);
}

void mend_unexplained(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "No known cause fits. Keep the whole report and send it with a bug "
                         "report; --anonymize takes names and addresses out.");
    remedy_command(finding, "ssm-preflight check --output json --anonymize --save report.json");
}
