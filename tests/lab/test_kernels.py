#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which kernels a run uses, and the one with lockdep and KASAN: its options, and what its records
must say."""

import re

from lab import LAB, equal, main, scenario, test

from driver import debug_kernel, judge, kernels, plan
from driver.cache import Broken

OPTIONS = (LAB / "debug.config").read_text(encoding="ascii")
QUIET = "lockdep: debug_locks 1\nkernel: tainted 4096\n"


def taken(only_kernels=(), only_cpus=()):
    one = scenario(kernels="6.1 debug", cpu="amd intel")
    return [(kernel, cpu) for _one, kernel, cpu in plan.wanted([one], only_kernels, only_cpus)]


def missed(record):
    return judge.missed_texts(record, scenario(see="."), "debug", "amd")


@test("a kernel that must be built is taken when it is named, and for SVM only")
def _(_):
    assert "debug" in kernels.names() and "debug" not in kernels.usual()
    equal(taken(), [("6.1", "amd"), ("6.1", "intel")])
    equal(taken(["debug"]), [("debug", "amd")])
    equal(taken(kernels.names(), ["amd"]), [("6.1", "amd"), ("debug", "amd")])


@test("debug.config: each option once, each group with its reason")
def _(_):
    names = re.findall(r"^(CONFIG_\w+)=", OPTIONS, re.M)
    equal(len(names), len(set(names)))
    equal(len(names), len(debug_kernel.settings(OPTIONS)))
    equal([group for group in OPTIONS.split("\n\n") if not group.startswith("# ")], [])


@test("an option that Kconfig dropped is named")
def _(_):
    config = "# a comment\nCONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n"
    debug_kernel.check("CONFIG_B=m\n\nCONFIG_A=y\n", config)
    try:
        debug_kernel.check("CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\n", config)
        raise AssertionError("accepted")
    except Broken as reason:
        assert "CONFIG_B=y, CONFIG_C=y" in str(reason), reason


@test("another recipe is another entry of the cache, and that of a stock kernel has none")
def _(_):
    assert kernels.row_of("debug").entry.endswith(debug_kernel.recipe())
    equal(kernels.row_of("6.1").entry, "kernels/bookworm-linux-image-cloud-amd64-6.1")


@test("what lockdep, KASAN and their like report is missed in every scenario")
def _(_):
    equal(missed(QUIET), [])
    for report in ("WARNING: possible circular locking dependency detected", "BUG: KASAN: use-after-free in f+0x1/0x2",
                   "INFO: trying to register non-static key.", "INFO: task rmmod:99 blocked for more than 120 seconds.",
                   "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:580",
                   "UBSAN: shift-out-of-bounds in kernel/x.c:1:2", "ODEBUG: free active (active state 0)",
                   "BUG: using smp_processor_id() in preemptible [00000000] code: vmm/99", "list_add corruption. next"):
        equal(len(missed(f"{QUIET}[    1.0] {report}\n")), 1)
    equal(len(missed("lockdep: debug_locks 0\nkernel: tainted 4096\n")), 1)
    equal(len(missed("lockdep: debug_locks 1\nkernel: tainted 4128\n")), 1)
    equal(len(missed("")), 2 + 1)


main()
