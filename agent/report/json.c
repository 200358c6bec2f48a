/* SPDX-License-Identifier: Apache-2.0
 *
 * The report of the contract, schema ssm-preflight/1, as docs/report.schema.json describes it. A
 * member may be added, never renamed.
 */
#include <cjson/cJSON.h>
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

static void append_text(cJSON *array, const char *text)
{
    (void)cJSON_AddItemToArray(array, make_text(text));
}

void json_put(cJSON *object, const char *name, const char *text)
{
    (void)cJSON_AddItemToObject(object, name, make_text(text));
}

void json_put_or_null(cJSON *object, const char *name, const char *text)
{
    (void)cJSON_AddItemToObject(object, name, *text ? make_text(text) : cJSON_CreateNull());
}

void json_put_texts(cJSON *object, const char *name, const char *texts, size_t size, int32_t n)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);

    for (int32_t i = 0; i < n; i++)
        append_text(array, texts + (size_t)i * size);
}

void json_add(struct buffer *to, cJSON *tree, bool in_lines)
{
    char *text = cJSON_PrintBuffered(tree, 64 * 1024, in_lines);

    (void)buffer_add_text(to, text);
    (void)buffer_add_text(to, "\n");
    cJSON_free(text);
    cJSON_Delete(tree);
}

static void put_reason(cJSON *object, enum failure failure)
{
    json_put_or_null(object, "reason", failure != FAILURE_NONE ? failure_name(failure) : "");
}

static cJSON *append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();

    (void)cJSON_AddItemToArray(array, object);
    return object;
}

static void append_checks(cJSON *array, check_set set)
{
    for (enum check i = 0; i < N_CHECKS; i++)
        if (set & check_bit(i))
            append_text(array, check_name(i));
}

static void put_instance(cJSON *report, const struct facts *facts)
{
    const struct instance_facts *from = &facts->instance;
    cJSON *instance = cJSON_AddObjectToObject(report, "instance");

    json_put_or_null(instance, "id", from->id);
    json_put_or_null(instance, "region", from->region);
    json_put_or_null(instance, "availability_zone", from->availability_zone);
    json_put_or_null(instance, "partition", from->partition);
    json_put_or_null(instance, "account", from->account);
    json_put_or_null(instance, "image", from->image);
    json_put_or_null(instance, "type", from->type);
    json_put_or_null(instance, "vpc", from->vpc);
    json_put_texts(instance, "vpc_cidrs", from->vpc_cidrs[0], ADDRESS_SIZE, from->n_vpc_cidrs);
    json_put_or_null(instance, "subnet", from->subnet);
    json_put_or_null(instance, "subnet_cidr",
                     from->n_subnet_cidrs > 0 ? from->subnet_cidrs[0] : "");
    json_put_texts(instance, "security_groups", from->security_groups[0], NAME_SIZE,
                   from->n_security_groups);
    json_put_or_null(instance, "private_ipv4", from->private_ipv4);
    json_put_or_null(instance, "public_ipv4", from->public_ipv4);
    json_put_or_null(instance, "role", facts->role.role);
    json_put_or_null(instance, "credentials",
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

    json_put(object, "status", status_name(below ? STATUS_SKIP : step_status(step)));
    put_reason(object, below ? FAILURE_BELOW : step->failure);
    (void)cJSON_AddNumberToObject(object, "duration_ms", step->took_ms);
}

static void put_addresses(cJSON *detail, const struct endpoint_facts *endpoint, enum rung rung)
{
    cJSON *addresses = cJSON_AddArrayToObject(detail, "addresses");

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        cJSON *object = append_object(addresses);

        json_put(object, "address", at->address);
        json_put(object, "place", name_of(&place_names, at->place));
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

        json_put(object, "action", action->action);
        json_put(object, "permission", name_of(&permission_names, action->permission));
        put_reason(object, action->failure);
        if (action->permission == PERMISSION_DENIED)
            json_put(object, "denied_by", name_of(&denied_by_names, action->denied_by));
        if (action->why_not[0])
            json_put(object, "why_not", action->why_not);
        if (action->message[0])
            json_put(object, "message", action->message);
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

    for (enum check i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned)
            continue;

        cJSON *check = append_object(checks);
        json_put(check, "id", check_name(i));
        (void)cJSON_AddBoolToObject(check, "required", result->required);
        json_put(check, "status", status_name(result->status));
        put_reason(check, result->reason);
        json_put(check, "summary", result->summary);
        (void)cJSON_AddNumberToObject(check, "duration_ms", result->duration_ms);
        put_detail(check, report->facts, i);
    }
}

