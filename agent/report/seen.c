/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns line up within one rung, so that the address that differs catches the eye.
 */
#include "report/screen.h"

#include <string.h>

#include "base/text.h"

enum {
    MOST_ACTIONS = 6, /* lines without --verbose */
    SLOW_MS = 500,    /* of an answer: from then on its time is said */
};

/* Mark, words, duration and detail of one step; ends the line. */
static void write_step(struct screen *screen, const struct step *step)
{
    char line[LINE_SIZE + DURATION_SIZE] = "not tried", took[DURATION_SIZE];
    int at = screen_status(screen, step_status(step));

    duration_text(step->took_ms, took);
    if (step->outcome == OUTCOME_OK)
        (void)text_set(line, sizeof(line), "%s", took);
    else if (step->outcome == OUTCOME_FAILED)
        (void)text_set(line, sizeof(line), "%s, %s", failure_words(step->failure), took);
    if (step->detail[0])
        (void)text_add(line, sizeof(line), ": %s", step->detail);
    screen_finish(screen, INK_PLAIN, at, line);
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

static const char *place_words(enum place place)
{
    static const char *const words[] = {
        [PLACE_UNKNOWN] = "",          [PLACE_OWN_SUBNET] = "own subnet",
        [PLACE_IN_VPC] = "in the VPC", [PLACE_PRIVATE_ELSEWHERE] = "outside the VPC",
        [PLACE_PUBLIC] = "public",     [PLACE_LOCAL] = "local",
    };
    return place <= PLACE_LOCAL ? words[place] : "";
}

/* Whether an address is where it should be, and, if it was dialled all the same, what came of it. */
static void write_place(struct screen *screen, const struct address_facts *at,
                        enum private_dns meaning)
{
    static const enum status marks[] = {
        [PRIVATE_DNS_REQUIRE] = STATUS_FAIL,
        [PRIVATE_DNS_WARN] = STATUS_WARN,
        [PRIVATE_DNS_OFF] = STATUS_PASS,
    };
    const enum failure failure = at->steps[RUNG_CONNECT].failure;
    bool wrong = at->place == PLACE_PUBLIC || at->place == PLACE_LOCAL;
    char line[LINE_SIZE];
    int text_at = screen_status(screen, at->place == PLACE_LOCAL ? STATUS_FAIL
                                        : wrong                  ? marks[meaning]
                                                                 : STATUS_PASS);

    (void)text_set(line, sizeof(line), "%s",
                   at->place == PLACE_UNKNOWN ? "private" : place_words(at->place));
    if (wrong && at->steps[RUNG_CONNECT].outcome == OUTCOME_OK)
        (void)text_add(line, sizeof(line), ", connects on 443");
    else if (wrong && at->steps[RUNG_CONNECT].outcome == OUTCOME_FAILED)
        (void)text_add(line, sizeof(line), ", dialled on 443: %s", failure_words(failure));
    screen_finish(screen, INK_PLAIN, text_at, line);
}

/* What verified, and was made on the way all the same, is no good handshake. */
static void write_handshake(struct screen *screen, const struct address_facts *at)
{
    struct step shown = at->steps[RUNG_TLS];

    if (shown.outcome == OUTCOME_OK && tls_session_is_intercepted(&at->session))
        step_fail(&shown, FAILURE_INTERCEPTED, at->steps[RUNG_TLS].took_ms);
    write_step(screen, &shown);
}

static int write_addresses(struct screen *screen, const struct facts *facts, enum service service,
                           enum rung rung, int indent)
{
    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    int widest = 0, widest_place = 0, lines = 0;

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        widest = max(widest, (int)strlen(endpoint->addresses[i].address));
        widest_place = max(widest_place, (int)strlen(place_words(endpoint->addresses[i].place)));
    }
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];

        if (rung != RUNG_PRIVATE && at->steps[rung].outcome == OUTCOME_UNTRIED)
            continue;
        screen_pad(screen, indent);
        screen_text(screen, INK_PLAIN, at->address);
        screen_pad(screen, indent + widest + 2);
        if (rung == RUNG_PRIVATE) {
            write_place(screen, at, plan_private_dns(&facts->plan, service));
        } else {
            screen_text(screen, INK_DIM, place_words(at->place));
            screen_pad(screen, indent + widest + 2 + widest_place + 2);
            if (rung == RUNG_TLS)
                write_handshake(screen, at);
            else
                write_step(screen, &at->steps[rung]);
        }
        lines++;
    }
    return lines;
}

