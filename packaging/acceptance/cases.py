# SPDX-License-Identifier: Apache-2.0
"""The cases of the acceptance kit: what each VPC and each instance is like, and what must come of it.

A case has a VPC of its own only where its fault is the VPC's names: an endpoint-hour costs more than all instances of a case. The others share
one, and differ in subnet, group and role. Each case is one instance of each architecture. docs/acceptance.md says which assumption
each case settles.
"""
from dataclasses import dataclass, field

CORE = "AmazonSSMManagedInstanceCore"


@dataclass
class Case:
    name: str
    vpc: str  # a kind of network()
    verdict: str
    codes: tuple = ()  # one of them must be the root cause; none: there is no finding above a note
    connected: bool = False  # the real agent opens its control channel
    role: str = "core"  # core, none, session-only, boundary; fenced: as core, and ssm's endpoint policy does not allow it
    group: str = "Open"  # Closed lets nothing out; the endpoints' group does not let a Stranger in
    subnet: str = "Instances"  # Walled has a network ACL without 443, Six has IPv6 only
    hop_limit: int = 2
    later: dict = field(default_factory=dict)  # modify-instance-metadata-options, after the first boot; then a reboot
    asks_for: str = ""  # only with --with NAME: it changes a setting of the account


CASES = [
    Case("healthy", "shared", "ready", (), True),
    Case("instance-group", "shared", "not-ready", ("egress-blocked",), group="Closed"),
    Case("endpoint-group", "shared", "not-ready", ("egress-blocked", "endpoint-blocks-443"), group="Stranger"),
    Case("endpoint-policy", "shared", "not-ready", ("denied-by-endpoint-policy",), role="fenced"),
    Case("network-acl", "shared", "not-ready", ("network-acl", "egress-blocked"), subnet="Walled"),
    Case("ipv6-only", "shared", "not-ready", ("no-address-of-family", "ipv6-only"), subnet="Six"),
    Case("no-role", "shared", "not-ready", ("role-missing",), role="none"),
    Case("session-only-role", "shared", "degraded", ("policy-incomplete",), True, role="session-only"),
    Case("boundary", "shared", "not-ready", ("denied-by-boundary",), role="boundary"),
    Case("hop-limit", "shared", "ready", (), True, hop_limit=1),
    Case("imds-off", "shared", "not-ready", ("imds-disabled",), later={"http-endpoint": "disabled"}),
    Case("dhmc", "shared", "degraded", ("dhmc-in-use", "role-missing"), True, role="none", asks_for="dhmc"),
    Case("private-dns-off", "private-dns-off", "not-ready", ("private-dns-off",)),
    Case("endpoint-missing", "endpoint-missing", "not-ready", ("endpoint-missing",)),
    Case("dns-support-off", "dns-off", "not-ready", ("vpc-dns-off", "dns-resolver-unreachable")),
]

ARCHITECTURES = {"arm64": ("t4g.nano", "aarch64"), "x86_64": ("t3.nano", "x86_64")}
SERVICES = {"shared": ["ssm", "ssmmessages"], "private-dns-off": ["ssm", "ssmmessages"], "endpoint-missing": ["ssm"], "dns-off": []}
AT_ONCE = 6  # cases: an account may start 32 vCPUs, and an instance has two

# us-east-1, in cents: https://aws.amazon.com/privatelink/pricing/ (an hour that was begun counts), https://aws.amazon.com/ec2/pricing/on-demand/,
# https://aws.amazon.com/ebs/pricing/ (a month of 730 hours)
CENTS_AN_HOUR = {"AWS::EC2::VPCEndpoint": 1.0, "t4g.nano": 0.42, "t3.nano": 0.52}
CENTS_A_GIB_MONTH = {"gp3": 8.0, "snapshot": 5.0}
INSTANCE_HOURS, DISKS_GIB = 0.25, 8 + 1


def waves(cases):
    """The cases of a VPC that are there at the same time."""
    return [cases[at:at + AT_ONCE] for at in range(0, len(cases), AT_ONCE)]


