/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts as a diagnosis would write them, long ones on purpose.
 */
#include "report_builder.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "facts_builder.h"
#include "report/report.h"

#define SET(field, ...) (void)text_set(field, sizeof(field), __VA_ARGS__)

static bool is_planned(const struct facts *facts, enum check check)
{
    enum service service;
    enum rung rung;

    if (check_is_service(check, &service, &rung))
        return facts->plan.services[service].need != NEED_OFF;
    return check != CHECK_AGENT_CONNECTED; /* the agent has not started */
}

/* Every planned check passes. */
static void pass_all(struct filled *filled)
{
    struct report *report = &filled->report;

    report->facts = &filled->facts;
    report->verdict = VERDICT_READY;
    SET(report->summary, "ready: this instance can register with Systems Manager");
    for (unsigned int i = 0; i < N_CHECKS; i++) {
        struct check_result *result = &report->checks[i];
        result->check = (enum check)i;
        result->planned = is_planned(&filled->facts, (enum check)i);
        result->required = check_target((enum check)i) != TARGET_AGENT;
        result->status = STATUS_PASS;
        result->duration_ms = (int32_t)(1 + i % 7);
        SET(result->summary, "%s holds", check_name((enum check)i));
    }
}

static struct filled *filled_new(void)
{
    struct filled *filled = calloc(1, sizeof(*filled));

    if (!filled)
        abort();
    facts_healthy(&filled->facts);
    filled->facts.started_unix_ms = INT64_C(1795435200123);
    filled->facts.duration_ms = 41;
    filled->facts.rounds = 1;
    pass_all(filled);
    return filled;
}

static void set_check(struct filled *filled, enum check check, enum status status,
                      enum failure reason, int32_t duration_ms, const char *summary)
{
    struct check_result *result = &filled->report.checks[check];

    result->status = status;
    result->reason = reason;
    result->duration_ms = duration_ms;
    SET(result->summary, "%s", summary);
}

/* The rungs of the same target above this one are skipped. */
static void skip_above(struct filled *filled, enum check check)
{
    for (unsigned int i = (unsigned int)check + 1; i < N_CHECKS; i++)
        if (check_target((enum check)i) == check_target(check))
            set_check(filled, (enum check)i, STATUS_SKIP, FAILURE_BELOW, 0,
                      "not tried: the rung below failed");
}

static struct finding *add_finding(struct filled *filled, const char *code, enum severity severity,
                                   enum confidence confidence, enum target target,
                                   const char *title)
{
    struct finding *finding = &filled->report.findings[filled->report.n_findings++];

    SET(finding->code, "%s", code);
    finding->severity = severity;
    finding->confidence = confidence;
    finding->target = target;
    SET(finding->title, "%s", title);
    return finding;
}

/* All that was not tried waits for this one. */
static void hide_the_rest(struct filled *filled, struct finding *finding)
{
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (filled->report.checks[i].planned && filled->report.checks[i].status == STATUS_SKIP &&
            filled->report.checks[i].reason == FAILURE_BELOW)
            finding->hides |= check_bit((enum check)i);
}

static void add_evidence(struct finding *finding, const char *text)
{
    SET(finding->evidence[finding->n_evidence], "%s", text);
    finding->n_evidence++;
}

static void add_command(struct finding *finding, const char *command)
{
    SET(finding->commands[finding->n_commands], "%s", command);
    finding->n_commands++;
}

static void add_alternative(struct finding *finding, const char *code, const char *command)
{
    struct alternative *other = &finding->alternatives[finding->n_alternatives++];

    SET(other->code, "%s", code);
    SET(other->command, "%s", command);
}

static void not_ready(struct filled *filled, const char *summary)
{
    filled->report.verdict = VERDICT_NOT_READY;
    SET(filled->report.summary, "%s", summary);
}

static void add_public_address_note(struct filled *filled)
{
    SET(filled->facts.instance.public_ipv4, "203.0.113.7");
    (void)add_finding(filled, "public-address", SEVERITY_NOTE, CONFIDENCE_CERTAIN, N_TARGETS,
                      "The instance has the public IPv4 address 203.0.113.7.");
}