/* "10.0.0.2  A     x name does not exist, 1 ms"; ends the line. */
static void write_answer(struct screen *screen, const struct dns_answer *answer, int indent,
                         int family_at)
{
    static const char *const who[] = {
        [ASKED_CONFIGURED] = "",
        [ASKED_UPSTREAM] = " (behind the stub)",
        [ASKED_AMAZON] = " (Amazon's resolver)",
        [ASKED_PLAIN] = " (asked again, without EDNS0)",
    };
    char line[MAX_ADDRESSES * (ADDRESS_SIZE + 2)] = "", took[DURATION_SIZE];

    screen_pad(screen, indent);
    screen_text(screen, INK_PLAIN, answer->server);
    screen_pad(screen, family_at);
    screen_text(screen, INK_DIM, answer->family == FAMILY_IPV4 ? "A" : "AAAA");
    screen_pad(screen, family_at + 6);
    /* a name without one family's addresses is no failure by itself */
    const int text_at = screen_status(
        screen, answer->step.failure == FAILURE_NODATA ? STATUS_SKIP : step_status(&answer->step));
    for (int32_t a = 0; a < answer->n_addresses; a++)
        text_list(line, sizeof(line), ", ", answer->addresses[a]);
    if (answer->step.outcome == OUTCOME_FAILED)
        (void)text_set(line, sizeof(line), "%s", failure_words(answer->step.failure));
    duration_text(answer->step.took_ms, took);
    if (answer->step.took_ms >= SLOW_MS)
        (void)text_add(line, sizeof(line), "%s %s",
                       answer->step.failure == FAILURE_TIMEOUT ? " within" : ", after", took);
    (void)text_add(line, sizeof(line), "%s",
                   who[answer->asked_as <= ASKED_PLAIN ? answer->asked_as : ASKED_CONFIGURED]);
    screen_finish(screen, INK_PLAIN, text_at, line);
}

/* Of every server, or of Amazon's alone: what it says besides the answer that counts. */
static int write_answers(struct screen *screen, const struct endpoint_facts *endpoint, int indent,
                         bool amazon_only)
{
    int widest = 0, lines = 0;

    for (int32_t i = 0; i < endpoint->n_answers; i++)
        widest = max(widest, (int)strlen(endpoint->answers[i].server));
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        if (amazon_only && endpoint->answers[i].asked_as != ASKED_AMAZON)
            continue;
        write_answer(screen, &endpoint->answers[i], indent, indent + widest + 2);
        lines++;
    }
    return lines;
}

static const char *denied_words(enum denied_by by)
{
#define ROW(id, name, words) [DENIED_BY_##id] = words,
    static const char *const words[] = {DENIALS(ROW)};
#undef ROW
    return words[by <= DENIED_BY_TRUST_POLICY ? by : DENIED_BY_UNSAID];
}

static void write_action(struct screen *screen, const struct action_facts *action, int indent)
{
    const bool denied = action->permission == PERMISSION_DENIED;
    const bool allowed = action->permission == PERMISSION_ALLOWED;
    char line[LINE_SIZE] = "allowed";

    if (denied)
        (void)text_set(line, sizeof(line), "%s", denied_words(action->denied_by));
    else if (!allowed)
        (void)text_set(line, sizeof(line), "unclear: %s", failure_words(action->failure));
    screen_pad(screen, indent);
    const int at = screen_status(screen, denied    ? STATUS_FAIL
                                         : allowed ? STATUS_PASS
                                                   : STATUS_UNKNOWN);
    screen_textf(screen, INK_PLAIN, "%s ", action->action);
    screen_finish(screen, INK_DIM, at + 2, line);
}

/* The actions that were not probed: all those with the same reason in one paragraph. */
static int write_not_probed(struct screen *screen, const struct endpoint_facts *endpoint,
                            int indent)
{
    bool written[MAX_ACTIONS] = {false};
    int lines = 0;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *first = &endpoint->actions[i];
        char line[MAX_ACTIONS * (NAME_SIZE + 2) + DETAIL_SIZE] = "not probed: ";

        if (first->permission != PERMISSION_NOT_PROBED || written[i])
            continue;
        for (int32_t j = i; j < endpoint->n_actions; j++) {
            const struct action_facts *action = &endpoint->actions[j];
            if (action->permission != PERMISSION_NOT_PROBED ||
                strcmp(action->why_not, first->why_not) != 0)
                continue;
            (void)text_add(line, sizeof(line), "%s%s", j == i ? "" : ", ", action->action);
            written[j] = true;
        }
        if (first->why_not[0])
            (void)text_add(line, sizeof(line), " (%s)", first->why_not);
        screen_pad(screen, indent);
        screen_finish(screen, INK_DIM, screen_status(screen, STATUS_SKIP), line);
        lines++;
    }
    return lines;
}

static int write_actions(struct screen *screen, const struct endpoint_facts *endpoint, int indent,
                         bool verbose)
{
    int lines = 0, left_out = 0;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];

        if (action->permission == PERMISSION_NOT_PROBED ||
            (!verbose && action->permission == PERMISSION_ALLOWED))
            continue;
        if (!verbose && lines == MOST_ACTIONS) {
            left_out++;
            continue;
        }
        write_action(screen, action, indent);
        lines++;
    }
    if (left_out > 0) {
        screen_pad(screen, indent);
        screen_textf(screen, INK_DIM, "and %d more: --verbose", left_out);
        screen_end(screen);
    }
    return verbose ? lines + write_not_probed(screen, endpoint, indent) : lines;
}

int seen_write(struct screen *screen, const struct facts *facts, enum check check, int indent,
               bool verbose)
{
    enum service service;
    enum rung rung;

    if (!check_is_service(check, &service, &rung))
        return 0;

    const struct endpoint_facts *endpoint = &facts->endpoints[service];
    if (rung == RUNG_RESOLVE)
        return write_answers(screen, endpoint, indent, false);
    if (rung == RUNG_AUTHORIZE)
        return write_actions(screen, endpoint, indent, verbose);
    int lines = write_addresses(screen, facts, service, rung, indent);
    if (rung == RUNG_PRIVATE)
        lines += write_answers(screen, endpoint, indent, true);
    return lines;
}
