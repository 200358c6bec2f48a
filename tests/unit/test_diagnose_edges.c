/* SPDX-License-Identifier: Apache-2.0
 *
 * The edges of what is judged and said: each row starts from a situation, changes one thing, and names a
 * text that the report then has, and one that it has not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "diagnose/look.h"
#include "facts_builder.h"
#include "report_builder.h"
#include "report/report.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static struct facts facts;
static struct report report;

static void as_it_is(struct facts *f)
{
    (void)f;
}

/* --- this machine --- */

/* A recorded report may be anything. */
static void an_address_does_not_count(struct facts *f)
{
    f->network.interfaces[0].n_addresses = 0;
    SET(f->network.interfaces[0].addresses[0], "10.9.9.9");
}

static void there_is_no_interface(struct facts *f)
{
    f->network.n_interfaces = 0;
    kernel_says(f, "169.254.169.254", ROUTE_NONE, "", 254);
}

static void the_kernel_has_no_route(struct facts *f)
{
    f->network.n_routes = 0;
    kernel_says(f, "169.254.169.254", ROUTE_NONE, "", 254);
}

static void the_kernel_takes_it_for_its_own(struct facts *f)
{
    f->network.n_routes = 0;
    kernel_says(f, "169.254.169.254", ROUTE_LOCAL, "", 255);
}

static void files_cannot_be_read(struct facts *f)
{
    step_fail(&f->machine.trouble, FAILURE_INTERNAL, 0);
    SET(f->machine.trouble.detail, "/etc/hosts: Input/output error");
}

static void nobody_keeps_the_time_and_files_fail(struct facts *f)
{
    f->machine.time_sync = ANSWER_NO;
    files_cannot_be_read(f);
}

static void the_day_is_wrong_and_credentials_are_valid(struct facts *f)
{
    move_clock(f, 86400000);
}

/* --- the metadata service --- */

static void one_request(struct facts *f)
{
    f->imds.n_requests = 1;
}

static void two_requests(struct facts *f)
{
    f->imds.n_requests = 2;
}

static void the_profile_says_it(struct facts *f)
{
    SET(f->role.code, "Failed");
    SET(f->role.info_code, "AssumeRoleUnauthorizedAccess");
}

static void credentials_have_a_status_and_no_code(struct facts *f)
{
    f->role.credentials_status = 500;
    f->role.code[0] = f->role.message[0] = '\0';
}

/* --- names --- */

static void resolv_conf_is_not_there(struct facts *f)
{
    step_fail(&f->resolvers.read, FAILURE_NOT_FOUND, 0);
}

static void the_stub_is_of_ipv6(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++)
            if (text_starts(f->endpoints[i].answers[j].server, "127."))
                SET(f->endpoints[i].answers[j].server, "::1");
}

/* --- the agent --- */

static void its_unit_is_a_snaps(struct facts *f)
{
    SET(f->agent.unit, "snap.amazon-ssm-agent.amazon-ssm-agent.service");
}

static void its_last_error_is_another(struct facts *f)
{
    SET(f->agent.last_error, "2026-11-23 11:59:01 ERROR something nobody knows");
}

static void its_last_error_is_known(struct facts *f)
{
    SET(f->agent.last_error, "2026-11-23 11:59:01 ERROR AccessDeniedException: status code 400");
}

static void endpoint_is(struct facts *f, const char *endpoint)
{
    SET(f->agent.ssm_endpoint, "%s", endpoint);
}

static void port_443(struct facts *f)
{
    endpoint_is(f, "ssm.us-east-1.amazonaws.com:443");
}

static void port_443_and_a_path(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com:443/x");
}

static void port_4430(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com:4430");
}

static void port_44(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com:44");
}

static void a_path_with_a_colon(struct facts *f)
{
    endpoint_is(f, "https://ssm.us-east-1.amazonaws.com/a:80");
}

static void endpoint_id_is(struct facts *f, const char *host)
{
    f->plan.services[SERVICE_SSM].host_source = SOURCE_AGENT_CONFIG;
    SET(f->plan.services[SERVICE_SSM].host, "%s", host);
}

static void the_id_has_no_digits(struct facts *f)
{
    endpoint_id_is(f, "vpce-.ssm.us-east-1.vpce.amazonaws.com");
}

static void the_id_ends_in_a_letter(struct facts *f)
{
    endpoint_id_is(f, "vpce-0abcxyz.ssm.us-east-1.vpce.amazonaws.com");
}

static void dns_takes_all_the_time(struct facts *f)
{
    for (int32_t i = 0; i < f->endpoints[SERVICE_SSM].n_answers; i++)
        f->endpoints[SERVICE_SSM].answers[i].step.took_ms = 60000;
}

static void the_token_has_a_detail(struct facts *f)
{
    SET(f->imds.token.detail, "of a kind");
}

static void one_certificate_ends_first(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            f->endpoints[i].addresses[j].session.not_after_unix_s = f->clock.wall_unix_ms / 1000 +
                                                                    (i == SERVICE_SSM ? 3 : 5) *
                                                                        86400 +
                                                                    60;
}

static void another_address_begins_like_it(struct facts *f)
{
    f->network.n_interfaces = f->network.interfaces[0].n_addresses = 0;
    add_interface(f, "eth7", ANSWER_YES, "10.0.1.100/24");
    add_interface(f, "eth0", ANSWER_YES, "10.0.1.10/24");
    add_interface(f, "eth1", ANSWER_YES, "10.0.2.10/24");
}

static void its_own_address_is_not_known(struct facts *f)
{
    f->instance.private_ipv4[0] = '\0';
}

static void it_has_no_ipv4(struct facts *f)
{
    f->network.usable_ipv4 = false;
}

static void the_stub_only_fails(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++) {
            f->endpoints[i].answers[j].unsent = false;
            f->endpoints[i].answers[j].step.failure = FAILURE_TIMEOUT;
        }
}

