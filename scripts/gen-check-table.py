#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checks of `kvmwhy check --format json` in, the tables of docs/entry-checks.md out.

How a check can be decided follows from its condition: with the names of lib/check/*.h expanded,
does it reach UNTOLD("...")? Usage: gen-check-table.py [--check] KVMWHY DOCUMENT; with --check
nothing is written, and the exit status says whether the document is up to date.
"""

import itertools
import json
import pathlib
import re
import subprocess
import sys

ENTRY = pathlib.Path(__file__).resolve().parent.parent / "lib" / "check"
BEGIN = "<!-- begin: scripts/gen-check-table.py -->\n"
END = "<!-- end: scripts/gen-check-table.py -->\n"

MACRO = re.compile(r"^#define (\w+)(?:\([^)]*\))? ((?:.*\\\n)*.*)", re.M)
FUNCTION = re.compile(r"^(?:static inline )?(?:bool|uint64_t) (\w+)\(struct kw_entry \*e[^)]*\)\n\{(.*?)^\}", re.M | re.S)
UNTOLD = re.compile(r'\b(?:UNTOLD\(|kw_entry_untold\(e, )"((?:[^"\\]|\\.)*)"\)')

# What all checks have in common is in the document, not in each row: with SEV-ES the save area does
# not count.
COMMON = {"SAVED", "FIELD", "VMCB", "UNTOLD"}

FULL, PART, NEVER = range(3)


def read_names():
    """The macros and functions used in rows, with their bodies."""
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(ENTRY.glob("*.[hc]")))
    return {name: body for name, body in itertools.chain(MACRO.findall(text), FUNCTION.findall(text))
            if name not in COMMON}


def untold_of(text, names, seen):
    """What the text may need that no dump has, in the order of its words."""
    found = []
    for word in re.finditer(UNTOLD.pattern + r"|\b([A-Za-z_]\w*)\b", text):
        if word[1] is not None:
            found.append(re.sub(r"\\(.)", r"\1", word[1]))
        elif word[2] in names and word[2] not in seen:
            seen.add(word[2])
            found += untold_of(names[word[2]], names, seen)
    return list(dict.fromkeys(found))


def terms(condition):
    """The parts between || outside brackets; the whole condition if it is a conditional."""
    depth, start, found = 0, 0, []
    for i, c in enumerate(re.sub(r'"(?:[^"\\]|\\.)*"', lambda text: " " * len(text[0]), condition)):
        depth += (c == "(") - (c == ")")
        if depth == 0 and c == "?":
            return [condition]
        if depth == 0 and condition.startswith("||", i):
            found.append(condition[start:i].strip())
            start = i + 2
    return found + [condition[start:].strip()]


def is_untold(term, names):
    while term in names:
        term = names[term].strip()
    return UNTOLD.fullmatch(term) is not None


def judge(condition, names):
    """Whether it can be decided, and if not, what it lacks."""
    needs = untold_of(condition, names, set())
    if not needs:
        return FULL, needs
    # If the condition is false all its terms are, and an UNTOLD one keeps it from being broken.
    return (NEVER if any(is_untold(term, names) for term in terms(condition)) else PART), needs


def cell(text):
    return text.replace("|", "\\|")


def row(check, how, needs):
    judged = {
        FULL: "from a dump",
        PART: f"from a dump, unless it needs {'; '.join(needs)}",
        NEVER: f"never: needs {'; '.join(needs)}",
    }[how]
    return f"| `{check['id']}` | {cell(check['says'])} | {cell(judged)} |\n"


def count(judged):
    def number(wanted):
        return sum(how == wanted for how, _ in judged)

    return (f"{len(judged)} checks: {number(FULL)} can be decided from a full dump, {number(PART)} can be unless they need a value " f"that no dump has,\nand {number(NEVER)} always need such a value, so they never fail; they hold " "where they do not apply.\n")


def tables(checks, names):
    judged = {check["id"]: judge(check["condition"], names) for check in checks}
    out = ["\n", "In all ", count(judged.values())]
    for by, sets in ("VM entry (Intel): ", "vmx-"), ("VMRUN (AMD): ", "svm"), ("KVM: ", "set-"):
        out += ["\n", by, count([judged[c["id"]] for c in checks if c["set"].startswith(sets)])]
    for section, rows in itertools.groupby(checks, key=lambda check: check["section"]):
        rows = list(rows)
        out += [f"\n### {section}\n\nSet: {rows[0]['set']}.\n\n", "| check | what must hold | decided |\n|---|---|---|\n"]
        out += [row(check, *judged[check["id"]]) for check in rows]
    return "".join(out) + "\n"


def main(arguments):
    checking = arguments[:1] == ["--check"]
    if len(arguments) != 2 + checking:
        sys.exit(__doc__.strip())
    tool, document = arguments[checking:]
    listed = subprocess.run([tool, "check", "--format", "json"], capture_output=True, check=True).stdout
    old = pathlib.Path(document).read_text(encoding="utf-8")
    if old.count(BEGIN) != 1 or old.count(END) != 1:
        sys.exit(f"{document}: no place for the tables, between two lines\n{BEGIN}{END}")
    head, rest = old.split(BEGIN)
    new = head + BEGIN + tables(json.loads(listed), read_names()) + END + rest.split(END)[1]
    if not checking:
        pathlib.Path(document).write_text(new, encoding="utf-8")
    elif new != old:
        sys.exit(f"{document}: not as the checks are: run scripts/gen-check-table.py KVMWHY {document}")


if __name__ == "__main__":
    main(sys.argv[1:])
