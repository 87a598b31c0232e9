#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""data/*.tbl against the kernel's uapi headers and the C library: numbers and names.

    check-kvm-uapi.py DATA_DIR [--include DIR]... [--newest]

Every number that the headers name must be in our table under that name. Our tables may know more
than an older header; with --newest (headers of the newest kernel) the other direction is checked
too. Exit status 77: no headers or no compiler to read them.
"""

import argparse
import ctypes
import os
import pathlib
import re
import shlex
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import tables  # noqa: E402

HEADERS = ("linux/kvm.h", "asm/vmx.h", "asm/svm.h", "asm/errno.h")
SKIPPED = 77

# header names that are not members of the list their name suggests
NOT_EXITS = re.compile(
    r"KVM_EXIT_(HYPERV_\w+|XEN_HCALL|IO_(IN|OUT)|ARM_SEA_FLAG\w+|HYPERCALL_\w+)$")
NOT_SVM = re.compile(
    r"SVM_EXIT_(EXCP_BASE|LAST_EXCP|REASONS|SW)$|SVM_VMGEXIT_"
    r"([SG]ET_AP_JUMP_TABLE|AP_CREATE|AP_CREATE_ON_INIT|AP_DESTROY|TERM_REASON|SAVIC_\w+)$")


def macros(includes):
    """Name to number for all macros that are plain numbers, as the compiler sees them."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    source = "".join(f"#include <{header}>\n" for header in HEADERS)
    command = compiler + ["-E", "-dM"] + [f"-I{path}" for path in includes] + ["-"]
    try:
        out = subprocess.run(command, input=source, text=True, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as reason:
        print(f"skipped: the headers cannot be read: {reason}")
        sys.exit(SKIPPED)
    found = {}
    for name, value in re.findall(r"^#define (\w+) \(?(-?\w+)\)?$", out.stdout, re.M):
        number = re.fullmatch(r"(-?(?:0x[0-9a-fA-F]+|\d+))[uUlL]*", value)
        if number:
            found[name] = int(number[1], 0) % (1 << 64)
        elif value in found:
            found[name] = found[value]
    return found


def rows(folder):
    """Rows by number for each table that has numbers."""
    found, ids = {}, dict.fromkeys(("kvm_change", "kvm_emulator", "kvm_ioctl", "kvm_param"), "id")
    for path in sorted(pathlib.Path(folder).glob("*.tbl")):
        if path.name not in ("msr.tbl", "kvm_msr_seen.tbl"):
            names = re.findall(r"^table +(\w+)", path.read_text(encoding="utf-8"), re.M)
            tables.read(path, dict.fromkeys(names, "number") | ids, found)
    return {name: {row.key: row for row in table} for name, table in found.items()}


class Check:
    def __init__(self, newest):
        self.newest, self.failures, self.checked = newest, 0, 0

    def fail(self, text):
        print(text)
        self.failures += 1

    def compare(self, what, header, ours):
        """@header: name to number; @ours: number to the names it may have."""
        for name, value in sorted(header.items()):
            self.checked += 1
            if name not in ours.get(value, ()):
                self.fail(f"{what}: {name} is {value:#x} in the headers, here {ours.get(value)}")
        for value, names in ours.items() if self.newest else ():
            if names and not any(header.get(name) == value for name in names):
                self.fail(f"{what}: {value:#x} {names} is not in the headers")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("data")
    args.add_argument("--include", action="append", default=[])
    args.add_argument("--newest", action="store_true")
    args = args.parse_args()
    macro = macros(args.include)
    ours = rows(args.data)
    check = Check(args.newest)

    def named(pattern, without=None):
        return {name: value for name, value in macro.items()
                if re.match(pattern, name) and not (without and without.match(name))}

    def names(table):
        return {number: [row.name] for number, row in ours[table].items()}

    def linux(table, prefix=""):
        return {number: [prefix + text for text in row.values("linux")]
                for number, row in ours[table].items()}

    check.compare("kvm_exit", named(r"KVM_EXIT_", NOT_EXITS), names("kvm_exit"))
    suberrors = names("kvm_suberror")
    suberrors.pop(0x4b57)  # ours, not the kernel's
    check.compare("kvm_suberror", named(r"KVM_INTERNAL_ERROR_(?!EMULATION_FLAG)"), suberrors)
    check.compare("vmx_exit", named(r"EXIT_REASON_"), linux("vmx_exit", "EXIT_REASON_"))
    check.compare("svm_exit", named(r"SVM_(EXIT|VMGEXIT)_", NOT_SVM), linux("svm_exit"))

    errnos = ours["errno"]
    check.compare("errno", named(r"E[A-Z0-9]+$"),
                  {number: [row.name] + row.values("alias") for number, row in errnos.items()})
    strerror = ctypes.CDLL(None).strerror
    strerror.restype = ctypes.c_char_p
    for number, row in errnos.items():  # no setlocale() here: the C locale
        text, ours = strerror(number).decode(), row.values("text") + row.values("also")
        check.checked += 1
        if ours and text not in ours and "No error" not in text:
            check.fail(f"errno: strerror({number}) is {text!r}, here {ours}")

    print(f"{check.checked} numbers checked, {check.failures} differ")
    sys.exit(1 if check.failures else 0)


if __name__ == "__main__":
    main()
