/* SPDX-License-Identifier: Apache-2.0
 *
 * A permission to prove is one row here, and one section of docs/permissions.md. The signed requests
 * of one service are shared out over its open connections. Each connection carries one request at a
 * time and takes the next as soon as it is free.
 */
#include "observe/permissions.h"

#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "model/partitions.h"
#include "net/http.h"
#include "observe/climb.h"

#define SSM(operation) "AmazonSSM." operation
#define MDS(operation) "EC2WindowsMessageDeliveryService." operation
#define NO_SUCH "ssm-preflight-{uuid}"
#define MDS_BOGUS "{\"MessageId\":\"" NO_SUCH "\"}"
#define MDS_BOGUS_REPLY \
    "{\"MessageId\":\"" NO_SUCH "\",\"ReplyId\":\"" NO_SUCH "\",\"Payload\":\"{}\"}"
#define CHANNEL "{\"MessageSchemaVersion\":\"1.0\",\"RequestId\":\"{uuid}\"}"

enum { UUID_SIZE = 40, BODY_SIZE = 512, PATH_BYTES = 256 };

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

    (void)!getrandom(bytes, sizeof(bytes),
                     GRND_NONBLOCK); /* zeros name nothing that exists either */
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

/* --- the requests of one service --- */

static const struct permission_row *row_of(const struct action_facts *action)
{
    for (size_t i = 0; i < n_permissions; i++)
        if (strcmp(permissions[i].action, action->action) == 0)
            return &permissions[i];
    return NULL;
}

static bool wanted(const struct permission_row *row, enum permissions mode)
{
    if (mode == PERMISSIONS_DEEP)
        return row->proof != PROOF_NEVER;
    return mode == PERMISSIONS_PROBE && row->proof == PROOF_SAFE;
}

void actions_plan(struct climb *climb)
{
    struct endpoint_facts *facts = climb->facts;
    enum permissions mode = climb->observe->facts->plan.permissions;

    for (size_t i = 0; i < n_permissions; i++) {
        const struct permission_row *row = &permissions[i];

        if (row->service != climb->service || facts->n_actions == MAX_ACTIONS)
            continue;
        struct action_facts *action = &facts->actions[facts->n_actions++];
        (void)text_set(action->action, sizeof(action->action), "%s", row->action);
        if (wanted(row, mode))
            (void)text_set(action->why_not, sizeof(action->why_not), "not reached");
        else if (row->proof == PROOF_SAFE)
            (void)text_set(action->why_not, sizeof(action->why_not), "--permissions says not to");
        else
            (void)text_set(action->why_not, sizeof(action->why_not), "%s%s", row->why_not,
                           row->proof == PROOF_DEEP ? " (--permissions deep sends it)" : "");
    }
}

static void answered(void *arg, const struct http_reply *reply)
{
    struct lane *lane = arg;
    struct action_facts *action = &lane->climb->facts->actions[lane->action];
    const struct permission_row *row = row_of(action);

    lane->action = -1;
    action->took_ms = reply->step.took_ms;
    action->why_not[0] = '\0';
    if (reply->step.outcome == OUTCOME_OK) {
        service_answer_judge(&reply->head, reply->body, reply->body_bytes, row->allowed, action);
    } else {
        action->permission = PERMISSION_UNCLEAR;
        action->failure = reply->tls.outcome == OUTCOME_FAILED ? reply->tls.failure
                                                               : reply->step.failure;
        lane->open = reply->step.failure == FAILURE_TOO_LARGE;
    }
    actions_pump(lane->climb);
}

static bool send_next(struct lane *lane, const struct permission_row *row)
{
    struct climb *climb = lane->climb;
    const struct facts *facts = climb->observe->facts;
    char body[BODY_SIZE], path[PATH_BYTES], target[NAME_SIZE * 2];
    const char *headers[3] = {row->target ? "Content-Type: application/x-amz-json-1.1"
                                          : "Content-Type: application/json",
                              NULL, NULL};
    struct signature signature = {.credentials = climb->observe->credentials,
                                  .region = facts->plan.signing_region,
                                  .service = service_name(climb->service)};

    if (!permission_fill(row->body, facts, body, sizeof(body)) ||
        !permission_fill(row->path, facts, path, sizeof(path)))
        return false;
    if (row->target) {
        (void)text_set(target, sizeof(target), "X-Amz-Target: %s", row->target);
        headers[1] = target;
    }
    struct http_request request = {
        .method = "POST",
        .tls = true,
        .host = climb->plan->host,
        .address = lane->facts->address,
        .port = climb->plan->port,
        .fd = -1,
        .path = path,
        .headers = headers,
        .body = body,
        .body_bytes = strlen(body),
        .signature = &signature,
        .trust = climb->observe->trust,
        .tls_timeout_ms = TLS_TIMEOUT_MS,
        .timeout_ms = ACTION_TIMEOUT_MS,
        .max_body_bytes = 256 * 1024,
    };
    return http_start(climb->observe->loop, &request, answered, lane);
}

bool actions_may_sign(const struct plan *plan, enum service service,
                      const struct address_facts *address)
{
    const struct service_plan *to = &plan->services[service];
    bool own_host = to->host_source == SOURCE_AGENT_CONFIG ||
                    partition_has_host(partition_of_region(plan->region), to->host);

    return own_host && address->place != PLACE_UNKNOWN && !address->second_opinion;
}

/* The next action that is wanted, was not tried, and is under way nowhere. */
static int next_action(const struct climb *climb)
{
    enum permissions mode = climb->observe->facts->plan.permissions;

    for (int i = 0; i < climb->facts->n_actions; i++) {
        const struct action_facts *action = &climb->facts->actions[i];
        bool under_way = false;

        for (int j = 0; j < climb->facts->n_addresses; j++)
            under_way = under_way || climb->lanes[j].action == i;
        if (!under_way && action->permission == PERMISSION_NOT_PROBED &&
            action->failure == FAILURE_NONE && wanted(row_of(action), mode))
            return i;
    }
    return -1;
}

void actions_pump(struct climb *climb)
{
    const struct observe *observe = climb->observe;

    if (!observe->credentials || !observe->placed)
        return;
    for (int i = 0; i < climb->facts->n_addresses; i++) {
        struct lane *lane = &climb->lanes[i];
        int next = next_action(climb);

        if (next < 0)
            return;
        if (!lane->open || lane->action >= 0 ||
            !actions_may_sign(&observe->facts->plan, climb->service, lane->facts))
            continue;
        struct action_facts *action = &climb->facts->actions[next];
        (void)text_set(action->address, sizeof(action->address), "%s", lane->facts->address);
        lane->action = next;
        if (!send_next(lane, row_of(action))) {
            lane->action = -1;
            action->permission = PERMISSION_UNCLEAR;
            action->failure = FAILURE_INTERNAL;
        }
    }
}
