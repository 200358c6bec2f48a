# SPDX-License-Identifier: Apache-2.0
"""What a test measured, for the documentation: packaging/scripts/docs writes it there."""

import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "build", "measured")


def measured(name, value):
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
        file.write(f"{value}\n")


def reliability(suite, tried, crashes, hangs, leaks, false_verdicts, seconds):
    """The row of docs/reliability.md that a whole suite writes: a share of it calls nothing."""
    measured(f"reliability-{suite}", f"{tried} | {crashes} | {hangs} | {leaks} | {false_verdicts} | {seconds:.0f} s")
