/* SPDX-License-Identifier: Apache-2.0
 *
 * The table. Order is causal: what is nearer to the machine is asked first, and within a room the
 * more particular observation before the more general one. A new cause is one row here, one
 * predicate, one remedy, one page under docs/findings/ and one scenario.
 */
#include "diagnose/causes.h"

#define MACHINE_BY(strand) SEVERITY_FATAL, SCOPE_MACHINE, STRAND_##strand
#define SERVICE_BY(strand) SEVERITY_FATAL, SCOPE_SERVICE, STRAND_##strand
#define MACHINE MACHINE_BY(WHOLE)
#define SERVICE SERVICE_BY(WHOLE)
#define NOTE SEVERITY_NOTE, SCOPE_MACHINE, STRAND_WHOLE
#define SERVICE_NOTE SEVERITY_NOTE, SCOPE_SERVICE, STRAND_WHOLE

const struct cause causes[] = {
    /* the machine and its metadata service */
    {"not-ec2", "This is not an EC2 instance", MACHINE, explains_not_ec2},
    {"network-not-up", "The network is not up yet: no route", MACHINE, explains_network_not_up},
    {"imds-blocked-locally", "A route or firewall on this machine blocks the metadata service",
     MACHINE, explains_imds_blocked_locally},
    {"imds-disabled", "The metadata service is disabled for this instance", MACHINE,
     explains_imds_disabled},
    {"imds-hop-limit", "The metadata token does not arrive: its hop limit is too low", MACHINE,
     explains_imds_hop_limit},
    {"imds-throttled", "The metadata service is busy: it answers with errors", MACHINE,
     explains_imds_throttled},
    {"imds-malformed", "Something else answers at the metadata service's address", MACHINE,
     explains_imds_malformed},
    {"imds-unreachable", "The metadata service does not answer", MACHINE,
     explains_imds_unreachable},

    /* the role */
    {"role-missing", "No role is attached to this instance", MACHINE, explains_role_missing},
    {"role-profile-empty", "The instance profile holds no role", MACHINE,
     explains_role_profile_empty},
    {"role-not-assumable", "The role's trust policy does not let EC2 assume it", MACHINE,
     explains_role_not_assumable},
    {"credentials-expired", "The role's credentials have expired", MACHINE,
     explains_credentials_expired},
    {"credentials-rejected", "The service rejects the role's credentials", MACHINE,
     explains_credentials_rejected},

    /* names */
    {"dns-no-resolver", "No nameserver is configured", MACHINE, explains_dns_no_resolver},
    {"vpc-dns-off", "Amazon's resolver does not serve this VPC: enableDnsSupport is off", MACHINE,
     explains_vpc_dns_off},
    {"dns-resolver-unreachable", "The configured nameserver does not answer", MACHINE,
     explains_dns_resolver_unreachable},
    {"dns-bypasses-vpc", "The configured DNS server does not ask the VPC's resolver", MACHINE,
     explains_dns_bypasses_vpc},
    {"dns-hosts-override", "/etc/hosts pins the name to another address", SERVICE,
     explains_dns_hosts_override},
    {"private-dns-off", "No interface endpoint with private DNS names serves this VPC", MACHINE,
     explains_private_dns_off},
    {"endpoint-missing", "An interface endpoint with private DNS names is missing", SERVICE,
     explains_endpoint_missing},
    {"public-path", "Traffic leaves the VPC: names resolve to public addresses", MACHINE,
     explains_public_path},
    {"dns-wrong-name", "The endpoint's name does not exist", SERVICE, explains_dns_wrong_name},
    {"dns-servfail", "The nameserver fails or refuses to answer", MACHINE, explains_dns_servfail},

    /* reaching 443 */
    {"no-route", "The instance has no route to the endpoints", MACHINE_BY(ROUTE),
     explains_no_route},
    {"local-firewall", "A firewall on this machine blocks port 443", MACHINE_BY(REFUSAL),
     explains_local_firewall},
    {"gateway-silent", "The next hop to the endpoints does not answer (ARP)", MACHINE_BY(LINK),
     explains_gateway_silent},
    {"network-acl", "A network ACL keeps 443 from endpoints in other subnets", MACHINE_BY(SILENCE),
     explains_network_acl},
    {"egress-blocked", "No endpoint answers on 443: a security group blocks it",
     MACHINE_BY(SILENCE), explains_egress_blocked},
    {"endpoint-blocks-443", "The endpoint's security group does not let 443 in",
     SERVICE_BY(SILENCE), explains_endpoint_blocks_443},
    {"endpoint-az-unreachable", "One zone's endpoint interface does not answer on 443",
     SERVICE_BY(SILENCE), explains_endpoint_az_unreachable},
    {"endpoint-refuses", "An endpoint address refuses port 443", SERVICE_BY(REFUSAL),
     explains_endpoint_refuses},
    {"address-family-blocked", "One address family does not get to port 443, the other does",
     MACHINE_BY(FAMILY), explains_address_family_blocked},
    {"path-mtu", "Large packets are lost on the way: the path's MTU", MACHINE, explains_path_mtu},

    /* TLS */
    {"clock-wrong", "This machine's clock is wrong", MACHINE, explains_clock_wrong},
    {"tls-intercepted", "A proxy or firewall intercepts TLS, by its own certificate", MACHINE,
     explains_tls_intercepted},
    {"tls-untrusted", "The issuer of the certificate is not trusted", MACHINE,
     explains_tls_untrusted},
    {"tls-wrong-name", "The certificate is for another name", SERVICE, explains_tls_wrong_name},
    {"tls-expired", "The certificate has expired, or is not valid yet", MACHINE,
     explains_tls_expired},
    {"tls-reset", "The connection is cut during the TLS handshake", MACHINE, explains_tls_reset},
    {"tls-version", "What answers offers no TLS version that AWS uses", MACHINE,
     explains_tls_version},

    /* the service's answer */
    {"policy-missing", "The role has no policy that allows Systems Manager", MACHINE_BY(NO_POLICY),
     explains_policy_missing},
    {"policy-incomplete", "The role's policies lack some of the agent's actions",
     MACHINE_BY(NO_POLICY), explains_policy_incomplete},
    {"denied-explicitly", "A policy of the role denies the agent's actions",
     MACHINE_BY(EXPLICIT_DENY), explains_denied_explicitly},
    {"denied-by-endpoint-policy", "The VPC endpoint's policy does not allow the agent's actions",
     SERVICE_BY(ENDPOINT_POLICY), explains_denied_by_endpoint_policy},
    {"denied-by-boundary", "The role's permissions boundary does not allow the actions",
     MACHINE_BY(BOUNDARY), explains_denied_by_boundary},
    {"denied-by-organization", "A policy of the organization denies the agent's actions",
     MACHINE_BY(ORGANIZATION), explains_denied_by_organization},
    {"denied", "The service denies the agent's actions", MACHINE, explains_denied},
    {"signature-rejected", "The service rejects the signature of requests", MACHINE,
     explains_signature_rejected},
    {"proxy-in-the-way", "A proxy stands between this instance and the service", MACHINE,
     explains_proxy_in_the_way},
    {"service-unavailable", "The service answers with errors or not at all", SERVICE,
     explains_service_unavailable},

    /* the agent and the image */
    {"agent-missing", "The SSM agent is not installed", MACHINE, explains_agent_missing},
    {"agent-masked", "The SSM agent's unit is masked", MACHINE, explains_agent_masked},
    {"agent-disabled", "The SSM agent's unit is not enabled", MACHINE, explains_agent_disabled},
    {"agent-too-old", "The SSM agent is too old", MACHINE, explains_agent_too_old},
    {"agent-registered-elsewhere", "The image carries the agent's registration of another machine",
     MACHINE_BY(REGISTRATION), explains_agent_registered_elsewhere},
    {"agent-config-invalid", "The SSM agent's configuration does not fit this instance",
     MACHINE_BY(CONFIGURATION), explains_agent_config_invalid},
    {"ca-bundle-missing", "The image has no CA bundle where the SSM agent looks",
     MACHINE_BY(BUNDLE), explains_ca_bundle_missing},
    {"agent-not-connected", "The SSM agent runs, but is not connected", MACHINE,
     explains_agent_not_connected},
    {"time-sync-missing", "No time synchronisation is enabled on this machine", MACHINE,
     explains_time_sync_missing},

    /* what fails nothing */
    {"service-not-in-region", "A service has no endpoint in this region", SERVICE_NOTE,
     notes_service_not_in_region},
    {"dhmc-in-use", "The agent's credentials come from Default Host Management", NOTE,
     notes_dhmc_in_use},
    {"endpoint-outside-vpc", "Endpoints lie outside this VPC: shared from another one", NOTE,
     notes_endpoint_outside_vpc},
    {"public-address", "The instance has a public IPv4 address", NOTE, notes_public_address},
    {"certificate-expires-soon", "A certificate expires within 14 days", NOTE,
     notes_certificate_expires_soon},
    {"ec2messages-not-needed", "ec2messages has no endpoint here, and the agent needs none", NOTE,
     notes_ec2messages_not_needed},
    {"dns-server-silent", "A configured nameserver is silent, another one answers", NOTE,
     notes_dns_server_silent},
    {"slow-endpoint", "An endpoint is slow to answer", SERVICE_NOTE, notes_slow_endpoint},
    {"hop-limit-one", "Hop limit 1: containers with a network of their own get no token", NOTE,
     notes_hop_limit_one},
    {"ipv6-only", "The instance has IPv6 addresses only", NOTE, notes_ipv6_only},

    /* the last row, filled in by claims.c */
    {"unexplained", "Something failed that no known cause explains", MACHINE, NULL},
};

const size_t n_causes = sizeof causes / sizeof causes[0];
