# SPDX-License-Identifier: Apache-2.0
"""What is committed of the diagnoses of all situations, such that nothing of them is lost and nothing is said twice.

texts.txt holds each text once, with an id, below the code of the finding that says it (below "shared" where several say it, below
"checks" what checks say). diagnoses.txt holds what is judged of each situation, and refers to texts by id. The two together are the
diagnosis: whatever changes in it changes one of them. A changed wording takes over the id of the text that it replaces, so that it
changes one line of texts.txt and none of diagnoses.txt."""
import collections
import difflib
import re

TEXTS_HEAD = """\
# Every text of every diagnosis, once. Written by `tests/scenarios/run --update`: do not edit, but review.
# t title, e evidence, f a sentence of the fix, s a step (from where: command  # note), a what tells an alternative apart,
# h headline, k what a check says (status, reason, duration: summary). A capital letter: several findings say it.
"""
DIAGNOSES_HEAD = """\
# What is found in each situation of tests/unit/situations*.c. Written by `tests/scenarios/run --update`: do not edit, but review.
# SITUATION  VERDICT, with h where the headline is not the first finding's title
#   CODE  SEVERITY CONFIDENCE [of TARGET]  explains CHECKS  hides CHECKS
#     texts (texts.txt), or ALTERNATIVE:text
#   checks  those that do not say what they say in "healthy"; what waits for the first failed one goes without saying
"""
SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")
LEAST_ALIKE = 0.5


# --- one report -> rows of words, and Refs where a text is to be referred to ---

class Ref(collections.namedtuple("Ref", "group kind text prefix", defaults=("",))):
    """A text, and below what it belongs. `prefix` stands before its id."""


def sets_of(checks):
    """["ssm.tls", "kms.tls", "ssm.http", "kms.http"] is {ssm,kms}.{tls,http}."""
    rungs, targets = {}, {}
    for check in checks:
        target, rung = check.split(".", 1)
        rungs.setdefault(target, []).append(rung)
    for target, its in rungs.items():
        targets.setdefault(tuple(its), []).append(target)

    def one(names):
        return names[0] if len(names) == 1 else "{" + ",".join(names) + "}"
    return [f"{one(names)}.{one(its)}" for its, names in targets.items()]


def headline_of(report):
    """Nothing where it is the first finding's title."""
    if report["findings"]:
        title, more = report["findings"][0]["title"], len(report["findings"]) - 1
        tail = f" (+{more} more)" if more else ""
        if report["summary"] == title + tail:
            return []
        if report["summary"] == f"degraded: {title}{tail}":
            return []
    return [Ref("headlines", "h", report["summary"])]


def finding_rows(finding):
    code = finding["code"]
    row = [code, "", finding["severity"], finding["confidence"]]
    if finding["target"]:
        row += ["of", finding["target"]]
    for name in ("explains", "hides"):
        if finding[name]:
            row += ["", name, *sets_of(finding[name])]
    yield row
    texts = [Ref(code, "t", finding["title"])]
    texts += [Ref(code, "e", text) for text in finding["evidence"]]
    texts += [Ref(code, "f", text) for text in SENTENCE.split(finding["remedy"]["text"]) if text]
    texts += [Ref(code, "s", f"{step['from']}: {step['command']}" + (f"  # {step['note']}" if step["note"] else ""))
              for step in finding["remedy"]["steps"]]
    if finding["tell_apart"]:
        texts.append("or")
    texts += [Ref(code, "a", other["command"], other["code"] + ":") for other in finding["tell_apart"]]
    yield texts


def check_text(check):
    words = [] if check["required"] else ["optional"]
    words += [check["status"]] + [check["reason"]] * (check["reason"] is not None)
    return " ".join(words + [str(check["duration_ms"]), "ms:", check["summary"]])


def goes_without_saying(check, checks):
    """Required, it waits for the first check that failed, of all or of its own target."""
    failed = [other["id"] for other in checks if other["status"] == "fail"]
    of_target = [name for name in failed if name.split(".")[0] == check["id"].split(".")[0]]
    return check_text(check) in [f"skip below 0 ms: not tried: {name} failed" for name in failed[:1] + of_target[:1]]


def checks_row(checks, well):
    """`well`: what they say on a healthy instance, {id: text}."""
    by_text = {}
    for check in checks:
        if check_text(check) != well.get(check["id"]) and not goes_without_saying(check, checks):
            by_text.setdefault(check_text(check), []).append(check["id"])
    row = []
    for text, names in by_text.items():
        row += ["", *sets_of(names), Ref("checks", "k", text)]
    absent = [name for name in well if name not in {check["id"] for check in checks}]
    if absent:
        row += ["", "without", *sets_of(absent)]
    return ["checks", *row] if row else []


def rows_of(name, report, well):
    """(indentation, words) of one situation."""
    yield "", [name, "", report["verdict"], *headline_of(report)]
    for finding in report["findings"]:
        judged, said = finding_rows(finding)
        yield "  ", judged
        yield "    ", said
    row = checks_row(report["checks"], well)
    if row:
        yield "  ", row


# --- ids ---

