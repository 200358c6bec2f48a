# SPDX-License-Identifier: Apache-2.0
"""The command line of the lab."""

import argparse
import os
import signal
import sys

from . import faults, slope, terminal, world as w
from .client import BINARY, Lab, LabError

EPILOG = """examples:
  lab run check                                     the program in a healthy VPC
  lab run --fault private-dns-off check
  lab run --fault endpoint-blocks-443:ssm check --output json
  lab run --exec -- curl -sv https://ssm.us-east-1.amazonaws.com/
  lab slope check                                   how many round trips it takes
  lab shell --fault imds-disabled                   then: ssm-preflight wait & lab-fault fix imds-disabled
"""


def main(arguments=None):
    options = _parser().parse_args(arguments)
    if options.list_faults or options.verb == "list-faults":
        return _list_faults()
    if options.verb is None:
        _parser().print_help()
        return 2
    try:
        if options.verb == "slope":
            slope.show(slope.fit(_arguments(options), _settings(options), options.fault, options.binary))
            return 0
        with Lab(options.fault, options.binary, _settings(options), options.logs) as lab:
            return terminal.shell(lab) if options.verb == "shell" else _run(lab, options)
    except (LabError, ValueError) as error:
        print(f"lab: {error.args[0]}", file=sys.stderr)
        if os.environ.get("LAB_DEBUG"):
            print(*error.args[1:], sep="\n", file=sys.stderr)
        return 2


def _parser():
    parser = argparse.ArgumentParser(
        prog="lab",
        description="A private VPC in network namespaces, with an instance in it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list-faults", action="store_true", help="every fault, what it is, and the finding expected")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    run = verbs.add_parser("run", help="run the program on the instance, and exit as it does")
    shell = verbs.add_parser("shell", help="a shell on the instance")
    trips = verbs.add_parser("slope", help="run the program at several delays, and fit how many round trips it takes")
    verbs.add_parser("list-faults", help="the same as --list-faults")
    for each in (run, shell, trips):
        each.add_argument("--fault", action="append", default=[], metavar="NAME[:ARGUMENT]", help="may be repeated")
        each.add_argument("--binary", default=BINARY, help="the program (build/ssm-preflight)")
        each.add_argument("--region", help="short for --setting region=")
        each.add_argument("--delay", metavar="MS", help="short for --setting delay=")
        each.add_argument(
            "--setting",
            action="append",
            default=[],
            metavar="KEY=VALUE",
            help="; ".join(f"{key}: {about}" for key, (_, about) in w.SETTINGS.items()),
        )
        each.add_argument("--logs", metavar="FOLDER", help="keep the servers' logs there")
    run.add_argument("--exec", action="store_true", help="ARGS are a whole command")
    run.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="a variable for the program")
    for each in (run, trips):
        each.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS")
    return parser


def _settings(options):
    settings = {}
    for setting in options.setting:
        key, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--setting {setting}: KEY=VALUE is wanted")
        settings[key] = value
    short = {"region": options.region, "delay": options.delay}
    return settings | {key: value for key, value in short.items() if value}


def _arguments(options):
    return options.args[1:] if options.args[:1] == ["--"] else options.args


def _run(lab, options):
    arguments = _arguments(options)
    program = None
    if options.exec:
        if not arguments:
            raise ValueError("--exec needs a command")
        program, *arguments = arguments
    environment = {
        name: os.environ[name] for name in ("TERM", "LANG", "LC_ALL", "NO_COLOR", "COLUMNS") if name in os.environ
    }
    environment |= dict(variable.split("=", 1) for variable in options.env)
    passed_on = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
    if os.isatty(0):
        passed_on.remove(signal.SIGINT)  # Ctrl-C reaches the program by itself: it is in the same group
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, passed_on)
    running = lab.start(arguments, program, environment, 0, 1, 2, terminal="caller's")
    for number in passed_on:
        signal.signal(number, lambda received, _: running.signal(received))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, passed_on)
    done = running.wait()
    if done.stderr:
        print(f"lab: {done.stderr.strip()}", file=sys.stderr)
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _list_faults():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` is no error
    for fault in faults.TABLE.values():
        argument = f"[:{fault.argument.removeprefix('[')}" if fault.argument else ""
        print(f"{fault.name}{argument}\n    {fault.about}\n    finds: {fault.finds or 'nothing above a note'}")
    return 0
