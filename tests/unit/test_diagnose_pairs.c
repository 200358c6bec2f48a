/* SPDX-License-Identifier: Apache-2.0
 *
 * Every pair of faults, in replay. What must be found follows from each fault alone and from the
 * order of the table of causes; what is otherwise is listed, with a reason, in
 * tests/scenarios/pairs.exceptions. docs/diagnosis.md says how to read the score.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "diagnose/causes.h"
#include "diagnose/diagnose.h"
#include "facts_builder.h"
#include "pairs.h"

enum { MAX_BASES = 128, MAX_EXCEPTIONS = 128, MAX_WORDS = 1024, LEAST_PERMILLE = 980 };

/* "A,B  C,D  outcome  # reason": each of A and B with each of C and D, in either order. */
struct exception {
    char one[MAX_WORDS], other[MAX_WORDS];
    char outcome[MAX_WORDS]; /* "impossible", "unseen", or the right codes, separated by commas */
    int line;
    int n_used;
};

struct score {
    int n, right, excepted, impossible, unseen, false_ready;
};

static struct alone *bases[MAX_BASES];
static size_t n_bases;
static struct exception exceptions[MAX_EXCEPTIONS];
static size_t n_exceptions;
static struct facts facts;
static struct report report;

/* --- the exceptions --- */

static void read_exception(char *line, int number)
{
    struct exception *to = &exceptions[n_exceptions];
    char *reason = strchr(line, '#');

    if (reason == line || !line[strspn(line, " \t")])
        return;
    if (!reason || strlen(reason) < 12)
        fail_msg("pairs.exceptions:%d: no reason", number);
    if (reason) /* fail_msg() has ended the test; the analyzer does not know */
        *reason = '\0';
    if (n_exceptions == MAX_EXCEPTIONS ||
        sscanf(line, "%1023s %1023s %1023s", to->one, to->other, to->outcome) != 3)
        fail_msg("pairs.exceptions:%d: one name, the other, what is right, # reason", number);
    to->line = number;
    n_exceptions++;
}

static void read_exceptions(void)
{
    struct buffer text;
    int number = 0;

    buffer_init(&text, FILE_MAX_BYTES);
    if (file_read("", "tests/scenarios/pairs.exceptions", &text) != 0)
        fail_msg("tests/scenarios/pairs.exceptions cannot be read");
    for (char *line = text.bytes, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        read_exception(line, ++number);
    }
    buffer_clear(&text);
}

static bool lists(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == n && strncmp(at, name, n) == 0)
            return true;
    return false;
}

static struct exception *exception_for(const struct alone *a, const struct alone *b)
{
    const char *first = a->situation->name, *second = b->situation->name;

    for (size_t i = 0; i < n_exceptions; i++) {
        struct exception *e = &exceptions[i];
        if ((lists(e->one, first) && lists(e->other, second)) ||
            (lists(e->one, second) && lists(e->other, first)))
            return e;
    }
    return NULL;
}

/* --- what is right --- */

/* What it changed in a healthy instance is there still. */
static bool is_retained(const struct alone *alone)
{
    static struct facts well;
    const unsigned char *healthy = (const unsigned char *)&well;
    const unsigned char *changed = (const unsigned char *)&alone->facts;
    const unsigned char *now = (const unsigned char *)&facts;

    facts_healthy(&well);
    well.plan.private_dns = PRIVATE_DNS_REQUIRE;
    for (size_t i = 0; i < sizeof(facts); i++)
        if (changed[i] != healthy[i] && now[i] != changed[i])
            return false;
    return true;
}

/* It can be seen beside the other: it makes a difference, and not all that it shows is out of
 * reach. A note has nothing but its facts. */
static bool is_visible(const struct alone *alone, const struct alone *other)
{
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): zeroed, then copied as bytes */
    if (memcmp(&facts, &other->facts, sizeof(facts)) == 0)
        return false;
    return alone->shows != 0 ? (alone->shows & ~other->stops) != 0 : is_retained(alone);
}

