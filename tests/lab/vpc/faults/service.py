# SPDX-License-Identifier: Apache-2.0
"""The services' answers: policies, signatures, proxies, and trouble of the services' own."""

from .. import world as w
from ..policies import load, without
from .registry import choice, fault, service_known
from .tls import lead_to


@fault("policy-missing", "no identity-based policy allows anything of Systems Manager", "policy-missing")
def _(world):
    world.service.identity = ["AmazonS3ReadOnlyAccess"]


@fault(
    "policy-incomplete",
    "the role's policy lacks an action; several faults of this kind add up",
    "policy-incomplete",
    "[ACTION (ssmmessages:CreateControlChannel), as SERVICE:NAME]",
)
def _(world, service="ssmmessages", name="CreateControlChannel"):
    action = f"{service}:{name}"
    if not any(action in statement["Action"] for statement in load("AmazonSSMManagedInstanceCore")["Statement"]):
        raise ValueError(f"AmazonSSMManagedInstanceCore does not grant {action}")
    world.service.identity = [without(document, action) for document in world.service.identity]


@fault(
    "policy-sessions-only",
    "the role's policy is AWS's minimum for Session Manager: five actions, as in AWSCloud9SSMInstanceProfile; or the first of these alone",
    "policy-incomplete",
    "[five|one]",
)
def _(world, variant="five"):
    only = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ssm:UpdateInstanceInformation"], "Resource": "*"}]}
    world.service.identity = ["AWSCloud9SSMInstanceProfile" if choice(variant, "five", "one") == "five" else only]


@fault("denied-explicitly", "an identity-based policy denies Systems Manager; it is attached to the role, or written into it",
       "denied-explicitly", "[attached|written-in]")
def _(world, way="attached"):
    world.service.identity.append("DenySystemsManager")
    if choice(way, "attached", "written-in") == "written-in":
        world.service.written_in.append("DenySystemsManager")


@fault(
    "denied-by-endpoint-policy",
    "the VPC endpoint policy does not allow it, or denies it",
    "denied-by-endpoint-policy",
    "[SERVICE (all)[:implicit|explicit]]",
)
def _(world, service="all", variant="implicit"):
    policy = {"implicit": "EndpointForS3Only", "explicit": "EndpointDenySystemsManager"}[variant]
    for each in service_known(service):
        world.service.endpoint[each] = [policy]


@fault("denied-by-boundary", "the role's permissions boundary does not allow it", "denied-by-boundary")
def _(world):
    world.service.boundary = ["BoundaryForS3Only"]


@fault(
    "denied-by-organization",
    "a service (scp) or resource (rcp) control policy denies it; the account's own, or (unit) that of the unit above it",
    "denied-by-organization",
    "[scp|rcp|unit]",
)
def _(world, variant="scp"):
    if choice(variant, "scp", "rcp", "unit") != "rcp":
        world.service.organization.append("DenySystemsManager")
        world.service.organization_target = w.ACCOUNT if variant == "scp" else w.UNIT
    else:
        world.service.resource_control.append("DenySystemsManager")


@fault("denied", "denied, and the service gives no reason, or one in words that nobody knows, or a session policy", "denied",
       "[none|odd|session]")
def _(world, variant="none"):
    world.service.identity = ["AmazonS3ReadOnlyAccess"]
    world.service.reason = choice(variant, "none", "odd", "session")


@fault(
    "signature-rejected",
    "the services find every signature wrong, and the clock is right: something rewrites requests",
    "signature-rejected",
)
def _(world):
    world.service.revoked = "InvalidSignatureException"


@fault(
    "proxy-answer", "a proxy answers in the services' place: 407, or 502 as a gateway", "proxy-in-the-way", "[407|502]"
)
def _(world, status="407"):
    for service in service_known("all"):
        world.service.manner[service] = {"407": "proxy", "502": "proxy-gateway"}[status]


