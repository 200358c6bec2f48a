/* SPDX-License-Identifier: Apache-2.0
 *
 * The page: nothing in it but our own script, whatever a report holds, and nothing loaded from anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "report/report.h"
#include "report_builder.h"
#include "situations.h"

static void write_new(const struct report *report, struct buffer *to)
{
    const struct style style = {0};

    buffer_init(to, REPORT_MAX_BYTES);
    html_write(report, &style, to);
    assert_false(to->failed);
}

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        n++;
    return n;
}

/* The browser runs the script whose hash the policy names, and no other. */
static void the_policy_names_our_script(void **state)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    char text[48] = "";

    (void)state;
    assert_true(EVP_Digest(html_script, strlen(html_script), digest, &n, EVP_sha256(), NULL));
    digest[n] = 0; /* 32 bytes are padded to 33 */
    base64_encode(digest, 33, text);
    text[43] = '=';
    text[44] = '\0';
    assert_string_equal(text, html_script_sha256);
}

static void assert_harmless(const struct buffer *text)
{
    assert_int_equal(count(text->bytes, "<script"), 2);
    assert_int_equal(count(text->bytes, "</script"), 2);
    assert_null(strstr(text->bytes, "src=\""));
    assert_null(strstr(text->bytes, "<img"));
    assert_null(strstr(text->bytes, "href="));
    assert_null(strstr(text->bytes, "onerror=\""));
    for (size_t i = 0; i < text->used; i++)
        if (text->bytes[i] != '\n' && text->bytes[i] != '\t' &&
            (text->bytes[i] < 0x20 || text->bytes[i] > 0x7e))
            fail_msg("byte 0x%02x leaves", (unsigned char)text->bytes[i]);
}

static void a_hostile_report_runs_nothing(void **state)
{
    static const char attack[] = "\"'></pre></script><script>alert(1)</script><img src=x "
                                 "onerror=alert(1)>";
    struct filled *filled = fill("endpoint-blocks-443");
    struct finding *finding = &filled->report.findings[0];
    struct buffer text;

    (void)state;
    (void)text_set(finding->title, sizeof(finding->title), "%s", attack);
    (void)text_set(finding->evidence[0], sizeof(finding->evidence[0]), "%s", attack);
    (void)text_set(finding->remedy, sizeof(finding->remedy), "%s", attack);
    (void)text_set(finding->commands[0], COMMAND_SIZE, "%s", attack);
    (void)text_set(finding->notes[0], NOTE_SIZE, "%s", attack);
    (void)text_set(finding->afterwards, sizeof(finding->afterwards), "%s", attack);
    (void)text_set(filled->report.checks[0].summary, LINE_SIZE, "%s", attack);
    (void)text_set(filled->facts.instance.id, NAME_SIZE, "%s", attack);
    (void)text_set(filled->facts.role.role, HOST_SIZE, "%s", attack);
    (void)text_set(filled->facts.endpoints[0].addresses[0].address, ADDRESS_SIZE, "%s", attack);
    (void)text_set(filled->facts.resolvers.configured[0], ADDRESS_SIZE, "%s", attack);
    write_new(&filled->report, &text);
    assert_harmless(&text);
    assert_non_null(strstr(text.bytes, "&lt;script&gt;alert(1)"));
    assert_non_null(strstr(text.bytes, "\\u003cscript>alert(1)"));
    buffer_clear(&text);
    free(filled);
}

static void every_situation_is_a_page(void **state)
{
    static struct facts facts;
    static struct report report;

    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        struct buffer text;

        if (!share_has(i))
            continue;
        facts_healthy(&facts);
        situation_at(i)->make(&facts);
        diagnose(&facts, &report);
        write_new(&report, &text);
        assert_harmless(&text);
        for (int32_t f = 0; f < report.n_findings; f++)
            if (!strstr(text.bytes, report.findings[f].code))
                fail_msg("%s: no %s", situation_at(i)->name, report.findings[f].code);
        buffer_clear(&text);
    }
}

