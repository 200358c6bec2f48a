# SPDX-License-Identifier: Apache-2.0
"""What can be broken in a C file: each operator yields (begin, end, what stands there instead). No line moves."""

import re

BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
LOGIC = {"&&": "||", "||": "&&"}
JUMP = {"break": "continue", "continue": "break"}
SUM = {"+": "-", "-": "+"}
NOT_A_CALL = ("log_verbose", "madvise", "assert",  # words for a person who debugs, a hint, and what never happens
              "if", "for", "while", "switch", "return", "sizeof", "else", "do", "case", "goto")


def code_of(text):
    """The text with comments, texts, characters and preprocessor lines blanked, every character at its place."""
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:[^\n\\]|\\.|\\\n)*"
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", " ", match[0]), text, flags=re.S | re.M)


def closing(code, at):
    """Where the parenthesis that opens at `at` closes."""
    depth = 0
    for place in range(at, len(code)):
        depth += {"(": 1, ")": -1}.get(code[place], 0)
        if depth == 0:
            return place
    return len(code)


def condition(text, code):
    for match in re.finditer(r"\bif \(", code):
        begin, end = match.end() - 1, closing(code, match.end() - 1) + 1
        yield begin, end, f"(!{text[begin:end]})"


def tokens(code, pattern, instead):
    for match in re.finditer(pattern, code):
        yield match.start(1), match.end(1), instead[match[1]]


def boundary(_, code):
    return tokens(code, r"(?<= )(==|!=|<=|>=|<|>)(?= )", BOUNDARY)


def logic(_, code):
    return tokens(code, r"(&&|\|\|)", LOGIC)


def jump(_, code):
    return tokens(code, r"\b(break|continue)(?=;)", JUMP)


def arithmetic(_, code):
    room = [match.span() for match in ROOM.finditer(code)]
    return (site for site in tokens(code, r"(?<=[\w)\]] )([+-])(?= [\w(])", SUM) if not any(begin <= site[0] < end for begin, end in room))


def negation(_, code):
    for match in re.finditer(r"!(?=[\w(])", code):
        yield match.start(), match.end(), " "


# How much room there is, where more is as good and less is never filled: of a declared array, and of the names of sizes.
ROOM = re.compile(r"^ *(?!return )(?:static |const |struct )*\w+ (?:\*+(?:const )?)?\w+(?:, \w+)*\[[^;=\n]*|(?:\b\w*(?:_SIZE|_BYTES)|\.max_bytes) = \d*(?:\d\d\d| \*)[^,}\n]*", re.M)


def constant(_, code):
    room = [match.span() for match in ROOM.finditer(code)]
    for match in re.finditer(r"(?<![\w.])(\d+)(?=[uU]?[^\w.])", code):
        if any(begin <= match.start(1) < end for begin, end in room):
            continue
        number = int(match[1], 8 if re.match("0[0-7]", match[1]) else 10)
        yield match.start(1), match.end(1), str(number + 1)
        if number > 0:
            yield match.start(1), match.end(1), str(number - 1)


def statement(text, code):
    """A call or an assignment that is a statement; what it declares stays, and so does what is logged."""
    for match in re.finditer(r"^ +((?:\(void\))?(?:\*?[\w.>\[\]-]+ [-+*|&/]?= |(\w+)\()[^;{}]*;|[\w.>\[\]-]+(?:\+\+|--);)$", code, re.M):
        if match[2] not in NOT_A_CALL:
            yield match.start(1), match.end(1), re.sub(r"[^\n]", " ", text[match.start(1):match.end(1) - 1]) + ";"


def returned(text, code):
    """Of a function that returns bool, the opposite; of another that returns a number, another one."""
    kind = None
    for match in re.finditer(r"^(?:static )?(?:const )?(?:inline )?(bool|int|size_t|u?int\d+_t|enum \w+) \w+\([^;]*?\)\n\{|^\w[^\n;]*\([^;]*?\)\n\{|\breturn ([^;]+);",
                             code, re.M):
        if match[2] is None:
            kind = match[1]
            continue
        begin, end = match.span(2)
        if kind == "bool":
            yield begin, end, {"true": "false", "false": "true"}.get(match[2], f"!({text[begin:end]})")
        elif kind and "enum" not in kind:
            yield begin, end, f"({text[begin:end]}) + 1"


OPERATORS = {operator.__name__: operator for operator in (condition, boundary, logic, jump, arithmetic, negation, constant, statement, returned)}


def sites(text):
    """operator -> [(begin, end, instead)]."""
    code = code_of(text)
    return {name: list(operator(text, code)) for name, operator in OPERATORS.items()}
