/* SPDX-License-Identifier: Apache-2.0
 *
 * The report of the contract, schema ssm-preflight/1: docs/report.schema.json describes what is
 * written here. Members are frozen: add, never rename.
 */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "model/facts_json.h"
#include "model/names.h"
#include "report/json_make.h"
#include "report/report.h"

static void put_instance(struct maker *maker, cJSON *report, const struct facts *facts)
{
    const struct instance_facts *from = &facts->instance;
    cJSON *instance = put_object(maker, report, "instance");

    put_text_or_null(maker, instance, "id", from->id);
    put_text_or_null(maker, instance, "region", from->region);
    put_text_or_null(maker, instance, "availability_zone", from->availability_zone);
    put_text_or_null(maker, instance, "partition", from->partition);
    put_text_or_null(maker, instance, "account", from->account);
    put_text_or_null(maker, instance, "image", from->image);
    put_text_or_null(maker, instance, "type", from->type);
    put_text_or_null(maker, instance, "vpc", from->vpc);
    cJSON *cidrs = put_array(maker, instance, "vpc_cidrs");
    for (int32_t i = 0; i < from->n_vpc_cidrs; i++)
        append_text(maker, cidrs, from->vpc_cidrs[i]);
    put_text_or_null(maker, instance, "subnet", from->subnet);
    put_text_or_null(maker, instance, "subnet_cidr",
                     from->n_subnet_cidrs > 0 ? from->subnet_cidrs[0] : "");
    cJSON *groups = put_array(maker, instance, "security_groups");
    for (int32_t i = 0; i < from->n_security_groups; i++)
        append_text(maker, groups, from->security_groups[i]);
    put_text_or_null(maker, instance, "private_ipv4", from->private_ipv4);
    put_text_or_null(maker, instance, "public_ipv4", from->public_ipv4);
    put_text_or_null(maker, instance, "role", facts->role.role);
    put_text_or_null(maker, instance, "credentials",
                     facts->role.from == CREDENTIALS_NONE
                         ? ""
                         : name_of(&credentials_from_names, facts->role.from));
}

static void put_checks(struct maker *maker, cJSON *object, const struct report *report)
{
    cJSON *checks = put_array(maker, object, "checks");

    for (unsigned int i = 0; i < N_CHECKS; i++) {
        const struct check_result *result = &report->checks[i];
        if (!result->planned)
            continue;

        cJSON *check = append_object(maker, checks);
        put_text(maker, check, "id", check_name((enum check)i));
        put_bool(maker, check, "required", result->required);
        put_text(maker, check, "status", status_name(result->status));
        put_reason(maker, check, result->reason);
        put_text(maker, check, "summary", result->summary);
        put_number(maker, check, "duration_ms", result->duration_ms);
        put_detail(maker, check, report->facts, (enum check)i);
    }
}

static void put_alternatives(struct maker *maker, cJSON *object, const struct finding *finding)
{
    cJSON *alternatives = put_array(maker, object, "alternatives");
    cJSON *tell_apart = put_array(maker, object, "tell_apart");

    for (int32_t i = 0; i < finding->n_alternatives; i++) {
        const struct alternative *alternative = &finding->alternatives[i];

        append_text(maker, alternatives, alternative->code);
        if (!alternative->command[0])
            continue;
        cJSON *row = append_object(maker, tell_apart);
        put_text(maker, row, "code", alternative->code);
        put_text(maker, row, "command", alternative->command);
    }
}

static void put_finding(struct maker *maker, cJSON *object, const struct finding *finding)
{
    put_text(maker, object, "code", finding->code);
    put_text(maker, object, "severity", severity_name(finding->severity));
    put_text(maker, object, "confidence", confidence_name(finding->confidence));
    put_text_or_null(maker, object, "target",
                     finding->target < N_TARGETS ? target_name(finding->target) : "");
    put_text(maker, object, "title", finding->title);

    cJSON *explains = put_array(maker, object, "explains");
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (finding->explains & check_bit((enum check)i))
            append_text(maker, explains, check_name((enum check)i));
    cJSON *hides = put_array(maker, object, "hides");
    for (unsigned int i = 0; i < N_CHECKS; i++)
        if (finding->hides & check_bit((enum check)i))
            append_text(maker, hides, check_name((enum check)i));
    cJSON *evidence = put_array(maker, object, "evidence");
    for (int32_t i = 0; i < finding->n_evidence; i++)
        append_text(maker, evidence, finding->evidence[i]);
    put_alternatives(maker, object, finding);

    cJSON *remedy = put_object(maker, object, "remedy");
    char fix[FIX_SIZE];
    finding_fix(finding, fix, sizeof(fix));
    put_text(maker, remedy, "text", fix);
    cJSON *commands = put_array(maker, remedy, "commands");
    for (int32_t i = 0; i < finding->n_commands; i++)
        append_text(maker, commands, finding->commands[i]);
    cJSON *steps = put_array(maker, remedy, "steps");
    for (int32_t i = 0; i < finding->n_commands; i++) {
        cJSON *step = append_object(maker, steps);
        put_text(maker, step, "command", finding->commands[i]);
        put_text(maker, step, "from",
                 command_is_from_outside(finding->commands[i]) ? "outside" : "instance");
        put_text_or_null(maker, step, "note", finding->notes[i]);
    }
}

/* The whole tree, to be deleted by the caller; NULL when memory ran out. */
static cJSON *report_to_json(const struct report *report)
{
    struct maker maker = {.failed = false};
    const struct facts *facts = report->facts;
    cJSON *object = cJSON_CreateObject();

    put_text(&maker, object, "schema", REPORT_SCHEMA);
    put_text(&maker, object, "version", program_version);
    put_text(&maker, object, "verdict", verdict_row(report->verdict)->name);
    put_text(&maker, object, "summary", report->summary);
    put_time(&maker, object, "started", facts->started_unix_ms);
    put_number(&maker, object, "duration_ms", facts->duration_ms);
    put_number(&maker, object, "rounds", facts->rounds);
    put_instance(&maker, object, facts);
    put_checks(&maker, object, report);

    cJSON *findings = put_array(&maker, object, "findings");
    for (int32_t i = 0; i < report->n_findings; i++)
        put_finding(&maker, append_object(&maker, findings), &report->findings[i]);

    cJSON *recorded = facts_to_json(facts, KEEP_UNUSED);
    if (!recorded || !object || !cJSON_AddItemToObject(object, "facts", recorded)) {
        cJSON_Delete(recorded);
        maker.failed = true;
    }
    if (!maker.failed)
        return object;
    cJSON_Delete(object);
    return NULL;
}

static void write_json(const struct report *report, bool pretty, struct buffer *to)
{
    cJSON *object = report_to_json(report);
    char *text = object ? cJSON_PrintBuffered(object, 64 * 1024, pretty) : NULL;

    if (!text || !buffer_add_text(to, text) || !buffer_add_text(to, "\n"))
        to->failed = true;
    cJSON_free(text);
    cJSON_Delete(object);
}

void json_write(const struct report *report, const struct style *style, struct buffer *to)
{
    (void)style;
    write_json(report, true, to);
}

void json_write_line(const struct report *report, struct buffer *to)
{
    write_json(report, false, to);
}