static bool is_found(const char *code)
{
    for (int32_t i = 0; i < report.n_findings; i++)
        if (strcmp(report.findings[i].code, code) == 0)
            return true;
    return false;
}

static bool comes_first(const struct alone *a, const struct alone *b)
{
    enum severity of_a = a->report.findings[0].severity, of_b = b->report.findings[0].severity;
    return of_a != of_b ? of_a > of_b : a->row <= b->row;
}

static bool has_code(const struct alone *alone, const char *code)
{
    for (int32_t i = 0; i < alone->report.n_findings; i++)
        if (strcmp(alone->report.findings[i].code, code) == 0)
            return true;
    return false;
}

/* Where all that a fault would show is out of reach, the report says what must be fixed first. (Off EC2
 * nothing will be seen later, notes keep nothing from being seen that should be, and nobody need mend an
 * endpoint that may be missing.) */
static bool is_hidden_and_named(const struct alone *hidden, const struct alone *by)
{
    check_set named = 0, required = 0;

    if (by->report.findings[0].severity == SEVERITY_NOTE || hidden->shows == 0 ||
        (hidden->shows & ~by->stops) != 0 || strcmp(causes[by->row].code, "not-ec2") == 0)
        return true;
    for (int32_t i = 0; i < report.n_findings; i++) /* a check that is not known is explained */
        named |= report.findings[i].hides | report.findings[i].explains;
    for (int i = 0; i < N_CHECKS; i++)
        required |= report.checks[i].planned && report.checks[i].required ? check_bit((enum check)i)
                                                                          : 0;
    return (hidden->shows & required & ~named) == 0;
}

static bool is_right(const struct alone *a, const struct alone *b, char *why, size_t size)
{
    bool sees_a = is_visible(a, b), sees_b = is_visible(b, a);
    bool has_a = sees_a || is_found(causes[a->row].code);
    bool has_b = sees_b || is_found(causes[b->row].code);
    const struct alone *first = has_a && (!has_b || comes_first(a, b)) ? a : has_b ? b : NULL;

    why[0] = '\0';
    if (sees_a && !is_found(causes[a->row].code))
        (void)text_add(why, size, " misses %s;", causes[a->row].code);
    if (sees_b && !is_found(causes[b->row].code))
        (void)text_add(why, size, " misses %s;", causes[b->row].code);
    if (first && report.n_findings > 0 &&
        strcmp(report.findings[0].code, causes[first->row].code) != 0)
        (void)text_add(why, size, " %s should be first;", causes[first->row].code);
    if ((!has_a && !is_hidden_and_named(a, b)) || (!has_b && !is_hidden_and_named(b, a)))
        (void)text_add(why, size, " does not say what is hidden;");
    for (int32_t i = 0; i < report.n_findings; i++) {
        const char *code = report.findings[i].code;
        bool of_a = has_code(a, code), of_b = has_code(b, code);
        if (!of_a && !of_b)
            (void)text_add(why, size, " invents %s;", code);
    }
    return !why[0];
}

static void list_codes(char *to, size_t size)
{
    to[0] = '\0';
    for (int32_t i = 0; i < report.n_findings; i++)
        (void)text_add(to, size, "%s%s", i > 0 ? "," : "", report.findings[i].code);
}

/* Whatever else is wrong about a diagnosis: nobody may be told that all is well when it is not. */
static bool is_false_ready(const struct alone *a, const struct alone *b)
{
    bool broken = a->report.verdict == VERDICT_NOT_READY || b->report.verdict == VERDICT_NOT_READY;
    return broken && (report.verdict == VERDICT_READY || report.verdict == VERDICT_DEGRADED);
}

/* --- the walk --- */

