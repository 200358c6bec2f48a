# SPDX-License-Identifier: Apache-2.0
"""Would IAM allow it? Real policy documents, evaluated as far as the lab's questions go.

Understood: Effect, Action and NotAction with wildcards. Not looked at: Principal, Resource (every document here names "*") and
Condition. The phrases are those of the IAM User Guide, "Troubleshoot access denied error messages": of all the kinds that would
deny, one is named.
"""

import fnmatch
import functools
import json
import os

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "policies")

# kind of policy -> its name in a denial, with the article for an explicit one; in the order in which IAM names them
KINDS = {
    "organization": ("service control policy", "a service control policy"),
    "resource_control": ("resource control policy", "a resource control policy"),
    "endpoint": ("VPC endpoint policy", "a VPC endpoint policy"),
    "boundary": ("permissions boundary", "a permissions boundary"),
    "identity": ("identity-based policy", "an identity-based policy"),
}


def denial(action, policies):
    """None when allowed, else the phrase that ends the message. `policies`: kind -> documents, or None: no such limit."""
    present = {kind: documents for kind, documents in policies.items() if documents is not None}
    for kind, (_, with_article) in KINDS.items():
        if any(_matches(statement, action) for statement in _statements(present.get(kind, ()), "Deny")):
            return f"with an explicit deny in {with_article}"
    for kind, (name, _) in KINDS.items():
        if kind in present and not any(
            _matches(statement, action) for statement in _statements(present[kind], "Allow")
        ):
            return f"because no {name} allows the {action} action"
    return None


def load(policy):
    """A document, by the name of a file in policies/ or as it is."""
    return _read(policy) if isinstance(policy, str) else policy


def without(policy, action):
    """The document, in which no Allow names this action."""
    document = load(policy)
    statements = [
        statement | {"Action": [each for each in statement["Action"] if each != action]}
        if statement["Effect"] == "Allow"
        else statement
        for statement in document["Statement"]
    ]
    return document | {"Statement": statements}


@functools.cache
def _read(name):
    with open(os.path.join(FOLDER, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def _statements(documents, effect):
    for document in documents:
        for statement in load(document)["Statement"]:
            if statement["Effect"] == effect:
                yield statement


def _matches(statement, action):
    wanted = statement.get("Action", statement.get("NotAction"))
    patterns = wanted if isinstance(wanted, list) else [wanted]
    found = any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
    return found if "Action" in statement else not found
