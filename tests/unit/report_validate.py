#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""report_validate.py [FILE...]: validates JSON reports (or standard input) against docs/report.schema.json.

Exit status 0: all valid; 1: one is not, said on stderr; 77: python3-jsonschema is not installed.
Also importable: problems(report) gives the list of what is wrong, empty when it is valid.
"""
import json
import pathlib
import sys

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs" / "report.schema.json"


def problems(report):
    import jsonschema

    schema = json.loads(SCHEMA.read_text(encoding="ascii"))
    jsonschema.Draft202012Validator.check_schema(schema)
    found = []
    for error in jsonschema.Draft202012Validator(schema).iter_errors(report):
        where = ".".join(str(part) for part in error.absolute_path) or "report"
        found.append(f"{where}: {error.message}")
    if not found and next(iter(report)) != "schema":
        found.append("report: \"schema\" is not the first member")
    return found


def main(names):
    try:
        import jsonschema  # noqa: F401
    except ImportError:
        print("report_validate: python3-jsonschema is not installed", file=sys.stderr)
        return 77
    status = 0
    for name in names or ["-"]:
        text = sys.stdin.read() if name == "-" else pathlib.Path(name).read_text(encoding="ascii")
        for problem in problems(json.loads(text)):
            print(f"{name}: {problem}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
