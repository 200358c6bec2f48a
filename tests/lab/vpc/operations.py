# SPDX-License-Identifier: Apache-2.0
"""What each operation of the three services answers once the caller is known and allowed: (status, body).

Shapes follow the agent's own client code and the API references; an instance that nobody has registered yet is assumed. The set
SIDE_EFFECTS is what a preflight must not send unless it is asked to.
"""

import json
import re
import uuid

from . import world as w

SSM_TARGET = "AmazonSSM."
EC2MESSAGES_TARGET = "EC2WindowsMessageDeliveryService."

# What writes, registers, takes messages away or opens a channel.
SIDE_EFFECTS = frozenset(
    [
        "ssm:" + name
        for name in (
            "UpdateInstanceInformation",
            "PutInventory",
            "PutComplianceItems",
            "PutConfigurePackageResult",
            "GetManifest",
            "GetDeployablePatchSnapshotForInstance",
            "UpdateAssociationStatus",
            "UpdateInstanceAssociationStatus",
            "RegisterManagedInstance",
            "RequestManagedInstanceRoleToken",
        )
    ]
    + ["ssmmessages:" + name for name in ("CreateDataChannel", "OpenControlChannel", "OpenDataChannel")]
    + [
        "ec2messages:" + name
        for name in ("GetMessages", "AcknowledgeMessage", "DeleteMessage", "FailMessage", "SendReply")
    ]
)

_DOCUMENT = {
    "Name": "AWS-RunShellScript",
    "DocumentType": "Command",
    "DocumentVersion": "1",
    "DocumentFormat": "JSON",
    "Status": "Active",
    "PlatformTypes": ["Linux", "MacOS"],
    "SchemaVersion": "1.2",
    "Owner": "Amazon",
}
_NODE = re.compile(r"i-(\w{8}|\w{17})|mi-\w{17}")  # AWS Systems Manager API Reference, the pattern of InstanceId
_CONTENT = {
    "schemaVersion": "1.2",
    "description": "Run a shell script or specify the commands to run.",
    "parameters": {"commands": {"type": "StringList", "minItems": 1}},
    "runtimeConfig": {"aws:runShellScript": {"properties": [{"id": "0.aws:runShellScript"}]}},
}


def _update_instance(query):
    return (200, {}) if _NODE.fullmatch(query.get("InstanceId", w.INSTANCE_ID)) else (400, error("ValidationException", "InstanceId"))


def _document(wanted, key, found):
    if wanted.get("Name") == "AWS-RunShellScript":
        return 200, {key: found} if key else found
    return 400, error("InvalidDocument", "Document with name " + str(wanted.get("Name")) + " does not exist.")


def preferences(wanted, inputs):
    """The session preferences, User Guide, "Session document schema"."""
    content = {"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": inputs}
    return {"Name": wanted.get("Name"), "DocumentType": "Session", "Content": json.dumps(content)}


def error(code, message):
    return {"__type": code, "message": message}


SSM = {
    "DescribeDocument": lambda q: _document(q, "Document", _DOCUMENT),
    "GetDocument": lambda q: _document(q, None, _DOCUMENT | {"Content": json.dumps(_CONTENT)}),
    "ListAssociations": lambda q: (200, {"Associations": []}),
    "ListInstanceAssociations": lambda q: (200, {"Associations": []}),
    "DescribeAssociation": lambda q: (400, error("AssociationDoesNotExist", "")),
    "GetParameters": lambda q: (200, {"InvalidParameters": q.get("Names", []), "Parameters": []}),
    "GetParameter": lambda q: (400, error("ParameterNotFound", "")),
    "UpdateInstanceInformation": _update_instance,
    "UpdateAssociationStatus": lambda q: (400, error("AssociationDoesNotExist", "")),
    "UpdateInstanceAssociationStatus": lambda q: (400, error("AssociationDoesNotExist", "")),
    "PutInventory": lambda q: (200, {"Message": "Inventory was not changed"}),
    "PutComplianceItems": lambda q: (200, {}),
    "PutConfigurePackageResult": lambda q: (200, {}),
    "GetManifest": lambda q: (400, error("ResourceNotFoundException", "")),
    "GetDeployablePatchSnapshotForInstance": lambda q: (400, error("UnsupportedOperatingSystem", "")),
    "RegisterManagedInstance": lambda q: (200, {"InstanceId": w.INSTANCE_ID}),
    "RequestManagedInstanceRoleToken": lambda q: (400, error("ValidationException", "")),
}
EC2MESSAGES = {
    "GetEndpoint": lambda q: (200, {"Endpoint": {"Protocol": "https", "Endpoint": "ec2messages.lab"}}),
    "GetMessages": lambda q: (
        200,
        {"Destination": q.get("Destination"), "Messages": [], "MessagesRequestId": str(uuid.uuid4())},
    ),
    **{
        name: lambda q: (400, error("InvalidMessageIdException", ""))
        for name in ("AcknowledgeMessage", "DeleteMessage", "FailMessage", "SendReply")
    },
}
# What a dead node can still do with its identity credentials alone.
IDENTITY_ACTIONS = frozenset({"ssm:RegisterManagedInstance", "ssm:RequestManagedInstanceRoleToken"})


def role_token(who, ends_unix_s):
    """What RequestManagedInstanceRoleToken hands out."""
    return {
        "AccessKeyId": who.access_key,
        "SecretAccessKey": who.secret_key,
        "SessionToken": who.token,
        "TokenExpirationDate": ends_unix_s,
        "UpdateKeyPair": False,
    }


def resource(action, request, world):
    """The resource that a denial names."""
    service, name = action.split(":")
    region, account = world.region, w.ACCOUNT
    if service == "ssmmessages":
        return f"arn:{world.partition}:ssmmessages:{region}:{account}:*"
    if name in ("DescribeDocument", "GetDocument"):
        return f"arn:{world.partition}:ssm:{region}::document/{request.get('Name', '')}"
    if name in ("GetParameter", "GetParameters"):
        parameter = request.get("Name") or (request.get("Names") or [""])[0]
        return f"arn:{world.partition}:ssm:{region}:{account}:parameter/{parameter.lstrip('/')}"
    if name in ("UpdateInstanceInformation", "ListInstanceAssociations"):
        return f"arn:{world.partition}:ec2:{region}:{account}:instance/{request.get('InstanceId', w.INSTANCE_ID)}"
    return f"arn:{world.partition}:ssm:{region}:{account}:*"
