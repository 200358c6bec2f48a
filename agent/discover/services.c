/* SPDX-License-Identifier: Apache-2.0
 *
 * Host names are name.region.domain for each of them (amazon-ssm-agent endpoint.go).
 */
#include "discover/services.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

const struct service_row services[N_SERVICES] = {
    {SERVICE_SSM, NEED_REQUIRED, "registration, documents, associations", false},
    {SERVICE_SSMMESSAGES, NEED_REQUIRED, "control channel: Session Manager, Run Command", false},
    {SERVICE_EC2MESSAGES, NEED_REQUIRED, "Run Command; not required of agents from 3.3.40.0 on",
     true},
    {SERVICE_S3, NEED_OFF, "patch baselines, agent updates, packages", false},
    {SERVICE_KMS, NEED_OFF, "encrypted sessions", false},
    {SERVICE_LOGS, NEED_OFF, "session logs in CloudWatch", false},
};

bool region_opened_since_2024(const char *region)
{
    static const char *const regions[] = {"ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
                                          "ap-east-2",      "mx-central-1",   "eusc-de-east-1"};

    for (size_t i = 0; i < COUNT_OF(regions); i++)
        if (strcmp(regions[i], region) == 0)
            return true;
    return false;
}

bool agent_without_ec2messages(const char *version)
{
    static const unsigned first[3] = {3, 3, 40};
    unsigned parts[3];

    if (sscanf(version, "%5u.%5u.%5u", &parts[0], &parts[1], &parts[2]) != 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (parts[i] != first[i])
            return parts[i] > first[i];
    return true;
}
