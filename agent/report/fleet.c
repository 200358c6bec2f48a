/* SPDX-License-Identifier: Apache-2.0
 *
 * For whoever has four hundred instances missing: the causes, how many have each, and where to look. What
 * counts most is at the end, as in the report of one instance.
 */

#include <cjson/cJSON.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "model/names.h"
#include "report/report.h"
#include "report/screen.h"

enum { COUNT_AT = 11, GROUP_AT = 18, EACH_AT = 21, NAMED = 3 };

static const char *words_of(const struct member *member)
{
    return member->read ? verdict_row(member->verdict)->words : "NO REPORT";
}

static const char *name_of_member(const struct member *member)
{
    return member->id[0] ? member->id : member->file;
}

/* "endpoint-blocks-443 (ssm)"; what could not be read and what is ready has no code. */
static void name_group(const struct member *member, char *to, size_t size)
{
    (void)text_set(to, size, "%s",
                   member->code[0] ? member->code
                   : member->read  ? "" /* its title has one instance's time */
                                   : member->title);
    if (member->code[0] && member->target < N_TARGETS)
        (void)text_add(to, size, " (%s)", target_name(member->target));
}

static bool is_of(const struct fleet *fleet, int32_t i, const struct group *group)
{
    return fleet->members[i].group == (int32_t)(group - fleet->groups);
}

/* --- a person --- */

static void line(struct screen *screen, int at, enum ink ink, const char *text)
{
    screen_line(screen, ink, at, at + 2, text);
}

static void write_members(struct screen *screen, const struct fleet *fleet,
                          const struct group *group)
{
    char text[2 * LINE_SIZE] = "";
    int32_t named = 0;

    for (int32_t i = group->first; i < fleet->n_members && named < NAMED; i++)
        if (is_of(fleet, i, group))
            (void)text_add(text, sizeof(text), "%s%s", named++ ? ", " : "",
                           name_of_member(&fleet->members[i]));
    if (group->n > named)
        (void)text_add(text, sizeof(text), " and %d more", (int)(group->n - named));
    line(screen, GROUP_AT, INK_DIM, text);
}

static void write_common(struct screen *screen, const struct fleet *fleet,
                         const struct group *group)
{
    char text[LINE_SIZE] = "";

    for (enum common i = 0; i < N_COMMON; i++) {
        const char *only = fleet_only(fleet, group, i);
        if (only)
            (void)text_add(text, sizeof(text), "%s%s %s", text[0] ? ", " : "only they have ",
                           common_name(i), only);
    }
    if (text[0])
        line(screen, GROUP_AT, INK_PLAIN, text);
}

/* "2 of them have other causes too": a group is that of the root cause. */
static bool name_more(const struct fleet *fleet, const struct group *group, char *to, size_t size)
{
    int32_t n = 0;

    for (int32_t i = group->first; i < fleet->n_members; i++)
        n += is_of(fleet, i, group) && fleet->members[i].n_causes > 1;
    (void)text_set(to, size, "%d of %d %s other causes too", (int)n, (int)group->n,
                   n == 1 ? "has" : "have");
    return n > 0;
}

/* What the others say, once for those of whom they say the same. */
static void write_evidence(struct screen *screen, const struct fleet *fleet,
                           const struct group *group)
{
    enum { MOST = 3 };
    char said[MOST][LINE_SIZE];
    int n_said = 0;

    for (int32_t i = group->first; i < fleet->n_members && n_said < MOST; i++) {
        bool again = !is_of(fleet, i, group);
        if (again)
            continue;
        (void)fleet_confidence(&fleet->members[i], said[n_said]);
        for (int j = 0; j < n_said; j++)
            again |= strcmp(said[j], said[n_said]) == 0;
        if (again || !said[n_said][0])
            continue;
        line(screen, GROUP_AT, INK_PLAIN, said[n_said++]);
    }
}

static void write_head(struct screen *screen, const struct member *first, int n)
{
    screen_text(screen, verdict_ink(first->read ? first->verdict : VERDICT_UNKNOWN),
                words_of(first));
    screen_pad(screen, COUNT_AT);
    screen_textf(screen, INK_PLAIN, "%5d", n);
}

