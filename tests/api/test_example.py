#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The example programs: README.md's is short and explains the starting case; those in C++ and Rust
and in the manual pages are built and run."""

import re
import subprocess

from cli import CASE, SOURCE, equal, kvmwhy, main, test
from manual import examples
from program import build, build_rust, cxx

EXAMPLE = SOURCE / "examples/explain.c"
PAGES = [page for page in sorted((SOURCE / "man").glob("*.3.scd"))
         if "--libs libkvmwhy)" in page.read_text()]
# What a page's example prints with empty standard input.
PRINTS = {
    "kw_vcpu_explain": "vCPU 0: KVM_EXIT_FAIL_ENTRY 0xffffffffffffffff: VMRUN refuses CS with L and D both set",
    "libkvmwhy": "",
}


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


@test("the example with the typed functions has 40 lines at most, compiles as C99 and prints the findings")
def _(directory):
    source = SOURCE / "examples/findings.c"
    assert len(source.read_text().splitlines()) <= 40
    build(source, directory / "findings")
    status, out, err = answer(directory / "findings", CASE.read_bytes())
    lines = out.decode().splitlines()
    equal((status, err, lines[0]), (0, b"", "wrmsr-eperm-x2apic [likely]"))
    assert "fact  rcx 0x838 (seen)" in lines, lines
    assert sum(line.startswith("do    ") for line in lines) > 1, lines
    assert lines[1].startswith("why   The EPERM is a -1"), lines


def output(program):
    status, out, err = answer(program, b"")
    equal((status, err), (0, b""))
    return out.decode()


@test("the example in C++ compiles without a warning and explains an errno, in a line and at length")
def _(directory):
    program = directory / "explain"
    build(SOURCE / "examples/explain.cpp", program, cxx(), "c++11")
    out = output(program)
    assert out.startswith("vCPU 0: KVM_RUN: EPERM: The guest told IA32_MC1_CTL (0x404)"), out
    assert "said      KVM_RUN = -1 EPERM" in out, out


@test("the example in Rust compiles without a warning and explains a triple fault")
def _(directory):
    program = directory / "explain"
    build_rust(SOURCE / "examples/explain.rs", program)
    out = output(program)
    assert out.startswith("vCPU 0: KVM_EXIT_SHUTDOWN: Triple fault"), out
    assert "said      KVM_RUN returned with exit reason 8" in out, out


@test("the example of each page of libkvmwhy, as man shows it, compiles, runs, and prints what it has to")
def _(directory):
    equal({page.name[:-len(".3.scd")] for page in PAGES}, set(PRINTS))
    for page in PAGES:
        name = page.name[:-len(".3.scd")]
        for viewer, (text,) in examples(f"{name}.3"):
            (directory / f"{name}.c").write_text(text)
            build(directory / f"{name}.c", directory / name)
            out = output(directory / name)
            assert out.startswith(PRINTS[name]) and bool(out) == bool(PRINTS[name]), f"{name} in {viewer}: {out}"


main()
