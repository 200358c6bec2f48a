# SPDX-License-Identifier: Apache-2.0
"""The cases of the acceptance kit: what each VPC and each instance is like, and what must come of it.

A VPC is made once and serves all cases of its kind, one after the other VPC: an account may have five. Each case is one instance of
each architecture. docs/acceptance.md says which assumption each case settles.
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
    role: str = "core"  # core, none, session-only, boundary
    group: str = "open"  # closed: the instance's own group lets nothing out
    hop_limit: int = 2
    later: dict = field(default_factory=dict)  # modify-instance-metadata-options, after the first boot; then a reboot
    asks_for: str = ""  # only with --with NAME: it changes a setting of the account


CASES = [
    Case("healthy", "plain", "ready", (), True),
    Case("instance-group", "plain", "not-ready", ("egress-blocked",), group="closed"),
    Case("no-role", "plain", "not-ready", ("role-missing",), role="none"),
    Case("session-only-role", "plain", "degraded", ("policy-incomplete",), True, role="session-only"),
    Case("boundary", "plain", "not-ready", ("denied-by-boundary",), role="boundary"),
    Case("hop-limit", "plain", "ready", (), True, hop_limit=1),
    Case("imds-off", "plain", "not-ready", ("imds-disabled",), later={"http-endpoint": "disabled"}),
    Case("dhmc", "plain", "degraded", ("dhmc-in-use", "role-missing"), True, role="none", asks_for="dhmc"),
    Case("endpoint-group", "endpoint-group", "not-ready", ("egress-blocked", "endpoint-blocks-443")),
    Case("private-dns-off", "private-dns-off", "not-ready", ("private-dns-off",)),
    Case("dns-support-off", "dns-off", "not-ready", ("vpc-dns-off", "dns-resolver-unreachable")),
    Case("endpoint-missing", "endpoint-missing", "not-ready", ("endpoint-missing",)),
    Case("endpoint-policy", "endpoint-policy", "not-ready", ("denied-by-endpoint-policy",)),
    Case("network-acl", "network-acl", "not-ready", ("network-acl", "egress-blocked")),
    Case("ipv6-only", "ipv6-only", "not-ready", ("no-address-of-family", "ipv6-only")),
]

ARCHITECTURES = {"arm64": ("t4g.nano", "aarch64"), "x86_64": ("t3.nano", "x86_64")}


def ref(name):
    return {"Ref": name}


def attribute(name, of):
    return {"Fn::GetAtt": [name, of]}


def network(kind):
    """The VPC, its endpoints in a subnet of their own (traffic within a subnet passes no network ACL), and the groups."""
    dns, six = kind != "dns-off", kind == "ipv6-only"
    services = ["ssm"] if kind == "endpoint-missing" else ["ssm", "ssmmessages"]
    zone = {"Fn::Select": [0, {"Fn::GetAZs": ""}]}

    def vpc_part(kind_of, **properties):
        return {"Type": f"AWS::EC2::{kind_of}", "Properties": {"VpcId": ref("Vpc"), **properties}}
    made = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.99.0.0/16", "EnableDnsSupport": dns, "EnableDnsHostnames": dns}},
        "Instances": vpc_part("Subnet", AvailabilityZone=zone, **({} if six else {"CidrBlock": "10.99.1.0/24"})),
        "Endpoints": vpc_part("Subnet", AvailabilityZone=zone, CidrBlock="10.99.2.0/24"),
        "OpenGroup": vpc_part("SecurityGroup", GroupDescription="an instance that may send anything"),
        "ClosedGroup": vpc_part("SecurityGroup", GroupDescription="an instance that may send nothing",
                                SecurityGroupEgress=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "127.0.0.1/32"}]),
        "EndpointGroup": vpc_part("SecurityGroup", GroupDescription="interface endpoints", SecurityGroupIngress=[] if kind == "endpoint-group" else [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.99.0.0/16"}] + ([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv6": "::/0"}] if six else [])),
    }
    for service in services:
        made[f"Endpoint{service}"] = vpc_part(
            "VPCEndpoint", VpcEndpointType="Interface", SubnetIds=[ref("Endpoints")], SecurityGroupIds=[ref("EndpointGroup")],
            ServiceName={"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{service}"}, PrivateDnsEnabled=dns and kind != "private-dns-off",
            **({"PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ssm:GetParameter", "Resource": "*"}]}}
               if kind == "endpoint-policy" and service == "ssm" else {}))
    if six:
        made["Block"] = vpc_part("VPCCidrBlock", AmazonProvidedIpv6CidrBlock=True)
        blocks = {"Fn::Cidr": [{"Fn::Select": [0, attribute("Vpc", "Ipv6CidrBlocks")]}, 2, 64]}
        for number, subnet in enumerate(("Instances", "Endpoints")):
            made[subnet]["DependsOn"] = "Block"
            made[subnet]["Properties"] |= {"Ipv6CidrBlock": {"Fn::Select": [number, blocks]}, "AssignIpv6AddressOnCreation": True}
        made["Instances"]["Properties"]["Ipv6Native"] = True
    if kind == "network-acl":
        made["Acl"] = vpc_part("NetworkAcl")
        for name, number, egress, action, ports in (("AclOut443", 90, True, "deny", {"From": 443, "To": 443}), ("AclOut", 100, True, "allow", None), ("AclIn", 100, False, "allow", None)):
            made[name] = {"Type": "AWS::EC2::NetworkAclEntry", "Properties": {
                "NetworkAclId": ref("Acl"), "RuleNumber": number, "Egress": egress, "RuleAction": action, "CidrBlock": "0.0.0.0/0",
                "Protocol": 6 if ports else -1, **({"PortRange": ports} if ports else {})}}
        made["AclOfInstances"] = {"Type": "AWS::EC2::SubnetNetworkAclAssociation", "Properties": {"SubnetId": ref("Instances"), "NetworkAclId": ref("Acl")}}
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
    """The CloudFormation template of one VPC and the instances of its cases. `user_data` is base64."""
    made = network(kind) | roles(case.role for case in cases)
    six = kind == "ipv6-only"
    for case in cases:
        for architecture, (instance_type, _) in ARCHITECTURES.items():
            name = identifier(case, architecture)
            launch = {
                "ImageId": ref(f"Image{architecture.replace('_', '')}"), "InstanceType": instance_type, "UserData": user_data,
                "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": case.hop_limit, **({"HttpProtocolIpv6": "enabled"} if six else {})},
                "BlockDeviceMappings": [{"DeviceName": "/dev/sdf", "Ebs": {"SnapshotId": ref("Snapshot"), "VolumeType": "gp3", "DeleteOnTermination": True}}],
                "CreditSpecification": {"CpuCredits": "standard"},
                "NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": ref("Instances"), "Groups": [ref("ClosedGroup" if case.group == "closed" else "OpenGroup")],
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
