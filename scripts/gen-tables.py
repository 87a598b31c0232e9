#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""data/*.tbl in; out, a C file (a string pool and sorted rows with 32-bit offsets) and a header
with the numbers of KVM_EXIT_*, suberrors, errno, VMX and SVM exits as enumerators.

    gen-tables.py -o tables_data.c --numbers kvm_numbers.h data/kvm_exit.tbl data/errno.tbl ...

scripts/tables.py has the format; which attributes a table's rows may have is in SCHEMA.

Kernel versions are v5.10, v5.10.137 or v6.0-rc1. Where the sources read leave a gap, the bound
is a window "v6.13-rc1..v7.2": at the earliest this, at the latest that; "v5.19.2.." has no upper
end. since is the first version, until the first one that is no longer meant.

Refused: rows out of order, a key or id twice (unless the table groups rows by key), unknown or
missing attributes, a missing source, malformed versions, ranges and commits, one strerror text
for two numbers.
"""

import argparse
import re
import sys
from collections import namedtuple

from tables import Pool, Refused, read, refuse

Attr = namedtuple("Attr", "kind required many")
Schema = namedtuple("Schema", "key attrs")

MAX_REPEAT = 16         # KW_MAX_REPEAT in tables.h: callers have arrays of this size

POINT = r"v\d+\.\d+(?:\.\d+|-rc\d+)?"
PATTERN = {
    "text": re.compile(r".+"),
    "id": re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*"),
    "symbol": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "version": re.compile(rf"{POINT}(?:\.\.(?:{POINT})?)?"),
    "count": re.compile(r"\d+(?:\.\.\d+)?"),
    "msr": re.compile(r"any|0x[0-9a-f]{1,8}(?:-0x[0-9a-f]{1,8})?"),
    "commit": re.compile(r"[0-9a-f]{12} \S.*"),
    "run": re.compile(r"stale|unknown|memory-fault"),
    "abi": re.compile(r"\d+\.\d+\.\d+-\d+"),
    "match": re.compile(r"\d+ 0x[0-9a-f]+ 0x[0-9a-f]+"),
    "cpu": re.compile(r"amd|intel"),
    "value": re.compile(r"\S+ \S.*"),
    "word": re.compile(r"[A-Za-z][A-Za-z0-9_]* \S.*"),
    "tr": re.compile(r"[a-z]{2}(?:_[A-Z]{2})? \S.*"),
}


def one(kind="text"):
    return Attr(kind, True, False)


def opt(kind="text"):
    return Attr(kind, False, False)


def many(kind="text"):
    return Attr(kind, False, True)


# key: "number" ascending and unique, "group" ascending with equal keys in the file's order,
#      "id" unique, in the file's order (which is the order of output)
SCHEMA = {
    "kvm_exit": Schema("number", {"about": one(), "fail": one()}),
    "kvm_suberror": Schema("number", {"about": one(), "fail": one()}),
    "kvm_suberror_layout": Schema("group", {
        "since": opt("version"), "until": opt("version"), "ndata": one("count"),
        "match": many("match"), "when": opt(), "word": many("word"), "more": opt()}),
    "vmx_exit": Schema("number", {"linux": opt("symbol"), "about": opt()}),
    "vmx_insn_error": Schema("number", {"linux": opt("symbol"), "about": opt(), "do": opt()}),
    "svm_exit": Schema("number", {"linux": opt("symbol"), "trace": opt(), "about": opt()}),
    "errno": Schema("number", {"text": opt(), "also": many(), "alias": many("symbol"),
                               "tr": many("tr")}),
    "kvm_run_errno": Schema("group", {
        "function": one(), "cause": one(), "run": one("run"), "since": opt("version"),
        "until": opt("version"), "trace": opt(), "look": one()}),
    "kvm_change": Schema("id", {
        "topic": one("id"), "since": opt("version"), "until": opt("version"),
        "since-stable": many("version"), "until-stable": many("version"),
        "since-debian": opt("abi"), "until-debian": opt("abi"), "msr": many("msr"),
        "commit": many("commit"), "effect": one(), "defect": opt(), "cpu": opt("cpu")}),
    # The name is the parameter's; a value is "Y|1 what it means", and "* ..." stands for all
    # others.
    "kvm_param": Schema("id", {
        "module": one("symbol"), "about": one(), "since": opt("version"), "until": opt("version"),
        "value": many("value")}),
    "kvm_ioctl": Schema("id", {
        "errno": one("symbol"), "cause": one(), "look": one(), "arch": opt("id"),
        "since": opt("version"), "until": opt("version")}),
    "kvm_emulator": Schema("id", {
        "insn": many("symbol"), "not": opt("symbol"), "since": one("version"), "commit": many("commit")}),
    "sev_error": Schema("number", {"about": opt()}),
    "ghcb_termination": Schema("number", {"about": opt()}),
    "tdx_leaf": Schema("number", {"about": opt()}),
    "tdx_status": Schema("number", {"about": opt()}),
}
UNBOUNDED = {"word": 16, "tr": 200}

# The enumerators of a table: where a row has its name (None: the row's own), and what replaces its
# prefix. Names without the prefix have none, nor do numbers that are not an int.
NUMBERS = {
    "kvm_exit": (None, "KVM_EXIT_", "KW_KVM_EXIT_"),
    "kvm_suberror": (None, "KVM_INTERNAL_ERROR_", "KW_SUBERROR_"),
    "errno": (None, "E", "KW_E"),
    "vmx_exit": ("linux", "", "KW_VMX_EXIT_"),
    "vmx_insn_error": ("linux", "VMXERR_", "KW_VMXERR_"),
    "svm_exit": ("linux", "SVM_EXIT_", "KW_SVM_EXIT_"),
}


def release(text):
    """Sort key of one version; a release candidate sorts before its release."""
    match = re.fullmatch(r"v(\d+)\.(\d+)(?:\.(\d+)|-rc(\d+))?", text)
    major, minor, patch, rc = match.groups()
    return int(major), int(minor), int(patch or 0), int(rc) if rc else 99


def earliest(window):
    return release(window.partition("..")[0])


def latest(window):
    low, dots, high = window.partition("..")
    return release(high) if high else (999,) if dots else release(low)


def check_window(place, window):
    if ".." in window and earliest(window) >= latest(window):
        refuse(place, f"{window}: the window's ends are in the wrong order")


def check_order(rows, key):
    last = None
    names = set()
    for row in rows:
        if key == "id":
            if not PATTERN["id"].fullmatch(row.key):
                refuse(row.place, f"{row.key}: ids are lower case, digits and dashes")
            if row.key in names:
                refuse(row.place, f"{row.key}: this id appears twice")
            names.add(row.key)
            continue
        if last is not None and (row.key < last or (row.key == last and key == "number")):
            refuse(row.place, f"{row.key:#x}: after {last:#x}, keys must ascend")
        if key == "group":
            if row.name in names:
                refuse(row.place, f"{row.name}: this id appears twice")
            names.add(row.name)
        last = row.key


def check_row(row, schema):
    for name, text in row.attrs:
        if name == "source":
            continue
        attr = schema.attrs.get(name)
        if not attr:
            refuse(row.place, f"{name}: no such attribute in this table")
        if not PATTERN[attr.kind].fullmatch(text):
            refuse(row.place, f"{name} {text}: malformed, a {attr.kind} is expected")
        if attr.kind == "version":
            check_window(row.place, text)
    for name, attr in schema.attrs.items():
        found = len(row.values(name))
        if attr.required and not found:
            refuse(row.place, f"{row.name}: {name} is missing")
        if found > (UNBOUNDED.get(name, MAX_REPEAT) if attr.many else 1):
            refuse(row.place, f"{row.name}: {name} appears too often")
    sources = row.values("source")
    if not sources or not all(sources):
        refuse(row.place, f"{row.name}: no source")
    begin, end = row.values("since"), row.values("until")
    if begin and end and not earliest(begin[0]) < latest(end[0]):
        refuse(row.place, f"{row.name}: until is not after since")


def check(tables):
    missing = [name for name in SCHEMA if name not in tables]
    if missing:
        raise Refused("no input holds table " + ", ".join(missing))
    for name, rows in tables.items():
        schema = SCHEMA[name]
        check_order(rows, schema.key)
        for row in rows:
            check_row(row, schema)


def errno_texts(rows):
    """All known strerror texts, sorted by bytes. A text must mean only one number."""
    meaning = {}
    for row in rows:
        texts = row.values("text") + row.values("also")
        texts += [text.partition(" ")[2] for text in row.values("tr")]
        for text in texts:
            if meaning.setdefault(text, row.key) != row.key:
                refuse(row.place, f"{text}: also the text of errno {meaning[text]}")
    return sorted(meaning.items(), key=lambda item: item[0].encode())


def symbol(prefix, name):
    return prefix + name.upper().replace("-", "_")


def generate(tables):
    pool = Pool()
    rows, attrs, ranges = [], [], []
    for name in SCHEMA:
        ranges.append(f"\t[{symbol('KW_TABLE_', name)}] = {{ {len(rows)}, {len(tables[name])} }},")
        for row in tables[name]:
            key = pool.add(row.key) if SCHEMA[name].key == "id" else row.key
            rows.append(f"\t{{ {key:#x}, {pool.add(row.name)}, {len(attrs)}, {len(row.attrs)} }},")
            attrs += [f"\t{{ {pool.add(text)}, {symbol('KW_ATTR_', attr)} }},"
                      for attr, text in row.attrs]
    texts = [f"\t{{ {pool.add(text)}, {len(text.encode())}, {value} }},"
             for text, value in errno_texts(tables["errno"])]
    newline = "\n"
    return f"""/* SPDX-License-Identifier: MIT */