_SAYS = ("moved", "elsewhere", "temporary", "page", "wall", "empty", "bare-400", "bare-403", "bad-gateway", "time-out", "slow-down",
         "not-here")


@fault("service-says", "something answers in a service's place, or the service in an odd way; for ever, or the first N answers",
       "proxy-in-the-way", f"[{'|'.join(_SAYS)}[:SERVICE (all)[:N]]]")
def _(world, manner="page", service="all", count=""):
    for each in service_known(service):
        world.service.manner[each] = choice(manner, *_SAYS)
        if count:
            world.service.manner_left[each] = int(count)


@fault("websocket-refused", "a proxy opens TLS, passes requests and does not know what would become a websocket", "proxy-in-the-way",
       "[refuses-upgrade|bad-gateway|hang|page]")
def _(world, manner="refuses-upgrade"):
    world.corporate_authority = True
    lead_to(world, "all", "intercepted")
    world.service.upgrade = choice(manner, "refuses-upgrade", "bad-gateway", "hang", "page")


@fault("dates-rewritten", "a proxy opens TLS, and rewrites the Date of every answer by so many seconds", "tls-intercepted",
       "[SECONDS (-1200)]")
def _(world, seconds="-1200"):
    world.corporate_authority = True
    lead_to(world, "all", "intercepted")
    world.service.dates_off_s = int(seconds)


@fault("channel-token", "CreateControlChannel succeeds, and gives no token, one in JSON, or with a status of 200: no service's way; or a "
       "page answers it alone, with 200 or 403", "unexplained", "[none|json|status|page|wall]")
def _(world, form="none"):
    world.service.token = choice(form, "none", "json", "status", "page", "wall")


@fault("throttled-as", "signed calls are throttled in another form, the first N or for ever", "service-unavailable",
       "[CODE (RequestLimitExceeded)[:STATUS (400)[:N[:SERVICE (all)]]]]")
def _(world, code="RequestLimitExceeded", status="400", count="-1", service="all"):
    world.service.throttle = (int(status), code)
    for each in service_known(service):
        world.service.throttled[each] = int(count)


@fault("slow-body", "the last byte of an answer comes so many milliseconds (20000) after its head", "slow-endpoint",
       "[SERVICE (ssm)[:MILLISECONDS]]")
def _(world, service="ssm", milliseconds="20000"):
    for each in service_known(service):
        world.service.drip_s[each] = int(milliseconds) / 1000


@fault("service-unavailable", "503 (or 500) from the services; or sometimes: each second answer is one", "service-unavailable",
       "[SERVICE (all)[:503|500|sometimes]]")
def _(world, service="all", status="503"):
    for each in service_known(service):
        world.service.manner[each] = {"503": "unavailable", "500": "internal", "sometimes": "sometimes"}[status]


@fault(
    "service-throttled",
    "signed calls are throttled, the first N or for ever",
    "service-unavailable",
    "[SERVICE (all)[:N]]",
)
def _(world, service="all", count="-1"):
    for each in service_known(service):
        world.service.throttled[each] = int(count)


@fault("service-hang", "the service takes requests and answers none", "service-unavailable", "[SERVICE (all)]")
def _(world, service="all"):
    for each in service_known(service):
        world.service.manner[each] = "hang"


@fault(
    "service-garbage", "the answers are no service's (or endless)", "proxy-in-the-way", "[SERVICE (all)[:garbage|huge]]"
)
def _(world, service="all", variant="garbage"):
    for each in service_known(service):
        world.service.manner[each] = choice(variant, "garbage", "huge")


@fault(
    "slow-endpoint",
    "a service takes so many milliseconds (2500) to answer",
    "slow-endpoint",
    "[SERVICE (ssm)[:MILLISECONDS]]",
)
def _(world, service="ssm", milliseconds="2500"):
    for each in service_known(service):
        world.service.delay_s[each] = int(milliseconds) / 1000
