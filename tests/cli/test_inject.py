#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kvmwhy.ko's injection is set as requested, never partially. A folder stands in for debugfs."""

import json
import os
import re
import subprocess

from cli import FOUND, SOURCE, TOOL, TROUBLE, Skip, equal, kvmwhy, main, test

# As the module has them after loading; kmod/inject.c.
LOADED = {"armed": "0", "access": "wrmsr", "interval": "1", "like": "0", "msr_first": "0x0",
          "msr_last": "0x0", "pid": "0", "probability": "0", "result": "-1", "seed": "0x0",
          "space": "0", "times": "1", "value": "0x0", "value_mask": "0x0", "vcpu": "-1",
          "verbose": "1"}
COUNTERS = {"seen": "0", "injected": "0", "missed": "0"}
STATUS = ("abi 1\npermit off\nreport annotate\nkvm_arch_vcpu_ioctl_run armed\n"
          "svm_set_msr armed\nvmx_set_msr absent\nprobes_armed 2\nmissed 0\ninjected 0\n")
ANY = {"probability": "100", "msr_last": "0xffffffff", "armed": "1"}


class Module:
    """The module's files below @directory."""

    def __init__(self, directory, status=STATUS):
        self.debugfs = directory
        self.folder = directory / "kvmwhy" / "inject"
        self.folder.mkdir(parents=True)
        for name, text in {**LOADED, **COUNTERS}.items():
            (self.folder / name).write_text(text + "\n")
        (self.folder / ".." / "status").write_text(status)

    def run(self, *args):
        return kvmwhy("inject", "--debugfs", self.debugfs, *args)

    def values(self):
        return {name: (self.folder / name).read_text().strip() for name in LOADED}

    def expect(self, **changes):
        equal(self.values(), {**LOADED, **changes})

    def fails_to_take(self, name):
        (self.folder / name).unlink()
        (self.folder / name).symlink_to("/dev/full")


def writes(*args):
    """What a dry run would write, in order."""
    lines = kvmwhy("inject", *args, "--dry-run").expect(FOUND).text().splitlines()
    return [re.fullmatch(r"echo (\S+) > /sys/kernel/debug/kvmwhy/inject/(\w+)", line).group(2, 1)
            for line in lines]


@test("the module has the attributes that are written, with these values after loading")
def _(_):
    source = (SOURCE / "kmod" / "inject.c").read_text()
    rows = re.findall(r'^\t\[KW_ATTR_\w+\]\s*= \{ "(\w+)", [^,]+, [^,]+, ([^,} ]+)', source, re.M)
    words = {"KW_WRMSR": "wrmsr", "-EPERM": "-1"}
    equal({name: words.get(first, first) for name, first in rows},
          {name: str(int(text, 16)) if text.startswith("0x") else text
           for name, text in LOADED.items()})


@test("without options the first write of any MSR fails with EPERM")
def _(directory):
    module = Module(directory)
    result = module.run("wrmsr").expect(FOUND, "armed: on a guest's WRMSR of any MSR, KVM_RUN fails "
                                        "with EPERM")
    equal(result.err, b"")
    module.expect(**ANY)


@test("the starting case is armed")
def _(directory):
    module = Module(directory)
    module.run("wrmsr", "--msr", "0x838", "--errno", "EPERM", "--probability", "1", "--times",
               "1").expect(FOUND, "WRMSR of MSR 0x838")
    module.expect(armed="1", msr_first="0x838", msr_last="0x838", probability="1")


@test("every option sets its attribute")
def _(directory):
    module = Module(directory)
    module.run("wrmsr", "--msr", "0x400..IA32_MC1_CTL", "--errno=-14", "--probability", "50",
               "--interval", "7", "--times", "-1", "--space", "3", "--value-mask", "0xff", "--value",
               "0xfffffffffffffffe", "--pid", str(os.getpid()), "--vcpu", "2", "--seed", "42",
               "--verbose", "0").expect(FOUND, "MSRs 0x400 to 0x404")
    module.expect(armed="1", msr_first="0x400", msr_last="0x404", result="-14", probability="50",
                  interval="7", times="-1", space="3", value_mask="0xff",
                  value="0xfffffffffffffffe", pid=str(os.getpid()), vcpu="2", seed="0x2a",
                  verbose="0")
    module.run("rdmsr", "--gp").expect(FOUND, "RDMSR of any MSR, the guest gets #GP")
    module.expect(**ANY, access="rdmsr", result="1", seed="0x2a")
    module.run("wrmsr", "--value", "1").expect(FOUND)
    module.expect(**ANY, value="0x1", value_mask="0xffffffffffffffff", seed="0x2a")


@test("off comes first, armed comes last, the seed last before it")
def _(_):
    for args in ["wrmsr"], ["rdmsr", "--gp"], ["--like", "5.10.100"]:
        names = [name for name, _ in writes(*args)]
        equal((names[0], names[-1]), ("armed", "armed"))
        equal(sorted(names), sorted([*set(LOADED) - {"seed"}, "armed"]))
        equal(([v for n, v in writes(*args) if n == "armed"]), ["0", "1"])
    equal([name for name, _ in writes("wrmsr", "--seed", "1")][-2], "seed")
    off = writes("off")
    equal(off[0], ("armed", "0"))
    equal(dict(off), LOADED)


