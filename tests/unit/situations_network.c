/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and the way to port 443.
 */
#include <string.h>

#include "base/text.h"
#include "facts_builder.h"
#include "situations.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)
/* NOLINTNEXTLINE(bugprone-macro-parentheses): it declares its variable */
#define EACH_SERVICE(i) for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)

static const char *const public_of[] = {"52.46.141.158", "52.46.132.117", "52.46.136.70"};
static const char *const private_of[] = {"10.0.1.21", "10.0.1.22", "10.0.1.23"};

/* --- resolvers --- */

static void no_resolver(struct facts *facts)
{
    facts->resolvers.n_configured = 0;
    EACH_SERVICE(i)
    {
        break_resolve(facts, (enum service)i, FAILURE_NO_RESOLVER);
        facts->endpoints[i].n_answers = 0;
    }
}

static void resolvers_all(struct facts *facts, enum failure failure)
{
    EACH_SERVICE(i) break_resolve(facts, (enum service)i, failure);
}

static void vpc_dns_silent(struct facts *facts)
{
    resolvers_all(facts, FAILURE_TIMEOUT);
    EACH_SERVICE(i) amazon_says(facts, (enum service)i, "", FAILURE_TIMEOUT);
}

/* IMDS is on the link, and all else goes by a gateway that answers no ARP. */
static void gateway_before_resolver(struct facts *facts)
{
    resolvers_all(facts, FAILURE_HOST_UNREACHABLE);
    EACH_SERVICE(i) amazon_says(facts, (enum service)i, "", FAILURE_HOST_UNREACHABLE);
    kernel_says(facts, "10.0.0.2", ROUTE_FORWARD, "", 0);
}

/* A firewall of this machine drops what the resolvers answer: three to each question. */
static void answers_are_dropped_here(struct facts *facts)
{
    vpc_dns_silent(facts);
    facts->network.delivery_read = true;
    EACH_SERVICE(i) facts->network.undelivered += 3 * facts->endpoints[i].n_answers;
}

static void vpc_dns_refuses(struct facts *facts)
{
    resolvers_all(facts, FAILURE_DNS_REFUSED);
}

/* Another server in the place of Amazon's, which has these addresses. */
static void other_server(struct facts *facts, const char *server, enum failure failure,
                         const char *const *addresses)
{
    use_resolver(facts, server);
    resolvers_all(facts, failure);
    EACH_SERVICE(i) amazon_says(facts, (enum service)i, addresses[i], FAILURE_NONE);
}

static void dead_resolver(struct facts *facts)
{
    other_server(facts, "10.0.9.53", FAILURE_TIMEOUT, private_of);
}

static void dead_resolver_alone(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    resolvers_all(facts, FAILURE_TIMEOUT);
}

static void dead_stub(struct facts *facts)
{
    use_resolver(facts, "127.0.0.53");
    facts->resolvers.stub = true;
    facts->resolvers.n_upstream = 1;
    SET(facts->resolvers.upstream[0], "10.0.9.53");
    resolvers_all(facts, FAILURE_SERVFAIL);
    EACH_SERVICE(i)
    {
        struct dns_answer *answer = add_answer(&facts->endpoints[i], "10.0.9.53", ASKED_UPSTREAM,
                                               FAMILY_IPV4);
        step_fail(&answer->step, FAILURE_TIMEOUT, 2000);
        answer->rcode = -1;
        amazon_says(facts, (enum service)i, private_of[i], FAILURE_NONE);
    }
}

static void bypassed(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    EACH_SERVICE(i)
    {
        resolve_to(facts, (enum service)i, public_of[i], PLACE_PUBLIC, FAILURE_TIMEOUT);
        amazon_says(facts, (enum service)i, private_of[i], FAILURE_NONE);
    }
}

static void bypassed_by_own_server(struct facts *facts)
{
    bypassed(facts);
    use_resolver(facts, "127.0.0.1");
}

/* Of a custom resolver and one that fails nobody can tell what the VPC's would say. */
static void public_and_amazon_fails(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    EACH_SERVICE(i)
    {
        resolve_to(facts, (enum service)i, public_of[i], PLACE_PUBLIC, FAILURE_TIMEOUT);
        amazon_says(facts, (enum service)i, "", FAILURE_SERVFAIL);
    }
}

/* The first of resolv.conf is silent: the title names the one that answered. */
static void bypassed_by_the_second(struct facts *facts)
{
    bypassed(facts);
    SET(facts->resolvers.configured[1], "%s", facts->resolvers.configured[0]);
    SET(facts->resolvers.configured[0], "10.0.9.99");
    facts->resolvers.n_configured = 2;
}

/* It remembers an endpoint that was made anew. */
static void bypassed_by_memory(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    resolve_to(facts, SERVICE_SSM, "10.0.2.99", PLACE_IN_VPC, FAILURE_TIMEOUT);
    amazon_says(facts, SERVICE_SSM, private_of[SERVICE_SSM], FAILURE_NONE);
}

static void bypassed_by_another_service(struct facts *facts)
{
    bypassed_by_memory(facts);
    break_tls(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_WRONG_NAME);
    step_ok(&facts->endpoints[SERVICE_SSM].addresses[0].steps[RUNG_CONNECT], 2);
}

/* The configured server, which is another, gives what Amazon's gives. */
static void silent_by_another_server(struct facts *facts)
{
    bypassed_by_memory(facts);
    resolve_to(facts, SERVICE_SSM, private_of[SERVICE_SSM], PLACE_OWN_SUBNET, FAILURE_TIMEOUT);
}

static void search_list(struct facts *facts)
{
    EACH_SERVICE(i)
    {
        resolve_to(facts, (enum service)i, "10.0.1.99", PLACE_OWN_SUBNET, FAILURE_TIMEOUT);
        SET(facts->endpoints[i].answers[0].cname, "%s.corp.example.com",
            facts->plan.services[i].host);
    }
}

