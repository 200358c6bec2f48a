/* SPDX-License-Identifier: Apache-2.0
 *
 * The report of the contract, schema ssm-preflight/1, as docs/report.schema.json describes it. A
 * member may be added, never renamed.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "model/facts_json.h"
#include "model/names.h"
#include "report/report.h"

/* A report holds printable ASCII. If one does not, the output is valid JSON all the same. */
static cJSON *make_text(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at < 0x20 || *at > 0x7e) {
            char escaped[COMMAND_SIZE];
            (void)text_escape(escaped, sizeof(escaped), text, strlen(text));
            return cJSON_CreateString(escaped);
        }
    }
    return cJSON_CreateString(text);
}

static void put_text(cJSON *object, const char *name, const char *text)
{
    (void)cJSON_AddItemToObject(object, name, make_text(text));
}

static void put_text_or_null(cJSON *object, const char *name, const char *text)
{
    (void)cJSON_AddItemToObject(object, name, *text ? make_text(text) : cJSON_CreateNull());
}

static void put_reason(cJSON *object, enum failure failure)
{
    const char *name = failure_name(failure);

    put_text_or_null(object, "reason", failure != FAILURE_NONE && name ? name : "");
}

static void append_text(cJSON *array, const char *text)
{
    (void)cJSON_AddItemToArray(array, make_text(text));
}

static cJSON *append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();

    (void)cJSON_AddItemToArray(array, object);
    return object;
}

static void append_checks(cJSON *array, check_set set)
{
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (set & check_bit((enum check)i))
            append_text(array, check_name((enum check)i));
}

static void put_instance(cJSON *report, const struct facts *facts)
{
    const struct instance_facts *from = &facts->instance;
    cJSON *instance = cJSON_AddObjectToObject(report, "instance");

    put_text_or_null(instance, "id", from->id);
    put_text_or_null(instance, "region", from->region);
    put_text_or_null(instance, "availability_zone", from->availability_zone);
    put_text_or_null(instance, "partition", from->partition);
    put_text_or_null(instance, "account", from->account);
    put_text_or_null(instance, "image", from->image);
    put_text_or_null(instance, "type", from->type);
    put_text_or_null(instance, "vpc", from->vpc);
    cJSON *cidrs = cJSON_AddArrayToObject(instance, "vpc_cidrs");
    for (int32_t i = 0; i < from->n_vpc_cidrs; i++)
        append_text(cidrs, from->vpc_cidrs[i]);
    put_text_or_null(instance, "subnet", from->subnet);
    put_text_or_null(instance, "subnet_cidr",
                     from->n_subnet_cidrs > 0 ? from->subnet_cidrs[0] : "");
    cJSON *groups = cJSON_AddArrayToObject(instance, "security_groups");
    for (int32_t i = 0; i < from->n_security_groups; i++)
        append_text(groups, from->security_groups[i]);
    put_text_or_null(instance, "private_ipv4", from->private_ipv4);
    put_text_or_null(instance, "public_ipv4", from->public_ipv4);
    put_text_or_null(instance, "role", facts->role.role);
    put_text_or_null(instance, "credentials",
                     facts->role.from == CREDENTIALS_NONE
                         ? ""
                         : name_of(&credentials_from_names, facts->role.from));
}

/* An untried step above one that failed was skipped for it. */
static void put_outcome(cJSON *object, const struct address_facts *at, enum rung rung)
{
    const struct step *step = &at->steps[rung];
    bool below = rung > RUNG_CONNECT && step->outcome == OUTCOME_UNTRIED &&
                 at->steps[rung - 1].outcome != OUTCOME_OK;

    put_text(object, "status", status_name(below ? STATUS_SKIP : step_status(step)));
    put_reason(object, below ? FAILURE_BELOW : step->failure);
    (void)cJSON_AddNumberToObject(object, "duration_ms", step->took_ms);
}

static void put_addresses(cJSON *detail, const struct endpoint_facts *endpoint, enum rung rung)
{
    cJSON *addresses = cJSON_AddArrayToObject(detail, "addresses");

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        cJSON *object = append_object(addresses);

        put_text(object, "address", at->address);
        put_text(object, "place", name_of(&place_names, at->place));
        (void)cJSON_AddBoolToObject(object, "second_opinion", at->second_opinion);
        if (rung != RUNG_PRIVATE)
            put_outcome(object, at, rung);
    }
}

static void put_actions(cJSON *detail, const struct endpoint_facts *endpoint)
{
    cJSON *actions = cJSON_AddArrayToObject(detail, "actions");

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];
        cJSON *object = append_object(actions);

        put_text(object, "action", action->action);
        put_text(object, "permission", name_of(&permission_names, action->permission));
        put_reason(object, action->failure);
        if (action->permission == PERMISSION_DENIED)
            put_text(object, "denied_by", name_of(&denied_by_names, action->denied_by));
        if (action->why_not[0])
            put_text(object, "why_not", action->why_not);
        if (action->message[0])
            put_text(object, "message", action->message);
    }
}

/* What the check is made of; everything else that was observed stands in `facts`, once. */
static void put_detail(cJSON *check, const struct facts *facts, enum check of)
{
    cJSON *detail = cJSON_AddObjectToObject(check, "detail");
    enum service service;
    enum rung rung;

    if (!check_is_service(of, &service, &rung) || rung == RUNG_RESOLVE)
        return;
    if (rung == RUNG_AUTHORIZE)
        put_actions(detail, &facts->endpoints[service]);
    else
        put_addresses(detail, &facts->endpoints[service], rung);
}

