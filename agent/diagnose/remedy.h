/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a remedy: text, and commands filled in with what is known of this instance. Commands are
 * pasted into shells, and facts may come from a file: a value that holds anything beyond plain
 * identifier characters is not used, its placeholder is.
 */
#ifndef DIAGNOSE_REMEDY_H
#define DIAGNOSE_REMEDY_H

#include "diagnose/finding.h"

void remedy_text(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void remedy_command(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The note of a command that changes nothing, and whose answer the next one needs. */
#define REMEDY_LOOK "look first"

/* What to know before the command that is added next is run: "look first", or whom else it changes
 * something for. It is printed as a shell's comment: words, commas and no quotation marks. */
void remedy_note(struct finding *finding, const char *note);

/* The last step of every remedy for IAM or the network: the agent sleeps 5 to 60 minutes between
 * attempts and does not notice the mend. Mended from outside, nobody may be able to log in, and a
 * reboot does as well; the second is for what somebody mends who is logged in. */
void remedy_restart(const struct facts *facts, struct finding *finding);
void remedy_restart_here(const struct facts *facts, struct finding *finding);

/* The value, or the placeholder when it is empty or no plain identifier. */
const char *remedy_known(const char *value, const char *placeholder);

const char *remedy_region(const struct facts *facts);
const char *remedy_vpc(const struct facts *facts);
const char *remedy_subnet(const struct facts *facts);
const char *remedy_group(const struct facts *facts); /* the first security group */
const char *remedy_instance(const struct facts *facts);
const char *remedy_role(const struct facts *facts);
const char *remedy_partition(const struct facts *facts); /* of ARNs: "aws", "aws-cn" */
const char *remedy_endpoint_service(const struct facts *facts, enum service service);
const char *remedy_host(const struct facts *facts, enum service service);

/* The service that a finding is about; the first of those that it explains when it is about the
 * whole instance. */
enum service remedy_service(const struct finding *finding);

/* The command that finds the security groups of the endpoints of some services, separated by
 * commas ("com.amazonaws.us-east-1.ssm"). */
void remedy_find_endpoint_groups(const struct facts *facts, const char *services,
                                 struct finding *finding);

/* The commands that say what has an address, and what stands between this subnet and the endpoints. */
void remedy_whose_address(const struct facts *facts, const char *address, struct finding *finding);
void remedy_routes_of_subnet(const struct facts *facts, struct finding *finding);

/* Alternatives, each with the command that tells it apart: the network ACL of this subnet, what this
 * instance's group lets out, and (as `code`) what the subnet's routes lead to. */
void remedy_offer_acl(const struct facts *facts, struct finding *finding);
void remedy_offer_egress(const struct facts *facts, struct finding *finding);
void remedy_offer_routes(const struct facts *facts, const char *code, struct finding *finding);

/* "ssm, ssmmessages": the services whose checks the finding explains. */
void remedy_services(const struct finding *finding, char *to, size_t size);

#endif
