#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kvmwhy watch, record and replay where nothing can be watched: usage, sentences, recordings.

The rest is in the lab.
"""

import os
import pathlib
import re
import shutil
import subprocess

from cli import CASE, FOUND, NOTHING, TROUBLE, SOURCE, TOOL, Skip, environment, equal, kvmwhy, main, test

RECORDING = (SOURCE / "docs/watch.md").read_text()


@test("watch and record refuse what they do not take, and say where help is")
def _(_):
    for command in "watch", "record":
        kvmwhy(command, "guest.log").expect(TROUBLE, err=f"see 'kvmwhy help {command}'")
        kvmwhy(command, "--pid", "x").expect(TROUBLE, err="'x' after --pid is not a process ID")
        kvmwhy(command, "--pid", "0").expect(TROUBLE, err="'0' after --pid is not a process ID")
        kvmwhy(command, "--pid", "99999999999999999999").expect(TROUBLE, err="is not a process ID")
        kvmwhy(command, "--via", "ftrace").expect(TROUBLE, err="use one of: bpf, bpf-kprobe, bpf-tracepoint, tracefs")
        kvmwhy(command, "--bogus").expect(TROUBLE, err="unknown option '--bogus'")
    kvmwhy("watch", "--format", "xml").expect(TROUBLE, err="use one of: text, json, ndjson, html")
    kvmwhy("watch", "--format").expect(TROUBLE, err="option '--format' needs a value")
    kvmwhy("record", "--journal").expect(TROUBLE, err="unknown option '--journal'")


@test("help of the commands that look at the host comes from the program behind them")
def _(_):
    for command in "watch", "record", "host":
        equal(kvmwhy("help", command).expect(FOUND).text(), kvmwhy(command, "--help").expect(FOUND).text())


@test("without kvmwhy-live the command says what is missing")
def _(directory):
    shutil.copy(TOOL, directory / "kvmwhy")
    libraries = os.path.dirname(os.environ["KVMWHY_LIBRARY"])
    run = subprocess.run([directory / "kvmwhy", "watch"], capture_output=True, text=True, check=False,
                         env=environment(LD_LIBRARY_PATH=libraries))
    if "watching KVM" in run.stderr or "kvmwhy-watch" not in run.stderr:
        raise Skip("kvmwhy-live is installed where this build would look for it")
    equal((run.returncode, run.stdout), (TROUBLE, ""))
    assert "No such file or directory; it may be in the package kvmwhy-watch" in run.stderr, run.stderr


@test("where nothing can be watched a sentence says why and what to do")
def _(_):
    if pathlib.Path("/dev/kvm").exists() and os.getuid() == 0:
        raise Skip("this host can be watched")
    for command in "watch", "record":
        run = kvmwhy(command).expect(TROUBLE, out="")
        for line in run.complaint().splitlines():
            assert re.match(rf"kvmwhy: {command}: .{{20,}}", line), run


@test("an ordinary user is told that root is needed, or what stands in front of it")
def _(_):
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    if user and not shutil.which("setpriv"):
        raise Skip("there is no setpriv")
    run = subprocess.run([*user, TOOL, "watch", "--once"], capture_output=True, text=True, timeout=60, check=False)
    if run.returncode in (126, 127) or "setpriv" in run.stderr:
        raise Skip("an ordinary user cannot start this build")
    if "was built without" in run.stderr:
        raise Skip("this build has no way to watch")
    equal((run.returncode, run.stdout), (TROUBLE, ""))
    assert re.search(r"Run: sudo kvmwhy watch|KVM", run.stderr), run.stderr


@test("the journal is refused where there is none, before anything is put into the kernel")
def _(_):
    if pathlib.Path("/run/systemd/journal/socket").exists():
        raise Skip("there is a journal")
    kvmwhy("watch", "--journal").expect(TROUBLE, err="--journal: ")


@test("replay explains the recording that docs/watch.md shows, as explain does, and names the host's kernel itself")
def _(_):
    block = "\n".join(re.findall(r"^    (kvmwhy watch: .*|error: kvm.*|RAX=.*|Code=.*)$", RECORDING, re.M)) + "\n"
    replayed = kvmwhy("replay", stdin=block.encode()).expect(FOUND, "refused with -EPERM by")
    equal(replayed.out, kvmwhy("explain", stdin=block.encode()).out)
    assert "Linux 6.1.0-18-amd64" in replayed.text(), replayed
    kvmwhy("replay", CASE).expect(FOUND)
    kvmwhy("replay", stdin=b"nothing\n").expect(NOTHING)


main()