static void the_alias_is_amazons(struct facts *f)
{
    for (int32_t j = 0; j < f->endpoints[SERVICE_SSM].n_answers; j++)
        SET(f->endpoints[SERVICE_SSM].answers[j].cname, "x.api.aws");
}

/* A name that only begins like AWS's. */
static void every_alias_begins_as_amazons(struct facts *f)
{
    for (int32_t i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++)
            SET(f->endpoints[i].answers[j].cname, "aws-gate.example");
}

static void the_alias_is_in_the_domain(struct facts *f)
{
    for (int32_t j = 0; j < f->endpoints[SERVICE_SSM].n_answers; j++)
        SET(f->endpoints[SERVICE_SSM].answers[j].cname, "x.amazonaws.com");
}

static void the_agent_names_the_same_region(struct facts *f)
{
    SET(f->agent.config_region, "us-east-1");
}

static void the_region_is_an_option(struct facts *f)
{
    f->plan.region_source = SOURCE_OPTION;
    f->instance.region[0] = '\0';
}

static void the_issuer_is_not_known(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            f->endpoints[i].addresses[j].session.issuer[0] = '\0';
}

static void the_id_ends_the_label(struct facts *f)
{
    endpoint_id_is(f, "vpce-0abc.ssm.us-east-1.vpce.amazonaws.com");
}

static void the_resetter_is_the_endpoint(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            SET(f->endpoints[i].addresses[j].offender, "%s", f->endpoints[i].addresses[j].address);
}

static void each_subnet_has_one_that_connects(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        break_connect(f, (enum service)i, i % 2, FAILURE_TIMEOUT, 2200);
}

static void its_unit_is_starting(struct facts *f)
{
    f->agent.ended = ANSWER_YES;
    SET(f->agent.unit_active, "activating");
}

static void an_id_holds_a_control(struct facts *f)
{
    SET(f->instance.id, "i-0\x7f");
}

static void other_services_are_not_asked(struct facts *f)
{
    for (int i = SERVICE_SSM + 1; i < N_SERVICES; i++)
        f->plan.services[i].need = NEED_OFF;
}

static void certificates_are_old_by_any_clock(struct facts *f)
{
    break_tls(f, SERVICE_SSM, ALL_ADDRESSES, FAILURE_CERTIFICATE_EXPIRED);
    for (int32_t j = 0; j < f->endpoints[SERVICE_SSM].n_addresses; j++)
        f->endpoints[SERVICE_SSM].addresses[j].session.not_after_unix_s = 1;
}

static void the_role_says_another_thing(struct facts *f)
{
    SET(f->role.code, "Failed");
    f->role.info_code[0] = '\0';
}

static void http_has_no_status(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            f->endpoints[i].addresses[j].head.status = 0;
}

/* --- what a report may hold, and no pair of situations --- */

/* Of the three required services and ec2messages. */
static struct address_facts *at(struct facts *f, int service, int address)
{
    return &f->endpoints[service].addresses[address];
}

static void lie_at(struct facts *f, int service, int address, const char *in, enum place place)
{
    SET(at(f, service, address)->address, "%s.%d", in, 21 + service);
    at(f, service, address)->place = place;
}

static void the_sdks_bundle_does_not_vouch(struct facts *f)
{
    SET(f->agent.sdk_bundle, "/etc/corp/ca.pem");
    at(f, SERVICE_SSM, 0)->session.distrusted_by = TRUST_BY_SDK;
}

static void the_package_names_no_file(struct facts *f)
{
    f->agent.unit_state = UNIT_ABSENT;
    f->agent.version_file[0] = '\0';
}

static void s3_is_asked_too(struct facts *f)
{
    add_service(f, SERVICE_S3, NEED_OPTIONAL);
    for (int32_t i = 0; i < f->endpoints[SERVICE_S3].n_answers; i++)
        f->endpoints[SERVICE_S3].answers[i].step.took_ms = 3000;
}

static void dns_has_trouble(struct facts *f)
{
    break_resolve(f, SERVICE_SSM, FAILURE_INTERNAL);
}

static void many_are_left_and_one_is_left_out(struct facts *f)
{
    f->plan.skipped = check_bit(check_of_service(SERVICE_SSM, RUNG_RESOLVE));
}

static void private_is_required(struct facts *f)
{
    f->plan.private_dns = PRIVATE_DNS_REQUIRE;
    resolve_to(f, SERVICE_SSM, "52.94.0.1", PLACE_PUBLIC, FAILURE_TIMEOUT);
}

/* No address in the own subnet; each service loses one of two others. */
static void no_address_is_near(struct facts *f, bool the_same)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        lie_at(f, i, 0, "10.0.3", PLACE_IN_VPC);
        break_connect(f, (enum service)i, the_same ? 0 : i % 2, FAILURE_TIMEOUT, 2200);
    }
}

static void each_loses_the_same_subnet(struct facts *f)
{
    no_address_is_near(f, true);
}

static void each_loses_another_subnet(struct facts *f)
{
    no_address_is_near(f, false);
}

/* One service is near and connects, one is far and silent. */
static void no_service_is_partly_silent(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        f->endpoints[i].n_addresses = 1;
    lie_at(f, SERVICE_SSM, 0, "10.0.2", PLACE_IN_VPC);
    break_connect(f, SERVICE_SSM, 0, FAILURE_TIMEOUT, 2200);
}

static void one_far_connects(struct facts *f)
{
    break_connect(f, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2200);
}

static void imds_is_prohibited(struct facts *f)
{
    break_imds(f, CHECK_IMDS_CONNECT, FAILURE_PROHIBITED, 1);
}

static void imds_is_prohibited_by_ipv6(struct facts *f)
{
    imds_is_prohibited(f);
    SET(f->imds.address, "fd00:ec2::254");
}

static void there_is_no_identity_role(struct facts *f)
{
    f->role.identity_role = ANSWER_NO;
}