static void judge_pair(const struct alone *a, const struct alone *b, struct score *score)
{
    struct exception *exception = exception_for(a, b);
    char why[MAX_WORDS], codes[MAX_WORDS];

    if (exception && strcmp(exception->outcome, "impossible") == 0) {
        exception->n_used++;
        score->impossible++;
        return;
    }
    pairs_compose(a, b, &facts);
    diagnose(&facts, &report);
    list_codes(codes, sizeof(codes));
    if (exception && strcmp(exception->outcome, "unseen") == 0) {
        /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): zeroed, then copied as bytes */
        bool same =
            memcmp(&facts, &a->facts, sizeof(facts)) == 0 ||
            /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): zeroed, then copied as bytes */
            memcmp(&facts, &b->facts, sizeof(facts)) == 0;
        if (!same)
            fail_msg("pairs.exceptions:%d: %s + %s makes a difference", exception->line,
                     a->situation->name, b->situation->name);
        exception->n_used++;
        score->unseen++;
        return;
    }
    score->n++;
    if (is_false_ready(a, b)) {
        score->false_ready++;
        print_error("%s + %s: FALSE %s (%s)\n", a->situation->name, b->situation->name,
                    verdict_row(report.verdict)->words, codes);
    }
    bool right = is_right(a, b, why, sizeof(why));
    if (exception && !right) {
        exception->n_used++;
        score->excepted++;
        right = strcmp(exception->outcome, codes) == 0;
    }
    score->right += right;
    if (!right)
        print_error("%s + %s:%s says %s\n", a->situation->name, b->situation->name, why, codes);
}

static void pairs_get_their_findings(void **state)
{
    struct score score = {0};
    bool stale = false;
    (void)state;

    for (size_t i = 0; i < n_bases; i++)
        for (size_t j = i + 1; j < n_bases; j++)
            if (share_has(i * MAX_BASES + j))
                judge_pair(bases[i], bases[j], &score);
    print_message(
        "pairs: %d of %d (%.1f %%), %d of them as reviewed; besides %d that cannot be and "
        "%d that no facts show; false ready: %d\n",
        score.right, score.n, 100.0 * score.right / score.n, score.excepted, score.impossible,
        score.unseen, score.false_ready);
    for (size_t i = 0; i < n_exceptions; i++)
        if (exceptions[i].n_used == 0 && !getenv("UNIT_SHARE")) {
            print_error("pairs.exceptions:%d: no pair needs it\n", exceptions[i].line);
            stale = true;
        }
    assert_false(stale);
    assert_int_equal(score.false_ready, 0);
    assert_true(score.right * 1000 >= score.n * LEAST_PERMILLE);
}

/* Which one was there first cannot be told from facts. */
static void order_does_not_matter(void **state)
{
    static struct facts swapped;
    (void)state;

    for (size_t i = 0; i < n_bases; i++)
        for (size_t j = i + 1; j < n_bases; j++) {
            if (!share_has(i * MAX_BASES + j))
                continue;
            pairs_compose(bases[i], bases[j], &facts);
            pairs_compose(bases[j], bases[i], &swapped);
            /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): zeroed, then copied as bytes */
            if (memcmp(&facts, &swapped, sizeof(facts)) != 0)
                fail_msg("%s, %s", bases[i]->situation->name, bases[j]->situation->name);
        }
}

/* What drops in silence is another observation than what refuses, though the cause is the same. */
static bool is_base(const char *name)
{
    return !strstr(name, "--") || strcmp(name, "local-firewall--dropped") == 0;
}

static int gather(void **state)
{
    const struct situation *situation;
    (void)state;

    for (size_t i = 0; (situation = situation_at(i)); i++) {
        if (!is_base(situation->name))
            continue;
        if (n_bases == MAX_BASES || !(bases[n_bases] = malloc(sizeof(*bases[0]))))
            return 1;
        alone_make(bases[n_bases], situation);
        if (bases[n_bases]->report.n_findings > 0)
            n_bases++;
        else
            free(bases[n_bases]);
    }
    read_exceptions();
    return 0;
}

static int scatter(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_bases; i++)
        free(bases[i]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(pairs_get_their_findings),
    };
    return cmocka_run_group_tests(tests, gather, scatter);
}
