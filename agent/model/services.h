/* SPDX-License-Identifier: Apache-2.0
 *
 * The services to reach. A new one is a row here: enums, names and tables are made of these rows.
 */
#ifndef MODEL_SERVICES_H
#define MODEL_SERVICES_H

#include <stdbool.h>

enum need { NEED_OFF, NEED_OPTIONAL, NEED_REQUIRED };

/* In the order of reports. The name is also the first label of the host name (amazon-ssm-agent
 * endpoint.go), the SigV4 service, and the last part of the VPC endpoint service's name. Then: the need
 * unless configured otherwise; whether AWS is phasing it out (announced for 2026-09-30; regions opened
 * since 2024 never had it), so that nobody is told to create an endpoint for it; what it is for. */
/* clang-format off */
#define SERVICES(ROW)                                                                                          \
    ROW(SSM,         "ssm",         NEED_REQUIRED, false, "registration, documents, associations")             \
    ROW(SSMMESSAGES, "ssmmessages", NEED_REQUIRED, false, "control channel: Session Manager, Run Command")     \
    ROW(EC2MESSAGES, "ec2messages", NEED_OPTIONAL, true,  "Run Command of agents before 3.3.40.0; its end is announced") \
    ROW(S3,          "s3",          NEED_OFF,      false, "patch baselines, agent updates, packages")          \
    ROW(KMS,         "kms",         NEED_OFF,      false, "encrypted sessions")                                \
    ROW(LOGS,        "logs",        NEED_OFF,      false, "session logs in CloudWatch")

enum service {
#define ROW(id, ...) SERVICE_##id,
    SERVICES(ROW)
#undef ROW
    N_SERVICES
};
/* clang-format on */

struct service_row {
    const char *name;
    enum need need;
    bool phased_out;
    const char *what_for;
};

extern const struct service_row service_rows[N_SERVICES]; /* checks.c */

#endif
