#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How an emulator is run and ended: a shell script stands in for it."""

import pathlib
import time

from lab import equal, main, scenario, test

from driver import cache, l1, plan, process, tools
from driver.result import Result


def run(directory, script, seconds=20, on_line=lambda line: None):
    (directory / "emulator").write_text(script)
    return process.run(["sh", "emulator"], directory, seconds, {"console": "console", "stream": "stream"}, on_line)


@test("one that says that it is done is ended at once, with what it had started")
def _(directory):
    ran = run(directory, "echo hi >console; echo @done >stream; sleep 60 & echo $! >child; sleep 60")
    equal((ran.ended, ran.texts["console"]), ("done", "hi\n"))
    stat = pathlib.Path("/proc", (directory / "child").read_text().strip() or "none", "stat")
    for _try in range(50):
        if not stat.exists() or ") Z " in stat.read_text():
            return
        time.sleep(0.1)
    raise AssertionError("what it had started still runs")


@test("one that ends by itself died, and its last words are there")
def _(directory):
    ran = run(directory, "echo 'Kernel panic' >console; echo oh >&2; printf ' torn' >stream; exit 1")
    equal((ran.ended, ran.texts["console"], ran.texts["stream"]), ("died", "Kernel panic\n", " torn"))
    equal(ran.said, ["oh"])


@test("one that is silent for too long is ended: seconds from the start, or from a line that gives more")
def _(directory):
    since = time.monotonic()
    equal(run(directory, "sleep 60", seconds=0.3).ended, "timeout")
    ran = run(directory, "echo @begin a >stream; sleep 60", 30, lambda line: 0.3)
    equal((ran.ended, ran.texts["stream"]), ("timeout", "@begin a\n"))
    assert time.monotonic() - since < 20


@test("one that writes without end is ended")
def _(directory):
    equal(run(directory, f"head -c {process.MOST_BYTES + 1} /dev/zero >console; sleep 60").ended, "flood")


def told(results):
    """Verdicts of three scenarios whose boots end as given: a Result and the outcomes of each."""
    asked, left = [], list(results)

    def boot(_kernel, _cpu, scenarios, _files, _estimate):
        asked.append([one.name for one in scenarios])
        ended, names = left.pop(0)
        found = {name: l1.Outcome(status=0 if name != ended else None) for name in names}
        return Result("X", "console", [], "", "done" if len(names) == len(scenarios) else "died"), found

    kernel = type("Kernel", (), {"name": "6.1"})
    real, plan.boot = plan.boot, boot
    try:
        three = [scenario(name, see="") for name in ("a", "b", "c")]
        verdicts = plan.boots(kernel, "amd", three, {}, plan.Estimate({}))
        return asked, [(one.scenario, one.state, one.how) for one in verdicts]
    finally:
        plan.boot = real


SECOND = "X, in a second boot: the first one ended before it"


@test("an L1 that dies in a job: that is missed, what came after it has a second boot")
def _(_):
    asked, verdicts = told([("b", "ab"), ("", "c")])
    equal(asked, [["a", "b", "c"], ["c"]])
    equal(verdicts, [("a", "seen", "X"), ("b", "missed", "X"), ("c", "seen", SECOND)])


@test("an L1 that dies before its first job is booted once more, and once only")
def _(_):
    asked, verdicts = told([("", ""), ("", "abc")])
    equal(asked, [["a", "b", "c"]] * 2)
    equal({one[1:] for one in verdicts}, {("seen", SECOND)})
    asked, verdicts = told([("", ""), ("", "")])
    equal([one[1] for one in verdicts], ["missed"] * 3)


@test("a program that is missing is a skip with Debian's package, one that fails is told, a full disk is one")
def _(directory):
    def raises(error, text, *command):
        try:
            tools.output(*command)
            raise AssertionError("no error")
        except error as reason:
            assert text in str(reason), reason
    real, tools.PATH = tools.PATH, str(directory)
    try:
        for name, package in tools.PACKAGE.items():
            raises(cache.Skip, f"(Debian: {package})", name)
        tool = directory / "cpio"
        tool.write_text("#!/bin/sh\necho $1 >&2\nexit $2\n")
        tool.chmod(0o755)
        equal(tools.output("cpio", "", 0), b"")
        raises(cache.Broken, "cpio failed: bad archive", "cpio", "bad archive", 1)
        raises(OSError, "No space left", "cpio", "write: No space left on device", 1)
    finally:
        tools.PATH = real


main()
