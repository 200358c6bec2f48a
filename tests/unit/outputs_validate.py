#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""outputs_validate.py prometheus|junit FILE...: whether other programs can read these outputs.

Prometheus's text format by a parser of our own, stricter than Prometheus's, and by python3-prometheus-client's where
that is installed. JUnit's XML by Python's parser, and by what its schema and its readers rely on.
Exit status 0: they can; 1: they cannot, said on stderr.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\n"])*"'
SAMPLE = re.compile(rf"([a-z_]+)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\d+(?:\.\d+)?)")
SECONDS = re.compile(r"\d+\.\d{3}")


def prometheus_problems(text):
    if not text.endswith("\n") or "\n\n" in text:
        yield "no line end at the end, or an empty line"
    families, series, family = {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split(" ", 3)[2]
            if family in families:
                yield f"{family} comes in two places"
            families[family] = "help"
        elif line.startswith("# TYPE "):
            if line != f"# TYPE {family} gauge" or families[family] != "help":
                yield f"not where it belongs: {line}"
            families[family] = "type"
        else:
            sample = SAMPLE.fullmatch(line)
            if not sample:
                yield f"no sample: {line}"
                continue
            if sample[1] != family or families.get(family) != "type":
                yield f"not below its HELP and TYPE: {line}"
            if (sample[1], sample[2]) in series:
                yield f"twice: {line}"
            series.add((sample[1], sample[2]))
            names = re.findall(r'(?:^|,)([a-zA-Z0-9_]+)="', re.sub(r"\\.", "", sample[2] or ""))
            if len(names) != len(set(names)):
                yield f"a label twice: {line}"
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError:
        return
    read = {}
    for metric in text_string_to_metric_families(text):
        read[metric.name] = metric.samples
        if any(sample.timestamp is not None for sample in metric.samples):
            yield f"{metric.name} has timestamps"
    if sum(len(samples) for samples in read.values()) != len(series):
        yield "prometheus_client reads another number of samples"
    if sorted(sample.value for sample in read["ssm_preflight_verdict"]) != [0, 0, 0, 1]:
        yield "not exactly one verdict"


def count(suite):
    cases = suite.findall("testcase")
    return {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }


def suite_problems(suite):
    for name, number in count(suite).items():
        if suite.get(name) != str(number):
            yield f"{suite.get('name')}: {name} is {suite.get(name)}, not {number}"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp", "")):
        yield f"{suite.get('name')}: timestamp"
    tags = [child.tag for child in suite]
    if tags != sorted(tags, key=["testcase", "system-out"].index):
        yield f"{suite.get('name')}: elements out of order"
    for case in suite.findall("testcase"):
        where = case.get("name")
        if not where or not case.get("classname") or not SECONDS.fullmatch(case.get("time", "")):
            yield f"{where}: name, classname or time"
        outcomes = [child.tag for child in case if child.tag != "system-out"]
        if len(outcomes) > 1 or not set(outcomes) <= {"failure", "error", "skipped"}:
            yield f"{where}: {outcomes}"
        for outcome in case.iterfind("failure"):
            if not outcome.get("message") or not outcome.get("type") or not outcome.text:
                yield f"{where}: a failure without message, type or text"


def junit_problems(text):
    root = xml.etree.ElementTree.fromstring(text)
    if root.tag != "testsuites" or any(child.tag != "testsuite" for child in root):
        yield "not testsuites with testsuite"
    names = [suite.get("name") for suite in root]
    if len(names) != len(set(names)):
        yield "a suite twice"
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    for suite in root:
        yield from suite_problems(suite)
        for name, number in count(suite).items():
            totals[name] += number
    for name, number in totals.items():
        if root.get(name) != str(number):
            yield f"in all {name} is {root.get(name)}, not {number}"
    seconds = sum(float(case.get("time")) for case in root.iter("testcase"))
    if abs(seconds - float(root.get("time"))) > 0.0005:
        yield "the times do not add up"


def main(kind, names):
    find = {"prometheus": prometheus_problems, "junit": junit_problems}[kind]
    status = 0
    for name in names:
        for problem in find(pathlib.Path(name).read_text(encoding="ascii")):
            print(f"{name}: {problem}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