@test("the lines of a dry run do in a shell what the command does")
def _(directory):
    module = Module(directory)
    args = ["wrmsr", "--msr", "0x838", "--times", "5"]
    script = module.run(*args, "--dry-run").expect(FOUND).out
    module.expect()
    subprocess.run(["sh", "-eu"], input=script, check=True)
    by_shell = module.values()
    module.run("off").expect(FOUND)
    module.run(*args).expect(FOUND)
    equal(module.values(), by_shell)


@test("off undoes all and says so")
def _(directory):
    module = Module(directory)
    module.run("wrmsr", "--msr", "0x838", "--gp", "--seed", "9").expect(FOUND)
    (module.folder / "injected").write_text("12\n")
    module.run("off").expect(FOUND, "12 accesses were made to fail")
    module.expect()
    module.run("status").expect(FOUND, "off: nothing is injected")


@test("a write that fails leaves nothing armed")
def _(directory):
    for number, name in enumerate(["access", "probability", "like"]):
        module = Module(directory / str(number))
        module.run("rdmsr").expect(FOUND)
        module.fails_to_take(name)
        result = module.run("wrmsr", "--gp").expect(TROUBLE, err=f"inject/{name}': No space left")
        assert "nothing is armed" in result.complaint(), result
        equal((module.folder / "armed").read_text().strip(), "0")
        equal(result.out, b"")


@test("if it cannot be switched off, the way out is named")
def _(directory):
    module = Module(directory)
    module.fails_to_take("armed")
    module.run("wrmsr").expect(TROUBLE, err="run 'rmmod kvmwhy'")
    module.run("off").expect(TROUBLE, err="No space left")


@test("a missing attribute is named before anything is written")
def _(directory):
    module = Module(directory)
    module.run("wrmsr", "--times", "3").expect(FOUND)
    before = module.values()
    (module.folder / "like").unlink()
    module.run("rdmsr").expect(TROUBLE, err="inject/like' is missing: kvmwhy.ko and this command")
    before.pop("like")
    equal({name: (module.folder / name).read_text().strip() for name in before}, before)
    assert not (module.folder / "like").exists()


@test("a misuse names the value and the way out, and writes nothing")
def _(directory):
    module = Module(directory)
    for args, message in [
            ([], "say what to do"),
            (["mwait"], "'mwait' is not one of: wrmsr, rdmsr, status, off"),
            (["wrmsr", "rdmsr"], "'rdmsr' is an extra argument"),
            (["wrmsr", "--msr", "NO_SUCH"], "no MSR is named 'NO_SUCH'"),
            (["wrmsr", "--msr", "0x404..0x400"], "its first MSR is above its last"),
            (["wrmsr", "--msr", "0x404.."], "no MSR is named ''"),
            (["wrmsr", "--msr", "0x100000000"], "no MSR is named"),
            (["wrmsr", "--msr", "x" * 100 + ".."], "no MSR name is as long as"),
            (["wrmsr", "--errno", "EWHAT"], "'EWHAT' is not an errno"),
            (["wrmsr", "--errno", "0"], "'0' is not an errno"),
            (["wrmsr", "--errno", "134"], "a number from 1 to 133"),
            (["wrmsr", "--errno", "12x"], "'12x' is not an errno"),
            (["wrmsr", "--errno", "-9223372036854775808"], "is not an errno"),
            (["wrmsr", "--errno", "eintr"], "EINTR is not a failure"),
            (["wrmsr", "--errno", "-11"], "EAGAIN is not a failure"),
            (["wrmsr", "--errno", "EIO", "--gp"], "exclude each other"),
            (["wrmsr", "--probability", "101"], "use a number from 0 to 100"),
            (["wrmsr", "--probability", "1%"], "'1%' is not a value of --probability"),
            (["wrmsr", "--interval", "0"], "use a number from 1 to 4294967295"),
            (["wrmsr", "--times", "-2"], "use a number from -1 to 2147483647"),
            (["wrmsr", "--space", "-1"], "'-1' is not a value of --space"),
            (["wrmsr", "--verbose", "3"], "use a number from 0 to 2"),
            (["wrmsr", "--value", "0x1ffffffffffffffff"], "use up to 64 bits"),
            (["wrmsr", "--value-mask", "1"], "--value-mask needs --value"),
            (["rdmsr", "--value", "1"], "a read has no value to match"),
            (["wrmsr", "--pid", "2147483647"], "there is no process 2147483647"),
            (["wrmsr", "--like", "5.10.100"], "leave 'wrmsr' out"),
            (["--like", "5.10.100", "--times", "2"], "only with --pid, --vcpu and --verbose"),
            (["--like", "5.10.100", "--gp"], "only with --pid, --vcpu and --verbose"),
            (["--like", "5.10.0-18-amd64"], "is not a Linux release"),
            (["--like", "new"], "is not a Linux release"),
            (["--like", "5.4.200"], "Linux 5.4.200 refuses every such write with #GP"),
            (["--like", "6.1"], "Linux 6.1 has the fix"),
            (["status", "--times", "1"], "--times cannot be combined with 'status'"),
            (["status", "--dry-run"], "'status' writes nothing"),
            (["off", "--msr", "1"], "--msr cannot be combined with 'off'"),
            (["wrmsr", "--gp=1"], "this option takes no value"),
            (["wrmsr", "--bogus"], "unknown option '--bogus'")]:
        result = module.run(*args).expect(TROUBLE, err=message)
        assert "see 'kvmwhy help inject'" in result.complaint(), result
        equal(result.out, b"")
    module.expect()


