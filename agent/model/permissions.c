/* SPDX-License-Identifier: Apache-2.0
 *
 * A permission to prove is one row here, and one section of docs/permissions.md.
 */
#include "model/permissions.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"

#define BIT(capability) (1u << CAPABILITY_##capability)
#define SESSIONS BIT(SESSIONS)
#define COMMANDS BIT(RUN_COMMAND)
#define STATE BIT(STATE_MANAGER)
#define PATCH BIT(PATCH)
#define INVENTORY BIT(INVENTORY)
#define PARAMETERS BIT(PARAMETERS)
#define PACKAGES BIT(DISTRIBUTOR)
#define AGENT (CAPABILITIES_ALL | CAPABILITY_AGENT) /* without it nothing works */

#define SSM(operation) "AmazonSSM." operation
#define MDS(operation) "EC2WindowsMessageDeliveryService." operation
#define NO_SUCH "ssm-preflight-{uuid}"
#define MDS_BOGUS "{\"MessageId\":\"" NO_SUCH "\"}"
#define MDS_BOGUS_REPLY \
    "{\"MessageId\":\"" NO_SUCH "\",\"ReplyId\":\"" NO_SUCH "\",\"Payload\":\"{}\"}"
#define CHANNEL "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"{uuid}\"}"

static const char no_association[] = "AssociationDoesNotExist InvalidDocument InvalidInstanceId";
static const char no_message[] = "InvalidMessageIdException InvalidDestinationException";

