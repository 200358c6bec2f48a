/* SPDX-License-Identifier: Apache-2.0
 *
 * How to mend the role and what it may do. ARNs are of this instance's partition.
 */
#include <string.h>

#include "base/text.h"
#include "diagnose/look.h"
#include "diagnose/remedy.h"
#include "model/partitions.h"

/* The service names one kind of policy: another one may stand behind it. */
#define CHECK_AGAIN "What another kind of policy denies besides shows only then: check again."
#define CORE_POLICY "arn:%s:iam::aws:policy/AmazonSSMManagedInstanceCore"

/* Who may assume an instance's role: ec2.amazonaws.com, in China ec2.amazonaws.com.cn; in other
 * partitions the service's name under the partition's own domain. */
static void ec2_principal(const struct facts *facts, char *to, size_t size)
{
    const char *partition = remedy_partition(facts);
    const char *domain = partition_of_region(remedy_region(facts))->domain;

    if (strcmp(partition, "aws") == 0 || strcmp(partition, "aws-us-gov") == 0)
        domain = "amazonaws.com";
    text_set(to, size, "ec2.%s", remedy_known(domain, "<dns-suffix>"));
}

static void trust_policy(const struct facts *facts, char *to, size_t size)
{
    char principal[HOST_SIZE + 8];

    ec2_principal(facts, principal, sizeof principal);
    text_set(to, size,
             "'{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":"
             "{\"Service\":\"%s\"},\"Action\":\"sts:AssumeRole\"}]}'",
             principal);
}

/* The profile's name is the end of its ARN. */
static const char *profile_name(const struct facts *facts)
{
    const char *slash = strrchr(facts->role.profile_arn, '/');
    return remedy_known(slash != NULL ? slash + 1 : "", "<instance-profile-name>");
}

static void attach_core(const struct facts *facts, struct finding *finding)
{
    remedy_command(finding, "aws iam attach-role-policy --role-name %s --policy-arn " CORE_POLICY,
                   remedy_role(facts), remedy_partition(facts));
}

static void describe_association(const struct facts *facts, struct finding *finding)
{
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-iam-instance-profile-associations --region %s --filters "
                   "Name=instance-id,Values=%s",
                   remedy_region(facts), remedy_instance(facts));
}

static void attach_anew(const struct facts *facts, struct finding *finding)
{
    remedy_command(finding,
                   "aws ec2 replace-iam-instance-profile-association --region %s "
                   "--association-id <association-id> --iam-instance-profile Name=%s",
                   remedy_region(facts), profile_name(facts));
}

/* A profile that is made anew under the same name has another id: the association still means the
 * one that is gone. */
static void mend_profile_deleted(const struct facts *facts, struct finding *finding)
{
    remedy_text(finding, "The instance profile that is attached was deleted. Make it anew, or take "
                         "another that holds a role with AmazonSSMManagedInstanceCore, and "
                         "attach it in place of the old one.");
    describe_association(facts, finding);
    remedy_note(finding, "where there is none");
    remedy_command(finding, "aws iam create-instance-profile --instance-profile-name %s",
                   profile_name(facts));
    remedy_command(finding,
                   "aws iam add-role-to-instance-profile --instance-profile-name %s --role-name "
                   "<role-name>",
                   profile_name(facts));
    attach_anew(facts, finding);
    remedy_restart(facts, finding);
}

void mend_role_missing(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    char trust[LINE_SIZE];

    if (look_profile_deleted(facts)) {
        mend_profile_deleted(facts, finding);
        return;
    }
    trust_policy(facts, trust, sizeof trust);
    remedy_text(finding, "Attach an instance profile whose role carries "
                         "AmazonSSMManagedInstanceCore, or turn on Default Host Management for "
                         "the account in this region.");
    remedy_note(finding, "with a profile that is there, or one made as below");
    remedy_command(finding,
                   "aws ec2 associate-iam-instance-profile --region %s --instance-id %s "
                   "--iam-instance-profile Name=<instance-profile-name>",
                   remedy_region(facts), remedy_instance(facts));
    remedy_note(finding, "where there is none");
    remedy_command(finding,
                   "aws iam create-role --role-name <role-name> --assume-role-policy-document %s",
                   trust);
    remedy_command(finding,
                   "aws iam attach-role-policy --role-name <role-name> --policy-arn " CORE_POLICY,
                   remedy_partition(facts));
    remedy_command(finding, "aws iam create-instance-profile --instance-profile-name "
                            "<instance-profile-name>");
    remedy_command(finding, "aws iam add-role-to-instance-profile --instance-profile-name "
                            "<instance-profile-name> --role-name <role-name>");
    remedy_restart(facts, finding);
}

void mend_profile_empty(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "Put a role that carries AmazonSSMManagedInstanceCore into the instance "
                         "profile.");
    remedy_command(finding,
                   "aws iam add-role-to-instance-profile --instance-profile-name %s --role-name "
                   "<role-name>",
                   profile_name(facts));
    remedy_command(finding,
                   "aws iam attach-role-policy --role-name <role-name> --policy-arn " CORE_POLICY,
                   remedy_partition(facts));
    remedy_restart(facts, finding);
}