def cost(cases):
    """In cents: what the templates make, each VPC and each instance for as long as a run takes."""
    cents = CENTS_A_GIB_MONTH["snapshot"] / 730
    for kind in dict.fromkeys(case.vpc for case in cases):
        parts = template(kind, [case for case in cases if case.vpc == kind], "")["Resources"].values()
        cents += sum(CENTS_AN_HOUR.get(part["Type"], 0) for part in parts)
        launched = [part["Properties"]["LaunchTemplateData"]["InstanceType"] for part in parts if part["Type"] == "AWS::EC2::LaunchTemplate"]
        cents += sum(CENTS_AN_HOUR[each] + DISKS_GIB * CENTS_A_GIB_MONTH["gp3"] / 730 for each in launched) * INSTANCE_HOURS
    return cents


def ref(name):
    return {"Ref": name}


def attribute(name, of):
    return {"Fn::GetAtt": [name, of]}


def network(kind):
    """The VPC, its endpoints in a subnet of their own (traffic within a subnet passes no network ACL), and the groups."""
    dns, shared = kind != "dns-off", kind == "shared"
    zone = {"Fn::Select": [0, {"Fn::GetAZs": ""}]}

    def vpc_part(kind_of, **properties):
        return {"Type": f"AWS::EC2::{kind_of}", "Properties": {"VpcId": ref("Vpc"), **properties}}
    made = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.99.0.0/16", "EnableDnsSupport": dns, "EnableDnsHostnames": dns}},
        "Instances": vpc_part("Subnet", AvailabilityZone=zone, CidrBlock="10.99.1.0/24"),
        "OpenGroup": vpc_part("SecurityGroup", GroupDescription="an instance that may send anything"),
    }
    if SERVICES[kind]:
        made["Endpoints"] = vpc_part("Subnet", AvailabilityZone=zone, CidrBlock="10.99.2.0/24")
        made["EndpointGroup"] = vpc_part("SecurityGroup", GroupDescription="interface endpoints", SecurityGroupIngress=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": attribute(name, "GroupId")} for name in ("OpenGroup", "ClosedGroup") if shared or name == "OpenGroup"])
    for service in SERVICES[kind]:
        made[f"Endpoint{service}"] = vpc_part(
            "VPCEndpoint", VpcEndpointType="Interface", SubnetIds=[ref("Endpoints")], SecurityGroupIds=[attribute("EndpointGroup", "GroupId")],
            ServiceName={"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{service}"}, PrivateDnsEnabled=kind != "private-dns-off")
    if shared:
        made |= shared_parts(vpc_part, zone)
        made["Endpointssm"]["Properties"]["PolicyDocument"] = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"ArnNotEquals": {"aws:PrincipalArn": attribute("FencedRole", "Arn")}}}]}
    return made


def shared_parts(vpc_part, zone):
    """What only some instances of the shared VPC have: groups, a subnet behind a network ACL, a subnet with IPv6 alone."""
    made = {
        "ClosedGroup": vpc_part("SecurityGroup", GroupDescription="an instance that may send nothing",
                                SecurityGroupEgress=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "127.0.0.1/32"}]),
        "StrangerGroup": vpc_part("SecurityGroup", GroupDescription="an instance that the endpoints do not let in"),
        "Walled": vpc_part("Subnet", AvailabilityZone=zone, CidrBlock="10.99.3.0/24"),
        "Acl": vpc_part("NetworkAcl"),
        "AclOfWalled": {"Type": "AWS::EC2::SubnetNetworkAclAssociation", "Properties": {"SubnetId": ref("Walled"), "NetworkAclId": ref("Acl")}},
        "Block": vpc_part("VPCCidrBlock", AmazonProvidedIpv6CidrBlock=True),
        "Six": vpc_part("Subnet", AvailabilityZone=zone, Ipv6Native=True, AssignIpv6AddressOnCreation=True,
                        Ipv6CidrBlock={"Fn::Select": [0, {"Fn::Cidr": [{"Fn::Select": [0, attribute("Vpc", "Ipv6CidrBlocks")]}, 1, 64]}]}),
    }
    made["Six"]["DependsOn"] = "Block"
    for name, number, egress, action, ports in (("AclOut443", 90, True, "deny", {"From": 443, "To": 443}), ("AclOut", 100, True, "allow", None), ("AclIn", 100, False, "allow", None)):
        made[name] = {"Type": "AWS::EC2::NetworkAclEntry", "Properties": {
            "NetworkAclId": ref("Acl"), "RuleNumber": number, "Egress": egress, "RuleAction": action, "CidrBlock": "0.0.0.0/0",
            "Protocol": 6 if ports else -1, **({"PortRange": ports} if ports else {})}}
    return made


