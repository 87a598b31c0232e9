#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""libkvmwhy-vmm from a VMM author's point of view: headers in C99 and C++, exports, the man pages
of section 3 with their examples, and a VMM on this machine's KVM."""

import os
import re
import shutil
import sys

from cli import SANITIZERS, SOURCE, Skip, equal, main, test
from manual import examples
from program import CC, STRICT, compile_only, cxx, run

sys.path.insert(0, str(SOURCE / "lab"))
from driver import guests   # noqa: E402  pylint: disable=wrong-import-position

LIBRARIES = [os.environ["KVMWHY_VMM_LIBRARY"], os.environ["KVMWHY_LIBRARY"]]
HEADERS = sorted(path for path in (SOURCE / "include/kvmwhy").glob("*.h") if path.name != "kvmwhy.h")
MAP = SOURCE / "vmm/libkvmwhy-vmm.map"
PAGES = [path for path in sorted((SOURCE / "man").glob("*.3.scd")) if "libs libkvmwhy-vmm" in path.read_text()]
# What a page's example prints.
EXAMPLES = {
    "kw_mca": "done: all ones without bit 0: the guest may ignore correctable single-bit ECC errors\n",
    "kw_msr_policy": "0x80000000\n",
    "kw_vcpu_snapshot": "vCPU 2: KVM_RUN: EPERM: The guest told IA32_MC1_CTL (0x404) to ignore correctable errors (bit 0 clear), "
                        "and this KVM kills it for that\n",
}


def declared():
    return {name for path in HEADERS
            for name in re.findall(r"^KW_API [^;(]*?\b(kw_\w+)\(", path.read_text(), re.M)}


def exported():
    return set(re.findall(r"^\t(kw_\w+);$", MAP.read_text(), re.M))


def code(page):
    """The code blocks of a page."""
    return re.findall(r"^```\n(.*?)^```$", page.read_text(), re.M | re.S)


def build(source, program, standard="c99"):
    sanitize = [f"-fsanitize={SANITIZERS}"] if SANITIZERS else []
    folders = [f"-Wl,-rpath,{os.path.dirname(path)}" for path in LIBRARIES]
    run([*CC, *sanitize, *STRICT, f"-std={standard}", "-I", SOURCE / "include", "-o", program, source, *LIBRARIES,
         *folders])


@test("each header compiles alone, twice, as strict C99, C11 and C17, C++11 and C++20")
def _(directory):
    for header in HEADERS:
        for suffix in "c", "cc":
            path = directory / f"{header.stem}.{suffix}"
            path.write_text(f"#include <kvmwhy/{header.name}>\n" * 2 + "extern int nothing;\n")
        for standard in "c99", "c11", "c17":
            compile_only([*CC, f"-std={standard}", "-Wstrict-prototypes"], directory / f"{header.stem}.c")
    compiler = cxx()
    for header in HEADERS:
        for standard in "c++11", "c++20":
            compile_only([*compiler, f"-std={standard}"], directory / f"{header.stem}.cc")


@test("headers, version script and library name the same functions")
def _(_):
    equal(exported(), declared())
    if not shutil.which("nm"):
        raise Skip("no nm")
    symbols = run(["nm", "-D", "--defined-only", LIBRARIES[0]])
    equal(set(re.findall(r" T (\w+)(?:@@\S+)?$", symbols, re.M)), exported())
    equal(re.findall(r" [BDRGSV] (\w+)", symbols), [])


@test("every function is in the synopsis of one page of section 3")
def _(_):
    named = [name for page in PAGES for name in re.findall(r"^\*[^*(]*?(?:\\\*)*(kw_\w+)\(", page.read_text(), re.M)]
    equal(sorted(named), sorted(exported()))


@test("the example of a page, as man shows it, compiles as C99, runs, and prints what it has to")
def _(directory):
    for name, expected in EXAMPLES.items():
        for viewer, (text,) in examples(f"{name}.3"):
            source, program = directory / f"{name}.c", directory / name
            source.write_text(text)
            build(source, program)
            equal((viewer, run([program])), (viewer, expected))


@test("the example of kvmwhy-msr-policy(5) is a policy")
def _(directory):
    text, = code(SOURCE / "man/kvmwhy-msr-policy.5.scd")
    (directory / "policy").write_text(text)
    source, program = directory / "load.c", directory / "load"
    source.write_text("""#include <kvmwhy/msr_policy.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	static struct kw_msr_policy policy;
	struct kw_msr_policy_error error = { 0, "" };
	int ret = kw_msr_policy_load(&policy, argv[argc - 1], &error);

	printf("%d %u %u %s\\n", ret, policy.count, error.line, error.message);
	return 0;
}
""")
    build(source, program)
    equal(run([program, directory / "policy"]), "0 7 0 \n")


@test("a VMM on this machine's KVM: banks, a move into another VM, #MC, a policy")
def _(directory):
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Skip("no /dev/kvm that is ours to use")
    guests.build_guest("mca", directory, CC)
    build(SOURCE / "lab/mca.c", directory / "vmm", "gnu11")
    said = run([directory / "vmm", "--banks", "--policy", directory / "mca.bin"])
    for line in ("mca: moved into another VM", "mca: guest reached 0x02", "mca: guest reached 0x04",
                 "mca: injected, #MC", "mca: guest reached 0x06", "mca: guest exception 13"):
        assert f"{line}\n" in said, f"{line}\n{said}"


main()