static void write_group(struct screen *screen, const struct fleet *fleet, const struct group *group)
{
    const struct member *first = &fleet->members[group->first];
    char name[TITLE_SIZE + NAME_SIZE], evidence[LINE_SIZE];

    write_head(screen, first, (int)group->n);
    if (!first->code[0]) {
        if (first->read) {
            screen_end(screen);
            return;
        }
        line(screen, GROUP_AT, INK_PLAIN, first->title);
        write_members(screen, fleet, group);
        return;
    }
    screen_pad(screen, GROUP_AT);
    name_group(first, name, sizeof(name));
    (void)text_add(name, sizeof(name), "  %s", confidence_name(fleet_confidence(first, evidence)));
    screen_finish(screen, INK_PLAIN, GROUP_AT, name);
    line(screen, GROUP_AT, INK_PLAIN, first->title);
    line(screen, GROUP_AT, INK_PLAIN, first->fix);
    if (name_more(fleet, group, evidence, sizeof(evidence)))
        line(screen, GROUP_AT, INK_PLAIN, evidence);
    write_common(screen, fleet, group);
    write_evidence(screen, fleet, group);
    write_members(screen, fleet, group);
}

/* One line an instance, by group; for a person as wide as the terminal. */
static void write_each(struct screen *screen, const struct fleet *fleet, const struct group *group,
                       bool wrapped)
{
    for (int32_t i = group->first; i < fleet->n_members; i++) {
        const struct member *member = &fleet->members[i];
        char name[TITLE_SIZE + NAME_SIZE], text[TITLE_SIZE + 4 * NAME_SIZE];

        if (!is_of(fleet, i, group))
            continue;
        name_group(member, name, sizeof(name));
        (void)text_set(text, sizeof(text), "%-9s %-24s %s", words_of(member),
                       member->has[COMMON_SUBNET], name[0] ? name : "-");
        screen_textf(screen, INK_PLAIN, "%-20s ", name_of_member(member));
        if (wrapped)
            screen_wrap(screen, INK_PLAIN, EACH_AT, text);
        else
            screen_text(screen, INK_PLAIN, text);
        if (member->id[0] && wrapped)
            screen_end(screen);
        if (member->id[0]) {
            screen_pad(screen, wrapped ? EACH_AT : 0);
            screen_textf(screen, INK_DIM, "%s%s", wrapped ? "" : " ", member->file);
        }
        screen_end(screen);
    }
}

/* "380 instances: 12 NOT READY, 367 READY": the worst verdict first. */
static void write_sum(struct screen *screen, const struct fleet *fleet)
{
    char text[LINE_SIZE];
    int32_t n = 0, of_verdict = 0;

    for (int32_t i = 0; i < fleet->n_groups; i++)
        n += fleet->groups[i].n;
    (void)text_set(text, sizeof(text), "%d instance%s:", (int)n, n == 1 ? "" : "s");
    for (int32_t i = 0; i < fleet->n_groups; i++) {
        const char *words = words_of(&fleet->members[fleet->groups[i].first]);
        of_verdict += fleet->groups[i].n;
        if (i + 1 < fleet->n_groups &&
            strcmp(words, words_of(&fleet->members[fleet->groups[i + 1].first])) == 0)
            continue;
        (void)text_add(text, sizeof(text), " %d %s%s", (int)of_verdict, words,
                       i + 1 < fleet->n_groups ? "," : ".");
        of_verdict = 0;
    }
    screen_wrap(screen, INK_PLAIN, 2, text);
    if (n < fleet->n_members)
        screen_textf(screen, INK_DIM, " (%d older)", (int)(fleet->n_members - n));
    screen_end(screen);
}

/* A file's name as one word of a shell. */
static void write_word(struct screen *screen, const char *file)
{
    const char *quote = strpbrk(file, " &;|<>()$`\\\"'*?[]#~!{}") ? "'" : "";

    screen_text(screen, INK_DIM, quote);
    for (size_t n; *file; file += n + (file[n] == '\'')) {
        n = strcspn(file, "'");
        screen_textf(screen, INK_DIM, "%.*s%s", (int)n, file, file[n] ? "'\\''" : "");
    }
    screen_text(screen, INK_DIM, quote);
}