static void put_alternatives(cJSON *object, const struct finding *finding)
{
    json_put_texts(object, "alternatives", finding->alternatives[0].code,
                   sizeof(finding->alternatives[0]), finding->n_alternatives);
    cJSON *tell_apart = cJSON_AddArrayToObject(object, "tell_apart");

    for (int32_t i = 0; i < finding->n_alternatives; i++) {
        const struct alternative *alternative = &finding->alternatives[i];

        if (!alternative->command[0])
            continue;
        cJSON *row = append_object(tell_apart);
        json_put(row, "code", alternative->code);
        json_put(row, "command", alternative->command);
    }
}

static void put_finding(cJSON *object, const struct finding *finding)
{
    json_put(object, "code", finding->code);
    json_put(object, "severity", severity_name(finding->severity));
    json_put(object, "confidence", confidence_name(finding->confidence));
    json_put_or_null(object, "target", target_name(finding->target));
    json_put(object, "title", finding->title);

    append_checks(cJSON_AddArrayToObject(object, "explains"), finding->explains);
    append_checks(cJSON_AddArrayToObject(object, "hides"), finding->hides);
    json_put_texts(object, "evidence", finding->evidence[0], LINE_SIZE, finding->n_evidence);
    put_alternatives(object, finding);

    cJSON *remedy = cJSON_AddObjectToObject(object, "remedy");
    char fix[FIX_SIZE];
    finding_fix(finding, fix, sizeof(fix));
    json_put(remedy, "text", fix);
    json_put_texts(remedy, "commands", finding->commands[0], COMMAND_SIZE, finding->n_commands);
    cJSON *steps = cJSON_AddArrayToObject(remedy, "steps");
    for (int32_t i = 0; i < finding->n_commands; i++) {
        cJSON *step = append_object(steps);
        json_put(step, "command", finding->commands[i]);
        json_put(step, "from", finding->inside[i] ? "instance" : "outside");
        json_put_or_null(step, "note", finding->notes[i]);
    }
}

static void put_permissions(cJSON *report, const struct permissions_sum *sum)
{
    cJSON *object = cJSON_AddObjectToObject(report, "permissions");

    json_put(object, "policy", "AmazonSSMManagedInstanceCore");
    (void)cJSON_AddNumberToObject(object, "actions", sum->n);
    (void)cJSON_AddNumberToObject(object, "allowed", sum->allowed);
    (void)cJSON_AddNumberToObject(object, "denied", sum->denied);
    (void)cJSON_AddNumberToObject(object, "not_proven", sum->n - sum->allowed - sum->denied);
    cJSON *denied_by = cJSON_AddObjectToObject(object, "denied_by");
    for (unsigned int i = 0; i < N_DENIED_BY; i++)
        if (sum->denied_by[i] > 0)
            (void)cJSON_AddNumberToObject(denied_by, name_of(&denied_by_names, i),
                                          sum->denied_by[i]);
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
    json_put(object, "schema", REPORT_SCHEMA);
    json_put(object, "version", program_version);
    json_put(object, "verdict", verdict_row(report->verdict)->name);
    json_put(object, "summary", report->summary);
    json_put(object, "started", started);
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
    (void)style;
    json_add(to, report_to_json(report), true);
}
