/* SPDX-License-Identifier: Apache-2.0
 *
 * A page for a ticket: the way from the instance to what it needs, drawn, with the hop that fails; then the
 * causes with their evidence and commands. It is read without colour as well: each mark has a shape.
 */

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "report/report.h"
#include "report/screen.h"

const char html_script[] =
    "document.addEventListener('click',function(e){var b=e.target;if(b.tagName!=='BUTTON')return;"
    "var p=b.nextElementSibling;getSelection().selectAllChildren(p);"
    "if(navigator.clipboard)navigator.clipboard.writeText(p.textContent);"
    "else document.execCommand('copy');b.textContent='copied'});";
const char html_script_sha256[] = "t9AyJw34NVz2Hq2e1tQ2nydmwIXSU/sNEHM7Z2mehJc=";

static const char style[] =
    ":root{color-scheme:light dark;--bad:#b00020;--good:#0a6b2d;--dim:#5c5f66;--box:#8884}"
    "@media(prefers-color-scheme:dark){:root{--bad:#ff8a80;--good:#7bd88f;--dim:#a7abb3}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    "h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.1rem;margin:1.6rem 0 .2rem}"
    "h1.bad,.bad{color:var(--bad)}h1.good{color:var(--good)}.dim{color:var(--dim)}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid var(--box);padding:.6rem;"
    "margin:.2rem 0 .8rem;font-size:.85rem}button{float:right}"
    "svg{width:100%;max-width:34rem;font:13px system-ui,sans-serif;fill:currentColor}"
    "svg .way{stroke:currentColor;stroke-width:1.5}svg .bad{stroke:var(--bad);stroke-width:2.5;"
    "stroke-dasharray:5 4}svg .mark{font-size:18px;font-weight:bold}"
    "svg text.bad,svg text.good{stroke:none;fill:var(--bad)}svg text.good{fill:var(--good)}"
    "svg .small{font-size:12px;fill:var(--dim)}svg rect{fill:none;stroke:currentColor}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.1rem .8rem .1rem 0;"
    "vertical-align:top}td:last-child{overflow-wrap:anywhere}"
    "@media(max-width:40rem){tr{display:grid;grid-template-columns:3rem 1fr;padding:.2rem 0}"
    "td:last-child{grid-column:2}.ids tr{display:block}.ids td{display:block;padding:0}}";

/* --- what both pages have --- */

void html_element(struct buffer *to, const char *element, const char *text)
{
    (void)buffer_addf(to, "<%s>", element);
    junit_put(to, text);
    (void)buffer_addf(to, "</%.*s>\n", (int)strcspn(element, " "), element);
}

void html_commands(struct buffer *to, const char *text)
{
    (void)buffer_add_text(to, "<div><button type=\"button\">copy</button>");
    html_element(to, "pre", text);
    (void)buffer_add_text(to, "</div>\n");
}

void html_begin(struct buffer *to, const char *title)
{
    (void)buffer_addf(to,
                      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                      "style-src 'unsafe-inline'; script-src 'sha256-%s'\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n",
                      html_script_sha256);
    html_element(to, "title", title);
    (void)buffer_addf(to, "<style>%s</style></head><body>\n", style);
}

/* JSON has "<" in strings alone, and no "<" ends the script that it stands in. */
static void add_json(struct buffer *to, const char *json)
{
    for (; *json; json++)
        if (*json == '<')
            (void)buffer_add_text(to, "\\u003c");
        else
            (void)buffer_add(to, json, 1);
}

void html_end(struct buffer *to, const char *json)
{
    (void)buffer_add_text(to, "<script type=\"application/json\" id=\"report\">");
    add_json(to, json);
    (void)buffer_addf(to, "</script>\n<script>%s</script>\n</body></html>\n", html_script);
}

/* --- the way --- */

enum { WIDTH = 460, TRUNK = 24, MARK_AT = 62, TEXT_FROM = 86, TOP = 44, ROW = 40 };
enum { FITTING = 56 }; /* letters, of what came of a hop */

struct drawing {
    struct buffer *to;
    int n; /* rows */
};