static void write_terminal(const struct fleet *fleet, const struct style *style, struct buffer *to)
{
    struct screen screen;
    char name[TITLE_SIZE + NAME_SIZE];

    screen_init(&screen, style, to);
    for (int32_t i = fleet->n_groups - 1; i >= 0 && style->verbose; i--)
        write_each(&screen, fleet, &fleet->groups[i], true);
    for (int32_t i = fleet->n_groups - 1; i >= 0; i--) {
        write_group(&screen, fleet, &fleet->groups[i]);
        screen_end(&screen);
    }
    write_sum(&screen, fleet);
    for (int32_t i = 0; i < fleet->n_groups; i++) {
        const struct member *first = &fleet->members[fleet->groups[i].first];
        if (!first->code[0])
            continue;
        name_group(first, name, sizeof(name));
        write_head(&screen, first, (int)fleet->groups[i].n);
        screen_line(&screen, INK_PLAIN, GROUP_AT, GROUP_AT, name);
    }
    if (fleet_exit_status(fleet) == 1) {
        screen_text(&screen, INK_DIM,
                    "The commands that fix the first: ssm-preflight show --commands ");
        write_word(&screen, fleet->members[fleet->groups[0].first].file);
        screen_end(&screen);
    }
}

static void write_short(const struct fleet *fleet, const struct style *style, struct buffer *to)
{
    struct screen screen;

    screen_init(&screen, style, to);
    for (int32_t i = 0; i < fleet->n_groups; i++)
        write_each(&screen, fleet, &fleet->groups[i], false);
}

/* --- programs --- */

static void put(cJSON *object, const char *name, const char *value)
{
    char escaped[PATH_MAX]; /* the name of a file may hold anything */

    (void)text_escape(escaped, sizeof(escaped), value, strlen(value));
    json_put_or_null(object, name, escaped);
}

static cJSON *member_to_json(const struct member *member)
{
    static const char *const names[N_COMMON] = {"subnet", "zone", "role",
                                                "image",  "vpc",  "security_group"};
    cJSON *object = cJSON_CreateObject();
    char evidence[LINE_SIZE];

    put(object, "file", member->file);
    put(object, "instance", member->id);
    put(object, "verdict", member->read ? verdict_row(member->verdict)->name : "");
    put(object, "code", member->code);
    put(object, "target", target_name(member->target));
    put(object, "confidence",
        member->code[0] ? confidence_name(fleet_confidence(member, evidence)) : "");
    (void)cJSON_AddNumberToObject(object, "causes", member->n_causes);
    put(object, "title", member->title);
    put(object, "fix", member->fix);
    (void)fleet_confidence(member, evidence);
    put(object, "others", evidence);
    for (enum common i = 0; i < N_COMMON; i++)
        put(object, names[i], member->has[i]);
    (void)cJSON_AddBoolToObject(object, "older", member->group < 0);
    return object;
}

/* An object a line, in the order of the files. */
static void write_json(const struct fleet *fleet, const struct style *style, struct buffer *to)
{
    (void)style;
    for (int32_t i = 0; i < fleet->n_members; i++)
        json_add(to, member_to_json(&fleet->members[i]), false);
}

/* Degraded passes as well, and says why it is. */
static void write_passed(const struct member *member, struct buffer *to)
{
    (void)buffer_add_text(to, "><system-out>warning: ");
    junit_put(to, member->code);
    junit_line(to, ": ", member->title);
    junit_put(to, member->fix);
    (void)buffer_add_text(to, "</system-out></testcase>\n");
}

/* A suite, with a case for each instance. */
static void write_junit(const struct fleet *fleet, const struct style *style, struct buffer *to)
{
    int n[5] = {0};

    (void)style;
    for (int32_t i = 0; i < fleet->n_members; i++)
        if (fleet->members[i].group >= 0)
            n[fleet->members[i].exit_status % 5]++;
    (void)buffer_addf(
        to,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "<testsuite name=\"ssm-preflight\" tests=\"%d\" failures=\"%d\" errors=\"%d\" "
        "skipped=\"0\">\n",
        n[0] + n[1] + n[3], n[1], n[3]);
    for (int32_t i = 0; i < fleet->n_members; i++) {
        const struct member *member = &fleet->members[i];
        const char *kind = member->exit_status == 1 ? "failure" : "error";

        if (member->group < 0)
            continue;
        (void)buffer_add_text(to, "<testcase classname=\"ssm-preflight\"");
        junit_attribute(to, "name", name_of_member(member));
        (void)buffer_add_text(to, " time=\"0\"");
        if (member->exit_status == 0) {
            if (member->code[0])
                write_passed(member, to);
            else
                (void)buffer_add_text(to, "/>\n");
            continue;
        }
        (void)buffer_addf(to, "><%s", kind);
        junit_attribute(to, "message", member->title);
        junit_attribute(to, "type", member->code[0] ? member->code : words_of(member));
        (void)buffer_add_text(to, ">");
        junit_put(to, member->fix);
        (void)buffer_addf(to, "</%s></testcase>\n", kind);
    }
    (void)buffer_add_text(to, "</testsuite>\n</testsuites>\n");
}

