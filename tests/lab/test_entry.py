#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lab/entry_states.txt, and how the answers of Bochs, KVM and the judge are evaluated."""

import json
import subprocess

from lab import equal, main, test

from driver import entry_oracle, entry_states, judge, l1

FIELDS = {"GUEST_CR0": 0x6800, "GUEST_CR4": 0x6804}


def state(line):
    return entry_states.parsed(line)


def row(line, error, *broken, dumps=1):
    return entry_oracle.Row(state(line), "", error, dumps=dumps, broken=broken)


@test("the states have enough of each kind")
def _(_):
    states = entry_states.read()
    assert sum(one.refused for one in states) >= 60 and sum(not one.refused for one in states) >= 30, len(states)
    assert sum(one.record for one in states if one.refused) <= 20


@test("a state that is refused names a check, one that enters names none")
def _(_):
    for one in entry_states.read():
        equal(bool(one.checks), one.refused)


@test("every check that a state names is one of kvmwhy's")
def _(_):
    told = subprocess.run([judge.need_tool(), "check", "--format", "json"], stdout=subprocess.PIPE, check=True).stdout
    known = {check["id"] for check in json.loads(told)} | {entry_states.UNTOLD}
    equal({name for one in entry_states.read() for name in one.checks if "*" not in name} - known, set())


@test("the operators of fields become what stays and what is inverted")
def _(_):
    one = state("a long GUEST_CR0^=0x5 GUEST_CR4&=~0x20 : refused x")
    equal(entry_states.module_options(one, FIELDS),
          ["field=0x6800,0x6804", "keep=0xffffffffffffffff,0xffffffffffffffdf", "flip=0x5,0x0"])
    one = state("a long GUEST_CR0=0x21 : entered")
    equal(entry_states.module_options(one, FIELDS), ["dump=1", "field=0x6800", "keep=0x0", "flip=0x21"])


@test("options go to the VMM, to KVM and to the module")
def _(_):
    one = state("a real cs.db=1 --inject=6:0 kvm_intel.ept=0 poke.skip=1 : entered record ! Nobody is right.")
    equal((one.vmm, one.vendor, one.poke), (["--set=cs.db=1", "--inject=6:0"], ["ept=0"], ["skip=1"]))
    equal((one.record, one.known, one.checks), (True, "Nobody is right.", ()))


@test("a wrong line is told with its number")
def _(directory):
    path = directory / "states.txt"
    for text, told in (("a long\n", ":1: does not say"), ("# x\na long : perhaps\n", ":2: does not say"),
                       ("a compat : entered\n", "mode: compat"), ("a long nonsense : entered\n", "nonsense"),
                       ("a long : entered\na real : entered\n", ":2: a is there already")):
        path.write_text(text, encoding="utf-8")
        try:
            entry_states.read(path)
        except ValueError as reason:
            assert told in str(reason), reason
        else:
            raise AssertionError(text)


@test("what Bochs and the judge say is compared")
def _(_):
    refused, entered = "a long : refused one two", "a long : entered"
    equal(row(refused, "0x7", "one").verdict, "agree")
    equal(row(refused, "0x7", "one", "two").verdict, "agree")
    equal(row(refused, "0x7", "two").verdict, "missed")
    equal(row(refused, "0x7", "one", "three").verdict, "another check")
    equal(row(refused + " th*", "0x7", "one", "three").verdict, "agree")
    equal(row(refused, "0x7").verdict, "missed")
    equal(row(refused + " untold", "0x7").verdict, "agree")
    equal(row(refused, "").verdict, "entered")
    equal(row(refused + " ! Bochs is wrong.", "", "one").verdict, "known")
    equal(row(refused + " ! Bochs is wrong.", "").verdict, "missed")
    equal(row(entered, "").verdict, "agree")
    equal(row(entered, "", "one").verdict, "false alarm")
    equal(row(entered, "0x80000021").verdict, "refused")
    equal(row(entered, "", dumps=0).verdict, "no dump")
    equal(row(entered, None).verdict, "not tried")


@test("Bochs' lines are told apart by the marks, also when L1 dies in a state")
def _(_):
    oracle = ("12e[CPU0  ] VMFAIL: VMCLEAR with invalid physical address!\n34e[CPU0  ] VMFAIL: one\n"
              "56e[CPU0  ] VMFAIL: VMCLEAR with invalid physical address!\n")
    jobs = [l1.Job(name, []) for name in ("a", "b", "c")]
    marked, unmarked = (l1.Outcome(dmesg=lines, status=0) for lines in (["vmcs_poke: marked"], []))
    equal(entry_oracle.said_of(jobs, {"a": marked, "b": unmarked, "c": marked}, oracle), {"a": "VMFAIL: one", "c": ""})
    equal(entry_oracle.said_of(jobs, {"a": marked, "b": l1.Outcome()}, oracle), {"a": "VMFAIL: one"})


if __name__ == "__main__":
    main()