static void each_route_is(struct facts *f, enum route_kind kind)
{
    for (int32_t i = 0; i < f->network.n_routes; i++)
        f->network.routes[i].kind = kind;
}

static void the_way_is_local(struct facts *f)
{
    each_route_is(f, ROUTE_LOCAL);
}

static void the_ways_device_is_not_known(struct facts *f)
{
    for (int32_t i = 0; i < f->network.n_routes; i++)
        f->network.routes[i].interface[0] = '\0';
}

static void the_way_to_others_is_not_known(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        break_connect(f, (enum service)i, 0, FAILURE_TIMEOUT, 2200);
}

static void ssm_is_silent(struct facts *f)
{
    break_connect(f, SERVICE_SSM, 0, FAILURE_TIMEOUT, 2200);
    break_connect(f, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2200);
}

static void another_interface_has_no_address(struct facts *f)
{
    f->network.interfaces[0].n_addresses = 0;
}

static void another_interface_is_down(struct facts *f)
{
    f->network.interfaces[0].up = false;
}

static void another_way_is_right(struct facts *f)
{
    f->network.routes[f->network.n_routes++] = f->network.routes[0];
    SET(f->network.routes[0].interface, "ens5");
    SET(f->network.routes[0].source, "10.0.1.10");
    SET(f->network.routes[0].to, "192.0.2.1");
}

static void one_silent_address_is_of_ipv6(struct facts *f)
{
    SET(at(f, SERVICE_SSM, 1)->address, "2600:1f18::21");
    f->network.usable_ipv6 = true;
}

static void one_address_refuses(struct facts *f)
{
    break_connect(f, SERVICE_SSM, 1, FAILURE_REFUSED, 1);
}

static void imds_is_of_ipv6(struct facts *f)
{
    step_fail(&f->imds.connect, FAILURE_TIMEOUT, 1204);
    SET(f->imds.address, "fd00:ec2::254");
}

static void these_are_second_opinions(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        at(f, i, 1)->second_opinion = true;
}

/* Of ssm: silent, and one that was not tried yet. */
static void one_is_open(struct facts *f, const char *address)
{
    break_connect(f, SERVICE_SSM, 0, FAILURE_TIMEOUT, 2200);
    memset(at(f, SERVICE_SSM, 1)->steps, 0, sizeof(at(f, SERVICE_SSM, 1)->steps));
    SET(at(f, SERVICE_SSM, 1)->address, "%s", address);
}

static void what_is_open_is_of_ipv4(struct facts *f)
{
    one_is_open(f, "10.0.2.21");
}

static void what_is_open_is_a_second_opinion(struct facts *f)
{
    one_is_open(f, "10.0.2.21");
    at(f, SERVICE_SSM, 1)->second_opinion = true;
}

static void what_is_open_is_of_another_family(struct facts *f)
{
    one_is_open(f, "2600:1f18::21");
}

static void what_is_open_is_too_new_for_the_agent(struct facts *f)
{
    one_is_open(f, "2600:1f18::21");
    f->network.usable_ipv6 = true;
}

static void amazon_knows_the_name_and_the_region_is_an_option(struct facts *f)
{
    break_resolve(f, SERVICE_SSM, FAILURE_NXDOMAIN);
    amazon_says(f, SERVICE_SSM, "52.94.0.1", FAILURE_NONE);
    f->plan.region_source = SOURCE_OPTION;
}

static void an_unsigned_request_is_slow(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        at(f, i, 1)->steps[RUNG_HTTP].took_ms = 1000;
}

static void an_unsigned_request_fails(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        step_fail(&at(f, i, 1)->steps[RUNG_HTTP], FAILURE_TIMEOUT, 2000);
}

static void one_handshake_is_cut(struct facts *f)
{
    break_tls(f, SERVICE_SSM, ALL_ADDRESSES, FAILURE_RESET);
}

static void certificates_say_it_too(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        break_tls(f, (enum service)i, ALL_ADDRESSES, FAILURE_CERTIFICATE_NOT_YET_VALID);
        for (int j = 0; j < 2; j++)
            at(f, i, j)->session.not_before_unix_s = f->clock.wall_unix_ms / 1000 + 60;
    }
}

static void the_way_fails_as(struct facts *f, enum failure failure)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int j = 0; j < f->endpoints[i].n_addresses; j++) {
            at(f, i, j)->steps[RUNG_CONNECT].failure = failure;
            at(f, i, j)->place = PLACE_IN_VPC;
        }
}

static void there_is_no_route(struct facts *f)
{
    the_way_fails_as(f, FAILURE_NO_ROUTE);
}

static void it_is_blackholed(struct facts *f)
{
    the_way_fails_as(f, FAILURE_BLACKHOLE);
}

static void another_server_is_silent_to_one_name(struct facts *f)
{
    for (int32_t i = 0; i < f->endpoints[SERVICE_SSMMESSAGES].n_answers; i++)
        if (f->endpoints[SERVICE_SSMMESSAGES].answers[i].step.failure == FAILURE_TIMEOUT)
            SET(f->endpoints[SERVICE_SSMMESSAGES].answers[i].server, "10.0.0.77");
}

static void the_agent_is_connected(struct facts *f)
{
    f->agent.connected = ANSWER_YES;
}

static void the_stub_is_silent_to_all(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        f->endpoints[i].n_answers = 1;
        f->endpoints[i].answers[0].unsent = false;
        f->endpoints[i].answers[0].step.failure = FAILURE_TIMEOUT;
    }
}

static void the_stub_is_never_asked(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        f->endpoints[i].answers[0].unsent = true;
        f->endpoints[i].answers[0].step.failure = FAILURE_NOT_PERMITTED;
    }
}

static void no_name_comes_in_time(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++)
            f->endpoints[i].answers[j].step.took_ms = 60000;
}

static void a_is_no_record(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++) {
            struct dns_answer *answer = &f->endpoints[i].answers[j];
            if (answer->family != FAMILY_IPV4)
                continue;
            answer->n_addresses = 0;
            step_fail(&answer->step, FAILURE_NODATA, 3000);
        }
}

