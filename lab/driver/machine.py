# SPDX-License-Identifier: MIT
"""The third way: this machine's own KVM, for scenarios that need only the lab's VMM. No module is
loaded and nothing is changed; the kernel's log is not read."""

import os
import subprocess

from . import judge, l1, tools
from .result import Result
from .cache import Skip


def check():
    if not os.path.exists("/dev/kvm"):
        raise Skip("this machine has no /dev/kvm")
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        raise Skip("you may not open /dev/kvm: join the group that owns it")


def outcome(argv, seconds):
    try:
        run = subprocess.run([tools.path("setpriv"), *tools.WITH_US, *argv], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False)
        output, status = run.stdout, run.returncode
    except subprocess.TimeoutExpired as late:
        output, status = late.stdout or b"", judge.KILLED[0]
    return l1.Outcome(output.decode(errors="replace").splitlines(), [], status)


def run(scenarios, programs):
    """Yields a verdict for each scenario."""
    check()
    system = os.uname()
    how = f"this machine's own KVM, Linux {system.release}"
    for scenario in scenarios:
        argv = [programs / "vmm", *scenario.options("vmm"), programs / f"{scenario.keys['guest']}.bin"]
        result = Result(how=how, console="", stream=[], oracle="", ended="done")
        yield judge.judge(scenario, "host", "this machine",
                          outcome(argv, scenario.seconds), result)
