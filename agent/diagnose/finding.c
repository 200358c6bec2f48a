/* SPDX-License-Identifier: Apache-2.0
 *
 * One wording for each kind of observation, so that evidence reads alike in every finding.
 */
#include "diagnose/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/checks.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"

void finding_title(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(finding->title, sizeof finding->title, format, arguments);
    va_end(arguments);
}

void finding_evidence(struct finding *finding, const char *format, ...)
{
    va_list arguments;

    if (finding->n_evidence >= MAX_EVIDENCE)
        return;
    char *line = finding->evidence[finding->n_evidence];
    va_start(arguments, format);
    (void)vsnprintf(line, LINE_SIZE, format, arguments);
    va_end(arguments);
    for (int32_t i = 0; i < finding->n_evidence; i++)
        if (strcmp(finding->evidence[i], line) == 0) { /* of another service: says nothing more */
            memset(line, 0, LINE_SIZE);
            return;
        }
    finding->n_evidence++;
}

void finding_alternative(const struct facts *facts, struct finding *finding, const char *code)
{
    if (finding->n_alternatives >= MAX_ALTERNATIVES)
        return;
    struct alternative *to = &finding->alternatives[finding->n_alternatives++];
    text_set(to->code, sizeof to->code, "%s", code);
    (void)remedy_tell_apart(facts, finding, code, to->command, sizeof to->command);
}

void finding_quote_answer(struct finding *finding, const char *host,
                          const struct dns_answer *answer)
{
    char words[LINE_SIZE];
    static const char *const types[] = {[FAMILY_IPV4] = "A", [FAMILY_IPV6] = "AAAA"};

    text_set(words, sizeof words, "%s, asked for %s %s: ", answer->server, host,
             types[answer->family]);
    for (int32_t i = 0; i < answer->n_addresses; i++)
        text_add(words, sizeof words, "%s%s", i > 0 ? ", " : "", answer->addresses[i]);
    if (answer->n_addresses == 0)
        text_add(words, sizeof words, "%s", failure_words(answer->step.failure));
    if (answer->rcode > 0)
        text_add(words, sizeof words, " (rcode %d)", (int)answer->rcode);
    finding_evidence(finding, "%s (%d ms)", words, (int)answer->step.took_ms);
}

void finding_quote_address(struct finding *finding, enum service service,
                           const struct address_facts *address, enum rung rung)
{
    static const char *const places[] = {
        [PLACE_UNKNOWN] = "",
        [PLACE_OWN_SUBNET] = ", in this subnet",
        [PLACE_IN_VPC] = ", in this VPC",
        [PLACE_PRIVATE_ELSEWHERE] = ", outside this VPC",
        [PLACE_PUBLIC] = ", public",
        [PLACE_LOCAL] = ", this machine itself",
    };
    const struct step *step = &address->steps[rung];
    enum failure failure = look_failure(address, rung);

    finding_evidence(finding, "%s: %s (%s%s): %s%s%s after %d ms", rung_name(rung),
                     address->address, service_name(service), places[address->place],
                     failure == FAILURE_NONE ? "works" : failure_words(failure),
                     step->detail[0] ? ", " : "", step->detail, (int)step->took_ms);
}

/* The end of a denial says why, its long beginning who and what. */
static const char *telling_words(const char *message)
{
    static const char *const marks[] = {"with an explicit deny", "because no ",
                                        "due to an explicit"};
    for (size_t i = 0; i < N_OF(marks); i++) {
        const char *at = strstr(message, marks[i]);
        if (at != NULL)
            return at;
    }
    return message;
}

void finding_quote_action(struct finding *finding, const struct action_facts *action)
{
    const char *words = telling_words(action->message);
    finding_evidence(finding, "%s at %s: status %d %s%s%s%s", action->action,
                     action->address[0] ? action->address : "the endpoint", (int)action->status,
                     action->code, words[0] ? ": " : "", words != action->message ? "... " : "",
                     words);
}

void finding_quote_clock(struct finding *finding, const struct facts *facts)
{
    for (int32_t i = 0; i < facts->clock.n_samples && i < 3; i++) {
        const struct clock_sample *sample = &facts->clock.samples[i];
        int64_t off_ms = sample->offset_ms < 0 ? -sample->offset_ms : sample->offset_ms;
        char span[64];
        if (off_ms < 2000) {
            finding_evidence(finding, "%s (%s): agrees with this machine's clock within 2 s",
                             sample->source, sample->address);
            continue;
        }
        checks_span(off_ms / 1000, span, sizeof span);
        finding_evidence(finding, "%s (%s): this machine is %s %s", sample->source, sample->address,
                         span, sample->offset_ms < 0 ? "ahead" : "behind");
    }
}

bool scene_has(const struct scene *scene, enum check check)
{
    return (scene->symptoms & check_bit(check)) != 0;
}

bool scene_has_reason(const struct scene *scene, enum check check, const enum failure *reasons,
                      size_t n)
{
    if (!scene_has(scene, check))
        return false;
    for (size_t i = 0; i < n; i++)
        if (scene->checks[check].reason == reasons[i])
            return true;
    return n == 0;
}

check_set scene_rung(const struct scene *scene, enum rung rung, const enum failure *reasons,
                     size_t n)
{
    check_set set = 0;
    for (int i = 0; i < N_SERVICES; i++) {
        enum check check = check_of_service((enum service)i, rung);
        if (scene_has_reason(scene, check, reasons, n))
            set |= check_bit(check);
    }
    return set;
}
