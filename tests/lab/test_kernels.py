#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which kernels a run uses, and the one with lockdep and KASAN: its options, and what its records
must say; a kernel of a developer; what is missing, and how long the rest takes."""

import re
import struct

from lab import LAB, equal, main, scenario, test

from driver import debug_kernel, judge, kernels, l1, own_kernel, plan, tools
from driver.cache import Broken, Skip

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


RELEASE = "6.19.0-rc1-mine"


def refused(error, text, function, *arguments):
    try:
        function(*arguments)
    except error as reason:
        assert re.search(text, str(reason)), reason
        return
    raise AssertionError("accepted")


def bzimage(path, version=f"{RELEASE} (me@here) #7 SMP".encode(), magic=b"HdrS"):
    """The part of a bzImage that says which version it is: see boot.rst."""
    head = bytearray(0x400)
    head[0x202:0x206] = magic
    struct.pack_into("<H", head, 0x20e, 0x100)
    path.write_bytes(head[:0x300] + version + b"\0")
    return path


def installed(folder):
    inside = folder / "lib" / "modules" / RELEASE
    inside.mkdir(parents=True)
    (inside / "modules.dep").touch()
    return inside


@test("a bzImage of one's own: its release, and its modules by either folder")
def _(directory):
    image = bzimage(directory / "bzImage")
    inside = installed(directory / "there")
    for folder in directory / "there", inside:
        equal(own_kernel.fields(image, folder)["modules"], directory / "there")
    equal(own_kernel.fields(image, None)["release"], RELEASE)
    equal(kernels.use_own(image, None), "own")
    equal((kernels.get("own").image, kernels.get("own").release), (image, RELEASE))
    equal(l1.load_order(kernels.get("own"), "kvm-amd"), [])


@test("what is no bzImage, and modules of another kernel, are refused with what to do")
def _(directory):
    refused(Broken, "is no bzImage", own_kernel.release_of, bzimage(directory / "a", magic=b"none"))
    refused(Broken, "has no version", own_kernel.release_of, bzimage(directory / "b", version=b""))
    (directory / "c").write_bytes(b"short")
    refused(Broken, "is no bzImage", own_kernel.release_of, directory / "c")
    (directory / "there/lib/modules/5.0").mkdir(parents=True)
    refused(Broken, "but 5.0: run make modules_install INSTALL_MOD_PATH=", own_kernel.modules_of, directory / "there", RELEASE)
    refused(Broken, "but nothing: run make", own_kernel.modules_of, directory / "none", RELEASE)


@test("a kernel of one's own takes what the newest stock kernel shows, and nothing that needs a module of ours")
def _(directory):
    kernels.use_own(bzimage(directory / "bzImage"), None)
    equal(kernels.newest(), "7")
    for names, takes in ("6.1 7", ["amd", "intel"]), ("old", []), ("5.10 6.1", []), ("7 debug", ["amd", "intel"]):
        one = scenario(kernels=names, cpu="amd intel")
        equal((names, [cpu for _one, _kernel, cpu in plan.wanted([one], ["own"], ())]), (names, takes))
    refused(Skip, "needs refuse.ko", plan.files_for, scenario(kernels="6.1", module="refuse func=f"), kernels.get("own"))


@test("all that is missing is in one line, with the command that installs it")
def _(_):
    tools.need(["sh"])
    before, tools.PATH = tools.PATH, "/nonexistent"
    try:
        refused(Skip, r"^missing: cpio, strip\. Run: scripts/install-deps --lab \(Debian: cpio binutils\)$", tools.need,
                ["cpio", "strip"])
        refused(Skip, "install-deps --all", tools.need, ["bochs-bin"])
    finally:
        tools.PATH = before
    needed = {name for names in plan.NEEDED.values() for name in names}
    equal(needed - set(tools.PACKAGE), set())


@test("how long the rest takes, by what was done so far")
def _(_):
    groups = {("6.1", "amd", False, 1): ["a", "b"], ("7", "amd", False, 1): ["c"]}
    estimate = plan.Estimate(groups)
    estimate.enter()
    equal(estimate.text(), "about 21 s left")
    estimate.step()
    estimate.since -= 60    # booting took ten times as long as guessed
    assert re.fullmatch(r"about 150 s left|about [23] min left", estimate.text()), estimate.text()
    estimate.enter()
    estimate.step()
    estimate.step()
    equal(estimate.text(), "about 0 s left")


main()
