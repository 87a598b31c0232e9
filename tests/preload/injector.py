# SPDX-License-Identifier: MIT
"""What the injector's tests share: a VMM running under it in, KVM_RUN's results and the log out.

The environment names the library (KVMWHY_INJECT_LIBRARY), vmm.c (KVMWHY_VMM) and the KVM of
mock_kvm.c (KVMWHY_MOCK), and all three again with the thread sanitizer (KVMWHY_TSAN_...).
"""

import dataclasses
import json
import os
import subprocess

from cli import Skip

EPERM, EIO, EFAULT, EHWPOISON = "1", "5", "14", "133"
UNKNOWN, HLT, MMIO, SHUTDOWN, FAIL_ENTRY, INTERNAL_ERROR, MEMORY_FAULT = "0", "5", "6", "8", "9", "17", "39"


def need_kvm():
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Skip("there is no /dev/kvm here that we may use")


@dataclasses.dataclass
class Programs:
    library: str
    vmm: str
    mock: str


PLAIN = Programs(os.environ["KVMWHY_INJECT_LIBRARY"], os.environ["KVMWHY_VMM"], os.environ["KVMWHY_MOCK"])


def thread_sanitizer():
    names = ("KVMWHY_TSAN_INJECT", "KVMWHY_TSAN_VMM", "KVMWHY_TSAN_MOCK")
    if not all(name in os.environ for name in names):
        raise Skip("the compiler has no thread sanitizer, or the build has another one")
    return Programs(*(os.environ[name] for name in names))


def environment(libraries, spec=None, log=None):
    env = {name: value for name, value in os.environ.items() if not name.startswith("KVMWHY_INJECT")}
    env["LD_PRELOAD"] = ":".join(libraries)
    if spec is not None:
        env["KVMWHY_INJECT"] = spec
    if log:
        env["KVMWHY_INJECT_LOG"] = str(log)
    return env


def injections(log):
    """The lines of a log; each must be JSON."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def run(directory, spec, vcpus, calls, *way, mock=True, programs=PLAIN, inject=True):
    """(a row for each vCPU as vmm.c prints it, the lines of the log)."""
    log = directory / "log"
    log.unlink(missing_ok=True)
    libraries = ([programs.library] if inject else []) + ([programs.mock] if mock else [])
    done = subprocess.run([programs.vmm, str(vcpus), str(calls), *way], capture_output=True, text=True,
                          env=environment(libraries, spec, log), timeout=280, check=False)
    assert done.returncode == 0 and not done.stderr, f"status {done.returncode}\n{done.stdout}{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()], injections(log)


def agree(rows, lines, kind, reason):
    """The predicted calls, what the VMM saw and what the log has match, call by call; nothing else
    failed."""
    for row in rows:
        mine = [line for line in lines if line["vcpu"] == row["vcpu"]]
        seen = row[kind].get(reason, 0)
        assert row["foretold"] == seen == len(mine), f"{row} log {len(mine)}"
        assert len({line["call"] for line in mine}) == seen, "a call is in the log twice"
        others = {key: count for key, count in row["exit"].items() if (kind, key) != ("exit", reason)}
        assert others == {MMIO: row["calls"] - seen}, row
        assert set(row["errno"]) <= {reason}, row
    assert len(lines) == sum(row["foretold"] for row in rows)
    return len(lines)
