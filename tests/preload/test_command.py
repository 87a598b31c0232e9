#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kvmwhy inject --preload: a VMM is run under the injector, and what cannot be run is refused with
a sentence."""

import json
import os
import shutil
import subprocess

from cli import FOUND, TROUBLE, Skip, environment, equal, kvmwhy, main, test
from injector import PLAIN, injections, need_kvm

# Headline of QEMU, and the class and the finding that kvmwhy explain has for it, for each
# injection.
QEMU = {
    "errno=EPERM": ("error: kvm run failed Operation not permitted", "kvm-run-failed", "eperm-no-msr-write"),
    "errno=EFAULT": ("error: kvm run failed Bad address", "kvm-run-failed", "efault-guest-ram-backing"),
    "exit=fail-entry:0x80000021": ("KVM: entry failed, hardware error 0x80000021", "entry-failed",
                                   "entry-hidden-state"),
    "exit=internal-error:1": ("KVM internal error. Suberror: 1", "internal-error", "reset-values"),
    "exit=memory-fault:0x1000:0x1000": ("error: kvm run failed Bad address", "kvm-run-failed", None),
    "exit=memory-fault:0x1000:0x1000 errno=none": ("KVM: unknown exit reason 39", "unknown-exit", "exit-memory-fault"),
    "exit=unknown:0x21": ("KVM: unknown exit, hardware reason 21", "unknown-exit", "exit-hardware-unknown"),
    "exit=shutdown": (None, None, None),
}


def inject(spec, *command, log=None, **changes):
    options = ["--log", str(log)] if log else []
    # with the address sanitizer the tool itself objects to preloading
    sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return kvmwhy("inject", "--preload", spec, *options, "--", *command,
                  env=environment(ASAN_OPTIONS=sanitizer, **changes))


@test("the command is run under the injector, with its own options, and its status is the answer")
def _(directory):
    result = inject("call=3 errno=EIO", PLAIN.vmm, "1", "5", log=directory / "log", LD_PRELOAD=PLAIN.mock)
    equal(json.loads(result.expect(FOUND).out)["errno"], {"5": 1})
    equal([line["call"] for line in injections(directory / "log")], [3])
    equal(inject("", "sh", "-c", "exit 42").status, 42)
    equal(inject("", "echo", "--log", "-x").expect(FOUND).out, b"--log -x\n")


@test("a log by a name without a folder is where the command was called from")
def _(directory):
    script = f'cd / && exec "{PLAIN.vmm}" 1 1'
    script = f'LD_PRELOAD="$LD_PRELOAD:{PLAIN.mock}"; {script}'
    kvmwhy("inject", "--preload", "errno=EIO", "--log", "here.ndjson", "--", "sh", "-c", script,
           cwd=directory).expect(FOUND)
    equal(len(injections(directory / "here.ndjson")), 1)


@test("a wrong specification is judged before anything is run, and the word is named")
def _(directory):
    for spec, word in (("errno=EWHAT", "'errno=EWHAT'"), ("vcpu=0,cal=1", "'cal=1'"), ("msr=1 mode=before", "mode")):
        inject(spec, "touch", str(directory / "ran")).expect(TROUBLE, err=word)
    assert not (directory / "ran").exists()


@test("no command, no such command, no library and no log are told")
def _(directory):
    kvmwhy("inject", "--preload", "").expect(TROUBLE, err="no command given")
    kvmwhy("inject", "--log", "x").expect(TROUBLE)
    kvmwhy("inject", "--preload", "", "--msr", "1", "--", "true").expect(TROUBLE, err="--preload")
    inject("", "no-such-command").expect(TROUBLE, err="'no-such-command'")
    inject("", "true", KVMWHY_INJECT_LIBRARY=str(directory / "x.so")).expect(TROUBLE, err="KVMWHY_INJECT_LIBRARY")
    inject("", "true", log=directory / "no" / "log").expect(TROUBLE, err="No such file")
    library = directory / "a b.so"
    library.write_bytes(b"")
    inject("", "true", KVMWHY_INJECT_LIBRARY=str(library)).expect(TROUBLE, err="blank")


@test("the library is found beside the build")
def _(_):
    kvmwhy("inject", "--preload", "", "--dry-run", "--", "true",
           env=environment(KVMWHY_INJECT_LIBRARY=None)).expect(FOUND, "preload/libkvmwhy-inject.so'")


@test("a dry run prints the environment, and runs nothing")
def _(directory):
    result = kvmwhy("inject", "--preload", "vcpu=0 errno=EIO", "--log", "/tmp/x", "--dry-run", "--", "touch",
                    str(directory / "ran")).expect(FOUND)
    equal(result.text(), f"LD_PRELOAD='{PLAIN.library}'\nKVMWHY_INJECT='vcpu=0 errno=EIO'\n"
                         "KVMWHY_INJECT_LOG='/tmp/x'\n")
    assert not (directory / "ran").exists()


@test("a static program, and one of another machine, are refused with the way out")
def _(directory):
    program = bytearray(open(PLAIN.vmm, "rb").read())
    foreign = directory / "foreign"
    foreign.write_bytes(program[:18] + b"\xb7\x00" + program[20:])      # e_machine of AArch64
    foreign.chmod(0o755)
    inject("", str(foreign)).expect(TROUBLE, err="x86-64")
    headers, count = int.from_bytes(program[32:40], "little"), int.from_bytes(program[56:58], "little")
    for i in range(count):
        at = headers + 56 * i
        if program[at:at + 4] == b"\x03\0\0\0":     # PT_INTERP
            program[at:at + 4] = b"\0\0\0\0"
    static = directory / "static"
    static.write_bytes(program)
    static.chmod(0o755)
    inject("", str(static)).expect(TROUBLE, err="is statically linked")
    busybox = shutil.which("busybox")
    if busybox and b"/ld-linux" not in open(busybox, "rb").read():
        inject("", busybox, "true").expect(TROUBLE, err="is statically linked")


@test("a set-user-ID program is refused to those who would gain by it")
def _(directory):
    if os.geteuid() or not shutil.which("setpriv"):
        raise Skip("needs root and setpriv")
    program = directory / "program"
    shutil.copy(shutil.which("true"), program)
    program.chmod(0o4755)
    directory.chmod(0o755)
    as_nobody = ["setpriv", "--reuid=65534", "--clear-groups", os.environ["KVMWHY"]]
    done = subprocess.run([*as_nobody, "version"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip(f"user 65534 cannot start the build: {done.stderr.strip()}")
    done = subprocess.run([*as_nobody, "inject", "--preload", "", "--", str(program)], capture_output=True,
                          text=True, check=False)
    equal(done.returncode, TROUBLE)
    assert "set-user-ID" in done.stderr, done.stderr


@test("stock QEMU on this machine's KVM says each failure, and kvmwhy explain names it and is not certain why")
def _(directory):
    need_kvm()
    qemu = shutil.which("qemu-system-x86_64")
    if not qemu:
        raise Skip("no qemu-system-x86_64")
    for spec, (headline, kind, finding) in QEMU.items():
        log = directory / "log"
        log.unlink(missing_ok=True)
        said = qemu_says(spec, log, qemu)
        equal([line["call"] for line in injections(log)], [1])
        if not headline:
            assert "kvm" not in said.lower().replace("qemu-system-x86_64: warning", ""), said
            continue
        assert headline in said, f"{spec}\n{said}"
        answer = kvmwhy("explain", "--format", "ndjson", stdin=said.encode()).expect(FOUND)
        failure = json.loads(answer.text().splitlines()[0])
        findings = {one["id"]: one["certainty"] for one in failure["findings"]}
        equal((spec, failure["class"]), (spec, kind))
        assert not finding or finding in findings, f"{spec}: {findings}"
        assert "certain" not in findings.values(), f"{spec}: {findings}"


def qemu_says(spec, log, qemu):
    """Waits until the register dump is complete: a QEMU whose guest failed stays, paused."""
    command = [os.environ["KVMWHY"], "inject", "--preload", spec, "--log", log, "--", qemu, "-accel", "kvm",
               "-machine", "pc", "-cpu", "qemu64", "-m", "16", "-nodefaults", "-display", "none", "-no-reboot"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          text=True) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Code="):
                process.kill()
    return "".join(said)


main()
