/* SPDX-License-Identifier: Apache-2.0
 *
 * How to mend the SSM agent and what the image gives it. None of it can be mended from outside.
 */
#include <string.h>

#include "diagnose/remedy.h"

/* docs.aws.amazon.com/systems-manager/latest/userguide/manually-install-ssm-agent-linux.html; a
 * package of Debian's has the architecture's name in the folder's. */
static void install_agent(const struct facts *facts, const char *verb, struct finding *finding)
{
    const char *region = remedy_region(facts);
    enum agent_package package = facts->agent.package;

    if (package == AGENT_PACKAGE_SNAP) {
        remedy_command(finding, "sudo snap %s amazon-ssm-agent%s",
                       strcmp(verb, "upgrade") == 0 ? "refresh" : verb,
                       strcmp(verb, "install") == 0 ? " --classic" : "");
        return;
    }
    if (package != AGENT_PACKAGE_DEB) {
        remedy_note(finding, "Amazon Linux");
        remedy_command(finding, "sudo dnf %s -y amazon-ssm-agent", verb);
    }
    if (package == AGENT_PACKAGE_RPM)
        return;
    remedy_note(finding, "Debian, Ubuntu");
    remedy_command(finding,
                   "curl -fO https://s3.%s.%s/amazon-ssm-%s/latest/debian_$(dpkg "
                   "--print-architecture)/amazon-ssm-agent.deb && sudo dpkg -i "
                   "amazon-ssm-agent.deb",
                   region, remedy_known(facts->plan.domain, "amazonaws.com"), region);
}

void mend_agent_missing(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Install the SSM agent in the image. From a private VPC the package "
                         "comes through an S3 endpoint, so bake it in.");
    install_agent(scene->facts, "install", finding);
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
    remedy_text(finding, "Bake a newer SSM agent into the image, or install it here; from a "
                         "private VPC the package comes through an S3 endpoint. Run Command's "
                         "AWS-UpdateSSMAgent helps only instances that are managed already.");
    install_agent(scene->facts, "upgrade", finding);
}

void mend_agent_registration(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Remove the registration, here and before the image is made: the agent "
                         "takes it before it asks EC2 who it is.");
    remedy_command(finding, "sudo systemctl stop %s", agent_unit(scene->facts));
    remedy_command(finding, "sudo rm -rf /var/lib/amazon/ssm/registration "
                            "/var/lib/amazon/ssm/Vault /var/lib/amazon/ssm/runtimeconfig");
    remedy_restart_here(scene->facts, finding);
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
    remedy_restart_here(scene->facts, finding);
}

void mend_ca_bundle(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Install the distribution's CA certificates in the image, where the SSM "
                         "agent (Go) looks for them.");
    remedy_note(finding, "Debian, Ubuntu");
    remedy_command(finding, "sudo apt-get install -y ca-certificates");
    remedy_note(finding, "Amazon Linux, RHEL");
    remedy_command(finding, "sudo dnf install -y ca-certificates");
    remedy_restart_here(scene->facts, finding);
}
