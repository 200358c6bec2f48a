/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns line up within one rung, so that the address that differs catches the eye.
 */
#include "report/seen.h"

#include <string.h>

#include "base/text.h"
#include "model/names.h"

enum { MOST_ACTIONS = 6 }; /* lines without --verbose */

static enum status status_of(const struct step *step)
{
    static const enum status statuses[] = {
        [OUTCOME_UNTRIED] = STATUS_UNKNOWN,
        [OUTCOME_OK] = STATUS_PASS,
        [OUTCOME_FAILED] = STATUS_FAIL,
        [OUTCOME_SKIPPED] = STATUS_SKIP,
    };
    return step->outcome <= OUTCOME_SKIPPED ? statuses[step->outcome] : STATUS_UNKNOWN;
}

/* Mark, words, duration and detail of one step; ends the line. */
static void write_step(struct screen *screen, const struct step *step)
{
    char line[LINE_SIZE + DURATION_SIZE];
    char took[DURATION_SIZE];
    int indent = screen->column + (screen->unicode ? 2 : 5);

    screen_mark(screen, status_of(step));
    screen_pad(screen, indent);
    duration_text(step->took_ms, took);
    if (step->outcome == OUTCOME_OK)
        (void)text_set(line, sizeof(line), "%s", took);
    else if (step->outcome == OUTCOME_FAILED)
        (void)text_set(line, sizeof(line), "%s after %s", failure_words(step->failure), took);
    else
        (void)text_set(line, sizeof(line), "not tried");
    if (step->detail[0])
        (void)text_add(line, sizeof(line), ": %s", step->detail);
    screen_wrap(screen, INK_PLAIN, indent, line);
    screen_end(screen);
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

static const struct step *step_at(const struct address_facts *at, enum rung rung)
{
    return rung == RUNG_CONNECT ? &at->connect : rung == RUNG_TLS ? &at->tls : &at->http;
}

static int write_addresses(struct screen *screen, const struct endpoint_facts *endpoint,
                           enum rung rung, int indent)
{
    int widest = 0;
    int lines = 0;

    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        int width = (int)strlen(endpoint->addresses[i].address);
        widest = width > widest ? width : widest;
    }
    for (int32_t i = 0; i < endpoint->n_addresses; i++) {
        const struct address_facts *at = &endpoint->addresses[i];
        bool stepped = rung != RUNG_PRIVATE;

        if (stepped && step_at(at, rung)->outcome == OUTCOME_UNTRIED)
            continue;
        screen_pad(screen, indent);
        screen_text(screen, INK_PLAIN, at->address);
        screen_pad(screen, indent + widest + 2);
        screen_text(screen, INK_DIM, place_words(at->place));
        if (at->from_hosts_file)
            screen_text(screen, INK_PLAIN, ", from /etc/hosts");
        if (stepped) {
            screen_pad(screen, indent + widest + 2 + 17);
            write_step(screen, step_at(at, rung));
        } else {
            screen_end(screen);
        }
        lines++;
    }
    return lines;
}

static int write_answers(struct screen *screen, const struct endpoint_facts *endpoint, int indent)
{
    for (int32_t i = 0; i < endpoint->n_answers; i++) {
        const struct dns_answer *answer = &endpoint->answers[i];
        char list[LINE_SIZE] = "";

        screen_pad(screen, indent);
        screen_text(screen, INK_PLAIN, answer->server);
        screen_pad(screen, indent + 17);
        screen_text(screen, INK_PLAIN, answer->family == FAMILY_IPV4 ? "A" : "AAAA");
        screen_pad(screen, indent + 22);
        screen_text(screen, INK_DIM, name_of(&asked_as_names, answer->asked_as));
        screen_pad(screen, indent + 33);
        for (int32_t a = 0; a < answer->n_addresses; a++)
            (void)text_add(list, sizeof(list), "%s%s", a ? ", " : "", answer->addresses[a]);
        if (answer->step.outcome == OUTCOME_OK && list[0]) {
            int at = screen->column + (screen->unicode ? 2 : 5);
            screen_mark(screen, STATUS_PASS);
            screen_pad(screen, at);
            screen_wrap(screen, INK_PLAIN, at, list);
            screen_end(screen);
        } else {
            write_step(screen, &answer->step);
        }
    }
    return endpoint->n_answers;
}

static void write_action(struct screen *screen, const struct action_facts *action, int indent)
{
    char line[2 * WORDS_SIZE];
    static const enum status statuses[] = {
        [PERMISSION_NOT_PROBED] = STATUS_SKIP,
        [PERMISSION_ALLOWED] = STATUS_PASS,
        [PERMISSION_DENIED] = STATUS_FAIL,
        [PERMISSION_UNCLEAR] = STATUS_UNKNOWN,
    };
    unsigned int permission = action->permission <= PERMISSION_UNCLEAR ? action->permission : 0;
    int at = indent + (screen->unicode ? 2 : 5);

    (void)text_set(line, sizeof(line), "%s %s", action->action,
                   name_of(&permission_names, permission));
    if (action->permission == PERMISSION_DENIED && action->denied_by != DENIED_BY_UNSAID)
        (void)text_add(line, sizeof(line), " (%s)", name_of(&denied_by_names, action->denied_by));
    if (action->permission == PERMISSION_UNCLEAR)
        (void)text_add(line, sizeof(line), ": %s", failure_words(action->failure));
    if (action->why_not[0])
        (void)text_add(line, sizeof(line), ": %s", action->why_not);
    screen_pad(screen, indent);
    screen_mark(screen, statuses[permission]);
    screen_pad(screen, at);
    screen_wrap(screen, permission == PERMISSION_NOT_PROBED ? INK_DIM : INK_PLAIN, at + 2, line);
    screen_end(screen);
}

static int write_actions(struct screen *screen, const struct endpoint_facts *endpoint, int indent,
                         bool verbose)
{
    int lines = 0;
    int left_out = 0;

    for (int32_t i = 0; i < endpoint->n_actions; i++) {
        const struct action_facts *action = &endpoint->actions[i];
        bool telling = action->permission == PERMISSION_DENIED ||
                       action->permission == PERMISSION_UNCLEAR;

        if (!verbose && !telling)
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
    return lines;
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
        return write_answers(screen, endpoint, indent);
    if (rung == RUNG_AUTHORIZE)
        return write_actions(screen, endpoint, indent, verbose);
    return write_addresses(screen, endpoint, rung, indent);
}