const struct permission_row permissions[] = {
    {SERVICE_SSM, "ssm:DescribeAssociation", STATE, PROOF_SAFE, "/", SSM("DescribeAssociation"),
     "{\"InstanceId\":\"{instance}\",\"Name\":\"" NO_SUCH "\"}", no_association, NULL},
    {SERVICE_SSM, "ssm:GetDeployablePatchSnapshotForInstance", PATCH, PROOF_NEVER, NULL, NULL, NULL,
     NULL, "would create a patch snapshot"},
    {SERVICE_SSM, "ssm:GetDocument", COMMANDS | STATE | PACKAGES, PROOF_SAFE, "/",
     SSM("GetDocument"), "{\"Name\":\"SSM-SessionManagerRunShell\"}", "InvalidDocument", NULL},
    {SERVICE_SSM, "ssm:DescribeDocument", PACKAGES, PROOF_SAFE, "/", SSM("DescribeDocument"),
     "{\"Name\":\"AWS-RunShellScript\"}", "InvalidDocument", NULL},
    {SERVICE_SSM, "ssm:GetManifest", PACKAGES, PROOF_NEVER, NULL, NULL, NULL, NULL,
     "legacy operation, not offered in newer regions"},
    {SERVICE_SSM, "ssm:GetParameter", PARAMETERS, PROOF_SAFE, "/", SSM("GetParameter"),
     "{\"Name\":\"/ssm-preflight/{uuid}\"}", "ParameterNotFound", NULL},
    {SERVICE_SSM, "ssm:GetParameters", PARAMETERS, PROOF_SAFE, "/", SSM("GetParameters"),
     "{\"Names\":[\"/ssm-preflight/{uuid}\"]}", "", NULL},
    {SERVICE_SSM, "ssm:ListAssociations", STATE, PROOF_SAFE, "/", SSM("ListAssociations"),
     "{\"MaxResults\":1}", "", NULL},
    {SERVICE_SSM, "ssm:ListInstanceAssociations", STATE, PROOF_SAFE, "/",
     SSM("ListInstanceAssociations"), "{\"InstanceId\":\"{instance}\",\"MaxResults\":1}",
     "InvalidInstanceId", NULL},
    {SERVICE_SSM, "ssm:PutInventory", INVENTORY, PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would write inventory"},
    {SERVICE_SSM, "ssm:PutComplianceItems", STATE | PATCH, PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would write compliance items"},
    {SERVICE_SSM, "ssm:PutConfigurePackageResult", PACKAGES, PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would write a package result"},
    {SERVICE_SSM, "ssm:UpdateAssociationStatus", STATE, PROOF_DEEP, "/",
     SSM("UpdateAssociationStatus"),
     "{\"InstanceId\":\"{instance}\",\"Name\":\"" NO_SUCH
     "\",\"AssociationStatus\":{\"Date\":0,\"Name\":\"Pending\",\"Message\":\"ssm-preflight\"}}",
     no_association, "writes a status, if only of an association that does not exist"},
    {SERVICE_SSM, "ssm:UpdateInstanceAssociationStatus", STATE, PROOF_DEEP, "/",
     SSM("UpdateInstanceAssociationStatus"),
     "{\"InstanceId\":\"{instance}\",\"AssociationId\":\"{uuid}\",\"ExecutionResult\":{}}",
     no_association, "writes a status, if only of an association that does not exist"},
    {SERVICE_SSM, "ssm:UpdateInstanceInformation", AGENT, PROOF_AGENT, "/",
     SSM("UpdateInstanceInformation"),
     "{\"AgentName\":\"amazon-ssm-agent\",\"AgentVersion\":\"{version}\","
     "\"InstanceId\":\"{instance}\",\"PlatformType\":\"Linux\"}",
     "", "registers the instance (--permissions agent: only where the agent is about to)"},

    {SERVICE_SSMMESSAGES, "ssmmessages:CreateControlChannel", AGENT, PROOF_ALONE,
     "/v1/control-channel/{instance}", NULL, CHANNEL, "", "might disturb the agent's own channel"},
    {SERVICE_SSMMESSAGES, "ssmmessages:CreateDataChannel", SESSIONS, PROOF_DEEP,
     "/v1/data-channel/" NO_SUCH, NULL,
     "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"{uuid}\",\"ClientId\":\"{uuid}\"}",
     "BadRequest ResourceNotFoundException DoesNotExistException",
     "asks for the channel of a session that does not exist"},
    {SERVICE_SSMMESSAGES, "ssmmessages:OpenControlChannel", AGENT, PROOF_NEVER, NULL, NULL, NULL,
     NULL, "a second control channel would take the agent's commands"},
    {SERVICE_SSMMESSAGES, "ssmmessages:OpenDataChannel", SESSIONS, PROOF_NEVER, NULL, NULL, NULL,
     NULL, "would join a session"},

    {SERVICE_EC2MESSAGES, "ec2messages:AcknowledgeMessage", 0, PROOF_DEEP, "/",
     MDS("AcknowledgeMessage"), MDS_BOGUS, no_message, "names a message that does not exist"},
    {SERVICE_EC2MESSAGES, "ec2messages:DeleteMessage", 0, PROOF_DEEP, "/", MDS("DeleteMessage"),
     MDS_BOGUS, no_message, "names a message that does not exist"},
    {SERVICE_EC2MESSAGES, "ec2messages:FailMessage", 0, PROOF_DEEP, "/", MDS("FailMessage"),
     "{\"MessageId\":\"" NO_SUCH "\",\"FailureType\":\"InternalHandlerException\"}", no_message,
     "names a message that does not exist"},
    {SERVICE_EC2MESSAGES, "ec2messages:GetEndpoint", 0, PROOF_SAFE, "/", MDS("GetEndpoint"),
     "{\"Destination\":\"{instance}\"}", "InvalidDestinationException", NULL},
    {SERVICE_EC2MESSAGES, "ec2messages:GetMessages", 0, PROOF_NEVER, NULL, NULL, NULL, NULL,
     "would take a command off the agent's queue"},
    {SERVICE_EC2MESSAGES, "ec2messages:SendReply", 0, PROOF_DEEP, "/", MDS("SendReply"),
     MDS_BOGUS_REPLY, no_message, "names a message that does not exist"},
};
const size_t n_permissions = COUNT_OF(permissions);

const struct permission_row *permission_find(const char *action)
{
    size_t i = text_find(action, &permissions[0].action, sizeof(permissions[0]), n_permissions);
    return i < n_permissions ? &permissions[i] : NULL;
}

/* --- which are sent --- */

const char *permission_why_not(const struct permission_row *row, const struct facts *facts)
{
    const struct agent_facts *agent = &facts->agent;
    enum permissions mode = facts->plan.permissions;
    /* The SSM agent is about to send its own first request: then the same one changes nothing more. */
    bool is_about_to_start = agent->installed == ANSWER_YES && agent->unit_state == UNIT_ENABLED &&
                             agent->running == ANSWER_NO;
    /* Its source asks for a token before each channel that it opens, and says nothing of what the service does
     * to a channel that stands (agent/session/controlchannel). */
    bool may_stand = agent->running == ANSWER_YES && agent->connected != ANSWER_NO;
    const bool sent[] = {
        [PROOF_SAFE] = true,
        [PROOF_ALONE] = !may_stand,
        [PROOF_AGENT] = mode == PERMISSIONS_DEEP ||
                        (mode == PERMISSIONS_AGENT && is_about_to_start),
        [PROOF_DEEP] = mode == PERMISSIONS_DEEP,
        [PROOF_NEVER] = false,
    };

    if (mode == PERMISSIONS_ROLE_ONLY || mode == PERMISSIONS_OFF)
        return "--permissions says not to";
    return sent[row->proof] ? NULL : row->why_not;
}

/* --- capabilities --- */

const struct capability_row capability_rows[N_CAPABILITIES] = {
    [CAPABILITY_SESSIONS] = {"sessions", "Session Manager"},
    [CAPABILITY_STATE_MANAGER] = {"state-manager", "State Manager"},
    [CAPABILITY_PATCH] = {"patch", "Patch Manager"},
    [CAPABILITY_INVENTORY] = {"inventory", "Inventory"},
    [CAPABILITY_PARAMETERS] = {"parameters", "Parameter Store"},
    [CAPABILITY_DISTRIBUTOR] = {"distributor", "Distributor"},
    [CAPABILITY_RUN_COMMAND] = {"run-command", "Run Command of documents that fetch others"},
};

uint32_t capabilities_in(const char *list)
{
    char word[NAME_SIZE];
    uint32_t set = 0;

    while (text_word(&list, " ", word, sizeof(word))) {
        const size_t i = text_find(word, &capability_rows[0].name, sizeof(capability_rows[0]),
                                   N_CAPABILITIES);
        set |= strcmp(word, "core") == 0 ? CAPABILITIES_ALL : i < N_CAPABILITIES ? 1u << i : 0;
    }
    return set;
}
