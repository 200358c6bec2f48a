/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes at the instance profile, its role, and the credentials that come of them.
 */
#include <string.h>

#include "base/clock.h"
#include "diagnose/finding.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"

static check_set role_with(const struct scene *scene, enum failure reason)
{
    check_set set = 0;
    for (int i = CHECK_ROLE_ATTACHED; i <= CHECK_ROLE_CREDENTIALS; i++)
        if (scene_has_reason(scene, (enum check)i, &reason, 1))
            set |= check_bit((enum check)i);
    return set;
}

static void quote_info(const struct role_facts *role, struct finding *finding)
{
    finding_evidence(finding, "iam/info: status %d%s%s%s%s", (int)role->info_status,
                     role->info_code[0] ? ", Code " : "", role->info_code,
                     role->info_message[0] ? ": " : "", role->info_message);
    if (role->profile_arn[0] != '\0')
        finding_evidence(finding, "instance profile %s", role->profile_arn);
    finding_evidence(finding, "iam/security-credentials/: status %d", (int)role->list_status);
}

static void quote_document(const struct role_facts *role, struct finding *finding)
{
    if (role->credentials_status != 0)
        finding_evidence(finding, "iam/security-credentials/%s: status %d%s%s%s%s", role->role,
                         (int)role->credentials_status, role->code[0] ? ", Code " : "", role->code,
                         role->message[0] ? ": " : "", role->message);
}

/* Default Host Management is asked for by the agent itself, with a key that only the agent makes;
 * so before its first start nobody on the instance can know whether the account grants it. */
bool explains_role_missing(const struct scene *scene, enum service service, struct finding *finding)
{
    const struct role_facts *role = &scene->facts->role;
    (void)service;

    finding->explains = role_with(scene, FAILURE_NO_ROLE);
    if (finding->explains == 0)
        return false;
    if (look_profile_deleted(scene->facts))
        finding_title(finding, "The attached instance profile was deleted");
    quote_info(role, finding);
    if (role->identity_role != ANSWER_YES || role->dhmc == ANSWER_NO) {
        finding->confidence = CONFIDENCE_CERTAIN;
        return true;
    }
    finding_evidence(finding, "the instance's own identity role answers, so Default Host "
                              "Management could still serve it");
    finding_alternative(scene->facts, finding, "dhmc-in-use");
    return true;
}

bool explains_role_profile_empty(const struct scene *scene, enum service service,
                                 struct finding *finding)
{
    (void)service;
    finding->explains = role_with(scene, FAILURE_PROFILE_EMPTY);
    if (finding->explains == 0)
        return false;
    finding->confidence = CONFIDENCE_CERTAIN;
    quote_info(&scene->facts->role, finding);
    return true;
}

bool explains_role_not_assumable(const struct scene *scene, enum service service,
                                 struct finding *finding)
{
    const struct role_facts *role = &scene->facts->role;
    (void)service;

    finding->explains = role_with(scene, FAILURE_NOT_ASSUMABLE);
    if (finding->explains == 0)
        return false;
    bool said = strstr(role->code, "AssumeRole") != NULL ||
                strstr(role->info_code, "AssumeRole") != NULL;
    finding->confidence = said ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    quote_info(role, finding);
    quote_document(role, finding);
    return true;
}

static check_set rejected_anywhere(const struct scene *scene)
{
    static const enum failure rejected[] = {FAILURE_CREDENTIALS_REJECTED,
                                            FAILURE_CREDENTIALS_EXPIRED};
    return scene_rung(scene, RUNG_AUTHORIZE, rejected, N_OF(rejected));
}

bool explains_credentials_expired(const struct scene *scene, enum service service,
                                  struct finding *finding)
{
    const struct role_facts *role = &scene->facts->role;
    struct clock_reading clock;
    char now[TIME_SIZE], then[TIME_SIZE];
    (void)service;

    look_clock(scene->facts, &clock);
    finding->explains = role_with(scene, FAILURE_CREDENTIALS_EXPIRED);
    if (finding->explains == 0 ||
        (clock.wrong && !look_is_past(scene->facts, role->expires_unix_s)))
        return false;
    finding->explains |= rejected_anywhere(scene);
    clock_format_iso8601(role->expires_unix_s * 1000, false, then);
    clock_format_iso8601(scene->facts->clock.wall_unix_ms, false, now);
    finding_evidence(finding, "Expiration %s, and it is %s", then, now);
    finding_quote_clock(finding, scene->facts);
    bool surely = clock.right || (clock.wrong && role->expires_unix_s != 0);
    finding->confidence = surely ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    if (!surely)
        finding_alternative(scene->facts, finding, "clock-wrong");
    return true;
}

bool explains_credentials_rejected(const struct scene *scene, enum service service,
                                   struct finding *finding)
{
    (void)service;

    finding->explains = rejected_anywhere(scene);
    if (finding->explains == 0)
        return false;
    for (int i = 0; i < N_SERVICES; i++) {
        const struct endpoint_facts *endpoint = &scene->facts->endpoints[i];
        for (int32_t j = 0; j < endpoint->n_actions; j++)
            if (endpoint->actions[j].failure == FAILURE_CREDENTIALS_REJECTED ||
                endpoint->actions[j].failure == FAILURE_CREDENTIALS_EXPIRED) {
                finding_quote_action(finding, &endpoint->actions[j]);
                break;
            }
    }
    finding->confidence = CONFIDENCE_CERTAIN;
    return true;
}
