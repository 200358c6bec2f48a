# SPDX-License-Identifier: Apache-2.0
"""A real VPC as the acceptance kit recorded it (docs/acceptance.md): the world then answers the same.

FOLDER/answers.json has what IMDS and the services answered, byte for byte. How a resolver failed, which addresses were silent and what
signed requests were told is in FOLDER/report.json, since the kit handles no credentials. Recorded addresses become the lab's: those of
the own subnet are in zone a, other private ones in zone b.
"""

import json
import os

from . import world as w
from .dns import SERVFAIL
from .faults import metadata, names
from .faults.registry import TABLE
from .instance import AGENT_CONFIGURATION
from .policies import KINDS

_OWN_HEADERS = ("date", "connection", "content-length", "content-type", "transfer-encoding")


def replay(world, folder):
    """Raises ValueError on a recording that cannot be read, or that has what the lab cannot do again."""
    try:
        answers, facts = (_read(folder, name) for name in ("answers", "report"))
        facts = facts["facts"]
        _region(world, facts)
        _families(world, facts)
        _imds(world, answers)
        for service, endpoint in facts.get("endpoints", {}).items():
            _names(world, service, endpoint, _host(world, facts, service))
            _reaching(world, service, endpoint)
        _permissions(world, facts)
        _services(world, answers)
    except (OSError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"recording {folder}: {type(error).__name__}: {error}") from error


def _read(folder, name):
    with open(os.path.join(folder, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def _region(world, facts):
    world.region = facts.get("plan", {}).get("region", world.region)
    for service in w.SERVICES:
        world.point(service, world.private_addresses(service))


def _families(world, facts):
    world.agent_version = facts.get("agent", {}).get("version") or world.agent_version
    network = facts.get("network", {})
    if not network.get("usable_ipv6"):
        return
    if network.get("usable_ipv4"):
        metadata.with_ipv6(world)
    else:
        metadata.ipv6_only(world)
    if _host(world, facts, "ssm") == world.name("ssm"):  # unless the agent was told to use dual-stack names
        world.files.pop(AGENT_CONFIGURATION, None)


def _host(world, facts, service):
    return facts.get("plan", {}).get("services", {}).get(service, {}).get("host") or world.name(service)


def _parsed(text):
    """(status, headers, body) of what `curl -i` wrote; None: no answer."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    lines = head.split("\n")
    if not lines[0].startswith("HTTP/"):
        return None
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split()[1]), headers, body


def _imds(world, answers):
    token = _parsed(answers["imds token"])
    if not token or token[0] != 200:
        world.imds.manner = "disabled" if token and token[0] == 403 else "silent"
        return
    world.role = None
    recorded = {key.removeprefix("imds latest/"): _parsed(text) for key, text in answers.items() if key.startswith("imds latest/")}
    lab = _addresses_of_the_lab(recorded)
    for path, answer in recorded.items():
        if not answer:
            continue
        status, _, body = answer
        for theirs, ours in lab.items():
            body = body.replace(theirs, ours)
        world.imds.instead[path] = body if status == 200 else None if status == 404 else (status, body)
        if path == "meta-data/iam/security-credentials/" and status == 200:
            world.role = body.split("\n")[0]


def _addresses_of_the_lab(recorded):
    """The instance's recorded address and MAC -> the lab's, which its interface has."""
    document = recorded.get("dynamic/instance-identity/document")
    address = json.loads(document[2]).get("privateIp") if document and document[0] == 200 else None
    mac = recorded.get("meta-data/mac")
    return ({f'"{address}"': f'"{w.INSTANCE_ADDRESS}"'} if address else {}) | ({mac[2]: w.MAC} if mac and mac[0] == 200 else {})


def _names(world, service, endpoint, host):
    addresses = [_address_of_the_lab(service, each) for each in endpoint.get("addresses", [])]
    failures = {answer["step"].get("failure") for answer in endpoint.get("answers", []) if answer["step"]["outcome"] == "failed"}
    if addresses:
        world.records[host] = list(dict.fromkeys(addresses))
    elif any(answer.get("addresses") for answer in endpoint.get("answers", [])):
        world.records[host] = world.private_addresses(service)  # of the family that the instance does not have
    elif "nxdomain" in failures:
        world.records.pop(host, None)
    elif failures - {"nodata"}:
        _resolver(world, failures)


def _resolver(world, failures):
    """The rules hold for every name: once is enough."""
    if world.rules.get("router_input") or world.rules.get("router_detour"):
        return
    if "servfail" in failures:
        names.answer_code(world, SERVFAIL)
    elif failures & {"timeout", "dns-refused"}:
        TABLE["vpc-dns-off"].apply(world, "refused" if "dns-refused" in failures else "silent")
    else:
        raise ValueError(f"names: {', '.join(sorted(failures))} cannot be replayed")


def _address_of_the_lab(service, recorded):
    if recorded["place"] == "public":
        return w.public_address(service)
    zone = "a" if recorded["place"] == "own-subnet" else "b"
    return w.address6(service, zone) if ":" in recorded["address"] else w.address(service, zone)


def _reaching(world, service, endpoint):
    for recorded in endpoint.get("addresses", []):
        step, address = recorded["connect"], _address_of_the_lab(service, recorded)
        if step["outcome"] != "failed" or address == w.public_address(service):  # from there no answer comes in the lab
            continue
        verdict = {"timeout": "drop", "refused": "reject with tcp reset"}.get(step["failure"])
        if not verdict:
            raise ValueError(f"{service} at {recorded['address']}: {step['failure']} cannot be replayed")
        world.rule("endpoint_input", f"{'ip6' if ':' in address else 'ip'} daddr {address} tcp dport 443 {verdict}")


def _permissions(world, facts):
    """Each denial by the kind of policy that the service named; what was not asked is allowed."""
    for service, endpoint in facts.get("endpoints", {}).items():
        for action in endpoint.get("actions", []):
            if action.get("permission") == "denied":
                world.service.denied[action["action"]] = _words(action)
            elif action.get("code") in ("UnrecognizedClientException", "ExpiredTokenException", "InvalidClientTokenId"):
                world.service.revoked = action["code"]


def _words(action):
    """The end of the denial's message."""
    by = action["denied_by"].removeprefix("no-").replace("identity-policy", "identity").replace("service-control", "organization")
    kind = KINDS.get(by.removesuffix("-policy").replace("-", "_"))
    if not kind:
        return ""  # the service did not say by what
    return f"with an explicit deny in {kind[1]}" if action.get("explicit_deny") else f"because no {kind[0]} allows the {action['action']} action"


def _services(world, answers):
    for service in w.SERVICES:
        answer = _parsed(answers.get(f"https {world.name(service)}", ""))
        if answer:
            status, headers, body = answer
            kept = {name: value for name, value in headers.items() if name.lower() not in _OWN_HEADERS}
            kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
            world.service.unsigned[service] = (status, kind, kept, body)
