#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the lab has for `kvmwhy watch`: scenarios, the comparison of a flood, how lab/cost --watch
reads L1's output."""

import json
import subprocess

from lab import LAB, Skip, equal, main, scenario, test

from driver import cache, cost, cost_watch, guests, l1, plan, scenarios

MADE = "100 101 0 0x40000200 0x5aa5000000001000 14\n100 102 1 0x40000200 0x5aa5000100001000 14\n"


@test("a guest, a VMM under the injector and a program run while watch looks, in each way")
def _(_):
    equal(plan.command(scenario(guest="wrmsr", watch="best tracefs")),
          ["watched", "best,tracefs", "vmm", "/bin/wrmsr.bin"])
    equal(plan.command(scenario(program="x y", watch="bpf", preload="z")), ["watched", "bpf", "preload", "z", "x", "y"])


@test("a way to watch that there is not, and none at all")
def _(directory):
    for ways, told in (("best ebpf", "unknown way to watch: ebpf"), ("", "does not say how: watch")):
        path = directory / "cfg"
        path.write_text(f"[one]\nwhat = A test.\ncpu = amd\nkernels = 6.1\nguest = wrmsr\nwatch = {ways}\n")
        try:
            scenarios.read(path)
        except ValueError as reason:
            assert told in str(reason), reason
        else:
            raise AssertionError(f"{ways!r} was taken")


@test("the shell programs of L1 are busybox's language")
def _(_):
    try:
        shell = l1.busybox()
    except cache.Skip as reason:
        raise Skip(str(reason)) from None
    for path in sorted((LAB / "l1").iterdir()):
        run = subprocess.run([shell, "sh", "-n", path], capture_output=True, text=True, check=False)
        equal((path.name, run.stderr), (path.name, ""))


def told(tid, msr, value, vcpu=0, error=14):
    """The relevant part of a line of NDJSON; the thread's name tries to inject a field."""
    words = {"version": 1, "errno": error, "msr": hex(msr), "value": hex(value)}
    watch = {"pid": 100, "tid": tid, "vcpu": vcpu, "thread": '","tid":7,"msr":"0x9', "words": words}
    return json.dumps({"schema": 1, "errno": {"number": 14}, "watch": watch}, separators=(",", ":")) + "\n"


FIRST, SECOND = told(101, 0x40000200, 0x5aa5000000001000), told(102, 0x40000200, 0x5aa5000100001000, vcpu=1)


@test("a flood's failures that were told once, twice, wrong, lost by count, and without trace")
def _(directory):
    try:
        guests.need(("cc",))
    except cache.Skip as reason:
        raise Skip(str(reason)) from None
    flood = directory / "flood"
    guests.run(("cc", *guests.STRESS_FLAGS, "-o", flood, LAB / "flood.c"))
    (directory / "made").write_text(MADE)
    cases = (
        (FIRST + SECOND, "2 failures seen, 0 lost", 0, "2 told once, 0 told twice, 0 told wrong, 0 lost by count, 0 "),
        (FIRST, "1 failure seen, 1 lost", 0, "1 told once, 0 told twice, 0 told wrong, 1 lost by count, 0 "),
        (FIRST, "1 failure seen, 0 lost", 1, "1 told once, 0 told twice, 0 told wrong, 0 lost by count, 1 "),
        (FIRST + FIRST + SECOND, "3 failures seen, 0 lost", 1, "1 told once, 1 told twice"),
        (FIRST + told(101, 0x40000200, 0x5aa5000100001000, 1), "2 failures seen, 0 lost", 1, "1 told wrong"),
        (FIRST + told(102, 0x40000201, 0x5aa5000100001000, 1), "2 failures seen, 0 lost", 1, "1 told wrong"),
        (FIRST + told(102, 0x40000200, 0x5aa5000100001000, 1, 1), "2 failures seen, 0 lost", 1, "1 told wrong"),
        (FIRST + SECOND.replace('"pid":100,', ""), "2 failures seen, 0 lost", 0, "2 told once"),
        (FIRST + SECOND.replace('"pid":100,', '"pid":102,'), "2 failures seen, 0 lost", 1, "1 told wrong"),
        (FIRST + SECOND.replace('"tid":102,', ""), "2 failures seen, 0 lost", 1, "1 told wrong"),
        (FIRST + "{}\n" + SECOND, "3 failures seen, 0 lost", 1, "1 told wrong"),
        (FIRST + SECOND, "3 failures seen, 0 lost", 1, "it says 3, and printed 2"),
        (FIRST + SECOND, "watching", 2, "does not say how many failures were seen and lost"),
    )
    for ndjson, said, status, text in cases:
        (directory / "out").write_text(ndjson)
        (directory / "said").write_text(f"kvmwhy: {said}\n")
        run = subprocess.run([flood, "--compare", directory / "made", directory / "out", directory / "said"],
                             stdout=subprocess.PIPE, text=True, check=False)
        assert text in run.stdout and run.returncode == status, f"{run.returncode}, {run.stdout}; wanted {status}, {text}"


def said_of(way, factor):
    lines = [f"{kind}: vmm: KVM_RUN took {int(factor * cost.EXITS * 2000)} ns" for kind in cost_watch.EXITS]
    memory = [f"{way}: VmRSS 3000 kB", f"{way}: BPF maps 17000 kB"]
    return l1.Outcome([*lines, *memory, f"{way} said: kvmwhy: watching"], [], 0)


@test("instructions of an exit, their ratio to nobody looking, and the memory")
def _(_):
    measured = cost_watch.Measured()
    measured.add("absent", said_of("absent", 1))
    measured.add("bpf", said_of("bpf", 1.25))
    equal(measured["io bpf"], 1250)
    equal(measured.memory["bpf"], {"VmRSS": 3000, "BPF maps": 17000})
    equal(cost_watch.row("bpf", measured, measured).count("1250, 1250 (1.250)"), 4)
    equal(list(cost.disagreements(measured, {**measured, "hlt bpf": 1300})), ["hlt bpf: the two runs are 4.0 % apart"])


@test("a way that cannot work on a kernel is left out with its reason; a guest that did not end is not a number")
def _(_):
    measured = cost_watch.Measured()
    said = ["io: vmm: guest done 0x42", "bpf said: kvmwhy: watch: KVM's modules have no BTF"]
    measured.add("bpf", l1.Outcome(said, [], 0))
    equal(measured.left_out, {"bpf": "watch: KVM's modules have no BTF"})
    late = l1.Outcome(said_of("bpf", 1).output, [], 143)
    for outcome in (None, l1.Outcome(["bpf said: kvmwhy: watching"], [], 0), late):
        try:
            measured.add("bpf", outcome)
        except cache.Broken as reason:
            assert "wrmsr with bpf was not measured" in str(reason), reason
        else:
            raise AssertionError("it was taken")


main()