class Texts:
    """id <-> text, for each group and kind of text."""

    def __init__(self, written=""):
        self.ids = collections.defaultdict(dict)  # (group, kind) -> {text: number}
        group = ""
        for line in written.splitlines():
            if line.startswith("["):
                group = line.strip("[]")
            elif line and not line.startswith("#"):
                name, text = line.split(" ", 1)
                self.ids[group, name[0].lower()][text] = int(name[1:])

    def name(self, ref):
        for group in ("shared", ref.group):
            number = self.ids[group, ref.kind].get(ref.text)
            if number:
                return f"{ref.kind.upper() if group == 'shared' else ref.kind}{number}"
        raise KeyError(ref)

    def text(self, group, name):
        home = "shared" if name[0].isupper() else group
        return next((text for text, number in self.ids[home, name[0].lower()].items() if number == int(name[1:])), None)

    def written(self):
        lines = [TEXTS_HEAD]
        groups = sorted({group for (group, _), texts in self.ids.items() if texts})
        for group in groups:
            lines.append(f"[{group}]")
            for kind in "htefsak":
                texts = sorted(self.ids[group, kind].items(), key=lambda item: item[1])
                lines += [f"{kind.upper() if group == 'shared' else kind}{number} {text}" for text, number in texts]
            lines.append("")
        return "\n".join(lines)


def homes(refs, before):
    """(group, kind) -> texts, in the order in which they are first said."""
    said_by = collections.defaultdict(dict)
    for ref in refs:
        said_by[ref.kind, ref.text][ref.group] = True
    texts = collections.defaultdict(dict)
    for (kind, text), groups in said_by.items():
        shared = len(groups) > 1 or text in before.ids["shared", kind]
        texts["shared" if shared else next(iter(groups)), kind][text] = True
    return texts


def places(rows_of_all, before, diagnoses):
    """Where a text that is gone was said, and what is said there now: {(group, kind): Counter of (gone, new)}."""
    was, key, at = collections.defaultdict(list), None, collections.Counter()
    for line in diagnoses.splitlines():
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if not line.startswith(" "):
            situation, at = words[0], collections.Counter()
            key = (situation, "headlines", 0)
        elif not line.startswith("    "):
            key = (situation, words[0], at[words[0]])
            at[words[0]] += 1
        kinds = "h" if not line.startswith(" ") else "tefsaTEFSA" if line.startswith("    ") else "k" if words[0] == "checks" else ""
        for word in words:
            match = re.fullmatch(r"(?:[a-z0-9-]+:)?([a-zA-Z])(\d+)", word)
            if match and match[1] in kinds:
                was[(*key, match[1].lower())].append((match[1].isupper(), before.text(key[1], match[1] + match[2])))
    votes = collections.defaultdict(collections.Counter)
    for key, new in rows_of_all.items():
        old = was.get(key, [])
        for (is_shared, gone), text in zip(old, new) if len(old) == len(new) else ():
            votes["shared" if is_shared else key[1], key[3]][gone, text] += 1
    return votes


def most_alike(gone, new):
    """Pairs of texts, the most alike first."""
    alike = {(was, text): difflib.SequenceMatcher(None, was, text, autojunk=False).ratio() for was in gone for text in new}
    return [pair for pair in sorted(alike, key=alike.get, reverse=True) if alike[pair] >= LEAST_ALIKE]


def assign(refs, by_place, before, diagnoses):
    """Ids: kept where the text is, taken over where a text replaces another one, new for the rest."""
    after = Texts()
    votes = places(by_place, before, diagnoses)
    for home, texts in homes(refs, before).items():
        old = before.ids[home]
        ids = after.ids[home]
        ids.update({text: old[text] for text in texts if text in old})
        gone, new = [text for text in old if text not in texts], [text for text in texts if text not in old]
        for pairs in ((pair for pair, _ in votes[home].most_common()), None):
            for was, text in pairs or most_alike(gone, new):
                if was in gone and text in new:
                    ids[text] = old[was]
                    gone.remove(was)
                    new.remove(text)
        last = max([0, *old.values()])
        ids.update({text: last + 1 + i for i, text in enumerate(new)})
    return after


# --- the two files ---

def write(reports, texts_before, diagnoses_before):
    """(texts.txt, diagnoses.txt) of {situation: report}."""
    well = {check["id"]: check_text(check) for check in reports["healthy"]["checks"]}
    rows = {name: list(rows_of(name, report, well if name != "healthy" else {})) for name, report in sorted(reports.items())}
    refs, by_place = [], collections.defaultdict(list)
    for name, its in rows.items():
        at, group = collections.Counter(), ""
        for indent, words in its:
            if indent == "  ":
                group = words[0]
                index = at[group]
                at[group] += 1
            for ref in (word for word in words if isinstance(word, Ref)):
                refs.append(ref)
                by_place[name, ref.group, index if indent else 0, ref.kind].append(ref.text)
    texts = assign(refs, by_place, Texts(texts_before), diagnoses_before)
    lines = [DIAGNOSES_HEAD]
    for its in rows.values():
        lines += [(indent + " ".join(word if isinstance(word, str) else word.prefix + texts.name(word) for word in words)).rstrip()
                  for indent, words in its]
    return texts.written(), "\n".join(lines) + "\n"
