# SPDX-License-Identifier: Apache-2.0
"""Every way to break the VPC, by name. A fault changes a healthy World; several may be combined.

A fault is one function, decorated with its name, one line about it, and the code of the finding it should lead to (None: nothing
above a note). Its arguments, when it has any, follow the name after colons: `endpoint-blocks-443:ssmmessages`.
"""

from .. import world as w
from .registry import TABLE
from . import machine, metadata, names, reaching, role, service, tls, written  # noqa: F401  each fills the table
from .. import recording  # noqa: E402  applies some of them

__all__ = ["TABLE", "world"]


def world(settings, specifications):
    """The world with these faults in it. Raises ValueError on what is not understood."""
    chosen = [_parse(specification) for specification in specifications]
    settings = dict(settings)
    for fault, _ in chosen:
        settings |= fault.settings
    made = w.healthy(settings)
    if made.recording:
        recording.replay(made, made.recording)
    for fault, arguments in chosen:
        try:
            fault.apply(made, *arguments)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{fault.name}: wrong argument ({error}); it takes: {fault.argument or 'none'}") from error
    return made


def _parse(specification):
    name, *arguments = specification.split(":")
    if name not in TABLE:
        raise ValueError(f"no such fault: {name} (lab --list-faults shows all)")
    return TABLE[name], arguments
