/* SPDX-License-Identifier: Apache-2.0
 *
 * Nothing broken, the machine, its metadata service and its role; and the walk over all tables.
 */
#include "situations.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "facts_builder.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static void healthy(struct facts *facts)
{
    (void)facts;
}

static void healthy_all_services(struct facts *facts)
{
    for (int i = SERVICE_S3; i <= SERVICE_LOGS; i++)
        add_service(facts, (enum service)i, NEED_OPTIONAL);
}

static void optional_service_blocked(struct facts *facts)
{
    add_service(facts, SERVICE_LOGS, NEED_OPTIONAL);
    break_connect(facts, SERVICE_LOGS, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

static void not_ec2(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1000);
    facts->machine.is_ec2 = ANSWER_NO;
    SET(facts->machine.vendor, "QEMU");
    facts->machine.asset_tag[0] = '\0';
    SET(facts->machine.evidence, "sys_vendor is \"QEMU\"");
}

/* A container: no firmware tables, and a way to IMDS that is shut off. */
static void not_ec2_unless_hidden(struct facts *facts)
{
    not_ec2(facts);
    facts->machine.vendor[0] = '\0';
    SET(facts->machine.evidence, "no DMI and no EC2 hypervisor: /sys/class/dmi/id/sys_vendor is "
                                 "not there");
}

/* With what Agent.Region is to be compared only IMDS could say. */
static void imds_dead_and_a_region_configured(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1000);
    SET(facts->agent.config_file, "/etc/amazon/ssm/amazon-ssm-agent.json");
    SET(facts->agent.config_region, "eu-west-1");
}

static void network_not_up(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NO_ROUTE, 1);
    memset(&facts->network, 0, sizeof(facts->network));
    facts->network.n_interfaces = 1;
    SET(facts->network.interfaces[0].name, "ens5");
}

static void no_port_is_left(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NO_PORT, 1);
}

static void network_without_route(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NO_ROUTE, 1);
    facts->network.default_route_ipv4 = false;
}

static void imds_prohibited(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_PROHIBITED, 1);
}

static void imds_blackholed(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_BLACKHOLE, 1);
}

static void imds_without_route(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NO_ROUTE, 1);
}

static void imds_refused(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_REFUSED, 1);
}

static void imds_not_permitted(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_NOT_PERMITTED, 1);
}

static void imds_prohibited_by_cloud_init(struct facts *facts)
{
    imds_prohibited(facts);
    kernel_says(facts, "169.254.169.254", ROUTE_PROHIBIT, "169.254.169.254/32", 254);
}

static void imds_unreachable_though_routed(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_HOST_UNREACHABLE, 1);
    kernel_says(facts, "169.254.169.254", ROUTE_FORWARD, "", 0);
}

static void imds_next_hop_is_silent(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_HOST_UNREACHABLE, 1501);
    kernel_says(facts, "169.254.169.254", ROUTE_FORWARD, "", 0);
}

static void imds_blackholed_by_source(struct facts *facts)
{
    imds_blackholed(facts);
    kernel_says(facts, "169.254.169.254", ROUTE_BLACKHOLE, "169.254.169.254/32", 53);
}

static void imds_disabled(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_TOKEN, FAILURE_FORBIDDEN, 1);
    facts->imds.token_status = 403;
    facts->imds.get_answers = ANSWER_NO;
    SET(facts->imds.server, "EC2ws");
}

/* A transparent proxy adds X-Forwarded-For. */
static void imds_put_refused(struct facts *facts)
{
    imds_disabled(facts);
    facts->imds.get_answers = ANSWER_YES;
}

/* What says nothing of itself may be a stand-in. */
static void imds_disabled_by_nobody(struct facts *facts)
{
    imds_disabled(facts);
    facts->imds.server[0] = '\0';
}

static void imds_token_silent(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_TOKEN, FAILURE_TIMEOUT, 2000);
}

static void imds_hop_limit(struct facts *facts)
{
    imds_token_silent(facts);
    facts->imds.get_answers = ANSWER_YES;
}

static void imds_silent_to_all(struct facts *facts)
{
    imds_token_silent(facts);
    facts->imds.get_answers = ANSWER_NO;
}

static void imds_half_a_second(struct facts *facts)
{
    facts->imds.fastest_ms = 601;
}

static void imds_slow(struct facts *facts)
{
    facts->imds.fastest_ms = 1201;
}

static void imds_slow_with_credentials(struct facts *facts)
{
    facts->imds.slowest_ms = 1201;
    SET(facts->imds.slowest, "meta-data/iam/security-credentials/my-role");
}