struct filled *filled_ready(void)
{
    struct filled *filled = filled_new();

    add_public_address_note(filled);
    return filled;
}

struct filled *filled_blocked(void)
{
    struct filled *filled = filled_new();
    enum check check = check_of_service(SERVICE_SSM, RUNG_CONNECT);

    not_ready(filled, "not ready: endpoint-blocks-443 on ssm");
    break_connect(&filled->facts, SERVICE_SSM, ALL_ADDRESSES, FAILURE_TIMEOUT, 2000);
    set_check(filled, check, STATUS_FAIL, FAILURE_TIMEOUT, 2000,
              "no answer on 443 from 10.0.1.21 and 10.0.2.21");
    skip_above(filled, check);

    struct finding *finding = add_finding(
        filled, "endpoint-blocks-443", SEVERITY_FATAL, CONFIDENCE_CERTAIN, TARGET_SSM,
        "The security group of the ssm endpoint lets nothing in on port 443 from "
        "this instance.");
    finding->explains = check_bit(check);
    hide_the_rest(filled, finding);
    add_evidence(finding, "ssm.us-east-1.amazonaws.com is 10.0.1.21, 10.0.2.21; neither answered "
                          "on port 443 within 2.0 s");
    add_evidence(finding, "10.0.1.21 is in the instance's own subnet (10.0.1.0/24), so no "
                          "network ACL lies between");
    add_evidence(finding, "ssmmessages and ec2messages connect on 443");
    SET(finding->remedy,
        "Let the security group of the endpoint accept TCP 443 from this instance's group "
        "(sg-0ccccccccccccccc0), then restart the agent.");
    add_command(finding, "aws ec2 describe-vpc-endpoints --region us-east-1 --filters "
                         "Name=vpc-id,Values=vpc-0aaaaaaaaaaaaaaa0 "
                         "Name=service-name,Values=com.amazonaws.us-east-1.ssm --query "
                         "'VpcEndpoints[].Groups[].GroupId' --output text");
    add_command(finding, "aws ec2 authorize-security-group-ingress --region us-east-1 --group-id "
                         "ENDPOINT_GROUP --protocol tcp --port 443 --source-group "
                         "sg-0ccccccccccccccc0");
    add_command(finding, "sudo systemctl restart amazon-ssm-agent");
    add_alternative(finding, "network-acl",
                    "aws ec2 describe-network-acls --region us-east-1 --filters "
                    "Name=association.subnet-id,Values=subnet-0bbbbbbbbbbbbbbb1");
    add_alternative(finding, "local-firewall", "");
    return filled;
}

struct filled *filled_az(void)
{
    struct filled *filled = filled_new();
    enum check check = check_of_service(SERVICE_SSM, RUNG_CONNECT);

    not_ready(filled, "not ready: endpoint-az-unreachable on ssm");
    break_connect(&filled->facts, SERVICE_SSM, 1, FAILURE_HOST_UNREACHABLE, 3060);
    SET(filled->facts.endpoints[SERVICE_SSM].addresses[1].steps[RUNG_CONNECT].detail,
        "EHOSTUNREACH");
    set_check(filled, check, STATUS_FAIL, FAILURE_HOST_UNREACHABLE, 3060,
              "10.0.2.21: host unreachable");
    skip_above(filled, check);
    struct finding *finding = add_finding(
        filled, "endpoint-az-unreachable", SEVERITY_FATAL, CONFIDENCE_LIKELY, TARGET_SSM,
        "One endpoint interface of ssm (10.0.2.21) cannot be reached.");
    finding->explains = check_bit(check);
    add_evidence(finding, "10.0.1.21 connects, 10.0.2.21 does not");
    SET(finding->remedy, "Look at the endpoint's interface in the other zone.");
    return filled;
}

struct filled *filled_denied(void)
{
    struct filled *filled = filled_new();

