/* SPDX-License-Identifier: Apache-2.0
 *
 * A permission to prove is one row here, and one section of docs/permissions.md.
 */
#include "observe/permissions.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"

#define SSM(operation) "AmazonSSM." operation
#define MDS(operation) "EC2WindowsMessageDeliveryService." operation
#define NO_SUCH "ssm-preflight-{uuid}"
#define MDS_BOGUS "{\"MessageId\":\"" NO_SUCH "\"}"
#define MDS_BOGUS_REPLY \
    "{\"MessageId\":\"" NO_SUCH "\",\"ReplyId\":\"" NO_SUCH "\",\"Payload\":\"{}\"}"
#define CHANNEL "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"{uuid}\"}"

enum { UUID_SIZE = 40 };

static const char no_association[] = "AssociationDoesNotExist InvalidDocument InvalidInstanceId";
static const char no_message[] = "InvalidMessageIdException InvalidDestinationException";

const struct permission_row permissions[] = {
    {SERVICE_SSM, "ssm:DescribeAssociation", PROOF_SAFE, "/", SSM("DescribeAssociation"),
     "{\"InstanceId\":\"{instance}\",\"Name\":\"" NO_SUCH "\"}", no_association, NULL},
    {SERVICE_SSM, "ssm:GetDeployablePatchSnapshotForInstance", PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would create a patch snapshot"},
    {SERVICE_SSM, "ssm:GetDocument", PROOF_SAFE, "/", SSM("GetDocument"),
     "{\"Name\":\"AWS-RunShellScript\"}", "InvalidDocument", NULL},
    {SERVICE_SSM, "ssm:DescribeDocument", PROOF_SAFE, "/", SSM("DescribeDocument"),
     "{\"Name\":\"AWS-RunShellScript\"}", "InvalidDocument", NULL},
    {SERVICE_SSM, "ssm:GetManifest", PROOF_NEVER, NULL, NULL, NULL, NULL,
     "legacy operation, not offered in newer regions"},
    {SERVICE_SSM, "ssm:GetParameter", PROOF_SAFE, "/", SSM("GetParameter"),
     "{\"Name\":\"/ssm-preflight/{uuid}\"}", "ParameterNotFound", NULL},
    {SERVICE_SSM, "ssm:GetParameters", PROOF_SAFE, "/", SSM("GetParameters"),
     "{\"Names\":[\"/ssm-preflight/{uuid}\"]}", "", NULL},
    {SERVICE_SSM, "ssm:ListAssociations", PROOF_SAFE, "/", SSM("ListAssociations"),
     "{\"MaxResults\":1}", "", NULL},
    {SERVICE_SSM, "ssm:ListInstanceAssociations", PROOF_SAFE, "/", SSM("ListInstanceAssociations"),
     "{\"InstanceId\":\"{instance}\",\"MaxResults\":1}", "InvalidInstanceId", NULL},
    {SERVICE_SSM, "ssm:PutInventory", PROOF_NEVER, NULL, NULL, NULL, NULL, "would write inventory"},
    {SERVICE_SSM, "ssm:PutComplianceItems", PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would write compliance items"},
    {SERVICE_SSM, "ssm:PutConfigurePackageResult", PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would write a package result"},
    {SERVICE_SSM, "ssm:UpdateAssociationStatus", PROOF_DEEP, "/", SSM("UpdateAssociationStatus"),
     "{\"InstanceId\":\"{instance}\",\"Name\":\"" NO_SUCH
     "\",\"AssociationStatus\":{\"Date\":0,\"Name\":\"Pending\",\"Message\":\"ssm-preflight\"}}",
     no_association, "writes a status, if only of an association that does not exist"},
    {SERVICE_SSM, "ssm:UpdateInstanceAssociationStatus", PROOF_DEEP, "/",
     SSM("UpdateInstanceAssociationStatus"),
     "{\"InstanceId\":\"{instance}\",\"AssociationId\":\"{uuid}\",\"ExecutionResult\":{}}",
     no_association, "writes a status, if only of an association that does not exist"},
    {SERVICE_SSM, "ssm:UpdateInstanceInformation", PROOF_DEEP, "/",
     SSM("UpdateInstanceInformation"),
     "{\"AgentName\":\"amazon-ssm-agent\",\"AgentVersion\":\"{version}\","
     "\"InstanceId\":\"{instance}\",\"PlatformType\":\"Linux\"}",
     "", "registers the instance as a managed node"},

    {SERVICE_SSMMESSAGES, "ssmmessages:CreateControlChannel", PROOF_SAFE,
     "/v1/control-channel/{instance}", NULL, CHANNEL, "", NULL},
    {SERVICE_SSMMESSAGES, "ssmmessages:CreateDataChannel", PROOF_DEEP, "/v1/data-channel/" NO_SUCH,
     NULL, "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"{uuid}\",\"ClientId\":\"{uuid}\"}",
     "BadRequest ResourceNotFoundException DoesNotExistException",
     "asks for the channel of a session that does not exist"},
    {SERVICE_SSMMESSAGES, "ssmmessages:OpenControlChannel", PROOF_NEVER, NULL, NULL, NULL, NULL,
     "a second control channel would take the agent's commands"},
    {SERVICE_SSMMESSAGES, "ssmmessages:OpenDataChannel", PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would join a session"},

    {SERVICE_EC2MESSAGES, "ec2messages:AcknowledgeMessage", PROOF_DEEP, "/",
     MDS("AcknowledgeMessage"), MDS_BOGUS, no_message, "names a message that does not exist"},
    {SERVICE_EC2MESSAGES, "ec2messages:DeleteMessage", PROOF_DEEP, "/", MDS("DeleteMessage"),
     MDS_BOGUS, no_message, "names a message that does not exist"},
    {SERVICE_EC2MESSAGES, "ec2messages:FailMessage", PROOF_DEEP, "/", MDS("FailMessage"),
     "{\"MessageId\":\"" NO_SUCH "\",\"FailureType\":\"InternalHandlerException\"}", no_message,
     "names a message that does not exist"},
    {SERVICE_EC2MESSAGES, "ec2messages:GetEndpoint", PROOF_SAFE, "/", MDS("GetEndpoint"),
     "{\"Destination\":\"{instance}\"}", "InvalidDestinationException", NULL},
    {SERVICE_EC2MESSAGES, "ec2messages:GetMessages", PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would take a command off the agent's queue"},
    {SERVICE_EC2MESSAGES, "ec2messages:SendReply", PROOF_DEEP, "/", MDS("SendReply"),
     MDS_BOGUS_REPLY, no_message, "names a message that does not exist"},
};
const size_t n_permissions = COUNT_OF(permissions);

/* A version 4 UUID, RFC 9562 section 5.4. */
static void make_uuid(char to[UUID_SIZE])
{
    uint8_t bytes[16] = {0};

    (void)!getrandom(bytes, sizeof(bytes), GRND_NONBLOCK); /* unique enough even when it fails */
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    to[0] = '\0';
    for (int i = 0; i < 16; i++)
        (void)text_add(to, UUID_SIZE, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                       bytes[i]);
}

/* What stands for one placeholder, or NULL when it is none (a brace of the JSON). */
static const char *value_of(const char *at, const struct facts *facts, char uuid[UUID_SIZE],
                            size_t *n)
{
    static const struct {
        const char *name;
        enum { INSTANCE, VERSION, UUID } value;
    } rows[] = {{"{instance}", INSTANCE}, {"{version}", VERSION}, {"{uuid}", UUID}};

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!text_starts(at, rows[i].name))
            continue;
        *n = strlen(rows[i].name);
        if (rows[i].value == INSTANCE)
            return facts->instance.id[0] ? facts->instance.id : "i-00000000000000000";
        if (rows[i].value == VERSION)
            return facts->agent.version[0] ? facts->agent.version : "3.3.0.0";
        make_uuid(uuid);
        return uuid;
    }
    return NULL;
}

bool permission_fill(const char *pattern, const struct facts *facts, char *to, size_t size)
{
    bool whole = true;

    to[0] = '\0';
    while (*pattern && whole) {
        char uuid[UUID_SIZE];
        size_t n = strcspn(pattern, "{");
        const char *value = n == 0 ? value_of(pattern, facts, uuid, &n) : NULL;

        if (!value && n == 0)
            n = 1;
        whole = value ? text_add(to, size, "%s", value)
                      : text_add(to, size, "%.*s", (int)n, pattern);
        pattern += n;
    }
    return whole;
}