/* Generated by scripts/gen-tables.py from the tables in data/; change those. */
#include "decode/tables.h"

const char kw_tables_pool[] =
{pool.literal()};

const struct kw_row kw_tables_row[] = {{
{newline.join(rows)}
}};

const struct kw_tables_attr kw_tables_attr[] = {{
{newline.join(attrs)}
}};

const struct kw_tables_range kw_tables_range[KW_NTABLES] = {{
{newline.join(ranges)}
}};

const struct kw_tables_errno kw_tables_errno[] = {{
{newline.join(texts)}
}};

const uint32_t kw_tables_nerrno = {len(texts)};
"""


def numbers(tables):
    enums = []
    for table, (attr, theirs, ours) in NUMBERS.items():
        named = [(name, row.key) for row in tables[table]
                 for name in (row.values(attr) if attr else [row.name])]
        enums.append("enum {\n" + "".join(
            f"\t{ours}{name[len(theirs):]} = {key if table != 'svm_exit' else hex(key)},\n"
            for name, key in named if name.startswith(theirs) and key < 1 << 31) + "};\n")
    return ("/* SPDX-License-Identifier: MIT */\n"
            "/* Generated by scripts/gen-tables.py from the tables in data/; change those. */\n"
            "#ifndef KW_KVM_NUMBERS_H\n#define KW_KVM_NUMBERS_H\n\n" + "\n".join(enums) + "\n#endif\n")


def main():
    args = argparse.ArgumentParser(description="data/*.tbl to C")
    args.add_argument("-o", "--output")
    args.add_argument("--numbers")
    args.add_argument("input", nargs="+")
    args = args.parse_args()
    tables = {}
    try:
        for path in args.input:
            read(path, {name: schema.key for name, schema in SCHEMA.items()}, tables)
        check(tables)
    except Refused as reason:
        sys.exit(str(reason))
    for path, write in (args.output, generate), (args.numbers, numbers):
        if path:
            with open(path, "w", encoding="utf-8") as output:
                output.write(write(tables))


if __name__ == "__main__":
    main()
