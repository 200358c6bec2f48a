/* SPDX-License-Identifier: Apache-2.0
 *
 * How to mend what lies between TLS and the service's answer; and what to do about notes.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/remedy.h"

/* The address whose handshake failed; the first one when none did. */
static const char *shown_address(const struct facts *facts, enum service service)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        if (endpoint->addresses[i].steps[RUNG_TLS].outcome == OUTCOME_FAILED)
            return remedy_known(endpoint->addresses[i].address, "<address>");
    return remedy_known(endpoint->addresses[0].address, "<address>");
}

static void whose_is_it(const struct facts *facts, struct finding *finding)
{
    remedy_whose_address(facts, shown_address(facts, remedy_service(finding)), finding);
}

static void show_certificate(const struct facts *facts, enum service service,
                             struct finding *finding)
{
    const char *host = remedy_host(facts, service);
    const char *address = shown_address(facts, service);

    remedy_command(finding,
                   "openssl s_client -connect %s:443 -servername %s </dev/null | openssl x509 "
                   "-noout -subject -issuer -dates",
                   address, host);
}

void mend_interception(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Except the Systems Manager names from TLS inspection in the proxy or "
                         "firewall: it breaks the session channel. Where it is meant to stay, this "
                         "finding stays, unless --ca-file names the certificate of its authority, "
                         "which the image's own bundle needs as well.");
    remedy_routes_of_subnet(scene->facts, finding);
    show_certificate(scene->facts, remedy_service(finding), finding);
    remedy_restart(scene->facts, finding);
}

void mend_untrusted(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Find out who answers: the certificate ends in no root of Amazon's nor "
                         "of this machine's. A stale hosted zone, a captive gateway, or an "
                         "inspecting firewall whose authority the image lacks.");
    whose_is_it(scene->facts, finding);
    show_certificate(scene->facts, remedy_service(finding), finding);
    remedy_restart(scene->facts, finding);
}

void mend_tls_name(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "The address belongs to another service or endpoint. Correct what names "
                         "it: a private hosted zone, /etc/hosts, or the endpoint in "
                         "amazon-ssm-agent.json.");
    whose_is_it(scene->facts, finding);
    show_certificate(scene->facts, remedy_service(finding), finding);
    remedy_command(finding, "aws route53 list-hosted-zones-by-vpc --vpc-id %s --vpc-region %s",
                   remedy_vpc(scene->facts), remedy_region(scene->facts));
    remedy_restart(scene->facts, finding);
}

void mend_tls_expired(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Amazon renews its certificates long before; so something else answers, "
                         "or this machine's clock is wrong after all.");
    whose_is_it(scene->facts, finding);
    show_certificate(scene->facts, remedy_service(finding), finding);
    remedy_command(finding, "chronyc tracking; date -u");
    remedy_restart(scene->facts, finding);
}

void mend_tls_reset(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Something between this instance and the endpoint filters connections by "
                         "what they say: a firewall that allows names from a list, or a proxy. "
                         "Let the Systems Manager names pass.");
    remedy_routes_of_subnet(scene->facts, finding);
    show_certificate(scene->facts, remedy_service(finding), finding);
    remedy_restart(scene->facts, finding);
}

void mend_tls_version(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "AWS speaks TLS 1.2 and 1.3: what answers is not AWS, or an appliance in "
                         "between lowers the version. Except the Systems Manager names from it.");
    whose_is_it(scene->facts, finding);
    show_certificate(scene->facts, remedy_service(finding), finding);
    remedy_restart(scene->facts, finding);
}

void mend_signature(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding,
                "The request was changed on the way, or signed for another region: take "
                "rewriting proxies out of the path, and see that Agent.Region in "
                "amazon-ssm-agent.json is %s.",
                remedy_region(scene->facts));
    remedy_command(
        finding, "grep -n Region %s",
        remedy_known(scene->facts->agent.config_file, "/etc/amazon/ssm/amazon-ssm-agent.json"));
    remedy_restart(scene->facts, finding);
}

void mend_proxy(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    const char *unit = remedy_known(facts->agent.unit, "amazon-ssm-agent.service");

    if (facts->agent.https_proxy[0] != '\0') {
        remedy_text(finding, "Name the endpoints and the metadata service in the agent's "
                             "NO_PROXY, so that it goes to them directly.");
        remedy_command(finding,
                       "sudo mkdir -p /etc/systemd/system/%s.d && printf '[Service]\\n"
                       "Environment=\"NO_PROXY=169.254.169.254,.%s.%s\"\\n' | sudo tee "
                       "/etc/systemd/system/%s.d/no-proxy.conf",
                       unit, remedy_region(facts), remedy_known(facts->plan.domain, "<dns-suffix>"),
                       unit);
        remedy_command(finding, "sudo systemctl daemon-reload");
        remedy_restart_here(facts, finding);
        return;
    }
    remedy_text(finding, "A proxy or firewall answers in place of the service: let the Systems "
                         "Manager names through it unchanged, or route them to the endpoints "
                         "directly.");
    remedy_routes_of_subnet(facts, finding);
    remedy_restart(facts, finding);
}

void mend_unavailable(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Wait: `ssm-preflight wait` asks again by itself. If it lasts, look at "
                         "the AWS Health Dashboard for this region; throttling comes of many "
                         "instances that start at once.");
    remedy_restart(scene->facts, finding);
}

void mend_nothing(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Nothing to mend.");
}

void mend_public_address(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Nothing to mend. An instance that is reached through Systems Manager "
                         "needs no public address; the subnet's MapPublicIpOnLaunch gives it.");
}

void mend_certificate_soon(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Nothing to mend where the issuer is Amazon, which renews in time. An "
                         "inspecting proxy's certificate is renewed by whoever runs the proxy.");
}

void mend_not_needed(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Nothing to mend: this agent does all its messaging over ssmmessages. "
                         "--require ec2messages makes it required all the same.");
}

void mend_slow(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "Nothing fails. A second is a lost first packet, sent again; several "
                         "are an appliance on the way, or an endpoint in another region.");
}

void mend_ipv6_only(const struct scene *scene, struct finding *finding)
{
    (void)scene;
    remedy_text(finding, "The agent needs 3.3.3270.0 or newer, UseDualStackEndpoint set to true "
                         "in the Agent section of amazon-ssm-agent.json, and dual-stack "
                         "endpoints.");
}