/* --- a ticket --- */

static void add_group(const struct fleet *fleet, const struct group *group, struct buffer *to)
{
    const struct member *first = &fleet->members[group->first];
    const struct member *example = fleet_example(fleet, group);
    char text[2 * LINE_SIZE], name[TITLE_SIZE + NAME_SIZE], evidence[LINE_SIZE];

    name_group(first, name, sizeof(name));
    const enum confidence confidence = fleet_confidence(first, evidence);
    (void)text_set(text, sizeof(text), "%d %s%s%s", (int)group->n, words_of(first),
                   name[0] ? ": " : "", name);
    if (first->code[0])
        (void)text_add(text, sizeof(text), " (%s)", confidence_name(confidence));
    html_element(to, "h2", text);
    if (first->code[0]) {
        html_element(to, "p", first->title);
        html_element(to, "p", first->fix);
    }
    if (example) {
        (void)text_set(text, sizeof(text),
                       "The way of %s, and what was seen there:", name_of_member(example));
        html_element(to, "p", text);
        (void)buffer_add_text(to, example->way);
    }
    (void)buffer_add_text(to, "<ul>\n");
    for (enum common i = 0; i < N_COMMON; i++) {
        const char *only = fleet_only(fleet, group, i);
        (void)text_set(text, sizeof(text), "only they have %s %s", common_name(i),
                       only ? only : "");
        if (only)
            html_element(to, "li", text);
    }
    if (evidence[0])
        html_element(to, "li", evidence);
    if (name_more(fleet, group, evidence, sizeof(evidence)))
        html_element(to, "li", evidence);
    (void)buffer_add_text(to, "</ul>\n");
    if (example && example->commands) {
        (void)text_set(text, sizeof(text), "What fixes %s:", name_of_member(example));
        html_element(to, "p", text);
        html_commands(to, example->commands);
    }
    (void)buffer_add_text(to, "<details><summary>instances</summary><table class=\"ids\">\n");
    for (int32_t i = group->first; i < fleet->n_members; i++) {
        const struct member *member = &fleet->members[i];

        if (!is_of(fleet, i, group))
            continue;
        (void)buffer_add_text(to, "<tr>");
        html_element(to, "td", name_of_member(member));
        html_element(to, "td", member->has[COMMON_SUBNET]);
        html_element(to, "td", member->file);
        (void)buffer_add_text(to, "</tr>\n");
    }
    (void)buffer_add_text(to, "</table></details>\n");
}

static void write_html(const struct fleet *fleet, const struct style *style, struct buffer *to)
{
    const struct style wide = {.columns = 120};
    LOCAL_BUFFER sum = {.max_bytes = LINE_SIZE};
    struct screen screen;

    screen_init(&screen, &wide, &sum);
    write_sum(&screen, fleet);
    html_begin(to, sum.bytes);
    html_element(to, fleet_exit_status(fleet) ? "h1 class=\"bad\"" : "h1 class=\"good\"",
                 sum.bytes);
    for (int32_t i = 0; i < fleet->n_groups; i++)
        add_group(fleet, &fleet->groups[i], to);
    if (fleet_exit_status(fleet) == 1)
        html_no_login(to, NULL);
    LOCAL_BUFFER json = {.max_bytes = FLEET_MAX_BYTES};
    write_json(fleet, style, &json);
    (void)buffer_add(&json, "", 0); /* of an empty folder it is nothing */
    html_end(to, json.bytes);
}

const struct fleet_output fleet_outputs[] = {
    {"terminal", write_terminal}, {"short", write_short}, {"json", write_json},
    {"junit", write_junit},       {"html", write_html},
};
const size_t n_fleet_outputs = COUNT_OF(fleet_outputs);