/* "-> 10.0.1.21": a branch with its mark, what it leads to, and what came of it. */
static void draw_row(struct drawing *drawing, enum status status, const char *what,
                     const char *came)
{
    static const char *const marks[] = {
        [STATUS_UNKNOWN] = "?",     [STATUS_PASS] = "&#10003;", [STATUS_WARN] = "!",
        [STATUS_FAIL] = "&#10007;", [STATUS_SKIP] = "-",
    };
    const bool bad = status == STATUS_FAIL;
    const int y = TOP + ROW * drawing->n++ + ROW / 2;
    char line[FITTING + sizeof("...")];

    (void)buffer_addf(drawing->to,
                      "<path class=\"%s\" d=\"M%d %dH%d\" fill=\"none\"/>"
                      "<text class=\"mark %s\" x=\"%d\" y=\"%d\">%s</text>"
                      "<text x=\"%d\" y=\"%d\">",
                      bad ? "bad" : "way", TRUNK, y, MARK_AT - 4,
                      bad                     ? "bad"
                      : status == STATUS_PASS ? "good"
                                              : "",
                      MARK_AT, y + 6, marks[status], TEXT_FROM, y);
    junit_put(drawing->to, what);
    (void)buffer_addf(drawing->to, "</text><text class=\"small\" x=\"%d\" y=\"%d\">", TEXT_FROM,
                      y + 14);
    (void)text_set(line, sizeof(line), "%.*s%s", FITTING, came,
                   strlen(came) > FITTING ? "..." : "");
    junit_put(drawing->to, line);
    (void)buffer_add_text(drawing->to, "</text>\n");
}

/* The first check of a set that does not pass. */
static void draw_checks(struct drawing *drawing, const struct report *report, check_set checks,
                        const char *what)
{
    const struct check_result *shown = NULL;

    for (enum check i = 0; i < N_CHECKS; i++)
        if ((checks & check_bit(i)) && report->checks[i].planned &&
            (!shown || shown->status == STATUS_PASS))
            shown = &report->checks[i];
    if (shown)
        draw_row(drawing, shown->status, what,
                 shown->status == STATUS_PASS ? "answers" : shown->summary);
}

static void draw_resolver(struct drawing *drawing, const struct report *report)
{
    const struct resolver_facts *resolvers = &report->facts->resolvers;
    check_set asked = 0;
    char what[LINE_SIZE];

    for (enum service i = 0; i < N_SERVICES; i++)
        if (report->checks[check_of_service(i, RUNG_RESOLVE)].status != STATUS_SKIP)
            asked |= check_bit(check_of_service(i, RUNG_RESOLVE));
    (void)text_set(what, sizeof(what), "resolver %s",
                   resolvers->n_configured > 0 ? resolvers->configured[0] : "");
    draw_checks(drawing, report, asked, what);
}

/* How far one address was climbed. */
static enum status climbed(const struct address_facts *address, char *came, size_t size)
{
    char took[DURATION_SIZE];

    (void)text_set(came, size, "not tried");
    for (int rung = RUNG_CONNECT; rung < N_RUNGS; rung++) {
        const struct step *step = &address->steps[rung];

        duration_text(step->took_ms, took);
        if (step->outcome == OUTCOME_FAILED) {
            (void)text_set(came, size, "%s: %s, %s", rung_name((enum rung)rung),
                           failure_words(step->failure), took);
            return STATUS_FAIL;
        }
        if (step->outcome == OUTCOME_OK)
            (void)text_set(came, size, "%s works", rung_name((enum rung)rung));
    }
    if (address->steps[RUNG_HTTP].outcome == OUTCOME_OK)
        (void)text_set(came, size, "answers");
    return address->steps[RUNG_CONNECT].outcome == OUTCOME_OK ? STATUS_PASS : STATUS_UNKNOWN;
}

/* An endpoint has one subnet, and so one address, in each zone (AWS PrivateLink Guide, "Subnets and Availability
 * Zones"). */
static void draw_service(struct drawing *drawing, const struct report *report, enum service service)
{
    static const char *const places[] = {
        [PLACE_UNKNOWN] = "",        [PLACE_OWN_SUBNET] = "this subnet",
        [PLACE_IN_VPC] = "this VPC", [PLACE_PRIVATE_ELSEWHERE] = "outside this VPC",
        [PLACE_PUBLIC] = "public",   [PLACE_LOCAL] = "no endpoint's",
    };
    const struct endpoint_facts *endpoint = &report->facts->endpoints[service];
    const struct instance_facts *instance = &report->facts->instance;
    bool in_own_zone = false, broken = false;

    for (int32_t i = 0; i < endpoint->n_addresses; i++)
        in_own_zone |= endpoint->addresses[i].place == PLACE_OWN_SUBNET;
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *address = &endpoint->addresses[i];
        char what[LINE_SIZE], came[LINE_SIZE], line[2 * LINE_SIZE];
        enum status status = climbed(address, came, sizeof(came));

        (void)text_set(what, sizeof(what), "%s %s", service_name(service), address->address);
        (void)text_set(line, sizeof(line), "%s", places[address->place]);
        if (address->place == PLACE_OWN_SUBNET && instance->availability_zone[0])
            (void)text_add(line, sizeof(line), ", %s", instance->availability_zone);
        else if (address->place == PLACE_IN_VPC && in_own_zone)
            (void)text_set(line, sizeof(line), "another zone");
        text_list(line, sizeof(line), ": ", came);
        broken |= status == STATUS_FAIL;
        draw_row(drawing, status, what, line);
    }
    for (enum rung i = RUNG_PRIVATE; i <= RUNG_AUTHORIZE && endpoint->n_addresses > 0; i++) {
        const struct check_result *check = &report->checks[check_of_service(service, i)];
        const bool of_all = i == RUNG_PRIVATE || i == RUNG_AUTHORIZE || !broken;
        if (of_all && (check->status == STATUS_FAIL || check->status == STATUS_WARN))
            draw_row(drawing, check->status, check_name(check->check), check->summary);
    }
    if (endpoint->n_addresses == 0)
        draw_checks(drawing, report, check_service_bits(service), service_name(service));
}