static void imds_throttled(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_TOKEN, FAILURE_THROTTLED, 1);
    facts->imds.token_status = 503;
    SET(facts->imds.server, "EC2ws");
}

static void imds_malformed(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_TOKEN, FAILURE_MALFORMED, 1);
    facts->imds.token_status = 200;
    SET(facts->imds.server, "nginx");
    SET(facts->imds.body_start, "<html><head><title>Sign in");
}

/* placement/region has named the region. */
static void imds_document_cut(struct facts *facts)
{
    step_fail(&facts->imds.identity, FAILURE_TRUNCATED, 20);
    facts->imds.identity_status = 0;
    facts->instance.id[0] = '\0';
    facts->instance.account[0] = '\0';
    facts->instance.availability_zone[0] = '\0';
}

static void imds_id_not_found(struct facts *facts)
{
    step_fail(&facts->imds.identity, FAILURE_NOT_FOUND, 1);
    facts->imds.identity_status = 404;
    SET(facts->imds.identity.detail, "meta-data/instance-id");
    SET(facts->imds.server, "EC2ws");
}

static void imds_id_is_none(struct facts *facts)
{
    imds_id_not_found(facts);
    facts->imds.identity.failure = FAILURE_MALFORMED;
    facts->imds.identity_status = 200;
    SET(facts->imds.body_start, "ami-launch-index");
}

static void imds_id_throttled(struct facts *facts)
{
    imds_id_not_found(facts);
    facts->imds.identity.failure = FAILURE_THROTTLED;
    facts->imds.identity_status = 503;
}

static void imds_unreachable(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1000);
}

static void role_missing(struct facts *facts)
{
    break_role(facts, CHECK_ROLE_ATTACHED, FAILURE_NO_ROLE);
}

static void role_missing_for_good(struct facts *facts)
{
    role_missing(facts);
    facts->role.identity_role = ANSWER_NO;
}

/* A mock of the metadata service need not name itself. */
static void role_missing_says_nobody(struct facts *facts)
{
    role_missing_for_good(facts);
    facts->imds.server[0] = '\0';
}

static void role_missing_with_dhmc(struct facts *facts)
{
    role_missing(facts);
    facts->plan.dhmc = true;
}

static void role_missing_with_dhmc_and_an_old_agent(struct facts *facts)
{
    role_missing_with_dhmc(facts);
    SET(facts->agent.version, "3.1.1927.0");
}

static void role_profile_deleted(struct facts *facts)
{
    role_missing(facts);
    facts->role.info_status = 200;
    SET(facts->role.info_code, "InstanceProfileNotFound");
    SET(facts->role.info_message, "Instance Profile cannot be found. Please see documentation");
    SET(facts->role.profile_arn, "arn:aws:iam::123456789012:instance-profile/app-profile");
}

static void role_by_default(struct facts *facts)
{
    role_missing(facts);
    facts->role.dhmc = ANSWER_YES;
}

static void role_profile_empty(struct facts *facts)
{
    break_role(facts, CHECK_ROLE_ATTACHED, FAILURE_PROFILE_EMPTY);
    SET(facts->role.info_code, "Success");
    SET(facts->role.info_message, "Instance Profile does not contain a role. Please see "
                                  "documentation");
    SET(facts->role.profile_arn, "arn:aws:iam::123456789012:instance-profile/app-profile");
}

static void role_not_assumable(struct facts *facts)
{
    break_role(facts, CHECK_ROLE_CREDENTIALS, FAILURE_NOT_ASSUMABLE);
    SET(facts->role.code, "AssumeRoleUnauthorizedAccess");
    SET(facts->role.message, "EC2 cannot assume the role app-role. Please see documentation");
}

static void role_not_assumable_with_dhmc(struct facts *facts)
{
    role_not_assumable(facts);
    facts->plan.dhmc = true;
}

static void credentials_expired(struct facts *facts)
{
    break_role(facts, CHECK_ROLE_CREDENTIALS, FAILURE_CREDENTIALS_EXPIRED);
    facts->role.expires_unix_s = facts->started_unix_ms / 1000 - 7200;
}

static void credentials_past_and_taken(struct facts *facts)
{
    step_fail(&facts->role.credentials, FAILURE_CREDENTIALS_EXPIRED, 1);
    facts->role.expires_unix_s = facts->started_unix_ms / 1000 - 7200;
}

static void credentials_expired_by_a_wrong_clock(struct facts *facts)
{
    credentials_expired(facts);
    move_clock(facts, (int64_t)-86400 * 1000);
}