static void bypassed_by_no(struct facts *facts)
{
    other_server(facts, "10.0.9.53", FAILURE_NXDOMAIN, private_of);
}

/* The name exists, though it is public: who says that it does not has not asked the VPC's resolver. */
static void bypassed_by_no_of_public_names(struct facts *facts)
{
    other_server(facts, "10.0.9.53", FAILURE_NXDOMAIN, public_of);
}

static void servfail(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    resolvers_all(facts, FAILURE_SERVFAIL);
    EACH_SERVICE(i) amazon_says(facts, (enum service)i, "", FAILURE_SERVFAIL);
}

static void malformed_addresses(struct facts *facts)
{
    resolvers_all(facts, FAILURE_NODATA);
    EACH_SERVICE(i)
    {
        struct dns_answer *a = &facts->endpoints[i].answers[FAMILY_IPV4];
        step_fail(&a->step, FAILURE_DNS_MALFORMED, 1);
        a->rcode = 0;
    }
}

/* Amazon's resolver, by one address and by the other. */
static void denied_once(struct facts *facts)
{
    resolvers_all(facts, FAILURE_NXDOMAIN);
    EACH_SERVICE(i) amazon_says(facts, (enum service)i, "10.0.1.21", FAILURE_NONE);
}

/* A rule of Route 53 Resolver forwards it to a dead server. */
static void silent_for_one_name(struct facts *facts)
{
    break_resolve(facts, SERVICE_SSMMESSAGES, FAILURE_TIMEOUT);
}

static void has_no_aaaa(struct facts *facts, int service)
{
    struct dns_answer *aaaa = &facts->endpoints[service].answers[FAMILY_IPV6];

    step_fail(&aaaa->step, FAILURE_NODATA, 1);
    aaaa->rcode = 0;
}

/* Nothing is known of A: that there is no AAAA record does not mean that there is no such name. */
static void servfail_for_one_family(struct facts *facts)
{
    resolvers_all(facts, FAILURE_SERVFAIL);
    EACH_SERVICE(i) has_no_aaaa(facts, i);
}

/* A network ACL drops the answers that are larger. */
static void silent_for_one_family(struct facts *facts)
{
    silent_for_one_name(facts);
    has_no_aaaa(facts, SERVICE_SSMMESSAGES);
}

static void wrong_name(struct facts *facts)
{
    SET(facts->plan.services[SERVICE_SSM].host, "ssm.us-east-11.amazonaws.com");
    facts->plan.services[SERVICE_SSM].host_source = SOURCE_AGENT_CONFIG;
    SET(facts->agent.config_file, "/etc/amazon/ssm/amazon-ssm-agent.json");
    break_resolve(facts, SERVICE_SSM, FAILURE_NXDOMAIN);
    amazon_says(facts, SERVICE_SSM, "", FAILURE_NXDOMAIN);
}

static void wrong_region_by_option(struct facts *facts)
{
    SET(facts->plan.region, "us-esat-1");
    facts->plan.region_source = SOURCE_OPTION;
    for (int i = 0; i < N_SERVICES; i++) {
        if (!facts->plan.services[i].host[0])
            continue;
        SET(facts->plan.services[i].host, "%s.us-esat-1.amazonaws.com",
            service_name((enum service)i));
        facts->plan.services[i].host_source = SOURCE_PARTITION;
        break_resolve(facts, (enum service)i, FAILURE_NXDOMAIN);
        amazon_says(facts, (enum service)i, "", FAILURE_NXDOMAIN);
    }
}

/* --- this machine, EDNS0, time, the truth --- */

static struct dns_answer *answer_of(struct facts *facts, int service, enum family family)
{
    return &facts->endpoints[service].answers[family]; /* of the one configured server */
}

static void asked_in_vain(struct facts *facts, enum failure failure, bool unsent)
{
    resolvers_all(facts, failure);
    EACH_SERVICE(i)
    {
        answer_of(facts, i, FAMILY_IPV4)->unsent = unsent;
        answer_of(facts, i, FAMILY_IPV6)->unsent = unsent;
    }
}

static void dns_not_permitted(struct facts *facts)
{
    asked_in_vain(facts, FAILURE_NOT_PERMITTED, true);
}

static void stub_with_upstream(struct facts *facts, enum failure failure)
{
    use_resolver(facts, "127.0.0.53");
    facts->resolvers.stub = true;
    facts->resolvers.n_upstream = 1;
    SET(facts->resolvers.upstream[0], "10.0.0.2");
    resolvers_all(facts, failure);
    EACH_SERVICE(i)
    {
        struct dns_answer *answer = add_answer(&facts->endpoints[i], "10.0.0.2", ASKED_UPSTREAM,
                                               FAMILY_IPV4);
        step_ok(&answer->step, 1);
        answer->n_addresses = 1;
        SET(answer->addresses[0], "%s", private_of[i]);
    }
}

static void stub_dead(struct facts *facts)
{
    stub_with_upstream(facts, FAILURE_REFUSED);
}

static void own_server_dead(struct facts *facts)
{
    other_server(facts, "127.0.0.1", FAILURE_REFUSED, private_of);
}

/* As of a NodeLocal DNSCache whose cluster is gone. */
static void own_server_hangs(struct facts *facts)
{
    other_server(facts, "169.254.20.10", FAILURE_TIMEOUT, private_of);
    kernel_says(facts, "169.254.20.10", ROUTE_LOCAL, "", 255);
}

static void stub_hangs(struct facts *facts)
{
    stub_with_upstream(facts, FAILURE_TIMEOUT);
}

static void dns_never_asked(struct facts *facts)
{
    facts->resolvers.order = LOOKUP_FILES;
    EACH_SERVICE(i)
    {
        break_resolve(facts, (enum service)i, FAILURE_TIMEOUT);
        facts->endpoints[i].n_answers = 0;
    }
}

