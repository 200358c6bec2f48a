# SPDX-License-Identifier: Apache-2.0
"""What must hold of every case, whatever was hostile in it."""

import html.parser
import json
import re
import sys
import xml.etree.ElementTree

from vpc.credentials import SECRETS

from case import DEADLINE_MS
from servers import NEEDED

HANG_AFTER_MS = DEADLINE_MS + 100
MEMORY_KIB = 8 * 1024
STATUS_OF = {"ready": 0, "degraded": 0, "not-ready": 1, "unknown": 3}
OUTPUTS = ("terminal", "short", "junit", "prometheus", "commands", "html", "console")
TABBED = ("JSON", "html")  # which holds the JSON
# Controls, C1 controls, what turns or hides text, and what is no character: in no output.
UNESCAPED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]")
MARKUP = re.compile(r"<(script|img|svg|iframe|a [^>]*href=[\"']?javascript)[^>]*HOSTILE", re.IGNORECASE)
AWS_DOMAIN = re.compile(r"(ssm|ssmmessages|ec2messages)\.us-east-1\.amazonaws\.com")
TOKEN_SHOWN = 20  # so many characters of a secret are a leak too


class Kinds:
    """The columns of docs/reliability.md."""

    CRASH, HANG, LEAK, FALSE = "crash", "hang", "leak", "false verdict"


def _strings(value):
    if isinstance(value, dict):
        yield from value
        value = value.values()
    if isinstance(value, str):
        yield value
    elif not isinstance(value, (int, float, type(None))):
        for inner in value:
            yield from _strings(inner)


def _text(data, problems, where):
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.append((Kinds.LEAK, f"{where} is not UTF-8: {error}"))
        text = data.decode("utf-8", "replace")
    found = UNESCAPED.search(text.replace("\t", "") if where in TABBED else text)
    if found:
        around = text[max(0, found.start() - 40) : found.end() + 20]
        problems.append((Kinds.LEAK, f"{where} has {found[0]!r} unescaped: {around!r}"))
    return text


def secrets_in(text, handed_out):
    for secret in [*SECRETS, *handed_out]:
        if secret[:TOKEN_SHOWN] in text and secret[:4] != "AKIA":
            yield f"a secret that begins with {secret[:12]!r}"


def unquoted(line):
    """What of a command line a shell would look at: all that is not between single quotes."""
    left, quoted, at = [], False, 0
    while at < len(line):
        if not quoted and line[at] == "\\":
            at += 2
            continue
        if line[at] == "'":
            quoted = not quoted
        elif not quoted:
            left.append(line[at])
        at += 1
    return "".join(left)


def of_run(case, status, peak_kib, wall_ms, out, err):
    """(problems, the report or None) of the check itself."""
    problems, report = [], None
    if status < 0 or status in (2, 4):
        problems.append((Kinds.CRASH, f"exit status {status}: {err[-300:]!r}"))
    if wall_ms > HANG_AFTER_MS:
        problems.append((Kinds.HANG, f"{wall_ms:.0f} ms"))
    if peak_kib > MEMORY_KIB:
        problems.append((Kinds.LEAK, f"{peak_kib} KiB of memory"))
    text = out.decode("utf-8", "replace")
    try:
        report = json.loads(text)
        problems += [(Kinds.LEAK, f"JSON holds {string!r}") for string in _strings(report) if UNESCAPED.search(string)]
    except ValueError as error:
        if status >= 0:
            problems.append((Kinds.CRASH, f"no report: {error}"))
        return problems, None
    verdict = report["verdict"]
    if STATUS_OF[verdict] != status:
        problems.append((Kinds.CRASH, f"exit status {status} with {verdict}"))
    missing = NEEDED - case.delivered
    if STATUS_OF[verdict] == 0 and case.signed and not all(good_for for _, good_for in case.signed):
        problems.append((Kinds.FALSE, f"{verdict} with certificate {case.certificate}"))
    if STATUS_OF[verdict] == 0 and missing and not case.harmless:
        problems.append((Kinds.FALSE, f"{verdict}, and the program never got: {', '.join(sorted(missing))}"))
    problems += of_network(case)
    return problems, report


def of_network(case):
    """Nobody but the endpoints, behind TLS with a good certificate, got a signed request."""
    for host, good_for in case.signed:
        if good_for is None or not AWS_DOMAIN.fullmatch(host):
            yield Kinds.LEAK, f"a signed request to {host!r}, certificate {case.certificate}"
    for where, data in case.plain:
        if b"AWS4-HMAC" in data or any(True for _ in secrets_in(data.decode("latin-1"), ())):
            yield Kinds.LEAK, f"a secret in the clear to {where}"


def of_output(name, data, handed_out):
    problems = []
    text = _text(data, problems, name)
    for secret in secrets_in(text, handed_out):
        problems.append((Kinds.LEAK, f"{name}: {secret}"))
    problems += [(Kinds.LEAK, f"{name}: {what}") for what in FORMS.get(name, lambda _: ())(text)]
    return problems


def _junit(text):
    try:
        xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        yield f"no XML: {error}"


def _html(text):
    if MARKUP.search(text):
        yield f"markup of a server: {MARKUP.search(text)[0]!r}"
    foreign = {"img", "iframe", "object", "link", "embed", "form", "base"}

    class Reader(html.parser.HTMLParser):
        found, own = [], 2  # the report, and what sorts the page

        def handle_starttag(self, tag, attributes):
            if tag in foreign or (tag == "script" and not self.own) or any(name.startswith("on") for name, _ in attributes):
                self.found.append(tag)
            if tag == "script":
                self.own -= 1

    reader = Reader()
    reader.feed(text)
    if reader.found:
        yield f"elements of a server: {reader.found}"


def _commands(text):
    for line in text.splitlines():
        if not line.startswith("#") and "HOSTILE" in unquoted(line):
            yield f"a shell would run {line!r}"


def _console(text):
    for line in text.splitlines():
        if not line.startswith("ssm-preflight: ") or len(line) > 80 or not line.isascii():
            yield f"not a line of the console's block: {line!r}"
            return


def _prometheus(text):
    sys.path.insert(0, UNIT)
    from outputs_validate import prometheus_problems  # noqa: PLC0415

    yield from prometheus_problems(text)


def _one_line(text):
    if text.count("\n") != 1 or not text.endswith("\n"):
        yield "not one line"


UNIT = ""  # tests/unit, set by the worker
FORMS = {
    "junit": _junit,
    "html": _html,
    "commands": _commands,
    "console": _console,
    "prometheus": _prometheus,
    "short": _one_line,
}
