#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The oracle for VMRUN: its states in, the input of its two sides and the verdicts out. QEMU does
not run here.
"""

import pathlib
import tempfile

from lab import equal, main, test

from driver import svm_oracle
from driver.svm_oracle import REFUSED, Change, State

HLT = 0x78


def read(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "states")
        path.write_text(text, encoding="ascii")
        return svm_oracle.read(path)


def refused_line(text):
    try:
        read(text)
    except ValueError as reason:
        return str(reason)
    return None


def judged(exit_code, broken=(), untold=(), expected=(), may=(), why=""):
    verdict = svm_oracle.judged(State("one", [], set(expected), set(may), why), exit_code, set(broken), set(untold))
    return verdict.word, verdict.wrong


@test("a line is a name, changes, what is expected and a reason")
def _(_):
    equal(read("# a comment\n\na\tasid=0,efer^12\tx,?y\tqemu: why\n"),
          [State("a", [Change("asid", False, 0), Change("efer", True, 1 << 12)], {"x"}, {"y"}, "qemu: why")])
    equal(read("a - -"), [State("a", [], set(), set(), "")])


@test("a line that is none is named")
def _(_):
    equal(refused_line("a - -\nb asid=0"), "states:2: name, changes and what is expected are needed")
    equal(refused_line("a asdi=0 -"), "states:1: not a change: asdi=0")
    equal(refused_line("a asid -"), "states:1: not a change: asid")


@test("a state as the program reads it: offset, bytes, whether it flips, value")
def _(_):
    state = read("a cs.a=0xe9b,efer^12 -")
    equal([line.split(None, 1)[1] for line in svm_oracle.as_data(state)],
          ["2", "0x412, 2, 0, 0xe9b", "0x4d0, 8, 1, 0x1000"])


@test("the changes are in the dump, each where dump_vmcb prints it")
def _(_):
    changes = "asid=33,intercepts_4=2,nested_ctl=7,event_inj=0x8000031f,tr.b=0x1234,cr2=5,efer^12,efer^63,virt_ext=3"
    text = svm_oracle.dump(svm_oracle.changed(bytes(0x1000), read(f"a {changes} -")[0], REFUSED))
    for line in ("asid:               33", "intercepts:         00000000 00000002", "misc_ctl:           7",
                 "event_inj:          8000031f", "exit_code:          ffffffffffffffff", "misc_ctl2:          3",
                 "tr:   s: 0000 a: 0000 l: 00000000 b: 0000000000001234",
                 "cr0:            0000000000000000 cr2:          0000000000000005",
                 "vmpl: 0   cpl:  0               efer:          8000000000001000"):
        assert f"kvm_amd: {line}\n" in text, f"no {line!r} in:\n{text}"


@test("both refuse, or both accept: they agree")
def _(_):
    equal(judged(REFUSED, broken=["x"], expected=["x"]), ("agree", ""))
    equal(judged(HLT), ("agree", ""))


@test("kvmwhy cannot tell: no disagreement, whatever QEMU does")
def _(_):
    for code in REFUSED, HLT:
        equal(judged(code, untold=["x", "y"], may=["x"]), ("cannot tell", ""))


@test("they differ: wrong without a reason, and a reason without that too")
def _(_):
    equal(judged(HLT, broken=["x"], expected=["x"]), ("differ", "no reason is given for that"))
    equal(judged(HLT, broken=["x"], expected=["x"], why="kvmwhy: so"), ("differ", ""))
    equal(judged(REFUSED), ("differ", "no reason is given for that"))
    equal(judged(HLT, why="kvmwhy: so"), ("agree", "they are said to differ: kvmwhy: so"))


@test("another check than the expected one is wrong, even if they agree")
def _(_):
    equal(judged(REFUSED, broken=["x", "y"], expected=["x"]), ("agree", "broken is expected: x"))
    equal(judged(REFUSED, expected=["x"], may=["y"]),
          ("cannot tell", "broken is expected: x; expected to be undecided: y"))


@test("the states of the lab: at least 30, each with a name of its own, some accepted and some refused")
def _(_):
    states = svm_oracle.read()
    equal(len({state.name for state in states}), len(states))
    assert len(states) >= 30
    assert any(state.broken for state in states) and any(not state.broken and not state.untold for state in states)


main()
