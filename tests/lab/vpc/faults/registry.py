# SPDX-License-Identifier: Apache-2.0
"""The table of faults, filled by the decorator."""

from dataclasses import dataclass, field

from .. import world as w

TABLE = {}


@dataclass(frozen=True)
class Fault:
    name: str
    about: str
    finds: str | None  # the expected finding code
    apply: object
    argument: str = ""  # how to write the arguments
    settings: dict = field(default_factory=dict)


def fault(name, about, finds, argument="", settings=None):
    def register(function):
        if name in TABLE:
            raise ValueError(f"two faults are called {name}")
        TABLE[name] = Fault(name, about, finds, function, argument, settings or {})
        return function

    return register


def service_known(service):
    """The services that an argument names: one, or all that are required."""
    if service == "all":
        return w.REQUIRED
    if service not in w.SERVICES:
        raise ValueError(f"no such service: {service} (there are all, {', '.join(w.SERVICES)})")
    return (service,)


def choice(given, *known):
    if given not in known:
        raise ValueError(f"not known: {given} (there are {', '.join(known)})")
    return given
