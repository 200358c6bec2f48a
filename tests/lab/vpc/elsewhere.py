# SPDX-License-Identifier: Apache-2.0
"""Commands of a remedy whose work is done beyond the instance's disk: of the AWS CLI, of a package manager, of chrony; `told` is
what the stand-ins of systemctl and sysctl pass on.

A command is part of what the lab is, as a fault is: it is run again on each world that is made, after the faults.
"""

from . import instance, world as w

PACKAGE = "amazon-ssm-agent"


def run(world, commands):
    """Applies all of them in turn; what the last one says. Raises ValueError when one is refused, or not known."""
    if not commands:
        return ""
    from .account import Account, Refused, Unknown  # and JMESPath, which few labs need

    account, said = Account(world), ""
    for words in commands:
        try:
            said = account.run(words[1:]) if words[0] == "aws" else _on_the_instance(world, words)
        except Refused as error:
            raise ValueError(f"An error occurred: {error}") from error
        except (Unknown, LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"the lab's stand-in does not know this: {words}: {error!r}") from error
    return said


def _on_the_instance(world, words):
    text = " ".join(words)
    if text == "update-ca-certificates --fresh":
        world.bundle = "whole"
    elif text.startswith("chronyc ") and f"add server {w.TIME_SOURCE} " in text and text.split()[-2] == "makestep":
        world.clock_offset_s = 0
    elif text == f"dpkg -i {PACKAGE}.deb":
        world.agent_version = w.AGENT_VERSION
        for path in (*instance.agent(world), instance.PACKAGES):
            world.files.pop(path, None)
    elif text == "told enable systemd-networkd.service" and not world.interface_up:
        healthy = w.World()
        world.interface_up, world.addresses, world.routes = True, healthy.addresses, healthy.routes
    elif text == "told restart systemd-resolved.service":
        world.stub_answers = True
    elif text.startswith("told sysctl fs.inotify.max_user_"):
        world.inotify[words[2].rpartition("_")[2]] = int(words[3])
    elif text == "dpkg --print-architecture":
        return "amd64"
    elif text not in ("dpkg --configure -a", "chronyc tracking") and not text.startswith("told enable "):
        raise LookupError(text)
    return ""