/* What no packet goes to, and keeps the agent down: the role, the clock, the agent itself. */
static void draw_broken(struct drawing *drawing, const struct report *report)
{
    for (enum check i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];
        const enum target target = check_target(i);

        if ((target == TARGET_ROLE || target == TARGET_CLOCK || target == TARGET_AGENT) &&
            check->planned && (check->status == STATUS_FAIL || check->status == STATUS_WARN))
            draw_row(drawing, check->status, check_name(i), check->summary);
    }
}

void html_way(struct buffer *to, const struct report *report)
{
    const char *id = facts_instance_name(report->facts);
    LOCAL_BUFFER rows = {.max_bytes = REPORT_MAX_BYTES};
    struct drawing drawing = {&rows, 0};

    draw_checks(&drawing, report, check_bit(CHECK_ROLE_ATTACHED) - 1, "IMDS, the metadata service");
    draw_resolver(&drawing, report);
    for (enum service i = 0; i < N_SERVICES; i++)
        if (report->facts->plan.services[i].need != NEED_OFF)
            draw_service(&drawing, report, i);
    draw_broken(&drawing, report);
    (void)buffer_addf(to,
                      "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"The way from the "
                      "instance to what it needs\"><rect x=\"2\" y=\"8\" width=\"%d\" "
                      "height=\"30\" rx=\"4\"/><text x=\"12\" y=\"28\">",
                      WIDTH, TOP + ROW * drawing.n + 8, WIDTH - 4);
    junit_put(to, id[0] ? id : "the instance");
    (void)buffer_addf(to, "</text><path class=\"way\" d=\"M%d 38V%d\" fill=\"none\"/>\n", TRUNK,
                      TOP + ROW * (drawing.n - 1) + ROW / 2);
    (void)buffer_add(to, rows.bytes, rows.used);
    (void)buffer_add_text(to, "</svg>\n");
}

/* --- without a login --- */

/* What was collected, as an element; nothing where nothing was. */
static void flush(struct buffer *to, struct buffer *text, bool commands)
{
    if (text->used > 0 && commands)
        html_commands(to, text->bytes);
    else if (text->used > 0)
        html_element(to, "p", text->bytes);
    buffer_clear(text);
}

void html_no_login(struct buffer *to, const struct report *report)
{
    LOCAL_BUFFER page = {.max_bytes = REPORT_MAX_BYTES};
    LOCAL_BUFFER text = {.max_bytes = REPORT_MAX_BYTES};
    bool commands = false;

    no_login_write(report, &page);
    (void)buffer_add_text(to, "<h2>The instance has no login</h2>\n");
    for (const char *line = strchr(page.bytes, '\n'); line && *++line;) {
        const size_t n = strcspn(line, "\n");
        const bool indented = text_starts(line, "    ");
        char heading[NAME_SIZE];

        if (indented != commands || line[0] == '#')
            flush(to, &text, commands);
        commands = indented;
        (void)text_set(heading, sizeof(heading), "%.*s", (int)n, line);
        if (line[0] == '#')
            html_element(to, "h3", heading + strspn(heading, "# "));
        else if (n > 0)
            (void)buffer_addf(&text, "%.*s\n", (int)n - (indented ? 4 : 0),
                              line + (indented ? 4 : 0));
        line += n;
    }
    flush(to, &text, commands);
}

/* --- findings --- */

