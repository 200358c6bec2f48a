# SPDX-License-Identifier: Apache-2.0
"""The AWS account around the VPC: what a command of the AWS CLI answers, and what it changes in a world.

Only what the remedies of docs/findings say is known, each word of it: another command, option or filter is Unknown. A change is
as literal as the lab can have it: a rule of a security group is a rule in front of the fault's, not the end of the fault.
Answers have the form of the EC2 and IAM API references, and --query is JMESPath as in the CLI.
"""

import ipaddress
import json
import re

import jmespath

from . import policies, world as w

ENDPOINTS_GROUP = "sg-0e1f2a3b4c5d67894"  # shared by all endpoints that have none of their own
ROUTE_TABLE = "rtb-0e1f2a3b4c5d67895"
NETWORK_ACL = "acl-0e1f2a3b4c5d67896"
OWN_ZONE, ENDPOINTS_ZONE = "Z0A1B2C3D4E5F6", "Z7HUB22UULQXV"
CORE = "AmazonSSMManagedInstanceCore"
CHOSEN_ROLE = "ssm-managed-instance"  # what the pages offer as a name of the reader's choice
FLAGS = {"--egress", "--ingress", "--private-dns-enabled", "--reset-policy", "--enable-dns-support", "--enable-dns-hostnames"}


class Unknown(Exception):
    """No command that this stand-in knows: the test must fail."""


class Refused(Exception):
    """An error of the API's, with its code: part of some remedies ("EntityAlreadyExists: it is there")."""


