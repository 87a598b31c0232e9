#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The sources in; out each number of KVM_EXIT_*, a suberror, an errno, or a VMX or SVM exit that is
written by hand although <kvm_numbers.h> names it: in an enumerator or macro, in a row next to its
name, before a comment that names it, or compared with a fact.

    check-numbers.py ROOT
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import tables  # noqa: E402

FOLDERS = ("lib", "host", "cli", "preload", "vmm", "lab", "examples")
TABLES = ("kvm_exit", "kvm_suberror", "errno", "vmx_exit", "vmx_insn_error", "svm_exit")
PREFIX = re.compile(r"^(KVM_EXIT|KVM_INTERNAL_ERROR|SVM_EXIT|VMXERR|VMEXIT)_")
NUMBER = r"\(?(0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b"
FACTS = r"(?:exit_reason|run_exit_reason|suberror|errno_number|last_exit|vmcs_reason|extra\[\d\])"

DEFINED = re.compile(rf"\b([A-Z][A-Z0-9_]*[A-Z0-9])_?\b(?: = |[ \t]+){NUMBER}(?!\.)")
BESIDE = re.compile(rf'"([A-Za-z][\w-]*)"(?:, "\w+")?, {NUMBER}[,\s}}]')
DESIGNATED = re.compile(rf'\[{NUMBER}\] = "(\w+)"')
REMARKED = re.compile(rf"(?<![\w.]){NUMBER}:?,? /\* (?:[A-Z]+_)*?([A-Z][A-Z0-9_ ]*[A-Z0-9])\b")
COMPARED = re.compile(rf"\b{FACTS}(?:\)| & \w+\))? ?[!=]= {NUMBER}|\(\S+, {FACTS}, {NUMBER}\)")


def names(data):
    """Number to the last words of its names, without the table's common prefix."""
    found, rows = {}, {}
    for path in sorted(data.glob("*.tbl")):
        if path.name not in ("msr.tbl", "kvm_msr_seen.tbl"):
            tables.read(path, dict.fromkeys(re.findall(r"^table +(\w+)", path.read_text(encoding="utf-8"), re.M), "id"), rows)
    for table in TABLES:
        for row in rows[table]:
            for name in [row.name, *row.values("linux")]:
                found.setdefault(int(row.key, 0), set()).add(PREFIX.sub("", name).upper())
    return found


def by_hand(line, known):
    """Name and number of each such place."""
    for name, digits in DEFINED.findall(line) + BESIDE.findall(line) + [
            (name, digits) for digits, name in DESIGNATED.findall(line) + REMARKED.findall(line)]:
        upper = name.upper().replace("-", "_")
        for meant in known.get(int(digits, 0), ()):
            if upper == meant or (upper.endswith("_" + meant) and re.search(r"EXIT|VMX|SVM|SUBERROR|REASON", upper)):
                yield name, digits
    for match in COMPARED.finditer(line):
        digits = match[1] or match[2]
        if int(digits, 0) in known:
            yield match[0], digits


def main(root):
    root = pathlib.Path(root)
    known = names(root / "data")
    found, files = [], 0
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".def"):
                files += 1
                for count, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    found += [f"{path.relative_to(root)}:{count}: {name}: {digits} has a name in <kvm_numbers.h>"
                              for name, digits in by_hand(line, known)]
    print("\n".join(found) or f"{files} files, no number of the tables by hand")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