SESSION_ONLY = ["ssm:UpdateInstanceInformation"] + [f"ssmmessages:{verb}{channel}Channel" for verb in ("Create", "Open") for channel in ("Control", "Data")]


def statement(actions):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}


def roles(names):
    made = {}
    for name in sorted(set(names) - {"none"}):
        title = name.title().replace("-", "")
        properties = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": {"Fn::Sub": "ec2.${AWS::URLSuffix}"}}, "Action": "sts:AssumeRole"}]}}
        if name == "session-only":
            properties["Policies"] = [{"PolicyName": "session", "PolicyDocument": statement(SESSION_ONLY)}]
        else:
            properties["ManagedPolicyArns"] = [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy/{CORE}"}]
        if name == "boundary":
            made["Limit"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": statement("ec2:DescribeRegions")}}
            properties["PermissionsBoundary"] = ref("Limit")
        made[f"{title}Role"] = {"Type": "AWS::IAM::Role", "Properties": properties}
        made[f"{title}Profile"] = {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [ref(f"{title}Role")]}}
    return made


def identifier(case, architecture):
    return case.name.title().replace("-", "") + architecture.replace("_", "").title()


def template(kind, cases, user_data):
    """The CloudFormation template of one VPC and the instances of these cases. `user_data` is base64. But for the instances it is the same for
    all cases of a VPC, so that one wave's stack can become the next one's."""
    made = network(kind) | roles(case.role for case in CASES if case.vpc == kind)
    for case in cases:
        six = case.subnet == "Six"
        for architecture, (instance_type, _) in ARCHITECTURES.items():
            name = identifier(case, architecture)
            launch = {
                "ImageId": ref(f"Image{architecture.replace('_', '')}"), "InstanceType": instance_type, "UserData": user_data,
                "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": case.hop_limit, **({"HttpProtocolIpv6": "enabled"} if six else {})},
                "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": ref("Snapshot"), "VolumeType": "gp3", "DeleteOnTermination": True}}],
                "CreditSpecification": {"CpuCredits": "standard"},
                "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": ref(case.subnet), "Groups": [attribute(f"{case.group}Group", "GroupId")],
                                       **({"PrimaryIpv6": True, "Ipv6AddressCount": 1} if six else {})}],
                **({"IamInstanceProfile": {"Name": ref(f"{case.role.title().replace('-', '')}Profile")}} if case.role != "none" else {}),
            }
            made[f"{name}Launch"] = {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": launch}}
            made[name] = {"Type": "AWS::EC2::Instance", "DependsOn": sorted(each for each, part in made.items() if part["Type"] == "AWS::EC2::VPCEndpoint"),
                          "Properties": {"LaunchTemplate": {"LaunchTemplateId": ref(f"{name}Launch"), "Version": attribute(f"{name}Launch", "LatestVersionNumber")},
                                         "Tags": [{"Key": "Name", "Value": f"ssm-preflight-acceptance-{case.name}"}]}}
    image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
    parameters = {f"Image{name.replace('_', '')}": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": image + name} for name in ARCHITECTURES}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Description": f"ssm-preflight acceptance: {kind}", "Parameters": {**parameters, "Snapshot": {"Type": "String"}},
            "Resources": made, "Outputs": {identifier(case, each): {"Value": ref(identifier(case, each))} for case in cases for each in ARCHITECTURES}}