class Account:
    def __init__(self, world):
        self.world = world
        self.groups_open = {ENDPOINTS_GROUP: True} | {group: False for group in world.endpoint_groups.values()}
        self.option_sets = {"dopt-0a": {"domain-name": ["ec2.internal"], "domain-name-servers": list(world.nameservers)}}
        self.acl_numbers = {True: [1, 100], False: [1, 100]}
        self.endpoints = {service: self._endpoint(service) for service in w.SERVICES if self._has_endpoint(service)}
        self.stopped = False
        self.interfaces = {}  # service -> addresses, where they are not those of the healthy world
        self.domain_lists, self.resolver_rules = {}, {}
        attached = world.role or "meta-data/iam/info" in world.imds.instead
        self.roles = {w.ROLE: list(world.service.identity)} if world.role else {}
        if attached and not world.role:
            self.roles[CHOSEN_ROLE] = [CORE]
        deleted = "ProfileNotFound" in (world.imds.instead.get("meta-data/iam/info") or "")
        self.profiles = {w.PROFILE: world.role} if attached and not deleted else {}
        self.associated = w.PROFILE if attached else None

    def run(self, words):
        """The output of one command without its first word, `aws`."""
        if words[1] == "wait":
            words = [words[0], f"wait-{words[2]}", *words[3:]]
        options = _options(words[2:])
        query, form = options.pop("--query", None), options.pop("--output", "json")
        region = options.pop("--region", self.world.region)
        if words[0] != "iam" and region != self.world.region:
            raise Refused(f"Could not connect to the endpoint URL of {region}")
        operation = getattr(self, "_".join(["", *words[:2]]).replace("-", "_"), None)
        if operation is None:
            raise Unknown(f"aws {' '.join(words[:2])}")
        asked = dict(options)
        answer = operation(Taken(asked))
        if asked:
            raise Unknown(f"aws {' '.join(words[:2])} with {', '.join(asked)}")
        if answer is None:
            return ""
        answer = jmespath.search(query, answer) if query else answer
        return _text(answer) if form == "text" else json.dumps(answer, indent=4)

    # --- EC2: looks ---

    def _ec2_describe_instances(self, take):
        take.same("--instance-ids", w.INSTANCE_ID)
        group = {"GroupId": w.SECURITY_GROUP_ID}
        instance = {
            "InstanceId": w.INSTANCE_ID,
            "PrivateIpAddress": w.INSTANCE_ADDRESS,
            "SecurityGroups": [group],
            "SubnetId": w.SUBNET_ID,
            "VpcId": w.VPC_ID,
        }
        return {"Reservations": [{"Instances": [instance]}]}

    def _ec2_describe_regions(self, take):
        return {"Regions": [{"RegionName": name} for name in ("eu-west-3", self.world.region)]}

    def _ec2_describe_vpcs(self, take):
        take.same("--vpc-ids", w.VPC_ID)
        option_set = getattr(self, "option_set", "dopt-0a")
        blocks = [{"CidrBlock": block} for block in self.world.vpc_blocks]
        return {"Vpcs": [{"VpcId": w.VPC_ID, "CidrBlock": w.VPC_CIDR, "CidrBlockAssociationSet": blocks, "DhcpOptionsId": option_set}]}

    def _ec2_describe_vpc_endpoint_services(self, take):
        return {"ServiceNames": [take("--service-names")]}

    def _ec2_describe_vpc_endpoints(self, take):
        found = list(self.endpoints.values())
        if ids := take("--vpc-endpoint-ids", None):
            found = [endpoint for endpoint in found if endpoint["VpcEndpointId"] == ids]
        known = {"vpc-id": "VpcId", "service-name": "ServiceName", "vpc-endpoint-type": "VpcEndpointType"}
        return {"VpcEndpoints": _filtered(found, take, {name: lambda item, key=key: [item[key]] for name, key in known.items()})}

    def _ec2_describe_network_interfaces(self, take):
        found = [
            {
                "NetworkInterfaceId": f"eni-{address}",
                "PrivateIpAddress": address,
                "SubnetId": w.SUBNET_ID,
                "VpcId": w.VPC_ID,
                "Groups": [{"GroupId": group}],
            }
            for address, group in [(w.INSTANCE_ADDRESS, w.SECURITY_GROUP_ID), (w.SECOND_ADDRESS, w.SECOND_GROUP_ID)]
        ]
        found += [
            {
                "NetworkInterfaceId": f"eni-{address}",
                "PrivateIpAddress": address,
                "SubnetId": next(subnet for subnet, zone in w.SUBNETS.items() if zone == _zone(address)),
                "VpcId": w.VPC_ID,
                "InterfaceType": "vpc_endpoint",
                "Groups": endpoint["Groups"],
            }
            for service, endpoint in self.endpoints.items()
            for address in self._interfaces_of(service)
        ]
        known = {"addresses.private-ip-address": lambda item: [item["PrivateIpAddress"]], "vpc-id": lambda item: [item["VpcId"]]}
        return {"NetworkInterfaces": _filtered(found, take, known)}

    def _ec2_describe_security_groups(self, take):
        take("--group-ids")
        return {"SecurityGroups": [{"GroupId": w.SECURITY_GROUP_ID, "IpPermissionsEgress": []}]}

    def _ec2_describe_route_tables(self, take):
        found = [{"RouteTableId": ROUTE_TABLE, "Routes": [{"DestinationCidrBlock": w.VPC_CIDR, "GatewayId": "local"}]}]
        known = {"association.subnet-id": lambda item: [w.SUBNET_ID], "vpc-id": lambda item: [w.VPC_ID]}
        return {"RouteTables": _filtered(found, take, known)}

    def _ec2_describe_network_acls(self, take):
        entries = [
            {"Egress": egress, "RuleNumber": number} for egress, numbers in self.acl_numbers.items() for number in (*numbers, 32767)
        ]
        found = [{"NetworkAclId": NETWORK_ACL, "VpcId": w.VPC_ID, "Entries": entries}]
        take("--network-acl-ids", None)
        known = {"association.subnet-id": lambda item: [w.SUBNET_ID], "vpc-id": lambda item: [w.VPC_ID]}
        return {"NetworkAcls": _filtered(found, take, known)}

    def _ec2_describe_dhcp_options(self, take):
        option_set = self.option_sets[take("--dhcp-options-ids")]
        values = [{"Key": key, "Values": [{"Value": value} for value in of]} for key, of in option_set.items()]
        return {"DhcpOptions": [{"DhcpConfigurations": values}]}

    # --- EC2: changes ---

    def _ec2_reboot_instances(self, take):
        take.same("--instance-ids", w.INSTANCE_ID)

    def _ec2_stop_instances(self, take):
        take.same("--instance-ids", w.INSTANCE_ID)
        self.stopped = True

    def _ec2_wait_instance_stopped(self, take):
        take.same("--instance-ids", w.INSTANCE_ID)
        if not self.stopped:
            raise Refused("Max attempts exceeded")

    def _ec2_start_instances(self, take):
        """On another host, whose metadata service answers; a running instance stays where it is."""
        take.same("--instance-ids", w.INSTANCE_ID)
        if self.stopped:
            self.stopped = False
            self.world.imds.manner = "normal" if self.world.imds.manner == "silent" else self.world.imds.manner
            self._rule("router_input", f"ip daddr {w.IMDS} tcp dport 80 accept")
            self._rule("router_input", f"ip6 daddr {w.IMDS6} tcp dport 80 accept")

    def _ec2_create_dhcp_options(self, take):
        made = {each["Key"]: each["Values"] for each in json.loads(take("--dhcp-configurations"))}
        name = f"dopt-0{len(self.option_sets)}"
        self.option_sets[name] = made
        return {"DhcpOptions": {"DhcpOptionsId": name}}

    def _ec2_associate_dhcp_options(self, take):
        """And the instance's next lease."""
        take.same("--vpc-id", w.VPC_ID)
        self.option_set = take("--dhcp-options-id")
        servers = self.option_sets[self.option_set]["domain-name-servers"]
        self.world.nameservers = [w.RESOLVER if server == "AmazonProvidedDNS" else server for server in servers]
        self.world.files.pop("/etc/resolv.conf", None)

    def _ec2_modify_vpc_attribute(self, take):
        take.same("--vpc-id", w.VPC_ID)
        if take("--enable-dns-support", None):
            asked = f"ip daddr {{ {w.RESOLVER}, {w.RESOLVER_LINK_LOCAL} }} meta l4proto {{ tcp, udp }} th dport 53 accept"
            self._rule("router_input", asked)
            self._rule("router_detour", asked)
        else:
            take("--enable-dns-hostnames")

    def _ec2_modify_instance_metadata_options(self, take):
        take.same("--instance-id", w.INSTANCE_ID)
        imds = self.world.imds
        if (limit := take("--http-put-response-hop-limit", None)) is not None:
            imds.put_ttl = int(limit)
        if take("--http-endpoint", None) == "enabled" and imds.manner == "disabled":
            imds.manner = "normal"
        take("--http-tokens", None)

    def _ec2_create_security_group(self, take):
        take.same("--vpc-id", w.VPC_ID)
        name = take("--group-name")
        take("--description")
        self.groups_open[f"sg-{name}"] = False
        return {"GroupId": f"sg-{name}"}

    def _ec2_authorize_security_group_ingress(self, take):
        group = take("--group-id")
        if group not in self.groups_open:
            raise Refused("InvalidGroup.NotFound")
        sources, port = self._permission(take)
        self.groups_open[group] = True
        for source in sources:
            for family, addresses in self._addresses_behind(group).items():
                if addresses and family == _family(source):
                    self._rule(
                        "endpoint_input",
                        f"{family} saddr {source} {family} daddr {{ {', '.join(addresses)} }} meta l4proto tcp "
                        f"ct original proto-dst {port} accept",
                    )

    def _ec2_authorize_security_group_egress(self, take):
        take.same("--group-id", w.SECURITY_GROUP_ID)
        targets, port = self._permission(take)
        for target in targets:
            self._rule("instance_egress", f"{_family(target)} daddr {target} tcp dport {port} accept")

    def _ec2_create_network_acl_entry(self, take):
        take.same("--network-acl-id", NETWORK_ACL)
        take.same("--rule-action", "allow")
        take.same("--protocol", "tcp")
        egress, number = bool(take("--egress", None)), int(take("--rule-number"))
        if not egress:
            take("--ingress")
        if number in self.acl_numbers[egress] or not 1 <= number <= 32766:
            raise Refused("NetworkAclEntryAlreadyExists")
        self.acl_numbers[egress].append(number)
        ports = re.fullmatch(r"From=(\d+),To=(\d+)", take("--port-range"))
        block = take("--cidr-block", None) or take("--ipv6-cidr-block")
        way = f'iifname "subnet-a" {_family(block)} daddr' if egress else f'oifname "subnet-a" {_family(block)} saddr'
        self._rule("network_acl", f"{way} {block} tcp dport {ports[1]}-{ports[2]} accept")

    def _ec2_create_vpc_endpoint(self, take):
        take.same("--vpc-id", w.VPC_ID)
        take.same("--vpc-endpoint-type", "Interface")
        take.same("--subnet-ids", w.SUBNET_ID)
        service, group = take("--service-name").rpartition(".")[2], take("--security-group-ids")
        self.endpoints[service] = self._endpoint(service) | {"Groups": [{"GroupId": group}], "PrivateDnsEnabled": False}
        if not self.groups_open.get(group):
            self._rule("endpoint_input", f"ip daddr {{ {', '.join(self._addresses_of(service)['ip'])} }} drop")
        if take("--private-dns-enabled", None):
            self._name(service)

    def _ec2_modify_vpc_endpoint(self, take):
        wanted = take("--vpc-endpoint-id")
        service = next((name for name, each in self.endpoints.items() if each["VpcEndpointId"] == wanted), None)
        if service is None:
            raise Refused("InvalidVpcEndpointId.NotFound")
        if take("--reset-policy", None):
            self.world.service.endpoint.pop(service, None)
        elif subnet := take("--remove-subnet-ids", None):
            self._answer_with(service, [each for each in self._interfaces_of(service) if _zone(each) != w.SUBNETS[subnet]])
        elif subnet := take("--add-subnet-ids", None):
            if any(_zone(each) == w.SUBNETS[subnet] for each in self._interfaces_of(service)):
                raise Refused("DuplicateSubnetsInSameZone")
            self._answer_with(service, [*self._interfaces_of(service), w.new_address(service, w.SUBNETS[subnet])])
        elif take("--ip-address-type", None) == "dualstack":
            take.same("--dns-options", "DnsRecordIpType=dualstack")
            for name in (self.world.name(service), self.world.dual_stack_name(service)):
                self.world.records[name] = sum(self._addresses_of(service).values(), [])
        else:
            take("--private-dns-enabled")
            self._name(service)

    # --- EC2: instance profiles ---

    def _ec2_describe_iam_instance_profile_associations(self, take):
        found = [{"AssociationId": "iip-assoc-0a", "InstanceId": w.INSTANCE_ID}] if self.associated else []
        for each in found:
            each["IamInstanceProfile"] = {"Arn": f"arn:aws:iam::{w.ACCOUNT}:instance-profile/team/{self.associated}"}
        known = {"instance-id": lambda item: [item["InstanceId"]]}
        return {"IamInstanceProfileAssociations": _filtered(found, take, known)}

    def _ec2_associate_iam_instance_profile(self, take):
        take.same("--instance-id", w.INSTANCE_ID)
        if self.associated:
            raise Refused("IncorrectState: There is an existing association")
        self._attach(take)

    def _ec2_replace_iam_instance_profile_association(self, take):
        take.same("--association-id", "iip-assoc-0a")
        self._attach(take)

    def _attach(self, take):
        name = take("--iam-instance-profile").removeprefix("Name=")
        if name not in self.profiles:
            raise Refused("InvalidParameterValue: Invalid IAM Instance Profile name")
        self.associated = name
        self.world.service.revoked = None
        self.world.imds.instead.pop(f"meta-data/iam/security-credentials/{w.ROLE}", None)
        self._roles_changed()

    # --- IAM ---

    def _iam_create_role(self, take):
        name, trust = take("--role-name"), json.loads(take("--assume-role-policy-document"))
        if name in self.roles:
            raise Refused("EntityAlreadyExists")
        _must_trust_ec2(trust)
        self.roles[name] = []

    def _iam_attach_role_policy(self, take):
        self._role(take).append(take("--policy-arn").removeprefix("arn:aws:iam::aws:policy/"))
        self._roles_changed()

    def _iam_list_attached_role_policies(self, take):
        return {"AttachedPolicies": [{"PolicyName": name, "PolicyArn": _arn(name)} for name in self._of_role(take, written=False)]}

    def _iam_list_role_policies(self, take):
        return {"PolicyNames": self._of_role(take, written=True)}

    def _iam_get_role_policy(self, take):
        name = self._named(self._of_role(take, written=True), take("--policy-name"))
        return {"PolicyDocument": policies.load(name)}

    def _iam_delete_role_policy(self, take):
        role = self._role(take)
        role.remove(self._named(self.world.service.written_in, take("--policy-name")))
        self._roles_changed()

    def _iam_detach_role_policy(self, take):
        role = self._role(take)
        name = self._named(role, take("--policy-arn").rpartition("/")[2])
        if name in self.world.service.written_in:
            raise Refused("NoSuchEntity")
        role.remove(name)
        self._roles_changed()

    def _iam_simulate_principal_policy(self, take):
        role = self.roles[take("--policy-source-arn").rpartition("/")[2]]
        results = []
        for action in take("--action-names").split():
            denied = policies.denial(action, {"identity": role})
            by = [name for name in role if "explicit" in (policies.denial(action, {"identity": [name]}) or "")]
            decision = "allowed" if denied is None else "explicitDeny" if by else "implicitDeny"
            matched = [{"SourcePolicyId": name} for name in by]
            results.append({"EvalActionName": action, "EvalDecision": decision, "MatchedStatements": matched})
        return {"EvaluationResults": results}

    def _iam_create_instance_profile(self, take):
        name = take("--instance-profile-name")
        if name in self.profiles:
            raise Refused("EntityAlreadyExists")
        self.profiles[name] = None

    def _iam_add_role_to_instance_profile(self, take):
        profile, role = take("--instance-profile-name"), take("--role-name")
        if profile not in self.profiles or role not in self.roles:
            raise Refused("NoSuchEntity")
        if self.profiles[profile]:
            raise Refused("LimitExceeded: Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
        self.profiles[profile] = role
        self._roles_changed()

    def _iam_get_role(self, take):
        arn = f"arn:aws:iam::{w.ACCOUNT}:role/{take.options.get('--role-name')}"
        self._role(take)
        boundary = {"PermissionsBoundaryArn": f"arn:aws:iam::{w.ACCOUNT}:policy/boundary"}
        return {"Role": {"Arn": arn, "AssumeRolePolicyDocument": {}, "PermissionsBoundary": boundary if self.world.service.boundary else None}}

    def _iam_get_policy(self, take):
        take("--policy-arn")
        return {"Policy": {"DefaultVersionId": "v1"}}

    def _iam_get_policy_version(self, take):
        name = take("--policy-arn").rpartition("/")[2]
        take.same("--version-id", "v1")
        return {"PolicyVersion": {"Document": {} if name == "boundary" else policies.load(name)}}

    def _iam_delete_role_permissions_boundary(self, take):
        self._role(take)
        self.world.service.boundary = None

    def _iam_update_assume_role_policy(self, take):
        self._role(take)
        _must_trust_ec2(json.loads(take("--policy-document")))
        self.world.imds.instead.pop(f"meta-data/iam/security-credentials/{w.ROLE}", None)

    # --- Organizations ---

    def _organizations_list_parents(self, take):
        take.same("--child-id", w.ACCOUNT)
        return {"Parents": [{"Id": w.UNIT, "Type": "ORGANIZATIONAL_UNIT"}]}

    def _organizations_list_policies_for_target(self, take):
        of = self._control_policies()[take("--filter")]
        target = take("--target-id")
        if target not in (w.ACCOUNT, w.UNIT):
            raise Refused("TargetNotFoundException")
        own = of if target == self.world.service.organization_target else ["FullAWSAccess"]
        return {"Policies": [{"Id": f"p-{name}", "Name": name, "AwsManaged": name == "FullAWSAccess"} for name in own]}

    def _organizations_describe_policy(self, take):
        name = self._named(sum(self._control_policies().values(), []), take("--policy-id").removeprefix("p-"))
        return {"Policy": {"Content": json.dumps(policies.load(name))}}

    def _organizations_update_policy(self, take):
        name, content = take("--policy-id").removeprefix("p-"), json.loads(take("--content"))
        own = next((of for of in self._control_policies().values() if name in of), [])
        own[own.index(self._named(own, name))] = content

    def _control_policies(self):
        service = self.world.service
        return {"SERVICE_CONTROL_POLICY": service.organization, "RESOURCE_CONTROL_POLICY": service.resource_control}

    # --- Systems Manager ---

    def _ssm_describe_instance_information(self, take):
        take.same("--filters", f"Key=InstanceIds,Values={w.INSTANCE_ID}")
        return {"InstanceInformationList": []}

    # --- Route 53 Resolver ---

    def _route53resolver_list_firewall_rule_group_associations(self, take):
        take.same("--vpc-id", w.VPC_ID)
        return {"FirewallRuleGroupAssociations": [{"FirewallRuleGroupId": "rslvr-frg-0a"}]}

    def _route53resolver_list_resolver_rule_associations(self, take):
        found = [{"VPCId": w.VPC_ID, "ResolverRuleId": "rslvr-rr-0a", "Name": "all"}] if self.world.resolver.rcode else []
        return {"ResolverRuleAssociations": _filtered(found, take, {"VPCId": lambda item: [item["VPCId"]]})}

    def _route53resolver_create_resolver_rule(self, take):
        take.same("--rule-type", "SYSTEM")
        take("--name")
        name = f"rslvr-rr-{take('--creator-request-id')}"
        self.resolver_rules[name] = take("--domain-name")
        return {"ResolverRule": {"Id": name}}

    def _route53resolver_associate_resolver_rule(self, take):
        take.same("--vpc-id", w.VPC_ID)
        self.world.resolver.handed_back = self.resolver_rules[take("--resolver-rule-id")]

    def _route53_list_hosted_zones_by_vpc(self, take):
        take.same("--vpc-id", w.VPC_ID)
        take.same("--vpc-region", self.world.region)
        zones = [{"HostedZoneId": "Z0OTHER", "Name": "corp.example.com.", "Owner": {"OwningAccount": w.ACCOUNT}}]
        for service, endpoint in self.endpoints.items():
            if endpoint["PrivateDnsEnabled"]:
                zones.append({"HostedZoneId": f"Z0{service}", "Name": f"{self.world.name(service)}.",
                              "Owner": {"OwningService": "vpce.amazonaws.com"}})
        if self.world.own_records:
            zones.append({"HostedZoneId": OWN_ZONE, "Name": f"{self.world.region}.{self.world.domain}.", "Owner": {"OwningAccount": w.ACCOUNT}})
        return {"HostedZoneSummaries": zones}

    def _route53_list_resource_record_sets(self, take):
        take.same("--hosted-zone-id", OWN_ZONE)
        world = self.world
        records = [{"Name": f"{world.name(of)}.", "Type": "A", "ResourceRecords": world.records[world.name(of)]} for of in world.own_records]
        return {"ResourceRecordSets": records}

    def _route53_change_resource_record_sets(self, take):
        """An alias to an endpoint leads to where its interfaces are now."""
        take.same("--hosted-zone-id", OWN_ZONE)
        form = (r"Changes=\[\{Action=UPSERT,ResourceRecordSet=\{Name=([^,]+),Type=A,AliasTarget="
                r"\{DNSName=([^,]+),HostedZoneId=([^,]+),EvaluateTargetHealth=false\}\}\}\]")
        name, target, zone = re.fullmatch(form, take("--change-batch")).groups()
        service = next((each for each, endpoint in self.endpoints.items() if endpoint["DnsEntries"][0]["DnsName"] == target), None)
        if service is None or zone != ENDPOINTS_ZONE or name != self.world.name(service):
            raise Refused("InvalidChangeBatch")
        self._answer_with(service, self._interfaces_of(service))
        self.world.own_records.discard(service)

    def _route53resolver_create_firewall_domain_list(self, take):
        self.domain_lists["rslvr-fdl-0a"] = []
        take("--name")
        return {"FirewallDomainList": {"Id": "rslvr-fdl-0a"}}

    def _route53resolver_update_firewall_domains(self, take):
        take.same("--operation", "ADD")
        self.domain_lists[take("--firewall-domain-list-id")] += take("--domains").split()

    def _route53resolver_create_firewall_rule(self, take):
        take.same("--firewall-rule-group-id", "rslvr-frg-0a")
        take.same("--action", "ALLOW")
        take("--priority")
        take("--name")
        allowed = self.domain_lists[take("--firewall-domain-list-id")]
        for service in w.SERVICES:
            if self.world.name(service) in allowed:
                self._name(service)

    # --- what they share ---

    def _has_endpoint(self, service):
        world = self.world
        private = world.private_addresses(service)
        return world.records.get(world.name(service), private) == private or service in world.unnamed_endpoints

    def _endpoint(self, service):
        return {
            "VpcEndpointId": f"vpce-0{service}",
            "VpcEndpointType": "Interface",
            "VpcId": w.VPC_ID,
            "ServiceName": f"com.amazonaws.{self.world.region}.{service}",
            "Groups": [{"GroupId": self.world.endpoint_groups.get(service, ENDPOINTS_GROUP)}],
            "PrivateDnsEnabled": service not in self.world.unnamed_endpoints,
            "PolicyDocument": "{}",
            "DnsEntries": [{"DnsName": f"vpce-0{service}.{service}.{self.world.region}.vpce.amazonaws.com", "HostedZoneId": ENDPOINTS_ZONE}],
        }

    def _name(self, service):
        self.endpoints[service]["PrivateDnsEnabled"] = True
        self.world.point(service, self.world.private_addresses(service))

    def _interfaces_of(self, service):
        """Where a record of the account's own gives other addresses, the endpoint was made anew since."""
        if service in self.world.own_records:
            return [w.new_address(service, zone) for zone in self.world.endpoint_zones]
        return self.interfaces.get(service, self.world.private_addresses(service))

    def _answer_with(self, service, addresses):
        self.interfaces[service] = addresses
        self.world.point(service, addresses)

    def _rule(self, chain, text):
        self.world.rules.setdefault(chain, []).insert(0, text)

    def _addresses_of(self, service):
        zones = self.world.endpoint_zones
        return {"ip": self.world.private_addresses(service), "ip6": [w.address6(service, zone) for zone in zones]}

    def _addresses_behind(self, group):
        behind = [service for service, each in self.endpoints.items() if each["Groups"][0]["GroupId"] == group]
        return {
            family: [address for service in behind for address in self._addresses_of(service)[family]] for family in ("ip", "ip6")
        }

    def _permission(self, take):
        """(address blocks, port) of a rule."""
        if written := take("--ip-permissions", None):
            found = re.fullmatch(
                r"IpProtocol=tcp,FromPort=(\d+),ToPort=\1,(?:IpRanges=\[\{CidrIp|Ipv6Ranges=\[\{CidrIpv6)=([^}]+)\}\]", written
            )
            return [found[2]], found[1]
        take.same("--protocol", "tcp")
        port = take("--port")
        if block := take("--cidr", None):
            return [block], port
        group = take("--source-group")
        members = {w.SECURITY_GROUP_ID: [w.INSTANCE_ADDRESS, w.INSTANCE_ADDRESS6], w.SECOND_GROUP_ID: [w.SECOND_ADDRESS]}
        return members[group], port

    def _role(self, take):
        name = take("--role-name")
        if name not in self.roles:
            raise Refused("NoSuchEntity")
        return self.roles[name]

    def _of_role(self, take, written):
        """The policies of a role that have a name: written into it, or attached."""
        written_in = self.world.service.written_in
        return [name for name in self._role(take) if isinstance(name, str) and (name in written_in) == written]

    @staticmethod
    def _named(names, name):
        if name not in names:
            raise Refused("NoSuchEntity")
        return name

    def _roles_changed(self):
        role = self.profiles.get(self.associated)
        if role:
            self.world.role = role
            self.world.service.identity = self.roles[role]
            self.world.imds.instead.pop("meta-data/iam/info", None)


class Taken:
    """Takes options away one by one, so that what was not looked at is left."""

    def __init__(self, options):
        self.options = options

    def __call__(self, name, *default):
        if name not in self.options and not default:
            raise Unknown(f"{name} is missing")
        return self.options.pop(name, *default)

    def same(self, name, value):
        given = self(name)
        if given != value:
            raise Refused(f"{name} is {given}, and the lab has {value}")


def _options(words):
    found, name = {}, None
    for word in words:
        if word.startswith("--"):
            name = word
            found[name] = True if word in FLAGS else ""
        elif name is None or found[name] is True:
            raise Unknown(f"a word in a wrong place: {word}")
        else:
            found[name] = f"{found[name]} {word}".strip()
    return found


def _filtered(items, take, known):
    for each in take("--filters", "").split():
        name, value = re.fullmatch(r"Name=([^,]+),Values=(.*)", each).groups()
        if name == "association.main":
            continue
        if name not in known:
            raise Unknown(f"a filter {name}")
        items = [item for item in items if set(value.split(",")) & set(known[name](item))]
    return items


def _text(answer):
    """As --output text writes it: a list is a line, its lists are lines of their own."""
    if isinstance(answer, list):
        inner = [each for each in answer if isinstance(each, (list, dict))]
        return "\n".join(map(_text, inner)) if inner else "\t".join(map(_text, answer))
    return json.dumps(answer) if isinstance(answer, dict) else str(answer)


def _zone(address):
    return next(zone for zone, network in w.ZONES.items() if address.startswith(f"{network}."))


def _arn(policy):
    return f"arn:aws:iam::{'aws' if policy.startswith('Amazon') else w.ACCOUNT}:policy/{policy}"


def _family(address):
    return "ip6" if ipaddress.ip_network(address).version == 6 else "ip"


def _must_trust_ec2(document):
    if not any(each["Principal"] == {"Service": "ec2.amazonaws.com"} for each in document["Statement"]):
        raise Refused("MalformedPolicyDocument: EC2 is not the principal")