static void without_edns(struct facts *facts, enum failure failure, int rcode)
{
    use_resolver(facts, "10.0.9.53");
    resolvers_all(facts, failure);
    EACH_SERVICE(i)
    {
        answer_of(facts, i, FAMILY_IPV4)->rcode = rcode;
        answer_of(facts, i, FAMILY_IPV6)->rcode = rcode;
        struct dns_answer *plain = add_answer(&facts->endpoints[i], "10.0.9.53", ASKED_PLAIN,
                                              FAMILY_IPV4);
        step_ok(&plain->step, 1);
        plain->n_addresses = 1;
        SET(plain->addresses[0], "%s", private_of[i]);
    }
}

static void edns_refused(struct facts *facts)
{
    without_edns(facts, FAILURE_DNS_MALFORMED, RCODE_FORMERR);
}

static void edns_dropped(struct facts *facts)
{
    without_edns(facts, FAILURE_TIMEOUT, -1);
}

/* Half of the answers are lost, and the one without EDNS0 was not. */
static void lost_for_one_name(struct facts *facts)
{
    struct dns_answer *plain;

    silent_for_one_name(facts);
    plain = add_answer(&facts->endpoints[SERVICE_SSMMESSAGES], "10.0.0.2", ASKED_PLAIN,
                       FAMILY_IPV4);
    step_ok(&plain->step, 1);
    plain->n_addresses = 1;
    SET(plain->addresses[0], "%s", private_of[SERVICE_SSMMESSAGES]);
}

static void tcp_dropped(struct facts *facts)
{
    edns_dropped(facts);
    facts->resolvers.by_tcp = true;
}

static void dns_slow(struct facts *facts)
{
    EACH_SERVICE(i)
    {
        answer_of(facts, i, FAMILY_IPV4)->step.took_ms = 3004;
        answer_of(facts, i, FAMILY_IPV6)->step.took_ms = 3003;
    }
}

/* A server that is slow is slow for both; packets are lost of one. */
static void dns_slow_for_one_family(struct facts *facts)
{
    EACH_SERVICE(i) answer_of(facts, i, FAMILY_IPV4)->step.took_ms = 2004;
}

static void dns_too_late(struct facts *facts)
{
    resolvers_all(facts, FAILURE_SLOW);
    EACH_SERVICE(i)
    {
        answer_of(facts, i, FAMILY_IPV4)->step.took_ms = 6004;
        answer_of(facts, i, FAMILY_IPV6)->step.took_ms = 6004;
    }
}

static void dns_too_late_for_resolv_conf(struct facts *facts)
{
    dns_too_late(facts);
    facts->resolvers.timeout_ms = 1000;
}

/* By packets that were lost, it may be. */
static void one_name_too_late(struct facts *facts)
{
    break_resolve(facts, SERVICE_SSM, FAILURE_SLOW);
    answer_of(facts, SERVICE_SSM, FAMILY_IPV4)->step.took_ms = 6004;
}

static void aaaa_unanswered(struct facts *facts)
{
    EACH_SERVICE(i)
    {
        step_fail(&answer_of(facts, i, FAMILY_IPV6)->step, FAILURE_TIMEOUT, 7001);
        answer_of(facts, i, FAMILY_IPV6)->rcode = -1;
    }
}

static void denied_by_amazon(struct facts *facts)
{
    resolvers_all(facts, FAILURE_NXDOMAIN);
    EACH_SERVICE(i) amazon_says(facts, (enum service)i, "", FAILURE_NXDOMAIN);
}

static void aliased_by_amazon(struct facts *facts)
{
    resolvers_all(facts, FAILURE_NODATA);
    EACH_SERVICE(i) SET(answer_of(facts, i, FAMILY_IPV4)->cname, "blocked.example.com");
}

/* By Amazon's resolver, which tells the truth of it. */
static void addresses_of_ipv6_only(struct facts *facts)
{
    EACH_SERVICE(i)
    {
        struct dns_answer *aaaa = answer_of(facts, i, FAMILY_IPV6);
        break_resolve(facts, (enum service)i, FAILURE_NODATA);
        step_ok(&aaaa->step, 1);
        aaaa->rcode = 0;
        aaaa->n_addresses = 1;
        SET(aaaa->addresses[0], "2001:db8:1:1::21");
    }
}

static void addresses_of_the_other_family(struct facts *facts)
{
    SET(facts->agent.version, "3.3.3270.0");
    use_resolver(facts, "fd00:ec2::253");
    facts->network.usable_ipv4 = false;
    facts->network.usable_ipv6 = true;
    facts->network.default_route_ipv6 = true;
    EACH_SERVICE(i)
    {
        struct dns_answer a = *answer_of(facts, i, FAMILY_IPV4);
        break_resolve(facts, (enum service)i, FAILURE_NODATA);
        *answer_of(facts, i, FAMILY_IPV4) = a;
    }
}

/* A server that blocks names, as one against advertisements does. */
static void led_here(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    EACH_SERVICE(i) resolve_to(facts, (enum service)i, "127.0.0.1", PLACE_LOCAL, FAILURE_REFUSED);
}

static void led_here_by_amazon(struct facts *facts)
{
    EACH_SERVICE(i) resolve_to(facts, (enum service)i, "0.0.0.0", PLACE_LOCAL, FAILURE_REFUSED);
}

static void led_to_broadcast(struct facts *facts)
{
    EACH_SERVICE(i) resolve_to(facts, (enum service)i, "10.0.1.255", PLACE_LOCAL, FAILURE_NO_ROUTE);
}

/* The fourth server is alive, and the agent asks three. */
static void fourth_server(struct facts *facts)
{
    dead_resolver(facts);
    facts->resolvers.n_configured = 4;
    SET(facts->resolvers.configured[1], "10.0.9.54");
    SET(facts->resolvers.configured[2], "10.0.9.55");
    SET(facts->resolvers.configured[3], "10.0.0.2");
}

/* --- this program's own trouble --- */

