/* SPDX-License-Identifier: Apache-2.0
 *
 * Names that the agent's configuration gives a service instead of its own: what kind they are tells
 * which endpoint they need, and so what a remedy may say.
 */
#ifndef DIAGNOSE_OVERRIDE_H
#define DIAGNOSE_OVERRIDE_H

#include <stdbool.h>

#include "model/facts.h"

/* "ssm-fips.us-east-1.amazonaws.com": the private DNS names of the plain endpoint do not cover it;
 * an interface endpoint of its own does, where the region has one.
 * docs.aws.amazon.com/general/latest/gr/ssm.html, "Service endpoints". */
bool override_is_fips(const struct facts *facts, enum service service);

/* "vpce-0a1b2c3d4e5f67890-abcdefgh.ssm.us-east-1.vpce.amazonaws.com": the name of one endpoint,
 * which resolves to it from anywhere. Its id goes into `id`.
 * docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html */
bool override_is_endpoint(const struct facts *facts, enum service service, char id[NAME_SIZE]);

#endif
