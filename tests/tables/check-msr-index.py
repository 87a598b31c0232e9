#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# In: Linux' asm/msr-index.h and our MSR tables. Out: each MSR of the header whose index or name the
# tables lack, and the counts. Exit 0 nothing lacks, 1 something does, 77 no header here.
"""usage: check-msr-index.py [-v] [HEADER] [TABLE...]

HEADER defaults to the newest installed kernel headers, TABLE to data/msr.tbl or its parts.
-v lists the defines that were taken for bits, masks or values.
"""

import glob
import importlib.util
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = "/usr/src/linux-headers-*/arch/x86/include/asm/msr-index.h"
DEFINE = re.compile(r"#define\s+(MSR_\w+)(\(\w+\))?\s+(.+)")
# No MSR's name ends like this; names of bits and steps do. The others are decimal or shifted.
PART = re.compile(r"_(BIT(_\w+)?|SHIFT|OFFSET|SCALE|STEP|RSVD)$")
SHIFTED = re.compile(r"<<|~|\b(BIT|BIT_ULL|GENMASK|GENMASK_ULL)\s*\(")
EXPRESSION = re.compile(r"[0-9a-fxA-FX+*() -]+")


def generator():
    """scripts/gen-msr.py, whose parser reads the tables."""
    sys.path.insert(0, os.path.join(ROOT, "scripts"))
    sys.dont_write_bytecode = True
    path = os.path.join(ROOT, "scripts", "gen-msr.py")
    spec = importlib.util.spec_from_file_location("gen_msr", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def version(path):
    """Sort key: the numbers in the path."""
    return [int(n) for n in re.findall(r"\d+", path)]


def defines(path):
    """All object-like MSR_ defines: name to value text, without comments."""
    with open(path, encoding="utf-8") as stream:
        text = re.sub(r"/\*.*?\*/", "", stream.read(), flags=re.S)
    text = re.sub(r"//.*", "", text).replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        match = DEFINE.match(line.strip())
        if match and not match[2]:
            found[match[1]] = match[3].strip()
    return found


def evaluate(value, known):
    """The number of an expression over other MSR_ defines, or None."""
    for _ in range(8):
        names = set(re.findall(r"MSR_\w+", value))
        if not names:
            break
        for name in names:
            if name not in known:
                return None
            value = re.sub(rf"\b{name}\b", f"({known[name]})", value)
    value = re.sub(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]+\b", r"\1", value)
    if not EXPRESSION.fullmatch(value):
        return None
    return eval(value, {"__builtins__": {}})  # pylint: disable=eval-used


def is_index(name, value, known):
    """Whether a define names an MSR rather than a part of one. Indices are written in hex."""
    if PART.search(name) or SHIFTED.search(value):
        return False
    if re.fullmatch(r"\d+", value):
        return False
    number = evaluate(value, known)
    return number is not None and 0 <= number <= 0xFFFFFFFF


def compare(known, indices, msrs):
    """Complaints about what the tables lack."""
    rows = {}
    for msr in msrs:
        for index, _ in msr.indices():
            rows.setdefault(index, []).append(msr)
    for name in indices:
        index = evaluate(known[name], known)
        here = rows.get(index, [])
        names = [n for msr in here for n in msr.names(index, "linux")]
        if not here:
            yield f"0x{index:08x} {name}: index is not in the table"
        elif name not in names:
            own = ", ".join(msr.names(index)[0] for msr in here)
            linux = " ".join(names) or "no Linux name"
            yield f"0x{index:08x} {name}: the table has {own} ({linux})"


def tables(args):
    """The tables to compare with."""
    if args:
        return args
    whole = os.path.join(ROOT, "data", "msr.tbl")
    return [whole] if os.path.exists(whole) else sorted(glob.glob(whole + ".*"))


def main(argv):
    """Command line."""
    verbose = "-v" in argv
    args = [a for a in argv if a != "-v"]
    headers = args[:1] or sorted(glob.glob(HEADERS), key=version)[-1:]
    if not headers or not os.path.exists(headers[0]):
        print("skipped: no asm/msr-index.h; install the headers of a Linux kernel")
        return 77
    known = defines(headers[0])
    indices = [n for n in known if is_index(n, known[n], known)]
    msrs = generator().load(tables(args[1:]))
    lacking = list(compare(known, indices, msrs))
    for line in lacking:
        print(line)
    if verbose:
        for name in known:
            if name not in indices:
                print(f"not an index: {name} {known[name]}")
    print(f"{len(known)} MSR_ defines in {headers[0]}, {len(indices)} of them MSRs, "
          f"{len(indices) - len(lacking)} in the table, {len(lacking)} lacking")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