static void resolv_conf_unreadable(struct facts *facts)
{
    no_resolver(facts);
    step_fail(&facts->resolvers.read, FAILURE_INTERNAL, 0);
    SET(facts->resolvers.read.detail, "/etc/resolv.conf: Input/output error");
}

static void file_unreadable(struct facts *facts)
{
    step_fail(&facts->machine.trouble, FAILURE_INTERNAL, 0);
    SET(facts->machine.trouble.detail,
        "/etc/amazon/ssm/amazon-ssm-agent.json: Too many open files");
}

static void no_socket(struct facts *facts)
{
    step_fail(&facts->machine.trouble, FAILURE_INTERNAL, 0);
    SET(facts->machine.trouble.detail, "a socket: Too many open files");
}

static void no_socket_for_names(struct facts *facts)
{
    no_socket(facts);
    asked_in_vain(facts, FAILURE_INTERNAL, true);
}

static void no_socket_for_one_address(struct facts *facts)
{
    no_socket(facts);
    break_connect(facts, SERVICE_SSM, 0, FAILURE_INTERNAL, 1);
}

static void no_socket_and_an_answer(struct facts *facts)
{
    no_socket_for_one_address(facts);
    break_connect(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_REFUSED, 1);
}

/* --- what the names say --- */

static void hosts_override(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];

    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    endpoint->n_addresses = 1;
    memset(&endpoint->addresses[1], 0, sizeof(endpoint->addresses[1]));
    SET(endpoint->addresses[0].address, "10.0.1.99");
    endpoint->addresses[0].from_hosts_file = true;
}

static void private_dns_off(struct facts *facts)
{
    EACH_SERVICE(i)
    resolve_to(facts, (enum service)i, public_of[i], PLACE_PUBLIC, FAILURE_TIMEOUT);
}

static void private_dns_off_by_custom_resolver(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    private_dns_off(facts);
}

static void private_dns_off_required(struct facts *facts)
{
    facts->plan.private_dns = PRIVATE_DNS_REQUIRE;
    private_dns_off(facts);
}

static void private_dns_off_and_not_wanted(struct facts *facts)
{
    facts->plan.private_dns = PRIVATE_DNS_OFF;
    private_dns_off(facts);
}

static void endpoint_missing(struct facts *facts)
{
    resolve_to(facts, SERVICE_SSMMESSAGES, public_of[1], PLACE_PUBLIC, FAILURE_TIMEOUT);
}

/* The configured resolver does not know a name that Amazon's does: of a FIPS endpoint that is not in
 * this VPC, so that its addresses are public. */
static void bypassed_for_an_unknown_name(struct facts *facts)
{
    use_resolver(facts, "10.0.9.53");
    SET(facts->plan.services[SERVICE_SSM].host, "ssm-fips.us-east-1.amazonaws.com");
    facts->plan.services[SERVICE_SSM].host_source = SOURCE_AGENT_CONFIG;
    break_resolve(facts, SERVICE_SSM, FAILURE_NXDOMAIN);
    amazon_says(facts, SERVICE_SSM, "52.46.141.158", FAILURE_NONE);
}

/* resolv.conf names a dead server first. */
static void first_server_silent_for(struct facts *facts, int32_t took_ms)
{
    SET(facts->resolvers.configured[1], "%s", facts->resolvers.configured[0]);
    SET(facts->resolvers.configured[0], "10.0.9.53");
    facts->resolvers.n_configured = 2;
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        struct dns_answer *silent = add_answer(endpoint, "10.0.9.53", ASKED_CONFIGURED,
                                               FAMILY_IPV4);
        step_fail(&silent->step, FAILURE_TIMEOUT, took_ms);
        silent->rcode = -1;
    }
}

static void first_server_silent(struct facts *facts)
{
    first_server_silent_for(facts, 254);
}

/* For longer than CreateControlChannel has. */
static void first_server_silent_in_each_domain(struct facts *facts)
{
    first_server_silent(facts);
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        struct dns_answer silent = endpoint->answers[endpoint->n_answers - 1];
        memmove(&endpoint->answers[1], endpoint->answers,
                (size_t)(endpoint->n_answers - 1) * sizeof(silent));
        endpoint->answers[0] = silent;
        endpoint->n_searched = 2;
    }
}

/* It answers by TCP, and so it was waited for. */
static void first_server_silent_by_udp(struct facts *facts)
{
    first_server_silent_for(facts, 2000);
}

static void s3_by_gateway(struct facts *facts)
{
    add_service(facts, SERVICE_S3, NEED_REQUIRED);
    resolve_to(facts, SERVICE_S3, "52.216.8.31", PLACE_PUBLIC, FAILURE_NONE);
}

static void s3_gateway_missing(struct facts *facts)
{
    add_service(facts, SERVICE_S3, NEED_REQUIRED);
    resolve_to(facts, SERVICE_S3, "52.216.8.31", PLACE_PUBLIC, FAILURE_TIMEOUT);
}

/* What all share is no missing gateway endpoint. */
static void s3_silent_with_all_others(struct facts *facts)
{
    s3_gateway_missing(facts);
    EACH_SERVICE(i)
    break_connect(facts, (enum service)i, ALL_ADDRESSES, FAILURE_TIMEOUT, 3500);
}

static void ec2messages_missing(struct facts *facts)
{
    resolve_to(facts, SERVICE_EC2MESSAGES, public_of[2], PLACE_PUBLIC, FAILURE_TIMEOUT);
}

static void logs_missing_for_sessions(struct facts *facts)
{
    add_service(facts, SERVICE_LOGS, NEED_OPTIONAL);
    facts->endpoints[SERVICE_LOGS].for_sessions = true;
    resolve_to(facts, SERVICE_LOGS, "52.216.8.31", PLACE_PUBLIC, FAILURE_TIMEOUT);
}

static void ec2messages_missing_but_required(struct facts *facts)
{
    ec2messages_missing(facts);
    facts->plan.services[SERVICE_EC2MESSAGES].need = NEED_REQUIRED;
}

