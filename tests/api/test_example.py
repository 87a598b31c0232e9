#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The example program: short, the same in README.md, and it explains the starting case."""

import re
import subprocess

from cli import CASE, SOURCE, equal, kvmwhy, main, test
from program import build

EXAMPLE = SOURCE / "examples/explain.c"


def answer(program, log):
    done = subprocess.run([program], input=log, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@test("README.md shows examples/explain.c, to the letter")
def _(_):
    blocks = re.findall(r"^```c\n(.*?)^```$", (SOURCE / "README.md").read_text(), re.M | re.S)
    equal(blocks, [EXAMPLE.read_text()])


@test("the example has fifteen lines at most")
def _(_):
    assert len(EXAMPLE.read_text().splitlines()) <= 15


@test("the example compiles as C99 without a warning, and prints what kvmwhy prints")
def _(directory):
    program = directory / "explain"
    build(EXAMPLE, program)
    log = CASE.read_bytes()
    equal(answer(program, log), (0, kvmwhy(stdin=log).expect(0).out, b""))


@test("the example exits with 1 where there is no failure")
def _(directory):
    program = directory / "explain"
    build(EXAMPLE, program)
    equal(answer(program, b"all is well\n"), (1, b"", b""))


main()