@test("a thread in place of a process is named")
def _(directory):
    module = Module(directory)
    with subprocess.Popen(["python3", "-c", "import threading, sys; e = threading.Event();"
                           "t = threading.Thread(target=sys.stdin.read); t.start();"
                           "print(t.native_id, flush=True)"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        thread = process.stdout.readline().decode().strip()
        module.run("wrmsr", "--pid", thread).expect(
            TROUBLE, err=f"{thread} is a thread of process {process.pid}")
        process.communicate(b"")
    module.expect()


@test("--like takes the kernels of which kvmwhy msr says that KVM_RUN fails, and no others")
def _(directory):
    module = Module(directory)
    for release in ["4.19.200", "5.4", "5.9.16", "5.10", "5.10.0", "5.10.136", "5.10.137", "5.11",
                    "5.14.21", "5.15.60", "5.15.61", "5.16.20", "5.18.17", "5.18.18", "5.19",
                    "6.0", "6.1.100", "6.12", "7.3"]:
        text = kvmwhy("msr", "0x404", "0xfffffffffffffffe", "--host-kernel", release, "--format",
                      "json").expect(FOUND).out
        fails = any("EPERM" in answer["effect"] for answer in json.loads(text)["kvm"])
        result = module.run("--like", release)
        equal((release, result.status), (release, FOUND if fails else TROUBLE))
    module.run("off").expect(FOUND)
    module.run("--like", "5.10.100", "--vcpu", "1").expect(FOUND, "fail as on Linux 5.10.0")
    module.expect(armed="1", like="1", msr_first="0x400", msr_last="0x47f", times="0", vcpu="1")


@test("status tells all attributes, the counters, and what stands in the way")
def _(directory):
    module = Module(directory / "1")
    module.run("wrmsr", "--times", "2").expect(FOUND)
    (module.folder / "seen").write_text("1234\n")
    text = module.run("status").expect(FOUND, "1234").text()
    for name in {*LOADED, *COUNTERS} - {"armed"}:
        assert re.search(rf"^  {name} +\S", text, re.M), f"{name} is not in\n{text}"
    assert "note:" not in text, text
    (module.folder / "times").write_text("0\n")
    module.run("status").expect(FOUND, "done: all requested failures")

    for status, note in [("permit off\nreport off\n", "note: report is off"),
                         ("permit gp\n", "permit=gp turns errnos into #GP"),
                         ("kvm_arch_vcpu_ioctl_run absent\n", "note: KVM is not loaded"),
                         ("kvm_arch_vcpu_ioctl_run unfit\n", "note: the module does not know")]:
        (module.folder / ".." / "status").write_text(status)
        module.run("wrmsr").expect(FOUND, note)


@test("what is missing is named with the way out")
def _(directory):
    (directory / "empty").mkdir()
    (directory / "other" / "kvm").mkdir(parents=True)
    for folder in "empty", "none":
        kvmwhy("inject", "status", "--debugfs", directory / folder).expect(
            TROUBLE, err=f"mount -t debugfs debugfs {directory / folder}")
    if os.path.exists("/sys/module/kvmwhy"):
        raise Skip("kvmwhy.ko is loaded here")
    for args in ["status"], ["off"], ["wrmsr"], ["--like", "5.10.100"]:
        result = kvmwhy("inject", *args, "--debugfs", directory / "other")
        result.expect(TROUBLE, err="the module is not loaded: run 'modprobe kvmwhy'")
        assert "docs/kmod.md" in result.complaint(), result


@test("who is not root is told so")
def _(directory):
    module = Module(directory / "debug")
    os.chmod(directory / "debug", 0)
    command = [TOOL, "inject", "wrmsr", "--debugfs", directory / "debug"]
    user = {"user": 65534} if os.geteuid() == 0 else {}
    try:
        done = subprocess.run(command, capture_output=True, check=False, **user)
    except PermissionError as error:
        raise Skip("another user cannot run the tool here") from error
    finally:
        os.chmod(directory / "debug", 0o700)
    equal(done.returncode, TROUBLE)
    assert b"Permission denied: run this as root" in done.stderr, done.stderr
    module.expect()


main()