static void public_path(struct facts *facts)
{
    EACH_SERVICE(i) resolve_to(facts, (enum service)i, public_of[i], PLACE_PUBLIC, FAILURE_NONE);
}

/* IMDS did not say which blocks the VPC has. */
static void public_path_perhaps(struct facts *facts)
{
    public_path(facts);
    facts->instance.n_vpc_cidrs = 0;
    facts->instance.network_known = false;
}

/* A zone of one's own, or a merging resolver, that has both addresses. */
static void public_beside_private(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];
    struct address_facts *at = &endpoint->addresses[1];

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        if (endpoint->answers[i].n_addresses > 1)
            SET(endpoint->answers[i].addresses[1], "%s", public_of[0]);
    break_connect(facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 3500);
    SET(at->address, "%s", public_of[0]);
    at->place = PLACE_PUBLIC;
    at->second_opinion = true;
}

/* The same with an address that is no endpoint's. */
static void nowhere_beside_private(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        if (endpoint->answers[i].n_addresses > 1)
            SET(endpoint->answers[i].addresses[1], "0.0.0.0");
    break_connect(facts, SERVICE_SSM, 1, FAILURE_REFUSED, 1);
    SET(endpoint->addresses[1].address, "0.0.0.0");
    endpoint->addresses[1].place = PLACE_LOCAL;
    kernel_says(facts, "0.0.0.0", ROUTE_LOCAL, "", 0);
}

static void public_path_required(struct facts *facts)
{
    facts->plan.private_dns = PRIVATE_DNS_REQUIRE;
    public_path(facts);
}

static void public_path_wanted(struct facts *facts)
{
    facts->plan.private_dns = PRIVATE_DNS_OFF;
    public_path(facts);
}

static void outside_vpc(struct facts *facts)
{
    EACH_SERVICE(i)
    resolve_to(facts, (enum service)i, "172.20.4.21", PLACE_PRIVATE_ELSEWHERE, FAILURE_NONE);
}

static void outside_vpc_silent(struct facts *facts)
{
    EACH_SERVICE(i)
    resolve_to(facts, (enum service)i, "172.20.4.21", PLACE_PRIVATE_ELSEWHERE, FAILURE_TIMEOUT);
}

static void service_not_in_region(struct facts *facts)
{
    struct service_plan *plan = &facts->plan.services[SERVICE_EC2MESSAGES];

    SET(facts->plan.region, "mx-central-1");
    SET(facts->instance.region, "mx-central-1");
    plan->not_in_region = true;
    plan->need = NEED_OPTIONAL;
    memset(&facts->endpoints[SERVICE_EC2MESSAGES], 0, sizeof(facts->endpoints[0]));
}

const struct situation name_situations[] = {
    {"dns-no-resolver", no_resolver},
    {"vpc-dns-off", vpc_dns_silent},
    {"gateway-silent--nameserver", gateway_before_resolver},
    {"vpc-dns-off--refused", vpc_dns_refuses},
    {"dns-resolver-unreachable", dead_resolver},
    {"dns-resolver-unreachable--alone", dead_resolver_alone},
    {"dns-resolver-unreachable--stub", dead_stub},
    {"private-dns-off--amazon-fails", public_and_amazon_fails},
    {"dns-bypasses-vpc", bypassed},
    {"dns-bypasses-vpc--here", led_here},
    {"dns-bypasses-vpc--memory", bypassed_by_memory},
    {"dns-bypasses-vpc--another-service", bypassed_by_another_service},
    {"dns-local--search-list", search_list},
    {"endpoint-blocks-443--another-server", silent_by_another_server},
    {"dns-bypasses-vpc--nxdomain", bypassed_by_no},
    {"dns-bypasses-vpc--nxdomain-of-public", bypassed_by_no_of_public_names},
    {"dns-bypasses-vpc--second-server", bypassed_by_the_second},
    {"dns-servfail", servfail},
    {"dns-servfail--malformed", malformed_addresses},
    {"dns-servfail--denied-once", denied_once},
    {"dns-servfail--one-family", servfail_for_one_family},
    {"dns-servfail--one-name", silent_for_one_name},
    {"dns-servfail--one-name-and-family", silent_for_one_family},
    {"dns-wrong-name", wrong_name},
    {"dns-wrong-name--region-option", wrong_region_by_option},
    {"dns-hosts-override", hosts_override},
    {"private-dns-off", private_dns_off},
    {"private-dns-off--custom-resolver", private_dns_off_by_custom_resolver},
    {"private-dns-off--required", private_dns_off_required},
    {"private-dns-off--not-wanted", private_dns_off_and_not_wanted},
    {"endpoint-missing", endpoint_missing},
    {"session-endpoints", logs_missing_for_sessions},
    {"endpoint-missing--ec2messages", ec2messages_missing_but_required},
    {"dns-bypasses-vpc--unknown-name", bypassed_for_an_unknown_name},
    {"dns-server-silent", first_server_silent},
    {"dns-server-silent--by-udp", first_server_silent_by_udp},
    {"dns-resolver-unreachable--fourth", fourth_server},
    {"dns-local", dns_not_permitted},
    {"dns-local--dropped", answers_are_dropped_here},
    {"dns-local--stub-dead", stub_dead},
    {"dns-local--stub-hangs", stub_hangs},
    {"dns-local--own-server", own_server_dead},
    {"dns-resolver-unreachable--own-server", own_server_hangs},
    {"dns-bypasses-vpc--own-server", bypassed_by_own_server},
    {"dns-local--nsswitch", dns_never_asked},
    {"dns-servfail--lost", lost_for_one_name},
    {"dns-edns", edns_refused},
    {"dns-edns--dropped", edns_dropped},
    {"dns-edns--tcp", tcp_dropped},
    {"dns-slow", dns_slow},
    {"dns-slow--one-family", dns_slow_for_one_family},
    {"dns-slow--too-late", dns_too_late},
    {"dns-slow--timeout", dns_too_late_for_resolv_conf},
    {"dns-slow--one-name", one_name_too_late},
    {"dns-slow--dead-first", first_server_silent_in_each_domain},
    {"dns-slow--aaaa", aaaa_unanswered},
    {"dns-firewall", denied_by_amazon},
    {"dns-firewall--alias", aliased_by_amazon},
    {"dns-firewall--here", led_here_by_amazon},
    {"dns-firewall--broadcast", led_to_broadcast},
    {"no-address-of-family", addresses_of_the_other_family},
    {"no-address-of-family--ipv4-only", addresses_of_ipv6_only},
    {"preflight-trouble", resolv_conf_unreadable},
    {"preflight-trouble--file", file_unreadable},
    {"preflight-trouble--names", no_socket_for_names},
    {"preflight-trouble--connect", no_socket_for_one_address},
    {"preflight-trouble--and-another", no_socket_and_an_answer},
    {"endpoint-missing--gateway", s3_gateway_missing},
    {"egress-blocked--with-gateway", s3_silent_with_all_others},
    {"healthy--s3-gateway", s3_by_gateway},
    {"ec2messages-not-needed", ec2messages_missing},
    {"public-path", public_path},
    {"public-path--blocks-unknown", public_path_perhaps},
    {"public-path--beside-private", public_beside_private},
    {"public-path--required", public_path_required},
    {"public-path--nowhere", nowhere_beside_private},
    {"healthy--public", public_path_wanted},
    {"endpoint-outside-vpc", outside_vpc},
    {"egress-blocked--outside-vpc", outside_vpc_silent},
    {"service-not-in-region", service_not_in_region},
    {NULL, NULL},
};

