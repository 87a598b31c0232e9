#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""examples/tiny-vmm.c: short, and on this machine's KVM it explains each of its six failures. The
lab's scenario vmm-tiny shows each on kernels from 5.10 on, with SVM and VMX."""

import os
import re
import subprocess

from cli import SOURCE, Skip, equal, main, test

PROGRAM = os.environ["KVMWHY_TINY_VMM"]
TEXT = (SOURCE / "examples/tiny-vmm.c").read_text()
NAMES = ["lost-memory", "no-emulation", "wild-jump", "bad-entry", "triple-fault", "bad-request"]


def run(*args):
    done = subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77:
        raise Skip(done.stderr.strip())
    equal((done.returncode, done.stderr), (0, ""))
    return done.stdout


def answers(text):
    """Name of a failure -> what was said about it."""
    parts = re.split(r"^== ([a-z-]+): .*\n\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


@test("it has at most 250 lines, none of which is too long")
def _(_):
    lines = TEXT.splitlines()
    assert len(lines) <= 250, len(lines)
    equal([line for line in lines if len(line.expandtabs(8)) > 110], [])


@test("docs/vmm.md shows its explain(), to the letter")
def _(_):
    shown, = re.findall(r"^```c\n(.*?)^```$", (SOURCE / "docs/vmm.md").read_text(), re.M | re.S)
    assert shown in TEXT, shown


@test("its six failures are explained, with the instruction where there is one")
def _(_):
    found = answers(run())
    equal(list(found), NAMES)
    for name, answer in found.items():
        assert re.search(r"^  where  .*vCPU 0$", answer, re.M), f"{name}\n{answer}"
        assert re.search(r"^  said  ", answer, re.M), f"{name}\n{answer}"
    assert "fld dword ptr [0x10]" in found["no-emulation"], found["no-emulation"]
    assert "EINVAL" in found["bad-request"], found["bad-request"]


@test("a name chooses one of them")
def _(_):
    equal(list(answers(run("bad-request"))), ["bad-request"])


main()