    not_ready(filled, "not ready: policy-missing on role");
    for (unsigned int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        enum check check = check_of_service((enum service)i, RUNG_AUTHORIZE);
        deny(&filled->facts, (enum service)i, NULL, DENIED_BY_NO_IDENTITY_POLICY, false);
        set_check(filled, check, STATUS_FAIL, FAILURE_DENIED, 38,
                  "every action that was probed is denied");
    }
    struct finding *finding = add_finding(
        filled, "policy-missing", SEVERITY_FATAL, CONFIDENCE_CERTAIN, TARGET_ROLE,
        "The role app-role does not carry AmazonSSMManagedInstanceCore.");
    for (unsigned int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        finding->explains |= check_bit(check_of_service((enum service)i, RUNG_AUTHORIZE));
    add_evidence(finding, "9 of 9 probed actions are denied because no identity-based policy "
                          "allows them");
    SET(finding->remedy, "Attach the managed policy to the role, then restart the agent.");
    add_command(finding, "aws iam attach-role-policy --role-name app-role --policy-arn "
                         "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore");
    add_command(finding, "sudo systemctl restart amazon-ssm-agent");
    return filled;
}

struct filled *filled_dns(void)
{
    struct filled *filled = filled_new();

    not_ready(filled, "not ready: dns-bypasses-vpc");
    use_resolver(&filled->facts, "10.9.9.9");
    for (unsigned int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++) {
        enum service service = (enum service)i;
        enum check check = check_of_service(service, RUNG_PRIVATE);

        resolve_to(&filled->facts, service, "52.46.141.158", PLACE_PUBLIC, FAILURE_TIMEOUT);
        amazon_says(&filled->facts, service, "10.0.1.21", FAILURE_NONE);
        set_check(filled, check, STATUS_FAIL, FAILURE_PUBLIC, 1,
                  "52.46.141.158 is a public address");
        skip_above(filled, check);
    }
    struct finding *finding = add_finding(
        filled, "dns-bypasses-vpc", SEVERITY_FATAL, CONFIDENCE_CERTAIN, N_TARGETS,
        "The DNS server 10.9.9.9 does not forward these names to the VPC's resolver.");
    for (unsigned int i = SERVICE_SSM; i <= SERVICE_EC2MESSAGES; i++)
        finding->explains |= check_bit(check_of_service((enum service)i, RUNG_PRIVATE));
    add_evidence(finding, "10.9.9.9 says 52.46.141.158, 169.254.169.253 says 10.0.1.21");
    SET(finding->remedy, "Forward amazonaws.com from 10.9.9.9 to the VPC's resolver.");
    return filled;
}

struct filled *filled_degraded(void)
{
    struct filled *filled = filled_new();
    enum check check = check_of_service(SERVICE_S3, RUNG_RESOLVE);

    add_service(&filled->facts, SERVICE_S3, NEED_OPTIONAL);
    pass_all(filled);
    break_resolve(&filled->facts, SERVICE_S3, FAILURE_NXDOMAIN);
    filled->report.verdict = VERDICT_DEGRADED;
    SET(filled->report.summary, "degraded: endpoint-missing on s3");
    set_check(filled, check, STATUS_FAIL, FAILURE_NXDOMAIN, 2, "the name does not exist");
    skip_above(filled, check);
    set_check(filled, CHECK_CLOCK_SKEW, STATUS_WARN, FAILURE_SKEWED, 0,
              "the clock is behind by 95 s");
    set_check(filled, CHECK_AGENT_CONFIG, STATUS_SKIP, FAILURE_NOT_WANTED, 0, "not wanted");

