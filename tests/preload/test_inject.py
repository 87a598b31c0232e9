#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A VMM under the injector: what should fail fails, exactly that is logged, and everything else is
as without it.

    test_inject.py --full    10 million calls instead of 400,000
"""

import os
import subprocess
import sys

from cli import equal, main, test
from injector import (EFAULT, EHWPOISON, EIO, EPERM, FAIL_ENTRY, HLT, INTERNAL_ERROR, MEMORY_FAULT, MMIO, PLAIN,
                      SHUTDOWN, UNKNOWN, agree, environment, injections, need_kvm, run, thread_sanitizer)

CALLS = 10_000_000 if "--full" in sys.argv else 400_000


def only(rows):
    (row,) = rows
    return row


@test("without a specification nothing fails, and nothing is logged")
def _(directory):
    rows, lines = run(directory, None, 2, 1000)
    for row in rows:
        equal((row["errno"], row["exit"]), ({}, {MMIO: 1000}))
    equal(lines, [])


@test("a wrong specification is told, and nothing is injected")
def _(directory):
    done = subprocess.run([PLAIN.vmm, "1", "10"], capture_output=True, text=True, check=False,
                          env=environment([PLAIN.library, PLAIN.mock], "errno=EWHAT"))
    equal(done.returncode, 0)
    assert "'errno=EWHAT'" in done.stderr and "nothing is injected" in done.stderr, done.stderr
    assert '"errno": {}' in done.stdout, done.stdout


@test("a log that cannot be written is told, and nothing is injected")
def _(directory):
    done = subprocess.run([PLAIN.vmm, "1", "10"], capture_output=True, text=True, check=False,
                          env=environment([PLAIN.library, PLAIN.mock], "", directory / "no" / "log"))
    assert "No such file" in done.stderr and '"errno": {}' in done.stdout, done.stderr + done.stdout


@test("the N-th call of a vCPU fails once, with the errno, and the line of the log says so")
def _(directory):
    rows, lines = run(directory, "vcpu=1 call=7 errno=EFAULT", 3, 100)
    equal([row["errno"] for row in rows], [{}, {EFAULT: 1}, {}])
    (line,) = lines
    equal((line["vcpu"], line["call"], line["what"], line["mode"]), (1, 7, "errno=EFAULT", "before"))
    equal(line["rip"], "0x6")  # the mock counts there
    assert line["pid"] and line["tid"] and line["fd"] and line["time"] > 1e9, line


@test("a range of calls, each, with an interval, and up to a number of times")
def _(directory):
    for spec, calls in (("call=5..9 times=-1", [5, 6, 7, 8, 9]), ("call=95.. times=-1", [95, 96, 97, 98, 99, 100]),
                        ("interval=40 times=-1", [40, 80]), ("call=11..20 interval=5 times=-1", [15, 20]),
                        ("times=3", [1, 2, 3]), ("probability=0 times=-1", [])):
        rows, lines = run(directory, spec, 1, 100)
        equal((spec, [line["call"] for line in lines]), (spec, calls))
        equal(only(rows)["errno"].get(EPERM, 0), len(calls))


@test("times is exact for all vCPUs together")
def _(directory):
    rows, lines = run(directory, "times=1000 one-in=3", 4, 5000)
    equal((sum(row["errno"].get(EPERM, 0) for row in rows), len(lines)), (1000, 1000))


@test("each exit is as KVM would give it, and the guest goes on as if nothing had been")
def _(directory):
    for spec, kind, reason in (("exit=fail-entry:0x80000021:3", "exit", FAIL_ENTRY),
                               ("exit=internal-error:1:0x10:0x20", "exit", INTERNAL_ERROR),
                               ("exit=shutdown", "exit", SHUTDOWN), ("exit=unknown:0x21", "exit", UNKNOWN),
                               ("exit=memory-fault:0x1000:0x1000", "errno", EFAULT),
                               ("exit=memory-fault:0:0x1000:8 errno=EHWPOISON", "errno", EHWPOISON),
                               ("exit=memory-fault:0:0x1000 errno=none", "exit", MEMORY_FAULT),
                               ("exit=internal-error:1 errno=EIO", "errno", EIO)):
        rows, lines = run(directory, f"{spec} one-in=10 times=-1", 2, 1000)
        assert agree(rows, lines, kind, reason) > 100, spec


@test("mode=after: KVM_RUN is called, and what it returned is in the log")
def _(directory):
    rows, lines = run(directory, "call=4 mode=after", 1, 4)
    equal((only(rows)["errno"], only(rows)["exit"]), ({EPERM: 1}, {MMIO: 3}))
    (line,) = lines
    equal((line["mode"], line["returned"], line["exit_reason"], line["rip"]), ("after", 0, 6, "0x4"))


@test("an exit by its reason, and a RIP, choose the call")
def _(directory):
    equal([line["call"] for line in run(directory, "exit-reason=mmio call=3..", 1, 9)[1]], [3])
    equal(run(directory, "exit-reason=io", 1, 9)[1], [])
    equal(run(directory, "msr=0x838", 1, 9)[1], [])
    equal([line["call"] for line in run(directory, "rip=5", 1, 9)[1]], [6])
    equal([line["call"] for line in run(directory, "rip=5..6 mode=after times=-1", 1, 9)[1]], [5, 6])


@test("an exit for an MSR chooses the call")
def _(directory):
    os.environ["MOCK_MSR"] = "1"
    try:
        equal([line["call"] for line in run(directory, "msr=0x838 call=11.. times=2", 1, 99)[1]], [20, 30])
        equal([line["call"] for line in run(directory, "msr=0x800..0x8ff exit-reason=wrmsr", 1, 99)[1]], [10])
        equal(run(directory, "msr=0x839", 1, 99)[1], [])
        equal(run(directory, "msr=0x838 exit-reason=rdmsr", 1, 99)[1], [])
    finally:
        del os.environ["MOCK_MSR"]


@test("a VMM that uses syscall(2), or a copy of the descriptor, meets the same")
def _(directory):
    wanted = [line["call"] for line in run(directory, "one-in=10 times=-1", 1, 1000)[1]]
    for way in ("syscall", "dup"):
        rows, lines = run(directory, "one-in=10 times=-1", 1, 1000, way)
        agree(rows, lines, "errno", EPERM)
        equal([line["call"] for line in lines], wanted)


@test("a descriptor that came from elsewhere is known by its name in /proc")
def _(directory):
    need_kvm()
    # The VM is made by this process, without the injector.
    script = ("import fcntl, os, sys\n"
              "fd = int(sys.argv[1])\n"
              "try: fcntl.ioctl(fd, 0xae80, 0)\n"
              "except OSError as error: print(error.errno)\n")
    import fcntl
    kvm = os.open("/dev/kvm", os.O_RDWR)
    machine = fcntl.ioctl(kvm, 0xae01, 0)
    vcpu = fcntl.ioctl(machine, 0xae41, 0)
    done = subprocess.run([sys.executable, "-c", script, str(vcpu)], capture_output=True, text=True, check=True,
                          pass_fds=[vcpu], env=environment([PLAIN.library], "vcpu=0 errno=ENOSPC",
                                                           directory / "log"))
    equal(done.stdout, "28\n")
    equal(injections(directory / "log")[0]["vcpu"], 0)
    for fd in (vcpu, machine, kvm):
        os.close(fd)


@test("the log is never written to a file that took its number, and does not stand in the way")
def _(directory):
    # All descriptors are closed, as daemons do, and a file is opened at each of their numbers.
    image = directory / "image"
    image.write_bytes(b"")
    script = ("import ctypes, fcntl, os, sys\n"
              "libc = ctypes.CDLL(None, use_errno=True)\n"
              "libc.syscall(436, 3, 0xffffffff, 0)\n"  # SYS_close_range
              "kvm = libc.open(b'/dev/kvm', 2)\n"
              "vm = libc.ioctl(kvm, 0xae01, 0)\n"
              "vcpu = libc.ioctl(vm, 0xae41, 0)\n"
              "image = libc.open(sys.argv[1].encode(), 2)\n"
              "for fd in range(900, 905): os.dup2(image, fd)\n"
              "print(vcpu >= 0, libc.ioctl(vcpu, 0xae80, 0), ctypes.get_errno())\n")
    done = subprocess.run([sys.executable, "-c", script, str(image)], capture_output=True, text=True, check=True,
                          env=environment([PLAIN.library, PLAIN.mock], "errno=EPERM", directory / "log"))
    equal((done.stdout, done.stderr), ("True -1 1\n", ""))
    equal(image.read_bytes(), b"")


@test(f"4 vCPUs, {CALLS:,} calls at 1 in 1,000: chance, VMM and log agree, call by call")
def _(directory):
    rows, lines = run(directory, "one-in=1000 times=-1 seed=5", 4, CALLS // 4)
    count = agree(rows, lines, "errno", EPERM)
    print(f"# {sum(row['calls'] for row in rows)} calls, {count} failures")


@test(f"the same under the thread sanitizer, with {CALLS:,} calls and an exit: no race, no deadlock")
def _(directory):
    rows, lines = run(directory, "one-in=1000 times=-1 seed=6 exit=fail-entry:0x80000021", 4, CALLS // 4,
                      programs=thread_sanitizer())
    count = agree(rows, lines, "exit", FAIL_ENTRY)
    print(f"# {sum(row['calls'] for row in rows)} calls, {count} failures")


@test("this machine's KVM: the calls that fail are those foretold, and the guest goes on behind an exit and an errno")
def _(directory):
    need_kvm()
    for spec, kind, reason in (("", "errno", EPERM), ("exit=internal-error:1", "exit", INTERNAL_ERROR)):
        rows, lines = run(directory, f"one-in=100 times=-1 seed=7 {spec}", 2, 5000, mock=False)
        agree(rows, lines, kind, reason)
        assert not any(HLT in row["exit"] for row in rows), rows


main()