static void put_checks(cJSON *object, const struct report *report)
{
    cJSON *checks = cJSON_AddArrayToObject(object, "checks");

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned)
            continue;

        cJSON *check = append_object(checks);
        put_text(check, "id", check_name((enum check)i));
        (void)cJSON_AddBoolToObject(check, "required", result->required);
        put_text(check, "status", status_name(result->status));
        put_reason(check, result->reason);
        put_text(check, "summary", result->summary);
        (void)cJSON_AddNumberToObject(check, "duration_ms", result->duration_ms);
        put_detail(check, report->facts, (enum check)i);
    }
}

static void put_alternatives(cJSON *object, const struct finding *finding)
{
    cJSON *alternatives = cJSON_AddArrayToObject(object, "alternatives");
    cJSON *tell_apart = cJSON_AddArrayToObject(object, "tell_apart");

    for (int32_t i = 0; i < finding->n_alternatives; i++) {
        const struct alternative *alternative = &finding->alternatives[i];

        append_text(alternatives, alternative->code);
        if (!alternative->command[0])
            continue;
        cJSON *row = append_object(tell_apart);
        put_text(row, "code", alternative->code);
        put_text(row, "command", alternative->command);
    }
}

static void put_finding(cJSON *object, const struct finding *finding)
{
    put_text(object, "code", finding->code);
    put_text(object, "severity", severity_name(finding->severity));
    put_text(object, "confidence", confidence_name(finding->confidence));
    put_text_or_null(object, "target",
                     finding->target < N_TARGETS ? target_name(finding->target) : "");
    put_text(object, "title", finding->title);

    append_checks(cJSON_AddArrayToObject(object, "explains"), finding->explains);
    append_checks(cJSON_AddArrayToObject(object, "hides"), finding->hides);
    cJSON *evidence = cJSON_AddArrayToObject(object, "evidence");
    for (int32_t i = 0; i < finding->n_evidence; i++)
        append_text(evidence, finding->evidence[i]);
    put_alternatives(object, finding);

    cJSON *remedy = cJSON_AddObjectToObject(object, "remedy");
    char fix[FIX_SIZE];
    finding_fix(finding, fix, sizeof(fix));
    put_text(remedy, "text", fix);
    cJSON *commands = cJSON_AddArrayToObject(remedy, "commands");
    for (int32_t i = 0; i < finding->n_commands; i++)
        append_text(commands, finding->commands[i]);
    cJSON *steps = cJSON_AddArrayToObject(remedy, "steps");
    for (int32_t i = 0; i < finding->n_commands; i++) {
        cJSON *step = append_object(steps);
        put_text(step, "command", finding->commands[i]);
        put_text(step, "from", finding->inside[i] ? "instance" : "outside");
        put_text_or_null(step, "note", finding->notes[i]);
    }
}

static void put_permissions(cJSON *report, const struct permissions_sum *sum)
{
    cJSON *object = cJSON_AddObjectToObject(report, "permissions");

    put_text(object, "policy", "AmazonSSMManagedInstanceCore");
    (void)cJSON_AddNumberToObject(object, "actions", sum->n);
    (void)cJSON_AddNumberToObject(object, "allowed", sum->allowed);
    (void)cJSON_AddNumberToObject(object, "denied", sum->denied);
    cJSON *needed = cJSON_AddArrayToObject(object, "needed_and_not_proven");
    for (size_t i = 0; i < n_permissions; i++)
        if (sum->unproven & 1u << i)
            append_text(needed, permissions[i].action);
    cJSON *capabilities = cJSON_AddObjectToObject(object, "capabilities");
    for (size_t i = 0; i < N_CAPABILITIES; i++) {
        cJSON *of = cJSON_AddObjectToObject(capabilities, capability_rows[i].name);
        (void)cJSON_AddNumberToObject(of, "actions", sum->of[i].n);
        (void)cJSON_AddNumberToObject(of, "allowed", sum->of[i].allowed);
        (void)cJSON_AddNumberToObject(of, "denied", sum->of[i].denied);
    }
}

/* The whole tree, to be deleted by the caller. */
static cJSON *report_to_json(const struct report *report)
{
    const struct facts *facts = report->facts;
    cJSON *object = cJSON_CreateObject();
    char started[TIME_SIZE];

    clock_format_iso8601(facts->started_unix_ms, true, started);
    put_text(object, "schema", REPORT_SCHEMA);
    put_text(object, "version", program_version);
    put_text(object, "verdict", verdict_row(report->verdict)->name);
    put_text(object, "summary", report->summary);
    put_text(object, "started", started);
    (void)cJSON_AddNumberToObject(object, "duration_ms", facts->duration_ms);
    (void)cJSON_AddNumberToObject(object, "rounds", facts->rounds);
    put_instance(object, facts);
    put_permissions(object, &report->permissions);
    put_checks(object, report);

    cJSON *findings = cJSON_AddArrayToObject(object, "findings");
    for (int32_t i = 0; i < report->n_findings; i++)
        put_finding(append_object(findings), &report->findings[i]);
    (void)cJSON_AddItemToObject(object, "facts", facts_to_json(facts, KEEP_UNUSED));
    return object;
}

void json_write(const struct report *report, const struct style *style, struct buffer *to)
{
    cJSON *object = report_to_json(report);
    char *text = cJSON_PrintBuffered(object, 64 * 1024, true);

    (void)style;
    (void)buffer_addf(to, "%s\n", text);
    cJSON_free(text);
    cJSON_Delete(object);
}