static void credentials_rejected(struct facts *facts)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        break_actions(facts, (enum service)i, FAILURE_CREDENTIALS_REJECTED, 400,
                      "UnrecognizedClientException",
                      "The security token included in the request is invalid.");
}

/* What is on the way to it leaves out the session token. */
static void credentials_rejected_by_one(struct facts *facts)
{
    break_actions(facts, SERVICE_SSMMESSAGES, FAILURE_CREDENTIALS_REJECTED, 403,
                  "UnrecognizedClientException",
                  "The security token included in the request is invalid.");
}

const struct situation machine_situations[] = {
    {"healthy", healthy},
    {"healthy--all-services", healthy_all_services},
    {"endpoint-blocks-443--optional", optional_service_blocked},
    {"not-ec2", not_ec2},
    {"not-ec2--hidden", not_ec2_unless_hidden},
    {"imds-unreachable--and-a-region", imds_dead_and_a_region_configured},
    {"local-ports-used-up", no_port_is_left},
    {"network-not-up", network_not_up},
    {"network-not-up--no-route", network_without_route},
    {"imds-blocked-locally", imds_prohibited},
    {"imds-blocked-locally--cloud-init", imds_prohibited_by_cloud_init},
    {"imds-blocked-locally--routed", imds_unreachable_though_routed},
    {"imds-blocked-locally--blackhole", imds_blackholed},
    {"imds-blocked-locally--by-source", imds_blackholed_by_source},
    {"imds-blocked-locally--no-route", imds_without_route},
    {"imds-blocked-locally--reject", imds_refused},
    {"imds-blocked-locally--firewall", imds_not_permitted},
    {"imds-disabled", imds_disabled},
    {"imds-disabled--by-nobody", imds_disabled_by_nobody},
    {"imds-malformed--put-refused", imds_put_refused},
    {"imds-hop-limit", imds_hop_limit},
    {"imds-hop-limit--unproven", imds_token_silent},
    {"imds-slow", imds_slow},
    {"imds-slow--one-path", imds_slow_with_credentials},
    {"imds-slow--half-a-second", imds_half_a_second},
    {"imds-throttled", imds_throttled},
    {"imds-malformed", imds_malformed},
    {"imds-malformed--id-not-found", imds_id_not_found},
    {"imds-malformed--id-is-none", imds_id_is_none},
    {"imds-throttled--id", imds_id_throttled},
    {"imds-cut", imds_document_cut},
    {"imds-unreachable", imds_unreachable},
    {"gateway-silent--metadata", imds_next_hop_is_silent},
    {"imds-unreachable--silent-to-all", imds_silent_to_all},
    {"role-missing", role_missing},
    {"role-missing--for-good", role_missing_for_good},
    {"role-missing--says-nobody", role_missing_says_nobody},
    {"role-missing--deleted", role_profile_deleted},
    {"role-missing--dhmc", role_missing_with_dhmc},
    {"role-missing--dhmc-and-an-old-agent", role_missing_with_dhmc_and_an_old_agent},
    {"role-not-assumable--dhmc", role_not_assumable_with_dhmc},
    {"dhmc-in-use", role_by_default},
    {"role-profile-empty", role_profile_empty},
    {"role-not-assumable", role_not_assumable},
    {"credentials-expired", credentials_expired},
    {"credentials-expired--taken", credentials_past_and_taken},
    {"clock-wrong--credentials", credentials_expired_by_a_wrong_clock},
    {"credentials-rejected", credentials_rejected},
    {"credentials-rejected--by-one", credentials_rejected_by_one},
    {NULL, NULL},
};

static const struct situation *const tables[] = {
    machine_situations, name_situations,    reach_situations, firewall_situations,
    tls_situations,     service_situations, agent_situations, place_situations,
};

const struct situation *situation_at(size_t index)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        size_t n = 0;
        while (tables[i][n].name)
            n++;
        if (index < n)
            return &tables[i][index];
        index -= n;
    }
    return NULL;
}

bool share_has(size_t index)
{
    const char *share = getenv("UNIT_SHARE");
    char *rest = NULL;
    unsigned long step = share ? strtoul(share, &rest, 10) : 1;

    return step <= 1 || index % step == (*rest ? strtoul(rest, NULL, 10) % step : 0);
}

const struct situation *situation_find(const char *name)
{
    const struct situation *situation;

    for (size_t i = 0; (situation = situation_at(i)); i++)
        if (strcmp(situation->name, name) == 0)
            return situation;
    return NULL;
}
