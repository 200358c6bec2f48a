/* SPDX-License-Identifier: Apache-2.0
 *
 * Causes in the image that have not failed anything yet.
 */
#include "diagnose/finding.h"

bool explains_time_sync_missing(const struct scene *scene, enum service service,
                                struct finding *finding)
{
    static const enum failure absent[] = {FAILURE_ABSENT};
    (void)service;

    if (!scene_has_reason(scene, CHECK_CLOCK_SKEW, absent, 1))
        return false;
    finding->explains = check_bit(CHECK_CLOCK_SKEW);
    finding->confidence = CONFIDENCE_CERTAIN;
    finding_evidence(finding, "no unit of chrony, systemd-timesyncd, ntpd, ntpsec or openntpd is "
                              "enabled or runs");
    finding_evidence(finding, "clock: %s", scene->checks[CHECK_CLOCK_SKEW].summary);
    return true;
}
