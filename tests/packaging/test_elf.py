#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the build installs is hardened: the files of KVMWHY_INSTALLED, one a word."""

import os
import pathlib
import re

import elf
from cli import SANITIZERS, Skip, main, test

FILES = [pathlib.Path(name) for name in os.environ["KVMWHY_INSTALLED"].split()]
FORTIFIED = os.environ["KVMWHY_FORTIFIED"] == "true"


def check(holds):
    wrong = [path.name for path in FILES if not holds(elf.Elf(path))]
    assert not wrong, wrong


@test("programs are position-independent, and libraries too")
def _(_):
    check(lambda file: file.type == elf.ET_DYN)
    programs = [path for path in FILES if ".so" not in path.name]
    assert programs and all(elf.Elf(path).position_independent() for path in programs), programs


@test("what the loader wrote is read-only before the program starts")
def _(_):
    check(lambda file: file.has(elf.PT_GNU_RELRO) and file.binds_now())


@test("no stack is executable")
def _(_):
    check(lambda file: not file.executable_stack())


@test("stacks have a protector")
def _(_):
    check(lambda file: b"__stack_chk_fail" in file.data)


@test("copies whose room is known are checked")
def _(_):
    if not FORTIFIED:
        raise Skip(f"FORTIFY is off without optimisation and with sanitizers ({SANITIZERS or 'none here'})")
    check(lambda file: re.search(rb"\0__\w+_chk\0", file.data.replace(b"__stack_chk_fail", b"")))


@test("nothing but the C library, Zydis and our library is loaded to explain a log")
def _(_):
    if SANITIZERS:
        raise Skip("sanitizers bring libraries along")
    known = re.compile(r"(libc|libkvmwhy|libZydis|ld-[\w-]+|libc\.musl-\w+)\.so[.0-9]*$")
    command = next(path for path in FILES if path.name == "kvmwhy")
    library = next(path for path in FILES if path.name.startswith("libkvmwhy.so"))
    for path in command, library:
        needed = elf.Elf(path).strings(elf.DT_NEEDED)
        assert needed and all(known.match(name) for name in needed), (path, needed)


main()
