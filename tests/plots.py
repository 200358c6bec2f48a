# SPDX-License-Identifier: Apache-2.0
"""The few shapes of which the documentation's plots are made."""

from xml.sax.saxutils import escape

COLOURS = ("#246", "#c33", "#2a7", "#b80", "#777", "#849")


def line(points, colour, dashed=False):
    """`points`: (x, y) in pixels."""
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"{DASHES if dashed else ""}/>'


def text(x, y, words, anchor="middle"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(str(words))}</text>'


def bar(x, y, width, height, colour):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def picture(width, height, shapes):
    """A file's text, on white: a page may be dark."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *shapes, "</svg>", ""])


DASHES = ' stroke-dasharray="6 4"'
