# SPDX-License-Identifier: Apache-2.0
"""Certificates and handshakes. nginx has a port for each certificate, traps.py one for each broken handshake."""

from .. import world as w
from ..tls import VARIANT_PORT
from ..traps import TRAP_PORT
from .machine import sdk_bundle
from .registry import choice, fault, service_known


def lead_to_port(world, service, port, zone="every"):
    """Another server answers on this service's addresses; `all`: on those of every service. `zone`: on the one there alone."""
    for each in service_known(service):
        every = (w.address(each, "a"), w.address(each, "b"), w.public_address(each), w.other_vpc_address(each))
        for address in every if choice(zone, "every", *w.ZONES) == "every" else (w.address(each, zone),):
            world.rule("endpoint_detour", f"ip daddr {address} tcp dport 443 dnat ip to {address}:{port}")


def lead_to(world, service, variant, zone="every"):
    lead_to_port(world, service, VARIANT_PORT[variant], zone)


@fault(
    "tls-intercepted",
    "a proxy opens TLS: its authority is in the system's bundle only, in what AWS_CA_BUNDLE names only, or in none",
    "tls-intercepted",
    "[installed|sdk|unknown[:SERVICE (all)]]",
)
def _(world, authority="installed", service="all"):
    if choice(authority, "installed", "sdk", "unknown") == "sdk":
        sdk_bundle(world, "corporate")
    world.corporate_authority = authority == "installed"
    lead_to(world, service, "minted" if authority == "unknown" else "intercepted")


@fault("tls-untrusted", "the certificate is signed by itself", "tls-untrusted", "[SERVICE (all)[:ZONE (every)]]")
def _(world, service="all", zone="every"):
    world.own_records.update(service_known(service))
    lead_to(world, service, "self-signed", zone)


@fault("tls-wrong-name", "the certificate is for another name", "tls-wrong-name", "[SERVICE (ssm)]")
def _(world, service="ssm"):
    world.own_records.update(service_known(service))
    lead_to(world, service, "wrong-name")


@fault("tls-expired", "the certificate has expired, and the clock is right", "tls-expired", "[SERVICE (all)]")
def _(world, service="all"):
    world.own_records.update(service_known(service))
    lead_to(world, service, "expired")


@fault(
    "tls-reset", "the connection is reset (or closed) in the handshake", "tls-reset", "[reset|closed[:SERVICE (all)[:ZONE (every)]]]"
)
def _(world, variant="reset", service="all", zone="every"):
    lead_to_port(world, service, TRAP_PORT[choice(variant, "reset", "closed")], zone)


@fault(
    "handshake-cut-at-first",
    "the first handshakes (1) with each address are reset (or closed), all later ones pass",
    "tls-unsteady",
    "[reset|closed[:SERVICE (all)[:NUMBER]]]",
)
def _(world, variant="reset", service="all", number="1"):
    world.handshakes_cut = int(number)
    for zone in w.ZONES:
        lead_to_port(world, service, TRAP_PORT[f"{choice(variant, 'reset', 'closed')}-first"], zone)


@fault("handshake-slow", "each TLS handshake begins so many milliseconds (6000) late", "slow-endpoint", "[SERVICE (all)[:MILLISECONDS]]")
def _(world, service="all", milliseconds="6000"):
    world.handshake_delay_s = int(milliseconds) / 1000
    for zone in w.ZONES:
        lead_to_port(world, service, TRAP_PORT["through"], zone)


@fault(
    "tls-offers",
    "the servers offer only what neither the agent nor we take: CBC suites with SHA-256 or SHA-384, or the curve X448",
    "tls-version",
    "[cbc|x448[:SERVICE (all)]]",
)
def _(world, variant="cbc", service="all"):
    lead_to(world, service, choice(variant, "cbc", "x448"))


_TERMS = ("wildcard", "wildcard-short", "rsa", "no-names", "half-chain", "for-clients", "for-all", "issuer-ended",
          "issuer-renewed", "issuer-respelled", "cbc-sha1", "chacha", "p521",
          "dhe", "static-rsa", "client-asked", "client-certificate")


@fault("tls-terms", "a certificate, or an offer, of which some clients make more than others", None,
       f"[{'|'.join(_TERMS)}[:SERVICE (all)]]")
def _(world, variant="wildcard", service="all"):
    world.corporate_authority = True
    lead_to(world, service, choice(variant, *_TERMS))


@fault("tls-version", "the server knows no TLS version that the client offers", "tls-version", "[SERVICE (all)]")
def _(world, service="all"):
    world.own_records.update(service_known(service))
    lead_to_port(world, service, TRAP_PORT["alert"])


@fault("plain-http-on-443", "a web server without TLS answers", "tls-reset", "[SERVICE (all)]")
def _(world, service="all"):
    lead_to_port(world, service, TRAP_PORT["plain"])


@fault(
    "certificate-expires-soon",
    "the endpoints' certificates end in two days",
    "certificate-expires-soon",
    "[SERVICE (all)]",
)
def _(world, service="all"):
    lead_to(world, service, "expires-soon")
