#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Verdicts on a record: outcomes in, verdicts out."""

import collections
import os

from lab import equal, main, scenario, test

from driver import cli, judge
from driver.result import Result
from driver.l1 import Outcome

PANIC = "booting\nKernel panic - not syncing: sysrq\n" + "call trace\n" * 40 + "the end"


def judged(one, outcome, kernel="6.1", **result):
    known = {"how": "X", "console": "", "stream": [], "oracle": "", "ended": "done", **result}
    return judge.judge(one, kernel, "amd", outcome, Result(**known))


def said(*lines, status=0):
    return Outcome(list(lines), [], status)


@test("all that must be seen seen: seen, without a reason")
def _(_):
    verdict = judged(scenario(see="^a$\n^b"), said("a", "bc"))
    equal((verdict.state, verdict.why, verdict.record), ("seen", [], "a\nbc\n"))


@test("what was missed, and what should not be there, is named, with the end of the record")
def _(_):
    verdict = judged(scenario(see="^a$", never="^b"), said("x", "b"))
    equal(verdict.state, "missed")
    equal(verdict.why, ["not seen: ^a$", "seen, and should not be: ^b", "the record ends:", "  x", "  b"])


@test("a key for one kernel counts there only, `stock` everywhere but on `old`")
def _(_):
    one = scenario(**{"see.6.1": "a", "see.old": "b", "see.stock": "c"})
    equal(judged(one, said("a", "c")).state, "seen")
    equal(judged(one, said("a")).state, "missed")
    equal(judged(one, said("b"), kernel="old").state, "seen")
    equal(judged(one, said("c"), kernel="7").state, "seen")


@test("a job that was ended for its time is missed, even if all was seen")
def _(_):
    for status in (137, 143):
        verdict = judged(scenario(see="a", seconds="7"), said("a", status=status))
        equal(verdict.state, "missed")
        assert "7 seconds" in verdict.why[0], verdict.why


@test("an L1 that died in a job: missed, with what names the death and the end of its console")
def _(_):
    verdict = judged(scenario(see="a"), Outcome(["a"]), console=PANIC, ended="died")
    equal(verdict.state, "missed")
    equal(verdict.why[0], "L1 ended in the scenario: it died")
    assert "  Kernel panic - not syncing: sysrq" in verdict.why, verdict.why
    equal(verdict.why[-1], "  the end")
    assert len(verdict.why) < 30


@test("an L1 that died before a job, hung or wrote without end: missed, and how is said")
def _(_):
    for ended in judge.ENDED:
        verdict = judged(scenario(), None, ended=ended)
        equal(verdict.why, [f"L1 ended before the scenario: {judge.ENDED[ended]}", "its console is empty"])


@test("the emulator's own words count where the scenario asks for them")
def _(_):
    equal(judged(scenario(oracle="TR is"), said(), oracle="VMENTER FAIL: TR is").state, "seen")
    equal(judged(scenario(oracle="TR is"), said()).why[0], "X did not say: TR is")


def with_tool(directory, text):
    tool = directory / "kvmwhy"
    tool.write_text(f"#!/bin/sh\n{text}\n")
    tool.chmod(0o755)
    os.environ["KVMWHY"] = str(tool)


@test("a finding that must be there, and one that is not")
def _(directory):
    with_tool(directory, """echo '[{"findings": [{"id": "a"}]}]'""")
    equal(judged(scenario(explain="a"), said()).state, "seen")
    equal(judged(scenario(explain="b"), said()).why[0], "kvmwhy explain has no finding b; it has: a")


@test("a finding that is certain where none may be, or where others may be")
def _(directory):
    with_tool(directory, """echo '[{"findings": [{"id": "a", "certainty": "certain"}]}]'""")
    equal(judged(scenario(explain="a"), said()).state, "seen")
    equal(judged(scenario(explain="a", certain="a"), said()).state, "seen")
    for certain in ("none", "b"):
        equal(judged(scenario(explain="a", certain=certain), said()).why[0],
              "kvmwhy explain is certain of a, and cannot know")


@test("a kvmwhy that fails, dies, or says no JSON is told, and the verdict stands")
def _(directory):
    for text, why in (("echo no >&2; exit 2", "ended with 2: no"), ("kill -SEGV $$", "ended with -11"),
                      ("echo {", "Expecting")):
        with_tool(directory, text)
        verdict = judged(scenario(explain="a"), said())
        equal(verdict.state, "missed")
        assert why in verdict.why[0], verdict.why


@test("a kvmwhy that is not built is told")
def _(directory):
    os.environ["KVMWHY"] = str(directory / "none")
    equal(judged(scenario(explain="a"), said()).why[0], judge.NOT_BUILT)


@test("text of a guest does not steer the terminal")
def _(_):
    equal(cli.printable("a\033[2J\0\tb\n"), "a\ufffd[2J\ufffd\tb\n")


@test("0 when all was seen, 1 when something was not, 77 when nothing could be tried")
def _(_):
    counts = (["seen", "skipped"], ["seen", "missed"], ["skipped"], [])
    equal([cli.exit_status(collections.Counter(count)) for count in counts], [0, 1, 77, 77])


main()