/* --- reaching 443 --- */

static void connect_all(struct facts *facts, int32_t address, enum failure failure, int32_t ms)
{
    EACH_SERVICE(i) break_connect(facts, (enum service)i, address, failure, ms);
}

static void no_route(struct facts *facts)
{
    facts->network.default_route_ipv4 = false;
    connect_all(facts, ALL_ADDRESSES, FAILURE_NO_ROUTE, 1);
}

static void unreachable_at_once(struct facts *facts)
{
    connect_all(facts, ALL_ADDRESSES, FAILURE_HOST_UNREACHABLE, 1);
}

/* Endpoints in the other subnet only. */
static void leave_own_subnet(struct facts *facts)
{
    EACH_SERVICE(i)
    {
        struct endpoint_facts *endpoint = &facts->endpoints[i];
        endpoint->addresses[0] = endpoint->addresses[1];
        memset(&endpoint->addresses[1], 0, sizeof(endpoint->addresses[1]));
        endpoint->n_addresses = 1;
        SET(endpoint->answers[0].addresses[0], "%s", endpoint->answers[0].addresses[1]);
        endpoint->answers[0].n_addresses = 1;
    }
}

static void prohibited_by_a_route(struct facts *facts)
{
    connect_all(facts, ALL_ADDRESSES, FAILURE_PROHIBITED, 1);
    kernel_says(facts, "10.0.1.21", ROUTE_PROHIBIT, "10.0.0.0/16", 254);
    kernel_says(facts, "10.0.2.21", ROUTE_PROHIBIT, "10.0.0.0/16", 254);
    kernel_says(facts, "10.0.1.22", ROUTE_PROHIBIT, "10.0.0.0/16", 254);
    kernel_says(facts, "10.0.2.22", ROUTE_PROHIBIT, "10.0.0.0/16", 254);
    kernel_says(facts, "10.0.1.23", ROUTE_PROHIBIT, "10.0.0.0/16", 254);
    kernel_says(facts, "10.0.2.23", ROUTE_PROHIBIT, "10.0.0.0/16", 254);
}

/* A bridge, or lo, has the endpoint's address. */
static void address_of_its_own(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, 0, FAILURE_REFUSED, 0);
    facts->endpoints[SERVICE_SSM].addresses[0].refused_here = ANSWER_YES;
    kernel_says(facts, facts->endpoints[SERVICE_SSM].addresses[0].address, ROUTE_LOCAL, "", 255);
}

static void unreachable_by_a_vpns_table(struct facts *facts)
{
    leave_own_subnet(facts);
    connect_all(facts, ALL_ADDRESSES, FAILURE_HOST_UNREACHABLE, 1);
    EACH_SERVICE(i)
    kernel_says(facts, facts->endpoints[i].addresses[0].address, ROUTE_UNREACHABLE, "10.0.2.0/24",
                52);
}

static void prohibited_by_a_rule(struct facts *facts)
{
    connect_all(facts, ALL_ADDRESSES, FAILURE_PROHIBITED, 1);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        kernel_says(facts, facts->endpoints[i].addresses[j].address, ROUTE_PROHIBIT, "10.0.0.0/16",
                    0);
    for (int32_t i = 0; i < facts->network.n_routes; i++) {
        facts->network.routes[i].by_rule = true;
        facts->network.routes[i].priority = 100;
    }
}

static void unreachable_though_routed(struct facts *facts)
{
    unreachable_at_once(facts);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        kernel_says(facts, facts->endpoints[i].addresses[j].address, ROUTE_FORWARD, "", 0);
}

static void resets_for_all(struct facts *facts)
{
    connect_all(facts, ALL_ADDRESSES, FAILURE_REFUSED, 1);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        facts->endpoints[i].addresses[j].refused_here = ANSWER_NO;
}

static void refused_by_this_machine(struct facts *facts)
{
    connect_all(facts, ALL_ADDRESSES, FAILURE_REFUSED, 1);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        facts->endpoints[i].addresses[j].refused_here = ANSWER_YES;
}

static void refused_by_a_router(struct facts *facts)
{
    connect_all(facts, 1, FAILURE_HOST_UNREACHABLE, 1);
    EACH_SERVICE(i)
    {
        facts->endpoints[i].addresses[1].refused_here = ANSWER_NO;
        SET(facts->endpoints[i].addresses[1].offender, "10.0.1.77");
    }
}

