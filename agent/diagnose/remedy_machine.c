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

    remedy_text(finding,
                "Remove the route or firewall rule that keeps this machine from %s, and what "
                "installs it at boot: cloud-init's disable_ec2_metadata, a static route, nftables "
                "or iptables rules, a metadata proxy.",
                address);
    if (scene->facts->imds.connect.took_ms >= AT_ONCE_MS) {
        firewall_mend(scene->facts, 80, address, finding);
    } else {
        (void)routes_mend(scene->facts, scene->facts->imds.address, finding);
        remedy_command(finding, "ip route get %s; ip route show table all | grep 169.254", address);
        remedy_command(finding, "nft list ruleset | grep 169.254; iptables-save | grep 169.254");
        remedy_command(finding, "grep -rn disable_ec2_metadata /etc/cloud");
    }
    remedy_restart_here(scene->facts, finding);
}

/* What answers is on this machine, or where it sends link-local packets to. */
void mend_imds_imposter(const struct scene *scene, struct finding *finding)
{
    const char *address = remedy_known(scene->facts->imds.address, "169.254.169.254");

    remedy_text(finding, "Find what answers in the metadata service's place, and take it off this "
                         "machine's own way there: a metadata proxy for containers (kube2iam, "
                         "kiam), a mock left in the image, a redirecting rule, a transparent "
                         "proxy, or another cloud's service.");
    remedy_note(finding, "who is it: an address here, a listener, a redirecting rule");
    remedy_command(finding, "ip -brief address; sudo ss -tlnp sport = :80; ip route get %s",
                   address);
    remedy_command(finding, "sudo iptables-save -t nat; sudo nft list ruleset | grep %s", address);
    remedy_command(finding, "curl -sv -o /dev/null http://%s/ 2>&1 | grep -i '^< '", address);
    remedy_restart_here(scene->facts, finding);
}

/* No quota is documented that could be raised. */
void mend_imds_throttled(const struct scene *scene, struct finding *finding)
{
    const char *address = remedy_known(scene->facts->imds.address, "169.254.169.254");

    remedy_text(finding, "Something on this machine asks the metadata service too often: find it, "
                         "and let it cache what it is told. A reboot often gives the agent its "
                         "turn before the noise begins.");
    remedy_note(finding, "who asks, run it a few times");
    remedy_command(finding, "sudo ss -tnp dst %s", address);
    remedy_note(finding, "how often");
    remedy_command(finding, "sudo timeout 10 tcpdump -ni any 'tcp[13] = 2 and host %s' | wc -l",
                   address);
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

void mend_imds_silent(const struct scene *scene, struct finding *finding)
{
    const char *address = remedy_known(scene->facts->imds.address, "169.254.169.254");

    remedy_text(finding, "Packets to the metadata service are lost: a local rule that drops "
                         "them, or a route that leads them elsewhere. Security groups and "
                         "network ACLs do not filter it.");
    remedy_command(finding, "ip route get %s; " FIREWALL_LOOK, address);
    remedy_note(finding, "too much link-local traffic, where this is not 0");
    remedy_command(finding, "ethtool -S %s | grep linklocal_allowance_exceeded",
                   remedy_known(scene->facts->network.interfaces[0].name, "<interface>"));
    remedy_note(finding, "is it enabled, and with what hop limit");
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
    remedy_note(finding, "with chrony, until it restarts: the image needs it as well");
    remedy_command(finding, "sudo chronyc -m 'add server 169.254.169.123 iburst prefer' "
                            "'waitsync 10 0 0 1' makestep tracking");
    remedy_note(finding, "with systemd-timesyncd");
    remedy_command(finding, "sudo mkdir -p /etc/systemd/timesyncd.conf.d && printf "
                            "'[Time]\\nNTP=169.254.169.123\\n' | sudo tee "
                            "/etc/systemd/timesyncd.conf.d/amazon.conf && sudo systemctl restart "
                            "systemd-timesyncd");
    remedy_restart(scene->facts, finding);
}

void mend_time_sync(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Enable a time service in the image, with Amazon's time source "
                         "169.254.169.123, which every VPC has without any route or endpoint. "
                         "The agent needs no restart: nothing has failed yet.");
    remedy_note(finding, "Debian, Ubuntu");
    remedy_command(finding, "sudo systemctl enable --now chrony");
    remedy_note(finding, "Amazon Linux, RHEL");
    remedy_command(finding, "sudo systemctl enable --now chronyd");
    remedy_note(finding, "without chrony");
    remedy_command(finding, "sudo systemctl enable --now systemd-timesyncd");
}

void mend_local_firewall(const struct scene *scene, struct finding *finding)
{
    bool unsent = firewall_lost(scene->facts, finding, LOSS_PROVEN);
    bool back = firewall_lost(scene->facts, finding, LOSS_LIKELY);

    remedy_text(finding,
                "Let this machine open TCP connections to port 443%s: %s its own nftables, "
                "iptables or security software, before the VPC is reached.",
                back ? ", and let the answers in" : "",
                unsent ? "what it sends is dropped by"
                : back ? "it seems that they are dropped by"
                       : "the refusal comes from");
    firewall_mend(scene->facts, 443, NULL, finding);
    remedy_restart_here(scene->facts, finding);
}

void mend_unexplained(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "No known cause fits. Keep the whole report and send it with a bug "
                         "report; --anonymize takes names and addresses out.");
    remedy_command(finding, "ssm-preflight check --output json --anonymize --save report.json");
}