static void the_file_is_said_at_length(struct facts *f, const char *end)
{
    step_fail(&f->agent.environment, FAILURE_INVALID, 1);
    SET(f->agent.environment.detail, "the agent's unit, written by hand, names /etc%s", end);
}

static void it_is_said_first(struct facts *f)
{
    the_file_is_said_at_length(f, ", which is not there: a link leads nowhere");
}

static void it_is_said_last(struct facts *f)
{
    the_file_is_said_at_length(f, ": a link, which leads nowhere");
}

static void a_far_address_has_no_route(struct facts *f)
{
    break_connect(f, SERVICE_SSM, 1, FAILURE_NO_ROUTE, 0);
    kernel_says(f, "10.0.2.21", ROUTE_NONE, "", 254);
}

/* Two are given, and one of them works: the server forwards to something that serves. */
static void one_that_is_given_connects(struct facts *f)
{
    struct endpoint_facts *endpoint = &f->endpoints[SERVICE_SSM];

    endpoint->n_addresses = 2;
    endpoint->addresses[1] = endpoint->addresses[0];
    SET(endpoint->addresses[0].address, "10.0.2.98");
    healthy_address(f, SERVICE_SSM, &endpoint->addresses[0]);
}

static void the_agents_file_names_a_region(struct facts *f)
{
    SET(f->agent.config_region, "eu-west-1");
}

static void the_agent_is_not_installed(struct facts *f)
{
    memset(&f->agent, 0, sizeof(f->agent));
    f->agent.installed = ANSWER_NO;
}

static void the_agent_is_the_first_that_knows_dhmc(struct facts *f)
{
    SET(f->agent.version, "3.2.582.0");
}