/* Routes in a circle: nobody refuses, and this machine may have sent too low a TTL. */
static void hops_run_out(struct facts *facts)
{
    refused_by_a_router(facts);
    EACH_SERVICE(i) facts->endpoints[i].addresses[1].refused_here = ANSWER_UNKNOWN;
}

/* --- by which way packets leave --- */

static void tunnel_has_the_endpoints(struct facts *facts)
{
    add_interface(facts, "tailscale0", ANSWER_NO, "100.64.1.2/32");
    connect_all(facts, ALL_ADDRESSES, FAILURE_TIMEOUT, 3504);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++) {
        route_by(facts, facts->endpoints[i].addresses[j].address, "tailscale0", "100.64.1.2");
        facts->network.routes[facts->network.n_routes - 1].table = 52;
        facts->network.routes[facts->network.n_routes - 1].by_rule = true;
        facts->network.routes[facts->network.n_routes - 1].priority = 5270;
    }
}

/* By the right device, and nobody knows the way back. */
static void source_is_a_tunnels(struct facts *facts)
{
    add_interface(facts, "tun0", ANSWER_NO, "10.8.0.2/24");
    connect_all(facts, ALL_ADDRESSES, FAILURE_TIMEOUT, 3504);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        route_by(facts, facts->endpoints[i].addresses[j].address, "ens5", "10.8.0.2");
}

/* As of an image that was made in another network. */
static void source_is_of_no_vpc(struct facts *facts)
{
    struct interface_facts *first = &facts->network.interfaces[0];

    SET(*NEXT(first->addresses, first->n_addresses), "172.16.0.9/32");
    connect_all(facts, ALL_ADDRESSES, FAILURE_TIMEOUT, 3504);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        route_by(facts, facts->endpoints[i].addresses[j].address, "ens5", "172.16.0.9");
}

/* ... and nothing is known of the VPC. */
static void source_of_imds_is_of_no_subnet(struct facts *facts)
{
    struct interface_facts *own = &facts->network.interfaces[0];

    SET(*NEXT(own->addresses, own->n_addresses), "172.16.0.9/32");
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1204);
    own->own = ANSWER_UNKNOWN;
    route_by(facts, "169.254.169.254", "ens5", "172.16.0.9");
}

static void tunnel_has_imds(struct facts *facts)
{
    break_imds(facts, CHECK_IMDS_CONNECT, FAILURE_TIMEOUT, 1204);
    facts->network.interfaces[0].own = ANSWER_UNKNOWN; /* IMDS would have said so */
    add_interface(facts, "tun0", ANSWER_UNKNOWN, "fe80::1/64");
    route_by(facts, "169.254.169.254", "tun0", "10.0.1.10");
}

/* A container bridge that was given addresses of the metadata service's range. */
static void bridge_has_imds(struct facts *facts)
{
    tunnel_has_imds(facts);
    SET(facts->network.interfaces[facts->network.n_interfaces - 1].addresses[0], "169.254.0.1/16");
}
static void tunnel_has_the_resolver(struct facts *facts)
{
    vpc_dns_silent(facts);
    add_interface(facts, "tun0", ANSWER_NO, "10.8.0.2/24");
    route_by(facts, "10.0.0.2", "tun0", "10.8.0.2");
}

static void by_another_interface(struct facts *facts)
{
    add_interface(facts, "ens6", ANSWER_YES, "10.0.2.10/24");
    connect_all(facts, 1, FAILURE_TIMEOUT, 3504);
    EACH_SERVICE(i) route_by(facts, facts->endpoints[i].addresses[1].address, "ens6", "10.0.2.10");
}

/* --- which addresses, and from which ports --- */

static void own_subnet_silent(struct facts *facts)
{
    connect_all(facts, 0, FAILURE_TIMEOUT, 3504);
}

/* ssm and ec2messages began with a low port. */
static void silent_from_low_ports(struct facts *facts)
{
    for (int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i += 2) {
        facts->endpoints[i].addresses[1].silent_port = facts->endpoints[i].addresses[1].port;
        facts->endpoints[i].addresses[1].port = 50300;
    }
}

static void silent_once_by_loss(struct facts *facts)
{
    struct address_facts *at = &facts->endpoints[SERVICE_SSM].addresses[1];

    at->silent_port = at->port;
    at->port = 50300;
}

static void silent_from_both_halves(struct facts *facts)
{
    break_connect(facts, SERVICE_SSMMESSAGES, 0, FAILURE_TIMEOUT, 3504);
    facts->endpoints[SERVICE_SSMMESSAGES].addresses[0].silent_port = 40444;
}

/* The endpoints are another VPC's. */
static void service_outside_silent(struct facts *facts)
{
    resolve_to(facts, SERVICE_SSM, "172.20.4.21", PLACE_PRIVATE_ELSEWHERE, FAILURE_TIMEOUT);
    resolve_to(facts, SERVICE_SSMMESSAGES, "172.20.4.22", PLACE_PRIVATE_ELSEWHERE, FAILURE_NONE);
}

static void not_permitted(struct facts *facts)
{
    connect_all(facts, ALL_ADDRESSES, FAILURE_NOT_PERMITTED, 1);
}

static void gateway_silent(struct facts *facts)
{
    connect_all(facts, 1, FAILURE_HOST_UNREACHABLE, 3050);
}

/* Others had asked for it before. */
static void gateway_silent_at_once(struct facts *facts)
{
    connect_all(facts, 1, FAILURE_HOST_UNREACHABLE, 12);
    EACH_SERVICE(i)
    {
        facts->endpoints[i].addresses[1].next_hop_silent = true;
        facts->endpoints[i].addresses[1].refused_here = ANSWER_YES;
    }
}

static void other_subnet_silent(struct facts *facts)
{
    connect_all(facts, 1, FAILURE_TIMEOUT, 2000);
}

