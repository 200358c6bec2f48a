/* SPDX-License-Identifier: Apache-2.0
 *
 * What a cause sees and says. A predicate looks at the facts and at the symptoms that nothing
 * above it in the table has claimed; when it applies it fills in what it explains, and evidence
 * that quotes observations (addresses, times, codes, the service's own words), not conclusions.
 */
#ifndef DIAGNOSE_CAUSE_H
#define DIAGNOSE_CAUSE_H

#include "model/report.h"

struct scene {
    const struct facts *facts;
    const struct check_result *checks; /* N_CHECKS */
    check_set symptoms;                /* failed or warned, and not claimed yet */
};

/* True when the cause is at work. Sets finding->explains (nothing for a note), and may set title,
 * confidence (likely until said otherwise), evidence and alternatives. When it returns false the
 * finding is thrown away. `service` counts only for rows of SCOPE_SERVICE. */
typedef bool cause_applies(const struct scene *scene, enum service service,
                           struct finding *finding);

/* --- cause_metadata.c --- */
cause_applies explains_not_ec2, explains_network_not_up, explains_imds_blocked_locally,
    explains_imds_disabled, explains_imds_hop_limit, explains_imds_throttled,
    explains_imds_malformed, explains_imds_unreachable;

/* --- cause_role.c --- */
cause_applies explains_role_missing, explains_role_profile_empty, explains_role_not_assumable,
    explains_credentials_expired, explains_credentials_rejected;

/* --- cause_resolver.c: who answers --- */
cause_applies explains_dns_no_resolver, explains_vpc_dns_off, explains_dns_resolver_unreachable,
    explains_dns_servfail, explains_dns_wrong_name;

/* --- cause_names.c: what the answer is --- */
cause_applies explains_dns_bypasses_vpc, explains_dns_hosts_override, explains_private_dns_off,
    explains_endpoint_missing, explains_public_path;

/* --- cause_local.c: connect() failed on or beside this machine --- */
cause_applies explains_no_route, explains_local_firewall, explains_gateway_silent,
    explains_endpoint_refuses, explains_path_mtu;

/* --- cause_reach.c: connect() met silence --- */
cause_applies explains_network_acl, explains_egress_blocked, explains_endpoint_blocks_443,
    explains_endpoint_az_unreachable;

/* --- cause_family.c --- */
cause_applies explains_address_family_blocked;

/* --- cause_tls.c --- */
cause_applies explains_clock_wrong, explains_tls_intercepted, explains_tls_untrusted,
    explains_tls_wrong_name, explains_tls_expired, explains_tls_reset, explains_tls_version;

/* --- cause_service.c --- */
cause_applies explains_policy_missing, explains_policy_incomplete, explains_denied_explicitly,
    explains_denied_by_endpoint_policy, explains_denied_by_boundary,
    explains_denied_by_organization, explains_denied, explains_signature_rejected,
    explains_proxy_in_the_way, explains_service_unavailable;

/* --- cause_image.c --- */
cause_applies explains_time_sync_missing;

/* --- cause_agent.c --- */
cause_applies explains_agent_missing, explains_agent_disabled, explains_agent_masked,
    explains_agent_too_old, explains_agent_registered_elsewhere, explains_agent_config_invalid,
    explains_ca_bundle_missing, explains_agent_not_connected;

/* --- notes.c: what fails nothing --- */
cause_applies notes_service_not_in_region, notes_dhmc_in_use, notes_endpoint_outside_vpc,
    notes_public_address, notes_certificate_expires_soon, notes_ec2messages_not_needed,
    notes_slow_endpoint, notes_hop_limit_one, notes_ipv6_only, notes_dns_server_silent;

#endif
