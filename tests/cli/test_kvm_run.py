#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kvmwhy explain --kvm-run: a saved kvm_run page, alone and with logs."""

import json
import struct

from cli import CASE, FOUND, TROUBLE, equal, kvmwhy, main, test

MIN, MAX = 168, 12288


def page(size=4096, injected=False):
    """What kvmwhy.ko stores for a refused WRMSR of ~1 to MC1_CTL."""
    words = struct.pack("<HHIqIIQQQQQ16x", 1, 1, 0x10007 if injected else 7, -1, 0x404, 1,
                        2**64 - 2, 0xffffffff81000000, 0, 0, 0)
    head = struct.pack("<8xI20xII", 17, 0x4b57, 10)
    return (head + words).ljust(size, b"\0")[:size]


def explained(path, *args):
    return json.loads(kvmwhy("explain", "--format", "json", "--kvm-run", path, *args).expect(FOUND).out)


@test("a page of any size, from the end of internal.data to all that is mapped, is explained")
def _(directory):
    path = directory / "page"
    for size in MIN, 200, 2352, 4096, MAX:
        path.write_bytes(page(size))
        one, = explained(path)
        equal(one["class"], "kvm-run-failed")
        equal(one["errno"], {"number": 1, "name": "EPERM"})
        equal((one["msr"]["index"], one["msr"]["value"]), ("0x404", "0xfffffffffffffffe"))
        equal(one["module"]["function"], "kvm_set_msr_common()")
        equal([finding["id"] for finding in one["findings"]],
              ["module-wrmsr", "mc-ctl-correctable-eperm"])


@test("a file that is no page is refused by name, and the logs beside it are explained")
def _(directory):
    path = directory / "page"
    for size in 0, 1, MIN - 1, MAX + 1, 1 << 21:
        path.write_bytes(page(size))
        result = kvmwhy("explain", "--kvm-run", path, CASE)
        result.expect(TROUBLE, "IA32_X2APIC_INIT_COUNT", f"'{path}' is not a kvm_run page")
    kvmwhy("explain", "--kvm-run", directory / "none").expect(TROUBLE, err="cannot open")
    kvmwhy("explain", "--kvm-run", directory).expect(TROUBLE, err="is a directory")
    kvmwhy("explain", "--kvm-run").expect(TROUBLE, err="needs a value")


@test("page and logs are explained one behind the other, each with its name")
def _(directory):
    path = directory / "page"
    path.write_bytes(page())
    both = explained(path, CASE)
    equal([one["input"]["file"] for one in both], [str(path), str(CASE)])
    equal([one["msr"]["index"] for one in both], ["0x404", "0x838"])


@test("without FILE only the page is read, which may come from the standard input")
def _(directory):
    path = directory / "page"
    path.write_bytes(page(injected=True))
    one, = json.loads(kvmwhy("explain", "--format", "json", "--kvm-run", path,
                             stdin=CASE.read_bytes()).expect(FOUND).out)
    equal([finding["id"] for finding in one["findings"]], ["module-injected"])
    kvmwhy("explain", "--kvm-run", "-", stdin=page()).expect(FOUND, "IA32_MC1_CTL")


@test("the output is not written over the page")
def _(directory):
    path = directory / "page"
    path.write_bytes(page())
    kvmwhy("explain", "--kvm-run", path, "-o", path).expect(TROUBLE, err="is also an input")
    equal(path.read_bytes(), page())


main()