void mend_not_assumable(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    char trust[LINE_SIZE];

    trust_policy(facts, trust, sizeof trust);
    remedy_text(finding, "Let the EC2 service assume the role: its trust policy must name it as "
                         "principal. A role that was deleted and made anew must be attached "
                         "again.");
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws iam get-role --role-name %s --query "
                   "Role.AssumeRolePolicyDocument",
                   remedy_role(facts));
    remedy_note(finding, "replaces the whole trust policy");
    remedy_command(finding, "aws iam update-assume-role-policy --role-name %s --policy-document %s",
                   remedy_role(facts), trust);
    remedy_restart(facts, finding);
}

void mend_credentials_expired(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "EC2 renews credentials by itself, at least 5 minutes before the old "
                         "ones expire, as long as the role can be assumed. Look at the role's "
                         "trust policy, then attach the instance profile anew.");
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "aws iam get-role --role-name %s --query Role.AssumeRolePolicyDocument",
                   remedy_role(facts));
    describe_association(facts, finding);
    attach_anew(facts, finding);
    remedy_restart(facts, finding);
}

void mend_credentials_rejected(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "The service does not know these credentials: the role was deleted or "
                         "made anew, its sessions were revoked, or the region is not enabled for "
                         "the account. Attach the instance profile anew.");
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "aws iam get-role --role-name %s", remedy_role(facts));
    describe_association(facts, finding);
    attach_anew(facts, finding);
    remedy_restart(facts, finding);
}

void mend_policy_missing(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Attach AmazonSSMManagedInstanceCore to the role; a changed policy takes "
                         "effect within seconds to minutes. " CHECK_AGAIN);
    attach_core(scene->facts, finding);
    remedy_restart(scene->facts, finding);
}

void mend_policy_incomplete(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Add the denied actions to the role's policy, or attach "
                         "AmazonSSMManagedInstanceCore, which has them all. " CHECK_AGAIN);
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "aws iam list-attached-role-policies --role-name %s",
                   remedy_role(scene->facts));
    remedy_note(finding, "where it is not among them");
    attach_core(scene->facts, finding);
    remedy_restart(scene->facts, finding);
}

void mend_explicit_deny(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Take the Deny statement out of the role's policies, or except these "
                         "actions from it: no Allow outweighs it. " CHECK_AGAIN);
    remedy_note(finding, "look for a statement with Effect Deny");
    remedy_command(finding, "aws iam list-attached-role-policies --role-name %s",
                   remedy_role(scene->facts));
    remedy_command(finding, "aws iam list-role-policies --role-name %s", remedy_role(scene->facts));
    remedy_restart(scene->facts, finding);
}

void mend_endpoint_policy(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;
    enum service service = remedy_service(finding);

    remedy_text(finding, "Let the endpoint's policy allow the agent's actions to this role, or "
                         "reset it to full access; IAM policies still apply. " CHECK_AGAIN);
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding,
                   "aws ec2 describe-vpc-endpoints --region %s --filters Name=vpc-id,Values=%s "
                   "Name=service-name,Values=%s --query "
                   "\"VpcEndpoints[].[VpcEndpointId,PolicyDocument]\"",
                   remedy_region(facts), remedy_vpc(facts),
                   remedy_endpoint_service(facts, service));
    remedy_note(finding, "lifts the policy for everybody who uses this endpoint");
    remedy_command(finding,
                   "aws ec2 modify-vpc-endpoint --region %s --vpc-endpoint-id <vpc-endpoint-id> "
                   "--reset-policy",
                   remedy_region(facts));
    remedy_restart(facts, finding);
}

void mend_boundary(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Let the permissions boundary of the role allow these actions too, or "
                         "take the boundary off. " CHECK_AGAIN);
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "aws iam get-role --role-name %s --query Role.PermissionsBoundary",
                   remedy_role(scene->facts));
    remedy_note(finding, "takes the boundary off the role altogether");
    remedy_command(finding, "aws iam delete-role-permissions-boundary --role-name %s",
                   remedy_role(scene->facts));
    remedy_restart(scene->facts, finding);
}

void mend_organization(const struct scene *scene, struct finding *finding)
{
    remedy_text(finding, "Ask whoever runs the organization to except these actions for this "
                         "account: no policy inside the account can. Run this in the management "
                         "account; RESOURCE_CONTROL_POLICY in place of the filter lists the other "
                         "kind. " CHECK_AGAIN);
    remedy_command(finding,
                   "aws organizations list-policies-for-target --target-id %s --filter "
                   "SERVICE_CONTROL_POLICY",
                   remedy_known(scene->facts->instance.account, "<account-id>"));
    remedy_restart(scene->facts, finding);
}

void mend_denied(const struct scene *scene, struct finding *finding)
{
    const struct facts *facts = scene->facts;

    remedy_text(finding, "The service does not say which policy denies. Look in this order: the "
                         "role's policies, its permissions boundary, the VPC endpoint's policy, "
                         "the organization's policies.");
    remedy_note(finding, REMEDY_LOOK);
    remedy_command(finding, "aws iam list-attached-role-policies --role-name %s",
                   remedy_role(facts));
    remedy_command(finding, "aws iam get-role --role-name %s --query Role.PermissionsBoundary",
                   remedy_role(facts));
    remedy_command(finding,
                   "aws ec2 describe-vpc-endpoints --region %s --filters Name=vpc-id,Values=%s "
                   "--query \"VpcEndpoints[].[ServiceName,PolicyDocument]\"",
                   remedy_region(facts), remedy_vpc(facts));
    remedy_note(finding, "where it is not among the policies of the role");
    attach_core(facts, finding);
    remedy_restart(facts, finding);
}
