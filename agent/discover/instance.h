/* SPDX-License-Identifier: Apache-2.0
 *
 * What IMDS says of this instance and of its role: the identity document, then single values, each
 * from one path; the attached profile, its role, and the credentials.
 * Sources: EC2 User Guide, "Instance metadata categories", "Instance identity documents", "Retrieve
 * security credentials from instance metadata"; IAM User Guide, "Troubleshoot IAM and Amazon EC2" (an
 * answer 200 whose Code is not Success).
 */
#ifndef DISCOVER_INSTANCE_H
#define DISCOVER_INSTANCE_H

#include "discover/imds.h"
#include "model/facts.h"
#include "net/credentials.h"

struct cJSON;

/* JSON as Go's encoding/json reads it. Replaces what cJSON refuses and Go takes: half of a surrogate pair, what is
 * nested deeply; and a zero in a string, at which cJSON ends it. */
void json_mend(char *text);
bool json_same_name(const char *name,
                    const char *found); /* in upper or lower case, as Unicode folds them */

/* A document of IMDS; NULL: it is none. To be wiped and deleted. */
struct cJSON *document_parse(const char *body);

/* A member: the last of several; NULL: none, or null. */
const struct cJSON *document_member(const struct cJSON *document, const char *name);

/* A member of a document of IMDS, escaped; nothing when it is no string. */
void document_text(const struct cJSON *document, const char *name, char *to, size_t size);

struct instance_reader;

struct instance_events {
    void *arg;
    void (*identified)(void *arg); /* id and region are known, or never will be */
    void (*placed)(void *arg);     /* VPC, subnet and groups are known, or never will be */
};

/* Requests of instance_read() that go out at once, and two more with IPv6. */
enum { INSTANCE_REQUESTS = 7 };

/* Starts reading into facts->instance and facts->imds.identity. `mac`: of the interface that leads to
 * IMDS; it may be empty, or one that IMDS does not know. The subnet's IPv4 block is asked for where
 * facts->instance has none. Each event comes once. */
struct instance_reader *instance_read(struct imds *imds, const char *mac, struct facts *facts,
                                      const struct instance_events *events);

/* Once `placed` has come: the blocks of IPv6, where a name has addresses of it and they were not asked
 * for. False: nothing is asked. */
bool instance_read_rest(struct instance_reader *reader);

/* To be called after the loop is done with it. NULL is fine. */
void instance_reader_free(struct instance_reader *reader);

struct role_reader;

/* role.c: reads into facts->role, and usable secrets into `credentials`. `known` comes once, when both
 * steps of the role are settled. One request at once, and one more when it is answered; `again`: only the
 * credentials, of facts->role.role or of Default Host Management. */
struct role_reader *role_read(struct imds *imds, const char *root, struct facts *facts,
                              struct credentials *credentials, bool again, void (*known)(void *arg),
                              void *arg);

/* What only findings about the role quote, once `known` has come: the instance profile, and whether the
 * instance's own identity role answers. */
void role_read_rest(struct role_reader *reader);

/* To be called after the loop is done with it. NULL is fine. */
void role_reader_free(struct role_reader *reader);

/* role.c: Default Host Management Configuration. Asking for its credentials would register the
 * instance, so only the agent's own files tell, once the agent has run on this instance:
 * runtimeconfig/identity_config.json ("CredentialSource": "SSM") and /var/lib/amazon/ssm/credentials
 * (amazon-ssm-agent common/identity, common/runtimeconfig, core/app/credentialrefresher). Sets role.dhmc, and with
 * usable credentials role.from and expires_unix_s. ANSWER_YES only when the credentials could be read. */
enum answer dhmc_read(const char *root, struct facts *facts, struct credentials *credentials);

#endif
