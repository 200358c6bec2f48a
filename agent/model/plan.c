/* SPDX-License-Identifier: Apache-2.0
 *
 * The one service that differs from the others in what its addresses mean.
 */
#include "model/plan.h"

bool service_has_gateway(enum service service)
{
    return service == SERVICE_S3;
}

enum private_dns plan_private_dns(const struct plan *plan, enum service service)
{
    return service_has_gateway(service) ? PRIVATE_DNS_OFF : plan->private_dns;
}