/* The hop that fails has a mark and a line of its own, readable without colour. */
static void the_broken_hop_is_marked(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct buffer text;

    (void)state;
    write_new(&filled->report, &text);
    const char *hop = strstr(text.bytes, "ssmmessages 10.0.1.22<");
    assert_non_null(hop);
    assert_non_null(strstr(hop, "this subnet, us-east-1a: connect: no answer, 2.0 s"));
    assert_int_equal(count(text.bytes, "&#10007;"), 2);
    assert_int_equal(count(text.bytes, "class=\"mark bad\""), 2);
    assert_non_null(strstr(text.bytes, "<button type=\"button\">copy</button><pre>SG=$(aws ec2 "));
    buffer_clear(&text);
    free(filled);
}

static void a_cause_is_told_whole(void **state)
{
    struct filled *filled = fill("endpoint-blocks-443");
    struct buffer text;

    (void)state;
    write_new(&filled->report, &text);
    assert_non_null(strstr(text.bytes, "(fatal, likely)</h2>"));
    assert_non_null(strstr(text.bytes, "<p>ssmmessages: probably the endpoint's security group"));
    assert_non_null(strstr(text.bytes, "<p>Let inbound 443 from this instance's security"));
    assert_non_null(strstr(text.bytes, "<p>Then: sudo systemctl restart amazon-ssm-agent"));
    buffer_clear(&text);
    free(filled);
}

/* Also where it is the role, the clock or the agent: no reader sees a cause and a way that is whole. */
static void a_fault_is_marked_on_the_way(void **state)
{
    static struct facts facts;
    static struct report report;

    (void)state;
    for (size_t i = 0; situation_at(i); i++) {
        struct buffer text;

        if (!share_has(i))
            continue;
        facts_healthy(&facts);
        situation_at(i)->make(&facts);
        diagnose(&facts, &report);
        buffer_init(&text, REPORT_MAX_BYTES);
        html_way(&text, &report);
        const int bad = text.used ? count(text.bytes, "class=\"mark bad\"") : 1;
        const int warns = text.used ? count(text.bytes, ">!</text>") : 1;
        if ((report.verdict == VERDICT_NOT_READY && bad == 0) ||
            (report.verdict == VERDICT_DEGRADED && bad + warns == 0))
            fail_msg("%s\n%s", situation_at(i)->name, text.bytes);
        buffer_clear(&text);
    }
}

/* The serial console, user data, a reboot: filled in, but for what is no name. */
static void a_page_says_what_to_do_without_a_login(void **state)
{
    struct filled *filled = fill("agent-disabled");
    struct buffer text;

    (void)state;
    write_new(&filled->report, &text);
    assert_non_null(strstr(text.bytes, "<h3>The EC2 serial console</h3>"));
    assert_non_null(strstr(text.bytes, "aws ec2 reboot-instances --region &quot;us-east-1&quot; "
                                       "--instance-ids &quot;i-0123456789abcdef0&quot;\n"));
    assert_non_null(strstr(text.bytes,
                           "&quot;i-0123456789abcdef0.port0@serial-console.ec2-instance-"
                           "connect.us-east-1.aws&quot;"));
    assert_non_null(strstr(text.bytes, "\n    done\n    sudo systemctl enable --now "));
    assert_null(strstr(text.bytes, "ID=''"));
    assert_null(strstr(text.bytes, "the commands, a line each"));
    buffer_clear(&text);
    (void)text_set(filled->facts.instance.id, NAME_SIZE, "i-0'; reboot; '");
    write_new(&filled->report, &text);
    assert_int_equal(count(text.bytes, "ID=''\n"), 1); /* to be filled in, once */
    assert_non_null(strstr(text.bytes, "--instance-ids &quot;$ID&quot;\n"));
    buffer_clear(&text);
    free(filled);
    filled = fill("healthy");
    write_new(&filled->report, &text);
    assert_null(strstr(text.bytes, "serial console"));
    buffer_clear(&text);
    free(filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_names_our_script),
        cmocka_unit_test(a_hostile_report_runs_nothing),
        cmocka_unit_test(every_situation_is_a_page),
        cmocka_unit_test(the_broken_hop_is_marked),
        cmocka_unit_test(a_cause_is_told_whole),
        cmocka_unit_test(a_fault_is_marked_on_the_way),
        cmocka_unit_test(a_page_says_what_to_do_without_a_login),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