    struct finding *finding = add_finding(filled, "endpoint-missing", SEVERITY_WARNING,
                                          CONFIDENCE_LIKELY, TARGET_S3,
                                          "The VPC has no endpoint for s3.");
    finding->explains = check_bit(check);
    hide_the_rest(filled, finding);
    SET(finding->remedy, "Make a gateway endpoint for s3 in this VPC.");
    finding = add_finding(filled, "time-sync-missing", SEVERITY_WARNING, CONFIDENCE_CERTAIN,
                          TARGET_CLOCK, "No time synchronisation is enabled on this machine.");
    SET(finding->remedy, "Enable chrony or systemd-timesyncd, with 169.254.169.123 as source.");
    add_public_address_note(filled);
    return filled;
}

struct filled *filled_no_imds(void)
{
    struct filled *filled = filled_new();

    not_ready(filled, "not ready: imds-blocked-locally");
    break_imds(&filled->facts, CHECK_IMDS_CONNECT, FAILURE_PROHIBITED, 1);
    set_check(filled, CHECK_IMDS_CONNECT, STATUS_FAIL, FAILURE_PROHIBITED, 1,
              "169.254.169.254: prohibited by a local route (EACCES)");
    skip_above(filled, CHECK_IMDS_CONNECT);
    for (unsigned int i = CHECK_ROLE_ATTACHED; i < CHECK_CLOCK_SKEW; i++)
        set_check(filled, (enum check)i, STATUS_SKIP, FAILURE_BELOW, 0, "not tried: needs IMDS");
    struct finding *finding = add_finding(
        filled, "imds-blocked-locally", SEVERITY_FATAL, CONFIDENCE_CERTAIN, TARGET_IMDS,
        "A prohibit route on this machine blocks 169.254.169.254.");
    finding->explains = check_bit(CHECK_IMDS_CONNECT);
    hide_the_rest(filled, finding);
    add_evidence(finding, "connect() fails at once with EACCES");
    SET(finding->remedy, "Remove the route; cloud-init's disable_ec2_metadata installs it.");
    add_command(finding, "sudo ip route del prohibit 169.254.169.254");
    return filled;
}

struct filled *filled_unknown(void)
{
    struct filled *filled = filled_new();

    filled->report.verdict = VERDICT_UNKNOWN;
    SET(filled->report.summary, "unknown: the deadline of 5 s came before an answer");
    filled->facts.stopped_by = STOPPED_BY_DEADLINE;
    for (unsigned int r = RUNG_TLS; r < N_RUNGS; r++)
        set_check(filled, check_of_service(SERVICE_SSM, (enum rung)r), STATUS_UNKNOWN,
                  FAILURE_STOPPED, 0, "not answered in time");
    return filled;
}

struct filled *filled_hostile(void)
{
    struct filled *filled = filled_blocked();
    struct finding *finding = &filled->report.findings[0];

    SET(finding->title, "%s", "title \033]0;owned\007 \xc2\x9b");
    SET(finding->evidence[0], "%s", "evidence \033[31m\r\b \x7f");
    SET(finding->commands[0], "%s", "echo 'a\nrm -rf /'");
    SET(finding->remedy, "%s", "remedy\r\n\tmore \033c");
    SET(filled->report.checks[0].summary, "%s", "summary \033[2J");
    SET(filled->facts.instance.id, "%s", "i-\033[1m");
    SET(filled->facts.role.role, "%s", "r\xf0\x9f\x92\xa9\n");
    SET(filled->facts.endpoints[SERVICE_SSM].addresses[0].address, "%s", "10.\0330.1");
    return filled;
}

const struct sample samples[] = {
    {"ready", filled_ready},     {"blocked", filled_blocked}, {"az", filled_az},
    {"denied", filled_denied},   {"dns", filled_dns},         {"degraded", filled_degraded},
    {"no_imds", filled_no_imds}, {"unknown", filled_unknown}, {"hostile", filled_hostile},
};
const size_t n_samples = sizeof(samples) / sizeof(samples[0]);

void write_json_line(const struct report *report, struct buffer *to)
{
    static const struct style style = {0};
    struct buffer text;

    buffer_init(&text, REPORT_MAX_BYTES);
    json_write(report, &style, &text);
    cJSON_Minify(text.bytes);
    (void)buffer_addf(to, "%s\n", text.bytes);
    buffer_clear(&text);
}