static void add_commands(struct buffer *to, const struct finding *finding, bool inside)
{
    if (finding_n_commands(finding, inside) == 0)
        return;
    (void)buffer_addf(to, "<p>%s:</p>\n<div><button type=\"button\">copy</button><pre>",
                      inside ? "On the instance" : "From anywhere with the AWS CLI");
    for (int i = -1; finding_next(finding, inside, &i);) {
        if (finding->notes[i][0])
            junit_line(to, "# ", finding->notes[i]);
        junit_line(to, "", finding->commands[i]);
    }
    (void)buffer_add_text(to, "</pre></div>\n");
}

static void add_evidence(struct buffer *to, const struct finding *finding)
{
    (void)buffer_add_text(to, "<ul>\n");
    for (int32_t i = 0; i < finding->n_evidence; i++)
        html_element(to, "li", finding->evidence[i]);
    (void)buffer_add_text(to, "</ul>\n");
}

void html_example(struct buffer *to, const struct report *report)
{
    html_way(to, report);
    add_evidence(to, &report->findings[0]);
}

static void add_end(struct buffer *to, const struct finding *finding)
{
    char line[2 * LINE_SIZE];

    html_element(to, "p", finding->afterwards);
    for (int i = -1; finding_next_afterwards(finding, &i);) {
        (void)text_set(line, sizeof(line), "%s:", finding->notes[i]);
        line[0] = (char)toupper((unsigned char)line[0]);
        html_element(to, "p", line);
        html_commands(to, finding->commands[i]);
    }
}

static void add_finding(struct buffer *to, const struct report *report, int32_t n)
{
    const struct finding *finding = &report->findings[n];
    char line[2 * LINE_SIZE], told[LINE_SIZE], name[FINDING_NAME_SIZE];

    finding_name(finding, " of ", "", name);
    (void)text_set(line, sizeof(line), "%d. %s (%s, %s)", (int)n + 1, name,
                   severity_name(finding->severity), confidence_name(finding->confidence));
    html_element(to, "h2", line);
    html_element(to, "p", finding->title);
    if (finding->severity != SEVERITY_NOTE)
        html_element(to, "p", finding->remedy);
    add_evidence(to, finding);
    if (finding->severity == SEVERITY_NOTE)
        return;
    add_commands(to, finding, finding->inside[0]);
    add_commands(to, finding, !finding->inside[0]);
    if (finding_told_by_fix(finding, told, sizeof(told))) {
        (void)text_set(line, sizeof(line), "Or %s.", told);
        html_element(to, "p", line);
    }
    for (int32_t i = 0; i < finding->n_alternatives; i++) {
        const struct alternative *other = &finding->alternatives[i];

        if (finding_has_command(finding, other->command))
            continue;
        (void)text_set(line, sizeof(line), "Or %s.%s", other->code,
                       other->command[0] ? " This tells them apart:" : "");
        html_element(to, "p", line);
        if (other->command[0])
            html_commands(to, other->command);
    }
    for (int32_t i = -1; advice_next_end(report, finding, &i);)
        add_end(to, &report->findings[i]);
}

static void add_checks(struct buffer *to, const struct report *report)
{
    (void)buffer_add_text(to, "<h2>Checks</h2>\n<table>\n");
    for (enum check i = 0; i < N_CHECKS; i++) {
        const struct check_result *check = &report->checks[i];

        if (!check->planned)
            continue;
        (void)buffer_add_text(to, "<tr>");
        html_element(to, "td", status_name(check->status));
        html_element(to, "td", check_name(i));
        html_element(to, "td", check->summary);
        (void)buffer_add_text(to, "</tr>\n");
    }
    (void)buffer_add_text(to, "</table>\n");
}

void html_write(const struct report *report, const struct style *unused, struct buffer *to)
{
    const struct instance_facts *instance = &report->facts->instance;
    const bool good = report_exit_status(report, false) == 0;
    char line[VERDICT_LINE_SIZE];

    report_verdict_line(report, line);
    html_begin(to, line);
    html_element(to, good ? "h1 class=\"good\"" : "h1 class=\"bad\"", line);
    (void)text_set(line, sizeof(line), "%s %s %s %s %s", facts_instance_name(report->facts),
                   instance->availability_zone, instance->vpc, instance->subnet,
                   report->facts->role.role);
    html_element(to, "p class=\"dim\"", line);
    html_way(to, report);
    for (int32_t i = 0; i < report->n_findings; i++)
        add_finding(to, report, i);
    if (report_policy_line(report, false, line, sizeof(line)))
        html_element(to, "p class=\"dim\"", line);
    if (!good && report_n_causes(report) > 0)
        html_no_login(to, report);
    add_checks(to, report);
    LOCAL_BUFFER json = {.max_bytes = REPORT_MAX_BYTES};
    json_write(report, unused, &json);
    html_end(to, json.bytes);
    to->failed |= json.failed;
}