static void all_silent(struct facts *facts)
{
    connect_all(facts, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

static void all_silent_elsewhere(struct facts *facts)
{
    leave_own_subnet(facts);
    all_silent(facts);
}

static void one_service_silent(struct facts *facts)
{
    break_connect(facts, SERVICE_SSMMESSAGES, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
}

static void one_service_silent_elsewhere(struct facts *facts)
{
    leave_own_subnet(facts);
    one_service_silent(facts);
}

/* Whom to tell first: the agent comes up without the router, and not without the service. */
static void router_and_group(struct facts *facts)
{
    one_service_silent(facts);
    refused_by_a_router(facts);
}

static void egress_rule_and_group(struct facts *facts)
{
    one_service_silent(facts);
    own_subnet_silent(facts);
}

static void one_interface_silent(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, 1, FAILURE_TIMEOUT, 2000);
}

static void one_interface_refuses(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, 1, FAILURE_REFUSED, 1);
}

static void other_family(struct facts *facts)
{
    struct endpoint_facts *endpoint = &facts->endpoints[SERVICE_SSM];
    struct address_facts *at = NEXT(endpoint->addresses, endpoint->n_addresses);

    SET(at->address, "2600:1f18:1:2::21");
    at->place = PLACE_IN_VPC;
    step_fail(&at->steps[RUNG_CONNECT], FAILURE_NO_ROUTE, 1);
}

static void full_packets_lost(struct facts *facts)
{
    EACH_SERVICE(i)
    {
        break_tls(facts, (enum service)i, ALL_ADDRESSES, FAILURE_TIMEOUT);
        for (int j = 0; j < 2; j++)
            facts->endpoints[i].addresses[j].small_segments = ANSWER_YES;
    }
}

static void handshake_silent(struct facts *facts)
{
    EACH_SERVICE(i) break_tls(facts, (enum service)i, ALL_ADDRESSES, FAILURE_TIMEOUT);
}

/* What is small gets through: the handshake, an unsigned request. */
static void requests_lost(struct facts *facts)
{
    break_actions(facts, SERVICE_SSMMESSAGES, FAILURE_TIMEOUT, 0, "", "");
}

static void handshake_silent_whatever_the_size(struct facts *facts)
{
    handshake_silent(facts);
    EACH_SERVICE(i)
    for (int j = 0; j < 2; j++)
        facts->endpoints[i].addresses[j].small_segments = ANSWER_NO;
}

static void local_error(struct facts *facts)
{
    break_connect(facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_LOCAL, 1);
    SET(facts->endpoints[SERVICE_SSM].addresses[0].steps[RUNG_CONNECT].detail, "ENOBUFS");
}

/* One name, twenty addresses: sixteen are tried. */
static void many_addresses(struct facts *facts)
{
    struct endpoint_facts *ssm = &facts->endpoints[SERVICE_SSM];
    struct dns_answer *answer = &ssm->answers[0];

    for (int i = ssm->n_addresses; i < MAX_ADDRESSES; i++) {
        ssm->addresses[i] = ssm->addresses[1];
        SET(ssm->addresses[i].address, "10.0.2.%d", 100 + i);
        SET(answer->addresses[i], "10.0.2.%d", 100 + i);
    }
    ssm->n_addresses = answer->n_addresses = MAX_ADDRESSES;
    answer->n_more = 4;
}

const struct situation reach_situations[] = {
    {"no-route", no_route},
    {"no-route--unreachable", unreachable_at_once},
    {"no-route--prohibit", prohibited_by_a_route},
    {"no-route--table", unreachable_by_a_vpns_table},
    {"no-route--rule", prohibited_by_a_rule},
    {"local-firewall--routed", unreachable_though_routed},
    {"local-firewall", refused_by_this_machine},
    {"local-firewall--own-address", address_of_its_own},
    {"refused-on-the-way", refused_by_a_router},
    {"refused-on-the-way--hops", hops_run_out},
    {"refused-on-the-way--resets", resets_for_all},
    {"route-elsewhere", tunnel_has_the_endpoints},
    {"route-elsewhere--source", source_is_a_tunnels},
    {"route-elsewhere--other-network", source_is_of_no_vpc},
    {"route-elsewhere--imds-source", source_of_imds_is_of_no_subnet},
    {"route-elsewhere--imds", tunnel_has_imds},
    {"route-elsewhere--imds-bridge", bridge_has_imds},
    {"route-elsewhere--resolver", tunnel_has_the_resolver},
    {"other-interface", by_another_interface},
    {"egress-rule", own_subnet_silent},
    {"network-acl--some-ports", silent_from_low_ports},
    {"healthy--loss", silent_once_by_loss},
    {"healthy--many-addresses", many_addresses},
    {"endpoint-az-unreachable--ports", silent_from_both_halves},
    {"endpoint-blocks-443--outside-vpc", service_outside_silent},
    {"local-firewall--not-permitted", not_permitted},
    {"gateway-silent", gateway_silent},
    {"gateway-silent--at-once", gateway_silent_at_once},
    {"network-acl", other_subnet_silent},
    {"egress-blocked", all_silent},
    {"egress-blocked--other-subnet", all_silent_elsewhere},
    {"endpoint-blocks-443", one_service_silent},
    {"endpoint-blocks-443--other-subnet", one_service_silent_elsewhere},
    {"several--router-and-group", router_and_group},
    {"several--egress-rule-and-group", egress_rule_and_group},
    {"endpoint-az-unreachable", one_interface_silent},
    {"endpoint-refuses", one_interface_refuses},
    {"healthy--other-family", other_family},
    {"path-mtu", full_packets_lost},
    {"path-mtu--unproven", handshake_silent},
    {"path-mtu--requests", requests_lost},
    {"tls-reset--silent", handshake_silent_whatever_the_size},
    {"unexplained", local_error},
    {NULL, NULL},
};
