#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ABI of the shared library is that of tests/api/libkvmwhy.abi: a change is noticed, and
deliberate."""

import pathlib
import platform
import shutil
import subprocess

from cli import SANITIZERS, SOURCE, Skip, main, test
from program import LIBRARY

DUMP = SOURCE / "tests/api/libkvmwhy.abi"


def compared(dump):
    """Whether the library has the ABI of @dump, and what abidiff says."""
    program = shutil.which("abidiff")
    if not program:
        raise Skip("no abidiff (Debian: abigail-tools)")
    if platform.machine() != "x86_64":
        raise Skip("the dump is of x86-64")
    if SANITIZERS:
        raise Skip("the library of a release has no sanitizers")
    if b".debug_info" not in pathlib.Path(LIBRARY).read_bytes():
        raise Skip("the library was built without debug information")
    headers = SOURCE / "include/kvmwhy"
    done = subprocess.run([program, "--drop-private-types", "--headers-dir2", headers, dump, LIBRARY],
                          capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode & 3 == 0, done.stdout + done.stderr
    return done.returncode == 0, done.stdout


@test("the library has the ABI of the dump")
def _(_):
    same, said = compared(DUMP)
    assert same, f"{said}\nIf it is meant: scripts/abi-dump {LIBRARY} > tests/api/libkvmwhy.abi"


@test("a function that is gone and a member that has moved are seen")
def _(directory):
    text = DUMP.read_text(encoding="utf-8")
    changes = [("kw_report_note", "kw_report_remark"), ("KW_FINDING_WHY' value='3'", "KW_FINDING_WHY' value='4'")]
    for old, new in changes:
        assert old in text, old
        changed = directory / "changed.abi"
        changed.write_text(text.replace(old, new), encoding="utf-8")
        same, said = compared(changed)
        assert not same, f"{old} -> {new}: {said}"


main()