static void the_way_without_the_proxy_is_silent(struct facts *f)
{
    break_connect(f, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

/* ssm has trouble in both families; that IPv6 is not blocked as such shows kms alone, after s3, which is not asked. */
static void kms_answers_by_ipv6(struct facts *f)
{
    break_connect(f, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
    add_service(f, SERVICE_KMS, NEED_OPTIONAL);
    SET(f->endpoints[SERVICE_KMS].addresses[1].address, "2600:1f18:1:1::25");
}

static void one_address_of_kms_refuses_by_ipv6(struct facts *f)
{
    kms_answers_by_ipv6(f);
    break_connect(f, SERVICE_KMS, 1, FAILURE_REFUSED, 1);
}

static void one_service_is_silent_by_both(struct facts *f)
{
    break_connect(f, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
}

static void a_stub_asks_another_server(struct facts *f)
{
    f->resolvers.stub = true;
    f->resolvers.n_upstream = 1;
    SET(f->resolvers.upstream[0], "10.0.9.53");
}

/* Two for each question, as many as asked about. */
static void undelivered_are(struct facts *f, int64_t more)
{
    f->network.undelivered = more;
    for (int i = 0; i < N_SERVICES; i++)
        f->network.undelivered += 2 * (int64_t)f->endpoints[i].n_answers;
}

static void as_many_packets_came(struct facts *f)
{
    undelivered_are(f, 0);
}

static void one_packet_less_came(struct facts *f)
{
    undelivered_are(f, -1);
}

static void as_many_came_and_imds_is_silent(struct facts *f)
{
    undelivered_are(f, 1);
    step_fail(&f->imds.connect, FAILURE_TIMEOUT, 1204);
}

static void the_certificate_is_for_one_letter(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            SET(f->endpoints[i].addresses[j].session.names, "x");
}

static void the_server_is(struct facts *f, const char *server)
{
    for (int i = 0; i < N_SERVICES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_answers; j++)
            SET(f->endpoints[i].answers[j].server, "%s", server);
}

static void the_server_is_of_this_machine(struct facts *f)
{
    the_server_is(f, "127.0.0.1");
}

static void the_server_is_of_ipv6(struct facts *f)
{
    the_server_is(f, "fd00:ec2::253");
}

static void one_action_is_unclear(struct facts *f)
{
    struct action_facts *action = &f->endpoints[SERVICE_SSM].actions[0];

    action->permission = PERMISSION_UNCLEAR;
    action->failure = FAILURE_HTTP_STATUS;
    action->status = 500;
}

/* Every other day: the first of ssm is what a title names. */
static void each_certificate_ended_on_its_own_day(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int32_t j = 0; j < f->endpoints[i].n_addresses; j++)
            at(f, i, j)->session.not_after_unix_s = 1795435200 - (2 + i) * 86400;
}

static void one_other_service_is_silent(struct facts *f)
{
    break_connect(f, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

static void the_proxy_was_not_asked_for_ssm(struct facts *f)
{
    memset(&f->endpoints[SERVICE_SSM].proxy, 0, sizeof(f->endpoints[SERVICE_SSM].proxy));
}

static void every_server_is_silent_to_ssm(struct facts *f)
{
    break_resolve(f, SERVICE_SSM, FAILURE_TIMEOUT);
}

/* One packet was lost: another address of ssm does connect from there. */
static void one_connects_from_those_ports(struct facts *f)
{
    at(f, SERVICE_SSM, 1)->port = at(f, SERVICE_SSM, 1)->silent_port;
    at(f, SERVICE_SSM, 1)->silent_port = 0;
}

/* Of the half that was dialled first the kernel gave no port. */
static void one_port_alone_is_known(struct facts *f)
{
    at(f, SERVICE_SSMMESSAGES, 0)->port = 0;
}

/* TLS that fails at one of ssm's addresses: what the SDK's tries make up for, and what not. */
static void that_address_resets(struct facts *f)
{
    at(f, SERVICE_SSM, 1)->steps[RUNG_TLS].failure = FAILURE_RESET;
}

static void that_address_closes(struct facts *f)
{
    at(f, SERVICE_SSM, 1)->steps[RUNG_TLS].failure = FAILURE_CLOSED;
}

static void the_order_is_that_of_a_file(struct facts *f)
{
    at(f, SERVICE_SSM, 0)->from_hosts_file = at(f, SERVICE_SSM, 1)->from_hosts_file = true;
}

static void a_second_opinion_resets(struct facts *f)
{
    struct endpoint_facts *endpoint = &f->endpoints[SERVICE_SSM];

    endpoint->addresses[endpoint->n_addresses++] = endpoint->addresses[1];
    at(f, SERVICE_SSM, 2)->steps[RUNG_TLS].failure = FAILURE_RESET;
    at(f, SERVICE_SSM, 2)->second_opinion = true;
}

/* What DNS says was dialled too, for comparison, and stands before what is pinned. */
static void the_opinion_of_dns_stands_first(struct facts *f)
{
    struct endpoint_facts *endpoint = &f->endpoints[SERVICE_SSM];

    endpoint->addresses[endpoint->n_addresses++] = endpoint->addresses[0];
    SET(endpoint->addresses[0].address, "10.0.1.21");
    endpoint->addresses[0].from_hosts_file = false;
    endpoint->addresses[0].second_opinion = true;
}

static void the_agents_mgs_endpoint_is_of_ssm(struct facts *f)
{
    struct service_plan *plan = &f->plan.services[SERVICE_SSMMESSAGES];

    plan->host_source = SOURCE_AGENT_CONFIG;
    SET(plan->host, "vpce-1.ssm.us-east-1.vpce.amazonaws.com");
}

static void the_proxy_refuses_ssmmessages(struct facts *f)
{
    step_fail(&f->endpoints[SERVICE_SSMMESSAGES].proxy, FAILURE_PROXY, 3);
    f->endpoints[SERVICE_SSMMESSAGES].proxy_status = 403;
}

static void the_proxy_refuses_what_is_not_past_it(struct facts *f)
{
    the_proxy_refuses_ssmmessages(f);
    SET(f->agent.no_proxy, "169.254.169.254,ssm.us-east-1.amazonaws.com");
}

static void a_certificate_ends_now(struct facts *f)
{
    at(f, SERVICE_SSM, 0)->session.not_after_unix_s = 1795435200;
}

static void the_second_services_certificate_ends(struct facts *f)
{
    at(f, SERVICE_SSMMESSAGES, 0)->session.not_after_unix_s = f->clock.wall_unix_ms / 1000 + 86400;
}

/* Beside this program's trouble there is a note, which is no reason for anything. */
static void dns_has_trouble_and_a_certificate_ends(struct facts *f)
{
    dns_has_trouble(f);
    the_second_services_certificate_ends(f);
}

/* Nothing outside the own subnet connects, and of all services ssm alone has an address within. */
static void only_ssm_is_near(struct facts *f)
{
    break_connect(f, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2200);
    for (int i = SERVICE_SSMMESSAGES; i <= SERVICE_EC2MESSAGES; i++) {
        f->endpoints[i].n_addresses = 1;
        lie_at(f, i, 0, "10.0.2", PLACE_IN_VPC);
        break_connect(f, (enum service)i, 0, FAILURE_TIMEOUT, 2200);
    }
}

static void imds_is_silent(struct facts *f)
{
    break_imds(f, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1204);
}

static void the_body_has_one_character(struct facts *f)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        for (int j = 0; j < f->endpoints[i].n_addresses; j++)
            SET(at(f, i, j)->body_start, "x");
}

static void one_of_two_lies_elsewhere(struct facts *f)
{
    lie_at(f, SERVICE_SSM, 1, "10.9.2", PLACE_PRIVATE_ELSEWHERE);
}

#define FINDING(code) "\"code\":\"" code "\",\"severity\""

static const struct {
    const char *situation;
    void (*change)(struct facts *facts);
    const char *has, *has_not;
} rows[] = {
    {"network-not-up", an_address_does_not_count, "0 addresses", "10.9.9.9"},
    {"network-not-up", there_is_no_interface, "there is no network interface besides loopback",
     NULL},
    {"imds-blocked-locally--reject", the_kernel_has_no_route,
     "the kernel has no route to 169.254.169.254", NULL},
    {"imds-blocked-locally--reject", the_kernel_takes_it_for_its_own,
     "the kernel takes 169.254.169.254 for an address of this machine", NULL},
    {"tls-untrusted", files_cannot_be_read,
     "\"id\":\"ssm.tls\",\"required\":true,\"status\":\"unknown\"", NULL},
    {"healthy", nobody_keeps_the_time_and_files_fail, "\"verdict\":\"", "\"time-sync-missing\""},
    {"credentials-expired", the_day_is_wrong_and_credentials_are_valid, "\"clock-wrong\"", NULL},
    {"imds-throttled", one_request, "\"1 request sent to it in this round\"", NULL},
    {"imds-throttled", two_requests, "\"2 requests sent to it in this round\"", NULL},
    {"role-not-assumable", the_profile_says_it, "\"role-not-assumable\"", NULL},
    {"role-not-assumable", credentials_have_a_status_and_no_code, "status 500", "status 500, Code"},
    {"dns-no-resolver", resolv_conf_is_not_there, "/etc/resolv.conf is not there",
     "names no nameserver"},
    {"dns-local--stub-dead", the_stub_is_of_ipv6, "\"dns-local\"", NULL},
    {"agent-disabled", its_unit_is_a_snaps, "snap ", NULL},
    {"agent-crashes", its_last_error_is_another, "something nobody knows", "the agent says this"},
    {"agent-crashes", its_last_error_is_known, "the agent says this where policy-missing applies",
     NULL},
    {"dns-slow", dns_takes_all_the_time, "3.0 s a look-up", NULL},
    {"imds-disabled", the_token_has_a_detail, ", of a kind", NULL},
    {"healthy", one_certificate_ends_first, "3 days", NULL},
    {"other-interface", another_address_begins_like_it, "\"other-interface\"", "eth7"},
    {"other-interface", its_own_address_is_not_known, "\"network-acl\"", "\"other-interface\""},
    {"dns-local", it_has_no_ipv4, "\"dns-local\"", NULL},
    {"dns-local--stub-dead", the_stub_only_fails, "probably fails on this machine", NULL},
    {"dns-firewall--alias", every_alias_begins_as_amazons, "aliases a name that exists", NULL},
    {"dns-firewall--alias", the_alias_is_amazons, "probably DNS Firewall", NULL},
    {"dns-firewall--alias", the_alias_is_in_the_domain, "probably DNS Firewall", NULL},
    {"signature-rejected", the_agent_names_the_same_region, "probably something rewrites requests",
     NULL},
    {"endpoint-missing", the_region_is_an_option, "\"endpoint-missing\"", NULL},
    {"dns-wrong-name", the_region_is_an_option, "\"dns-wrong-name\"", NULL},
    {"tls-untrusted--one-address", that_address_closes, "\"verdict\":\"degraded\"", NULL},
    {"tls-untrusted--one-address", that_address_resets, "\"verdict\":\"not-ready\"", NULL},
    {"tls-untrusted--one-address", the_order_is_that_of_a_file, "\"verdict\":\"not-ready\"", NULL},
    {"tls-untrusted--one-address", a_second_opinion_resets, "\"verdict\":\"degraded\"", NULL},
    {"tls-wrong-name", the_issuer_is_not_known, "\"tls-wrong-name\"", "\"tls-intercepted\""},
    {"tls-intercepted", the_issuer_is_not_known, "\"tls-intercepted\"", NULL},
    {"clock-wrong--tls", other_services_are_not_asked, "400 days behind", NULL},
    {"refused-on-the-way", the_resetter_is_the_endpoint, "\"no-route\"", "\"refused-on-the-way\""},
    {"healthy", each_subnet_has_one_that_connects, "\"endpoint-az-unreachable\"",
     "\"network-acl\""},
    {"agent-crashes--stays-down", its_unit_is_starting, "\"agent-crashes\"", "nothing starts it"},
    {"healthy", an_id_holds_a_control, "i-0?", NULL},
    {"clock-wrong--tls", certificates_are_old_by_any_clock, "\"tls-expired\"", NULL},
    {"role-not-assumable", the_role_says_another_thing, "\"role-not-assumable\"", NULL},
    {"proxy-in-the-way", http_has_no_status, "\"proxy-in-the-way\"", "status 0"},
    {"dns-wrong-name--endpoint-gone", the_id_ends_the_label, "--vpc-endpoint-ids vpce-0abc --query",
     NULL},
    {"healthy", port_443, "\"verdict\":\"ready\"", NULL},
    {"healthy", port_443_and_a_path, "\"verdict\":\"ready\"", NULL},
    {"healthy", a_path_with_a_colon, "\"verdict\":\"ready\"", NULL},
    {"healthy", port_4430, "endpoints have 443 only", NULL},
    {"healthy", port_44, "endpoints have 443 only", NULL},
    {"dns-wrong-name--endpoint-gone", the_id_has_no_digits, "\"dns-wrong-name\"", "vpce- "},
    {"dns-wrong-name--endpoint-gone", the_id_ends_in_a_letter, "\"dns-wrong-name\"",
     "--vpc-endpoint-ids vpce-0abc\""},
    {"ca-bundle-missing--foreign", the_sdks_bundle_does_not_vouch,
     "sets AWS_CA_BUNDLE to /etc/corp/ca.pem", "sets SSL_CERT_DIR"},
    {"healthy", the_package_names_no_file, "\"agent-missing\"", "lists version"},
    {"dns-slow", s3_is_asked_too, "\"dns-slow\"", NULL},
    {"healthy", dns_has_trouble, "\"preflight-trouble\"", NULL},
    {"healthy--many-addresses", many_are_left_and_one_is_left_out, "left out by --skip",
     "are not tried"},
    {"proxy-in-the-way--opens", private_is_required,
     "\"id\":\"ssm.private\",\"required\":true,\"status\":\"fail\"", NULL},
    {"healthy", each_loses_the_same_subnet, "\"network-acl\"", NULL},
    {"healthy", each_loses_another_subnet, "\"endpoint-az-unreachable\"", "\"network-acl\""},
    {"healthy", no_service_is_partly_silent, "\"endpoint-blocks-443\"", NULL},
    {"healthy", one_far_connects, "\"endpoint-az-unreachable\"", NULL},
    {"healthy", imds_is_prohibited,
     "\"imds-blocked-locally\",\"severity\":\"fatal\",\"confidence\":\"certain\"", NULL},
    {"healthy", imds_is_prohibited_by_ipv6,
     "\"imds-blocked-locally\",\"severity\":\"fatal\",\"confidence\":\"likely\"", NULL},
    {"policy-missing--dhmc", there_is_no_identity_role, "\"verdict\":\"not-ready\"", NULL},
    {"route-elsewhere", the_way_is_local, "\"verdict\":\"not-ready\"", "\"route-elsewhere\""},
    {"route-elsewhere", another_interface_has_no_address, "\"verdict\":\"not-ready\"",
     "\"route-elsewhere\""},
    {"route-elsewhere", another_interface_is_down, "\"verdict\":\"not-ready\"",
     "\"route-elsewhere\""},
    {"route-elsewhere", another_way_is_right, "\"route-elsewhere\"", "192.0.2.1"},
    {"other-interface", the_way_is_local, FINDING("network-acl"), "\"other-interface\""},
    {"other-interface", the_ways_device_is_not_known, FINDING("network-acl"),
     "\"other-interface\""},
    {"other-interface", the_way_to_others_is_not_known, "\"verdict\":\"not-ready\"",
     FINDING("other-interface")},
    {"proxy-in-the-way--opens", ssm_is_silent, "; the agent's proxy gets there", NULL},
    {"local-firewall--answers", one_silent_address_is_of_ipv6, FINDING("local-firewall"), NULL},
    {"local-firewall--answers", one_address_refuses, FINDING("endpoint-refuses"),
     FINDING("local-firewall")},
    {"local-firewall--answers", imds_is_of_ipv6, FINDING("imds-unreachable"),
     FINDING("imds-blocked-locally")},
    {"network-acl--some-ports", these_are_second_opinions, "\"verdict\":\"ready\"",
     "\"network-acl\""},
    {"healthy", what_is_open_is_of_ipv4, "the other addresses not answered", NULL},
    {"healthy", what_is_open_is_a_second_opinion, "\"verdict\":\"not-ready\"",
     "the other addresses not answered"},
    {"healthy", what_is_open_is_of_another_family, "\"verdict\":\"not-ready\"",
     "the other addresses not answered"},
    {"healthy", what_is_open_is_too_new_for_the_agent, "\"verdict\":\"not-ready\"",
     "the other addresses not answered"},
    {"healthy", amazon_knows_the_name_and_the_region_is_an_option, "\"verdict\":\"not-ready\"",
     "\"dns-wrong-name\""},
    {"path-mtu--requests", an_unsigned_request_is_slow, "\"verdict\":\"not-ready\"",
     "\"path-mtu\""},
    {"path-mtu--requests", an_unsigned_request_fails, "\"verdict\":\"not-ready\"", "\"path-mtu\""},
    {"clock-wrong--no-sample", one_handshake_is_cut, FINDING("tls-expired"),
     FINDING("clock-wrong")},
    {"clock-wrong--by-imds-alone", certificates_say_it_too,
     "\"clock-wrong\",\"severity\":\"fatal\",\"confidence\":\"certain\"", NULL},
    {"local-firewall--routed", there_is_no_route,
     "\"local-firewall\",\"severity\":\"fatal\",\"confidence\":\"likely\"", NULL},
    {"local-firewall--routed", it_is_blackholed,
     "\"local-firewall\",\"severity\":\"fatal\",\"confidence\":\"likely\"", NULL},
    {"dns-server-silent", another_server_is_silent_to_one_name, "\"verdict\":\"ready\"",
     "\"dns-server-silent\""},
    {"policy-missing", the_agent_is_connected, FINDING("policy-incomplete"), "\"policy-missing\""},
    {"dns-local--stub-dead", the_stub_is_silent_to_all, "\"dns-resolver-unreachable\"",
     "\"dns-local\""},
    {"dns-local--stub-dead", the_stub_is_never_asked, FINDING("dns-local"), NULL},
    {"healthy", no_name_comes_in_time,
     "\"id\":\"ssm.resolve\",\"required\":true,\"status\":\"fail\",\"reason\":\"slow\"", NULL},
    {"dns-slow--aaaa", a_is_no_record, "\"dns-slow\"", "unanswered"},
    {"tls-intercepted--private-authority", the_issuer_is_not_known, "\"tls-untrusted\"",
     "\"tls-intercepted\""},
    {"agent-environment--file", it_is_said_first, "by hand, names /etc\",\"explains\"", NULL},
    {"agent-environment--file", it_is_said_last, "by hand, names /etc\",\"explains\"", NULL},
    {"healthy", a_far_address_has_no_route, "the kernel has no route to 10.0.2.21", NULL},
    {"dns-bypasses-vpc--memory", one_that_is_given_connects, FINDING("endpoint-az-unreachable"),
     "\"dns-bypasses-vpc\""},
    {"imds-unreachable", the_agents_file_names_a_region, "\"clock.skew\",\"agent.config\"],", NULL},
    {"imds-unreachable", the_agent_is_not_installed, "\"hides\":[\"agent.enabled\"",
     "\"clock.skew\",\"agent.enabled\""},
    {"role-missing--dhmc", the_agent_is_the_first_that_knows_dhmc, "\"verdict\":\"degraded\"",
     NULL},
    {"proxy-in-the-way--opens", the_way_without_the_proxy_is_silent,
     "\"id\":\"ssm.authorize\",\"required\":true,\"status\":\"skip\",\"reason\":\"not-wanted\"",
     NULL},
    {"address-family-blocked", kms_answers_by_ipv6,
     "\"ssmmessages, ec2messages: probably a rule keeps IPv6", NULL},
    {"address-family-blocked", one_address_of_kms_refuses_by_ipv6,
     "\"title\":\"ssmmessages, ec2messages: probably a rule keeps IPv6", NULL},
    {"address-family-blocked", one_service_is_silent_by_both,
     "\"title\":\"all endpoints: probably a rule keeps IPv6", NULL},
    {"dns-bypasses-vpc", a_stub_asks_another_server, "behind the local stub is 10.0.9.53", NULL},
    {"dns-local--dropped", as_many_packets_came, "that no program got", NULL},
    {"dns-local--dropped", one_packet_less_came, "\"verdict\":\"not-ready\"",
     "that no program got"},
    {"dns-local--dropped", as_many_came_and_imds_is_silent, FINDING("imds-blocked-locally"),
     FINDING("dns-local")},
    {"tls-wrong-name", the_certificate_is_for_one_letter, "the certificate names x", NULL},
    {"dns-local--dropped", the_server_is_of_this_machine, "\"verdict\":\"not-ready\"",
     "that no program got"},
    {"dns-local--dropped", the_server_is_of_ipv6, "\"verdict\":\"not-ready\"",
     "that no program got"},
    {"policy-incomplete--parameters", one_action_is_unclear, "2 of 7 probed actions denied", NULL},
    {"policy-incomplete--parameters", one_action_is_unclear,
     "\"distributor\":{\"actions\":7,\"allowed\":3,\"denied\":0},"
     "\"run-command\":{\"actions\":4,\"allowed\":2,\"denied\":0}",
     NULL},
    {"tls-expired", each_certificate_ended_on_its_own_day, "the certificate ended on 2026-11-21",
     NULL},
    {"network-acl--some-ports", one_connects_from_those_ports, "\"verdict\":\"ready\"",
     "\"network-acl\""},
    {"endpoint-az-unreachable--ports", one_port_alone_is_known, "after 3504 ms, from port 40444",
     "from ports"},
    {"dns-hosts-override", the_opinion_of_dns_stands_first, "\"1 of 1 in the VPC", NULL},
    {"healthy", the_agents_mgs_endpoint_is_of_ssm, "Mgs.Endpoint names an endpoint of ssm: vpce-1",
     NULL},
    {"proxy-in-the-way--opens", the_proxy_refuses_ssmmessages,
     "for ssmmessages.us-east-1.amazonaws.com, which does not let it through", NULL},
    {"proxy-in-the-way--opens", the_proxy_refuses_what_is_not_past_it,
     "for ssmmessages.us-east-1.amazonaws.com, which does not let it through", NULL},
    {"healthy", a_certificate_ends_now, "certificate of 10.0.1.21 is valid until", NULL},
    {"dns-server-silent", every_server_is_silent_to_ssm,
     "10.0.9.53, asked for ssmmessages.us-east-1.amazonaws.com A: no answer", NULL},
    {"endpoint-missing--gateway", one_other_service_is_silent, FINDING("endpoint-missing"), NULL},
    {"proxy-in-the-way--opens", the_proxy_was_not_asked_for_ssm,
     "CONNECT ssmmessages.us-east-1.amazonaws.com:443", "CONNECT ssm."},
    {"healthy", the_second_services_certificate_ends, "certificate of 10.0.1.22 is valid until",
     NULL},
    {"healthy", dns_has_trouble_and_a_certificate_ends,
     "\"summary\":\"unknown: This program could not look", NULL},
    {"not-ec2", the_agent_is_not_installed, "\"hides\":[\"agent.enabled\"", NULL},
    {"healthy", only_ssm_is_near, FINDING("network-acl"), FINDING("endpoint-blocks-443")},
    {"network-not-up", imds_is_silent, FINDING("network-not-up"), NULL},
    {"proxy-in-the-way", the_body_has_one_character, "\"the answer has: x\"", NULL},
    {"dns-wrong-name", as_it_is, "the name comes from ", "an option of this program"},
    {"healthy", one_of_two_lies_elsewhere, "1 in this subnet, 1 private elsewhere", NULL},
};

static void what_is_said_at_an_edge(void **state)
{
    int n_wrong = 0;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer text;

        facts_healthy(&facts);
        situation_find(rows[i].situation)->make(&facts);
        rows[i].change(&facts);
        diagnose(&facts, &report);
        buffer_init(&text, REPORT_MAX_BYTES);
        write_json_line(&report, &text);
        char *of_facts = strstr(text.bytes, "\"facts\":{");
        assert_non_null(of_facts);
        *of_facts = '\0';
        if (!strstr(text.bytes, rows[i].has)) {
            printf("row %zu, %s: it does not say %s\n%s\n", i, rows[i].situation, rows[i].has,
                   text.bytes);
            n_wrong++;
        }
        if (rows[i].has_not && strstr(text.bytes, rows[i].has_not)) {
            printf("row %zu, %s: it says %s\n", i, rows[i].situation, rows[i].has_not);
            n_wrong++;
        }
        buffer_clear(&text);
    }
    assert_int_equal(n_wrong, 0);
}

/* One line of 80 columns: cut at a word, and nothing hangs at its end. */
static void a_long_summary_is_cut_at_a_word(void **state)
{
    (void)state;
    facts_healthy(&facts);
    situation_find("dns-hosts-override")->make(&facts);
    for (size_t n = 1; n < HOST_SIZE - 1; n++) {
        memset(facts.plan.services[SERVICE_SSM].host, 'a', n);
        for (size_t i = 7; i < n; i += 7)
            facts.plan.services[SERVICE_SSM].host[i] = i % 2 ? ',' : ':';
        facts.plan.services[SERVICE_SSM].host[n] = '\0';
        diagnose(&facts, &report);
        size_t length = strlen(report.summary);
        assert_true(length < SUMMARY_SIZE);
        if (text_ends(report.summary, "..."))
            assert_null(strchr(" ,:", report.summary[length - 4]));
    }
}

static void what_is_not_known_is_neither_past_nor_down(void **state)
{
    (void)state;
    facts_healthy(&facts);
    assert_false(look_is_past(&facts, 0));
    assert_true(look_is_past(&facts, 1));
    assert_true(look_is_past(&facts, 1795435199)); /* a second before the round began */
    assert_false(look_is_past(&facts, 1795435200));
    assert_false(look_is_to_come(&facts, 1795435200));
    assert_true(look_is_to_come(&facts, 1795435201));
    assert_false(look_is_to_come(&facts, 0));
    assert_false(look_is_to_come(&facts, 1));
    assert_true(look_is_to_come(&facts, INT64_MAX));
    assert_false(look_agent_stays_down(&facts.agent));
    facts.agent.ended = ANSWER_YES;
    SET(facts.agent.unit_active, "failed");
    assert_true(look_agent_stays_down(&facts.agent));
    SET(facts.agent.unit_active, "inactive");
    assert_true(look_agent_stays_down(&facts.agent));
    SET(facts.agent.unit_active, "active");
    assert_false(look_agent_stays_down(&facts.agent));
    assert_false(look_needs_dualstack(&facts));
    SET(facts.plan.services[SERVICE_SSM].host, "ssm.us-east-1.api.aws");
    assert_true(look_needs_dualstack(&facts));
    SET(facts.plan.services[SERVICE_SSM].host, "ssm.cn-north-1.api.amazonwebservices.com.cn");
    assert_true(look_needs_dualstack(&facts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_at_an_edge),
        cmocka_unit_test(what_is_not_known_is_neither_past_nor_down),
        cmocka_unit_test(a_long_summary_is_cut_at_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
